//! Entries that a recorded step emits at its start and at its commit.

use serde_json::Value;

use crate::engine::Time;
use crate::record::{
    self, Message, Observer, Start, StepKind, TaskEvent, TaskEventKind, TestRun, TimeSplit, Wait, WaitCause, Write,
};
use crate::team::AgentId;
use crate::trace::model::{Class, Operation, TaskNote, TaskNoteKind, Trace, TraceStep};
use crate::trace::run_times;
use crate::workload::{ArtifactId, TaskId};

/// Times of a step in the replay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Landing {
    pub(super) start: Time,
    /// Arrival of the answer.
    pub(super) arrived: Time,
    /// Start of processing: later than the arrival if tests block all agents.
    pub(super) taken_up: Time,
    /// Commit of all effects.
    pub(super) end: Time,
}

pub(super) fn start<O: Observer>(trace: &Trace, step: &TraceStep, at: Time, observer: &mut O) {
    for wait in waits(trace, step).filter(|wait| wait.end <= step.start) {
        observer.wait(&wait);
    }
    observer.start(&Start { agent: step.agent, kind: kind(trace, step), task: step.task, at });
}

/// Emits the effects of a step: writes, task events, tests, messages, and its end. `own` is the self time of the step.
pub(super) fn land<O: Observer>(trace: &Trace, step: &TraceStep, landing: Landing, own: Time, observer: &mut O) {
    let agent = step.agent;
    for file in step.writes.iter().filter(|file| file.ok != Some(false)) {
        let artifact = ArtifactId::at(file.path.index());
        observer.write(&Write { artifact, agent, start: landing.start, at: landing.end, round: step.round });
    }
    for note in &step.events {
        let agent = note.agent.unwrap_or(agent);
        let task = note.task.unwrap_or(TaskId::MAX);
        observer.task(&TaskEvent { task, agent, at: landing.end, kind: event(note) });
    }
    for test in &step.more().tests {
        // After the answer, or within a simulated step, which ends with its tests.
        let start = landing.taken_up + test.start - step.end;
        // Exit codes of pytest: 1, 2 and 3 are failures and interruptions; 4 and 5 mean that no test ran.
        let has_failed = (1..=3).contains(&test.returncode);
        observer.test(&TestRun { agent, start, end: start + (test.end - test.start), has_failed });
    }
    for to in sent_to(trace, step) {
        let deliveries = if to.is_some() { 1 } else { trace.header.agents.len().saturating_sub(1) as u32 };
        observer.message(&Message { from: agent, to, deliveries, at: landing.end });
    }
    let micros = |key: &str| step.more().extra.get(key).and_then(Value::as_u64).map(Time::from_us);
    let own_wait = micros("x.wait_us").unwrap_or(Time::ZERO);
    let service = micros(run_times::SERVICE_US).unwrap_or(Time::ZERO);
    times(trace, step, landing, own_wait, observer);
    if let Some(parts) = run_times::input_parts(&step.more().extra, step.usage.cache_write) {
        observer.input(agent, &parts);
    }
    let tasks = step.more().extra.get("x.tasks").and_then(Value::as_u64);
    observer.step(&record::Step {
        agent,
        kind: kind(trace, step),
        task: step.task,
        tasks: tasks.map_or_else(|| u32::from(step.task.is_some()), |tasks| tasks as u32),
        round: step.round,
        start: landing.start,
        end: landing.end,
        latency: micros("x.latency_us").unwrap_or(step.end - step.start - own_wait - service),
        waited: own_wait + (landing.taken_up - landing.arrived),
        service,
        spent: spent(step, own - own_wait - service),
        input_tokens: step.usage.input.unwrap_or(0),
        cached_tokens: step.usage.cache_read.unwrap_or(0).min(step.usage.input.unwrap_or(0)),
        output_tokens: step.usage.output.unwrap_or(0),
        is_cut: step.is_cut(),
    });
}

/// Emits the waits and services of a step as recorded. A recording without causes has waited in a queue: for the tests of
/// others, or for as long as it says.
fn times<O: Observer>(trace: &Trace, step: &TraceStep, landing: Landing, own_wait: Time, observer: &mut O) {
    for wait in waits(trace, step).filter(|wait| wait.end > step.start) {
        observer.wait(&wait);
    }
    let services = step.more().extra.get(run_times::SERVICES);
    let services = services.and_then(|list| run_times::services(list, &|_| Some(step.agent), &trace.resources()));
    for service in services.into_iter().flatten() {
        observer.service(&service);
    }
    if trace.has_waits() {
        return;
    }
    let queue = WaitCause::Queue(0);
    for (start, end) in [(landing.arrived - own_wait, landing.arrived), (landing.arrived, landing.taken_up)] {
        if end > start {
            observer.wait(&Wait { agent: step.agent, cause: queue, start, end });
        }
    }
}

