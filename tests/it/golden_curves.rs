//! One speedup table an architecture, exact: how each protocol scales on three shapes of work, pinned.

use std::fmt::Write;

use brooks::engine::Dist;
use brooks::team::Profile;
use brooks::workload::{Free, Generator, TaskSpec};

use crate::golden;
use crate::worlds::{self, PACINGS, Variant};

const REPLICATIONS: u64 = 40;
const AGENTS: [usize; 6] = [1, 2, 3, 4, 8, 16];

fn shapes() -> [(&'static str, Vec<TaskSpec>); 3] {
    let size = || Dist::Constant(100.0);
    let amdahl = |p| Generator::Amdahl { tasks: 20, parallel_fraction: p, free: Free::Beside, size: size() };
    [
        ("p = 0.9", amdahl(0.9).generate(1)),
        ("p = 0.2", amdahl(0.2).generate(1)),
        ("lattice", Generator::bench(size()).generate(1)),
    ]
}

/// A table for an architecture with its default choices; times are sums over the replications in whole microseconds.
fn table(row: &str) -> String {
    let variant = Variant::called(row);
    let mut text = format!("# {}: {REPLICATIONS} replications a point\n", variant.name());
    let mut profile = Profile::with_latency("worker", Dist::Lognormal { mu: 2.5, sigma: 0.6 });
    profile.fallibility.error_rate = 0.15;
    for (shape, specs) in shapes() {
        for (pace, pacing) in PACINGS {
            writeln!(
                text,
                "\n{shape}, {pace}\n{:>3} {:>15} {:>8} {:>6} {:>6}",
                "n", "time_us", "speedup", "calls", "lost"
            )
            .expect("text");
            let mut alone = 0;
            for agents in AGENTS {
                let scenario = worlds::scenario(&specs, agents, &profile, &variant, pacing);
                let (mut time, mut calls, mut lost) = (0, 0, 0);
                for metrics in worlds::replicate(&scenario, REPLICATIONS) {
                    time += metrics.makespan.as_us();
                    calls += metrics.llm_calls;
                    lost += metrics.lost_claims;
                }
                if agents == 1 {
                    alone = time;
                }
                let speedup = alone as f64 / time as f64;
                writeln!(text, "{agents:>3} {time:>15} {speedup:>8.4} {calls:>6} {lost:>6}").expect("text");
            }
        }
    }
    text
}

#[test]
fn speedups_are_what_they_were() {
    for row in brooks::architecture::ARCHITECTURES {
        golden::check(&format!("{}.txt", row.name), &table(row.name));
    }
}
