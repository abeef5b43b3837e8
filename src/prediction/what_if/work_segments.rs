//! Where a session does not say what became of its tasks: pieces of its work that take what they took, and how far they
//! might have taken something else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Stream, Time, math};
use crate::prediction::what_if::bootstrap::LogResiduals;
use crate::trace::{RecordedWork, Trace, TraceStep};
use crate::workload::TaskGraph;

/// Steps shorter than this many seconds are not told apart.
const SHORTEST_S: f64 = 0.05;

/// The pieces of a session and what surprised in its steps.
pub struct WorkSegments {
    /// Of calls, and of tools.
    surprises: [LogResiduals; 2],
    /// By task, of each of its steps whether it is a call of a model, and its seconds.
    steps: BTreeMap<String, Vec<(bool, f64)>>,
    sigma: f64,
}

impl WorkSegments {
    /// Of a session and its work.
    pub(super) fn of(trace: &Trace, work: &RecordedWork) -> WorkSegments {
        let surprises = [surprises(trace, work, true), surprises(trace, work, false)];
        let step = |&(place, seconds): &(usize, f64)| (trace.steps.get(place).is_some_and(TraceStep::is_call), seconds);
        let of = work.tasks.iter().zip(&work.steps);
        let steps: BTreeMap<String, Vec<(bool, f64)>> =
            of.map(|(task, steps)| (task.id.clone(), steps.iter().map(step).collect())).collect();
        // How far a piece may be off: of many steps less than one.
        let spread = |steps: &Vec<(bool, f64)>| {
            let (sum, squares) = steps.iter().fold((0.0, 0.0), |(sum, squares), &(is_call, seconds)| {
                let off = seconds * surprises[usize::from(!is_call)].sigma();
                (sum + seconds, squares + off * off)
            });
            if sum > 0.0 { squares.sqrt() / sum } else { 0.0 }
        };
        let mut spreads: Vec<f64> = steps.values().map(spread).collect();
        spreads.sort_by(f64::total_cmp);
        let sigma = spreads.get(spreads.len() / 2).copied().unwrap_or(0.0);
        WorkSegments { surprises, steps, sigma }
    }

    /// Steps that were seen to vary; 0 if their spread is assumed.
    pub(super) fn seen(&self) -> usize {
        self.surprises.iter().map(LogResiduals::seen).sum()
    }

    /// How much an attempt on a piece differs from another, of the logarithm.
    pub(super) fn call_sigma(&self) -> f64 {
        (self.sigma.clamp(0.0, 2.0) * 1e4).round() / 1e4
    }

    /// The tasks, so that what they take on average is what was recorded: attempts vary by lognormal factors, whose mean
    /// is above their median.
    pub(super) fn as_recorded(&self, graph: &TaskGraph) -> Arc<TaskGraph> {
        self.scaled(graph, |_| 1.0)
    }

    /// The tasks as they might have come out.
    pub(super) fn resample(&self, graph: &TaskGraph, stream: &mut Stream) -> Arc<TaskGraph> {
        let mut factors = BTreeMap::new();
        for (task, steps) in &self.steps {
            let (mut sum, mut again) = (0.0, 0.0);
            for (surprises, are_calls) in self.surprises.iter().zip([true, false]) {
                let seconds = || steps.iter().filter(|(is_call, _)| *is_call == are_calls).map(|(_, seconds)| *seconds);
                let drawn = surprises.draw(seconds().count(), stream);
                sum += seconds().sum::<f64>();
                again += seconds().zip(drawn).map(|(seconds, factor)| seconds * factor).sum::<f64>();
            }
            factors.insert(task.as_str(), if sum > 0.0 { again / sum } else { 1.0 });
        }
        self.scaled(graph, |task| factors.get(task).copied().unwrap_or(1.0))
    }

    fn scaled(&self, graph: &TaskGraph, factor: impl Fn(&str) -> f64) -> Arc<TaskGraph> {
        let sigma = self.call_sigma();
        let above = math::exp(0.5 * sigma * sigma);
        let mut specs = graph.to_specs();
        for task in &mut specs {
            let factor = factor(&task.id) / above;
            if let Some(recorded) = &mut task.recorded {
                recorded.time = Time::from_us_f64(recorded.time.as_us() as f64 * factor);
            }
        }
        // The same tasks with other times are sound if they were.
        Arc::new(TaskGraph::new(&specs).unwrap_or_else(|_| graph.clone()))
    }
}

/// What surprised in the calls of a session, against what their tokens take; or in its tools, against others of that name.
fn surprises(trace: &Trace, work: &RecordedWork, are_calls: bool) -> LogResiduals {
    let mut places: Vec<usize> = work.steps.iter().flatten().map(|(place, _)| *place).collect();
    places.sort_unstable();
    places.dedup();
    let steps = places.iter().filter_map(|&place| trace.steps.get(place));
    let steps: Vec<&TraceStep> = steps.filter(|step| step.is_call() == are_calls).collect();
    let mut kinds: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        kinds.entry(step.more().tool.map(|tool| trace.name(tool))).or_default().push(number);
    }
    let log = |step: &TraceStep| math::ln((step.end - step.start).as_secs().max(SHORTEST_S));
    let mut rest: Vec<Option<f64>> = vec![None; steps.len()];
    let mut fitted = 0;
    for members in kinds.values().filter(|members| members.len() > 1) {
        let tokens = |number: usize| math::ln(1.0 + f64::from(steps[number].usage.output.unwrap_or(0)));
        let count = members.len() as f64;
        let mean = |of: &dyn Fn(usize) -> f64| members.iter().map(|&number| of(number)).sum::<f64>() / count;
        let (x, y) = (mean(&tokens), mean(&|number| log(steps[number])));
        let squares: f64 = members.iter().map(|&n| (tokens(n) - x) * (tokens(n) - x)).sum();
        let product: f64 = members.iter().map(|&n| (tokens(n) - x) * (log(steps[n]) - y)).sum();
        let slope = if squares > 0.0 && members.len() > 3 { product / squares } else { 0.0 };
        fitted += if slope == 0.0 { 1 } else { 2 };
        for &number in members {
            rest[number] = Some(log(steps[number]) - y - slope * (tokens(number) - x));
        }
    }
    LogResiduals::new(rest.into_iter().flatten().collect(), fitted)
}
