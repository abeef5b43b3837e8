//! Key of a state: all that decides the future of a world, exactly. Two states with one key have the same futures.
//!
//! Versions are relative: whether a step in flight has seen the present version of its task. Time, counters, tokens and the
//! causes of waiting stay out, as no decision and no commit depends on them.

use crate::record::StepKind;
use crate::simulation::explorer::world::World;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{AgentState, TaskState};
use crate::team::{AgentId, Status};
use crate::workload::{ArtifactId, TaskId};

/// Exact key of a state.
pub(super) type StateKey = Box<[u64]>;

/// Returns the key of the present state of a world.
pub(super) fn key_of_state(world: &World<'_>) -> StateKey {
    let simulator = &world.simulator;
    let board = &simulator.team.board;
    let flags = u64::from(world.simulator.is_draining) | u64::from(world.is_completed) << 1;
    let signals = &simulator.wait_sets;
    let signals = u64::from(signals.ready_signalled) << 2 | u64::from(signals.change_signalled) << 3;
    let faults = &simulator.faults;
    let mut key = vec![
        flags | signals | u64::from(world.wrong_left) << 32,
        u64::from(faults.losses) << 32 | u64::from(faults.premature),
        board.ready().word(0),
        board.startable().word(0),
    ];
    key.extend(simulator.wait_sets.key());
    key.extend(TaskId::all(board.len()).map(|task| task_word(simulator, task)));
    for artifact in ArtifactId::all(simulator.scenario.graph.artifacts().len()) {
        if !simulator.contents.is_empty() {
            key.extend(simulator.contents.of(artifact));
        }
        key.extend(simulator.locks.holders.get(artifact.index()).map(|&holder| u64::from(holder)));
    }
    key.push(simulator.locks.queue.len() as u64);
    key.extend(simulator.locks.queue.iter().map(|&(agent, ..)| u64::from(agent)));
    for agent in AgentId::all(simulator.agents.len()) {
        push_agent(&mut key, world, agent);
    }
    key.into_boxed_slice()
}

/// Status, owner and faults of a task in one word.
fn task_word(simulator: &Simulator<'_>, task: TaskId) -> u64 {
    let board = &simulator.team.board;
    let (status, holder) = match board.status(task) {
        Status::Pending => (0, AgentId::new(0)),
        Status::Assigned(agent) => (1, agent),
        Status::Claimed(agent) => (2, agent),
        Status::Orphaned(agent) => (3, agent),
        Status::Done => (4, AgentId::new(0)),
    };
    let owner = AgentId::all(simulator.agents.len()).find(|&agent| board.is_owned(task, agent));
    let number = |agent: Option<AgentId>| agent.map_or(0, |agent| u64::from(agent) + 1);
    let TaskState { is_right, is_premature, is_loss_noticed, missing, .. } = simulator.tasks[task];
    // Of a task that is not done, the output is not looked at, and a run does not reset it.
    let is_right = is_right && board.status(task) == Status::Done;
    let flags = u64::from(is_right) | u64::from(is_premature) << 1 | u64::from(is_loss_noticed) << 2;
    status
        | u64::from(holder) << 4
        | number(owner) << 8
        | number(board.rejected(task)) << 16
        | flags << 24
        | u64::from(missing) << 32
}

/// Messages and the step in flight of an agent.
fn push_agent(key: &mut Vec<u64>, world: &World<'_>, agent: AgentId) {
    let simulator = &world.simulator;
    let AgentState { is_busy, flight, .. } = &simulator.agents[agent];
    let unread = u64::from(simulator.team.mail.unread(agent));
    if !is_busy {
        key.push(unread << 32);
        return;
    }
    let kind = match flight.step.kind {
        StepKind::Work => 1,
        StepKind::Assign => 2,
        StepKind::Monitor => 3,
        StepKind::Idle | StepKind::Tool | StepKind::Wait => 4,
    };
    let has_write_ahead = u64::from(flight.step.write.is_some());
    key.push(unread << 32 | (flight.tasks.len() as u64) << 8 | has_write_ahead << 4 | kind);
    for planned in &flight.tasks {
        let is_current = simulator.team.board.version(planned.task) == planned.seen;
        let is_settled = world.settled[agent.index()] >> planned.task.get() & 1;
        key.push(u64::from(planned.task) << 2 | is_settled << 1 | u64::from(is_current));
    }
    match flight.step.kind {
        // As long as the artifacts of the tasks, or empty if contents are not tracked.
        StepKind::Work => key.extend(&flight.read),
        StepKind::Assign => {
            key.push(flight.assignments.len() as u64);
            key.extend(flight.assignments.iter().map(|&(task, to)| u64::from(task) << 32 | u64::from(to)));
        }
        StepKind::Monitor | StepKind::Idle | StepKind::Tool | StepKind::Wait => {}
    }
}
