//! Resolution of a validated document to a [`Scenario`]; checks combinations of values.

use std::sync::Arc;

use crate::architecture::Architecture;
use crate::engine::Time;
use crate::problem::quantity::{self, Unit};
use crate::problem::{Problem, Problems};
use crate::record::Prices;
use crate::scenario::architecture;
use crate::scenario::keys::MAX_RESOURCES;
use crate::scenario::node::{Node, NodeKey, NodeKind};
use crate::scenario::resolver::{Document, Resolver, stem};
use crate::scenario::team::TeamTemplate;
use crate::scenario::team_checks;
use crate::scenario::workload::{self, Workload};
use crate::simulation::{DependencyCheck, GraphSource, Limits, Pacing, Scenario};
use crate::team::{Blocks, Consistency, LockHeld, Locking, Resource, WhenLocked};
use crate::workload::TaskGraph;

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

/// Default proportion of a call's latency that is its write.
const PART_OF_A_WRITE: f64 = 0.1;

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
    let (file, problems, of_a_lead) = (file.to_owned(), Problems::default(), Vec::new());
    let mut resolver = Resolver { file, root, files, problems, of_a_lead };
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
        let (resources, consistency) = (self.resources(), self.consistency());
        self.check_asserts();
        let default = Node::new(NodeKind::Text("self_claim".to_owned()));
        Some(Parts {
            name,
            seed,
            team,
            workload: workload?,
            architecture: architecture::known(root.key("architecture").unwrap_or(&default))?,
            pacing: pacing(root),
            consistency,
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

    fn consistency(&mut self) -> Consistency {
        let Some(node) = self.root.key("consistency") else { return Consistency::default() };
        match (node.text(), node.key("lock")) {
            (Some("lock"), _) => Consistency::Lock(Locking::default()),
            (Some("optimistic"), _) => Consistency::Optimistic,
            (_, Some(lock)) => Consistency::Lock(self.locking(lock)),
            _ => Consistency::LastWriterWins,
        }
    }

    fn locking(&mut self, node: &Node) -> Locking {
        let word = |key: &str| node.key(key).and_then(Node::text);
        let part = node.key("part");
        let held = if word("held") == Some("write") {
            LockHeld::Write(part.and_then(Node::number).unwrap_or(PART_OF_A_WRITE))
        } else {
            LockHeld::Call
        };
        if let Some(part) = part.filter(|_| held == LockHeld::Call) {
            let message = "\"part\" is that of the write, but \"held\" is call".to_owned();
            self.report("combination", part.line, "consistency.lock.part", message, "held: write, or no part");
        }
        if let Some(when_locked) = node.key("when_locked").filter(|_| held != LockHeld::Call) {
            let message =
                "\"when_locked\" applies to decisions, but \"held\" is write: a reply waits in order of arrival";
            let (path, expected) = ("consistency.lock.when_locked", "held: call, or no when_locked");
            self.report("combination", when_locked.line, path, message.to_owned(), expected);
        }
        let when_locked = if word("when_locked") == Some("wait") { WhenLocked::Wait } else { WhenLocked::OtherWork };
        Locking { held, when_locked }
    }

    fn resources(&mut self) -> Vec<Resource> {
        let node = self.root.key("resources");
        let entries = node.map_or(&[][..], Node::entries);
        if entries.len() > MAX_RESOURCES {
            let (line, message) = (node.map_or(0, |node| node.line), format!("{} resources", entries.len()));
            self.report("out-of-range", line, "resources", message, &format!("at most {MAX_RESOURCES}"));
        }
        let mut resources = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            let service = node.key("service");
            let path = format!("resources.{}.service", key.name);
            resources.push(Resource {
                name: key.name.clone(),
                capacity: whole(node, "capacity").unwrap_or(1),
                service: service.map(|service| self.dist(service, Unit::Seconds, &path)),
                blocks: self.blocks(&key.name, node),
                share: node.key("share").and_then(Node::number).unwrap_or(1.0),
            });
        }
        resources
    }

    fn blocks(&mut self, name: &str, node: &Node) -> Blocks {
        let Some(given) = node.key("blocks") else { return Blocks::User };
        let blocks = match given.text() {
            Some("everyone") => Blocks::Everyone,
            Some("nobody") => Blocks::Nobody,
            _ => Blocks::User,
        };
        if blocks != Blocks::User && node.key("service").is_none() {
            let message = format!(
                "\"blocks\" is {given}, but without \"service\" the resource is a rate limit, held by the call itself"
            );
            let path = format!("resources.{name}.blocks");
            self.report("combination", given.line, &path, message, "a service, or blocks: user");
        }
        blocks
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
        let (architecture, name): (Arc<dyn Architecture>, _) =
            architecture.unwrap_or_else(|| (Arc::clone(&self.architecture.0), self.architecture.1));
        let protocol = (&*architecture, name);
        if !graph.skills().is_empty() {
            team_checks::skills(&graph, &team, protocol, source)?;
        }
        team_checks::recorded(&graph, &team, source)?;
        team_checks::learned(&self.team, &team, protocol)?;
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
