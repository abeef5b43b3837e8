//! Faults of the first core, one test each: small worlds with figures that can be checked by hand.

use std::sync::Arc;

use brooks::engine::{Dist, Time};
use brooks::record::{Ending, Entry, Log, Metrics, Service, TaskEventKind, WaitCause};
use brooks::simulation::{Pacing, Scenario, Simulator};
use brooks::team::{
    Agent, BatchSize, Batching, Blocks, Consistency, Latency, LockHeld, Locking, Profile, Resource, Tokens, Variation,
    WhenLocked,
};
use brooks::workload::{Direction, Free, Generator, RecordedCost, TaskSpec};

use crate::invariants::{check, count};
use crate::worlds::{self, ASYNC, PACINGS, ROUNDS, Variant, a_token_a_second, metrics, scenario, variants};
use crate::{learned_worlds, promises};

fn steady(seconds: f64) -> Profile {
    Profile::with_latency("steady", Dist::Constant(seconds))
}

/// Tasks of one file.
fn on_one_file(tasks: usize) -> Vec<TaskSpec> {
    let spec = |task| TaskSpec { writes: vec!["file".to_owned()], ..TaskSpec::new(format!("task-{task}"), 100.0) };
    (0..tasks).map(spec).collect()
}

fn run(scenario: &Scenario) -> (Log, Metrics) {
    check(scenario, &mut Simulator::new(scenario), 0)
}

fn accepted(log: &Log) -> usize {
    count(log, |kind| matches!(kind, TaskEventKind::Completed { .. }))
}

/// Returns true if all outputs are right.
fn is_right(metrics: &Metrics) -> bool {
    (metrics.quality - 1.0).abs() < 1e-12
}

fn secs(seconds: f64) -> Time {
    Time::from_secs(seconds)
}

/// A team whose members have profiles of their own.
fn members(profiles: &[Profile]) -> Vec<Agent> {
    let mut team = worlds::team(profiles.len(), &profiles[0]);
    team.iter_mut().zip(profiles).for_each(|(agent, profile)| agent.profile = Arc::new(profile.clone()));
    team
}

/// 100,000 calls, and 1 of 3 tasks done.
#[test]
fn last_writer_wins_makes_progress() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            for detection in [1.0, 0.5, 0.0] {
                let mut profile = steady(10.0);
                profile.fallibility.detection = detection;
                let mut scenario = scenario(&on_one_file(3), 2, &profile, &variant, pacing);
                scenario.name = format!("{}, {pace}, detection {detection}", variant.name());
                let (log, metrics) = run(&scenario);
                assert_eq!(metrics.ending, Ending::Completed, "{}", scenario.name);
                assert!(accepted(&log) <= 6, "{}: {} accepted attempts", scenario.name, accepted(&log));
                let lost = count(&log, |kind| matches!(kind, TaskEventKind::Overwritten { .. }));
                let restored = count(&log, |kind| matches!(kind, TaskEventKind::Restored { .. }));
                if detection > 0.9 {
                    assert!(is_right(&metrics), "{}: all losses are found", scenario.name);
                } else if detection < 0.1 && restored == 0 {
                    assert_eq!((metrics.quality * 3.0).round() as usize, 3 - lost, "{}: what is lost", scenario.name);
                }
            }
        }
    }
}

/// An agent that is always wrong after 10 s, and one that is always right after 15 s: never done.
#[test]
fn a_right_reply_stands_though_a_wrong_one_landed_first() {
    let mut wrong = steady(10.0);
    wrong.fallibility.error_rate = 1.0;
    for (claims, done) in [("at_decision", 25.0), ("at_commit", 15.0)] {
        let variant = Variant::called(&format!("self_claim {claims}"));
        let mut world = scenario(&on_one_file(1), 2, &wrong, &variant, ASYNC);
        world.team = members(&[wrong.clone(), steady(15.0)]);
        let (_, metrics) = run(&world);
        assert_eq!((metrics.ending, metrics.makespan), (Ending::Completed, secs(done)), "{claims}");
        assert!(is_right(&metrics));
        // In rounds as well: the second agent is asked first after the rejection.
        let world = Scenario { pacing: Pacing::Rounds { idle_calls: false }, ..world };
        let (_, metrics) = run(&world);
        assert_eq!((metrics.ending, metrics.makespan), (Ending::Completed, secs(done)), "{claims}, rounds");
    }
}

