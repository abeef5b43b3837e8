//! Small worlds in which random ones once found something wrong. Each says what went wrong.

use brooks::engine::{Dist, Time};
use brooks::record::{Ending, Metrics, TaskEventKind};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{BatchSize, Batching, Profile};
use brooks::workload::{Generator, TaskSpec};

use crate::invariants::{check, task_events};
use crate::worlds::{ASYNC, PACINGS, Variant, scenario};

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
