//! How the spread of repeated measurements goes with their size: the variance function that weights are made of.
//!
//! A variance estimated from twenty repetitions is off by a third, and weights 1/s^2 made of it favour whatever looks
//! calm by chance: intervals that trust them hold the truth too rarely. Over all team sizes together the spread is
//! known well: s^2 = phi x^(2 power), with power 0 for noise that is alike everywhere, 1 for a share of what is
//! measured, 2 for the rate of a time whose noise is alike. phi and power are fitted to the variances by the
//! likelihood of the gamma distribution that variances of normal values have. R. J. Carroll and D. Ruppert,
//! "Transformation and Weighting in Regression", Chapman and Hall 1988, chapter 3.

use crate::engine::math;
use crate::scaling::tails::{chi_square_upper, normal_two_sided};

/// The spread at one team size.
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
    /// What the spread goes with.
    pub(crate) power: f64,
    /// Logarithm of the variance at `x` = 1.
    pub(crate) ln_phi: f64,
}

/// Powers that measurements have.
const POWERS: std::ops::RangeInclusive<f64> = 0.0..=2.0;
/// With fewer degrees of freedom the power is not asked of the data.
const ENOUGH_DF: f64 = 15.0;
/// Steps of Fisher's scoring; a handful is enough.
const MOST_STEPS: usize = 50;

impl VarianceFunction {
    /// Fitted to the spreads; `power` if it is given, else 1 unless they say otherwise (at the 5 % level): a power that
    /// a few repetitions suggest is as noisy as their variances. `excess` as for [`VarianceFunction::p_value`]. None
    /// without any spread.
    pub(crate) fn of(spreads: &[Spread], power: Option<f64>, excess: f64) -> Option<VarianceFunction> {
        VarianceFunction::nailed(spreads, 1.0)?;
        VarianceFunction::nailed(spreads, power.or_else(|| needed(spreads, excess)).unwrap_or(1.0))
    }

    /// With that power: phi is then the mean of what is left of the variances.
    fn nailed(spreads: &[Spread], power: f64) -> Option<VarianceFunction> {
        let df: f64 = spreads.iter().map(|spread| spread.df).sum();
        // Relative to the middle of the sizes, or the powers of extreme ones would leave the range of numbers.
        let middle = middle(spreads);
        let left = |s: &Spread| s.df * s.variance * math::exp(-2.0 * power * (math::ln(s.x) - middle));
        let phi = spreads.iter().map(left).sum::<f64>() / df;
        (phi > 0.0 && phi.is_finite()).then(|| VarianceFunction { power, ln_phi: math::ln(phi) - 2.0 * power * middle })
    }

    /// The variance of single measurements around `x`.
    pub(crate) fn variance(&self, x: f64) -> f64 {
        math::exp(self.ln_phi + 2.0 * self.power * math::ln(x))
    }

    /// How often chance alone makes variances miss the function by so much, where every one has many degrees of
    /// freedom. `excess` is the excess kurtosis of the measurements, by which their variances vary more than those of
    /// normal values. G. E. P. Box and S. L. Andersen, Journal of the Royal Statistical Society B 17(1), 1955.
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

/// The power of greatest likelihood if it is not 1 by more than chance: Fisher's scoring for a gamma model with a
/// logarithmic link.
fn needed(spreads: &[Spread], excess: f64) -> Option<f64> {
    let df: f64 = spreads.iter().map(|spread| spread.df).sum();
    let middle = middle(spreads);
    let lever = |spread: &Spread| 2.0 * (math::ln(spread.x) - middle);
    let information: f64 = spreads.iter().map(|spread| spread.df * lever(spread) * lever(spread)).sum();
    if df < ENOUGH_DF || spreads.len() < 3 || information <= 1e-9 {
        return None;
    }
    let error = ((2.0 + excess.max(0.0)) / information).sqrt();
    let is_needed = |power: f64| normal_two_sided((power - 1.0) / error) < 0.05;
    let mut power = 1.0;
    for _ in 0..MOST_STEPS {
        let function = VarianceFunction::nailed(spreads, power)?;
        let pull = |spread: &Spread| spread.df * lever(spread) * (spread.variance / function.variance(spread.x) - 1.0);
        let step = spreads.iter().map(pull).sum::<f64>() / information;
        // A step further than the range of sensible powers is one too far.
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
            let function = VarianceFunction::of(&exact, None, 0.0).expect("there is a spread");
            assert!((function.power - power).abs() < 1e-6, "{function:?}");
            assert!((function.variance(2.0) / exact[1].variance - 1.0).abs() < 1e-6);
            assert!(function.p_value(&exact, 0.0) > 0.999);
        }
        // Scores of the gamma likelihood are 0 where it is greatest.
        let noisy = spreads(0.2, &[1.2, 0.7, 1.1, 1.4, 0.8, 0.9]);
        let function = VarianceFunction::of(&noisy, None, 0.0).expect("there is a spread");
        let off = |s: &Spread| s.variance / function.variance(s.x) - 1.0;
        assert!(noisy.iter().map(off).sum::<f64>().abs() < 1e-6);
        assert!(noisy.iter().map(|s| off(s) * s.x.ln()).sum::<f64>().abs() < 1e-6);
        assert!(function.p_value(&noisy, 0.0) > 0.05);
        let one_is_wild = spreads(1.0, &[1.0, 1.0, 30.0, 1.0, 1.0, 1.0]);
        let function = VarianceFunction::of(&one_is_wild, None, 0.0).expect("there is a spread");
        assert!(function.p_value(&one_is_wild, 0.0) < 1e-6);
    }

    #[test]
    fn too_little_to_tell_is_a_share() {
        let few: Vec<Spread> = spreads(0.0, &[1.0; 6]).iter().map(|s| Spread { df: 2.0, ..*s }).collect();
        assert_eq!(
            VarianceFunction::of(&few, None, 0.0).map(|function| function.power.to_bits()),
            Some(1_f64.to_bits())
        );
        assert_eq!(VarianceFunction::of(&[], None, 0.0), None);
        let still: Vec<Spread> = few.iter().map(|s| Spread { variance: 0.0, ..*s }).collect();
        assert_eq!(VarianceFunction::of(&still, None, 0.0), None);
        let extreme = [1e-50, 1.0, 1e50].map(|x| Spread { x, variance: x * x, df: 9.0 });
        assert!(VarianceFunction::of(&extreme, None, 0.0).is_some_and(|function| (function.power - 1.0).abs() < 1e-6));
    }
}
