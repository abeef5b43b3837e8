//! Resolution of a validated document to a [`Scenario`]; checks combinations of values.

use std::sync::Arc;

use crate::architecture::Architecture;
use crate::engine::Time;
use crate::problem::quantity::{self, Unit};
use crate::problem::{Problem, Problems};
use crate::record::Prices;
use crate::scenario::architecture;
use crate::scenario::library::Files;
use crate::scenario::node::{Node, NodeKey, NodeKind};
use crate::scenario::resolver::{Resolver, stem};
use crate::scenario::team::TeamTemplate;
use crate::scenario::workload::{self, Workload};
use crate::simulation::{DependencyCheck, GraphSource, Limits, Pacing, Scenario};
use crate::team::{Agent, Blocks, Consistency, Latency, Locking, Resource};
use crate::workload::TaskGraph;

/// Document and its origin.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) file: &'a str,
    pub(super) root: &'a Node,
    pub(super) files: &'a Files,
}

/// Parts that the points of a sweep share.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) seed: u64,
    workload: Workload,
    team: TeamTemplate,
    architecture: architecture::Named,
    pacing: Pacing,
    consistency: Consistency,
    dependency_check: DependencyCheck,
    resources: Vec<Resource>,
    limits: GivenLimits,
    prices: Prices,
}

/// Given limits; the defaults of the others depend on the workload.
#[derive(Clone, Copy, Default)]
struct GivenLimits {
    rounds: Option<u32>,
    time: Option<Time>,
    tokens: Option<u64>,
    calls: Option<u64>,
}

/// Work of a team size.
struct Work {
    graph: Arc<TaskGraph>,
    graphs: Option<Arc<dyn GraphSource>>,
    parallel_fraction: Option<f64>,
}

/// Parts that are reused.
#[derive(Clone, Copy)]
pub(super) struct Keep<'a> {
    pub(super) parts: &'a Parts,
    pub(super) graph: bool,
    pub(super) team: bool,
}

/// Resolves the parts of a document.
pub(super) fn parts(source: Document<'_>, keep: Option<Keep<'_>>) -> Result<Parts, Problems> {
    let Document { file, root, files } = source;
    let mut resolver = Resolver { file: file.to_owned(), root, files, problems: Problems::default() };
    let parts = resolver.parts(keep);
    let problems = resolver.problems.sorted();
    match parts {
        Some(parts) => problems.or(parts),
        None => Err(problems),
    }
}

