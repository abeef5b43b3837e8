//! Sessions of kv-cache-tester, recorded by a proxy of a coding agent: one JSON file per session, with prompts replaced by
//! the ids of their blocks. Every call has its duration (`api_time`). Subagents are nested, with times of their own.
//!
//! The `t` of a call is its start. The `t` of a subagent is its end: minus `duration_ms` it is the end of the call that
//! requested it, and the times of its calls count from there.

use compact_str::CompactString;
use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, number, text, tokens};
use crate::table::{ImportContext, SourceFile, json};
use crate::team::AgentId;
use crate::trace::Builder;
use crate::trace::import::{naming, order};
use crate::trace::model::{Operation, Quality, Trace, TraceStep, Usage};

/// Largest valid time, in seconds, so that start and duration together are below [`LATEST`](crate::table::timestamp::LATEST).
const MAX_SECONDS: f64 = 4e9;
/// Keys near the beginning of a session.
const MARKS: [&[u8]; 3] = [b"\"block_size\"", b"\"requests\"", b"\"hash_ids\""];

/// Returns true for the first bytes of a session of kv-cache-tester.
pub(super) fn is_session(start: &[u8]) -> bool {
    let contains = |mark: &[u8]| start.windows(mark.len()).any(|window| window == mark);
    start.trim_ascii_start().starts_with(b"{") && MARKS.into_iter().all(contains)
}

/// A session under construction.
struct Session<'a> {
    builder: Builder,
    file: &'a str,
    reading: &'a mut ImportContext,
    /// Number of steps so far, which makes their ids unique.
    count: usize,
}

/// Reads a file as a trace.
pub(super) fn read(file: &SourceFile, reading: &mut ImportContext) -> Option<Trace> {
    let document = json::document(file, reading)?;
    let Some(requests) = at(&document, "requests").and_then(Value::as_array) else {
        reading.bad(&file.path, 0, "requests", "the list is missing", "a session of kv-cache-tester");
        return None;
    };
    let name = text(&document, "id").map_or_else(|| naming::stem(&file.path), naming::name);
    let mut session = Session {
        builder: Builder::new(&name, "kv-cache-tester", "claude-code-proxy"),
        file: &file.path,
        reading,
        count: 0,
    };
    let main = session.builder.agent("main");
    session.requests(requests, "requests", main, Time::ZERO, None);
    let Session { mut builder, reading, .. } = session;
    if builder.steps().is_empty() {
        return None;
    }
    order::link(builder.steps());
    builder.qualities(&[
        ("start_us", Quality::Recorded),
        ("end_us", Quality::Recorded),
        ("gen_ai.usage.input_tokens", Quality::Recorded),
        ("gen_ai.usage.output_tokens", Quality::Recorded),
        ("gen_ai.agent.name", Quality::Recorded),
        ("after", Quality::Inferred),
        ("task.events", Quality::Absent),
        ("files.write", Quality::Absent),
        ("tests", Quality::Absent),
        ("class", Quality::Absent),
    ]);
    let trace = builder.finish(false);
    check_totals(&document, &trace, file, reading);
    Some(trace)
}

/// Compares the totals of the file with the sum of its calls.
fn check_totals(document: &Value, trace: &Trace, file: &SourceFile, reading: &mut ImportContext) {
    for (path, total) in [
        ("totals.combined_tokens.input", "gen_ai.usage.input_tokens"),
        ("totals.combined_tokens.output", "gen_ai.usage.output_tokens"),
    ] {
        if let (Some(recorded), Some(sum)) = (number(document, path), trace.total(total))
            && (recorded - sum).abs() > 0.5
        {
            reading.bad(
                &file.path,
                0,
                path,
                format!("it is {recorded}, but the calls sum to {sum}"),
                "the sum of the calls",
            );
        }
    }
}

