//! Conversion of the spans of one trace into a [`Trace`].

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use super::attribution::{Attribution, attribute};
use super::facts::{SpanField, as_name};
use super::kind::SpanKind;
use super::moment::Moment;
use super::span::{Span, SpanCounts};
use super::tree::Tree;
use super::{calls, dependencies, event_spans, usage};
use crate::engine::Time;
use crate::table::{ImportContext, timestamp};
use crate::trace::Builder;
use crate::trace::model::{Class, Operation, Quality, Trace, TraceStep};

/// Source of spans.
pub(super) struct SpanSource<'a> {
    pub(super) format: &'a str,
    pub(super) producer: &'a str,
    /// True if the service in the spans is the producer of the trace.
    pub(super) is_service: bool,
    pub(super) file: &'a str,
}

/// Returns the trace of spans; none if no span is a step.
pub(super) fn trace(
    source: &SpanSource<'_>,
    spans: Vec<Span>,
    count: &mut SpanCounts,
    reading: &mut ImportContext,
) -> Option<Trace> {
    count.spans += spans.len();
    let mut spans = without_copies(spans, count);
    for span in &mut spans {
        span.kind = if span.facts.get(SpanField::BrooksMade).is_some() { SpanKind::Other } else { span.infer_kind() };
        if span.is_own() && span.kind == SpanKind::Other {
            span.kind = SpanKind::Wait;
        }
        if let Some(end) = span.end.filter(|end| end.at < span.start.at) {
            let message = format!("it ends {} us before it starts", (span.start.at - end.at).as_us());
            reading.bad(source.file, span.line, &format!("span {}", span.id), message, "an end after the start");
            (span.kind, span.end) = (SpanKind::Other, None);
        }
    }
    count.events += event_spans::merge(&mut spans);
    let tree = Tree::new(&spans, |span| {
        let path = format!("span {}", span.id);
        reading.bad(source.file, span.line, &path, "it contains itself", "parents without a cycle");
    });
    count.wrappers += calls::keep_innermost(&mut spans, &tree);
    sort_containers(&mut spans, &tree, count);
    let mut ends = ends(&spans, &tree);
    let times: Vec<Time> = ends.iter().map(|end| end.at).collect();
    let mut attribution = attribute(&spans, &tree, &times);
    lend_agents_to_workflows(&spans, &tree, &mut attribution);
    close_open_ends(&spans, &tree, &attribution, &mut ends);
    let is_unended = |span: &&Span| span.kind != SpanKind::Other && (span.is_open || span.end.is_none());
    count.unended += spans.iter().filter(is_unended).count();
    let trace = Converter { source, spans: &spans, tree: &tree, ends: &ends, attribution: &attribution }.trace(reading);
    count.steps += trace.steps.len();
    (!trace.steps.is_empty()).then_some(trace)
}

/// Removes repeated exports of spans, and keeps the one that ends last: some exporters write a span at start and at end.
fn without_copies(spans: Vec<Span>, count: &mut SpanCounts) -> Vec<Span> {
    let mut index_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if let Some(known) = index_of.get(&span.id).and_then(|&at| kept.get_mut(at)) {
            count.copies += 1;
            if span.end.map(|end| end.at) > known.end.map(|end| end.at) {
                *known = span;
            }
        } else {
            index_of.insert(span.id.clone(), kept.len());
            kept.push(span);
        }
    }
    kept
}

/// Removes agents without a step, such as the client side of a remote call. A span that only contains agents and names
/// none becomes a workflow.
fn sort_containers(spans: &mut [Span], tree: &Tree, count: &mut SpanCounts) {
    let is_container = |kind: SpanKind| matches!(kind, SpanKind::Agent | SpanKind::Workflow);
    let is_work = |span: &Span| span.kind != SpanKind::Other && !is_container(span.kind);
    let above = tree.nearest(|at| is_container(spans[at].kind));
    let (mut works, mut has_agents) = (vec![false; spans.len()], vec![false; spans.len()]);
    for at in 0..spans.len() {
        if let Some(container) = above[at] {
            works[container] |= is_work(&spans[at]);
            has_agents[container] |= spans[at].kind == SpanKind::Agent;
        }
    }
    for at in 0..spans.len() {
        let span = &mut spans[at];
        if span.kind == SpanKind::Agent && has_agents[at] && !works[at] && !span.names_agent() && !span.is_own() {
            span.kind = SpanKind::Workflow;
        }
    }
    if !spans.iter().any(is_work) {
        return;
    }
    let mut is_busy = works;
    for &at in tree.order.iter().rev() {
        if is_busy[at]
            && let Some(parent) = tree.parent[at]
        {
            is_busy[parent] = true;
        }
    }
    for (span, is_busy) in spans.iter_mut().zip(is_busy) {
        if is_container(span.kind) && !is_busy && !span.is_own() {
            span.kind = SpanKind::Other;
            count.empty += 1;
        }
    }
}

