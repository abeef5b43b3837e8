//! What must follow when a scenario is changed in a known way: no oracle needed but another run.

use std::collections::BTreeMap;

use brooks::engine::{Dist, Time};
use brooks::record::{Entry, Log, WaitCause};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{AgentId, BatchSize, Batching, Blocks, Consistency, Latency, Profile, Resource, SpreadOf};
use brooks::workload::{Generator, TaskSpec};

use crate::worlds::{self, ASYNC, PACINGS, Variant, a_token_a_second, variants};

fn bench() -> Vec<TaskSpec> {
    Generator::bench(Dist::Constant(100.0)).generate(1)
}

fn log_of(scenario: &Scenario, replication: u64) -> Log {
    let mut log = Log::default();
    Simulator::new(scenario).run(&*scenario.architecture, replication, &mut log);
    log
}

/// By name: the latency of the first start on each task.
fn first_latencies(scenario: &Scenario, replication: u64) -> BTreeMap<String, Time> {
    let mut first = BTreeMap::new();
    let mut under_way = BTreeMap::new();
    let mut started = vec![false; scenario.graph.len()];
    for entry in log_of(scenario, replication).entries {
        match entry {
            Entry::Start(start) => {
                if let Some(task) = start.task
                    && !std::mem::replace(&mut started[task.index()], true)
                {
                    under_way.insert(start.agent, task);
                }
            }
            Entry::Step(step) => {
                if let Some(task) = under_way.remove(&step.agent) {
                    first.insert(scenario.graph[task].id.clone(), step.latency);
                }
            }
            _ => {}
        }
    }
    first
}

#[test]
fn latencies_times_k_give_makespan_times_k() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            for (dist, is_whole) in [(Dist::Constant(7.0), true), (Dist::Exponential { mean: 7.0 }, false)] {
                for k in [2_u64, 3, 10] {
                    let with = |dist: Dist| {
                        let mut profile = Profile::with_latency("scaled", dist);
                        profile.fallibility.error_rate = 0.1;
                        let scenario = worlds::scenario(&bench(), 3, &profile, &variant, pacing);
                        worlds::metrics(&scenario, 5)
                    };
                    let (once, times) = (with(dist.clone()), with(dist.scaled(k as f64)));
                    // Half a microsecond of rounding a step, k times on the one side and once on the other.
                    let allowed = if is_whole { 0 } else { (k + 1) * u64::from(once.llm_calls) };
                    let off = times.makespan.as_us().abs_diff(k * once.makespan.as_us());
                    assert!(off <= allowed, "{}, {pace}, x {k}: off by {off} us", variant.name());
                    assert_eq!(once.llm_calls, times.llm_calls, "{}, {pace}, x {k}", variant.name());
                }
            }
        }
    }
}

#[test]
fn without_errors_nothing_is_tried_twice() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let profile = Profile::with_latency("sure", Dist::Lognormal { mu: 2.0, sigma: 0.8 });
            let metrics = worlds::metrics(&worlds::scenario(&bench(), 4, &profile, &variant, pacing), 1);
            assert_eq!(
                (metrics.attempts, metrics.failed_tests, metrics.conflicts),
                (20, 0, 0),
                "{} {pace}",
                variant.name()
            );
            assert_eq!(metrics.budget.rework, Time::ZERO, "{} {pace}", variant.name());
        }
    }
}

/// Common random numbers: the noise of the first start on a task is the task's own.
#[test]
fn a_task_s_first_latency_is_the_same_everywhere() {
    let profile = Profile::with_latency("noisy", Dist::Lognormal { mu: 2.0, sigma: 0.8 });
    let of = |specs: &[TaskSpec], agents, variant: &Variant, pacing| {
        first_latencies(&worlds::scenario(specs, agents, &profile, variant, pacing), 3)
    };
    let expected = of(&bench(), 1, &Variant::called("solo"), ASYNC);
    assert_eq!(expected.len(), 20);
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            for agents in [1, 2, 5, 16] {
                assert_eq!(of(&bench(), agents, &variant, pacing), expected, "{agents} x {}, {pace}", variant.name());
            }
        }
        // One more task, wherever it stands in the list, moves nobody else's draws.
        for place in [0, 7, 20] {
            let mut specs = bench();
            specs.insert(place, TaskSpec::new("one-more", 100.0));
            let mut more = of(&specs, 3, &variant, ASYNC);
            more.remove("one-more").expect("it was done");
            assert_eq!(more, expected, "{} with one more at {place}", variant.name());
        }
    }
}

#[test]
fn what_coordination_costs_leaves_the_work_s_draws_alone() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let with_idle = |seconds: f64| {
                let mut profile = Profile::with_latency("noisy", Dist::Exponential { mean: 9.0 });
                if let Latency::PerTask { idle, .. } = &mut profile.latency {
                    *idle = Dist::Constant(seconds);
                }
                worlds::scenario(&bench(), 3, &profile, &variant, pacing)
            };
            let (cheap, dear) = (with_idle(0.1), with_idle(50.0));
            assert_eq!(first_latencies(&cheap, 2), first_latencies(&dear, 2), "{}, {pace}", variant.name());
            let spent = [&cheap, &dear].map(|scenario| worlds::metrics(scenario, 2).budget.coordination);
            assert!(spent[0] <= spent[1], "{}, {pace}: {spent:?}", variant.name());
        }
    }
}

