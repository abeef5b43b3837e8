//! Which axis moves a figure, and by how much: Morris' elementary effects, or Sobol indices.
//!
//! Both ask for more evaluations than there are different points, above all where axes hold whole numbers or names;
//! each point is run once. Points share their random numbers, so what the figure does between them is due to the axes; how
//! much of its variance is noise all the same is told. Axes of names are levels without an order: to change one is to
//! change it for any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::rng::{self, Keys, Purpose, Stream};
use crate::experiment::sweep::design::{self, MOST_DIMENSIONS};
use crate::experiment::sweep::{Control, Finished, ReplicationCount, Sweep, label};
use crate::problem::Problems;
use crate::record::{Ending, Metric, Metrics};
use crate::scaling::elementary_effects::{Effect, InputChange, effect};
use crate::scaling::sobol_indices::{Indices, Outputs, indices};
use crate::scaling::stats::Welford;
use crate::scaling::two_way::TwoWay;
use crate::scenario::{Axis, Node};

/// The most walks, or rows of a sample.
const MOST: usize = 1 << 17;

/// How sensitivity is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SensitivityMethod {
    /// So many walks over a grid of four levels, each changing every axis once: k + 1 evaluations a walk. An axis of
    /// numbers is changed by two thirds of its range.
    Morris(usize),
    /// So many rows of a scrambled Sobol sequence: k + 2 evaluations a row, or with pairs 2k + 2.
    Sobol(usize),
}

