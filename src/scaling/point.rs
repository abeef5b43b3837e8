//! Measured points of a scaling curve.

/// A measurement: the throughput `x` of `n` agents. A speedup is a throughput, too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Team size, at least 1.
    pub n: f64,
    /// Throughput in any unit, not negative.
    pub x: f64,
    /// Weight, above 0: the inverse of the variance, up to a factor common to all points.
    pub weight: f64,
}

impl Point {
    /// Creates a measurement of weight 1.
    pub fn new(n: f64, x: f64) -> Point {
        Point { n, x, weight: 1.0 }
    }
}
