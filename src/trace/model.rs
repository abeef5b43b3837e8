//! A run as a file tells it: a header and steps. Recorded elsewhere or simulated, the same form.

use compact_str::CompactString;
use serde_json::{Map, Value};

use crate::engine::Time;
use crate::team::AgentId;
pub use crate::trace::names::{Extra, Name, Names};
pub use crate::trace::vocabulary::{Class, Operation, Quality, TaskNoteKind};
use crate::workload::TaskId;

/// One run, with the names that occur over and over kept once.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// What is known of the run as a whole.
    pub header: Header,
    /// The steps, by (start, end, landing order, id).
    pub steps: Vec<TraceStep>,
    /// Paths, models, tools and other names.
    pub names: Names,
}

/// What is known of a run as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The version of the format it was written in: major, minor.
    pub version: (u32, u32),
    /// The name of the run.
    pub trace: String,
    /// Where it comes from.
    pub source: TraceSource,
    /// What time zero is: an RFC 3339 instant, or `start`.
    pub origin: String,
    /// Who worked, in order of their numbers.
    pub agents: Vec<TraceAgent>,
    /// What was to be done, in order of their numbers.
    pub tasks: Vec<TraceTask>,
    /// What the agents coordinated by, if known.
    pub architecture: Option<String>,
    /// Whether steps come in rounds, each with a barrier at its end.
    pub barrier: bool,
    /// Limits on the run, as recorded.
    pub limits: Map<String, Value>,
    /// How it ended, if known.
    pub outcome: Option<Outcome>,
    /// Figures that the source itself gives, or that were counted from it: the check on everything else.
    pub totals: Map<String, Value>,
    /// What the run can be told apart by from others: model, mode, p, n.
    pub labels: Map<String, Value>,
    /// How far each field can be trusted.
    pub quality: Vec<(String, Quality)>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// Where a trace comes from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSource {
    /// The format it was imported from; `simulation` for a run of brooks.
    pub format: String,
    /// The program that recorded it.
    pub producer: String,
    /// The files it was read from: path and SHA-256.
    pub files: Vec<(String, String)>,
    /// The importer and its version.
    pub importer: String,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// An agent of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceAgent {
    /// Its name, unique in the trace.
    pub name: String,
    /// `lead`, `worker`, `subagent` and the like.
    pub role: Option<String>,
    /// The step that started it.
    pub spawned_by: Option<String>,
    /// Its model, where it has one of its own.
    pub model: Option<String>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// A task of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceTask {
    /// Its name, unique in the trace.
    pub id: String,
    /// What it is called. Importers leave it out: it may be somebody's text.
    pub title: Option<String>,
    /// The tasks that must be done before.
    pub depends_on: Vec<String>,
    /// Its share of the work.
    pub weight: Option<f64>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// How a recorded run ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Whether it reached its goal, as the source defines that.
    pub success: Option<bool>,
    /// How well, as the source defines that.
    pub score: Option<f64>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// One busy interval of an agent.
#[derive(Clone, Debug, Default)]
pub struct TraceStep {
    /// Unique in the trace.
    pub id: CompactString,
    /// What it was: a call of a model, of a tool, a wait.
    pub operation: Operation,
    /// Who: a place in [`Header::agents`].
    pub agent: AgentId,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// The round, from 1; 0 without rounds.
    pub round: u32,
    /// The steps whose results it used.
    pub after: Vec<CompactString>,
    /// The task it was about: a place in [`Header::tasks`].
    pub task: Option<TaskId>,
    /// What happened to tasks in it.
    pub events: Vec<TaskNote>,
    /// The model that was called.
    pub model: Option<Name>,
    /// Tokens.
    pub usage: Usage,
    /// The files it wrote, in order.
    pub writes: Vec<FileUse>,
    /// What it was for, if the source says or an importer could tell.
    pub class: Option<Class>,
    /// What few steps have; see [`TraceStep::more`].
    pub more: Option<Box<More>>,
}

