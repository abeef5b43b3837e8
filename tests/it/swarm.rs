//! Random worlds: what must hold holds in all of them, and what can happen happens in some.

use std::collections::BTreeMap;

use brooks::record::{Ending, Entry, Log, Metrics, StepKind, TaskEventKind, WaitCause};
use brooks::simulation::{DependencyCheck, Pacing, Scenario, Simulator};
use brooks::team::Consistency;

use crate::invariants::{check, count, task_events};
use crate::{promises, random_worlds, worlds};

/// What a run has to show for itself, by name.
fn reached(scenario: &Scenario, log: &Log, metrics: &Metrics) -> Vec<(String, bool)> {
    let any = |is: fn(TaskEventKind) -> bool| count(log, is) > 0;
    let kind = |kind| log.steps().any(|step| step.kind == kind);
    let conflicted = any(|kind| kind == TaskEventKind::Conflicted);
    let learned = scenario.team.iter().filter(|agent| agent.profile.learned_policy.is_some()).count();
    let mut reached = vec![
        ("lost claim", any(|kind| kind == TaskEventKind::LostClaim)),
        ("blocked claim", any(|kind| kind == TaskEventKind::BlockedClaim)),
        ("rejected", any(|kind| kind == TaskEventKind::Rejected)),
        ("wrong and not noticed", any(|kind| kind == TaskEventKind::Completed { right: false })),
        ("reopened", any(|kind| matches!(kind, TaskEventKind::Reopened { .. }))),
        ("orphaned", any(|kind| kind == TaskEventKind::Orphaned)),
        ("reclaimed", any(|kind| kind == TaskEventKind::Reclaimed)),
        ("assigned", any(|kind| kind == TaskEventKind::Assigned)),
        ("completed", metrics.ending == Ending::Completed),
        ("stalled", metrics.ending == Ending::Stalled),
        ("out of rounds", metrics.ending == Ending::OutOfTime && metrics.rounds >= scenario.limits.rounds),
        ("out of time", metrics.ending == Ending::OutOfTime && metrics.makespan >= scenario.limits.time),
        ("out of calls", metrics.ending == Ending::OutOfTime && u64::from(metrics.llm_calls) >= scenario.limits.calls),
        ("broadcast", log.entries.iter().any(|entry| matches!(entry, Entry::Message(message) if message.to.is_none()))),
        ("a step cut off", log.steps().any(|step| step.end - step.start < step.latency)),
        ("several tasks in a call", log.steps().any(|step| step.tasks > 1)),
        ("assigning", kind(StepKind::Assign)),
        ("monitoring", kind(StepKind::Monitor)),
        ("idle call", kind(StepKind::Idle)),
        ("a queue", metrics.budget.waiting_by_cause.queue.as_us() > 0),
        ("a barrier", metrics.budget.waiting_by_cause.barrier.as_us() > 0),
        ("rework", metrics.budget.rework.as_us() > 0),
        ("concurrent writes", metrics.concurrent_writes > 0),
        ("rewrites by others", metrics.rewrites_cross_agent > 0),
        ("completed by learned policies", learned == scenario.team.len() && metrics.ending == Ending::Completed),
        (
            "completed by a mixed team",
            0 < learned && learned < scenario.team.len() && metrics.ending == Ending::Completed,
        ),
        ("conflict in meaning, last writer wins", conflicted && scenario.consistency == Consistency::LastWriterWins),
        ("conflict in meaning, lock", conflicted && matches!(scenario.consistency, Consistency::Lock(_))),
        ("conflict, optimistic", conflicted && scenario.consistency == Consistency::Optimistic),
    ]
    .into_iter()
    .map(|(name, reached)| (name.to_owned(), reached))
    .collect::<Vec<_>>();
    reached.extend(reached_by_mechanism(scenario, log));
    if metrics.ending == Ending::Completed {
        let pacing = if scenario.pacing == Pacing::Async { "async" } else { "rounds" };
        reached.push((format!("completed: {}, {pacing}", scenario.architecture_name), true));
        for check in [DependencyCheck::Claim, DependencyCheck::Complete, DependencyCheck::None] {
            reached.push((format!("completed, dependencies: {check:?}"), scenario.dependency_check == check));
        }
    }
    reached
}