/// One agent of three is always wrong, and blocks nobody.
#[test]
fn an_agent_that_is_always_wrong_blocks_nobody() {
    let mut wrong = steady(7.0);
    wrong.fallibility.error_rate = 1.0;
    let specs: Vec<TaskSpec> = (0..12).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    for variant in variants().iter().filter(|variant| ["self_claim", "lead_dynamic"].contains(&variant.row.name)) {
        for (pace, pacing) in PACINGS {
            let mut world = scenario(&specs, 3, &wrong, variant, pacing);
            world.name = format!("{}, {pace}", variant.name());
            world.team = members(&[steady(10.0), wrong.clone(), steady(10.0)]);
            let (_, metrics) = run(&world);
            assert!(metrics.ending == Ending::Completed && is_right(&metrics), "{}: {metrics:?}", world.name);
        }
    }
}

/// The plan said that no team is more than 1.01 times as fast; simulated 4.39.
#[test]
fn size_scales_time() {
    let sizes = [910.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0];
    let specs: Vec<TaskSpec> = (0..10).map(|task| TaskSpec::new(format!("task-{task}"), sizes[task])).collect();
    // 10 s for a task of the mean size 100: 91 s and nine times 1 s.
    let solo = metrics(&scenario(&specs, 1, &steady(10.0), &Variant::called("solo"), ASYNC), 0);
    assert_eq!(solo.makespan, secs(100.0));
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let mut profile = steady(10.0);
            if let brooks::team::Latency::PerTask { idle, .. } = &mut profile.latency {
                *idle = Dist::Constant(0.0);
            }
            let team = metrics(&scenario(&specs, 12, &profile, &variant, pacing), 0);
            assert!(team.makespan >= secs(91.0), "{}, {pace}: {}", variant.name(), team.makespan);
        }
    }
}

/// 2.09 times as fast with 64 agents, and said to follow Amdahl.
#[test]
fn a_chain_has_a_speedup_of_1_in_every_replication() {
    let specs = Generator::Chain { tasks: 20, size: Dist::Exponential { mean: 100.0 } }.generate(1);
    let profile = Profile::with_latency("noisy", Dist::Lognormal { mu: 2.0, sigma: 1.0 });
    let variant = Variant::called("self_claim at_decision");
    for (pace, pacing) in PACINGS {
        let alone = scenario(&specs, 1, &profile, &Variant::called("solo"), pacing);
        for agents in [2, 4, 16, 64] {
            let mut team = scenario(&specs, agents, &profile, &variant, pacing);
            if pacing == ROUNDS {
                // An idle call could be longer than the work of its round.
                team.pacing = Pacing::Rounds { idle_calls: false };
            }
            for replication in 0..40 {
                let (one, many) = (metrics(&alone, replication), metrics(&team, replication));
                assert_eq!(one.makespan, many.makespan, "{pace}, n = {agents}, replication {replication}");
            }
        }
    }
}

/// One agent got everything on fork-joins, trees and `amdahl free: after`: a speedup of 1.00 at every n.
#[test]
fn chain_affine_shares_fork_joins_and_trees() {
    let size = Dist::Constant(100.0);
    let graphs = [
        ("fork join", Generator::ForkJoin { stages: 3, width: 4, join_size: size.clone(), size: size.clone() }, 2.0),
        ("out tree", Generator::Tree { depth: 4, branching: 2, direction: Direction::Out, size: size.clone() }, 2.0),
        ("in tree", Generator::Tree { depth: 4, branching: 2, direction: Direction::In, size: size.clone() }, 2.0),
        ("amdahl", Generator::Amdahl { tasks: 20, parallel_fraction: 0.8, free: Free::After, size }, 2.4),
    ];
    for (name, generator, least) in graphs {
        let specs = generator.generate(1);
        let alone = metrics(&scenario(&specs, 1, &steady(10.0), &Variant::called("solo"), ASYNC), 0);
        let team = scenario(&specs, 4, &steady(10.0), &Variant::called("preassigned chain_affine"), ASYNC);
        let (log, metrics) = run(&team);
        let speedup = alone.makespan.as_secs() / metrics.makespan.as_secs();
        assert!(speedup >= least, "{name}: {speedup}");
        let mut workers: Vec<u32> = log.steps().map(|step| step.agent.get()).collect();
        workers.sort_unstable();
        workers.dedup();
        assert_eq!(workers.len(), 4, "{name}: all of them work");
    }
}

