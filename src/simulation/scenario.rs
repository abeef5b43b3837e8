//! Everything that one run needs to know. Only valid values: whoever makes one has checked them.

use std::borrow::Cow;
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
    /// The work.
    pub graph: Arc<TaskGraph>,
    /// Source of the work of each replication, if the workload is random: its sizes and edges are drawn for every
    /// replication. None: the work of every replication is `graph`.
    pub graphs: Option<Arc<dyn GraphSource>>,
    /// The parallel fraction that the workload was made to have; none if it was not made to have one.
    pub parallel_fraction: Option<f64>,
    /// The team; at least one agent, a lead first.
    pub team: Vec<Agent>,
    /// The coordination protocol.
    pub architecture: Arc<dyn Architecture>,
    /// Name of the architecture in the registry.
    pub architecture_name: String,
    /// With or without rounds.
    pub pacing: Pacing,
    /// Policy for concurrent writes of one artifact.
    pub consistency: Consistency,
    /// Point at which dependencies are enforced.
    pub dependency_check: DependencyCheck,
    /// Shared resources, used in this order.
    pub resources: Vec<Resource>,
    /// Limits at which a run is cut off.
    pub limits: Limits,
    /// Prices of tokens.
    pub prices: Prices,
    /// The seed of all randomness.
    pub seed: u64,
}

/// Source of task graphs that differ from replication to replication.
pub trait GraphSource: Send + Sync {
    /// Returns the work of a replication under a seed. The same arguments give the same graph; all have the same tasks,
    /// artifacts and skills.
    fn graph(&self, seed: u64, replication: u64) -> Arc<TaskGraph>;

    /// Turns the work of any replication into that of another. A source of sizes writes them in place if nobody else holds
    /// the graph.
    fn redraw(&self, seed: u64, replication: u64, graph: &mut Arc<TaskGraph>) {
        *graph = self.graph(seed, replication);
    }
}

impl Scenario {
    /// Returns the scenario with the work of a replication.
    pub fn of_replication(&self, replication: u64) -> Cow<'_, Scenario> {
        match &self.graphs {
            None => Cow::Borrowed(self),
            Some(source) => Cow::Owned(Scenario { graph: source.graph(self.seed, replication), ..self.clone() }),
        }
    }
}

/// Pacing of the team: asynchronous, or in rounds with a barrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pacing {
    /// Whoever is free goes on at once.
    Async,
    /// Everybody thinks in parallel, and the round ends with its slowest member.
    Rounds {
        /// True if agents with nothing to do are called all the same, as in the paper's harness.
        idle_calls: bool,
    },
}

/// Point at which open dependencies are noticed.
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

/// Limits of a run. A run that reaches one of these is censored.
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
