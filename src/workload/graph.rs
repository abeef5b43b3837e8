//! The task graph: acyclic by construction, and every mistake in its making comes with a witness.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

use thiserror::Error;

use crate::engine::key_of;
use crate::workload::{ArtifactId, Task, TaskId, TaskSpec};

/// Tasks and what depends on what. Task ids are places in list order: by priority, then as listed.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskGraph {
    tasks: Vec<Task>,
    artifacts: Vec<String>,
    skills: Vec<String>,
    topological: Vec<TaskId>,
}

/// Why a list of tasks is not a task graph. `task` and `other` are places in the list that was given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// There is no task at all.
    #[error("there are no tasks")]
    Empty,
    /// Two tasks have one name.
    #[error("tasks[{other}] and tasks[{task}] are both called \"{id}\"")]
    DuplicateId {
        /// The later of the two.
        task: usize,
        /// The earlier of the two.
        other: usize,
        /// Their name.
        id: String,
    },
    /// A dependency names no task.
    #[error("task \"{id}\" depends on \"{dependency}\", which is no task")]
    UnknownDependency {
        /// The task that has the dependency.
        task: usize,
        /// The dependency's place among the task's dependencies.
        place: usize,
        /// The task's name.
        id: String,
        /// What it names.
        dependency: String,
    },
    /// Tasks wait for each other in a circle.
    #[error("tasks wait for each other in a circle: {}", cycle.join(" -> "))]
    Cycle {
        /// The first task of the circle.
        task: usize,
        /// Names along the circle; the first is also the last. An arrow reads "needs".
        cycle: Vec<String>,
    },
}

impl TaskGraph {
    /// Builds the graph, or says everything that is wrong with the list.
    ///
    /// # Errors
    ///
    /// All duplicate names and unknown dependencies, up to 100; if there are none, one cycle if there is one.
    pub fn new(specs: &[TaskSpec]) -> Result<TaskGraph, Vec<GraphError>> {
        if specs.is_empty() {
            return Err(vec![GraphError::Empty]);
        }
        let places = resolve_names(specs)?;
        let mut order: Vec<usize> = (0..specs.len()).collect();
        order.sort_by_key(|&place| specs[place].priority);
        let mut id_at = vec![TaskId::default(); specs.len()];
        for (id, &place) in order.iter().enumerate() {
            id_at[place] = TaskId::at(id);
        }
        let mut artifacts = Names::default();
        let mut skills = Names::default();
        let mut tasks: Vec<Task> = Vec::with_capacity(specs.len());
        for &place in &order {
            let spec = &specs[place];
            let mut depends_on: Vec<TaskId> = Vec::with_capacity(spec.depends_on.len());
            let mut known = BTreeSet::new();
            for name in &spec.depends_on {
                let on = id_at[places[name.as_str()]];
                if known.insert(on) {
                    depends_on.push(on);
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
        Ok(TaskGraph { tasks, artifacts: artifacts.list, skills: skills.list, topological })
    }

    /// The tasks in list order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// How many tasks there are; never 0.
    #[expect(clippy::len_without_is_empty, reason = "a task graph has at least one task")]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// The names of all artifacts that a task reads or writes.
    pub fn artifacts(&self) -> &[String] {
        &self.artifacts
    }

    /// The names of all skills that a task needs.
    pub fn skills(&self) -> &[String] {
        &self.skills
    }

    /// Every task after all it depends on, and otherwise in list order.
    pub fn topological(&self) -> &[TaskId] {
        &self.topological
    }

    /// How many dependencies there are in all.
    pub fn edges(&self) -> usize {
        self.tasks.iter().map(|task| task.depends_on.len()).sum()
    }

    /// The list that would build this graph again, in list order.
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

/// Names to numbers, in order of first mention.
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

/// Mistakes that are told, so that a list of nothing else does not fill the memory.
const MAX_MISTAKES: usize = 100;

fn resolve_names(specs: &[TaskSpec]) -> Result<BTreeMap<&str, usize>, Vec<GraphError>> {
    let mut errors = Vec::new();
    let mut places = BTreeMap::new();
    for (place, spec) in specs.iter().enumerate() {
        match places.entry(spec.id.as_str()) {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                errors.push(GraphError::DuplicateId { task: place, other: *entry.get(), id: spec.id.clone() });
            }
        }
    }
    errors.truncate(MAX_MISTAKES);
    let room = MAX_MISTAKES - errors.len();
    let dependencies = specs.iter().enumerate().flat_map(|(task, spec)| {
        spec.depends_on.iter().enumerate().map(move |(place, dependency)| (task, place, &spec.id, dependency))
    });
    let unknown = dependencies.filter(|(.., dependency)| !places.contains_key(dependency.as_str())).take(room);
    errors.extend(unknown.map(|(task, place, id, dependency)| {
        let (id, dependency) = (id.clone(), dependency.clone());
        GraphError::UnknownDependency { task, place, id, dependency }
    }));
    if errors.is_empty() { Ok(places) } else { Err(errors) }
}

/// Kahn's algorithm, taking the least task that is free first; or a cycle, its first task repeated at the end.
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
    // Whatever is left waits for something that is left: walk dependencies until a task comes round again.
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
    fn a_cycle_shows_itself() {
        let specs =
            [task("start", &[]), task("a", &["start", "c"]), task("b", &["a"]), task("c", &["b"]), task("z", &["c"])];
        let errors = TaskGraph::new(&specs).expect_err("there is a cycle");
        assert_eq!(errors[0].to_string(), "tasks wait for each other in a circle: a -> c -> b -> a");
        assert!(matches!(errors[0], GraphError::Cycle { task: 1, .. }));
        let itself = TaskGraph::new(&[task("a", &["a"])]).expect_err("it needs itself");
        assert_eq!(itself[0].to_string(), "tasks wait for each other in a circle: a -> a");
    }

    #[test]
    fn all_mistakes_at_once() {
        let specs = [task("a", &["x"]), task("a", &["y", "a"])];
        let errors: Vec<_> =
            TaskGraph::new(&specs).expect_err("three mistakes").iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "tasks[0] and tasks[1] are both called \"a\"",
                "task \"a\" depends on \"x\", which is no task",
                "task \"a\" depends on \"y\", which is no task",
            ]
        );
        assert_eq!(TaskGraph::new(&[]).expect_err("empty"), [GraphError::Empty]);
    }

    #[test]
    fn priority_comes_before_place() {
        let mut urgent = task("urgent", &["late"]);
        urgent.priority = -1;
        let graph = TaskGraph::new(&[task("late", &[]), task("later", &[]), urgent]).expect("sound");
        let names: Vec<_> = graph.tasks().iter().map(|t| t.id.as_str()).collect();
        assert_eq!(names, ["urgent", "late", "later"]);
        assert_eq!(graph.topological(), [1, 0, 2].map(TaskId::new));
        assert_eq!(graph.tasks()[1].dependents, [TaskId::new(0)]);
        assert_eq!(TaskGraph::new(&graph.to_specs()).expect("sound"), graph);
    }
}
