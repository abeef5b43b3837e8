//! The session as it might have gone: what surprised in it, drawn again in blocks.
//!
//! The work stays as it is; what each portion of it took is the recorded time, times a surprise of another portion. A
//! portion is what leads to the next finished tasks, calls that came to nothing included. Surprises that follow each
//! other are drawn together (circular block bootstrap: Politis and Romano 1992, with blocks of the cube root of their
//! number), as slow calls come in a row.

use crate::engine::{Stream, math};
use crate::prediction::calibration::Demonstration;
use crate::team::Habit;

/// From so many surprises on they are drawn as they were seen; below, their spread is assumed.
pub(super) const ENOUGH: usize = 8;
/// The spread that is assumed, of the logarithm. [paper] calls alike differ by 0.45 to 0.83 within a round.
const ASSUMED: f64 = 0.5;

/// Surprises of one session: logarithms of what was taken over what such work takes there, around 0.
#[derive(Clone, Debug, Default)]
pub(super) struct LogResiduals(Vec<f64>);

impl LogResiduals {
    /// Of logarithms in order, of which `fitted` parameters were taken out: spread out as far as those drew them in.
    pub(super) fn new(logs: Vec<f64>, fitted: usize) -> LogResiduals {
        let count = logs.len() as f64;
        if logs.len() < ENOUGH {
            return LogResiduals(Vec::new());
        }
        let mean = logs.iter().sum::<f64>() / count;
        let freedom = (count - fitted.max(1) as f64).max(1.0);
        LogResiduals(logs.into_iter().map(|log| (log - mean) * (count / freedom).sqrt()).collect())
    }

    /// How many were seen; 0 if they are too few and assumed.
    pub(super) fn seen(&self) -> usize {
        self.0.len()
    }

    /// Standard deviation of the logarithm.
    pub(super) fn sigma(&self) -> f64 {
        if self.0.is_empty() {
            return ASSUMED;
        }
        (self.0.iter().map(|log| log * log).sum::<f64>() / self.0.len() as f64).sqrt()
    }

    /// So many factors around a mean of 1, neighbours drawn together.
    pub(super) fn draw(&self, count: usize, stream: &mut Stream) -> Vec<f64> {
        if self.0.is_empty() {
            let half = 0.5 * ASSUMED * ASSUMED;
            return (0..count).map(|_| math::exp(ASSUMED * stream.normal() - half)).collect();
        }
        let mean = self.0.iter().map(|&log| math::exp(log)).sum::<f64>() / self.0.len() as f64;
        let block = (1..self.0.len()).find(|length| length * length * length >= self.0.len()).unwrap_or(1);
        let mut factors = Vec::with_capacity(count + block);
        while factors.len() < count {
            let first = stream.below(self.0.len() as u32) as usize;
            factors.extend((first..first + block).map(|place| math::exp(self.0[place % self.0.len()]) / mean));
        }
        factors.truncate(count);
        factors
    }
}

/// How many portions of work were seen to vary; 0 if their spread is assumed.
pub(super) fn portions(demonstration: &Demonstration) -> usize {
    surprises(demonstration).seen()
}

/// What surprised in the portions of a session.
pub(super) fn surprises(demonstration: &Demonstration) -> LogResiduals {
    let mut portions: Vec<(f64, f64)> = Vec::new();
    for calls in &demonstration.scripts {
        for portion in calls.split_inclusive(finishes) {
            let seconds: f64 = portion.iter().map(|call| call.latency_s).sum();
            let files: f64 = portion.iter().map(|call| f64::from(call.files)).sum();
            if portion.last().is_some_and(finishes) && seconds > 0.0 {
                portions.push((files, seconds));
            }
        }
    }
    // What such a portion takes: a straight line over the files that it writes, by least squares.
    let count = portions.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| portions.iter().map(of).sum::<f64>() / count.max(1.0);
    let (files, seconds) = (mean(|portion| portion.0), mean(|portion| portion.1));
    let spread: f64 = portions.iter().map(|portion| (portion.0 - files) * (portion.0 - files)).sum();
    let product: f64 = portions.iter().map(|portion| (portion.0 - files) * (portion.1 - seconds)).sum();
    let slope = if spread > 0.0 { (product / spread).max(0.0) } else { 0.0 };
    let expected = |portion: &(f64, f64)| (seconds + slope * (portion.0 - files)).max(0.1 * seconds);
    let logs = portions.iter().map(|portion| math::ln(portion.1 / expected(portion)));
    LogResiduals::new(logs.collect(), if slope > 0.0 { 2 } else { 1 })
}

fn finishes(call: &Habit) -> bool {
    call.completes.iter().any(|&count| count > 0)
}

/// The lesson of a session in which the same was done, and every portion took what it might have taken.
pub(super) fn resample(demonstration: &Demonstration, surprises: &LogResiduals, stream: &mut Stream) -> Demonstration {
    let mut again = demonstration.clone();
    let portions: usize = demonstration.scripts.iter().map(|calls| calls.split_inclusive(finishes).count()).sum();
    let mut factors = surprises.draw(portions, stream).into_iter();
    for calls in &mut again.scripts {
        for portion in calls.split_inclusive_mut(finishes) {
            let factor = factors.next().unwrap_or(1.0);
            for call in portion {
                call.latency_s *= factor;
                call.output_tokens *= factor;
            }
        }
    }
    again
}
