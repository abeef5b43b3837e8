//! Work that is drawn anew for every replication.
//!
//! The draws are keyed by seed, replication and name of the task. A replication has the same work for every team.

use std::sync::Arc;

use crate::engine::{Keys, Sampler};
use crate::workload::generate::CompiledGenerator;
use crate::workload::graph::TaskGraph;
use crate::workload::shapes::drawn_size;

/// Source of the task graphs of replications. All have the same tasks, artifacts, skills and reference size.
#[derive(Clone, Debug)]
pub struct DrawnWork {
    nominal: Arc<TaskGraph>,
    draws: Draws,
}

/// Part of the work that is drawn.
#[derive(Clone, Debug)]
enum Draws {
    /// Sizes only, by task.
    Sizes(Vec<Sampler>),
    /// Sizes, and dependencies or release times.
    All(CompiledGenerator),
}

impl DrawnWork {
    /// Returns the source of generated work. `nominal` is its graph of replication 0.
    pub fn generated(nominal: Arc<TaskGraph>, generator: CompiledGenerator) -> DrawnWork {
        let draws = if generator.has_fixed_structure() {
            Draws::Sizes(nominal.tasks().iter().map(|task| generator.size_of(&task.id).clone()).collect())
        } else {
            Draws::All(generator)
        };
        DrawnWork { nominal, draws }
    }

    /// Returns the source of listed work, with the sampler of the size of each task by [`TaskId`](crate::workload::TaskId).
    pub fn listed(nominal: Arc<TaskGraph>, sizes: Vec<Sampler>) -> DrawnWork {
        DrawnWork { nominal, draws: Draws::Sizes(sizes) }
    }

    /// Turns the work of any replication into that of another; in place if only sizes are drawn.
    pub fn redraw(&self, seed: u64, replication: u64, graph: &mut Arc<TaskGraph>) {
        match &self.draws {
            Draws::Sizes(sizes) => {
                let keys = Keys::new(seed, replication);
                Arc::make_mut(graph).set_sizes(|id, task| drawn_size(&keys, task.key, &sizes[id.index()]));
            }
            Draws::All(_) => *graph = Arc::new(self.graph(seed, replication)),
        }
    }

    /// Returns the work of a replication.
    pub fn graph(&self, seed: u64, replication: u64) -> TaskGraph {
        match &self.draws {
            Draws::Sizes(sizes) => {
                let keys = Keys::new(seed, replication);
                self.nominal.with_sizes(|id, task| drawn_size(&keys, task.key, &sizes[id.index()]))
            }
            Draws::All(generator) => {
                let graph = TaskGraph::new(&generator.draw(seed, replication));
                // Generators make valid graphs.
                let graph = graph.unwrap_or_else(|_| (*self.nominal).clone());
                graph.with_reference_size(self.nominal.reference_size())
            }
        }
    }
}