/// Two tasks of one file, assigned to agents of 10 s and 15 s with this rate of detection.
fn two_on_one_file(detection: f64) -> Scenario {
    let members_of = [10.0, 15.0].map(|seconds| {
        let mut profile = steady(seconds);
        profile.fallibility.detection = detection;
        profile
    });
    let mut world = scenario(&on_one_file(2), 2, &members_of[0], &Variant::called("preassigned"), ASYNC);
    world.team = members(&members_of);
    world
}

/// `optimistic` with detection 0 marked tasks done that wrote nothing.
#[test]
fn optimistic_marks_nothing_done_that_wrote_nothing() {
    for detection in [0.0, 1.0] {
        let mut world = two_on_one_file(detection);
        world.consistency = Consistency::Optimistic;
        let (log, metrics) = run(&world);
        // The second is based on contents that have changed after 10 s; it is made again from 15 s to 30 s.
        assert_eq!((metrics.makespan, accepted(&log), metrics.conflicts), (secs(30.0), 2, 1), "detection {detection}");
        assert!(is_right(&metrics));
        let writes = log.entries.iter().filter(|entry| matches!(entry, Entry::Write(_))).count();
        assert_eq!(writes, 2, "the stale attempt writes nothing");
    }
}

/// `conflicts` counted only noticed ones.
#[test]
fn conflicts_are_counted_noticed_or_not() {
    for (detection, quality, time) in [(0.0, 0.5, 15.0), (1.0, 1.0, 25.0)] {
        let (_, metrics) = run(&two_on_one_file(detection));
        assert_eq!((metrics.conflicts, metrics.quality), (1, quality), "detection {detection}");
        // A loss that is found is made good from 15 s to 25 s.
        assert_eq!((metrics.makespan, metrics.failed_tests), (secs(time), detection as u32), "detection {detection}");
    }
}

/// A batch counted one pair of steps four times: each attempt in conflict counts once.
#[test]
fn a_batch_counts_each_attempt_in_conflict_once() {
    let batches = |seconds: f64, conflict_probability: f64| {
        let mut profile = steady(seconds);
        profile.batching = Batching { tasks: BatchSize::All, ..Batching::default() };
        profile.fallibility.detection = 0.0;
        profile.fallibility.conflict_probability = conflict_probability;
        profile
    };
    let mut world = scenario(&on_one_file(4), 2, &batches(10.0, 0.0), &Variant::called("preassigned"), ASYNC);
    for consistency in [Consistency::LastWriterWins, Consistency::Optimistic] {
        world.team = members(&[batches(10.0, 0.0), batches(15.0, 0.0)]);
        world.consistency = consistency;
        let (log, metrics) = run(&world);
        assert_eq!(metrics.conflicts, 2, "two attempts of one step, {consistency:?}");
        let lost = count(&log, |kind| matches!(kind, TaskEventKind::Overwritten { .. }));
        assert_eq!(lost, if consistency == Consistency::Optimistic { 0 } else { 2 });
    }
    // In meaning: the two attempts of the later step contradict those of the earlier one.
    let specs: Vec<TaskSpec> = (0..4).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let mut world = scenario(&specs, 2, &batches(10.0, 1.0), &Variant::called("preassigned"), ASYNC);
    world.team = members(&[batches(10.0, 1.0), batches(15.0, 1.0)]);
    let (log, metrics) = run(&world);
    assert_eq!(metrics.conflicts, 2);
    assert_eq!(count(&log, |kind| kind == TaskEventKind::ConflictMissed), 2);
}