/// What few steps have.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// The step that contains it, such as the tool call that started its agent.
    pub parent: Option<CompactString>,
    /// From the start to the first chunk of the answer.
    pub first_chunk: Option<Time>,
    /// Why the answer ended.
    pub finish_reasons: Vec<Name>,
    /// The kind of error, if it failed.
    pub error: Option<Name>,
    /// The tool that was called.
    pub tool: Option<Name>,
    /// The files it read, in order.
    pub reads: Vec<FileUse>,
    /// The tests that were run in it, in order.
    pub tests: Vec<TraceTest>,
    /// The keys of this step that were guessed.
    pub est: Vec<Name>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// Tokens of a call; none where the source does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input, what was read from the cache included.
    pub input: Option<u32>,
    /// Output.
    pub output: Option<u32>,
    /// Input that was read from the cache.
    pub cache_read: Option<u32>,
    /// Input that was written to the cache.
    pub cache_write: Option<u32>,
}

/// Something happened to a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskNote {
    /// What.
    pub event: TaskNoteKind,
    /// To which; none where the source does not say.
    pub task: Option<TaskId>,
    /// By whom, if not the step's agent.
    pub agent: Option<AgentId>,
    /// Keys that brooks does not know, and its own details, which begin with `x.`.
    pub extra: Extra,
}

/// A file that a step read or wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct FileUse {
    /// Its path.
    pub path: Name,
    /// How many characters.
    pub chars: Option<u32>,
    /// Whether it worked.
    pub ok: Option<bool>,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

/// A run of tests.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceTest {
    /// What it returned; 0 is success.
    pub returncode: i64,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// Keys that brooks does not know.
    pub extra: Extra,
}

impl Trace {
    /// The text of a name.
    pub fn name(&self, name: Name) -> &str {
        self.names.get(name)
    }

    /// A label as text; none if the trace has none of that name.
    pub fn label(&self, name: &str) -> Option<String> {
        let value = self.header.labels.get(name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// A figure of the totals.
    pub fn total(&self, name: &str) -> Option<f64> {
        self.header.totals.get(name)?.as_f64()
    }

    /// What the header says of a field.
    pub fn quality(&self, field: &str) -> Option<Quality> {
        self.header.quality.iter().find(|(name, _)| name == field).map(|(_, quality)| *quality)
    }
}

impl TraceStep {
    /// What few steps have: that of this one, or nothing.
    pub fn more(&self) -> &More {
        static NOTHING: More = More {
            parent: None,
            first_chunk: None,
            finish_reasons: Vec::new(),
            error: None,
            tool: None,
            reads: Vec::new(),
            tests: Vec::new(),
            est: Vec::new(),
            extra: Extra::NONE,
        };
        self.more.as_deref().unwrap_or(&NOTHING)
    }

    /// The same, to be changed.
    pub fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Position in the order of landing among the steps that end at the same time, from 1; 0 where it is not recorded,
    /// and the order of the file decides.
    pub fn landing_order(&self) -> u32 {
        let order = self.more().extra.get("x.order").and_then(serde_json::Value::as_u64);
        order.map_or(0, |order| u32::try_from(order).unwrap_or(u32::MAX))
    }

    /// Whether a model was called.
    pub fn is_call(&self) -> bool {
        matches!(self.operation, Operation::Chat | Operation::Plan)
    }
}

impl More {
    /// Whether there is none of it.
    pub(crate) fn is_nothing(&self) -> bool {
        self.parent.is_none()
            && self.first_chunk.is_none()
            && self.finish_reasons.is_empty()
            && self.error.is_none()
            && self.tool.is_none()
            && self.reads.is_empty()
            && self.tests.is_empty()
            && self.est.is_empty()
            && self.extra.is_empty()
    }
}

impl TaskNote {
    /// Something that the step's own agent did.
    pub fn new(event: TaskNoteKind, task: Option<TaskId>) -> TaskNote {
        TaskNote { event, task, agent: None, extra: Extra::default() }
    }
}

impl FileUse {
    /// A file of which only the path is known.
    pub fn new(path: Name) -> FileUse {
        FileUse { path, chars: None, ok: None, extra: Extra::default() }
    }
}
