//! From lines to [`Trace`]s, one trace at a time: a file may hold many, and none has to fit into memory but the one
//! that is read.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde_json::Value;

use super::fields::{Fields, ObjectPosition};
use crate::engine::Id;
use crate::problem::{Problem, Problems};
use crate::table::json::MAX_LINE;
use crate::team::AgentId;
use crate::trace::check;
use crate::trace::model::{
    Class, FileUse, Header, More, Name, Names, Operation, Outcome, Quality, TaskNote, TaskNoteKind, Trace, TraceAgent,
    TraceSource, TraceStep, TraceTask, TraceTest, Usage,
};
use crate::workload::TaskId;

/// The traces of a file, in order. A broken one is an error that tells all that is wrong with it; the next begins at
/// the next header.
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
    /// The header line of the next trace, once it has been met.
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
                        let mut place = ObjectPosition { file: &self.file, line, problems: &mut problems };
                        draft = Some(Draft::new(value, &mut place));
                    } else {
                        self.header = Some((line, value));
                        break;
                    }
                }
                Line::Value(value) => {
                    let mut place = ObjectPosition { file: &self.file, line: self.line, problems: &mut problems };
                    if let Some(draft) = &mut draft {
                        draft.step(value, &mut place);
                    } else {
                        let expected = "a header line first: {\"record\":\"header\",\"schema\":\"brooks.trace\", ..}";
                        place.bad("record", "there is no header before this line", expected);
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

/// What the next line is.
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
            let mut place = ObjectPosition { file: &self.file, line: self.line, problems };
            match read {
                Ok(0) => {
                    self.line -= 1;
                    self.is_over = true;
                    return Line::End;
                }
                Ok(_) if bytes.len() > MAX_LINE => {
                    place.bad("", "the line is too long", "lines of at most 64 MiB");
                    self.skip_line();
                    return Line::Bad;
                }
                Ok(_) => {}
                Err(error) => {
                    place.bad("", format!("it can't be read on: {error}"), "an undamaged file");
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
                    place.bad("", message, "a JSON object a line");
                    Line::Bad
                }
            };
        }
    }

    /// Reads to the end of an overlong line without keeping it.
    fn skip_line(&mut self) {
        loop {
            let (used, is_done) = match self.source.fill_buf() {
                Ok([]) | Err(_) => return,
                Ok(buffer) => match buffer.iter().position(|&byte| byte == b'\n') {
                    Some(place) => (place + 1, true),
                    None => (buffer.len(), false),
                },
            };
            self.source.consume(used);
            if is_done {
                return;
            }
        }
    }

    /// Leaves out what belongs to no trace.
    fn skip_to_header(&mut self) {
        let mut unheard = Problems::default();
        loop {
            match self.next_value(&mut unheard) {
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

/// A trace of which some lines have been read.
struct Draft {
    trace: Trace,
    agents: BTreeMap<String, AgentId>,
    tasks: BTreeMap<String, TaskId>,
    header_line: usize,
    /// The line of every step, for what only shows at the end.
    lines: Vec<u32>,
}

impl Draft {
    fn new(value: Value, place: &mut ObjectPosition<'_>) -> Draft {
        let header = header(Fields::of(value, "", place), place);
        let mut agents = BTreeMap::new();
        for (number, agent) in header.agents.iter().enumerate() {
            if agents.insert(agent.name.clone(), AgentId::at(number)).is_some() {
                place.bad(&format!("agents[{number}]"), format!("{:?} is there twice", agent.name), "unique names");
            }
        }
        let mut tasks = BTreeMap::new();
        for (number, task) in header.tasks.iter().enumerate() {
            if tasks.insert(task.id.clone(), TaskId::at(number)).is_some() {
                place.bad(&format!("tasks[{number}]"), format!("{:?} is there twice", task.id), "unique ids");
            }
        }
        let trace = Trace { header, ..Trace::default() };
        Draft { trace, agents, tasks, header_line: place.line, lines: Vec::new() }
    }

    fn step(&mut self, value: Value, place: &mut ObjectPosition<'_>) {
        let mut fields = Fields::of(value, "", place);
        match fields.text("record", place).as_deref() {
            Some("step") => {}
            // Lines of kinds that a later minor version may add are for later versions.
            Some(_) => return,
            None => return place.bad("record", "it is missing", "\"step\""),
        }
        if place.problems.is_full() {
            return;
        }
        let names = &mut self.trace.names;
        let mut step = TraceStep { id: fields.needed_text("id", place).into(), ..TraceStep::default() };
        let parent = fields.text("parent", place);
        step.after = fields.texts("after", place).into_iter().map(Into::into).collect();
        step.operation = Operation::of(&fields.needed_text("gen_ai.operation.name", place), names);
        let agent = fields.needed_text("gen_ai.agent.name", place);
        step.agent = known(&self.agents, &agent, "gen_ai.agent.name", "agents", place).unwrap_or_default();
        step.start = fields.time("start_us", place);
        step.end = fields.time("end_us", place);
        if step.end < step.start {
            let message = format!("{} is before start_us, which is {}", step.end.as_us(), step.start.as_us());
            place.bad("end_us", message, "an end that is not before the start");
        }
        step.round = fields.tokens("round", place).unwrap_or(0);
        if self.trace.header.barrier && step.round == 0 {
            place.bad("round", "it is missing", "a round from 1, as the header has a barrier");
        }
        let task = fields.text("task", place);
        step.task = task.and_then(|task| known(&self.tasks, &task, "task", "tasks", place));
        // Lists are made as long as they get: of millions of steps every spare byte is kept.
        let events = fields.objects("task.events", place);
        step.events.reserve_exact(events.len());
        for event in events {
            step.events.extend(note(event, &self.agents, &self.tasks, place));
        }
        step.model = fields.text("gen_ai.request.model", place).map(|text| names.add(&text));
        let tool = fields.text("gen_ai.tool.name", place).map(|text| names.add(&text));
        step.usage = Usage {
            input: fields.tokens("gen_ai.usage.input_tokens", place),
            output: fields.tokens("gen_ai.usage.output_tokens", place),
            cache_read: fields.tokens("gen_ai.usage.cache_read.input_tokens", place),
            cache_write: fields.tokens("gen_ai.usage.cache_write.input_tokens", place),
        };
        let first_chunk = fields.real("gen_ai.response.time_to_first_chunk", place);
        let all = |list: Vec<String>, names: &mut Names| list.iter().map(|text| names.add(text)).collect::<Vec<Name>>();
        let finish_reasons = all(fields.texts("gen_ai.response.finish_reasons", place), names);
        let error = fields.text("error.type", place).map(|text| names.add(&text));
        let mut files = |key: &str, fields: &mut Fields, place: &mut ObjectPosition<'_>| {
            let list = fields.objects(key, place);
            let mut files = Vec::with_capacity(list.len());
            files.extend(list.into_iter().map(|file| file_use(file, names, place)));
            files
        };
        let reads = files("files.read", &mut fields, place);
        step.writes = files("files.write", &mut fields, place);
        let tests: Vec<TraceTest> =
            fields.objects("tests", place).into_iter().map(|test| test_run(test, place)).collect();
        step.class = fields.word("class", Class::of, Class::NAMES, place);
        let est = all(fields.texts("est", place), &mut self.trace.names);
        let extra = fields.rest();
        let first_chunk = first_chunk.map(crate::engine::Time::from_secs);
        let more =
            More { parent: parent.map(Into::into), first_chunk, finish_reasons, error, tool, reads, tests, est, extra };
        if !more.is_nothing() {
            *step.more_mut() = more;
        }
        self.trace.steps.push(step);
        self.lines.push(place.line as u32);
    }

    /// The trace, and what can only be seen now.
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

/// The number behind a name of the header.
fn known<K: Id>(
    table: &BTreeMap<String, K>,
    name: &str,
    key: &str,
    list: &str,
    place: &mut ObjectPosition<'_>,
) -> Option<K> {
    let number = table.get(name).copied();
    if number.is_none() && !name.is_empty() {
        place.bad(key, format!("{name:?} is not in the header"), &format!("one of the header's {list}"));
    }
    number
}

fn header(mut fields: Fields, place: &mut ObjectPosition<'_>) -> Header {
    fields.take("record");
    let schema = fields.needed_text("schema", place);
    if !schema.is_empty() && schema != super::SCHEMA {
        place.bad("schema", format!("{schema:?}"), &format!("{:?}", super::SCHEMA));
    }
    let version = fields.needed_text("version", place);
    let mut header =
        Header { version: version_of(&version, place), trace: fields.needed_text("trace", place), ..Header::default() };
    if let Some(mut source) = fields.object("source", place) {
        header.source = TraceSource {
            format: source.text("format", place).unwrap_or_default(),
            producer: source.text("producer", place).unwrap_or_default(),
            importer: source.text("importer", place).unwrap_or_default(),
            ..TraceSource::default()
        };
        for mut file in source.objects("files", place) {
            let (path, sha) = (file.needed_text("path", place), file.text("sha256", place).unwrap_or_default());
            header.source.files.push((path, sha));
        }
        header.source.extra = source.rest();
    }
    if let Some(mut clock) = fields.object("clock", place) {
        header.origin = clock.text("origin", place).unwrap_or_default();
        if let Some(unit) = clock.text("unit", place).filter(|unit| unit != "us") {
            place.bad("clock.unit", format!("{unit:?}"), "\"us\"");
        }
    }
    for mut agent in fields.objects("agents", place) {
        header.agents.push(TraceAgent {
            name: agent.needed_text("gen_ai.agent.name", place),
            role: agent.text("role", place),
            spawned_by: agent.text("spawned_by", place),
            model: agent.text("gen_ai.request.model", place),
            extra: agent.rest(),
        });
    }
    for mut task in fields.objects("tasks", place) {
        header.tasks.push(TraceTask {
            id: task.needed_text("id", place),
            title: task.text("title", place),
            depends_on: task.texts("depends_on", place),
            weight: task.real("weight", place),
            extra: task.rest(),
        });
    }
    header.architecture = fields.text("architecture", place);
    header.barrier = fields.word("barrier", |word| (word == "round").then_some(()), &["round"], place).is_some();
    header.limits = fields.map("limits", place);
    header.outcome = fields.object("outcome", place).map(|mut outcome| Outcome {
        success: outcome.flag("success", place),
        score: outcome.real("score", place),
        reason: outcome.text("reason", place),
        extra: outcome.rest(),
    });
    header.totals = fields.map("totals", place);
    header.labels = fields.map("labels", place);
    for (field, value) in fields.map("quality", place) {
        match value.as_str().and_then(Quality::of) {
            Some(quality) => header.quality.push((field, quality)),
            None => place.bad(&format!("quality.{field}"), value.to_string(), &Quality::NAMES.join(", ")),
        }
    }
    header.extra = fields.rest();
    header
}

/// A major version breaks, a minor one adds; old ones stay readable.
fn version_of(text: &str, place: &mut ObjectPosition<'_>) -> (u32, u32) {
    let (major, minor) = super::VERSION;
    let found = text.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    match found {
        Some(found) if (1..=major).contains(&found.0) => found,
        Some((newer, _)) if newer > major => {
            let expected = format!("version {major}.{minor} or an older one: a newer brooks reads it");
            place.bad("version", format!("{text:?} is of a later brooks"), &expected);
            (major, minor)
        }
        _ if text.is_empty() => (major, minor),
        _ => {
            place.bad("version", format!("{text:?}"), "a version such as \"1.0\"");
            (major, minor)
        }
    }
}

fn note(
    mut fields: Fields,
    agents: &BTreeMap<String, AgentId>,
    tasks: &BTreeMap<String, TaskId>,
    place: &mut ObjectPosition<'_>,
) -> Option<TaskNote> {
    let event = fields.word("event", TaskNoteKind::of, TaskNoteKind::NAMES, place)?;
    let task = fields.text("task", place).and_then(|task| known(tasks, &task, "task.events.task", "tasks", place));
    let agent = fields.text("gen_ai.agent.name", place);
    let agent = agent.and_then(|agent| known(agents, &agent, "task.events.gen_ai.agent.name", "agents", place));
    Some(TaskNote { event, task, agent, extra: fields.rest() })
}

fn file_use(mut fields: Fields, names: &mut Names, place: &mut ObjectPosition<'_>) -> FileUse {
    FileUse {
        path: names.add(&fields.needed_text("path", place)),
        chars: fields.tokens("chars", place),
        ok: fields.flag("ok", place),
        extra: fields.rest(),
    }
}

fn test_run(mut fields: Fields, place: &mut ObjectPosition<'_>) -> TraceTest {
    let returncode = fields.whole("returncode", place);
    if returncode.is_none() {
        place.bad("tests.returncode", "it is missing", "what the test runner returned");
    }
    let (start, end) = (fields.time("start_us", place), fields.time("end_us", place));
    if end < start {
        place.bad("tests.end_us", format!("{} is before start_us", end.as_us()), "an end that is not before the start");
    }
    TraceTest { returncode: returncode.unwrap_or(0), start, end, extra: fields.rest() }
}
