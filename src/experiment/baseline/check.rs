//! Check of a scenario's points against their baseline.

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::baseline::curve::{self, RuleOutcome};
use crate::experiment::baseline::difference::{Scale, difference};
use crate::experiment::baseline::grid::{self, Grid, GridPoint};
use crate::experiment::baseline::outcome::{CAN_BE_HELD, COMPLETED, CheckVerdict, Held, MetricOutcome, PointOutcome};
use crate::experiment::baseline::recorded::{RecordedBaseline, RecordedPoint};
use crate::record::Ending;
use crate::scaling::benjamini_hochberg;
use crate::scenario::ScenarioFile;

/// False discovery rate.
const FALSE_FINDINGS: f64 = 0.05;
/// Default limit of replications, as a multiple of the recorded ones.
const MOST_TIMES: u64 = 10;

/// Settings of a check.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Another seed than the recorded one: then nothing is identical or paired.
    pub seed: Option<u64>,
    /// Tolerances by metric, which override the scenario's.
    pub tolerances: Vec<(String, f64)>,
    /// Greatest number of replications of a point.
    pub max_replications: Option<u64>,
}

/// Results of a check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Seed of the check.
    pub seed: u64,
    /// True if it is the seed of the baseline.
    pub shared: bool,
    /// Points in the order of the baseline.
    pub points: Vec<PointOutcome>,
    /// Curves through the points.
    pub rules: Vec<RuleOutcome>,
    /// Runs of each point of the grid, as many as were recorded; none in a review.
    pub samples: Vec<Replications>,
    /// Recorded replications that would decide the least certain point; none if no point is inconclusive.
    pub enough: Option<u64>,
}

/// Checks a scenario against its baseline. `grid` has the baseline's points, matched by [`pairs`].
pub fn check(
    file: &ScenarioFile,
    recorded: &RecordedBaseline,
    grid: &Grid,
    settings: &Settings,
    done: &(dyn Fn(u64) + Sync),
) -> Checked {
    let seed = settings.seed.unwrap_or(recorded.seed);
    let shared = seed == recorded.seed;
    let held = Held::for_scenario(file, &settings.tolerances);
    let all: Vec<&GridPoint> = grid.points.iter().collect();
    let samples = grid::run(&all, recorded.replications, seed, done);
    let pairs = pairs(recorded, grid);
    let test = |recorded, now| Tested::new(recorded, now, &held, shared);
    let mut points: Vec<Tested<'_>> = pairs
        .iter()
        .map(|&(there, here)| {
            test((&recorded.points[there], recorded.replications), Side::Runs(Box::new(samples[here].clone())))
        })
        .collect();
    judge(&mut points);
    let most = settings.max_replications.or(file.max_replications());
    let most = most.unwrap_or(MOST_TIMES * recorded.replications).max(recorded.replications);
    let mut replications = recorded.replications;
    while replications < most && points.iter().any(Tested::is_open) {
        replications = (2 * replications).min(most);
        let open: Vec<usize> = (0..points.len()).filter(|&index| points[index].is_open()).collect();
        let scenarios: Vec<&GridPoint> = open.iter().map(|&index| &grid.points[pairs[index].1]).collect();
        for (&index, sample) in open.iter().zip(grid::run(&scenarios, replications, seed, done)) {
            points[index] = test(points[index].recorded, Side::Runs(Box::new(sample)));
        }
        judge(&mut points);
    }
    let mut checked = Checked::new(seed, shared, &points);
    checked.rules = curve::rules(file, recorded, grid, &samples, &checked.points, seed);
    checked.enough = required_replications(&checked.points, recorded.replications);
    checked.samples = samples;
    checked
}

