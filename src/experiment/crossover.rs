//! Crossovers of two architectures along an axis: the intervals in which the sign of their difference changes.
//!
//! Both run on common random numbers at every probed value. Replications are added until the sign of the paired
//! difference is known or their limit is reached ([`stochastic_root`](crate::scaling::stochastic_root)). A scan comes
//! first; each interval with a change of sign is then bisected.

use crate::experiment::replication::runner;
use crate::experiment::sweep::design::widened;
use crate::experiment::sweep::label;
use crate::problem::Problems;
use crate::record::Metric;
use crate::scaling::stats::t95;
use crate::scaling::stochastic_root::{Change, Looks, SearchRange, Sign, changes};
use crate::scaling::variance_reduction::Variances;
use crate::scaling::{Interval, Welford};
use crate::scenario::{Axis, Node, NodeKind, ScenarioFile};
use crate::simulation::Scenario;

/// Least fraction of completed runs for a comparison: the mean of a team that completes fewer lacks the others.
pub const COMPLETING: f64 = 0.99;
/// Replications at the first look.
pub const FIRST: u64 = 50;
/// Runs with all figures in memory at a time.
const TOGETHER: u64 = 1 << 17;
/// Tolerance of the search on an axis of numbers, as a fraction of its range.
const TOLERANCE: f64 = 0.005;

/// Question of a crossover search.
#[derive(Clone)]
pub struct CrossoverQuestion {
    /// The two architectures.
    pub between: [Node; 2],
    /// Path of the axis.
    pub path: String,
    /// Lower end of the axis.
    pub low: f64,
    /// Upper end of the axis.
    pub high: f64,
    /// Figure to compare.
    pub of: &'static Metric,
    /// Number of values of the scan.
    pub scan: u32,
    /// Greatest number of replications at a value.
    pub most: u64,
}

impl CrossoverQuestion {
    /// Names of the architectures, with parameters only if the names alone are equal.
    pub fn names(&self) -> [String; 2] {
        let long = [0, 1].map(|index| label(&self.between[index]));
        let short = [0, 1].map(|index: usize| long[index].split(" (").next().unwrap_or_default().to_owned());
        if short[0] == short[1] { long } else { short }
    }

    /// Schedule of the looks at a value.
    pub fn looks(&self) -> Looks {
        Looks { first: FIRST.min(self.most), most: self.most }
    }
}

/// Standing of the two architectures at a value of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisStanding {
    /// The architecture of this index has less of the figure.
    Less(usize),
    /// The two are equal, run for run.
    Same,
    /// The difference is not significant.
    Unknown,
    /// The architecture of this index completes too few of its runs for a comparison.
    Incomplete(usize),
}

/// Results at one value of the axis.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Value of the axis.
    pub at: f64,
    /// Replications of each architecture.
    pub runs: u64,
    /// Completed runs of each.
    pub completed: [u64; 2],
    /// Means of the figure over the runs that completed in both.
    pub means: [f64; 2],
    /// Paired difference, first less second; none without a pair.
    pub difference: Option<Interval>,
    /// Standing.
    pub standing: AxisStanding,
}

/// Results of a crossover search.
#[derive(Clone)]
pub struct Crossovers {
    /// The question.
    pub question: CrossoverQuestion,
    /// Name of the axis.
    pub label: String,
    /// Restriction of the axis to whole numbers.
    pub is_whole: bool,
    /// Probed values, ascending.
    pub probes: Vec<Probe>,
    /// Intervals in which the sign changes, ascending.
    pub changes: Vec<Change>,
    /// Variance reduction by common random numbers, over all values.
    pub noise: Variances,
}

impl Crossovers {
    /// Returns the results at a value.
    pub fn probe(&self, at: f64) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.at.total_cmp(&at).is_eq())
    }

    /// Total number of runs.
    pub fn runs(&self) -> u64 {
        self.probes.iter().map(|probe| 2 * probe.runs).sum()
    }
}

/// Finds the crossovers; none if stopped. The result is the same for any number of threads.
///
/// # Errors
///
/// Reports all errors of the scenario at any value.
pub fn crossover(
    file: &ScenarioFile,
    question: CrossoverQuestion,
    done: &(dyn Fn(u64) + Sync),
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Crossovers>, Problems> {
    let ends = [question.low, question.high].map(|end| number(end, true));
    let axis = Axis { path: question.path.clone(), label: question.path.clone(), values: ends.to_vec() };
    let is_whole = widened(file, std::slice::from_ref(&axis))
        .iter()
        .all(|axis| axis.values.iter().all(|value| matches!(value.kind, NodeKind::Int(_))));
    let (low, high) = (question.low, question.high);
    let range = SearchRange { low, high, is_whole, tolerance: TOLERANCE * (high - low) };
    let mut search =
        Search { file, question: &question, is_whole, done, stop, probes: Vec::new(), noise: Variances::default() };
    search.evaluate(&range.scan(question.scan))?;
    let mut scanned: Vec<(f64, Sign)> = search.probes.iter().map(|probe| (probe.at, sign(probe.standing))).collect();
    scanned.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let found = changes(&range, &scanned, |at| {
        search.evaluate(&[at])?;
        Ok::<Sign, Problems>(search.probes.last().map_or(Sign::Unknown, |probe| sign(probe.standing)))
    })?;
    if stop() {
        return Ok(None);
    }
    let (mut probes, noise) = (search.probes, search.noise);
    probes.sort_by(|a, b| a.at.total_cmp(&b.at));
    let label = if question.path == "team.agents" { "agents".to_owned() } else { question.path.clone() };
    Ok(Some(Crossovers { question, label, is_whole, probes, changes: found, noise }))
}

/// Sign of the first less the second.
fn sign(standing: AxisStanding) -> Sign {
    match standing {
        AxisStanding::Less(0) => Sign::Negative,
        AxisStanding::Less(_) => Sign::Positive,
        AxisStanding::Same | AxisStanding::Unknown | AxisStanding::Incomplete(_) => Sign::Unknown,
    }
}

fn number(at: f64, is_whole: bool) -> Node {
    Node::new(if is_whole && at.fract() == 0.0 { NodeKind::Int(at as i128) } else { NodeKind::Float(at) })
}

struct Search<'a> {
    file: &'a ScenarioFile,
    question: &'a CrossoverQuestion,
    is_whole: bool,
    done: &'a (dyn Fn(u64) + Sync),
    stop: &'a (dyn Fn() -> bool + Sync),
    probes: Vec<Probe>,
    noise: Variances,
}

