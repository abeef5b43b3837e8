//! How the latency of a call grows with the files that it writes.
//!
//! Seconds = base + files x seconds a file, for calls that write: the base is one of the model under one way of dealing, the
//! cost of a file is that of the work. Latencies vary by a share of themselves, so each call weighs by the inverse square
//! of what the curve says of it. Calls that write nothing have a mean of their own.
//!
//! Agents to whom tasks are dealt write portions that are the smaller the larger the team, and so smaller ones than any
//! recorded agent: their curve is followed far below the calls that it was fitted to. There its base is the time to the
//! first token, where runs tell it; a fitted one would be that of corrections, which are long for the one or two files of theirs.

use std::collections::BTreeMap;

use crate::prediction::calibration::{Demonstration, first_token};
use crate::scenario::learned_profile::run_effect::SHORTEST_S;
use crate::team::Habit;

/// Fewer calls than these tell no curve.
const FEWEST: usize = 8;
/// How often the weights are made anew; they settle long before.
const TURNS: usize = 60;

/// The curves of one model.
pub(super) struct Curves {
    /// Seconds of a call that writes nothing.
    pub(super) idle_s: f64,
    free: LatencyCurve,
    dealt: LatencyCurve,
}

struct LatencyCurve {
    base_s: f64,
    /// Seconds a file, by the files of the work.
    per_file: BTreeMap<u64, f64>,
    /// The same of work that is not among them.
    others: f64,
}

impl Curves {
    pub(super) fn of(demonstrations: &[&Demonstration]) -> Curves {
        let calls = demonstrations.iter().flat_map(|demonstration| demonstration.scripts.iter().flatten());
        let (idle_s, per_file_s) = rough(&calls);
        let first_token_s = first_token::seconds(demonstrations).map(|seconds| seconds.max(SHORTEST_S));
        let curve = |is_dealt: bool| {
            let demonstrations = demonstrations.iter().filter(|demonstration| demonstration.is_dealt == is_dealt);
            let of = |demonstration: &&Demonstration| {
                let writing =
                    demonstration.scripts.iter().flatten().filter(|habit| habit.files > 0 && !habit.is_truncated);
                writing
                    .map(|habit| (demonstration.work.files, f64::from(habit.files), habit.latency_s))
                    .collect::<Vec<_>>()
            };
            let base_s = first_token_s.filter(|_| is_dealt);
            LatencyCurve::of(&demonstrations.flat_map(of).collect::<Vec<_>>(), base_s, (idle_s, per_file_s))
        };
        Curves { idle_s, free: curve(false), dealt: curve(true) }
    }

    /// Seconds of a call on that work that writes, before the first file, and seconds more a file.
    pub(super) fn of_work(&self, work: u64, is_dealt: bool) -> (f64, f64) {
        let curve = if is_dealt { &self.dealt } else { &self.free };
        (curve.base_s, curve.per_file.get(&work).copied().unwrap_or(curve.others))
    }

    /// Seconds of a call that writes so many files.
    pub(super) fn typical_s(&self, work: u64, is_dealt: bool, files: f64) -> f64 {
        let (base_s, per_file_s) = self.of_work(work, is_dealt);
        if files > 0.0 { base_s + per_file_s * files } else { self.idle_s }
    }
}

impl LatencyCurve {
    /// Least squares over calls of a work, a number of files and a latency each, from a rough guess. The base is fitted,
    /// too, if it is not known.
    fn of(calls: &[(u64, f64, f64)], base_s: Option<f64>, (rough_base_s, others): (f64, f64)) -> LatencyCurve {
        let per_file = calls.iter().map(|&(work, ..)| (work, others)).collect();
        let mut curve = LatencyCurve { base_s: base_s.unwrap_or(rough_base_s), per_file, others };
        if calls.len() >= FEWEST {
            for _ in 0..TURNS {
                let fitted_s = curve.turn(calls);
                curve.base_s = base_s.unwrap_or(fitted_s);
            }
        }
        curve
    }

