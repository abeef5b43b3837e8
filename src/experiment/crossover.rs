//! Where one architecture overtakes another along an axis: the places between which the sign of their difference changes.
//!
//! Both run on common random numbers at every place that is looked at, and replications are added until the sign of the
//! paired difference is known or there are as many as there may be ([`sign_change`](crate::scaling::stochastic_root)). A scan
//! comes first; each stretch in which the sign changes is then halved.

use crate::experiment::Replications;
use crate::experiment::replication::runner;
use crate::experiment::sweep::design::widened;
use crate::experiment::sweep::label;
use crate::problem::Problems;
use crate::record::{Ending, Metric};
use crate::scaling::stats::t95;
use crate::scaling::stochastic_root::{Change, Looks, SearchRange, Sign, changes};
use crate::scaling::variance_reduction::Variances;
use crate::scaling::{Interval, Welford};
use crate::scenario::{Axis, Node, NodeKind, ScenarioFile};
use crate::simulation::Scenario;

/// A team that completes a smaller share of its runs has no honest mean: those it did not complete are missing from it.
pub const COMPLETING: f64 = 0.99;
/// Replications at the first look.
pub const FIRST: u64 = 50;
/// Runs whose figures are in memory at a time.
const TOGETHER: u64 = 1 << 17;
/// Stretches of an axis of numbers are halved down to this share of its range.
const SHORT: f64 = 0.005;

/// What is asked.
#[derive(Clone)]
pub struct CrossoverQuestion {
    /// The two architectures.
    pub between: [Node; 2],
    /// The path along which the crossing is looked for.
    pub path: String,
    /// Its ends.
    pub low: f64,
    /// See there.
    pub high: f64,
    /// The figure.
    pub of: &'static Metric,
    /// Places of the scan.
    pub scan: u32,
    /// Most replications at a place.
    pub most: u64,
}

impl CrossoverQuestion {
    /// What the architectures are called: with their parameters only if nothing else tells them apart.
    pub fn names(&self) -> [String; 2] {
        let long = [0, 1].map(|place| label(&self.between[place]));
        let short = [0, 1].map(|place: usize| long[place].split(" (").next().unwrap_or_default().to_owned());
        if short[0] == short[1] { long } else { short }
    }

    /// How often is looked at a place.
    pub fn looks(&self) -> Looks {
        Looks { first: FIRST.min(self.most), most: self.most }
    }
}

/// What is known at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisStanding {
    /// The architecture of this place has less of the figure.
    Less(usize),
    /// The two are the same, run for run.
    Same,
    /// The difference can't be told from none.
    Unknown,
    /// The architecture of this place completes too few of its runs to be compared.
    Incomplete(usize),
}

/// A place that was looked at.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Where.
    pub at: f64,
    /// Replications of each.
    pub runs: u64,
    /// How many of them each completed.
    pub completed: [u64; 2],
    /// The figure's means over the runs that completed in both.
    pub means: [f64; 2],
    /// The first less the second, paired; none without a pair.
    pub difference: Option<Interval>,
    /// What that says.
    pub standing: AxisStanding,
}

/// What was found.
#[derive(Clone)]
pub struct Crossovers {
    /// The question.
    pub question: CrossoverQuestion,
    /// What the axis is called.
    pub label: String,
    /// Whether it holds whole numbers only.
    pub is_whole: bool,
    /// The places, in order.
    pub probes: Vec<Probe>,
    /// The stretches in which the sign changes, in order.
    pub changes: Vec<Change>,
    /// What common random numbers were worth, over all places.
    pub noise: Variances,
}

impl Crossovers {
    /// The place that was looked at there.
    pub fn probe(&self, at: f64) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.at.total_cmp(&at).is_eq())
    }

    /// Runs in all.
    pub fn runs(&self) -> u64 {
        self.probes.iter().map(|probe| 2 * probe.runs).sum()
    }
}

