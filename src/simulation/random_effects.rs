//! Random effects on latency: factors of mean 1, shared by a run, an agent or a round, or of one call alone.

use crate::engine::{Purpose, Sampler};
use crate::simulation::simulator::Simulator;
use crate::team::AgentId;

const RUN_ENTITY: u64 = 0;
const AGENT_ENTITY: u64 = 1 << 40;
const ROUND_ENTITY: u64 = 2 << 40;

impl Simulator<'_> {
    /// Draws the factors that agents keep for the run.
    pub(super) fn draw_run_effects(&mut self) {
        for (id, state) in self.agents.iter_mut().enumerate() {
            let effects = &self.profiles[state.profile].effects;
            let factor = |effect: &Option<Sampler>, entity: u64| {
                let bits = self.keys.stream(Purpose::RandomEffect, entity).nth(0);
                effect.as_ref().map_or(1.0, |sampler| sampler.at(bits))
            };
            state.effect = factor(&effects.run, RUN_ENTITY) * factor(&effects.agent, AGENT_ENTITY + id as u64);
        }
    }

    /// Draws the factor of a round for each profile.
    pub(super) fn draw_round_effects(&mut self) {
        for (profile, effect) in self.profiles.iter().zip(&mut self.round_effects) {
            if let Some(sampler) = &profile.effects.round {
                let entity = ROUND_ENTITY + u64::from(self.round);
                *effect = sampler.at(self.keys.stream(Purpose::RandomEffect, entity).nth(0));
            }
        }
    }

    /// The factor of a call, given the random bits of its own effect.
    pub(super) fn effect(&self, agent: AgentId, noise: u64) -> f64 {
        let state = &self.agents[agent];
        let own = self.profiles[state.profile].effects.call.as_ref().map_or(1.0, |sampler| sampler.at(noise));
        state.effect * self.round_effects[state.profile] * own
    }
}
