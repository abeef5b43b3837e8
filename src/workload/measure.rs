//! Measures of a task graph, independent of any team: work, span, width, parallel fractions, overlapping writes.

use crate::engine::Id;
use crate::engine::idset::ones;
use crate::workload::{ArtifactId, Task, TaskGraph, TaskId};

/// Largest number of tasks for exact width and overlaps, which need the transitive closure. Larger graphs get lower bounds.
pub const MAX_EXACT_TASKS: usize = 3_000;
/// Largest number of overlaps kept as examples.
pub const MAX_WITNESSES: usize = 5;

/// Measures of a task graph whose tasks have weights: sizes in tokens, or seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Number of tasks: N.
    pub tasks: usize,
    /// Number of dependencies.
    pub edges: usize,
    /// T1: the sum of all weights.
    pub work: f64,
    /// Tinf: the weight of the heaviest path.
    pub span: f64,
    /// A path of that weight, from its first task to its last.
    pub critical_path: Vec<TaskId>,
    /// CP: the number of tasks in the longest chain, regardless of weight; also the number of levels.
    pub longest_chain: usize,
    /// Size of the largest antichain: the largest number of tasks in progress at once.
    pub width: Count,
    /// Number of overlaps: two tasks without a path between them, and an artifact that both write. A pair that shares two
    /// artifacts counts twice.
    pub write_overlaps: Count,
    /// First overlaps, by artifact, then by task.
    pub witnesses: Vec<Overlap>,
}

/// A count or a lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Exact count.
    Exact(u64),
    /// Lower bound: the graph has more than [`MAX_EXACT_TASKS`] tasks, and only tasks of the same level were compared.
    AtLeast(u64),
}

/// Two tasks that may write the same artifact at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The task with the smaller id.
    pub first: TaskId,
    /// The other one.
    pub second: TaskId,
    /// The artifact that both write.
    pub artifact: ArtifactId,
}

impl Measure {
    /// Measures a graph by the sizes of its tasks, in output tokens.
    pub fn by_size(graph: &TaskGraph) -> Measure {
        Measure::new(graph, |task| task.size)
    }

    /// Measures a graph by any weight above 0; work and span have its unit.
    pub fn new(graph: &TaskGraph, weight: impl Fn(&Task) -> f64) -> Measure {
        let weights: Vec<f64> = graph.tasks().iter().map(weight).collect();
        let (span, critical_path) = heaviest_path(graph, &weights);
        let levels = levels(graph);
        let (width, (write_overlaps, witnesses)) = if graph.len() <= MAX_EXACT_TASKS {
            let closure = Closure::new(graph);
            (Count::Exact(exact_width(&closure)), exact_overlaps(graph, &closure))
        } else {
            (Count::AtLeast(widest_level(&levels)), overlaps_in_levels(graph, &levels))
        };
        Measure {
            tasks: graph.len(),
            edges: graph.edges(),
            work: weights.iter().sum(),
            span,
            critical_path,
            longest_chain: levels.iter().max().map_or(0, |&last| last + 1),
            width,
            write_overlaps,
            witnesses,
        }
    }

    /// T1 / Tinf: upper bound of the speedup of any team.
    pub fn parallelism(&self) -> f64 {
        self.work / self.span
    }

    /// p by count: (N - CP) / N, as in arXiv 2603.12229.
    pub fn parallel_fraction_by_count(&self) -> f64 {
        (self.tasks - self.longest_chain) as f64 / self.tasks as f64
    }

    /// p by weight: (T1 - Tinf) / T1.
    pub fn parallel_fraction_by_size(&self) -> f64 {
        (self.work - self.span) / self.work
    }
}

impl Count {
    /// Returns the number, exact or not.
    pub const fn value(self) -> u64 {
        match self {
            Count::Exact(value) | Count::AtLeast(value) => value,
        }
    }
}

/// Returns work and span by these weights, without the costlier measures.
pub fn work_and_span(graph: &TaskGraph, weight: impl Fn(&Task) -> f64) -> (f64, f64) {
    let weights: Vec<f64> = graph.tasks().iter().map(weight).collect();
    (weights.iter().sum(), heaviest_path(graph, &weights).0)
}

