//! Collections of recorded runs: metrics of each run, groups by labels, comparison with a baseline.

mod findings;
mod group;
pub mod paper;

pub use findings::{Finding, SIGNIFICANT, findings};
pub(crate) use group::{COORDINATION, LabelKey, SIZES};
pub use group::{CorpusBaseline, GroupFigures, Grouping, RunGroup, Scope, groups};

use crate::engine::Time;
use crate::record::{Ending, Metrics, Prices, Stats};
use crate::trace::replay::{RoundTime, replay};
use crate::trace::{Trace, TraceSummary};

/// Results of a recorded run: metrics of its replay, and the figures of the recorder.
#[derive(Clone, Debug)]
pub struct RecordedRun {
    /// Name of its trace.
    pub trace: String,
    /// Labels of the trace, and always `agents`, `architecture` and `format`.
    pub labels: Vec<(String, String)>,
    /// Number of agents.
    pub agents: u32,
    /// True if the run reached its goal; none if the recording does not contain it.
    pub success: Option<bool>,
    /// Metrics of the replay, at the given prices.
    pub metrics: Metrics,
    /// Recorded length in seconds; that of the replay if the recording has none.
    pub wall_clock_s: f64,
    /// Input tokens: the sum over calls, or the total of the run if calls have none.
    pub input_tokens: f64,
    /// Output tokens, from the same source.
    pub output_tokens: f64,
    /// True if the tokens are known.
    pub has_tokens: bool,
    /// Straggler gap of each round with at least two replies: slowest less mean latency, in seconds. As in the paper, only
    /// replies below 180 s count.
    pub gaps_s: Vec<f64>,
    /// Rounds and their stragglers.
    pub rounds: Vec<RoundTime>,
    /// Totals of the recording, by name.
    pub totals: Vec<(String, f64)>,
}

/// Latency from which replies do not count for straggler gaps, seconds.
const LONGEST_LATENCY_S: f64 = 180.0;

impl RecordedRun {
    /// Replays a trace and returns its results.
    pub fn from_trace(trace: &Trace, prices: Prices) -> RecordedRun {
        let mut stats = Stats::new(prices);
        let replay = replay(trace, &mut stats);
        let mut metrics = stats.metrics();
        metrics.budget = replay.metrics.budget;
        if trace.header.tasks.is_empty() {
            // Without known tasks the quality is unknown.
            metrics.quality = f64::NAN;
        }
        let summary = TraceSummary::of(trace);
        let mut labels: Vec<(String, String)> =
            trace.header.labels.keys().filter_map(|name| Some((name.clone(), trace.label(name)?))).collect();
        let own = [
            ("agents", trace.header.agents.len().to_string()),
            ("architecture", trace.header.architecture.clone().unwrap_or_else(|| "unknown".to_owned())),
            ("format", trace.header.source.format.clone()),
        ];
        for (name, value) in own {
            if !labels.iter().any(|(label, _)| label == name) {
                labels.push((name.to_owned(), value));
            }
        }
        RecordedRun {
            trace: trace.header.trace.clone(),
            labels,
            agents: trace.header.agents.len() as u32,
            success: trace.header.outcome.as_ref().and_then(|outcome| outcome.success),
            wall_clock_s: replay.recorded.filter(|time| *time > Time::ZERO).unwrap_or(replay.replayed).as_secs(),
            input_tokens: summary.input_tokens as f64,
            output_tokens: summary.output_tokens as f64,
            has_tokens: summary.input_tokens + summary.output_tokens > 0,
            gaps_s: gaps(trace),
            totals: trace.header.totals.iter().filter_map(|(key, v)| Some((key.clone(), v.as_f64()?))).collect(),
            rounds: replay.rounds,
            metrics,
        }
    }

    /// Returns the value of a label; empty if there is none.
    pub fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| label == name).map_or("", |(_, value)| value)
    }

    /// Returns a total of the recording.
    pub fn total(&self, name: &str) -> Option<f64> {
        self.totals.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Returns all tokens.
    pub fn tokens(&self) -> f64 {
        self.input_tokens + self.output_tokens
    }

    /// Returns true if the run counts as completed: by its recorded success, or else by the ending of its replay.
    pub fn is_completed(&self) -> bool {
        self.success.unwrap_or(self.metrics.ending == Ending::Completed)
    }
}

/// Returns the straggler gap of every round with at least two replies: slowest less mean latency, in seconds.
fn gaps(trace: &Trace) -> Vec<f64> {
    if !trace.header.barrier {
        return Vec::new();
    }
    let mut rounds: Vec<(u32, Vec<f64>)> = Vec::new();
    let mut calls: Vec<(u32, f64)> = trace
        .steps
        .iter()
        .filter(|step| step.is_call())
        .map(|step| (step.round, step.latency_s()))
        .filter(|(_, latency)| *latency > 0.0 && *latency < LONGEST_LATENCY_S)
        .collect();
    calls.sort_by_key(|(round, _)| *round);
    for (round, latency) in calls {
        match rounds.last_mut() {
            Some((number, latencies)) if *number == round => latencies.push(latency),
            _ => rounds.push((round, vec![latency])),
        }
    }
    let gap = |latencies: &Vec<f64>| {
        let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
        latencies.iter().copied().fold(0.0, f64::max) - mean
    };
    rounds.iter().filter(|(_, latencies)| latencies.len() >= 2).map(|(_, latencies)| gap(latencies)).collect()
}
