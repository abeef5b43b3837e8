//! One member of the team.

use std::sync::Arc;

use crate::engine::id;
use crate::team::Profile;

id! {
    /// An agent's place in the team; a lead, where there is one, is agent 0.
    AgentId
}

/// What an agent is there for.
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
    /// What it is called in tables and pictures.
    pub name: String,
    /// What it is there for.
    pub role: Role,
    /// How fast, how talkative and how fallible it is.
    pub profile: Arc<Profile>,
    /// The skills it has; none listed means all.
    pub skills: Vec<String>,
}

impl Agent {
    /// Whether it can do a task that needs `skill`.
    pub fn has_skill(&self, skill: Option<&str>) -> bool {
        self.skills.is_empty() || skill.is_none_or(|skill| self.skills.iter().any(|own| own == skill))
    }
}
