//! How fast is the engine? Nanoseconds a run of W3 (BENCHMARK in docs/DESIGN.md) for every architecture, team size and
//! pacing, beside the hand-written loop that makes the same draws. Read the ratios: machines differ and drift.
//!
//! `w3/...` is the comparison: `bare` is the loop by hand, `stats` keeps every figure, `dyn` the same through a trait
//! object as sweeps do, `silent` has no observer. The other groups are one architecture each on the same graph.

mod bare;

use std::hint::black_box;
use std::sync::Arc;

use bare::{Bare, ROUNDS, profile, scenario, self_claim};
use brooks::architecture::{ARCHITECTURES, Architecture, ArchitectureEntry, Choices};
use brooks::engine::Dist;
use brooks::record::{Prices, Stats};
use brooks::simulation::{Pacing, Scenario, Simulator};
use brooks::team::{Latency, Profile, Tokens, Variation};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};

const PACINGS: [(&str, Pacing); 2] = [("async", Pacing::Async), ("rounds", ROUNDS)];
const TEAMS: [usize; 3] = [1, 4, 16];

fn against_bare(criterion: &mut Criterion) {
    for (name, pacing) in PACINGS {
        let mut group = criterion.benchmark_group(format!("w3/{name}"));
        for agents in TEAMS {
            let architecture = self_claim(pacing);
            let scenario = scenario(agents, pacing, Arc::new(architecture), profile());
            let mut bare = Bare::new(scenario.seed);
            bench(&mut group, "bare", agents, |replication| {
                black_box(bare.run(pacing, agents, replication));
            });
            let mut simulator = Simulator::new(&scenario);
            let mut stats = Stats::new(Prices::default());
            bench(&mut group, "stats", agents, |replication| {
                simulator.run(&architecture, replication, &mut stats);
                black_box(stats.metrics());
            });
            bench(&mut group, "dyn", agents, |replication| {
                simulator.run(&*scenario.architecture, replication, &mut stats);
                black_box(stats.metrics());
            });
            bench(&mut group, "silent", agents, |replication| {
                black_box(simulator.run(&architecture, replication, &mut ()));
            });
        }
    }
}

/// Every architecture of the registry as sweeps run it: through a trait object, with every figure and its digest.
fn architectures(criterion: &mut Criterion) {
    for row in ARCHITECTURES {
        for (name, pacing) in PACINGS {
            let mut group = criterion.benchmark_group(format!("{}/{name}", row.name));
            for agents in TEAMS {
                as_in_a_sweep(&mut group, "plain", &scenario(agents, pacing, make(row), profile()));
                as_in_a_sweep(&mut group, "tokens", &scenario(agents, pacing, make(row), with_tokens()));
            }
        }
    }
}

fn as_in_a_sweep(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, scenario: &Scenario) {
    let mut simulator = Simulator::new(scenario);
    let mut stats = Stats::new(scenario.prices);
    bench(group, name, scenario.team.len(), |replication| {
        simulator.run(&*scenario.architecture, replication, &mut stats);
        black_box(stats.metrics().digest());
    });
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, agents: usize, mut run: impl FnMut(u64)) {
    // Whatever else is compared, it is compared on the same replications.
    let mut replication = 0;
    group.bench_function(BenchmarkId::new(name, agents), |bencher| {
        bencher.iter(|| {
            run(replication % 20_000);
            replication += 1;
        });
    });
}

/// A row's architecture with the first choice for every parameter.
fn make(row: &ArchitectureEntry) -> Arc<dyn Architecture> {
    let first: Vec<&str> = row.parameters.iter().map(|parameter| parameter.values[0]).collect();
    (row.make)(&Choices::new(row, &first).expect("they are its own choices")).into()
}

/// Latency from tokens, all four variance components, context that grows.
fn with_tokens() -> Profile {
    Profile {
        latency: Latency::Tokens { ttft: 0.7, tokens_per_second: 55.0 },
        variation: Variation { run: 0.3, agent: 0.1, round: 0.2, call: 0.4 },
        tool: Some(Dist::Lognormal { mu: 0.5, sigma: 0.9 }),
        tokens: Tokens {
            system: 900,
            board_per_task: 30,
            briefing: 0,
            reads_dependencies: false,
            cache_lifetime: None,
            per_message: 40,
            history_limit: 5_000,
            verbosity: 1.3,
            overhead: 60,
            cached_share: 0.6,
        },
        ..profile()
    }
}

criterion_group!(engine, against_bare, architectures);
criterion_main!(engine);
