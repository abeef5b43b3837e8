//! Teams that a search leaves out, as the scenario refuses them.

use serde_json::{Value, json};

use crate::experiment::refused::RefusedTeam;
use crate::problem::plural;
use crate::report::listed;

/// Returns a line for the teams of one architecture that are refused for the same reasons.
pub fn lines(refused: &[RefusedTeam]) -> Vec<String> {
    let mut groups: Vec<(&RefusedTeam, Vec<String>)> = Vec::new();
    for team in refused {
        let messages = |of: &RefusedTeam| of.reasons.list().iter().map(|reason| reason.message.clone()).collect();
        let wanted: Vec<String> = messages(team);
        let is_same = |other: &RefusedTeam| other.architecture == team.architecture && wanted == messages(other);
        let agents = team.agents.to_string();
        match groups.iter_mut().find(|(first, _)| is_same(first)) {
            Some((_, sizes)) => sizes.push(agents),
            None => groups.push((team, vec![agents])),
        }
    }
    groups.iter().map(|(team, sizes)| line(team, sizes)).collect()
}

fn line(team: &RefusedTeam, sizes: &[String]) -> String {
    let noun = if sizes == ["1"] { "agent" } else { "agents" };
    let reasons = team.reasons.list();
    let first = reasons.first().map_or("", |reason| reason.message.as_str());
    let others = (reasons.len() + team.reasons.more()).saturating_sub(1);
    let more = if others > 0 { format!(" (and {})", plural(others, "more reason")) } else { String::new() };
    format!("left out: {} with {} {noun}, as {first}{more}", team.architecture, listed(sizes))
}

/// Returns JSON for programs.
pub(super) fn to_json(refused: &[RefusedTeam]) -> Value {
    let team = |team: &RefusedTeam| {
        let reasons: Vec<&str> = team.reasons.list().iter().map(|reason| reason.message.as_str()).collect();
        json!({ "agents": team.agents, "architecture": team.architecture, "reasons": reasons })
    };
    refused.iter().map(team).collect()
}
