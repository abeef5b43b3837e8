//! Agents to be asked next: those that have just become free, and those whose condition for waiting is met.

use crate::engine::Id;
use crate::team::{AgentId, WaitFor};

/// The agents that are not busy, by what they wait for.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct WaitSets {
    /// The first 64 agents, which is nearly always all.
    first: AgentSet,
    others: Vec<AgentSet>,
    agents: usize,
    /// The agent that is asked after all others, as its attempt was just rejected; or `AgentId::MAX`.
    last: AgentId,
    /// Signals since agents were last asked.
    pub(in crate::simulation) ready_signalled: bool,
    pub(in crate::simulation) change_signalled: bool,
}

/// Up to 64 agents, a bit each. An agent is in one of the sets at most; a busy one is in none.
#[derive(Clone, Copy, Debug, Default)]
struct AgentSet {
    /// Free and not yet asked.
    fresh: u64,
    message: u64,
    ready: u64,
    change: u64,
}

/// Changes since agents were last asked: masks of ones or zeros, to be cut out of a set.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct Signals {
    ready: u64,
    change: u64,
}

impl WaitSets {
    pub(in crate::simulation) fn new(agents: usize) -> WaitSets {
        let others = vec![AgentSet::default(); agents.div_ceil(64) - 1];
        WaitSets {
            first: AgentSet::default(),
            others,
            agents,
            last: AgentId::MAX,
            ready_signalled: false,
            change_signalled: false,
        }
    }

    /// Starts a run: all agents are free.
    pub(in crate::simulation) fn begin(&mut self) {
        let mut left = self.agents;
        for group in std::iter::once(&mut self.first).chain(&mut self.others) {
            let here = left.min(64);
            *group = AgentSet { fresh: u64::MAX >> (64 - here), ..AgentSet::default() };
            left -= here;
        }
        self.last = AgentId::MAX;
        self.ready_signalled = false;
        self.change_signalled = false;
    }

    /// Returns the sets of the first 64 agents and the agent that is asked last, for the key of a state.
    pub(in crate::simulation) fn key(&self) -> [u64; 5] {
        let AgentSet { fresh, message, ready, change } = self.first;
        [fresh, message, ready, change, u64::from(self.last)]
    }

    /// Number of groups of 64 agents.
    #[inline]
    pub(in crate::simulation) fn groups(&self) -> usize {
        1 + self.others.len()
    }

    #[inline]
    fn group(&mut self, number: usize) -> &mut AgentSet {
        if number == 0 { &mut self.first } else { &mut self.others[number - 1] }
    }

    /// Returns the changes since the last call, and clears them.
    #[inline]
    pub(in crate::simulation) fn take_signals(&mut self) -> Signals {
        let all_if = |happened: bool| if happened { u64::MAX } else { 0 };
        let signals = Signals { ready: all_if(self.ready_signalled), change: all_if(self.change_signalled) };
        self.ready_signalled = false;
        self.change_signalled = false;
        signals
    }

    /// Takes those of a group who are to be asked now; and returns also which of them wait for a task to be ready.
    #[inline]
    pub(in crate::simulation) fn due(&mut self, group: usize, signals: Signals) -> (u64, u64) {
        let group = self.group(group);
        let waiting = group.ready & signals.ready;
        let others = group.fresh | group.change & signals.change;
        group.fresh = 0;
        group.ready ^= waiting;
        group.change &= !others;
        (others | waiting, waiting)
    }

    /// Asks an agent after all others the next time, as its attempt was rejected: the task is offered to them first.
    #[inline]
    pub(in crate::simulation) fn ask_last(&mut self, agent: AgentId) {
        self.last = agent;
    }

    /// Returns the agent that is asked after all others, or `AgentId::MAX`.
    #[inline]
    pub(in crate::simulation) fn take_last(&mut self) -> AgentId {
        std::mem::replace(&mut self.last, AgentId::MAX)
    }

    /// Agents of a group that were due to be asked wait on for a task to be ready.
    #[inline]
    pub(in crate::simulation) fn wait_on(&mut self, group: usize, agents: u64) {
        self.group(group).ready |= agents;
    }

    /// An agent that was asked has nothing to do.
    #[inline]
    pub(in crate::simulation) fn wait(&mut self, agent: AgentId, until: WaitFor) {
        let group = self.group(agent.word());
        match until {
            WaitFor::Ready => group.ready |= bit(agent),
            WaitFor::Message => group.message |= bit(agent),
            WaitFor::Change => group.change |= bit(agent),
        }
    }

    /// An agent is free again.
    #[inline]
    pub(in crate::simulation) fn free(&mut self, agent: AgentId) {
        self.group(agent.word()).fresh |= bit(agent);
    }

    /// A message came for an agent.
    pub(in crate::simulation) fn signal_message(&mut self, agent: AgentId) {
        let group = self.group(agent.word());
        group.fresh |= group.message & bit(agent);
        group.message &= !bit(agent);
    }
}

#[inline]
fn bit(agent: AgentId) -> u64 {
    1 << agent.bit()
}
