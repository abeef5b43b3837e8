//! Number of replications for a required precision of every makespan.

use crate::experiment::replication::runner;
use crate::scaling::stats::t95;
use crate::scaling::{Precision, Welford};
use crate::simulation::Scenario;

/// Returns the number of replications that bring the makespan of every scenario to this precision. Scenarios without a
/// completed run are ignored.
pub fn replications(scenarios: &[&Scenario], precision: &Precision, done: &(dyn Fn(u64) + Sync)) -> u64 {
    let mut makespans: Vec<Welford> = vec![Welford::default(); scenarios.len()];
    let mut have = 0;
    loop {
        let wanted = |makespan: &Welford| {
            let half_width = makespan.half_width(t95(makespan.n()));
            precision.next(have, makespan.n() as u64, makespan.mean(), half_width)
        };
        let known = makespans.iter().filter(|makespan| have == 0 || makespan.n() > 0);
        let Some(next) = known.filter_map(wanted).max() else { return have };
        let samples = runner::more(scenarios, have..next, done);
        for (makespan, sample) in makespans.iter_mut().zip(samples) {
            for value in sample.completed("makespan_s") {
                makespan.push(value);
            }
        }
        have = next;
    }
}
