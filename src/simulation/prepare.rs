//! A scenario made ready to run, and the simulator made ready for its next run: everything looked up once that the loop
//! would look up again and again.

use crate::architecture::assignment::Assigner;
use crate::engine::inline_vec::INLINE_LEN;
use crate::engine::rng::{Bernoulli, KeySource};
use crate::engine::{BitMatrix, EventQueue, IdSet, InlineVec, Keys, Purpose, Sampler, Samplers, Stream, Time, key_of};
use crate::simulation::compiled_profile::{Mind, Minds};
use crate::simulation::learned_state::Habits;
use crate::simulation::simulator::{Member, RELEASE, Shared, Simulator, TaskState, Uses, step_of};
use crate::simulation::wait_sets::Wakes;
use crate::simulation::{DependencyCheck, Scenario};
use crate::team::{
    Agent, AgentId, Board, Claims, Consistency, Mail, Reports, Resource, SharedState, Station, View, Workspace,
    common_files,
};
use crate::workload::{Task, TaskGraph, TaskId};

impl Uses {
    /// Features of the scenario's parts; those that depend on the protocol are left off.
    fn new(scenario: &Scenario, team: &[Agent], minds: &Minds, nodes: &InlineVec<TaskId, TaskState>) -> Uses {
        let (graph, check) = (&*scenario.graph, scenario.dependency_check);
        let any = |has: fn(&Mind) -> bool| minds.iter().any(has);
        let recorded_calls = any(|mind| mind.repertoire.is_some());
        Uses {
            anything_rare: minds.len() > 1
                || recorded_calls
                || [team.len(), graph.len(), graph.artifacts().len()].iter().any(|&many| many > INLINE_LEN)
                || any(|mind| mind.takes_batches() || mind.mishaps.any)
                || any(|mind| !mind.task_input.is_empty())
                || any(|mind| mind.faults.premature.is_possible() || mind.faults.orphan.is_possible())
                || !scenario.resources.is_empty()
                || graph.tasks().iter().any(|task| task.release > Time::ZERO)
                || nodes.iter().any(|node| !node.plain_write)
                || matches!(scenario.consistency, Consistency::Lock(_))
                || check != DependencyCheck::Claim,
            batches: any(Mind::takes_batches),
            locks: matches!(scenario.consistency, Consistency::Lock(_)),
            optimistic: scenario.consistency == Consistency::Optimistic,
            clashes: any(|mind| mind.faults.peaceful < 1.0),
            effects: any(|mind| mind.effects.any),
            recorded_calls,
            checks_claims: check == DependencyCheck::Claim,
            checks_completions: check == DependencyCheck::Complete,
            ..Uses::default()
        }
    }
}

