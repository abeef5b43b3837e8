//! Difference of a figure from its recorded value, with a 90 % interval.

use crate::scaling::Welford;
use crate::scaling::tails::{t_quantile, t_upper};

/// Values of a figure by replication; none where the run did not complete.
pub type Values = [Option<f64>];

/// A difference and its 90 % interval: relative to the recorded mean, or of two fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Estimate.
    pub estimate: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard error.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub df: f64,
    /// Method.
    pub method: DifferenceMethod,
}

/// Method of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DifferenceMethod {
    /// Pairs of replications with common random numbers.
    Paired,
    /// Pairs, and further replications that have no partner.
    PartlyPaired,
    /// Two independent samples (Welch).
    Unpaired,
}

impl DifferenceMethod {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            DifferenceMethod::Paired => "paired",
            DifferenceMethod::PartlyPaired => "partly paired",
            DifferenceMethod::Unpaired => "unpaired",
        }
    }
}

/// Scale of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Fraction of the recorded mean.
    Relative,
    /// Absolute difference, for fractions.
    Absolute,
}

impl Difference {
    /// Returns true if the interval lies inside `tolerance` to either side: two one-sided t-tests at 5 % each
    /// (Schuirmann 1987).
    pub fn is_within(&self, tolerance: f64) -> bool {
        self.low >= -tolerance && self.high <= tolerance
    }

    /// Returns the p-value of a difference beyond `tolerance`: the probability of so large an estimate if the true
    /// difference is at most `tolerance`.
    pub fn p_outside(&self, tolerance: f64) -> f64 {
        let beyond = self.estimate.abs() - tolerance;
        if beyond.is_infinite() || self.error == 0.0 {
            return if beyond > 0.0 { 0.0 } else { 1.0 };
        }
        t_upper(beyond / self.error, self.df)
    }

    fn new(estimate: f64, variance: f64, df: f64, method: DifferenceMethod) -> Difference {
        let error = variance.max(0.0).sqrt();
        let reach = if error == 0.0 { 0.0 } else { t_quantile(0.95, df) * error };
        Difference { estimate, low: estimate - reach, high: estimate + reach, error, df, method }
    }

    /// Difference of a figure with recorded mean 0.
    fn from_nothing(now: f64, df: f64, method: DifferenceMethod) -> Difference {
        let estimate = if now == 0.0 { 0.0 } else { f64::INFINITY.copysign(now) };
        Difference { estimate, low: estimate, high: estimate, error: 0.0, df, method }
    }
}

/// Returns the difference of `now` from `recorded`. None without two completed runs on either side.
///
/// Replications with the same number are pairs if `shared`: they have the same random numbers. Replications of `now`
/// beyond the recorded ones are unpaired but improve the mean. With e of them beside n pairs of (x, y), the mean of x
/// is (1 - w) times that of the pairs plus w times that of the others. The weight w = (1 - cov(x, y)/var(x)) e/(n + e)
/// minimises the variance of the difference. Without correlation the result is Welch's difference, with full
/// correlation the paired one. The interval of a ratio is by the delta method (Cochran 1977, section 2.11).
pub fn difference(recorded: &Values, now: &Values, shared: bool, scale: Scale) -> Option<Difference> {
    if shared { paired(recorded, now, scale) } else { unpaired(recorded, now, scale) }
}

fn unpaired(recorded: &Values, now: &Values, scale: Scale) -> Option<Difference> {
    let (y, x): (Welford, Welford) =
        (recorded.iter().flatten().copied().collect(), now.iter().flatten().copied().collect());
    if x.n() < 2 || y.n() < 2 {
        return None;
    }
    let (ratio, unit) = match scale {
        Scale::Relative if y.mean() == 0.0 => {
            return Some(Difference::from_nothing(x.mean(), 1.0, DifferenceMethod::Unpaired));
        }
        Scale::Relative => (x.mean() / y.mean(), y.mean()),
        Scale::Absolute => (1.0, 1.0),
    };
    let of_x = x.variance() / x.n() as f64 / (unit * unit);
    let of_y = ratio * ratio * y.variance() / y.n() as f64 / (unit * unit);
    let (part_x, part_y) = (of_x / (of_x + of_y), of_y / (of_x + of_y));
    let df = 1.0 / (part_x * part_x / (x.n() - 1) as f64 + part_y * part_y / (y.n() - 1) as f64);
    let estimate = if scale == Scale::Relative { ratio - 1.0 } else { x.mean() - y.mean() };
    // Without variance the degrees of freedom do not matter.
    let df = if df.is_finite() { df } else { 1.0 };
    Some(Difference::new(estimate, of_x + of_y, df, DifferenceMethod::Unpaired))
}

