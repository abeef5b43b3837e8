//! Task graphs, acyclic by construction. Every error contains the tasks that cause it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use thiserror::Error;

use crate::engine::key_of;
use crate::workload::{ArtifactId, Task, TaskId, TaskSpec};

/// Tasks and their dependencies. A [`TaskId`] is an index by priority, then in list order.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskGraph {
    tasks: Vec<Task>,
    artifacts: Vec<String>,
    skills: Vec<String>,
    topological: Vec<TaskId>,
    reference_size: f64,
}

/// Reason why a list of tasks is not a task graph. `task` and `other` are indices of the given list.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// The list is empty.
    #[error("there are no tasks")]
    Empty,
    /// Two tasks have the same name.
    #[error("tasks[{other}] and tasks[{task}] have the same id \"{id}\"")]
    DuplicateId {
        /// Index of the later task.
        task: usize,
        /// Index of the earlier task.
        other: usize,
        /// Their name.
        id: String,
    },
    /// A dependency names no task.
    #[error("task \"{id}\" depends on \"{dependency}\", which is not a task")]
    UnknownDependency {
        /// Index of the task.
        task: usize,
        /// Index among the dependencies of the task.
        index: usize,
        /// Name of the task.
        id: String,
        /// The unknown name.
        dependency: String,
    },
    /// The dependencies have a cycle.
    #[error("dependency cycle: {}", cycle.join(" -> "))]
    Cycle {
        /// Index of the first task of the cycle.
        task: usize,
        /// Names along the cycle; the first is also the last. An arrow means "depends on".
        cycle: Vec<String>,
    },
}

impl TaskGraph {
    /// Builds the graph.
    ///
    /// # Errors
    ///
    /// All duplicate names and unknown dependencies, up to 100; if there are none, one cycle.
    pub fn new(specs: &[TaskSpec]) -> Result<TaskGraph, Vec<GraphError>> {
        if specs.is_empty() {
            return Err(vec![GraphError::Empty]);
        }
        let indices = resolve_names(specs)?;
        let mut order: Vec<usize> = (0..specs.len()).collect();
        order.sort_by_key(|&index| specs[index].priority);
        let mut ids = vec![TaskId::default(); specs.len()];
        for (id, &index) in order.iter().enumerate() {
            ids[index] = TaskId::at(id);
        }
        let mut artifacts = Names::default();
        let mut skills = Names::default();
        let mut tasks: Vec<Task> = Vec::with_capacity(specs.len());
        for &index in &order {
            let spec = &specs[index];
            let mut depends_on: Vec<TaskId> = Vec::with_capacity(spec.depends_on.len());
            let mut known = BTreeSet::new();
            for name in &spec.depends_on {
                let dependency = ids[indices[name.as_str()]];
                if known.insert(dependency) {
                    depends_on.push(dependency);
                }
            }
            let own = std::slice::from_ref(&spec.id);
            let writes = if spec.writes.is_empty() { own } else { &spec.writes };
            tasks.push(Task {
                id: spec.id.clone(),
                key: key_of(&spec.id),
                size: spec.size,
                depends_on,
                dependents: Vec::new(),
                reads: artifacts.ids(&spec.reads),
                writes: artifacts.ids(writes),
                skill: spec.skill.as_deref().map(|skill| skills.id(skill)),
                priority: spec.priority,
                release: spec.release,
                recorded: spec.recorded,
            });
        }
        for id in TaskId::all(tasks.len()) {
            for dependency in tasks[id.index()].depends_on.clone() {
                tasks[dependency.index()].dependents.push(id);
            }
        }
        let topological = match topological_order(&tasks) {
            Ok(topological) => topological,
            Err(cycle) => {
                let first = order[cycle[0].index()];
                let cycle = cycle.iter().map(|&id| tasks[id.index()].id.clone()).collect();
                return Err(vec![GraphError::Cycle { task: first, cycle }]);
            }
        };
        let reference_size = tasks.iter().map(|task| task.size).sum::<f64>() / tasks.len() as f64;
        Ok(TaskGraph { tasks, artifacts: artifacts.list, skills: skills.list, topological, reference_size })
    }

    /// Size of a task that takes the latency of a profile, in output tokens: the expected size of a generator, or the mean
    /// of listed sizes.
    pub fn reference_size(&self) -> f64 {
        self.reference_size
    }