/// Returns the weight of the heaviest path and its tasks; of equal ones the first in list order.
fn heaviest_path(graph: &TaskGraph, weights: &[f64]) -> (f64, Vec<TaskId>) {
    let mut heaviest = weights.to_vec();
    let mut before: Vec<Option<TaskId>> = vec![None; graph.len()];
    for &id in graph.topological() {
        let index = id.index();
        let longest = heavier_first(&graph.tasks()[index].depends_on, &heaviest);
        if let Some(longest) = longest {
            heaviest[index] += heaviest[longest.index()];
            before[index] = Some(longest);
        }
    }
    let all: Vec<TaskId> = TaskId::all(graph.len()).collect();
    let Some(last) = heavier_first(&all, &heaviest) else { return (0.0, Vec::new()) };
    let mut path: Vec<TaskId> = std::iter::successors(Some(last), |&id| before[id.index()]).collect();
    path.reverse();
    (heaviest[last.index()], path)
}

fn heavier_first(ids: &[TaskId], weights: &[f64]) -> Option<TaskId> {
    ids.iter().copied().reduce(|best, id| if weights[id.index()] > weights[best.index()] { id } else { best })
}

/// Level of each task: the number of tasks in the longest chain before it.
fn levels(graph: &TaskGraph) -> Vec<usize> {
    let mut levels = vec![0; graph.len()];
    for &id in graph.topological() {
        let needed = &graph[id].depends_on;
        levels[id.index()] = needed.iter().map(|&on| levels[on.index()] + 1).max().unwrap_or(0);
    }
    levels
}

/// Size of the widest level. Tasks of one level have no path between them, so each level is an antichain.
fn widest_level(levels: &[usize]) -> u64 {
    let mut widths = vec![0; levels.len()];
    for &level in levels {
        widths[level] += 1;
    }
    widths.into_iter().max().unwrap_or(0)
}

/// Transitive closure: for each task, a row of a bit matrix with all its successors.
struct Closure {
    words_a_row: usize,
    words: Vec<u64>,
}

impl Closure {
    fn new(graph: &TaskGraph) -> Closure {
        let words_a_row = graph.len().div_ceil(64);
        let mut words = vec![0; graph.len() * words_a_row];
        for &id in graph.topological().iter().rev() {
            let row = id.index() * words_a_row;
            for &dependent in &graph[id].dependents {
                let other = dependent.index() * words_a_row;
                for word in 0..words_a_row {
                    words[row + word] |= words[other + word];
                }
                words[row + dependent.word()] |= 1 << dependent.bit();
            }
        }
        Closure { words_a_row, words }
    }

    fn len(&self) -> usize {
        self.words.len() / self.words_a_row
    }

    fn after(&self, id: TaskId) -> &[u64] {
        &self.words[id.index() * self.words_a_row..][..self.words_a_row]
    }

    fn is_after(&self, later: TaskId, earlier: TaskId) -> bool {
        self.after(earlier)[later.word()] >> later.bit() & 1 == 1
    }
}

/// Size of the largest antichain. By Dilworth's theorem it is the smallest number of chains that cover the graph: the number
/// of tasks less the largest matching of tasks with successors (Fulkerson 1956).
///
/// The matching grows along augmenting paths, searched breadth first from every unmatched task. The searches of one pass
/// share their visited tasks, as a failed search visits nothing that could help another. After a pass without success no
/// augmenting path is left (Berge).
fn exact_width(closure: &Closure) -> u64 {
    let tasks = closure.len();
    // Each task is on both sides of the matching: as predecessor (`next`) and as successor (`previous`).
    let mut next: Vec<Option<TaskId>> = vec![None; tasks];
    let mut previous: Vec<Option<TaskId>> = vec![None; tasks];
    let mut reached_from: Vec<TaskId> = vec![TaskId::default(); tasks];
    let mut matched = 0;
    loop {
        let before = matched;
        let mut unvisited = vec![u64::MAX; closure.words_a_row];
        for start in TaskId::all(tasks) {
            if next[start.index()].is_none()
                && let Some(end) = free_end(closure, start, &previous, &mut unvisited, &mut reached_from)
            {
                let mut later = Some(end);
                while let Some(id) = later {
                    let earlier = reached_from[id.index()];
                    previous[id.index()] = Some(earlier);
                    later = next[earlier.index()].replace(id);
                }
                matched += 1;
            }
        }
        if matched == before {
            return (tasks - matched) as u64;
        }
    }
}

/// Returns the end of an augmenting path from `start`; `reached_from` then leads back along it.
fn free_end(
    closure: &Closure,
    start: TaskId,
    previous: &[Option<TaskId>],
    unvisited: &mut [u64],
    reached_from: &mut [TaskId],
) -> Option<TaskId> {
    let mut queue = vec![start];
    let mut head = 0;
    while let Some(&earlier) = queue.get(head) {
        head += 1;
        for (word, &after) in closure.after(earlier).iter().enumerate() {
            let new = after & unvisited[word];
            unvisited[word] &= !new;
            for bit in ones(std::iter::once(new)) {
                let later = TaskId::new(word as u32 * 64 + bit);
                reached_from[later.index()] = earlier;
                match previous[later.index()] {
                    None => return Some(later),
                    Some(matched) => queue.push(matched),
                }
            }
        }
    }
    None
}

