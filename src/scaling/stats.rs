//! Summary statistics: means with intervals, quantiles, and comparisons of paired runs.
//!
//! Sums are taken in the order given, so the same sample gives the same bits.

use crate::scaling::tails::t_quantile;

/// Summary of a sample.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Number of values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n - 1 in the denominator; 0 for a single value.
    pub sd: f64,
    /// Half-width of the 95 % interval of the mean by Student's t; infinite for a single value.
    pub half_width: f64,
    /// Least value.
    pub min: f64,
    /// Quantile 0.1.
    pub p10: f64,
    /// Median.
    pub p50: f64,
    /// Quantile 0.9.
    pub p90: f64,
    /// Greatest value.
    pub max: f64,
}

impl Summary {
    /// Summarises a sample in the order in which it was drawn, and changes that order. None if it is empty.
    pub fn from_sample(sample: &mut [f64]) -> Option<Summary> {
        let t = t95(sample.len());
        Summary::from_sample_with_t(sample, t)
    }

    /// Summarises a sample, where `t` is [`t95`] of its size: samples of one size can share it.
    pub fn from_sample_with_t(sample: &mut [f64], t: f64) -> Option<Summary> {
        let moments: Welford = sample.iter().copied().collect();
        let min = sample.iter().copied().min_by(f64::total_cmp)?;
        let max = sample.iter().copied().max_by(f64::total_cmp)?;
        Some(Summary {
            n: sample.len(),
            mean: moments.mean(),
            sd: moments.sd(),
            half_width: moments.half_width(t),
            min,
            p10: select_quantile(sample, 0.1),
            p50: select_quantile(sample, 0.5),
            p90: select_quantile(sample, 0.9),
            max,
        })
    }

    /// The mean with its 95 % interval.
    pub fn interval(&self) -> Interval {
        Interval { estimate: self.mean, half_width: self.half_width }
    }
}

/// An estimate and its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Estimate, in the middle of the interval.
    pub estimate: f64,
    /// Half-width; infinite where the sample does not bound the interval.
    pub half_width: f64,
}

impl Interval {
    /// Lower end.
    pub fn low(&self) -> f64 {
        self.estimate - self.half_width
    }

    /// Upper end.
    pub fn high(&self) -> f64 {
        self.estimate + self.half_width
    }
}

/// Running mean and variance after B. P. Welford (Technometrics 4(3), 1962), without cancellation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Welford {
    n: usize,
    mean: f64,
    squares: f64,
}

impl Welford {
    /// Adds a value.
    pub fn push(&mut self, value: f64) {
        self.n += 1;
        let before = value - self.mean;
        self.mean += before / self.n as f64;
        self.squares += before * (value - self.mean);
    }

    /// Number of values.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Mean; 0 before the first value.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Variance with n - 1 in the denominator; 0 before the second value.
    pub fn variance(&self) -> f64 {
        if self.n < 2 { 0.0 } else { self.squares / (self.n - 1) as f64 }
    }

    /// Standard deviation; 0 before the second value.
    pub fn sd(&self) -> f64 {
        self.variance().sqrt()
    }

    /// Half-width of the interval of the mean, where `t` is the quantile for n - 1 degrees of freedom (see [`t95`]);
    /// infinite before the second value.
    pub fn half_width(&self, t: f64) -> f64 {
        if self.n < 2 { f64::INFINITY } else { t * self.sd() / (self.n as f64).sqrt() }
    }
}

impl FromIterator<f64> for Welford {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Welford {
        let mut moments = Welford::default();
        for value in values {
            moments.push(value);
        }
        moments
    }
}

/// Factor of a two-sided 95 % interval from `n` values: t(0.975, n - 1); infinite below two.
///
/// Takes microseconds; samples of one size should share it.
pub fn t95(n: usize) -> f64 {
    t_quantile(0.975, n.saturating_sub(1) as f64)
}

/// Quantile `q` in [0, 1] of an ascending, non-empty sample: R's type 7, which interpolates between neighbours.
///
/// ```
/// assert_eq!(brooks::scaling::stats::quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
/// ```
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// Quantile of a sample in any order, by selection, which is faster than sorting.
fn select_quantile(sample: &mut [f64], q: f64) -> f64 {
    let position = q * (sample.len() - 1) as f64;
    let below = position as usize;
    let (_, low, right) = sample.select_nth_unstable_by(below, f64::total_cmp);
    let (low, high) = (*low, right.iter().copied().min_by(f64::total_cmp).unwrap_or(*low));
    low + (position - below as f64) * (high - low)
}

