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
        while self.busy_until.peek().is_some_and(|&Reverse(end)| end <= now) {
            self.busy_until.pop();
        }
        let start = if self.busy_until.len() < self.capacity {
            now
        } else {
            self.busy_until.pop().map_or(now, |Reverse(end)| end)
        };
        self.busy_until.push(Reverse(start + service));
        start
    }
}
