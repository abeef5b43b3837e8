//! Warnings of extrapolation: what of a scenario lies outside of what its learned profile was learned from.

use std::sync::Arc;

use crate::problem::plural;
use crate::simulation::Scenario;
use crate::team::{Accuracy, Envelope};
use crate::workload::{Measure, TaskGraph};

/// Parallel fractions and contexts that differ by less are the same.
const SLACK: f64 = 0.05;

/// One line on what of these scenarios is outside of what the profile of their agents was learned from, and how far off
/// that was on such teams; none if nothing is. `context` is the greatest mean of input tokens that calls had, if it is
/// known.
pub fn outside(scenarios: &[&Scenario], context: Option<f64>) -> Option<String> {
    let mut told: Vec<&str> = Vec::new();
    for agent in scenarios.iter().flat_map(|scenario| &scenario.team) {
        let name = agent.profile.name.as_str();
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        let Some(learned) = agent.profile.learned.as_deref() else { continue };
        let uses = |scenario: &&&Scenario| scenario.team.iter().any(|agent| agent.profile.name == name);
        let users: Vec<&Scenario> = scenarios.iter().filter(uses).copied().collect();
        let beyond = beyond(&users, context, &learned.envelope);
        if !beyond.is_empty() {
            let (from, off) = (from(&learned.envelope), off(&users, &learned.accuracy));
            return Some(format!("{name} was learned from {from}; here: {}; {off}", beyond.join(", ")));
        }
    }
    None
}

/// What of these scenarios is beyond an envelope.
fn beyond(scenarios: &[&Scenario], context: Option<f64>, envelope: &Envelope) -> Vec<String> {
    let mut beyond = Vec::new();
    let sizes = || scenarios.iter().map(|scenario| scenario.team.len() as u32);
    if let Some(size) = sizes().max().filter(|size| *size > envelope.agents.1) {
        let are_many = sizes().any(|other| other != size);
        beyond.push(format!("{}{size} agents", if are_many { "up to " } else { "" }));
    } else if let Some(size) = sizes().min().filter(|size| *size < envelope.agents.0) {
        beyond.push(plural(size, "agent"));
    }
    let mut graphs: Vec<&Arc<TaskGraph>> = scenarios.iter().map(|scenario| &scenario.graph).collect();
    graphs.dedup_by(|a, b| Arc::ptr_eq(a, b));
    let counts = || graphs.iter().map(|graph| graph.len() as u32);
    let count = counts().max().filter(|count| *count > envelope.tasks.1);
    if let Some(count) = count.or_else(|| counts().min().filter(|count| *count < envelope.tasks.0)) {
        beyond.push(plural(count, "task"));
    }
    let (least, most) = envelope.parallel_fraction;
    let fraction = |graph: &&Arc<TaskGraph>| Measure::by_size(graph).parallel_fraction_by_count();
    let is_outside = |p: &f64| *p > most + SLACK || *p < least - SLACK;
    if let Some(p) = graphs.iter().map(fraction).find(is_outside) {
        beyond.push(format!("a parallel fraction of {p:.2}"));
    }
    let most = envelope.context.map(|(_, most)| most);
    if let Some(tokens) = context.filter(|tokens| most.is_some_and(|most| *tokens > most * (1.0 + SLACK))) {
        beyond.push(format!("{tokens:.0} input tokens a call"));
    }
    beyond
}

/// What a profile was learned from.
fn from(envelope: &Envelope) -> String {
    let whole =
        |(least, most): (u32, u32)| if least == most { least.to_string() } else { format!("{least} to {most}") };
    let team = match envelope.agents {
        (1, 1) => plural(1, "agent"),
        sizes => format!("teams of {}", whole(sizes)),
    };
    let tasks = plural(whole(envelope.tasks), "task");
    let (least, most) = envelope.parallel_fraction;
    let p = if least < most { format!("{least} to {most}") } else { least.to_string() };
    let context =
        envelope.context.map_or_else(String::new, |(_, most)| format!(" and up to {most:.0} input tokens a call"));
    format!("{team} on {tasks} with p = {p}{context}")
}

/// How far off a profile was on teams, where it was held against some.
fn off(scenarios: &[&Scenario], accuracy: &[Accuracy]) -> String {
    let largest = scenarios.iter().map(|scenario| scenario.team.len()).max().unwrap_or(1);
    let fits = |entry: &&Accuracy| {
        entry.agents.1 > 1 && scenarios.iter().any(|scenario| scenario.architecture_name == entry.architecture)
    };
    let said: Vec<String> = accuracy
        .iter()
        .filter(fits)
        .filter_map(|entry| {
            let (error, (least, most)) = (entry.figure("makespan")?, entry.agents);
            Some(format!("{error} % ({} of {least} to {most})", entry.architecture))
        })
        .collect();
    match said.as_slice() {
        [] if largest > 1 => "it was not held against such teams (brooks validate)".to_owned(),
        [] => "expect shapes, not seconds".to_owned(),
        said => format!("where it was held against teams its makespans were off by {}", said.join(", ")),
    }
}
