//! Limits on generated graphs, checked without building them.

use thiserror::Error;

use crate::workload::generate::Generator;
use crate::workload::shapes::{self, Free};

/// Largest number of tasks of a workload.
pub const MAX_TASKS: u64 = 100_000;
/// Largest number of dependencies of a workload; the expected number for random ones.
pub const MAX_EDGES: u64 = 5_000_000;
/// Largest number of pairs of tasks for which a generator draws a dependency.
pub const MAX_PAIRS: u64 = 200_000_000;

/// Reason why a generator cannot be run. `field` is the name of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum GeneratorError {
    /// A count is 0.
    #[error("{field}: 0; expected at least 1")]
    Zero {
        /// Name of the count.
        field: &'static str,
    },
    /// A probability or proportion is not between 0 and 1.
    #[error("{field}: {value}; expected a number from 0 to 1")]
    NotAFraction {
        /// Name of the parameter.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// More than [`MAX_TASKS`].
    #[error("{tasks} tasks; expected at most {MAX_TASKS}")]
    TooManyTasks {
        /// Number of tasks.
        tasks: u64,
    },
    /// More than [`MAX_EDGES`].
    #[error("about {edges} dependencies; expected at most {MAX_EDGES}")]
    TooManyEdges {
        /// Expected number of dependencies.
        edges: u64,
    },
    /// More than [`MAX_PAIRS`].
    #[error("{pairs} pairs of tasks that may depend on each other; expected at most {MAX_PAIRS}")]
    TooManyPairs {
        /// Number of pairs.
        pairs: u64,
    },
}

impl Generator {
    /// Returns the parallel fraction of an Amdahl workload, in whole tasks; none for other shapes.
    pub fn parallel_fraction(&self) -> Option<f64> {
        let Generator::Amdahl { tasks, parallel_fraction, .. } = self else { return None };
        let (chained, free) = shapes::chain_and_free(*tasks, *parallel_fraction);
        Some(free as f64 / (chained + free) as f64)
    }

