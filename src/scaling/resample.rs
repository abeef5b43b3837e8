//! Bootstrap percentile intervals of estimates over rows.
//!
//! B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", Chapman and Hall 1993, chapter 13. Draws are
//! keyed by seed and resample, so the same rows and seed give the same intervals everywhere.

use crate::engine::{Keys, Purpose, key_of};
use crate::scaling::stats::quantile;

/// An estimate and its 95 % interval, whose ends may lie at different distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranged {
    /// Estimate.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Ranged {
    /// Returns true if the two intervals overlap.
    pub fn overlaps(&self, other: &Ranged) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// Returns the estimates of `of` over all rows, each with its 95 % interval from `resamples` resamples. `of` takes row
/// numbers, from 0, and returns the same number of estimates every time. An estimate that is not finite in a resample
/// is left out of its interval. Without resamples an interval is its estimate alone.
///
/// ```
/// use brooks::scaling::resample::ranged;
/// let values = [2.0, 4.0, 4.0, 6.0, 9.0];
/// let mean = |rows: &[u32]| vec![rows.iter().map(|&row| values[row as usize]).sum::<f64>() / rows.len() as f64];
/// let found = ranged(values.len() as u32, 1000, 42, mean)[0];
/// assert_eq!(found.estimate, 5.0);
/// assert!(found.low > 2.5 && found.low < 4.0 && found.high > 6.0 && found.high < 8.0);
/// ```
pub fn ranged(rows: u32, resamples: u32, seed: u64, of: impl Fn(&[u32]) -> Vec<f64>) -> Vec<Ranged> {
    let mut indices: Vec<u32> = (0..rows).collect();
    let estimates = of(&indices);
    let mut drawn: Vec<Vec<f64>> = vec![Vec::with_capacity(resamples as usize); estimates.len()];
    for resample in 0..resamples {
        let mut draws = Keys::new(seed, u64::from(resample)).stream(Purpose::Choice, key_of("resample"));
        for index in &mut indices {
            *index = draws.below(rows);
        }
        for (values, value) in drawn.iter_mut().zip(of(&indices)) {
            if value.is_finite() {
                values.push(value);
            }
        }
    }
    let range = |(estimate, mut values): (f64, Vec<f64>)| {
        values.sort_by(f64::total_cmp);
        let end = |share: f64| if values.is_empty() { estimate } else { quantile(&values, share) };
        Ranged { estimate, low: end(0.025), high: end(0.975) }
    };
    estimates.into_iter().zip(drawn).map(range).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_to_draw_from() {
        let mean = |rows: &[u32]| vec![rows.len() as f64, f64::NAN];
        let found = ranged(3, 0, 1, mean);
        assert_eq!(found[0], Ranged { estimate: 3.0, low: 3.0, high: 3.0 });
        assert!(found[1].estimate.is_nan() && found[1].low.is_nan());
        assert!(ranged(0, 100, 1, |_| Vec::new()).is_empty());
    }

    proptest! {
        #[test]
        fn the_same_seed_draws_the_same(values in prop::collection::vec(0.0..9.0_f64, 2..40), seed: u64) {
            let mean = |rows: &[u32]| vec![rows.iter().map(|&row| values[row as usize]).sum::<f64>() / rows.len() as f64];
            let found = ranged(values.len() as u32, 200, seed, mean);
            prop_assert_eq!(&found, &ranged(values.len() as u32, 200, seed, mean));
            let (least, greatest) = (values.iter().copied().fold(9.0, f64::min), values.iter().copied().fold(0.0, f64::max));
            prop_assert!(found[0].low >= least - 1e-9 && found[0].high <= greatest + 1e-9 && found[0].low <= found[0].high);
        }
    }
}
