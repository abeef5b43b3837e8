//! Measured points of a scaling curve.

/// A measurement: `n` agents reached the throughput `x`. A speedup is a throughput, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Team size, at least 1.
    pub n: f64,
    /// Throughput in any unit, not negative.
    pub x: f64,
    /// What the point counts for, above 0; the inverse of its variance, up to a factor common to all points.
    pub weight: f64,
}

impl Point {
    /// A measurement that counts like any other.
    pub fn new(n: f64, x: f64) -> Point {
        Point { n, x, weight: 1.0 }
    }

    /// The mean of `runs` measurements with standard deviation `sd`, above 0: its weight is runs / sd^2.
    pub fn of_mean(n: f64, mean: f64, sd: f64, runs: usize) -> Point {
        Point { n, x: mean, weight: runs as f64 / (sd * sd) }
    }
}
