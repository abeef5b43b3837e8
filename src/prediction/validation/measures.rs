//! Measures of a run, defined alike for recorded and simulated runs.

use crate::corpus::RecordedRun;
use crate::experiment::Replications;

/// A measure of a completed run.
pub struct RunMeasure {
    /// Name in files.
    pub name: &'static str,
    /// Value of a recorded run; not-a-number if unknown.
    pub recorded: fn(&RecordedRun) -> f64,
    /// Metrics of a simulated run whose sum is the measure.
    pub metrics: &'static [&'static str],
}

impl std::fmt::Debug for RunMeasure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

// Indices of the measures.
pub(super) const MAKESPAN: usize = 0;
pub(super) const ROUNDS: usize = 1;
pub(super) const CALLS: usize = 2;
pub(super) const TOKENS: usize = 3;
pub(super) const GAP: usize = 4;
pub(super) const WRITES: usize = 5;
pub(super) const REWRITES: usize = 6;
pub(super) const BLOCKED: usize = 7;

/// All measures.
pub static MEASURES: &[RunMeasure] = &[
    RunMeasure { name: "makespan_s", recorded: |run| run.wall_clock_s, metrics: &["makespan_s"] },
    RunMeasure { name: "rounds", recorded: |run| in_rounds(run, f64::from(run.metrics.rounds)), metrics: &["rounds"] },
    RunMeasure { name: "llm_calls", recorded: |run| f64::from(run.metrics.llm_calls), metrics: &["llm_calls"] },
    RunMeasure {
        name: "tokens",
        recorded: |run| if run.has_tokens { run.tokens() } else { f64::NAN },
        metrics: &["input_tokens", "output_tokens"],
    },
    RunMeasure { name: "straggler_gap_s", recorded: gap, metrics: &["straggler_gap_s"] },
    RunMeasure {
        name: "concurrent_writes",
        recorded: |run| f64::from(run.metrics.concurrent_writes),
        metrics: &["concurrent_writes"],
    },
    RunMeasure { name: "rewrites", recorded: |run| f64::from(run.metrics.rewrites_any), metrics: &["rewrites_any"] },
    RunMeasure {
        name: "blocked_claims",
        recorded: |run| f64::from(run.metrics.temporal_violations),
        metrics: &["temporal_violations"],
    },
];

/// Returns a value of a run in rounds; not-a-number without rounds.
fn in_rounds(run: &RecordedRun, value: f64) -> f64 {
    if run.metrics.rounds > 0 { value } else { f64::NAN }
}

/// Mean straggler gap over the rounds with at least two replies.
fn gap(run: &RecordedRun) -> f64 {
    if run.gaps_s.is_empty() { f64::NAN } else { run.gaps_s.iter().sum::<f64>() / run.gaps_s.len() as f64 }
}

impl RunMeasure {
    /// Mean over the completed simulated runs; none if no run completed.
    pub(super) fn simulated(&self, runs: &Replications) -> Option<f64> {
        let means = self.metrics.iter().map(|metric| mean(&runs.completed(metric)));
        means.sum()
    }
}

/// Mean of the values that are numbers; none if there are none.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let (sum, count) = values.iter().filter(|value| !value.is_nan()).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    (count > 0).then(|| sum / f64::from(count))
}
