//! Quantiles of Student's t, and tails of the normal, chi-square, Student's t and Fisher's F distributions.
//!
//! A small tail is summed directly, not as 1 minus the rest, so 1e-66 has as many digits as 0.05.
//!
//! Intervals and p-values must be the same on every platform. These functions therefore use plain arithmetic and `exp`
//! and `ln` of [`engine::math`](crate::engine::math) only. Published implementations call the standard library, or
//! change their last digits with fused multiply-add.

use crate::engine::math;

/// Quantile of Student's t with `df` degrees of freedom, at least 1, for probability `p` in (0, 1).
///
/// Infinite for `df` below 1: a single value does not bound the mean.
///
/// ```
/// use brooks::scaling::tails;
/// assert!((tails::t_quantile(0.975, 10.0) - 2.228_138_851_96).abs() < 1e-9);
/// ```
pub fn t_quantile(p: f64, df: f64) -> f64 {
    if p < 0.5 {
        return -t_quantile(1.0 - p, df);
    }
    if df < 1.0 {
        return f64::INFINITY;
    }
    // Newton's method for tail(t) = 1 - p. The tail is convex for t > 0, so from the left each step falls short of the
    // root and needs no bracket. The iteration ends at rounding.
    let tail = 1.0 - p;
    let ln_beta = ln_beta(df / 2.0, 0.5);
    let mut t = 0.0;
    for _ in 0..200 {
        let (x, y) = (df / (df + t * t), t * t / (df + t * t));
        let density = math::exp(0.5 * (df + 1.0) * ln_of(x, y) - ln_beta) / df.sqrt();
        let above = if t == 0.0 { 0.5 } else { 0.5 * betainc_given(df / 2.0, 0.5, x, y, ln_beta) };
        let step = (above - tail) / density;
        t += step;
        if step <= 1e-15 * t {
            break;
        }
    }
    t
}

/// Two-sided p-value: the probability that Student's t with `df` degrees of freedom is beyond `t` on either side.
///
/// ```
/// assert!((brooks::scaling::tails::t_two_sided(1.0, 1.0) - 0.5).abs() < 1e-12);
/// ```
pub fn t_two_sided(t: f64, df: f64) -> f64 {
    f_upper(t * t, 1.0, df)
}

/// One-sided p-value: the probability that Student's t with `df` degrees of freedom exceeds `t`.
///
/// ```
/// // t with 1 degree of freedom is beyond 1 in a quarter of all cases.
/// assert!((brooks::scaling::tails::t_upper(-1.0, 1.0) - 0.75).abs() < 1e-12);
/// ```
pub fn t_upper(t: f64, df: f64) -> f64 {
    let beyond = 0.5 * t_two_sided(t, df);
    if t > 0.0 { beyond } else { 1.0 - beyond }
}

/// Two-sided p-value: the probability that a standard normal value is beyond `z` on either side, erfc(|z|/sqrt 2).
///
/// ```
/// assert!((brooks::scaling::tails::normal_two_sided(-1.959_963_984_540_054) - 0.05).abs() < 1e-12);
/// ```
pub fn normal_two_sided(z: f64) -> f64 {
    chi_square_upper(z * z, 1.0)
}

/// One-sided p-value: the probability that a standard normal value exceeds `z`.
///
/// ```
/// assert!((brooks::scaling::tails::normal_upper(1.644_853_626_951_473) - 0.05).abs() < 1e-12);
/// ```
pub fn normal_upper(z: f64) -> f64 {
    let beyond = 0.5 * normal_two_sided(z);
    if z > 0.0 { beyond } else { 1.0 - beyond }
}

/// P-value: the probability that chi-square with `df` degrees of freedom, above 0, exceeds `x`.
///
/// ```
/// // With 2 degrees of freedom it is e^(-x/2).
/// assert!((brooks::scaling::tails::chi_square_upper(2.0 * 4.0_f64.ln(), 2.0) - 0.25).abs() < 1e-12);
/// ```
pub fn chi_square_upper(x: f64, df: f64) -> f64 {
    gamma_upper(df / 2.0, x / 2.0)
}

