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
    let mut bare = bare::Bare::new(42);
    for r in 0..2000 {
        sim.run(&arch, r, &mut stats);
        let b = if rounds { bare.run_rounds(n, r) } else { bare.run_async(n, r) };
        assert_eq!(b, stats.metrics().makespan.as_us(), "rep {r}");
    }
    if std::env::args().nth(4).is_none() {
        // Interleaved, the best of many short stretches: the machine is shared.
        let dynarch: &dyn Architecture = &*scenario.architecture;
        let mut best = [f64::MAX; 4];
        let mut all: [Vec<f64>; 4] = Default::default();
        for stretch in 0..reps / 2000 {
            for mode in 0..4 {
                let start = std::time::Instant::now();
                for r in stretch * 2000..(stretch + 1) * 2000 {
                    match mode {
                        0 => {
                            sim.run(&arch, r, &mut stats);
                            std::hint::black_box(stats.metrics());
                        }
                        1 => {
                            sim.run(dynarch, r, &mut stats);
                            std::hint::black_box(stats.metrics());
                        }
                        2 => {
                            std::hint::black_box(sim.run(&arch, r, &mut ()));
                        }
                        _ => {
                            std::hint::black_box(if rounds { bare.run_rounds(n, r) } else { bare.run_async(n, r) });
                        }
                    }
                }
                let ns = start.elapsed().as_secs_f64() * 1e9 / 2000.0;
                best[mode] = best[mode].min(ns);
                all[mode].push(ns);
            }
        }
        let q: Vec<f64> = all
            .iter_mut()
            .map(|v| {
                v.sort_by(f64::total_cmp);
                v[v.len() / 4]
            })
            .collect();
        println!(
            "{n} {}: best bare {:.0}  stats {:.0} ({:.2})  dyn {:.0} ({:.2})  none {:.0} ({:.2}) | quartile ratios {:.2} {:.2} {:.2}",
            arg[2],
            best[3],
            best[0],
            best[0] / best[3],
            best[1],
            best[1] / best[3],
            best[2],
            best[2] / best[3],
            q[0] / q[3],
            q[1] / q[3],
            q[2] / q[3]
        );
        return;
    }
    for mode in std::env::args().nth(4).map_or(vec![3, 0, 1, 2, 3, 0, 1, 2], |m| vec![m.parse().unwrap()]) {
        if mode == 3 {
            let start = std::time::Instant::now();
            let mut m = 0;
            for r in 0..reps {
                m += if rounds { bare.run_rounds(n, r) } else { bare.run_async(n, r) };
            }
            let e = start.elapsed().as_secs_f64();
            println!(
                "bare: {:.0} runs/s  {:.0} ns/run {}",
                reps as f64 / e,
                e / reps as f64 * 1e9,
                m as f64 / 1e6 / reps as f64
            );
            continue;
        }
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

mod bare {
    use brooks::engine::{
        Dist, Keys, Purpose, Sampler, key_of,
        rng::{Chance, KeySource},
    };
    pub struct Bare {
        source: KeySource,
        llm: Sampler,
        tool: Sampler,
        fail: Chance,
        keys: [u64; 20],
        deps: [u8; 20],
        next: [[u8; 2]; 20],
    }
    impl Bare {
        pub fn new(seed: u64) -> Bare {
            let (mut deps, mut next) = ([0; 20], [[255; 2]; 20]);
            for j in 5..20usize {
                let mut add = |on: usize| {
                    deps[j] += 1;
                    let slot = if next[on][0] == 255 { 0 } else { 1 };
                    next[on][slot] = j as u8;
                };
                add(j - 5);
                if j % 2 == 1 {
                    add(j - 4);
                }
            }
            let us = |mu: f64, sigma| Sampler::new(&Dist::Lognormal { mu, sigma }.scaled(1e6));
            Bare {
                source: KeySource::new(seed),
                llm: us(2.5, 0.6),
                tool: us(0.5, 0.9),
                fail: Chance::new(0.15),
                keys: std::array::from_fn(|j| key_of(&format!("task-{j}"))),
                deps,
                next,
            }
        }
        #[inline]
        fn time(&self, keys: &Keys, task: usize, start: u64) -> u64 {
            let s = keys.stream_nth(Purpose::Latency, self.keys[task], start);
            (self.llm.at(s.nth(0)) + self.tool.at(s.nth(1)) + 0.5) as u64
        }
        pub fn run_async(&mut self, n: usize, replication: u64) -> u64 {
            let keys = self.source.keys(replication);
            let mut ready: u32 = 0b11111;
            let mut deps = self.deps;
            let mut starts = [0u64; 20];
            let mut landed = [0u64; 20];
            let mut steps = [0u64; 64];
            let mut queue = [0u128; 64];
            let mut len = 0usize;
            let mut seq = 0u128;
            let mut done = 0;
            let mut idle: u64 = (1 << n) - 1;
            let mut now = 0u64;
            loop {
                while idle != 0 && ready != 0 {
                    let agent = idle.trailing_zeros() as usize;
                    idle &= idle - 1;
                    let mut choice = keys.stream(Purpose::Choice, (agent as u64) << 32 | steps[agent]);
                    steps[agent] += 1;
                    let mut rank = choice.below(ready.count_ones());
                    let mut bits = ready;
                    while rank > 0 {
                        bits &= bits - 1;
                        rank -= 1;
                    }
                    let task = bits.trailing_zeros() as usize;
                    ready &= !(1 << task);
                    let at = now + self.time(&keys, task, starts[task]);
                    starts[task] += 1;
                    let event = u128::from(at) << 64 | seq << 24 | (task << 8 | agent) as u128;
                    seq += 1;
                    let mut i = len;
                    len += 1;
                    while i > 0 && queue[i - 1] < event {
                        queue[i] = queue[i - 1];
                        i -= 1;
                    }
                    queue[i] = event;
                }
                len -= 1;
                let event = queue[len];
                now = (event >> 64) as u64;
                let (task, agent) = ((event >> 8) as usize & 0xff, event as usize & 0xff);
                idle |= 1 << agent;
                landed[task] += 1;
                if self.fail.happens(keys.stream_nth(Purpose::Fault, self.keys[task], landed[task]).nth(1)) {
                    ready |= 1 << task;
                    continue;
                }
                done += 1;
                if done == 20 {
                    return now;
                }
                for &d in &self.next[task] {
                    if d != 255 {
                        deps[d as usize] -= 1;
                        if deps[d as usize] == 0 {
                            ready |= 1 << d;
                        }
                    }
                }
            }
        }
        pub fn run_rounds(&mut self, n: usize, replication: u64) -> u64 {
            let keys = self.source.keys(replication);
            let mut ready: u32 = 0b11111;
            let mut deps = self.deps;
            let mut starts = [0u64; 20];
            let mut landed = [0u64; 20];
            let mut queue = [0u128; 64];
            let mut done = 0;
            let mut now = 0u64;
            let mut round = 0u64;
            loop {
                let mut len = 0usize;
                for agent in 0..n {
                    let mut choice = keys.stream(Purpose::Choice, (agent as u64) << 32 | round);
                    let mut rank = choice.below(ready.count_ones());
                    let mut bits = ready;
                    while rank > 0 {
                        bits &= bits - 1;
                        rank -= 1;
                    }
                    let task = bits.trailing_zeros() as usize;
                    let at = now + self.time(&keys, task, starts[task]);
                    starts[task] += 1;
                    let event = u128::from(at) << 64 | (agent as u128) << 24 | (task << 8 | agent) as u128;
                    let mut i = len;
                    len += 1;
                    while i > 0 && queue[i - 1] < event {
                        queue[i] = queue[i - 1];
                        i -= 1;
                    }
                    queue[i] = event;
                }
                round += 1;
                let mut taken = 0u32;
                while len > 0 {
                    len -= 1;
                    let event = queue[len];
                    now = (event >> 64) as u64;
                    let task = (event >> 8) as usize & 0xff;
                    if taken >> task & 1 == 1 {
                        continue;
                    }
                    taken |= 1 << task;
                    landed[task] += 1;
                    if self.fail.happens(keys.stream_nth(Purpose::Fault, self.keys[task], landed[task]).nth(1)) {
                        continue;
                    }
                    ready &= !(1 << task);
                    done += 1;
                    for &d in &self.next[task] {
                        if d != 255 {
                            deps[d as usize] -= 1;
                            if deps[d as usize] == 0 {
                                ready |= 1 << d;
                            }
                        }
                    }
                }
                if done == 20 {
                    return now;
                }
            }
        }
    }
}
