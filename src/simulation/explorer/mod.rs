//! Small-scope exploration: a small scenario under every order in which replies can commit.
//!
//! `decide` is pure and the state is plain data, so the time order of the event queue can be replaced by a choice: any step
//! in flight may commit next. An adversary makes these choices, and may declare a few replies wrong. All other rules are
//! those of the simulator: the same decisions, the same commit path, the same audit.
//!
//! The search is breadth first over exact keys, so that the first violation has the fewest commits. A state is kept as its
//! key and the choice that led to it; it is made again by replaying the choices. After the search, the graph of all states
//! shows whether the end can be reached from every state, and whether every order ends.
//!
//! | file | content |
//! |---|---|
//! | `world` | one run under orders of the adversary |
//! | `state_key` | exact keys of states |
//! | `property` | faults, and situations that show that the faults were looked for |
//! | `state_graph` | shortest ways, states without an end, orders without an end |
//! | `refusal` | scenarios that are not covered |

mod property;
mod refusal;
mod state_graph;
mod state_key;
mod world;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::record::Observer;
use crate::simulation::Scenario;
use crate::simulation::explorer::property::{faults_of_commit, faults_of_state, situations};
use crate::simulation::explorer::refusal::refusals;
use crate::simulation::explorer::state_graph::StateGraph;
use crate::simulation::explorer::state_key::{StateKey, key_of_state};
use crate::simulation::explorer::world::{Transition, World};
use crate::workload::TaskId;

pub use property::{Property, Situation};
pub use refusal::Refusal;
pub use world::Choice;

/// Bounds of an exploration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExplorationBounds {
    /// Most wrong replies of the whole team. All attempts of a wrong reply are rejected.
    pub wrong_replies: u32,
    /// Most states. An exploration that needs more is an error.
    pub states: usize,
    /// Faults to look for. The search ends at the first.
    pub excluded: Vec<Property>,
}

impl ExplorationBounds {
    /// Bounds without wrong replies, for the faults that the policy of a scenario excludes.
    pub fn of(scenario: &Scenario) -> ExplorationBounds {
        ExplorationBounds { wrong_replies: 0, states: 1_000_000, excluded: Property::excluded_by(scenario.consistency) }
    }
}

/// Result of an exploration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exploration {
    /// Number of states.
    pub states: usize,
    /// Number of commits between states.
    pub commits: usize,
    /// Number of states in which the run is completed.
    pub completed: usize,
    /// Situations that were reached.
    pub reached: BTreeSet<Situation>,
    /// Greatest number of commits of any order; none if there is a violation.
    pub most_commits: Option<u32>,
    /// Greatest number of accepted attempts of any order; none if there is a violation.
    pub most_accepted: Option<u32>,
    /// The violation with the fewest commits, if there is one. Then the other figures are of the search so far.
    pub violation: Option<Violation>,
}

/// Violation of a property, with the shortest order of commits that shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The fault.
    pub property: Property,
    /// The task that it concerns, if it is one.
    pub task: Option<TaskId>,
    /// The choices of the adversary, from the start.
    pub choices: Vec<Choice>,
    /// Number of choices before a cycle: the others can go on for ever.
    pub cycle_from: Option<usize>,
}

/// Runs a scenario under an order of commits. An observer gets the entries of an ordinary run, with a microsecond for each
/// commit; the last entry is an end only if the run is completed or stalled.
pub fn replay<O: Observer>(scenario: &Scenario, choices: &[Choice], observer: &mut O) {
    let mut world = World::new(scenario);
    let wrong = choices.iter().filter(|choice| choice.is_wrong).count();
    world.begin(wrong as u32, observer);
    for &choice in choices {
        world.commit(choice, observer);
    }
    world.end(observer);
}

/// Reason for which a scenario was not explored to the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unexplorable {
    /// Keys that an exploration does not cover.
    Refused(Vec<Refusal>),
    /// The architecture draws random numbers, such as `pick: random`: one order of commits has several outcomes.
    RandomDecisions,
    /// The world has more states than this bound.
    TooManyStates(usize),
}

impl fmt::Display for Unexplorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unexplorable::Refused(refusals) => {
                let lines: Vec<String> = refusals.iter().map(Refusal::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Unexplorable::RandomDecisions => f.write_str(
                "architecture: random decisions can't be explored, expected one without draws (pick: first)",
            ),
            Unexplorable::TooManyStates(most) => write!(f, "more than {most} states: use fewer agents or tasks"),
        }
    }
}

impl std::error::Error for Unexplorable {}

/// Explores all orders of commits of a scenario.
///
/// # Errors
///
/// A scenario with rounds, timers, resources or random faults is refused. A search that exceeds its bound is an error.
pub fn explore(scenario: &Scenario, bounds: &ExplorationBounds) -> Result<Exploration, Unexplorable> {
    let refused = refusals(scenario);
    if !refused.is_empty() {
        return Err(Unexplorable::Refused(refused));
    }
    let search = StateSearch {
        world: World::new(scenario),
        bounds,
        numbers: BTreeMap::new(),
        graph: StateGraph::default(),
        reached: BTreeSet::new(),
    };
    search.run()
}

