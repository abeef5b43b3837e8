//! Where the next agent stops paying: what every further agent buys, and what it costs.

use crate::experiment::optimal::runs::{Objective, Runs};
use crate::scaling::Interval;
use crate::scaling::stats::paired_difference;

/// From one team size to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
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
pub(super) fn steps(teams: &[(u32, &Runs)], rule: Pays) -> Vec<Step> {
    let pairs = teams.iter().zip(teams.iter().skip(1));
    pairs.filter_map(|(small, large)| step(*small, *large, rule)).collect()
}

fn step((from, small): (u32, &Runs), (to, large): (u32, &Runs), rule: Pays) -> Option<Step> {
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
    Some(Step { from, to, buys, costs, pays })
}

/// The first step that does not pay: all before it do.
pub fn stops(steps: &[Step]) -> Option<&Step> {
    steps.iter().find(|step| !step.pays)
}

/// Where the next agent does not pay but a larger team does: the one that buys most over the team where it stopped.
pub(super) fn later(teams: &[(u32, &Runs)], stop: &Step, rule: Pays) -> Option<Step> {
    let from = teams.iter().find(|(agents, _)| *agents == stop.from)?;
    let beyond = teams.iter().filter(|(agents, _)| *agents > stop.to);
    let paying = beyond.filter_map(|team| step(*from, *team, rule)).filter(|step| step.pays);
    paying.reduce(|best, next| if next.buys.estimate > best.buys.estimate { next } else { best })
}
