//! Sequential stopping rule: replications until the mean has a stated relative precision.
//!
//! The sequential procedure of A. M. Law, "Simulation Modeling and Analysis", 5th edition, McGraw-Hill 2015, section
//! 9.4.1: after at least n0 replications stop as soon as
//!
//! > t(0.975, n - 1) s / sqrt(n) / |mean| <= g / (1 + g).
//!
//! The relative error of the mean is then at most g with about 95 % confidence: with g' = g/(1 + g),
//! |mean - mu| <= g' |mean| implies |mean - mu| <= g |mu|.
//!
//! A rule that inspects its own data stops a little early on average: with n0 = 10 Law finds coverage of 0.9 and more
//! for a nominal 0.95. There are few inspections here (replications grow by at least a tenth), which keeps that error
//! small.

/// Required relative precision of a mean, and limits on the replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// Relative precision g, above 0: 0.02 is 2 %.
    pub relative: f64,
    /// Least number of replications.
    pub least: u64,
    /// Greatest number of replications, precise or not; not below `least`.
    pub most: u64,
}

/// Law's least number of replications before the rule applies.
pub const LEAST: u64 = 10;

/// Greatest number of replications by default.
pub const MOST: u64 = 100_000;

/// Returns true if the half-width of a mean's interval meets the relative precision `relative`.
///
/// ```
/// use brooks::scaling::precision::half_width_is_enough;
/// // 2 % of 50 is 1; of the truth, which may be smaller, it is 1/1.02.
/// assert!(half_width_is_enough(50.0, 0.98, 0.02));
/// assert!(!half_width_is_enough(50.0, 0.99, 0.02));
/// ```
pub fn half_width_is_enough(mean: f64, half_width: f64, relative: f64) -> bool {
    half_width <= relative / (1.0 + relative) * mean.abs()
}

impl Precision {
    /// Creates a precision with the default limits on replications.
    pub fn to(relative: f64) -> Precision {
        Precision { relative, least: LEAST, most: MOST }
    }

    /// Returns the next number of replications, given the present number, and the mean of `values` of them with the
    /// half-width of its interval (infinite below two values). None if the precision or the limit is reached.
    ///
    /// The result depends on nothing else, so the same sample leads to the same replications, however they are run.
    ///
    /// ```
    /// use brooks::scaling::precision::Precision;
    /// let precision = Precision::to(0.02);
    /// assert_eq!(precision.next(0, 0, f64::NAN, f64::INFINITY), Some(10));
    /// // The half-width has to shrink to 49/51 of this: by 8 % more replications, but the least step is a tenth.
    /// assert_eq!(precision.next(100, 100, 49.98, 1.02), Some(110));
    /// assert_eq!(precision.next(110, 110, 50.0, 0.97), None);
    /// ```
    pub fn next(&self, replications: u64, values: u64, mean: f64, half_width: f64) -> Option<u64> {
        let most = self.most.max(self.least);
        if replications < self.least {
            return Some(self.least);
        }
        if replications >= most || (values >= self.least && half_width_is_enough(mean, half_width, self.relative)) {
            return None;
        }
        // The half-width falls with the square root of the replications; an early estimate of it is used with caution.
        let times = half_width / (self.relative / (1.0 + self.relative) * mean.abs());
        let growth = times * times;
        let growth = if growth.is_finite() { growth.clamp(1.0, 2.0) } else { 2.0 };
        let next = (replications as f64 * growth).ceil() as u64;
        Some(next.max(replications + replications.div_ceil(10)).min(most))
    }
}

/// Parses a fraction above 0 and below 1: `2%`, `2 %` or `0.02`.
///
/// # Errors
///
/// Returns the text and what was expected.
pub fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("\"{text}\": expected a fraction above 0 % and below 100 %, such as 2% or 0.02");
    let trimmed = text.trim();
    let (number, whole) = trimmed.strip_suffix('%').map_or((trimmed, 1.0), |number| (number.trim_end(), 100.0));
    let value = number.parse::<f64>().map_err(|_| wrong())? / whole;
    if value > 0.0 && value < 1.0 { Ok(value) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scaling::Welford;
    use crate::scaling::stats::t95;

    #[test]
    fn shares_as_people_write_them() {
        assert_eq!(
            ["2%", "2 %", " 0.02 ", "0.5%"].map(|text| share(text).ok()),
            [Some(0.02), Some(0.02), Some(0.02), Some(0.005)]
        );
        for wrong in ["", "%", "2", "100%", "0", "-1%", "NaN", "inf%", "two"] {
            assert!(share(wrong).is_err_and(|why| why.contains("2% or 0.02")), "{wrong}");
        }
    }

    #[test]
    fn it_ends_at_the_bounds() {
        let precision = Precision { relative: 0.01, least: 10, most: 64 };
        let mut have = vec![0];
        while let Some(next) = precision.next(have[have.len() - 1], 0, 0.0, f64::INFINITY) {
            have.push(next);
        }
        assert_eq!(have, [0, 10, 20, 40, 64]);
        // What is the same in every run needs no more of them; nor does a mean of nothing.
        assert_eq!(precision.next(10, 10, 4.0, 0.0), None);
        assert_eq!(precision.next(10, 10, 0.0, 0.0), None);
        // Ten replications of which two completed are not ten values.
        assert_eq!(precision.next(10, 2, 4.0, 0.0), Some(11));
        assert_eq!(Precision { relative: 0.1, least: 20, most: 5 }.next(0, 0, 0.0, 0.0), Some(20));
    }

    proptest! {
        /// For any variance the rule stops, precise or at the cap, and never before the least number.
        #[test]
        fn what_it_stops_at_is_precise(spread in 0.0..5.0_f64, relative in 0.01..0.3_f64, seed in 1..1000_u64) {
            let precision = Precision { relative, least: 10, most: 3000 };
            let (mut moments, mut state, mut have) = (Welford::default(), seed, 0);
            let half_width = |moments: &Welford| moments.half_width(t95(moments.n()));
            while let Some(next) = precision.next(have, have, moments.mean(), half_width(&moments)) {
                prop_assert!(next > have);
                for _ in have..next {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    moments.push(1.0 + spread * ((state >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5));
                }
                have = next;
            }
            let is_precise = half_width_is_enough(moments.mean(), half_width(&moments), relative);
            prop_assert!((10..=3000).contains(&have) && (is_precise || have == 3000));
        }
    }
}