/// P-value: the probability that Fisher's F with `df1` and `df2` degrees of freedom exceeds `f`.
///
/// ```
/// // F(2, d) has the closed form (1 + 2f/d)^(-d/2).
/// assert!((brooks::scaling::tails::f_upper(3.0, 2.0, 2.0) - 0.25).abs() < 1e-12);
/// ```
pub fn f_upper(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    if f.is_infinite() {
        return 0.0;
    }
    let sum = df2 + df1 * f;
    betainc(df2 / 2.0, df1 / 2.0, df2 / sum, df1 * f / sum)
}

/// The regularised upper incomplete gamma function Q(a, x).
fn gamma_upper(a: f64, x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x <= 0.0 {
        return 1.0;
    }
    if x.is_infinite() {
        return 0.0;
    }
    // The series converges fast below the mean, the continued fraction above it, where it gives the tail itself.
    let front = math::exp(ln_gamma_front(a, x));
    if x < a + 1.0 { 1.0 - front * gamma_series(a, x) } else { front * gamma_fraction(a, x) }
}

/// P(a, x) over x^a e^(-x) / G(a): its power series (DLMF 8.7.1).
fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut shape, mut term) = (a, 1.0 / a);
    let mut sum = term;
    for _ in 0..GAMMA_TERMS {
        shape += 1.0;
        term *= x / shape;
        sum += term;
        if term < 1e-16 * sum {
            break;
        }
    }
    sum
}

