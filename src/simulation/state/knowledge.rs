//! Knowledge of the agents: outputs that they wrote or read, and the context that their calls send again.

use crate::engine::{BitMatrix, Time};
use crate::team::AgentId;
use crate::workload::TaskId;

/// Knowledge of all agents.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Reading {
    /// By agent: tasks with an output that it wrote or read.
    pub(in crate::simulation) known: BitMatrix<AgentId, TaskId>,
    pub(in crate::simulation) contexts: Vec<Context>,
}

/// Context of an agent: what its next call sends again.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::simulation) struct Context {
    pub(in crate::simulation) tokens: u32,
    /// Input that a prompt cache holds, and the time until which it does.
    pub(in crate::simulation) cached: u32,
    pub(in crate::simulation) cached_until: Time,
    pub(in crate::simulation) has_joined: bool,
}

impl Reading {
    pub(in crate::simulation) fn new(agents: usize, tasks: usize) -> Reading {
        Reading { known: BitMatrix::empty(agents, tasks), contexts: vec![Context::default(); agents] }
    }

    pub(in crate::simulation) fn clear(&mut self) {
        self.known.clear();
        self.contexts.fill(Context::default());
    }
}