/// A wait: the agent, from, to, and the cause.
type Waited = (AgentId, Time, Time, WaitCause);

/// The entries of a run besides inputs and waits, and its waits by agent: the plain form of the loop emits them later.
fn apart(log: &Log) -> (Vec<Entry>, Vec<Waited>) {
    let mut waits: Vec<_> = log
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Wait(wait) => Some((wait.agent, wait.start, wait.end, wait.cause)),
            _ => None,
        })
        .collect();
    waits.sort_unstable_by_key(|wait| (wait.0, wait.1));
    // A wait may be emitted in pieces.
    waits.dedup_by(|next, wait| {
        let goes_on = (next.0, next.1, next.3) == (wait.0, wait.2, wait.3);
        wait.2 = if goes_on { next.2 } else { wait.2 };
        goes_on
    });
    let others = log.entries.iter().filter(|entry| !matches!(entry, Entry::Wait(_) | Entry::Input(..)));
    (others.copied().collect(), waits)
}

/// Mechanisms that are there and change nothing: each takes the general form of the loop, and the run is the same, entry by
/// entry.
#[test]
fn inert_mechanisms_change_nothing() {
    type Change = fn(&mut Scenario, &mut Profile);
    let inert: [(&str, Change); 5] = [
        ("a rate limit that nobody uses", |world, _| {
            let limit =
                Resource { name: "limit".to_owned(), capacity: 1, service: None, blocks: Blocks::User, share: 0.0 };
            world.resources.push(limit);
        }),
        ("a review that nobody uses", |world, _| {
            let review = Resource {
                name: "review".to_owned(),
                capacity: 1,
                service: Some(Dist::Constant(9.0)),
                blocks: Blocks::Nobody,
                share: 0.0,
            };
            world.resources.push(review);
        }),
        ("optimistic control of files of one task each", |world, _| world.consistency = Consistency::Optimistic),
        ("batches of one", |_, profile| {
            profile.batching = Batching { unowned: BatchSize::Drawn(Dist::Constant(1.0)), ..Batching::default() };
        }),
        ("a reading speed with nothing to read", |_, profile| profile.reading.input = 1_000.0),
    ];
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            for spread in [SpreadOf::Task, SpreadOf::Attempt] {
                let mut profile = Profile::with_latency("noisy", Dist::Exponential { mean: 9.0 });
                profile.spread = spread;
                profile.fallibility.error_rate = 0.3;
                profile.fallibility.detection = 0.8;
                profile.variation.call = 0.3;
                let plain = worlds::scenario(&bench(), 3, &profile, &variant, pacing);
                for (name, change) in inert {
                    let mut with = profile.clone();
                    let mut world = plain.clone();
                    change(&mut world, &mut with);
                    world.team = worlds::team(3, &with);
                    for replication in 0..3 {
                        let (one, other) = (apart(&log_of(&plain, replication)), apart(&log_of(&world, replication)));
                        let differing = one.0.iter().zip(&other.0).find(|(a, b)| a != b);
                        let what = format!("{}, {pace}, {spread:?}, {name}", variant.name());
                        assert!(differing.is_none() && one.0.len() == other.0.len(), "{what}: {differing:?}");
                        assert_eq!(one.1, other.1, "{what}: waits");
                    }
                }
            }
        }
    }
}

/// R. L. Graham, "Bounds on Multiprocessing Timing Anomalies" (1969): nine tasks in list order on three workers take
/// 12. Four workers, shorter tasks or fewer dependencies each make it worse. "More is never slower" is no law.
#[test]
fn graham_s_anomalies() {
    let sizes = [3.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0, 9.0];
    // Replies that arrive at one moment land one after another, and whoever is free starts in between. So the fourth
    // task is shorter by a little more, as its dependents must be there before T9 is.
    let shorter = [2.0, 1.0, 1.0, 0.99, 3.0, 3.0, 3.0, 3.0, 8.0];
    let needs = |sizes: [f64; 9], after_four: &[usize]| -> Vec<TaskSpec> {
        let spec = |(place, &size): (usize, &f64)| {
            let spec = TaskSpec::new(format!("T{}", place + 1), size * 100.0);
            match place + 1 {
                9 => spec.after(["T1"]),
                task if after_four.contains(&task) => spec.after(["T4"]),
                _ => spec,
            }
        };
        sizes.iter().enumerate().map(spec).collect()
    };
    let greedy = Variant::called("self_claim at_decision first");
    let all = [5, 6, 7, 8];
    for (what, specs, agents, time) in [
        ("as it is", needs(sizes, &all), 3, 1200),
        ("one worker more", needs(sizes, &all), 4, 1500),
        ("shorter tasks", needs(shorter, &all), 3, 1299),
        ("fewer dependencies", needs(sizes, &all[2..]), 3, 1600),
    ] {
        let scenario = worlds::scenario(&specs, agents, &a_token_a_second(), &greedy, ASYNC);
        assert_eq!(worlds::metrics(&scenario, 0).makespan, Time::from_us(time * 1_000_000), "{what}");
    }
}