/// The write of a blocked claim put a granted attempt in conflict.
#[test]
fn a_blocked_claim_puts_nobody_into_conflict() {
    let writes = |spec: TaskSpec, file: &str| TaskSpec { writes: vec![file.to_owned()], ..spec };
    let specs = [
        writes(TaskSpec::new("first", 100.0), "own"),
        writes(TaskSpec::new("blocked", 100.0).after(["first"]), "file"),
        writes(TaskSpec::new("granted", 100.0), "file"),
    ];
    for consistency in [Consistency::LastWriterWins, Consistency::Optimistic] {
        let mut ahead = steady(5.0);
        ahead.batching = Batching { unowned: BatchSize::Fixed(2), ahead: 1.0, ..Batching::default() };
        let mut world = scenario(&specs, 2, &ahead, &Variant::called("self_claim at_decision"), ASYNC);
        world.team = members(&[ahead, steady(12.0)]);
        world.consistency = consistency;
        let (log, metrics) = run(&world);
        // "first" and "blocked" from 0 s to 10 s; "granted" from 0 s to 12 s; "blocked" again from 10 s.
        assert_eq!(metrics.temporal_violations, 1);
        let granted = log.entries.iter().find_map(|entry| match entry {
            Entry::Task(event) if event.task.index() == 2 && event.at > Time::ZERO => Some((event.at, event.kind)),
            _ => None,
        });
        assert_eq!(granted, Some((secs(12.0), TaskEventKind::Completed { right: true })), "{consistency:?}");
    }
}

fn waits(log: &Log) -> Vec<(u32, WaitCause, Time, Time)> {
    let wait = |entry: &Entry| match entry {
        Entry::Wait(wait) => Some((wait.agent.get(), wait.cause, wait.start, wait.end)),
        _ => None,
    };
    log.entries.iter().filter_map(wait).collect()
}

/// Waiting for the lead, a lock, a crashed agent and a queue all read "nothing ready".
#[test]
fn causes_of_waiting_are_named() {
    let specs: Vec<TaskSpec> = (0..2).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let (log, _) = run(&scenario(&specs, 2, &steady(10.0), &Variant::called("lead_dynamic"), ASYNC));
    let lead: Vec<_> = waits(&log).into_iter().filter(|wait| wait.0 == 1).collect();
    let expected = [(0.0, 10.0), (20.0, 30.0)].map(|(start, end)| (1, WaitCause::Lead, secs(start), secs(end)));
    assert_eq!(lead, expected, "until the lead has assigned a task");
    let mut world = scenario(&on_one_file(2), 2, &steady(10.0), &Variant::called("self_claim"), ASYNC);
    for when_locked in [WhenLocked::OtherWork, WhenLocked::Wait] {
        world.consistency = Consistency::Lock(Locking { held: LockHeld::Call, when_locked });
        let (log, _) = run(&world);
        assert!(waits(&log).contains(&(1, WaitCause::Lock, Time::ZERO, secs(10.0))), "{:?}", waits(&log));
    }
    world.team = members(&[steady(10.0), steady(15.0)]);
    world.consistency = Consistency::Lock(Locking { held: LockHeld::Write(0.4), when_locked: WhenLocked::OtherWork });
    let (log, metrics) = run(&world);
    // The first writes from 6 s to 10 s, the second waits from 9 s to 10 s and writes for 6 s.
    assert!(waits(&log).contains(&(1, WaitCause::Lock, secs(9.0), secs(10.0))), "{:?}", waits(&log));
    assert_eq!((metrics.makespan, metrics.conflicts), (secs(16.0), 0));
    let chain = Generator::Chain { tasks: 2, size: Dist::Constant(1.0) }.generate(1);
    let (log, _) = run(&scenario(&chain, 2, &steady(10.0), &Variant::called("self_claim"), ASYNC));
    let expected =
        [(1, WaitCause::Dependencies, Time::ZERO, secs(10.0)), (1, WaitCause::Nothing, secs(10.0), secs(20.0))];
    assert_eq!(waits(&log), expected);
}

fn tests(capacity: u32, service: Option<f64>) -> Resource {
    let service = service.map(Dist::Constant);
    Resource { name: "tests".to_owned(), capacity, service, blocks: Blocks::User, share: 1.0 }
}

