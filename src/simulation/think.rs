//! From decision to arrival: what a step takes on, how long it thinks, how many tokens it moves.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::{Purpose, Sampler, Time};
use crate::record::{Observer, Start, StepKind, TaskEventKind};
use crate::simulation::compiled_profile::{Batch, Pace};
use crate::simulation::faults::mishap;
use crate::simulation::simulator::{STEP, Simulator, Underway, step_of};
use crate::team::{AgentId, AssignmentRule, Blocks, ClaimOutcome, Status};
use crate::workload::TaskId;

/// The draws of an agent's step, by number, after those of what goes wrong with it.
const BATCH_SIZE: u64 = 5;
const AHEAD: u64 = 6;

/// The draws of a call's latency, by number.
const LATENCY: u64 = 0;
const TOOL: u64 = 1;
const CALL_EFFECT: u64 = 2;

impl Simulator<'_> {
    /// Starts a step on `first` and what goes with it; says no if a lock is held.
    #[inline(always)]
    pub(super) fn start_work<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        first: TaskId,
        observer: &mut O,
    ) -> bool {
        if RARE && self.uses.batches {
            self.gather_batch(agent, first);
        }
        if RARE && self.uses.locks && !self.lock_all(agent, first) {
            return false;
        }
        let (seen, ordinal) = if self.uses.claims_at_once {
            self.claim_at_once::<RARE, O>(agent, first, observer)
        } else {
            self.team.board.start(first)
        };
        let (latency, output_tokens) = self.work_latency::<RARE>(agent, first);
        let node = &mut self.nodes[first];
        node.latency = self.keys.stream_nth(Purpose::Latency, node.key, u64::from(ordinal) + 1);
        let step = Underway { kind: StepKind::Work, task: first, seen, ordinal, output_tokens, ..Underway::default() };
        self.launch::<RARE, O>(agent, step, latency, observer);
        true
    }

    /// Starts handing out tasks; says no if there is nothing to hand out.
    pub(super) fn start_assigning<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        deal: AssignmentRule,
        observer: &mut O,
    ) -> bool {
        let mut dealer = std::mem::take(&mut self.dealer);
        let deals = dealer.deal(deal, &self.view(agent));
        let planned = &mut self.agents[agent].deals;
        planned.clear();
        planned.extend_from_slice(deals);
        let any = !deals.is_empty();
        self.dealer = dealer;
        any && self.start_call::<RARE, O>(agent, StepKind::Assign, observer)
    }

    /// Starts a call that works on no task.
    pub(super) fn start_call<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        kind: StepKind,
        observer: &mut O,
    ) -> bool {
        let member = &mut self.agents[agent];
        member.batch.clear();
        let mind = &self.minds[member.mind];
        let draws = self.agent_stream(Purpose::Idle, agent);
        let mut latency = match &mind.latency {
            Pace::PerTask { idle, .. } => idle.at(draws.nth(LATENCY)),
            Pace::Tokens { ttft_us, us_per_token } => ttft_us + f64::from(mind.tokens.overhead) * us_per_token,
            Pace::Recorded { .. } => 0.0,
        };
        if mind.effects.any {
            latency *= self.effect(agent, draws.nth(CALL_EFFECT));
        }
        let step = Underway { kind, output_tokens: mind.tokens.overhead, ..Underway::default() };
        self.launch::<RARE, O>(agent, step, latency, observer);
        true
    }

    /// Microseconds of the call and of the tools after it, and the tokens that it writes.
    #[inline(always)]
    fn work_latency<const RARE: bool>(&self, agent: AgentId, first: TaskId) -> (f64, u32) {
        let mind = if RARE { &self.minds[self.agents[agent].mind] } else { &self.minds[0] };
        let draws = self.nodes[first].latency;
        let mut output = mind.task_tokens[first];
        if RARE && self.uses.batches {
            output = self.with_further_tokens(agent, output);
        }
        let mut latency = match &mind.latency {
            Pace::PerTask { task, .. } => {
                let alone = task.at(draws.nth(LATENCY));
                if RARE && self.uses.batches { self.with_further_times(agent, task, alone) } else { alone }
            }
            Pace::Tokens { ttft_us, us_per_token } => ttft_us + f64::from(output) * us_per_token,
            Pace::Recorded { task_us } => self.recorded_time(agent, first, task_us),
        };
        if mind.effects.any {
            latency *= self.effect(agent, draws.nth(CALL_EFFECT));
        }
        if let Some(tool) = &mind.tool {
            latency += tool.at(draws.nth(TOOL));
        }
        (latency, output)
    }

    /// The tokens of all tasks of a call, given those of its first: the call's overhead is written once.
    fn with_further_tokens(&self, agent: AgentId, first: u32) -> u32 {
        let member = &self.agents[agent];
        let mind = &self.minds[member.mind];
        let more = member.batch.get(1..).unwrap_or_default().iter();
        more.fold(first, |sum, &(task, _)| sum.saturating_add(mind.task_tokens[task] - mind.tokens.overhead))
    }

    /// The time of all tasks of a call, given that of its first. Each takes the noise that belongs to this attempt on it.
    fn with_further_times(&self, agent: AgentId, time: &Sampler, first: f64) -> f64 {
        let more = self.agents[agent].batch.get(1..).unwrap_or_default().iter();
        more.fold(first, |sum, &(task, seen)| {
            let key = self.nodes[task].key;
            sum + time.at(self.keys.stream_nth(Purpose::Latency, key, u64::from(seen)).nth(LATENCY))
        })
    }

    /// The recorded time of all tasks of a call.
    #[cold]
    fn recorded_time(&self, agent: AgentId, first: TaskId, task_us: &[f64]) -> f64 {
        let more = self.agents[agent].batch.get(1..).unwrap_or_default().iter();
        more.fold(task_us[first.index()], |sum, &(task, _)| sum + task_us[task.index()])
    }

    /// The factor by which variation between runs, agents, rounds and calls changes a latency.
    fn effect(&self, agent: AgentId, call: u64) -> f64 {
        let member = &self.agents[agent];
        let own = self.minds[member.mind].effects.call.as_ref().map_or(1.0, |sampler| sampler.at(call));
        member.effect * self.round_effect(member.mind) * own
    }

    /// Settles what becomes of the step, counts its tokens, and schedules its arrival.
    #[inline(always)]
    fn launch<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        mut step: Underway,
        mut latency: f64,
        observer: &mut O,
    ) {
        let member = &mut self.agents[agent];
        let mind = if RARE { &self.minds[member.mind] } else { &self.minds[0] };
        if RARE && mind.mishaps.any {
            let draws = self.keys.stream(Purpose::Mishap, step_of(agent, member.steps));
            (step.fate, latency) = mishap(&mind.mishaps, draws, latency, &mut member.away);
        }
        let per_message = mind.tokens.per_message;
        let inbox = if self.uses.mail { self.team.mail.read(agent).saturating_mul(per_message) } else { 0 };
        step.input_tokens = mind.fixed_input.saturating_add(inbox).saturating_add(member.history);
        if RARE && step.kind == StepKind::Work && !mind.task_input.is_empty() {
            step.input_tokens =
                step.input_tokens.saturating_add(recorded_input(&mind.task_input, &member.batch, step.task));
        }
        step.cached_tokens = ((u64::from(step.input_tokens) * mind.cached_65536) >> 16) as u32;
        step.start = self.team.now;
        step.latency = Time::from_us_f64(latency);
        step.seen_workspace = self.workspace.version();
        if RARE {
            step.seen_landed = self.landed.len() as u32;
        }
        member.history = member.history.saturating_add(step.output_tokens).min(mind.tokens.history_limit);
        member.steps += 1;
        member.choice = self.keys.stream(Purpose::Choice, step_of(agent, member.steps));
        member.is_busy = true;
        member.step = step;
        self.tokens += u64::from(step.input_tokens) + u64::from(step.output_tokens);
        self.calls += 1;
        let task = (step.kind == StepKind::Work).then_some(step.task);
        observer.start(&Start { agent, kind: step.kind, task, at: self.team.now });
        let begin = if RARE { self.wait_for_call(agent, step.latency) } else { self.team.now };
        self.queue.push(begin + step.latency, STEP, agent.get());
    }

    /// A call that needs a place at a resource of its own kind (a rate limit) waits for one; returns when it begins.
    pub(super) fn wait_for_call(&mut self, agent: AgentId, latency: Time) -> Time {
        let mut begin = self.team.now;
        for shared in self.stations.iter_mut().filter(|shared| shared.service.is_none()) {
            begin = shared.station.serve(begin, latency);
        }
        self.agents[agent].step.waited += begin - self.team.now;
        begin
    }

    /// A step has got to its next stage: the next shared resource, or the commit.
    #[inline(always)]
    pub(super) fn advance<const RARE: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        if RARE && self.has_learned_policy(agent) {
            // Habits come with the tests that were run; the scenario's own are for the others.
            if !self.is_through(agent) {
                return;
            }
        } else if RARE && !self.stations.is_empty() && !self.pass_stations(agent) {
            return;
        }
        self.commit::<RARE, O>(agent, observer);
    }

    /// Passes the resources that are left; says no if the step has to wait at one.
    #[cold]
    fn pass_stations(&mut self, agent: AgentId) -> bool {
        while (self.agents[agent].step.stage as usize) < self.stations.len() {
            if let Some(until) = self.pass_station(agent) {
                self.queue.push(until, STEP, agent.get());
                return false;
            }
        }
        true
    }

    /// Passes the next resource; gives the time when the step goes on, if that is later than now.
    fn pass_station(&mut self, agent: AgentId) -> Option<Time> {
        let step = &mut self.agents[agent].step;
        let stage = step.stage;
        let shared = &mut self.stations[stage as usize];
        step.stage += 1;
        let sampler = shared.service.as_ref()?;
        let draws = {
            let key = self.nodes[step.task].key ^ shared.key.rotate_left(stage);
            self.keys.stream_nth(Purpose::Service, key, u64::from(step.ordinal))
        };
        let uses = step.kind == StepKind::Work && shared.share.happens(draws.nth(1));
        if !uses && shared.blocks == Blocks::User {
            return None;
        }
        // While it blocks everyone, a reply that does not use it waits for it all the same.
        let service = if uses { Time::from_us_f64(sampler.at(draws.nth(0))) } else { Time::ZERO };
        let begin = shared.station.serve(self.team.now, service);
        step.waited += begin - self.team.now;
        let until = begin + service;
        (until > self.team.now).then_some(until)
    }

    /// Takes on further tasks: as many as the agent's batching says, its own after its own, unowned after unowned.
    #[cold]
    fn gather_batch(&mut self, agent: AgentId, first: TaskId) {
        let member = &self.agents[agent];
        let mind = &self.minds[member.mind];
        let draws = self.agent_stream(Purpose::Mishap, agent);
        let owns = self.team.board.is_owned(first, agent);
        let most = match if owns { &mind.batch } else { &mind.batch_unowned } {
            Batch::One => 1,
            Batch::Fixed(tasks) => *tasks,
            Batch::Drawn(sampler) => sampler.at(draws.nth(BATCH_SIZE)).round() as u32,
        };
        if most <= 1 {
            self.agents[agent].batch.clear();
            return;
        }
        let ahead = owns || mind.ahead.happens(draws.nth(AHEAD));
        let mut batch = std::mem::take(&mut self.agents[agent].batch);
        batch.clear();
        let mut in_batch = std::mem::take(&mut self.in_batch);
        in_batch.clear();
        in_batch.insert(first);
        batch.push((first, self.team.board.version(first)));
        for &task in self.scenario.graph.topological() {
            if batch.len() as u32 >= most {
                break;
            }
            let open = if owns {
                self.team.board.is_owned(task, agent)
            } else {
                self.team.board.status(task) == Status::Pending && self.team.able.contains(agent, task)
            };
            if task == first || !open || !self.team.board.is_visible(task) {
                continue;
            }
            // Its own chain is worked through in one go; of the pool, only what is ready unless the agent looks ahead.
            let depends_on = &self.scenario.graph[task].depends_on;
            let follows =
                || depends_on.iter().all(|&on| self.team.board.status(on) == Status::Done || in_batch.contains(on));
            if self.team.board.is_startable(task) || ahead && follows() {
                in_batch.insert(task);
                batch.push((task, self.team.board.version(task)));
            }
        }
        if batch.len() == 1 {
            batch.clear();
        }
        self.in_batch = in_batch;
        self.agents[agent].batch = batch;
    }

    /// Takes the locks of all that the step will write, or says no.
    #[cold]
    fn lock_all(&mut self, agent: AgentId, first: TaskId) -> bool {
        let graph = &self.scenario.graph;
        let batch = &self.agents[agent].batch;
        if batch.is_empty() {
            return self.workspace.lock(&graph[first].writes, agent);
        }
        for (taken, &(task, _)) in batch.iter().enumerate() {
            if !self.workspace.lock(&graph[task].writes, agent) {
                for &(task, _) in &batch[..taken] {
                    self.workspace.unlock(&graph[task].writes, agent);
                }
                return false;
            }
        }
        true
    }

    /// An atomic board grants claims when they are made; returns what [`crate::team::Board::start`] does.
    #[inline(always)]
    fn claim_at_once<const RARE: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        first: TaskId,
        observer: &mut O,
    ) -> (u32, u32) {
        if RARE && self.uses.batches {
            let started = self.team.board.start(first);
            self.claim_batch(agent, first, observer);
            return started;
        }
        let (started, outcome) = self.team.board.start_claiming(first, agent);
        if outcome == ClaimOutcome::Granted {
            self.tell(first, agent, TaskEventKind::Claimed, observer);
        }
        started
    }

    #[cold]
    fn claim_batch<O: Observer>(&mut self, agent: AgentId, first: TaskId, observer: &mut O) {
        let mut task = first;
        for place in 0..self.agents[agent].batch.len().max(1) {
            if let Some(&(further, _)) = self.agents[agent].batch.get(place) {
                task = further;
            }
            // A task that the agent runs ahead to is not granted yet; that comes out when the step lands.
            if self.team.board.claim(task, agent, self.team.board.version(task), true) == ClaimOutcome::Granted {
                self.tell(task, agent, TaskEventKind::Claimed, observer);
            }
        }
    }
}

/// The recorded input tokens of all tasks of a call.
#[cold]
fn recorded_input(task_input: &[u32], batch: &[(TaskId, u32)], first: TaskId) -> u32 {
    let more = batch.get(1..).unwrap_or_default().iter();
    more.fold(task_input[first.index()], |sum, &(task, _)| sum.saturating_add(task_input[task.index()]))
}
