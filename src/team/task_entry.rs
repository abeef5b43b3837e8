//! Entry of a task on the board: its status, its version and what it waits for.

#![expect(clippy::inline_always, reason = "once a step, from one place")]

use crate::engine::IdSet;
use crate::team::AgentId;
use crate::workload::TaskId;

/// Status of a task on the board.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Status {
    /// Nobody's.
    #[default]
    Pending,
    /// Given to an agent that has not begun.
    Assigned(AgentId),
    /// An agent is at it.
    Claimed(AgentId),
    /// Claimed and forgotten: it looks taken.
    Orphaned(AgentId),
    /// Said to be done.
    Done,
}

/// Outcome of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClaimOutcome {
    /// The task is the agent's now.
    Granted,
    /// Somebody else has it, or did it.
    Lost,
    /// Something it depends on is not done.
    Blocked,
}

pub(in crate::team) const NOBODY: AgentId = AgentId::MAX;

/// All that the board knows of a task, in one piece of memory.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::team) struct TaskEntry {
    pub(in crate::team) status: Status,
    /// Fence of claims: rises when the task is completed, reopened, or taken away.
    pub(in crate::team) version: u32,
    /// Steps that have begun on it.
    pub(in crate::team) starts: u32,
    /// Open dependencies, and one more before its release.
    pub(in crate::team) waits_for: u32,
    /// Owner until it is done or forgotten; or [`NOBODY`].
    pub(in crate::team) owner: AgentId,
    /// The agent whose attempt was rejected last; or [`NOBODY`].
    pub(in crate::team) rejected: AgentId,
    /// Range of its dependents in [`Board::dependents`].
    pub(in crate::team) dependents: (u32, u32),
}

/// Tasks of one word that have become startable: gathered first and added in one go, for the next pick waits for it.
#[derive(Clone, Copy, Default)]
pub(in crate::team) struct Opened {
    pub(in crate::team) startable: u64,
    pub(in crate::team) ready: u64,
}

impl TaskEntry {
    /// One dependency less; says whether that made it startable by somebody. Whether it did is hard to foresee, so
    /// nothing branches on it.
    #[inline(always)]
    pub(in crate::team) fn waits_for_one_less(&mut self, opened: &mut Opened, bit: u32) -> bool {
        self.waits_for -= 1;
        let opens = self.waits_for == 0;
        opened.startable |= u64::from(opens) << bit;
        opened.ready |= u64::from(opens & matches!(self.status, Status::Pending)) << bit;
        opens & !matches!(self.status, Status::Done | Status::Orphaned(_))
    }

    #[inline]
    pub(in crate::team) fn start(&mut self) -> (u32, u32) {
        self.starts += 1;
        (self.version, self.starts - 1)
    }

    /// Asks for the task as it is now.
    #[inline]
    pub(in crate::team) fn claim(
        &mut self,
        (ready, pending): (&mut IdSet<TaskId>, &mut u32),
        task: TaskId,
        agent: AgentId,
        check: bool,
    ) -> ClaimOutcome {
        match self.status {
            Status::Pending if check && self.waits_for > 0 => return ClaimOutcome::Blocked,
            Status::Pending => {
                ready.remove(task);
                *pending -= 1;
            }
            Status::Assigned(owner) | Status::Claimed(owner) if owner == agent => {}
            _ => return ClaimOutcome::Lost,
        }
        self.status = Status::Claimed(agent);
        ClaimOutcome::Granted
    }
}
