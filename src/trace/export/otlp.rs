//! A trace as OTLP JSON lines: an `invoke_agent` span for each agent, with `chat` and `execute_tool` spans in it, and tokens
//! under their `GenAI` names. Jaeger and Phoenix open it; [`import`](crate::trace::import) restores the same steps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::engine::{Digest, Time};
use crate::table::timestamp;
use crate::team::AgentId;
use crate::trace::model::{Name, Operation, Trace, TraceStep};

/// Key of the span kind in `OpenInference`.
const OPENINFERENCE_KIND: &str = "openinference.span.kind";

/// Formats a trace as one `ExportTraceServiceRequest` per line: agents first, then steps. Equal traces give equal bytes;
/// ids are hashes of the names of trace and steps.
pub fn write(trace: &Trace) -> String {
    let out = OtlpWriter::new(trace);
    let mut text = String::with_capacity(512 + trace.steps.len() * 768);
    for span in out.containers().into_iter().chain(trace.steps.iter().map(|step| out.step(step))) {
        text.push_str(&out.request(&span).to_string());
        text.push('\n');
    }
    text
}

/// Writer of the spans of a trace.
struct OtlpWriter<'a> {
    trace: &'a Trace,
    trace_id: String,
    /// Span id of every step.
    steps: BTreeMap<&'a str, String>,
    /// Span of every agent: an `invoke_agent` step, or a synthetic one.
    agents: Vec<AgentSpan>,
    /// Id of the synthetic root span; none if every agent has a step of its own.
    root: Option<String>,
    /// Time zero, in microseconds since 1970.
    zero: u64,
}

/// Span of an agent.
struct AgentSpan {
    id: String,
    is_made: bool,
}

