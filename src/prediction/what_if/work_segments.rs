//! Segments of recorded work with their recorded times, for sessions that do not record the outcome of their tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Stream, Time, math};
use crate::prediction::what_if::bootstrap::LogResiduals;
use crate::trace::{RecordedWork, Trace, TraceStep};
use crate::workload::TaskGraph;

/// Shorter steps count as steps of this many seconds in logarithms.
const SHORTEST_S: f64 = 0.05;

/// Segments of a session and the residuals of its steps.
pub struct WorkSegments {
    /// Residuals of calls and of tools.
    residuals: [LogResiduals; 2],
    /// Steps of each task: a flag for model calls, and seconds.
    steps: BTreeMap<String, Vec<(bool, f64)>>,
    /// Median log standard deviation of a segment.
    log_sd: f64,
}

impl WorkSegments {
    /// Cuts a session into the segments of its work.
    pub(super) fn new(trace: &Trace, work: &RecordedWork) -> WorkSegments {
        let residuals = [residuals(trace, work, true), residuals(trace, work, false)];
        let step = |&(index, seconds): &(usize, f64)| (trace.steps.get(index).is_some_and(TraceStep::is_call), seconds);
        let tasks = work.tasks.iter().zip(&work.steps);
        let steps: BTreeMap<String, Vec<(bool, f64)>> =
            tasks.map(|(task, steps)| (task.id.clone(), steps.iter().map(step).collect())).collect();
        // Relative error of a sum of independent steps.
        let relative_sd = |steps: &Vec<(bool, f64)>| {
            let (sum, variance) = steps.iter().fold((0.0, 0.0), |(sum, variance), &(is_call, seconds)| {
                let sd = seconds * residuals[usize::from(!is_call)].log_sd();
                (sum + seconds, variance + sd * sd)
            });
            if sum > 0.0 { variance.sqrt() / sum } else { 0.0 }
        };
        let mut deviations: Vec<f64> = steps.values().map(relative_sd).collect();
        deviations.sort_by(f64::total_cmp);
        let log_sd = deviations.get(deviations.len() / 2).copied().unwrap_or(0.0);
        WorkSegments { residuals, steps, log_sd }
    }

    /// Number of observed residuals; 0 if their distribution is assumed.
    pub(super) fn observed(&self) -> usize {
        self.residuals.iter().map(LogResiduals::observed).sum()
    }

    /// Log standard deviation between attempts on a segment.
    pub(super) fn attempt_log_sd(&self) -> f64 {
        (self.log_sd.clamp(0.0, 2.0) * 1e4).round() / 1e4
    }

    /// Returns the tasks with times whose mean over attempts is the recorded one. Attempts vary by lognormal factors,
    /// whose mean is above their median.
    pub(super) fn as_recorded(&self, graph: &TaskGraph) -> Arc<TaskGraph> {
        self.scaled(graph, |_| 1.0)
    }

    /// Returns the tasks with resampled times.
    pub(super) fn resample(&self, graph: &TaskGraph, stream: &mut Stream) -> Arc<TaskGraph> {
        let mut factors = BTreeMap::new();
        for (task, steps) in &self.steps {
            let (mut recorded, mut resampled) = (0.0, 0.0);
            for (residuals, are_calls) in self.residuals.iter().zip([true, false]) {
                let seconds = || steps.iter().filter(|(is_call, _)| *is_call == are_calls).map(|(_, seconds)| *seconds);
                let drawn = residuals.draw(seconds().count(), stream);
                recorded += seconds().sum::<f64>();
                resampled += seconds().zip(drawn).map(|(seconds, factor)| seconds * factor).sum::<f64>();
            }
            factors.insert(task.as_str(), if recorded > 0.0 { resampled / recorded } else { 1.0 });
        }
        self.scaled(graph, |task| factors.get(task).copied().unwrap_or(1.0))
    }

    fn scaled(&self, graph: &TaskGraph, factor: impl Fn(&str) -> f64) -> Arc<TaskGraph> {
        let log_sd = self.attempt_log_sd();
        let mean_over_median = math::exp(0.5 * log_sd * log_sd);
        let mut specs = graph.to_specs();
        for task in &mut specs {
            let factor = factor(&task.id) / mean_over_median;
            if let Some(recorded) = &mut task.recorded {
                recorded.time = Time::from_us_f64(recorded.time.as_us() as f64 * factor);
            }
        }
        // Other times do not make a valid graph invalid.
        let scaled = TaskGraph::new(&specs).unwrap_or_else(|_| graph.clone());
        Arc::new(scaled.with_reference_size(graph.reference_size()))
    }
}

/// Returns the residuals of the calls of a session against their output tokens, or of its tools against tools of the
/// same name: a least-squares line of log seconds over log tokens for each group.
fn residuals(trace: &Trace, work: &RecordedWork, are_calls: bool) -> LogResiduals {
    let mut indices: Vec<usize> = work.steps.iter().flatten().map(|(index, _)| *index).collect();
    indices.sort_unstable();
    indices.dedup();
    let steps = indices.iter().filter_map(|&index| trace.steps.get(index));
    let steps: Vec<&TraceStep> = steps.filter(|step| step.is_call() == are_calls).collect();
    let mut groups: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (number, step) in steps.iter().enumerate() {
        groups.entry(step.more().tool.map(|tool| trace.name(tool))).or_default().push(number);
    }
    let log_s = |number: usize| math::ln((steps[number].end - steps[number].start).as_secs().max(SHORTEST_S));
    let tokens = |number: usize| math::ln(1.0 + f64::from(steps[number].usage.output.unwrap_or(0)));
    let mut residuals: Vec<Option<f64>> = vec![None; steps.len()];
    let mut fitted = 0;
    for members in groups.values().filter(|members| members.len() > 1) {
        let count = members.len() as f64;
        let mean = |of: &dyn Fn(usize) -> f64| members.iter().map(|&number| of(number)).sum::<f64>() / count;
        let (x, y) = (mean(&tokens), mean(&log_s));
        let squares: f64 = members.iter().map(|&n| (tokens(n) - x) * (tokens(n) - x)).sum();
        let products: f64 = members.iter().map(|&n| (tokens(n) - x) * (log_s(n) - y)).sum();
        let slope = if squares > 0.0 && members.len() > 3 { products / squares } else { 0.0 };
        fitted += if slope == 0.0 { 1 } else { 2 };
        for &number in members {
            residuals[number] = Some(log_s(number) - y - slope * (tokens(number) - x));
        }
    }
    LogResiduals::new(residuals.into_iter().flatten().collect(), fitted)
}
