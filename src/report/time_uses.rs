//! Uses of a team's time in words: the parts of its time budget with the waiting by cause, and the change that would help
//! against each.

use crate::experiment::TimeShares;
use crate::record::{Metrics, WaitCause};

/// Use of a team's time.
pub(in crate::report) struct TimeUse {
    /// Name of the part of the budget, or of the cause of waiting.
    key: &'static str,
    /// Word in pictures and tables.
    pub(in crate::report) short: &'static str,
    /// Name in a verdict.
    name: &'static str,
    /// Change that would help; empty if none is known.
    advice: &'static str,
}

/// Number of uses of time.
pub(in crate::report) const COUNT: usize = 15;
/// Index of the time that is spent on work.
pub(in crate::report) const WORK: usize = 0;
/// Index of the service at shared resources.
pub(in crate::report) const SERVICE: usize = 1;
/// Index of coordination.
pub(in crate::report) const COORDINATION: usize = 2;
/// Index of the waiting for dependencies, the first cause of waiting.
const FIRST_CAUSE: usize = 3;
const QUEUE: usize = 6;
/// Index of the waiting for an unknown cause, the last cause of waiting.
pub(in crate::report) const UNKNOWN: usize = 12;
/// Index of lost steps.
pub(in crate::report) const LOST: usize = 13;
/// Index of rework.
pub(in crate::report) const REWORK: usize = 14;

/// All uses of time, in the order in which they are stacked in pictures. The index is the number of the colour.
#[rustfmt::skip]
pub(in crate::report) static USES: [TimeUse; COUNT] = [
    TimeUse { key: "work", short: "work", name: "work", advice: "" },
    TimeUse { key: "service", short: "service", name: "service at shared resources",
        advice: "make the service shorter, or let the agents go on meanwhile (blocks: nobody)" },
    TimeUse { key: "coordination", short: "coordination", name: "coordination",
        advice: "let the lead assign more per call, and call nobody who has nothing to do" },
    TimeUse { key: "dependencies", short: "dependencies", name: "waiting for dependencies",
        advice: "fewer agents, or shorten the critical path" },
    TimeUse { key: "lead", short: "lead", name: "waiting for the lead",
        advice: "let the lead assign more per call, give it fewer workers, or use self_claim" },
    TimeUse { key: "lock", short: "lock", name: "waiting for a lock",
        advice: "hold the lock for the write only, or split the file" },
    TimeUse { key: "queue", short: "queue", name: "waiting in a queue", advice: "raise the capacity of the resource" },
    TimeUse { key: "barrier", short: "barrier", name: "waiting at the barrier",
        advice: "remove the rounds, or balance the tasks" },
    TimeUse { key: "messages", short: "messages", name: "waiting for messages",
        advice: "a lead that waits for reports does no tasks: use self_claim, or a larger team" },
    TimeUse { key: "backoff", short: "back-off", name: "waiting before a retry",
        advice: "shorten the pause, or make failures rarer" },
    TimeUse { key: "down", short: "offline", name: "offline after a crash",
        advice: "make crashes rarer, or recover faster" },
    TimeUse { key: "none", short: "nothing left", name: "nothing left to do",
        advice: "fewer agents, or smaller tasks at the end" },
    TimeUse { key: "unknown", short: "cause not recorded", name: "waiting for a cause that is not recorded", advice: "" },
    TimeUse { key: "lost", short: "lost steps", name: "steps that came to nothing",
        advice: "make crashes and calls without effect rarer" },
    TimeUse { key: "rework", short: "rework", name: "rework",
        advice: "lower the error rate, or keep tasks that write the same file apart" },
];

/// Returns the word for a use of time in pictures, where waiting stands beside other uses.
pub(in crate::report) fn use_label(index: usize) -> String {
    let short = USES.get(index).map_or("", |of| of.short);
    if is_waiting(index) { format!("waiting: {short}") } else { short.to_owned() }
}

/// Index of the use of time that a cause of waiting is.
pub(in crate::report) fn of_cause(cause: WaitCause) -> usize {
    match cause {
        WaitCause::Dependencies => FIRST_CAUSE,
        WaitCause::Lead => 4,
        WaitCause::Lock => 5,
        WaitCause::Queue(_) => QUEUE,
        WaitCause::Barrier => 7,
        WaitCause::Messages => 8,
        WaitCause::Backoff => 9,
        WaitCause::Down => 10,
        WaitCause::Nothing => 11,
    }
}

/// Shares of all uses, in the order of [`USES`].
pub(in crate::report) fn all(shares: &TimeShares) -> [f64; COUNT] {
    std::array::from_fn(|index| {
        let key = USES[index].key;
        if is_waiting(index) { shares.cause(key) } else { shares.part(key) }
    })
}

fn is_waiting(index: usize) -> bool {
    (FIRST_CAUSE..=UNKNOWN).contains(&index)
}

/// Cause of time that is not work.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Limit {
    /// Word in a table.
    pub(in crate::report) short: String,
    /// Name in a verdict.
    pub(in crate::report) name: String,
    /// Change that would help; empty if none is known.
    pub(in crate::report) advice: &'static str,
    /// Share of the team's time.
    pub(in crate::report) share: f64,
    /// True for waiting.
    pub(in crate::report) is_waiting: bool,
}

