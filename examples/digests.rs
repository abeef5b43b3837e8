//! Temporary: digests of everything that many different runs tell.
use brooks::architecture::{ARCHITECTURES, Choices};
use brooks::engine::{Dist, Time};
use brooks::record::{Log, Prices, Stats};
use brooks::simulation::*;
use brooks::team::*;
use brooks::workload::*;
use std::fmt::Write as _;
use std::sync::Arc;

struct Lcg(u64);
impl Lcg {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}
struct Fnv(u64);
impl std::fmt::Write for Fnv {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        for b in s.bytes() {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100000001b3);
        }
        Ok(())
    }
}
fn graph(r: &mut Lcg) -> TaskGraph {
    let n = [3, 20, 20, 40, 63, 64, 65, 130][r.below(8) as usize];
    let shared = r.one_in(2);
    let skills = r.one_in(4);
    let late = r.one_in(4);
    let mut specs = vec![];
    for j in 0..n {
        let mut t = TaskSpec::new(format!("task-{j}"), 50.0 + r.below(200) as f64);
        if j >= 5 {
            t = t.after([format!("task-{}", j - 5)]);
            if r.one_in(2) {
                t = t.after([format!("task-{}", j - 4)]);
            }
        }
        if shared {
            for _ in 0..r.below(3) {
                t.writes.push(format!("f{}", r.below(8)));
            }
            for _ in 0..r.below(3) {
                t.reads.push(format!("f{}", r.below(8)));
            }
        }
        if skills && r.one_in(4) {
            t.skill = Some("rust".into());
        }
        if late && r.one_in(3) {
            t.release = Time::from_secs(r.below(100) as f64);
        }
        specs.push(t);
    }
    TaskGraph::new(&specs).unwrap()
}
fn profile(r: &mut Lcg) -> Profile {
    let mut p = Profile::with_latency("b", Dist::Lognormal { mu: 2.5, sigma: 0.6 });
    if r.one_in(3) {
        p.latency = Latency::Tokens { ttft: 0.7, tokens_per_second: 55.0 };
    }
    if r.one_in(3) {
        p.variation = Variation { run: 0.2, agent: 0.1 * r.below(2) as f64, round: 0.3, call: 0.4 };
    }
    if r.one_in(2) {
        p.tool = Some(Dist::Lognormal { mu: 0.5, sigma: 0.9 });
    }
    if r.one_in(2) {
        p.tokens = Tokens {
            system: 900,
            board_per_task: 30,
            per_message: 40,
            history_limit: 5000,
            verbosity: 1.3,
            overhead: 60,
            cached_share: 0.6,
        };
    }
    if r.one_in(3) {
        p.batching = Batching {
            tasks: [BatchSize::Fixed(3), BatchSize::All, BatchSize::Drawn(Dist::Exponential { mean: 3.0 })]
                [r.below(3) as usize]
                .clone(),
            ahead: [0.0, 0.5][r.below(2) as usize],
        };
    }
    let f = &mut p.fallibility;
    let mut maybe = |x: f64| if r.one_in(3) { x } else { 0.0 };
    f.error_rate = maybe(0.15);
    f.premature_completion = maybe(0.1);
    f.conflict_probability = maybe(0.3);
    f.no_progress = maybe(0.1);
    f.orphan_rate = maybe(0.05);
    f.crash_rate = maybe(0.05);
    f.stall_rate = maybe(0.05);
    if r.one_in(2) {
        f.detection = 0.7;
    }
    if r.one_in(2) {
        f.lease = Some(Time::from_secs(60.0));
    }
    p
}
fn main() {
    let configs: u64 = std::env::args().nth(1).map_or(1500, |a| a.parse().unwrap());
    for config in 0..configs {
        let mut r = Lcg(config * 7919 + 13);
        for _ in 0..5 {
            r.below(2);
        }
        let row = &ARCHITECTURES[r.below(ARCHITECTURES.len() as u64) as usize];
        let values: Vec<&str> =
            row.parameters.iter().map(|p| p.values[r.below(p.values.len() as u64) as usize]).collect();
        let graph = Arc::new(graph(&mut r));
        let p = Arc::new(profile(&mut r));
        let q = if r.one_in(3) { Arc::new(profile(&mut r)) } else { p.clone() };
        let n = [1, 2, 3, 4, 5, 16, 30, 70][r.below(8) as usize];
        let team = (0..n)
            .map(|i| Agent {
                name: format!("a{i}"),
                role: Role::Worker,
                profile: if i % 2 == 0 { p.clone() } else { q.clone() },
                skills: if i % 3 == 2 { vec!["other".into()] } else { vec![] },
            })
            .collect();
        let mut resources = vec![];
        if r.one_in(3) {
            resources.push(Resource {
                name: "api".into(),
                capacity: 2,
                service: None,
                blocks: Blocks::User,
                share: 1.0,
            });
        }
        if r.one_in(3) {
            resources.push(Resource {
                name: "tests".into(),
                capacity: 1,
                service: Some(Dist::Lognormal { mu: 0.0, sigma: 0.8 }),
                blocks: if r.one_in(2) { Blocks::User } else { Blocks::Everyone },
                share: 0.8,
            });
        }
        let mut limits = Limits::generous(graph.len());
        match r.below(12) {
            0 => limits.rounds = 7,
            1 => limits.time = Time::from_secs(90.0),
            2 => limits.tokens = 20_000,
            3 => limits.calls = 30,
            _ => {}
        }
        let scenario = Scenario {
            name: "w3".into(),
            limits,
            graph,
            team,
            architecture: (row.make)(&Choices::new(row, &values).unwrap()).into(),
            architecture_name: row.name.into(),
            pacing: [
                Pacing::Async,
                Pacing::Async,
                Pacing::Rounds { idle_calls: true },
                Pacing::Rounds { idle_calls: false },
            ][r.below(4) as usize],
            consistency: [
                Consistency::LastWriterWins,
                Consistency::LastWriterWins,
                Consistency::Lock,
                Consistency::Optimistic,
            ][r.below(4) as usize],
            dependency_check: [
                DependencyCheck::Claim,
                DependencyCheck::Claim,
                DependencyCheck::Complete,
                DependencyCheck::None,
            ][r.below(4) as usize],
            resources,
            prices: Prices { input: 3.0, cached_input: 0.3, output: 15.0 },
            seed: 42 + config,
        };
        let mut sim = Simulator::new(&scenario);
        let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
        let mut h = Fnv(0xcbf29ce484222325);
        let mut m = Fnv(0xcbf29ce484222325);
        let mut last = None;
        for replication in 0..8 {
            sim.run(&*scenario.architecture, replication, &mut (&mut stats, &mut log));
            write!(h, "{:?}", log.entries).unwrap();
            write!(m, "{:?}", stats.metrics()).unwrap();
            last = Some(stats.metrics());
        }
        let l = last.unwrap();
        println!(
            "{config} {} {values:?} n={n} {:?} {:?} {} {:016x} {:016x}",
            row.name, scenario.pacing, l.ending, l.makespan, h.0, m.0
        );
    }
}
