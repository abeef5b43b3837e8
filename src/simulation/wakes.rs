//! Who is to be asked next: agents that have just become free, and those whose reason to wait is gone.

use crate::engine::IdSet;
use crate::team::{AgentId, Until};

/// The agents that are not busy, by what they wait for.
#[derive(Clone, Debug)]
pub(super) struct Wakes {
    /// Free and not yet asked.
    fresh: IdSet,
    ready: IdSet,
    mail: IdSet,
    change: IdSet,
    due: IdSet,
    /// How many wait for anything.
    asleep: u32,
    /// Something happened that those may have waited for.
    pub(super) woke_ready: bool,
    pub(super) woke_change: bool,
}

impl Wakes {
    pub(super) fn new(agents: usize) -> Wakes {
        let none = IdSet::empty(agents);
        Wakes {
            fresh: none.clone(),
            ready: none.clone(),
            mail: none.clone(),
            change: none.clone(),
            due: none,
            asleep: 0,
            woke_ready: false,
            woke_change: false,
        }
    }

    /// Everybody is free.
    pub(super) fn begin(&mut self, agents: usize) {
        self.ready.clear();
        self.mail.clear();
        self.change.clear();
        self.asleep = 0;
        for agent in 0..agents {
            self.fresh.insert(agent as AgentId);
        }
        self.woke_ready = false;
        self.woke_change = false;
    }

    /// Gathers who is to be asked now; returns how many words of [`Wakes::due`] there are.
    #[inline]
    pub(super) fn collect(&mut self) -> usize {
        self.due.copy_from(&self.fresh);
        if self.asleep > 0 {
            if self.woke_ready {
                self.due.add_all(&self.ready);
            }
            if self.woke_change {
                self.due.add_all(&self.change);
            }
        }
        self.woke_ready = false;
        self.woke_change = false;
        self.due.words().len()
    }

    /// A word of the set of those who are to be asked.
    #[inline]
    pub(super) fn due(&self, word: usize) -> u64 {
        self.due.words()[word]
    }

    /// A word of the set of those who wait for a task to be ready.
    #[inline]
    pub(super) fn waiting_for_ready(&self, word: usize) -> u64 {
        self.ready.words()[word]
    }

    /// An agent is being asked.
    #[inline]
    pub(super) fn take(&mut self, agent: AgentId) {
        if self.fresh.contains(agent) {
            self.fresh.remove(agent);
        } else {
            self.asleep -= 1;
            self.ready.remove(agent);
            self.change.remove(agent);
        }
    }

    /// An agent that was asked has nothing to do.
    pub(super) fn sleep(&mut self, agent: AgentId, until: Until) {
        self.asleep += 1;
        match until {
            Until::Ready => self.ready.insert(agent),
            Until::Mail => self.mail.insert(agent),
            Until::Change => self.change.insert(agent),
        }
    }

    /// An agent is free again.
    #[inline]
    pub(super) fn is_free(&mut self, agent: AgentId) {
        self.fresh.insert(agent);
    }

    /// Mail came for an agent.
    pub(super) fn woke_mail(&mut self, agent: AgentId) {
        if self.mail.contains(agent) {
            self.mail.remove(agent);
            self.asleep -= 1;
            self.fresh.insert(agent);
        }
    }
}
