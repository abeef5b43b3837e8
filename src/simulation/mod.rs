//! L4: one run: a valid scenario in, entries out. Total: a run ends with an [`Ending`](crate::record::Ending), never
//! with an error and never in a panic.
//!
//! | file | mechanism | state |
//! |---|---|---|
//! | `simulator` | the simulator and its state | |
//! | `run_async`, `run_rounds` | the loop | the clock, the queue |
//! | `decide`, `start` | decisions, calls that begin | `state/wait_sets`, `state/step` |
//! | `batch` | the tasks of a call | |
//! | `reading` | input tokens: what an agent knows | `state/knowledge` |
//! | `random_effects` | variation of latency | |
//! | `resources` | queues and service after a call | `state/servers` |
//! | `commit`, `attempt` | replies that arrive: accepted or rejected | the board |
//! | `consistency` | concurrent writes: one file a policy | `state/contents`, `state/locks` |
//! | `faults`, `audit` | failures, and work that has to reopen | `state/faults` |
//! | `messages` | assignments and reports | inboxes |
//! | `waiting` | causes of waiting | `state/waits` |
//! | `timers` | releases, leases, recoveries; the end of a run | |
//! | `learned` | agents with a learned policy | `learned/learned_state` |
//! | `explorer` | all orders of commits of a small scenario | |
//! | `features`, `prepare`, `compiled_profile` | compilation of a scenario | |

mod attempt;
mod audit;
mod batch;
mod commit;
mod compiled_profile;
mod consistency;
mod decide;
pub mod explorer;
mod faults;
mod features;
mod learned;
mod messages;
mod prepare;
mod random_effects;
mod reading;
mod redraw;
mod resources;
mod run_async;
mod run_rounds;
pub mod scenario;
mod simulator;
mod start;
mod state;
mod timers;
mod waiting;

pub use scenario::{DependencyCheck, GraphSource, Limits, Pacing, Scenario};
pub use simulator::Simulator;

use crate::record::{Metrics, Stats};

/// Runs one replication of a scenario under its own architecture and returns its metrics.
pub fn simulate(scenario: &Scenario, replication: u64) -> Metrics {
    let scenario = &*scenario.of_replication(replication);
    let mut stats = Stats::new(scenario.prices);
    Simulator::new(scenario).run(&*scenario.architecture, replication, &mut stats);
    stats.metrics()
}
