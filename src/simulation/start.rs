//! Start of a step: what it takes on, how long its call takes, how many tokens it moves.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::{Purpose, Sampler, Time};
use crate::record::{Observer, Start, StepKind, TaskEventKind};
use crate::simulation::compiled_profile::CallTime;
use crate::simulation::faults::step_fault;
use crate::simulation::features::Feature;
use crate::simulation::simulator::{STEP, Simulator};
use crate::simulation::state::step::{InFlightStep, PlannedTask, step_entity};
use crate::team::{AgentId, AssignmentRule, ClaimOutcome};
use crate::workload::TaskId;

/// The draws of a call's latency, by number.
const LATENCY: u64 = 0;
const TOOL: u64 = 1;
const CALL_EFFECT: u64 = 2;

/// Time of a call before reading and random effects, in microseconds.
#[derive(Clone, Copy)]
pub(super) struct CallDraw {
    /// The call.
    pub(super) call_us: f64,
    /// The agent's own tools after it.
    pub(super) tool_us: f64,
    /// Random bits of the call's own effect.
    pub(super) noise: u64,
}

impl Simulator<'_> {
    /// Starts a step on `first` and what goes with it; returns false if it is not admitted.
    #[inline(always)]
    pub(super) fn start_work<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        first: TaskId,
        observer: &mut O,
    ) -> bool {
        if GENERAL {
            self.gather_tasks(agent, first);
            if self.features.has::<GENERAL>(Feature::Locks) && !self.take_locks(agent) {
                return false;
            }
        }
        let (seen, ordinal) = if self.features.uses(Feature::ClaimsAtDecision) {
            self.claim_at_decision::<GENERAL, O>(agent, first, observer)
        } else {
            self.team.board.start(first)
        };
        if GENERAL {
            self.read_contents(agent);
        } else {
            self.note_taken();
        }
        let (draw, output_tokens) = self.work_latency::<GENERAL>(agent, first, ordinal);
        let task = &mut self.tasks[first];
        task.latency = self.keys.stream_nth(Purpose::Latency, task.key, u64::from(ordinal) + 1);
        let first = PlannedTask { task: first, seen, ..PlannedTask::default() };
        let step = InFlightStep { kind: StepKind::Work, first, ordinal, output_tokens, ..InFlightStep::default() };
        self.launch::<GENERAL, O>(agent, step, draw, observer);
        true
    }

    /// Starts handing out tasks; returns false if there is nothing to hand out.
    pub(super) fn start_assigning<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        rule: AssignmentRule,
        observer: &mut O,
    ) -> bool {
        let mut assigner = std::mem::take(&mut self.assigner);
        let assignments = assigner.assign(rule, &self.view(agent));
        let planned = &mut self.agents[agent].flight.assignments;
        planned.clear();
        planned.extend_from_slice(assignments);
        let any = !assignments.is_empty();
        self.assigner = assigner;
        any && self.start_call::<GENERAL, O>(agent, StepKind::Assign, observer)
    }

    /// Starts a call that works on no task.
    pub(super) fn start_call<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        kind: StepKind,
        observer: &mut O,
    ) -> bool {
        self.agents[agent].flight.tasks.clear();
        let profile = &self.profiles[self.agents[agent].profile];
        let draws = self.agent_stream(Purpose::Idle, agent);
        let messages = if kind == StepKind::Assign { self.assignment_tokens(agent) } else { 0 };
        let output_tokens = profile.tokens.overhead.saturating_add(messages);
        let call_us = match &profile.latency {
            CallTime::PerTask { idle, .. } => idle.at(draws.nth(LATENCY)),
            CallTime::Tokens { ttft_us, us_per_token } => ttft_us + f64::from(output_tokens) * us_per_token,
            CallTime::Recorded { .. } => 0.0,
        };
        let draw = CallDraw { call_us, tool_us: 0.0, noise: draws.nth(CALL_EFFECT) };
        self.launch::<GENERAL, O>(
            agent,
            InFlightStep { kind, output_tokens, ..InFlightStep::default() },
            draw,
            observer,
        );
        true
    }

    /// Draws the time of a working call and of the tools after it, and counts the tokens that it writes.
    ///
    /// Difficulty belongs to the task: all attempts on it share one draw. The noise of a call is keyed by the start. With
    /// `per: attempt` every start draws anew.
    #[inline(always)]
    fn work_latency<const GENERAL: bool>(&self, agent: AgentId, first: TaskId, ordinal: u32) -> (CallDraw, u32) {
        let profile = if GENERAL { &self.profiles[self.agents[agent].profile] } else { &self.profiles[0] };
        let task = &self.tasks[first];
        let draws = if profile.is_drawn_per_attempt { task.latency } else { task.difficulty };
        let mut output = profile.task_tokens[first];
        if self.features.has::<GENERAL>(Feature::Batches) {
            output = self.with_further_tokens(agent, output);
        }
        if self.features.has::<GENERAL>(Feature::Messages) {
            output = output.saturating_add(self.report_tokens(agent));
        }
        let call_us = match &profile.latency {
            CallTime::PerTask { task: time, .. } => {
                let alone = time.at(draws.nth(LATENCY)) * task.relative_size;
                if self.features.has::<GENERAL>(Feature::Batches) {
                    self.with_further_times(agent, time, alone, profile.is_drawn_per_attempt)
                } else {
                    alone
                }
            }
            CallTime::Tokens { ttft_us, us_per_token } => ttft_us + f64::from(output) * us_per_token,
            CallTime::Recorded { task_us } => self.recorded_time(agent, first, task_us),
        };
        let tool_us = profile.tool.as_ref().map_or(0.0, |tool| tool.at(draws.nth(TOOL)));
        let noise = if self.features.uses(Feature::RandomEffects) { self.call_noise(first, ordinal) } else { 0 };
        (CallDraw { call_us, tool_us, noise }, output)
    }

    fn call_noise(&self, task: TaskId, ordinal: u32) -> u64 {
        self.keys.stream_nth(Purpose::Latency, self.tasks[task].key, u64::from(ordinal)).nth(CALL_EFFECT)
    }

    /// Tokens of all tasks of a call, given those of its first: the call's overhead is written once.
    fn with_further_tokens(&self, agent: AgentId, first: u32) -> u32 {
        let state = &self.agents[agent];
        let profile = &self.profiles[state.profile];
        let more = state.flight.tasks.get(1..).unwrap_or_default().iter();
        more.fold(first, |sum, planned| sum.saturating_add(profile.task_tokens[planned.task] - profile.tokens.overhead))
    }

    /// Time of all tasks of a call, given that of its first.
    fn with_further_times(&self, agent: AgentId, time: &Sampler, first: f64, per_attempt: bool) -> f64 {
        let more = self.agents[agent].flight.tasks.get(1..).unwrap_or_default().iter();
        more.fold(first, |sum, planned| {
            let task = &self.tasks[planned.task];
            let ordinal = if per_attempt { u64::from(task.attempts) } else { 0 };
            let draws = self.keys.stream_nth(Purpose::Latency, task.key, ordinal);
            sum + time.at(draws.nth(LATENCY)) * task.relative_size
        })
    }

    /// Recorded time of all tasks of a call.
    #[cold]
    fn recorded_time(&self, agent: AgentId, first: TaskId, task_us: &[f64]) -> f64 {
        let more = self.agents[agent].flight.tasks.get(1..).unwrap_or_default().iter();
        more.fold(task_us[first.index()], |sum, planned| sum + task_us[planned.task.index()])
    }

    /// Settles the time, the tokens and the fault of a step, and schedules its arrival.
    #[inline(always)]
    pub(super) fn launch<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        mut step: InFlightStep,
        draw: CallDraw,
        observer: &mut O,
    ) {
        step.start = self.team.now;
        let mut call_us = draw.call_us;
        if GENERAL {
            step.seen_accepted = self.faults.accepted.len() as u32;
            call_us += self.read_input(agent, &mut step);
        } else {
            step.input_tokens = self.profiles[0].fixed_input;
            step.cached_tokens = self.profiles[0].cached(step.input_tokens);
        }
        if self.features.uses(Feature::RandomEffects) {
            call_us *= self.effect(agent, draw.noise);
        }
        let mut latency_us = call_us + draw.tool_us;
        if self.features.has::<GENERAL>(Feature::StepFaults) {
            let draws = self.agent_stream(Purpose::Mishap, agent);
            let state = &mut self.agents[agent];
            let faults = &self.profiles[state.profile].step_faults;
            (step.fault, latency_us) = step_fault(faults, draws, latency_us, &mut state.flight.recovery);
        }
        step.latency = Time::from_us_f64(latency_us);
        if GENERAL {
            step.call = Time::from_us_f64(call_us).min(step.latency);
        }
        self.begin_step::<GENERAL, O>(agent, step, observer);
    }

    /// Books a step as begun and schedules its arrival.
    #[inline(always)]
    pub(super) fn begin_step<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        step: InFlightStep,
        observer: &mut O,
    ) {
        self.end_wait::<GENERAL, O>(agent, observer);
        let state = &mut self.agents[agent];
        state.steps += 1;
        state.choice = self.keys.stream(Purpose::Choice, step_entity(agent, state.steps));
        state.is_busy = true;
        if GENERAL {
            state.flight.step = step;
        } else {
            state.flight.step.begin_plain(&step);
        }
        let tie = state.choice.tag();
        let task = (step.kind == StepKind::Work).then_some(step.first.task);
        observer.start(&Start { agent, kind: step.kind, task, at: self.team.now });
        let arrival = if GENERAL { self.call_arrival(agent) } else { self.team.now + step.latency };
        self.queue.push_tied(arrival, STEP, tie, agent.get());
    }

    /// Claims at the decision, on an atomic board; returns what [`crate::team::Board::start`] does.
    #[inline(always)]
    fn claim_at_decision<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        first: TaskId,
        observer: &mut O,
    ) -> (u32, u32) {
        let (started, outcome) = self.team.board.start_claiming(first, agent);
        if outcome == ClaimOutcome::Granted {
            self.emit(first, agent, TaskEventKind::Claimed, observer);
        }
        if self.features.has::<GENERAL>(Feature::Batches) {
            for index in 1..self.agents[agent].flight.tasks.len() {
                let PlannedTask { task, seen, .. } = self.agents[agent].flight.tasks[index];
                // A task that the agent runs ahead to is not granted yet; that surfaces at the commit.
                if self.team.board.claim(task, agent, seen, true) == ClaimOutcome::Granted {
                    self.emit(task, agent, TaskEventKind::Claimed, observer);
                }
            }
        }
        started
    }
}
