//! Noise floor: the error that a perfect model would still show.
//!
//! A perfect model predicts the true mean of a cell. The recorded mean of n runs differs from it by noise of variance
//! sigma^2 / n. Split the n runs at random into a and b. The means of the two parts differ by noise of variance
//! sigma^2 (1/a + 1/b) = sigma^2 n / (a b). The difference times sqrt(a b) / n has exactly the variance of a perfect
//! model's error.
//!
//! The recorded mean plus the scaled difference stands for the perfect model and is scored like any other model. The floor
//! is the median over many splits. Differences are of logarithms if both halves are above 0, else of means.

use crate::engine::{Keys, Purpose, Stream, key_of, math};
use crate::prediction::validation::figures::{FIGURES, FigureUnit, Recordings};
use crate::prediction::validation::measures::{MAKESPAN, mean};
use crate::prediction::validation::{Prediction, ValidationCell};
use crate::scaling::median;

/// Returns the floor by figure and architecture; none if runs cannot be split.
pub(super) fn floors(recordings: &Recordings<'_>, architectures: &[&str]) -> Vec<Vec<Option<f64>>> {
    let mut values = vec![vec![Vec::new(); architectures.len()]; FIGURES.len()];
    for split in 0..recordings.plan.splits {
        let perfect = perfect_model(recordings, split);
        for (figure, values) in FIGURES.iter().zip(&mut values) {
            if figure.unit == FigureUnit::Coverage {
                continue;
            }
            for (architecture, values) in architectures.iter().zip(values) {
                values.extend(figure.score(recordings, architecture, &perfect).value);
            }
        }
    }
    values.iter().map(|figure| figure.iter().map(|values| median(values)).collect()).collect()
}

/// Predictions of a stand-in for the perfect model, from one split of every cell.
fn perfect_model(recordings: &Recordings<'_>, split: u64) -> Vec<Prediction> {
    let keys = Keys::new(recordings.plan.seed, split);
    let predictions = recordings.cells.iter().zip(recordings.recorded).map(|(cell, recorded)| {
        let mut stream = keys.stream(Purpose::Choice, key_of(&cell.name()));
        let halves = Halves::random(cell.completed(), &mut stream);
        let all = Halves::random(cell.runs, &mut stream);
        let noisy = |(measure, mean): (usize, &Option<f64>)| halves.as_ref()?.noisy((*mean)?, cell.values_of(measure));
        Prediction {
            means: recorded.means.iter().enumerate().map(noisy).collect(),
            completion: completion(cell, recorded, all.as_ref()),
            speedup: None,
            interval: None,
        }
    });
    let mut predictions: Vec<Prediction> = predictions.collect();
    for index in 0..predictions.len() {
        let base = recordings.cells[index].baseline.and_then(|base| predictions.get(base)?.mean(MAKESPAN));
        let own = predictions[index].mean(MAKESPAN);
        predictions[index].speedup = base.zip(own).map(|(base, own)| base / own).filter(|s| s.is_finite());
    }
    predictions
}

fn completion(cell: &ValidationCell, recorded: &Prediction, halves: Option<&Halves>) -> Option<f64> {
    // The order of the runs has no effect.
    let flags: Vec<f64> = (0..cell.runs).map(|run| f64::from(u8::from(run < cell.completed()))).collect();
    let (first, second) = halves?.means(&flags)?;
    Some(recorded.completion? + halves?.scale * (first - second))
}

/// A random split of runs into two halves.
struct Halves {
    /// By run: true for the first half.
    is_first: Vec<bool>,
    scale: f64,
}

impl Halves {
    /// Splits at random. For an odd number either half may be the larger. None for fewer than two runs.
    fn random(runs: usize, stream: &mut Stream) -> Option<Halves> {
        if runs < 2 {
            return None;
        }
        let mut first = runs / 2 + if runs % 2 == 1 { stream.below(2) as usize } else { 0 };
        let scale = ((first * (runs - first)) as f64).sqrt() / runs as f64;
        // Selection sampling: each run is taken with the probability that fills the half exactly.
        let is_first = (0..runs)
            .map(|run| {
                let taken = (stream.below((runs - run) as u32) as usize) < first;
                first -= usize::from(taken);
                taken
            })
            .collect();
        Some(Halves { is_first, scale })
    }

    fn means(&self, values: &[f64]) -> Option<(f64, f64)> {
        let mean_of = |half: bool| {
            let values = values.iter().zip(&self.is_first).filter(|(_, is_first)| **is_first == half);
            mean(&values.map(|(value, _)| *value).collect::<Vec<_>>())
        };
        Some((mean_of(true)?, mean_of(false)?))
    }

    /// Returns a mean plus the noise of a perfect model's error.
    fn noisy(&self, whole: f64, values: &[f64]) -> Option<f64> {
        let (first, second) = self.means(values)?;
        Some(if first > 0.0 && second > 0.0 {
            whole * math::exp(self.scale * math::ln(first / second))
        } else {
            (whole + self.scale * (first - second)).max(0.0)
        })
    }
}
