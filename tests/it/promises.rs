//! Promises of the mechanisms in every world: consistency, claims, resources, progress. Read off the entries of a run.

use brooks::engine::Time;
use brooks::record::{Ending, Entry, Log, Metrics, Service, Start, Step, TaskEventKind, WaitCause, Write};
use brooks::simulation::{Limits, Pacing, Scenario, Simulator};
use brooks::team::{AgentId, Consistency, Fallibility, LockHeld};
use brooks::workload::TaskId;

use crate::invariants::{count, task_events};

pub(crate) fn check(scenario: &Scenario, log: &Log, metrics: &Metrics, replication: u64, world: &str) {
    nothing_is_overwritten(scenario, log, world);
    locks_are_held_by_one(scenario, log, world);
    lost_claims_have_a_reason(scenario, log, world);
    tests_fail_for_a_reason(log, world);
    resources_keep_their_capacity(scenario, log, world);
    waits_have_their_causes(scenario, log, world);
    work_shrinks(scenario, log, world);
    there_is_progress(scenario, metrics, replication, world);
}

/// Claims by the steps that made them. The claim of an ordinary agent ends with its step; a learned policy keeps its claims.
#[derive(Default)]
pub(crate) struct Claims {
    /// By agent: steps under way, each with the tasks that it claimed at its decision. A parked one is among them.
    begun: Vec<Vec<(Start, Vec<TaskId>)>>,
    /// By agent: claims of the step that begins or ends now.
    fresh: Vec<Vec<TaskId>>,
}

impl Claims {
    pub(crate) fn new(agents: usize) -> Claims {
        Claims { begun: vec![Vec::new(); agents], fresh: vec![Vec::new(); agents] }
    }

    pub(crate) fn claim(&mut self, agent: AgentId, task: TaskId) {
        self.fresh[agent.index()].push(task);
    }

    pub(crate) fn start(&mut self, start: &Start) {
        let fresh = std::mem::take(&mut self.fresh[start.agent.index()]);
        self.begun[start.agent.index()].push((*start, fresh));
    }

    /// Ends a step; returns the tasks that it had claimed.
    pub(crate) fn end(&mut self, step: &Step) -> Vec<TaskId> {
        let begun = &mut self.begun[step.agent.index()];
        let is_it = |(start, _): &(Start, Vec<TaskId>)| {
            (start.at, start.kind, start.task) == (step.start, step.kind, step.task)
        };
        let (_, mut claimed) = begun.remove(begun.iter().position(is_it).expect("it has begun"));
        claimed.append(&mut self.fresh[step.agent.index()]);
        claimed
    }
}

/// Returns true if agents of the world keep their claims from call to call.
pub(crate) fn is_learned(scenario: &Scenario, agent: AgentId) -> bool {
    let is_lead = scenario.architecture.spec().has_lead && scenario.team.len() > 1 && agent.index() == 0;
    !is_lead && scenario.team[agent.index()].profile.learned_policy.is_some()
}

fn nothing_is_overwritten(scenario: &Scenario, log: &Log, world: &str) {
    if scenario.consistency != Consistency::LastWriterWins {
        let lost = task_events(log)
            .find(|event| matches!(event.kind, TaskEventKind::Overwritten { .. } | TaskEventKind::Restored { .. }));
        assert!(lost.is_none(), "{world}: {lost:?} under {:?}", scenario.consistency);
    }
}

/// Each test that finds something at a commit belongs to a rejected attempt, to work whose loss was noticed, or to a reply
/// that got nothing for its claim.
fn tests_fail_for_a_reason(log: &Log, world: &str) {
    let is_failed = |entry: &&Entry| matches!(entry, Entry::Test(test) if test.has_failed && test.start == test.end);
    let failed = log.entries.iter().filter(is_failed).count();
    let reasons = count(log, |kind| {
        matches!(
            kind,
            TaskEventKind::Rejected
                | TaskEventKind::Conflicted
                | TaskEventKind::Overwritten { noticed: true, .. }
                | TaskEventKind::LostClaim
                | TaskEventKind::BlockedClaim
        )
    });
    assert!(failed <= reasons, "{world}: {failed} failed tests for {reasons} reasons");
}

