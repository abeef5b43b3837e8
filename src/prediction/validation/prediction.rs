//! Recorded or predicted summary of a cell.

/// Summary of a cell, recorded or predicted: means over completed runs, and the completion rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// By measure, in the order of [`MEASURES`](crate::prediction::validation::MEASURES).
    pub means: Vec<Option<f64>>,
    /// Proportion of runs that complete.
    pub completion: Option<f64>,
    /// Mean makespan of the cell of one agent over the mean makespan of this cell.
    pub speedup: Option<f64>,
    /// Interval of the makespans of 80 % of single runs.
    pub interval: Option<(f64, f64)>,
}

impl Prediction {
    /// Returns the mean of a measure; none if it is missing, negative or not finite.
    pub fn mean(&self, measure: usize) -> Option<f64> {
        self.means.get(measure).copied().flatten().filter(|mean| mean.is_finite() && *mean >= 0.0)
    }
}
