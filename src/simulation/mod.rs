//! L4: one run: a valid scenario in, entries out. Total: a run ends with an [`Ending`](crate::record::Ending), never
//! with an error and never in a panic.

mod commit;
mod compiled_policy;
mod compiled_profile;
mod faults;
mod learned_state;
mod outcome;
mod prepare;
mod recorded_calls;
pub mod scenario;
mod simulator;
mod think;
mod wait_sets;

pub use scenario::{DependencyCheck, GraphSource, Limits, Pacing, Scenario};
pub use simulator::Simulator;

use crate::record::{Metrics, Stats};

/// Runs one replication of a scenario under its own architecture and gives the figures.
pub fn simulate(scenario: &Scenario, replication: u64) -> Metrics {
    let scenario = &*scenario.of_replication(replication);
    let mut stats = Stats::new(scenario.prices);
    Simulator::new(scenario).run(&*scenario.architecture, replication, &mut stats);
    stats.metrics()
}
