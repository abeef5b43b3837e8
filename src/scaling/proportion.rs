//! Confidence interval of a proportion.

use crate::engine::math;

/// A proportion of runs with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportion {
    /// Number of hits.
    pub hits: u64,
    /// Number of trials.
    pub of: u64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Proportion {
    /// Creates the proportion with the interval of E. B. Wilson (JASA 22, 1927): the proportions p with |hits/n - p| <=
    /// z sqrt(p (1 - p)/n). It stays within 0 and 1 and has a positive width even if all runs hit.
    ///
    /// ```
    /// let share = brooks::scaling::Proportion::new(97, 100);
    /// assert!((share.low - 0.915_481).abs() < 1e-6 && (share.high - 0.989_745).abs() < 1e-6);
    /// ```
    pub fn new(hits: u64, of: u64) -> Proportion {
        if of == 0 {
            return Proportion { hits: 0, of, low: 0.0, high: 1.0 };
        }
        let (n, z) = (of as f64, math::normal_quantile(0.975));
        let p = hits.min(of) as f64 / n;
        let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let reach = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let (low, high) = ((middle - reach).max(0.0), (middle + reach).min(1.0));
        // Rounding must not exclude the estimate.
        Proportion { hits: hits.min(of), of, low: low.min(p), high: high.max(p) }
    }

    /// Point estimate; 0 without trials.
    pub fn estimate(&self) -> f64 {
        if self.of == 0 { 0.0 } else { self.hits as f64 / self.of as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wilson's formula in Python, with `z = statistics.NormalDist().inv_cdf(0.975)`.
    #[test]
    fn known_intervals() {
        for (hits, of, low, high) in [
            (0, 10, 0.0, 0.277_532_799_862_889_15),
            (10, 10, 0.722_467_200_137_111_1, 1.0),
            (950, 1000, 0.934_686_179_755_749_2, 0.961_869_737_607_251_3),
        ] {
            let share = Proportion::new(hits, of);
            assert!((share.low - low).abs() < 1e-9 && (share.high - high).abs() < 1e-9, "{share:?}");
            assert!(share.low <= share.estimate() && share.estimate() <= share.high);
        }
        assert_eq!(Proportion::new(0, 0).estimate().to_bits(), 0);
    }
}