    /// Validates the parameters and the size of the graph, without building it.
    ///
    /// # Errors
    ///
    /// Every parameter out of its range; if there is none, every limit that is exceeded.
    pub fn check(&self) -> Result<(), Vec<GeneratorError>> {
        let (counts, fraction): (Vec<(&'static str, u64)>, _) = match *self {
            Generator::Chain { tasks, .. } | Generator::Stream { tasks, .. } => (vec![("tasks", tasks)], None),
            Generator::ForkJoin { stages, width, .. } => (vec![("stages", stages), ("width", width)], None),
            Generator::Layered { layers, width, edge_probability, .. } => {
                (vec![("layers", layers), ("width", width)], Some(("edge_probability", edge_probability)))
            }
            Generator::Tree { depth, branching, .. } => (vec![("depth", depth), ("branching", branching)], None),
            Generator::Random { tasks, edge_probability, .. } => {
                (vec![("tasks", tasks)], Some(("edge_probability", edge_probability)))
            }
            Generator::Amdahl { tasks, parallel_fraction, .. } => {
                (vec![("tasks", tasks)], Some(("parallel_fraction", parallel_fraction)))
            }
            Generator::Lattice { tasks, width, .. } => (vec![("tasks", tasks), ("width", width)], None),
        };
        let zero = counts.iter().filter(|(_, count)| *count == 0).map(|&(field, _)| GeneratorError::Zero { field });
        let mut errors: Vec<GeneratorError> = zero.collect();
        if let Some((field, value)) = fraction
            && !(0.0..=1.0).contains(&value)
        {
            errors.push(GeneratorError::NotAFraction { field, value });
        }
        if errors.is_empty() {
            let (tasks, edges, pairs) = (self.tasks(), self.edges(), self.pairs());
            let limits = [
                (tasks > MAX_TASKS).then_some(GeneratorError::TooManyTasks { tasks }),
                (edges > MAX_EDGES).then_some(GeneratorError::TooManyEdges { edges }),
                (pairs > MAX_PAIRS).then_some(GeneratorError::TooManyPairs { pairs }),
            ];
            errors.extend(limits.into_iter().flatten());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Number of tasks, saturating at `u64::MAX`. A tree is counted up to the first level that exceeds [`MAX_TASKS`].
    pub fn tasks(&self) -> u64 {
        match *self {
            Generator::Chain { tasks, .. }
            | Generator::Random { tasks, .. }
            | Generator::Amdahl { tasks, .. }
            | Generator::Lattice { tasks, .. }
            | Generator::Stream { tasks, .. } => tasks,
            Generator::ForkJoin { stages, width, .. } => {
                stages.saturating_mul(width.saturating_add(1)).saturating_add(1)
            }
            Generator::Layered { layers, width, .. } => layers.saturating_mul(width),
            Generator::Tree { depth, branching, .. } => {
                let (mut total, mut level, mut levels) = (0u64, 1u64, 0);
                while levels < depth && total <= MAX_TASKS {
                    total = total.saturating_add(level);
                    level = level.saturating_mul(branching);
                    levels += 1;
                }
                total
            }
        }
    }

    /// Largest number of dependencies; the expected number for random ones.
    pub fn edges(&self) -> u64 {
        let expected = |probability: f64| (self.pairs() as f64 * probability).ceil() as u64;
        match *self {
            Generator::Chain { tasks, .. } => tasks.saturating_sub(1),
            Generator::ForkJoin { stages, width, .. } => stages.saturating_mul(width).saturating_mul(2),
            Generator::Layered { layers, width, edge_probability, .. } => {
                layers.saturating_sub(1).saturating_mul(width).saturating_add(expected(edge_probability))
            }
            Generator::Tree { .. } => self.tasks().saturating_sub(1),
            Generator::Random { edge_probability, .. } => expected(edge_probability),
            Generator::Amdahl { tasks, parallel_fraction, free, .. } => {
                let (chain, after) = shapes::chain_and_free(tasks, parallel_fraction);
                let to_the_chain = if free == Free::After && chain > 0 { after } else { 0 };
                chain.saturating_sub(1).saturating_add(to_the_chain)
            }
            Generator::Lattice { tasks, width, .. } => tasks.saturating_sub(width).saturating_mul(2),
            Generator::Stream { .. } => 0,
        }
    }

    /// Number of pairs of tasks for which a dependency is drawn.
    pub(super) fn pairs(&self) -> u64 {
        match *self {
            Generator::Random { tasks, .. } => tasks.saturating_mul(tasks.saturating_sub(1)) / 2,
            Generator::Layered { layers, width, .. } => {
                layers.saturating_sub(1).saturating_mul(width).saturating_mul(width.saturating_sub(1))
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Dist;
    use crate::workload::{Direction, TaskGraph, TaskId};
    use proptest::prelude::*;

    const SIZE: Dist = Dist::Constant(100.0);

    #[test]
    fn too_much_is_refused_at_once() {
        let huge = 1_000_000_000;
        let chain = Generator::Chain { tasks: huge, size: SIZE };
        let messages: Vec<String> = chain.check().expect_err("too long").iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            ["1000000000 tasks; expected at most 100000", "about 999999999 dependencies; expected at most 5000000"]
        );
        let refused = [
            Generator::ForkJoin { stages: u64::MAX, width: u64::MAX, size: SIZE, join_size: SIZE },
            Generator::Layered { layers: 2, width: 5_000, edge_probability: 0.5, size: SIZE },
            Generator::Tree { depth: u64::MAX, branching: 1, direction: Direction::In, size: SIZE },
            Generator::Tree { depth: 99, branching: u64::MAX, direction: Direction::Out, size: SIZE },
            Generator::Random { tasks: MAX_TASKS, edge_probability: 0.0, size: SIZE },
            Generator::Random { tasks: 10_000, edge_probability: 0.2, size: SIZE },
            Generator::Amdahl { tasks: u64::MAX, parallel_fraction: 0.5, free: Free::After, size: SIZE },
            Generator::Lattice { tasks: u64::MAX, width: u64::MAX, size: SIZE },
        ];
        for generator in refused {
            assert!(generator.check().is_err(), "{generator:?}");
        }
        let wrong = Generator::Layered { layers: 0, width: 0, edge_probability: f64::NAN, size: SIZE };
        let messages: Vec<String> = wrong.check().expect_err("all wrong").iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "layers: 0; expected at least 1",
                "width: 0; expected at least 1",
                "edge_probability: NaN; expected a number from 0 to 1"
            ]
        );
    }

    fn any_generator() -> impl Strategy<Value = Generator> {
        let direction = prop::sample::select(vec![Direction::Out, Direction::In]);
        let free = prop::sample::select(vec![Free::Beside, Free::After]);
        (0..8, 1..7u64, 1..5u64, 0.0..=1.0, direction, free).prop_map(|(kind, a, b, p, direction, free)| {
            let size = Dist::Lognormal { mu: 4.0, sigma: 1.0 };
            match kind {
                0 => Generator::Chain { tasks: a, size },
                1 => Generator::ForkJoin { stages: a, width: b, join_size: size.clone(), size },
                2 => Generator::Layered { layers: a, width: b, edge_probability: p, size },
                3 => Generator::Tree { depth: a.min(4), branching: b, direction, size },
                4 => Generator::Random { tasks: a * b, edge_probability: p, size },
                5 => Generator::Amdahl { tasks: a * b, parallel_fraction: p, free, size },
                6 => Generator::Lattice { tasks: a * b, width: b, size },
                _ => Generator::Stream { tasks: a * b, interarrival: Dist::Exponential { mean: 3.0 }, size },
            }
        })
    }

    proptest! {
        #[test]
        fn counts_are_predicted(generator in any_generator(), seed in any::<u64>()) {
            let specs = generator.generate(seed);
            prop_assert_eq!(specs.len() as u64, generator.tasks());
            prop_assert_eq!(generator.check(), Ok(()));
            let graph = TaskGraph::new(&specs).expect("generators make task graphs");
            prop_assert_eq!(graph.topological().to_vec(), TaskId::all(specs.len()).collect::<Vec<_>>());
            match &generator {
                Generator::Layered { .. } | Generator::Random { .. } => {}
                Generator::Lattice { .. } => prop_assert!(graph.edges() as u64 <= generator.edges()),
                _ => prop_assert_eq!(graph.edges() as u64, generator.edges()),
            }
        }
    }
}
