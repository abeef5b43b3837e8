//! The figures by which a model is judged, and how each is worked out: of the model, of a perfect one, of a law.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::validation::measures::{BLOCKED, CALLS, GAP, MAKESPAN, REWRITES, ROUNDS, TOKENS, WRITES, mean};
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::scaling::{median, spearman};

/// A figure: how far what is said of cells is off from what was recorded.
#[derive(PartialEq)]
pub struct ErrorFigure {
    /// Its name in files.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// What its values are.
    pub unit: FigureUnit,
    rule: Rule,
}

impl std::fmt::Debug for ErrorFigure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What the values of a figure are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// An error in percent: less is better.
    Error,
    /// An error in percentage points: less is better.
    Points,
    /// A share in percent: all is best.
    Share,
    /// A share in percent that should be 80.
    Coverage,
    /// A rank correlation: 1 is best.
    Correlation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Median absolute error over cells, of a mean.
    Cells(usize),
    /// Mean absolute error over groups of cells with one parallel fraction and team size, of the geometric mean of
    /// their speedups.
    SpeedupByWork,
    /// Mean absolute error over groups of cells with one model and team size, of the mean of their means.
    ByModel(usize),
    /// Rank correlation over cells, of a mean.
    Ranks(usize),
    /// Mean absolute difference over team sizes, of the share of all runs that complete.
    Completion,
    /// The share of recorded runs that take a time within the simulated interval.
    Coverage,
    /// The share of cells whose speedup is on the recorded side of 1, of those where that is no matter of chance.
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
    /// In the unit of the figure; none if there is nothing to work it out from.
    pub value: Option<f64>,
    /// Mean absolute logarithm of said over recorded.
    pub log_error: Option<f64>,
    /// Mean logarithm of said over recorded: above 0 too much is said.
    pub log_bias: Option<f64>,
    /// Of how many cells, groups or runs it is made.
    pub units: usize,
    /// Cells that it can't be made of: nothing was recorded to divide by, or nothing is said.
    pub left_out: usize,
}

/// The recordings that guesses are held against.
pub(super) struct Recordings<'a> {
    pub(super) cells: &'a [ValidationCell],
    pub(super) recorded: &'a [Prediction],
    pub(super) plan: &'a ValidationPlan,
}

/// A cell with what was recorded and what is said of it.
type Seen<'a> = (&'a ValidationCell, &'a Prediction, &'a Prediction);

impl ErrorFigure {
    /// Its value for what is said of each cell.
    pub(super) fn score(&self, held: &Recordings<'_>, architecture: &str, guesses: &[Prediction]) -> Score {
        let all = held.cells.iter().zip(held.recorded).zip(guesses);
        let of_all = all.map(|((cell, recorded), guess)| (cell, recorded, guess));
        let scored: Vec<Seen<'_>> =
            of_all.filter(|(cell, ..)| cell.is_scored && cell.architecture == architecture).collect();
        let fewest = held.plan.fewest_runs;
        let measured: Vec<Seen<'_>> = scored.iter().copied().filter(|(cell, ..)| cell.is_measured(fewest)).collect();
        match self.rule {
            Rule::Cells(measure) => cells(&measured, measure),
            Rule::SpeedupByWork => grouped(&measured, held, &["p", "p_true", "parallel_fraction"], |seen| {
                let base = held.cells.get(seen.0.baseline?).filter(|base| base.agents != seen.0.agents)?;
                let pair = (seen.1.speedup?, seen.2.speedup?);
                (base.is_measured(fewest) && pair.0 > 0.0 && pair.1 > 0.0).then(|| (math::ln(pair.0), math::ln(pair.1)))
            })
            .of_logarithms(),
            Rule::ByModel(measure) => {
                grouped(&measured, held, &["model"], |seen| Some((seen.1.mean(measure)?, seen.2.mean(measure)?)))
                    .score()
            }
            Rule::Ranks(measure) => ranks(&measured, measure),
            Rule::Completion => completion(&scored),
            Rule::Coverage => coverage(&measured),
            Rule::Sign => sign(&measured, held),
        }
    }
}

/// Pairs of what was recorded and what is said.
#[derive(Default)]
struct Pairs {
    found: Vec<(f64, f64)>,
    left_out: usize,
    /// Of which nothing is said because no simulated run completes: as far off as can be.
    never: usize,
}

impl Pairs {
    fn push(&mut self, recorded: Option<f64>, said: Option<f64>) {
        match (recorded, said) {
            (Some(recorded), Some(said)) if recorded > 0.0 => self.found.push((recorded, said)),
            _ => self.left_out += 1,
        }
    }

    fn errors(&self) -> Vec<f64> {
        let of_pairs = self.found.iter().map(|(recorded, said)| (said / recorded - 1.0).abs() * 100.0);
        of_pairs.chain(std::iter::repeat_n(f64::INFINITY, self.never)).collect()
    }

    fn logarithms(&self) -> Vec<f64> {
        let positive = self.found.iter().filter(|(recorded, said)| *recorded > 0.0 && *said > 0.0);
        positive.map(|(recorded, said)| math::ln(said / recorded)).collect()
    }

