//! Variance function of repeated measurements, from which weights are made.
//!
//! A variance estimated from twenty repetitions is off by a third. Weights 1/s^2 made of it favour sizes with a low
//! estimate by chance, and intervals based on them cover the truth too rarely. Pooled over all team sizes the variance
//! is known well: s^2 = phi x^(2 power). The power is 0 for absolute errors, 1 for relative ones, 2 for the rate of a
//! time with absolute errors. phi and power are fitted to the variances by the likelihood of the gamma distribution
//! that variances of normal values have. R. J. Carroll and D. Ruppert, "Transformation and Weighting in Regression",
//! Chapman and Hall 1988, chapter 3.

use crate::engine::math;
use crate::scaling::tails::{chi_square_upper, normal_two_sided};

/// Variance at one team size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    /// Mean throughput, above 0.
    pub(crate) x: f64,
    /// Variance of single measurements, in the unit of `x` squared.
    pub(crate) variance: f64,
    /// Measurements less one, above 0.
    pub(crate) df: f64,
}

/// s^2 = phi x^(2 power).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct VarianceFunction {
    /// Power of the throughput.
    pub(crate) power: f64,
    /// Logarithm of the variance at `x` = 1.
    pub(crate) ln_phi: f64,
}

/// Range of plausible powers.
const POWERS: std::ops::RangeInclusive<f64> = 0.0..=2.0;
/// Least degrees of freedom for estimating the power.
const ENOUGH_DF: f64 = 15.0;
/// Greatest number of Fisher scoring steps; a handful is enough.
const MOST_STEPS: usize = 50;

impl VarianceFunction {
    /// Fits the function to the variances. Without a given `power` it is 1 unless the data reject that at the 5 %
    /// level, as a power estimated from few repetitions is noisy. `excess` as for [`VarianceFunction::p_value`]. None
    /// if all variances are 0.
    pub(crate) fn new(spreads: &[Spread], power: Option<f64>, excess: f64) -> Option<VarianceFunction> {
        VarianceFunction::with_power(spreads, 1.0)?;
        VarianceFunction::with_power(spreads, power.or_else(|| needed(spreads, excess)).unwrap_or(1.0))
    }

    /// Fits phi for a given power: the mean of the scaled variances.
    fn with_power(spreads: &[Spread], power: f64) -> Option<VarianceFunction> {
        let df: f64 = spreads.iter().map(|spread| spread.df).sum();
        // Relative to the mean size, as powers of extreme sizes would leave the range of numbers.
        let middle = middle(spreads);
        let left = |s: &Spread| s.df * s.variance * math::exp(-2.0 * power * (math::ln(s.x) - middle));
        let phi = spreads.iter().map(left).sum::<f64>() / df;
        (phi > 0.0 && phi.is_finite()).then(|| VarianceFunction { power, ln_phi: math::ln(phi) - 2.0 * power * middle })
    }

    /// Returns the variance of single measurements around `x`.
    pub(crate) fn variance(&self, x: f64) -> f64 {
        math::exp(self.ln_phi + 2.0 * self.power * math::ln(x))
    }

    /// Returns the p-value of the misfit of the variances, where each has many degrees of freedom. `excess` is the
    /// excess kurtosis of the measurements, which increases the variation of their variances. G. E. P. Box and S. L.
    /// Andersen, Journal of the Royal Statistical Society B 17(1), 1955.
    pub(crate) fn p_value(&self, spreads: &[Spread], excess: f64) -> f64 {
        let squares: f64 = spreads
            .iter()
            .map(|spread| {
                let off = spread.variance / self.variance(spread.x) - 1.0;
                off * off * spread.df / (2.0 + excess.max(0.0))
            })
            .sum();
        let df = spreads.len() as f64 - 2.0;
        if df > 0.0 { chi_square_upper(squares, df) } else { 1.0 }
    }
}

fn middle(spreads: &[Spread]) -> f64 {
    let df: f64 = spreads.iter().map(|spread| spread.df).sum();
    spreads.iter().map(|spread| spread.df * math::ln(spread.x)).sum::<f64>() / df
}

