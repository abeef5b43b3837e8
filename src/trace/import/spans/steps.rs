//! The spans of one trace as a [`Trace`].

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use super::attribution::{self, Who};
use super::facts::{SpanField, as_name};
use super::kind::SpanKind;
use super::moment::Moment;
use super::span::{Span, SpanCounts};
use super::tree::Tree;
use super::{calls, dependencies, marks, usage};
use crate::engine::Time;
use crate::table::{ImportContext, timestamp};
use crate::trace::Builder;
use crate::trace::model::{Class, Operation, Quality, Trace, TraceStep};

/// Where spans come from.
pub(super) struct About<'a> {
    pub(super) format: &'a str,
    pub(super) producer: &'a str,
    /// Whether the service that writes spans is who made the trace, not just a name for want of an agent.
    pub(super) is_service: bool,
    pub(super) file: &'a str,
}

/// The trace that spans make up; none if nothing in it is a step.
pub(super) fn trace(
    about: &About<'_>,
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
            reading.bad(about.file, span.line, &format!("span {}", span.id), message, "an end after the start");
            (span.kind, span.end) = (SpanKind::Other, None);
        }
    }
    count.marks += marks::merge(&mut spans);
    let tree = Tree::of(&spans, |span| {
        let path = format!("span {}", span.id);
        reading.bad(about.file, span.line, &path, "it contains itself", "parents without a circle");
    });
    count.around += calls::keep_innermost(&mut spans, &tree);
    sort_containers(&mut spans, &tree, count);
    let mut ends = ends(&spans, &tree);
    let times: Vec<Time> = ends.iter().map(|end| end.at).collect();
    let mut who = attribution::of(&spans, &tree, &times);
    lend_agents_to_workflows(&spans, &tree, &mut who);
    close_open_ends(&spans, &tree, &who, &mut ends);
    let is_unended = |span: &&Span| span.kind != SpanKind::Other && (span.is_open || span.end.is_none());
    count.unended += spans.iter().filter(is_unended).count();
    let trace = build(about, &spans, &tree, &ends, &who, reading);
    count.steps += trace.steps.len();
    (!trace.steps.is_empty()).then_some(trace)
}

/// Spans may be exported twice, or once when they begin and once when they end: of each the one that ends last.
fn without_copies(spans: Vec<Span>, count: &mut SpanCounts) -> Vec<Span> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        if let Some(known) = places.get(&span.id).and_then(|&at| kept.get_mut(at)) {
            count.copies += 1;
            if span.end.map(|end| end.at) > known.end.map(|end| end.at) {
                *known = span;
            }
        } else {
            places.insert(span.id.clone(), kept.len());
            kept.push(span);
        }
    }
    kept
}

/// Leaves out agents in whose spans nothing happens, such as the client's side of a call to an agent; what only holds
/// agents, and names none, is a workflow.
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

/// The ends of spans; one that tells none lasts as long as what is in it.
fn ends(spans: &[Span], tree: &Tree) -> Vec<Moment> {
    let mut ends: Vec<Moment> = spans.iter().map(|span| span.end.unwrap_or(span.start)).collect();
    for &at in tree.order.iter().rev() {
        ends[at].is_rough |= spans[at].end.is_none();
        if let Some(parent) = tree.parent[at].filter(|&parent| spans[parent].end.is_none()) {
            ends[parent].at = ends[at].at.max(ends[parent].at);
        }
    }
    ends
}

