//! Expected maximum of n draws from one distribution: the mean length of a round.
//!
//! E max = integral over u from 0 to 1 of Q(u) d(u^n), where Q is the quantile function. Exact where there is a formula,
//! else by the double exponential rule, to about ten digits. H. A. David and H. N. Nagaraja, "Order Statistics", Wiley
//! 2003; H. Takahasi and M. Mori, "Double exponential formulas for numerical integration", Publ. RIMS 9, 1974.

use crate::engine::{Dist, math};
use crate::scaling::queueing::harmonic;

/// Expected maximum of `n` draws, `n` at least 1.
///
/// ```
/// use brooks::engine::Dist;
/// use brooks::scaling::order_statistics::expected_max;
/// assert_eq!(expected_max(&Dist::Exponential { mean: 6.0 }, 3), 11.0);
/// assert_eq!(expected_max(&Dist::Uniform { low: 0.0, high: 1.0 }, 4), 0.8);
/// ```
pub fn expected_max(dist: &Dist, n: u32) -> f64 {
    let draws = f64::from(n.max(1));
    match dist {
        Dist::Constant(value) => *value,
        Dist::Uniform { low, high } => low + (high - low) * draws / (draws + 1.0),
        Dist::Exponential { mean } => harmonic(n.max(1)) * mean,
        // The least of n Weibull draws is Weibull; the greatest is not, and its alternating sum cancels.
        Dist::Weibull { .. } | Dist::Lognormal { .. } | Dist::Gamma { .. } => by_quadrature(dist, draws),
        Dist::Empirical(values) => of_lines(values, draws),
    }
}

/// The largest round whose expected length is at most `length`. None if one draw is longer already, or if every round
/// is short enough.
///
/// ```
/// use brooks::engine::Dist;
/// use brooks::scaling::order_statistics::largest_round;
/// assert_eq!(largest_round(&Dist::Exponential { mean: 6.0 }, 11.5), Some(3));
/// assert_eq!(largest_round(&Dist::Constant(2.0), 3.0), None);
/// ```
pub fn largest_round(dist: &Dist, length: f64) -> Option<u32> {
    /// Greatest round size that is searched.
    const MOST: u32 = 1_000_000;
    let is_short = |n: u32| expected_max(dist, n) <= length;
    if !is_short(1) || is_short(MOST) {
        return None;
    }
    let (mut short, mut long) = (1, MOST);
    while long - short > 1 {
        let middle = u32::midpoint(short, long);
        if is_short(middle) { short = middle } else { long = middle }
    }
    Some(short)
}

/// Expected maximum for piecewise linear quantiles: the last value less the sum over the pieces.
fn of_lines(values: &[f64], draws: f64) -> f64 {
    let lines = values.len().saturating_sub(1) as f64;
    let mut before = 0.0;
    let mut deficit = 0.0;
    for (index, pair) in values.windows(2).enumerate() {
        let after = math::pow((index + 1) as f64 / lines, draws + 1.0);
        deficit += (pair[1] - pair[0]) * lines * (after - before) / (draws + 1.0);
        before = after;
    }
    values.last().map_or(0.0, |last| last - deficit)
}

/// Expected maximum by quadrature: with v = u^n the integral is that of Q(v^(1/n)) over v, and v = 1 / (1 + exp(-pi
/// sinh t)) maps both ends to infinity.
fn by_quadrature(dist: &Dist, draws: f64) -> f64 {
    const STEP: f64 = 1.0 / 64.0;
    const STEPS: i32 = 280;
    let mut sum = 0.0;
    for step in -STEPS..=STEPS {
        let t = f64::from(step) * STEP;
        let (up, down) = (math::exp(t), math::exp(-t));
        let (sinh, cosh) = ((up - down) / 2.0, up.midpoint(down));
        let odds = math::exp(-std::f64::consts::PI * sinh);
        // ln v without cancellation near v = 1; near v = 0 the odds alone.
        let ln_v = -math::ln_1p(odds);
        let slope = std::f64::consts::PI * cosh * odds / ((1.0 + odds) * (1.0 + odds));
        let u = math::exp(ln_v / draws).min(1.0 - f64::EPSILON / 2.0);
        if slope.is_finite() && slope > 0.0 && u > 0.0 {
            sum += slope * dist.quantile(u);
        }
    }
    sum * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy: the sum of `quad(lambda x: -expm1(n * log1p(-D.sf(x))), a, b, epsabs=0, epsrel=1e-13)[0]` between 0, quantiles
    /// of D and `D.isf(1e-13 / n)`; D = `lognorm(0.5, scale=20)`, `gamma(0.7, scale=3)`,
    /// `weibull_min(0.8, scale=2)`, `weibull_min(3, scale=2)`.
    #[test]
    fn maxima_are_scipys() {
        let lognormal = Dist::Lognormal { mu: 20_f64.ln(), sigma: 0.5 };
        let gamma = Dist::Gamma { shape: 0.7, scale: 3.0 };
        let heavy = Dist::Weibull { shape: 0.8, scale: 2.0 };
        let light = Dist::Weibull { shape: 3.0, scale: 2.0 };
        for (dist, n, expected) in
            EXPECTED.map(|(which, n, expected)| ([&lognormal, &gamma, &heavy, &light][which], n, expected))
        {
            let found = expected_max(dist, n);
            assert!((found / expected - 1.0).abs() < 1e-9, "{dist:?} {n}: {found} is not {expected}");
        }
    }

    const EXPECTED: [(usize, u32, f64); 12] = [
        (0, 2, 28.925_345_492_544_356),
        (0, 8, 42.778_809_686_266_91),
        (0, 100, 71.789_114_713_866_06),
        (1, 2, 3.297_224_557_471_798),
        (1, 8, 6.451_709_870_374_034),
        (1, 100, 13.295_546_770_177_417),
        (2, 2, 3.579_274_143_110_494_4),
        (2, 8, 7.190_326_559_796_521),
        (2, 100, 15.799_243_550_240_819),
        (3, 2, 2.154_401_430_225_914_5),
        (3, 8, 2.731_532_167_131_154_8),
        (3, 100, 3.440_528_474_519_506),
    ];

    #[test]
    fn one_draw_is_the_mean_and_formulas_agree_with_the_quadrature() {
        for dist in [
            Dist::Lognormal { mu: 1.0, sigma: 0.8 },
            Dist::Gamma { shape: 2.5, scale: 1.0 },
            Dist::Weibull { shape: 1.3, scale: 4.0 },
            Dist::Empirical(vec![1.0, 2.0, 2.0, 7.0]),
        ] {
            assert!((expected_max(&dist, 1) / dist.mean() - 1.0).abs() < 1e-9, "{dist:?}");
        }
        for n in [1, 2, 7, 64, 1000] {
            let exponential = Dist::Exponential { mean: 5.0 };
            let found = by_quadrature(&exponential, f64::from(n));
            assert!((found / expected_max(&exponential, n) - 1.0).abs() < 1e-9, "{n}");
            let line = Dist::Empirical(vec![2.0, 5.0]);
            let uniform = Dist::Uniform { low: 2.0, high: 5.0 };
            assert!((expected_max(&line, n) - expected_max(&uniform, n)).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn the_inverse_is_the_last_round_that_is_short_enough() {
        let dist = Dist::lognormal_mean_cv(20.0, 0.6);
        let n = largest_round(&dist, 45.0).expect("there is one");
        assert!(expected_max(&dist, n) <= 45.0 && expected_max(&dist, n + 1) > 45.0, "{n}");
        assert_eq!(largest_round(&dist, 19.0), None);
    }
}