/// Maximum likelihood estimate of the power if it differs significantly from 1: Fisher scoring for a gamma model with a
/// logarithmic link.
fn needed(spreads: &[Spread], excess: f64) -> Option<f64> {
    let df: f64 = spreads.iter().map(|spread| spread.df).sum();
    let middle = middle(spreads);
    let leverage = |spread: &Spread| 2.0 * (math::ln(spread.x) - middle);
    let information: f64 = spreads.iter().map(|spread| spread.df * leverage(spread) * leverage(spread)).sum();
    if df < ENOUGH_DF || spreads.len() < 3 || information <= 1e-9 {
        return None;
    }
    let error = ((2.0 + excess.max(0.0)) / information).sqrt();
    let is_needed = |power: f64| normal_two_sided((power - 1.0) / error) < 0.05;
    let mut power = 1.0;
    for _ in 0..MOST_STEPS {
        let function = VarianceFunction::with_power(spreads, power)?;
        let gradient =
            |spread: &Spread| spread.df * leverage(spread) * (spread.variance / function.variance(spread.x) - 1.0);
        let step = spreads.iter().map(gradient).sum::<f64>() / information;
        // A longer step would leave the range of plausible powers.
        let next = (power + step.clamp(-0.5, 0.5)).clamp(*POWERS.start(), *POWERS.end());
        if (next - power).abs() < 1e-9 {
            break;
        }
        power = next;
    }
    Some(power).filter(|&power| is_needed(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spreads(power: f64, off: &[f64]) -> Vec<Spread> {
        let at = |(off, x): (&f64, f64)| Spread { x, variance: off * 0.04 * x.powf(2.0 * power), df: 19.0 };
        off.iter().zip([1.0, 2.0, 3.5, 5.0, 8.0, 9.0]).map(at).collect()
    }

    #[test]
    fn the_power_is_found_again() {
        for power in [0.0, 0.5, 1.0, 1.7, 2.0] {
            let exact = spreads(power, &[1.0; 6]);
            let function = VarianceFunction::new(&exact, None, 0.0).expect("there is a spread");
            assert!((function.power - power).abs() < 1e-6, "{function:?}");
            assert!((function.variance(2.0) / exact[1].variance - 1.0).abs() < 1e-6);
            assert!(function.p_value(&exact, 0.0) > 0.999);
        }
        // Scores of the gamma likelihood are 0 where it is greatest.
        let noisy = spreads(0.2, &[1.2, 0.7, 1.1, 1.4, 0.8, 0.9]);
        let function = VarianceFunction::new(&noisy, None, 0.0).expect("there is a spread");
        let off = |s: &Spread| s.variance / function.variance(s.x) - 1.0;
        assert!(noisy.iter().map(off).sum::<f64>().abs() < 1e-6);
        assert!(noisy.iter().map(|s| off(s) * s.x.ln()).sum::<f64>().abs() < 1e-6);
        assert!(function.p_value(&noisy, 0.0) > 0.05);
        let one_is_wild = spreads(1.0, &[1.0, 1.0, 30.0, 1.0, 1.0, 1.0]);
        let function = VarianceFunction::new(&one_is_wild, None, 0.0).expect("there is a spread");
        assert!(function.p_value(&one_is_wild, 0.0) < 1e-6);
    }

    #[test]
    fn too_little_to_tell_is_a_share() {
        let few: Vec<Spread> = spreads(0.0, &[1.0; 6]).iter().map(|s| Spread { df: 2.0, ..*s }).collect();
        assert_eq!(
            VarianceFunction::new(&few, None, 0.0).map(|function| function.power.to_bits()),
            Some(1_f64.to_bits())
        );
        assert_eq!(VarianceFunction::new(&[], None, 0.0), None);
        let still: Vec<Spread> = few.iter().map(|s| Spread { variance: 0.0, ..*s }).collect();
        assert_eq!(VarianceFunction::new(&still, None, 0.0), None);
        let extreme = [1e-50, 1.0, 1e50].map(|x| Spread { x, variance: x * x, df: 9.0 });
        assert!(VarianceFunction::new(&extreme, None, 0.0).is_some_and(|function| (function.power - 1.0).abs() < 1e-6));
    }
}
