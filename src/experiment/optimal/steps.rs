//! Where the next agent stops paying: what every further agent buys, and what it costs.

use crate::experiment::optimal::runs::{Objective, Runs};
use crate::scaling::Interval;
use crate::scaling::stats::paired_difference;

/// From one team size to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeStep {
    /// The smaller team.
    pub from: u32,
    /// The next larger one that was tried.
    pub to: u32,
    /// Seconds that the larger team is faster by: paired, with the 95 % interval.
    pub buys: Interval,
    /// What a run of it costs more, or tokens.
    pub costs: Interval,
    /// Whether it pays.
    pub pays: bool,
}

/// When a step pays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pays {
    /// It makes the team faster, shown at 95 %, and by at least this share of the time before.
    Share(f64),
    /// A second is worth so much, and the larger team comes cheaper with its time counted in, shown at 95 %.
    Worth(f64),
}

/// The steps between teams of growing size under one architecture.
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

/// The first step that does not pay: all before it do.
pub fn stops(steps: &[SizeStep]) -> Option<&SizeStep> {
    steps.iter().find(|step| !step.pays)
}

/// Where the next agent does not pay but a larger team does: the one that buys most over the team where it stopped.
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

    /// All share their noise, so that differences are known.
    fn line(times_and_costs: &[(f64, f64)]) -> Vec<Runs> {
        let noise = |place: u32| f64::from(place % 7);
        let team = |(time, cost): &(f64, f64)| {
            runs(&(0..21).map(|place| (time + noise(place), *cost, 1.0)).collect::<Vec<_>>())
        };
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
        // Two more agents do buy something.
        let later = later(&sizes, stop, Pays::Share(0.02)).expect("four agents");
        assert!((later.from, later.to) == (2, 4) && (later.buys.estimate - 30.0).abs() < 1e-9);
        // Forty seconds for 20 cents, at a cent a second they are worth it, at a tenth of a cent they are not.
        let pays = |worth| steps(&sizes[..2], Pays::Worth(worth))[0].pays;
        assert!(pays(0.01) && !pays(0.001));
        assert!(steps(&sizes[..1], Pays::Share(0.02)).is_empty());
    }
}
