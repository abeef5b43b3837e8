//! The loop without rounds: an agent continues as soon as its own step is committed.

use crate::architecture::Architecture;
use crate::engine::Time;
use crate::record::{Ending, Observer};
use crate::simulation::features::bounded_id;
use crate::simulation::simulator::Simulator;
use crate::team::AgentId;

impl Simulator<'_> {
    pub(super) fn run_async<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
    ) -> Ending {
        loop {
            self.start_steps::<GENERAL, A, O>(architecture, observer);
            if GENERAL && self.is_timer_next() {
                if self.next_timer_is_too_late() {
                    return Ending::OutOfTime;
                }
                self.fire_timer(observer);
            } else {
                let Some(event) = self.queue.pop() else { return Ending::Stalled };
                if event.time() > self.scenario.limits.time {
                    self.team.now = self.scenario.limits.time;
                    return Ending::OutOfTime;
                }
                self.team.now = event.time();
                self.advance::<GENERAL, O>(bounded_id::<GENERAL, _>(AgentId::new(event.slot())), observer);
            }
            let is_complete = if GENERAL { self.is_complete(observer) } else { self.team.board.all_done() };
            if is_complete {
                return Ending::Completed;
            }
            if self.is_over_limit() {
                return Ending::OutOfTime;
            }
        }
    }

    fn is_timer_next(&self) -> bool {
        !self.timers.is_empty() && self.timers.next_time() <= self.queue.next_time().or(Some(Time::MAX))
    }

    /// Returns true if nothing more happens before the time limit; then the time is set to it.
    pub(super) fn next_timer_is_too_late(&mut self) -> bool {
        let limit = self.scenario.limits.time;
        let too_late = self.timers.next_time().is_some_and(|at| at > limit);
        if too_late {
            self.team.now = limit;
        }
        too_late
    }

    pub(super) fn is_over_limit(&self) -> bool {
        let limits = &self.scenario.limits;
        self.calls >= limits.calls || self.tokens > limits.tokens || self.round >= limits.rounds
    }
}
