//! Optimistic control: an attempt is stale if an artifact that it reads or writes differs from what its step read. A stale
//! attempt writes nothing and is rejected, always.

use crate::simulation::features::Feature;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{Conflict, InFlightStep, PlannedTask};
use crate::team::AgentId;

impl Simulator<'_> {
    /// Conflict of a planned attempt with what was accepted since its decision.
    pub(in crate::simulation) fn conflict_of(
        &self,
        agent: AgentId,
        planned: &PlannedTask,
        step: &InFlightStep,
    ) -> Option<Conflict> {
        if self.features.uses(Feature::Optimistic) && self.is_stale(agent, planned) {
            return Some(Conflict::Stale);
        }
        let semantic = self.features.uses(Feature::SemanticConflicts)
            && planned.effects.completes
            && self.conflicts_semantically(planned.task, agent, step);
        semantic.then_some(Conflict::Semantic)
    }

    fn is_stale(&self, agent: AgentId, planned: &PlannedTask) -> bool {
        if self.contents.is_empty() {
            return false;
        }
        let task = &self.team.graph[planned.task];
        let mut offset = planned.read as usize;
        let read = &self.agents[agent].flight.read;
        task.writes.iter().chain(&task.reads).any(|&artifact| {
            let now = self.contents.of(artifact);
            let then = &read[offset..offset + now.len()];
            offset += now.len();
            now != then
        })
    }
}
