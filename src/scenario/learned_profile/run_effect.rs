//! Random effects on latency: the effect of every run (`run_effect`), and the residual of every call (`log_residual`).

use std::collections::BTreeMap;

use crate::engine::math;
use crate::team::{CallModel, LearnedPolicy, RecordedCall};

/// Least latency, seconds; smaller values count as this.
pub(crate) const SHORTEST_S: f64 = 0.3;

/// Estimates the run effect of every trajectory and the log residual of every call.
///
/// The run effect is the best linear unbiased prediction with variance components by moments (Henderson 1975; Searle et
/// al. 1992): the mean residual of a run is shrunk towards 0, most for few calls with a large variance.
pub(crate) fn log_residual(learned_policy: &mut LearnedPolicy) {
    let mut runs: BTreeMap<(bool, u32, u64), BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for trajectory in &learned_policy.trajectories {
        let Some(call_model) = learned_policy.call_models.get(trajectory.call_model as usize) else { continue };
        let calls = learned_policy
            .recorded_calls
            .get(trajectory.first as usize..(trajectory.first + trajectory.calls) as usize);
        let residuals = calls.unwrap_or_default().iter().map(|recorded_call| residual(call_model, recorded_call));
        let cell = runs.entry((trajectory.is_dealt, trajectory.call_model, trajectory.work.shape)).or_default();
        cell.entry(trajectory.run).or_default().extend(residuals);
    }
    let components = [false, true].map(|is_dealt| {
        components(runs.iter().filter(|(key, _)| key.0 == is_dealt).map(|(_, runs)| runs.values().collect()))
    });
    let cell_mean = |runs: &BTreeMap<u32, Vec<f64>>| mean(&runs.values().flatten().copied().collect::<Vec<f64>>());
    let typical: BTreeMap<_, f64> = runs.iter().map(|(key, runs)| (*key, cell_mean(runs))).collect();
    for trajectory in &mut learned_policy.trajectories {
        let Some(call_model) = learned_policy.call_models.get(trajectory.call_model as usize) else { continue };
        let key = (trajectory.is_dealt, trajectory.call_model, trajectory.work.shape);
        let own = runs.get(&key).and_then(|runs| runs.get(&trajectory.run)).map_or(&[][..], Vec::as_slice);
        let typical = typical.get(&key).copied().unwrap_or(0.0);
        let [between, within] = components[usize::from(trajectory.is_dealt)];
        let shrinkage = between / (between + within / own.len().max(1) as f64).max(f64::MIN_POSITIVE);
        trajectory.run_effect = shrinkage * (mean(own) - typical);
        let calls = learned_policy
            .recorded_calls
            .get_mut(trajectory.first as usize..(trajectory.first + trajectory.calls) as usize);
        for recorded_call in calls.unwrap_or_default() {
            recorded_call.log_residual = residual(call_model, recorded_call) - typical - trajectory.run_effect;
        }
    }
}

/// Marks the trajectories of single agents that left tasks open.
pub(crate) fn left_some(learned_policy: &mut LearnedPolicy) {
    for trajectory in learned_policy.trajectories.iter_mut().filter(|trajectory| trajectory.agents == 1) {
        let calls = learned_policy
            .recorded_calls
            .get(trajectory.first as usize..(trajectory.first + trajectory.calls) as usize);
        let calls = calls.unwrap_or_default();
        let finished: u32 = calls.iter().flat_map(|recorded_call| recorded_call.completes).map(u32::from).sum();
        trajectory.left_some =
            calls.first().is_some_and(|recorded_call| finished < u32::from(recorded_call.observation.total));
    }
}

/// Returns the log of a call's latency over the prediction of its call model.
fn residual(call_model: &CallModel, recorded_call: &RecordedCall) -> f64 {
    log_latency(recorded_call) - math::ln(call_model.typical_s(f64::from(recorded_call.files)))
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
pub(crate) fn log_latency(recorded_call: &RecordedCall) -> f64 {
    math::ln(recorded_call.latency_s.max(SHORTEST_S))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Purpose, rng::Keys};
    use crate::team::Trajectory;

    #[test]
    fn variances_between_and_within_runs_are_separated() {
        let mut stream = Keys::new(4, 5).stream(Purpose::RandomEffect, 6);
        for (between, within) in [(0.0, 1.0), (0.5, 0.5), (0.3, 0.0)] {
            // Cells of their own length, runs of 2 to 9 calls.
            let cells: Vec<Vec<Vec<f64>>> = (0..300)
                .map(|cell| {
                    let run = |run: usize| {
                        let run_effect = stream.normal() * f64::sqrt(between) + f64::from(cell);
                        (0..2 + run).map(|_| run_effect + stream.normal() * f64::sqrt(within)).collect()
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
        let mut learned_policy = LearnedPolicy {
            call_models: vec![CallModel { idle_s: 1.0, base_s: 1.0, ..CallModel::default() }],
            ..LearnedPolicy::default()
        };
        // Noise alternates in sign, so that the mean of a run is its effect.
        for (run, (calls, run_effect)) in [(2, 0.5), (2, -0.5), (20, 0.5), (20, -0.5)].into_iter().enumerate() {
            let first = learned_policy.recorded_calls.len() as u32;
            learned_policy.recorded_calls.extend((0..calls).map(|call| {
                let noise = if call % 2 == 0 { 0.6 } else { -0.6 };
                RecordedCall { latency_s: math::exp(run_effect + noise), ..RecordedCall::default() }
            }));
            let run = run as u32;
            learned_policy.trajectories.push(Trajectory { first, calls, run, agents: 1, ..Trajectory::default() });
        }
        log_residual(&mut learned_policy);
        let paces: Vec<f64> = learned_policy.trajectories.iter().map(|trajectory| trajectory.run_effect).collect();
        assert!(paces[0] > 0.05 && paces[0] < 0.9 * paces[2] && paces[2] < 0.5, "{paces:?}");
        assert!((paces[0] + paces[1]).abs() < 1e-9 && (paces[2] + paces[3]).abs() < 1e-9);
        // The residuals of the calls contain what the run effect does not.
        let first = &learned_policy.recorded_calls[0];
        assert!((first.log_residual + paces[0] - 1.1).abs() < 1e-9, "{}", first.log_residual);
    }
}