impl<'a> OtlpWriter<'a> {
    fn new(trace: &'a Trace) -> OtlpWriter<'a> {
        let name = &trace.header.trace;
        let mut taken = BTreeSet::new();
        let mut hex = |kind: &str, name_in_trace: &str| {
            let mut id = hash(&[kind, name, name_in_trace]).max(1);
            while !taken.insert(id) {
                id = id.wrapping_add(1).max(1);
            }
            format!("{id:016x}")
        };
        let steps: BTreeMap<&str, String> = trace.steps.iter().map(|step| (&*step.id, hex("step", &step.id))).collect();
        let mut lives: BTreeMap<AgentId, &str> = BTreeMap::new();
        for step in trace.steps.iter().filter(|step| step.operation == Operation::InvokeAgent) {
            lives.entry(step.agent).or_insert(&step.id);
        }
        let agents = AgentId::all(trace.header.agents.len()).zip(&trace.header.agents).map(|(id, agent)| {
            let own = lives.get(&id).and_then(|id| steps.get(id));
            let is_made = own.is_none();
            AgentSpan { id: own.cloned().unwrap_or_else(|| hex("agent", &agent.name)), is_made }
        });
        let agents: Vec<AgentSpan> = agents.collect();
        let has_root = agents.iter().any(|agent| agent.is_made);
        let root = has_root.then(|| hex("trace", ""));
        let trace_id = format!("{:016x}{:016x}", hash(&["trace", name]).max(1), hash(&["trace again", name]));
        let zero = timestamp::parse(&trace.header.origin).map_or(0, |instant| instant.at.as_us());
        OtlpWriter { trace, trace_id, steps, agents, root, zero }
    }

    /// Returns the synthetic spans: the root, and agents without a step of their own.
    fn containers(&self) -> Vec<Value> {
        let mut spans = Vec::new();
        let end = self.trace.steps.iter().map(|step| step.end).max().unwrap_or_default();
        if let Some(root) = &self.root {
            let name = &self.trace.header.trace;
            let mut attributes = Attributes::default();
            attributes.text("gen_ai.operation.name", "invoke_workflow");
            attributes.text(OPENINFERENCE_KIND, "CHAIN");
            attributes.text("gen_ai.workflow.name", name);
            attributes.flag("brooks.made");
            let times = (Time::ZERO, end);
            spans.push(self.span(root, None, &format!("invoke_workflow {name}"), 1, times, &attributes));
        }
        let mut times: Vec<Option<(Time, Time)>> = vec![None; self.agents.len()];
        for step in &self.trace.steps {
            if let Some(times) = times.get_mut(step.agent.index()) {
                let (start, end) = times.unwrap_or((step.start, step.end));
                *times = Some((start.min(step.start), end.max(step.end)));
            }
        }
        for ((agent, header), times) in self.agents.iter().zip(&self.trace.header.agents).zip(times) {
            let Some(times) = times.filter(|_| agent.is_made) else { continue };
            let mut attributes = Attributes::default();
            attributes.text("gen_ai.operation.name", "invoke_agent");
            attributes.text(OPENINFERENCE_KIND, "AGENT");
            attributes.text("gen_ai.agent.name", &header.name);
            attributes.flag("brooks.made");
            let spawned = header.spawned_by.as_deref().and_then(|id| self.steps.get(id));
            let parent = spawned.or(self.root.as_ref());
            spans.push(self.span(&agent.id, parent, &format!("invoke_agent {}", header.name), 1, times, &attributes));
        }
        spans
    }

    fn step(&self, step: &TraceStep) -> Value {
        let trace = self.trace;
        let more = step.more();
        let agent = trace.header.agents.get(step.agent.index());
        let agent_name = agent.map_or("", |agent| &agent.name);
        let operation = step.operation.name(&trace.names);
        let text = |name: Name| trace.name(name);
        let mut attributes = Attributes::default();
        attributes.text("gen_ai.operation.name", operation);
        attributes.text(OPENINFERENCE_KIND, kind_for_phoenix(step.operation));
        attributes.text("gen_ai.agent.name", agent_name);
        attributes.some_text("gen_ai.tool.name", more.tool.map(text));
        attributes.some_text("gen_ai.request.model", step.model.map(text));
        attributes.some_number("gen_ai.usage.input_tokens", step.usage.input);
        attributes.some_number("gen_ai.usage.output_tokens", step.usage.output);
        attributes.some_number("gen_ai.usage.cache_read.input_tokens", step.usage.cache_read);
        attributes.some_number("gen_ai.usage.cache_creation.input_tokens", step.usage.cache_write);
        if let Some(wait) = more.first_chunk {
            attributes.put("gen_ai.response.time_to_first_chunk", &json!({"doubleValue": wait.as_secs()}));
        }
        attributes.texts("gen_ai.response.finish_reasons", more.finish_reasons.iter().map(|&name| text(name)));
        attributes.some_text("error.type", more.error.map(text));
        attributes.text("brooks.id", &step.id);
        attributes.some_text("brooks.operation", matches!(step.operation, Operation::Other(_)).then_some(operation));
        if more.parent.is_none() {
            attributes.flag("brooks.root");
        }
        attributes.some_number("brooks.round", (step.round > 0).then_some(step.round));
        let task = step.task.and_then(|task| trace.header.tasks.get(task.index()));
        attributes.some_text("brooks.task", task.map(|task| task.id.as_str()));
        attributes.some_text("brooks.class", step.class.map(crate::trace::Class::name));
        attributes.texts("brooks.est", more.est.iter().map(|&name| text(name)));
        let about = match step.operation {
            Operation::Chat | Operation::Plan => step.model.map(text),
            Operation::ExecuteTool => more.tool.map(text),
            Operation::InvokeAgent => Some(agent_name),
            _ => None,
        };
        let name = about.map_or_else(|| operation.to_owned(), |about| format!("{operation} {about}"));
        // Span kind: 3 is a client request, 1 is internal.
        let kind = if step.is_call() { 3 } else { 1 };
        let id = self.steps.get(&*step.id).map_or("", String::as_str);
        let within = more.parent.as_deref().and_then(|parent| self.steps.get(parent));
        // Synthetic parents are for other tools; `brooks.root` marks steps without a parent.
        let made = self.agents.get(step.agent.index()).filter(|agent| agent.is_made).map(|agent| &agent.id);
        let parent = within.or(made).or(self.root.as_ref());
        let mut span = self.span(id, parent, &name, kind, (step.start, step.end), &attributes);
        let links = step.after.iter().filter_map(|id| self.steps.get(&**id));
        let links: Vec<Value> = links.map(|id| json!({"traceId": self.trace_id, "spanId": id})).collect();
        if let Some(span) = span.as_object_mut() {
            if !links.is_empty() {
                span.insert("links".to_owned(), Value::from(links));
            }
            if more.error.is_some() {
                span.insert("status".to_owned(), json!({"code": 2}));
            }
        }
        span
    }

    fn span(
        &self,
        id: &str,
        parent: Option<&String>,
        name: &str,
        kind: u32,
        (start, end): (Time, Time),
        attributes: &Attributes,
    ) -> Value {
        let nanos = |time: Time| (u128::from(time.as_us()) + u128::from(self.zero)) * 1000;
        json!({
            "traceId": self.trace_id, "spanId": id, "parentSpanId": parent.map_or("", String::as_str), "name": name,
            "kind": kind, "startTimeUnixNano": nanos(start).to_string(), "endTimeUnixNano": nanos(end).to_string(),
            "attributes": attributes.0, "status": {},
        })
    }

    fn request(&self, span: &Value) -> Value {
        let header = &self.trace.header;
        let mut resource = Attributes::default();
        resource.text("service.name", "brooks");
        resource.text("brooks.trace", &header.trace);
        resource.text("brooks.origin", &header.origin);
        let scope = json!({"name": "brooks", "version": env!("CARGO_PKG_VERSION")});
        json!({"resourceSpans": [{
            "resource": {"attributes": resource.0},
            "scopeSpans": [{"scope": scope, "spans": [span]}],
        }]})
    }
}

/// Returns the span kind of `OpenInference`, which all versions of Phoenix read.
fn kind_for_phoenix(operation: Operation) -> &'static str {
    match operation {
        Operation::Chat | Operation::Plan => "LLM",
        Operation::ExecuteTool => "TOOL",
        Operation::InvokeAgent => "AGENT",
        _ => "CHAIN",
    }
}

/// Hash of a sequence of texts, 64 bits.
fn hash(texts: &[&str]) -> u64 {
    let mut digest = Digest::default();
    for text in texts {
        digest.add_text(text);
    }
    digest.value()
}

/// Attributes in OTLP: keys with typed values.
#[derive(Default)]
struct Attributes(Vec<Value>);

impl Attributes {
    fn put(&mut self, key: &str, value: &Value) {
        self.0.push(json!({"key": key, "value": value}));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.put(key, &json!({"stringValue": text}));
    }

    fn some_text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn texts<'t>(&mut self, key: &str, texts: impl Iterator<Item = &'t str>) {
        let values: Vec<Value> = texts.map(|text| json!({"stringValue": text})).collect();
        if !values.is_empty() {
            self.put(key, &json!({"arrayValue": {"values": values}}));
        }
    }

    /// Adds a whole number as text, the JSON form of 64-bit numbers in protobuf.
    fn some_number(&mut self, key: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.put(key, &json!({"intValue": number.to_string()}));
        }
    }

    fn flag(&mut self, key: &str) {
        self.put(key, &json!({"boolValue": true}));
    }
}