/// Compares an older and a newer baseline of one scenario, for the review of the newer one. Points of only one of them
/// are left out.
pub fn review(older: &RecordedBaseline, newer: &RecordedBaseline) -> Checked {
    let held: Vec<Held> =
        CAN_BE_HELD.iter().map(|&(metric, usual)| Held { metric, tolerance: usual.unwrap_or(0.02) }).collect();
    let shared = older.seed == newer.seed;
    let mut points: Vec<Tested<'_>> = Vec::new();
    for before in &older.points {
        let Some(after) = newer.points.iter().find(|after| older.axes == newer.axes && after.axes == before.axes)
        else {
            continue;
        };
        let known =
            |held: &&Held| held.metric == COMPLETED || [before, after].iter().all(|p| p.column(held.metric).is_some());
        let held: Vec<Held> = held.iter().filter(known).copied().collect();
        let now = Side::Recorded(after, newer.replications);
        points.push(Tested::new((before, older.replications), now, &held, shared));
    }
    judge(&mut points);
    let mut checked = Checked::new(newer.seed, shared, &points);
    checked.rules = curve::compared(older, newer, &checked.points);
    checked
}

/// Matches points of the baseline and the grid: by identity if the whole scenarios are equal, else by the values of the
/// axes. Points without a partner are left out.
pub fn pairs(recorded: &RecordedBaseline, grid: &Grid) -> Vec<(usize, usize)> {
    let mut free: Vec<bool> = vec![true; grid.points.len()];
    let mut pairs = Vec::with_capacity(recorded.points.len());
    let by_identity = recorded.identity == grid.identity();
    for (there, point) in recorded.points.iter().enumerate() {
        let matches = |other: &GridPoint| {
            if by_identity {
                other.identity.whole() == point.identity
            } else {
                recorded.axes == grid.axes && other.axes == point.axes
            }
        };
        if let Some(here) = (0..free.len()).find(|&here| free[here] && matches(&grid.points[here])) {
            free[here] = false;
            pairs.push((there, here));
        }
    }
    pairs
}

/// Values to compare: runs of now, or those of a baseline.
enum Side<'a> {
    Runs(Box<Replications>),
    Recorded(&'a RecordedPoint, u64),
}

impl Side<'_> {
    /// Values of a figure by replication; for [`COMPLETED`] 1 or 0.
    fn values(&self, metric: &str) -> Vec<Option<f64>> {
        let flag = |completed: bool| Some(f64::from(u8::from(completed)));
        match self {
            Side::Runs(sample) if metric == COMPLETED => {
                sample.endings.iter().map(|ending| flag(*ending == Ending::Completed)).collect()
            }
            Side::Runs(sample) => sample.by_replication(metric),
            Side::Recorded(point, replications) if metric == COMPLETED => {
                (0..*replications).map(|run| flag(point.incomplete.binary_search(&run).is_err())).collect()
            }
            Side::Recorded(point, replications) => {
                let column = point.column(metric).and_then(|column| column.values(*replications, &point.incomplete));
                column.unwrap_or_default()
            }
        }
    }

    /// Mean; from the exact figures where a baseline has rounded single values.
    fn mean(&self, metric: &str, values: &[Option<f64>]) -> Option<f64> {
        if let Side::Recorded(point, _) = self
            && let Some(column) = point.column(metric)
        {
            return (column.n > 0).then_some(column.mean);
        }
        let count = values.iter().flatten().count();
        (count > 0).then(|| values.iter().flatten().sum::<f64>() / count as f64)
    }

    fn digest(&self) -> Digest {
        match self {
            Side::Runs(sample) => sample.digest,
            Side::Recorded(point, _) => point.digest,
        }
    }

    fn runs(&self) -> usize {
        match self {
            Side::Runs(sample) => sample.endings.len(),
            Side::Recorded(_, replications) => *replications as usize,
        }
    }
}

/// A point under test: its baseline with the number of replications, and the compared figures.
struct Tested<'a> {
    recorded: (&'a RecordedPoint, u64),
    now: Side<'a>,
    metrics: Vec<MetricOutcome>,
}