/// A search under way.
struct StateSearch<'s> {
    world: World<'s>,
    bounds: &'s ExplorationBounds,
    numbers: BTreeMap<StateKey, u32>,
    graph: StateGraph,
    reached: BTreeSet<Situation>,
}

impl StateSearch<'_> {
    fn run(mut self) -> Result<Exploration, Unexplorable> {
        self.world.begin(self.bounds.wrong_replies, &mut ());
        if let Some(violation) = self.settle(None, &Transition::default())? {
            return Ok(self.result(Some(violation)));
        }
        let mut state = 0;
        while (state as usize) < self.graph.len() {
            if !self.graph.is_completed(state)
                && let Some(violation) = self.expand(state)?
            {
                return Ok(self.result(Some(violation)));
            }
            state += 1;
        }
        let violation = self.without_end();
        Ok(self.result(violation))
    }

    /// Makes all choices in a state.
    fn expand(&mut self, state: u32) -> Result<Option<Violation>, Unexplorable> {
        let path = self.graph.path(state);
        self.replay(&path);
        let mut choices = Vec::new();
        for agent in self.world.in_flight() {
            choices.push(Choice { agent, is_wrong: false });
            if self.world.may_be_wrong(agent) {
                choices.push(Choice { agent, is_wrong: true });
            }
        }
        for (index, &choice) in choices.iter().enumerate() {
            if index > 0 {
                self.replay(&path);
            }
            let transition = self.world.commit(choice, &mut ());
            // A wrong reply that is not rejected for it has the effects of a right one.
            let is_rejected = transition.has(|kind| *kind == crate::record::TaskEventKind::Rejected);
            if choice.is_wrong && !is_rejected {
                continue;
            }
            if let Some(violation) = self.settle(Some((state, choice)), &transition)? {
                return Ok(Some(violation));
            }
        }
        Ok(None)
    }

    fn replay(&mut self, path: &[Choice]) {
        self.world.begin(self.bounds.wrong_replies, &mut ());
        for &choice in path {
            self.world.commit(choice, &mut ());
        }
    }

    /// Adds the present state of the world, if it is new, and the commit that led to it; returns a violation of either.
    fn settle(
        &mut self,
        from: Option<(u32, Choice)>,
        transition: &Transition,
    ) -> Result<Option<Violation>, Unexplorable> {
        if self.world.has_drawn() {
            return Err(Unexplorable::RandomDecisions);
        }
        self.reached.extend(situations(&self.world, transition));
        let mut faults: Vec<(Property, Option<TaskId>)> = Vec::new();
        if let Some((_, choice)) = from {
            let of_commit = faults_of_commit(&self.world, choice, transition);
            faults.extend(of_commit.into_iter().map(|(property, task)| (property, Some(task))));
        }
        let next = self.graph.len() as u32;
        let number = *self.numbers.entry(key_of_state(&self.world)).or_insert(next);
        if number == next {
            self.graph.add_state(from, self.world.is_completed);
            faults.extend(faults_of_state(&self.world));
        }
        if let Some((state, choice)) = from {
            self.graph.add_commit((state, choice), number, transition.accepted());
        }
        let fault = faults.into_iter().find(|(property, _)| self.bounds.excluded.contains(property));
        if let Some((property, task)) = fault {
            let (state, choice) = from.unzip();
            let choices = state.map_or(Vec::new(), |state| self.graph.path(state));
            let choices = choices.into_iter().chain(choice).collect();
            return Ok(Some(Violation { property, task, choices, cycle_from: None }));
        }
        if self.graph.len() > self.bounds.states {
            return Err(Unexplorable::TooManyStates(self.bounds.states));
        }
        Ok(None)
    }

    /// Returns a violation of the properties of the whole graph.
    fn without_end(&self) -> Option<Violation> {
        let excludes = |property| self.bounds.excluded.contains(&property);
        if excludes(Property::Livelock)
            && let Some(state) = self.graph.first_without_end()
        {
            let choices = self.graph.path(state);
            return Some(Violation { property: Property::Livelock, task: None, choices, cycle_from: None });
        }
        let (choices, start) = self.graph.cycle().filter(|_| excludes(Property::Endless))?;
        Some(Violation { property: Property::Endless, task: None, choices, cycle_from: Some(start) })
    }

    fn result(self, violation: Option<Violation>) -> Exploration {
        let has_cycle = violation.is_some() || self.graph.cycle().is_some();
        let longest = (!has_cycle).then(|| self.graph.longest());
        Exploration {
            states: self.graph.len(),
            commits: self.graph.commits(),
            completed: self.graph.completed(),
            reached: self.reached,
            most_commits: longest.map(|(commits, _)| commits),
            most_accepted: longest.map(|(_, accepted)| accepted),
            violation,
        }
    }
}