/// A call or a tool without an end of its own ends, as far as one can tell, when its agent goes on, and at the latest
/// with what it is in.
fn close_open_ends(spans: &[Span], tree: &Tree, who: &Who, ends: &mut [Moment]) {
    let around = tree.nearest(|at| spans[at].end.is_some());
    let mut order: Vec<usize> =
        (0..spans.len()).filter(|&at| spans[at].kind.is_call() || spans[at].kind == SpanKind::Tool).collect();
    order.sort_by_key(|&at| std::cmp::Reverse((spans[at].start.at, at)));
    let mut goes_on: BTreeMap<&str, Time> = BTreeMap::new();
    for at in order {
        let agent = who.agents[at].as_str();
        if spans[at].is_open || spans[at].end.is_none() {
            let within = around[at].filter(|_| spans[at].end.is_none()).map_or(ends[at].at, |around| ends[around].at);
            // What is in it is over before it ends.
            let least = if spans[at].end.is_none() { ends[at].at } else { spans[at].start.at };
            let end = goes_on.get(agent).map_or(within, |&next| next.min(within)).max(least);
            ends[at] = Moment { at: end, is_bare: false, is_rough: true };
        }
        goes_on.insert(agent, spans[at].start.at);
    }
}

/// A workflow that no agent is around goes by the agent that is first in it, as every step has one.
fn lend_agents_to_workflows(spans: &[Span], tree: &Tree, who: &mut Who) {
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
            let agent = who.agents[lead].clone();
            who.agents[at] = agent;
        }
    }
}

/// The steps, in order, and what is known of the whole.
fn build(
    about: &About<'_>,
    spans: &[Span],
    tree: &Tree,
    ends: &[Moment],
    who: &Who,
    reading: &mut ImportContext,
) -> Trace {
    let own = spans.iter().find(|span| span.facts.get(SpanField::BrooksTrace).is_some());
    let found = |field| own.and_then(|span| span.facts.text(field));
    let first = spans.first().map_or("", |span| span.trace.as_str());
    let name = found(SpanField::BrooksTrace).or_else(|| as_name(first)).unwrap_or("trace");
    let service = || spans.iter().find_map(|span| span.facts.name(SpanField::Service));
    let producer = service().filter(|_| about.is_service).unwrap_or(about.producer);
    let mut builder = Builder::new(name, about.format, producer);
    let above = tree.nearest(|at| spans[at].kind != SpanKind::Other);
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let mut links: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let by_span: BTreeMap<&str, usize> = spans.iter().enumerate().map(|(at, span)| (span.id.as_str(), at)).collect();
    let mut order: Vec<usize> = (0..spans.len()).filter(|&at| spans[at].kind != SpanKind::Other).collect();
    order.sort_by(|&a, &b| key(&spans[a], ends[a]).cmp(&key(&spans[b], ends[b])));
    for &at in &order {
        let span = &spans[at];
        if !ids.insert(span.step_id()) {
            let message = format!("there is another step {:?}", span.step_id());
            reading.bad(about.file, span.line, "brooks.id", message, "unique ids");
            continue;
        }
        let agent = builder.agent(&who.agents[at]);
        let mut step = step(span, ends[at], &mut builder);
        step.agent = agent;
        if let Some(parent) = above[at].filter(|_| span.facts.get(SpanField::BrooksRoot).is_none()) {
            step.more_mut().parent = Some(spans[parent].step_id().into());
            let is_new = spans[at].kind == SpanKind::Agent && who.agents[parent] != who.agents[at];
            if let Some(agent) = builder.header().agents.get_mut(agent.index()).filter(|_| is_new)
                && agent.spawned_by.is_none()
                && spans[parent].kind != SpanKind::Workflow
            {
                agent.spawned_by = Some(spans[parent].step_id().to_owned());
                agent.role = Some("subagent".to_owned());
            }
        }
        let linked = span.links.iter().filter_map(|id| by_span.get(id.as_str())).map(|&other| &spans[other]);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let linked = linked.filter(|other| other.kind != SpanKind::Other).map(Span::step_id);
        let linked: Vec<&str> = linked.filter(|id| seen.insert(id)).collect();
        if !linked.is_empty() {
            links.insert(span.step_id(), linked);
        }
        builder.push(step);
    }
    // The spans of agents that brooks made for others to open tell by which step each was started.
    for (at, span) in spans.iter().enumerate().filter(|(_, span)| span.facts.get(SpanField::BrooksMade).is_some()) {
        if let (Some(name), Some(parent)) = (span.facts.name(SpanField::Agent), above[at]) {
            let agent = builder.agent(name).index();
            if let Some(agent) = builder.header().agents.get_mut(agent) {
                agent.spawned_by = Some(spans[parent].step_id().to_owned());
            }
        }
    }
    let is_linked = !links.is_empty();
    follow_links(builder.steps(), &links);
    let is_inferred = !is_linked && own.is_none() && dependencies::infer(builder.steps());
    say_quality(&mut builder, spans, ends, who, own.is_some());
    builder.quality(
        "after",
        match (is_linked, is_inferred) {
            (true, _) if own.is_some() => Quality::Recorded,
            (true, _) | (_, true) => Quality::Inferred,
            _ => Quality::Absent,
        },
    );
    let origin = found(SpanField::BrooksOrigin);
    if let Some(origin) = origin {
        builder.began(timestamp::parse(origin).map_or(Time::ZERO, |instant| instant.at));
    }
    builder.finish(origin.is_none_or(|origin| origin != "start"))
}

