//! Tests of means by Student's t: paired, of two samples with unequal variances (Welch), and of equivalence (TOST).

use crate::scaling::Welford;
use crate::scaling::tails::{t_two_sided, t_upper};

/// Result of a t-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TTest {
    /// Difference of the means over its standard error; infinite if only the means differ.
    pub t: f64,
    /// Degrees of freedom; for Welch's test rarely a whole number.
    pub df: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// Tests the mean of paired differences against 0. None for fewer than two, if one is not finite, or if all are 0.
///
/// Student, Biometrika 6(1), 1908; as `scipy.stats.ttest_rel`.
///
/// ```
/// let found = brooks::scaling::t_tests::paired_t(&[1.0, 2.0, 3.0]).expect("differences");
/// assert!((found.t - 12.0_f64.sqrt()).abs() < 1e-12 && found.df == 2.0);
/// ```
pub fn paired_t(differences: &[f64]) -> Option<TTest> {
    let moments = Moments::new(differences)?;
    two_sided(moments.mean, moments.error_squared, moments.df)
}

/// Tests two samples for equal means, with unequal variances. None if one has fewer than two values or one that is not
/// finite, or if all values are equal.
///
/// B. L. Welch, Biometrika 34(1-2), 1947; as `scipy.stats.ttest_ind` with `equal_var=False`.
///
/// ```
/// let found = brooks::scaling::t_tests::welch(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]).expect("two samples");
/// assert!((found.t + 1.5_f64.sqrt()).abs() < 1e-12 && (found.df - 4.0).abs() < 1e-12);
/// ```
pub fn welch(a: &[f64], b: &[f64]) -> Option<TTest> {
    let (a, b) = (Moments::new(a)?, Moments::new(b)?);
    let error_squared = a.error_squared + b.error_squared;
    // Fractions of the squared error, as its own square may overflow. Without variance the degrees of freedom do not
    // matter.
    let (of_a, of_b) = (a.error_squared / error_squared, b.error_squared / error_squared);
    let df = if error_squared > 0.0 { 1.0 / (of_a * of_a / a.df + of_b * of_b / b.df) } else { 1.0 };
    two_sided(a.mean - b.mean, error_squared, df)
}

/// Tests that the mean of paired differences is between `low` and `high`: the greater p-value of two one-sided t-tests.
/// A small p-value means equivalence. None for fewer than two differences, if one is not finite or a bound is NaN, or
/// if all differences are equal and at a bound.
///
/// D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15(6), 1987.
///
/// ```
/// use brooks::scaling::t_tests::tost_paired;
///
/// let differences = [0.1, -0.2, 0.3, 0.0, -0.1];
/// assert!(tost_paired(&differences, -1.0, 1.0).expect("differences") < 0.001);
/// assert!(tost_paired(&differences, 0.5, 1.0).expect("differences") > 0.5);
/// ```
pub fn tost_paired(differences: &[f64], low: f64, high: f64) -> Option<f64> {
    let moments = Moments::new(differences)?;
    let error = moments.error_squared.sqrt();
    let above_low = t_upper((moments.mean - low) / error, moments.df);
    let below_high = t_upper((high - moments.mean) / error, moments.df);
    // Not `f64::max`, which ignores a NaN.
    (!above_low.is_nan() && !below_high.is_nan()).then(|| above_low.max(below_high))
}

/// Moments of a sample for t-tests.
struct Moments {
    mean: f64,
    /// Squared standard error of the mean.
    error_squared: f64,
    df: f64,
}

impl Moments {
    /// Computes the moments; none for fewer than two values, or if a figure is not finite.
    fn new(sample: &[f64]) -> Option<Moments> {
        let moments: Welford = sample.iter().copied().collect();
        let error_squared = moments.variance() / sample.len() as f64;
        let usable = sample.len() >= 2 && moments.mean().is_finite() && error_squared.is_finite();
        usable.then(|| Moments { mean: moments.mean(), error_squared, df: (sample.len() - 1) as f64 })
    }
}

