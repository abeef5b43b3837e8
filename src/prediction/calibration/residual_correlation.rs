//! How alike agents of a team are at one step: the correlation of what their calls take over what such calls take.
//!
//! Recorded teams show it: members who are called in one round. Single agents show it of agents who see the same board
//! and so write the same files: calls of several runs that did (an intraclass correlation, Fisher 1925). Agents to whom
//! tasks are dealt write different files, and single agents show nothing that those would have in common beyond the
//! run's pace.

use std::collections::BTreeMap;

use crate::prediction::calibration::Demonstration;
use crate::scenario::learned_profile::COMMON;
use crate::team::Habit;

/// Fewer calls than these, each with one to compare, tell nothing.
const FEWEST: usize = 30;

/// A call: its run and agent, and its surprise.
type Call = (usize, usize, f64);

/// How alike they are: 0 as if by chance, 1 the same. `rest` is the logarithm of a call's latency over what such a call takes.
pub(super) fn common(
    demonstrations: &[&Demonstration],
    is_dealt: bool,
    rest: &dyn Fn(&Demonstration, &Habit) -> f64,
) -> f64 {
    let demonstrations =
        || demonstrations.iter().enumerate().filter(|(_, demonstration)| demonstration.is_dealt == is_dealt);
    let has_teams = demonstrations().any(|(_, demonstration)| demonstration.scripts.len() > 1);
    if is_dealt && !has_teams {
        return 0.0;
    }
    let mut groups: BTreeMap<(u64, u64), Vec<Call>> = BTreeMap::new();
    for (run, demonstration) in
        demonstrations().filter(|(_, demonstration)| !has_teams || demonstration.scripts.len() > 1)
    {
        for (agent, (script, wrote)) in demonstration.scripts.iter().zip(&demonstration.wrote).enumerate() {
            let rests: Vec<f64> = script.iter().map(|habit| rest(demonstration, habit)).collect();
            let mean = rests.iter().sum::<f64>() / rests.len().max(1) as f64;
            for (call, (rest, &files)) in rests.iter().zip(wrote).enumerate() {
                let group = if has_teams { (run as u64, call as u64) } else { (demonstration.work.shape, files) };
                if has_teams || files > 0 {
                    groups.entry(group).or_default().push((run, agent, rest - mean));
                }
            }
        }
    }
    correlation(groups.values())
}

/// The intraclass correlation of calls of different runs or agents: each call counts once.
fn correlation<'c>(groups: impl Iterator<Item = &'c Vec<Call>>) -> f64 {
    let (mut products, mut squares, mut calls) = (0.0, 0.0, 0);
    for group in groups {
        for (place, (run, agent, surprise)) in group.iter().enumerate() {
            let others =
                group.iter().enumerate().filter(|(other, (r, a, _))| *other != place && (r, a) != (run, agent));
            let (sum, count) = others.fold((0.0, 0.0), |(sum, count), (_, (.., other))| (sum + other, count + 1.0));
            if count > 0.0 {
                products += surprise * sum / count;
                squares += surprise * surprise;
                calls += 1;
            }
        }
    }
    if calls < FEWEST || squares <= 0.0 { COMMON } else { (products / squares).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Purpose, rng::Keys};

    /// Groups of three calls of different runs, with so much in common.
    fn groups(common: f64, groups: usize) -> f64 {
        let mut stream = Keys::new(1, 2).stream(Purpose::RandomEffect, 3);
        let group = |_: usize| {
            let of_all = stream.normal() * common.sqrt();
            (0..3).map(|run| (run, 0, of_all + stream.normal() * (1.0 - common).sqrt())).collect()
        };
        let groups: Vec<Vec<Call>> = (0..groups).map(group).collect();
        correlation(groups.iter())
    }

    #[test]
    fn what_calls_have_in_common_is_found() {
        for common in [0.0, 0.3, 0.6, 1.0] {
            let found = groups(common, 3_000);
            assert!((found - common).abs() < 0.03, "{common}: {found}");
        }
        assert!((groups(1.0, 9) - COMMON).abs() < 1e-12, "27 calls tell nothing");
        assert!((groups(1.0, 10) - 1.0).abs() < 1e-9);
        // Calls of one agent are not compared with each other.
        let alone: Vec<Call> = (0..100).map(|_| (0, 0, 1.0)).collect();
        assert!((correlation(std::iter::once(&alone)) - COMMON).abs() < 1e-12);
    }
}
