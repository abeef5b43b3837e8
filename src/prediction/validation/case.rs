//! A recorded run with what it takes to simulate its like: the work, and when the harness gave up.

use std::sync::Arc;

use crate::corpus::RecordedRun;
use crate::prediction::calibration::{Demonstration, UnusableRun, graph_of};
use crate::record::{Ending, Prices};
use crate::trace::Trace;
use crate::workload::TaskGraph;

/// A recorded run and its work.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it came to.
    pub run: RecordedRun,
    /// Its tasks; none if the recording names none, or none that make a graph.
    pub tasks: Option<Arc<TaskGraph>>,
    /// What agents can be calibrated on, or why there is nothing of the kind.
    pub demonstration: Result<Demonstration, UnusableRun>,
    /// After how many rounds it would have been given up, if the recording says so.
    pub max_rounds: Option<u32>,
}

impl Case {
    /// Of a trace.
    pub fn of(trace: &Trace) -> Case {
        let limit = trace.header.limits.get("rounds").and_then(serde_json::Value::as_u64);
        Case {
            run: RecordedRun::from_trace(trace, Prices::default()),
            tasks: graph_of(trace).ok().map(Arc::new),
            demonstration: Demonstration::of(trace),
            max_rounds: limit.and_then(|rounds| u32::try_from(rounds).ok()).filter(|rounds| *rounds > 0),
        }
    }

    /// The rounds after which it was given up: as the recording says, or those that a run took that was cut off. One in
    /// which nobody could act any more says nothing.
    pub(super) fn given_up_after(&self) -> Option<u32> {
        let metrics = &self.run.metrics;
        let is_cut_off = !self.run.is_completed() && metrics.ending == Ending::OutOfTime;
        let cut_off = (is_cut_off && metrics.rounds > 0).then_some(metrics.rounds);
        self.max_rounds.or(cut_off)
    }
}
