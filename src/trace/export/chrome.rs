//! The trace-event format of Chrome and Perfetto: a thread for each agent, a bar for each step, a mark for each failure, and
//! a thread for the rounds. One event per line makes traces comparable as text.

use serde_json::{Map, Value, json};

use crate::engine::Time;
use crate::record::{Entry, Log, Round, Service, Step, StepKind, TaskEvent, TaskEventKind, Wait, WaitCause};
use crate::trace::RunFacts;
use crate::trace::run_times::cause_name;

/// Process of all threads.
const TEAM: u32 = 1;
/// Thread of the rounds; agents follow from 1.
const ROUNDS: u32 = 0;

/// Formats a run as JSON for `chrome://tracing` or Perfetto. Equal logs give equal bytes.
pub fn write(trace: &RunFacts, log: &Log) -> String {
    let mut events = threads(trace);
    let mut outcomes: Vec<&'static str> = Vec::new();
    for entry in &log.entries {
        match entry {
            Entry::Task(event) => {
                if let TaskEventKind::Completed { .. } = event.kind {
                    outcomes.push("done");
                } else if let Some(trouble) = trouble(event.kind) {
                    outcomes.push(trouble);
                    events.push(mark(trace, event, trouble));
                }
            }
            Entry::Step(step) => {
                events.push(bar(trace, step, &outcomes));
                outcomes.clear();
            }
            Entry::Round(round) => events.push(round_bar(round)),
            Entry::End(ending, at) => events.push(json!({
                "name": ending.name(), "ph": "i", "s": "p", "ts": at.as_us(), "pid": TEAM, "tid": ROUNDS
            })),
            // Events between two replies are no outcome of the next one.
            Entry::Start(_) => outcomes.clear(),
            Entry::Wait(wait) => events.push(wait_bar(trace, wait)),
            Entry::Service(service) => events.extend(service_bars(trace, service, events.len())),
            Entry::Write(_) | Entry::Message(_) | Entry::Test(_) | Entry::Input(..) => {}
        }
    }
    let mut text = String::from("{\"displayTimeUnit\":\"ms\",\"otherData\":");
    let mut about = Map::new();
    about.insert("producer".to_owned(), concat!("brooks ", env!("CARGO_PKG_VERSION")).into());
    about.insert("architecture".to_owned(), trace.architecture.as_str().into());
    about.extend(trace.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    text.push_str(&Value::from(about).to_string());
    text.push_str(",\"traceEvents\":[\n");
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    text.push_str(&lines.join(",\n"));
    text.push_str("\n]}\n");
    text
}

/// Returns the names and the order of the threads.
fn threads(trace: &RunFacts) -> Vec<Value> {
    let mut events = vec![json!({
        "name": "process_name", "ph": "M", "pid": TEAM, "args": {"name": trace.trace}
    })];
    let rounds = trace.barrier.then_some((ROUNDS, "rounds"));
    let agents = trace.facts.agents.iter().enumerate().map(|(id, agent)| (id as u32 + 1, agent.name.as_str()));
    for (thread, name) in rounds.into_iter().chain(agents) {
        events.push(json!({
            "name": "thread_name", "ph": "M", "pid": TEAM, "tid": thread, "args": {"name": name}
        }));
        events.push(json!({
            "name": "thread_sort_index", "ph": "M", "pid": TEAM, "tid": thread, "args": {"sort_index": thread}
        }));
    }
    events
}

fn bar(trace: &RunFacts, step: &Step, outcomes: &[&str]) -> Value {
    let what = match step.kind {
        StepKind::Work => "work",
        StepKind::Assign => "hand out tasks",
        StepKind::Monitor => "look at the board",
        StepKind::Idle => "nothing to do",
        StepKind::Tool => "tool",
        StepKind::Wait => "wait",
    };
    let mut args = Map::new();
    let mut put = |key: &str, value: Value| args.insert(key.to_owned(), value);
    if let Some(task) = step.task {
        put("task", trace.facts.task(task).into());
        put("tasks", step.tasks.into());
        put("outcome", if outcomes.is_empty() { "nothing".into() } else { outcomes.join(", ").into() });
    }
    if step.round > 0 {
        put("round", step.round.into());
    }
    put("input_tokens", step.input_tokens.into());
    put("output_tokens", step.output_tokens.into());
    if step.waited > Time::ZERO {
        put("wait_us", step.waited.as_us().into());
    }
    let name = step.task.map_or(what, |task| trace.facts.task(task));
    json!({
        "name": name, "cat": what, "ph": "X", "ts": step.start.as_us(), "dur": (step.end - step.start).as_us(),
        "pid": TEAM, "tid": step.agent.get() + 1, "args": args
    })
}

fn round_bar(round: &Round) -> Value {
    json!({
        "name": format!("round {}", round.number), "cat": "round", "ph": "X", "ts": round.start.as_us(),
        "dur": (round.end - round.start).as_us(), "pid": TEAM, "tid": ROUNDS
    })
}

/// Bar of a wait, in the thread of its agent. A wait in a step lies inside the bar of the step.
fn wait_bar(trace: &RunFacts, wait: &Wait) -> Value {
    let cause = cause_name(wait.cause);
    let resource = if let WaitCause::Queue(resource) = wait.cause { trace.facts.resource(resource) } else { None };
    json!({
        "name": resource.map_or_else(|| format!("wait: {cause}"), |name| format!("wait: {cause} {name}")), "cat": "wait",
        "ph": "X", "ts": wait.start.as_us(), "dur": (wait.end - wait.start).as_us(), "pid": TEAM,
        "tid": wait.agent.get() + 1
    })
}

/// Bar of a service inside the step that it holds up; else a pair of asynchronous events, which may overlap with steps.
fn service_bars(trace: &RunFacts, service: &Service, id: usize) -> Vec<Value> {
    let name = trace.facts.resource(service.resource).unwrap_or("service");
    let event = |phase: &str, at: Time| {
        json!({
            "name": name, "cat": "service", "ph": phase, "ts": at.as_us(), "pid": TEAM, "tid": service.agent.get() + 1
        })
    };
    if service.is_held {
        let mut bar = event("X", service.start);
        bar["dur"] = (service.end - service.start).as_us().into();
        return vec![bar];
    }
    let pair = [("b", service.start), ("e", service.end)];
    pair.map(|(phase, at)| {
        let mut event = event(phase, at);
        event["id"] = id.into();
        event
    })
    .to_vec()
}

fn mark(trace: &RunFacts, event: &TaskEvent, trouble: &str) -> Value {
    json!({
        "name": trouble, "cat": "trouble", "ph": "i", "s": "t", "ts": event.at.as_us(), "pid": TEAM,
        "tid": event.agent.get() + 1, "args": {"task": trace.facts.task(event.task)}
    })
}

/// Returns the name of a failure; none for other events.
fn trouble(kind: TaskEventKind) -> Option<&'static str> {
    match kind {
        TaskEventKind::LostClaim => Some("lost claim"),
        TaskEventKind::BlockedClaim => Some("blocked claim"),
        TaskEventKind::Rejected => Some("rejected"),
        TaskEventKind::Conflicted => Some("conflict"),
        TaskEventKind::Orphaned => Some("forgotten"),
        TaskEventKind::Reclaimed => Some("claim ran out"),
        TaskEventKind::Reopened { .. } => Some("reopened"),
        TaskEventKind::Overwritten { .. } => Some("overwritten"),
        TaskEventKind::Assigned
        | TaskEventKind::Claimed
        | TaskEventKind::Completed { .. }
        | TaskEventKind::Restored { .. }
        | TaskEventKind::ConflictMissed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Facts, fixture};
    use crate::team::AgentId;

    #[test]
    fn a_run_as_a_browser_shows_it() {
        let trace = RunFacts { trace: "t".to_owned(), barrier: true, facts: fixture::facts(), ..RunFacts::default() };
        let text = write(&trace, &fixture::log());
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let events = document["traceEvents"].as_array().expect("a list");
        let count = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
        // Three threads with name and place, and the process; six steps, four waits and three rounds; three marks and the
        // end.
        assert_eq!((count("M"), count("X"), count("i")), (7, 13, 4));
        assert!(
            text.contains(
                r#"{"name":"wait: barrier","cat":"wait","ph":"X","ts":9000000,"dur":3400000,"pid":1,"tid":1}"#
            )
        );
        assert!(text.contains(
            r#"{"name":"lost claim","cat":"trouble","ph":"i","s":"t","ts":12400000,"pid":1,"tid":2,"args":{"task":"parse"}}"#
        ));
        assert!(text.contains(
            r#"{"name":"parse","cat":"work","ph":"X","ts":0,"dur":12400000,"pid":1,"tid":2,"args":{"task":"parse","tasks":1,"outcome":"lost claim","round":1,"input_tokens":2000,"output_tokens":100}}"#
        ));
    }

    #[test]
    fn services_are_bars_or_run_beside_the_steps() {
        let facts = Facts { resources: vec!["tests".to_owned()], ..fixture::facts() };
        let trace = RunFacts { facts, ..RunFacts::default() };
        let us = Time::from_us;
        let service = |is_held| {
            Entry::Service(Service { agent: AgentId::new(0), resource: 0, start: us(3), end: us(8), is_held })
        };
        let wait = Wait { agent: AgentId::new(0), cause: WaitCause::Queue(0), start: us(1), end: us(3) };
        let mut log = Log::default();
        log.entries = vec![Entry::Wait(wait), service(true), service(false)];
        let text = write(&trace, &log);
        for expected in [
            r#"{"name":"wait: queue tests","cat":"wait","ph":"X","ts":1,"dur":2,"pid":1,"tid":1}"#,
            r#"{"name":"tests","cat":"service","ph":"X","ts":3,"pid":1,"tid":1,"dur":5}"#,
            r#"{"name":"tests","cat":"service","ph":"b","ts":3,"pid":1,"tid":1,"id":"#,
            r#"{"name":"tests","cat":"service","ph":"e","ts":8,"pid":1,"tid":1,"id":"#,
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}
