//! Preassigned with a lead: tasks are assigned before the start, and a lead that does none of them monitors.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, Reports, View, WaitFor};

/// Workers do the tasks that are assigned to them and report; the lead monitors when a report arrives.
#[derive(Clone, Copy, Debug)]
pub struct PreassignedLead {
    /// Rule by which tasks are assigned to the workers.
    pub deal: AssignmentRule,
}

impl Architecture for PreassignedLead {
    fn decide(&self, view: &View<'_>, _rng: &mut Stream) -> Action {
        if !view.am_lead() {
            return view.mine_ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work);
        }
        if view.unread() > 0 { Action::Monitor } else { Action::Wait(WaitFor::Message) }
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { has_lead: true, assigned: Some(self.deal), reports: Reports::Lead, ..ProtocolSpec::default() }
    }
}
