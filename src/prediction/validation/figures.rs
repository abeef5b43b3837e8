//! Error figures: scores of predicted against recorded cells.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::validation::measures::{BLOCKED, CALLS, GAP, MAKESPAN, REWRITES, ROUNDS, TOKENS, WRITES, mean};
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::scaling::{median, spearman};

/// An error figure: a distance between predicted and recorded cells.
#[derive(Debug, PartialEq)]
pub struct ErrorFigure {
    /// Name in files.
    pub name: &'static str,
    /// Title in tables.
    pub about: &'static str,
    /// Unit of its values.
    pub unit: FigureUnit,
    rule: Rule,
}

/// Unit of the values of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// An error in percent: less is better.
    Error,
    /// An error in percentage points: less is better.
    Points,
    /// A proportion in percent: 100 is best.
    Share,
    /// A proportion in percent with the nominal value 80.
    Coverage,
    /// A rank correlation: 1 is best.
    Correlation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Median absolute error of a mean, over cells.
    Cells(usize),
    /// Mean absolute error of the geometric mean speedup, over groups of cells with the same parallel fraction and team
    /// size.
    SpeedupByWork,
    /// Mean absolute error of the mean over cells, over groups of cells with the same model and team size.
    ByModel(usize),
    /// Rank correlation of a mean, over cells.
    Ranks(usize),
    /// Mean absolute difference of the completion rate, over team sizes.
    Completion,
    /// Proportion of recorded runs whose makespan is in the simulated interval.
    Coverage,
    /// Proportion of cells with the speedup on the recorded side of 1, among those with a significant recorded side.
    Sign,
}

/// All figures, in the order of every table and file.
pub static FIGURES: &[ErrorFigure] = &[
    figure("makespan", "makespan a cell, median error", FigureUnit::Error, Rule::Cells(MAKESPAN)),
    figure("speedup", "speedup by work and team size, mean error", FigureUnit::Error, Rule::SpeedupByWork),
    figure("rounds", "rounds a cell, median error", FigureUnit::Error, Rule::Cells(ROUNDS)),
    figure("llm_calls", "calls a cell, median error", FigureUnit::Error, Rule::Cells(CALLS)),
    figure("tokens", "tokens a cell, median error", FigureUnit::Error, Rule::Cells(TOKENS)),
    figure("straggler_gap", "straggler gap by model and team size, mean error", FigureUnit::Error, Rule::ByModel(GAP)),
    figure("concurrent_writes", "concurrent writes a cell, median error", FigureUnit::Error, Rule::Cells(WRITES)),
    figure("concurrent_writes_rank", "the same, rank correlation", FigureUnit::Correlation, Rule::Ranks(WRITES)),
    figure("rewrites", "rewrites a cell, median error", FigureUnit::Error, Rule::Cells(REWRITES)),
    figure("blocked_claims", "blocked claims a cell, median error", FigureUnit::Error, Rule::Cells(BLOCKED)),
    figure("completion", "completion rate by team size, mean difference", FigureUnit::Points, Rule::Completion),
    figure("coverage_80", "runs within the 80 % interval of a run", FigureUnit::Coverage, Rule::Coverage),
    figure("speedup_sign", "faster or slower than one agent, right", FigureUnit::Share, Rule::Sign),
];

const fn figure(name: &'static str, about: &'static str, unit: FigureUnit, rule: Rule) -> ErrorFigure {
    ErrorFigure { name, about, unit, rule }
}

/// A figure's value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Value in the unit of the figure; none without data.
    pub value: Option<f64>,
    /// Mean absolute logarithm of predicted over recorded.
    pub log_error: Option<f64>,
    /// Mean logarithm of predicted over recorded: above 0 for overprediction.
    pub log_bias: Option<f64>,
    /// Number of cells, groups or runs in the value.
    pub units: usize,
    /// Number of cells left out, because the recorded value is 0 or missing, or the prediction is missing.
    pub left_out: usize,
}

/// Recorded cells that predictions are scored against.
pub(super) struct Recordings<'a> {
    pub(super) cells: &'a [ValidationCell],
    pub(super) recorded: &'a [Prediction],
    pub(super) plan: &'a ValidationPlan,
}

/// A cell, its recorded summary and its prediction.
type Scored<'a> = (&'a ValidationCell, &'a Prediction, &'a Prediction);

