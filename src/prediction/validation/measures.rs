//! What is measured of a run, recorded and simulated alike.

use crate::corpus::RecordedRun;
use crate::experiment::Replications;

/// A measure of a completed run.
pub struct RunMeasure {
    /// Its name in files.
    pub name: &'static str,
    /// Reads it of a recorded run; not-a-number if the recording does not say.
    pub recorded: fn(&RecordedRun) -> f64,
    /// The metrics of a simulated run that add up to it.
    pub metrics: &'static [&'static str],
}

impl std::fmt::Debug for RunMeasure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The place of the makespan among the measures.
pub(super) const MAKESPAN: usize = 0;
/// That of rounds.
pub(super) const ROUNDS: usize = 1;
/// That of calls.
pub(super) const CALLS: usize = 2;
/// That of tokens.
pub(super) const TOKENS: usize = 3;
/// That of straggler gaps.
pub(super) const GAP: usize = 4;
/// That of concurrent writes.
pub(super) const WRITES: usize = 5;
/// That of rewrites.
pub(super) const REWRITES: usize = 6;
/// That of blocked claims.
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

/// A figure of rounds, where there are any.
fn in_rounds(run: &RecordedRun, value: f64) -> f64 {
    if run.metrics.rounds > 0 { value } else { f64::NAN }
}

/// Mean over the rounds of the run with two replies or more.
fn gap(run: &RecordedRun) -> f64 {
    if run.gaps_s.is_empty() { f64::NAN } else { run.gaps_s.iter().sum::<f64>() / run.gaps_s.len() as f64 }
}

impl RunMeasure {
    /// Its mean over the completed runs of a sample; none if no run completed.
    pub(super) fn simulated(&self, sample: &Replications) -> Option<f64> {
        let means = self.metrics.iter().map(|metric| mean(&sample.completed(metric)));
        means.sum()
    }
}

/// The mean of those values that are numbers; none if none is.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    let (sum, count) = values.iter().filter(|value| !value.is_nan()).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
    (count > 0).then(|| sum / f64::from(count))
}
