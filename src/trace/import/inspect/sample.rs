//! Samples of an Inspect log, event by event.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::engine::Time;
use crate::table::ImportContext;
use crate::table::json::{at, number, text, tokens};
use crate::table::timestamp;
use crate::team::AgentId;
use crate::trace::Builder;
use crate::trace::import::naming;
use crate::trace::model::{Class, Operation, Quality, TaskNote, TaskNoteKind, TraceStep, Usage};
use crate::workload::TaskId;

/// Largest valid time, in seconds.
const MAX_SECONDS: f64 = 1e10;
/// Maximum nesting of spans.
const MAX_DEPTH: usize = 100;

/// Samples read so far.
pub(super) struct EvalSamples {
    pub(super) builder: Builder,
    file: String,
    ids: BTreeSet<CompactString>,
    count: usize,
}

/// A span of a sample, such as an agent or a scorer.
struct SampleSpan<'a> {
    parent: Option<&'a str>,
    kind: &'a str,
    name: &'a str,
}

/// Context of an event.
#[derive(Clone, Copy, Default)]
struct SpanContext<'a> {
    /// Innermost agent span, unless it is the only one of the sample.
    agent: Option<&'a str>,
    is_scorer: bool,
}

/// A sample under construction.
struct EvalSample<'a> {
    name: String,
    agent: AgentId,
    task: TaskId,
    spans: BTreeMap<&'a str, SampleSpan<'a>>,
    /// Span of the only outermost agent, which is the sample itself.
    main: Option<&'a str>,
    /// The step that started the agent of each span.
    spawned: BTreeMap<&'a str, CompactString>,
    /// Agents of inner spans that have steps.
    agents: BTreeMap<&'a str, AgentId>,
}

impl EvalSamples {
    pub(super) fn new(name: &str, file: &str) -> EvalSamples {
        let builder = Builder::new(name, "inspect", "inspect_ai");
        EvalSamples { builder, file: file.to_owned(), ids: BTreeSet::new(), count: 0 }
    }

    /// Adds the sample of an entry.
    pub(super) fn add(&mut self, entry: &str, value: &Value, reading: &mut ImportContext) {
        let Some(events) = at(value, "events").and_then(Value::as_array) else {
            reading.bad(
                &self.file,
                0,
                entry,
                "the sample has no events",
                "an Inspect log that was written with its events",
            );
            return;
        };
        let id = at(value, "id").map_or_else(
            || "unknown".to_owned(),
            |id| naming::id(&id.as_str().map_or_else(|| id.to_string(), str::to_owned)),
        );
        let epoch = number(value, "epoch").filter(|epoch| *epoch > 1.0);
        let id = epoch.map_or(id.clone(), |epoch| format!("{id} epoch {epoch}"));
        let name = format!("sample {id}");
        let first = self.builder.steps().len();
        let mut sample = EvalSample {
            agent: self.builder.agent(&name),
            name,
            task: self.builder.task(&id),
            spans: spans(events),
            main: None,
            spawned: BTreeMap::new(),
            agents: BTreeMap::new(),
        };
        sample.main = sample.main_agent();
        self.events(events, entry, &mut sample, None, reading);
        let has_failed = at(value, "error").is_some();
        self.claim(first, sample.task, has_failed);
    }

    /// Claims the task in the first step of the sample and completes it in the last one.
    fn claim(&mut self, first: usize, task: TaskId, has_failed: bool) {
        let steps = self.builder.steps().get_mut(first..).unwrap_or_default();
        for step in &mut *steps {
            step.task = Some(task);
        }
        if let Some(step) = steps.iter_mut().min_by_key(|step| step.start) {
            step.events.push(TaskNote::new(TaskNoteKind::Claim, Some(task)));
        }
        let end = if has_failed { TaskNoteKind::Fail } else { TaskNoteKind::Complete };
        if let Some(step) = steps.iter_mut().max_by_key(|step| step.end) {
            step.events.push(TaskNote::new(end, Some(task)));
        }
    }

