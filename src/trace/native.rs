//! The native trace, version 1: a header line, then one line a step. JSON Lines, integer microseconds, `OpenTelemetry`
//! `GenAI` names; keys that the format does not know begin with `x.`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::engine::Time;
use crate::record::{Ending, Entry, Kind, Log, Step, TaskEvent, TaskEventKind, TimeSplit, Write};
use crate::trace::TraceFacts;

/// The version of the format; a new major number breaks it.
pub const VERSION: &str = "1.0";

/// The trace of a simulated run. The same log gives the same bytes.
pub fn write(trace: &TraceFacts, log: &Log) -> String {
    let mut steps = gather(trace, log);
    steps.sort_by(|a, b| (a.step.start, a.step.end, &a.id).cmp(&(b.step.start, b.step.end, &b.id)));
    let mut text = header(trace, log).to_string();
    text.push('\n');
    for step in &steps {
        text.push_str(&step.line(trace).to_string());
        text.push('\n');
    }
    text
}

/// A step with what happened in it.
struct Line {
    id: String,
    /// The steps that had done what this one's tasks depend on.
    after: Vec<String>,
    step: Step,
    events: Vec<TaskEvent>,
    writes: Vec<Write>,
}

/// Gives every event to the step that caused it: the one that lands next, as a reply's effects are told before its
/// end; claims that a board grants at the decision to the step that begins with them; and what happens by itself, such
/// as a claim that runs out, to the step that landed last.
fn gather(trace: &TraceFacts, log: &Log) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut landing: Vec<TaskEvent> = Vec::new();
    let mut writes: Vec<Write> = Vec::new();
    let mut decided: Vec<Vec<TaskEvent>> = vec![Vec::new(); log.agents()];
    let mut ordinals = vec![0_u32; log.agents()];
    let mut done_by: Vec<Option<(String, Time)>> = vec![None; trace.facts.tasks.len()];
    for entry in &log.entries {
        match entry {
            Entry::Task(event) => landing.push(*event),
            Entry::Write(write) => writes.push(*write),
            Entry::Start(start) => {
                let (own, others): (Vec<_>, Vec<_>) = landing
                    .drain(..)
                    .partition(|event| event.agent == start.agent && event.kind == TaskEventKind::Claimed);
                decided[start.agent as usize] = own;
                settle(&mut lines, others);
            }
            Entry::Step(step) => {
                let agent = step.agent as usize;
                ordinals[agent] += 1;
                let name = trace.facts.agent(step.agent);
                let id = match step.round {
                    0 => format!("s{}.{name}", ordinals[agent]),
                    round => format!("r{round}.{name}"),
                };
                let mut events = std::mem::take(&mut decided[agent]);
                let (now, before): (Vec<_>, Vec<_>) = landing.drain(..).partition(|event| event.at == step.end);
                settle(&mut lines, before);
                events.extend(now);
                let after = needed(trace, step, &events, &done_by);
                for event in &events {
                    if let TaskEventKind::Completed { .. } = event.kind
                        && let Some(done) = done_by.get_mut(event.task as usize)
                    {
                        *done = Some((id.clone(), step.end));
                    }
                }
                lines.push(Line { id, after, step: *step, events, writes: std::mem::take(&mut writes) });
            }
            Entry::Round(_) | Entry::End(..) => settle(&mut lines, std::mem::take(&mut landing)),
            Entry::Message(_) => {}
        }
    }
    lines
}

/// Gives events that no step is about to land to the one that landed last.
fn settle(lines: &mut [Line], events: Vec<TaskEvent>) {
    if let Some(line) = lines.last_mut() {
        line.events.extend(events);
    }
}

/// The steps that had done the dependencies of this step's tasks when it was decided.
fn needed(trace: &TraceFacts, step: &Step, events: &[TaskEvent], done_by: &[Option<(String, Time)>]) -> Vec<String> {
    let tasks: BTreeSet<_> = step.task.into_iter().chain(events.iter().map(|event| event.task)).collect();
    let tasks = tasks.iter().filter_map(|&task| trace.facts.tasks.get(task as usize));
    let needed = tasks.flat_map(|task| &task.depends_on).filter_map(|&on| done_by.get(on as usize)?.as_ref());
    let known: BTreeSet<_> = needed.filter(|(_, at)| *at <= step.start).map(|(id, _)| id.clone()).collect();
    known.into_iter().collect()
}

