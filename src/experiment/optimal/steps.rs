//! Marginal returns: time gained and cost added by every further agent.

use crate::experiment::optimal::runs::{Objective, Runs};
use crate::scaling::Interval;
use crate::scaling::stats::paired_difference;

/// Step from one team size to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeStep {
    /// Smaller team size.
    pub from: u32,
    /// Next larger team size.
    pub to: u32,
    /// Seconds that the larger team is faster by: paired, with the 95 % interval.
    pub buys: Interval,
    /// Additional cost of a run, or tokens.
    pub costs: Interval,
    /// True if the step pays.
    pub pays: bool,
}

/// Rule by which a step pays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pays {
    /// Faster, significantly at 95 %, and by at least this fraction of the smaller team's time.
    Share(f64),
    /// Cheaper with each second priced at this value, significantly at 95 %.
    Worth(f64),
}

/// Steps between teams of growing size under one architecture.
pub(super) fn steps(teams: &[(u32, &Runs)], rule: Pays) -> Vec<SizeStep> {
    let pairs = teams.iter().zip(teams.iter().skip(1));
    pairs.filter_map(|(small, large)| step(*small, *large, rule)).collect()
}

fn step((from, small): (u32, &Runs), (to, large): (u32, &Runs), rule: Pays) -> Option<SizeStep> {
    let buys = small.beyond(large, Objective::Time)?;
    let costs = large.beyond(small, Objective::Cost)?;
    let pays = match rule {
        Pays::Share(share) => {
            let before = small.summary(Objective::Time)?.mean;
            buys.low() > 0.0 && buys.estimate >= share * before
        }
        Pays::Worth(second) => {
            let (times, prices) = (small.pairs(large, Objective::Time), small.pairs(large, Objective::Cost));
            let whole = times.zip(prices).map(|(time, cost)| (cost.0 + second * time.0, cost.1 + second * time.1));
            paired_difference(whole)?.low() > 0.0
        }
    };
    Some(SizeStep { from, to, buys, costs, pays })
}

/// Returns the first step that does not pay.
pub fn stops(steps: &[SizeStep]) -> Option<&SizeStep> {
    steps.iter().find(|step| !step.pays)
}

/// Returns the larger team that gains most over the size where steps stopped paying, if one pays.
pub(super) fn later(teams: &[(u32, &Runs)], stop: &SizeStep, rule: Pays) -> Option<SizeStep> {
    let from = teams.iter().find(|(agents, _)| *agents == stop.from)?;
    let beyond = teams.iter().filter(|(agents, _)| *agents > stop.to);
    let paying = beyond.filter_map(|team| step(*from, *team, rule)).filter(|step| step.pays);
    paying.reduce(|best, next| if next.buys.estimate > best.buys.estimate { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::optimal::runs::tests::runs;

    /// Teams with common noise, so that differences are exact.
    fn line(times_and_costs: &[(f64, f64)]) -> Vec<Runs> {
        let noise = |run: u32| f64::from(run % 7);
        let team =
            |(time, cost): &(f64, f64)| runs(&(0..21).map(|run| (time + noise(run), *cost, 1.0)).collect::<Vec<_>>());
        times_and_costs.iter().map(team).collect()
    }

    #[test]
    fn it_stops_where_the_next_buys_too_little() {
        let teams = line(&[(100.0, 1.0), (60.0, 1.2), (59.5, 1.4), (30.0, 1.6)]);
        let sizes: Vec<(u32, &Runs)> = (1..).zip(&teams).collect();
        let found = steps(&sizes, Pays::Share(0.02));
        assert_eq!(found.iter().map(|step| step.pays).collect::<Vec<_>>(), [true, false, true]);
        let stop = stops(&found).expect("the second step");
        assert_eq!((stop.from, stop.to), (2, 3));
        assert!((stop.buys.estimate - 0.5).abs() < 1e-9 && (stop.costs.estimate - 0.2).abs() < 1e-9);
        // Two more agents together pay.
        let later = later(&sizes, stop, Pays::Share(0.02)).expect("four agents");
        assert!((later.from, later.to) == (2, 4) && (later.buys.estimate - 30.0).abs() < 1e-9);
        // Forty seconds for 20 cents pay at a cent a second, and do not at a tenth of a cent.
        let pays = |worth| steps(&sizes[..2], Pays::Worth(worth))[0].pays;
        assert!(pays(0.01) && !pays(0.001));
        assert!(steps(&sizes[..1], Pays::Share(0.02)).is_empty());
    }
}
