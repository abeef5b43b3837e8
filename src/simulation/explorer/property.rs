//! Properties of small worlds: faults that no order of commits may show, and situations that some order should reach.

use crate::engine::Time;
use crate::record::{StepKind, TaskEventKind, WaitCause};
use crate::simulation::explorer::world::{Choice, Transition, World};
use crate::simulation::features::Feature;
use crate::team::{AgentId, Consistency, Status};
use crate::workload::TaskId;

/// Fault of coordination that the explorer looks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Property {
    /// No step is in flight, and tasks are left.
    Deadlock,
    /// No order of commits leads to the end any more.
    Livelock,
    /// Some order of commits never ends: the same state comes back.
    Endless,
    /// An attempt is accepted on a task that is done, or a task is done without an accepted attempt.
    RepeatedAcceptance,
    /// The run is completed, and an artifact lacks the update of a task that is done.
    LostUpdate,
    /// A task counts the artifacts that lack its update wrongly.
    MiscountedLoss,
    /// An attempt is accepted although an artifact that it reads or writes has changed since its decision.
    StaleAcceptance,
    /// An accepted attempt removes the update of another task.
    Overwrite,
    /// A right reply is discarded although no other step has settled its task.
    DiscardedReply,
}

impl Property {
    /// Name of the fault.
    pub fn name(self) -> &'static str {
        match self {
            Property::Deadlock => "deadlock",
            Property::Livelock => "livelock",
            Property::Endless => "endless order",
            Property::RepeatedAcceptance => "repeated acceptance",
            Property::LostUpdate => "lost update",
            Property::MiscountedLoss => "miscounted loss",
            Property::StaleAcceptance => "stale acceptance",
            Property::Overwrite => "overwrite",
            Property::DiscardedReply => "discarded reply",
        }
    }

    /// Returns the faults that a consistency policy excludes: always the first ones; under `optimistic` and `lock`, that
    /// nothing is overwritten; under `optimistic`, that nothing stale is accepted.
    pub fn excluded_by(consistency: Consistency) -> Vec<Property> {
        let mut excluded = vec![
            Property::Deadlock,
            Property::Livelock,
            Property::Endless,
            Property::RepeatedAcceptance,
            Property::LostUpdate,
            Property::MiscountedLoss,
            Property::DiscardedReply,
        ];
        match consistency {
            Consistency::LastWriterWins => {}
            Consistency::Lock(_) => excluded.push(Property::Overwrite),
            Consistency::Optimistic => excluded.extend([Property::Overwrite, Property::StaleAcceptance]),
        }
        excluded
    }
}

/// Situation that an exploration has reached: evidence that its properties were put to the test.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Situation {
    /// Two agents have a step in flight on one task.
    SharedTask,
    /// A claim is lost.
    LostClaim,
    /// A claim is blocked by an open dependency.
    BlockedClaim,
    /// A wrong reply is rejected.
    Rejection,
    /// A stale attempt is rejected.
    Conflict,
    /// Work is overwritten.
    Overwrite,
    /// Overwritten work is back.
    Restoration,
    /// A task reopens at the audit.
    Reopening,
    /// The audit waits for steps in flight.
    Draining,
    /// A step waits for a lock, or an agent for the lock of its next task.
    LockWait,
}

/// Returns the faults of a commit, with the tasks that they concern.
pub(super) fn faults_of_commit(world: &World<'_>, choice: Choice, transition: &Transition) -> Vec<(Property, TaskId)> {
    let mut faults = Vec::new();
    let mut is_done: Vec<bool> = transition.before.iter().map(|&status| status == Status::Done).collect();
    for event in &transition.events {
        let task = event.task;
        let is_own = event.agent == choice.agent;
        match event.kind {
            TaskEventKind::Completed { .. } => {
                if std::mem::replace(&mut is_done[task.index()], true) {
                    faults.push((Property::RepeatedAcceptance, task));
                }
                if transition.stale.contains(&task) {
                    faults.push((Property::StaleAcceptance, task));
                }
            }
            TaskEventKind::Reopened { .. } => is_done[task.index()] = false,
            TaskEventKind::Overwritten { .. } => faults.push((Property::Overwrite, task)),
            TaskEventKind::LostClaim if is_own && !choice.is_wrong && is_open_to(transition, task, choice.agent) => {
                faults.push((Property::DiscardedReply, task));
            }
            TaskEventKind::Rejected if is_own && !choice.is_wrong => faults.push((Property::DiscardedReply, task)),
            TaskEventKind::Conflicted if is_own && !choice.is_wrong && !transition.stale.contains(&task) => {
                faults.push((Property::DiscardedReply, task));
            }
            _ => {}
        }
    }
    let board = &world.simulator.team.board;
    let tasks = TaskId::all(board.len());
    let differs = tasks.filter(|&task| is_done[task.index()] != (board.status(task) == Status::Done));
    faults.extend(differs.map(|task| (Property::RepeatedAcceptance, task)));
    faults
}