    /// Better costs of a file, given the base. Returns a better base, given those before.
    fn turn(&mut self, calls: &[(u64, f64, f64)]) -> f64 {
        let mut by_work: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        let (mut rest, mut weights) = (0.0, 0.0);
        for &(work, files, latency_s) in calls {
            let per_file_s = self.per_file.get(&work).copied().unwrap_or(self.others);
            let typical_s = self.base_s + per_file_s * files;
            let weight = 1.0 / (typical_s * typical_s);
            let sums = by_work.entry(work).or_default();
            sums.0 += weight * files * (latency_s - self.base_s);
            sums.1 += weight * files * files;
            rest += weight * (latency_s - per_file_s * files);
            weights += weight;
        }
        for (work, (product, square)) in by_work {
            self.per_file.insert(work, (product / square).max(0.0));
        }
        (rest / weights).max(SHORTEST_S)
    }
}

/// Seconds of a call that writes nothing, and seconds more a file: means. Replies that were cut off tell neither. Where no
/// call writes nothing, or those that do take longer than those on one file, a call is taken to cost what a file does.
fn rough<'h>(calls: &(impl Iterator<Item = &'h Habit> + Clone)) -> (f64, f64) {
    let whole = || calls.clone().filter(|habit| !habit.is_truncated);
    let mut ones: Vec<f64> = whole().filter(|habit| habit.files == 1).map(|habit| habit.latency_s).collect();
    let mut each: Vec<f64> = whole().map(|habit| habit.latency_s / (1.0 + f64::from(habit.files))).collect();
    let most = middle(&mut ones).or(middle(&mut each)).unwrap_or(1.0);
    let (sum, count) =
        whole().filter(|h| h.files == 0).fold((0.0, 0.0), |(sum, count), h| (sum + h.latency_s, count + 1.0));
    let base = if count > 0.0 { (sum / count).min(most) } else { middle(&mut each).unwrap_or(1.0) };
    let (sum, files) = whole().filter(|habit| habit.files > 0).fold((0.0, 0.0), |(sum, files), habit| {
        (sum + (habit.latency_s - base).max(0.0), files + f64::from(habit.files))
    });
    (base.max(SHORTEST_S), if files > 0.0 { sum / files } else { 0.0 })
}

pub(super) fn middle(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_on_a_curve_give_it_back() {
        let calls = |noise: f64| -> Vec<(u64, f64, f64)> {
            let of = |work: u64, per_file_s: f64| {
                (1..=12).map(move |files: u32| {
                    let sign = if files.is_multiple_of(2) { 1.0 } else { -1.0 };
                    (work, f64::from(files), (4.0 + per_file_s * f64::from(files)) * (1.0 + sign * noise))
                })
            };
            of(1, 2.0).chain(of(2, 0.5)).collect()
        };
        let curve = LatencyCurve::of(&calls(0.0), None, (1.0, 1.0));
        assert!((curve.base_s - 4.0).abs() < 0.01, "{}", curve.base_s);
        assert!((curve.per_file[&1] - 2.0).abs() < 0.01 && (curve.per_file[&2] - 0.5).abs() < 0.01);
        let curve = LatencyCurve::of(&calls(0.1), None, (1.0, 1.0));
        assert!((curve.base_s / 4.0 - 1.0).abs() < 0.15, "{}", curve.base_s);
        // A base that is known stays, and what a file costs goes with it.
        let curve = LatencyCurve::of(&calls(0.0), Some(1.0), (9.0, 1.0));
        assert!((curve.base_s - 1.0).abs() < 1e-12 && curve.per_file[&1] > 2.1, "{:?}", curve.per_file);
        // Too few calls, and none at all, leave the guess as it is.
        assert!((LatencyCurve::of(&calls(0.0)[..7], None, (1.5, 1.0)).base_s - 1.5).abs() < 1e-12);
        assert!((LatencyCurve::of(&[], None, (1.5, 1.0)).base_s - 1.5).abs() < 1e-12);
    }
}