/// Returns the recorded waits of the agent of a step since its last one.
fn waits(trace: &Trace, step: &TraceStep) -> impl Iterator<Item = Wait> {
    let waits = step.more().extra.get(run_times::WAITS);
    let waits = waits.and_then(|list| run_times::waits(list, &|_| Some(step.agent), &trace.resources()));
    waits.into_iter().flatten()
}

/// Emits the waits and services after the last steps of the agents.
pub(super) fn last_times<O: Observer>(trace: &Trace, observer: &mut O) {
    let names: Vec<&str> = trace.header.agents.iter().map(|agent| agent.name.as_str()).collect();
    let agent = |value: &Value| run_times::named_agent(value, &names);
    let (extra, resources) = (&trace.header.extra, trace.resources());
    let waits = extra.get(run_times::WAITS).and_then(|list| run_times::waits(list, &agent, &resources));
    waits.into_iter().flatten().for_each(|wait| observer.wait(&wait));
    let services = extra.get(run_times::SERVICES).and_then(|list| run_times::services(list, &agent, &resources));
    services.into_iter().flatten().for_each(|service| observer.service(&service));
}

/// Returns the recipients of the messages of a step; none is a broadcast.
fn sent_to(trace: &Trace, step: &TraceStep) -> Vec<Option<AgentId>> {
    let Some(list) = step.more().extra.get("x.sent_to").and_then(Value::as_array) else { return Vec::new() };
    let number = |name: &Value| {
        let index = trace.header.agents.iter().position(|agent| Some(agent.name.as_str()) == name.as_str());
        index.map(AgentId::at)
    };
    list.iter().map(number).collect()
}

fn kind(trace: &Trace, step: &TraceStep) -> StepKind {
    match step.operation {
        Operation::Chat | Operation::Plan if step.class == Some(Class::Coordinate) => {
            let hands_out = step.events.iter().any(|note| note.event == TaskNoteKind::Assign);
            if hands_out { StepKind::Assign } else { StepKind::Monitor }
        }
        Operation::Chat | Operation::Plan => StepKind::Work,
        operation if operation.is_wait() || operation.is_container() => StepKind::Wait,
        Operation::Other(name) if trace.name(name).is_empty() => StepKind::Wait,
        _ => StepKind::Tool,
    }
}

/// Splits the self time of a step into categories: as recorded, or by the class of the step.
pub(crate) fn spent(step: &TraceStep, own: Time) -> TimeSplit {
    if let Some(parts) = step.more().extra.get("x.spent_us").filter(|parts| parts.is_object()) {
        let part = |name: &str| Time::from_us(parts.get(name).and_then(Value::as_u64).unwrap_or(0));
        return TimeSplit {
            work: part("work"),
            coordination: part("coordination"),
            lost: part("lost"),
            rework: part("rework"),
        };
    }
    let nothing = TimeSplit::default();
    match step.class {
        None | Some(Class::Work | Class::Verify) => TimeSplit { work: own, ..nothing },
        Some(Class::Coordinate) => TimeSplit { coordination: own, ..nothing },
        Some(Class::Rework) => TimeSplit { rework: own, ..nothing },
        Some(Class::Wait) => TimeSplit { lost: own, ..nothing },
    }
}

fn event(note: &TaskNote) -> TaskEventKind {
    let reason = note.extra.get("x.reason").and_then(Value::as_str);
    let right = note.extra.get("x.right").and_then(Value::as_bool).unwrap_or(true);
    match (note.event, reason) {
        (TaskNoteKind::Claim, _) => TaskEventKind::Claimed,
        (TaskNoteKind::Lost, _) => TaskEventKind::LostClaim,
        (TaskNoteKind::Blocked, _) => TaskEventKind::BlockedClaim,
        (TaskNoteKind::Complete, Some("restored")) => TaskEventKind::Restored { right },
        (TaskNoteKind::Complete, _) => TaskEventKind::Completed { right },
        (TaskNoteKind::Fail, Some("conflict")) => TaskEventKind::Conflicted,
        (TaskNoteKind::Fail, Some("conflict missed")) => TaskEventKind::ConflictMissed,
        (TaskNoteKind::Fail, Some("overwritten")) => {
            let noticed = note.extra.get("x.noticed").and_then(Value::as_bool).unwrap_or(false);
            TaskEventKind::Overwritten { right, noticed }
        }
        (TaskNoteKind::Fail, Some("forgotten")) => TaskEventKind::Orphaned,
        (TaskNoteKind::Fail, _) => TaskEventKind::Rejected,
        (TaskNoteKind::Assign, _) => TaskEventKind::Assigned,
        (TaskNoteKind::Reopen, Some("lease ran out")) => TaskEventKind::Reclaimed,
        (TaskNoteKind::Reopen, _) => {
            let spent = note.extra.get("x.spent_us").and_then(Value::as_u64).unwrap_or(0);
            TaskEventKind::Reopened { spent: Time::from_us(spent), right }
        }
    }
}