impl SensitivityMethod {
    /// Reads `morris:20` or `sobol:512`.
    ///
    /// # Errors
    ///
    /// What was expected.
    pub fn parse(text: &str) -> Result<SensitivityMethod, String> {
        let wrong = || format!("{text}: expected morris:R for R walks or sobol:N for N rows, from 2 to {MOST}");
        let (kind, number) = text.split_once(':').ok_or_else(wrong)?;
        let number = number.trim().parse().ok().filter(|number| (2..=MOST).contains(number)).ok_or_else(wrong)?;
        match kind.trim() {
            "morris" => Ok(SensitivityMethod::Morris(number)),
            "sobol" => Ok(SensitivityMethod::Sobol(number)),
            _ => Err(wrong()),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct SensitivityQuestion {
    /// The method.
    pub method: SensitivityMethod,
    /// The figure.
    pub of: &'static Metric,
    /// Whether Sobol indices of pairs of axes are wanted too.
    pub with_pairs: bool,
    /// Resamples for the intervals.
    pub resamples: u32,
}

/// An axis and where it was varied.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// What its column is called.
    pub label: String,
    /// From where to where: `1 to 8`, or the names.
    pub range: String,
    /// Whether it holds names, which have no order.
    pub is_named: bool,
}

/// What was found.
#[derive(Clone, Debug)]
pub enum SensitivityResult {
    /// Effects over the whole range of an axis, by axis; of a change of name on an axis of names.
    Effects(Vec<Effect>),
    /// Shares of the variance.
    Indices(Indices),
}

/// The answer.
#[derive(Clone)]
pub struct Sensitivity {
    /// The question.
    pub question: SensitivityQuestion,
    /// The axes.
    pub axes: Vec<Varied>,
    /// How often the figure was asked for.
    pub evaluations: usize,
    /// Of how many different points.
    pub points: usize,
    /// Runs, and how many of them completed; the figure is the mean over those.
    pub runs: u64,
    /// See there.
    pub completed: u64,
    /// The points without a completed run: how many, and the first of them.
    pub barren: Option<(usize, String)>,
    /// Mean of the figure over all evaluations.
    pub mean: f64,
    /// Its variance over them.
    pub variance: f64,
    /// The share of that variance which is noise; none if it can't be known, as from one run a point.
    pub noise: Option<f64>,
    /// The effects; none if there are barren points, or nothing varies.
    pub found: Option<SensitivityResult>,
}

/// The evaluations that a method asks for.
pub struct Evaluations {
    axes: Vec<Varied>,
    /// Different points, each a value an axis.
    points: Vec<Vec<Node>>,
    /// By evaluation: its point.
    places: Vec<usize>,
    /// Of walks, by evaluation but the last of each: which axis is changed next, and by how much.
    changes: Vec<Option<(usize, f64)>>,
}

impl Evaluations {
    /// For these axes.
    ///
    /// # Errors
    ///
    /// There is no axis, one has a single value, or there are too many.
    pub fn new(question: &SensitivityQuestion, axes: &[Axis], seed: u64) -> Result<Evaluations, String> {
        if axes.is_empty() {
            return Err("the scenario's sweep has no axis to vary; --axis PATH=LOW..HIGH adds one".to_owned());
        }
        let varied: Vec<(Varied, Vec<Level>)> = axes.iter().map(|axis| (range(axis), levels(axis))).collect();
        if let Some((axis, _)) = varied.iter().find(|(_, levels)| levels.len() < 2) {
            return Err(format!("{} has one value, so it can move nothing; expected two or more", axis.label));
        }
        let (mut evaluations, mut changes) = (Vec::new(), Vec::new());
        match question.method {
            SensitivityMethod::Morris(walks) => {
                let levels: Vec<&[Level]> = varied.iter().map(|(_, levels)| levels.as_slice()).collect();
                for number in 0..walks {
                    let key = rng::key_of(&format!("morris, walk {number}"));
                    let mut draws = Keys::new(seed, 0).stream(Purpose::Workload, key);
                    walk(&levels, &mut draws, &mut evaluations, &mut changes);
                }
            }
            SensitivityMethod::Sobol(_) if 2 * axes.len() > MOST_DIMENSIONS => {
                let (many, most) = (axes.len(), MOST_DIMENSIONS / 2);
                return Err(format!("{many} axes; sobol takes up to {most}, morris any number"));
            }
            SensitivityMethod::Sobol(rows) => {
                for shares in design::sobol(2 * axes.len(), rows, seed) {
                    evaluations.extend(saltelli(axes, &shares, question.with_pairs));
                }
            }
        }
        let (points, places) = different(evaluations);
        Ok(Evaluations { axes: varied.into_iter().map(|(axis, _)| axis).collect(), points, places, changes })
    }

    /// The different points.
    pub fn points(&self) -> &[Vec<Node>] {
        &self.points
    }

    /// How often the figure is asked for.
    pub fn evaluations(&self) -> usize {
        self.places.len()
    }

    /// What the figure of every point, in the order of [`Evaluations::points`], says; none if nothing varies.
    pub fn judge(&self, question: &SensitivityQuestion, figures: &[f64], seed: u64) -> Option<SensitivityResult> {
        let figure = |evaluation: usize| figures.get(*self.places.get(evaluation)?).copied();
        if let SensitivityMethod::Morris(_) = question.method {
            let mut steps: Vec<Vec<InputChange>> = vec![Vec::new(); self.axes.len()];
            for (evaluation, change) in self.changes.iter().enumerate() {
                let Some((axis, change)) = *change else { continue };
                let (before, after) = (figure(evaluation)?, figure(evaluation + 1)?);
                steps.get_mut(axis)?.push(InputChange { change, before, after });
            }
            let effects: Option<Vec<Effect>> =
                steps.iter().map(|steps| effect(steps, seed, question.resamples)).collect();
            return effects.map(SensitivityResult::Effects);
        }
        let inputs = self.axes.len();
        let width = width(inputs, question.with_pairs);
        let column = |place: usize| (place..self.places.len()).step_by(width).map(figure).collect::<Option<Vec<f64>>>();
        let columns = |from: usize, many: usize| (from..from + many).map(column).collect::<Option<Vec<_>>>();
        let a_with = columns(1, inputs)?;
        let b_with = columns(1 + inputs, if question.with_pairs { inputs } else { 0 })?;
        let outputs = Outputs { a: column(0)?, b: column(width - 1)?, a_with, b_with };
        indices(&outputs, seed, question.resamples).map(SensitivityResult::Indices)
    }
}

/// Evaluations of a row.
fn width(inputs: usize, with_pairs: bool) -> usize {
    2 + if with_pairs { 2 * inputs } else { inputs }
}

/// A level of an axis, and where it lies on the axis, from 0 to 1; nowhere if it is a name.
type Level = (Node, Option<f64>);

/// Of an axis of numbers four, of one of names all.
fn levels(axis: &Axis) -> Vec<Level> {
    let numbers: Option<Vec<f64>> = axis.values.iter().map(Node::number).collect();
    let Some(numbers) = numbers else {
        let mut known = BTreeSet::new();
        let is_new = |value: &&Node| known.insert(label(value));
        return axis.values.iter().filter(is_new).map(|value| (value.clone(), None)).collect();
    };
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let whole = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
    if whole <= 0.0 {
        return axis.values.first().map(|value| (value.clone(), Some(0.0))).into_iter().collect();
    }
    let level = |third: u32| {
        let value = design::value(axis, f64::from(third) / 3.0);
        let at = value.number().map(|number| (number - least) / whole);
        (value, at)
    };
    (0..4).map(level).collect()
}

fn range(axis: &Axis) -> Varied {
    let levels = levels(axis);
    let is_named = levels.iter().any(|(_, at)| at.is_none());
    let shown = |level: &Level| label(&level.0);
    let range = match levels.as_slice() {
        [first, .., last] if !is_named => format!("{} to {}", shown(first), shown(last)),
        levels => levels.iter().map(shown).collect::<Vec<_>>().join(", "),
    };
    Varied { label: axis.label.clone(), range, is_named }
}

/// A walk from a random place that changes every axis once, in random order.
fn walk(
    levels: &[&[Level]],
    draws: &mut Stream,
    evaluations: &mut Vec<Vec<Node>>,
    changes: &mut Vec<Option<(usize, f64)>>,
) {
    let mut at: Vec<usize> = levels.iter().map(|levels| draws.below(levels.len() as u32) as usize).collect();
    let mut order: Vec<usize> = (0..levels.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, draws.below(last as u32 + 1) as usize);
    }
    let values = |at: &[usize]| levels.iter().zip(at).map(|(levels, &level)| levels[level].0.clone()).collect();
    evaluations.push(values(&at));
    for axis in order {
        let (here, levels) = (at[axis], levels[axis]);
        // Two levels of four on, up or down: only one of the two is there, so that every level is met as often.
        let there = match levels[here].1 {
            Some(_) => (here + 2) % 4,
            None => (here + 1 + draws.below(levels.len() as u32 - 1) as usize) % levels.len(),
        };
        let change = levels[there].1.zip(levels[here].1).map_or(1.0, |(to, from)| to - from);
        changes.push(Some((axis, change)));
        at[axis] = there;
        evaluations.push(values(&at));
    }
    changes.push(None);
}

/// The evaluations of a row: A, A with each value of B, B with each value of A if pairs are wanted, B.
fn saltelli(axes: &[Axis], shares: &[f64], with_pairs: bool) -> Vec<Vec<Node>> {
    let of = |shares: &[f64]| axes.iter().zip(shares).map(|(axis, share)| design::value(axis, *share)).collect();
    let (first, second) = shares.split_at(axes.len());
    let (a, b): (Vec<Node>, Vec<Node>) = (of(first), of(second));
    let with = |base: &[Node], other: &[Node], axis: usize| {
        let mut point = base.to_vec();
        point[axis].clone_from(&other[axis]);
        point
    };
    let mut row = vec![a.clone()];
    row.extend((0..axes.len()).map(|axis| with(&a, &b, axis)));
    if with_pairs {
        row.extend((0..axes.len()).map(|axis| with(&b, &a, axis)));
    }
    row.push(b);
    row
}

/// Each point once, in order of first appearance, and by evaluation which it is.
fn different(evaluations: Vec<Vec<Node>>) -> (Vec<Vec<Node>>, Vec<usize>) {
    let (mut points, mut known) = (Vec::new(), BTreeMap::new());
    let place = |point: Vec<Node>| {
        let key = point.iter().map(label).collect::<Vec<_>>().join(";");
        *known.entry(key).or_insert_with(|| {
            points.push(point);
            points.len() - 1
        })
    };
    let places = evaluations.into_iter().map(place).collect();
    (points, places)
}

/// Runs the points of the samples and says what moves the figure; none if it was stopped. The sweep must be over the axes
/// that the samples are of.
///
/// # Errors
///
/// Everything that is wrong with a point.
pub fn sensitivity(
    sweep: Sweep<'_>,
    samples: &Evaluations,
    question: &SensitivityQuestion,
    control: &Control<'_>,
) -> Result<Option<Sensitivity>, Problems> {
    let sweep = sweep.without_baselines().of_points(samples.points.clone());
    sweep.check()?;
    let replications = match sweep.replications {
        ReplicationCount::Fixed(replications) => replications,
        ReplicationCount::Precise(precision) => precision.least,
    };
    let mut figures = PointFigures::new(question.of, replications as usize);
    let control = Control { keep_runs: true, ..*control };
    let numbers = &mut (0..sweep.points());
    if !sweep.stream(numbers, &control, &mut |block| block.iter().for_each(|point| figures.add(point)))? {
        return Ok(None);
    }
    let seed = sweep.file.seed();
    let all: Welford = samples.places.iter().filter_map(|&place| figures.means.get(place)).copied().collect();
    let found = figures.barren.is_none().then(|| samples.judge(question, &figures.means, seed)).flatten();
    let noise = figures.noise().filter(|_| all.variance() > 0.0).map(|noise| noise / all.variance());
    Ok(Some(Sensitivity {
        question: *question,
        axes: samples.axes.clone(),
        evaluations: samples.evaluations(),
        points: samples.points.len(),
        runs: figures.runs,
        completed: figures.completed,
        barren: figures.barren.map(|(many, first)| (many, samples.describe(first))),
        mean: all.mean(),
        variance: all.variance(),
        noise: noise.filter(|_| found.is_some()),
        found,
    }))
}

impl Evaluations {
    /// A point in words.
    fn describe(&self, point: usize) -> String {
        let values = self.points.get(point).map_or(&[][..], Vec::as_slice);
        let values = self.axes.iter().zip(values).map(|(axis, value)| format!("{} {}", axis.label, label(value)));
        values.collect::<Vec<_>>().join(", ")
    }
}

/// The figure at every point, and what is known of its noise.
struct PointFigures {
    of: &'static Metric,
    means: Vec<f64>,
    runs: u64,
    completed: u64,
    /// How many points have no completed run, and the first.
    barren: Option<(usize, usize)>,
    /// Of points all of whose runs completed, as many replications as every one has.
    table: TwoWay,
    replications: usize,
    /// Mean of one over the number of runs.
    per_run: Welford,
}

impl PointFigures {
    fn new(of: &'static Metric, replications: usize) -> PointFigures {
        let (table, per_run) = (TwoWay::default(), Welford::default());
        PointFigures { of, means: Vec::new(), runs: 0, completed: 0, barren: None, table, replications, per_run }
    }

    fn add(&mut self, point: &Finished) {
        let completed = |run: &&Metrics| run.ending == Ending::Completed;
        let values: Vec<f64> = point.runs.iter().filter(completed).map(|run| (self.of.of)(run)).collect();
        self.runs += point.runs.len() as u64;
        self.completed += values.len() as u64;
        if values.is_empty() {
            self.barren = Some(self.barren.map_or((1, point.number), |(many, first)| (many + 1, first)));
        }
        self.means.push(values.iter().copied().collect::<Welford>().mean());
        self.per_run.push(1.0 / values.len().max(1) as f64);
        if values.len() == point.runs.len() {
            self.table.push(values.get(..self.replications).unwrap_or_default());
        }
    }

    /// The variance of a point's mean that no other point shares.
    fn noise(&self) -> Option<f64> {
        Some(self.table.interaction()? * self.per_run.mean())
    }
}

#[cfg(test)]
mod tests;