impl<'s> Simulator<'s> {
    /// Makes a scenario ready to run.
    pub fn new(scenario: &'s Scenario) -> Simulator<'s> {
        Simulator::with_samplers(scenario, &Samplers::default())
    }

    /// The same, with samplers that other scenarios may have made already.
    pub fn with_samplers(scenario: &'s Scenario, samplers: &Samplers) -> Simulator<'s> {
        let graph = &*scenario.graph;
        let terms = scenario.architecture.terms();
        let present = if terms.alone { 1 } else { scenario.team.len() };
        let team = &scenario.team[..present];
        let lead = (terms.has_lead && team.len() > 1).then_some(AgentId::new(0));
        let hands_out = lead.is_some() || terms.dealt.is_some();
        let (minds, agents) = minds_of(team, graph, hands_out, samplers);
        let check = scenario.dependency_check;
        let late = |(id, task): (usize, &Task)| (task.release > Time::ZERO).then_some((TaskId::at(id), task.release));
        let optimistic = scenario.consistency == Consistency::Optimistic;
        let plain_writes = !optimistic && !minds.iter().any(|mind| mind.faults.peaceful < 1.0);
        let nodes: InlineVec<TaskId, TaskState> =
            graph.tasks().iter().map(|task| TaskState::new(task, graph, plain_writes)).collect();
        let releases: Vec<(TaskId, Time)> = graph.tasks().iter().enumerate().filter_map(late).collect();
        let uses = Uses {
            mail: lead.is_some() || terms.reports == Reports::Team,
            claims_at_once: terms.claims == Claims::AtDecision,
            hands_out,
            ..Uses::new(scenario, team, &minds, &nodes)
        };
        let mut simulator = Simulator {
            scenario,
            terms,
            stations: scenario.resources.iter().map(|resource| Shared::new(resource, samplers)).collect(),
            uses,
            releases,
            nodes,
            keys: Keys::default(),
            key_source: KeySource::new(scenario.seed),
            team: SharedState {
                now: Time::ZERO,
                lead,
                graph: scenario.graph.clone(),
                board: Board::new(graph, team.len(), check != DependencyCheck::None),
                mail: Mail::new(team.len()),
                able: skills_of(team, graph),
            },
            round: 0,
            queue: EventQueue::new(),
            timers: EventQueue::new(),
            workspace: Workspace::new(graph.artifacts().len() + common_files(team)),
            wakes: Wakes::new(team.len()),
            landed: Vec::with_capacity(2 * graph.len()),
            hollow: 0,
            dealer: Assigner::default(),
            in_batch: IdSet::empty(graph.len()),
            calls: 0,
            tokens: 0,
            round_effects: vec![1.0; minds.len()],
            recorded_calls: if uses.recorded_calls { Habits::new(team.len(), graph.len()) } else { Habits::default() },
            agents,
            minds,
        };
        simulator.deal_before_start();
        simulator
    }

    fn deal_before_start(&mut self) {
        let Some(rule) = self.terms.dealt else { return };
        let mut team = self.team.clone();
        team.board = team.board.all_visible();
        let view = View { me: AgentId::new(0), team: &team };
        let mut dealer = Assigner::default();
        let deals = dealer.deal(rule, &view).to_vec();
        self.team.board.deal_before_start(&deals);
    }

    /// Back to the start, with the draws of `replication`.
    pub(super) fn begin(&mut self, replication: u64) {
        self.keys = self.key_source.keys(replication);
        self.team.now = Time::ZERO;
        self.round = 0;
        self.queue.clear();
        self.timers.clear();
        self.team.board.clear();
        self.workspace.clear();
        self.team.mail.clear();
        for node in self.nodes.iter_mut() {
            node.latency = self.keys.stream_nth(Purpose::Latency, node.key, 0);
            node.attempt = self.keys.stream_nth(Purpose::Fault, node.key, 1);
            node.is_hollow = false;
        }
        self.landed.clear();
        self.hollow = 0;
        self.calls = 0;
        self.tokens = 0;
        self.wakes.begin();
        for shared in &mut self.stations {
            shared.station.clear();
        }
        for (id, member) in AgentId::all(self.agents.len()).zip(self.agents.iter_mut()) {
            member.steps = 0;
            member.choice = self.keys.stream(Purpose::Choice, step_of(id, 0));
            member.history = 0;
            member.is_busy = false;
            member.is_down = false;
        }
        if self.uses.effects {
            self.draw_temperaments();
        }
        if self.uses.recorded_calls {
            self.begin_learned_policies();
        }
        for &(task, at) in &self.releases {
            self.timers.push(at, RELEASE, task.get());
        }
    }

    /// The latency factors that agents keep for the run.
    fn draw_temperaments(&mut self) {
        for (id, member) in self.agents.iter_mut().enumerate() {
            let effects = &self.minds[member.mind].effects;
            let factor = |effect: &Option<Sampler>, entity: u64| {
                let bits = self.keys.stream(Purpose::RandomEffect, entity).nth(0);
                effect.as_ref().map_or(1.0, |sampler| sampler.at(bits))
            };
            member.effect = factor(&effects.run, RUN_ENTITY) * factor(&effects.agent, AGENT_ENTITY + id as u64);
        }
    }
}

const RUN_ENTITY: u64 = 0;
const AGENT_ENTITY: u64 = 1 << 40;

/// One mind for each different profile, and each agent with its own.
fn minds_of(
    team: &[Agent],
    graph: &TaskGraph,
    hands_out: bool,
    samplers: &Samplers,
) -> (Minds, InlineVec<AgentId, Member>) {
    let mut minds = Minds::new(Mind::new(&team[0].profile, graph, hands_out, team.len(), samplers));
    let mut members: Vec<Member> = Vec::with_capacity(team.len());
    for (place, agent) in team.iter().enumerate() {
        let same = team[..place].iter().position(|other| other.profile == agent.profile);
        let mind = match same {
            Some(other) => members[other].mind,
            None if place == 0 => 0,
            None => minds.push(Mind::new(&agent.profile, graph, hands_out, team.len(), samplers)),
        };
        members.push(Member { mind, effect: 1.0, ..Member::default() });
    }
    (minds, members.into_iter().collect())
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
    fn new(task: &Task, graph: &TaskGraph, plain_writes: bool) -> TaskState {
        let is_own = task.writes.len() == 1 && graph.artifacts()[task.writes[0].index()] == task.id;
        TaskState {
            key: task.key,
            first_write: task.writes[0],
            plain_write: plain_writes && task.writes.len() == 1,
            declares: !(is_own && task.reads.is_empty()),
            latency: Stream::default(),
            attempt: Stream::default(),
            spent: Time::ZERO,
            is_hollow: false,
        }
    }
}

impl Shared {
    fn new(resource: &Resource, samplers: &Samplers) -> Shared {
        Shared {
            station: Station::new(resource.capacity),
            service: resource.service.as_ref().map(|dist| samplers.get(&dist.scaled(1e6))),
            blocks: resource.blocks,
            share: Bernoulli::new(resource.share),
            key: key_of(&resource.name),
        }
    }
}
