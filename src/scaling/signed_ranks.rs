//! Wilcoxon signed-rank test of paired runs, for differences of any distribution.

use crate::scaling::ranks::Ranked;
use crate::scaling::tails::{normal_two_sided, normal_upper};

/// Alternative hypothesis of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// Differences to either side.
    TwoSided,
    /// Differences below 0.
    Less,
    /// Differences above 0.
    Greater,
}

/// Result of the Wilcoxon signed-rank test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilcoxon {
    /// The sum of the ranks of the differences above 0; two-sided, the lesser of the two sums.
    pub statistic: f64,
    /// The p-value.
    pub p: f64,
    /// Number of differences that are not 0.
    pub used: usize,
}

/// Greatest number of differences with an exact p-value.
const EXACT: usize = 50;
/// Greatest number of differences with an exact p-value if some are equal or 0.
const EXACT_TIED: usize = 13;

/// Tests the differences for symmetry around 0. None without differences, or for a NaN.
///
/// Differences of 0 are left out, as Wilcoxon did. The p-value is exact up to 50 differences, or up to 13 if some are
/// equal in size or 0. Otherwise it is from the normal approximation, with a correction for ties and none for
/// continuity. If all are 0, p is 1 (`scipy` has NaN from 14 on).
///
/// F. Wilcoxon, Biometrics Bulletin 1(6), 1945; as `scipy.stats.wilcoxon` by default.
///
/// ```
/// use brooks::scaling::signed_ranks::{Alternative, wilcoxon};
///
/// // All five above 0: one of 32 combinations of signs.
/// let found = wilcoxon(&[1.0, 2.0, 3.0, 4.0, 5.0], Alternative::Greater).expect("differences");
/// assert_eq!((found.statistic, found.p, found.used), (15.0, 1.0 / 32.0, 5));
/// ```
pub fn wilcoxon(differences: &[f64], alternative: Alternative) -> Option<Wilcoxon> {
    if differences.is_empty() {
        return None;
    }
    let some: Vec<f64> = differences.iter().copied().filter(|&difference| difference != 0.0).collect();
    let sizes: Vec<f64> = some.iter().map(|difference| difference.abs()).collect();
    let ranked = Ranked::new(&sizes)?;
    let ranks_above = ranked.ranks.iter().zip(&some).filter(|&(_, &difference)| difference > 0.0);
    // Not `sum`, which makes minus zero of nothing.
    let above = ranks_above.fold(0.0, |sum, (rank, _)| sum + rank);
    let n = some.len() as f64;
    let below = n * (n + 1.0) / 2.0 - above;
    let plain = ranked.ties == 0.0 && some.len() == differences.len();
    let p = if differences.len() <= if plain { EXACT } else { EXACT_TIED } {
        exact(&ranked.ranks, above, alternative)
    } else {
        approximate(n, above, ranked.ties, alternative)
    };
    let statistic = if alternative == Alternative::TwoSided { above.min(below) } else { above };
    Some(Wilcoxon { statistic, p, used: some.len() })
}

/// Exact p-value: counts the combinations of signs of these ranks (at most 50) with a sum this extreme or more.
fn exact(ranks: &[f64], above: f64, alternative: Alternative) -> f64 {
    // Shared ranks are multiples of one half: doubled they are whole. The counts, at most 2^50, are exact.
    let doubled = |rank: f64| (2.0 * rank) as usize;
    let mut ways = vec![0_u64; ranks.len() * (ranks.len() + 1) + 1];
    ways[0] = 1;
    for step in ranks.iter().map(|&rank| doubled(rank)) {
        for sum in (step..ways.len()).rev() {
            ways[sum] += ways[sum - step];
        }
    }
    let all = (1_u64 << ranks.len()) as f64;
    let at = doubled(above);
    let less = ways[..=at].iter().sum::<u64>() as f64 / all;
    let greater = ways[at..].iter().sum::<u64>() as f64 / all;
    match alternative {
        Alternative::TwoSided => (2.0 * less.min(greater)).min(1.0),
        Alternative::Less => less,
        Alternative::Greater => greater,
    }
}

