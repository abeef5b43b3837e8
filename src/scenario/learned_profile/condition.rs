//! Scenario of a team whose runs are predicted.

use std::sync::Arc;

use crate::architecture::{self, Architecture, Choices};
use crate::problem::{Problem, Problems};
use crate::record::Prices;
use crate::scenario::learned_profile::model::LearnedProfile;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{Agent, Consistency, Profile, Role};
use crate::workload::TaskGraph;

/// Default limit of rounds, if the recordings contain none.
pub const ROUNDS: u32 = 60;

/// Condition whose runs are predicted: team and workload.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Model; none, or one that the profile does not contain, means all models together.
    pub model: Option<String>,
    /// Name of the architecture in the registry.
    pub architecture: String,
    /// Number of agents.
    pub agents: u32,
    /// Tasks and their dependencies.
    pub tasks: Arc<TaskGraph>,
    /// Limit of rounds; as in the recordings if not given.
    pub max_rounds: Option<u32>,
}

impl LearnedProfile {
    /// Returns the scenario of a condition.
    ///
    /// # Errors
    ///
    /// An unknown architecture, or a team without agents.
    pub fn scenario(&self, condition: &Condition, seed: u64) -> Result<Scenario, Problems> {
        let profile = Arc::new(self.profile(condition.model.as_deref()));
        self.scenario_of(condition, &profile, seed)
    }

    /// Returns the scenario with a given profile of [`LearnedProfile::profile`], which many conditions may share.
    ///
    /// # Errors
    ///
    /// As for [`LearnedProfile::scenario`].
    pub fn scenario_of(&self, condition: &Condition, profile: &Arc<Profile>, seed: u64) -> Result<Scenario, Problems> {
        let (architecture, name) = architecture_of(&condition.architecture)?;
        if condition.agents == 0 {
            let expected = "at least one agent".to_owned();
            return Err(problem("agents".to_owned(), "the team is empty".to_owned(), expected));
        }
        let part = self.part(condition.model.as_deref());
        let known = part.map_or_else(|| self.models.iter().filter_map(|p| p.max_rounds).max(), |p| p.max_rounds);
        let in_rounds = part.map_or_else(|| self.models.iter().any(|part| part.in_rounds), |part| part.in_rounds);
        let team = (1..=condition.agents).map(|number| Agent {
            name: format!("agent {number}"),
            role: Role::Worker,
            profile: Arc::clone(profile),
            skills: Vec::new(),
        });
        Ok(Scenario {
            name: format!("{} of {}", condition.architecture, condition.agents),
            graph: Arc::clone(&condition.tasks),
            graphs: None,
            parallel_fraction: None,
            team: team.collect(),
            architecture,
            architecture_name: name.to_owned(),
            pacing: if in_rounds { Pacing::Rounds { idle_calls: true } } else { Pacing::Async },
            consistency: Consistency::LastWriterWins,
            dependency_check: DependencyCheck::Claim,
            resources: Vec::new(),
            limits: Limits {
                rounds: condition.max_rounds.or(known).unwrap_or(ROUNDS),
                ..Limits::generous(condition.tasks.len())
            },
            prices: Prices::default(),
            seed,
        })
    }
}

/// Parameters of the recorded teams that differ from the defaults.
const AS_RECORDED: [(&str, &str); 1] = [("claims", "at_commit")];

/// Returns the architecture of this name as the recorded teams had it: a claim is granted when the reply lands. Other
/// parameters have their default values.
fn architecture_of(name: &str) -> Result<(Arc<dyn Architecture>, &'static str), Problems> {
    let row = architecture::find(name).ok_or_else(|| {
        let known: Vec<&str> = architecture::ARCHITECTURES.iter().map(|row| row.name).collect();
        problem("architecture".to_owned(), format!("there is no architecture \"{name}\""), known.join(", "))
    })?;
    let recorded = |name: &str| AS_RECORDED.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let value = |parameter: &architecture::Parameter| recorded(parameter.name).or(parameter.values.first().copied());
    let values: Vec<&str> = row.parameters.iter().filter_map(value).collect();
    let choices = Choices::new(row, &values);
    let made = choices.map(|choices| Arc::from((row.make)(&choices)));
    made.map(|architecture| (architecture, row.name))
        .ok_or_else(|| problem("architecture".to_owned(), format!("{name} has no defaults"), String::new()))
}

fn problem(path: String, message: String, expected: String) -> Problems {
    Problems::one(Problem { code: "calibration", file: "calibration".to_owned(), line: 0, path, message, expected })
}
