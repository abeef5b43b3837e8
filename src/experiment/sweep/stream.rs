//! Runs the points of a sweep block by block, in bounded memory.
//!
//! The budget limits the points of a block. Their replications run in pieces on all threads, and are added to one
//! [`PointAccumulator`] per point in order of replication. Then the rows are returned. Only shared baselines of later
//! points are kept; dropped ones are run again.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use crate::engine::{Digest, Samplers};
use crate::experiment::Replications;
use crate::experiment::replication::runner::{self, PIECE};
use crate::experiment::result::{PointResult, SweepResult};
use crate::experiment::sweep::accumulator::{PointAccumulator, Reference};
use crate::experiment::sweep::definition::{ReplicationCount, Sweep};
use crate::experiment::sweep::points::{PointValues, baseline_settings, key_of, label, with};
use crate::experiment::work_bounds::WorkBounds;
use crate::problem::Problems;
use crate::record::Metrics;
use crate::scaling::stats::t95;
use crate::scenario::Node;
use crate::simulation::Scenario;

/// Runs in memory with every figure, for each four threads.
const ROUND: u64 = 1 << 18;
/// Greatest number of points of a block.
const MAX_POINTS: usize = 2048;
/// Memory limit of kept baselines, bytes.
const BASELINE_BYTES: usize = 64 << 20;

/// Control of a running sweep.
pub struct Control<'a> {
    /// Receives the number of runs of every finished piece.
    pub done: &'a (dyn Fn(u64) + Sync),
    /// Returns true to stop; points in flight are then dropped.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Returns the number of runs of the next block; changes no result.
    pub budget: &'a (dyn Fn() -> u64 + Sync),
    /// Keeps the figures of every single run.
    pub keep_runs: bool,
}

impl Default for Control<'_> {
    fn default() -> Self {
        Control { done: &|_| (), stop: &|| false, budget: &|| u64::MAX, keep_runs: false }
    }
}

/// A finished point.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Number of the point in the sweep.
    pub number: usize,
    /// Row.
    pub row: PointResult,
    /// Single runs, if kept.
    pub runs: Vec<Metrics>,
}

/// A scenario and its replications so far.
struct PointJob {
    scenario: Scenario,
    sums: PointAccumulator,
    /// Number of replications to reach.
    want: u64,
    runs: Vec<Metrics>,
}

/// A baseline shared by points: its replications and its work. None if it is invalid.
type SharedBaseline = Option<Arc<(Reference, WorkBounds)>>;

/// Baselines for later points.
#[derive(Default)]
struct Baselines {
    known: BTreeMap<String, SharedBaseline>,
    /// Keys, the oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl Baselines {
    fn keep(&mut self, key: &str, shared: SharedBaseline) {
        let size = |shared: &SharedBaseline| {
            100 + shared.as_ref().map_or(0, |shared| 17 * shared.0.completed.len() + 32 * shared.0.works.len())
        };
        self.bytes += size(&shared);
        match self.known.insert(key.to_owned(), shared) {
            Some(before) => self.bytes -= size(&before),
            None => self.order.push_back(key.to_owned()),
        }
        while self.bytes > BASELINE_BYTES && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { break };
            self.bytes -= self.known.remove(&oldest).map_or(0, |shared| size(&shared));
        }
    }
}

