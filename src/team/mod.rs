//! L2: who does the work and all they share: agents and their profiles, the board, the workspace, mail, resources,
//! and the view of it all that an agent decides from.

pub mod action;
pub mod agent;
pub mod behaviour;
pub mod board;
pub mod envelope;
pub mod mail;
pub mod profile;
pub mod resource;
pub mod view;
pub mod workspace;

pub use action::{Action, Claims, Deal, Reports, Until};
pub use agent::{Agent, AgentId, Role, common_files};
pub use behaviour::{Behaviour, Habit, Manner, SORTS, Script, Sight, Sort, WorkKey, names_of};
pub use board::{Board, ClaimOutcome, Status};
pub use envelope::{Accuracy, Envelope, Learned};
pub use mail::Mail;
pub use profile::{BatchSize, Batching, Fallibility, Latency, Profile, Tokens, Variation};
pub use resource::{Blocks, Resource, Station};
pub(crate) use view::Commons;
pub use view::{TaskList, View};
pub use workspace::{Consistency, Workspace};