    fn events<'a>(
        &mut self,
        events: &'a [Value],
        path: &str,
        sample: &mut EvalSample<'a>,
        parent: Option<&str>,
        reading: &mut ImportContext,
    ) {
        for (index, event) in events.iter().enumerate() {
            let path = format!("{path}.events[{index}]");
            let operation = match text(event, "event") {
                Some("model") => Operation::Chat,
                Some("tool") => Operation::ExecuteTool,
                _ => {
                    // Spans in logs of old versions.
                    if let Some(inner) = at(event, "events").and_then(Value::as_array) {
                        self.events(inner, &path, sample, parent, reading);
                    }
                    continue;
                }
            };
            if at(event, "pending") == Some(&Value::Bool(true)) {
                reading.note(format!("{}: calls without an end are left out", self.file));
                continue;
            }
            if text(event, "cache") == Some("read") {
                reading.note(format!("{}: answers from a cache are left out", self.file));
                continue;
            }
            let id = self.step(event, &path, operation, sample, parent, reading);
            if let (Some(id), Some(inner)) = (id, at(event, "events").and_then(Value::as_array)) {
                self.events(inner, &path, sample, Some(&id), reading);
            }
        }
    }

    /// Adds the step of an event and returns its id.
    fn step<'a>(
        &mut self,
        event: &'a Value,
        path: &str,
        operation: Operation,
        sample: &mut EvalSample<'a>,
        parent: Option<&str>,
        reading: &mut ImportContext,
    ) -> Option<CompactString> {
        let Some(start) = self.instant(event, "timestamp", reading) else {
            reading.bad(&self.file, 0, path, "the event has no timestamp", "a timestamp as in 2026-02-25T10:00:00Z");
            return None;
        };
        let working = number(event, "working_time").or_else(|| number(event, "output.time"));
        let working = working.filter(|seconds| (0.0..=MAX_SECONDS).contains(seconds)).map(Time::from_secs);
        let completed = self.instant(event, "completed", reading);
        let end = completed.unwrap_or(start + working.unwrap_or(Time::ZERO));
        if end < start {
            reading.bad(&self.file, 0, path, "the end is before the start", "an end at or after the start");
            return None;
        }
        if end > timestamp::LATEST {
            reading.bad(&self.file, 0, path, "the end is out of range", "an end before the year 2255");
            return None;
        }
        let context = sample.context(text(event, "span_id"));
        let agent = self.agent(sample, context.agent);
        let id = self.id(event);
        let mut step = TraceStep { id: id.clone(), operation, agent, start, end, ..TraceStep::default() };
        if completed.is_none() {
            let est = self.builder.name("end_us");
            step.more_mut().est.push(est);
            self.builder.quality("end_us", Quality::Estimated);
        }
        if let Some(working) = working {
            step.more_mut().extra.set("x.working_us", working.as_us());
        }
        let parent = parent.map(CompactString::from).or_else(|| sample.spawned.get(context.agent?).cloned());
        if let Some(parent) = parent {
            step.more_mut().parent = Some(parent);
        }
        if operation == Operation::Chat {
            self.call(event, &mut step);
            step.class = context.is_scorer.then_some(Class::Verify);
        } else {
            self.tool(event, &mut step);
            if let Some(span) = text(event, "agent_span_id") {
                sample.spawned.insert(span, id.clone());
            }
        }
        self.builder.push(step);
        Some(id)
    }

    fn call(&mut self, event: &Value, step: &mut TraceStep) {
        let model = text(event, "model").or_else(|| text(event, "output.model")).map(naming::name);
        step.model = model.map(|model| self.builder.name(&model));
        step.usage = at(event, "output.usage").and_then(usage).unwrap_or_default();
        for (tokens, key) in
            [(step.usage.input, "gen_ai.usage.input_tokens"), (step.usage.output, "gen_ai.usage.output_tokens")]
        {
            if tokens.is_none() {
                self.builder.quality(key, Quality::Absent);
            }
        }
        let choice = at(event, "output.choices").and_then(|choices| choices.get(0));
        if let Some(reason) = choice.and_then(|choice| text(choice, "stop_reason")) {
            let reason = self.builder.name(&naming::error_type(reason));
            step.more_mut().finish_reasons.push(reason);
        }
        if at(event, "error").is_some() || at(event, "output.error").is_some() {
            step.more_mut().error = Some(self.builder.name("error"));
        }
        if let Some(retries) = number(event, "retries").filter(|retries| *retries > 0.0) {
            step.more_mut().extra.set("x.retries", retries);
        }
    }

    fn tool(&mut self, event: &Value, step: &mut TraceStep) {
        let tool = naming::name(text(event, "function").unwrap_or("unknown"));
        step.more_mut().tool = Some(self.builder.name(&tool));
        if let Some(error) = at(event, "error") {
            let kind = naming::error_type(text(error, "type").unwrap_or("error"));
            step.more_mut().error = Some(self.builder.name(&kind));
        } else if at(event, "failed") == Some(&Value::Bool(true)) {
            step.more_mut().error = Some(self.builder.name("failed"));
        }
    }

    fn instant(&self, event: &Value, key: &str, reading: &mut ImportContext) -> Option<Time> {
        let instant = timestamp::parse(text(event, key)?)?;
        if !instant.has_zone {
            reading.note(format!("{}: times without a zone are taken as UTC", self.file));
        }
        Some(instant.at)
    }

    /// Returns the id of an event, or a new one if it has none or a duplicate.
    fn id(&mut self, event: &Value) -> CompactString {
        self.count += 1;
        let own = text(event, "uuid").map(naming::id).filter(|id| !id.is_empty());
        let mut id: CompactString = own.unwrap_or_else(|| format!("step-{}", self.count)).into();
        while !self.ids.insert(id.clone()) {
            self.count += 1;
            id = format!("step-{}", self.count).into();
        }
        id
    }

    /// Returns the agent of a span, or that of the sample.
    fn agent<'a>(&mut self, sample: &mut EvalSample<'a>, span: Option<&'a str>) -> AgentId {
        let Some((id, span)) = span.and_then(|id| Some((id, sample.spans.get(id)?))) else { return sample.agent };
        if let Some(agent) = sample.agents.get(id) {
            return *agent;
        }
        let name = format!("{}/{}", sample.name, naming::name(span.name));
        let agent = self.builder.agent(&name);
        if let Some(header) = self.builder.header().agents.get_mut(agent.index()) {
            header.role = Some("subagent".to_owned());
            header.spawned_by = sample.spawned.get(id).map(ToString::to_string);
        }
        sample.agents.insert(id, agent);
        agent
    }
}

