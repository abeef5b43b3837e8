//! Generators of task graphs: from a shape, task sizes and a seed to a list of tasks.
//!
//! A further task, layer or column leaves the others unchanged. A greater edge probability only adds edges.

use crate::engine::rng::Bernoulli;
use crate::engine::{Dist, Keys, Sampler};
use crate::workload::TaskSpec;
use crate::workload::shapes::{self, Direction, Free, TaskFactory};

/// A family of task graphs and its parameters. Every `size` is in output tokens and is drawn for each task.
///
/// Distributions must be valid; [`Generator::check`] validates everything else.
#[derive(Clone, Debug, PartialEq)]
pub enum Generator {
    /// `task-1`, `task-2`, ..: each depends on the one before it.
    Chain {
        /// Number of tasks.
        tasks: u64,
        /// Size of a task.
        size: Dist,
    },
    /// `start`, then in each stage s the parallel tasks `work-s-1`, `work-s-2`, .. and a `join-s` that depends on all of
    /// them. The next stage depends on the join.
    ForkJoin {
        /// Number of stages.
        stages: u64,
        /// Parallel tasks per stage.
        width: u64,
        /// Size of the parallel tasks.
        size: Dist,
        /// Size of the start and the joins.
        join_size: Dist,
    },
    /// `task-l-w` for layer l and column w: depends on the task of its column in the layer above, and on each other task of
    /// that layer with a probability. 0 gives one chain per column, 1 a barrier between layers.
    Layered {
        /// Number of layers.
        layers: u64,
        /// Number of columns: tasks per layer.
        width: u64,
        /// Probability of each edge to another column.
        edge_probability: f64,
        /// Size of a task.
        size: Dist,
    },
    /// A complete tree with the root `task-1`, numbered level by level.
    Tree {
        /// Number of levels; 1 is the root alone.
        depth: u64,
        /// Children of each task above the last level.
        branching: u64,
        /// Direction of the dependencies.
        direction: Direction,
        /// Size of a task.
        size: Dist,
    },
    /// `task-1`, `task-2`, ..: each depends on each earlier one with a probability.
    Random {
        /// Number of tasks.
        tasks: u64,
        /// Probability of each edge.
        edge_probability: f64,
        /// Size of a task.
        size: Dist,
    },
    /// A chain `chain-1`, `chain-2`, .. and the free tasks `free-1`, `free-2`, ..
    ///
    /// Amdahl workload of N tasks: pN are free (rounded to the nearest integer, halves up), the others form the chain.
    Amdahl {
        /// Number of tasks: N.
        tasks: u64,
        /// Proportion of free tasks: p.
        parallel_fraction: f64,
        /// Position of the free tasks.
        free: Free,
        /// Size of a task.
        size: Dist,
    },
    /// Loosely coupled strands. Counted from 0, task j (`task-{j+1}`) depends on j - width if it exists. If j is odd and the
    /// width above 1, it then also depends on j - width + 1.
    Lattice {
        /// Number of tasks.
        tasks: u64,
        /// Number of strands; so many tasks have no dependency.
        width: u64,
        /// Size of a task.
        size: Dist,
    },
    /// Independent tasks `task-1`, `task-2`, .. released one by one: a renewal process from time 0.
    Stream {
        /// Number of tasks.
        tasks: u64,
        /// Seconds between releases, and from time 0 to the first.
        interarrival: Dist,
        /// Size of a task.
        size: Dist,
    },
}

impl Generator {
    /// Returns the graph of the `bench` scenario: 20 tasks in five strands.
    pub fn bench(size: Dist) -> Generator {
        Generator::Lattice { tasks: 20, width: 5, size }
    }

    /// Returns the tasks in topological order. [`Generator::check`] must have passed.
    ///
    /// The list is valid for [`TaskGraph::new`](crate::workload::TaskGraph::new): unique names, known dependencies, no
    /// cycle.
    pub fn generate(&self, seed: u64) -> Vec<TaskSpec> {
        CompiledGenerator::new(self.clone()).draw(seed, 0)
    }

    /// Expected size of a task, in output tokens: the mean over all tasks.
    pub fn expected_size(&self) -> f64 {
        match self {
            Generator::ForkJoin { stages, width, size, join_size } => {
                let (stages, width) = (*stages as f64, *width as f64);
                let (parallel, joins) = (stages * width, 1.0 + stages);
                (parallel * size.mean() + joins * join_size.mean()) / (parallel + joins)
            }
            _ => self.size().mean(),
        }
    }