impl Resolver<'_> {
    fn parts(&mut self, keep: Option<Keep<'_>>) -> Option<Parts> {
        let root = self.root;
        let word = |key: &str| root.key(key).and_then(Node::text);
        let name = word("name").map_or_else(|| stem(&self.file).to_owned(), ToOwned::to_owned);
        let seed = root.key("seed").and_then(Node::whole).map_or(1, |seed| seed as u64);
        let kept = |wanted: fn(&Keep<'_>) -> bool| keep.filter(wanted).map(|keep| keep.parts);
        let team = match kept(|keep| keep.team) {
            Some(parts) => parts.team.clone(),
            None => self.team(),
        };
        let same_scaling = |parts: &&Parts| parts.workload.grows.is_some() == (word("scaling") == Some("scaled"));
        let workload = match kept(|keep| keep.graph).filter(same_scaling) {
            Some(parts) => Some(parts.workload.clone()),
            None => self.workload(seed),
        };
        let resources = self.resources();
        self.check_asserts();
        let default = Node::new(NodeKind::Text("self_claim".to_owned()));
        Some(Parts {
            name,
            seed,
            team,
            workload: workload?,
            architecture: architecture::known(root.key("architecture").unwrap_or(&default))?,
            pacing: pacing(root),
            consistency: match word("consistency") {
                Some("lock") => Consistency::Lock(Locking::default()),
                Some("optimistic") => Consistency::Optimistic,
                _ => Consistency::LastWriterWins,
            },
            dependency_check: match word("dependency_check") {
                Some("complete") => DependencyCheck::Complete,
                Some("none") => DependencyCheck::None,
                _ => DependencyCheck::Claim,
            },
            resources,
            limits: limits(root),
            prices: prices(root),
        })
    }

    fn resources(&mut self) -> Vec<Resource> {
        let entries = self.root.key("resources").map_or(&[][..], Node::entries);
        let mut resources = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let service = node.key("service");
            let path = format!("resources.{}.service", key.name);
            resources.push(Resource {
                name: key.name.clone(),
                capacity: whole(node, "capacity").unwrap_or(1),
                service: service.map(|service| self.dist(service, Unit::Seconds, &path)),
                blocks: match node.key("blocks").and_then(Node::text) {
                    Some("everyone") => Blocks::Everyone,
                    _ => Blocks::User,
                },
                share: node.key("share").and_then(Node::number).unwrap_or(1.0),
            });
        }
        resources
    }

    fn check_asserts(&mut self) {
        let list = self.root.key("assert").map_or(&[][..], Node::items);
        for (index, claim) in list.iter().enumerate() {
            let Some((NodeKey { name: key, .. }, claim)) = claim.entries().first() else { continue };
            let path = format!("assert[{index}].{key}");
            if let Some(between) = claim.key("between") {
                let ends: Vec<_> = between.items().iter().map(Node::whole).collect();
                if ends.len() != 2 || ends[0] > ends[1] {
                    let (path, message) = (format!("{path}.between"), format!("{between} is not an interval"));
                    self.report("out-of-range", between.line, &path, message, "the least and the greatest team size");
                }
            } else if matches!(claim.kind, NodeKind::Map(_)) && claim.key("at_least").or(claim.key("at_most")).is_none()
            {
                let message = "no bound is given".to_owned();
                self.report("missing-key", claim.line, &path, message, "at_least, at_most, or both");
            }
        }
    }
}

impl Parts {
    /// Returns the scenario of a point: this team size and architecture, or those of the document.
    pub(super) fn scenario(
        &self,
        source: Document<'_>,
        agents: Option<u32>,
        architecture: Option<architecture::Named>,
    ) -> Result<Scenario, Problems> {
        let size = agents.unwrap_or_else(|| self.team.size());
        let Work { graph, graphs, parallel_fraction } = self.work_for(size, source)?;
        let team = self.team.agents(size);
        if !graph.skills().is_empty() {
            check_skills(&graph, &team, source)?;
        }
        check_recorded(&graph, &team, source)?;
        let (architecture, name): (Arc<dyn Architecture>, _) =
            architecture.unwrap_or_else(|| (Arc::clone(&self.architecture.0), self.architecture.1));
        let generous = Limits::generous(graph.len());
        Ok(Scenario {
            name: self.name.clone(),
            team,
            architecture,
            architecture_name: name.to_owned(),
            pacing: self.pacing,
            consistency: self.consistency,
            dependency_check: self.dependency_check,
            resources: self.resources.clone(),
            limits: Limits {
                rounds: self.limits.rounds.unwrap_or(generous.rounds),
                time: self.limits.time.unwrap_or(generous.time),
                tokens: self.limits.tokens.unwrap_or(generous.tokens),
                calls: self.limits.calls.unwrap_or(generous.calls),
            },
            prices: self.prices,
            seed: self.seed,
            graph,
            graphs,
            parallel_fraction,
        })
    }

