//! Ranks, and rank tests of independent samples: Mann-Whitney and Kruskal-Wallis.
//!
//! Only the order of the values matters, so a few extreme runs do not decide. Equal values share the average of their
//! ranks. Each test gives the figures of `scipy.stats` (1.17) on the same data. Where scipy has no answer, for an empty
//! sample or a NaN, the result is None.

use crate::scaling::tails::{chi_square_upper, normal_two_sided};

/// Returns the rank of each value, counted from 1; equal values share their average. All are NaN if one value is.
///
/// ```
/// assert_eq!(brooks::scaling::ranks::ranks(&[30.0, 10.0, 20.0, 10.0]), [4.0, 1.5, 3.0, 1.5]);
/// ```
pub fn ranks(values: &[f64]) -> Vec<f64> {
    Ranked::new(values).map_or_else(|| vec![f64::NAN; values.len()], |ranked| ranked.ranks)
}

/// Returns the middle value, or the mean of the two middle values. None for an empty sample or a NaN.
///
/// ```
/// assert_eq!(brooks::scaling::ranks::median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
/// ```
pub fn median(values: &[f64]) -> Option<f64> {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    let even = values.len().is_multiple_of(2);
    let (left, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let below = if even { left.iter().copied().max_by(f64::total_cmp) } else { None };
    Some(below.map_or(upper, |lower| lower.midpoint(upper)))
}

/// Result of the Mann-Whitney test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Number of pairs in which the first sample has the greater value; equal values count half.
    pub u_a: f64,
    /// Number of pairs in which the second sample has the greater value.
    pub u_b: f64,
    /// The two-sided p-value.
    pub p: f64,
}

/// Tests two samples for a tendency to greater values; two-sided. None if a sample is empty or has a NaN.
///
/// The p-value is exact if no values are equal and a sample has 8 or fewer. Otherwise it is from the normal
/// approximation, with corrections for ties and for continuity. If all values are equal, p is 1. Takes O(n log n) time.
///
/// H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18(1), 1947; as `scipy.stats.mannwhitneyu`.
///
/// ```
/// use brooks::scaling::ranks::mann_whitney;
///
/// let found = mann_whitney(&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0]).expect("two samples");
/// assert_eq!((found.u_a, found.u_b), (17.0, 3.0));
/// assert!((found.p - 1.0 / 9.0).abs() < 1e-12);
/// ```
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Option<MannWhitney> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let ranked = Ranked::new(&[a, b].concat())?;
    let (of_a, of_b) = (a.len() as f64, b.len() as f64);
    let rank_sum: f64 = ranked.ranks.iter().take(a.len()).sum();
    let u_a = rank_sum - of_a * (of_a + 1.0) / 2.0;
    let u_b = of_a * of_b - u_a;
    let (few, many) = (a.len().min(b.len()), a.len().max(b.len()));
    let exact =
        if few <= 8 && ranked.ties == 0.0 { probability_at_most(few, many, u_a.min(u_b) as usize) } else { None };
    let p = exact.map_or_else(|| approximate(of_a, of_b, u_a.max(u_b), ranked.ties), |probability| 2.0 * probability);
    Some(MannWhitney { u_a, u_b, p: p.min(1.0) })
}

/// Two-sided p-value of the greater U under the normal approximation; above 1 if U is at its mean.
fn approximate(a: f64, b: f64, u: f64, ties: f64) -> f64 {
    let n = a + b;
    let variance = a * b / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    // Continuity correction: half a step towards the mean. At the mean the p-value is 1.
    let beyond = u - a * b / 2.0 - 0.5;
    if beyond <= 0.0 { 1.0 } else { normal_two_sided(beyond / variance.sqrt()) }
}

/// Fraction of all orders of `few` and `many` values in which U is `u` or less. None if their number is beyond i128 (8
/// against 200,000), where the approximation is accurate.
fn probability_at_most(few: usize, many: usize, u: usize) -> Option<f64> {
    let mut total = 1_i128;
    for i in 1..=few {
        total = total.checked_mul((many + i) as i128)? / i as i128;
    }
    // The numbers of orders by U are the coefficients of the Gaussian binomial, the product of (1 - q^(many + i)) /
    // (1 - q^i) for i = 1 to `few` (P. A. MacMahon, Combinatory Analysis, 1916): multiplied out up to q^u, exactly.
    let mut orders = vec![0_i128; u + 1];
    orders[0] = 1;
    for i in 1..=few {
        for index in (many + i..=u).rev() {
            orders[index] -= orders[index - many - i];
        }
        for index in i..=u {
            orders[index] += orders[index - i];
        }
    }
    Some(orders.iter().sum::<i128>() as f64 / total as f64)
}

