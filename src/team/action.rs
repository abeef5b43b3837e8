//! Actions of an agent and the terms of a protocol: the vocabulary that policy and mechanism share.

use crate::workload::TaskId;

/// Next action of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Work on this task, and in the same call on as many of its like as the agent's batching takes: further tasks of
    /// its own if the task is its own, else further unowned ones.
    Work(TaskId),
    /// Hand out tasks; who gets what is settled now and lands when the call returns.
    Assign(AssignmentRule),
    /// Look at the board and read the mail, and change nothing.
    Monitor,
    /// Nothing to do until the board or the inbox says so.
    Wait(WaitFor),
}

/// Condition on which a waiting agent is asked again. It may wait again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitFor {
    /// A task can be started: its last dependency is done, or it went back to the pool, or was assigned.
    Ready,
    /// A message came in.
    Message,
    /// Anything landed.
    Change,
}

/// Rule of assignment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssignmentRule {
    /// In topological order, in turn; a task with dependencies goes to the owner of the last of them, so that a chain
    /// stays in one hand.
    ChainAffine,
    /// In topological order, in turn.
    RoundRobin,
    /// Longest first, each to whoever has least so far.
    Lpt,
    /// Each ready task to a worker that has nothing, in list order.
    ToFree,
    /// The same, but one task only.
    OneToFree,
}

/// Time at which a claim is granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Claims {
    /// At the commit: two agents can want one task, and one of them loses.
    #[default]
    AtCommit,
    /// At the decision: the board is atomic, and nobody loses.
    AtDecision,
}

/// Recipients of the report that work is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reports {
    /// Nobody: the board says it.
    #[default]
    Nobody,
    /// The lead: one delivery a message.
    Lead,
    /// Everybody else: n - 1 deliveries a message.
    Team,
}
