//! Residual correlation: intraclass correlation (Fisher 1925) of the log residuals of the calls of a team at one step.
//!
//! - Recorded teams: the classes are the calls of one round.
//! - Single agents: the classes are calls of several runs that wrote the same files, as agents with the same observation
//!   would.
//! - Single agents with preassigned tasks: agents of such a team write different files. Beyond the run effect the
//!   recordings contain no common factor.

use std::collections::BTreeMap;

use crate::prediction::calibration::Demonstration;
use crate::scenario::learned_profile::COMMON;
use crate::team::RecordedCall;

/// Fewest calls with another call in their class. With fewer, the default correlation is used.
const MIN_CALLS: usize = 30;

/// A call: its run, agent and residual.
type Call = (usize, usize, f64);

/// Returns the correlation, from 0 to 1. `residual` is the logarithm of a call's latency over its expected latency.
pub(super) fn estimate(
    demonstrations: &[&Demonstration],
    is_dealt: bool,
    residual: &dyn Fn(&Demonstration, &RecordedCall) -> f64,
) -> f64 {
    let demonstrations =
        || demonstrations.iter().enumerate().filter(|(_, demonstration)| demonstration.is_dealt == is_dealt);
    let has_teams = demonstrations().any(|(_, demonstration)| demonstration.trajectories.len() > 1);
    if is_dealt && !has_teams {
        return 0.0;
    }
    let mut groups: BTreeMap<(u64, u64), Vec<Call>> = BTreeMap::new();
    for (run, demonstration) in
        demonstrations().filter(|(_, demonstration)| !has_teams || demonstration.trajectories.len() > 1)
    {
        for (agent, (calls, wrote)) in demonstration.trajectories.iter().zip(&demonstration.wrote).enumerate() {
            let residuals: Vec<f64> = calls.iter().map(|call| residual(demonstration, call)).collect();
            let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
            for (call, (residual, &files)) in residuals.iter().zip(wrote).enumerate() {
                let group = if has_teams { (run as u64, call as u64) } else { (demonstration.work.shape, files) };
                if has_teams || files > 0 {
                    groups.entry(group).or_default().push((run, agent, residual - mean));
                }
            }
        }
    }
    correlation(groups.values())
}

/// Returns the intraclass correlation of calls of different runs or agents. Each call has the same weight.
fn correlation<'c>(groups: impl Iterator<Item = &'c Vec<Call>>) -> f64 {
    let (mut products, mut squares, mut calls) = (0.0, 0.0, 0);
    for group in groups {
        for (index, (run, agent, residual)) in group.iter().enumerate() {
            let others =
                group.iter().enumerate().filter(|(other, (r, a, _))| *other != index && (r, a) != (run, agent));
            let (sum, count) = others.fold((0.0, 0.0), |(sum, count), (_, (.., other))| (sum + other, count + 1.0));
            if count > 0.0 {
                products += residual * sum / count;
                squares += residual * residual;
                calls += 1;
            }
        }
    }
    if calls < MIN_CALLS || squares <= 0.0 { COMMON } else { (products / squares).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Purpose, rng::Keys};

    /// Estimate from classes of three calls of different runs, with that correlation.
    fn estimated(common: f64, groups: usize) -> f64 {
        let mut stream = Keys::new(1, 2).stream(Purpose::RandomEffect, 3);
        let group = |_: usize| {
            let shared = stream.normal() * common.sqrt();
            (0..3).map(|run| (run, 0, shared + stream.normal() * (1.0 - common).sqrt())).collect()
        };
        let groups: Vec<Vec<Call>> = (0..groups).map(group).collect();
        correlation(groups.iter())
    }

    #[test]
    fn the_correlation_is_recovered() {
        for common in [0.0, 0.3, 0.6, 1.0] {
            let estimate = estimated(common, 3_000);
            assert!((estimate - common).abs() < 0.03, "{common}: {estimate}");
        }
        assert!((estimated(1.0, 9) - COMMON).abs() < 1e-12, "27 calls are too few");
        assert!((estimated(1.0, 10) - 1.0).abs() < 1e-9);
        // Calls of one agent are not compared with each other.
        let alone: Vec<Call> = (0..100).map(|_| (0, 0, 1.0)).collect();
        assert!((correlation(std::iter::once(&alone)) - COMMON).abs() < 1e-12);
    }
}
