//! Conversion of lines into [`Trace`]s. A file can contain many traces; memory holds one at a time.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde_json::Value;

use super::fields::{Fields, ObjectPosition};
use crate::engine::{Id, Time};
use crate::problem::{Problem, Problems};
use crate::table::json::MAX_LINE;
use crate::team::AgentId;
use crate::trace::check;
use crate::trace::model::{
    Class, Extra, FileUse, Header, More, Name, Names, Operation, Outcome, Quality, TaskNote, TaskNoteKind, Trace,
    TraceAgent, TraceSource, TraceStep, TraceTask, TraceTest, Usage,
};
use crate::trace::run_times;
use crate::workload::TaskId;

/// Reads the traces of a file, in order. A broken trace is an error with all its problems; the next trace begins at the
/// next header.
///
/// ```
/// use brooks::trace::native;
///
/// let text = include_str!("../../../traces/self-claim.steps.jsonl");
/// let traces: Vec<_> = native::read("self-claim.steps.jsonl", text.as_bytes()).collect();
/// let trace = traces[0].as_ref().unwrap();
/// assert_eq!((traces.len(), trace.header.agents.len()), (1, 3));
/// assert_eq!(native::write(trace), text);
/// ```
pub fn read<R: BufRead>(file: &str, source: R) -> Reader<R> {
    Reader { file: file.to_owned(), source, line: 0, header: None, is_over: false }
}

/// Reads traces; see [`read`].
pub struct Reader<R> {
    file: String,
    source: R,
    line: usize,
    /// Header line of the next trace, if it has been read.
    header: Option<(usize, Value)>,
    is_over: bool,
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Trace, Problems>;

    fn next(&mut self) -> Option<Result<Trace, Problems>> {
        if self.is_over && self.header.is_none() {
            return None;
        }
        let mut problems = Problems::default();
        let mut draft = None;
        if let Some((line, header)) = self.header.take() {
            draft = Some(Draft::new(header, &mut ObjectPosition { file: &self.file, line, problems: &mut problems }));
        }
        let first = self.line + 1;
        loop {
            match self.next_value(&mut problems) {
                Line::End => {
                    self.is_over = true;
                    break;
                }
                Line::Bad => {}
                Line::Value(value) if value.get("record").and_then(Value::as_str) == Some("header") => {
                    let line = self.line;
                    if draft.is_none() && problems.is_empty() {
                        let mut position = ObjectPosition { file: &self.file, line, problems: &mut problems };
                        draft = Some(Draft::new(value, &mut position));
                    } else {
                        self.header = Some((line, value));
                        break;
                    }
                }
                Line::Value(value) => {
                    let mut position = ObjectPosition { file: &self.file, line: self.line, problems: &mut problems };
                    if let Some(draft) = &mut draft {
                        draft.step(value, &mut position);
                    } else {
                        let expected = "a header line first: {\"record\":\"header\",\"schema\":\"brooks.trace\", ..}";
                        position.bad("record", "a header is missing before this line", expected);
                        self.skip_to_header();
                        break;
                    }
                }
            }
        }
        let Some(draft) = draft else {
            if problems.is_empty() && first == 1 && self.line == 0 {
                ObjectPosition { file: &self.file, line: 0, problems: &mut problems }.bad(
                    "",
                    "the file is empty",
                    "a header line",
                );
            }
            return (!problems.is_empty()).then_some(Err(problems));
        };
        let trace = draft.finish(&self.file, &mut problems);
        Some(problems.or(trace))
    }
}

/// The next line.
enum Line {
    Value(Value),
    Bad,
    End,
}

