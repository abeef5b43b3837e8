//! Bootstrap interval of the peak of a curve.
//!
//! B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman and Hall 1993. Draws are keyed by seed,
//! resample and team size, so the same data and seed give the same interval everywhere.

use crate::engine::{Keys, Purpose, key_of};
use crate::scaling::least_squares::minimise_near;
use crate::scaling::sample::SizeGroup;
use crate::scaling::tails::{normal_upper, t_quantile};
use crate::scaling::{Fit, Point, Sample};

/// Resampling method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// Repetitions at every team size, with replacement.
    Replications,
    /// Means from normal distributions with the standard errors of the repetitions, where these are few or only their
    /// mean and deviation are known.
    Normal,
    /// Residuals around the fitted curve, where nothing was repeated.
    Residuals,
}

impl Resampling {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Resampling::Replications => "replications",
            Resampling::Normal => "normal",
            Resampling::Residuals => "residuals",
        }
    }
}

/// A 95 % interval of the team size with the greatest throughput.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakInterval {
    /// Lower end, at least 1.
    pub low: f64,
    /// Upper end; infinite if more than one resample of forty has no peak.
    pub high: f64,
    /// Resampling method.
    pub method: Resampling,
    /// Number of resamples.
    pub resamples: u32,
}

/// Least number of repetitions at a team size to be resampled.
const ENOUGH_RUNS: usize = 5;

/// Returns the 95 % interval of the peak of `fit`; none if the fit has no degrees of freedom left or `resamples` is 0.
pub fn peak(fit: &Fit, sample: &Sample, seed: u64, resamples: u32) -> Option<PeakInterval> {
    let (_, df) = fit.error?;
    let method = if sample.groups.iter().all(|group| group.values.len() >= ENOUGH_RUNS) {
        Resampling::Replications
    } else if sample.is_repeated() {
        Resampling::Normal
    } else {
        Resampling::Residuals
    };
    let resampler = Resampler::new(fit, sample, method);
    let mut peaks: Vec<f64> = (0..resamples)
        .map(|resample| {
            let keys = Keys::new(seed, u64::from(resample));
            let points = resampler.points(&keys);
            let [_, sigma, kappa] = minimise_near(fit.law.curve, &points, fit.theta());
            fit.law.curve.peak([sigma, kappa]).map_or(f64::INFINITY, |n| n.max(1.0))
        })
        .collect();
    peaks.sort_by(f64::total_cmp);
    // The nearest rank: interpolation between a number and infinity is not possible.
    let rank = |share: f64| peaks.get((share * (peaks.len().saturating_sub(1)) as f64).round() as usize).copied();
    // With few degrees of freedom the percentiles move outwards, as t is wider than the normal distribution. T. C.
    // Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015, section 4.
    let tail = normal_upper(t_quantile(0.975, df as f64));
    Some(PeakInterval { low: rank(tail)?, high: rank(1.0 - tail)?, method, resamples })
}

struct Resampler<'a> {
    sample: &'a Sample,
    fit: &'a Fit,
    method: Resampling,
    /// Standardised residuals, up to a common factor: mean 0, as wide as the errors.
    residuals: Vec<f64>,
}

impl<'a> Resampler<'a> {
    fn new(fit: &'a Fit, sample: &'a Sample, method: Resampling) -> Resampler<'a> {
        let raw = |point: &Point| (point.x - fit.throughput(point.n)) * point.weight.sqrt();
        let raw: Vec<f64> = sample.points.iter().map(raw).collect();
        let mean = raw.iter().sum::<f64>() / raw.len().max(1) as f64;
        // The fit follows the points, so residuals are smaller than errors.
        let correction = (raw.len() as f64 / fit.df.max(1) as f64).sqrt();
        Resampler {
            sample,
            fit,
            method,
            residuals: raw.iter().map(|residual| (residual - mean) * correction).collect(),
        }
    }

    fn points(&self, keys: &Keys) -> Vec<Point> {
        let groups = self.sample.points.iter().zip(&self.sample.groups).enumerate();
        groups.map(|(index, (point, group))| Point { x: self.draw(keys, index, point, group), ..*point }).collect()
    }

    fn draw(&self, keys: &Keys, index: usize, point: &Point, group: &SizeGroup) -> f64 {
        let mut stream = keys.stream(Purpose::Choice, key_of("bootstrap").wrapping_add(index as u64));
        let x = match self.method {
            Resampling::Replications => {
                let runs = group.values.len();
                let value = |_| group.values[stream.below(runs as u32) as usize];
                let mean = (0..runs).map(value).sum::<f64>() / runs as f64;
                // The variance of means of resamples is smaller than that of samples, by (n - 1)/n.
                let correction = (runs as f64 / (runs - 1).max(1) as f64).sqrt();
                self.sample.kind.convert(group.n, group.mean + (mean - group.mean) * correction)
            }
            Resampling::Normal => {
                // In a weighted sample a weight is the inverse of the variance of the mean.
                point.x + stream.normal() / point.weight.sqrt()
            }
            Resampling::Residuals => {
                let value = self.residuals[stream.below(self.residuals.len() as u32) as usize];
                self.fit.throughput(point.n) + value / point.weight.sqrt()
            }
        };
        // Noise may make a small mean negative, which no throughput is.
        if x.is_finite() { x.clamp(0.0, 1e50) } else { point.x }
    }
}
