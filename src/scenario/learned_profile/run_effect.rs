//! Random effects on latency: the effect of every run (`pace`), and the residual of every call (`surprise`).

use std::collections::BTreeMap;

use crate::engine::math;
use crate::team::{Behaviour, Habit, Manner};

/// Least latency, seconds; smaller values count as this.
pub(crate) const SHORTEST_S: f64 = 0.3;

/// Estimates the run effect of every trajectory and the log residual of every call.
///
/// The run effect is the best linear unbiased prediction with variance components by moments (Henderson 1975; Searle et
/// al. 1992): the mean residual of a run is shrunk towards 0, most for few calls with a large variance.
pub(crate) fn surprise(behaviour: &mut Behaviour) {
    let mut runs: BTreeMap<(bool, u32, u64), BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for script in &behaviour.scripts {
        let Some(manner) = behaviour.manners.get(script.manner as usize) else { continue };
        let calls = behaviour.habits.get(script.first as usize..(script.first + script.calls) as usize);
        let residuals = calls.unwrap_or_default().iter().map(|habit| residual(manner, habit));
        let cell = runs.entry((script.is_dealt, script.manner, script.work.shape)).or_default();
        cell.entry(script.run).or_default().extend(residuals);
    }
    let components = [false, true].map(|is_dealt| {
        components(runs.iter().filter(|(key, _)| key.0 == is_dealt).map(|(_, runs)| runs.values().collect()))
    });
    let cell_mean = |runs: &BTreeMap<u32, Vec<f64>>| mean(&runs.values().flatten().copied().collect::<Vec<f64>>());
    let typical: BTreeMap<_, f64> = runs.iter().map(|(key, runs)| (*key, cell_mean(runs))).collect();
    for script in &mut behaviour.scripts {
        let Some(manner) = behaviour.manners.get(script.manner as usize) else { continue };
        let key = (script.is_dealt, script.manner, script.work.shape);
        let own = runs.get(&key).and_then(|runs| runs.get(&script.run)).map_or(&[][..], Vec::as_slice);
        let typical = typical.get(&key).copied().unwrap_or(0.0);
        let [between, within] = components[usize::from(script.is_dealt)];
        let shrinkage = between / (between + within / own.len().max(1) as f64).max(f64::MIN_POSITIVE);
        script.pace = shrinkage * (mean(own) - typical);
        let calls = behaviour.habits.get_mut(script.first as usize..(script.first + script.calls) as usize);
        for habit in calls.unwrap_or_default() {
            habit.surprise = residual(manner, habit) - typical - script.pace;
        }
    }
}

/// Marks the trajectories of single agents that left tasks open.
pub(crate) fn left_some(behaviour: &mut Behaviour) {
    for script in behaviour.scripts.iter_mut().filter(|script| script.agents == 1) {
        let calls = behaviour.habits.get(script.first as usize..(script.first + script.calls) as usize);
        let calls = calls.unwrap_or_default();
        let finished: u32 = calls.iter().flat_map(|habit| habit.completes).map(u32::from).sum();
        script.left_some = calls.first().is_some_and(|habit| finished < u32::from(habit.sight.total));
    }
}

/// Returns the log of a call's latency over the prediction of its call model.
fn residual(manner: &Manner, habit: &Habit) -> f64 {
    log_latency(habit) - math::ln(manner.typical_s(f64::from(habit.files)))
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Variance components between and within the runs of a cell: analysis of variance with unequal group sizes.
fn components<'r>(cells: impl Iterator<Item = Vec<&'r Vec<f64>>>) -> [f64; 2] {
    let (mut within, mut within_free) = (0.0, 0.0);
    let (mut between, mut between_free, mut scale) = (0.0, 0.0, 0.0);
    for runs in cells {
        let all: Vec<f64> = runs.iter().flat_map(|run| run.iter().copied()).collect();
        let grand_mean = mean(&all);
        for run in &runs {
            let own = mean(run);
            within += run.iter().map(|value| (value - own) * (value - own)).sum::<f64>();
            within_free += run.len() as f64 - 1.0;
            between += run.len() as f64 * (own - grand_mean) * (own - grand_mean);
        }
        between_free += runs.len() as f64 - 1.0;
        let squares: f64 = runs.iter().map(|run| (run.len() * run.len()) as f64).sum();
        scale += all.len() as f64 - squares / (all.len() as f64).max(1.0);
    }
    let within = if within_free > 0.0 { within / within_free } else { 0.0 };
    let between = if scale > 0.0 { ((between - between_free * within) / scale).max(0.0) } else { 0.0 };
    [between, within]
}

/// Returns the logarithm of a call's latency.
pub(crate) fn log_latency(habit: &Habit) -> f64 {
    math::ln(habit.latency_s.max(SHORTEST_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Purpose, rng::Keys};
    use crate::team::Script;

    #[test]
    fn variances_between_and_within_runs_are_separated() {
        let mut stream = Keys::new(4, 5).stream(Purpose::RandomEffect, 6);
        for (between, within) in [(0.0, 1.0), (0.5, 0.5), (0.3, 0.0)] {
            // Cells of their own length, runs of 2 to 9 calls.
            let cells: Vec<Vec<Vec<f64>>> = (0..300)
                .map(|cell| {
                    let run = |run: usize| {
                        let pace = stream.normal() * f64::sqrt(between) + f64::from(cell);
                        (0..2 + run).map(|_| pace + stream.normal() * f64::sqrt(within)).collect()
                    };
                    (0..8).map(run).collect()
                })
                .collect();
            let estimates = components(cells.iter().map(|runs| runs.iter().collect()));
            assert!((estimates[0] - between).abs() < 0.05 && (estimates[1] - within).abs() < 0.05, "{estimates:?}");
        }
        assert!(components(std::iter::empty()).iter().all(|variance| variance.abs() < 1e-12));
    }

    #[test]
    fn run_effects_of_few_calls_are_shrunk_more() {
        let mut behaviour = Behaviour {
            manners: vec![Manner { idle_s: 1.0, base_s: 1.0, ..Manner::default() }],
            ..Behaviour::default()
        };
        // Noise alternates in sign, so that the mean of a run is its effect.
        for (run, (calls, pace)) in [(2, 0.5), (2, -0.5), (20, 0.5), (20, -0.5)].into_iter().enumerate() {
            let first = behaviour.habits.len() as u32;
            behaviour.habits.extend((0..calls).map(|call| {
                let noise = if call % 2 == 0 { 0.6 } else { -0.6 };
                Habit { latency_s: math::exp(pace + noise), ..Habit::default() }
            }));
            let run = run as u32;
            behaviour.scripts.push(Script { first, calls, run, agents: 1, ..Script::default() });
        }
        surprise(&mut behaviour);
        let paces: Vec<f64> = behaviour.scripts.iter().map(|script| script.pace).collect();
        assert!(paces[0] > 0.05 && paces[0] < 0.9 * paces[2] && paces[2] < 0.5, "{paces:?}");
        assert!((paces[0] + paces[1]).abs() < 1e-9 && (paces[2] + paces[3]).abs() < 1e-9);
        // The residuals of the calls contain what the run effect does not.
        let first = &behaviour.habits[0];
        assert!((first.surprise + paces[0] - 1.1).abs() < 1e-9, "{}", first.surprise);
    }
}