/// Returns the two-sided test; none if there is neither a difference nor a variance.
fn two_sided(difference: f64, error_squared: f64, df: f64) -> Option<TTest> {
    let t = difference / error_squared.sqrt();
    (!t.is_nan()).then(|| TTest { t, df, p: t_two_sided(t, df) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// To 1e-9, relative, so that far tails count too.
    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-9 * right.abs(), "{left:e} is not {right:e}");
    }

    fn check(found: Option<TTest>, t: f64, df: f64, p: f64) {
        let found = found.expect("a spread");
        close(found.t, t);
        close(found.df, df);
        close(found.p, p);
    }

    #[test]
    fn t_tests_are_scipys() {
        // ttest_1samp(d, 0), which is ttest_rel
        let differences = [1.2, -0.3, 2.4, 0.8, -1.1, 3.0, 0.5, 1.9];
        check(paired_t(&differences), 2.164_340_605_811_990_5, 7.0, 0.067_176_020_021_093_5);
        // ttest_ind(a, b, equal_var=False)
        let a = [3.1, 0.4, 7.7, 5.2, 9.9, 2.8];
        let b = [4.4, 8.1, 6.3, 12.5, 11.0, 5.9, 10.2, 13.7, 9.1];
        check(welch(&a, &b), -2.362_205_260_508_764, 10.021_985_140_930_566, 0.039_751_353_414_365_45);
        // The same with [i * 7919 % 10007 // 10 for i in range(1380)]
        //           and [j * 104729 % 10007 // 10 + 250 for j in range(4359)]
        let a: Vec<f64> = (0..1380).map(|i| f64::from(i * 7919 % 10007 / 10)).collect();
        let b: Vec<f64> = (0..4359).map(|j| f64::from(j * 104_729 % 10007 / 10 + 250)).collect();
        check(welch(&a, &b), -27.845_076_616_079_528, 2_316.910_907_120_594_4, 1.939_543_908_287_495_2e-147);
        // max(ttest_1samp(d, low, alternative="greater").pvalue, ttest_1samp(d, high, alternative="less").pvalue)
        for (low, high, p) in [
            (-1.0, 3.0, 0.002_531_443_208_056_546_4),
            (0.5, 1.0, 0.539_598_598_380_230_9),
            (-0.5, 2.5, 0.010_129_634_161_946_866),
        ] {
            close(tost_paired(&differences, low, high).expect("a spread"), p);
        }
    }

    #[test]
    fn little_data_says_little() {
        let nan = f64::NAN;
        for sample in [&[] as &[f64], &[1.0], &[1.0, nan], &[1.0, f64::INFINITY], &[1e300, -1e300]] {
            assert_eq!(paired_t(sample), None);
            assert_eq!(welch(sample, &[1.0, 2.0]), None);
            assert_eq!(welch(&[1.0, 2.0], sample), None);
            assert_eq!(tost_paired(sample, -1.0, 1.0), None);
        }
        assert_eq!(paired_t(&[0.0; 3]), None);
        assert_eq!(paired_t(&[0.1; 3]), Some(TTest { t: f64::INFINITY, df: 2.0, p: 0.0 }));
        assert_eq!(welch(&[1.0; 2], &[1.0; 3]), None);
        assert_eq!(welch(&[1.0; 2], &[2.0; 3]), Some(TTest { t: f64::NEG_INFINITY, df: 1.0, p: 0.0 }));
        assert_eq!(tost_paired(&[0.5; 3], -1.0, 1.0), Some(0.0));
        assert_eq!(tost_paired(&[2.0; 3], -1.0, 1.0), Some(1.0));
        assert_eq!(tost_paired(&[1.0; 3], -1.0, 1.0), None);
        assert_eq!(tost_paired(&[1.0, 2.0], nan, 3.0), None);
    }

    proptest! {
        #[test]
        fn swapping_turns_the_sign(
            a in prop::collection::vec(-50.0..50.0_f64, 2..30), b in prop::collection::vec(-50.0..50.0_f64, 2..30),
        ) {
            let (there, back) = (welch(&a, &b).expect("a spread"), welch(&b, &a).expect("a spread"));
            prop_assert_eq!((there.t, there.p.to_bits()), (-back.t, back.p.to_bits()));
            let fewest = (a.len().min(b.len()) - 1) as f64;
            prop_assert!(there.df >= fewest * (1.0 - 1e-12) && there.df <= (a.len() + b.len()) as f64);
            prop_assert!((0.0..=1.0).contains(&there.p));
        }

        #[test]
        fn wider_bounds_are_easier_to_keep(
            differences in prop::collection::vec(-50.0..50.0_f64, 2..30), low in -60.0..0.0_f64, high in 0.0..60.0_f64,
        ) {
            let narrow = tost_paired(&differences, low, high).expect("a spread");
            let wide = tost_paired(&differences, low - 1.0, high + 1.0).expect("a spread");
            prop_assert!((0.0..=1.0).contains(&narrow) && wide <= narrow);
        }
    }
}
