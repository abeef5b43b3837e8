//! Metadata of a recorded run: date, amount of work, size of the context.

use crate::table::timestamp;
use crate::trace::{Trace, TraceSummary};
use crate::workload::{Measure, TaskGraph};

/// Metadata of a recorded run. The envelope of a profile is made from it; agents do not depend on it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct RunMetadata {
    /// Date of its end, in UTC: 2026-03-09. None if its times are relative to its start.
    pub date: Option<String>,
    /// Number of tasks.
    pub tasks: u32,
    /// Parallel fraction of the tasks, by count.
    pub parallel_fraction: f64,
    /// Mean input tokens of its calls, if known.
    pub context: Option<f64>,
}

impl RunMetadata {
    /// Reads the metadata of a trace whose tasks form this graph.
    pub(super) fn new(trace: &Trace, graph: &TaskGraph) -> RunMetadata {
        let summary = TraceSummary::of(trace);
        let date = timestamp::parse(&trace.header.origin).map(|start| {
            let day = timestamp::rfc3339(start.at + summary.duration);
            day.split('T').next().unwrap_or_default().to_owned()
        });
        let context = (summary.input_tokens > 0 && summary.llm_calls > 0)
            .then(|| (summary.input_tokens as f64 / summary.llm_calls as f64).round());
        let parallel_fraction = (Measure::by_size(graph).parallel_fraction_by_count() * 1e4).round() / 1e4;
        RunMetadata { date, tasks: graph.len() as u32, parallel_fraction, context }
    }
}
