//! Extrapolation warning: properties of a scenario outside of the range of its learned profile.

use std::sync::Arc;

use crate::problem::plural;
use crate::simulation::Scenario;
use crate::team::{Accuracy, Envelope};
use crate::workload::{Measure, TaskGraph};

/// Tolerance of parallel fractions (absolute) and contexts (relative).
const SLACK: f64 = 0.05;

/// Returns a warning on the properties of these scenarios outside of the range of a learned profile, with its known errors
/// on teams; none if all are inside. `context` is the greatest mean of input tokens a call, if known.
pub fn outside(scenarios: &[&Scenario], context: Option<f64>) -> Option<String> {
    let mut checked: Vec<&str> = Vec::new();
    for agent in scenarios.iter().flat_map(|scenario| &scenario.team) {
        let name = agent.profile.name.as_str();
        if checked.contains(&name) {
            continue;
        }
        checked.push(name);
        let Some(learned) = agent.profile.learned.as_deref() else { continue };
        let uses = |scenario: &&&Scenario| scenario.team.iter().any(|agent| agent.profile.name == name);
        let users: Vec<&Scenario> = scenarios.iter().filter(uses).copied().collect();
        let beyond = beyond(&users, context, &learned.envelope);
        if !beyond.is_empty() {
            let (range, error) = (range(&learned.envelope), error(&users, &learned.accuracy));
            return Some(format!(
                "{name} was calibrated with {range}; outside of this range: {}; {error}",
                beyond.join(", ")
            ));
        }
    }
    None
}

/// Lists the properties of these scenarios outside of an envelope.
fn beyond(scenarios: &[&Scenario], context: Option<f64>, envelope: &Envelope) -> Vec<String> {
    let mut beyond = Vec::new();
    let sizes = || scenarios.iter().map(|scenario| scenario.team.len() as u32);
    if let Some(size) = sizes().max().filter(|size| *size > envelope.agents.1) {
        let differ = sizes().any(|other| other != size);
        beyond.push(format!("{}{size} agents", if differ { "up to " } else { "" }));
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

/// Describes the range of the calibration runs.
fn range(envelope: &Envelope) -> String {
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

/// Describes the known errors of a profile on teams.
fn error(scenarios: &[&Scenario], accuracy: &[Accuracy]) -> String {
    let largest = scenarios.iter().map(|scenario| scenario.team.len()).max().unwrap_or(1);
    let fits = |entry: &&Accuracy| {
        entry.agents.1 > 1 && scenarios.iter().any(|scenario| scenario.architecture_name == entry.architecture)
    };
    let errors: Vec<String> = accuracy
        .iter()
        .filter(fits)
        .filter_map(|entry| {
            let (error, (least, most)) = (entry.figure("makespan")?, entry.agents);
            Some(format!("{error} % ({} of {least} to {most})", entry.architecture))
        })
        .collect();
    match errors.as_slice() {
        [] if largest > 1 => "not validated on such teams (see brooks validate)".to_owned(),
        [] => "absolute times are unreliable".to_owned(),
        errors => format!("makespan errors in validations on teams: {}", errors.join(", ")),
    }
}
