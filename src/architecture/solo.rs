//! Solo: one agent, every task. The baseline that every team has to beat.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, View, WaitFor};

/// One agent does everything; whoever else is there looks on.
#[derive(Clone, Copy, Debug)]
pub struct Solo;

impl Architecture for Solo {
    fn decide(&self, view: &View<'_>, _rng: &mut Stream) -> Action {
        view.ready().first().map_or(Action::Wait(WaitFor::Ready), Action::Work)
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { alone: true, ..ProtocolSpec::default() }
    }
}
