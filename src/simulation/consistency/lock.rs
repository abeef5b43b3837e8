//! Lock: a step holds the locks of all artifacts that it writes; all or none, so there is no deadlock.
//!
//! Held for the call, from decision to commit: tasks whose artifacts are locked are hidden from the others, who take other
//! ready work, or wait for that task (`when_locked: wait`). Held for the write: the last part of the call waits for the
//! locks in order of arrival, reads the artifacts again, and writes on top of them.

use crate::engine::Time;
use crate::record::WaitCause;
use crate::simulation::features::Feature;
use crate::simulation::simulator::{PARKED, STEP, Simulator};
use crate::simulation::state::locks::NOBODY;
use crate::team::AgentId;
use crate::workload::{ArtifactId, TaskGraph, TaskId};

impl Simulator<'_> {
    /// Takes the locks of all that a step will write, if they are held for the call; returns false if one is not free.
    pub(in crate::simulation) fn take_locks(&mut self, agent: AgentId) -> bool {
        self.locks.write_part().is_some() || self.try_lock(agent)
    }

    /// Takes the locks of all artifacts that the planned tasks of an agent write, or none.
    fn try_lock(&mut self, agent: AgentId) -> bool {
        let graph = self.team.graph.clone();
        let flight = &mut self.agents[agent].flight;
        let acting = flight.tasks.iter().filter(|planned| planned.effects.acts());
        flight.locked.clear();
        flight.locked.extend(acting.flat_map(|planned| &graph[planned.task].writes));
        let mut locked = std::mem::take(&mut flight.locked);
        let is_free = locked.iter().all(|&artifact| self.locks.is_free(artifact));
        if is_free {
            self.locks.changes += 1;
            for &artifact in &locked {
                self.locks.holders[artifact.index()] = agent;
                self.bar_writers(artifact);
            }
        } else {
            locked.clear();
        }
        self.agents[agent].flight.locked = locked;
        is_free
    }

    fn bar_writers(&mut self, artifact: ArtifactId) {
        if self.locks.hides_tasks() {
            for &task in self.contents.writers(artifact) {
                self.team.board.bar(task);
            }
        }
    }

    /// Gives back the locks of the step that an agent has committed or lost.
    pub(in crate::simulation) fn finish_locks(&mut self, agent: AgentId) {
        if !self.features.uses(Feature::Locks) {
            return;
        }
        let graph = self.team.graph.clone();
        while let Some(artifact) = self.agents[agent].flight.locked.pop() {
            self.locks.holders[artifact.index()] = NOBODY;
            self.unbar_writers(artifact, &graph);
        }
        self.locks.changes += 1;
        self.wait_sets.ready_signalled = true;
    }

    /// Shows the tasks again of which no artifact is locked any more.
    fn unbar_writers(&mut self, artifact: ArtifactId, graph: &TaskGraph) {
        if !self.locks.hides_tasks() {
            return;
        }
        for index in 0..self.contents.writers(artifact).len() {
            let task: TaskId = self.contents.writers(artifact)[index];
            let is_free = |of: &ArtifactId| self.locks.holders[of.index()] == NOBODY;
            if graph[task].writes.iter().all(is_free) {
                self.team.board.unbar(task);
            }
        }
    }

    /// The call of a step has come to its write, or a parked reply in a slot; it waits for its locks.
    pub(in crate::simulation) fn wait_for_write(&mut self, agent: AgentId, slot: Option<usize>) {
        self.locks.queue.push((agent, slot, self.team.now));
        self.serve_lock_queue();
    }

    /// Returns true if an agent waits within its step for the locks of what it writes.
    pub(in crate::simulation) fn awaits_write(&self) -> bool {
        self.locks.queue.iter().any(|(_, slot, _)| slot.is_none())
    }

    /// Grants the locks to the waiting steps, in order of arrival, as far as they are free.
    pub(in crate::simulation) fn serve_lock_queue(&mut self) {
        let mut index = 0;
        while let Some(&(agent, slot, since)) = self.locks.queue.get(index) {
            if let Some(slot) = slot {
                self.swap_parked(slot, agent);
            }
            if self.try_lock(agent) {
                self.locks.queue.remove(index);
                self.begin_write(agent, slot, since);
            } else {
                index += 1;
            }
            if let Some(slot) = slot {
                self.swap_parked(slot, agent);
            }
        }
    }

    /// Begins the write of a step, on top of what the artifacts contain now.
    fn begin_write(&mut self, agent: AgentId, slot: Option<usize>, since: Time) {
        let now = self.team.now;
        self.read_contents(agent);
        let flight = &mut self.agents[agent].flight;
        let end = now + flight.step.write.take().unwrap_or_default();
        if let Some(slot) = slot {
            self.timers.push(end, PARKED, slot as u32);
            return;
        }
        if now > since {
            flight.step.waited += now - since;
            flight.waits.push((WaitCause::Lock, since, now));
        }
        self.schedule(agent, end);
    }

    /// Schedules the next stage of an agent's step.
    pub(in crate::simulation) fn schedule(&mut self, agent: AgentId, at: Time) {
        let tie = self.agents[agent].choice.tag();
        self.queue.push_tied(at, STEP, tie, agent.get());
    }
}