    /// Returns true if the sizes, the dependencies or the release times depend on the seed.
    pub fn is_random(&self) -> bool {
        let joins = if let Generator::ForkJoin { join_size, .. } = self { join_size } else { self.size() };
        !self.size().is_constant() || !joins.is_constant() || self.has_random_structure()
    }

    /// Returns true if the dependencies or the release times depend on the seed.
    fn has_random_structure(&self) -> bool {
        match self {
            Generator::Layered { edge_probability: p, .. } | Generator::Random { edge_probability: p, .. } => {
                *p > 0.0 && *p < 1.0 && self.pairs() > 0
            }
            Generator::Stream { interarrival, .. } => !interarrival.is_constant(),
            _ => false,
        }
    }

    /// Size of a task; of a fork-join that of the parallel ones.
    fn size(&self) -> &Dist {
        match self {
            Generator::Chain { size, .. }
            | Generator::ForkJoin { size, .. }
            | Generator::Layered { size, .. }
            | Generator::Tree { size, .. }
            | Generator::Random { size, .. }
            | Generator::Amdahl { size, .. }
            | Generator::Lattice { size, .. }
            | Generator::Stream { size, .. } => size,
        }
    }

    /// Returns the workload of a team whose parallel part grows with the team (Gustafson). One agent gets the same tasks,
    /// and common tasks have the same sizes.
    ///
    /// - Amdahl: `agents` times the free tasks; the chain is unchanged.
    /// - Fork-join and layered: `agents` times the width.
    /// - Chain: unchanged, as it has no parallel part.
    /// - Stream: `agents` times as many tasks in the same time.
    /// - Trees, random graphs and lattices: `None`, as their length and width are not independent.
    ///
    /// The result may be too large: validate it with [`Generator::check`].
    pub fn for_team(&self, agents: u64) -> Option<Generator> {
        let n = agents.max(1);
        let mut scaled = self.clone();
        match &mut scaled {
            Generator::Chain { .. } => {}
            Generator::ForkJoin { width, .. } | Generator::Layered { width, .. } => *width = width.saturating_mul(n),
            Generator::Amdahl { tasks, parallel_fraction, .. } => {
                let (chain, free) = shapes::chain_and_free(*tasks, *parallel_fraction);
                let free = free.saturating_mul(n);
                *tasks = chain.saturating_add(free);
                *parallel_fraction = free as f64 / *tasks as f64;
            }
            Generator::Stream { tasks, interarrival, .. } => {
                *tasks = tasks.saturating_mul(n);
                *interarrival = interarrival.scaled(1.0 / n as f64);
            }
            Generator::Tree { .. } | Generator::Random { .. } | Generator::Lattice { .. } => return None,
        }
        Some(scaled)
    }
}

/// Generator with the samplers of its distributions, for many draws.
#[derive(Clone, Debug)]
pub struct CompiledGenerator {
    generator: Generator,
    size: Sampler,
    /// Sampler of the distribution that only this shape has: size of the joins, or time between releases.
    second: Option<Sampler>,
}

impl CompiledGenerator {
    /// Makes the samplers of a generator. [`Generator::check`] must have passed.
    pub fn new(generator: Generator) -> CompiledGenerator {
        let second = match &generator {
            Generator::ForkJoin { join_size, .. } => Some(Sampler::new(join_size)),
            Generator::Stream { interarrival, .. } => Some(Sampler::new(interarrival)),
            _ => None,
        };
        CompiledGenerator { size: Sampler::new(generator.size()), second, generator }
    }

    /// Generator.
    pub fn generator(&self) -> &Generator {
        &self.generator
    }

