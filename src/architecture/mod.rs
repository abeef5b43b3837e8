//! L3: how agents coordinate: one protocol a file, each a pure function from what an agent sees to what it does.
//!
//! To add one, write a file like its neighbours and a row in [`ARCHITECTURES`]; CONTRIBUTING.md has the ten steps.

pub mod assignment;
mod lead_assigned;
mod lead_dynamic;
mod preassigned;
mod preassigned_lead;
mod registry;
mod self_claim;
mod solo;

pub use lead_assigned::LeadAssigned;
pub use lead_dynamic::LeadDynamic;
pub use preassigned::Preassigned;
pub use preassigned_lead::PreassignedLead;
pub use registry::{ARCHITECTURES, ArchitectureEntry, Choices, Parameter, find};
pub use self_claim::{Pick, SelfClaim};
pub use solo::Solo;

use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, Claims, Reports, View};

/// A coordination protocol.
pub trait Architecture: Sync + Send {
    /// Returns the next action of `view.me()`, given the view. Pure: same view and draws, same action.
    ///
    /// An agent that waits is asked again, so a protocol keeps no memory of its own: what it must remember lives on
    /// the board or in an inbox.
    fn decide(&self, view: &View<'_>, rng: &mut Stream) -> Action;

    /// The terms under which the team works; those of an ordinary team of equals unless said otherwise.
    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec::default()
    }
}

/// Properties of a protocol besides its decisions, for the simulator.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ProtocolSpec {
    /// Agent 0 leads, if there is anybody to lead.
    pub has_lead: bool,
    /// Rule by which all tasks are assigned before the start, if they are.
    pub assigned: Option<AssignmentRule>,
    /// Time at which a claim on an unowned task is granted.
    pub claims: Claims,
    /// Recipients of the report that work is done.
    pub reports: Reports,
    /// A task whose attempt was rejected goes back to the lead, which gives it to another free worker first.
    pub returns_rejected: bool,
    /// A team of one owns all tasks from the start, as the lead would have assigned them.
    pub owns_all_alone: bool,
    /// Only agent 0 takes part.
    pub alone: bool,
}
