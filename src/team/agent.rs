//! One member of the team.

use std::sync::Arc;

use crate::engine::id;
use crate::team::Profile;

id! {
    /// An agent's place in the team; a lead, where there is one, is agent 0.
    AgentId
}

/// Role of an agent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Role {
    /// Works on tasks.
    #[default]
    Worker,
    /// Hands out tasks and watches, under the architectures that have a lead; elsewhere a worker like the others.
    Lead,
}

/// An LLM worker with its own context.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// Name in tables and pictures.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Latency, tokens and error rates.
    pub profile: Arc<Profile>,
    /// The skills it has; none listed means all.
    pub skills: Vec<String>,
}

impl Agent {
    /// Returns true if it can do a task that needs `skill`.
    pub fn has_skill(&self, skill: Option<&str>) -> bool {
        self.skills.is_empty() || skill.is_none_or(|skill| self.skills.iter().any(|own| own == skill))
    }
}

/// Number of files outside of any task that a team may write (see [`LearnedPolicy::common_files`]).
///
/// [`LearnedPolicy::common_files`]: crate::team::LearnedPolicy::common_files
pub fn common_files(team: &[Agent]) -> usize {
    let learned_policies = team.iter().filter_map(|agent| agent.profile.learned_policy.as_ref());
    learned_policies.map(|learned_policy| learned_policy.common_files()).max().unwrap_or(0)
}
