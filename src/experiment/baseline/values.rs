//! Compact encoding of the values of single replications, which a paired test needs.
//!
//! Each value is one of 262,144 equal steps from the least to the greatest, in three characters of base 64. The error
//! of half a step is 1/524,286 of the range, far below any tolerance. Constant values are stored once.

use crate::experiment::Replications;
use crate::scaling::Welford;

/// Steps from the least to the greatest.
const STEPS: u32 = 64 * 64 * 64 - 1;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Values of a figure over the completed replications of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricValues {
    /// Name in `record::METRICS`.
    pub metric: String,
    /// Mean; 0 if no run completed.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Number of completed runs.
    pub n: usize,
    /// Least and greatest value.
    pub range: (f64, f64),
    /// Values in order of replication, three characters each; empty if all are equal.
    pub packed: String,
}

impl MetricValues {
    /// Encodes a metric of a sample; none if there is no such metric.
    pub fn from_sample(sample: &Replications, metric: &str) -> Option<MetricValues> {
        crate::record::METRICS.iter().find(|row| row.name == metric)?;
        let values = sample.completed(metric);
        let moments: Welford = values.iter().copied().collect();
        let low = values.iter().copied().min_by(f64::total_cmp).unwrap_or_default();
        let high = values.iter().copied().max_by(f64::total_cmp).unwrap_or_default();
        let packed =
            if low < high { values.iter().map(|value| code(*value, low, high)).collect() } else { String::new() };
        let (mean, sd) = (moments.mean(), moments.sd());
        Some(MetricValues { metric: metric.to_owned(), mean, sd, n: values.len(), range: (low, high), packed })
    }

    /// Decodes the values of all replications, none for those of `incomplete`. Returns none if the number of values is
    /// inconsistent.
    pub fn values(&self, replications: u64, incomplete: &[u64]) -> Option<Vec<Option<f64>>> {
        let (low, high) = self.range;
        let figures: Vec<f64> = if self.packed.is_empty() {
            vec![low; self.n]
        } else {
            self.packed.as_bytes().chunks(3).map(|code| decoded(code, low, high)).collect::<Option<_>>()?
        };
        if figures.len() != self.n || figures.len() as u64 + incomplete.len() as u64 != replications {
            return None;
        }
        let (mut figures, mut missing) = (figures.into_iter(), incomplete.iter().peekable());
        let next = |replication: u64| {
            if missing.next_if_eq(&&replication).is_some() { Some(None) } else { figures.next().map(Some) }
        };
        (0..replications).map(next).collect()
    }
}

fn code(value: f64, low: f64, high: f64) -> String {
    // The division comes first: the range of a sample may be too large to multiply.
    let step = ((value - low) / (high - low) * f64::from(STEPS)).round() as u32;
    [step >> 12 & 63, step >> 6 & 63, step & 63].map(|digit| char::from(ALPHABET[digit as usize])).iter().collect()
}

fn decoded(code: &[u8], low: f64, high: f64) -> Option<f64> {
    let [a, b, c] = code else { return None };
    let digit = |letter: &u8| ALPHABET.iter().position(|known| known == letter).map(|index| index as u32);
    let step = digit(a)? << 12 | digit(b)? << 6 | digit(c)?;
    Some(low + (high - low) * (f64::from(step) / f64::from(STEPS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(values in prop::collection::vec(-1e6..1e9_f64, 2..50)) {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assume!(low < high);
            let packed: String = values.iter().map(|value| code(*value, low, high)).collect();
            let column = MetricValues { metric: String::new(), mean: 0.0, sd: 0.0, n: values.len(), range: (low, high), packed };
            // Replications 1 and 3 did not complete.
            let all = column.values(values.len() as u64 + 2, &[1, 3]).expect("as many as it says");
            prop_assert!(all[1].is_none() && all[3].is_none());
            let slack = (high - low) / f64::from(STEPS);
            for (found, expected) in all.iter().flatten().zip(&values) {
                prop_assert!((found - expected).abs() <= 0.51 * slack);
            }
            prop_assert!(column.values(values.len() as u64, &[]).is_some() && column.values(1, &[]).is_none());
        }

        #[test]
        fn any_text_is_figures_or_nothing(packed in "[A-Za-z0-9+/=é]{0,12}", n in 0..5usize) {
            let column = MetricValues { metric: String::new(), mean: 0.0, sd: 0.0, n, range: (0.0, 1.0), packed };
            if let Some(values) = column.values(n as u64, &[]) {
                prop_assert!(values.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
            }
        }
    }
}
