//! Runs of a team: time, cost, quality and completion of each.

use crate::experiment::Replications;
use crate::record::Ending;
use crate::scaling::stats::{Summary, paired_difference};
use crate::scaling::{Interval, Variances};

/// Objective of a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The least mean makespan.
    Time,
    /// The least mean cost of a run; without prices, tokens.
    Cost,
    /// The greatest mean quality.
    Quality,
}

/// All objectives, in the order of every table.
pub const OBJECTIVES: [Objective; 3] = [Objective::Time, Objective::Cost, Objective::Quality];

impl Objective {
    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Objective::Time => "time",
            Objective::Cost => "cost",
            Objective::Quality => "quality",
        }
    }

    /// Returns the value with a sign such that less is better.
    pub(super) fn burden(self, value: f64) -> f64 {
        if self == Objective::Quality { -value } else { value }
    }
}

/// Replications of a team from the first on, in columns.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    columns: [Vec<f64>; 3],
    completed: Vec<bool>,
}

impl Runs {
    /// Appends the replications that follow.
    pub(super) fn append(&mut self, sample: &Replications, has_prices: bool) {
        let [makespan, cost, quality] = &mut self.columns;
        makespan.extend(sample.all("makespan_s"));
        quality.extend(sample.all("quality"));
        if has_prices {
            cost.extend(sample.all("cost"));
        } else {
            let tokens = sample.all("input_tokens").iter().zip(sample.all("output_tokens"));
            cost.extend(tokens.map(|(input, output)| input + output));
        }
        self.completed.extend(sample.endings.iter().map(|&ending| ending == Ending::Completed));
    }

    /// Keeps the first `replications`.
    pub(super) fn truncate(&mut self, replications: usize) {
        for column in &mut self.columns {
            column.truncate(replications);
        }
        self.completed.truncate(replications);
    }

    /// Returns the first `replications`.
    pub(super) fn first(&self, replications: usize) -> Runs {
        let mut runs = self.clone();
        runs.truncate(replications);
        runs
    }

    /// Number of replications.
    pub fn len(&self) -> usize {
        self.completed.len()
    }

    /// Returns true without replications.
    pub fn is_empty(&self) -> bool {
        self.completed.is_empty()
    }

    /// Number of completed runs.
    pub fn completed(&self) -> usize {
        self.completed.iter().filter(|&&completed| completed).count()
    }

    /// Fraction of completed runs; 0 without runs.
    pub fn completing(&self) -> f64 {
        self.completed() as f64 / self.len().max(1) as f64
    }

    /// Number of runs that completed with at most `most` of the objective.
    pub(super) fn within(&self, objective: Objective, most: f64) -> usize {
        self.done(objective).filter(|&value| value <= most).count()
    }

    /// Quantile over all runs, completed or not; infinite where too few complete.
    pub fn quantile(&self, objective: Objective, share: f64) -> f64 {
        let mut done: Vec<f64> = self.done(objective).collect();
        done.sort_by(f64::total_cmp);
        let rank = (share * self.len() as f64).ceil() as usize;
        done.get(rank.max(1) - 1).copied().unwrap_or(f64::INFINITY)
    }

    /// Summary over completed runs; none if none completed.
    pub fn summary(&self, objective: Objective) -> Option<Summary> {
        Summary::from_sample(&mut self.done(objective).collect::<Vec<_>>())
    }

    fn done(&self, objective: Objective) -> impl Iterator<Item = f64> {
        self.column(objective).iter().zip(&self.completed).filter(|(_, completed)| **completed).map(|(value, _)| *value)
    }

    fn column(&self, objective: Objective) -> &[f64] {
        let [makespan, cost, quality] = &self.columns;
        match objective {
            Objective::Time => makespan,
            Objective::Cost => cost,
            Objective::Quality => quality,
        }
    }

    /// Value in a replication, if it completed.
    pub(super) fn value(&self, objective: Objective, replication: usize) -> Option<f64> {
        let completed = *self.completed.get(replication)?;
        self.column(objective).get(replication).copied().filter(|_| completed)
    }

    /// Pairs of values here and in another team, over the replications that completed in both.
    pub(super) fn pairs<'a>(&'a self, other: &'a Runs, objective: Objective) -> impl Iterator<Item = (f64, f64)> + 'a {
        let both = self.completed.iter().zip(&other.completed).map(|(here, there)| *here && *there);
        let values = self.column(objective).iter().zip(other.column(objective));
        values.zip(both).filter(|(_, both)| *both).map(|((here, there), _)| (*here, *there))
    }

    /// Paired difference, this team less another, with its 95 % interval. None without pairs.
    pub fn beyond(&self, other: &Runs, objective: Objective) -> Option<Interval> {
        paired_difference(self.pairs(other, objective))
    }

    /// Variances with and without pairing with another team.
    pub(super) fn noise(&self, other: &Runs, objective: Objective) -> Variances {
        Variances::from_pairs(self.pairs(other, objective))
    }

    /// Returns true if both are equal, run for run, in all columns.
    pub(super) fn is_twin(&self, other: &Runs) -> bool {
        let same = |(here, there): (&Vec<f64>, &Vec<f64>)| here.iter().zip(there).all(|(a, b)| a.total_cmp(b).is_eq());
        self.completed == other.completed && self.columns.iter().zip(&other.columns).all(same)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Completed runs with the time, cost and quality of each.
    pub(in crate::experiment::optimal) fn runs(rows: &[(f64, f64, f64)]) -> Runs {
        let column = |of: fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).collect();
        Runs { columns: [column(|r| r.0), column(|r| r.1), column(|r| r.2)], completed: vec![true; rows.len()] }
    }

    #[test]
    fn only_what_completed_counts() {
        let mut some = runs(&[(1.0, 10.0, 1.0), (9.0, 90.0, 0.0), (3.0, 30.0, 0.5), (5.0, 20.0, 1.0)]);
        some.completed[1] = false;
        let all = runs(&[(2.0, 1.0, 1.0), (2.0, 1.0, 1.0), (2.0, 1.0, 1.0), (2.0, 1.0, 1.0)]);
        assert_eq!((some.len(), some.completed(), some.completing()), (4, 3, 0.75));
        assert!((some.summary(Objective::Time).expect("three").mean - 3.0).abs() < 1e-12);
        assert_eq!(some.within(Objective::Time, 4.0), 2);
        assert!((some.beyond(&all, Objective::Time).expect("three pairs").estimate - 1.0).abs() < 1e-12);
        assert_eq!((some.value(Objective::Cost, 1), some.value(Objective::Cost, 2)), (None, Some(30.0)));
        // Three of four complete within 5 s; all four never.
        assert_eq!((some.quantile(Objective::Time, 0.75), some.quantile(Objective::Time, 0.8)), (5.0, f64::INFINITY));
        assert!(all.is_twin(&all.clone()) && !all.is_twin(&some));
        assert!(Runs::default().is_empty() && Runs::default().summary(Objective::Time).is_none());
    }
}
