//! Audit: all is said to be done. Tasks that are not, and are found now or were found before, reopen.
//!
//! Work that was overwritten reopens here and not at once: two agents that overwrite each other's files could go on for
//! ever. The audit waits until no step is in flight. Then every accepted attempt of the next phase starts from the same
//! contents, and the set of open tasks shrinks from audit to audit: without errors, m tasks take at most m (m + 1) / 2
//! accepted attempts.

use crate::engine::Time;
use crate::record::{Observer, TaskEventKind};
use crate::simulation::faults::AUDIT;
use crate::simulation::simulator::Simulator;
use crate::team::AgentId;
use crate::workload::TaskId;

/// Result of an audit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Audit {
    /// Nothing is found: the run is complete.
    Passed,
    /// Steps in flight have to end first; no other starts before that.
    Waits,
    /// Tasks have reopened.
    Reopened,
}

impl Simulator<'_> {
    /// Returns true if all tasks are done and the audit finds nothing. While the audit waits, no step starts.
    pub(super) fn is_complete<O: Observer>(&mut self, observer: &mut O) -> bool {
        let audit = self.team.board.all_done().then(|| self.audit(observer));
        self.is_draining = audit == Some(Audit::Waits);
        audit == Some(Audit::Passed)
    }

    /// Examines the tasks, all of which are said to be done.
    fn audit<O: Observer>(&mut self, observer: &mut O) -> Audit {
        if self.faults.premature == 0 && self.faults.losses == 0 {
            return Audit::Passed;
        }
        if !self.queue.is_empty() || self.parked.iter().any(|parked| parked.agent.is_some()) {
            return Audit::Waits;
        }
        // A team of one kind has one detection rate; in a mixed team the first agent's applies.
        let detection = self.profiles[0].attempt_faults.detection;
        for task in TaskId::all(self.tasks.len()) {
            let state = &self.tasks[task];
            let draws = self.attempt_stream(task, state.attempts);
            if state.is_premature && detection.happens(draws.nth(AUDIT)) || state.is_loss_noticed {
                self.reopen(task, observer);
            }
        }
        if self.team.board.all_done() { Audit::Passed } else { Audit::Reopened }
    }

    /// Reopens a task that is said to be done.
    pub(super) fn reopen<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let owner = self.owner_after(task);
        let state = &mut self.tasks[task];
        self.faults.premature -= u32::from(std::mem::take(&mut state.is_premature));
        self.faults.losses -= u32::from(std::mem::take(&mut state.is_loss_noticed));
        // A lost output has not counted as right since it was lost, nor has a premature one.
        let right = std::mem::take(&mut state.is_right) && state.missing == 0;
        let spent = std::mem::replace(&mut state.spent, Time::ZERO);
        state.missing = 0;
        self.team.board.reopen(task, owner);
        self.wait_sets.ready_signalled = true;
        self.emit(task, owner.unwrap_or_default(), TaskEventKind::Reopened { spent, right }, observer);
    }

    /// Returns the owner of a task that comes back: the agent to whom it was assigned before the start, if any.
    pub(super) fn owner_after(&self, task: TaskId) -> Option<AgentId> {
        self.team.board.assigned_before_start(task)
    }
}
