//! Messages between agents: what was sent, what was delivered, what is still unread.
//!
//! A message to everybody is counted once for all, so that a broadcast costs the simulator nothing while it costs the
//! team n - 1 deliveries.

use crate::team::AgentId;

/// The team's inboxes, as counts.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    direct: Vec<u32>,
    /// Broadcasts that an agent has read or sent itself.
    heard: Vec<u32>,
    broadcasts: u32,
}

impl Mail {
    /// Empty inboxes for `agents`.
    pub fn new(agents: usize) -> Mail {
        Mail { direct: vec![0; agents], heard: vec![0; agents], broadcasts: 0 }
    }

    /// Empties all inboxes.
    pub fn clear(&mut self) {
        self.direct.fill(0);
        self.heard.fill(0);
        self.broadcasts = 0;
    }

    /// A message to one agent.
    pub fn send(&mut self, to: AgentId) {
        self.direct[to as usize] += 1;
    }

    /// A message to everybody else.
    pub fn broadcast(&mut self, from: AgentId) {
        self.broadcasts += 1;
        self.heard[from as usize] += 1;
    }

    /// How many messages an agent has not read.
    #[inline]
    pub fn unread(&self, agent: AgentId) -> u32 {
        self.direct[agent as usize] + self.broadcasts - self.heard[agent as usize]
    }

    /// Reads everything; returns how many messages that was.
    #[inline]
    pub fn read(&mut self, agent: AgentId) -> u32 {
        let unread = self.unread(agent);
        self.direct[agent as usize] = 0;
        self.heard[agent as usize] = self.broadcasts;
        unread
    }
}

#[cfg(test)]
mod tests {
    use super::Mail;

    #[test]
    fn nobody_hears_themselves() {
        let mut mail = Mail::new(3);
        mail.broadcast(0);
        mail.send(2);
        assert_eq!([0, 1, 2].map(|agent| mail.unread(agent)), [0, 1, 2]);
        assert_eq!(mail.read(2), 2);
        mail.broadcast(2);
        assert_eq!([0, 1, 2].map(|agent| mail.unread(agent)), [1, 2, 0]);
    }
}
