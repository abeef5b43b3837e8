//! Observation of an agent with a learned policy, and its trajectory.

use crate::engine::{Purpose, Time, math, rng};
use crate::simulation::features::Feature;
use crate::simulation::learned::learned_state::LearnedState;
use crate::simulation::simulator::Simulator;
use crate::team::{AgentId, Observation, Status, TaskClass};
use crate::workload::TaskId;

/// Entities of [`Purpose::RandomEffect`]: the trajectory of an agent, and that of its team.
const TRAJECTORY_ENTITY: u64 = 3 << 40;
const TEAM_TRAJECTORY: u64 = 4 << 40;

impl Simulator<'_> {
    /// Sets all memory back to the start, and selects the trajectory of each agent for the run.
    pub(in crate::simulation) fn begin_learned_policies(&mut self) {
        self.learned.tests_until = Time::ZERO;
        self.learned.written.clear();
        let has_assignment = self.features.uses(Feature::Assignment);
        for id in 0..self.learned.agents.len() {
            let (before, rest) = self.learned.agents.split_at_mut(id);
            let Some(memory) = rest.first_mut() else { continue };
            let Some(policy) = &self.profiles[self.agents[AgentId::at(id)].profile].policy else { continue };
            let team = self.keys.stream(Purpose::RandomEffect, TEAM_TRAJECTORY);
            let own = self.keys.stream(Purpose::RandomEffect, TRAJECTORY_ENTITY + id as u64);
            let shares = rng::unit(own.nth(1)) < policy.shared;
            let (of_team, members) = policy.member(team.nth(0), id as u32);
            // A recorded team is followed as a team; of single agents each follows one, in the style of the first.
            let follows_team = id == 0 || members > 1 || shares;
            let trajectory = if follows_team { of_team } else { policy.like(of_team, own.nth(0)) };
            memory.clear(trajectory);
            // Assigned tasks are others than those of the trajectory.
            let is_taken = || before.iter().any(|mate| mate.trajectory == trajectory);
            memory.is_copy = if members > 1 { id as u32 >= members } else { has_assignment || is_taken() };
            memory.team_effect = policy.run_effect(of_team);
            memory.run_deviation = math::normal_quantile(rng::open_unit(team.nth(1)));
        }
    }

    /// Returns true if an agent follows a learned policy; a lead acts by its protocol.
    #[inline]
    pub(in crate::simulation) fn has_learned_policy(&self, agent: AgentId) -> bool {
        self.features.uses(Feature::Learned)
            && self.team.lead != Some(agent)
            && self.profiles[self.agents[agent].profile].policy.is_some()
    }

    /// Returns the observation of an agent, and sorts the tasks by class. Tasks whose artifacts are locked are not seen.
    pub(super) fn observe(&mut self, agent: AgentId) -> Observation {
        let LearnedState { agents, by_class, done, .. } = &mut self.learned;
        let memory = &agents[agent.index()];
        by_class.iter_mut().for_each(Vec::clear);
        done.clear();
        let board = &self.team.board;
        let has_assignment = self.features.uses(Feature::Assignment);
        let mut observation = Observation {
            is_first: memory.calls == 0,
            idle: memory.idle,
            finished: memory.has_finished,
            ..Observation::default()
        };
        for task in TaskId::all(board.len()) {
            let mine = board.is_owned(task, agent) || memory.finished.contains(task);
            let is_shown = board.is_visible(task) && self.team.able.contains(agent, task) && !board.is_barred(task);
            if !is_shown || has_assignment && !mine {
                continue;
            }
            observation.total = observation.total.saturating_add(1);
            let is_begun = memory.begun.contains(task);
            let is_held = match board.status(task) {
                Status::Done => {
                    if is_begun {
                        done.push(task);
                    }
                    continue;
                }
                Status::Pending => false,
                Status::Assigned(owner) if owner == agent => false,
                Status::Claimed(owner) if owner == agent => true,
                // An agent does not learn who holds a task: one that it has requested and that is taken counts as held.
                Status::Claimed(_) | Status::Orphaned(_) if memory.asked.contains(task) => true,
                _ => continue,
            };
            by_class[TaskClass::of(is_held, board.is_startable(task), is_begun) as usize].push(task);
        }
        let count = |list: &Vec<TaskId>| u16::try_from(list.len()).unwrap_or(u16::MAX);
        for (count_of, list) in observation.tasks.iter_mut().zip(&*by_class) {
            *count_of = count(list);
        }
        observation.done_begun = count(done);
        observation
    }
}
