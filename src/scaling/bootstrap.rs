//! How well the top of a curve is known, by drawing the data again and again (the bootstrap).
//!
//! B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman and Hall 1993. The draws are keyed by
//! seed, resample and team size, so the same data and seed give the same interval everywhere.

use crate::engine::{Keys, Purpose, key_of};
use crate::scaling::least_squares::minimise_near;
use crate::scaling::sample::SizeGroup;
use crate::scaling::tails::{normal_upper, t_quantile};
use crate::scaling::{Fit, Point, Sample};

/// What is drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// The repetitions at every team size, with replacement.
    Replications,
    /// Means, from normal distributions as wide as the repetitions say: too few of them to be drawn from, or only
    /// their means and deviations are known.
    Normal,
    /// Residuals around the fitted curve: nothing was repeated.
    Residuals,
}

impl Resampling {
    /// Its name in files.
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
    /// Its lower end, at least 1.
    pub low: f64,
    /// Its upper end; infinite if in more than one resample of forty there is no peak.
    pub high: f64,
    /// What was drawn again.
    pub method: Resampling,
    /// How often.
    pub resamples: u32,
}

/// Fewer repetitions than this at a team size are too few to be drawn from.
const ENOUGH_RUNS: usize = 5;

/// The interval of the peak of `fit`; none if the fit has no degrees of freedom left or `resamples` is 0.
pub fn peak(fit: &Fit, sample: &Sample, seed: u64, resamples: u32) -> Option<PeakInterval> {
    let (_, df) = fit.error?;
    let method = if sample.groups.iter().all(|group| group.values.len() >= ENOUGH_RUNS) {
        Resampling::Replications
    } else if sample.is_repeated() {
        Resampling::Normal
    } else {
        Resampling::Residuals
    };
    let drawer = Drawer::new(fit, sample, method);
    let mut peaks: Vec<f64> = (0..resamples)
        .map(|resample| {
            let keys = Keys::new(seed, u64::from(resample));
            let points = drawer.points(&keys);
            let [_, sigma, kappa] = minimise_near(fit.law.curve, &points, fit.theta());
            fit.law.curve.peak([sigma, kappa]).map_or(f64::INFINITY, |n| n.max(1.0))
        })
        .collect();
    peaks.sort_by(f64::total_cmp);
    // The nearest rank: between a number and infinity nothing can be interpolated.
    let rank = |share: f64| peaks.get((share * (peaks.len().saturating_sub(1)) as f64).round() as usize).copied();
    // Few degrees of freedom: the percentiles move outwards as t is wider than the normal distribution. T. C. Hesterberg,
    // "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), 2015, section 4.
    let tail = normal_upper(t_quantile(0.975, df as f64));
    Some(PeakInterval { low: rank(tail)?, high: rank(1.0 - tail)?, method, resamples })
}

struct Drawer<'a> {
    sample: &'a Sample,
    fit: &'a Fit,
    method: Resampling,
    /// Residuals over their standard deviations, up to a common factor: mean 0, as wide as the errors.
    residuals: Vec<f64>,
}

impl<'a> Drawer<'a> {
    fn new(fit: &'a Fit, sample: &'a Sample, method: Resampling) -> Drawer<'a> {
        let raw = |point: &Point| (point.x - fit.throughput(point.n)) * point.weight.sqrt();
        let raw: Vec<f64> = sample.points.iter().map(raw).collect();
        let mean = raw.iter().sum::<f64>() / raw.len().max(1) as f64;
        // The fit has drawn the curve towards the points: residuals are smaller than errors.
        let wider = (raw.len() as f64 / fit.df.max(1) as f64).sqrt();
        Drawer { sample, fit, method, residuals: raw.iter().map(|residual| (residual - mean) * wider).collect() }
    }

    fn points(&self, keys: &Keys) -> Vec<Point> {
        let groups = self.sample.points.iter().zip(&self.sample.groups).enumerate();
        groups.map(|(place, (point, group))| Point { x: self.draw(keys, place, point, group), ..*point }).collect()
    }

    fn draw(&self, keys: &Keys, place: usize, point: &Point, group: &SizeGroup) -> f64 {
        let mut stream = keys.stream(Purpose::Choice, key_of("bootstrap").wrapping_add(place as u64));
        let x = match self.method {
            Resampling::Replications => {
                let runs = group.values.len();
                let any = |_| group.values[stream.below(runs as u32) as usize];
                let mean = (0..runs).map(any).sum::<f64>() / runs as f64;
                // Means of resamples spread less than means of samples, by (n - 1)/n.
                let wider = (runs as f64 / (runs - 1).max(1) as f64).sqrt();
                self.sample.kind.convert(group.n, group.mean + (mean - group.mean) * wider)
            }
            Resampling::Normal => {
                // In a weighted sample a weight is the inverse of the variance of the mean.
                point.x + stream.normal() / point.weight.sqrt()
            }
            Resampling::Residuals => {
                let any = self.residuals[stream.below(self.residuals.len() as u32) as usize];
                self.fit.throughput(point.n) + any / point.weight.sqrt()
            }
        };
        // Noise may carry a small mean below 0, which no throughput is.
        if x.is_finite() { x.clamp(0.0, 1e50) } else { point.x }
    }
}
