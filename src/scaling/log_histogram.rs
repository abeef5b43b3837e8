//! Logarithmic histogram: moments and quantiles of more values than fit into memory.
//!
//! A bucket holds the numbers that agree in sign, exponent and the first 12 binary digits after the leading one, and is
//! represented by the least of them. Whole numbers below 8,192 have buckets of their own, so their quantiles are exact.
//! Any other quantile may be too small by a relative 2^-12, 0.025 %. Mean, standard deviation, minimum and maximum are
//! exact. Counts do not depend on the order of the values.

use crate::scaling::stats::{Summary, Welford};

/// Binary digits of a number that its bucket drops.
const DROPPED: u32 = 52 - 12;

/// Values of 0 and above, counted by size.
#[derive(Clone, Debug, Default)]
pub struct LogHistogram {
    moments: Welford,
    least: Option<f64>,
    greatest: Option<f64>,
    zeros: u64,
    /// Number of the first bucket in `counts`.
    first: u64,
    counts: Vec<u64>,
}

impl LogHistogram {
    /// Adds a value; its quantiles count a negative one as 0.
    pub fn push(&mut self, value: f64) {
        self.moments.push(value);
        self.least = Some(self.least.map_or(value, |least| least.min(value)));
        self.greatest = Some(self.greatest.map_or(value, |greatest| greatest.max(value)));
        if value > 0.0 {
            let bucket = value.to_bits() >> DROPPED;
            *self.count_of(bucket) += 1;
        } else {
            self.zeros += 1;
        }
    }

    /// Number of values.
    pub fn n(&self) -> usize {
        self.moments.n()
    }

    /// Summary of the values, where `t` is [`t95`](crate::scaling::stats::t95) of their number.
    pub fn summary(&self, t: f64) -> Option<Summary> {
        let (min, max) = (self.least?, self.greatest?);
        let quantile = |q: f64| self.quantile(q).clamp(min, max);
        Some(Summary {
            n: self.n(),
            mean: self.moments.mean(),
            sd: self.moments.sd(),
            half_width: self.moments.half_width(t),
            min,
            p10: quantile(0.1),
            p50: quantile(0.5),
            p90: quantile(0.9),
            max,
        })
    }

    fn count_of(&mut self, bucket: u64) -> &mut u64 {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let more = (self.first - bucket) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, more));
            self.first = bucket;
        }
        let index = (bucket - self.first) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        &mut self.counts[index]
    }

    /// Quantile interpolated between neighbours, each represented by its bucket.
    fn quantile(&self, q: f64) -> f64 {
        let position = q * (self.n() - 1) as f64;
        let below = position as u64;
        let (low, high) = (self.at(below), self.at(below + 1));
        low + (position - below as f64) * (high - low)
    }

    /// Value of this rank, from 0.
    fn at(&self, rank: u64) -> f64 {
        let mut passed = self.zeros;
        if rank < passed {
            return 0.0;
        }
        let mut last = 0.0;
        for (index, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            passed += count;
            last = f64::from_bits((self.first + index as u64) << DROPPED);
            if rank < passed {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::LogHistogram;
    use crate::scaling::stats::{Summary, t95};

    fn both(values: &[f64]) -> (Summary, Summary) {
        let mut buckets = LogHistogram::default();
        for &value in values {
            buckets.push(value);
        }
        let exact = Summary::from_sample(&mut values.to_vec()).expect("not empty");
        (buckets.summary(t95(values.len())).expect("not empty"), exact)
    }

    #[test]
    fn nothing_is_nothing() {
        assert_eq!(LogHistogram::default().summary(2.0), None);
        let (one, exact) = both(&[0.0]);
        assert_eq!(one, exact);
    }

    proptest! {
        #[test]
        fn counts_are_exact(values in prop::collection::vec(0..8192_u32, 1..300)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let (counted, exact) = both(&values);
            prop_assert_eq!(counted, exact);
        }

        #[test]
        fn quantiles_are_too_small_by_a_4096th_at_most(
            values in prop::collection::vec(prop_oneof![Just(0.0), 1e-9..1e9_f64, 1.0..2.0_f64], 1..300),
        ) {
            let (counted, exact) = both(&values);
            let with_quantiles = Summary { p10: exact.p10, p50: exact.p50, p90: exact.p90, ..counted };
            prop_assert_eq!(with_quantiles, exact);
            for (counted, exact) in [(counted.p10, exact.p10), (counted.p50, exact.p50), (counted.p90, exact.p90)] {
                prop_assert!(counted <= exact * (1.0 + 1e-15) && counted >= exact * (1.0 - 1.0 / 4096.0), "{counted} {exact}");
            }
        }
    }
}
