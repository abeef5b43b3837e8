//! Nothing is allocated in a run: a simulator that has met the greatest demands of a set of replications does all of
//! them again without asking for memory. In a binary of its own, for the
//! counter replaces the allocator of the whole process.

use brooks::architecture::ARCHITECTURES;
use brooks::engine::Dist;
use brooks::record::Stats;
use brooks::simulation::Simulator;
use brooks::team::{Fallibility, Profile};
use brooks::workload::Generator;

#[path = "it/worlds.rs"]
#[expect(dead_code, reason = "most of it serves the other tests")]
mod worlds;

const REPLICATIONS: u64 = 1_000;

#[test]
fn a_warm_simulator_allocates_nothing() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!(counted.count_total, 1, "the counter counts");
    let specs = Generator::bench(Dist::Constant(100.0)).generate(1);
    let fallibility = Fallibility { error_rate: 0.15, premature_completion: 0.05, ..Fallibility::default() };
    let profile = Profile { fallibility, ..Profile::with_latency("any", Dist::Lognormal { mu: 2.5, sigma: 0.6 }) };
    for row in ARCHITECTURES {
        for (pace, pacing) in worlds::PACINGS {
            let variant = worlds::Variant::called(row.name);
            let scenario = worlds::scenario(&specs, 4, &profile, &variant, pacing);
            let mut simulator = Simulator::new(&scenario);
            let mut stats = Stats::new(scenario.prices);
            let mut run_all = || {
                for replication in 0..REPLICATIONS {
                    simulator.run(&*scenario.architecture, replication, &mut stats);
                    std::hint::black_box(stats.metrics());
                }
            };
            run_all();
            let info = allocation_counter::measure(run_all);
            assert_eq!(info.count_total, 0, "{}, {pace}: {info:?}", row.name);
        }
    }
}