    fn with(&self, value: Option<f64>) -> Score {
        let logarithms = self.logarithms();
        Score {
            value: value.filter(|value| value.is_finite()),
            log_error: mean(&logarithms.iter().map(|log| log.abs()).collect::<Vec<_>>()),
            log_bias: mean(&logarithms),
            units: self.found.len() + self.never,
            left_out: self.left_out,
        }
    }

    /// Mean absolute error.
    fn score(&self) -> Score {
        self.with(mean(&self.errors()))
    }

    /// The same of pairs of logarithms.
    fn of_logarithms(mut self) -> Score {
        for pair in &mut self.found {
            *pair = (math::exp(pair.0), math::exp(pair.1));
        }
        self.score()
    }
}

fn cells(seen: &[Seen<'_>], measure: usize) -> Score {
    let mut pairs = Pairs::default();
    for (_, recorded, said) in seen {
        if said.mean(measure).is_none() && said.completion == Some(0.0) && recorded.mean(measure) > Some(0.0) {
            pairs.never += 1;
        } else {
            pairs.push(recorded.mean(measure), said.mean(measure));
        }
    }
    pairs.with(median(&pairs.errors()))
}

/// Means over the cells of a group: those with one value of the first of these labels that there is, and one team size.
fn grouped<'s>(
    seen: &[Seen<'s>],
    held: &Recordings<'_>,
    labels: &[&str],
    of: impl Fn(Seen<'s>) -> Option<(f64, f64)>,
) -> Pairs {
    let place = labels.iter().find_map(|label| held.plan.by.iter().position(|name| name == label));
    let mut groups: BTreeMap<(&str, u32), Vec<(f64, f64)>> = BTreeMap::new();
    let mut pairs = Pairs::default();
    for &(cell, recorded, said) in seen {
        let value = place.and_then(|place| cell.labels.get(place)).map_or("", String::as_str);
        match of((cell, recorded, said)) {
            Some(pair) => groups.entry((value, cell.agents)).or_default().push(pair),
            None => pairs.left_out += 1,
        }
    }
    pairs.found = groups
        .values()
        .map(|group| {
            let count = group.len() as f64;
            (group.iter().map(|p| p.0).sum::<f64>() / count, group.iter().map(|p| p.1).sum::<f64>() / count)
        })
        .collect();
    pairs
}

fn ranks(seen: &[Seen<'_>], measure: usize) -> Score {
    let pairs: Vec<(f64, f64)> =
        seen.iter().filter_map(|(_, recorded, said)| Some((recorded.mean(measure)?, said.mean(measure)?))).collect();
    let (recorded, said): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    // Two points always go together.
    let found = spearman(&recorded, &said).filter(|_| pairs.len() > 2);
    Score {
        value: found.map(|found| found.rho),
        units: pairs.len(),
        left_out: seen.len() - pairs.len(),
        ..Score::default()
    }
}

fn completion(seen: &[Seen<'_>]) -> Score {
    let mut by_size: BTreeMap<u32, (f64, f64, f64)> = BTreeMap::new();
    let mut left_out = 0;
    for (cell, recorded, said) in seen {
        match (recorded.completion, said.completion) {
            (Some(recorded), Some(said)) => {
                let sums = by_size.entry(cell.agents).or_default();
                let runs = cell.runs as f64;
                *sums = (sums.0 + runs, sums.1 + recorded * runs, sums.2 + said * runs);
            }
            _ => left_out += 1,
        }
    }
    let differences: Vec<f64> = by_size.values().map(|(runs, r, s)| (s - r).abs() / runs * 100.0).collect();
    Score { value: mean(&differences), units: differences.len(), left_out, ..Score::default() }
}

fn coverage(seen: &[Seen<'_>]) -> Score {
    let (mut within, mut runs, mut left_out) = (0_usize, 0_usize, 0);
    for (cell, _, said) in seen {
        let Some((low, high)) = said.interval else {
            left_out += 1;
            continue;
        };
        let values = cell.of(MAKESPAN);
        within += values.iter().filter(|value| (low..=high).contains(value)).count();
        runs += values.len();
    }
    Score { value: (runs > 0).then(|| within as f64 / runs as f64 * 100.0), units: runs, left_out, ..Score::default() }
}

/// A recorded speedup counts as other than 1 from so many standard errors of its logarithm on.
pub(super) const DECISIVE: f64 = 2.0;

fn sign(seen: &[Seen<'_>], held: &Recordings<'_>) -> Score {
    let (mut right, mut cells) = (0_usize, 0_usize);
    for (cell, recorded, said) in seen {
        let known = recorded.speedup.zip(cell.speedup_se(held.cells));
        let Some((speedup, se)) = known.filter(|(speedup, _)| *speedup > 0.0) else { continue };
        let log = math::ln(speedup);
        // Neither faster nor slower is no answer.
        let decisive = |said: &f64| log.abs() > DECISIVE * se && (said - 1.0).abs() > 1e-12;
        let Some(said) = said.speedup.filter(decisive) else { continue };
        cells += 1;
        right += usize::from((said > 1.0 && log > 0.0) || (said < 1.0 && log < 0.0));
    }
    Score {
        value: (cells > 0).then(|| right as f64 / cells as f64 * 100.0),
        units: cells,
        left_out: seen.len() - cells,
        ..Score::default()
    }
}
