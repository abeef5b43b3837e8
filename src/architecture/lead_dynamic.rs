//! Lead dynamic: the lead hands each free worker one ready task, again and again. Load stays balanced as long as the
//! lead keeps up; when it does not, it is the bottleneck.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, Reports, View, WaitFor};

/// Workers act only on what they were given; the lead gives whenever somebody is free and something is ready.
#[derive(Clone, Copy, Debug)]
pub struct LeadDynamic {
    /// Number of tasks that the lead assigns in one call: `ToFree` or `OneToFree`.
    pub deal: AssignmentRule,
}

impl Architecture for LeadDynamic {
    fn decide(&self, view: &View<'_>, _rng: &mut Stream) -> Action {
        if !view.has_lead() {
            // Alone, with nobody to lead and nobody to be given tasks by.
            return view.ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work);
        }
        if !view.am_lead() {
            return view.mine_ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work);
        }
        if view.can_hand_out() { Action::Assign(self.deal) } else { Action::Wait(WaitFor::Change) }
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { has_lead: true, reports: Reports::Lead, returns_rejected: true, ..ProtocolSpec::default() }
    }
}
