//! Correction for the variation between runs that resampling of few runs underestimates.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::calibration::Demonstration;
use crate::scenario::learned_profile::run_effect::{SHORTEST_S, mean};

/// Returns the log standard deviation to add to resampled runs. Let s be that of the run length. A new run has variance
/// s^2 (1 + 1/k) around the mean of k runs. A resampled run has s^2 (1 - 1/k): 2 s^2/k is missing.
pub(super) fn spread_of_runs(demonstrations: &[&Demonstration]) -> f64 {
    let mut cells: BTreeMap<(u64, u32), Vec<f64>> = BTreeMap::new();
    for demonstration in demonstrations {
        let seconds: f64 = demonstration.calls().map(|call| call.latency_s).sum();
        let cell = cells.entry((demonstration.work.shape, demonstration.agents)).or_default();
        cell.push(math::ln(seconds.max(SHORTEST_S)));
    }
    let (mut squares, mut freedom, mut runs) = (0.0, 0.0, 0.0);
    for lengths in cells.values() {
        let mean = mean(lengths);
        squares += lengths.iter().map(|length| (length - mean) * (length - mean)).sum::<f64>();
        freedom += lengths.len() as f64 - 1.0;
        runs += lengths.len() as f64;
    }
    if freedom < 2.0 {
        return 0.0;
    }
    let runs_a_cell = runs / cells.len() as f64;
    (2.0 * squares / freedom / runs_a_cell).sqrt()
}
