//! Tasks: the nodes of a task graph.

use crate::engine::{Time, id};

id! {
    /// Index of a task in its graph: by priority, then in list order.
    TaskId
}
id! {
    /// Index of an artifact in its graph.
    ArtifactId
}

/// Recorded cost of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RecordedCost {
    /// Time of the calls and tools that worked on it.
    pub time: Time,
    /// Input tokens of these calls.
    pub input_tokens: u32,
    /// Output tokens of these calls.
    pub output_tokens: u32,
}

/// Specification of a task, which refers to everything by name.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSpec {
    /// Name, unique in the graph. It keys the random draws of the task.
    pub id: String,
    /// Output tokens of useful work, above 0.
    pub size: f64,
    /// Names of the tasks that must be done before it.
    pub depends_on: Vec<String>,
    /// Artifacts it reads.
    pub reads: Vec<String>,
    /// Artifacts it writes; if empty, one artifact with the name of the task.
    pub writes: Vec<String>,
    /// The skill it needs, if any.
    pub skill: Option<String>,
    /// Lower is more urgent; ties keep the order of the list.
    pub priority: i64,
    /// Time before which it is invisible and cannot start.
    pub release: Time,
    /// Recorded cost, if it comes from a recorded run.
    pub recorded: Option<RecordedCost>,
}

impl TaskSpec {
    /// Specifies a task with a name and a size in output tokens.
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

    /// Adds dependencies, by name.
    pub fn after<S: Into<String>>(mut self, dependencies: impl IntoIterator<Item = S>) -> TaskSpec {
        self.depends_on.extend(dependencies.into_iter().map(Into::into));
        self
    }
}

/// A task of a [`TaskGraph`](crate::workload::TaskGraph), with resolved names.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Name.
    pub id: String,
    /// Key of its random draws: the hash of its name.
    pub key: u64,
    /// Output tokens of useful work.
    pub size: f64,
    /// Tasks that must be done before it, without repetition, as listed.
    pub depends_on: Vec<TaskId>,
    /// Tasks that depend on it, ascending.
    pub dependents: Vec<TaskId>,
    /// Artifacts it reads, ascending.
    pub reads: Vec<ArtifactId>,
    /// Artifacts it writes, ascending, at least one.
    pub writes: Vec<ArtifactId>,
    /// The skill it needs, as an index into the skills of the graph.
    pub skill: Option<u32>,
    /// Lower is more urgent.
    pub priority: i64,
    /// Time before which it cannot start.
    pub release: Time,
    /// Recorded cost, if it comes from a recorded run.
    pub recorded: Option<RecordedCost>,
}
