//! Totals of a sweep, computed while its rows pass.

use crate::cli::args::SweepArgs;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::engine::Digest;
use crate::experiment::PointResult;
use crate::report::render::number;
use crate::scaling::precision::half_width_is_enough;

/// Counts and best points of all rows.
#[derive(Default)]
pub(in crate::cli) struct Total {
    pub(in crate::cli) points: usize,
    pub(in crate::cli) runs: u64,
    pub(in crate::cli) completed: u64,
    /// Points with the least mean makespan and the least mean cost.
    pub(super) fastest: Option<PointResult>,
    pub(super) cheapest: Option<PointResult>,
}

impl Total {
    pub(super) fn add(&mut self, row: &PointResult) {
        self.points += 1;
        self.runs += row.runs as u64;
        self.completed += row.completed as u64;
        let mean = |row: &PointResult, metric: &str| row.metric(metric).map_or(f64::INFINITY, |summary| summary.mean);
        for (best, metric) in [(&mut self.fastest, "makespan_s"), (&mut self.cheapest, "cost")] {
            let known = best.as_ref().map_or(f64::INFINITY, |best| mean(best, metric));
            if mean(row, metric) < known {
                *best = Some(row.clone());
            }
        }
    }

    /// Fails under `--require-complete` if a run did not complete.
    pub(in crate::cli) fn check_complete(&self, is_required: bool) -> CommandResult {
        let incomplete = self.runs - self.completed;
        if is_required && incomplete > 0 {
            return Err(Failure::Finding(format!("{incomplete} runs did not complete")));
        }
        Ok(())
    }
}

/// Totals of a sweep with the checks that its options ask for.
#[derive(Default)]
pub(super) struct SweepTotals {
    pub(super) total: Total,
    /// Points whose makespan is not known to `--precision`.
    imprecise: usize,
    /// Digests by point, for `--verify`.
    pub(super) digests: Vec<Digest>,
}

impl SweepTotals {
    pub(super) fn add(&mut self, row: &PointResult, args: &SweepArgs) {
        self.total.add(row);
        if args.verify {
            self.digests.push(row.digest);
        }
        if let Some(relative) = args.precision {
            let makespan = row.metric("makespan_s");
            let is_precise = makespan.is_some_and(|m| half_width_is_enough(m.mean, m.half_width, relative));
            self.imprecise += usize::from(!is_precise);
        }
    }

    pub(super) fn warn_of_imprecise_points(&self, console: &Console, args: &SweepArgs) {
        if let Some(relative) = args.precision.filter(|_| self.imprecise > 0) {
            let (points, relative, most) = (self.imprecise, number::percent_of(relative), number::count(args.max_reps));
            console.status(&format!(
                "{points} points are not known to {relative}: their runs do not complete, or need more than {most} \
                 replications (--max-reps)"
            ));
        }
    }
}
