//! State of faults: work that is said to be done and is not.

use crate::workload::TaskId;

/// Faults that later steps or the audit find.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct FaultState {
    /// Tasks in the order in which attempts on them were accepted; kept only for semantic conflicts.
    pub(in crate::simulation) accepted: Vec<TaskId>,
    /// Tasks that were completed prematurely.
    pub(in crate::simulation) premature: u32,
    /// Completed tasks whose work is lost, with the loss noticed.
    pub(in crate::simulation) losses: u32,
}

impl FaultState {
    pub(in crate::simulation) fn clear(&mut self) {
        self.accepted.clear();
        self.premature = 0;
        self.losses = 0;
    }
}