    /// Sets the size of a task that takes the latency of a profile, in output tokens, above 0.
    #[must_use]
    pub fn with_reference_size(mut self, size: f64) -> TaskGraph {
        self.reference_size = size;
        self
    }

    /// Returns the same tasks with other sizes. The reference size stays.
    #[must_use]
    pub fn with_sizes(&self, size: impl Fn(TaskId, &Task) -> f64) -> TaskGraph {
        let mut graph = self.clone();
        graph.set_sizes(size);
        graph
    }

    /// Sets the sizes of the tasks. The reference size stays.
    pub fn set_sizes(&mut self, size: impl Fn(TaskId, &Task) -> f64) {
        for (index, task) in self.tasks.iter_mut().enumerate() {
            task.size = size(TaskId::at(index), task);
        }
    }

    /// Returns true if the graphs differ at most in sizes and recorded costs: they have the same tasks with the same
    /// dependencies, artifacts, skills, priorities and releases.
    pub fn has_same_structure(&self, other: &TaskGraph) -> bool {
        let is_same = |(a, b): (&Task, &Task)| {
            (a.key, a.skill, a.priority, a.release, a.recorded.is_some())
                == (b.key, b.skill, b.priority, b.release, b.recorded.is_some())
                && (&a.depends_on, &a.reads, &a.writes) == (&b.depends_on, &b.reads, &b.writes)
        };
        self.tasks.len() == other.tasks.len()
            && self.artifacts == other.artifacts
            && self.skills == other.skills
            && self.tasks.iter().zip(&other.tasks).all(is_same)
    }

    /// Tasks by [`TaskId`].
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Number of tasks; at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a task graph has at least one task")]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Names of all artifacts that a task reads or writes.
    pub fn artifacts(&self) -> &[String] {
        &self.artifacts
    }

    /// Names of all skills that a task needs.
    pub fn skills(&self) -> &[String] {
        &self.skills
    }

    /// Topological order: every task after its dependencies, otherwise by [`TaskId`].
    pub fn topological(&self) -> &[TaskId] {
        &self.topological
    }

    /// Number of dependencies.
    pub fn edges(&self) -> usize {
        self.tasks.iter().map(|task| task.depends_on.len()).sum()
    }

    /// Returns a list of tasks that builds this graph.
    pub fn to_specs(&self) -> Vec<TaskSpec> {
        let names = |ids: &[ArtifactId]| ids.iter().map(|&id| self.artifacts[id.index()].clone()).collect();
        let spec = |task: &Task| TaskSpec {
            id: task.id.clone(),
            size: task.size,
            depends_on: task.depends_on.iter().map(|&id| self.tasks[id.index()].id.clone()).collect(),
            reads: names(&task.reads),
            writes: names(&task.writes),
            skill: task.skill.map(|skill| self.skills[skill as usize].clone()),
            priority: task.priority,
            release: task.release,
            recorded: task.recorded,
        };
        self.tasks.iter().map(spec).collect()
    }
}

impl Index<TaskId> for TaskGraph {
    type Output = Task;
    fn index(&self, id: TaskId) -> &Task {
        &self.tasks[id.index()]
    }
}

/// Numbers of names, in order of first mention.
#[derive(Default)]
struct Names {
    list: Vec<String>,
    known: BTreeMap<String, u32>,
}