fn paired(recorded: &Values, now: &Values, scale: Scale) -> Option<Difference> {
    let pairs: Vec<(f64, f64)> = recorded.iter().zip(now).filter_map(|(y, x)| Some(((*x)?, (*y)?))).collect();
    let others: Welford = now.iter().skip(recorded.len()).flatten().copied().collect();
    let n = pairs.len();
    if n < 2 {
        return None;
    }
    let (x, y): (Welford, Welford) = (pairs.iter().map(|p| p.0).collect(), pairs.iter().map(|p| p.1).collect());
    let (extra, df) = (others.n() as f64, (n - 1) as f64);
    let method = if others.n() > 0 { DifferenceMethod::PartlyPaired } else { DifferenceMethod::Paired };
    if scale == Scale::Relative && y.mean() == 0.0 {
        return Some(Difference::from_nothing(x.mean(), df, method));
    }
    let covariance = pairs.iter().map(|(a, b)| (a - x.mean()) * (b - y.mean())).sum::<f64>() / df;
    let weight = |ratio: f64| {
        let own = if x.variance() > 0.0 { 1.0 - ratio * covariance / x.variance() } else { 0.0 };
        own.clamp(0.0, 1.0) * extra / (n as f64 + extra)
    };
    let mean_with = |w: f64| (1.0 - w) * x.mean() + w * others.mean();
    // The ratio that scales y is that of the pairs, so that the weight does not depend on the outcome.
    let (ratio, unit) = match scale {
        Scale::Relative => (x.mean() / y.mean(), y.mean()),
        Scale::Absolute => (1.0, 1.0),
    };
    let w = weight(ratio);
    let errors: Welford = pairs.iter().map(|(a, b)| ((1.0 - w) * a - ratio * b) / unit).collect();
    let of_others = if extra > 0.0 { w * w * x.variance() / extra / (unit * unit) } else { 0.0 };
    let estimate = match scale {
        Scale::Relative => mean_with(w) / y.mean() - 1.0,
        Scale::Absolute => mean_with(w) - y.mean(),
    };
    Some(Difference::new(estimate, errors.variance() / n as f64 + of_others, df, method))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::stats::paired_ratio;
    use crate::scaling::t_tests::{tost_paired, welch};
    use proptest::prelude::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn what_did_not_change_is_no_difference() {
        let values = some(&[3.0, 4.0, 7.0]);
        for scale in [Scale::Relative, Scale::Absolute] {
            let found = difference(&values, &values, true, scale).expect("three pairs");
            assert_eq!(
                (found.estimate, found.low, found.high, found.method),
                (0.0, 0.0, 0.0, DifferenceMethod::Paired)
            );
            assert!(found.is_within(0.0) && found.p_outside(0.02) > 0.99);
        }
    }

    #[test]
    fn a_common_factor_is_certain_whatever_the_noise() {
        let (before, after) = (some(&[10.0, 40.0, 90.0]), some(&[10.3, 41.2, 92.7]));
        let found = difference(&before, &after, true, Scale::Relative).expect("three pairs");
        assert!((found.estimate - 0.03).abs() < 1e-12 && found.high - found.low < 1e-12);
        assert!(!found.is_within(0.02) && found.p_outside(0.02) < 1e-9);
        let apart = difference(&before, &after, false, Scale::Relative).expect("three of each");
        assert!(
            (apart.estimate - 0.03).abs() < 1e-12 && apart.high > 0.5 && apart.method == DifferenceMethod::Unpaired
        );
    }

    #[test]
    fn little_data_says_little() {
        for shared in [true, false] {
            assert_eq!(difference(&[], &[], shared, Scale::Relative), None);
            assert_eq!(difference(&some(&[1.0, 2.0]), &[Some(1.0), None], shared, Scale::Relative), None);
            let nothing = difference(&some(&[0.0; 3]), &some(&[0.0; 3]), shared, Scale::Relative).expect("runs");
            assert!(nothing.estimate.abs() < 1e-12);
            let from_nothing = difference(&some(&[0.0; 3]), &some(&[1.0; 3]), shared, Scale::Relative).expect("runs");
            assert!(from_nothing.estimate.is_infinite() && from_nothing.p_outside(0.02) < 1e-9);
        }
    }

    proptest! {
        /// Agreement with the textbook: the ratio interval, Welch's test, and TOST.
        #[test]
        fn it_is_the_textbooks(pairs in prop::collection::vec((1.0..50.0_f64, 1.0..50.0_f64), 3..30)) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let n = pairs.len() as f64;
            let found = difference(&some(&y), &some(&x), true, Scale::Relative).expect("pairs");
            let ratio = paired_ratio(pairs.iter().copied()).expect("pairs");
            prop_assert!((found.estimate - (ratio.estimate - 1.0)).abs() < 1e-9);
            let error = ratio.half_width / t_quantile(0.975, n - 1.0);
            prop_assert!((found.error - error).abs() < 1e-9 * (1.0 + error));
            let apart = difference(&some(&y), &some(&x), false, Scale::Absolute).expect("runs");
            let test = welch(&x, &y).expect("they vary");
            prop_assert!((apart.estimate / apart.error - test.t).abs() < 1e-6 && (apart.df - test.df).abs() < 1e-6);
            let absolute = difference(&some(&y), &some(&x), true, Scale::Absolute).expect("pairs");
            let differences: Vec<f64> = pairs.iter().map(|(x, y)| x - y).collect();
            for bound in [0.5, 2.0, 10.0] {
                let p = tost_paired(&differences, -bound, bound).expect("they vary");
                prop_assert!(absolute.is_within(bound) == (p <= 0.05) || (p - 0.05).abs() < 1e-9);
            }
        }

        /// Additional unpaired runs never increase the error.
        #[test]
        fn more_runs_help(
            pairs in prop::collection::vec((1.0..50.0_f64, 1.0..50.0_f64), 5..20),
            more in prop::collection::vec(1.0..50.0_f64, 1..60),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
            let longer: Vec<f64> = x.iter().chain(&more).copied().collect();
            let before = difference(&some(&y), &some(&x), true, Scale::Absolute).expect("pairs");
            let after = difference(&some(&y), &some(&longer), true, Scale::Absolute).expect("pairs");
            prop_assert!(after.error <= before.error * (1.0 + 1e-12) && after.method == DifferenceMethod::PartlyPaired);
        }
    }
}
