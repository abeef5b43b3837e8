//! The names behind the numbers of a log, and the dependencies between its tasks.

use crate::team::{Agent, AgentId, Resource, Role, common_files};
use crate::workload::{ArtifactId, TaskGraph, TaskId};

/// The names behind the numbers of a [`Log`](crate::record::Log), and the dependencies between its tasks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The agents, in order of their ids.
    pub agents: Vec<AgentFacts>,
    /// The tasks, in order of their ids.
    pub tasks: Vec<TaskFacts>,
    /// The names of the artifacts, in order of their ids.
    pub artifacts: Vec<String>,
    /// Names of the shared resources, by their index in the scenario.
    pub resources: Vec<String>,
}

/// Name and role of an agent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentFacts {
    /// Its name.
    pub name: String,
    /// True if it leads the others.
    pub is_lead: bool,
}

/// Name and dependencies of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskFacts {
    /// Its name.
    pub name: String,
    /// Tasks that must be done before it.
    pub depends_on: Vec<TaskId>,
    /// Its share of the work: output tokens.
    pub weight: f64,
}

impl Facts {
    /// Describes a team, the graph that it works on, and the resources that it shares.
    pub fn new(team: &[Agent], graph: &TaskGraph, resources: &[Resource]) -> Facts {
        let agent = |agent: &Agent| AgentFacts { name: agent.name.clone(), is_lead: agent.role == Role::Lead };
        let tasks = graph.tasks().iter().map(|task| TaskFacts {
            name: task.id.clone(),
            depends_on: task.depends_on.clone(),
            weight: task.size,
        });
        // Files that belong to no task have no name: recordings keep theirs to themselves.
        let others = (1..=common_files(team)).map(|number| format!("common file {number}"));
        Facts {
            agents: team.iter().map(agent).collect(),
            tasks: tasks.collect(),
            artifacts: graph.artifacts().iter().cloned().chain(others).collect(),
            resources: resources.iter().map(|resource| resource.name.clone()).collect(),
        }
    }

    /// The name of an agent; a question mark if it is none of these.
    pub fn agent(&self, id: AgentId) -> &str {
        self.agents.get(id.index()).map_or("?", |agent| &agent.name)
    }

    /// The name of a task; a question mark if it is none of these.
    pub fn task(&self, id: TaskId) -> &str {
        self.tasks.get(id.index()).map_or("?", |task| &task.name)
    }

    /// Name of a shared resource; none if it is none of these.
    pub fn resource(&self, index: u32) -> Option<&str> {
        self.resources.get(index as usize).map(String::as_str)
    }

    /// The name of an artifact; a question mark if it is none of these.
    pub fn artifact(&self, id: ArtifactId) -> &str {
        self.artifacts.get(id.index()).map_or("?", |name| name)
    }
}
