//! Points of a sweep: values, identity, and baselines.

use crate::engine::rng;
use crate::experiment::result::is_agents;
use crate::scenario::{Baseline, Node};

/// Paths of the team size and of the architecture.
const AGENTS: &str = "team.agents";
const ARCHITECTURE: &str = "architecture";

/// Values of a point, one per axis.
pub(crate) type PointValues<'v> = Vec<(&'v str, &'v Node)>;

/// Label of a value: `preassigned`, or `self_claim (claims: at_decision)` for a name with parameters.
pub(crate) fn label(value: &Node) -> String {
    match value.entries() {
        [(name, parameters)] => {
            let parameters = parameters.entries().iter().map(|(key, value)| format!("{}: {value}", key.name));
            format!("{} ({})", name.name, parameters.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// Replaces values of a point.
pub(crate) fn with<'v>(point: &[(&'v str, &'v Node)], settings: &'v [(&'static str, Node)]) -> PointValues<'v> {
    let kept = point.iter().filter(|(path, _)| settings.iter().all(|(other, _)| other != path)).copied();
    kept.chain(settings.iter().map(|(path, value)| (*path, value))).collect()
}

/// Settings that turn a point into its baseline.
pub(crate) fn baseline_settings(baseline: &Baseline) -> Vec<(&'static str, Node)> {
    let one = || Node::from(1u32);
    match baseline {
        Baseline::Own => vec![(AGENTS, one())],
        Baseline::Solo => vec![(AGENTS, one()), (ARCHITECTURE, Node::from("solo"))],
        Baseline::Point(settings) => settings.clone(),
    }
}

/// Name of a baseline in files.
pub fn name_of(baseline: &Baseline) -> &'static str {
    match baseline {
        Baseline::Own => "self",
        Baseline::Solo => "solo",
        Baseline::Point(_) => "point",
    }
}

/// Description of a baseline.
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

/// Key of a point: equal values have equal keys.
pub(crate) fn key_of(values: &[(&str, &Node)]) -> String {
    let mut parts: Vec<String> =
        values.iter().map(|(path, value)| format!("{}={value}", if is_agents(path) { AGENTS } else { path })).collect();
    parts.sort();
    parts.join(";")
}

/// Shard of a point, from 0, by its identity. The shard does not depend on the order of the points, and large teams
/// spread over all shards.
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
