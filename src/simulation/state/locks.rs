//! Locks of the artifacts.

use crate::engine::Time;
use crate::team::{AgentId, Consistency, LockHeld, Locking, WhenLocked};
use crate::workload::ArtifactId;

pub(in crate::simulation) const NOBODY: AgentId = AgentId::MAX;

/// Locks of all artifacts.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Locks {
    rules: Locking,
    pub(in crate::simulation) holders: Vec<AgentId>,
    /// Times that locks were taken or given back.
    pub(in crate::simulation) changes: u32,
    /// Steps that wait to write, by arrival: the agent, and the slot of its reply if that is parked.
    pub(in crate::simulation) queue: Vec<(AgentId, Option<usize>, Time)>,
}

impl Locks {
    pub(in crate::simulation) fn new(consistency: Consistency, artifacts: usize) -> Locks {
        match consistency {
            Consistency::Lock(rules) => {
                Locks { rules, holders: vec![NOBODY; artifacts], changes: 0, queue: Vec::new() }
            }
            Consistency::LastWriterWins | Consistency::Optimistic => Locks::default(),
        }
    }

    pub(in crate::simulation) fn clear(&mut self) {
        self.holders.fill(NOBODY);
        self.changes = 0;
        self.queue.clear();
    }

    /// Proportion of a call that is its write, if locks are held for the write only.
    pub(in crate::simulation) fn write_part(&self) -> Option<f64> {
        if let LockHeld::Write(part) = self.rules.held { Some(part) } else { None }
    }

    /// Returns true if agents turn to other work while the artifacts of a task are locked.
    pub(in crate::simulation) fn hides_tasks(&self) -> bool {
        self.rules.held == LockHeld::Call && self.rules.when_locked == WhenLocked::OtherWork
    }

    pub(in crate::simulation) fn is_free(&self, artifact: ArtifactId) -> bool {
        self.holders[artifact.index()] == NOBODY
    }
}
