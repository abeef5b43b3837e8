//! Waits of the agents between their steps: one cause at a time.

use crate::engine::Time;
use crate::record::WaitCause;

/// The wait under way of every agent.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Waits {
    /// By agent: the cause and the time since which it waits for it; none while it is busy.
    pub(in crate::simulation) open: Vec<Option<(WaitCause, Time)>>,
    /// Facts on which the causes of all free agents depend, as of the last look: nothing is left, nothing is ready, tasks
    /// wait for dependencies, and the number of changes of locks.
    pub(in crate::simulation) phase: Option<(bool, bool, bool, u32)>,
    /// Time since which no task is left to take, or `Time::MAX`; for the plain form of the loop.
    pub(in crate::simulation) nothing_since: Time,
}

impl Waits {
    pub(in crate::simulation) fn new(agents: usize) -> Waits {
        Waits { open: vec![None; agents], phase: None, nothing_since: Time::MAX }
    }

    pub(in crate::simulation) fn clear(&mut self) {
        self.open.fill(None);
        self.phase = None;
        self.nothing_since = Time::MAX;
    }
}
