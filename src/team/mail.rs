//! Messages between agents: what was sent, what was delivered, what is still unread.
//!
//! A message to everybody is counted once for all, so that a broadcast costs the simulator nothing while it costs the
//! team n - 1 deliveries.

use crate::team::AgentId;

/// The team's inboxes, as counts.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    inboxes: Vec<Inbox>,
    broadcasts: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Inbox {
    direct: u32,
    /// Broadcasts that the agent has read or sent itself.
    heard: u32,
}

impl Mail {
    /// Empty inboxes for `agents`.
    pub fn new(agents: usize) -> Mail {
        Mail { inboxes: vec![Inbox::default(); agents], broadcasts: 0 }
    }

    /// Empties all inboxes.
    pub fn clear(&mut self) {
        self.inboxes.fill(Inbox::default());
        self.broadcasts = 0;
    }

    /// A message to one agent.
    pub fn send(&mut self, to: AgentId) {
        self.inboxes[to.index()].direct += 1;
    }

    /// A message to everybody else.
    pub fn broadcast(&mut self, from: AgentId) {
        self.broadcasts += 1;
        self.inboxes[from.index()].heard += 1;
    }

    /// Number of messages an agent has not read.
    #[inline]
    pub fn unread(&self, agent: AgentId) -> u32 {
        let inbox = self.inboxes[agent.index()];
        inbox.direct + self.broadcasts - inbox.heard
    }

    /// Reads everything; returns how many messages that was.
    #[inline]
    pub fn read(&mut self, agent: AgentId) -> u32 {
        let inbox = &mut self.inboxes[agent.index()];
        let unread = inbox.direct + self.broadcasts - inbox.heard;
        *inbox = Inbox { direct: 0, heard: self.broadcasts };
        unread
    }
}

#[cfg(test)]
mod tests {
    use super::{AgentId, Mail};

    #[test]
    fn nobody_hears_themselves() {
        let mut mail = Mail::new(3);
        let team @ [a, _, c] = [0, 1, 2].map(AgentId::new);
        mail.broadcast(a);
        mail.send(c);
        assert_eq!(team.map(|agent| mail.unread(agent)), [0, 1, 2]);
        assert_eq!(mail.read(c), 2);
        mail.broadcast(c);
        assert_eq!(team.map(|agent| mail.unread(agent)), [1, 2, 0]);
    }
}
