//! What holds in every world, whatever happens in it: read off the entries of a run, and so blind to how the simulator
//! came to them.

use brooks::engine::Time;
use brooks::record::{Ending, Entry, Log, Metrics, Start, Stats, Step, StepKind, TaskEvent, TaskEventKind};
use brooks::simulation::{DependencyCheck, Scenario, Simulator};
use brooks::team::{AgentId, BatchSize, Blocks};
use brooks::workload::TaskId;

use crate::promises::{self, Claims, is_learned};
use crate::waits;

/// Runs one replication and checks all that must hold of it.
pub(crate) fn check(scenario: &Scenario, simulator: &mut Simulator<'_>, replication: u64) -> (Log, Metrics) {
    let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
    let ending = simulator.run(&*scenario.architecture, replication, &mut (&mut stats, &mut log));
    let metrics = stats.metrics();
    let world = format!("{}, replication {replication}", scenario.name);
    assert_eq!(metrics.ending, ending, "{world}");
    time_goes_forward(scenario, &log, &world);
    agents_do_one_thing_at_a_time(&log, &metrics, &world);
    tasks_are_done_once(scenario, &log, &metrics, &world);
    the_budget_balances(&log, &metrics, &world);
    waits::check(&log, &metrics, &world);
    the_figures_are_those_of_the_log(scenario, &log, &metrics, &world);
    the_ending_has_a_reason(scenario, &log, &metrics, &world);
    promises::check(scenario, &log, &metrics, replication, &world);
    (log, metrics)
}

pub(crate) fn task_events(log: &Log) -> impl Iterator<Item = &TaskEvent> {
    log.entries.iter().filter_map(|entry| if let Entry::Task(event) = entry { Some(event) } else { None })
}

pub(crate) fn count(log: &Log, is: impl Fn(TaskEventKind) -> bool) -> usize {
    task_events(log).filter(|event| is(event.kind)).count()
}

fn at(entry: &Entry) -> Option<Time> {
    Some(match entry {
        Entry::Start(start) => start.at,
        Entry::Task(event) => event.at,
        Entry::Write(write) => write.at,
        Entry::Message(message) => message.at,
        Entry::Test(test) => test.end,
        // Booked when they end, or when their step does.
        Entry::Wait(_) | Entry::Service(_) | Entry::Input(..) => return None,
        Entry::Step(step) => step.end,
        Entry::Round(round) => round.end,
        Entry::End(_, at) => *at,
    })
}

fn time_goes_forward(scenario: &Scenario, log: &Log, world: &str) {
    // A reply that is served while its agent goes on is booked when the service has ended.
    let may_be_parked = scenario.resources.iter().any(|resource| resource.blocks == Blocks::Nobody);
    let is_parked = |entry: &Entry| may_be_parked && matches!(entry, Entry::Step(_));
    let timed: Vec<&Entry> = log.entries.iter().filter(|entry| at(entry).is_some() && !is_parked(entry)).collect();
    for pair in timed.windows(2) {
        assert!(at(pair[0]) <= at(pair[1]), "{world}: {:?} before {:?}", pair[0], pair[1]);
    }
    let ends = log.entries.iter().filter(|entry| matches!(entry, Entry::End(..))).count();
    assert!(ends == 1 && matches!(log.entries.last(), Some(Entry::End(..))), "{world}: one end, at the end");
}

fn agents_do_one_thing_at_a_time(log: &Log, metrics: &Metrics, world: &str) {
    // By agent: steps that have begun. A parked one ends, for its agent, before the next one begins.
    let mut begun: Vec<Vec<Start>> = vec![Vec::new(); log.agents()];
    let mut until = vec![Time::ZERO; log.agents()];
    for entry in &log.entries {
        match entry {
            Entry::Start(start) => begun[start.agent.index()].push(*start),
            Entry::Step(step) => {
                let begun = &mut begun[step.agent.index()];
                let is_it = |start: &Start| (start.at, start.kind, start.task) == (step.start, step.kind, step.task);
                let index = begun.iter().position(is_it).unwrap_or_else(|| panic!("{world}: {step:?} never began"));
                begun.remove(index);
                if let Some(next) = begun.get(index) {
                    assert!(next.at >= step.end, "{world}: {next:?} during {step:?}");
                }
                assert_eq!(step.task.is_some(), step.kind == StepKind::Work, "{world}: {step:?}");
                assert_eq!(step.spent.total() + step.waited + step.service, step.end - step.start, "{world}: {step:?}");
                assert!(step.cached_tokens <= step.input_tokens, "{world}: {step:?}");
                until[step.agent.index()] += step.spent.total() + step.service;
            }
            Entry::Wait(wait) => {
                assert!(wait.start < wait.end, "{world}: {wait:?}");
                until[wait.agent.index()] += wait.end - wait.start;
            }
            _ => {}
        }
    }
    assert!(begun.iter().all(Vec::is_empty), "{world}: in flight after the end: {begun:?}");
    let whole = metrics.makespan;
    assert!(until.iter().all(|&sum| sum == whole), "{world}: steps and waits {until:?} do not make up {whole}");
    assert_eq!(log.steps().filter(|step| !step.is_cut).count(), metrics.llm_calls as usize, "{world}");
}