/// Q(a, x) over x^a e^(-x) / G(a): its continued fraction, by Lentz's method (DLMF 8.9.2, even part).
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::INFINITY, 1.0 / b);
    let mut fraction = d;
    for term in 1..GAMMA_TERMS {
        let m = f64::from(term);
        let above = m * (a - m);
        b += 2.0;
        d = 1.0 / away_from_zero(above * d + b);
        c = away_from_zero(b + above / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// Greatest number of terms, enough for shapes up to a hundred million; the number grows as their square root.
const GAMMA_TERMS: u32 = 100_000;

/// ln of x^a e^(-x) / G(a), by Stirling's series above 10 and G(a) = G(a + 1)/a below.
fn ln_gamma_front(a: f64, x: f64) -> f64 {
    let (mut factor, mut shifted) = (1.0, a);
    while shifted < 10.0 {
        factor *= shifted;
        shifted += 1.0;
    }
    // As in `ln_beta`, large terms are gathered into one ratio.
    let large = a * math::ln(x / shifted) + (shifted - x) - (shifted - a - 0.5) * math::ln(shifted);
    large - HALF_LN_2_PI - stirling_correction(shifted) + math::ln(factor)
}

/// The regularised incomplete beta function `I_x(a, b)`, where `y` is 1 - `x`, given separately for precision.
fn betainc(a: f64, b: f64, x: f64, y: f64) -> f64 {
    betainc_given(a, b, x, y, ln_beta(a, b))
}

/// [`betainc`] when ln B(a, b) is known: x^a y^b / (a B(a, b)) times a continued fraction.
fn betainc_given(a: f64, b: f64, x: f64, y: f64, ln_beta: f64) -> f64 {
    // The fraction converges fast on one side of the mean only; on the other one I_x(a, b) = 1 - I_y(b, a).
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - betainc_given(b, a, y, x, ln_beta);
    }
    if x <= 0.0 {
        return 0.0;
    }
    let front = math::exp(a * ln_of(x, y) + b * ln_of(y, x) - ln_beta);
    front / a * beta_fraction(a, b, x)
}

/// The continued fraction of the incomplete beta function, by Lentz's method (DLMF 8.17.22).
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for term in 1..2_000 {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// Keeps a divisor of Lentz's method away from 0.
fn away_from_zero(value: f64) -> f64 {
    const TINY: f64 = 1e-300;
    if value.abs() < TINY { TINY } else { value }
}

/// ln x, where `y` is 1 - `x`: precise on both sides.
fn ln_of(x: f64, y: f64) -> f64 {
    if x < 0.5 { math::ln(x) } else { math::ln_1p(-y) }
}

const HALF_LN_2_PI: f64 = 0.918_938_533_204_672_8;

/// ln B(a, b), by Stirling's series above 10 and B(a, b) = B(a + 1, b) (a + b)/a below.
fn ln_beta(mut a: f64, mut b: f64) -> f64 {
    let mut factor = 1.0;
    while a < 10.0 {
        factor *= (a + b) / a;
        a += 1.0;
    }
    while b < 10.0 {
        factor *= (a + b) / b;
        b += 1.0;
    }
    let sum = a + b;
    // The large terms of ln G(a) + ln G(b) - ln G(a + b) are gathered into ratios, so that none of them cancel.
    let ratios = (a - 0.5) * ln_of(a / sum, b / sum) + (b - 0.5) * ln_of(b / sum, a / sum);
    let corrections = stirling_correction(a) + stirling_correction(b) - stirling_correction(sum);
    HALF_LN_2_PI + ratios - 0.5 * math::ln(sum) + corrections + math::ln(factor)
}

/// Correction of Stirling's formula for ln G(x), to full precision for x of at least 10 (DLMF 5.11.1).
fn stirling_correction(x: f64) -> f64 {
    const TERMS: [f64; 6] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let square = 1.0 / (x * x);
    TERMS.iter().rev().fold(0.0, |sum, term| sum * square + term) / x
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ChiSquared, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

    #[test]
    fn t_agrees_with_statrs() {
        for df in [1.0, 2.0, 3.0, 4.0, 5.5, 9.0, 29.0, 100.0, 1e3, 1e5] {
            let reference = StudentsT::new(0.0, 1.0, df).expect("valid");
            for p in [0.501, 0.6, 0.75, 0.9, 0.95, 0.975, 0.995, 0.9999] {
                let t = t_quantile(p, df);
                // With many degrees of freedom it is the reference that loses digits.
                let tolerance = if df > 1e3 { 1e-9 } else { 1e-11 };
                assert!((reference.cdf(t) - p).abs() < tolerance, "p {p}, df {df}: t {t}");
                assert!((t_two_sided(t, df) - 2.0 * (1.0 - p)).abs() < 1e-12, "p {p}, df {df}: t {t}");
                assert!((t_quantile(1.0 - p, df) / t + 1.0).abs() < 1e-11, "p {p}, df {df}");
            }
        }
    }

    #[test]
    fn f_agrees_with_statrs() {
        for df1 in [1.0, 2.0, 3.0, 10.0, 200.0] {
            for df2 in [1.0, 4.0, 17.0, 1e4] {
                let reference = FisherSnedecor::new(df1, df2).expect("valid");
                for f in [0.01, 0.5, 1.0, 2.5, 15.13, 400.0] {
                    let (ours, theirs) = (f_upper(f, df1, df2), 1.0 - reference.cdf(f));
                    assert!((ours - theirs).abs() < 1e-10, "F({df1}, {df2}) above {f}: {ours}, not {theirs}");
                }
            }
        }
    }

    #[test]
    fn closed_forms_hold_far_out() {
        // t with 1 degree of freedom is tan(pi (p - 1/2)); with 2, (2p - 1) / sqrt(2p(1 - p)).
        assert!((t_quantile(0.75, 1.0) - 1.0).abs() < 1e-12);
        assert!((t_quantile(0.975, 1.0) / 12.706_204_736_174_698 - 1.0).abs() < 1e-13);
        let p = 1.0 - 1e-7_f64;
        let expected = (2.0 * p - 1.0) / (2.0 * p * (1.0 - p)).sqrt();
        assert!((t_quantile(p, 2.0) / expected - 1.0).abs() < 1e-11);
        // Many degrees of freedom: the normal distribution.
        assert!((t_quantile(0.975, 1e9) - 1.959_963_985).abs() < 1e-8);
        assert!(t_quantile(0.975, 0.0).is_infinite());
    }

    /// Relative, so that far tails count too.
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "{found:e} is not {expected:e}");
    }

    #[test]
    fn normal_and_chi_square_agree_with_statrs() {
        let normal = Normal::standard();
        let square = ChiSquared::new(1.0).expect("valid");
        for step in -40..=40 {
            let z = f64::from(step) / 8.0;
            // The reference keeps only ten digits of erfc; its gamma function keeps all.
            close(normal_upper(z), normal.sf(z), 2e-10);
            close(normal_two_sided(z), square.sf(z * z), 1e-12);
        }
        for df in [1.0, 2.0, 3.0, 4.5, 9.0, 19.0, 20.0, 21.0, 100.0, 1e3] {
            let reference = ChiSquared::new(df).expect("valid");
            for share in [0.01, 0.2, 0.7, 0.9, 1.0, 1.001, 1.1, 1.5, 3.0] {
                close(chi_square_upper(share * df, df), reference.sf(share * df), 1e-12);
            }
        }
    }

    #[test]
    fn far_tails_have_all_their_digits() {
        // The continued fraction in 60 decimal digits.
        for (z, expected) in [
            (1.5, 0.133_614_402_537_716_14),
            (5.0, 5.733_031_437_583_878e-7),
            (-8.0, 1.244_192_114_854_356_8e-15),
            (17.25, 1.118_993_678_980_977e-66),
            (25.0, 6.113_393_412_765_122e-138),
            (37.5, 9.210_706_019_163_91e-308),
        ] {
            close(normal_two_sided(z), expected, 2e-13);
        }
        // scipy.stats.chi2.sf(900, 40), chi2.sf(1500, 400), 2 * t.sf(20, 300), 2 * t.sf(40, 50)
        close(chi_square_upper(900.0, 40.0), 8.168_029_978_662_771e-163, 1e-12);
        close(chi_square_upper(1500.0, 400.0), 8.997_002_253_665_669e-127, 1e-12);
        close(t_two_sided(20.0, 300.0), 3.863_196_256_315_989e-57, 1e-12);
        close(t_upper(40.0, 50.0), 6.206_211_892_186_345_5e-40, 1e-12);
        // With 2 degrees of freedom chi-square is exponential.
        close(chi_square_upper(600.0, 2.0), math::exp(-300.0), 1e-12);
    }

    #[test]
    fn tails_end_well() {
        let infinite = f64::INFINITY;
        assert_eq!((normal_upper(0.0), normal_upper(infinite), normal_upper(-infinite)), (0.5, 0.0, 1.0));
        assert_eq!((chi_square_upper(0.0, 3.0), chi_square_upper(infinite, 3.0)), (1.0, 0.0));
        assert_eq!((t_upper(0.0, 3.0), t_upper(infinite, 3.0), t_upper(-infinite, 3.0)), (0.5, 0.0, 1.0));
        assert!(
            normal_upper(f64::NAN).is_nan()
                && chi_square_upper(f64::NAN, 3.0).is_nan()
                && t_upper(f64::NAN, 3.0).is_nan()
        );
        // Just off the edge nothing overflows, and across the change of method nothing jumps.
        close(chi_square_upper(f64::MIN_POSITIVE, 3.0), 1.0, 1e-15);
        for df in [0.5, 1.0, 7.0, 40.0, 1e4, 1e7] {
            let at = df + 2.0;
            close(chi_square_upper(at * (1.0 - 1e-13), df), chi_square_upper(at * (1.0 + 1e-13), df), 2e-9);
        }
    }
}