impl<R: BufRead> Reader<R> {
    fn next_value(&mut self, problems: &mut Problems) -> Line {
        let mut bytes = Vec::new();
        loop {
            if self.is_over {
                return Line::End;
            }
            bytes.clear();
            let mut limited = (&mut self.source).take(MAX_LINE as u64 + 1);
            let read = limited.read_until(b'\n', &mut bytes);
            self.line += 1;
            let mut position = ObjectPosition { file: &self.file, line: self.line, problems };
            match read {
                Ok(0) => {
                    self.line -= 1;
                    self.is_over = true;
                    return Line::End;
                }
                Ok(_) if bytes.len() > MAX_LINE => {
                    position.bad("", "the line is too long", "lines of at most 64 MiB");
                    self.skip_line();
                    return Line::Bad;
                }
                Ok(_) => {}
                Err(error) => {
                    position.bad("", format!("the file cannot be read further: {error}"), "an undamaged file");
                    self.is_over = true;
                    return Line::Bad;
                }
            }
            let line = bytes.trim_ascii();
            if line.is_empty() {
                continue;
            }
            return match serde_json::from_slice(line) {
                Ok(value) => Line::Value(value),
                Err(error) => {
                    let text = error.to_string();
                    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
                    let message = format!("not JSON: {text}, column {}", error.column());
                    position.bad("", message, "one JSON object per line");
                    Line::Bad
                }
            };
        }
    }

    /// Skips the rest of a line that is too long.
    fn skip_line(&mut self) {
        loop {
            let (used, is_done) = match self.source.fill_buf() {
                Ok([]) | Err(_) => return,
                Ok(buffer) => match buffer.iter().position(|&byte| byte == b'\n') {
                    Some(end) => (end + 1, true),
                    None => (buffer.len(), false),
                },
            };
            self.source.consume(used);
            if is_done {
                return;
            }
        }
    }

    /// Skips lines that belong to no trace.
    fn skip_to_header(&mut self) {
        let mut ignored = Problems::default();
        loop {
            match self.next_value(&mut ignored) {
                Line::End => return,
                Line::Value(value) if value.get("record").and_then(Value::as_str) == Some("header") => {
                    self.header = Some((self.line, value));
                    return;
                }
                Line::Value(_) | Line::Bad => {}
            }
        }
    }
}

/// A trace under construction.
struct Draft {
    trace: Trace,
    agents: BTreeMap<String, AgentId>,
    tasks: BTreeMap<String, TaskId>,
    header_line: usize,
    /// Line of every step, for problems found at the end.
    lines: Vec<u32>,
}

impl Draft {
    fn new(value: Value, position: &mut ObjectPosition<'_>) -> Draft {
        let header = header(Fields::new(value, "", position), position);
        let mut agents = BTreeMap::new();
        for (number, agent) in header.agents.iter().enumerate() {
            if agents.insert(agent.name.clone(), AgentId::at(number)).is_some() {
                position.bad(&format!("agents[{number}]"), format!("{:?} occurs twice", agent.name), "unique names");
            }
        }
        let mut tasks = BTreeMap::new();
        for (number, task) in header.tasks.iter().enumerate() {
            if tasks.insert(task.id.clone(), TaskId::at(number)).is_some() {
                position.bad(&format!("tasks[{number}]"), format!("{:?} occurs twice", task.id), "unique ids");
            }
        }
        let trace = Trace { header, ..Trace::default() };
        Draft { trace, agents, tasks, header_line: position.line, lines: Vec::new() }
    }

