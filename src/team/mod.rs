//! L2: who does the work and all they share: agents and their profiles, the board, the workspace, mail, resources,
//! and the view of it all that an agent decides from.

pub mod action;
pub mod agent;
pub mod board;
pub mod consistency;
pub mod envelope;
pub mod learned_policy;
pub mod mail;
pub mod profile;
pub mod resource;
pub mod task_entry;
pub mod view;

pub use action::{Action, AssignmentRule, Claims, Reports, WaitFor};
pub use agent::{Agent, AgentId, Role, common_files};
pub use board::Board;
pub use consistency::{Consistency, LockHeld, Locking, WhenLocked};
pub use envelope::{Accuracy, Envelope, Learned};
pub use learned_policy::{
    CallModel, ContextWindow, LearnedPolicy, Observation, RecordedCall, TASK_CLASSES, TaskClass, Trajectory, WorkKey,
    file_keys,
};
pub use mail::Mail;
pub use profile::{BatchSize, Batching, Fallibility, Latency, Profile, ReadingSpeed, SpreadOf, Tokens, Variation};
pub use resource::{Blocks, Resource};
pub use task_entry::{ClaimOutcome, Status};
pub(crate) use view::SharedState;
pub use view::{TaskList, View};
