//! Case: a recorded run with what is needed to simulate similar runs.

use std::sync::Arc;

use crate::corpus::RecordedRun;
use crate::prediction::calibration::{Demonstration, UnusableRun, graph_of};
use crate::record::{Ending, Prices};
use crate::trace::Trace;
use crate::workload::TaskGraph;

/// A recorded run and its work.
#[derive(Clone, Debug)]
pub struct Case {
    /// Metrics and labels of the run.
    pub run: RecordedRun,
    /// Its tasks; none if the recording lists none, or if they form no graph.
    pub tasks: Option<Arc<TaskGraph>>,
    /// Input of the calibration, or the reason why there is none.
    pub demonstration: Result<Demonstration, UnusableRun>,
    /// Limit on rounds, if it is recorded.
    pub max_rounds: Option<u32>,
}

impl Case {
    /// Reads a trace.
    pub fn from_trace(trace: &Trace) -> Case {
        let limit = trace.header.limits.get("rounds").and_then(serde_json::Value::as_u64);
        Case {
            run: RecordedRun::from_trace(trace, Prices::default()),
            tasks: graph_of(trace).ok().map(Arc::new),
            demonstration: Demonstration::from_trace(trace),
            max_rounds: limit.and_then(|rounds| u32::try_from(rounds).ok()).filter(|rounds| *rounds > 0),
        }
    }

    /// Returns the limit on rounds: the recorded limit, or the rounds of a run that was cut off. A stalled run has none.
    pub(super) fn round_limit(&self) -> Option<u32> {
        let metrics = &self.run.metrics;
        let is_cut_off = !self.run.is_completed() && metrics.ending == Ending::OutOfTime;
        let cut_off = (is_cut_off && metrics.rounds > 0).then_some(metrics.rounds);
        self.max_rounds.or(cut_off)
    }
}