    /// Returns the tasks of a replication in topological order, as [`Generator::generate`] does for replication 0.
    ///
    /// Every replication has the same tasks; sizes, random dependencies and release times differ.
    pub fn draw(&self, seed: u64, replication: u64) -> Vec<TaskSpec> {
        let keys = Keys::new(seed, replication);
        let make = TaskFactory::new(keys, &self.size);
        let second = self.second.as_ref().unwrap_or(&self.size);
        match &self.generator {
            Generator::Chain { tasks, .. } => shapes::chain(&make, "task", *tasks),
            Generator::ForkJoin { stages, width, .. } => {
                shapes::fork_join(&make, &TaskFactory::new(keys, second), *stages, *width)
            }
            Generator::Layered { layers, width, edge_probability, .. } => {
                shapes::layered(&make, *layers, *width, Bernoulli::new(*edge_probability))
            }
            Generator::Tree { branching, direction, .. } => {
                shapes::tree(&make, self.generator.tasks(), *branching, *direction)
            }
            Generator::Random { tasks, edge_probability, .. } => {
                shapes::random(&make, *tasks, Bernoulli::new(*edge_probability))
            }
            Generator::Amdahl { tasks, parallel_fraction, free, .. } => {
                shapes::amdahl(&make, shapes::chain_and_free(*tasks, *parallel_fraction), *free)
            }
            Generator::Lattice { tasks, width, .. } => shapes::lattice(&make, *tasks, *width),
            Generator::Stream { tasks, .. } => shapes::stream(&make, *tasks, second),
        }
    }

    /// Returns true if only sizes differ between replications.
    pub(super) fn has_fixed_structure(&self) -> bool {
        !self.generator.has_random_structure()
    }

