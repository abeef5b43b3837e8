//! Preparation: a simulator is compiled from its scenario once, and set back to the start before every run.

use std::sync::Arc;

use crate::architecture::ProtocolSpec;
use crate::architecture::assignment::Assigner;
use crate::engine::inline_vec::INLINE_LEN;
use crate::engine::rng::KeySource;
use crate::engine::{BitMatrix, EventQueue, IdSet, InlineVec, Keys, Purpose, Samplers, Time};
use crate::simulation::compiled_profile::{CompiledProfile, CompiledProfiles};
use crate::simulation::features::{Feature, Features};
use crate::simulation::learned::learned_state::LearnedState;
use crate::simulation::simulator::{RELEASE, Simulator};
use crate::simulation::state::contents::Contents;
use crate::simulation::state::faults::FaultState;
use crate::simulation::state::knowledge::Reading;
use crate::simulation::state::locks::Locks;
use crate::simulation::state::servers::Server;
use crate::simulation::state::step::{AgentState, TaskState, step_entity};
use crate::simulation::state::wait_sets::WaitSets;
use crate::simulation::state::waits::Waits;
use crate::simulation::{DependencyCheck, Pacing, Scenario};
use crate::team::{
    Agent, AgentId, AssignmentRule, Board, Claims, Consistency, Mail, Reports, SharedState, View, common_files,
};
use crate::workload::{Task, TaskGraph, TaskId};

