use brooks::architecture::{Architecture, Pick, SelfClaim};
use brooks::engine::{Dist, Time};
use brooks::record::{Observer, Prices, Stats};
use brooks::simulation::*;
use brooks::team::*;
use brooks::workload::*;
use std::sync::Arc;

fn main() {
    let arg: Vec<String> = std::env::args().collect();
    let n: usize = arg[1].parse().unwrap();
    let rounds = arg[2] == "rounds";
    let reps: u64 = arg[3].parse().unwrap();
    let mut specs = vec![];
    for j in 0..20usize {
        let mut t = TaskSpec::new(format!("task-{j}"), 100.0);
        if j >= 5 {
            t = t.after([format!("task-{}", j - 5)]);
            if j % 2 == 1 {
                t = t.after([format!("task-{}", j - 4)]);
            }
        }
        specs.push(t);
    }
    let mut p = Profile::with_latency("b", Dist::Lognormal { mu: 2.5, sigma: 0.6 });
    p.tool = Some(Dist::Lognormal { mu: 0.5, sigma: 0.9 });
    p.fallibility.error_rate = 0.15;
    let p = Arc::new(p);
    let arch = SelfClaim {
        pick: Pick::Random,
        claims: if rounds { Claims::AtCommit } else { Claims::AtDecision },
        reports: Reports::Nobody,
    };
    let graph = Arc::new(TaskGraph::new(&specs).unwrap());
    let scenario = Scenario {
        name: "w3".into(),
        limits: Limits::generous(graph.len()),
        graph,
        team: (0..n)
            .map(|i| Agent { name: format!("a{i}"), role: Role::Worker, profile: p.clone(), skills: vec![] })
            .collect(),
        architecture: Arc::new(arch),
        architecture_name: "self_claim".into(),
        pacing: if rounds { Pacing::Rounds { idle_calls: true } } else { Pacing::Async },
        consistency: Consistency::default(),
        dependency_check: DependencyCheck::default(),
        resources: vec![],
        prices: Prices::default(),
        seed: 42,
    };
    let mut sim = Simulator::new(&scenario);
    let mut stats = Stats::new(Prices::default());
    for mode in 0..3 {
        let start = std::time::Instant::now();
        let (mut m, mut a, mut l) = (0.0, 0u64, 0u64);
        let dynarch: &dyn Architecture = &*scenario.architecture;
        for r in 0..reps {
            match mode {
                0 => {
                    sim.run(&arch, r, &mut stats);
                }
                1 => {
                    sim.run(dynarch, r, &mut stats);
                }
                _ => {
                    sim.run(&arch, r, &mut ());
                }
            }
            if mode < 2 {
                let x = stats.metrics();
                m += x.makespan.as_secs();
                a += u64::from(x.attempts);
                l += u64::from(x.lost_claims);
            }
        }
        let e = start.elapsed().as_secs_f64();
        println!(
            "mode {mode}: {:.0} runs/s  {:.0} ns/run  makespan {:.3} attempts {:.3} lost {:.3}",
            reps as f64 / e,
            e / reps as f64 * 1e9,
            m / reps as f64,
            a as f64 / reps as f64,
            l as f64 / reps as f64
        );
    }
}