impl Session<'_> {
    fn id(&mut self, agent: &str) -> CompactString {
        self.count += 1;
        format!("{agent}.{}", self.count).into()
    }

    fn bad(&mut self, path: &str, message: &str, expected: &str) {
        self.reading.bad(self.file, 0, path, message, expected);
    }

    /// Adds the requests of an agent inside the step that started it. Their times count from `origin`.
    fn requests(&mut self, requests: &[Value], path: &str, agent: AgentId, origin: Time, parent: Option<&str>) {
        let name = self.builder.header().agents.get(agent.index()).map_or_else(String::new, |agent| agent.name.clone());
        // End of the latest call, if that was the end of a turn.
        let mut turn_ended: Option<Time> = None;
        for (index, request) in requests.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let is_valid = |t: &Time| origin + *t <= Time::from_secs(MAX_SECONDS);
            let Some(t) = seconds(request, "t", 1.0).filter(is_valid) else {
                self.bad(&path, "the time is missing", "a `t` in seconds from the start");
                continue;
            };
            match text(request, "type") {
                Some("subagent") => self.subagent(request, &path, (agent, &name), origin, t, parent),
                Some("n" | "s") => {
                    let start = origin + t;
                    if let Some(since) = turn_ended.take()
                        && since < start
                        && is_from_a_person(request)
                    {
                        let id = self.id(&name);
                        self.push(
                            TraceStep {
                                id,
                                operation: Operation::HumanWait,
                                agent,
                                start: since,
                                end: start,
                                ..TraceStep::default()
                            },
                            parent,
                        );
                    }
                    let end = self.call(request, (agent, &name), start, parent);
                    turn_ended = (text(request, "stop") == Some("end_turn")).then_some(end);
                }
                _ => self.bad(&format!("{path}.type"), "unknown type of request", "s, n or subagent"),
            }
        }
    }

    fn push(&mut self, mut step: TraceStep, parent: Option<&str>) {
        if let Some(parent) = parent {
            step.more_mut().parent = Some(parent.into());
        }
        self.builder.push(step);
    }

    /// Adds a model call and returns its end.
    fn call(&mut self, request: &Value, (agent, name): (AgentId, &str), start: Time, parent: Option<&str>) -> Time {
        let took = seconds(request, "api_time", 1.0);
        let end = start + took.unwrap_or(Time::ZERO);
        let id = self.id(name);
        let usage = Usage { input: tokens(request, "in"), output: tokens(request, "out"), ..Usage::default() };
        let model = text(request, "model").filter(|model| !model.is_empty()).map(naming::name);
        let model = model.map(|model| self.builder.name(&model));
        let mut step = TraceStep { id, agent, start, end, model, usage, ..TraceStep::default() };
        if took.is_none() {
            let est = self.builder.name("end_us");
            step.more_mut().est.push(est);
            self.builder.quality("end_us", Quality::Absent);
        }
        for (key, field) in [("in", "gen_ai.usage.input_tokens"), ("out", "gen_ai.usage.output_tokens")] {
            if tokens(request, key).is_none() {
                self.builder.quality(field, Quality::Absent);
            }
        }
        let first = seconds(request, "ttft", 1.0).filter(|first| *first <= end - start);
        if let Some(first) = first {
            step.more_mut().first_chunk = Some(first);
        }
        if let Some(stop) = text(request, "stop").filter(|stop| !stop.is_empty()) {
            let stop = self.builder.name(&naming::id(stop));
            step.more_mut().finish_reasons.push(stop);
        }
        if let Some(think) = seconds(request, "think_time", 1.0) {
            step.more_mut().extra.set("x.think_us", think.as_us());
        }
        self.push(step, parent);
        end
    }

    /// Adds a subagent as a tool step of the agent that started it; the step contains its calls.
    fn subagent(
        &mut self,
        request: &Value,
        path: &str,
        (agent, name): (AgentId, &str),
        origin: Time,
        t: Time,
        parent: Option<&str>,
    ) {
        let took = seconds(request, "duration_ms", 1e-3).unwrap_or(Time::ZERO);
        let end = origin + t;
        let start = origin + (t - took);
        let id = self.id(name);
        let tool = self.builder.name("subagent");
        let mut step =
            TraceStep { id: id.clone(), operation: Operation::ExecuteTool, agent, start, end, ..TraceStep::default() };
        step.more_mut().tool = Some(tool);
        if took == Time::ZERO {
            self.reading.note("a subagent has no duration, so its start is unknown");
            let est = self.builder.name("start_us");
            step.more_mut().est.push(est);
        }
        if text(request, "status").is_some_and(|status| status != "completed") {
            let error = naming::error_type(text(request, "status").unwrap_or("error"));
            step.more_mut().error = Some(self.builder.name(&error));
        }
        self.push(step, parent);
        let called = text(request, "agent_id").map_or_else(|| format!("subagent-{}", self.count), naming::name);
        let child = self.builder.agent(&called);
        let requests = at(request, "requests").and_then(Value::as_array).map_or(&[][..], |list| list);
        if let Some(header) = self.builder.header().agents.get_mut(child.index()) {
            header.role = text(request, "subagent_type").map(naming::name);
            header.spawned_by = Some(id.to_string());
            header.model = requests.iter().find_map(|request| text(request, "model")).map(naming::name);
        }
        self.requests(requests, &format!("{path}.requests"), child, start, Some(&id));
    }
}

/// Returns true if the new input of a request is text without results of tools.
fn is_from_a_person(request: &Value) -> bool {
    let types = at(request, "input_types").and_then(Value::as_array).map_or(&[][..], |list| list);
    types.iter().any(|kind| kind == "text") && !types.iter().any(|kind| kind == "tool_result")
}

/// Returns the time of a key; none if it is out of range.
fn seconds(request: &Value, key: &str, unit: f64) -> Option<Time> {
    let seconds = number(request, key)? * unit;
    (0.0..=MAX_SECONDS).contains(&seconds).then(|| Time::from_us((seconds * 1e6).round() as u64))
}