/// Mean of first minus second over paired runs, with its 95 % interval. None without pairs.
///
/// Runs that share their random numbers are paired; their common noise cancels.
///
/// ```
/// let pairs = [(10.0, 9.0), (20.0, 19.0), (30.0, 29.0)];
/// let difference = brooks::scaling::stats::paired_difference(pairs).expect("three pairs");
/// assert_eq!((difference.estimate, difference.half_width), (1.0, 0.0));
/// ```
pub fn paired_difference(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Interval> {
    let moments: Welford = pairs.into_iter().map(|(first, second)| first - second).collect();
    (moments.n() > 0).then(|| Interval { estimate: moments.mean(), half_width: moments.half_width(t95(moments.n())) })
}

/// Mean of first over mean of second in paired runs, with its 95 % interval: a speedup, if first are the makespans of
/// the baseline. None without pairs.
///
/// The delta method: to first order the error of R = mean(a) / mean(b) is the mean of (a - R b) / mean(b), whose
/// variance is small for positively correlated a and b. W. G. Cochran, "Sampling Techniques", Wiley 1977, section 2.11.
///
/// ```
/// // Always twice as fast: the ratio has no error, although both vary.
/// let pairs = [(10.0, 5.0), (20.0, 10.0), (90.0, 45.0)];
/// let speedup = brooks::scaling::stats::paired_ratio(pairs).expect("three pairs");
/// assert_eq!((speedup.estimate, speedup.half_width), (2.0, 0.0));
/// ```
pub fn paired_ratio<I>(pairs: I) -> Option<Interval>
where
    I: IntoIterator<Item = (f64, f64)>,
    I::IntoIter: Clone,
{
    let pairs = pairs.into_iter();
    let first: Welford = pairs.clone().map(|(a, _)| a).collect();
    let second: Welford = pairs.clone().map(|(_, b)| b).collect();
    let n = first.n();
    if n == 0 {
        return None;
    }
    let ratio = first.mean() / second.mean();
    let errors: Welford = pairs.map(|(a, b)| (a - ratio * b) / second.mean()).collect();
    Some(Interval { estimate: ratio, half_width: errors.half_width(t95(n)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() <= 1e-12 * right.abs().max(1.0), "{left} is not {right}");
    }

    proptest! {
        #[test]
        fn selecting_is_sorting(sample in prop::collection::vec(-1e6..1e6_f64, 1..60), q in 0.0..=1.0_f64) {
            let mut sorted = sample.clone();
            sorted.sort_by(f64::total_cmp);
            let (selected, expected) = (select_quantile(&mut sample.clone(), q), quantile(&sorted, q));
            prop_assert_eq!(selected.to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn a_sample_worked_by_hand() {
        let summary = Summary::from_sample(&mut [5.0, 1.0, 2.0, 4.0, 3.0]).expect("not empty");
        assert_eq!((summary.n, summary.min, summary.max), (5, 1.0, 5.0));
        close(summary.mean, 3.0);
        close(summary.sd, 2.5_f64.sqrt());
        close(summary.p10, 1.4);
        close(summary.p50, 3.0);
        close(summary.p90, 4.6);
        // t(0.975, 4) = 2.7764451052.
        close(summary.half_width, 2.776_445_105_197_793 * 0.5_f64.sqrt());
        close(summary.interval().low() + summary.interval().high(), 6.0);
    }

    #[test]
    fn little_data_says_little() {
        assert_eq!(Summary::from_sample(&mut []), None);
        let one = Summary::from_sample(&mut [7.0]).expect("not empty");
        assert_eq!((one.mean, one.sd, one.half_width, one.p90), (7.0, 0.0, f64::INFINITY, 7.0));
        assert_eq!(paired_difference([]), None);
        assert_eq!(paired_ratio([]), None);
        assert_eq!(paired_ratio([(6.0, 3.0)]), Some(Interval { estimate: 2.0, half_width: f64::INFINITY }));
    }

    #[test]
    fn a_large_mean_does_not_drown_the_spread() {
        let moments: Welford = [1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0].into_iter().collect();
        close(moments.variance(), 30.0);
    }

    #[test]
    fn the_ratio_interval_is_the_textbook_one() {
        let (a, b) = ([12.0, 15.0, 11.0, 18.0], [5.0, 7.0, 6.0, 8.0]);
        let pairs = a.iter().copied().zip(b.iter().copied());
        let interval = paired_ratio(pairs.clone()).expect("pairs");
        let (mean_a, mean_b) = (14.0, 6.5);
        let covariance: f64 = pairs.map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / 3.0;
        let (variance_a, variance_b) = (10.0, 5.0 / 3.0);
        let ratio = mean_a / mean_b;
        let variance = (variance_a + ratio * ratio * variance_b - 2.0 * ratio * covariance) / (mean_b * mean_b);
        close(interval.estimate, ratio);
        close(interval.half_width, t95(4) * (variance / 4.0).sqrt());
    }

    proptest! {
        #[test]
        fn pairing_removes_what_is_shared(
            noise in proptest::collection::vec(1.0..100.0_f64, 2..40), factor in 0.1..10.0_f64,
        ) {
            let ratio = paired_ratio(noise.iter().map(|&x| (factor * x, x))).expect("pairs");
            prop_assert!((ratio.estimate / factor - 1.0).abs() < 1e-12 && ratio.half_width < 1e-10 * factor);
            let difference = paired_difference(noise.iter().map(|&x| (x + factor, x))).expect("pairs");
            prop_assert!((difference.estimate - factor).abs() < 1e-10 && difference.half_width < 1e-9);
        }

        #[test]
        fn quantiles_are_monotone_and_inside(mut sample in proptest::collection::vec(-5.0..5.0_f64, 1..50)) {
            let summary = Summary::from_sample(&mut sample).expect("not empty");
            let ladder = [summary.min, summary.p10, summary.p50, summary.p90, summary.max];
            prop_assert!(ladder.is_sorted());
        }
    }
}