impl ErrorFigure {
    /// Scores the predictions of all cells under an architecture.
    pub(super) fn score(&self, recordings: &Recordings<'_>, architecture: &str, predictions: &[Prediction]) -> Score {
        let all = recordings.cells.iter().zip(recordings.recorded).zip(predictions);
        let all = all.map(|((cell, recorded), predicted)| (cell, recorded, predicted));
        let scored: Vec<Scored<'_>> =
            all.filter(|(cell, ..)| cell.is_scored && cell.architecture == architecture).collect();
        let fewest = recordings.plan.fewest_runs;
        let measured: Vec<Scored<'_>> = scored.iter().copied().filter(|(cell, ..)| cell.is_measured(fewest)).collect();
        match self.rule {
            Rule::Cells(measure) => cells(&measured, measure),
            Rule::SpeedupByWork => {
                let labels = ["p", "p_true", "parallel_fraction"];
                grouped(&measured, recordings, &labels, |(cell, recorded, predicted)| {
                    let base = recordings.cells.get(cell.baseline?).filter(|base| base.agents != cell.agents)?;
                    let pair = (recorded.speedup?, predicted.speedup?);
                    let is_valid = base.is_measured(fewest) && pair.0 > 0.0 && pair.1 > 0.0;
                    is_valid.then(|| (math::ln(pair.0), math::ln(pair.1)))
                })
                .of_logarithms()
            }
            Rule::ByModel(measure) => {
                let means =
                    |(_, recorded, predicted): Scored<'_>| Some((recorded.mean(measure)?, predicted.mean(measure)?));
                grouped(&measured, recordings, &["model"], means).score()
            }
            Rule::Ranks(measure) => ranks(&measured, measure),
            Rule::Completion => completion(&scored),
            Rule::Coverage => coverage(&measured),
            Rule::Sign => sign(&measured, recordings),
        }
    }
}

/// Pairs of recorded and predicted values.
#[derive(Default)]
struct Pairs {
    values: Vec<(f64, f64)>,
    left_out: usize,
    /// Number of cells without prediction because no simulated run completes: infinite error.
    never_completed: usize,
}

impl Pairs {
    fn push(&mut self, recorded: Option<f64>, predicted: Option<f64>) {
        match (recorded, predicted) {
            (Some(recorded), Some(predicted)) if recorded > 0.0 => self.values.push((recorded, predicted)),
            _ => self.left_out += 1,
        }
    }

    fn errors(&self) -> Vec<f64> {
        let of_pairs = self.values.iter().map(|(recorded, predicted)| (predicted / recorded - 1.0).abs() * 100.0);
        of_pairs.chain(std::iter::repeat_n(f64::INFINITY, self.never_completed)).collect()
    }

    fn log_ratios(&self) -> Vec<f64> {
        let positive = self.values.iter().filter(|(recorded, predicted)| *recorded > 0.0 && *predicted > 0.0);
        positive.map(|(recorded, predicted)| math::ln(predicted / recorded)).collect()
    }

    fn with(&self, value: Option<f64>) -> Score {
        let log_ratios = self.log_ratios();
        Score {
            value: value.filter(|value| value.is_finite()),
            log_error: mean(&log_ratios.iter().map(|log| log.abs()).collect::<Vec<_>>()),
            log_bias: mean(&log_ratios),
            units: self.values.len() + self.never_completed,
            left_out: self.left_out,
        }
    }

    /// Mean absolute error.
    fn score(&self) -> Score {
        self.with(mean(&self.errors()))
    }

    /// Mean absolute error of pairs of logarithms.
    fn of_logarithms(mut self) -> Score {
        for pair in &mut self.values {
            *pair = (math::exp(pair.0), math::exp(pair.1));
        }
        self.score()
    }
}

