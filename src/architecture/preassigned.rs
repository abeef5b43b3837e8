//! Preassigned: tasks are assigned before the start, and each agent does its own. No lead, no claims, no messages.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, View, WaitFor};

/// Each agent does the tasks that are assigned to it, as soon as they can be started.
#[derive(Clone, Copy, Debug)]
pub struct Preassigned {
    /// Rule by which tasks are dealt.
    pub deal: AssignmentRule,
}

impl Architecture for Preassigned {
    fn decide(&self, view: &View<'_>, _rng: &mut Stream) -> Action {
        view.mine_ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work)
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { assigned: Some(self.deal), ..ProtocolSpec::default() }
    }
}