/// P-value from the normal approximation.
fn approximate(n: f64, above: f64, ties: f64, alternative: Alternative) -> f64 {
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (above - n * (n + 1.0) / 4.0) / variance.sqrt();
    match alternative {
        Alternative::TwoSided => normal_two_sided(z),
        Alternative::Less => normal_upper(-z),
        Alternative::Greater => normal_upper(z),
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums of halves are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// To 1e-9, relative, so that far tails count too.
    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-9 * right.abs(), "{left:e} is not {right:e}");
    }

    /// The p-values of all three alternatives: two-sided, less, greater; and both statistics.
    fn check(differences: &[f64], statistics: [f64; 2], ps: [f64; 3]) {
        let found = |alternative| wilcoxon(differences, alternative).expect("differences");
        let all = [Alternative::TwoSided, Alternative::Less, Alternative::Greater].map(found);
        assert_eq!(all.map(|found| found.statistic), [statistics[0], statistics[1], statistics[1]]);
        for (found, p) in all.iter().zip(ps) {
            close(found.p, p);
        }
    }

    #[test]
    fn wilcoxon_is_scipys() {
        // [wilcoxon(d, alternative=a) for a in ("two-sided", "less", "greater")], all of them.
        let plain = [1.2, -0.3, 2.4, 0.8, -1.1, 3.0, 0.5, 1.9];
        check(&plain, [5.0, 31.0], [0.078_125, 0.972_656_25, 0.039_062_5]);
        // With ties and zeros still counted through.
        let tied = [1.0, -2.0, 2.0, 0.0, 3.0, 3.0, -1.0, 4.0, 0.0, 5.0];
        check(&tied, [5.0, 31.0], [0.078_125, 0.976_562_5, 0.039_062_5]);
        // d = [(7 * i) % 11 - 4 for i in range(20)]: too many for that.
        let tied: Vec<f64> = (0..20).map(|i| f64::from((7 * i) % 11 - 4)).collect();
        check(&tied, [67.0, 123.0], [0.258_093_248_189_486_1, 0.870_953_375_905_257, 0.129_046_624_094_743_05]);
        // d = [(i * 37 % 101) - 44.5 + i / 1000 for i in range(n)], n at either side of 50.
        let plain: Vec<f64> = (0..51).map(|i| f64::from(i * 37 % 101) - 44.5 + f64::from(i) / 1000.0).collect();
        let ps = [0.184_448_979_276_917_06, 0.909_372_618_001_327_7, 0.092_224_489_638_458_53];
        check(&plain[..50], [499.0, 776.0], ps);
        let ps = [0.205_721_516_324_295_36, 0.897_139_241_837_852_3, 0.102_860_758_162_147_68];
        check(&plain, [528.0, 798.0], ps);
        // wilcoxon([i - 20 for i in range(900)])
        let far: Vec<f64> = (0..900).map(|i| f64::from(i - 20)).collect();
        let found = wilcoxon(&far, Alternative::TwoSided).expect("differences");
        assert_eq!((found.statistic, found.used), (410.0, 899));
        close(found.p, 3.872_503_107_519_102e-148);
    }

    #[test]
    fn little_data_says_little() {
        for alternative in [Alternative::TwoSided, Alternative::Less, Alternative::Greater] {
            assert_eq!(wilcoxon(&[], alternative), None);
            assert_eq!(wilcoxon(&[1.0, f64::NAN], alternative), None);
            for n in [1, 13, 14, 60] {
                let found = wilcoxon(&vec![0.0; n], alternative);
                assert_eq!(found, Some(Wilcoxon { statistic: 0.0, p: 1.0, used: 0 }));
                assert!(found.is_some_and(|found| found.statistic.is_sign_positive()));
            }
        }
        let one = wilcoxon(&[f64::INFINITY], Alternative::Greater).expect("a difference");
        assert_eq!((one.statistic, one.p), (1.0, 0.5));
    }

    proptest! {
        #[test]
        fn exact_is_counting_all_signs(sizes in prop::collection::vec(-5_i32..6, 1..10)) {
            let differences: Vec<f64> = sizes.iter().map(|&size| f64::from(size)).collect();
            let found = wilcoxon(&differences, Alternative::Less).expect("differences");
            let some: Vec<f64> = differences.iter().filter(|size| **size != 0.0).map(|size| size.abs()).collect();
            let ranks = crate::scaling::ranks::ranks(&some);
            let at_most = (0_u32..1 << some.len()).filter(|signs| {
                let sum: f64 = ranks.iter().enumerate().filter(|(i, _)| signs >> i & 1 == 1).map(|(_, rank)| rank).sum();
                sum <= found.statistic
            });
            prop_assert_eq!(found.p, at_most.count() as f64 / f64::from(1 << some.len()));
        }

        #[test]
        fn turning_all_signs_swaps_the_sides(
            differences in prop_oneof![
                prop::collection::vec((-9_i32..10).prop_map(f64::from), 1..70),
                prop::collection::vec(-9.0..9.0_f64, 1..70),
            ],
        ) {
            // Stretching by a power of two keeps the order of sizes and every tie.
            let turned: Vec<f64> = differences.iter().map(|difference| -4.0 * difference).collect();
            let both = |alternative| wilcoxon(&differences, alternative).expect("differences");
            let back = |alternative| wilcoxon(&turned, alternative).expect("differences");
            let (less, greater) = (both(Alternative::Less), both(Alternative::Greater));
            prop_assert_eq!(less.p.to_bits(), back(Alternative::Greater).p.to_bits());
            prop_assert_eq!(both(Alternative::TwoSided), back(Alternative::TwoSided));
            let n = less.used as f64;
            prop_assert_eq!(less.statistic + back(Alternative::Less).statistic, n * (n + 1.0) / 2.0);
            for p in [less.p, greater.p, both(Alternative::TwoSided).p] {
                prop_assert!((0.0..=1.0).contains(&p));
            }
        }
    }
}