/// Service counted as the agent's work, and was drawn before the queue.
#[test]
fn service_is_apart_from_work_and_comes_after_the_queue() {
    let specs: Vec<TaskSpec> = (0..2).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let mut world = scenario(&specs, 2, &steady(10.0), &Variant::called("self_claim"), ASYNC);
    world.team = members(&[steady(10.0), steady(11.0)]);
    world.resources = vec![tests(1, Some(4.0))];
    let (log, metrics) = run(&world);
    // Calls until 10 s and 11 s; service from 10 s to 14 s, a queue of 3 s, and service from 14 s to 18 s.
    let parts: Vec<_> = log.steps().map(|step| (step.spent.work, step.waited, step.service)).collect();
    assert_eq!(
        parts,
        [(10.0, 0.0, 4.0), (11.0, 3.0, 4.0)]
            .map(|(work, waited, service)| { (secs(work), secs(waited), secs(service)) })
    );
    assert_eq!((metrics.makespan, metrics.budget.work), (secs(18.0), secs(21.0)));
    assert!(waits(&log).contains(&(1, WaitCause::Queue(0), secs(11.0), secs(14.0))));
    // While nobody is blocked the agent is free from the end of its call on.
    world.resources[0].blocks = Blocks::Nobody;
    let (log, _) = run(&world);
    assert!(log.steps().all(|step| step.service == Time::ZERO && step.waited == Time::ZERO));
    let is_free = |service: &Service| !service.is_held && service.end - service.start == secs(4.0);
    let services = log.entries.iter().filter(|entry| matches!(entry, Entry::Service(service) if is_free(service)));
    assert_eq!(services.count(), 2);
}

/// A rate limit held its slot during the agent's tools, and ignored `share`.
#[test]
fn a_rate_limit_is_held_for_the_call_only_and_has_a_share() {
    let specs: Vec<TaskSpec> = (0..2).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let mut profile = steady(10.0);
    profile.tool = Some(Dist::Constant(5.0));
    for (share, time) in [(1.0, 25.0), (0.0, 15.0)] {
        let mut world = scenario(&specs, 2, &profile, &Variant::called("self_claim"), ASYNC);
        world.resources = vec![Resource { share, ..tests(1, None) }];
        let (_, metrics) = run(&world);
        assert_eq!(metrics.makespan, secs(time), "share {share}");
    }
    let specs: Vec<TaskSpec> = (0..400).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let mut world = scenario(&specs, 400, &steady(10.0), &Variant::called("self_claim"), ASYNC);
    world.resources = vec![Resource { share: 0.25, ..tests(1, None) }];
    let (log, _) = run(&world);
    let waited = log.steps().filter(|step| step.waited > Time::ZERO).count();
    assert!((70..130).contains(&waited), "{waited} of 400 calls wait for a place");
}

/// `variation` raised the mean by exp(sigma^2 / 2).
#[test]
fn variation_keeps_the_mean() {
    let none = Variation::default();
    let variations = [
        ("run", Variation { run: 0.3, ..none }),
        ("agent", Variation { agent: 0.3, ..none }),
        ("round", Variation { round: 0.3, ..none }),
        ("call", Variation { call: 0.3, ..none }),
    ];
    let specs = [TaskSpec::new("task", 100.0)];
    for (name, variation) in variations {
        let profile = Profile { variation, ..steady(10.0) };
        let world = scenario(&specs, 1, &profile, &Variant::called("solo"), ROUNDS);
        let runs = if worlds::is_slow() { 200_000 } else { 20_000 };
        let times: Vec<f64> = worlds::replicate(&world, runs).map(|metrics| metrics.makespan.as_secs()).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean / 10.0 - 1.0).abs() < 0.01, "{name}: a mean of {mean} s");
        assert!(times.iter().any(|time| (time - 10.0).abs() > 1.0), "{name} varies");
    }
}