/// Returns true if a task was open to an agent at its commit: no step has settled it, and no other agent has it.
fn is_open_to(transition: &Transition, task: TaskId, agent: AgentId) -> bool {
    let is_free = match transition.before[task.index()] {
        Status::Pending => true,
        Status::Assigned(owner) | Status::Claimed(owner) => owner == agent,
        Status::Orphaned(_) | Status::Done => false,
    };
    is_free && transition.settled >> task.get() & 1 == 0
}

/// Returns the faults of a state, with the tasks that they concern.
pub(super) fn faults_of_state(world: &World<'_>) -> Vec<(Property, Option<TaskId>)> {
    let simulator = &world.simulator;
    let mut faults = Vec::new();
    if !world.is_completed && simulator.queue.is_empty() {
        faults.push((Property::Deadlock, None));
    }
    if !simulator.features.uses(Feature::SharedFiles) {
        return faults;
    }
    for task in TaskId::all(simulator.tasks.len()) {
        if simulator.team.board.status(task) != Status::Done {
            continue;
        }
        let lacking = lacking_artifacts(world, task);
        if world.is_completed && lacking > 0 {
            faults.push((Property::LostUpdate, Some(task)));
        }
        if lacking != simulator.tasks[task].missing {
            faults.push((Property::MiscountedLoss, Some(task)));
        }
    }
    faults
}

/// Number of artifacts that lack the update of a task.
fn lacking_artifacts(world: &World<'_>, task: TaskId) -> u32 {
    let simulator = &world.simulator;
    let writes = &simulator.scenario.graph[task].writes;
    let lacks = |artifact| {
        let (word, bit) = simulator.contents.position(artifact, task);
        simulator.contents.of(artifact)[word] & bit == 0
    };
    writes.iter().filter(|&&artifact| lacks(artifact)).count() as u32
}

/// Returns the situations that a commit or the state after it shows.
pub(super) fn situations(world: &World<'_>, transition: &Transition) -> Vec<Situation> {
    let simulator = &world.simulator;
    let mut planned: Vec<TaskId> = Vec::new();
    for agent in simulator.agents.iter().filter(|agent| agent.is_busy && agent.flight.step.kind == StepKind::Work) {
        planned.extend(agent.flight.tasks.iter().map(|planned| planned.task));
    }
    planned.sort_unstable();
    let is_for_lock = |wait: &Option<(WaitCause, Time)>| matches!(wait, Some((WaitCause::Lock, _)));
    let waits_for_lock = !simulator.locks.queue.is_empty() || simulator.waits.open.iter().any(is_for_lock);
    let seen = [
        (Situation::SharedTask, planned.windows(2).any(|pair| pair[0] == pair[1])),
        (Situation::LostClaim, transition.has(|kind| *kind == TaskEventKind::LostClaim)),
        (Situation::BlockedClaim, transition.has(|kind| *kind == TaskEventKind::BlockedClaim)),
        (Situation::Rejection, transition.has(|kind| *kind == TaskEventKind::Rejected)),
        (Situation::Conflict, transition.has(|kind| *kind == TaskEventKind::Conflicted)),
        (Situation::Overwrite, transition.has(|kind| matches!(kind, TaskEventKind::Overwritten { .. }))),
        (Situation::Restoration, transition.has(|kind| matches!(kind, TaskEventKind::Restored { .. }))),
        (Situation::Reopening, transition.has(|kind| matches!(kind, TaskEventKind::Reopened { .. }))),
        (Situation::Draining, world.simulator.is_draining),
        (Situation::LockWait, waits_for_lock),
    ];
    seen.into_iter().filter_map(|(situation, is_seen)| is_seen.then_some(situation)).collect()
}