/// Finds the crossings; none at all if it was stopped. The same for any number of threads.
///
/// # Errors
///
/// Everything that is wrong with a place.
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
    let range = SearchRange { low, high, is_whole, tolerance: SHORT * (high - low) };
    let mut search =
        Search { file, question: &question, is_whole, done, stop, probes: Vec::new(), noise: Variances::default() };
    search.look(&range.scan(question.scan))?;
    let mut scanned: Vec<(f64, Sign)> = search.probes.iter().map(|probe| (probe.at, sign(probe.standing))).collect();
    scanned.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let found = changes(&range, &scanned, |at| {
        search.look(&[at])?;
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

/// Of the first less the second.
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

/// A place under way.
struct AxisPosition {
    at: f64,
    scenarios: [Scenario; 2],
    /// Of each, by replication: the figure, if the run completed.
    values: [Vec<Option<f64>>; 2],
    /// None as long as more may tell.
    standing: Option<AxisStanding>,
}

impl Search<'_> {
    /// Looks at these places, at all that are not known yet together, and keeps what is found in their order.
    fn look(&mut self, places: &[f64]) -> Result<(), Problems> {
        let (mut all, mut problems) = (Vec::new(), Problems::default());
        for &at in places {
            let value = number(at, self.is_whole);
            let make = |architecture: &Node| {
                self.file.at(&[(self.question.path.as_str(), &value), ("architecture", architecture)])
            };
            match (make(&self.question.between[0]), make(&self.question.between[1])) {
                (Ok(first), Ok(second)) => {
                    all.push(AxisPosition {
                        at,
                        scenarios: [first, second],
                        values: Default::default(),
                        standing: None,
                    });
                }
                (Err(wrong), _) | (_, Err(wrong)) => problems.append(wrong),
            }
        }
        problems.or(())?;
        let looks = self.question.looks();
        let mut have = 0;
        while let Some(next) = looks.next(have).filter(|_| !(self.stop)()) {
            let mut open: Vec<&mut AxisPosition> = all.iter_mut().filter(|place| place.standing.is_none()).collect();
            // Many places at a time, as long as all figures of all their runs fit into memory.
            for some in open.chunks_mut((TOGETHER / (2 * (next - have))).max(1) as usize) {
                let scenarios: Vec<&Scenario> = some.iter().flat_map(|place| &place.scenarios).collect();
                let mut samples = runner::more(&scenarios, have..next, self.done).into_iter();
                for place in some {
                    for (known, more) in place.values.iter_mut().zip(samples.by_ref()) {
                        known.extend(values(&more, self.question.of));
                    }
                    place.standing = judge(&place.values, looks);
                }
            }
            have = next;
            if open.iter().all(|place| place.standing.is_some()) {
                break;
            }
        }
        for place in all {
            self.noise = self.noise + Variances::of(pairs(&place.values));
            self.probes.push(probe(&place));
        }
        Ok(())
    }
}

/// By replication: the figure, if the run completed.
fn values<'a>(sample: &'a Replications, of: &Metric) -> impl Iterator<Item = Option<f64>> + 'a {
    let all = sample.all(of.name).iter().zip(&sample.endings);
    all.map(|(value, ending)| (*ending == Ending::Completed).then_some(*value))
}

/// The figure in both, in those replications that completed in both.
fn pairs(values: &[Vec<Option<f64>>; 2]) -> impl Iterator<Item = (f64, f64)> {
    values[0].iter().zip(&values[1]).filter_map(|(first, second)| (*first).zip(*second))
}

/// The first less the second.
fn differences(values: &[Vec<Option<f64>>; 2]) -> Welford {
    pairs(values).map(|(first, second)| first - second).collect()
}

/// What is known now; none if more may tell.
fn judge(values: &[Vec<Option<f64>>; 2], looks: Looks) -> Option<AxisStanding> {
    let is_failing =
        |values: &Vec<Option<f64>>| (values.iter().flatten().count() as f64) < COMPLETING * values.len() as f64;
    if let Some(place) = values.iter().position(is_failing) {
        return Some(AxisStanding::Incomplete(place));
    }
    match looks.sign(&differences(values)) {
        Sign::Negative => Some(AxisStanding::Less(0)),
        Sign::Positive => Some(AxisStanding::Less(1)),
        Sign::Unknown => (values[0] == values[1]).then_some(AxisStanding::Same),
    }
}

fn probe(place: &AxisPosition) -> Probe {
    let values = differences(&place.values);
    let mean = |which: fn((f64, f64)) -> f64| pairs(&place.values).map(which).collect::<Welford>().mean();
    let difference =
        (values.n() > 0).then(|| Interval { estimate: values.mean(), half_width: values.half_width(t95(values.n())) });
    let [first, second] = &place.values;
    Probe {
        at: place.at,
        runs: first.len() as u64,
        completed: [first, second].map(|values| values.iter().flatten().count() as u64),
        means: [mean(|pair| pair.0), mean(|pair| pair.1)],
        difference,
        standing: place.standing.unwrap_or(AxisStanding::Unknown),
    }
}

#[cfg(test)]
mod tests;
