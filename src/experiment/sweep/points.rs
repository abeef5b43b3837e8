//! The points of a sweep: their values, their identity, and their baselines.

use crate::engine::rng;
use crate::experiment::result::is_agents;
use crate::scenario::{Baseline, Node};

/// The path of the team size and of the architecture.
const AGENTS: &str = "team.agents";
const ARCHITECTURE: &str = "architecture";

/// The values of a point, an axis each.
pub(crate) type PointValues<'v> = Vec<(&'v str, &'v Node)>;

/// A value as a label: `preassigned`, or `self_claim (claims: at_decision)` for a name with parameters.
pub(crate) fn label(value: &Node) -> String {
    match value.entries() {
        [(name, parameters)] => {
            let parameters = parameters.entries().iter().map(|(key, value)| format!("{}: {value}", key.name));
            format!("{} ({})", name.name, parameters.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// A point with other values in place of some of its own.
pub(crate) fn with<'v>(point: &[(&'v str, &'v Node)], settings: &'v [(&'static str, Node)]) -> PointValues<'v> {
    let kept = point.iter().filter(|(path, _)| settings.iter().all(|(other, _)| other != path)).copied();
    kept.chain(settings.iter().map(|(path, value)| (*path, value))).collect()
}

/// What has to be set at a point to get its baseline.
pub(crate) fn baseline_settings(baseline: &Baseline) -> Vec<(&'static str, Node)> {
    let one = || Node::from(1u32);
    match baseline {
        Baseline::Own => vec![(AGENTS, one())],
        Baseline::Solo => vec![(AGENTS, one()), (ARCHITECTURE, Node::from("solo"))],
        Baseline::Point(settings) => settings.clone(),
    }
}

/// What a baseline is called in files.
pub fn name_of(baseline: &Baseline) -> &'static str {
    match baseline {
        Baseline::Own => "self",
        Baseline::Solo => "solo",
        Baseline::Point(_) => "point",
    }
}

/// What a baseline is, in words.
pub fn describe(baseline: &Baseline) -> String {
    match baseline {
        Baseline::Own => "self: one agent under the same architecture".to_owned(),
        Baseline::Solo => "solo: one agent alone".to_owned(),
        Baseline::Point(settings) => {
            let settings: Vec<String> = settings.iter().map(|(path, value)| format!("{path} = {value}")).collect();
            format!("the point {}", settings.join(", "))
        }
    }
}

/// A key for a point: the same values, the same key.
pub(crate) fn key_of(values: &[(&str, &Node)]) -> String {
    let mut parts: Vec<String> =
        values.iter().map(|(path, value)| format!("{}={value}", if is_agents(path) { AGENTS } else { path })).collect();
    parts.sort();
    parts.join(";")
}

/// The shard, from 0, that a point belongs to: by its identity, so that it stays there whatever the order of the points,
/// and no shard gets all large teams as every seventh point might.
pub(crate) fn shard_of(key: &str, shards: u32) -> u32 {
    ((u128::from(rng::key_of(key)) * u128::from(shards)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::shard_of;

    #[test]
    fn shards_get_about_as_much_as_each_other() {
        let mut counts = [0_u32; 7];
        for agents in 1..=100 {
            for rate in 0..70 {
                counts[shard_of(&format!("team.agents={agents};team.profile.error_rate=0.{rate:02}"), 7) as usize] += 1;
            }
        }
        // 1,000 are expected in each; five standard deviations are 146.
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(shard_of("anything", 1), 0);
    }
}
