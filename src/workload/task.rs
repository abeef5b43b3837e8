//! One unit of work: a node of the task graph.

use crate::engine::{Time, id};

id! {
    /// A task's place in its graph: list order, by priority first.
    TaskId
}
id! {
    /// An artifact's place among the artifacts of its graph.
    ArtifactId
}

/// What a task took when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RecordedCost {
    /// The time of the calls and tools that worked on it.
    pub time: Time,
    /// Their input tokens.
    pub input_tokens: u32,
    /// Their output tokens.
    pub output_tokens: u32,
}

/// A task as its author wrote it, with names for everything.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSpec {
    /// Its name, unique in the graph. Its random draws are keyed by it.
    pub id: String,
    /// Output tokens of useful work, above 0.
    pub size: f64,
    /// Names of the tasks that must be done before.
    pub depends_on: Vec<String>,
    /// Artifacts it reads.
    pub reads: Vec<String>,
    /// Artifacts it writes; if empty, one of its own, named after it.
    pub writes: Vec<String>,
    /// The skill it needs, if any.
    pub skill: Option<String>,
    /// Lower is more urgent; ties keep the order of the list.
    pub priority: i64,
    /// It can't be started, nor seen, before this.
    pub release: Time,
    /// What it took, if it comes from a recorded run.
    pub recorded: Option<RecordedCost>,
}

impl TaskSpec {
    /// A task with a name and a size in output tokens, and nothing else.
    pub fn new(id: impl Into<String>, size: f64) -> TaskSpec {
        TaskSpec {
            id: id.into(),
            size,
            depends_on: Vec::new(),
            reads: Vec::new(),
            writes: Vec::new(),
            skill: None,
            priority: 0,
            release: Time::ZERO,
            recorded: None,
        }
    }

    /// The same task after those named.
    pub fn after<S: Into<String>>(mut self, dependencies: impl IntoIterator<Item = S>) -> TaskSpec {
        self.depends_on.extend(dependencies.into_iter().map(Into::into));
        self
    }
}

/// A task of a [`TaskGraph`](crate::workload::TaskGraph): names resolved, and known to be sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its name.
    pub id: String,
    /// The identity that keys its random draws: the hash of its name.
    pub key: u64,
    /// Output tokens of useful work.
    pub size: f64,
    /// The tasks that must be done before, each once, as listed.
    pub depends_on: Vec<TaskId>,
    /// The tasks that wait for this one, ascending.
    pub dependents: Vec<TaskId>,
    /// Artifacts it reads, ascending.
    pub reads: Vec<ArtifactId>,
    /// Artifacts it writes, ascending, at least one.
    pub writes: Vec<ArtifactId>,
    /// The skill it needs, as an index into the graph's skills.
    pub skill: Option<u32>,
    /// Lower is more urgent.
    pub priority: i64,
    /// It can't be started before this.
    pub release: Time,
    /// What it took, if it comes from a recorded run.
    pub recorded: Option<RecordedCost>,
}
