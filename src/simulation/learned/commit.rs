//! Commit of a call of a learned policy: its planned effects take the common path.

use crate::engine::Time;
use crate::record::{Observer, StepKind, TaskEventKind, TestRun, TimeSplit, Write};
use crate::simulation::features::Feature;
use crate::simulation::learned::learned_state::Memory;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::{Conflict, InFlightStep, PlannedTask, StepFault};
use crate::team::{AgentId, Status};
use crate::workload::ArtifactId;

impl Simulator<'_> {
    /// Commits a call; returns the division of its busy time.
    pub(in crate::simulation) fn commit_recorded_call<O: Observer>(
        &mut self,
        agent: AgentId,
        step: &mut InFlightStep,
        busy: Time,
        observer: &mut O,
    ) -> TimeSplit {
        let mut plan = std::mem::take(&mut self.learned.agents[agent.index()].plan);
        // As the recorder of the recorded runs measures it: until the reply is processed.
        step.latency = plan.taken_up.unwrap_or(self.team.now) - step.start;
        if step.fault != StepFault::None {
            self.finish_locks(agent);
            self.learned.agents[agent.index()].idle += 1;
            return TimeSplit { lost: busy, ..TimeSplit::default() };
        }
        let mut tasks = std::mem::take(&mut self.agents[agent].flight.tasks);
        for planned in &mut tasks {
            self.adjust(agent, planned, observer);
        }
        let held = self.held(agent, &tasks);
        let (_, completed) = self.commit_tasks::<true, O>(agent, step, &mut tasks, busy, observer);
        let granted = self.held(agent, &tasks) + completed > held;
        self.write_common_files(agent, plan.common_files, step, observer);
        if plan.tests > Time::ZERO {
            let start = plan.taken_up.unwrap_or(self.team.now);
            observer.test(&TestRun { agent, start, end: self.team.now, has_failed: plan.has_failed });
        }
        let creates = self.remember_commit(agent, &tasks);
        let writes = tasks.iter().any(|planned| planned.effects.writes);
        let memory = &mut self.learned.agents[agent.index()];
        let changes = writes || plan.other_files > 0 || granted || completed > 0;
        memory.idle = if changes { 0 } else { memory.idle.saturating_add(1) };
        plan.taken_up = None;
        memory.plan = plan;
        self.agents[agent].flight.tasks = tasks;
        self.finish_locks(agent);
        let mut spent = TimeSplit::default();
        *if completed > 0 || creates {
            &mut spent.work
        } else if writes {
            &mut spent.rework
        } else if granted && step.kind != StepKind::Work {
            &mut spent.coordination
        } else {
            &mut spent.lost
        } = busy;
        spent
    }

    /// Adjusts planned claims and completions to who holds the task now. A task that is the agent's own needs no claim of
    /// its own; the completion claims it. A task of another agent is not completed.
    fn adjust<O: Observer>(&mut self, agent: AgentId, planned: &mut PlannedTask, observer: &mut O) {
        let board = &self.team.board;
        let effects = &mut planned.effects;
        if effects.claims {
            self.learned.agents[agent.index()].asked.insert(planned.task);
        }
        match board.status(planned.task) {
            Status::Claimed(owner) if owner == agent => effects.claims = false,
            Status::Assigned(owner) if owner == agent => {
                let is_blocked = self.features.uses(Feature::ChecksClaims) && !board.is_startable(planned.task);
                let is_refused = effects.claims && is_blocked;
                effects.claims = effects.completes || effects.claims && !is_blocked;
                if is_refused {
                    self.emit(planned.task, agent, TaskEventKind::BlockedClaim, observer);
                }
            }
            _ => effects.completes &= effects.claims,
        }
    }

    /// Number of planned tasks that an agent holds.
    fn held(&self, agent: AgentId, tasks: &[PlannedTask]) -> u32 {
        let holds = |planned: &&PlannedTask| self.team.board.status(planned.task) == Status::Claimed(agent);
        tasks.iter().filter(holds).count() as u32
    }

    /// Writes files of no task that several agents may write.
    fn write_common_files<O: Observer>(&self, agent: AgentId, files: u16, step: &InFlightStep, observer: &mut O) {
        let own = self.team.graph.artifacts().len() as u32;
        for file in (0..u16::BITS).filter(|file| files >> file & 1 > 0) {
            let artifact = ArtifactId::new(own + file);
            observer.write(&Write { artifact, agent, start: step.start, at: self.team.now, round: self.round });
        }
    }

    /// Remembers the tasks that an agent has written and finished; returns true if it wrote an artifact for the first time.
    fn remember_commit(&mut self, agent: AgentId, tasks: &[PlannedTask]) -> bool {
        let mut creates = false;
        let memory: &mut Memory = &mut self.learned.agents[agent.index()];
        for planned in tasks {
            if planned.effects.writes && planned.effects.conflict != Some(Conflict::Stale) {
                memory.begun.insert(planned.task);
                for &artifact in &self.team.graph[planned.task].writes {
                    creates |= !self.learned.written.contains(artifact);
                    self.learned.written.insert(artifact);
                }
            }
            if planned.effects.completes && self.team.board.status(planned.task) == Status::Done {
                memory.finished.insert(planned.task);
                memory.has_finished = memory.has_finished.saturating_add(1);
            }
        }
        creates
    }
}
