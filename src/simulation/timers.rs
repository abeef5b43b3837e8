//! Timed events: releases, expiring leases, recoveries, ends of services; and the end of a run.

use crate::engine::Time;
use crate::record::{Observer, TaskEventKind, TimeSplit, WaitCause};
use crate::simulation::features::bounded_id;
use crate::simulation::simulator::{LEASE, PARKED, RELEASE, Simulator};
use crate::team::AgentId;
use crate::workload::TaskId;

impl Simulator<'_> {
    /// Fires the next timer.
    #[cold]
    pub(super) fn fire_timer<O: Observer>(&mut self, observer: &mut O) {
        let Some(timer) = self.timers.pop() else { return };
        self.team.now = self.team.now.max(timer.time());
        match timer.class() {
            RELEASE => self.wait_sets.ready_signalled |= self.team.board.publish(TaskId::new(timer.slot())),
            LEASE => {
                let task = TaskId::new(timer.slot());
                let owner = self.owner_after(task);
                if self.team.board.reclaim(task, owner) {
                    self.wait_sets.ready_signalled = true;
                    self.emit(task, owner.unwrap_or_default(), TaskEventKind::Reclaimed, observer);
                }
            }
            PARKED => self.unpark(timer.slot() as usize, observer),
            _ => {
                let agent = AgentId::new(timer.slot());
                self.agents[agent].is_down = false;
                self.wait_sets.free(agent);
            }
        }
        self.wait_sets.change_signalled = true;
    }

    /// Ends a run: steps in flight are lost, and count their elapsed time only.
    pub(super) fn cut_off<const GENERAL: bool, O: Observer>(&mut self, observer: &mut O) {
        if !GENERAL {
            for agent in AgentId::all(self.agents.len()) {
                let agent = bounded_id::<GENERAL, _>(agent);
                if self.agents[agent].is_busy {
                    self.cut_off_step(agent, observer);
                } else {
                    self.end_plain_wait(agent, observer);
                }
            }
            return;
        }
        self.end_all_waits(observer);
        for slot in 0..self.parked.len() {
            if let Some(agent) = self.parked[slot].agent.take() {
                self.swap_parked(slot, agent);
                self.cut_off_step(agent, observer);
                self.swap_parked(slot, agent);
            }
        }
        for agent in AgentId::all(self.agents.len()) {
            if std::mem::take(&mut self.agents[agent].is_busy) {
                self.cut_off_step(agent, observer);
            }
        }
    }

    fn cut_off_step<O: Observer>(&mut self, agent: AgentId, observer: &mut O) {
        let now = self.team.now;
        let flight = &mut self.agents[agent].flight;
        if let Some(&(_, _, since)) =
            self.locks.queue.iter().find(|(waiting, slot, _)| *waiting == agent && slot.is_none())
        {
            flight.waits.push((WaitCause::Lock, since, now));
        }
        let mut step = flight.step;
        let end = step.left.unwrap_or(now);
        let elapsed = |start: Time, until: Time| until.min(end) - start.min(end);
        step.waited = flight.waits.iter().map(|&(_, start, until)| elapsed(start, until)).sum();
        step.service =
            flight.services.iter().filter(|service| service.3).map(|&(_, start, until, _)| elapsed(start, until)).sum();
        let lost = end - step.start - step.waited - step.service;
        (step.input_tokens, step.cached_tokens, step.output_tokens) = (0, 0, 0);
        step.is_cut = true;
        let spent = TimeSplit { lost, ..TimeSplit::default() };
        self.end_step::<true, O>(agent, &step, spent, observer);
    }
}
