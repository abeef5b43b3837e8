//! Key `workload`: a generator, a list of tasks, a task file or a recorded run, and the resulting graph.

use std::sync::Arc;

use crate::engine::{Dist, Keys, Purpose, Sampler, Time, key_of};
use crate::problem::Problem;
use crate::problem::quantity::{self, Unit};
use crate::scenario::keys::WORKLOAD;
use crate::scenario::node::Node;
use crate::scenario::resolver::Resolver;
use crate::trace::{native, work_of};
use crate::workload::paper_file::{self, PaperFileError};
use crate::workload::{Direction, Free, Generator, GeneratorError, GraphError, MAX_TASKS, TaskGraph, TaskSpec};

/// Workload for any team.
#[derive(Clone)]
pub(super) struct Workload {
    /// Task graph of the document.
    pub(super) graph: Arc<TaskGraph>,
    /// Parallel fraction of the generator, if it has one.
    pub(super) parallel_fraction: Option<f64>,
    /// Generator of larger workloads, if the workload grows with the team.
    pub(super) grows: Option<Generator>,
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
        let (specs, generator) = match key.name.as_str() {
            "tasks" => (self.tasks(inner, &size, seed), None),
            "file" => (self.task_file(inner, &size, seed)?, None),
            "trace" => (self.recorded_work(inner)?, None),
            name => {
                let generator = self.generator(name, inner, &size)?;
                self.check_generator(&generator, name, inner)?;
                (generator.generate(seed), Some(generator))
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
        match TaskGraph::new(&specs) {
            Ok(graph) => Some(Workload {
                graph: Arc::new(graph),
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

    fn tasks(&mut self, list: &Node, size: &Dist, seed: u64) -> Vec<TaskSpec> {
        let items = list.items();
        if items.len() as u64 > MAX_TASKS {
            let message = format!("{} tasks", items.len());
            self.report("workload-limit", list.line, "workload.tasks", message, &format!("at most {MAX_TASKS}"));
            return Vec::new();
        }
        let sizes = Sizes::new(size, seed);
        let mut specs = Vec::with_capacity(items.len());
        for (index, node) in items.iter().enumerate() {
            let names = |key: &str| {
                let list = node.key(key).map_or(&[][..], Node::items);
                list.iter().filter_map(Node::text).map(ToOwned::to_owned).collect::<Vec<_>>()
            };
            let id = node.key("id").and_then(Node::text).unwrap_or_default();
            let size = match node.key("size") {
                None => sizes.sample(id),
                Some(size) => {
                    let size = self.dist(size, Unit::Tokens, &format!("workload.tasks[{index}].size"));
                    Sizes::new(&size, seed).sample(id)
                }
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
                ..TaskSpec::new(id, size)
            });
        }
        specs
    }

    fn task_file(&mut self, node: &Node, size: &Dist, seed: u64) -> Option<Vec<TaskSpec>> {
        let name = node.text()?;
        let bytes = self.read_file(name, node.line, "workload.file")?;
        let Ok(text) = str::from_utf8(&bytes) else {
            self.report("task-file", node.line, "workload.file", format!("{name} is not UTF-8 text"), "");
            return None;
        };
        match paper_file::parse(text, 1.0) {
            Ok(mut file) => {
                let sizes = Sizes::new(size, seed);
                for task in &mut file.tasks {
                    task.size = sizes.sample(&task.id);
                }
                Some(file.tasks)
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

/// Sampler of task sizes, keyed by the names of tasks as in generators.
struct Sizes {
    keys: Keys,
    size: Sampler,
}

impl Sizes {
    fn new(size: &Dist, seed: u64) -> Sizes {
        Sizes { keys: Keys::new(seed, 0), size: Sampler::new(size) }
    }

    fn sample(&self, id: &str) -> f64 {
        let bits = self.keys.stream(Purpose::Workload, key_of(id)).nth(0);
        self.size.at(bits).clamp(f64::MIN_POSITIVE, f64::MAX)
    }
}
