//! Closed vocabularies of a trace.

use crate::trace::names::{Name, Names};

/// Quality of a field: the source of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Contained in the source.
    Recorded,
    /// Derived from the source by a rule that can be wrong.
    Inferred,
    /// Estimated number.
    Estimated,
    /// Missing in the source.
    Absent,
}

/// Operation of a step, named by the `GenAI` conventions of `OpenTelemetry`, with additions for waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// `chat`: a model call.
    #[default]
    Chat,
    /// `execute_tool`: a tool call.
    ExecuteTool,
    /// `invoke_agent`: the lifetime of an agent, which contains its steps.
    InvokeAgent,
    /// `invoke_workflow`: a container of steps of several agents.
    InvokeWorkflow,
    /// `plan`: a model call that plans.
    Plan,
    /// `x.human_wait`: a wait for a person.
    HumanWait,
    /// `x.lock_wait`: a wait for a lock.
    LockWait,
    /// `x.queue_wait`: a wait in a queue.
    QueueWait,
    /// Another operation, by name.
    Other(Name),
}

/// Class of a step: its contribution to the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Progress on a task.
    Work,
    /// Organization of work.
    Coordinate,
    /// Verification of work.
    Verify,
    /// Repeated work.
    Rework,
    /// Waiting, or a call without effect.
    Wait,
}

/// Kind of a task event, in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskNoteKind {
    /// Claim of the task.
    Claim,
    /// Claim that lost to another agent.
    Lost,
    /// Claim refused because a dependency is incomplete.
    Blocked,
    /// Completion, correct or not.
    Complete,
    /// Failed attempt.
    Fail,
    /// Assignment to an agent.
    Assign,
    /// Return of a claimed or completed task to the pool.
    Reopen,
}

/// Defines the names of a closed vocabulary in files.
macro_rules! words {
    ($type:ty, $($value:path => $word:literal),+ $(,)?) => {
        impl $type {
            /// Returns the name in files.
            pub fn name(self) -> &'static str {
                match self { $($value => $word),+ }
            }

            /// Returns the value with a name.
            pub fn of(name: &str) -> Option<$type> {
                match name { $($word => Some($value),)+ _ => None }
            }

            /// Names of all values, for messages.
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
    /// Returns the name in files.
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

    /// Returns the operation with a name.
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

    /// Returns true for waits.
    pub fn is_wait(self) -> bool {
        matches!(self, Operation::HumanWait | Operation::LockWait | Operation::QueueWait)
    }

    /// Returns true for containers of other steps, which are no work themselves.
    pub fn is_container(self) -> bool {
        matches!(self, Operation::InvokeAgent | Operation::InvokeWorkflow)
    }
}