/// Steps that hold the lock of one artifact for their calls do not overlap.
fn locks_are_held_by_one(scenario: &Scenario, log: &Log, world: &str) {
    let Consistency::Lock(rules) = scenario.consistency else { return };
    if rules.held != LockHeld::Call {
        return;
    }
    let artifacts = scenario.graph.artifacts().len();
    let mut held: Vec<Option<Write>> = vec![None; artifacts];
    let writes =
        log.entries.iter().filter_map(|entry| if let Entry::Write(write) = entry { Some(write) } else { None });
    for write in writes.filter(|write| write.artifact.index() < artifacts) {
        if let Some(before) = held[write.artifact.index()].replace(*write) {
            let is_same = (before.agent, before.start) == (write.agent, write.start);
            assert!(is_same || before.at <= write.start, "{world}: {before:?} and {write:?} hold one lock");
        }
    }
}

/// A claim is lost only if the task was taken, completed or taken back since the decision. A rejected attempt is no reason.
fn lost_claims_have_a_reason(scenario: &Scenario, log: &Log, world: &str) {
    let tasks = scenario.graph.len();
    let mut taken: Vec<Option<AgentId>> = vec![None; tasks];
    let mut is_forgotten = vec![false; tasks];
    let mut changed = vec![0; tasks];
    let mut lost: Vec<(usize, TaskId, AgentId)> = Vec::new();
    let mut started: Vec<(usize, Start)> = Vec::new();
    for (index, entry) in log.entries.iter().enumerate() {
        match entry {
            Entry::Start(start) => started.push((index, *start)),
            Entry::Task(event) => {
                let task = event.task.index();
                match event.kind {
                    TaskEventKind::LostClaim
                        if !is_forgotten[task] && taken[task].is_none_or(|agent| agent == event.agent) =>
                    {
                        lost.push((changed[task], event.task, event.agent));
                    }
                    TaskEventKind::Claimed | TaskEventKind::Assigned => taken[task] = Some(event.agent),
                    TaskEventKind::Orphaned => is_forgotten[task] = true,
                    TaskEventKind::Completed { .. } | TaskEventKind::Reopened { .. } | TaskEventKind::Reclaimed => {
                        (taken[task], is_forgotten[task]) = (None, false);
                        changed[task] = index;
                    }
                    TaskEventKind::Rejected | TaskEventKind::Conflicted | TaskEventKind::BlockedClaim => {
                        taken[task] = None;
                    }
                    _ => {}
                }
            }
            Entry::Step(step) => {
                let is_it = |(_, start): &(usize, Start)| (start.agent, start.at) == (step.agent, step.start);
                let (since, _) = started.remove(started.iter().rposition(is_it).expect("it has begun"));
                for (changed, task, agent) in lost.drain(..).filter(|(.., agent)| *agent == step.agent) {
                    assert!(changed > since, "{world}: {agent:?} loses {task:?} for no reason: {step:?}");
                }
            }
            _ => {}
        }
    }
}

/// A resource serves no more at a time than its capacity.
fn resources_keep_their_capacity(scenario: &Scenario, log: &Log, world: &str) {
    for (index, resource) in scenario.resources.iter().enumerate() {
        let services = log.entries.iter().filter_map(|entry| match entry {
            Entry::Service(service) if service.resource as usize == index => Some(service),
            _ => None,
        });
        let ends = |service: &Service| [(service.start, 1), (service.end, -1)];
        let mut changes: Vec<(Time, i64)> =
            services.filter(|service| service.end > service.start).flat_map(ends).collect();
        changes.sort_unstable();
        let mut users = 0;
        for (at, change) in changes {
            users += change;
            assert!(users <= i64::from(resource.capacity), "{world}: {users} users of {} at {at}", resource.name);
        }
    }
}

