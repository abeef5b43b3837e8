//! A recorded run with what it takes to simulate its like: the work, and when the harness gave up.

use std::sync::Arc;

use crate::experiment::corpus::RecordedRun;
use crate::record::Prices;
use crate::trace::Trace;
use crate::workload::{TaskGraph, TaskSpec};

/// A recorded run and its work.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it came to.
    pub run: RecordedRun,
    /// Its tasks; none if the recording names none, or none that make a graph.
    pub tasks: Option<Arc<TaskGraph>>,
    /// After how many rounds it would have been given up, if the recording says so.
    pub max_rounds: Option<u32>,
}

impl Case {
    /// Of a trace.
    pub fn of(trace: &Trace) -> Case {
        let limit = trace.header.limits.get("rounds").and_then(serde_json::Value::as_u64);
        Case {
            run: RecordedRun::of(trace, Prices::default()),
            tasks: tasks(trace).map(Arc::new),
            max_rounds: limit.and_then(|rounds| u32::try_from(rounds).ok()).filter(|rounds| *rounds > 0),
        }
    }

    /// The rounds after which it was given up: as the recording says, or those that a run took that did not complete.
    pub(super) fn given_up_after(&self) -> Option<u32> {
        let cut_off = (!self.run.is_completed() && self.run.metrics.rounds > 0).then_some(self.run.metrics.rounds);
        self.max_rounds.or(cut_off)
    }
}

/// The tasks that the header of a trace names.
fn tasks(trace: &Trace) -> Option<TaskGraph> {
    let specs: Vec<TaskSpec> = trace
        .header
        .tasks
        .iter()
        .map(|task| {
            let weight = task.weight.filter(|weight| weight.is_finite() && *weight > 0.0);
            let mut spec = TaskSpec::new(task.id.clone(), weight.unwrap_or(1.0)).after(task.depends_on.iter());
            if let Some(files) = task.extra.get("x.writes").and_then(serde_json::Value::as_array) {
                spec.writes = files.iter().filter_map(|file| file.as_str().map(str::to_owned)).collect();
            }
            spec
        })
        .collect();
    TaskGraph::new(&specs).ok()
}