impl Sweep<'_> {
    /// Runs the sweep on the threads of the current pool and keeps every row. `done` receives the number of runs of
    /// every finished piece.
    ///
    /// # Errors
    ///
    /// Reports all errors of any point; up to 4,096 points before anything is run.
    pub fn run(&self, done: &(dyn Fn(u64) + Sync)) -> Result<SweepResult, Problems> {
        self.check()?;
        let mut rows = Vec::new();
        self.stream(&mut (0..self.points()), &Control { done, ..Control::default() }, &mut |finished| {
            rows.extend(finished.into_iter().map(|point| point.row));
        })?;
        Ok(SweepResult { rows, ..self.head() })
    }

    /// Runs the points of these ascending numbers on the threads of the current pool, and passes each finished block to
    /// `sink`. Returns false if stopped.
    ///
    /// # Errors
    ///
    /// Reports all errors of the points of a block, before it is run.
    pub fn stream(
        &self,
        numbers: &mut dyn Iterator<Item = usize>,
        control: &Control<'_>,
        sink: &mut dyn FnMut(Vec<Finished>),
    ) -> Result<bool, Problems> {
        let settings = baseline_settings(&self.file.baseline());
        let mut baselines = Baselines::default();
        loop {
            let block = self.next_block(numbers, (control.budget)());
            if block.is_empty() {
                return Ok(true);
            }
            match self.run_block(&block, &settings, &mut baselines, control)? {
                Some(finished) => sink(finished),
                None => return Ok(false),
            }
        }
    }

    fn next_block(&self, numbers: &mut dyn Iterator<Item = usize>, budget: u64) -> Vec<usize> {
        let expected = match self.replications {
            ReplicationCount::Fixed(replications) => replications,
            ReplicationCount::Precise(precision) => 20 * precision.least,
        };
        let points = budget.min(round()) / expected.max(1);
        numbers.take((points as usize).clamp(1, MAX_POINTS)).collect()
    }

    fn run_block(
        &self,
        numbers: &[usize],
        settings: &[(&'static str, Node)],
        baselines: &mut Baselines,
        control: &Control<'_>,
    ) -> Result<Option<Vec<Finished>>, Problems> {
        let points: Vec<PointValues<'_>> = numbers.iter().map(|&number| self.point(number)).collect();
        let mut jobs = Vec::with_capacity(points.len());
        let mut problems = Problems::default();
        for made in runner::map(&points, |point| self.make(point)) {
            match made {
                Ok(scenario) => {
                    jobs.push(PointJob { scenario, sums: PointAccumulator::for_point(), want: 0, runs: Vec::new() });
                }
                Err(wrong) => problems.append(wrong),
            }
        }
        problems.or(())?;
        if !self.run_points(&mut jobs, control) {
            return Ok(None);
        }
        let works: Vec<WorkBounds> = jobs.iter().map(|job| WorkBounds::new(&job.scenario)).collect();
        let shared = if self.has_baselines {
            self.run_baselines(&points, &jobs, &works, settings, baselines, control)
        } else {
            Some(vec![None; jobs.len()])
        };
        let Some(shared) = shared else { return Ok(None) };
        let mut parts: Vec<_> = numbers.iter().zip(&points).zip(&mut jobs).zip(works.iter().zip(&shared)).collect();
        let finished = runner::map_mut(&mut parts, |(((number, point), job), (work, shared))| {
            let axes = point.iter().map(|(_, value)| label(value)).collect();
            let baseline = shared.as_ref().map(|shared| (&shared.0, shared.1));
            let row =
                PointResult::from_accumulator(axes, &job.scenario.architecture_name, &mut job.sums, baseline, work);
            Finished { number: **number, row, runs: std::mem::take(&mut job.runs) }
        });
        Ok(Some(finished))
    }

    /// Runs the required replications of every point. Returns false if stopped.
    fn run_points(&self, jobs: &mut [PointJob], control: &Control<'_>) -> bool {
        match self.replications {
            ReplicationCount::Fixed(replications) => {
                for job in jobs.iter_mut() {
                    job.want = replications;
                }
                advance(jobs, control)
            }
            ReplicationCount::Precise(precision) => loop {
                let mut is_done = true;
                for job in jobs.iter_mut().filter(|job| job.want == job.sums.len()) {
                    let makespan = job.sums.reference.makespan();
                    // A team that never completes has no mean makespan.
                    if job.want > 0 && makespan.n() == 0 {
                        continue;
                    }
                    let half_width = makespan.half_width(t95(makespan.n()));
                    if let Some(next) = precision.next(job.want, makespan.n() as u64, makespan.mean(), half_width) {
                        job.want = next;
                        is_done = false;
                    }
                }
                if is_done {
                    return true;
                }
                if !advance(jobs, control) {
                    return false;
                }
            },
        }
    }

    /// Runs the baseline of every point, with the replications of the point; none if stopped.
    fn run_baselines(
        &self,
        points: &[PointValues<'_>],
        jobs: &[PointJob],
        works: &[WorkBounds],
        settings: &[(&'static str, Node)],
        baselines: &mut Baselines,
        control: &Control<'_>,
    ) -> Option<Vec<SharedBaseline>> {
        let bases: Vec<PointValues<'_>> = points.iter().map(|point| with(point, settings)).collect();
        let keys: Vec<String> = bases.iter().map(|base| key_of(base)).collect();
        let own: BTreeMap<String, usize> = points.iter().map(|point| key_of(point)).zip(0..).collect();
        let mut needs: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
        for (index, (key, job)) in keys.iter().zip(jobs).enumerate() {
            let need = needs.entry(key.as_str()).or_insert((0, index));
            need.0 = need.0.max(job.sums.len());
        }
        // Existing baselines, from this block or earlier ones.
        let mut here: BTreeMap<&str, SharedBaseline> = BTreeMap::new();
        let mut missing: Vec<(&str, PointJob)> = Vec::new();
        for (&key, &(want, index)) in &needs {
            let from_here = own.get(key).and_then(|&index| Some((jobs.get(index)?, works.get(index)?)));
            let known = match (from_here, baselines.known.get(key)) {
                (Some((job, work)), _) => Some(Some(Arc::new((job.sums.reference.clone(), *work)))),
                (None, known) => known.cloned(),
            };
            match known {
                Some(known) if known.as_ref().is_none_or(|known| known.0.len() >= want) => {
                    here.insert(key, known);
                }
                known => match self.make(bases.get(index)?) {
                    Ok(scenario) => {
                        let reference = known.flatten().map(|known| known.0.clone()).unwrap_or_default();
                        let sums = PointAccumulator::for_baseline(reference);
                        missing.push((key, PointJob { scenario, sums, want, runs: Vec::new() }));
                    }
                    // An invalid baseline (one agent where two are needed) is none; the point is kept.
                    Err(_) => {
                        here.insert(key, None);
                    }
                },
            }
        }
        let (names, mut missing): (Vec<&str>, Vec<PointJob>) = missing.into_iter().unzip();
        if !advance(&mut missing, &Control { keep_runs: false, ..*control }) {
            return None;
        }
        for (key, job) in names.into_iter().zip(missing) {
            let work = WorkBounds::new(&job.scenario);
            here.insert(key, Some(Arc::new((job.sums.reference, work))));
        }
        let all = keys.iter().map(|key| here.get(key.as_str()).cloned().flatten()).collect();
        for (key, shared) in here {
            baselines.keep(key, shared);
        }
        Some(all)
    }
}

/// Number of runs in memory at a time.
fn round() -> u64 {
    ROUND * (runner::threads() as u64).div_ceil(4)
}

/// Runs all jobs up to their number of replications. Returns false if stopped.
fn advance(jobs: &mut [PointJob], control: &Control<'_>) -> bool {
    let samplers = Samplers::default();
    loop {
        let pieces = next_pieces(jobs);
        if pieces.is_empty() {
            return true;
        }
        let known: &[PointJob] = jobs;
        let samples = runner::map(&pieces, |piece| {
            if (control.stop)() {
                return None;
            }
            let mut runs = Vec::new();
            let scenario = &known.get(piece.job)?.scenario;
            let each = |metrics: &Metrics| {
                if control.keep_runs {
                    runs.push(*metrics);
                }
            };
            let sample = Replications::run_on(scenario, piece.replications.clone(), &samplers, piece.digest, each);
            (control.done)(piece.replications.end - piece.replications.start);
            Some((sample, runs))
        });
        let Some(samples) = samples.into_iter().collect::<Option<Vec<_>>>() else { return false };
        let mut samples = pieces.iter().map(|piece| piece.job).zip(samples).peekable();
        let mut folds: Vec<(&mut PointJob, Vec<FinishedPiece>)> = Vec::new();
        for (index, job) in jobs.iter_mut().enumerate() {
            let mut own = Vec::new();
            while let Some((_, sample)) = samples.next_if(|(job, _)| *job == index) {
                own.push(sample);
            }
            if !own.is_empty() {
                folds.push((job, own));
            }
        }
        runner::map_mut(&mut folds, |(job, samples)| {
            for (sample, runs) in samples.drain(..) {
                job.sums.add(&sample);
                job.runs.extend(runs);
            }
        });
    }
}

/// A finished piece, with its single runs if kept.
type FinishedPiece = (Replications, Vec<Metrics>);

/// Replications of a job, at most [`PIECE`], within one piece.
struct JobPiece {
    job: usize,
    replications: Range<u64>,
    digest: Digest,
}

fn next_pieces(jobs: &[PointJob]) -> Vec<JobPiece> {
    let (mut pieces, mut left) = (Vec::new(), round());
    for (index, job) in jobs.iter().enumerate() {
        let mut start = job.sums.len();
        let mut digest = job.sums.open_digest();
        while start < job.want && left > 0 {
            let end = (start / PIECE * PIECE + PIECE).min(job.want);
            left = left.saturating_sub(end - start);
            pieces.push(JobPiece { job: index, replications: start..end, digest });
            (start, digest) = (end, Digest::default());
        }
    }
    pieces
}
