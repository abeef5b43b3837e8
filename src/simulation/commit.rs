//! Commit: the reply of a step arrives, and what changed since its decision surfaces.
//!
//! Effects are committed in this order: writes, claims, completions, assignments, messages. An attempt is accepted or
//! rejected. Only an accepted attempt changes versions, artifacts and the board; a rejected one costs its time and tokens.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::Time;
use crate::record::{InputParts, Observer, Step, StepKind, TaskEventKind, TimeSplit, Write};
use crate::simulation::features::{Feature, bounded_id};
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{AttemptOutcome, Conflict, InFlightStep, PlannedTask, StepFault};
use crate::team::{AgentId, ClaimOutcome, Status};
use crate::workload::TaskId;

impl Simulator<'_> {
    /// The reply of the agent's step arrives.
    #[inline(always)]
    pub(super) fn commit<const GENERAL: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let state = &mut self.agents[agent];
        (state.is_busy, state.free_since) = (false, self.team.now);
        self.commit_flight::<GENERAL, O>(agent, observer);
        if self.features.has::<GENERAL>(Feature::Locks) {
            self.serve_lock_queue();
        }
        let state = &mut self.agents[agent];
        state.replied_in = self.round;
        if GENERAL && state.is_down {
            self.note_wait(agent, observer);
        } else {
            self.wait_sets.free(agent);
        }
        self.wait_sets.change_signalled = true;
    }

    /// Commits the step in flight of an agent.
    #[inline(always)]
    pub(super) fn commit_flight<const GENERAL: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let mut step = self.agents[agent].flight.step;
        step.first.task = bounded_id::<GENERAL, _>(step.first.task);
        let is_work = step.kind == StepKind::Work;
        if !is_work || GENERAL && (step.fault != StepFault::None || self.has_learned_policy(agent)) {
            self.commit_other(agent, observer);
        } else {
            let busy = self.busy::<GENERAL>(&step);
            let spent = self.commit_work::<GENERAL, O>(agent, &step, busy, observer);
            self.end_step::<GENERAL, O>(agent, &step, spent, observer);
        }
    }

    /// Time of the agent in a step that has ended: without queues, locks and service.
    #[inline(always)]
    pub(super) fn busy<const GENERAL: bool>(&self, step: &InFlightStep) -> Time {
        if GENERAL {
            step.left.unwrap_or(self.team.now) - step.start - step.waited - step.service
        } else {
            self.team.now - step.start
        }
    }

    /// Commits a step that is not an ordinary reply on tasks.
    #[inline(never)]
    fn commit_other<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let mut step = self.agents[agent].flight.step;
        let busy = self.busy::<true>(&step);
        let spent = match (step.kind, step.fault) {
            (_, StepFault::Crash) => self.crash(agent, &step, busy),
            _ if self.has_learned_policy(agent) => self.commit_recorded_call(agent, &mut step, busy, observer),
            (StepKind::Work, _) => self.give_up(agent, busy),
            (StepKind::Assign, StepFault::None) => self.commit_assignments(agent, busy, observer),
            _ => TimeSplit { coordination: busy, ..TimeSplit::default() },
        };
        self.end_step::<true, O>(agent, &step, spent, observer);
    }

    /// Commits an ordinary reply on tasks: a single task is a batch of one.
    #[inline(always)]
    fn commit_work<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        step: &InFlightStep,
        busy: Time,
        observer: &mut O,
    ) -> TimeSplit {
        if !GENERAL {
            let single = PlannedTask { task: step.first.task, seen: step.first.seen, ..PlannedTask::default() };
            return self.commit_tasks::<GENERAL, O>(agent, step, &mut [single], busy, observer).0;
        }
        let mut tasks = std::mem::take(&mut self.agents[agent].flight.tasks);
        let (spent, _) = self.commit_tasks::<GENERAL, O>(agent, step, &mut tasks, busy, observer);
        self.agents[agent].flight.tasks = tasks;
        self.finish_locks(agent);
        spent
    }

    /// Commits the planned effects on tasks: all writes, then all claims, then all completions. Returns the division of
    /// the time, and the number of tasks that were completed.
    #[inline(always)]
    pub(super) fn commit_tasks<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        step: &InFlightStep,
        tasks: &mut [PlannedTask],
        busy: Time,
        observer: &mut O,
    ) -> (TimeSplit, u32) {
        for planned in tasks.iter_mut() {
            if !GENERAL || planned.effects.writes || planned.effects.completes {
                self.write::<GENERAL, O>(agent, planned, step, observer);
            }
        }
        for planned in tasks.iter_mut() {
            if !GENERAL || planned.effects.claims {
                let outcome = self.claim::<GENERAL, O>(planned.task, agent, planned.seen, observer);
                planned.effects.completes &= outcome == ClaimOutcome::Granted;
            }
        }
        if GENERAL {
            self.contents.begin_commit();
        }
        let mut spent = TimeSplit::default();
        let mut left = busy;
        let mut completed = 0;
        let size = if GENERAL { self.total_size(tasks) } else { 0.0 };
        for (index, planned) in tasks.iter().enumerate() {
            // The last task takes what rounding has left, so that the parts make up the whole.
            let is_last = index + 1 == tasks.len();
            let part = if is_last { left } else { left.min(self.part_of(busy, planned.task, size)) };
            left = left - part;
            let outcome = if planned.effects.completes {
                self.attempt::<GENERAL, O>(agent, planned, part, observer)
            } else {
                if GENERAL && planned.effects.claims && self.team.board.status(planned.task) != Status::Claimed(agent) {
                    self.test_lost(agent, planned, step, observer);
                }
                AttemptOutcome::Lost
            };
            match outcome {
                AttemptOutcome::Done => spent.work += part,
                AttemptOutcome::Retry => spent.rework += part,
                AttemptOutcome::Lost => spent.lost += part,
            }
            if outcome == AttemptOutcome::Done {
                completed += 1;
                if self.features.has::<GENERAL>(Feature::Messages) {
                    self.report(agent, observer);
                }
            }
        }
        (spent, completed)
    }

    fn total_size(&self, tasks: &[PlannedTask]) -> f64 {
        tasks.iter().map(|planned| self.team.graph[planned.task].size).sum()
    }

    fn part_of(&self, busy: Time, task: TaskId, total: f64) -> Time {
        Time::from_us_f64(busy.as_us() as f64 * self.team.graph[task].size / total)
    }

    /// Emits the raw writes of a planned task, and settles its conflict. Under `optimistic` a stale attempt writes nothing.
    #[inline(always)]
    fn write<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        planned: &mut PlannedTask,
        step: &InFlightStep,
        observer: &mut O,
    ) {
        let task = planned.task;
        if GENERAL {
            planned.effects.conflict = self.conflict_of(agent, planned, step);
            if planned.effects.conflict == Some(Conflict::Stale) || !planned.effects.writes {
                return;
            }
            for &artifact in &self.team.graph[task].writes {
                let write = Write { artifact, agent, start: step.start, at: self.team.now, round: self.round };
                observer.write(&write);
            }
        } else {
            let artifact = bounded_id::<GENERAL, _>(self.tasks[task].first_write);
            observer.write(&Write { artifact, agent, start: step.start, at: self.team.now, round: self.round });
        }
    }

    /// Asks for a task, as it was seen at the decision.
    #[inline(always)]
    fn claim<const GENERAL: bool, O: Observer>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        seen: u32,
        observer: &mut O,
    ) -> ClaimOutcome {
        // Granted at the decision, unless the agent ran ahead to the task.
        let is_held = (GENERAL || self.features.uses(Feature::ClaimsAtDecision))
            && self.team.board.status(task) == Status::Claimed(agent);
        if is_held && (!GENERAL || self.team.board.version(task) == seen) {
            return ClaimOutcome::Granted;
        }
        let checks = !GENERAL || self.features.uses(Feature::ChecksClaims);
        let outcome = self.team.board.claim(task, agent, seen, checks);
        let kind = match outcome {
            ClaimOutcome::Granted => TaskEventKind::Claimed,
            ClaimOutcome::Lost => TaskEventKind::LostClaim,
            ClaimOutcome::Blocked => TaskEventKind::BlockedClaim,
        };
        self.emit(task, agent, kind, observer);
        outcome
    }

    /// Number of tasks that the step of an agent works on.
    fn worked_on(&self, agent: AgentId) -> u32 {
        if !self.needs_general_path() {
            return 1;
        }
        let works = |planned: &&PlannedTask| planned.effects.writes || planned.effects.completes;
        self.agents[agent].flight.tasks.iter().filter(works).count() as u32
    }

    /// Books a step that has ended.
    #[inline(always)]
    pub(super) fn end_step<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        step: &InFlightStep,
        spent: TimeSplit,
        observer: &mut O,
    ) {
        let end = if GENERAL { step.left.unwrap_or(self.team.now) } else { self.team.now };
        if GENERAL {
            self.emit_waits(agent, end, observer);
            let parts = self.agents[agent].flight.parts;
            if !step.is_cut && parts != InputParts::default() {
                observer.input(agent, &parts);
            }
        }
        let works = step.kind == StepKind::Work;
        let tasks = if GENERAL { self.worked_on(agent) } else { 1 };
        self.tokens += u64::from(step.input_tokens) + u64::from(step.output_tokens);
        self.calls += 1;
        observer.step(&Step {
            agent,
            kind: step.kind,
            task: works.then_some(step.first.task),
            tasks: if works { tasks } else { 0 },
            round: self.round,
            start: step.start,
            end,
            latency: step.latency,
            waited: if GENERAL { step.waited } else { Time::ZERO },
            service: if GENERAL { step.service } else { Time::ZERO },
            spent,
            input_tokens: step.input_tokens,
            cached_tokens: step.cached_tokens,
            output_tokens: step.output_tokens,
            is_cut: GENERAL && step.is_cut,
        });
    }
}
