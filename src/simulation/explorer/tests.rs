//! Planted faults: the explorer finds each of them, and none where none is planted. Keys of states decide the future.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state_key::{StateKey, key_of_state};
use super::world::{Choice, PlantedFault, World};
use super::{Exploration, ExplorationBounds, Property, StateGraph, StateSearch, Violation};
use crate::architecture::{ARCHITECTURES, Choices, Preassigned, SelfClaim};
use crate::engine::Dist;
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{Agent, AssignmentRule, Consistency, LockHeld, Locking, Profile, Role, WhenLocked};
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

/// Choices at the end of a path, each with the key of the state after it.
fn successors(world: &mut World<'_>, path: &[Choice]) -> Vec<(Choice, StateKey)> {
    let go = |world: &mut World<'_>| {
        world.begin(1, &mut ());
        for &choice in path {
            world.commit(choice, &mut ());
        }
    };
    go(world);
    if world.is_completed {
        return Vec::new();
    }
    let mut choices = Vec::new();
    for agent in world.in_flight() {
        choices.push(Choice { agent, is_wrong: false });
        choices.extend(world.may_be_wrong(agent).then_some(Choice { agent, is_wrong: true }));
    }
    let after = choices.into_iter().map(|choice| {
        go(world);
        world.commit(choice, &mut ());
        (choice, key_of_state(world))
    });
    after.collect()
}

/// Two ways to one key: the states after them have the same keys. Returns the number of such pairs.
fn compare_ways(scenario: &Scenario) -> usize {
    let mut world = World::new(scenario);
    let mut known: BTreeMap<StateKey, Vec<(Choice, StateKey)>> = BTreeMap::new();
    let mut next = vec![Vec::new()];
    let mut pairs = 0;
    while let Some(path) = next.pop() {
        for (choice, key) in successors(&mut world, &path) {
            let mut longer = path.clone();
            longer.push(choice);
            let after = successors(&mut world, &longer);
            if let Some(first) = known.get(&key) {
                pairs += 1;
                assert_eq!(*first, after, "{} {:?}", scenario.architecture_name, scenario.consistency);
            } else {
                known.insert(key, after);
                next.push(longer);
            }
        }
    }
    pairs
}

#[test]
fn a_key_decides_the_future() {
    let lock = |held| Consistency::Lock(Locking { held, when_locked: WhenLocked::OtherWork });
    let policies =
        [Consistency::LastWriterWins, lock(LockHeld::Call), lock(LockHeld::Write(0.5)), Consistency::Optimistic];
    let rows = ARCHITECTURES.iter().flat_map(|row| [(row, false), (row, true)]);
    for (row, takes_last) in rows {
        let choose = |values: &[&'static str]| values.iter().rfind(|&&value| takes_last && value != "random").copied();
        let chosen: Vec<&str> =
            row.parameters.iter().map(|parameter| choose(parameter.values).unwrap_or(parameter.values[0])).collect();
        let mut pairs = 0;
        for consistency in policies {
            let choices = Choices::new(row, &chosen).expect("values of the row");
            let (architecture, architecture_name) = ((row.make)(&choices).into(), row.name.to_owned());
            let mut scenario = Scenario { architecture, architecture_name, consistency, ..scenario() };
            if consistency == Consistency::LastWriterWins {
                scenario.team.push(scenario.team[1].clone());
            }
            pairs += compare_ways(&scenario);
        }
        assert!(pairs > 0 || row.name == "solo", "{}", row.name);
    }
}