/// Tasks that write each artifact, ascending.
fn writers(graph: &TaskGraph) -> Vec<Vec<TaskId>> {
    let mut writers = vec![Vec::new(); graph.artifacts().len()];
    for (id, task) in graph.tasks().iter().enumerate() {
        for &artifact in &task.writes {
            writers[artifact.index()].push(TaskId::at(id));
        }
    }
    writers
}

fn exact_overlaps(graph: &TaskGraph, closure: &Closure) -> (Count, Vec<Overlap>) {
    let mut count = 0;
    let mut witnesses = Vec::new();
    for (artifact, writers) in writers(graph).into_iter().enumerate().filter(|(_, writers)| writers.len() > 1) {
        let mut set = vec![0u64; closure.words_a_row];
        for &id in &writers {
            set[id.word()] |= 1 << id.bit();
        }
        let in_set = |row: &[u64]| row.iter().zip(&set).map(|(a, b)| u64::from((a & b).count_ones())).sum::<u64>();
        let ordered: u64 = writers.iter().map(|&id| in_set(closure.after(id))).sum();
        let overlaps = pairs(writers.len()) - ordered;
        count += overlaps;
        if overlaps > 0 && witnesses.len() < MAX_WITNESSES {
            let artifact = ArtifactId::at(artifact);
            let all = writers.iter().enumerate().flat_map(|(index, &first)| {
                writers[index + 1..].iter().map(move |&second| Overlap { first, second, artifact })
            });
            let apart = |o: &Overlap| !closure.is_after(o.second, o.first) && !closure.is_after(o.first, o.second);
            witnesses.extend(all.filter(apart).take(MAX_WITNESSES - witnesses.len()));
        }
    }
    (Count::Exact(count), witnesses)
}

fn overlaps_in_levels(graph: &TaskGraph, levels: &[usize]) -> (Count, Vec<Overlap>) {
    let mut count = 0;
    let mut witnesses = Vec::new();
    for (artifact, mut writers) in writers(graph).into_iter().enumerate() {
        writers.sort_by_key(|&id| levels[id.index()]);
        for level in writers.chunk_by(|&a, &b| levels[a.index()] == levels[b.index()]) {
            count += pairs(level.len());
            let first = level[0];
            let room = MAX_WITNESSES - witnesses.len();
            let artifact = ArtifactId::at(artifact);
            witnesses.extend(level[1..].iter().take(room).map(|&second| Overlap { first, second, artifact }));
        }
    }
    (Count::AtLeast(count), witnesses)
}