    fn step(&mut self, value: Value, position: &mut ObjectPosition<'_>) {
        let mut fields = Fields::new(value, "", position);
        match fields.text("record", position).as_deref() {
            Some("step") => {}
            // A later minor version can add kinds of lines.
            Some(_) => return,
            None => return position.bad("record", "it is missing", "\"step\""),
        }
        if position.problems.is_full() {
            return;
        }
        let mut step = TraceStep { id: fields.needed_text("id", position).into(), ..TraceStep::default() };
        step.after = fields.texts("after", position).into_iter().map(Into::into).collect();
        step.operation = Operation::of(&fields.needed_text("gen_ai.operation.name", position), &mut self.trace.names);
        let agent = fields.needed_text("gen_ai.agent.name", position);
        step.agent = known(&self.agents, &agent, "gen_ai.agent.name", "agents", position).unwrap_or_default();
        step.start = fields.time("start_us", position);
        step.end = fields.time("end_us", position);
        if step.end < step.start {
            let message = format!("{} is before start_us, which is {}", step.end.as_us(), step.start.as_us());
            position.bad("end_us", message, "an end at or after the start");
        }
        step.round = fields.tokens("round", position).unwrap_or(0);
        if self.trace.header.barrier && step.round == 0 {
            position.bad("round", "it is missing", "a round from 1, as the header has a barrier");
        }
        let task = fields.text("task", position);
        step.task = task.and_then(|task| known(&self.tasks, &task, "task", "tasks", position));
        // Exact capacity: a trace can have millions of steps.
        let events = fields.objects("task.events", position);
        step.events.reserve_exact(events.len());
        for event in events {
            step.events.extend(note(event, &self.agents, &self.tasks, position));
        }
        self.details(&mut step, fields, position);
        self.trace.steps.push(step);
        self.lines.push(position.line as u32);
    }

    /// Reads the details of a step that follow its tasks.
    fn details(&mut self, step: &mut TraceStep, mut fields: Fields, position: &mut ObjectPosition<'_>) {
        let names = &mut self.trace.names;
        let parent = fields.text("parent", position).map(Into::into);
        step.model = fields.text("gen_ai.request.model", position).map(|text| names.add(&text));
        let tool = fields.text("gen_ai.tool.name", position).map(|text| names.add(&text));
        step.usage = Usage {
            input: fields.tokens("gen_ai.usage.input_tokens", position),
            output: fields.tokens("gen_ai.usage.output_tokens", position),
            cache_read: fields.tokens("gen_ai.usage.cache_read.input_tokens", position),
            cache_write: fields.tokens("gen_ai.usage.cache_write.input_tokens", position),
        };
        let first_chunk = fields.real("gen_ai.response.time_to_first_chunk", position);
        let all = |list: Vec<String>, names: &mut Names| list.iter().map(|text| names.add(text)).collect::<Vec<Name>>();
        let finish_reasons = all(fields.texts("gen_ai.response.finish_reasons", position), names);
        let error = fields.text("error.type", position).map(|text| names.add(&text));
        let mut files = |key: &str, fields: &mut Fields, position: &mut ObjectPosition<'_>| {
            let list = fields.objects(key, position);
            let mut files = Vec::with_capacity(list.len());
            files.extend(list.into_iter().map(|file| file_use(file, names, position)));
            files
        };
        let reads = files("files.read", &mut fields, position);
        step.writes = files("files.write", &mut fields, position);
        let tests: Vec<TraceTest> =
            fields.objects("tests", position).into_iter().map(|test| test_run(test, position)).collect();
        step.class = fields.word("class", Class::of, Class::NAMES, position);
        let est = all(fields.texts("est", position), &mut self.trace.names);
        let extra = fields.rest();
        let is_order = |value: &Value| value.as_u64().is_some_and(|order| u32::try_from(order).is_ok());
        check_extra(&extra, "x.order", is_order, "a whole number from 0 to 4294967295", position);
        check_extra(&extra, "x.latency_s", Value::is_number, "seconds", position);
        let resources = run_times::resources(&self.trace.header.extra);
        run_times::check_step(&extra, &resources, |key, value, expected| position.bad(key, value, expected));
        let first_chunk = first_chunk.map(Time::from_secs);
        let more = More { parent, first_chunk, finish_reasons, error, tool, reads, tests, est, extra };
        if !more.is_nothing() {
            *step.more_mut() = more;
        }
    }

    /// Returns the trace after the checks of the whole.
    fn finish(mut self, file: &str, problems: &mut Problems) -> Trace {
        if problems.is_empty() {
            let (lines, header_line) = (&self.lines, self.header_line);
            check::check(&self.trace, |fault| {
                let line = fault.step.and_then(|step| lines.get(step).copied()).unwrap_or(header_line as u32);
                problems.push(Problem { file: file.to_owned(), line, ..fault.problem });
            });
        }
        self.trace.sort();
        self.trace
    }
}