/// Returns the ends of spans. A span without an end lasts until the last end inside it.
fn ends(spans: &[Span], tree: &Tree) -> Vec<Moment> {
    let mut ends: Vec<Moment> = spans.iter().map(|span| span.end.unwrap_or(span.start)).collect();
    for &at in tree.order.iter().rev() {
        ends[at].is_inexact |= spans[at].end.is_none();
        if let Some(parent) = tree.parent[at].filter(|&parent| spans[parent].end.is_none()) {
            ends[parent].at = ends[at].at.max(ends[parent].at);
        }
    }
    ends
}

/// Estimates the end of calls and tools without one: the next start of their agent, at the latest the end of the span
/// around them.
fn close_open_ends(spans: &[Span], tree: &Tree, attribution: &Attribution, ends: &mut [Moment]) {
    let around = tree.nearest(|at| spans[at].end.is_some());
    let mut order: Vec<usize> =
        (0..spans.len()).filter(|&at| spans[at].kind.is_call() || spans[at].kind == SpanKind::Tool).collect();
    order.sort_by_key(|&at| std::cmp::Reverse((spans[at].start.at, at)));
    let mut goes_on: BTreeMap<&str, Time> = BTreeMap::new();
    for at in order {
        let agent = attribution.agents[at].as_str();
        if spans[at].is_open || spans[at].end.is_none() {
            let within = around[at].filter(|_| spans[at].end.is_none()).map_or(ends[at].at, |around| ends[around].at);
            // It ends after everything inside it.
            let least = if spans[at].end.is_none() { ends[at].at } else { spans[at].start.at };
            let end = goes_on.get(agent).map_or(within, |&next| next.min(within)).max(least);
            ends[at] = Moment { at: end, lacks_zone: false, is_inexact: true };
        }
        goes_on.insert(agent, spans[at].start.at);
    }
}

/// Assigns a workflow without an agent to the first agent inside it, as every step needs one.
fn lend_agents_to_workflows(spans: &[Span], tree: &Tree, attribution: &mut Attribution) {
    let mut first: Vec<Option<usize>> = vec![None; spans.len()];
    for &at in tree.order.iter().rev() {
        let is_step = !matches!(spans[at].kind, SpanKind::Other | SpanKind::Workflow);
        let lead = if is_step { Some(at) } else { first[at] };
        if let (Some(lead), Some(parent)) = (lead, tree.parent[at]) {
            let is_earlier =
                |known: usize| (spans[lead].start.at, &spans[lead].id) < (spans[known].start.at, &spans[known].id);
            if first[parent].is_none_or(is_earlier) {
                first[parent] = Some(lead);
            }
        }
    }
    for at in 0..spans.len() {
        let is_unnamed = !spans[at].is_own() && spans[at].facts.name(SpanField::Agent).is_none();
        if let Some(lead) = first[at].filter(|_| spans[at].kind == SpanKind::Workflow && is_unnamed) {
            let agent = attribution.agents[lead].clone();
            attribution.agents[at] = agent;
        }
    }
}

/// Spans of one trace with all inferred facts.
struct Converter<'a> {
    source: &'a SpanSource<'a>,
    spans: &'a [Span],
    tree: &'a Tree,
    ends: &'a [Moment],
    attribution: &'a Attribution,
}

