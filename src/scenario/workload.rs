//! Key `workload`: a generator, a list of tasks, a task file or a recorded run, and the resulting graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Dist, Keys, Sampler, Time, key_of};
use crate::problem::Problem;
use crate::problem::quantity::{self, Unit};
use crate::scenario::keys::WORKLOAD;
use crate::scenario::node::Node;
use crate::scenario::resolver::Resolver;
use crate::simulation::GraphSource;
use crate::trace::{native, work_of};
use crate::workload::paper_file::{self, PaperFileError};
use crate::workload::{
    CompiledGenerator, Direction, DrawnWork, Free, Generator, GeneratorError, GraphError, MAX_TASKS, TaskGraph,
    TaskSpec, drawn_size,
};

/// Workload for any team.
#[derive(Clone)]
pub(super) struct Workload {
    /// Task graph of the document: the work of replication 0, or of all.
    pub(super) graph: Arc<TaskGraph>,
    /// Source of the work of each replication, if it is random and drawn for each.
    pub(super) graphs: Option<Arc<dyn GraphSource>>,
    /// Parallel fraction of the generator, if it has one.
    pub(super) parallel_fraction: Option<f64>,
    /// Generator of larger workloads, if the workload grows with the team.
    pub(super) grows: Option<Generator>,
    /// Unit for which random work is drawn.
    draw: WorkDraw,
}

/// Unit for which random work is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WorkDraw {
    /// Each replication has sizes, dependencies and release times of its own.
    PerReplication,
    /// All replications have the same work.
    Once,
}

/// A task graph, and the source of those of the replications if they differ.
type Graphs = (Arc<TaskGraph>, Option<Arc<dyn GraphSource>>);

impl GraphSource for DrawnWork {
    fn graph(&self, seed: u64, replication: u64) -> Arc<TaskGraph> {
        Arc::new(DrawnWork::graph(self, seed, replication))
    }

    fn redraw(&self, seed: u64, replication: u64, graph: &mut Arc<TaskGraph>) {
        DrawnWork::redraw(self, seed, replication, graph);
    }
}

/// Tasks of the document, before they are a graph.
enum Tasks {
    /// Tasks with given sizes.
    Fixed(Vec<TaskSpec>),
    /// Tasks with the distribution of the size of each.
    Sized(Vec<TaskSpec>, Vec<Sizes>),
    /// Tasks of a generator.
    Generated(Generator),
}

impl Tasks {
    /// Builds the graph with its reference size, and the source of others.
    fn graphs(self, seed: u64, draw: WorkDraw) -> Result<Graphs, Vec<GraphError>> {
        match self {
            Tasks::Fixed(specs) => Ok((Arc::new(TaskGraph::new(&specs)?), None)),
            Tasks::Sized(specs, sizes) => {
                let mean = sizes.iter().map(|size| size.mean).sum::<f64>() / sizes.len() as f64;
                let graph = Arc::new(TaskGraph::new(&specs)?.with_reference_size(possible_size(mean)));
                if draw == WorkDraw::Once || sizes.iter().all(|size| size.is_constant) {
                    return Ok((graph, None));
                }
                let by_name: BTreeMap<&str, &Sizes> = specs.iter().map(|spec| spec.id.as_str()).zip(&sizes).collect();
                let samplers = graph.tasks().iter().map(|task| by_name[task.id.as_str()].sampler.clone()).collect();
                Ok((graph.clone(), Some(Arc::new(DrawnWork::listed(graph, samplers)))))
            }
            Tasks::Generated(generator) => {
                let expected = possible_size(generator.expected_size());
                generated(generator, seed, expected, draw)
            }
        }
    }
}

/// Builds the graph of a generator with this reference size, and the source of others.
fn generated(generator: Generator, seed: u64, reference_size: f64, draw: WorkDraw) -> Result<Graphs, Vec<GraphError>> {
    let is_drawn = draw == WorkDraw::PerReplication && generator.is_random();
    let generator = CompiledGenerator::new(generator);
    let graph = Arc::new(TaskGraph::new(&generator.draw(seed, 0))?.with_reference_size(reference_size));
    let graphs = is_drawn.then(|| Arc::new(DrawnWork::generated(graph.clone(), generator)) as Arc<dyn GraphSource>);
    Ok((graph, graphs))
}

/// Returns an expected size that latencies can be divided by: extreme distributions have a mean of 0 or none.
fn possible_size(size: f64) -> f64 {
    size.clamp(f64::MIN_POSITIVE, f64::MAX)
}

impl Workload {
    /// Builds the work of a larger workload. Its reference size is that of the document.
    pub(super) fn grown(&self, generator: Generator, seed: u64) -> Result<Graphs, Vec<GraphError>> {
        generated(generator, seed, self.graph.reference_size(), self.draw)
    }
}

