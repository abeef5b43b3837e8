//! Reads of artifacts: a step keeps the contents that it has read, until its commit.

use crate::simulation::simulator::Simulator;
use crate::team::AgentId;

impl Simulator<'_> {
    /// Keeps the contents that a step reads: of all artifacts that its tasks write or read, in the order of its plan.
    pub(in crate::simulation) fn read_contents(&mut self, agent: AgentId) {
        if self.contents.is_empty() {
            return;
        }
        let graph = &self.team.graph;
        let flight = &mut self.agents[agent].flight;
        flight.read.clear();
        for planned in &mut flight.tasks {
            planned.read = flight.read.len() as u32;
            let task = &graph[planned.task];
            for &artifact in task.writes.iter().chain(&task.reads) {
                flight.read.extend_from_slice(self.contents.of(artifact));
            }
        }
    }
}