/// No agent waits for what its world does not have.
fn waits_have_their_causes(scenario: &Scenario, log: &Log, world: &str) {
    let agents = log.agents();
    let has_lead = scenario.architecture.spec().has_lead && agents > 1;
    let may_crash = scenario.team[..agents].iter().any(|agent| agent.profile.fallibility.crash_rate > 0.0);
    let waits = log.entries.iter().filter_map(|entry| if let Entry::Wait(wait) = entry { Some(wait) } else { None });
    for wait in waits {
        let is_lead = has_lead && wait.agent.index() == 0;
        let is_possible = match wait.cause {
            WaitCause::Lock => matches!(scenario.consistency, Consistency::Lock(_)),
            WaitCause::Lead => has_lead && !is_lead,
            WaitCause::Barrier => scenario.pacing != Pacing::Async,
            WaitCause::Down => may_crash,
            WaitCause::Messages => is_lead,
            WaitCause::Backoff => false,
            // A learned policy waits for the tests of others, which are no resource of the scenario.
            WaitCause::Queue(index) => (index as usize) < scenario.resources.len() || is_learned(scenario, wait.agent),
            _ => true,
        };
        assert!(is_possible, "{world}: {wait:?}");
    }
}

/// Without errors the open tasks become fewer with every audit: m tasks take at most m (m + 1) / 2 accepted attempts.
fn work_shrinks(scenario: &Scenario, log: &Log, world: &str) {
    let is_right = |fallibility: &Fallibility| {
        fallibility.error_rate == 0.0
            && fallibility.premature_completion == 0.0
            && fallibility.conflict_probability == 0.0
    };
    if scenario.team.iter().all(|agent| is_right(&agent.profile.fallibility)) {
        let accepted = count(log, |kind| matches!(kind, TaskEventKind::Completed { .. }));
        let tasks = scenario.graph.len();
        assert!(accepted <= tasks * (tasks + 1) / 2, "{world}: {accepted} accepted attempts on {tasks} tasks");
    }
}

/// A skill that no worker has.
pub(crate) fn lacks_a_skill(scenario: &Scenario, agents: usize) -> bool {
    let workers = &scenario.team[..agents];
    let has_lead = workers.len() > 1 && scenario.architecture.spec().has_lead;
    scenario.graph.tasks().iter().any(|task| {
        let skill = task.skill.map(|skill| scenario.graph.skills()[skill as usize].as_str());
        !workers.iter().skip(usize::from(has_lead)).any(|agent| agent.has_skill(skill))
    })
}

/// Returns true if something in the world may keep it from ever being done.
fn has_permanent_fault(scenario: &Scenario, agents: usize) -> bool {
    let team = &scenario.team[..agents];
    let never_ends = |fallibility: &Fallibility| {
        let rates = [
            fallibility.error_rate,
            fallibility.premature_completion,
            fallibility.no_progress,
            fallibility.crash_rate,
            fallibility.orphan_rate,
        ];
        rates.contains(&1.0) || fallibility.orphan_rate > 0.0 && fallibility.lease.is_none()
    };
    let is_learned = |index: usize| is_learned(scenario, AgentId::new(index as u32));
    (0..agents).any(|index| is_learned(index) || never_ends(&team[index].profile.fallibility))
        || lacks_a_skill(scenario, agents)
}

/// A world without a permanent fault completes, however often its work is rejected or lost.
fn there_is_progress(scenario: &Scenario, metrics: &Metrics, replication: u64, world: &str) {
    if metrics.ending == Ending::Completed || has_permanent_fault(scenario, metrics.agents as usize) {
        return;
    }
    assert_ne!(metrics.ending, Ending::Stalled, "{world}: stalled without a permanent fault");
    if u64::from(metrics.llm_calls) < scenario.limits.calls {
        return;
    }
    let limits = Limits { calls: 400_000, ..Limits::generous(scenario.graph.len()) };
    let patient = Scenario { limits, ..scenario.clone() };
    let ending = Simulator::new(&patient).run(&*patient.architecture, replication, &mut ());
    assert_eq!(ending, Ending::Completed, "{world}: no progress in {} calls", patient.limits.calls);
}
