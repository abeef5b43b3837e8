//! Self-claim: there is no lead. A free agent takes a ready task from the shared board.

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::Stream;
use crate::team::{Action, Claims, Reports, View, WaitFor};

/// Each agent selects its own tasks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelfClaim {
    /// Choice among the ready tasks.
    pub pick: Pick,
    /// Time at which a claim is granted: `AtCommit` lets two agents want one task.
    pub claims: Claims,
    /// Reports of every finished task to everybody (n - 1 deliveries each), or none.
    pub reports: Reports,
}

/// Choice of a ready task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pick {
    /// The first of the list, as language models do: everybody goes for the same one.
    #[default]
    First,
    /// Any, each as likely.
    Random,
}

impl Architecture for SelfClaim {
    #[expect(clippy::inline_always, reason = "asked at every step; left to itself the compiler decides either way")]
    #[inline(always)]
    fn decide(&self, view: &View<'_>, rng: &mut Stream) -> Action {
        let task = match self.pick {
            Pick::First => view.ready().first(),
            Pick::Random => view.ready().random(rng),
        };
        task.map_or(Action::Wait(WaitFor::Ready), Action::Work)
    }

    fn spec(&self) -> ProtocolSpec {
        ProtocolSpec { claims: self.claims, reports: self.reports, ..ProtocolSpec::default() }
    }
}
