//! World: one run of a small scenario, with an adversary in place of the clock. The adversary chooses the step that commits
//! next, and whether its reply is wrong. Time is order only: every commit takes a microsecond.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::rng::Bernoulli;
use crate::engine::{EventQueue, Stream, Time};
use crate::record::{Ending, Observer, Start, StepKind, TaskEvent, TaskEventKind};
use crate::simulation::Scenario;
use crate::simulation::features::Feature;
use crate::simulation::simulator::{STEP, Simulator};
use crate::team::{Action, AgentId, Status, View};
use crate::workload::TaskId;

/// Choice of the adversary: the step in flight of an agent commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The agent.
    pub agent: AgentId,
    /// True if all attempts of the reply are wrong, and a test finds them.
    pub is_wrong: bool,
}

/// Entries of one commit, with the facts before it that properties compare them with.
#[derive(Clone, Debug, Default)]
pub(super) struct Transition {
    pub(super) events: Vec<TaskEvent>,
    pub(super) started: Vec<AgentId>,
    /// Statuses of the tasks before the commit.
    pub(super) before: Vec<Status>,
    /// Tasks of the step with an artifact that differs from what the step has read.
    pub(super) stale: Vec<TaskId>,
    /// Tasks of the step that another step has settled since its decision.
    pub(super) settled: u64,
}

impl Transition {
    /// Returns true if an event of this kind happened.
    pub(super) fn has(&self, is_kind: impl Fn(&TaskEventKind) -> bool) -> bool {
        self.events.iter().any(|event| is_kind(&event.kind))
    }

    /// Number of accepted attempts.
    pub(super) fn accepted(&self) -> u32 {
        self.events.iter().filter(|event| matches!(event.kind, TaskEventKind::Completed { .. })).count() as u32
    }
}

impl Observer for Transition {
    fn start(&mut self, start: &Start) {
        self.started.push(start.agent);
    }
    fn task(&mut self, event: &TaskEvent) {
        self.events.push(*event);
    }
}

/// An architecture that notes whether it has drawn random numbers.
struct Watched<'s> {
    inner: &'s dyn Architecture,
    has_drawn: AtomicBool,
}

impl Architecture for Watched<'_> {
    fn decide(&self, view: &View<'_>, rng: &mut Stream) -> Action {
        let before = rng.tag();
        let action = self.inner.decide(view, rng);
        if rng.tag() != before {
            self.has_drawn.store(true, Ordering::Relaxed);
        }
        action
    }

    fn spec(&self) -> ProtocolSpec {
        self.inner.spec()
    }
}

/// A run under orders of the adversary. Between two commits all decisions have been made.
pub(super) struct World<'s> {
    pub(super) simulator: Simulator<'s>,
    architecture: Watched<'s>,
    /// Wrong replies that the adversary may still choose.
    pub(super) wrong_left: u32,
    pub(super) is_completed: bool,
    /// By agent, a bit for each task that another step has settled since the agent's decision: an attempt on it was
    /// accepted, it reopened, or it was assigned. Independent of the versions on the board.
    pub(super) settled: Vec<u64>,
    #[cfg(test)]
    pub(super) planted: Option<PlantedFault>,
}

/// Fault that a test plants, to see that the explorer finds it.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlantedFault {
    /// Overwritten work reopens at once, and not at the audit.
    ReopensAtOnce,
    /// A rejected attempt raises the version of its task.
    RejectionRaisesVersion,
    /// Tasks do not count the artifacts that lack their update.
    ForgetsLosses,
    /// Tasks reopen without an entry.
    ReopensSilently,
}