impl<'a> Tested<'a> {
    fn new(recorded: (&'a RecordedPoint, u64), now: Side<'a>, held: &[Held], shared: bool) -> Tested<'a> {
        let same = shared && now.digest() == recorded.0.digest;
        let before = Side::Recorded(recorded.0, recorded.1);
        let metrics = held.iter().map(|&held| {
            let (there, here) = (before.values(held.metric), now.values(held.metric));
            let (recorded, mean) = (before.mean(held.metric, &there), now.mean(held.metric, &here));
            let scale = if held.metric == COMPLETED { Scale::Absolute } else { Scale::Relative };
            let difference = if same { None } else { difference(&there, &here, shared, scale) };
            let verdict = match &difference {
                _ if same => CheckVerdict::Identical,
                Some(difference) if difference.is_within(held.tolerance) => CheckVerdict::Equivalent,
                // Too few runs complete on either side for a comparison; completion is a figure of its own.
                None if there.iter().flatten().count() < 2 && here.iter().flatten().count() < 2 => {
                    CheckVerdict::Equivalent
                }
                _ => CheckVerdict::Inconclusive,
            };
            MetricOutcome { held, recorded, now: mean, difference, verdict }
        });
        Tested { recorded, metrics: metrics.collect(), now }
    }

    fn is_open(&self) -> bool {
        self.metrics.iter().any(|metric| metric.verdict == CheckVerdict::Inconclusive)
    }

    fn outcome(&self) -> PointOutcome {
        let (recorded, _) = self.recorded;
        PointOutcome {
            axes: recorded.axes.clone(),
            agents: recorded.agents,
            architecture: recorded.architecture.clone(),
            verdict: self.metrics.iter().map(|metric| metric.verdict).max().unwrap_or(CheckVerdict::Identical),
            runs: self.now.runs(),
            metrics: self.metrics.clone(),
        }
    }
}

impl Checked {
    fn new(seed: u64, shared: bool, points: &[Tested<'_>]) -> Checked {
        let points = points.iter().map(Tested::outcome).collect();
        Checked { seed, shared, points, rules: Vec::new(), samples: Vec::new(), enough: None }
    }

    /// Number of points with this verdict.
    pub fn count(&self, verdict: CheckVerdict) -> usize {
        self.points.iter().filter(|point| point.verdict == verdict).count()
    }
}

/// Decides which differences beyond the tolerance are significant, over all points and figures at once.
fn judge(points: &mut [Tested<'_>]) {
    let tests = || points.iter().flat_map(|tested| &tested.metrics);
    let p = |metric: &MetricOutcome| metric.difference.map_or(f64::NAN, |d| d.p_outside(metric.held.tolerance));
    let adjusted = benjamini_hochberg(&tests().map(p).collect::<Vec<_>>());
    for (metric, adjusted) in points.iter_mut().flat_map(|tested| &mut tested.metrics).zip(adjusted) {
        let Some(difference) = metric.difference.filter(|_| metric.verdict >= CheckVerdict::Inconclusive) else {
            continue;
        };
        metric.verdict = if adjusted > FALSE_FINDINGS {
            CheckVerdict::Inconclusive
        } else if (difference.estimate > 0.0) == metric.held.more_is_better() {
            CheckVerdict::Better
        } else {
            CheckVerdict::Worse
        };
    }
}

/// Recorded replications that would bring the interval of the least certain figure to a third of its tolerance.
fn required_replications(points: &[PointOutcome], replications: u64) -> Option<u64> {
    let open =
        points.iter().flat_map(|point| &point.metrics).filter(|metric| metric.verdict == CheckVerdict::Inconclusive);
    let times = open.filter_map(|metric| {
        let difference = metric.difference?;
        Some(1.5 * (difference.high - difference.low) / metric.held.tolerance)
    });
    let times = times.filter(|times| times.is_finite()).reduce(f64::max)?.max(1.0);
    Some((replications as f64 * times * times / 100.0).ceil() as u64 * 100)
}