/// Returns the number of a name of the header.
fn known<K: Id>(
    table: &BTreeMap<String, K>,
    name: &str,
    key: &str,
    list: &str,
    position: &mut ObjectPosition<'_>,
) -> Option<K> {
    let number = table.get(name).copied();
    if number.is_none() && !name.is_empty() {
        position.bad(key, format!("{name:?} is not in the header"), &format!("one of the header's {list}"));
    }
    number
}

fn header(mut fields: Fields, position: &mut ObjectPosition<'_>) -> Header {
    fields.take("record");
    let schema = fields.needed_text("schema", position);
    if !schema.is_empty() && schema != super::SCHEMA {
        position.bad("schema", format!("{schema:?}"), &format!("{:?}", super::SCHEMA));
    }
    let version = fields.needed_text("version", position);
    let mut header = Header {
        version: version_of(&version, position),
        trace: fields.needed_text("trace", position),
        ..Header::default()
    };
    header.source = fields.object("source", position).map(|fields| source(fields, position)).unwrap_or_default();
    if let Some(mut clock) = fields.object("clock", position) {
        header.origin = clock.text("origin", position).unwrap_or_default();
        if let Some(unit) = clock.text("unit", position).filter(|unit| unit != "us") {
            position.bad("clock.unit", format!("{unit:?}"), "\"us\"");
        }
    }
    header.agents = fields.objects("agents", position).into_iter().map(|agent| listed_agent(agent, position)).collect();
    for mut task in fields.objects("tasks", position) {
        let task = TraceTask {
            id: task.needed_text("id", position),
            title: task.text("title", position),
            depends_on: task.texts("depends_on", position),
            weight: task.real("weight", position),
            extra: task.rest(),
        };
        let are_texts = |value: &Value| value.as_array().is_some_and(|files| files.iter().all(Value::is_string));
        check_extra(&task.extra, "x.writes", are_texts, "a list of texts", position);
        header.tasks.push(task);
    }
    header.architecture = fields.text("architecture", position);
    header.barrier = fields.word("barrier", |word| (word == "round").then_some(()), &["round"], position).is_some();
    header.limits = fields.map("limits", position);
    header.outcome = fields.object("outcome", position).map(|mut outcome| Outcome {
        success: outcome.flag("success", position),
        score: outcome.real("score", position),
        reason: outcome.text("reason", position),
        extra: outcome.rest(),
    });
    header.totals = fields.map("totals", position);
    header.labels = fields.map("labels", position);
    header.quality = qualities(&mut fields, position);
    header.extra = fields.rest();
    check_limits(&header.extra, position);
    let names: Vec<&str> = header.agents.iter().map(|agent| agent.name.as_str()).collect();
    run_times::check_header(&header.extra, &names, |key, value, expected| position.bad(key, value, expected));
    header
}

fn qualities(fields: &mut Fields, position: &mut ObjectPosition<'_>) -> Vec<(String, Quality)> {
    let mut qualities = Vec::new();
    for (field, value) in fields.map("quality", position) {
        match value.as_str().and_then(Quality::of) {
            Some(quality) => qualities.push((field, quality)),
            None => position.bad(&format!("quality.{field}"), value.to_string(), &Quality::NAMES.join(", ")),
        }
    }
    qualities
}

fn source(mut fields: Fields, position: &mut ObjectPosition<'_>) -> TraceSource {
    let mut source = TraceSource {
        format: fields.text("format", position).unwrap_or_default(),
        producer: fields.text("producer", position).unwrap_or_default(),
        importer: fields.text("importer", position).unwrap_or_default(),
        ..TraceSource::default()
    };
    for mut file in fields.objects("files", position) {
        let (path, sha) = (file.needed_text("path", position), file.text("sha256", position).unwrap_or_default());
        source.files.push((path, sha));
    }
    source.extra = fields.rest();
    source
}

