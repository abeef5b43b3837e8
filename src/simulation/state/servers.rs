//! Servers of the shared resources.
//!
//! Users arrive in order of time, so the start of each service is known on arrival: there is no queue to keep.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::rng::Bernoulli;
use crate::engine::{Sampler, Samplers, Time, key_of};
use crate::team::{Blocks, Resource};

/// A shared resource at run time.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct Server {
    /// None: it is held during the call itself, as a rate limit is.
    pub(in crate::simulation) service: Option<Sampler>,
    pub(in crate::simulation) blocks: Blocks,
    pub(in crate::simulation) share: Bernoulli,
    pub(in crate::simulation) key: u64,
    capacity: usize,
    /// End of each service under way; memory by users, not by capacity.
    busy_until: BinaryHeap<Reverse<Time>>,
}

impl Server {
    pub(in crate::simulation) fn new(resource: &Resource, samplers: &Samplers) -> Server {
        Server {
            service: resource.service.as_ref().map(|dist| samplers.get(&dist.scaled(1e6))),
            blocks: resource.blocks,
            share: Bernoulli::new(resource.share),
            key: key_of(&resource.name),
            capacity: resource.capacity.max(1) as usize,
            busy_until: BinaryHeap::new(),
        }
    }

    pub(in crate::simulation) fn clear(&mut self) {
        self.busy_until.clear();
    }

    /// Serves a user who arrives at `now`, not before any earlier one, for `service`; returns when the service starts.
    pub(in crate::simulation) fn serve(&mut self, now: Time, service: Time) -> Time {
        let start = self.take_place(now);
        self.hold_place(start + service);
        start
    }

    /// Takes the first place for a user who arrives at `now`, not before any earlier one; returns when it is free.
    pub(in crate::simulation) fn take_place(&mut self, now: Time) -> Time {
        while self.busy_until.peek().is_some_and(|&Reverse(end)| end <= now) {
            self.busy_until.pop();
        }
        if self.busy_until.len() < self.capacity { now } else { self.busy_until.pop().map_or(now, |Reverse(end)| end) }
    }

    /// Holds the place that was taken last until `end`.
    pub(in crate::simulation) fn hold_place(&mut self, end: Time) {
        self.busy_until.push(Reverse(end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that needs places at two limits begins when it has both, and holds both to its end.
    #[test]
    fn a_place_is_held_until_its_call_ends() {
        let limit = Resource { name: "limit".to_owned(), capacity: 1, service: None, blocks: Blocks::User, share: 1.0 };
        let mut server = Server::new(&limit, &Samplers::default());
        let us = Time::from_us;
        assert_eq!(server.take_place(us(0)), us(0));
        server.hold_place(us(30));
        assert_eq!(server.take_place(us(5)), us(30));
        server.hold_place(us(40));
        assert_eq!(server.serve(us(50), us(2)), us(50));
        assert_eq!(server.serve(us(51), us(2)), us(52));
    }
}
