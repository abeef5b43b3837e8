//! Small worlds in which random ones once found something wrong. Each says what went wrong.

use brooks::engine::{Dist, Time};
use brooks::record::{Ending, Metrics, TaskEventKind};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{BatchSize, Batching, Blocks, Consistency, LockHeld, Locking, Profile, Resource, WhenLocked};
use brooks::workload::{Generator, TaskSpec};

use crate::invariants::{check, task_events};
use crate::worlds::{ASYNC, PACINGS, Variant, scenario, variants};

fn a_second() -> Profile {
    Profile::with_latency("steady", Dist::Constant(1.0))
}

fn checked(scenario: &Scenario) -> Metrics {
    check(scenario, &mut Simulator::new(scenario), 0).1
}

/// A release brings no mail, and a lead that waited for mail slept through it.
#[test]
fn a_lead_hears_of_late_tasks() {
    let interarrival = Dist::Constant(10.0);
    let specs = Generator::Stream { tasks: 3, interarrival, size: Dist::Constant(1.0) }.generate(1);
    for (_, pacing) in PACINGS {
        let scenario = scenario(&specs, 3, &a_second(), &Variant::called("lead_assigned"), pacing);
        assert_eq!(checked(&scenario).ending, Ending::Completed);
    }
}

/// A task that was said to be done and reopened within one reply had its time taken off the work before it was on it.
#[test]
fn time_undone_in_the_reply_that_booked_it_is_rework() {
    let specs = Generator::Chain { tasks: 2, size: Dist::Constant(1.0) }.generate(1);
    let mut profile = a_second();
    profile.batching = Batching { tasks: BatchSize::All, unowned: BatchSize::All, ahead: 0.0 };
    profile.fallibility.premature_completion = 1.0;
    let mut scenario = scenario(&specs, 1, &profile, &Variant::called("preassigned"), ASYNC);
    scenario.limits.calls = 1;
    let budget = checked(&scenario).budget;
    assert_eq!((budget.work, budget.rework), (Time::ZERO, Time::from_secs(2.0)));
}

/// What an agent owned was taken into a call before its release.
#[test]
fn no_call_takes_on_a_task_before_its_release() {
    let late = TaskSpec { release: Time::from_secs(100.0), ..TaskSpec::new("late", 1.0) };
    let mut profile = a_second();
    profile.batching = Batching { tasks: BatchSize::All, unowned: BatchSize::All, ahead: 0.0 };
    let scenario = scenario(&[TaskSpec::new("now", 1.0), late], 1, &profile, &Variant::called("preassigned"), ASYNC);
    assert_eq!(checked(&scenario).makespan, Time::from_secs(101.0));
}

/// A release after the time limit moved the clock past it, and the end then moved it back.
#[test]
fn nothing_happens_after_the_time_limit() {
    let late = TaskSpec { release: Time::from_secs(100.0), ..TaskSpec::new("late", 1.0) };
    for (pace, pacing) in PACINGS {
        let mut scenario =
            scenario(std::slice::from_ref(&late), 2, &a_second(), &Variant::called("self_claim"), pacing);
        scenario.limits.time = Time::from_secs(40.0);
        let metrics = checked(&scenario);
        let expected = (Ending::OutOfTime, Time::from_secs(40.0), 0);
        assert_eq!((metrics.ending, metrics.makespan, metrics.llm_calls), expected, "{pace}");
    }
}

/// On an atomic board the claim on a task that was run ahead to is granted when the reply lands, and was told nobody.
#[test]
fn a_claim_granted_late_is_told() {
    let specs =
        [TaskSpec::new("first", 1.0), TaskSpec::new("second", 1.0).after(["first"]), TaskSpec::new("other", 1.0)];
    let mut profile = a_second();
    profile.batching = Batching { tasks: BatchSize::Fixed(2), unowned: BatchSize::Fixed(2), ahead: 1.0 };
    let mut scenario = scenario(&specs, 2, &profile, &Variant::called("self_claim at_decision"), ASYNC);
    scenario.dependency_check = brooks::simulation::DependencyCheck::Complete;
    let (log, metrics) = check(&scenario, &mut Simulator::new(&scenario), 0);
    assert_eq!(metrics.ending, Ending::Completed);
    let claimed = task_events(&log).filter(|event| event.kind == TaskEventKind::Claimed).count();
    let done = task_events(&log).filter(|event| matches!(event.kind, TaskEventKind::Completed { .. })).count();
    assert_eq!((claimed, done), (3, 3));
}