impl Resolver<'_> {
    /// Resolves the workload of the document; `None` if it is invalid.
    pub(super) fn workload(&mut self, seed: u64) -> Option<Workload> {
        let node = self.root.key("workload")?;
        let scaled = self.root.key("scaling").filter(|scaling| scaling.text() == Some("scaled"));
        let (key, inner) = node.entries().iter().find(|(key, _)| WORKLOAD.exactly_one.contains(&key.name.as_str()))?;
        let before = self.problems.list().len();
        let size = match node.key("size") {
            Some(size) => self.dist(size, Unit::Tokens, "workload.size"),
            None => Dist::Constant(100.0),
        };
        let draw = match node.key("draw").and_then(Node::text) {
            Some("once") => WorkDraw::Once,
            _ => WorkDraw::PerReplication,
        };
        let mut generator = None;
        let tasks = match key.name.as_str() {
            "tasks" => self.tasks(inner, &size, seed),
            "file" => self.task_file(inner, &size, seed)?,
            "trace" => Tasks::Fixed(self.recorded_work(inner)?),
            name => {
                let made = self.generator(name, inner, &size)?;
                self.check_generator(&made, name, inner)?;
                generator = Some(made.clone());
                Tasks::Generated(made)
            }
        };
        if let Some(scaled) = scaled
            && generator.as_ref().and_then(|generator| generator.for_team(2)).is_none()
        {
            let message = format!("\"{}\" can't grow with the team", key.name);
            let expected = "amdahl, chain, fork_join, layered or stream, or scaling: fixed";
            self.report("scaling", scaled.line, "scaling", message, expected);
        }
        if self.problems.list().len() > before {
            return None;
        }
        match tasks.graphs(seed, draw) {
            Ok((graph, graphs)) => Some(Workload {
                graph,
                graphs,
                draw,
                parallel_fraction: generator.as_ref().and_then(Generator::parallel_fraction),
                grows: generator.filter(|_| scaled.is_some()),
            }),
            Err(errors) => {
                for error in &errors {
                    self.graph_error(error);
                }
                None
            }
        }
    }

    fn generator(&mut self, name: &str, node: &Node, size: &Dist) -> Option<Generator> {
        let path = format!("workload.{name}");
        let mut dist = |key: &str, unit, default: &Dist| match node.key(key) {
            Some(value) => self.dist(value, unit, &format!("{path}.{key}")),
            None => default.clone(),
        };
        let size = dist("size", Unit::Tokens, size);
        let count = |key: &str| node.key(key).and_then(Node::whole).and_then(|value| u64::try_from(value).ok());
        let number = |key: &str| node.key(key).and_then(Node::number);
        let word = |key: &str| node.key(key).and_then(Node::text);
        Some(match name {
            "amdahl" => Generator::Amdahl {
                tasks: count("tasks")?,
                parallel_fraction: number("parallel_fraction")?,
                free: if word("free") == Some("after") { Free::After } else { Free::Beside },
                size,
            },
            "chain" => Generator::Chain { tasks: count("tasks")?, size },
            "fork_join" => {
                let join_size = dist("join_size", Unit::Tokens, &size);
                Generator::ForkJoin { stages: count("stages")?, width: count("width")?, size, join_size }
            }
            "layered" => Generator::Layered {
                layers: count("layers")?,
                width: count("width")?,
                edge_probability: number("edge_probability")?,
                size,
            },
            "tree" => Generator::Tree {
                depth: count("depth")?,
                branching: count("branching")?,
                direction: if word("direction") == Some("in") { Direction::In } else { Direction::Out },
                size,
            },
            "random" => {
                Generator::Random { tasks: count("tasks")?, edge_probability: number("edge_probability")?, size }
            }
            "lattice" => Generator::Lattice { tasks: count("tasks")?, width: count("width")?, size },
            "stream" => {
                let interarrival = dist("interarrival", Unit::Seconds, &Dist::Constant(0.0));
                Generator::Stream { tasks: count("tasks")?, interarrival, size }
            }
            _ => return None,
        })
    }

    /// Checks the limits of a generator; `None` if it exceeds one.
    fn check_generator(&mut self, generator: &Generator, name: &str, node: &Node) -> Option<()> {
        let Err(errors) = generator.check() else { return Some(()) };
        for (field, message, expected) in errors.into_iter().map(limit) {
            let path = format!("workload.{name}{}{field}", if field.is_empty() { "" } else { "." });
            let line = node.key(field).unwrap_or(node).line;
            self.report("workload-limit", line, &path, message, &expected);
        }
        None
    }

    fn tasks(&mut self, list: &Node, size: &Dist, seed: u64) -> Tasks {
        let items = list.items();
        if items.len() as u64 > MAX_TASKS {
            let message = format!("{} tasks", items.len());
            self.report("workload-limit", list.line, "workload.tasks", message, &format!("at most {MAX_TASKS}"));
            return Tasks::Fixed(Vec::new());
        }
        let (keys, common) = (Keys::new(seed, 0), Sizes::new(size));
        let mut specs = Vec::with_capacity(items.len());
        let mut sizes = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            let names = |key: &str| {
                let list = node.key(key).map_or(&[][..], Node::items);
                list.iter().filter_map(Node::text).map(ToOwned::to_owned).collect::<Vec<_>>()
            };
            let id = node.key("id").and_then(Node::text).unwrap_or_default();
            let size = match node.key("size") {
                None => common.clone(),
                Some(size) => Sizes::new(&self.dist(size, Unit::Tokens, &format!("workload.tasks[{index}].size"))),
            };
            let priority = node.key("priority").and_then(Node::whole);
            let release = node.key("release").and_then(Node::text).and_then(|text| quantity::duration(text).ok());
            specs.push(TaskSpec {
                depends_on: names("depends_on"),
                reads: names("reads"),
                writes: names("writes"),
                skill: node.key("skill").and_then(Node::text).map(ToOwned::to_owned),
                priority: priority.and_then(|priority| i64::try_from(priority).ok()).unwrap_or(0),
                release: Time::from_secs(release.unwrap_or(0.0)),
                ..TaskSpec::new(id, size.sample(&keys, id))
            });
            sizes.push(size);
        }
        Tasks::Sized(specs, sizes)
    }

    fn task_file(&mut self, node: &Node, size: &Dist, seed: u64) -> Option<Tasks> {
        let name = node.text()?;
        let bytes = self.read_file(name, node.line, "workload.file")?;
        let Ok(text) = str::from_utf8(&bytes) else {
            self.report("task-file", node.line, "workload.file", format!("{name} is not UTF-8 text"), "");
            return None;
        };
        match paper_file::parse(text, 1.0) {
            Ok(mut file) => {
                let (keys, size) = (Keys::new(seed, 0), Sizes::new(size));
                for task in &mut file.tasks {
                    task.size = size.sample(&keys, &task.id);
                }
                let sizes = vec![size; file.tasks.len()];
                Some(Tasks::Sized(file.tasks, sizes))
            }
            Err(errors) => {
                for error in errors {
                    let (line, path, message, expected) = match error {
                        PaperFileError::Syntax { line, column, message } => {
                            (line as u32, String::new(), format!("column {column}: {message}"), String::new())
                        }
                        PaperFileError::Unexpected { path, found, expected } => (0, path, found, expected),
                        PaperFileError::Graph { path, error } => (0, path, error.to_string(), String::new()),
                    };
                    let (code, file) = ("task-file", name.to_owned());
                    self.problems.push(Problem { code, file, line, path, message, expected });
                }
                None
            }
        }
    }

    /// Resolves the tasks of the recorded run in a file.
    fn recorded_work(&mut self, node: &Node) -> Option<Vec<TaskSpec>> {
        let name = node.text()?;
        let bytes = self.read_file(name, node.line, "workload.trace")?;
        let mut traces = native::read(name, bytes.as_slice());
        let trace = match traces.next()? {
            Ok(trace) => trace,
            Err(problems) => {
                self.problems.append(problems);
                return None;
            }
        };
        if traces.next().is_some() {
            let message = format!("{name} contains several runs");
            self.report("trace", node.line, "workload.trace", message, "a file of one run");
            return None;
        }
        let tasks = work_of(&trace).tasks;
        if tasks.is_empty() {
            let message = format!("{name} contains no steps with a duration");
            self.report("trace", node.line, "workload.trace", message, "a run with steps that take time");
            return None;
        }
        Some(tasks)
    }

    fn graph_error(&mut self, error: &GraphError) {
        let path = match error {
            GraphError::Empty => "workload.tasks".to_owned(),
            GraphError::DuplicateId { task, .. } => format!("workload.tasks[{task}].id"),
            GraphError::UnknownDependency { task, index, .. } => format!("workload.tasks[{task}].depends_on[{index}]"),
            GraphError::Cycle { task, .. } => format!("workload.tasks[{task}].depends_on"),
        };
        let line = self.root.get(&path).map_or(0, |node| node.line);
        self.report("task-graph", line, &path, error.to_string(), "");
    }
}

/// Splits an error of a generator into field, message and expected value.
pub(super) fn limit(error: GeneratorError) -> (&'static str, String, String) {
    let field = match error {
        GeneratorError::Zero { field } | GeneratorError::NotAFraction { field, .. } => field,
        _ => "",
    };
    let text = error.to_string();
    let text = text.strip_prefix(&format!("{field}: ")).unwrap_or(&text);
    let (message, expected) = text.split_once("; expected ").unwrap_or((text, ""));
    (field, message.to_owned(), expected.to_owned())
}

/// Distribution of the size of a task, ready for sampling. Draws are keyed by names of tasks, as in generators.
#[derive(Clone)]
struct Sizes {
    sampler: Sampler,
    mean: f64,
    is_constant: bool,
}

impl Sizes {
    fn new(size: &Dist) -> Sizes {
        Sizes { sampler: Sampler::new(size), mean: size.mean(), is_constant: size.is_constant() }
    }

    fn sample(&self, keys: &Keys, id: &str) -> f64 {
        drawn_size(keys, key_of(id), &self.sampler)
    }
}
