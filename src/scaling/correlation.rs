//! Correlation of two figures: by their values (Pearson) or by their ranks (Spearman).

use crate::scaling::ranks::Ranked;
use crate::scaling::tails::t_two_sided;

/// A correlation coefficient with its p-value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// Coefficient from -1 (one falls as the other rises) to 1 (both rise together).
    pub rho: f64,
    /// Two-sided p-value, by Student's t with n - 2 degrees of freedom; 1 for two pairs, which always correlate
    /// perfectly.
    pub p: f64,
}

/// Returns the correlation of values. None for fewer than two pairs or samples of unlike length, if a value is not
/// finite, or if one sample does not vary.
///
/// K. Pearson, Proceedings of the Royal Society 58, 1895; as `scipy.stats.pearsonr`.
///
/// ```
/// let found = brooks::scaling::correlation::pearson(&[1.0, 2.0, 3.0], &[5.0, 4.0, 3.0]).expect("both vary");
/// assert_eq!((found.rho, found.p), (-1.0, 0.0));
/// ```
pub fn pearson(x: &[f64], y: &[f64]) -> Option<Correlation> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let (x, y) = (centred(x)?, centred(y)?);
    let product = |left: &[f64], right: &[f64]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f64>();
    let rho = (product(&x, &y) / (product(&x, &x) * product(&y, &y)).sqrt()).clamp(-1.0, 1.0);
    if x.len() == 2 {
        return Some(Correlation { rho: rho.signum(), p: 1.0 });
    }
    let df = (x.len() - 2) as f64;
    let t = rho * (df / ((1.0 + rho) * (1.0 - rho))).sqrt();
    Some(Correlation { rho, p: t_two_sided(t, df) })
}

/// Returns the correlation of ranks; equal values share their average rank. None for fewer than two pairs or samples of
/// unlike length, if a value is NaN, or if one sample does not vary.
///
/// C. Spearman, American Journal of Psychology 15(1), 1904; as `scipy.stats.spearmanr` (which has NaN for the p-value
/// of two pairs).
///
/// ```
/// // Only the order matters.
/// let found = brooks::scaling::correlation::spearman(&[1.0, 2.0, 3.0], &[1.0, 10.0, 1e9]).expect("both vary");
/// assert_eq!(found.rho, 1.0);
/// ```
pub fn spearman(x: &[f64], y: &[f64]) -> Option<Correlation> {
    pearson(&Ranked::new(x)?.ranks, &Ranked::new(y)?.ranks)
}

/// Distances from the mean, scaled to a maximum of 1, so that no square overflows or vanishes. None if nothing varies
/// or a value is not finite.
fn centred(values: &[f64]) -> Option<Vec<f64>> {
    let first = values.first()?;
    #[expect(clippy::float_cmp, reason = "constant is equal throughout, and its mean may be off by rounding")]
    if values.iter().all(|value| value == first) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let greatest = values.iter().map(|value| (value - mean).abs()).fold(0.0, f64::max);
    let usable = mean.is_finite() && greatest.is_finite() && greatest > 0.0;
    usable.then(|| values.iter().map(|value| (value - mean) / greatest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(found: Option<Correlation>, rho: f64, p: f64) {
        let found = found.expect("both vary");
        assert!((found.rho / rho - 1.0).abs() < 1e-9, "rho {} is not {rho}", found.rho);
        assert!((found.p / p - 1.0).abs() < 1e-9, "p {} is not {p}", found.p);
    }

    #[test]
    fn correlations_are_scipys() {
        let x = [1.0, 2.5, 3.1, 4.8, 5.0, 6.6, 7.7];
        let y = [2.2, 1.9, 4.4, 3.7, 6.5, 5.8, 9.1];
        // pearsonr(x, y), spearmanr(x, y)
        check(pearson(&x, &y), 0.886_985_299_681_837_9, 0.007_753_140_307_817_142);
        check(spearman(&x, &y), 0.892_857_142_857_142_9, 0.006_807_187_408_935_393);
        // spearmanr([1, 2, 2, 3, 5, 5, 5], [2, 4, 5, 6, 8, 8, 9])
        let tied = [[1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0], [2.0, 4.0, 5.0, 6.0, 8.0, 8.0, 9.0]];
        check(spearman(&tied[0], &tied[1]), 0.962_950_012_862_935_4, 0.000_497_449_605_028_977_3);
        // x = range(400), y = [i * 7919 % 401 + 1.5 * i for i in range(400)]
        let x: Vec<f64> = (0..400).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|i| i * 7919.0 % 401.0 + 1.5 * i).collect();
        check(pearson(&x, &y), 0.819_288_298_646_422_9, 3.535_339_913_095_789e-98);
        check(spearman(&x, &y), 0.824_139_650_872_817_9, 2.655_770_363_494_415e-100);
    }

    #[test]
    fn little_data_says_little() {
        for test in [pearson, spearman] {
            assert_eq!(test(&[], &[]), None);
            assert_eq!(test(&[1.0], &[1.0]), None);
            assert_eq!(test(&[1.0, 2.0], &[1.0]), None);
            assert_eq!(test(&[1.0, 2.0, f64::NAN], &[1.0, 2.0, 3.0]), None);
            assert_eq!(test(&[0.1; 7], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), None);
            assert_eq!(test(&[1.0, 2.0], &[4.0, 3.0]), Some(Correlation { rho: -1.0, p: 1.0 }));
        }
        assert_eq!(pearson(&[1.0, f64::INFINITY], &[1.0, 2.0]), None);
        // Neither overflow nor underflow.
        check(
            pearson(&[1e300, 2e300, 4e300], &[1e-300, 2e-300, 3e-300]),
            0.981_980_506_061_965_8,
            0.121_037_718_323_676_93,
        );
    }

    proptest! {
        #[test]
        fn ranks_go_with_any_rising_map(
            pairs in prop::collection::vec(((-9_i32..9).prop_map(f64::from), -100.0..100.0_f64), 2..40),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let stretched: Vec<f64> = y.iter().map(|y| if *y < 0.0 { 4.0 * y } else { 2.0 * y }).collect();
            let turned: Vec<f64> = y.iter().map(|y| -y).collect();
            let found = spearman(&x, &y);
            prop_assert_eq!(found, spearman(&x, &stretched));
            prop_assert_eq!(found, spearman(&y, &x));
            let back = spearman(&x, &turned).map(|back| Correlation { rho: -back.rho, ..back });
            prop_assert_eq!(found, back);
            for found in [found, pearson(&x, &y)].into_iter().flatten() {
                prop_assert!((-1.0..=1.0).contains(&found.rho) && (0.0..=1.0).contains(&found.p));
            }
        }
    }
}
