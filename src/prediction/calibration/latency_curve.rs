//! Latency curve: latency of a call as a function of the files that it writes.
//!
//! Seconds = base + files x seconds per file, for calls that write. The base belongs to the model, for claimed and for
//! preassigned tasks. The cost of a file belongs to the work. Variation is proportional to latency: iteratively reweighted
//! least squares, each call weighted by the inverse square of its fitted value. Calls that write nothing have a separate
//! mean.
//!
//! Agents with preassigned tasks write fewer files per call in larger teams, fewer than any recorded agent. Their curve is
//! extrapolated far below the fitted calls, with the time to the first token as base if it is identified. A fitted base
//! would be that of corrections, which take long for their one or two files.

use std::collections::BTreeMap;

use crate::prediction::calibration::{Demonstration, first_token};
use crate::scenario::learned_profile::run_effect::SHORTEST_S;
use crate::team::RecordedCall;

/// Fewest calls for a fit.
const MIN_CALLS: usize = 8;
/// Iterations of the reweighted least squares; far more than needed for convergence.
const ITERATIONS: usize = 60;

/// Latency curves of one model.
pub(super) struct Curves {
    /// Seconds of a call that writes nothing.
    pub(super) idle_s: f64,
    claimed: LatencyCurve,
    preassigned: LatencyCurve,
}

struct LatencyCurve {
    base_s: f64,
    /// Seconds per file, by the files of the work.
    per_file: BTreeMap<u64, f64>,
    /// Seconds per file of any other work.
    others: f64,
}

impl Curves {
    /// Fits the curves to all calls of one model.
    pub(super) fn fit(demonstrations: &[&Demonstration]) -> Curves {
        let calls = demonstrations.iter().flat_map(|demonstration| demonstration.calls());
        let (idle_s, per_file_s) = initial_estimate(&calls);
        let first_token_s = first_token::seconds(demonstrations).map(|seconds| seconds.max(SHORTEST_S));
        let curve = |is_dealt: bool| {
            let mut calls = Vec::new();
            for demonstration in demonstrations.iter().filter(|demonstration| demonstration.is_dealt == is_dealt) {
                let writing = demonstration.calls().filter(|call| call.files > 0 && !call.is_truncated);
                calls.extend(writing.map(|call| (demonstration.work.files, f64::from(call.files), call.latency_s)));
            }
            LatencyCurve::fit(&calls, first_token_s.filter(|_| is_dealt), (idle_s, per_file_s))
        };
        Curves { idle_s, claimed: curve(false), preassigned: curve(true) }
    }

    /// Returns the base of calls that write, and the seconds per file, for that work.
    pub(super) fn of_work(&self, work: u64, is_dealt: bool) -> (f64, f64) {
        let curve = if is_dealt { &self.preassigned } else { &self.claimed };
        (curve.base_s, curve.per_file.get(&work).copied().unwrap_or(curve.others))
    }

    /// Returns the fitted seconds of a call that writes so many files.
    pub(super) fn typical_s(&self, work: u64, is_dealt: bool, files: f64) -> f64 {
        let (base_s, per_file_s) = self.of_work(work, is_dealt);
        if files > 0.0 { base_s + per_file_s * files } else { self.idle_s }
    }
}

impl LatencyCurve {
    /// Fits a curve to calls (work, files, seconds), from an initial estimate. A given base is not fitted.
    fn fit(calls: &[(u64, f64, f64)], base_s: Option<f64>, (initial_base_s, others): (f64, f64)) -> LatencyCurve {
        let per_file = calls.iter().map(|&(work, ..)| (work, others)).collect();
        let mut curve = LatencyCurve { base_s: base_s.unwrap_or(initial_base_s), per_file, others };
        if calls.len() >= MIN_CALLS {
            for _ in 0..ITERATIONS {
                let fitted_s = curve.iterate(calls);
                curve.base_s = base_s.unwrap_or(fitted_s);
            }
        }
        curve
    }

