//! Data model of a recorded or simulated run: a header and steps.

use compact_str::CompactString;
use serde_json::{Map, Value};

use crate::engine::Time;
use crate::team::AgentId;
pub use crate::trace::names::{Extra, Name, Names};
pub use crate::trace::vocabulary::{Class, Operation, Quality, TaskNoteKind};
use crate::workload::TaskId;

/// A run, with interned names.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Facts about the whole run.
    pub header: Header,
    /// Steps, sorted by (start, end, landing order, id).
    pub steps: Vec<TraceStep>,
    /// Paths, models, tools and other names.
    pub names: Names,
}

/// Facts about a whole run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// Version of the format: major, minor.
    pub version: (u32, u32),
    /// Name of the run.
    pub trace: String,
    /// Source of the trace.
    pub source: TraceSource,
    /// Time zero: an RFC 3339 instant, or `start`.
    pub origin: String,
    /// Agents, by number.
    pub agents: Vec<TraceAgent>,
    /// Tasks, by number.
    pub tasks: Vec<TraceTask>,
    /// Coordination architecture, if known.
    pub architecture: Option<String>,
    /// True if steps are in rounds, each with a barrier at its end.
    pub barrier: bool,
    /// Recorded limits on the run.
    pub limits: Map<String, Value>,
    /// Outcome, if known.
    pub outcome: Option<Outcome>,
    /// Totals that the source contains, or that were counted from it. A replay is checked against them.
    pub totals: Map<String, Value>,
    /// Labels that distinguish the run from others, such as model, mode, p and n.
    pub labels: Map<String, Value>,
    /// Quality of each field.
    pub quality: Vec<(String, Quality)>,
    /// Unknown keys.
    pub extra: Extra,
}

/// Source of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSource {
    /// Format of the source; `simulation` for a run of brooks.
    pub format: String,
    /// Program that recorded the run.
    pub producer: String,
    /// Source files: path and SHA-256.
    pub files: Vec<(String, String)>,
    /// Importer with its version.
    pub importer: String,
    /// Unknown keys.
    pub extra: Extra,
}

/// An agent of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceAgent {
    /// Name, unique in the trace.
    pub name: String,
    /// Role, such as `lead`, `worker` or `subagent`.
    pub role: Option<String>,
    /// Id of the step that started the agent.
    pub spawned_by: Option<String>,
    /// Model of the agent, if known.
    pub model: Option<String>,
    /// Unknown keys.
    pub extra: Extra,
}

/// A task of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceTask {
    /// Id, unique in the trace.
    pub id: String,
    /// Title. Importers leave it out for privacy.
    pub title: Option<String>,
    /// Ids of the tasks it depends on.
    pub depends_on: Vec<String>,
    /// Weight in the total work.
    pub weight: Option<f64>,
    /// Unknown keys.
    pub extra: Extra,
}

/// Outcome of a recorded run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Success, as defined by the source.
    pub success: Option<bool>,
    /// Score, as defined by the source.
    pub score: Option<f64>,
    /// Reason for the end.
    pub reason: Option<String>,
    /// Unknown keys.
    pub extra: Extra,
}

/// A busy interval of an agent.
#[derive(Clone, Debug, Default)]
pub struct TraceStep {
    /// Id, unique in the trace.
    pub id: CompactString,
    /// Operation: a model call, a tool call, a wait and so on.
    pub operation: Operation,
    /// Agent: an index of [`Header::agents`].
    pub agent: AgentId,
    /// Start.
    pub start: Time,
    /// End.
    pub end: Time,
    /// Round, from 1; 0 without rounds.
    pub round: u32,
    /// Ids of the steps it depends on.
    pub after: Vec<CompactString>,
    /// Task: an index of [`Header::tasks`].
    pub task: Option<TaskId>,
    /// Task events.
    pub events: Vec<TaskNote>,
    /// Model of a call.
    pub model: Option<Name>,
    /// Token counts.
    pub usage: Usage,
    /// Files written, in order.
    pub writes: Vec<FileUse>,
    /// Class, if recorded or inferred.
    pub class: Option<Class>,
    /// Rare fields; see [`TraceStep::more`].
    pub more: Option<Box<More>>,
}

/// Fields that few steps have, boxed to keep steps small.
#[derive(Clone, Debug, Default)]
pub struct More {
    /// Id of the step that contains it, such as the tool call that started its agent.
    pub parent: Option<CompactString>,
    /// Time from the start to the first chunk of the answer.
    pub first_chunk: Option<Time>,
    /// Reasons for the end of the answer.
    pub finish_reasons: Vec<Name>,
    /// Error type of a failed step.
    pub error: Option<Name>,
    /// Tool of a call.
    pub tool: Option<Name>,
    /// Files read, in order.
    pub reads: Vec<FileUse>,
    /// Test runs, in order.
    pub tests: Vec<TraceTest>,
    /// Keys of this step with inferred or estimated values.
    pub est: Vec<Name>,
    /// Unknown keys.
    pub extra: Extra,
}

