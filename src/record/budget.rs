//! Time budget of a team, and its waiting by cause. Both are exact to the microsecond.

use std::ops::{Add, AddAssign};

use crate::engine::Time;
use crate::record::entry::WaitCause;

/// Number of shared resources with a waiting time of their own. The queues of all further ones are in the sum only.
pub const NAMED_QUEUES: usize = 8;

/// Time budget of a team: its parts add up to n x makespan, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct TimeBudget {
    /// Attempts that got their task done.
    pub work: Time,
    /// Service at shared resources that holds up the agent.
    pub service: Time,
    /// Handing out, monitoring, idle calls.
    pub coordination: Time,
    /// All waiting; its causes follow.
    pub waiting: Time,
    /// Lost and blocked claims, crashes, calls that changed nothing, steps still under way at the end.
    pub lost: Time,
    /// Attempts that had to be made again.
    pub rework: Time,
    /// The waiting by cause.
    pub waiting_by_cause: WaitingByCause,
}

/// Waiting of a team by cause: its parts add up to the whole waiting, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct WaitingByCause {
    /// For dependencies of the tasks that are left.
    pub dependencies: Time,
    /// For the lead to assign a ready task.
    pub lead: Time,
    /// For locks.
    pub lock: Time,
    /// In the queues of all shared resources.
    pub queue: Time,
    /// At the barrier, for the slowest member of the round.
    pub barrier: Time,
    /// For messages.
    pub messages: Time,
    /// In pauses before retries.
    pub backoff: Time,
    /// Offline after a crash.
    pub down: Time,
    /// With nothing left to do.
    pub none: Time,
    /// For a cause that a recording does not give. Zero in simulated runs.
    pub unknown: Time,
    /// Parts of `queue` at the first resources, by their index in the scenario.
    pub queues: [Time; NAMED_QUEUES],
}

impl WaitingByCause {
    /// Adds a wait.
    #[inline]
    pub fn add(&mut self, cause: WaitCause, time: Time) {
        match cause {
            WaitCause::Dependencies => self.dependencies += time,
            WaitCause::Lead => self.lead += time,
            WaitCause::Lock => self.lock += time,
            WaitCause::Queue(resource) => {
                self.queue += time;
                if let Some(queue) = self.queues.get_mut(resource as usize) {
                    *queue += time;
                }
            }
            WaitCause::Barrier => self.barrier += time,
            WaitCause::Messages => self.messages += time,
            WaitCause::Backoff => self.backoff += time,
            WaitCause::Down => self.down += time,
            WaitCause::Nothing => self.none += time,
        }
    }

    /// The whole waiting.
    pub fn total(&self) -> Time {
        self.parts().into_iter().map(|(_, time)| time).sum()
    }

    /// Parts with their names, in the order in which they are always shown.
    pub fn parts(&self) -> [(&'static str, Time); 10] {
        [
            ("dependencies", self.dependencies),
            ("lead", self.lead),
            ("lock", self.lock),
            ("queue", self.queue),
            ("barrier", self.barrier),
            ("messages", self.messages),
            ("backoff", self.backoff),
            ("down", self.down),
            ("none", self.none),
            ("unknown", self.unknown),
        ]
    }
}

impl AddAssign for WaitingByCause {
    fn add_assign(&mut self, other: WaitingByCause) {
        self.dependencies += other.dependencies;
        self.lead += other.lead;
        self.lock += other.lock;
        self.queue += other.queue;
        self.barrier += other.barrier;
        self.messages += other.messages;
        self.backoff += other.backoff;
        self.down += other.down;
        self.none += other.none;
        self.unknown += other.unknown;
        for (queue, more) in self.queues.iter_mut().zip(other.queues) {
            *queue += more;
        }
    }
}

impl AddAssign for TimeBudget {
    fn add_assign(&mut self, other: TimeBudget) {
        self.work += other.work;
        self.service += other.service;
        self.coordination += other.coordination;
        self.waiting += other.waiting;
        self.lost += other.lost;
        self.rework += other.rework;
        self.waiting_by_cause += other.waiting_by_cause;
    }
}

impl Add for TimeBudget {
    type Output = TimeBudget;
    fn add(mut self, other: TimeBudget) -> TimeBudget {
        self += other;
        self
    }
}

impl TimeBudget {
    /// The whole: n x makespan.
    pub fn total(&self) -> Time {
        self.work + self.service + self.coordination + self.waiting + self.lost + self.rework
    }

    /// The six parts with their names, in the order in which they are always shown.
    pub fn parts(&self) -> [(&'static str, Time); 6] {
        [
            ("work", self.work),
            ("service", self.service),
            ("coordination", self.coordination),
            ("waiting", self.waiting),
            ("lost", self.lost),
            ("rework", self.rework),
        ]
    }

    /// Sets the whole waiting. What no known cause explains has an unknown one.
    pub fn set_waiting(&mut self, waiting: Time) {
        self.waiting = waiting;
        self.waiting_by_cause.unknown = Time::ZERO;
        self.waiting_by_cause.unknown = waiting - self.waiting_by_cause.total();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSES: [WaitCause; 10] = [
        WaitCause::Dependencies,
        WaitCause::Lead,
        WaitCause::Lock,
        WaitCause::Queue(1),
        WaitCause::Barrier,
        WaitCause::Messages,
        WaitCause::Backoff,
        WaitCause::Down,
        WaitCause::Nothing,
        WaitCause::Queue(99),
    ];

    #[test]
    fn every_cause_has_its_own_part_and_the_parts_add_up() {
        let mut waiting = WaitingByCause::default();
        for (power, cause) in CAUSES.into_iter().enumerate() {
            waiting.add(cause, Time::from_us(1 << power));
        }
        let parts: Vec<u64> = waiting.parts().into_iter().map(|(_, time)| time.as_us()).collect();
        // A resource beyond the named ones is in the sum of all queues.
        assert_eq!(parts, [1, 2, 4, 8 + 512, 16, 32, 64, 128, 256, 0]);
        assert_eq!(waiting.total().as_us(), 1023);
        assert_eq!((waiting.queues[0].as_us(), waiting.queues[1].as_us()), (0, 8));
        let mut twice = waiting;
        twice += waiting;
        assert_eq!((twice.total().as_us(), twice.queues[1].as_us()), (2046, 16));
    }

    #[test]
    fn waiting_without_a_cause_is_unknown() {
        let mut budget = TimeBudget::default();
        budget.waiting_by_cause.add(WaitCause::Barrier, Time::from_us(30));
        budget.set_waiting(Time::from_us(100));
        assert_eq!((budget.waiting_by_cause.unknown.as_us(), budget.total().as_us()), (70, 100));
        budget.set_waiting(Time::from_us(40));
        assert_eq!(budget.waiting_by_cause.unknown.as_us(), 10);
    }
}