impl<'s> Simulator<'s> {
    /// Makes a scenario ready to run.
    pub fn new(scenario: &'s Scenario) -> Simulator<'s> {
        Simulator::with_samplers(scenario, &Samplers::default())
    }

    /// Makes a scenario ready to run, with samplers that other scenarios may have made already.
    pub fn with_samplers(scenario: &'s Scenario, samplers: &Samplers) -> Simulator<'s> {
        let graph = &*scenario.graph;
        let mut spec = scenario.architecture.spec();
        let team = &scenario.team[..if spec.alone { 1 } else { scenario.team.len() }];
        if spec.owns_all_alone && team.len() == 1 {
            spec.assigned = Some(AssignmentRule::RoundRobin);
        }
        let lead = (spec.has_lead && team.len() > 1).then_some(AgentId::new(0));
        let has_assignment = lead.is_some() || spec.assigned.is_some();
        let (profiles, agents) = compile_profiles(team, graph, has_assignment, samplers);
        let features = features_of(scenario, spec, team, &profiles);
        let has_contents = features.uses(Feature::SharedFiles) || features.uses(Feature::Locks);
        let mut simulator = Simulator {
            scenario,
            spec,
            features,
            artifacts: graph.artifacts().len() + common_files(team),
            releases: releases_of(graph),
            key_source: KeySource::new(scenario.seed),
            keys: Keys::default(),
            team: shared_state(scenario, team, lead),
            tasks: graph.tasks().iter().map(|task| TaskState::new(task, graph)).collect(),
            round: 0,
            calls: 0,
            tokens: 0,
            queue: EventQueue::new(),
            timers: EventQueue::new(),
            wait_sets: WaitSets::new(team.len()),
            is_draining: false,
            contents: if has_contents { Contents::new(graph) } else { Contents::default() },
            locks: Locks::new(scenario.consistency, graph.artifacts().len()),
            faults: FaultState { accepted: Vec::with_capacity(2 * graph.len()), ..FaultState::default() },
            reading: if features.uses(Feature::Reading) {
                Reading::new(team.len(), graph.len())
            } else {
                Reading::default()
            },
            servers: scenario.resources.iter().map(|resource| Server::new(resource, samplers)).collect(),
            parked: Vec::new(),
            waits: Waits::new(team.len()),
            round_effects: vec![1.0; profiles.len()],
            assigner: Assigner::default(),
            in_batch: IdSet::empty(graph.len()),
            learned: if features.uses(Feature::Learned) {
                LearnedState::new(team.len(), graph, common_files(team))
            } else {
                LearnedState::default()
            },
            agents,
            profiles,
        };
        simulator.assign_before_start();
        simulator
    }

    /// Assigns the tasks of an architecture that does so before the start.
    pub(super) fn assign_before_start(&mut self) {
        let Some(rule) = self.spec.assigned else { return };
        self.team.board.begin_deal();
        let view = View { me: AgentId::new(0), team: &self.team };
        let assignments = self.assigner.assign(rule, &view);
        self.team.board.assign_before_start(assignments);
    }

    /// Sets all state back to the start, with the draws of `replication`.
    pub(super) fn begin(&mut self, replication: u64) {
        self.keys = self.key_source.keys(replication);
        self.team.now = Time::ZERO;
        self.round = 0;
        self.calls = 0;
        self.tokens = 0;
        self.queue.clear();
        self.timers.clear();
        self.team.board.clear();
        self.wait_sets.begin();
        for task in self.tasks.iter_mut() {
            task.latency = self.keys.stream_nth(Purpose::Latency, task.key, 0);
            task.difficulty = task.latency;
            task.attempt = self.keys.stream_nth(Purpose::Fault, task.key, 1);
            task.attempts = 0;
        }
        for (id, state) in AgentId::all(self.agents.len()).zip(self.agents.iter_mut()) {
            state.steps = 0;
            state.choice = self.keys.stream(Purpose::Choice, step_entity(id, 0));
            state.is_busy = false;
            state.free_since = Time::ZERO;
            state.replied_in = 0;
        }
        self.waits.nothing_since = Time::MAX;
        if self.features.uses(Feature::RandomEffects) {
            self.draw_run_effects();
        }
        if self.needs_general_path() {
            self.begin_mechanisms();
        }
    }

    /// Sets back the state that only the general form of the loop changes.
    fn begin_mechanisms(&mut self) {
        for task in self.tasks.iter_mut() {
            task.is_premature = false;
            task.is_loss_noticed = false;
            task.missing = 0;
            task.losses = 0;
        }
        for state in self.agents.iter_mut() {
            state.is_down = false;
            state.is_rejected = false;
            state.flight.tasks.clear();
            state.flight.locked.clear();
        }
        self.team.mail.clear();
        self.contents.clear();
        self.locks.clear();
        self.faults.clear();
        self.reading.clear();
        self.is_draining = false;
        self.waits.clear();
        self.servers.iter_mut().for_each(Server::clear);
        for parked in &mut self.parked {
            parked.agent = None;
            parked.flight.locked.clear();
        }
        if self.features.uses(Feature::Learned) {
            self.begin_learned_policies();
        }
        for &(task, at) in &self.releases {
            self.timers.push(at, RELEASE, task.get());
        }
    }
}

/// Board and inboxes at the start, and what all agents know of each other.
fn shared_state(scenario: &Scenario, team: &[Agent], lead: Option<AgentId>) -> SharedState {
    let graph = &*scenario.graph;
    let worker = &team[usize::from(lead.is_some())].profile;
    let expected = graph.tasks().iter().map(|task| worker.expected_seconds(task, graph.reference_size()));
    SharedState {
        now: Time::ZERO,
        lead,
        graph: scenario.graph.clone(),
        board: Board::new(graph, team.len(), scenario.dependency_check != DependencyCheck::None),
        mail: Mail::new(team.len()),
        able: skills_of(team, graph),
        expected_seconds: expected.collect::<Arc<[f64]>>(),
    }
}

/// Features of a scenario. General is set by those that the plain form of the loop leaves out.
fn features_of(scenario: &Scenario, spec: ProtocolSpec, team: &[Agent], profiles: &CompiledProfiles) -> Features {
    let (graph, check) = (&*scenario.graph, scenario.dependency_check);
    let any = |has: fn(&CompiledProfile) -> bool| profiles.iter().any(has);
    let has_lead = spec.has_lead && team.len() > 1;
    let in_rounds = matches!(scenario.pacing, Pacing::Rounds { .. });
    let is_optimistic = scenario.consistency == Consistency::Optimistic;
    let reads = graph.tasks().iter().any(|task| !task.reads.is_empty());
    let general = [
        (Feature::Batches, any(CompiledProfile::takes_batches)),
        (Feature::SharedFiles, Contents::any_shared(graph) || is_optimistic && reads),
        (Feature::Locks, matches!(scenario.consistency, Consistency::Lock(_))),
        (Feature::Optimistic, is_optimistic),
        (Feature::SemanticConflicts, any(|profile| profile.attempt_faults.no_conflict_probability < 1.0)),
        (Feature::Reading, any(CompiledProfile::reads)),
        (Feature::Messages, has_lead || spec.reports == Reports::Team),
        (Feature::Assignment, has_lead || spec.assigned.is_some()),
        (Feature::Learned, any(|profile| profile.policy.is_some())),
        (Feature::Resources, !scenario.resources.is_empty()),
        (Feature::StepFaults, any(|profile| profile.step_faults.any)),
        (Feature::Timers, graph.tasks().iter().any(|task| task.release > Time::ZERO)),
        (Feature::ChecksCompletions, check == DependencyCheck::Complete),
    ];
    let at_decision = spec.claims == Claims::AtDecision;
    let is_general = general.iter().any(|&(_, is_used)| is_used)
        || profiles.len() > 1
        || check != DependencyCheck::Claim
        || at_decision && in_rounds
        || !graph.skills().is_empty()
        || [team.len(), graph.len(), graph.artifacts().len()].iter().any(|&many| many > INLINE_LEN)
        || any(|profile| !profile.task_input.is_empty())
        || any(|profile| profile.attempt_faults.premature.is_possible() || profile.attempt_faults.orphan.is_possible())
        || graph.tasks().iter().any(|task| task.writes.len() > 1);
    let mut features = Features::default();
    for (feature, is_used) in general {
        features.set(feature, is_used);
    }
    features.set(Feature::General, is_general);
    features.set(Feature::RandomEffects, any(|profile| profile.effects.any));
    features.set(Feature::ClaimsAtDecision, at_decision);
    features.set(Feature::ChecksClaims, check == DependencyCheck::Claim);
    features
}

/// Compiles each different profile once; returns them with the agents.
fn compile_profiles(
    team: &[Agent],
    graph: &TaskGraph,
    has_assignment: bool,
    samplers: &Samplers,
) -> (CompiledProfiles, InlineVec<AgentId, AgentState>) {
    let compile = |agent: &Agent| CompiledProfile::new(&agent.profile, graph, has_assignment, team.len(), samplers);
    let mut profiles = CompiledProfiles::new(compile(&team[0]));
    let mut states: Vec<AgentState> = Vec::with_capacity(team.len());
    for (index, agent) in team.iter().enumerate() {
        let same = team[..index].iter().position(|other| other.profile == agent.profile);
        let profile = match same {
            Some(other) => states[other].profile,
            None if index == 0 => 0,
            None => profiles.push(compile(agent)),
        };
        states.push(AgentState { profile, effect: 1.0, ..AgentState::default() });
    }
    (profiles, states.into_iter().collect())
}

/// Release times of the tasks that are not available from the start.
fn releases_of(graph: &TaskGraph) -> Vec<(TaskId, Time)> {
    let is_late = |(id, task): (usize, &Task)| (task.release > Time::ZERO).then_some((TaskId::at(id), task.release));
    graph.tasks().iter().enumerate().filter_map(is_late).collect()
}

fn skills_of(team: &[Agent], graph: &TaskGraph) -> BitMatrix<AgentId, TaskId> {
    let mut able = BitMatrix::empty(team.len(), graph.len());
    for (agent, member) in AgentId::all(team.len()).zip(team) {
        for (id, task) in TaskId::all(graph.len()).zip(graph.tasks()) {
            if member.has_skill(task.skill.map(|skill| graph.skills()[skill as usize].as_str())) {
                able.insert(agent, id);
            }
        }
    }
    able
}

impl TaskState {
    fn new(task: &Task, graph: &TaskGraph) -> TaskState {
        let is_own = task.writes.len() == 1 && graph.artifacts()[task.writes[0].index()] == task.id;
        TaskState {
            key: task.key,
            first_write: task.writes[0],
            relative_size: task.size / graph.reference_size(),
            declares: !(is_own && task.reads.is_empty()),
            ..TaskState::default()
        }
    }
}