/// A review of so many seconds, while which agents go on with other work.
fn review(seconds: f64) -> Resource {
    let service = Some(Dist::Constant(seconds));
    Resource { name: "review".to_owned(), capacity: 9, service, blocks: Blocks::Nobody, share: 1.0 }
}

fn tasks_of(file: Option<&str>, tasks: usize) -> Vec<TaskSpec> {
    let writes = || file.map(str::to_owned).into_iter().collect();
    (0..tasks).map(|task| TaskSpec { writes: writes(), ..TaskSpec::new(format!("task-{task}"), 1.0) }).collect()
}

/// While its task was in review, an agent that claims at its commit, or to which the task was dealt, began it anew.
#[test]
fn nobody_begins_a_task_that_is_in_review() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let mut world = scenario(&tasks_of(None, 4), 1, &a_second(), &variant, pacing);
            world.resources = vec![review(30.0)];
            let metrics = checked(&world);
            assert_eq!((metrics.ending, metrics.llm_calls), (Ending::Completed, 4), "{}, {pace}", variant.name());
        }
    }
}

/// A reply that crashed in review took its agent offline in the middle of another step, and its recovery started a second.
/// In rounds, the time for which an agent was offline was counted twice.
#[test]
fn a_crash_belongs_to_its_own_step() {
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let mut profile = a_second();
            profile.fallibility.crash_rate = 0.5;
            profile.fallibility.recovery = Dist::Constant(1.5);
            let mut world = scenario(&tasks_of(None, 6), 3, &profile, &variant, pacing);
            world.name = format!("{}, {pace}", variant.name());
            assert_eq!(checked(&world).ending, Ending::Completed, "{}", world.name);
            world.resources = vec![review(30.0)];
            assert_eq!(checked(&world).ending, Ending::Completed, "{}", world.name);
        }
    }
}

fn lock_for_the_write(part: f64) -> Consistency {
    Consistency::Lock(Locking { held: LockHeld::Write(part), when_locked: WhenLocked::OtherWork })
}

/// A write that took no time took no lock, and overwrote what had changed since the call began.
#[test]
fn a_write_of_no_duration_takes_its_lock() {
    let mut world = scenario(&tasks_of(Some("file"), 2), 2, &a_second(), &Variant::called("preassigned"), ASYNC);
    world.team[1].profile = Profile::with_latency("slower", Dist::Constant(1.5)).into();
    for part in [0.0, 1e-9, 0.5] {
        world.consistency = lock_for_the_write(part);
        let metrics = checked(&world);
        assert_eq!((metrics.conflicts, metrics.quality), (0, 1.0), "part {part}");
    }
}

/// A reply in review was committed without its lock, and the time of its write was left out.
#[test]
fn a_reply_in_review_writes_under_its_lock() {
    let ten = Profile::with_latency("ten", Dist::Constant(10.0));
    let mut world = scenario(&tasks_of(Some("file"), 2), 2, &ten, &Variant::called("preassigned"), ASYNC);
    world.team[1].profile = Profile::with_latency("fifteen", Dist::Constant(15.0)).into();
    world.consistency = lock_for_the_write(0.4);
    world.resources = vec![review(5.0)];
    let metrics = checked(&world);
    // Calls until 6 s and 9 s, reviews until 11 s and 14 s, writes from 11 s to 15 s and from 15 s to 21 s.
    assert_eq!((metrics.makespan, metrics.conflicts), (Time::from_secs(21.0), 0));
    // In rounds a member waits for a lock that a reply in review holds: the round does not end without it.
    for variant in variants() {
        let mut world = scenario(&tasks_of(Some("file"), 6), 3, &ten, &variant, PACINGS[1].1);
        world.name = variant.name();
        world.consistency = lock_for_the_write(0.4);
        world.resources = vec![Resource { share: 0.5, ..review(50.0) }];
        let metrics = checked(&world);
        assert_eq!((metrics.ending, metrics.conflicts), (Ending::Completed, 0), "{}", world.name);
    }
}