/// Returns all causes of time that is not work, the largest first; every named queue is a cause of its own.
pub(in crate::report) fn limits(shares: &TimeShares) -> Vec<Limit> {
    let mut limits = Vec::new();
    for (index, (of, share)) in USES.iter().zip(all(shares)).enumerate().filter(|(index, _)| *index != WORK) {
        let limit = Limit {
            short: of.short.to_owned(),
            name: of.name.to_owned(),
            advice: of.advice,
            share,
            is_waiting: is_waiting(index),
        };
        match (index, shares.queues.as_slice()) {
            (QUEUE, queues) if !queues.is_empty() => {
                let named = |(queue, share): &(String, f64)| Limit {
                    short: format!("queue {queue}"),
                    name: format!("waiting in the queue {queue}"),
                    share: *share,
                    ..limit.clone()
                };
                limits.extend(queues.iter().map(named));
                let known: f64 = queues.iter().map(|(_, share)| share).sum();
                // Queues of further resources; what rounding leaves is none.
                limits.push(Limit { share: if share - known > 1e-9 { share - known } else { 0.0 }, ..limit });
            }
            (SERVICE, [(resource, _)]) => limits.push(Limit { name: format!("service at {resource}"), ..limit }),
            _ => limits.push(limit),
        }
    }
    // The sort is stable: equal shares keep this order.
    limits.sort_by(|a, b| b.share.total_cmp(&a.share));
    limits
}

/// Returns the causes of a run. Its lost time is named by the claims that caused it.
pub(in crate::report) fn limits_of_run(run: &Metrics, queues: &[String]) -> Vec<Limit> {
    let mut limits = limits(&TimeShares::new(&run.budget, queues));
    let (name, advice) = if run.lost_claims > 0 && run.lost_claims >= run.temporal_violations {
        ("duplicated work", "grant claims at the decision (claims: at_decision), or assign the tasks")
    } else if run.temporal_violations > 0 {
        ("blocked claims", "claim only what is ready")
    } else {
        return limits;
    };
    for limit in limits.iter_mut().filter(|limit| limit.short == USES[LOST].short) {
        (limit.name, limit.advice) = (name.to_owned(), advice);
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Time;
    use crate::record::TimeBudget;

    fn budget(waits: &[(WaitCause, u32)]) -> TimeBudget {
        let mut budget = TimeBudget { work: Time::from_us(40), ..TimeBudget::default() };
        for &(cause, us) in waits {
            budget.waiting_by_cause.add(cause, Time::from_us(u64::from(us)));
        }
        budget.set_waiting(budget.waiting_by_cause.total());
        budget
    }

    #[test]
    fn every_use_is_a_part_of_the_budget_and_together_they_are_the_whole() {
        let causes = [
            (WaitCause::Dependencies, 1),
            (WaitCause::Lead, 2),
            (WaitCause::Lock, 3),
            (WaitCause::Queue(0), 4),
            (WaitCause::Barrier, 5),
            (WaitCause::Messages, 6),
            (WaitCause::Backoff, 7),
            (WaitCause::Down, 8),
            (WaitCause::Nothing, 9),
        ];
        let budget = TimeBudget { lost: Time::from_us(10), rework: Time::from_us(5), ..budget(&causes) };
        let all = all(&TimeShares::new(&budget, &[]));
        let percent = |share: f64| (share * 100.0).round() as u32;
        assert_eq!(all.map(percent), [40, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 5]);
        for (cause, us) in causes {
            assert_eq!(percent(all[of_cause(cause)]), us, "{cause:?}");
        }
    }

    #[test]
    fn the_largest_cause_comes_first_and_a_queue_has_its_name() {
        let waits = [(WaitCause::Queue(0), 10), (WaitCause::Queue(1), 30), (WaitCause::Lead, 20)];
        let queues = ["tests", "review"].map(str::to_owned);
        let limits = limits(&TimeShares::new(&budget(&waits), &queues));
        let named: Vec<(&str, f64)> = limits.iter().take(4).map(|limit| (limit.name.as_str(), limit.share)).collect();
        let expected = [
            ("waiting in the queue review", 0.3),
            ("waiting for the lead", 0.2),
            ("waiting in the queue tests", 0.1),
            ("service at shared resources", 0.0),
        ];
        assert_eq!(named, expected);
        assert_eq!(
            (limits[0].short.as_str(), limits[0].advice),
            ("queue review", "raise the capacity of the resource")
        );
        // Without names all queues are one.
        let limits = super::limits(&TimeShares::new(&budget(&waits), &[]));
        assert_eq!((limits[0].name.as_str(), limits[0].share), ("waiting in a queue", 0.4));
    }

    #[test]
    fn lost_time_has_the_name_of_its_cause() {
        let mut run = Metrics { budget: budget(&[]), ..Metrics::default() };
        run.budget.lost = Time::from_us(10);
        let first = |run: &Metrics| limits_of_run(run, &[])[0].name.clone();
        assert_eq!(first(&run), "steps that came to nothing");
        run.temporal_violations = 2;
        assert_eq!(first(&run), "blocked claims");
        run.lost_claims = 2;
        assert_eq!(first(&run), "duplicated work");
    }
}
