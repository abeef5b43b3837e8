//! Fractions of a team's time, by part of the time budget and by cause of waiting.

use serde::{Deserialize, Serialize};

use crate::engine::Time;
use crate::record::TimeBudget;

/// Fractions of a team's time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TimeShares {
    /// Parts of the time budget, in the order of [`TimeBudget::parts`]. Their sum is 1.
    pub parts: [f64; 6],
    /// Parts of the waiting, in the order of [`WaitingByCause::parts`](crate::record::WaitingByCause::parts).
    pub causes: [f64; 10],
    /// Parts of the waiting in queues, by the name of the resource; of the first resources only.
    pub queues: Vec<(String, f64)>,
}

impl TimeShares {
    /// Returns the fractions of a budget. `queues` are the names of the scenario's resources.
    pub fn new(budget: &TimeBudget, queues: &[String]) -> TimeShares {
        let whole = budget.total().as_secs();
        let share = |time: Time| if whole > 0.0 { time.as_secs() / whole } else { 0.0 };
        let waiting = &budget.waiting_by_cause;
        TimeShares {
            parts: budget.parts().map(|(_, time)| share(time)),
            causes: waiting.parts().map(|(_, time)| share(time)),
            queues: queues.iter().cloned().zip(waiting.queues.map(share)).collect(),
        }
    }

    /// Fraction of a part of the time budget, by its name; 0 if there is no such part.
    pub fn part(&self, name: &str) -> f64 {
        named(TimeBudget::default().parts().map(|(name, _)| name), &self.parts, name)
    }

    /// Fraction of the waiting for a cause, by its name; 0 if there is no such cause.
    pub fn cause(&self, name: &str) -> f64 {
        named(TimeBudget::default().waiting_by_cause.parts().map(|(name, _)| name), &self.causes, name)
    }
}

fn named<const N: usize>(names: [&str; N], shares: &[f64; N], name: &str) -> f64 {
    names.iter().position(|own| *own == name).map_or(0.0, |index| shares[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::WaitCause;

    #[test]
    fn shares_are_of_the_whole_and_queues_have_names() {
        let mut budget = TimeBudget { work: Time::from_us(50), service: Time::from_us(10), ..TimeBudget::default() };
        budget.waiting_by_cause.add(WaitCause::Queue(1), Time::from_us(30));
        budget.waiting_by_cause.add(WaitCause::Lead, Time::from_us(10));
        budget.set_waiting(Time::from_us(40));
        let shares = TimeShares::new(&budget, &["tests".to_owned(), "review".to_owned()]);
        assert_eq!(shares.queues, [("tests".to_owned(), 0.0), ("review".to_owned(), 0.3)]);
        let percent = |share: f64| (share * 100.0).round() as u32;
        let named = ["work", "service", "waiting", "lost"].map(|name| percent(shares.part(name)));
        assert_eq!(named, [50, 10, 40, 0]);
        assert_eq!(["queue", "lead", "none"].map(|name| percent(shares.cause(name))), [30, 10, 0]);
        assert_eq!(TimeShares::new(&TimeBudget::default(), &[]), TimeShares::default());
    }
}
