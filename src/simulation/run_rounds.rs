//! The loop with rounds: all agents decide on the same board, and the round ends with its slowest member.

#![expect(clippy::inline_always, reason = "see simulator.rs")]

use crate::architecture::Architecture;
use crate::record::{Ending, Observer, Round};
use crate::simulation::features::{Feature, bounded_id};
use crate::simulation::simulator::Simulator;
use crate::team::AgentId;

impl Simulator<'_> {
    pub(super) fn run_rounds<const GENERAL: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
        idle_calls: bool,
    ) -> Ending {
        loop {
            while GENERAL && self.timers.next_time().is_some_and(|at| at <= self.team.now) {
                self.fire_timer(observer);
            }
            if GENERAL && self.is_complete(observer) {
                return Ending::Completed;
            }
            let start = self.team.now;
            self.round += 1;
            if self.features.uses(Feature::RandomEffects) {
                self.draw_round_effects();
            }
            let any = self.start_round::<GENERAL, A, O>(architecture, observer, idle_calls);
            if GENERAL {
                self.note_all_waits(observer);
            }
            if !any {
                self.round -= 1;
                if !GENERAL || self.timers.is_empty() {
                    return Ending::Stalled;
                }
                if self.next_timer_is_too_late() {
                    return Ending::OutOfTime;
                }
                self.fire_timer(observer);
                continue;
            }
            if !self.commit_round::<GENERAL, O>(observer) {
                self.emit_barrier_waits(observer);
                return Ending::OutOfTime;
            }
            self.emit_barrier_waits(observer);
            observer.round(&Round { number: self.round, start, end: self.team.now });
            if self.is_complete(observer) {
                return Ending::Completed;
            }
            if self.is_over_limit() {
                return Ending::OutOfTime;
            }
        }
    }

    /// Commits the replies of a round in the order in which they arrive; returns false if the time is up before the last.
    #[inline(always)]
    fn commit_round<const GENERAL: bool, O: Observer>(&mut self, observer: &mut O) -> bool {
        loop {
            if let Some(event) = self.queue.pop() {
                if event.time() > self.scenario.limits.time {
                    self.team.now = self.scenario.limits.time;
                    return false;
                }
                self.team.now = event.time();
                self.advance::<GENERAL, O>(bounded_id::<GENERAL, _>(AgentId::new(event.slot())), observer);
            } else if GENERAL && self.awaits_write() && !self.timers.is_empty() {
                // The lock is held by a reply that is served while its agent goes on.
                if self.next_timer_is_too_late() {
                    return false;
                }
                self.fire_timer(observer);
            } else {
                return true;
            }
        }
    }
}