fn pairs(of: usize) -> u64 {
    let of = of as u64;
    of * of.saturating_sub(1) / 2
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums of small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::workload::{TaskSpec, generate::Generator};
    use proptest::prelude::*;

    /// Small graphs in scrambled list order, with whole weights and up to two of three files a task.
    fn small() -> impl Strategy<Value = TaskGraph> {
        let edges = prop::collection::vec(any::<u8>(), 64);
        let tasks = prop::collection::vec((0..4i64, 1..4u8, 0..8u8), 1..9);
        (tasks, edges, 1..4u8).prop_map(|(tasks, edges, density)| {
            let spec = |(j, (priority, size, files)): (usize, &(i64, u8, u8))| {
                let needed = (0..j).filter(|&i| edges[j * 8 + i] % 4 < density).map(|i| format!("t{i}"));
                let mut spec = TaskSpec::new(format!("t{j}"), f64::from(*size)).after(needed);
                spec.priority = *priority;
                spec.writes = (0..3).filter(|file| files >> file & 1 == 1).map(|file| format!("f{file}")).collect();
                spec
            };
            let specs: Vec<TaskSpec> = tasks.iter().enumerate().map(spec).collect();
            TaskGraph::new(&specs).expect("edges lead back")
        })
    }

    fn is_after(graph: &TaskGraph, later: TaskId, earlier: TaskId) -> bool {
        graph[later].depends_on.iter().any(|&on| on == earlier || is_after(graph, on, earlier))
    }

    fn heaviest_to(graph: &TaskGraph, id: TaskId, weight: &impl Fn(&Task) -> f64) -> f64 {
        let task = &graph[id];
        weight(task) + task.depends_on.iter().map(|&on| heaviest_to(graph, on, weight)).fold(0.0, f64::max)
    }

    proptest! {
        #[test]
        fn agrees_with_brute_force(graph in small()) {
            let measure = Measure::by_size(&graph);
            let ids = TaskId::all(graph.len());
            let apart = |a, b| !is_after(&graph, a, b) && !is_after(&graph, b, a);

            let antichain = |set: &u32| {
                let members: Vec<TaskId> = ids.clone().filter(|id| set >> id.get() & 1 == 1).collect();
                members.iter().all(|&a| members.iter().all(|&b| a >= b || apart(a, b)))
            };
            let width = (0u32..1 << graph.len()).filter(antichain).map(u32::count_ones).max();
            prop_assert_eq!(Some(measure.width), width.map(|width| Count::Exact(width.into())));

            let span = |weight: &dyn Fn(&Task) -> f64| {
                ids.clone().map(|id| heaviest_to(&graph, id, &weight)).fold(0.0, f64::max)
            };
            prop_assert_eq!(measure.span, span(&|task| task.size));
            prop_assert_eq!(measure.longest_chain as f64, span(&|_| 1.0));
            let path = &measure.critical_path;
            prop_assert_eq!(path.iter().map(|&id| graph[id].size).sum::<f64>(), measure.span);
            prop_assert!(path.windows(2).all(|pair| graph[pair[1]].depends_on.contains(&pair[0])));

            let mut overlaps = Vec::new();
            for artifact in ArtifactId::all(graph.artifacts().len()) {
                let writes = |id: &TaskId| graph[*id].writes.contains(&artifact);
                for first in ids.clone().filter(writes) {
                    let later = ids.clone().filter(|second| *second > first).filter(writes).filter(|&second| apart(first, second));
                    overlaps.extend(later.map(|second| Overlap { first, second, artifact }));
                }
            }
            prop_assert_eq!(measure.write_overlaps, Count::Exact(overlaps.len() as u64));
            prop_assert_eq!(measure.witnesses, &overlaps[..overlaps.len().min(MAX_WITNESSES)]);

            // Large graphs get a lower bound of the same, with valid examples.
            let levels = levels(&graph);
            let (bound, examples) = overlaps_in_levels(&graph, &levels);
            prop_assert!(widest_level(&levels) <= measure.width.value());
            prop_assert!(bound.value() <= measure.write_overlaps.value());
            prop_assert!(examples.iter().all(|example| overlaps.contains(example)));
        }
    }

    #[test]
    fn the_widest_level_can_be_too_narrow() {
        // f is on the first level; b, d and c, e, which have no path to it, are on the others.
        let task = |id: &str, size: f64, after: &[&str]| TaskSpec::new(id, size).after(after.iter().copied());
        let specs = [
            task("a", 1.0, &[]),
            task("b", 1.0, &["a"]),
            task("c", 5.0, &["b"]),
            task("d", 2.0, &["a"]),
            task("e", 2.0, &["d"]),
            task("f", 9.0, &[]),
        ];
        let graph = TaskGraph::new(&specs).expect("valid");
        let measure = Measure::by_size(&graph);
        assert_eq!((measure.width, widest_level(&levels(&graph))), (Count::Exact(3), 2));
        assert_eq!((measure.work, measure.span, measure.critical_path.as_slice()), (20.0, 9.0, &[TaskId::new(5)][..]));
        assert!((measure.parallelism() - 20.0 / 9.0).abs() < 1e-12);
        assert!((measure.parallel_fraction_by_count() - 0.5).abs() < 1e-12);
        assert!((measure.parallel_fraction_by_size() - 0.55).abs() < 1e-12);
    }

    #[test]
    fn large_graphs_get_bounds() {
        let size = crate::engine::Dist::Constant(1.0);
        let layered = |layers| Generator::Layered { layers, width: 50, edge_probability: 0.1, size: size.clone() };
        let measured = |layers| {
            let mut specs = layered(layers).generate(3);
            specs.iter_mut().step_by(10).for_each(|spec| spec.writes = vec!["shared".to_owned()]);
            Measure::by_size(&TaskGraph::new(&specs).expect("valid"))
        };
        let (exact, bound) = (measured(60), measured(61));
        assert_eq!((exact.width, bound.width), (Count::Exact(50), Count::AtLeast(50)));
        // Five of a layer write the file: ten pairs in each.
        assert_eq!(bound.write_overlaps, Count::AtLeast(610));
        assert!(matches!(exact.write_overlaps, Count::Exact(pairs) if pairs >= 600));
        assert_eq!(bound.witnesses.len(), MAX_WITNESSES);
    }
}