/// Mechanisms that were at work, by name; those of learned policies apart.
fn reached_by_mechanism(scenario: &Scenario, log: &Log) -> Vec<(String, bool)> {
    let mut reached = Vec::new();
    let mut add = |name: &str, is: bool| reached.push((name.to_owned(), is));
    let waits = |cause: fn(WaitCause) -> bool| {
        log.entries.iter().any(|entry| matches!(entry, Entry::Wait(wait) if cause(wait.cause)))
    };
    add("waiting for dependencies", waits(|cause| cause == WaitCause::Dependencies));
    add("waiting for the lead", waits(|cause| cause == WaitCause::Lead));
    add("waiting for a lock", waits(|cause| cause == WaitCause::Lock));
    add("waiting in a queue", waits(|cause| matches!(cause, WaitCause::Queue(_))));
    add("waiting at the barrier", waits(|cause| cause == WaitCause::Barrier));
    add("waiting for messages", waits(|cause| cause == WaitCause::Messages));
    add("waiting while down", waits(|cause| cause == WaitCause::Down));
    add("waiting for nothing", waits(|cause| cause == WaitCause::Nothing));
    let services = |is: &dyn Fn(&brooks::record::Service) -> bool| {
        log.entries.iter().any(|entry| matches!(entry, Entry::Service(service) if is(service)))
    };
    add("served while the agent goes on", services(&|service| !service.is_held));
    let input = |is: fn(&brooks::record::InputParts) -> bool| {
        log.entries.iter().any(|entry| matches!(entry, Entry::Input(_, parts) if is(parts)))
    };
    add("reading of dependencies", input(|parts| parts.reading > 0));
    add("briefing", input(|parts| parts.briefing > 0));
    add("messages read", input(|parts| parts.messages > 0));
    add("history", input(|parts| parts.history > 0));
    add("cache written", input(|parts| parts.cache_write > 0));
    let event = |is: &dyn Fn(&brooks::record::TaskEvent) -> bool| task_events(log).any(is);
    add("overwritten", event(&|event| matches!(event.kind, TaskEventKind::Overwritten { noticed: true, .. })));
    add(
        "overwritten unnoticed",
        event(&|event| matches!(event.kind, TaskEventKind::Overwritten { noticed: false, .. })),
    );
    add("restored", event(&|event| matches!(event.kind, TaskEventKind::Restored { .. })));
    add("conflict missed", event(&|event| event.kind == TaskEventKind::ConflictMissed));
    let learned = |agent| promises::is_learned(scenario, agent);
    add("learned: rejected", event(&|event| event.kind == TaskEventKind::Rejected && learned(event.agent)));
    let is_optimistic = scenario.consistency == Consistency::Optimistic;
    let conflicted = event(&|event| event.kind == TaskEventKind::Conflicted && learned(event.agent));
    add("learned: conflict, optimistic", is_optimistic && conflicted);
    add("learned: served", services(&|service| learned(service.agent)));
    let waits = |is: WaitCause| {
        let is_it = |entry: &Entry| matches!(entry, Entry::Wait(wait) if wait.cause == is && learned(wait.agent));
        log.entries.iter().any(is_it)
    };
    add("learned: down", waits(WaitCause::Down));
    add("learned: locked", waits(WaitCause::Lock));
    reached
}

#[test]
fn every_world_keeps_the_rules_and_every_state_is_reached() {
    let worlds = if worlds::is_slow() { 20_000 } else { 1_000 };
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for row in brooks::architecture::ARCHITECTURES {
        for pacing in ["async", "rounds"] {
            times.insert(format!("completed: {}, {pacing}", row.name), 0);
        }
    }
    for seed in 0..worlds {
        let scenario = random_worlds::random(seed);
        let mut simulator = Simulator::new(&scenario);
        for replication in 0..2 {
            let (log, metrics) = check(&scenario, &mut simulator, replication);
            for (name, reached) in reached(&scenario, &log, &metrics) {
                *times.entry(name).or_default() += u32::from(reached);
            }
        }
    }
    let never: Vec<&String> = times.iter().filter(|(_, times)| **times == 0).map(|(name, _)| name).collect();
    assert!(never.is_empty(), "never reached in {worlds} worlds: {never:?}\n{times:#?}");
}

#[test]
fn the_worst_ends_too() {
    use brooks::engine::Dist;
    use brooks::team::{Fallibility, Profile};
    use brooks::workload::Generator;

    let specs = Generator::bench(Dist::Constant(1.0)).generate(1);
    let worst = [
        ("error", Fallibility { error_rate: 1.0, ..Fallibility::default() }),
        ("orphan", Fallibility { orphan_rate: 1.0, ..Fallibility::default() }),
        ("premature", Fallibility { premature_completion: 1.0, ..Fallibility::default() }),
        ("no progress", Fallibility { no_progress: 1.0, ..Fallibility::default() }),
        ("crash", Fallibility { crash_rate: 1.0, ..Fallibility::default() }),
        ("stall", Fallibility { stall_rate: 1.0, ..Fallibility::default() }),
        ("conflict", Fallibility { conflict_probability: 1.0, ..Fallibility::default() }),
    ];
    for (name, fallibility) in worst {
        for variant in worlds::variants() {
            for (_, pacing) in worlds::PACINGS {
                // A call that takes no time could go on for ever without time passing.
                for seconds in [0.0, 1.0] {
                    let profile = Profile::with_latency("worst", Dist::Constant(seconds));
                    let profile = Profile { fallibility: fallibility.clone(), ..profile };
                    let mut scenario = worlds::scenario(&specs, 3, &profile, &variant, pacing);
                    scenario.name = format!("{name} always, {}, {pacing:?}", variant.name());
                    scenario.limits.calls = 300;
                    let (log, metrics) = check(&scenario, &mut Simulator::new(&scenario), 0);
                    let completed =
                        task_events(&log).any(|event| matches!(event.kind, TaskEventKind::Completed { .. }));
                    let spec = variant.make().spec();
                    let claims = spec.assigned.is_none() && !spec.has_lead;
                    let expected = match name {
                        // Only a claim can be forgotten; what was handed out stays on its owner's list.
                        "orphan" if claims => Ending::Stalled,
                        "orphan" | "stall" => Ending::Completed,
                        // One at a time there is nobody to clash with.
                        "conflict" => metrics.ending,
                        _ => Ending::OutOfTime,
                    };
                    assert_eq!(metrics.ending, expected, "{}", scenario.name);
                    let gets_done = matches!(name, "premature" | "stall" | "conflict") || name == "orphan" && !claims;
                    assert_eq!(completed, gets_done, "{}", scenario.name);
                }
            }
        }
    }
}
