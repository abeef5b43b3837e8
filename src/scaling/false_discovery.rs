//! Multiple testing: p-values adjusted for the false discovery rate.

/// Returns p-values adjusted after Benjamini and Hochberg, in the order given. If values up to `q` are called findings,
/// the expected fraction of false ones among them is at most `q`.
///
/// A NaN stays NaN and counts as no test (as in R's `p.adjust`).
///
/// Y. Benjamini and Y. Hochberg, Journal of the Royal Statistical Society B 57(1), 1995; as
/// `scipy.stats.false_discovery_control`.
///
/// ```
/// use brooks::scaling::false_discovery::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.75, 0.0625, 0.25]), [0.75, 0.1875, 0.375]);
/// ```
pub fn benjamini_hochberg(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).filter(|&index| !ps[index].is_nan()).collect();
    order.sort_unstable_by(|&left, &right| ps[left].total_cmp(&ps[right]));
    let (mut adjusted, mut least) = (vec![f64::NAN; ps.len()], 1.0_f64);
    let tests = order.len() as f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        least = least.min(ps[index] * (tests / (rank + 1) as f64));
        adjusted[index] = least.max(0.0);
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_scipys() {
        // false_discovery_control(ps)
        let ps = [0.041, 0.001, 0.039, 0.20, 0.008, 0.042, 0.06, 0.074, 0.205, 0.9, 0.212, 0.216, 0.222, 0.251];
        let expected = [
            0.1176,
            0.014,
            0.1176,
            0.259,
            0.056,
            0.1176,
            0.14,
            0.148,
            0.259,
            0.9,
            0.259,
            0.259,
            0.259,
            0.270_307_692_307_692_3,
        ];
        for (found, expected) in benjamini_hochberg(&ps).iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} is not {expected}");
        }
    }

    #[test]
    fn little_data_says_little() {
        assert!(benjamini_hochberg(&[]).is_empty());
        assert_eq!(benjamini_hochberg(&[0.3]), [0.3]);
        let with_nan = benjamini_hochberg(&[0.02, f64::NAN, 0.5]);
        assert_eq!((with_nan[0], with_nan[2]), (0.04, 0.5));
        assert!(with_nan[1].is_nan());
    }

    proptest! {
        #[test]
        fn adjusting_keeps_the_order(ps in prop::collection::vec(0.0..=1.0_f64, 1..40)) {
            let adjusted = benjamini_hochberg(&ps);
            let mut pairs: Vec<(f64, f64)> = ps.iter().copied().zip(adjusted).collect();
            pairs.sort_by(|left, right| left.0.total_cmp(&right.0));
            prop_assert!(pairs.is_sorted_by_key(|pair| pair.1));
            prop_assert!(pairs.iter().all(|&(p, adjusted)| p <= adjusted && adjusted <= 1.0));
        }
    }
}
