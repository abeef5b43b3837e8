//! Conversion of a [`Trace`] into lines: a header, then one line per step.

use serde_json::{Map, Value, json};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Extra, FileUse, Header, TaskNote, Trace, TraceSource, TraceStep};
use crate::workload::TaskId;

/// Formats a trace as text. Equal traces give equal bytes.
pub fn write(trace: &Trace) -> String {
    let mut text = String::with_capacity(256 + trace.steps.len() * 256);
    for line in lines(trace) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Returns the lines of a trace, made one at a time.
pub fn lines(trace: &Trace) -> impl Iterator<Item = String> {
    let head = std::iter::once_with(|| Value::from(header(&trace.header)).to_string());
    head.chain(trace.steps.iter().map(|step| Value::from(line(trace, step)).to_string()))
}

/// A JSON object under construction, with its keys in order of insertion.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    fn put_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn put_list(&mut self, key: &str, values: Vec<Value>) {
        if !values.is_empty() {
            self.put(key, values);
        }
    }

    fn with(mut self, extra: &Extra) -> Map<String, Value> {
        for (key, value) in extra.iter() {
            self.put(key, value.clone());
        }
        self.0
    }
}

fn header(header: &Header) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("record", "header");
    out.put("schema", super::SCHEMA);
    out.put("version", format!("{}.{}", header.version.0, header.version.1));
    out.put("trace", header.trace.as_str());
    out.put("source", source(&header.source));
    out.put("clock", json!({"origin": header.origin, "unit": "us"}));
    let agents = header.agents.iter().map(|agent| {
        let mut out = Object::default();
        out.put("gen_ai.agent.name", agent.name.as_str());
        out.put_some("role", agent.role.as_deref());
        out.put_some("spawned_by", agent.spawned_by.as_deref());
        out.put_some("gen_ai.request.model", agent.model.as_deref());
        Value::from(out.with(&agent.extra))
    });
    out.put("agents", agents.collect::<Vec<_>>());
    let tasks = header.tasks.iter().map(|task| {
        let mut out = Object::default();
        out.put("id", task.id.as_str());
        out.put_some("title", task.title.as_deref());
        out.put("depends_on", task.depends_on.clone());
        out.put_some("weight", task.weight.map(number));
        Value::from(out.with(&task.extra))
    });
    out.put("tasks", tasks.collect::<Vec<_>>());
    out.put_some("architecture", header.architecture.as_deref());
    if header.barrier {
        out.put("barrier", "round");
    }
    if !header.limits.is_empty() {
        out.put("limits", header.limits.clone());
    }
    if let Some(outcome) = &header.outcome {
        let mut line = Object::default();
        line.put_some("success", outcome.success);
        line.put_some("score", outcome.score.map(number));
        line.put_some("reason", outcome.reason.as_deref());
        out.put("outcome", line.with(&outcome.extra));
    }
    if !header.totals.is_empty() {
        out.put("totals", header.totals.clone());
    }
    out.put("labels", header.labels.clone());
    let quality = header.quality.iter().map(|(field, quality)| (field.clone(), Value::from(quality.name())));
    out.put("quality", quality.collect::<Map<_, _>>());
    out.with(&header.extra)
}

fn source(source: &TraceSource) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("format", source.format.as_str());
    out.put("producer", source.producer.as_str());
    out.put_list("files", source.files.iter().map(|(path, sha)| json!({"path": path, "sha256": sha})).collect());
    if !source.importer.is_empty() {
        out.put("importer", source.importer.as_str());
    }
    out.with(&source.extra)
}

/// Formats a whole value without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}

fn line(trace: &Trace, step: &TraceStep) -> Map<String, Value> {
    let more = step.more();
    let agent = |id: AgentId| trace.header.agents.get(id.index()).map_or("", |agent| &agent.name);
    let names = |list: &[_]| list.iter().map(|&name| Value::from(trace.name(name))).collect::<Vec<_>>();
    let mut out = Object::default();
    out.put("record", "step");
    out.put("id", &*step.id);
    out.put_some("parent", more.parent.as_deref());
    out.put("after", step.after.iter().map(|id| Value::from(&**id)).collect::<Vec<_>>());
    out.put("gen_ai.operation.name", step.operation.name(&trace.names));
    out.put("gen_ai.agent.name", agent(step.agent));
    out.put("start_us", step.start.as_us());
    out.put("end_us", step.end.as_us());
    if step.round > 0 {
        out.put("round", step.round);
    }
    out.put_some("task", step.task.map(|task| task_name(trace, task)));
    out.put_list("task.events", step.events.iter().map(|note| event(trace, note).into()).collect());
    out.put_some("gen_ai.request.model", step.model.map(|model| trace.name(model)));
    out.put_some("gen_ai.tool.name", more.tool.map(|tool| trace.name(tool)));
    out.put_some("gen_ai.usage.input_tokens", step.usage.input);
    out.put_some("gen_ai.usage.output_tokens", step.usage.output);
    out.put_some("gen_ai.usage.cache_read.input_tokens", step.usage.cache_read);
    out.put_some("gen_ai.usage.cache_write.input_tokens", step.usage.cache_write);
    // Seconds, by the convention of OpenTelemetry.
    out.put_some("gen_ai.response.time_to_first_chunk", more.first_chunk.map(Time::as_secs));
    out.put_list("gen_ai.response.finish_reasons", names(&more.finish_reasons));
    out.put_some("error.type", more.error.map(|error| trace.name(error)));
    out.put_list("files.read", more.reads.iter().map(|file| file_use(trace, file).into()).collect());
    out.put_list("files.write", step.writes.iter().map(|file| file_use(trace, file).into()).collect());
    let tests = more.tests.iter().map(|test| {
        let mut out = Object::default();
        out.put("returncode", test.returncode);
        out.put("start_us", test.start.as_us());
        out.put("end_us", test.end.as_us());
        Value::from(out.with(&test.extra))
    });
    out.put_list("tests", tests.collect());
    out.put_some("class", step.class.map(super::Class::name));
    out.put_list("est", names(&more.est));
    out.with(&more.extra)
}

fn event(trace: &Trace, note: &TaskNote) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("event", note.event.name());
    out.put_some("task", note.task.map(|task| task_name(trace, task)));
    out.put_some(
        "gen_ai.agent.name",
        note.agent.and_then(|agent| Some(trace.header.agents.get(agent.index())?.name.as_str())),
    );
    out.with(&note.extra)
}

fn task_name(trace: &Trace, task: TaskId) -> &str {
    trace.header.tasks.get(task.index()).map_or("", |task| &task.id)
}

fn file_use(trace: &Trace, file: &FileUse) -> Map<String, Value> {
    let mut out = Object::default();
    out.put("path", trace.name(file.path));
    out.put_some("chars", file.chars);
    out.put_some("ok", file.ok);
    out.with(&file.extra)
}