impl<'s> World<'s> {
    pub(super) fn new(scenario: &'s Scenario) -> World<'s> {
        let mut simulator = Simulator::new(scenario);
        simulator.features.set(Feature::General, true);
        World {
            settled: vec![0; simulator.agents.len()],
            simulator,
            architecture: Watched { inner: &*scenario.architecture, has_drawn: AtomicBool::new(false) },
            wrong_left: 0,
            is_completed: false,
            #[cfg(test)]
            planted: None,
        }
    }

    /// Returns true if the architecture has drawn random numbers: then one order of commits has several outcomes.
    pub(super) fn has_drawn(&self) -> bool {
        self.architecture.has_drawn.load(Ordering::Relaxed)
    }

    /// Goes back to the start, where all agents make their first decisions.
    pub(super) fn begin<O: Observer>(&mut self, wrong_replies: u32, observer: &mut O) {
        let simulator = &mut self.simulator;
        simulator.begin(0);
        observer.begin(simulator.agents.len(), simulator.tasks.len(), simulator.artifacts);
        self.wrong_left = wrong_replies;
        self.is_completed = false;
        self.settled.fill(0);
        simulator.start_steps::<true, _, O>(&self.architecture, observer);
    }

    /// Agents whose steps may commit next, in id order.
    pub(super) fn in_flight(&self) -> Vec<AgentId> {
        let mut agents = agents_of(&mut self.simulator.queue.clone());
        agents.sort_unstable();
        agents
    }

    /// Returns true if a step may be wrong: it works on tasks, and the budget is not used up.
    pub(super) fn may_be_wrong(&self, agent: AgentId) -> bool {
        self.wrong_left > 0 && self.simulator.agents[agent].flight.step.kind == StepKind::Work
    }

    /// Commits the step in flight of an agent; then the free agents decide.
    pub(super) fn commit<O: Observer>(&mut self, choice: Choice, observer: &mut O) -> Transition {
        let mut transition = self.facts_before(choice.agent);
        let both = &mut (&mut transition, observer);
        self.take_event(choice.agent);
        self.simulator.team.now += Time::from_us(1);
        if choice.is_wrong {
            self.wrong_left -= 1;
            self.commit_wrong(choice.agent, both);
        } else {
            self.simulator.advance::<true, _>(choice.agent, both);
        }
        #[cfg(test)]
        self.plant(both);
        self.is_completed = self.simulator.is_complete(both);
        if !self.is_completed {
            self.simulator.start_steps::<true, _, _>(&self.architecture, both);
        }
        self.note_settled(choice.agent, &transition);
        transition
    }

    /// Ends a run that is completed or stalled.
    pub(super) fn end<O: Observer>(&mut self, observer: &mut O) {
        let ending = if self.is_completed { Ending::Completed } else { Ending::Stalled };
        if self.is_completed || self.simulator.queue.is_empty() {
            self.simulator.cut_off::<true, _>(observer);
            observer.end(ending, self.simulator.team.now);
        }
    }

    fn facts_before(&self, agent: AgentId) -> Transition {
        let simulator = &self.simulator;
        let tasks = TaskId::all(simulator.tasks.len());
        Transition {
            before: tasks.map(|task| simulator.team.board.status(task)).collect(),
            stale: self.stale_tasks(agent),
            settled: self.settled[agent.index()],
            ..Transition::default()
        }
    }

    fn stale_tasks(&self, agent: AgentId) -> Vec<TaskId> {
        let simulator = &self.simulator;
        let flight = &simulator.agents[agent].flight;
        if simulator.contents.is_empty() {
            return Vec::new();
        }
        let mut stale = Vec::new();
        let mut read = flight.read.iter();
        for planned in &flight.tasks {
            let task = &simulator.scenario.graph[planned.task];
            let artifacts = task.writes.iter().chain(&task.reads);
            let now = artifacts.flat_map(|&artifact| simulator.contents.of(artifact));
            if now.zip(&mut read).filter(|(now, then)| now != then).count() > 0 {
                stale.push(planned.task);
            }
        }
        stale
    }

    /// Removes the event of an agent from the queue. The times of the others are not used.
    fn take_event(&mut self, agent: AgentId) {
        let queue = &mut self.simulator.queue;
        for other in agents_of(queue) {
            if other != agent {
                queue.push(Time::ZERO, STEP, other.get());
            }
        }
    }

    fn commit_wrong<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let certain = Bernoulli::new(1.0);
        let profile = self.simulator.agents[agent].profile;
        let faults = self.simulator.profiles.faults_mut(profile);
        let usual = *faults;
        (faults.error, faults.detection) = (certain, certain);
        self.simulator.advance::<true, O>(agent, observer);
        *self.simulator.profiles.faults_mut(profile) = usual;
    }

    /// Does what a planted fault does after a commit.
    #[cfg(test)]
    fn plant<O: Observer>(&mut self, (transition, observer): &mut (&mut Transition, &mut O)) {
        let simulator = &mut self.simulator;
        for task in TaskId::all(simulator.tasks.len()) {
            let is_rejected = |event: &&TaskEvent| event.task == task && event.kind == TaskEventKind::Rejected;
            let rejected = transition.events.iter().find(is_rejected).copied();
            let board = &mut simulator.team.board;
            let is_done = board.status(task) == Status::Done;
            match self.planted {
                Some(PlantedFault::ReopensAtOnce) if simulator.tasks[task].is_loss_noticed => {
                    simulator.reopen(task, &mut (&mut **transition, &mut **observer));
                }
                Some(PlantedFault::RejectionRaisesVersion) => {
                    if let Some(event) = rejected {
                        board.claim(task, event.agent, board.version(task), false);
                        board.orphan(task, event.agent);
                        board.reclaim(task, None);
                    }
                }
                Some(PlantedFault::ForgetsLosses) => simulator.tasks[task].missing = 0,
                Some(PlantedFault::ReopensSilently) if is_done => simulator.reopen(task, &mut ()),
                _ => {}
            }
        }
    }

    fn note_settled(&mut self, agent: AgentId, transition: &Transition) {
        for event in &transition.events {
            let is_accepted = matches!(event.kind, TaskEventKind::Completed { .. });
            let has_moved = matches!(event.kind, TaskEventKind::Reopened { .. } | TaskEventKind::Assigned);
            if is_accepted || has_moved {
                self.settled.iter_mut().for_each(|tasks| *tasks |= 1 << event.task.get());
            }
        }
        self.settled[agent.index()] = 0;
        for &started in &transition.started {
            self.settled[started.index()] = 0;
        }
    }
}

/// Removes all events; returns their agents.
fn agents_of(queue: &mut EventQueue) -> Vec<AgentId> {
    std::iter::from_fn(|| queue.pop()).map(|event| AgentId::new(event.slot())).collect()
}
