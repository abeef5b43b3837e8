//! Features of a scenario, and the two compiled forms of the loop.
//!
//! The loop is compiled twice: a general form, and a plain form without the features of most scenarios: batches, leads,
//! shared artifacts, resources, token models and the like. The plain form asks for none of them and looks nothing up again
//! that they could have changed. Both give the same results. The const parameter `GENERAL` selects the form;
//! [`Features::has`] is its only reader besides id bounds.

#![expect(clippy::inline_always, reason = "a constant in the plain form")]

use crate::engine::Id;
use crate::engine::inline_vec::INLINE_LEN;

/// Features that a scenario uses, as bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Features(u32);

/// A feature that only some scenarios use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Feature {
    /// Anything that the plain form leaves out.
    General = 1,
    /// Calls on more than one task.
    Batches = 1 << 1,
    /// Artifacts that several tasks write, or reads under `optimistic`.
    SharedFiles = 1 << 2,
    /// Policy `lock`.
    Locks = 1 << 3,
    /// Policy `optimistic`.
    Optimistic = 1 << 4,
    /// Semantic conflicts.
    SemanticConflicts = 1 << 5,
    /// Random effects on latency.
    RandomEffects = 1 << 6,
    /// Tokens and time of reading.
    Reading = 1 << 7,
    /// Messages.
    Messages = 1 << 8,
    /// Tasks that are assigned, before the start or by a lead.
    Assignment = 1 << 9,
    /// Claims that are granted at the decision.
    ClaimsAtDecision = 1 << 10,
    /// Dependencies that are enforced at the claim.
    ChecksClaims = 1 << 11,
    /// Dependencies that are enforced at the completion.
    ChecksCompletions = 1 << 12,
    /// Agents with a learned policy.
    Learned = 1 << 13,
    /// Shared resources.
    Resources = 1 << 14,
    /// Faults of steps.
    StepFaults = 1 << 15,
    /// Timed events.
    Timers = 1 << 16,
}

impl Features {
    pub(super) fn set(&mut self, feature: Feature, is_used: bool) {
        if is_used {
            self.0 |= feature as u32;
        }
    }

    /// Returns true if the scenario uses a feature.
    #[inline(always)]
    pub(super) fn uses(self, feature: Feature) -> bool {
        self.0 & feature as u32 != 0
    }

    /// Returns true if the scenario uses a feature of the general form; false in the plain form, without a test.
    #[inline(always)]
    pub(super) fn has<const GENERAL: bool>(self, feature: Feature) -> bool {
        GENERAL && self.uses(feature)
    }
}

/// Bounds an id for the compiler: in the plain form all ids are below 64, which removes the other case of each look-up.
#[inline(always)]
pub(super) fn bounded_id<const GENERAL: bool, K: Id>(id: K) -> K {
    debug_assert!(GENERAL || id.index() < INLINE_LEN);
    if GENERAL { id } else { K::new(id.get() % INLINE_LEN as u32) }
}
