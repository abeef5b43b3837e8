//! Sensitivity of a figure to the axes: Morris' elementary effects, or Sobol indices.
//!
//! Both methods evaluate some points repeatedly, above all where axes hold whole numbers or names; each point is run
//! once. Points share their random numbers, so differences between them are due to the axes; the remaining noise in the
//! variance is reported. Axes of names are levels without an order: a change replaces one name with any other.

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

/// Greatest number of walks, or rows of a sample.
const MOST: usize = 1 << 17;

/// Method of a sensitivity analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SensitivityMethod {
    /// Morris: walks over a grid of four levels, each changing every axis once: k + 1 evaluations a walk. An axis of
    /// numbers is changed by two thirds of its range.
    Morris(usize),
    /// Sobol: rows of a scrambled Sobol sequence: k + 2 evaluations a row, or with pairs 2k + 2.
    Sobol(usize),
}

impl SensitivityMethod {
    /// Reads `morris:20` or `sobol:512`.
    ///
    /// # Errors
    ///
    /// Returns the text and what was expected.
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

/// Question of a sensitivity analysis.
#[derive(Clone, Copy)]
pub struct SensitivityQuestion {
    /// Method.
    pub method: SensitivityMethod,
    /// Figure.
    pub of: &'static Metric,
    /// True if Sobol indices of pairs of axes are wanted.
    pub with_pairs: bool,
    /// Resamples for the intervals.
    pub resamples: u32,
}

/// An axis and its range.
#[derive(Clone, Debug, PartialEq)]
pub struct VariedAxis {
    /// Name of its column.
    pub label: String,
    /// Range: `1 to 8`, or the names.
    pub range: String,
    /// True for names, which have no order.
    pub is_named: bool,
}

/// Indices or effects.
#[derive(Clone, Debug)]
pub enum SensitivityResult {
    /// Effects over the whole range of an axis, by axis; on an axis of names, effects of a change of name.
    Effects(Vec<Effect>),
    /// Sobol indices.
    Indices(Indices),
}

/// Results of a sensitivity analysis.
#[derive(Clone)]
pub struct Sensitivity {
    /// Question.
    pub question: SensitivityQuestion,
    /// Axes.
    pub axes: Vec<VariedAxis>,
    /// Number of evaluations.
    pub evaluations: usize,
    /// Number of distinct points.
    pub points: usize,
    /// Number of runs; the figure is the mean over the completed ones.
    pub runs: u64,
    /// Number of completed runs.
    pub completed: u64,
    /// Points without a completed run: their number and the first of them.
    pub barren: Option<(usize, String)>,
    /// Mean of the figure over all evaluations.
    pub mean: f64,
    /// Variance of the figure over all evaluations.
    pub variance: f64,
    /// Fraction of that variance due to noise; none if unknown, as with one run per point.
    pub noise: Option<f64>,
    /// Effects or indices; none if there are points without a completed run, or nothing varies.
    pub found: Option<SensitivityResult>,
}

/// Evaluations of a method.
pub struct Evaluations {
    axes: Vec<VariedAxis>,
    /// Different points, each with one value per axis.
    points: Vec<Vec<Node>>,
    /// Index of the point, by evaluation.
    point_of: Vec<usize>,
    /// Next changed axis and its change, by evaluation; none at the end of a walk.
    changes: Vec<Option<(usize, f64)>>,
}

impl Evaluations {
    /// Plans the evaluations over these axes.
    ///
    /// # Errors
    ///
    /// Fails without an axis, for an axis of a single value, and for too many axes.
    pub fn new(question: &SensitivityQuestion, axes: &[Axis], seed: u64) -> Result<Evaluations, String> {
        if axes.is_empty() {
            return Err("the scenario's sweep has no axis to vary; --axis PATH=LOW..HIGH adds one".to_owned());
        }
        let varied: Vec<(VariedAxis, Vec<Level>)> = axes.iter().map(|axis| (range(axis), levels(axis))).collect();
        if let Some((axis, _)) = varied.iter().find(|(_, levels)| levels.len() < 2) {
            return Err(format!("{} has one value and cannot be varied; expected two or more", axis.label));
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
        let (points, point_of) = distinct(evaluations);
        Ok(Evaluations { axes: varied.into_iter().map(|(axis, _)| axis).collect(), points, point_of, changes })
    }

    /// Different points.
    pub fn points(&self) -> &[Vec<Node>] {
        &self.points
    }

    /// Number of evaluations.
    pub fn evaluations(&self) -> usize {
        self.point_of.len()
    }

    /// Estimates effects or indices from the figure of every point, in the order of [`Evaluations::points`]; none if
    /// nothing varies.
    pub fn estimate(&self, question: &SensitivityQuestion, figures: &[f64], seed: u64) -> Option<SensitivityResult> {
        let figure = |evaluation: usize| figures.get(*self.point_of.get(evaluation)?).copied();
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
        let column =
            |index: usize| (index..self.point_of.len()).step_by(width).map(figure).collect::<Option<Vec<f64>>>();
        let columns = |from: usize, many: usize| (from..from + many).map(column).collect::<Option<Vec<_>>>();
        let a_with = columns(1, inputs)?;
        let b_with = columns(1 + inputs, if question.with_pairs { inputs } else { 0 })?;
        let outputs = Outputs { a: column(0)?, b: column(width - 1)?, a_with, b_with };
        indices(&outputs, seed, question.resamples).map(SensitivityResult::Indices)
    }

    /// Describes a point.
    fn describe(&self, point: usize) -> String {
        let values = self.points.get(point).map_or(&[][..], Vec::as_slice);
        let values = self.axes.iter().zip(values).map(|(axis, value)| format!("{} {}", axis.label, label(value)));
        values.collect::<Vec<_>>().join(", ")
    }
}

/// Number of evaluations of a row.
fn width(inputs: usize, with_pairs: bool) -> usize {
    2 + if with_pairs { 2 * inputs } else { inputs }
}

/// A level of an axis, and its position on the axis, from 0 to 1; none for a name.
type Level = (Node, Option<f64>);

/// Four levels of an axis of numbers, all of an axis of names.
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

fn range(axis: &Axis) -> VariedAxis {
    let levels = levels(axis);
    let is_named = levels.iter().any(|(_, at)| at.is_none());
    let shown = |level: &Level| label(&level.0);
    let range = match levels.as_slice() {
        [first, .., last] if !is_named => format!("{} to {}", shown(first), shown(last)),
        levels => levels.iter().map(shown).collect::<Vec<_>>().join(", "),
    };
    VariedAxis { label: axis.label.clone(), range, is_named }
}

/// Makes a walk from a random point that changes every axis once, in random order.
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
        // Two of four levels up or down: only one of the two exists, so that every level is visited equally often.
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

/// Evaluations of a row: A, A with each value of B, B with each value of A if pairs are wanted, B.
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

/// Returns each point once, in order of first appearance, and its index by evaluation.
fn distinct(evaluations: Vec<Vec<Node>>) -> (Vec<Vec<Node>>, Vec<usize>) {
    let (mut points, mut known) = (Vec::new(), BTreeMap::new());
    let index_of = |point: Vec<Node>| {
        let key = point.iter().map(label).collect::<Vec<_>>().join(";");
        *known.entry(key).or_insert_with(|| {
            points.push(point);
            points.len() - 1
        })
    };
    let point_of = evaluations.into_iter().map(index_of).collect();
    (points, point_of)
}

/// Runs the points of the evaluations and estimates the sensitivity; none if stopped. The sweep must have the axes of
/// the evaluations.
///
/// # Errors
///
/// Reports all errors of any point.
pub fn sensitivity(
    sweep: Sweep<'_>,
    evaluations: &Evaluations,
    question: &SensitivityQuestion,
    control: &Control<'_>,
) -> Result<Option<Sensitivity>, Problems> {
    let sweep = sweep.without_baselines().of_points(evaluations.points.clone());
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
    let all: Welford = evaluations.point_of.iter().filter_map(|&index| figures.means.get(index)).copied().collect();
    let found = figures.barren.is_none().then(|| evaluations.estimate(question, &figures.means, seed)).flatten();
    let noise = figures.noise().filter(|_| all.variance() > 0.0).map(|noise| noise / all.variance());
    Ok(Some(Sensitivity {
        question: *question,
        axes: evaluations.axes.clone(),
        evaluations: evaluations.evaluations(),
        points: evaluations.points.len(),
        runs: figures.runs,
        completed: figures.completed,
        barren: figures.barren.map(|(many, first)| (many, evaluations.describe(first))),
        mean: all.mean(),
        variance: all.variance(),
        noise: noise.filter(|_| found.is_some()),
        found,
    }))
}

/// Figure at every point, and its noise.
struct PointFigures {
    of: &'static Metric,
    means: Vec<f64>,
    runs: u64,
    completed: u64,
    /// Number of points without a completed run, and the first of them.
    barren: Option<(usize, usize)>,
    /// Values of points whose runs all completed, with an equal number of replications.
    table: TwoWay,
    replications: usize,
    /// Mean of the inverse number of runs.
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

    /// Variance of a point's mean that no other point shares.
    fn noise(&self) -> Option<f64> {
        Some(self.table.interaction()? * self.per_run.mean())
    }
}

#[cfg(test)]
mod tests;
