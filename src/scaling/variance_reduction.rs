//! Variance reduction by common random numbers.
//!
//! Independent runs have var(a - b) = var(a) + var(b). Paired runs have 2 cov(a, b) less, which is large where runs
//! share their random effects. A. M. Law, "Simulation Modeling and Analysis", 5th edition, McGraw-Hill 2015, section
//! 11.2.

use crate::scaling::Welford;

/// Variances of differences; those of several comparisons can be added.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Variances {
    /// Variance of paired differences.
    pub paired: f64,
    /// Variance of differences of independent runs.
    pub apart: f64,
}

impl Variances {
    /// Computes both variances from paired runs.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (f64, f64)>) -> Variances {
        let (mut a, mut b, mut difference) = (Welford::default(), Welford::default(), Welford::default());
        for (first, second) in pairs {
            a.push(first);
            b.push(second);
            difference.push(first - second);
        }
        Variances { paired: difference.variance(), apart: a.variance() + b.variance() }
    }

    /// Fraction of the variance that pairing removes, 1 - paired/apart; negative where it adds variance. None where
    /// nothing varies.
    ///
    /// ```
    /// use brooks::scaling::variance_reduction::Variances;
    /// // The second is the first plus a little noise.
    /// let pairs = [(10.0, 9.0), (20.0, 20.0), (30.0, 29.0), (40.0, 40.0)];
    /// assert!(Variances::from_pairs(pairs).reduction().expect("they vary") > 0.99);
    /// assert_eq!(Variances::from_pairs([(1.0, 2.0); 9]).reduction(), None);
    /// ```
    pub fn reduction(&self) -> Option<f64> {
        (self.apart > 0.0).then(|| 1.0 - self.paired / self.apart)
    }

    /// Factor of independent replications needed for the same interval, apart/paired; infinite where pairing removes
    /// all variance. None where nothing varies.
    pub fn worth(&self) -> Option<f64> {
        (self.apart > 0.0).then(|| self.apart / self.paired)
    }
}

impl std::ops::Add for Variances {
    type Output = Variances;
    fn add(self, other: Variances) -> Variances {
        Variances { paired: self.paired + other.paired, apart: self.apart + other.apart }
    }
}

impl std::iter::Sum for Variances {
    fn sum<I: Iterator<Item = Variances>>(all: I) -> Variances {
        all.fold(Variances::default(), |sum, next| sum + next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        // var(a) = var(b) = 5/3, cov = 4/3: 10/3 apart, 10/3 - 8/3 = 2/3 paired.
        let variances = Variances::from_pairs([(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0)]);
        assert!((variances.apart - 10.0 / 3.0).abs() < 1e-12, "{variances:?}");
        assert!((variances.paired - 4.0 / 3.0).abs() < 1e-12, "{variances:?}");
        assert!((variances.reduction().expect("varies") - 0.6).abs() < 1e-12);
        assert!((variances.worth().expect("varies") - 2.5).abs() < 1e-12);
        let doubled: Variances = [variances, variances].into_iter().sum();
        assert_eq!(doubled.reduction(), variances.reduction());
        // Pairing can hurt: one runs late when the other is early.
        assert!(Variances::from_pairs([(1.0, 4.0), (2.0, 3.0), (4.0, 1.0)]).reduction().expect("varies") < 0.0);
    }

    proptest! {
        #[test]
        fn the_reduction_is_twice_the_covariance(pairs in proptest::collection::vec((0.0..9.0_f64, 0.0..9.0_f64), 3..40)) {
            let variances = Variances::from_pairs(pairs.iter().copied());
            let n = pairs.len() as f64;
            let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
            let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
            let covariance = pairs.iter().map(|pair| (pair.0 - a) * (pair.1 - b)).sum::<f64>() / (n - 1.0);
            prop_assert!((variances.apart - variances.paired - 2.0 * covariance).abs() < 1e-9);
        }
    }
}