/// Result of the Kruskal-Wallis test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KruskalWallis {
    /// Statistic of the distance between the groups' mean ranks, corrected for ties.
    pub h: f64,
    /// Degrees of freedom: groups minus 1.
    pub df: usize,
    /// The p-value, by the chi-square approximation.
    pub p: f64,
}

/// Tests two groups or more for a tendency of some to greater values. None for fewer groups, if a group is empty or has
/// a NaN, or if all values are equal.
///
/// W. H. Kruskal and W. A. Wallis, Journal of the American Statistical Association 47(260), 1952; as
/// `scipy.stats.kruskal`.
///
/// ```
/// let found = brooks::scaling::ranks::kruskal_wallis(&[&[1.0, 3.0, 5.0], &[2.0, 4.0, 6.0]]).expect("two groups");
/// assert!((found.h - 3.0 / 7.0).abs() < 1e-12 && found.df == 1);
/// ```
pub fn kruskal_wallis(groups: &[&[f64]]) -> Option<KruskalWallis> {
    if groups.len() < 2 || groups.iter().any(|group| group.is_empty()) {
        return None;
    }
    let ranked = Ranked::new(&groups.concat())?;
    let n = ranked.ranks.len() as f64;
    let mut remaining = ranked.ranks.as_slice();
    let mut apart = 0.0;
    for group in groups {
        let (own, others) = remaining.split_at(group.len());
        let size = own.len() as f64;
        let above = own.iter().sum::<f64>() / size - 0.5 * (n + 1.0);
        apart += size * above * above;
        remaining = others;
    }
    let untied = 1.0 - ranked.ties / (n * n * n - n);
    let h = 12.0 / (n * (n + 1.0)) * apart / untied;
    let df = groups.len() - 1;
    (untied > 0.0).then(|| KruskalWallis { h, df, p: chi_square_upper(h, df as f64) })
}

/// Ranks with their ties.
pub(crate) struct Ranked {
    /// Ranks in the order of the values.
    pub(crate) ranks: Vec<f64>,
    /// The sum of t^3 - t over the sizes t of all sets of equal values: 0 if none are equal.
    pub(crate) ties: f64,
}

impl Ranked {
    /// Ranks the values; none if a value is NaN.
    pub(crate) fn new(values: &[f64]) -> Option<Ranked> {
        if values.iter().any(|value| value.is_nan()) {
            return None;
        }
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&left, &right| values[left].total_cmp(&values[right]));
        let (mut ranks, mut ties, mut below) = (vec![0.0; values.len()], 0.0, 0.0);
        // Minus zero sorts before zero and equals it.
        #[expect(clippy::float_cmp, reason = "a tie is equality")]
        for tied in order.chunk_by(|&left, &right| values[left] == values[right]) {
            let size = tied.len() as f64;
            for &index in tied {
                ranks[index] = below + 0.5 * (size + 1.0);
            }
            below += size;
            ties += size * size * size - size;
        }
        Some(Ranked { ranks, ties })
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums of halves are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: [f64; 6] = [3.1, 0.4, 7.7, 5.2, 9.9, 2.8];
    const B: [f64; 9] = [4.4, 8.1, 6.3, 12.5, 11.0, 5.9, 10.2, 13.7, 9.1];
    const TIED_A: [f64; 8] = [1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 8.0];
    const TIED_B: [f64; 7] = [2.0, 4.0, 5.0, 6.0, 8.0, 8.0, 9.0];

