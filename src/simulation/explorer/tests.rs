//! A planted fault: overwritten work reopens at once, and not at the audit.

use std::sync::Arc;

use super::{Exploration, ExplorationBounds, Property, StateGraph, StateSearch, Unexplorable, World};
use crate::architecture::Preassigned;
use crate::engine::Dist;
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{Agent, AssignmentRule, Consistency, Profile, Role};
use crate::workload::{TaskGraph, TaskSpec};

/// Two agents, four tasks, three files: each agent writes a file of its own and one of both.
fn scenario() -> Scenario {
    let writes = [["a", "c"], ["b", "c"], ["a", "c"], ["b", "c"]];
    let tasks = writes.iter().enumerate().map(|(index, files)| TaskSpec {
        writes: files.iter().map(|&file| file.to_owned()).collect(),
        ..TaskSpec::new(format!("task-{index}"), 1.0)
    });
    let graph = Arc::new(TaskGraph::new(&tasks.collect::<Vec<_>>()).expect("a task graph"));
    let profile = Arc::new(Profile::with_latency("steady", Dist::Constant(1.0)));
    let agent = |name: &str| Agent {
        name: name.to_owned(),
        role: Role::Worker,
        profile: profile.clone(),
        skills: Vec::new(),
    };
    Scenario {
        name: "shared files".to_owned(),
        limits: Limits::generous(graph.len()),
        graph,
        graphs: None,
        parallel_fraction: None,
        team: ["ann", "bo"].map(agent).to_vec(),
        architecture: Arc::new(Preassigned { deal: AssignmentRule::RoundRobin }),
        architecture_name: "preassigned".to_owned(),
        pacing: Pacing::Async,
        consistency: Consistency::LastWriterWins,
        dependency_check: DependencyCheck::Claim,
        resources: Vec::new(),
        prices: Prices::default(),
        seed: 1,
    }
}

fn explore(scenario: &Scenario, reopens_at_once: bool) -> Result<Exploration, Unexplorable> {
    let bounds = ExplorationBounds { states: 20_000, ..ExplorationBounds::of(scenario) };
    let mut world = World::new(scenario);
    world.reopens_at_once = reopens_at_once;
    let graph = StateGraph::default();
    StateSearch { world, bounds: &bounds, numbers: Default::default(), graph, reached: Default::default() }.run()
}

#[test]
fn work_that_reopens_at_once_can_go_on_for_ever() {
    let scenario = scenario();
    let sound = explore(&scenario, false).expect("a small world");
    eprintln!("{sound:?}");
    let endless = explore(&scenario, true).expect("a small world");
    eprintln!("{endless:?}");
    let violation = endless.violation.expect("a violation");
    assert_eq!(violation.property, Property::Endless);
    assert!(sound.violation.is_none());
}
