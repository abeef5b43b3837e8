//! Start of a call of a learned policy: observe, select a recorded call, plan its effects for the tasks at hand.

use crate::engine::rng::Stream;
use crate::engine::{Purpose, Time, math, rng};
use crate::record::{Observer, StepKind, WaitCause};
use crate::simulation::faults::step_fault;
use crate::simulation::features::Feature;
use crate::simulation::learned::compiled_policy::{CallRow, PlannedCall, completes_truncated, sum};
use crate::simulation::learned::learned_state::LearnedState;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{InFlightStep, PlannedTask};
use crate::team::{AgentId, CallModel, Observation, RecordedCall};

/// First entity of [`Purpose::RandomEffect`] of what all who follow a recorded call have in common.
const CALL_ENTITY: u64 = 5 << 40;
/// The draws of a call, by number; those from 16 on belong to the selection.
const RESIDUAL: u64 = 0;
const TESTS: u64 = 1;
const OTHER_RESIDUAL: u64 = 2;

/// Time and tokens of a planned call.
struct PlannedCost {
    latency_s: f64,
    input: f64,
    output: f64,
}

impl Simulator<'_> {
    /// Starts a call; returns false if a lock is not free.
    pub(in crate::simulation) fn start_recorded_call<O: Observer>(&mut self, agent: AgentId, observer: &mut O) -> bool {
        let observation = self.observe(agent);
        let draws = self.agent_stream(Purpose::Choice, agent);
        let Some(row) = self.plan_call(agent, &observation, draws) else { return false };
        if self.features.uses(Feature::Locks) && !self.take_locks(agent) {
            return false;
        }
        self.read_contents(agent);
        let cost = self.cost_of_call(agent, &observation, row, draws);
        let flight = &mut self.agents[agent].flight;
        let acts = flight.tasks.iter().find(|planned| planned.effects.writes || planned.effects.completes);
        let mut step = InFlightStep {
            kind: if acts.is_some() { StepKind::Work } else { StepKind::Monitor },
            first: acts.copied().unwrap_or_default(),
            start: self.team.now,
            input_tokens: cost.input.round() as u32,
            output_tokens: cost.output.round() as u32,
            seen_accepted: self.faults.accepted.len() as u32,
            ..InFlightStep::default()
        };
        if acts.is_some() {
            step.ordinal = self.team.board.start(step.first.task).1;
        }
        let profile = &self.profiles[self.agents[agent].profile];
        step.cached_tokens = profile.cached(step.input_tokens);
        let mut latency_us = cost.latency_s * 1e6;
        if self.features.uses(Feature::StepFaults) {
            let faults = self.agent_stream(Purpose::Mishap, agent);
            let recovery = &mut self.agents[agent].flight.recovery;
            (step.fault, latency_us) = step_fault(&profile.step_faults, faults, latency_us, recovery);
        }
        step.latency = Time::from_us_f64(latency_us);
        step.call = step.latency;
        self.begin_step::<true, O>(agent, step, observer);
        true
    }

    /// Selects the recorded call that fits best, and plans its effects; returns its row.
    fn plan_call(&mut self, agent: AgentId, observation: &Observation, draws: Stream) -> Option<usize> {
        let has_assignment = self.features.uses(Feature::Assignment);
        let has_teammates = self.agents.len() > 1;
        let policy = self.profiles[self.agents[agent].profile].policy.as_ref()?;
        let LearnedState { agents, by_class, done, .. } = &mut self.learned;
        let memory = &mut agents[agent.index()];
        let row = policy.select(observation, (memory.trajectory, memory.last), has_assignment, draws);
        let recorded = &policy.rows[row].recorded_call;
        let files_a_reply = policy.call_models[policy.rows[row].call_model as usize].files_a_reply;
        memory.plan = PlannedCall::new(recorded, completes_truncated(recorded, observation, files_a_reply));
        if has_teammates && recorded.tests > 0 {
            // The agent decides on tests, but their length differs from member to member.
            let which = rng::unit(draws.nth(TESTS)) * policy.tests.len() as f64;
            let each = policy.tests.get(which as usize).copied().unwrap_or_default();
            memory.plan.tests = Time::from_secs(each * f64::from(recorded.tests));
        }
        if sum(&observation.tasks) == 0 && !recorded.is_idle() {
            // No recorded agent had nothing to do: a call like any that writes nothing.
            memory.plan.tests = Time::ZERO;
            (memory.plan.other_files, memory.plan.common_files) = (0, 0);
        }
        let tasks = &mut self.agents[agent].flight.tasks;
        tasks.clear();
        memory.plan.plan_tasks(recorded, by_class, done, tasks);
        for planned in tasks {
            planned.seen = self.team.board.version(planned.task);
        }
        Some(row)
    }

    /// Computes the time and the tokens of a planned call, and remembers it.
    fn cost_of_call(&mut self, agent: AgentId, observation: &Observation, row: usize, draws: Stream) -> PlannedCost {
        let has_teammates = self.agents.len() > 1;
        let entity = CALL_ENTITY + row as u64;
        let shared = self.keys.stream(Purpose::RandomEffect, entity).nth(0);
        let size = |planned: &PlannedTask| self.tasks[planned.task].relative_size;
        let writes = self.agents[agent].flight.tasks.iter().filter(|planned| planned.effects.writes);
        let files: f64 = writes.map(size).sum();
        let memory = &mut self.learned.agents[agent.index()];
        memory.last = Some(row as u32);
        let nothing = PlannedCost { latency_s: 0.0, input: 0.0, output: 0.0 };
        let Some(policy) = &self.profiles[self.agents[agent].profile].policy else { return nothing };
        let row: &CallRow = &policy.rows[row];
        let (recorded, call_model) = (&row.recorded_call, &policy.call_models[row.call_model as usize]);
        let is_completed = memory.plan.is_completed;
        let ratio = latency_ratio(recorded, call_model, files + f64::from(memory.plan.other_files), is_completed);
        let noise = policy.noise(row, draws.nth(RESIDUAL));
        let log_residual = match (is_completed, has_teammates && memory.is_copy) {
            (true, _) => noise,
            (false, false) => 0.0,
            (false, true) => policy.log_residual(row, draws.nth(OTHER_RESIDUAL), noise, shared) - recorded.log_residual,
        };
        let of_run = if has_teammates { memory.team_effect - row.run_effect } else { 0.0 };
        let run_effect = memory.run_effect(call_model) + of_run;
        let (expected_s, output) = if sum(&observation.tasks) == 0 && !recorded.is_idle() {
            (call_model.idle_s, call_model.idle_s * call_model.tokens_per_second)
        } else {
            (recorded.latency_s * ratio, recorded.output_tokens * ratio)
        };
        let input = memory.input_tokens(call_model);
        let tested = f64::from(recorded.tests) * call_model.test_tokens;
        memory.remember(call_model.board_tokens + output + tested, 2 + recorded.tests);
        let latency_s = expected_s * math::exp(log_residual + run_effect);
        // A recorded latency is possible.
        let latency_s = call_model.possible_s(latency_s).max(latency_s.min(recorded.latency_s));
        PlannedCost { latency_s, input, output }
    }

    /// The call of a learned policy has arrived, or its tests have ended. While tests of a member run, no reply is
    /// processed; returns false if this one has to wait.
    pub(in crate::simulation) fn passes_tests(&mut self, agent: AgentId) -> bool {
        let plan = &mut self.learned.agents[agent.index()].plan;
        if plan.taken_up.is_some() {
            return true;
        }
        let taken_up = self.learned.tests_until.max(self.team.now);
        let until = taken_up + plan.tests;
        plan.taken_up = Some(taken_up);
        self.learned.tests_until = until;
        if taken_up > self.team.now {
            let flight = &mut self.agents[agent].flight;
            flight.step.waited += taken_up - self.team.now;
            flight.waits.push((WaitCause::Queue(u32::MAX), self.team.now, taken_up));
        }
        if until > self.team.now {
            self.schedule(agent, until);
        }
        until <= self.team.now
    }
}

/// Ratio of the expected latency of a call on the planned files to that on the recorded files.
fn latency_ratio(recorded: &RecordedCall, call_model: &CallModel, files: f64, is_completed: bool) -> f64 {
    if is_completed {
        return call_model.typical_s(files) / recorded.latency_s.max(1e-3);
    }
    let distinct = (sum(&recorded.writes) + recorded.rewrites + recorded.other_files).max(1);
    let once = f64::from(recorded.files).max(1.0) / f64::from(distinct);
    call_model.typical_s(files * once.max(1.0)) / call_model.typical_s(f64::from(recorded.files))
}
