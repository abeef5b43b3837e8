//! Agents to be asked next: those that have just become free, and those whose reason to wait is gone.

use crate::engine::Id;
use crate::team::{AgentId, WaitFor};

/// The agents that are not busy, by what they wait for.
#[derive(Clone, Debug)]
pub(super) struct Wakes {
    /// The first 64 agents, which is nearly always all.
    first: AgentSet,
    others: Vec<AgentSet>,
    agents: usize,
    /// Something happened that those may have waited for.
    pub(super) woke_ready: bool,
    pub(super) woke_change: bool,
}

/// Up to 64 agents, a bit each. An agent is in one of the sets at most; a busy one is in none.
#[derive(Clone, Copy, Debug, Default)]
struct AgentSet {
    /// Free and not yet asked.
    fresh: u64,
    mail: u64,
    ready: u64,
    change: u64,
}

/// Changes since agents were last asked: masks of ones or zeros, to be cut out of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Causes {
    ready: u64,
    change: u64,
}

impl Wakes {
    pub(super) fn new(agents: usize) -> Wakes {
        let others = vec![AgentSet::default(); agents.div_ceil(64) - 1];
        Wakes { first: AgentSet::default(), others, agents, woke_ready: false, woke_change: false }
    }

    /// Everybody is free.
    pub(super) fn begin(&mut self) {
        let mut left = self.agents;
        for group in std::iter::once(&mut self.first).chain(&mut self.others) {
            let here = left.min(64);
            *group = AgentSet { fresh: u64::MAX >> (64 - here), ..AgentSet::default() };
            left -= here;
        }
        self.woke_ready = false;
        self.woke_change = false;
    }

    /// Number of groups of 64 agents.
    #[inline]
    pub(super) fn groups(&self) -> usize {
        1 + self.others.len()
    }

    #[inline]
    fn group(&mut self, number: usize) -> &mut AgentSet {
        if number == 0 { &mut self.first } else { &mut self.others[number - 1] }
    }

    /// Returns the changes since the last call, and clears them.
    #[inline]
    pub(super) fn causes(&mut self) -> Causes {
        let all_if = |happened: bool| if happened { u64::MAX } else { 0 };
        let causes = Causes { ready: all_if(self.woke_ready), change: all_if(self.woke_change) };
        self.woke_ready = false;
        self.woke_change = false;
        causes
    }

    /// Takes those of a group who are to be asked now; says also which of them wait for a task to be ready.
    #[inline]
    pub(super) fn due(&mut self, group: usize, causes: Causes) -> (u64, u64) {
        let group = self.group(group);
        let waiting = group.ready & causes.ready;
        let others = group.fresh | group.change & causes.change;
        group.fresh = 0;
        group.ready ^= waiting;
        group.change &= !others;
        (others | waiting, waiting)
    }

    /// Agents of a group that were due to be asked wait on for a task to be ready.
    #[inline]
    pub(super) fn wait_on(&mut self, group: usize, agents: u64) {
        self.group(group).ready |= agents;
    }

    /// An agent that was asked has nothing to do.
    #[inline]
    pub(super) fn sleep(&mut self, agent: AgentId, until: WaitFor) {
        let group = self.group(agent.word());
        match until {
            WaitFor::Ready => group.ready |= bit(agent),
            WaitFor::Mail => group.mail |= bit(agent),
            WaitFor::Change => group.change |= bit(agent),
        }
    }

    /// An agent is free again.
    #[inline]
    pub(super) fn is_free(&mut self, agent: AgentId) {
        self.group(agent.word()).fresh |= bit(agent);
    }

    /// Mail came for an agent.
    pub(super) fn woke_mail(&mut self, agent: AgentId) {
        let group = self.group(agent.word());
        group.fresh |= group.mail & bit(agent);
        group.mail &= !bit(agent);
    }
}

#[inline]
fn bit(agent: AgentId) -> u64 {
    1 << agent.bit()
}