    /// To 1e-9, relative, so that far tails count too.
    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-9 * right.abs(), "{left:e} is not {right:e}");
    }

    fn whole(range: std::ops::Range<u32>, value: impl Fn(f64) -> f64) -> Vec<f64> {
        range.map(|i| value(f64::from(i))).collect()
    }

    fn found(a: &[f64], b: &[f64]) -> (f64, f64) {
        let found = mann_whitney(a, b).expect("two samples");
        (found.u_a, found.p)
    }

    #[test]
    fn mann_whitney_is_scipys_where_it_is_exact() {
        // mannwhitneyu(A, B)
        let (u, p) = found(&A, &B);
        assert_eq!(u, 9.0);
        close(p, 0.035_964_035_964_035_97);
        // mannwhitneyu([1.5, 3.5, 2.5], [1, 2, 3, 4, 5, 6, 7, 8])
        let (u, p) = found(&[1.5, 3.5, 2.5], &whole(1..9, |i| i));
        assert_eq!(u, 6.0);
        close(p, 0.278_787_878_787_878_8);
        // mannwhitneyu(range(8), [0.37 * j + 5.05 for j in range(300)])
        let (u, p) = found(&whole(0..8, |i| i), &whole(0..300, |j| 0.37 * j + 5.05));
        assert_eq!(u, 9.0);
        close(p, 1.047_663_331_308_227_8e-13);
    }

    #[test]
    fn mann_whitney_is_scipys_where_it_is_approximate() {
        // mannwhitneyu(1.1 * np.arange(9), 1.3 * np.arange(9) + 4.05)
        let (u, p) = found(&whole(0..9, |i| 1.1 * i), &whole(0..9, |i| 1.3 * i + 4.05));
        assert_eq!(u, 12.0);
        close(p, 0.013_418_657_920_497_472);
        // mannwhitneyu(TIED_A, TIED_B)
        let (u, p) = found(&TIED_A, &TIED_B);
        assert_eq!(u, 14.5);
        close(p, 0.126_206_099_574_993_85);
        // mannwhitneyu(range(200), range(150, 350))
        let (u, p) = found(&whole(0..200, |i| i), &whole(150..350, |i| i));
        assert_eq!(u, 1250.0);
        close(p, 3.804_216_425_805_193_6e-59);
        // mannwhitneyu([i * 7919 % 10007 // 10 for i in range(1380)],
        //              [j * 104729 % 10007 // 10 + 250 for j in range(4359)])
        let (few, many) = (1380, 4359);
        let a = whole(0..few, |i| (i * 7919.0 % 10007.0 / 10.0).floor());
        let b = whole(0..many, |j| (j * 104_729.0 % 10007.0 / 10.0).floor() + 250.0);
        let (u, p) = found(&a, &b);
        assert_eq!(u, 1_699_428.5);
        close(p, 2.209_476_464_202_776_5e-131);
    }

    #[test]
    fn kruskal_wallis_is_scipys() {
        let check = |groups: &[&[f64]], h, p| {
            let found = kruskal_wallis(groups).expect("groups");
            close(found.h, h);
            close(found.p, p);
            assert_eq!(found.df, groups.len() - 1);
        };
        // kruskal(A, B)
        check(&[&A, &B], 4.5, 0.033_894_853_524_689_295);
        // kruskal(TIED_A, TIED_B, [1, 1, 2, 6])
        check(&[&TIED_A, &TIED_B, &[1.0, 1.0, 2.0, 6.0]], 4.858_026_874_115_982, 0.088_123_729_316_430_9);
        // kruskal(range(200), range(100, 300), range(150, 350))
        let groups = [whole(0..200, |i| i), whole(100..300, |i| i), whole(150..350, |i| i)];
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        check(&groups, 321.862_530_226_071_95, 1.283_629_223_147_176_3e-70);
    }

    #[test]
    fn little_data_says_little() {
        let nan = f64::NAN;
        assert!(ranks(&[]).is_empty());
        assert!(ranks(&[1.0, nan]).iter().all(|rank| rank.is_nan()));
        assert_eq!(ranks(&[0.0, f64::INFINITY, -0.0, f64::NEG_INFINITY]), [2.5, 4.0, 2.5, 1.0]);
        assert_eq!((median(&[]), median(&[nan, 1.0]), median(&[7.0])), (None, None, Some(7.0)));
        assert_eq!(median(&[f64::INFINITY, 1.0]), Some(f64::INFINITY));
        assert_eq!(mann_whitney(&[], &[1.0]), None);
        assert_eq!(mann_whitney(&[1.0], &[nan]), None);
        assert_eq!(mann_whitney(&[1.0], &[2.0]), Some(MannWhitney { u_a: 0.0, u_b: 1.0, p: 1.0 }));
        assert_eq!(mann_whitney(&[1.0; 3], &[1.0; 2]), Some(MannWhitney { u_a: 3.0, u_b: 3.0, p: 1.0 }));
        assert_eq!(kruskal_wallis(&[]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 2.0]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 2.0], &[]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 2.0], &[nan]]), None);
        assert_eq!(kruskal_wallis(&[&[1.0, 1.0], &[1.0]]), None);
    }

    #[test]
    fn eight_against_very_many_are_counted_or_approximated() {
        let share = probability_at_most(8, 100_000, 8).expect("their number fits");
        // Sums of up to 8 parts: 1 + 1 + 2 + 3 + 5 + 7 + 11 + 15 + 22 partitions of 0 to 8.
        let orders: f64 = (1..=8).map(|i| f64::from(100_000 + i) / f64::from(i)).product();
        close(share, 67.0 / orders);
        assert_eq!(probability_at_most(8, 1_000_000, 3), None);
    }

    /// Values with and without ties.
    fn sample(sizes: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
        let tied = prop::collection::vec((-6_i32..6).prop_map(f64::from), sizes.clone());
        prop_oneof![tied, prop::collection::vec(-100.0..100.0_f64, sizes)]
    }

    proptest! {
        #[test]
        fn ranks_count_who_is_below(values in sample(0..40)) {
            let expected: Vec<f64> = values.iter().map(|value| {
                let below = values.iter().filter(|other| *other < value).count();
                let equal = values.iter().filter(|other| *other == value).count();
                below as f64 + 0.5 * (equal as f64 + 1.0)
            }).collect();
            prop_assert_eq!(ranks(&values), expected);
        }

        #[test]
        fn u_counts_pairs_and_swaps_with_the_samples(a in sample(1..30), b in sample(1..30)) {
            let there = mann_whitney(&a, &b).expect("not empty");
            let back = mann_whitney(&b, &a).expect("not empty");
            let won: f64 = a.iter().flat_map(|x| b.iter().map(move |y| match x.total_cmp(y) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })).sum();
            prop_assert_eq!((there.u_a, there.u_b), (won, (a.len() * b.len()) as f64 - won));
            prop_assert_eq!((there.u_a, there.u_b, there.p.to_bits()), (back.u_b, back.u_a, back.p.to_bits()));
            prop_assert!((0.0..=1.0).contains(&there.p));
        }

        #[test]
        fn only_the_order_matters(a in sample(1..20), b in sample(1..20), c in sample(1..20)) {
            // Rising, and exact at both ends, so that it neither makes nor breaks a tie.
            let stretched = |values: &[f64]| values.iter().map(|x| if *x < 0.0 { 4.0 * x } else { 2.0 * x }).collect();
            let (s, t, u): (Vec<f64>, Vec<f64>, Vec<f64>) = (stretched(&a), stretched(&b), stretched(&c));
            prop_assert_eq!(mann_whitney(&a, &b), mann_whitney(&s, &t));
            let found = kruskal_wallis(&[&a, &b, &c]);
            prop_assert_eq!(found, kruskal_wallis(&[&s, &t, &u]));
            prop_assert!(found.is_none_or(|found| (0.0..=1.0).contains(&found.p) && found.h >= 0.0));
        }

        #[test]
        fn exact_is_counting_all_orders(few in 1_usize..5, many in 1_usize..7, u in 0_usize..30) {
            let n = few + many;
            let (mut at_most, mut all) = (0, 0);
            for chosen in (0_u32..1 << n).filter(|chosen| chosen.count_ones() as usize == few) {
                let won: u32 = (0..n).filter(|i| chosen >> i & 1 == 1)
                    .map(|i| (!chosen & ((1 << i) - 1)).count_ones()).sum();
                all += 1;
                at_most += u32::from(won as usize <= u);
            }
            let u = u.min(few * many);
            prop_assert_eq!(probability_at_most(few, many, u), Some(f64::from(at_most) / f64::from(all)));
        }

        #[test]
        fn the_median_is_the_middle(values in sample(1..40)) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
            prop_assert_eq!(median(&values), Some(low.midpoint(high)));
        }
    }
}