impl Names {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.known.get(name) {
            return id;
        }
        let id = self.list.len() as u32;
        self.list.push(name.to_owned());
        self.known.insert(name.to_owned(), id);
        id
    }

    fn ids(&mut self, names: &[String]) -> Vec<ArtifactId> {
        let mut ids: Vec<ArtifactId> = names.iter().map(|name| ArtifactId::new(self.id(name))).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Largest number of reported errors. It bounds memory.
const MAX_ERRORS: usize = 100;

/// Returns the index of each task by name.
fn resolve_names(specs: &[TaskSpec]) -> Result<BTreeMap<&str, usize>, Vec<GraphError>> {
    let mut errors = Vec::new();
    let mut indices = BTreeMap::new();
    for (index, spec) in specs.iter().enumerate() {
        match indices.entry(spec.id.as_str()) {
            Entry::Vacant(entry) => {
                entry.insert(index);
            }
            Entry::Occupied(entry) => {
                errors.push(GraphError::DuplicateId { task: index, other: *entry.get(), id: spec.id.clone() });
            }
        }
    }
    errors.truncate(MAX_ERRORS);
    let room = MAX_ERRORS - errors.len();
    let dependencies = specs.iter().enumerate().flat_map(|(task, spec)| {
        spec.depends_on.iter().enumerate().map(move |(index, dependency)| (task, index, &spec.id, dependency))
    });
    let unknown = dependencies.filter(|(.., dependency)| !indices.contains_key(dependency.as_str())).take(room);
    errors.extend(unknown.map(|(task, index, id, dependency)| {
        let (id, dependency) = (id.clone(), dependency.clone());
        GraphError::UnknownDependency { task, index, id, dependency }
    }));
    if errors.is_empty() { Ok(indices) } else { Err(errors) }
}

/// Returns a topological order by Kahn's algorithm, smallest id first; or a cycle that ends with its first task.
fn topological_order(tasks: &[Task]) -> Result<Vec<TaskId>, Vec<TaskId>> {
    let mut open: Vec<usize> = tasks.iter().map(|task| task.depends_on.len()).collect();
    let mut free: std::collections::BinaryHeap<std::cmp::Reverse<TaskId>> =
        TaskId::all(tasks.len()).filter(|id| open[id.index()] == 0).map(std::cmp::Reverse).collect();
    let mut order = Vec::with_capacity(tasks.len());
    while let Some(std::cmp::Reverse(id)) = free.pop() {
        order.push(id);
        for &dependent in &tasks[id.index()].dependents {
            open[dependent.index()] -= 1;
            if open[dependent.index()] == 0 {
                free.push(std::cmp::Reverse(dependent));
            }
        }
    }
    if order.len() == tasks.len() {
        return Ok(order);
    }
    // Every remaining task depends on a remaining one: follow dependencies until a task repeats.
    let next = |id: TaskId| tasks[id.index()].depends_on.iter().copied().find(|&on| open[on.index()] > 0);
    let start = TaskId::all(tasks.len()).find(|id| open[id.index()] > 0).unwrap_or_default();
    let mut path = vec![start];
    let mut seen_at = vec![usize::MAX; tasks.len()];
    seen_at[start.index()] = 0;
    while let Some(id) = next(path[path.len() - 1]) {
        path.push(id);
        if seen_at[id.index()] != usize::MAX {
            return Err(path.split_off(seen_at[id.index()]));
        }
        seen_at[id.index()] = path.len() - 1;
    }
    Err(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, after: &[&str]) -> TaskSpec {
        TaskSpec::new(id, 100.0).after(after.iter().copied())
    }

    #[test]
    fn the_error_of_a_cycle_contains_it() {
        let specs =
            [task("start", &[]), task("a", &["start", "c"]), task("b", &["a"]), task("c", &["b"]), task("z", &["c"])];
        let errors = TaskGraph::new(&specs).expect_err("there is a cycle");
        assert_eq!(errors[0].to_string(), "dependency cycle: a -> c -> b -> a");
        assert!(matches!(errors[0], GraphError::Cycle { task: 1, .. }));
        let itself = TaskGraph::new(&[task("a", &["a"])]).expect_err("a cycle of one");
        assert_eq!(itself[0].to_string(), "dependency cycle: a -> a");
    }

    #[test]
    fn all_errors_at_once() {
        let specs = [task("a", &["x"]), task("a", &["y", "a"])];
        let errors: Vec<_> =
            TaskGraph::new(&specs).expect_err("three errors").iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "tasks[0] and tasks[1] have the same id \"a\"",
                "task \"a\" depends on \"x\", which is not a task",
                "task \"a\" depends on \"y\", which is not a task",
            ]
        );
        assert_eq!(TaskGraph::new(&[]).expect_err("empty"), [GraphError::Empty]);
    }

    #[test]
    fn priority_comes_before_list_order() {
        let mut urgent = task("urgent", &["late"]);
        urgent.priority = -1;
        let graph = TaskGraph::new(&[task("late", &[]), task("later", &[]), urgent]).expect("valid");
        let names: Vec<_> = graph.tasks().iter().map(|t| t.id.as_str()).collect();
        assert_eq!(names, ["urgent", "late", "later"]);
        assert_eq!(graph.topological(), [1, 0, 2].map(TaskId::new));
        assert_eq!(graph.tasks()[1].dependents, [TaskId::new(0)]);
        assert_eq!(TaskGraph::new(&graph.to_specs()).expect("valid"), graph);
    }
}
