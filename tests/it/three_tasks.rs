//! Three tasks and two agents: each architecture under each policy and pacing, entry by entry, against
//! `tests/golden/three_tasks.txt`. That file was reasoned by hand and is never rewritten by a test.

use std::collections::BTreeSet;
use std::sync::Arc;

use brooks::engine::{Dist, Time};
use brooks::record::{Entry, Log, StepKind, TaskEventKind};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{AgentId, Consistency, Latency, LockHeld, Locking, Profile, WhenLocked};
use brooks::workload::{TaskId, TaskSpec};

use crate::invariants::check;
use crate::worlds::{ASYNC, ROUNDS, Variant, scenario};

const EXPECTED: &str = include_str!("../golden/three_tasks.txt");

const POLICIES: [&str; 5] = ["last_writer_wins", "lock", "lock_wait", "lock_write", "optimistic"];

fn consistency(policy: &str) -> Consistency {
    let lock = |held, when_locked| Consistency::Lock(Locking { held, when_locked });
    match policy {
        "lock" => lock(LockHeld::Call, WhenLocked::OtherWork),
        "lock_wait" => lock(LockHeld::Call, WhenLocked::Wait),
        "lock_write" => lock(LockHeld::Write(0.5), WhenLocked::OtherWork),
        "optimistic" => Consistency::Optimistic,
        _ => Consistency::LastWriterWins,
    }
}

fn profile(seconds: f64) -> Profile {
    let latency = Latency::PerTask { task: Dist::Constant(seconds), idle: Dist::Constant(2.0) };
    Profile { latency, ..Profile::with_latency("steady", Dist::Constant(1.0)) }
}

fn world(architecture: &str, pacing: &str, policy: &str) -> Scenario {
    let spec = |id: &str, size, file: &str| TaskSpec { writes: vec![file.to_owned()], ..TaskSpec::new(id, size) };
    let specs = [spec("a", 100.0, "file"), spec("b", 130.0, "file"), spec("c", 70.0, "other").after(["a"])];
    let pacing = if pacing == "rounds" { ROUNDS } else { ASYNC };
    let mut world = scenario(&specs, 2, &profile(10.0), &Variant::called(architecture), pacing);
    world.team[1].profile = Arc::new(profile(15.0));
    world.consistency = consistency(policy);
    world
}

/// The entries of a run, without claims, writes, steps and waits.
fn told(log: &Log) -> Vec<String> {
    let name = |agent: AgentId| ["ann", "bo"][agent.index()];
    let task = |task: TaskId| ["a", "b", "c"][task.index()];
    let entry = |entry: &Entry| {
        let (at, text) = match entry {
            Entry::Start(start) => {
                let verb = match (start.kind, start.task) {
                    (StepKind::Work, Some(id)) => format!("starts {}", task(id)),
                    (StepKind::Assign, _) => "assigns".to_owned(),
                    (StepKind::Monitor, _) => "monitors".to_owned(),
                    _ => "idles".to_owned(),
                };
                (start.at, format!("{} {verb}", name(start.agent)))
            }
            Entry::Task(event) => {
                let verb = match event.kind {
                    TaskEventKind::Claimed => return None,
                    TaskEventKind::Completed { right: true } => "done",
                    TaskEventKind::Overwritten { noticed: true, .. } => "overwrites",
                    TaskEventKind::Reopened { .. } => "reopened",
                    TaskEventKind::Conflicted => "conflict",
                    TaskEventKind::LostClaim => "loses",
                    TaskEventKind::Assigned => "gets",
                    other => panic!("{other:?} is not expected in any of these worlds"),
                };
                (event.at, format!("{} {verb} {}", name(event.agent), task(event.task)))
            }
            Entry::End(_, at) => (*at, "end".to_owned()),
            _ => return None,
        };
        Some(format!("{} {text}", at.as_secs()))
    };
    log.entries.iter().filter_map(entry).collect()
}

#[test]
fn every_world_of_three_tasks_is_as_reasoned_by_hand() {
    let mut covered = BTreeSet::new();
    let mut wrong = Vec::new();
    let text: Vec<&str> = EXPECTED.lines().filter(|line| !line.starts_with("# ")).collect();
    let text = text.join("\n");
    for section in text.split("## ").skip(1) {
        let (head, entries) = section.split_once('\n').expect("a head and entries");
        let [architecture, pacings, policies] = head.split("; ").collect::<Vec<_>>()[..] else { panic!("{head}") };
        let expected: Vec<String> =
            entries.split(';').map(|entry| entry.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let policies = if policies == "all" { POLICIES.to_vec() } else { policies.split(", ").collect() };
        for pacing in pacings.split(", ") {
            for policy in &policies {
                let world = world(architecture, pacing, policy);
                let (log, metrics) = check(&world, &mut Simulator::new(&world), 0);
                let told = told(&log);
                if told != expected {
                    wrong.push(format!(
                        "{architecture}; {pacing}; {policy}\nexpected {expected:?}\n     got {told:?}\n"
                    ));
                }
                assert!(metrics.makespan > Time::ZERO);
                let row = world.architecture_name.clone();
                assert!(covered.insert((row, architecture.to_owned(), pacing.to_owned(), (*policy).to_owned())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for row in brooks::architecture::ARCHITECTURES {
        for pacing in ["async", "rounds"] {
            for policy in POLICIES {
                let is_here = |(name, _, at, under): &(String, String, String, String)| {
                    name == row.name && at == pacing && under == policy
                };
                assert!(covered.iter().any(is_here), "{}, {pacing}, {policy} is in the file", row.name);
            }
        }
    }
}
