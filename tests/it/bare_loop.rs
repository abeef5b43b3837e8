//! The simulator against a loop written by hand for one workload: the same makespan, replication by replication.

#[path = "../../benches/bare/mod.rs"]
mod bare;

use std::sync::Arc;

use bare::{Bare, ROUNDS, profile, scenario, self_claim};
use brooks::record::Stats;
use brooks::simulation::{Pacing, Simulator};

#[test]
fn agrees_with_the_hand_written_loop_to_the_microsecond() {
    for pacing in [Pacing::Async, ROUNDS] {
        for agents in [1, 2, 4, 8, 16] {
            let architecture = self_claim(pacing);
            let scenario = scenario(agents, pacing, Arc::new(architecture), profile());
            let mut simulator = Simulator::new(&scenario);
            let mut stats = Stats::new(scenario.prices);
            let mut bare = Bare::new(scenario.seed);
            for replication in 0..500 {
                simulator.run(&architecture, replication, &mut stats);
                let expected = bare.run(pacing, agents, replication);
                let makespan = stats.metrics().makespan.as_us();
                assert_eq!(makespan, expected, "{pacing:?}, {agents} agents, replication {replication}");
            }
        }
    }
}