fn cells(scored: &[Scored<'_>], measure: usize) -> Score {
    let mut pairs = Pairs::default();
    for (_, recorded, predicted) in scored {
        let (recorded, mean) = (recorded.mean(measure), predicted.mean(measure));
        if mean.is_none() && predicted.completion == Some(0.0) && recorded > Some(0.0) {
            pairs.never_completed += 1;
        } else {
            pairs.push(recorded, mean);
        }
    }
    pairs.with(median(&pairs.errors()))
}

/// Returns means over groups of cells with the same team size and the same value of a label: the first of `labels` that
/// the plan has.
fn grouped<'s>(
    scored: &[Scored<'s>],
    recordings: &Recordings<'_>,
    labels: &[&str],
    pair_of: impl Fn(Scored<'s>) -> Option<(f64, f64)>,
) -> Pairs {
    let index = labels.iter().find_map(|label| recordings.plan.by.iter().position(|name| name == label));
    let mut groups: BTreeMap<(&str, u32), Vec<(f64, f64)>> = BTreeMap::new();
    let mut pairs = Pairs::default();
    for &(cell, recorded, predicted) in scored {
        let value = index.and_then(|index| cell.labels.get(index)).map_or("", String::as_str);
        match pair_of((cell, recorded, predicted)) {
            Some(pair) => groups.entry((value, cell.agents)).or_default().push(pair),
            None => pairs.left_out += 1,
        }
    }
    let mean = |group: &Vec<(f64, f64)>| {
        let count = group.len() as f64;
        (group.iter().map(|p| p.0).sum::<f64>() / count, group.iter().map(|p| p.1).sum::<f64>() / count)
    };
    pairs.values = groups.values().map(mean).collect();
    pairs
}

fn ranks(scored: &[Scored<'_>], measure: usize) -> Score {
    let pairs: Vec<(f64, f64)> = scored
        .iter()
        .filter_map(|(_, recorded, predicted)| Some((recorded.mean(measure)?, predicted.mean(measure)?)))
        .collect();
    let (recorded, predicted): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    // Two points are always perfectly correlated.
    let correlation = spearman(&recorded, &predicted).filter(|_| pairs.len() > 2);
    Score {
        value: correlation.map(|correlation| correlation.rho),
        units: pairs.len(),
        left_out: scored.len() - pairs.len(),
        ..Score::default()
    }
}

fn completion(scored: &[Scored<'_>]) -> Score {
    let mut by_size: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    let mut left_out = 0;
    for (cell, recorded, predicted) in scored {
        match (recorded.completion, predicted.completion) {
            (Some(recorded), Some(predicted)) => {
                let sums = by_size.entry(cell.agents).or_default();
                let runs = cell.runs as f64;
                *sums = (sums.0 + runs, sums.1 + recorded * runs, sums.2 + predicted * runs);
            }
            _ => left_out += 1,
        }
    }
    let differences: Vec<f64> =
        by_size.values().map(|(runs, recorded, predicted)| (predicted - recorded).abs() / runs * 100.0).collect();
    Score { value: mean(&differences), units: differences.len(), left_out, ..Score::default() }
}

fn coverage(scored: &[Scored<'_>]) -> Score {
    let (mut within, mut runs, mut left_out) = (0_usize, 0_usize, 0);
    for (cell, _, predicted) in scored {
        let Some((low, high)) = predicted.interval else {
            left_out += 1;
            continue;
        };
        let values = cell.values_of(MAKESPAN);
        within += values.iter().filter(|value| (low..=high).contains(value)).count();
        runs += values.len();
    }
    Score { value: (runs > 0).then(|| within as f64 / runs as f64 * 100.0), units: runs, left_out, ..Score::default() }
}

/// Standard errors from which the logarithm of a recorded speedup differs significantly from 0.
pub(super) const DECISIVE: f64 = 2.0;

fn sign(scored: &[Scored<'_>], recordings: &Recordings<'_>) -> Score {
    let (mut right, mut cells) = (0_usize, 0_usize);
    for (cell, recorded, predicted) in scored {
        let speedup = recorded.speedup.zip(cell.speedup_se(recordings.cells));
        let Some((speedup, se)) = speedup.filter(|(speedup, _)| *speedup > 0.0) else { continue };
        let log = math::ln(speedup);
        // A predicted speedup of exactly 1 has no side.
        let is_decisive = |speedup: &f64| log.abs() > DECISIVE * se && (speedup - 1.0).abs() > 1e-12;
        let Some(predicted) = predicted.speedup.filter(is_decisive) else { continue };
        cells += 1;
        right += usize::from((predicted > 1.0 && log > 0.0) || (predicted < 1.0 && log < 0.0));
    }
    Score {
        value: (cells > 0).then(|| right as f64 / cells as f64 * 100.0),
        units: cells,
        left_out: scored.len() - cells,
        ..Score::default()
    }
}
