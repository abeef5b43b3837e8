//! Recorded or predicted summary of a cell.

/// What is known or said of a cell: means over completed runs, and how many complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// By measure, in the order of [`MEASURES`](crate::prediction::validation::MEASURES).
    pub means: Vec<Option<f64>>,
    /// The share of runs that complete.
    pub completion: Option<f64>,
    /// Mean makespan of one agent, all else the same, over mean makespan here.
    pub speedup: Option<f64>,
    /// Between these lie four in five makespans of single runs.
    pub interval: Option<(f64, f64)>,
}

impl Prediction {
    /// The mean of a measure; none that is not above or at 0.
    pub fn mean(&self, measure: usize) -> Option<f64> {
        self.means.get(measure).copied().flatten().filter(|mean| mean.is_finite() && *mean >= 0.0)
    }
}
