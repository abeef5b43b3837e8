//! Shared resources: a test runner, a merge queue, a human reviewer, an API's rate limit. All are one thing: a queue
//! with a capacity, first come, first served.

use crate::engine::{Dist, Time};

/// A shared resource as the scenario describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Number of requests that it serves at once, at least 1.
    pub capacity: u32,
    /// Seconds a service takes. A resource without one is held during the call itself (a rate limit).
    pub service: Option<Dist>,
    /// Agents that wait while it serves.
    pub blocks: Blocks,
    /// Chance that a working step uses it.
    pub share: f64,
}

/// Agents that wait while a resource serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Blocks {
    /// Only who uses it.
    #[default]
    User,
    /// Nobody: the agent goes on with other work while its task is served, as a pull request in review.
    Nobody,
    /// Everyone: no reply lands meanwhile, as in a single-threaded test harness that runs its tests in the event loop.
    Everyone,
}

/// The servers of a resource in one run.
///
/// Customers arrive in order of time, so the start of each service is known on arrival: there is no queue to keep.
#[derive(Clone, Debug)]
pub struct Station {
    free_at: Vec<Time>,
}

impl Station {
    /// `capacity` free servers.
    pub fn new(capacity: u32) -> Station {
        Station { free_at: vec![Time::ZERO; capacity.max(1) as usize] }
    }

    /// Frees all servers.
    pub fn clear(&mut self) {
        self.free_at.fill(Time::ZERO);
    }

    /// Serves a customer who arrives at `now`, not before any earlier customer, for `service`; returns when that starts.
    #[inline]
    pub fn serve(&mut self, now: Time, service: Time) -> Time {
        let mut first = 0;
        for server in 1..self.free_at.len() {
            if self.free_at[server] < self.free_at[first] {
                first = server;
            }
        }
        let start = self.free_at[first].max(now);
        self.free_at[first] = start + service;
        start
    }
}
