//! The trait of a scaling law: a curve of throughput over team size, and what its fit needs.

/// Values of a law's shape parameters, in the order of [`ScalingLaw::shape`]; unused entries are 0.
pub type Shape = [f64; 2];

/// A family of curves X(n) = lambda S(n): the throughput of n agents is the rate of one agent times a speedup with up
/// to two shape parameters.
///
/// The rate lambda is a parameter of every law, so the measurement at n = 1 is a point like any other. If speedups were
/// formed first and the curve were fixed to S(1) = 1, the noise of that point would enter all others.
pub trait ScalingLaw: Sync {
    /// The parameters beside lambda, at most two.
    fn shape(&self) -> &'static [Parameter];

    /// S(n), with S(1) = 1.
    fn speedup(&self, n: f64, shape: Shape) -> f64;

    /// The derivative of S(n) by each parameter.
    fn slope(&self, n: f64, shape: Shape) -> Shape;

    /// Starting points of the search for the best fit, spread over plausible shapes for measurements up to a team of
    /// `largest`.
    fn starts(&self, largest: f64) -> [Shape; 4];

    /// The real number n where S is greatest; none for curves that never fall.
    fn peak(&self, _shape: Shape) -> Option<f64> {
        None
    }

    /// The limit that S(n) approaches from below; none for curves that are unbounded or fall again.
    fn limit(&self, shape: Shape) -> Option<f64>;
}

/// A parameter of a law and its bounds, which the fit keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Name in tables and files.
    pub name: &'static str,
    /// Meaning.
    pub about: &'static str,
    /// Least value.
    pub low: f64,
    /// Greatest value; may be infinite.
    pub high: f64,
}