/// Whether every task that is done must have been preceded by all that it needs.
fn keeps_order(scenario: &Scenario) -> bool {
    let mut profiles = scenario.team.iter().map(|agent| &agent.profile);
    let from_the_pool = ["solo", "self_claim"].contains(&scenario.architecture_name.as_str());
    match scenario.dependency_check {
        DependencyCheck::Complete => true,
        // Within a call an agent may finish what it owns in any order; and what was done may be undone.
        DependencyCheck::Claim => profiles.all(|profile| {
            let one_a_call =
                matches!(profile.batching.tasks, BatchSize::Fixed(0 | 1)) && profile.learned_policy.is_none();
            profile.fallibility.premature_completion == 0.0 && (from_the_pool || one_a_call)
        }),
        DependencyCheck::None => false,
    }
}

fn tasks_are_done_once(scenario: &Scenario, log: &Log, metrics: &Metrics, world: &str) {
    let tasks = scenario.graph.tasks();
    let keeps_order = keeps_order(scenario);
    let mut done = vec![false; tasks.len()];
    let mut holder: Vec<Option<AgentId>> = vec![None; tasks.len()];
    let mut claims = Claims::new(log.agents());
    for entry in &log.entries {
        let event = match entry {
            Entry::Task(event) => event,
            Entry::Start(start) => {
                claims.start(start);
                continue;
            }
            Entry::Step(step) => {
                // Whatever comes of it, a claim lasts no longer than the step that made it. A learned policy keeps its own.
                let claimed = claims.end(step).into_iter().filter(|_| !is_learned(scenario, step.agent));
                claimed.for_each(|task| holder[task.index()] = holder[task.index()].filter(|&by| by != step.agent));
                continue;
            }
            _ => continue,
        };
        let task = &tasks[event.task.index()];
        let agent = &scenario.team[event.agent.index()];
        let (is_done, holder) = (done[event.task.index()], &mut holder[event.task.index()]);
        match event.kind {
            TaskEventKind::Claimed => {
                assert!(!is_done && holder.is_none_or(|holder| holder == event.agent), "{world}: {event:?}");
                assert!(event.at >= task.release, "{world}: {event:?} before its release");
                let skill = task.skill.map(|skill| scenario.graph.skills()[skill as usize].as_str());
                assert!(agent.has_skill(skill), "{world}: {event:?} without the skill");
                *holder = Some(event.agent);
                claims.claim(event.agent, event.task);
            }
            TaskEventKind::Completed { .. } => {
                assert!(!is_done, "{world}: {event:?} is done already");
                assert_eq!(*holder, Some(event.agent), "{world}: {event:?} without a claim");
                let needs = |on: &TaskId| done[on.index()];
                assert!(!keeps_order || task.depends_on.iter().all(needs), "{world}: {event:?} before what it needs");
                *holder = None;
                done[event.task.index()] = true;
            }
            TaskEventKind::Reopened { .. } => {
                assert!(is_done, "{world}: {event:?} was never done");
                done[event.task.index()] = false;
            }
            TaskEventKind::Rejected | TaskEventKind::Conflicted | TaskEventKind::Orphaned => {
                assert!(!is_done && *holder == Some(event.agent), "{world}: {event:?}");
                *holder = None;
            }
            TaskEventKind::Overwritten { .. } | TaskEventKind::Restored { .. } => {
                assert!(is_done, "{world}: {event:?} was never done");
            }
            TaskEventKind::Assigned => assert!(!is_done && holder.is_none(), "{world}: {event:?}"),
            TaskEventKind::ConflictMissed | TaskEventKind::Reclaimed => assert!(!is_done, "{world}: {event:?}"),
            // Its claim was granted, and then it could not be finished.
            TaskEventKind::BlockedClaim if *holder == Some(event.agent) => *holder = None,
            TaskEventKind::LostClaim | TaskEventKind::BlockedClaim => {}
        }
    }
    let all_done = done.iter().all(|&done| done);
    // A run may be cut off while the audit waits for steps in flight.
    let is_done = if all_done { metrics.ending != Ending::Stalled } else { metrics.ending != Ending::Completed };
    assert!(is_done, "{world}: {:?} with {done:?}", metrics.ending);
    assert!((0.0..=1.0).contains(&metrics.quality), "{world}: quality {}", metrics.quality);
}

