//! Key `team`: members first, with a lead before all others, then agents of the team's profile.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::scenario::keys::MAX_AGENTS;
use crate::scenario::node::Node;
use crate::scenario::profile::ResolvedProfile;
use crate::scenario::resolver::{GivenKey, Resolver};
use crate::team::{Agent, Role};

/// Template of a team of any size.
#[derive(Clone)]
pub(super) struct TeamTemplate {
    size: u32,
    profile: ResolvedProfile,
    members: Vec<Member>,
}

#[derive(Clone)]
struct Member {
    count: u32,
    name: Option<String>,
    role: Role,
    profile: ResolvedProfile,
    skills: Vec<String>,
}

/// Returns the team size, if the value is one.
pub(super) fn size_of(node: &Node) -> Option<u32> {
    let size = node.whole().filter(|&size| (1..=i128::from(MAX_AGENTS)).contains(&size))?;
    u32::try_from(size).ok()
}

impl TeamTemplate {
    /// Returns the default size.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Returns a team of this size; below the number of members, the first members.
    pub(super) fn agents(&self, size: u32) -> Vec<Agent> {
        let size = size as usize;
        let mut agents: Vec<Agent> = Vec::with_capacity(size);
        let led = self.members.first().is_some_and(|member| member.role == Role::Lead);
        let numbered = |index: usize| format!("agent {}", index + usize::from(!led));
        for member in &self.members {
            for number in 1..=member.count {
                if agents.len() == size {
                    return agents;
                }
                let name = match &member.name {
                    Some(name) if member.count == 1 => name.clone(),
                    Some(name) => format!("{name} {number}"),
                    None if member.role == Role::Lead => "lead".to_owned(),
                    None => numbered(agents.len()),
                };
                let (profile, skills) = (Arc::clone(&member.profile.profile), member.skills.clone());
                agents.push(Agent { name, role: member.role, profile, skills });
            }
        }
        for index in agents.len()..size {
            let (name, profile) = (numbered(index), Arc::clone(&self.profile.profile));
            agents.push(Agent { name, role: Role::Worker, profile, skills: Vec::new() });
        }
        agents
    }

    /// Returns the keys of the profiles of `team`, which is this one at some size, that apply to none of its agents: they
    /// describe a lead only, and the first agent, if it leads, has another profile.
    pub(super) fn keys_without_effect(&self, team: &[Agent], has_lead: bool) -> impl Iterator<Item = &GivenKey> {
        let lead = team.first().filter(|_| has_lead).map(|agent| Arc::as_ptr(&agent.profile));
        let members = self.members.iter().map(|member| &member.profile);
        let of_a_lead = members.chain([&self.profile]).filter(move |resolved| {
            let own = Arc::as_ptr(&resolved.profile);
            let is_used = || team.iter().any(|agent| Arc::as_ptr(&agent.profile) == own);
            !resolved.of_a_lead.is_empty() && lead != Some(own) && is_used()
        });
        of_a_lead.flat_map(|resolved| resolved.of_a_lead.iter())
    }
}

impl Resolver<'_> {
    /// Resolves the team of the document.
    pub(super) fn team(&mut self) -> TeamTemplate {
        let node = self.root.key("team");
        let profile = match node.and_then(|team| team.key("profile")) {
            Some(profile) => self.profile(profile, "team.profile"),
            None => self.built_in_profile("plain"),
        };
        let list = node.and_then(|team| team.key("members")).map_or(&[][..], Node::items);
        let mut members = Vec::with_capacity(list.len());
        let (mut total, mut lead, mut names) = (0u64, None, BTreeSet::new());
        for (index, node) in list.iter().enumerate() {
            let path = format!("team.members[{index}]");
            let member = self.member(node, &path, &profile);
            total += u64::from(member.count);
            if member.role == Role::Lead {
                if member.count > 1 || lead.is_some() {
                    let message = "a team has at most one lead".to_owned();
                    self.report("team", node.line, &format!("{path}.role"), message, "");
                }
                lead = lead.or(Some(index));
            }
            if let Some(name) = &member.name
                && !names.insert(name.clone())
            {
                let message = format!("another member has the same name \"{name}\"");
                self.report("team", node.line, &format!("{path}.name"), message, "");
            }
            members.push(member);
        }
        if let Some(index) = lead {
            members[..=index].rotate_right(1);
        }
        let given = node.and_then(|team| team.key("agents"));
        let size = given.and_then(size_of);
        let most = size.map_or(MAX_AGENTS, u64::from);
        if total > most {
            let line = given.or(node).map_or(0, |node| node.line);
            let message = format!("{total} members in a team of {most}");
            self.report("team", line, "team.agents", message, "at least the number of members");
        }
        let counted = u32::try_from(total.clamp(1, MAX_AGENTS)).unwrap_or(1);
        TeamTemplate { size: size.unwrap_or(counted), profile, members }
    }

    fn member(&mut self, node: &Node, path: &str, team: &ResolvedProfile) -> Member {
        let skills = node.key("skills").map_or(&[][..], Node::items);
        Member {
            count: node.key("count").and_then(size_of).unwrap_or(1),
            name: node.key("name").and_then(Node::text).map(ToOwned::to_owned),
            role: if node.key("role").and_then(Node::text) == Some("lead") { Role::Lead } else { Role::Worker },
            profile: match node.key("profile") {
                Some(profile) => self.profile(profile, &format!("{path}.profile")),
                None => team.clone(),
            },
            skills: skills.iter().filter_map(Node::text).map(ToOwned::to_owned).collect(),
        }
    }
}