fn header(trace: &TraceFacts, log: &Log) -> Value {
    let facts = &trace.facts;
    let agents = facts.agents.iter().map(|agent| {
        let role = if agent.is_lead { "lead" } else { "worker" };
        json!({"gen_ai.agent.name": agent.name, "role": role})
    });
    let tasks = facts.tasks.iter().map(|task| {
        let depends_on: Vec<_> = task.depends_on.iter().map(|&on| facts.task(on)).collect();
        json!({"id": task.name, "depends_on": depends_on, "weight": number(task.weight)})
    });
    let (agents, tasks): (Vec<Value>, Vec<Value>) = (agents.collect(), tasks.collect());
    let labels: Map<String, Value> =
        trace.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    let mut head = Map::new();
    let mut put = |key: &str, value: Value| head.insert(key.to_owned(), value);
    put("record", "header".into());
    put("schema", "brooks.trace".into());
    put("version", VERSION.into());
    put("trace", trace.trace.as_str().into());
    put("source", json!({"format": "simulation", "producer": concat!("brooks ", env!("CARGO_PKG_VERSION"))}));
    put("clock", json!({"origin": "start", "unit": "us"}));
    put("agents", agents.into());
    put("tasks", tasks.into());
    put("architecture", trace.architecture.as_str().into());
    if trace.barrier {
        put("barrier", "round".into());
    }
    if let Some((ending, at)) = log.entries.iter().find_map(ending) {
        put("outcome", json!({"success": ending == Ending::Completed, "reason": ending.name()}));
        put("totals", totals(log, at));
    }
    put("labels", labels.into());
    let fields = ["start_us", "end_us", "gen_ai.usage", "task.events", "files.write", "tests", "class"];
    let quality: Map<String, Value> = fields.map(|field| (field.to_owned(), "recorded".into())).into_iter().collect();
    put("quality", quality.into());
    head.into()
}

fn ending(entry: &Entry) -> Option<(Ending, Time)> {
    if let Entry::End(ending, at) = entry { Some((*ending, *at)) } else { None }
}

fn totals(log: &Log, at: Time) -> Value {
    let sum = |of: fn(&Step) -> u32| log.steps().map(|step| u64::from(of(step))).sum::<u64>();
    json!({
        "duration_us": at.as_us(),
        "llm_calls": log.steps().count(),
        "gen_ai.usage.input_tokens": sum(|step| step.input_tokens),
        "gen_ai.usage.cache_read.input_tokens": sum(|step| step.cached_tokens),
        "gen_ai.usage.output_tokens": sum(|step| step.output_tokens),
    })
}

/// A whole number where it is one, as people write sizes.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}

impl Line {
    fn line(&self, trace: &TraceFacts) -> Value {
        let (step, facts) = (&self.step, &trace.facts);
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
        put("record", "step".into());
        put("id", self.id.as_str().into());
        put("after", self.after.clone().into());
        put("gen_ai.operation.name", "chat".into());
        put("gen_ai.agent.name", facts.agent(step.agent).into());
        put("start_us", step.start.as_us().into());
        put("end_us", step.end.as_us().into());
        if step.round > 0 {
            put("round", step.round.into());
        }
        if let Some(task) = step.task {
            put("task", facts.task(task).into());
        }
        if !self.events.is_empty() {
            put("task.events", self.events.iter().map(|event| self.event(trace, event)).collect());
        }
        put("gen_ai.usage.input_tokens", step.input_tokens.into());
        put("gen_ai.usage.output_tokens", step.output_tokens.into());
        if step.cached_tokens > 0 {
            put("gen_ai.usage.cache_read.input_tokens", step.cached_tokens.into());
        }
        if !self.writes.is_empty() {
            let files = self.writes.iter().map(|write| json!({"path": facts.artifact(write.artifact), "ok": true}));
            put("files.write", files.collect());
        }
        let failed = self.events.iter().filter(|event| is_failure(event.kind));
        let tests: Vec<Value> = failed
            .map(|event| json!({"returncode": 1, "start_us": event.at.as_us(), "end_us": event.at.as_us()}))
            .collect();
        if !tests.is_empty() {
            put("tests", tests.into());
        }
        put("class", class(step).into());
        if step.waited > Time::ZERO {
            put("x.wait_us", step.waited.as_us().into());
        }
        put("x.spent_us", spent(&step.spent));
        line.into()
    }

    fn event(&self, trace: &TraceFacts, event: &TaskEvent) -> Value {
        let mut line = Map::new();
        line.insert("event".to_owned(), event_name(event.kind).into());
        line.insert("task".to_owned(), trace.facts.task(event.task).into());
        if event.agent != self.step.agent {
            line.insert("gen_ai.agent.name".to_owned(), trace.facts.agent(event.agent).into());
        }
        if event.at != self.step.end {
            line.insert("x.at_us".to_owned(), event.at.as_us().into());
        }
        match event.kind {
            TaskEventKind::Completed { right: false } => line.insert("x.right".to_owned(), false.into()),
            TaskEventKind::Conflicted => line.insert("x.reason".to_owned(), "conflict".into()),
            TaskEventKind::Orphaned => line.insert("x.reason".to_owned(), "forgotten".into()),
            TaskEventKind::Reclaimed => line.insert("x.reason".to_owned(), "lease ran out".into()),
            _ => None,
        };
        line.into()
    }
}

/// Whether a test or a reviewer has sent the attempt back.
fn is_failure(kind: TaskEventKind) -> bool {
    matches!(kind, TaskEventKind::Rejected | TaskEventKind::Conflicted)
}

