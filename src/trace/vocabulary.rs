//! The closed sets of words of a trace.

use crate::trace::names::{Name, Names};

/// How far a field can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// It is in the source.
    Recorded,
    /// It follows from what is in the source, by a rule that may be wrong.
    Inferred,
    /// It is a guess at a number.
    Estimated,
    /// The source does not say.
    Absent,
}

/// What a step was, by the names of `OpenTelemetry` for generative AI and our own for waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// `chat`: a call of a model.
    #[default]
    Chat,
    /// `execute_tool`: a call of a tool.
    ExecuteTool,
    /// `invoke_agent`: the whole life of an agent; contains its steps.
    InvokeAgent,
    /// `invoke_workflow`: contains steps of several agents.
    InvokeWorkflow,
    /// `plan`: a call of a model that plans.
    Plan,
    /// `x.human_wait`: for a person.
    HumanWait,
    /// `x.lock_wait`: for a lock.
    LockWait,
    /// `x.queue_wait`: in a queue.
    QueueWait,
    /// Another, kept by name.
    Other(Name),
}

/// What a step was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It got work done.
    Work,
    /// It organised work.
    Coordinate,
    /// It checked work.
    Verify,
    /// It did work again.
    Rework,
    /// It waited, or nothing came of it.
    Wait,
}

/// What can happen to a task, in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskNoteKind {
    /// It was claimed.
    Claim,
    /// It was wanted, but somebody else had it.
    Lost,
    /// It was wanted, but something it depends on was not done.
    Blocked,
    /// It was done, or said to be.
    Complete,
    /// An attempt on it failed.
    Fail,
    /// It was handed to an agent.
    Assign,
    /// It had been taken or done, and is open again.
    Reopen,
}

/// A closed set of words: its values with their names in files.
macro_rules! words {
    ($type:ty, $($value:path => $word:literal),+ $(,)?) => {
        impl $type {
            /// Its name in files.
            pub fn name(self) -> &'static str {
                match self { $($value => $word),+ }
            }

            /// The one of that name.
            pub fn of(name: &str) -> Option<$type> {
                match name { $($word => Some($value),)+ _ => None }
            }

            /// All names, for messages.
            pub const NAMES: &[&str] = &[$($word),+];
        }
    };
}

words!(Quality,
    Quality::Recorded => "recorded", Quality::Inferred => "inferred",
    Quality::Estimated => "estimated", Quality::Absent => "absent");
words!(Class,
    Class::Work => "work", Class::Coordinate => "coordinate", Class::Verify => "verify",
    Class::Rework => "rework", Class::Wait => "wait");
words!(TaskNoteKind,
    TaskNoteKind::Claim => "claim", TaskNoteKind::Lost => "lost", TaskNoteKind::Blocked => "blocked",
    TaskNoteKind::Complete => "complete", TaskNoteKind::Fail => "fail", TaskNoteKind::Assign => "assign",
    TaskNoteKind::Reopen => "reopen");

impl Operation {
    /// Its name in files.
    pub fn name(self, names: &Names) -> &str {
        match self {
            Operation::Chat => "chat",
            Operation::ExecuteTool => "execute_tool",
            Operation::InvokeAgent => "invoke_agent",
            Operation::InvokeWorkflow => "invoke_workflow",
            Operation::Plan => "plan",
            Operation::HumanWait => "x.human_wait",
            Operation::LockWait => "x.lock_wait",
            Operation::QueueWait => "x.queue_wait",
            Operation::Other(name) => names.get(name),
        }
    }

    /// The one of that name.
    pub fn of(name: &str, names: &mut Names) -> Operation {
        match name {
            "chat" | "text_completion" | "generate_content" => Operation::Chat,
            "execute_tool" => Operation::ExecuteTool,
            "invoke_agent" => Operation::InvokeAgent,
            "invoke_workflow" => Operation::InvokeWorkflow,
            "plan" => Operation::Plan,
            "x.human_wait" => Operation::HumanWait,
            "x.lock_wait" => Operation::LockWait,
            "x.queue_wait" => Operation::QueueWait,
            other => Operation::Other(names.add(other)),
        }
    }

    /// Whether it is a wait.
    pub fn is_wait(self) -> bool {
        matches!(self, Operation::HumanWait | Operation::LockWait | Operation::QueueWait)
    }

    /// Whether it contains other steps and is no work of its own.
    pub fn is_container(self) -> bool {
        matches!(self, Operation::InvokeAgent | Operation::InvokeWorkflow)
    }
}
