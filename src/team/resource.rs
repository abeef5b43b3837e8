//! Shared resources: a test runner, a merge queue, a human reviewer, an API's rate limit. All are one thing: a queue
//! with a capacity, first come, first served.

use crate::engine::Dist;

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
