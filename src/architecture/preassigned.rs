//! Preassigned: tasks are dealt before the start and everybody sticks to their own. No lead, no claims, no talk.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, AssignmentRule, View, WaitFor};

/// Everybody works through what was dealt to them, as soon as it can be started.
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