/// The order of files.
fn key(span: &Span, end: Moment) -> (Time, Time, &str) {
    (span.start.at, end.at, span.step_id())
}

/// Steps that are linked came after one another; links from the later to the earlier, as time has it.
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

/// The step that a span is, but for its agent and parent.
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
    let told = facts.name(SpanField::OwnOperation).or_else(|| facts.name(SpanField::Operation));
    if let Some(name) = told.filter(|_| span.is_own() || span.kind == SpanKind::Wait) {
        step.operation = builder.operation(name);
    }
    if step.is_call() || span.is_own() {
        step.usage = usage::of(facts);
        step.model = facts.name(SpanField::Model).map(|model| builder.name(model));
        let millis = || facts.number(SpanField::FirstChunkMillis).map(|millis| millis / 1e3);
        let told = facts.number(SpanField::FirstChunk).or_else(millis).map(Time::from_secs);
        let at = || super::moment::read(facts.get(SpanField::FirstChunkAt)?, super::moment::NumberUnit::BySize);
        let since = || at().filter(|at| at.at >= step.start).map(|at| at.at - step.start);
        let first_chunk = told.or_else(since).filter(|&wait| span.is_own() || wait <= step.end - step.start);
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
        if (moment.is_bare || moment.is_rough) && !est.iter().any(|known| known == key) {
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

/// The type of error of a span that failed; never its message.
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

/// Says how far each field can be trusted.
fn say_quality(builder: &mut Builder, spans: &[Span], ends: &[Moment], who: &Who, is_own: bool) {
    let of = |moment: Moment| match (moment.is_rough, moment.is_bare) {
        (true, _) => Quality::Estimated,
        (_, true) => Quality::Inferred,
        _ => Quality::Recorded,
    };
    for (span, end) in spans.iter().zip(ends).filter(|(span, _)| span.kind != SpanKind::Other) {
        builder.quality("start_us", of(span.start));
        builder.quality("end_us", of(*end));
    }
    let has = |told: bool| if told { Quality::Recorded } else { Quality::Absent };
    let steps = builder.steps();
    let has_input = steps.iter().any(|step| step.usage.input.is_some());
    let has_output = steps.iter().any(|step| step.usage.output.is_some());
    let has_class = steps.iter().any(|step| step.class.is_some());
    builder.quality("gen_ai.usage.input_tokens", has(has_input));
    builder.quality("gen_ai.usage.output_tokens", has(has_output));
    builder.quality("gen_ai.agent.name", if is_own { Quality::Recorded } else { who.quality });
    builder.quality("class", has(has_class));
    for field in ["task.events", "files.write", "tests"] {
        builder.quality(field, Quality::Absent);
    }
}