impl<'a> EvalSample<'a> {
    /// Returns the only outermost agent, which stands for the sample; none if there are several.
    fn main_agent(&self) -> Option<&'a str> {
        let is_agent = |id: &&&'a str| self.spans.get(**id).is_some_and(|span| span.kind == "agent");
        let mut outer = self.spans.keys().filter(is_agent).filter(|id| {
            let parent = self.spans.get(**id).and_then(|span| span.parent);
            self.agent_around(parent).is_none()
        });
        let first = outer.next().copied();
        if outer.next().is_none() { first } else { None }
    }

    /// Returns the innermost agent span around a span, or itself.
    fn agent_around(&self, from: Option<&'a str>) -> Option<&'a str> {
        self.outwards(from).find(|(_, span)| span.kind == "agent").map(|(id, _)| id)
    }

    fn outwards(&self, from: Option<&'a str>) -> impl Iterator<Item = (&'a str, &SampleSpan<'a>)> {
        let of = |id: &'a str| self.spans.get(id).map(|span| (id, span));
        std::iter::successors(from.and_then(of), move |(_, span)| span.parent.and_then(of)).take(MAX_DEPTH)
    }

    fn context(&self, span: Option<&'a str>) -> SpanContext<'a> {
        SpanContext {
            agent: self.agent_around(span).filter(|id| Some(*id) != self.main),
            is_scorer: self.outwards(span).any(|(_, span)| matches!(span.kind, "scorer" | "scorers")),
        }
    }
}

/// Returns the spans of a sample by id.
fn spans(events: &[Value]) -> BTreeMap<&str, SampleSpan<'_>> {
    let begins = events.iter().filter(|event| text(event, "event") == Some("span_begin"));
    let span = |event| {
        let span = SampleSpan {
            parent: text(event, "parent_id"),
            kind: text(event, "type").unwrap_or(""),
            name: text(event, "name").unwrap_or("agent"),
        };
        Some((text(event, "id")?, span))
    };
    begins.filter_map(span).collect()
}

/// Returns the tokens of a call, cached ones within the input. Some providers count cached tokens apart from the input;
/// the total shows this.
pub(super) fn usage(usage: &Value) -> Option<Usage> {
    let input = tokens(usage, "input_tokens")?;
    let output = tokens(usage, "output_tokens");
    let cache_read = tokens(usage, "input_tokens_cache_read");
    let cache_write = tokens(usage, "input_tokens_cache_write");
    let cached = cache_read.unwrap_or(0).saturating_add(cache_write.unwrap_or(0));
    let apart = u64::from(input) + u64::from(output.unwrap_or(0)) + u64::from(cached);
    let is_apart = cached > 0 && tokens(usage, "total_tokens").is_some_and(|total| u64::from(total) == apart);
    let input = if is_apart { input.saturating_add(cached) } else { input };
    Some(Usage { input: Some(input), output, cache_read, cache_write })
}
