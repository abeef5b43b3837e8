//! Checks of a team against its tasks and its architecture.

use crate::architecture::Architecture;
use crate::problem::{Problem, Problems};
use crate::scenario::node::Node;
use crate::scenario::resolver::{Document, file_at};
use crate::scenario::team::TeamTemplate;
use crate::team::{Agent, Latency};
use crate::workload::TaskGraph;

/// Architecture and its name in the registry.
type Protocol<'a> = (&'a dyn Architecture, &'a str);

/// Checks that every required skill is that of an agent that does tasks; otherwise a task could never be completed.
pub(super) fn skills(
    graph: &TaskGraph,
    team: &[Agent],
    (architecture, name): Protocol<'_>,
    source: Document<'_>,
) -> Result<(), Problems> {
    let leads = usize::from(architecture.spec().has_lead && team.len() > 1);
    let mut problems = Problems::default();
    for (number, skill) in graph.skills().iter().enumerate() {
        let has_skill = |agent: &&Agent| agent.has_skill(Some(skill));
        if team.iter().skip(leads).any(|agent| has_skill(&agent)) {
            continue;
        }
        let number = number as u32;
        let task = graph.tasks().iter().find(|task| task.skill == Some(number)).map_or("", |task| &task.id);
        let tasks = source.root.get("workload.tasks").map_or(&[][..], Node::items);
        let index = tasks.iter().position(|node| node.key("id").and_then(Node::text) == Some(task)).unwrap_or(0);
        let path = format!("workload.tasks[{index}].skill");
        let line = source.root.get(&path).map_or(0, |node| node.line);
        let message = match team.first().filter(has_skill) {
            Some(lead) => format!(
                "only the lead \"{}\" has the skill \"{skill}\", which the task \"{task}\" requires, and under {name} a \
                 lead does no tasks",
                lead.name
            ),
            None => format!(
                "no agent in the team of {} has the skill \"{skill}\", which the task \"{task}\" requires",
                team.len()
            ),
        };
        let (file, expected) = (source.file.to_owned(), String::new());
        problems.push(Problem { code: "skill", file, line, path, message, expected });
    }
    problems.or(())
}

/// Checks that all tasks have a recorded time if a profile uses it.
pub(super) fn recorded(graph: &TaskGraph, team: &[Agent], source: Document<'_>) -> Result<(), Problems> {
    let wants_recorded = team.iter().any(|agent| agent.profile.latency == Latency::Recorded);
    if !wants_recorded || graph.tasks().iter().all(|task| task.recorded.is_some()) {
        return Ok(());
    }
    let path = "team.profile.latency".to_owned();
    let line = source.root.get(&path).map_or(0, |node| node.line);
    let message = "\"recorded\" requires the workload of a recording".to_owned();
    let (file, expected) = (source.file.to_owned(), "workload: { trace: FILE }, or another latency".to_owned());
    Err(Problems::one(Problem { code: "profile", file, line, path, message, expected }))
}

/// Checks that agents with a learned policy have no keys that only a lead uses.
pub(super) fn learned(
    template: &TeamTemplate,
    team: &[Agent],
    (architecture, name): Protocol<'_>,
) -> Result<(), Problems> {
    let has_lead = architecture.spec().has_lead;
    let mut problems = Problems::default();
    for given in template.keys_without_effect(team, has_lead) {
        let key = given.key;
        let why = if has_lead { "the lead has another profile".to_owned() } else { format!("{name} has no lead") };
        let message = format!("\"{key}\" describes a lead only if \"behaviour\" is given, and {why}");
        let expected = format!("no {key}, a profile without behaviour, or an architecture with a lead of this profile");
        let (file, line, path) = (file_at(&given.file, given.line), given.line, given.path.clone());
        problems.push(Problem { code: "combination", file, line, path, message, expected });
    }
    problems.or(())
}
