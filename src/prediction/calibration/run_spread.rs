//! How long runs and calls take against others of their kind: the pace of a run, and what is left of a call, its surprise.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::calibration::Demonstration;
use crate::scenario::learned_profile::run_effect::{SHORTEST_S, mean};

/// How much further than the recorded ones runs may lie apart in length. A few runs drawn again vary less than runs do, and
/// their mean is off by itself: a new run varies by s^2 (1 + 1/k) around the mean of k, runs drawn again by s^2 (1 - 1/k),
/// so that 2 s^2/k is missing.
pub(super) fn spread_of_runs(demonstrations: &[&Demonstration]) -> f64 {
    let mut cells: BTreeMap<(u64, u32), Vec<f64>> = BTreeMap::new();
    for demonstration in demonstrations {
        let seconds: f64 = demonstration.scripts.iter().flatten().map(|habit| habit.latency_s).sum();
        cells
            .entry((demonstration.work.shape, demonstration.agents))
            .or_default()
            .push(math::ln(seconds.max(SHORTEST_S)));
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
