//! Planted faults: the explorer finds each of them, and none where none is planted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::world::PlantedFault;
use super::{Exploration, ExplorationBounds, Property, StateGraph, StateSearch, Violation, World};
use crate::architecture::{Preassigned, SelfClaim};
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
    let agent =
        |name: &str| Agent { name: name.to_owned(), role: Role::Worker, profile: profile.clone(), skills: Vec::new() };
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

fn explore(scenario: &Scenario, wrong_replies: u32, planted: Option<PlantedFault>) -> Exploration {
    let usual = ExplorationBounds::of(scenario);
    let bounds = ExplorationBounds { wrong_replies, states: 20_000, ..usual };
    let mut world = World::new(scenario);
    world.planted = planted;
    let graph = StateGraph::default();
    let search = StateSearch { world, bounds: &bounds, numbers: BTreeMap::new(), graph, reached: BTreeSet::new() };
    search.run().expect("a small world")
}

fn found(scenario: &Scenario, wrong_replies: u32, planted: PlantedFault) -> Violation {
    explore(scenario, wrong_replies, Some(planted)).violation.unwrap_or_else(|| panic!("{planted:?} is found"))
}

#[test]
fn planted_faults_are_found() {
    let scenario = scenario();
    assert_eq!(explore(&scenario, 1, None).violation, None);
    // Two agents go on for ever: after four commits the same state comes back.
    let endless = found(&scenario, 0, PlantedFault::ReopensAtOnce);
    assert_eq!(endless.property, Property::Endless);
    let start = endless.cycle_from.expect("a cycle");
    assert_eq!((start, endless.choices.len()), (4, 8));
    let turns: Vec<u32> = endless.choices[start..].iter().map(|choice| choice.agent.get()).collect();
    assert_eq!(turns, [0, 1, 0, 1]);
    let uncounted = found(&scenario, 0, PlantedFault::ForgetsLosses);
    assert_eq!((uncounted.property, uncounted.choices.len()), (Property::MiscountedLoss, 2));
    let unsaid = found(&scenario, 0, PlantedFault::ReopensSilently);
    assert_eq!((unsaid.property, unsaid.choices.len()), (Property::RepeatedAcceptance, 1));
    // Two agents want the first task; a wrong reply comes first, and the right one is discarded for it.
    let race = Scenario { architecture: Arc::new(SelfClaim::default()), ..scenario };
    assert_eq!(explore(&race, 1, None).violation, None);
    let discarded = found(&race, 1, PlantedFault::RejectionRaisesVersion);
    assert_eq!((discarded.property, discarded.choices.len()), (Property::DiscardedReply, 2));
    assert!(discarded.choices[0].is_wrong && !discarded.choices[1].is_wrong);
}
