//! `team`: members first, a lead before all others, then agents of the team's profile.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::scenario::keys::MAX_AGENTS;
use crate::scenario::node::Node;
use crate::scenario::resolver::Resolver;
use crate::team::{Agent, Profile, Role};

/// A team of any size.
#[derive(Clone)]
pub(super) struct TeamTemplate {
    size: u32,
    profile: Arc<Profile>,
    members: Vec<Member>,
}

#[derive(Clone)]
struct Member {
    count: u32,
    name: Option<String>,
    role: Role,
    profile: Arc<Profile>,
    skills: Vec<String>,
}

/// A team size, if it is one.
pub(super) fn size_of(node: &Node) -> Option<u32> {
    let size = node.whole().filter(|&size| (1..=i128::from(MAX_AGENTS)).contains(&size))?;
    u32::try_from(size).ok()
}

impl TeamTemplate {
    /// How many agents there are unless a point says otherwise.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// So many agents; if that is fewer than the members, the first of them.
    pub(super) fn agents(&self, size: u32) -> Vec<Agent> {
        let size = size as usize;
        let mut agents: Vec<Agent> = Vec::with_capacity(size);
        let led = self.members.first().is_some_and(|member| member.role == Role::Lead);
        let numbered = |place: usize| format!("agent {}", place + usize::from(!led));
        for member in &self.members {
            for which in 1..=member.count {
                if agents.len() == size {
                    return agents;
                }
                let name = match &member.name {
                    Some(name) if member.count == 1 => name.clone(),
                    Some(name) => format!("{name} {which}"),
                    None if member.role == Role::Lead => "lead".to_owned(),
                    None => numbered(agents.len()),
                };
                let (profile, skills) = (Arc::clone(&member.profile), member.skills.clone());
                agents.push(Agent { name, role: member.role, profile, skills });
            }
        }
        for place in agents.len()..size {
            let (name, profile) = (numbered(place), Arc::clone(&self.profile));
            agents.push(Agent { name, role: Role::Worker, profile, skills: Vec::new() });
        }
        agents
    }
}

impl Resolver<'_> {
    /// The team of the document.
    pub(super) fn team(&mut self) -> TeamTemplate {
        let node = self.root.key("team");
        let profile = match node.and_then(|team| team.key("profile")) {
            Some(profile) => self.profile(profile, "team.profile"),
            None => self.built_in_profile("plain"),
        };
        let list = node.and_then(|team| team.key("members")).map_or(&[][..], Node::items);
        let mut members = Vec::with_capacity(list.len());
        let (mut total, mut lead, mut names) = (0u64, None, BTreeSet::new());
        for (place, node) in list.iter().enumerate() {
            let path = format!("team.members[{place}]");
            let member = self.member(node, &path, &profile);
            total += u64::from(member.count);
            if member.role == Role::Lead {
                if member.count > 1 || lead.is_some() {
                    let message = "a team has one lead at most".to_owned();
                    self.report("team", node.line, &format!("{path}.role"), message, "");
                }
                lead = lead.or(Some(place));
            }
            if let Some(name) = &member.name
                && !names.insert(name.clone())
            {
                let message = format!("another member is called \"{name}\" too");
                self.report("team", node.line, &format!("{path}.name"), message, "");
            }
            members.push(member);
        }
        if let Some(place) = lead {
            members[..=place].rotate_right(1);
        }
        let given = node.and_then(|team| team.key("agents"));
        let size = given.and_then(size_of);
        let most = size.map_or(MAX_AGENTS, u64::from);
        if total > most {
            let line = given.or(node).map_or(0, |node| node.line);
            let message = format!("the members are {total}, the team is {most}");
            self.report("team", line, "team.agents", message, "at least as many as there are members");
        }
        let counted = u32::try_from(total.clamp(1, MAX_AGENTS)).unwrap_or(1);
        TeamTemplate { size: size.unwrap_or(counted), profile, members }
    }

    fn member(&mut self, node: &Node, path: &str, team: &Arc<Profile>) -> Member {
        let skills = node.key("skills").map_or(&[][..], Node::items);
        Member {
            count: node.key("count").and_then(size_of).unwrap_or(1),
            name: node.key("name").and_then(Node::text).map(ToOwned::to_owned),
            role: if node.key("role").and_then(Node::text) == Some("lead") { Role::Lead } else { Role::Worker },
            profile: match node.key("profile") {
                Some(profile) => self.profile(profile, &format!("{path}.profile")),
                None => Arc::clone(team),
            },
            skills: skills.iter().filter_map(Node::text).map(ToOwned::to_owned).collect(),
        }
    }
}
