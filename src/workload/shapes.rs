//! Shapes of generated task graphs: one function each. Tasks are listed in topological order.
//!
//! Every draw is keyed by the name of a task. Draw 0 of its stream is its size. The others are its edges, numbered by the
//! task at the other end, or the time since the release of the task before it.

use crate::engine::rng::Bernoulli;
use crate::engine::{Keys, Purpose, Sampler, Stream, Time, key_of};
use crate::workload::TaskSpec;

/// Direction of the dependencies of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the root: every task depends on its parent.
    Out,
    /// To the root, as in a reduction: every task depends on its children.
    In,
}

/// Position of the free tasks of an Amdahl workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Free {
    /// Beside the chain, without dependencies. The longest chain is the chain: the shape of arXiv 2603.12229.
    Beside,
    /// After the chain: each depends on its last task. If n divides their number and nothing is lost, n agents reach
    /// Amdahl's speedup exactly. The longest chain has one task more than the chain.
    After,
}

/// Returns the number of tasks in the chain, and of free tasks.
pub(super) fn chain_and_free(tasks: u64, parallel_fraction: f64) -> (u64, u64) {
    let free = ((parallel_fraction * tasks as f64).round() as u64).min(tasks);
    (tasks - free, free)
}

/// Returns the size of the task with this key, in output tokens: draw 0 of its stream.
pub fn drawn_size(keys: &Keys, task: u64, size: &Sampler) -> f64 {
    // Extreme draws may be 0 or infinite; a size must not.
    size.at(keys.stream(Purpose::Workload, task).nth(0)).clamp(f64::MIN_POSITIVE, f64::MAX)
}

/// Factory of tasks with sizes from one distribution.
pub(super) struct TaskFactory<'s> {
    keys: Keys,
    size: &'s Sampler,
}

impl TaskFactory<'_> {
    pub(super) fn new(keys: Keys, size: &Sampler) -> TaskFactory<'_> {
        TaskFactory { keys, size }
    }

    fn task(&self, id: impl Into<String>) -> TaskSpec {
        let id = id.into();
        let size = drawn_size(&self.keys, key_of(&id), self.size);
        TaskSpec::new(id, size)
    }

    /// Random stream of a task; draw 0 is its size.
    fn stream(&self, id: &str) -> Stream {
        self.keys.stream(Purpose::Workload, key_of(id))
    }
}

/// Index of the draw for the edge to candidate `other`, counted from 0.
fn edge_draw(other: u64) -> u64 {
    1 + other
}

pub(super) fn chain(make: &TaskFactory<'_>, name: &str, tasks: u64) -> Vec<TaskSpec> {
    let before = |k: u64| (k > 1).then(|| format!("{name}-{}", k - 1));
    (1..=tasks).map(|k| make.task(format!("{name}-{k}")).after(before(k))).collect()
}

pub(super) fn fork_join(work: &TaskFactory<'_>, join: &TaskFactory<'_>, stages: u64, width: u64) -> Vec<TaskSpec> {
    let mut fork = "start".to_owned();
    let mut specs = vec![join.task(&fork)];
    for stage in 1..=stages {
        let name = |w: u64| format!("work-{stage}-{w}");
        specs.extend((1..=width).map(|w| work.task(name(w)).after([&fork])));
        fork = format!("join-{stage}");
        specs.push(join.task(&fork).after((1..=width).map(name)));
    }
    specs
}

/// Returns true for the name of the start or of a join of a fork-join.
pub(super) fn is_join(task: &str) -> bool {
    task == "start" || task.starts_with("join-")
}

pub(super) fn layered(make: &TaskFactory<'_>, layers: u64, width: u64, edge: Bernoulli) -> Vec<TaskSpec> {
    let mut specs = Vec::new();
    for layer in 1..=layers {
        for column in 0..width {
            let task = make.task(format!("task-{layer}-{}", column + 1));
            let draws = make.stream(&task.id);
            let candidates = if layer > 1 { 0..width } else { 0..0 };
            let needed = candidates.filter(|&other| other == column || edge.happens(draws.nth(edge_draw(other))));
            specs.push(task.after(needed.map(|other| format!("task-{}-{}", layer - 1, other + 1))));
        }
    }
    specs
}

pub(super) fn tree(make: &TaskFactory<'_>, tasks: u64, branching: u64, direction: Direction) -> Vec<TaskSpec> {
    // Numbered from 0: the first child of k is k * branching + 1.
    let parent = |k: u64| if k > 0 { (k - 1) / branching..(k - 1) / branching + 1 } else { 0..0 };
    let first_child = |k: u64| k.saturating_mul(branching).saturating_add(1).min(tasks);
    let children = |k: u64| first_child(k)..first_child(k + 1);
    let task = |k: u64| {
        let needed = if direction == Direction::Out { parent(k) } else { children(k) };
        make.task(format!("task-{}", k + 1)).after(needed.map(|other| format!("task-{}", other + 1)))
    };
    match direction {
        Direction::Out => (0..tasks).map(task).collect(),
        Direction::In => (0..tasks).rev().map(task).collect(),
    }
}

pub(super) fn random(make: &TaskFactory<'_>, tasks: u64, edge: Bernoulli) -> Vec<TaskSpec> {
    let task = |j: u64| {
        let task = make.task(format!("task-{}", j + 1));
        let draws = make.stream(&task.id);
        let needed = (0..j).filter(|&i| edge.happens(draws.nth(edge_draw(i))));
        task.after(needed.map(|i| format!("task-{}", i + 1)))
    };
    (0..tasks).map(task).collect()
}

pub(super) fn amdahl(make: &TaskFactory<'_>, (chained, free): (u64, u64), position: Free) -> Vec<TaskSpec> {
    let mut specs = chain(make, "chain", chained);
    let end = (position == Free::After && chained > 0).then(|| format!("chain-{chained}"));
    specs.extend((1..=free).map(|k| make.task(format!("free-{k}")).after(end.clone())));
    specs
}

pub(super) fn lattice(make: &TaskFactory<'_>, tasks: u64, width: u64) -> Vec<TaskSpec> {
    let task = |j: u64| {
        let above = j.checked_sub(width);
        let beside = above.filter(|_| j % 2 == 1 && width > 1).map(|above| above + 1);
        let needed = above.into_iter().chain(beside);
        make.task(format!("task-{}", j + 1)).after(needed.map(|other| format!("task-{}", other + 1)))
    };
    (0..tasks).map(task).collect()
}

pub(super) fn stream(make: &TaskFactory<'_>, tasks: u64, interarrival: &Sampler) -> Vec<TaskSpec> {
    let mut now = Time::ZERO;
    let task = |k: u64| {
        let mut task = make.task(format!("task-{k}"));
        now += Time::from_secs(interarrival.at(make.stream(&task.id).nth(1)));
        task.release = now;
        task
    };
    (1..=tasks).map(task).collect()
}