/// Learned profiles ignored resources, errors, crashes and sizes.
#[test]
fn resources_errors_crashes_and_sizes_apply_to_learned_policies() {
    let policy = learned_worlds::of_single_agents();
    let profile = Profile { learned_policy: Some(policy.clone()), ..steady(10.0) };
    let specs: Vec<TaskSpec> = (0..8).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let world = |profile: &Profile| scenario(&specs, 2, profile, &Variant::called("self_claim"), ASYNC);
    let (log, metrics) = run(&world(&profile));
    assert_eq!((metrics.ending, metrics.attempts), (Ending::Completed, 8));
    assert_eq!(metrics.failed_tests + count(&log, |kind| kind == TaskEventKind::Rejected) as u32, 0);

    let mut wrong = profile.clone();
    wrong.fallibility.error_rate = 0.6;
    let (log, _) = run(&world(&wrong));
    assert!(count(&log, |kind| kind == TaskEventKind::Rejected) > 0, "errors");

    let mut crashing = profile.clone();
    crashing.fallibility.crash_rate = 0.5;
    let (log, _) = run(&world(&crashing));
    assert!(waits(&log).iter().any(|wait| wait.1 == WaitCause::Down), "crashes");

    let mut served = world(&profile);
    served.resources = vec![tests(1, Some(50.0))];
    let (log, with) = run(&served);
    assert!(log.steps().any(|step| step.service == secs(50.0)), "resources");
    assert!(with.makespan > metrics.makespan);

    // Only the first task is there in the first call: of the mean size, and of a fifth of it. What a call completes it
    // writes, and a file of mean size takes 10 s.
    let mut by_files = (*policy).clone();
    by_files
        .call_models
        .iter_mut()
        .for_each(|model| (model.base_s, model.per_file_s, model.longest_s) = (1.0, 10.0, 0.0));
    for call in &mut by_files.recorded_calls {
        (call.writes, call.files) = (call.completes, call.completes.iter().sum());
    }
    let by_files = Profile { learned_policy: Some(Arc::new(by_files)), ..steady(10.0) };
    let first_latency = |sizes: [f64; 2]| -> Time {
        let late = TaskSpec { release: secs(1_000.0), ..TaskSpec::new("late", sizes[1]) };
        let world = scenario(&[TaskSpec::new("early", sizes[0]), late], 1, &by_files, &Variant::called("solo"), ASYNC);
        let (log, _) = run(&world);
        let first = log.steps().find(|step| step.task.is_some()).expect("it works");
        first.latency
    };
    let (mean, small) = (first_latency([100.0, 100.0]), first_latency([20.0, 180.0]));
    assert!(small < mean, "sizes: {small} and {mean}");

    let mut shared = world(&profile);
    let on_one_file = scenario(&on_one_file(8), 2, &profile, &Variant::called("self_claim"), ASYNC);
    shared.graph = on_one_file.graph;
    shared.consistency = Consistency::Lock(Locking { held: LockHeld::Call, when_locked: WhenLocked::Wait });
    let (log, _) = run(&shared);
    assert!(waits(&log).iter().any(|wait| wait.1 == WaitCause::Lock), "locks");
    assert!((0..2).all(|agent| promises::is_learned(&shared, brooks::team::AgentId::new(agent))));
}

/// Reading was free, and cost fell with team size.
#[test]
fn tokens_and_time_of_reading_are_counted() {
    let specs = Generator::Chain { tasks: 3, size: Dist::Constant(100.0) }.generate(1);
    let mut profile = a_token_a_second();
    profile.tokens.reads_dependencies = true;
    profile.tokens.briefing = 50;
    profile.reading.input = 10.0;
    let of =
        |architecture: &str, agents| run(&scenario(&specs, agents, &profile, &Variant::called(architecture), ASYNC)).1;
    // Alone an agent knows what it wrote: 3 x 100 s, and 5 s for the briefing.
    let solo = of("solo", 1);
    assert_eq!((solo.makespan, solo.input_tokens), (secs(305.0), 50));
    // In turn, each call of the second agent and the third call of the first read an output of 100 tokens: 10 s each.
    let team = of("preassigned round_robin", 2);
    assert_eq!((team.makespan, team.input_tokens), (secs(300.0 + 5.0 + 5.0 + 10.0 + 10.0), 50 + 50 + 100 + 100));
}

/// A recorded time contains the reading of its input: a profile with a speed of reading must not add it again. What a
/// second agent reads in addition takes time.
#[test]
fn a_recorded_time_contains_its_reading() {
    let recorded = RecordedCost { time: secs(10.0), input_tokens: 50_000, output_tokens: 2_000 };
    let specs: Vec<TaskSpec> = (0..2)
        .map(|task| {
            let before = (task > 0).then(|| "task-0".to_owned());
            TaskSpec { recorded: Some(recorded), ..TaskSpec::new(format!("task-{task}"), 100.0) }.after(before)
        })
        .collect();
    let mut profile = steady(1.0);
    profile.latency = Latency::Recorded;
    profile.reading.input = 1_000.0;
    profile.tokens = Tokens { system: 7_000, reads_dependencies: true, ..profile.tokens };
    for (agents, expected) in [(1, 20.0), (2, 22.0)] {
        let world = scenario(&specs, agents, &profile, &Variant::called("preassigned round_robin"), ASYNC);
        assert_eq!(run(&world).1.makespan, secs(expected), "n = {agents}");
    }
}
