//! Causes of waiting: at every moment an agent that is not busy waits for one cause.
//!
//! In the plain form of the loop no agent can wait for a lead, a lock, a queue or a message: it waits for dependencies
//! until no task is left to take, and for nothing from then on.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::engine::Time;
use crate::record::{Observer, Wait, WaitCause};
use crate::simulation::features::Feature;
use crate::simulation::simulator::Simulator;
use crate::team::{AgentId, Status};
use crate::workload::TaskId;

impl Simulator<'_> {
    /// An agent begins a step: its wait, if it had one, has ended.
    #[inline(always)]
    pub(super) fn end_wait<const GENERAL: bool, O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        if GENERAL {
            if let Some((cause, start)) = self.waits.open[agent.index()].take() {
                emit_wait(agent, cause, start, self.team.now, observer);
            }
        } else {
            self.end_plain_wait(agent, observer);
        }
    }

    /// Emits the wait of an agent in the plain form, divided at the moment from which no task was left.
    #[inline(always)]
    pub(super) fn end_plain_wait<O: Observer>(&self, agent: AgentId, observer: &mut O) {
        let (start, end) = (self.agents[agent].free_since, self.team.now);
        if start < end {
            let middle = self.waits.nothing_since.clamp(start, end);
            if start < middle {
                observer.wait(&Wait { agent, cause: WaitCause::Dependencies, start, end: middle });
            }
            if middle < end {
                observer.wait(&Wait { agent, cause: WaitCause::Nothing, start: middle, end });
            }
        }
    }

    /// Notes in the plain form that a task was taken. From the last one on nothing is left to take: a task whose attempt
    /// is rejected is taken again at once, as its agent is free.
    #[inline(always)]
    pub(super) fn note_taken(&mut self) {
        if self.team.board.pending() == 0 {
            self.waits.nothing_since = self.waits.nothing_since.min(self.team.now);
        }
    }

    /// Ends all waits at the end of a run.
    pub(super) fn end_all_waits<O: Observer>(&mut self, observer: &mut O) {
        for agent in AgentId::all(self.agents.len()) {
            if let Some((cause, start)) = self.waits.open[agent.index()].take() {
                emit_wait(agent, cause, start, self.team.now, observer);
            }
        }
    }

    /// Members of a round wait at the barrier since their replies.
    pub(super) fn emit_barrier_waits<O: Observer>(&mut self, observer: &mut O) {
        for agent in AgentId::all(self.agents.len()) {
            let state = &mut self.agents[agent];
            // An agent that has crashed waits for its recovery.
            if state.replied_in == self.round && !state.is_busy && !state.is_down {
                let start = std::mem::replace(&mut state.free_since, self.team.now);
                emit_wait(agent, WaitCause::Barrier, start, self.team.now, observer);
            }
        }
    }

    /// Notes the cause of every free agent, if what all of them wait for has changed.
    pub(super) fn note_waits<O: Observer>(&mut self, observer: &mut O) {
        let board = &self.team.board;
        let ready = board.ready().len() as u32;
        let phase = (board.pending() == 0, ready == 0, board.pending() > ready, self.locks.changes);
        if self.waits.phase.replace(phase) == Some(phase) {
            return;
        }
        self.note_all_waits(observer);
    }

    /// Notes the cause of every free agent.
    pub(super) fn note_all_waits<O: Observer>(&mut self, observer: &mut O) {
        for agent in AgentId::all(self.agents.len()) {
            if !self.agents[agent].is_busy {
                self.note_wait(agent, observer);
            }
        }
    }

    /// Notes the cause for which a free agent waits from now on.
    pub(super) fn note_wait<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let cause = self.cause(agent);
        let open = &mut self.waits.open[agent.index()];
        match *open {
            Some((known, _)) if known == cause => {}
            Some((known, start)) => {
                *open = Some((cause, self.team.now));
                emit_wait(agent, known, start, self.team.now, observer);
            }
            None => *open = Some((cause, self.team.now)),
        }
    }

    /// Cause for which a free agent waits now.
    fn cause(&self, agent: AgentId) -> WaitCause {
        let board = &self.team.board;
        if self.agents[agent].is_down {
            return WaitCause::Down;
        }
        if self.team.lead == Some(agent) {
            return if board.all_done() { WaitCause::Nothing } else { WaitCause::Messages };
        }
        let view = self.view(agent);
        let own = self.cause_of_own(view.mine().iter());
        if own == Some(WaitCause::Lock) {
            return WaitCause::Lock;
        }
        let may_take = self.spec.assigned.is_none();
        let pool = if may_take { self.cause_in_pool(agent) } else { WaitCause::Nothing };
        if pool == WaitCause::Nothing { own.unwrap_or(pool) } else { pool }
    }

    /// Cause for which an agent does not work on its own tasks: a lock if one of them could start without it. None if it has
    /// none, or all of them are in review.
    fn cause_of_own(&self, tasks: impl Iterator<Item = TaskId>) -> Option<WaitCause> {
        let board = &self.team.board;
        let has_locks = self.features.uses(Feature::Locks);
        let mut cause = None;
        for task in tasks {
            if has_locks && board.is_startable(task) {
                return Some(WaitCause::Lock);
            }
            if has_locks || !board.is_barred(task) {
                cause = Some(WaitCause::Dependencies);
            }
        }
        cause
    }

    /// Cause for which an agent takes no unowned task.
    fn cause_in_pool(&self, agent: AgentId) -> WaitCause {
        let board = &self.team.board;
        if board.pending() == 0 {
            return WaitCause::Nothing;
        }
        let can_do = |task: &TaskId| {
            board.status(*task) == Status::Pending && board.is_visible(*task) && self.team.able.contains(agent, *task)
        };
        let is_ready = !self.view(agent).ready().is_empty();
        if is_ready {
            return if self.team.lead.is_some() { WaitCause::Lead } else { WaitCause::Lock };
        }
        if !self.features.uses(Feature::Locks) && self.team.graph.skills().is_empty() {
            return WaitCause::Dependencies;
        }
        let mut open = TaskId::all(board.len()).filter(can_do);
        if self.features.uses(Feature::Locks) && open.clone().any(|task| board.is_startable(task)) {
            return WaitCause::Lock;
        }
        if open.next().is_some() { WaitCause::Dependencies } else { WaitCause::Nothing }
    }
}

#[inline]
fn emit_wait<O: Observer>(agent: AgentId, cause: WaitCause, start: Time, end: Time, observer: &mut O) {
    if end > start {
        observer.wait(&Wait { agent, cause, start, end });
    }
}
