//! Work of another replication in a simulator that has already run.

use std::sync::Arc;

use crate::simulation::simulator::Simulator;
use crate::team::AssignmentRule;
use crate::workload::TaskGraph;

impl Simulator<'_> {
    /// Replaces the work by a graph that differs from it at most in sizes and recorded costs, without allocating. The
    /// simulator then behaves as if it had been made for that graph; `graph` receives the previous work. A graph with
    /// another structure needs another simulator: returns false, and nothing changes.
    pub fn redraw(&mut self, graph: &mut Arc<TaskGraph>) -> bool {
        if !self.team.graph.has_same_structure(graph) {
            return false;
        }
        std::mem::swap(&mut self.team.graph, graph);
        let graph = &*self.team.graph;
        for (state, task) in self.tasks.iter_mut().zip(graph.tasks()) {
            state.relative_size = task.size / graph.reference_size();
        }
        self.profiles.iter_mut().for_each(|profile| profile.resize(graph));
        let worker = &self.scenario.team[usize::from(self.team.lead.is_some())].profile;
        let expected = Arc::make_mut(&mut self.team.expected_seconds);
        for (seconds, task) in expected.iter_mut().zip(graph.tasks()) {
            *seconds = worker.expected_seconds(task, graph.reference_size());
        }
        // The other rules do not look at sizes.
        if self.spec.assigned == Some(AssignmentRule::Lpt) {
            self.assign_before_start();
        }
        true
    }
}