/// A value under evaluation.
struct OpenProbe {
    at: f64,
    scenarios: [Scenario; 2],
    /// Figure by replication, of each architecture; none where the run did not complete.
    values: [Vec<Option<f64>>; 2],
    /// Standing; none while further replications may decide.
    standing: Option<AxisStanding>,
}

impl Search<'_> {
    /// Evaluates these values together and appends the results in their order.
    fn evaluate(&mut self, positions: &[f64]) -> Result<(), Problems> {
        let (mut all, mut problems) = (Vec::new(), Problems::default());
        for &at in positions {
            let value = number(at, self.is_whole);
            let make = |architecture: &Node| {
                self.file.at(&[(self.question.path.as_str(), &value), ("architecture", architecture)])
            };
            match (make(&self.question.between[0]), make(&self.question.between[1])) {
                (Ok(first), Ok(second)) => {
                    all.push(OpenProbe { at, scenarios: [first, second], values: Default::default(), standing: None });
                }
                (Err(wrong), _) | (_, Err(wrong)) => problems.append(wrong),
            }
        }
        problems.or(())?;
        let looks = self.question.looks();
        let mut have = 0;
        while let Some(next) = looks.next(have).filter(|_| !(self.stop)()) {
            let mut open: Vec<&mut OpenProbe> = all.iter_mut().filter(|open| open.standing.is_none()).collect();
            // As many values at a time as fit into memory with all figures of their runs.
            for some in open.chunks_mut((TOGETHER / (2 * (next - have))).max(1) as usize) {
                let scenarios: Vec<&Scenario> = some.iter().flat_map(|open| &open.scenarios).collect();
                let mut samples = runner::more(&scenarios, have..next, self.done).into_iter();
                for open in some {
                    for (known, more) in open.values.iter_mut().zip(samples.by_ref()) {
                        known.extend(more.by_replication(self.question.of.name));
                    }
                    open.standing = judge(&open.values, looks);
                }
            }
            have = next;
            if open.iter().all(|open| open.standing.is_some()) {
                break;
            }
        }
        for open in all {
            self.noise = self.noise + Variances::from_pairs(pairs(&open.values));
            self.probes.push(probe(&open));
        }
        Ok(())
    }
}

/// Pairs of the figure, over replications that completed in both.
fn pairs(values: &[Vec<Option<f64>>; 2]) -> impl Iterator<Item = (f64, f64)> {
    values[0].iter().zip(&values[1]).filter_map(|(first, second)| (*first).zip(*second))
}

/// Paired differences, first less second.
fn differences(values: &[Vec<Option<f64>>; 2]) -> Welford {
    pairs(values).map(|(first, second)| first - second).collect()
}

/// Current standing; none while further replications may decide.
fn judge(values: &[Vec<Option<f64>>; 2], looks: Looks) -> Option<AxisStanding> {
    let is_failing =
        |values: &Vec<Option<f64>>| (values.iter().flatten().count() as f64) < COMPLETING * values.len() as f64;
    if let Some(index) = values.iter().position(is_failing) {
        return Some(AxisStanding::Incomplete(index));
    }
    match looks.sign(&differences(values)) {
        Sign::Negative => Some(AxisStanding::Less(0)),
        Sign::Positive => Some(AxisStanding::Less(1)),
        Sign::Unknown => (values[0] == values[1]).then_some(AxisStanding::Same),
    }
}

fn probe(open: &OpenProbe) -> Probe {
    let values = differences(&open.values);
    let mean = |which: fn((f64, f64)) -> f64| pairs(&open.values).map(which).collect::<Welford>().mean();
    let difference =
        (values.n() > 0).then(|| Interval { estimate: values.mean(), half_width: values.half_width(t95(values.n())) });
    let [first, second] = &open.values;
    Probe {
        at: open.at,
        runs: first.len() as u64,
        completed: [first, second].map(|values| values.iter().flatten().count() as u64),
        means: [mean(|pair| pair.0), mean(|pair| pair.1)],
        difference,
        standing: open.standing.unwrap_or(AxisStanding::Unknown),
    }
}

#[cfg(test)]
mod tests;