/// Token counts of a call; none if missing in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input tokens, including those read from the cache.
    pub input: Option<u32>,
    /// Output tokens.
    pub output: Option<u32>,
    /// Input tokens read from the cache.
    pub cache_read: Option<u32>,
    /// Input tokens written to the cache.
    pub cache_write: Option<u32>,
}

/// A task event.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskNote {
    /// Kind of event.
    pub event: TaskNoteKind,
    /// Task; none if missing in the source.
    pub task: Option<TaskId>,
    /// Agent, if it is not the agent of the step.
    pub agent: Option<AgentId>,
    /// Unknown keys, and details of brooks, which begin with `x.`.
    pub extra: Extra,
}

/// A file that a step read or wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct FileUse {
    /// Path of the file.
    pub path: Name,
    /// Number of characters.
    pub chars: Option<u32>,
    /// Success of the access, if known.
    pub ok: Option<bool>,
    /// Unknown keys.
    pub extra: Extra,
}

/// A test run.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceTest {
    /// Exit code; 0 is success.
    pub returncode: i64,
    /// Start.
    pub start: Time,
    /// End.
    pub end: Time,
    /// Unknown keys.
    pub extra: Extra,
}

impl Trace {
    /// Returns the text of a name.
    pub fn name(&self, name: Name) -> &str {
        self.names.get(name)
    }

    /// Returns a label as text; none if missing.
    pub fn label(&self, name: &str) -> Option<String> {
        let value = self.header.labels.get(name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Returns a total as a number.
    pub fn total(&self, name: &str) -> Option<f64> {
        self.header.totals.get(name)?.as_f64()
    }

    /// Returns the quality of a field.
    pub fn quality(&self, field: &str) -> Option<Quality> {
        self.header.quality.iter().find(|(name, _)| name == field).map(|(_, quality)| *quality)
    }
}

impl Header {
    /// Key of the most output tokens of a reply.
    pub const OUTPUT_LIMIT: &'static str = "x.output_limit_tokens";
    /// Key of the number of earlier messages in a prompt.
    pub const CONTEXT_WINDOW: &'static str = "x.context_window_messages";

    /// Returns the most output tokens of a reply under the recorder's harness; none if the recording does not state it.
    pub fn output_limit_tokens(&self) -> Option<u32> {
        self.extra_count(Header::OUTPUT_LIMIT)
    }

    /// Returns the number of earlier messages that the recorder's harness sends along with a call; none if the recording
    /// does not state it.
    pub fn context_window_messages(&self) -> Option<u32> {
        self.extra_count(Header::CONTEXT_WINDOW)
    }

    fn extra_count(&self, key: &str) -> Option<u32> {
        u32::try_from(self.extra.get(key)?.as_u64()?).ok()
    }
}

impl TraceStep {
    /// Returns the rare fields, empty by default.
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

    /// Returns the rare fields, for changes.
    pub fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// Returns the position, from 1, in the order of commits among the steps that end at the same time. It is 0 if not
    /// recorded; then the file order decides.
    pub fn landing_order(&self) -> u32 {
        let order = self.more().extra.get("x.order").and_then(serde_json::Value::as_u64);
        order.map_or(0, |order| u32::try_from(order).unwrap_or(u32::MAX))
    }

    /// Returns true for model calls. A call that the end of a simulated run has cut off is none.
    pub fn is_call(&self) -> bool {
        matches!(self.operation, Operation::Chat | Operation::Plan) && !self.is_cut()
    }

    /// Returns the latency of a call in seconds: as recorded, or the time of the step. A simulated call ends before its
    /// queues and services.
    pub fn latency_s(&self) -> f64 {
        let extra = &self.more().extra;
        let recorded = extra.get("x.latency_s").and_then(serde_json::Value::as_f64);
        let us = |key: &str| extra.get(key).and_then(serde_json::Value::as_u64).map(Time::from_us);
        let beside = || us("x.wait_us").unwrap_or(Time::ZERO) + us("x.service_us").unwrap_or(Time::ZERO);
        let simulated = || us("x.latency_us").unwrap_or_else(|| self.end - self.start - beside());
        recorded.filter(|seconds| *seconds >= 0.0).unwrap_or_else(|| simulated().as_secs())
    }

    /// Returns true for steps that the end of a simulated run has cut off.
    pub fn is_cut(&self) -> bool {
        self.more().extra.get("x.cut") == Some(&serde_json::Value::Bool(true))
    }
}

impl More {
    /// Returns true if all fields are empty.
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
    /// Returns an event of the agent of the step.
    pub fn new(event: TaskNoteKind, task: Option<TaskId>) -> TaskNote {
        TaskNote { event, task, agent: None, extra: Extra::default() }
    }
}

impl FileUse {
    /// Returns a file access with only a path.
    pub fn new(path: Name) -> FileUse {
        FileUse { path, chars: None, ok: None, extra: Extra::default() }
    }
}