fn the_budget_balances(log: &Log, metrics: &Metrics, world: &str) {
    let team_time = metrics.makespan.as_us() * u64::from(metrics.agents);
    let budget = metrics.budget;
    assert_eq!(budget.total().as_us(), team_time, "{world}: {budget:?}");
    assert_eq!(budget.waiting_by_cause.total(), budget.waiting, "{world}: {budget:?}");
    assert_eq!(budget.service, log.steps().map(|step| step.service).sum(), "{world}: service");
    let sum = |part: fn(&Step) -> Time| log.steps().map(part).sum::<Time>();
    let reopened: Time = task_events(log)
        .map(|event| if let TaskEventKind::Reopened { spent, .. } = event.kind { spent } else { Time::ZERO })
        .sum();
    assert_eq!(budget.work + reopened, sum(|step| step.spent.work), "{world}: work");
    assert_eq!(budget.rework, sum(|step| step.spent.rework) + reopened, "{world}: rework");
    assert_eq!(budget.lost, sum(|step| step.spent.lost), "{world}: lost");
    assert_eq!(budget.coordination, sum(|step| step.spent.coordination), "{world}: coordination");
    // Waiting as an agent sees it: the gaps between its steps, and the queues within them.
    let busy = sum(|step| (step.end - step.start) - step.waited);
    assert_eq!(budget.waiting.as_us(), team_time - busy.as_us(), "{world}: waiting");
}

fn the_figures_are_those_of_the_log(scenario: &Scenario, log: &Log, metrics: &Metrics, world: &str) {
    let mut replayed = Stats::new(scenario.prices);
    log.replay(&mut replayed);
    assert_eq!(replayed.metrics(), *metrics, "{world}: replayed");
    assert_eq!(replayed.metrics().digest(), metrics.digest(), "{world}");
    let lands = |kind| {
        use TaskEventKind::{Completed, Conflicted, Orphaned, Rejected};
        matches!(kind, Completed { .. } | Rejected | Conflicted | Orphaned)
    };
    assert_eq!(metrics.attempts as usize, count(log, lands), "{world}");
    assert_eq!(metrics.lost_claims as usize, count(log, |kind| kind == TaskEventKind::LostClaim), "{world}");
    assert_eq!(metrics.temporal_violations as usize, count(log, |kind| kind == TaskEventKind::BlockedClaim), "{world}");
}

fn the_ending_has_a_reason(scenario: &Scenario, log: &Log, metrics: &Metrics, world: &str) {
    let limits = &scenario.limits;
    match metrics.ending {
        Ending::Completed => {}
        Ending::OutOfTime => assert!(
            metrics.makespan >= limits.time
                || metrics.rounds >= limits.rounds
                // Steps in flight have spent tokens that are not counted.
                || limits.tokens < u64::MAX
                || u64::from(metrics.llm_calls) >= limits.calls,
            "{world}: given up without a reason: {metrics:?}"
        ),
        Ending::Stalled => {
            let by_skill = promises::lacks_a_skill(scenario, metrics.agents as usize);
            let forgotten = count(log, |kind| kind == TaskEventKind::Orphaned);
            let found = count(log, |kind| kind == TaskEventKind::Reclaimed);
            assert!(by_skill || forgotten > found, "{world}: stalled without a reason: {metrics:?}");
        }
    }
}