    /// Sampler of the size of the task with this name.
    pub(super) fn size_of(&self, task: &str) -> &Sampler {
        match (&self.generator, &self.second) {
            (Generator::ForkJoin { .. }, Some(joins)) if shapes::is_join(task) => joins,
            _ => &self.size,
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the same draw has the same bits")]
mod tests {
    use super::*;
    use crate::workload::{Count, Measure, TaskGraph};
    use proptest::prelude::*;

    const SIZE: Dist = Dist::Constant(100.0);

    fn graph(generator: &Generator, seed: u64) -> TaskGraph {
        generator.check().expect("within limits");
        TaskGraph::new(&generator.generate(seed)).expect("generators make task graphs")
    }

    /// Tasks, edges, the longest chain and the width.
    fn figures(generator: &Generator) -> (usize, usize, usize, u64) {
        let measure = Measure::by_size(&graph(generator, 1));
        (measure.tasks, measure.edges, measure.longest_chain, measure.width.value())
    }

    #[test]
    fn shapes_are_what_they_are_called() {
        assert_eq!(figures(&Generator::Chain { tasks: 7, size: SIZE }), (7, 6, 7, 1));
        assert_eq!(figures(&Generator::ForkJoin { stages: 3, width: 4, size: SIZE, join_size: SIZE }), (16, 24, 7, 4));
        let layered = |edge_probability| Generator::Layered { layers: 4, width: 5, edge_probability, size: SIZE };
        assert_eq!(figures(&layered(0.0)), (20, 15, 4, 5));
        assert_eq!(figures(&layered(1.0)), (20, 75, 4, 5));
        for direction in [Direction::Out, Direction::In] {
            let tree = |depth, branching| Generator::Tree { depth, branching, direction, size: SIZE };
            assert_eq!(figures(&tree(4, 3)), (40, 39, 4, 27));
            assert_eq!(figures(&tree(1, u64::MAX)), (1, 0, 1, 1));
        }
        let random = |edge_probability| Generator::Random { tasks: 9, edge_probability, size: SIZE };
        assert_eq!(figures(&random(0.0)), (9, 0, 1, 9));
        assert_eq!(figures(&random(1.0)), (9, 36, 9, 1));
        assert_eq!(figures(&Generator::Lattice { tasks: 6, width: 1, size: SIZE }), (6, 5, 6, 1));
        let stream = Generator::Stream { tasks: 6, interarrival: Dist::Constant(2.0), size: SIZE };
        assert_eq!(figures(&stream), (6, 0, 1, 6));
        let releases: Vec<u64> = stream.generate(1).iter().map(|task| task.release.as_us() / 1_000_000).collect();
        assert_eq!(releases, [2, 4, 6, 8, 10, 12]);
    }

    #[test]
    fn the_paper_s_fractions() {
        for (p, chain, edges) in [(0.9, 2, 1), (0.5, 10, 9), (0.2, 16, 15)] {
            let amdahl = |free| Generator::Amdahl { tasks: 20, parallel_fraction: p, free, size: SIZE };
            let beside = Measure::by_size(&graph(&amdahl(Free::Beside), 1));
            assert_eq!((beside.longest_chain, beside.edges), (chain, edges));
            assert!((beside.parallel_fraction_by_count() - p).abs() < 1e-12);
            assert!((beside.parallel_fraction_by_size() - p).abs() < 1e-12);
            assert_eq!(beside.width, Count::Exact(20 - chain as u64 + 1));
            let after = Measure::by_size(&graph(&amdahl(Free::After), 1));
            assert_eq!((after.longest_chain, after.edges), (chain + 1, 19));
            assert_eq!(after.width, Count::Exact(20 - chain as u64));
        }
        let ends = |p, free| figures(&Generator::Amdahl { tasks: 4, parallel_fraction: p, free, size: SIZE });
        assert_eq!([ends(0.0, Free::Beside), ends(0.0, Free::After)], [(4, 3, 4, 1); 2]);
        assert_eq!([ends(1.0, Free::Beside), ends(1.0, Free::After)], [(4, 0, 1, 4); 2]);
        assert_eq!(shapes::chain_and_free(10, 0.25), (7, 3));
    }

    #[test]
    fn the_benchmark_s_edges() {
        let specs = Generator::bench(SIZE).generate(0);
        assert_eq!(specs.len(), 20);
        for (j, spec) in specs.iter().enumerate() {
            let needed: Vec<usize> = match (j >= 5, j % 2 == 1) {
                (false, _) => vec![],
                (true, false) => vec![j - 5],
                (true, true) => vec![j - 5, j - 4],
            };
            let names: Vec<String> = needed.iter().map(|on| format!("task-{}", on + 1)).collect();
            assert_eq!((&spec.id, &spec.depends_on), (&format!("task-{}", j + 1), &names));
        }
    }

    #[test]
    fn a_team_s_workload_keeps_its_serial_part() {
        let size = Dist::Exponential { mean: 100.0 };
        let amdahl = |tasks, parallel_fraction| {
            let size = size.clone();
            Generator::Amdahl { tasks, parallel_fraction, free: Free::After, size }
        };
        for n in 1..=64 {
            for tasks in 1..=40 {
                let one = amdahl(tasks, 0.35);
                let team = one.for_team(n).expect("defined");
                let (chain, free) = shapes::chain_and_free(tasks, 0.35);
                assert_eq!(team.tasks(), chain + n * free);
                assert_eq!(team.generate(5)[..tasks as usize], one.generate(5), "the same tasks and {n} times");
            }
        }
        let layered = |width| Generator::Layered { layers: 3, width, edge_probability: 0.1, size: SIZE };
        assert_eq!(layered(4).for_team(3), Some(layered(12)));
        let stream = |tasks, mean| Generator::Stream { tasks, interarrival: Dist::Exponential { mean }, size: SIZE };
        assert_eq!(stream(10, 8.0).for_team(4), Some(stream(40, 2.0)));
        assert_eq!(Generator::bench(SIZE).for_team(2), None);
    }

    proptest! {
        #[test]
        fn more_moves_nothing(tasks in 1..30u64, more in 0..9u64, p in 0.0..0.5, seed in any::<u64>()) {
            let size = Dist::Exponential { mean: 9.0 };
            let random = |tasks, edge_probability| Generator::Random { tasks, edge_probability, size: size.clone() };
            let few = random(tasks, p).generate(seed);
            prop_assert_eq!(&random(tasks + more, p).generate(seed)[..tasks as usize], &few[..]);
            for (few, many) in few.iter().zip(random(tasks, 2.0 * p).generate(seed)) {
                prop_assert_eq!(few.size, many.size);
                prop_assert!(few.depends_on.iter().all(|on| many.depends_on.contains(on)));
            }
            let layered = |width| Generator::Layered { layers: 3, width, edge_probability: p, size: size.clone() };
            let wide = layered(tasks + more).generate(seed);
            for narrow in layered(tasks).generate(seed) {
                let same = wide.iter().find(|task| task.id == narrow.id).expect("it is still there");
                prop_assert_eq!(same.size, narrow.size);
                prop_assert!(narrow.depends_on.iter().all(|on| same.depends_on.contains(on)));
            }
        }
    }
}
