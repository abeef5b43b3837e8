//! The noise floor: what a perfect model would still show.
//!
//! A perfect model says the true mean of a cell; the recorded mean of n runs is off from it by noise of variance
//! sigma^2 / n. Split the n runs at random into a and b: the means of the halves differ by noise of variance
//! sigma^2 (1/a + 1/b) = sigma^2 n / (a b). So the difference times sqrt(a b) / n (a half, for equal halves) has exactly
//! the variance of a perfect model's error. Recorded mean plus scaled difference stands in for the perfect model, and
//! every figure is worked out of it as of any other model; the floor is the median over many splits. Differences are of
//! logarithms where both halves are above 0, else of means.

use crate::engine::{Keys, Purpose, Stream, key_of, math};
use crate::prediction::validation::figures::{FIGURES, FigureUnit, Recordings};
use crate::prediction::validation::measures::{MAKESPAN, mean};
use crate::prediction::validation::{Prediction, ValidationCell};
use crate::scaling::median;

/// By figure and architecture; none where runs can't be split.
pub(super) fn floors(held: &Recordings<'_>, architectures: &[&str]) -> Vec<Vec<Option<f64>>> {
    let mut found = vec![vec![Vec::new(); architectures.len()]; FIGURES.len()];
    for split in 0..held.plan.splits {
        let perfect = perfect(held, split);
        for (figure, found) in FIGURES.iter().zip(&mut found) {
            if figure.unit == FigureUnit::Coverage {
                continue;
            }
            for (architecture, found) in architectures.iter().zip(found) {
                found.extend(figure.score(held, architecture, &perfect).value);
            }
        }
    }
    found.iter().map(|found| found.iter().map(|values| median(values)).collect()).collect()
}

/// What stands in for a perfect model, by one split of every cell.
fn perfect(held: &Recordings<'_>, split: u64) -> Vec<Prediction> {
    let keys = Keys::new(held.plan.seed, split);
    let guesses = held.cells.iter().zip(held.recorded).map(|(cell, recorded)| {
        let mut lots = keys.stream(Purpose::Choice, key_of(&cell.name()));
        let halves = Halves::of(cell.completed(), &mut lots);
        let all = Halves::of(cell.runs, &mut lots);
        let noisy = |(place, mean): (usize, &Option<f64>)| halves.as_ref()?.noisy((*mean)?, cell.of(place));
        Prediction {
            means: recorded.means.iter().enumerate().map(noisy).collect(),
            completion: completion(cell, recorded, all.as_ref()),
            speedup: None,
            interval: None,
        }
    });
    let mut guesses: Vec<Prediction> = guesses.collect();
    for place in 0..guesses.len() {
        let base = held.cells[place].baseline.and_then(|base| guesses.get(base)?.mean(MAKESPAN));
        let own = guesses[place].mean(MAKESPAN);
        guesses[place].speedup = base.zip(own).map(|(base, own)| base / own).filter(|s| s.is_finite());
    }
    guesses
}

fn completion(cell: &ValidationCell, recorded: &Prediction, halves: Option<&Halves>) -> Option<f64> {
    // Which runs completed makes no difference, only how many.
    let flags: Vec<f64> = (0..cell.runs).map(|run| f64::from(u8::from(run < cell.completed()))).collect();
    let (first, second) = halves?.means(&flags)?;
    Some(recorded.completion? + halves?.scale * (first - second))
}

/// Runs in two halves.
struct Halves {
    /// By run: whether it is in the first.
    is_first: Vec<bool>,
    scale: f64,
}

impl Halves {
    /// At random; of an odd number either half may be the larger. None of fewer than two runs.
    fn of(runs: usize, lots: &mut Stream) -> Option<Halves> {
        if runs < 2 {
            return None;
        }
        let mut first = runs / 2 + if runs % 2 == 1 { lots.below(2) as usize } else { 0 };
        let scale = ((first * (runs - first)) as f64).sqrt() / runs as f64;
        // Each run is taken with the chance that fills the half exactly.
        let is_first = (0..runs)
            .map(|run| {
                let taken = (lots.below((runs - run) as u32) as usize) < first;
                first -= usize::from(taken);
                taken
            })
            .collect();
        Some(Halves { is_first, scale })
    }

    fn means(&self, values: &[f64]) -> Option<(f64, f64)> {
        let of = |wanted: bool| {
            let half: Vec<f64> =
                values.iter().zip(&self.is_first).filter(|(_, first)| **first == wanted).map(|(v, _)| *v).collect();
            mean(&half)
        };
        Some((of(true)?, of(false)?))
    }

    /// A mean with the noise of a perfect model's error.
    fn noisy(&self, whole: f64, values: &[f64]) -> Option<f64> {
        let (first, second) = self.means(values)?;
        Some(if first > 0.0 && second > 0.0 {
            whole * math::exp(self.scale * math::ln(first / second))
        } else {
            (whole + self.scale * (first - second)).max(0.0)
        })
    }
}
