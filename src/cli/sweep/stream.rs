//! Execution of a sweep: threads, progress and interruption.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cli::args::SweepArgs;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::cli::progress::Progress;
use crate::cli::sweep::interrupt;
use crate::cli::threads::on_threads;
use crate::experiment::Sweep;
use crate::experiment::sweep::{Control, Finished};
use crate::problem::quantity::duration;

/// Fraction of the time between two saves after which results are passed on.
const BLOCK_TIME: f64 = 0.5;

/// Sweep to run, with its options and the command that repeats it.
#[derive(Clone, Copy)]
pub(super) struct SweepJob<'a> {
    pub(super) console: &'a Console,
    pub(super) args: &'a SweepArgs,
    pub(super) sweep: &'a Sweep<'a>,
    pub(super) command: &'a str,
}

impl SweepJob<'_> {
    /// Runs the `points` points `numbers` and passes finished blocks to `sink`. Returns false if it was interrupted.
    ///
    /// # Errors
    ///
    /// The first error of `sink`, which ends the run, or an invalid point.
    pub(super) fn stream(
        &self,
        threads: Option<usize>,
        numbers: &mut (dyn Iterator<Item = usize> + Send),
        points: usize,
        sink: &mut (dyn FnMut(Vec<Finished>) -> CommandResult + Send),
    ) -> Result<bool, Failure> {
        interrupt::listen();
        let by_points = self.args.precision.is_some();
        let progress = self.progress(points)?;
        let interval = duration(&self.args.save_every).unwrap_or(1.0);
        let counted = AtomicU64::new(0);
        let done = |runs: u64| {
            counted.fetch_add(runs, Ordering::Relaxed);
            progress.add(if by_points { 0 } else { runs });
        };
        let budget = || {
            let (runs, took) = (counted.load(Ordering::Relaxed) as f64, progress.elapsed().as_secs_f64());
            let rate = if took > 0.01 { runs / took } else { 1e4 };
            (rate * interval * BLOCK_TIME).max(512.0) as u64
        };
        let (mut failed, mut finished) = (None, 0);
        let stopped = AtomicBool::new(false);
        let stop = || interrupt::is_requested() || stopped.load(Ordering::Relaxed);
        let control = Control { done: &done, stop: &stop, budget: &budget, keep_runs: self.args.per_run.is_some() };
        let is_complete = on_threads(threads, || {
            self.sweep.stream(numbers, &control, &mut |block| {
                finished += block.len();
                progress.points(finished, points);
                if let Err(failure) = sink(block) {
                    stopped.store(true, Ordering::Relaxed);
                    failed = Some(failure);
                }
            })
        })??;
        let took = progress.finish().as_secs_f64();
        let runs = counted.load(Ordering::Relaxed);
        self.console.verbose(&format!("{runs} runs in {took:.2} s, {:.0} per second", runs as f64 / took.max(1e-9)));
        failed.map_or(Ok(is_complete), Err)
    }

    /// Progress by runs, or by points where precision decides the number of runs.
    fn progress(&self, points: usize) -> Result<Progress, Failure> {
        if self.args.precision.is_some() {
            return Ok(Progress::by_points(self.console, points as u64));
        }
        // Shared baselines are counted in proportion: some belong to finished points or to other shards.
        let runs = (self.sweep.runs()? as f64 * points as f64 / self.sweep.points().max(1) as f64) as u64;
        Ok(Progress::new(self.console, runs))
    }
}
