//! Lead assigned: the lead hands out every task in its first step and then only watches. Nobody can begin before it has
//! spoken, and a plan made at the start is never mended.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, Reports, View, WaitFor};

/// Workers act only on what they were given.
#[derive(Clone, Copy, Debug)]
pub struct LeadAssigned {
    /// Rule by which the lead assigns tasks.
    pub deal: AssignmentRule,
}

impl Architecture for LeadAssigned {
    fn decide(&self, view: &View<'_>, _rng: &mut Stream) -> Action {
        // Also an agent alone, which owns all tasks.
        if !view.am_lead() {
            return view.mine_ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work);
        }
        if view.can_assign() {
            Action::Assign(self.deal)
        } else if view.unread() > 0 {
            Action::Monitor
        } else {
            // Tasks that are released, given back or reopened later bring no mail.
            Action::Wait(WaitFor::Change)
        }
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { has_lead: true, owns_all_alone: true, reports: Reports::Lead, ..ProtocolSpec::default() }
    }
}