impl Converter<'_> {
    /// Returns the sorted steps with their header.
    fn trace(&self, reading: &mut ImportContext) -> Trace {
        let spans = self.spans;
        let own = spans.iter().find(|span| span.facts.get(SpanField::BrooksTrace).is_some());
        let own_text = |field| own.and_then(|span| span.facts.text(field));
        let first = spans.first().map_or("", |span| span.trace.as_str());
        let name = own_text(SpanField::BrooksTrace).or_else(|| as_name(first)).unwrap_or("trace");
        let service = || spans.iter().find_map(|span| span.facts.name(SpanField::Service));
        let producer = service().filter(|_| self.source.is_service).unwrap_or(self.source.producer);
        let mut builder = Builder::new(name, self.source.format, producer);
        let links = self.add_steps(&mut builder, reading);
        let is_linked = !links.is_empty();
        follow_links(builder.steps(), &links);
        let is_inferred = !is_linked && own.is_none() && dependencies::infer(builder.steps());
        set_quality(&mut builder, spans, self.ends, self.attribution, own.is_some());
        builder.quality(
            "after",
            match (is_linked, is_inferred) {
                (true, _) if own.is_some() => Quality::Recorded,
                (true, _) | (_, true) => Quality::Inferred,
                _ => Quality::Absent,
            },
        );
        let origin = own_text(SpanField::BrooksOrigin);
        if let Some(origin) = origin {
            builder.began(timestamp::parse(origin).map_or(Time::ZERO, |instant| instant.at));
        }
        builder.finish(origin.is_none_or(|origin| origin != "start"))
    }

    /// Adds the steps and their agents; returns the linked steps of each step.
    fn add_steps(&self, builder: &mut Builder, reading: &mut ImportContext) -> BTreeMap<&str, Vec<&str>> {
        let (spans, ends, agents) = (self.spans, self.ends, &self.attribution.agents);
        let above = self.tree.nearest(|at| spans[at].kind != SpanKind::Other);
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        let mut links: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let by_span: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
        let mut order: Vec<usize> = (0..spans.len()).filter(|&at| spans[at].kind != SpanKind::Other).collect();
        order.sort_by(|&a, &b| key(&spans[a], ends[a]).cmp(&key(&spans[b], ends[b])));
        for &at in &order {
            let span = &spans[at];
            if !ids.insert(span.step_id()) {
                let message = format!("the id {:?} occurs twice", span.step_id());
                reading.bad(self.source.file, span.line, "brooks.id", message, "unique ids");
                continue;
            }
            let agent = builder.agent(&agents[at]);
            let mut step = step(span, ends[at], builder);
            step.agent = agent;
            if let Some(parent) = above[at].filter(|_| span.facts.get(SpanField::BrooksRoot).is_none()) {
                step.more_mut().parent = Some(spans[parent].step_id().into());
                let is_new = span.kind == SpanKind::Agent && agents[parent] != agents[at];
                if let Some(agent) = builder.header().agents.get_mut(agent.index()).filter(|_| is_new)
                    && agent.spawned_by.is_none()
                    && spans[parent].kind != SpanKind::Workflow
                {
                    agent.spawned_by = Some(spans[parent].step_id().to_owned());
                    agent.role = Some("subagent".to_owned());
                }
            }
            let mut seen: BTreeSet<&str> = BTreeSet::new();
            let linked = span.links.iter().filter_map(|id| by_span.get(id.as_str()));
            let linked = linked.filter(|other| other.kind != SpanKind::Other).map(|other| other.step_id());
            let linked: Vec<&str> = linked.filter(|id| seen.insert(id)).collect();
            if !linked.is_empty() {
                links.insert(span.step_id(), linked);
            }
            builder.push(step);
        }
        // Agent spans that brooks makes for other tools contain the step that started each agent.
        for (at, span) in spans.iter().enumerate().filter(|(_, span)| span.facts.get(SpanField::BrooksMade).is_some()) {
            if let (Some(name), Some(parent)) = (span.facts.name(SpanField::Agent), above[at]) {
                let agent = builder.agent(name).index();
                if let Some(agent) = builder.header().agents.get_mut(agent) {
                    agent.spawned_by = Some(spans[parent].step_id().to_owned());
                }
            }
        }
        links
    }
}

/// Sort key of native traces.
fn key(span: &Span, end: Moment) -> (Time, Time, &str) {
    (span.start.at, end.at, span.step_id())
}

/// Fills in `after` from links to earlier steps.
fn follow_links(steps: &mut [TraceStep], links: &BTreeMap<&str, Vec<&str>>) {
    let mut before: BTreeSet<CompactString> = BTreeSet::new();
    for step in steps {
        let linked = links.get(&*step.id).into_iter().flatten();
        for id in linked.filter(|id| before.contains(**id)) {
            step.after.push((*id).into());
        }
        before.insert(step.id.clone());
    }
}

