//! The same scenario, seed and replication give the same run: again, by a simulator that has run others before, in any
//! order, whoever looks on, in every build. Threads are the runner's tests.

use std::fmt::Write;

use brooks::engine::{Digest, Dist, Time};
use brooks::record::{Log, METRICS, Metrics, Stats};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{BatchSize, Batching, Blocks, Fallibility, Profile, Resource, Tokens, Variation};
use brooks::workload::{Generator, TaskSpec};

use crate::golden;
use crate::random_worlds;
use crate::worlds::{self, PACINGS, Variant, variants};

/// Everything that can vary at once: whatever depended on order or address would show.
fn busy_profile() -> Profile {
    let profile = Profile::with_latency("busy", Dist::Lognormal { mu: 2.0, sigma: 0.7 });
    Profile {
        variation: Variation { run: 0.3, agent: 0.2, round: 0.2, call: 0.4 },
        tool: Some(Dist::Exponential { mean: 1.5 }),
        tokens: Tokens { system: 500, board_per_task: 20, per_message: 40, history_limit: 3000, ..Tokens::default() },
        batching: Batching {
            tasks: BatchSize::Fixed(1),
            unowned: BatchSize::Drawn(Dist::Uniform { low: 0.0, high: 3.0 }),
            ahead: 0.3,
        },
        fallibility: Fallibility {
            error_rate: 0.15,
            detection: 0.8,
            conflict_probability: 0.05,
            premature_completion: 0.1,
            no_progress: 0.05,
            orphan_rate: 0.05,
            lease: Some(Time::from_secs(60.0)),
            crash_rate: 0.05,
            stall_rate: 0.05,
            ..Fallibility::default()
        },
        ..profile
    }
}

fn shared_files() -> Vec<TaskSpec> {
    let mut specs = Generator::bench(Dist::Exponential { mean: 100.0 }).generate(3);
    for (place, spec) in specs.iter_mut().enumerate().filter(|(place, _)| place % 3 == 0) {
        spec.writes = vec![format!("file-{}", place % 4), spec.id.clone()];
        spec.reads = vec!["file-0".to_owned()];
    }
    specs
}

/// A few worlds under an architecture, each with its name.
fn some_worlds(variant: &Variant) -> Vec<Scenario> {
    let calm = Profile::with_latency("calm", Dist::Exponential { mean: 10.0 });
    let bench = Generator::bench(Dist::Constant(100.0)).generate(1);
    let mut worlds = Vec::new();
    for (pace, pacing) in PACINGS {
        for (what, agents, specs, profile) in
            [("calm", 4, &bench, calm.clone()), ("busy", 3, &shared_files(), busy_profile())]
        {
            let mut world = worlds::scenario(specs, agents, &profile, variant, pacing);
            if what == "busy" {
                world.resources.push(Resource {
                    name: "tests".to_owned(),
                    capacity: 1,
                    service: Some(Dist::Constant(2.0)),
                    blocks: Blocks::Everyone,
                    share: 0.5,
                });
                world.limits.calls = 2_000;
            }
            world.name = format!("{}, {pace}, {what}", variant.name());
            worlds.push(world);
        }
    }
    worlds
}

fn log_of(simulator: &mut Simulator<'_>, scenario: &Scenario, replication: u64) -> Log {
    let mut log = Log::default();
    simulator.run(&*scenario.architecture, replication, &mut log);
    log
}

/// Two runs are one, or the first entry in which they differ is told.
fn assert_same(one: &Log, other: &Log, what: &str) {
    if one == other {
        return;
    }
    let pairs = one.entries.iter().zip(&other.entries);
    let place = pairs.take_while(|(a, b)| a == b).count();
    let (a, b) = (one.entries.get(place), other.entries.get(place));
    panic!("{what}: entry {place} is\n{a:?}\nand\n{b:?}");
}

#[test]
fn a_run_depends_on_nothing_but_its_scenario_and_number() {
    let random = (0..60).map(|seed| random_worlds::random(1_000_000 + seed));
    for scenario in variants().iter().flat_map(some_worlds).chain(random) {
        let name = &scenario.name;
        let fresh: Vec<Log> =
            (0..5).map(|replication| log_of(&mut Simulator::new(&scenario), &scenario, replication)).collect();
        let mut reused = Simulator::new(&scenario);
        for replication in [3, 1, 4, 1, 0, 2, 3] {
            let again = log_of(&mut reused, &scenario, replication);
            assert_same(&fresh[replication as usize], &again, &format!("{name}, replication {replication}, reused"));
        }
        // Nobody, figures only, a log only, both: and a log after each is still the same.
        let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
        let ending = reused.run(&*scenario.architecture, 2, &mut ());
        assert_same(&fresh[2], &log_of(&mut reused, &scenario, 2), &format!("{name}, after nobody looked on"));
        reused.run(&*scenario.architecture, 2, &mut (&mut stats, &mut log));
        assert_same(&fresh[2], &log, &format!("{name}, with two observers"));
        let both = stats.metrics();
        reused.run(&*scenario.architecture, 2, &mut stats);
        assert_eq!(stats.metrics(), both, "{name}: figures alone");
        assert_eq!((stats.metrics().digest(), both.ending), (both.digest(), ending), "{name}");
    }
}

/// Figures that stand beside the digests, so that a diff shows the cause.
const SHOWN: [&str; 9] = [
    "makespan_s",
    "llm_calls",
    "lost_claims",
    "conflicts",
    "messages_sent",
    "rewrites_any",
    "input_tokens",
    "output_tokens",
    "quality",
];

#[test]
fn figures_are_the_same_in_every_build_and_on_every_platform() {
    let mut table =
        "# digest of the figures of replications 0 to 9, their sums for some, then the world\ndigest".to_owned();
    table += &" ".repeat(10);
    for name in SHOWN {
        write!(table, " {name:>14}").expect("text");
    }
    for scenario in variants().iter().flat_map(some_worlds) {
        let runs: Vec<Metrics> = worlds::replicate(&scenario, 10).collect();
        let mut digest = Digest::default();
        for metrics in &runs {
            digest.add(metrics.digest().value());
        }
        write!(table, "\n{digest}").expect("text");
        for metric in SHOWN.map(|name| METRICS.iter().find(|metric| metric.name == name).expect("a metric")) {
            let sum: f64 = runs.iter().map(metric.of).sum();
            write!(table, " {:>14}", (sum * 1e6).round() / 1e6).expect("text");
        }
        write!(table, "  {}", scenario.name).expect("text");
    }
    table.push('\n');
    golden::check("digests.txt", &table);
}
