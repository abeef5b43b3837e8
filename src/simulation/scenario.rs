//! Everything that one run needs to know. Only valid values: whoever makes one has checked them.

use std::sync::Arc;

use crate::architecture::Architecture;
use crate::engine::Time;
use crate::record::Prices;
use crate::team::{Agent, Consistency, Resource};
use crate::workload::TaskGraph;

/// A valid scenario at one point of a sweep.
#[derive(Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What must be done.
    pub graph: Arc<TaskGraph>,
    /// The parallel fraction that the workload was made to have; none if it was not made to have one.
    pub parallel_fraction: Option<f64>,
    /// Who does it; at least one agent, a lead first.
    pub team: Vec<Agent>,
    /// How they coordinate.
    pub architecture: Arc<dyn Architecture>,
    /// What that is called in the registry.
    pub architecture_name: String,
    /// With or without rounds.
    pub pacing: Pacing,
    /// What happens when two want to write one artifact.
    pub consistency: Consistency,
    /// When dependencies are enforced.
    pub dependency_check: DependencyCheck,
    /// What they share; used in this order.
    pub resources: Vec<Resource>,
    /// When to give up.
    pub limits: Limits,
    /// What tokens cost.
    pub prices: Prices,
    /// The seed of all randomness.
    pub seed: u64,
}

/// Whether agents go on at their own pace or wait for each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pacing {
    /// Whoever is free goes on at once.
    Async,
    /// Everybody thinks in parallel, and the round ends with its slowest member.
    Rounds {
        /// Whether those who have nothing to do are called all the same, as the paper's harness does.
        idle_calls: bool,
    },
}

/// Where open dependencies are noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DependencyCheck {
    /// At the claim: what an agent owns it may finish in any order.
    #[default]
    Claim,
    /// At completion: no task is done before its dependencies.
    Complete,
    /// Not at all: every task is ready from the start, and one done too early is wrong.
    None,
}

/// When a run is given up. Reaching one of these makes the run censored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Most rounds.
    pub rounds: u32,
    /// Longest time.
    pub time: Time,
    /// Most tokens, input and output.
    pub tokens: u64,
    /// Most calls: the last resort against a team that never gets anywhere.
    pub calls: u64,
}

impl Limits {
    /// No limit but the last resort: 1,000 calls a task, and 100,000 at least.
    pub fn generous(tasks: usize) -> Limits {
        Limits { rounds: u32::MAX, time: Time::MAX, tokens: u64::MAX, calls: (1_000 * tasks as u64).max(100_000) }
    }
}