fn listed_agent(mut agent: Fields, position: &mut ObjectPosition<'_>) -> TraceAgent {
    TraceAgent {
        name: agent.needed_text("gen_ai.agent.name", position),
        role: agent.text("role", position),
        spawned_by: agent.text("spawned_by", position),
        model: agent.text("gen_ai.request.model", position),
        extra: agent.rest(),
    }
}

/// Reports limits of the recorder's harness that are no numbers.
fn check_limits(extra: &Extra, position: &mut ObjectPosition<'_>) {
    for (key, least) in [(Header::OUTPUT_LIMIT, 1), (Header::CONTEXT_WINDOW, 0)] {
        let has_form =
            |value: &Value| value.as_u64().is_some_and(|count| (least..=u64::from(u32::MAX)).contains(&count));
        let expected = format!("a whole number from {least} to {}", u32::MAX);
        check_extra(extra, key, has_form, &expected, position);
    }
}

/// Parses the version. Older major versions and all minor ones are readable.
fn version_of(text: &str, position: &mut ObjectPosition<'_>) -> (u32, u32) {
    let (major, minor) = super::VERSION;
    let parsed = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match parsed {
        Some(version) if (1..=major).contains(&version.0) => version,
        Some((newer, _)) if newer > major => {
            let expected = format!("version {major}.{minor} or older; a newer brooks reads it");
            position.bad("version", format!("{text:?} is from a later version of brooks"), &expected);
            (major, minor)
        }
        _ if text.is_empty() => (major, minor),
        _ => {
            position.bad("version", format!("{text:?}"), "a version such as \"1.0\"");
            (major, minor)
        }
    }
}

fn note(
    mut fields: Fields,
    agents: &BTreeMap<String, AgentId>,
    tasks: &BTreeMap<String, TaskId>,
    position: &mut ObjectPosition<'_>,
) -> Option<TaskNote> {
    let event = fields.word("event", TaskNoteKind::of, TaskNoteKind::NAMES, position)?;
    let task =
        fields.text("task", position).and_then(|task| known(tasks, &task, "task.events.task", "tasks", position));
    let agent = fields.text("gen_ai.agent.name", position);
    let agent = agent.and_then(|agent| known(agents, &agent, "task.events.gen_ai.agent.name", "agents", position));
    Some(TaskNote { event, task, agent, extra: fields.rest() })
}

/// Reports an additional key that this program reads itself, if its value has another form.
fn check_extra(
    extra: &Extra,
    key: &str,
    has_form: impl Fn(&Value) -> bool,
    expected: &str,
    position: &mut ObjectPosition<'_>,
) {
    if let Some(value) = extra.get(key).filter(|value| !value.is_null() && !has_form(value)) {
        position.bad(key, value.to_string(), expected);
    }
}

fn file_use(mut fields: Fields, names: &mut Names, position: &mut ObjectPosition<'_>) -> FileUse {
    FileUse {
        path: names.add(&fields.needed_text("path", position)),
        chars: fields.tokens("chars", position),
        ok: fields.flag("ok", position),
        extra: fields.rest(),
    }
}

fn test_run(mut fields: Fields, position: &mut ObjectPosition<'_>) -> TraceTest {
    let returncode = fields.whole("returncode", position);
    if returncode.is_none() {
        position.bad("tests.returncode", "it is missing", "the exit code of the test runner");
    }
    let (start, end) = (fields.time("start_us", position), fields.time("end_us", position));
    if end < start {
        position.bad(
            "tests.end_us",
            format!("{} is before start_us, which is {}", end.as_us(), start.as_us()),
            "an end at or after the start",
        );
    }
    TraceTest { returncode: returncode.unwrap_or(0), start, end, extra: fields.rest() }
}
