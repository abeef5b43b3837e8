//! Teams of a search: those that can do the work under an architecture, and those that the scenario refuses.

use crate::experiment::sweep::label;
use crate::problem::Problems;
use crate::scenario::{Node, ScenarioFile};
use crate::simulation::Scenario;

/// Codes of problems that concern one team under one architecture. Any other problem is an error of the scenario.
const REFUSALS: [&str; 2] = ["skill", "combination"];

/// Team that the scenario refuses under an architecture.
#[derive(Clone, Debug)]
pub struct RefusedTeam {
    /// Team size.
    pub agents: u32,
    /// Architecture.
    pub architecture: String,
    /// Reasons.
    pub reasons: Problems,
}

/// Team that can do the work under an architecture.
pub(crate) struct AdmittedTeam {
    /// Index of the team size.
    pub(crate) size: usize,
    /// Index of the architecture.
    pub(crate) architecture: usize,
    /// Scenario of the team.
    pub(crate) scenario: Scenario,
}

/// Teams of every size under every architecture, by size first.
#[derive(Default)]
pub(crate) struct SearchedTeams {
    /// Teams that can do the work.
    pub(crate) admitted: Vec<AdmittedTeam>,
    /// Teams that the scenario refuses.
    pub(crate) refused: Vec<RefusedTeam>,
}

/// Builds the scenarios of all teams of a search.
///
/// # Errors
///
/// Reports all errors of the scenario, or all reasons if every team is refused.
pub(crate) fn teams(file: &ScenarioFile, sizes: &[Node], architectures: &[Node]) -> Result<SearchedTeams, Problems> {
    let (mut teams, mut problems) = (SearchedTeams::default(), Problems::default());
    for (size, agents) in sizes.iter().enumerate() {
        for (architecture, protocol) in architectures.iter().enumerate() {
            match file.at(&[("team.agents", agents), ("architecture", protocol)]) {
                Ok(scenario) => teams.admitted.push(AdmittedTeam { size, architecture, scenario }),
                Err(reasons) if reasons.list().iter().all(|problem| REFUSALS.contains(&problem.code)) => {
                    let agents = agents.whole().map_or(0, |agents| agents as u32);
                    teams.refused.push(RefusedTeam { agents, architecture: label(protocol), reasons });
                }
                Err(wrong) => problems.append(wrong),
            }
        }
    }
    if teams.admitted.is_empty() {
        teams.refused.iter().for_each(|team| problems.append(team.reasons.clone()));
    }
    problems.or(teams)
}