fn event_name(kind: TaskEventKind) -> &'static str {
    match kind {
        TaskEventKind::Assigned => "assign",
        TaskEventKind::Claimed => "claim",
        TaskEventKind::LostClaim => "lost",
        TaskEventKind::BlockedClaim => "blocked",
        TaskEventKind::Completed { .. } => "complete",
        TaskEventKind::Rejected | TaskEventKind::Conflicted | TaskEventKind::Orphaned => "fail",
        TaskEventKind::Reclaimed | TaskEventKind::Reopened { .. } => "reopen",
    }
}

fn class(step: &Step) -> &'static str {
    let spent = &step.spent;
    match step.kind {
        Kind::Assign | Kind::Monitor | Kind::Idle => "coordinate",
        Kind::Work if spent.rework > spent.work && spent.rework > spent.lost => "rework",
        Kind::Work => "work",
    }
}

/// What the step's busy time went into, where it went into anything.
fn spent(split: &TimeSplit) -> Value {
    let parts =
        [("work", split.work), ("coordination", split.coordination), ("lost", split.lost), ("rework", split.rework)];
    let parts = parts.into_iter().filter(|(_, time)| *time > Time::ZERO);
    parts.map(|(name, time)| (name.to_owned(), Value::from(time.as_us()))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn a_run_in_the_native_form() {
        let trace = TraceFacts {
            trace: "t".to_owned(),
            architecture: "self_claim".to_owned(),
            barrier: true,
            labels: vec![("seed".to_owned(), "42".to_owned())],
            facts: fixture::facts(),
        };
        let text = write(&trace, &fixture::log());
        let producer = concat!("brooks ", env!("CARGO_PKG_VERSION"));
        let lines: Vec<&str> = text.lines().collect();
        let header = format!(
            "{}{producer}{}",
            r#"{"record":"header","schema":"brooks.trace","version":"1.0","trace":"t","source":{"format":"simulation","producer":""#,
            r#""},"clock":{"origin":"start","unit":"us"},"agents":[{"gen_ai.agent.name":"ann","role":"worker"},{"gen_ai.agent.name":"bo & <co>","role":"worker"}],"tasks":[{"id":"parse","depends_on":[],"weight":100},{"id":"lint","depends_on":["parse"],"weight":100},{"id":"読む \"docs\"","depends_on":[],"weight":100}],"architecture":"self_claim","barrier":"round","outcome":{"success":false,"reason":"stalled"},"totals":{"duration_us":20000000,"llm_calls":6,"gen_ai.usage.input_tokens":12000,"gen_ai.usage.cache_read.input_tokens":3000,"gen_ai.usage.output_tokens":600},"labels":{"seed":"42"},"quality":{"start_us":"recorded","end_us":"recorded","gen_ai.usage":"recorded","task.events":"recorded","files.write":"recorded","tests":"recorded","class":"recorded"}}"#
        );
        assert_eq!(lines[0], header);
        assert_eq!(
            lines[4],
            r#"{"record":"step","id":"r2.ann","after":["r1.ann"],"gen_ai.operation.name":"chat","gen_ai.agent.name":"ann","start_us":12400000,"end_us":16000000,"round":2,"task":"lint","task.events":[{"event":"claim","task":"lint"},{"event":"fail","task":"lint"}],"gen_ai.usage.input_tokens":2000,"gen_ai.usage.output_tokens":100,"gen_ai.usage.cache_read.input_tokens":500,"files.write":[{"path":"lint.rs","ok":true}],"tests":[{"returncode":1,"start_us":16000000,"end_us":16000000}],"class":"rework","x.wait_us":600000,"x.spent_us":{"rework":3000000}}"#
        );
        let ids: Vec<String> = lines[1..].iter().map(|line| id_of(line)).collect();
        assert_eq!(ids, ["r1.ann", "r1.bo & <co>", "r2.bo & <co>", "r2.ann", "r3.bo & <co>", "r3.ann"]);
    }

    fn id_of(line: &str) -> String {
        let step: Value = serde_json::from_str(line).expect("a JSON object");
        step["id"].as_str().expect("every step has an id").to_owned()
    }

    #[test]
    fn every_event_finds_its_step() {
        // A claim that a board grants at once belongs to the step it begins; one that runs out to the last that landed.
        let trace = TraceFacts { facts: fixture::facts(), ..TraceFacts::default() };
        let mut log = fixture::log();
        let steps: Vec<Step> = log.steps().copied().collect();
        let event = |task, agent, at, kind| Entry::Task(TaskEvent { task, agent, at, kind });
        let start = crate::record::Start { agent: 1, kind: Kind::Work, task: Some(2), at: steps[0].end };
        let second = Step { start: start.at, ..steps[1] };
        log.entries = vec![
            Entry::Step(steps[0]),
            event(0, 0, start.at, TaskEventKind::Reclaimed),
            event(2, 1, start.at, TaskEventKind::Claimed),
            Entry::Start(start),
            event(1, 1, second.end, TaskEventKind::LostClaim),
            Entry::Step(second),
        ];
        let text = write(&trace, &log);
        let events = |line: usize| text.lines().nth(line).map(|line| line.matches("\"event\":").count());
        assert_eq!((events(1), events(2)), (Some(1), Some(2)));
        assert!(text.contains(r#"{"event":"claim","task":"読む \"docs\"","x.at_us":9000000}"#), "{text}");
    }
}
