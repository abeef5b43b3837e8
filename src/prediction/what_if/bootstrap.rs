//! Block bootstrap of a recorded session.
//!
//! The work stays as recorded. The time of each portion of work is multiplied by the residual of another portion. A
//! portion is the sequence of calls up to the next finished tasks; calls without result are part of it. Residuals are
//! resampled in blocks of neighbours, as slow calls are autocorrelated. Method: circular block bootstrap (Politis and
//! Romano 1992) with blocks of the cube root of the number of residuals.

use crate::engine::{Stream, math};
use crate::prediction::calibration::Demonstration;
use crate::team::RecordedCall;

/// Fewest residuals that are resampled. With fewer, a lognormal distribution is assumed.
const MIN_RESIDUALS: usize = 8;
/// Log standard deviation of that distribution. [paper] similar calls differ by 0.45 to 0.83 within a round.
const ASSUMED_LOG_SD: f64 = 0.5;

/// Log residuals of one session: logarithm of the recorded over the expected time, with mean 0.
#[derive(Clone, Debug, Default)]
pub(super) struct LogResiduals(Vec<f64>);

impl LogResiduals {
    /// Centres log residuals, in order, and scales them for the degrees of freedom of `fitted` parameters.
    pub(super) fn new(logs: Vec<f64>, fitted: usize) -> LogResiduals {
        let count = logs.len() as f64;
        if logs.len() < MIN_RESIDUALS {
            return LogResiduals(Vec::new());
        }
        let mean = logs.iter().sum::<f64>() / count;
        let freedom = (count - fitted.max(1) as f64).max(1.0);
        LogResiduals(logs.into_iter().map(|log| (log - mean) * (count / freedom).sqrt()).collect())
    }

    /// Number of observed residuals; 0 if their distribution is assumed.
    pub(super) fn observed(&self) -> usize {
        self.0.len()
    }

    /// Standard deviation of the logarithm.
    pub(super) fn log_sd(&self) -> f64 {
        if self.0.is_empty() {
            return ASSUMED_LOG_SD;
        }
        (self.0.iter().map(|log| log * log).sum::<f64>() / self.0.len() as f64).sqrt()
    }

    /// Draws `count` factors with mean 1, in blocks of neighbours.
    pub(super) fn draw(&self, count: usize, stream: &mut Stream) -> Vec<f64> {
        if self.0.is_empty() {
            let half = 0.5 * ASSUMED_LOG_SD * ASSUMED_LOG_SD;
            return (0..count).map(|_| math::exp(ASSUMED_LOG_SD * stream.normal() - half)).collect();
        }
        let mean = self.0.iter().map(|&log| math::exp(log)).sum::<f64>() / self.0.len() as f64;
        let block = (1..self.0.len()).find(|length| length * length * length >= self.0.len()).unwrap_or(1);
        let mut factors = Vec::with_capacity(count + block);
        while factors.len() < count {
            let first = stream.below(self.0.len() as u32) as usize;
            factors.extend((first..first + block).map(|index| math::exp(self.0[index % self.0.len()]) / mean));
        }
        factors.truncate(count);
        factors
    }
}

/// Returns the residuals of the portions of a session against a least-squares line over the files that they write.
pub(super) fn residuals(demonstration: &Demonstration) -> LogResiduals {
    let mut portions: Vec<(f64, f64)> = Vec::new();
    for calls in &demonstration.trajectories {
        for portion in calls.split_inclusive(finishes) {
            let seconds: f64 = portion.iter().map(|call| call.latency_s).sum();
            let files: f64 = portion.iter().map(|call| f64::from(call.files)).sum();
            if portion.last().is_some_and(finishes) && seconds > 0.0 {
                portions.push((files, seconds));
            }
        }
    }
    let count = portions.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| portions.iter().map(of).sum::<f64>() / count.max(1.0);
    let (files, seconds) = (mean(|portion| portion.0), mean(|portion| portion.1));
    let squares: f64 = portions.iter().map(|portion| (portion.0 - files) * (portion.0 - files)).sum();
    let products: f64 = portions.iter().map(|portion| (portion.0 - files) * (portion.1 - seconds)).sum();
    let slope = if squares > 0.0 { (products / squares).max(0.0) } else { 0.0 };
    let expected = |portion: &(f64, f64)| (seconds + slope * (portion.0 - files)).max(0.1 * seconds);
    let logs = portions.iter().map(|portion| math::ln(portion.1 / expected(portion)));
    LogResiduals::new(logs.collect(), if slope > 0.0 { 2 } else { 1 })
}

fn finishes(call: &RecordedCall) -> bool {
    call.completes.iter().any(|&count| count > 0)
}

/// Returns the same session with the time and output of every portion multiplied by a resampled residual.
pub(super) fn resample(demonstration: &Demonstration, residuals: &LogResiduals, stream: &mut Stream) -> Demonstration {
    let mut resampled = demonstration.clone();
    let portions: usize = demonstration.trajectories.iter().map(|calls| calls.split_inclusive(finishes).count()).sum();
    let mut factors = residuals.draw(portions, stream).into_iter();
    for calls in &mut resampled.trajectories {
        for portion in calls.split_inclusive_mut(finishes) {
            let factor = factors.next().unwrap_or(1.0);
            for call in portion {
                call.latency_s *= factor;
                call.output_tokens *= factor;
            }
        }
    }
    resampled
}