    fn work_for(&self, size: u32, source: Document<'_>) -> Result<Work, Problems> {
        let grown = self.workload.grows.as_ref().and_then(|generator| generator.for_team(u64::from(size)));
        let Some(generator) = grown.filter(|_| size > 1) else {
            let Workload { graph, graphs, parallel_fraction, .. } = &self.workload;
            return Ok(Work { graph: graph.clone(), graphs: graphs.clone(), parallel_fraction: *parallel_fraction });
        };
        let line = source.root.key("scaling").map_or(0, |node| node.line);
        let problem = |message: String, expected: String| {
            let message = format!("for {size} agents the workload has {message}");
            let (file, path) = (source.file.to_owned(), "scaling".to_owned());
            Problems::one(Problem { code: "workload-limit", file, line, path, message, expected })
        };
        if let Err(errors) = generator.check() {
            let (_, message, expected) = workload::limit(errors[0]);
            return Err(problem(message, expected));
        }
        let parallel_fraction = generator.parallel_fraction();
        let grown = self.workload.grown(generator, self.seed);
        let (graph, graphs) = grown.map_err(|errors| problem(errors[0].to_string(), String::new()))?;
        Ok(Work { graph, graphs, parallel_fraction })
    }
}

/// Checks that the team has every required skill; otherwise tasks could never be completed.
fn check_skills(graph: &TaskGraph, team: &[Agent], source: Document<'_>) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for (number, skill) in graph.skills().iter().enumerate() {
        if team.iter().any(|agent| agent.has_skill(Some(skill))) {
            continue;
        }
        let number = number as u32;
        let task = graph.tasks().iter().find(|task| task.skill == Some(number)).map_or("", |task| &task.id);
        let tasks = source.root.get("workload.tasks").map_or(&[][..], Node::items);
        let index = tasks.iter().position(|node| node.key("id").and_then(Node::text) == Some(task)).unwrap_or(0);
        let path = format!("workload.tasks[{index}].skill");
        let line = source.root.get(&path).map_or(0, |node| node.line);
        let message = format!(
            "no agent in the team of {} has the skill \"{skill}\", which the task \"{task}\" requires",
            team.len()
        );
        let (file, expected) = (source.file.to_owned(), String::new());
        problems.push(Problem { code: "skill", file, line, path, message, expected });
    }
    problems.or(())
}

/// Checks that all tasks have a recorded time if a profile uses it.
fn check_recorded(graph: &TaskGraph, team: &[Agent], source: Document<'_>) -> Result<(), Problems> {
    let wants_recorded = team.iter().any(|agent| agent.profile.latency == Latency::Recorded);
    if !wants_recorded || graph.tasks().iter().all(|task| task.recorded.is_some()) {
        return Ok(());
    }
    let path = "team.profile.latency".to_owned();
    let line = source.root.get(&path).map_or(0, |node| node.line);
    let message = "\"recorded\" requires the workload of a recording".to_owned();
    let (file, expected) = (source.file.to_owned(), "workload: { trace: FILE }, or another latency".to_owned());
    Err(Problems::one(Problem { code: "profile", file, line, path, message, expected }))
}

fn pacing(root: &Node) -> Pacing {
    match root.key("pacing") {
        None => Pacing::Async,
        Some(node) if node.text() == Some("async") => Pacing::Async,
        Some(node) => {
            let idle_calls = node.get("rounds.idle_calls").map(|node| node.kind == NodeKind::Bool(true));
            Pacing::Rounds { idle_calls: idle_calls.unwrap_or(true) }
        }
    }
}

fn limits(root: &Node) -> GivenLimits {
    let Some(node) = root.key("limits") else { return GivenLimits::default() };
    let time = node.key("time").and_then(Node::text).and_then(|text| quantity::duration(text).ok());
    GivenLimits {
        rounds: whole(node, "rounds"),
        time: time.map(Time::from_secs),
        tokens: whole(node, "tokens"),
        calls: whole(node, "calls"),
    }
}

fn prices(root: &Node) -> Prices {
    let price = |key: &str| root.key("prices").and_then(|node| node.key(key)).and_then(Node::number);
    let input = price("input").unwrap_or(0.0);
    Prices {
        input,
        cache_write: price("cache_write").unwrap_or(input),
        cached_input: price("cached_input").unwrap_or(input),
        output: price("output").unwrap_or(0.0),
    }
}

fn whole<T: TryFrom<i128>>(node: &Node, key: &str) -> Option<T> {
    node.key(key).and_then(Node::whole).and_then(|value| T::try_from(value).ok())
}
