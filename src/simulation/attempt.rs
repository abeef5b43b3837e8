//! Attempts on tasks: accepted or rejected.
//!
//! Only an accepted attempt changes the artifacts and the board. A rejected one leaves the version of its task as it was,
//! so that another attempt in flight on the task is not discarded for it.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::{Purpose, Stream, Time};
use crate::record::{Observer, TaskEvent, TaskEventKind, TestRun};
use crate::simulation::faults::{DETECTION, ERROR, PREMATURE};
use crate::simulation::features::Feature;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{AttemptOutcome, Conflict, InFlightStep, PlannedTask, step_entity};
use crate::team::{AgentId, Status};
use crate::workload::TaskId;

/// Entity of the draws of replies that have lost their claim.
const LOST: u32 = u32::MAX;

impl Simulator<'_> {
    /// Settles an attempt on a task that the agent holds.
    #[inline(always)]
    pub(super) fn attempt<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        planned: &PlannedTask,
        part: Time,
        observer: &mut O,
    ) -> AttemptOutcome {
        let task = planned.task;
        if self.features.has::<GENERAL>(Feature::ChecksCompletions) && !self.team.board.is_startable(task) {
            self.emit(task, agent, TaskEventKind::BlockedClaim, observer);
            self.put_back(task, agent);
            return AttemptOutcome::Lost;
        }
        let state = &mut self.tasks[task];
        state.attempts += 1;
        let draws = state.attempt;
        let profile = if GENERAL { self.agents[agent].profile } else { 0 };
        if GENERAL && self.is_forgotten(task, agent, profile, draws) {
            return self.forget(task, agent, observer);
        }
        if GENERAL && self.faults.premature > 0 && self.detects_premature_dependency(task, profile, draws, observer) {
            return self.reject::<GENERAL, O>(task, agent, TaskEventKind::Rejected, observer);
        }
        let conflict = if GENERAL { planned.effects.conflict } else { None };
        if conflict == Some(Conflict::Stale) {
            return self.reject::<GENERAL, O>(task, agent, TaskEventKind::Conflicted, observer);
        }
        let faults = &self.profiles[profile].attempt_faults;
        let mut right = conflict.is_none() && !faults.error.sample_at(draws, ERROR);
        if !right && faults.detection.sample_at(draws, DETECTION) {
            let kind = if conflict.is_some() { TaskEventKind::Conflicted } else { TaskEventKind::Rejected };
            return self.reject::<GENERAL, O>(task, agent, kind, observer);
        }
        if GENERAL {
            if conflict.is_some() {
                self.emit(task, agent, TaskEventKind::ConflictMissed, observer);
            }
            if faults.premature.sample_at(draws, PREMATURE) {
                self.tasks[task].is_premature = true;
                self.faults.premature += 1;
                right = false;
            }
            right &= self.is_in_order(task);
        }
        self.accept::<GENERAL, O>(agent, planned, (part, right), observer);
        AttemptOutcome::Done
    }

    /// Accepts an attempt: the task is completed, and the artifacts contain its update.
    #[inline(always)]
    fn accept<const GENERAL: bool, O: Observer>(
        &mut self,
        agent: AgentId,
        planned: &PlannedTask,
        (spent, right): (Time, bool),
        observer: &mut O,
    ) {
        let task = planned.task;
        self.wait_sets.ready_signalled |= self.team.board.complete(task, agent);
        self.emit(task, agent, TaskEventKind::Completed { right }, observer);
        if GENERAL {
            let state = &mut self.tasks[task];
            state.spent = spent;
            state.is_right = right;
            state.missing = 0;
            // The next attempt, if the task reopens.
            self.open_attempt(task);
            if self.features.uses(Feature::SemanticConflicts) {
                self.faults.accepted.push(task);
            }
            if self.features.uses(Feature::SharedFiles) {
                self.update_artifacts(agent, planned, observer);
            }
        }
    }

    /// Rejects an attempt: a test or a reviewer has found it wrong or in conflict, and it has to be made again.
    #[inline(always)]
    fn reject<const GENERAL: bool, O: Observer>(
        &mut self,
        task: TaskId,
        agent: AgentId,
        found: TaskEventKind,
        observer: &mut O,
    ) -> AttemptOutcome {
        self.open_attempt(task);
        self.emit(task, agent, found, observer);
        observer.test(&TestRun { agent, start: self.team.now, end: self.team.now, has_failed: true });
        self.team.board.reject(task, agent);
        if GENERAL {
            self.agents[agent].is_rejected = true;
            if self.spec.returns_rejected {
                self.team.board.disown(task, agent);
            }
        }
        self.wait_sets.ready_signalled = true;
        self.wait_sets.ask_last(agent);
        AttemptOutcome::Retry
    }

    /// Tests a reply that has lost its claim: it has passed a resource such as a test runner, and fails there if it is
    /// wrong and that is noticed. Nothing else comes of it.
    pub(super) fn test_lost<O: Observer>(
        &mut self,
        agent: AgentId,
        planned: &PlannedTask,
        step: &InFlightStep,
        observer: &mut O,
    ) {
        let state = &self.agents[agent];
        if state.flight.services.is_empty() {
            return;
        }
        let faults = &self.profiles[state.profile].attempt_faults;
        let key = self.tasks[planned.task].key ^ step_entity(agent, LOST);
        let draws = self.keys.stream_nth(Purpose::Fault, key, u64::from(step.ordinal));
        if faults.error.sample_at(draws, ERROR) && faults.detection.sample_at(draws, DETECTION) {
            observer.test(&TestRun { agent, start: self.team.now, end: self.team.now, has_failed: true });
        }
    }

    /// Opens the draws of the next attempt on a task.
    #[inline]
    pub(super) fn open_attempt(&mut self, task: TaskId) {
        self.tasks[task].attempt = self.attempt_stream(task, self.tasks[task].attempts + 1);
    }

    #[inline]
    pub(super) fn attempt_stream(&self, task: TaskId, attempt: u32) -> Stream {
        self.keys.stream_nth(Purpose::Fault, self.tasks[task].key, u64::from(attempt))
    }

    /// Returns false if the task was done before its dependencies, which nobody checks.
    fn is_in_order(&self, task: TaskId) -> bool {
        let checks = self.features.uses(Feature::ChecksClaims) || self.features.uses(Feature::ChecksCompletions);
        let done = |&on: &TaskId| self.team.board.status(on) == Status::Done;
        checks || self.team.graph[task].depends_on.iter().all(done)
    }

    /// Releases a task that is not completed: to its owner, or to the pool.
    #[inline]
    pub(super) fn put_back(&mut self, task: TaskId, agent: AgentId) {
        self.team.board.release(task, agent);
        self.wait_sets.ready_signalled = true;
    }

    #[inline]
    pub(super) fn emit<O: Observer>(&self, task: TaskId, agent: AgentId, kind: TaskEventKind, observer: &mut O) {
        observer.task(&TaskEvent { task, agent, at: self.team.now, kind });
    }
}