/// Converts a span into a step without agent and parent.
fn step(span: &Span, end: Moment, builder: &mut Builder) -> TraceStep {
    let facts = &span.facts;
    let mut step = TraceStep { id: span.step_id().into(), start: span.start.at, end: end.at, ..TraceStep::default() };
    step.operation = match span.kind {
        SpanKind::Tool => Operation::ExecuteTool,
        SpanKind::Agent => Operation::InvokeAgent,
        SpanKind::Workflow => Operation::InvokeWorkflow,
        SpanKind::Plan => Operation::Plan,
        SpanKind::Call | SpanKind::Wait | SpanKind::Other => Operation::Chat,
    };
    let operation = facts.name(SpanField::OwnOperation).or_else(|| facts.name(SpanField::Operation));
    if let Some(name) = operation.filter(|_| span.is_own() || span.kind == SpanKind::Wait) {
        step.operation = builder.operation(name);
    }
    if step.is_call() || span.is_own() {
        step.usage = usage::tokens(facts);
        step.model = facts.name(SpanField::Model).map(|model| builder.name(model));
        let millis = || facts.number(SpanField::FirstChunkMillis).map(|millis| millis / 1e3);
        let recorded = facts.number(SpanField::FirstChunk).or_else(millis).map(Time::from_secs);
        let at = || super::moment::read(facts.get(SpanField::FirstChunkAt)?, super::moment::NumberUnit::BySize);
        let since = || at().filter(|at| at.at >= step.start).map(|at| at.at - step.start);
        let first_chunk = recorded.or_else(since).filter(|&wait| span.is_own() || wait <= step.end - step.start);
        if first_chunk.is_some() {
            step.more_mut().first_chunk = first_chunk;
        }
        let reasons: Vec<_> = facts.words(SpanField::Finish).iter().map(|word| builder.name(word)).collect();
        if !reasons.is_empty() {
            step.more_mut().finish_reasons = reasons;
        }
    }
    if let Some(tool) = span.tool() {
        step.more_mut().tool = Some(builder.name(tool));
    }
    if let Some(error) = error(span) {
        step.more_mut().error = Some(builder.name(error));
    }
    let mut est = facts.words(SpanField::Est);
    for (key, moment) in [("start_us", span.start), ("end_us", end)] {
        if (moment.lacks_zone || moment.is_inexact) && !est.iter().any(|known| known == key) {
            est.push(key.to_owned());
        }
    }
    if !est.is_empty() {
        step.more_mut().est = est.iter().map(|key| builder.name(key)).collect();
    }
    step.round = facts.tokens(SpanField::Round).unwrap_or(0);
    step.task = facts.name(SpanField::Task).map(|task| builder.task(task));
    step.class = facts.text(SpanField::Class).and_then(Class::of);
    step
}

/// Returns the error type of a span that failed, never its message.
fn error(span: &Span) -> Option<&str> {
    let facts = &span.facts;
    let status = match facts.get(SpanField::Status) {
        Some(serde_json::Value::Number(code)) => code.as_u64() == Some(2),
        Some(serde_json::Value::String(code)) => {
            matches!(code.to_ascii_uppercase().as_str(), "2" | "ERROR" | "STATUS_CODE_ERROR" | "STATUSCODE.ERROR")
        }
        _ => false,
    };
    let failed = match facts.get(SpanField::Failed) {
        Some(serde_json::Value::Bool(failed)) => *failed,
        Some(serde_json::Value::String(failed)) => failed != "false",
        _ => false,
    };
    let named = facts.get(SpanField::ErrorType).map(|_| facts.word(SpanField::ErrorType).unwrap_or("error"));
    let exception = || facts.word(SpanField::ExceptionType).unwrap_or("error");
    named.or_else(|| (status || failed).then(exception))
}

/// Sets the quality of each field.
fn set_quality(builder: &mut Builder, spans: &[Span], ends: &[Moment], attribution: &Attribution, is_own: bool) {
    let of_time = |moment: Moment| match (moment.is_inexact, moment.lacks_zone) {
        (true, _) => Quality::Estimated,
        (_, true) => Quality::Inferred,
        _ => Quality::Recorded,
    };
    for (span, end) in spans.iter().zip(ends).filter(|(span, _)| span.kind != SpanKind::Other) {
        builder.quality("start_us", of_time(span.start));
        builder.quality("end_us", of_time(*end));
    }
    let recorded = |has: bool| if has { Quality::Recorded } else { Quality::Absent };
    let steps = builder.steps();
    let has_input = steps.iter().any(|step| step.usage.input.is_some());
    let has_output = steps.iter().any(|step| step.usage.output.is_some());
    let has_class = steps.iter().any(|step| step.class.is_some());
    builder.quality("gen_ai.usage.input_tokens", recorded(has_input));
    builder.quality("gen_ai.usage.output_tokens", recorded(has_output));
    builder.quality("gen_ai.agent.name", if is_own { Quality::Recorded } else { attribution.quality });
    builder.quality("class", recorded(has_class));
    for field in ["task.events", "files.write", "tests"] {
        builder.quality(field, Quality::Absent);
    }
}