    /// Updates the seconds per file for the current base. Returns the base for the previous seconds per file.
    fn iterate(&mut self, calls: &[(u64, f64, f64)]) -> f64 {
        let mut by_work: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        let (mut base, mut weights) = (0.0, 0.0);
        for &(work, files, latency_s) in calls {
            let per_file_s = self.per_file.get(&work).copied().unwrap_or(self.others);
            let typical_s = self.base_s + per_file_s * files;
            let weight = 1.0 / (typical_s * typical_s);
            let sums = by_work.entry(work).or_default();
            sums.0 += weight * files * (latency_s - self.base_s);
            sums.1 += weight * files * files;
            base += weight * (latency_s - per_file_s * files);
            weights += weight;
        }
        for (work, (product, square)) in by_work {
            self.per_file.insert(work, (product / square).max(0.0));
        }
        (base / weights).max(SHORTEST_S)
    }
}

/// Returns the mean seconds of a call that writes nothing, and the mean further seconds per file. Truncated replies are
/// ignored. Without calls that write nothing, or if they take longer than those on one file, the base is the cost of a
/// file.
fn initial_estimate<'h>(calls: &(impl Iterator<Item = &'h RecordedCall> + Clone)) -> (f64, f64) {
    let whole = || calls.clone().filter(|call| !call.is_truncated);
    let mut on_one: Vec<f64> = whole().filter(|call| call.files == 1).map(|call| call.latency_s).collect();
    let mut per_file: Vec<f64> = whole().map(|call| call.latency_s / (1.0 + f64::from(call.files))).collect();
    let most = upper_median(&mut on_one).or(upper_median(&mut per_file)).unwrap_or(1.0);
    let idle = whole().filter(|call| call.files == 0);
    let (sum, count) = idle.fold((0.0, 0.0), |(sum, count), call| (sum + call.latency_s, count + 1.0));
    let base = if count > 0.0 { (sum / count).min(most) } else { upper_median(&mut per_file).unwrap_or(1.0) };
    let (sum, files) = whole()
        .filter(|call| call.files > 0)
        .fold((0.0, 0.0), |(sum, files), call| (sum + (call.latency_s - base).max(0.0), files + f64::from(call.files)));
    (base.max(SHORTEST_S), if files > 0.0 { sum / files } else { 0.0 })
}

/// Returns the median, or the larger of the two middle values.
pub(super) fn upper_median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_on_a_curve_give_it_back() {
        let calls = |noise: f64| -> Vec<(u64, f64, f64)> {
            let of_work = |work: u64, per_file_s: f64| {
                (1..=12).map(move |files: u32| {
                    let sign = if files.is_multiple_of(2) { 1.0 } else { -1.0 };
                    (work, f64::from(files), (4.0 + per_file_s * f64::from(files)) * (1.0 + sign * noise))
                })
            };
            of_work(1, 2.0).chain(of_work(2, 0.5)).collect()
        };
        let curve = LatencyCurve::fit(&calls(0.0), None, (1.0, 1.0));
        assert!((curve.base_s - 4.0).abs() < 0.01, "{}", curve.base_s);
        assert!((curve.per_file[&1] - 2.0).abs() < 0.01 && (curve.per_file[&2] - 0.5).abs() < 0.01);
        let curve = LatencyCurve::fit(&calls(0.1), None, (1.0, 1.0));
        assert!((curve.base_s / 4.0 - 1.0).abs() < 0.15, "{}", curve.base_s);
        // A given base is kept, and the seconds per file are fitted to it.
        let curve = LatencyCurve::fit(&calls(0.0), Some(1.0), (9.0, 1.0));
        assert!((curve.base_s - 1.0).abs() < 1e-12 && curve.per_file[&1] > 2.1, "{:?}", curve.per_file);
        assert!((LatencyCurve::fit(&calls(0.0)[..7], None, (1.5, 1.0)).base_s - 1.5).abs() < 1e-12);
        assert!((LatencyCurve::fit(&[], None, (1.5, 1.0)).base_s - 1.5).abs() < 1e-12);
    }
}
