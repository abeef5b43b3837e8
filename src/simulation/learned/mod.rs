//! Agents with a policy learned from recorded runs ([`LearnedPolicy`](crate::team::LearnedPolicy)). The policy plans a
//! call; the common commit path settles it, so that claims, consistency, resources, faults and sizes apply as to any agent.

mod commit;
pub(super) mod compiled_policy;
pub(super) mod learned_state;
mod observe;
mod plan;
