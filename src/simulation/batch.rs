//! Tasks of a call: as many as the agent's batching takes.

use crate::engine::Purpose;
use crate::simulation::compiled_profile::Batch;
use crate::simulation::features::Feature;
use crate::simulation::simulator::Simulator;
use crate::simulation::state::step::PlannedTask;
use crate::team::{AgentId, Status};
use crate::workload::TaskId;

/// The draws of an agent's step, by number, after those of its faults.
const BATCH_SIZE: u64 = 5;
const AHEAD: u64 = 6;

impl Simulator<'_> {
    /// Plans the tasks of a working step: the first and, by the agent's batching, further own tasks after an own one, or
    /// further unowned tasks after an unowned one.
    pub(super) fn gather_tasks(&mut self, agent: AgentId, first: TaskId) {
        let mut tasks = std::mem::take(&mut self.agents[agent].flight.tasks);
        tasks.clear();
        tasks.push(self.planned(first));
        if self.features.uses(Feature::Batches) {
            self.gather_further(agent, first, &mut tasks);
        }
        self.agents[agent].flight.tasks = tasks;
    }

    fn planned(&self, task: TaskId) -> PlannedTask {
        PlannedTask { task, seen: self.team.board.version(task), ..PlannedTask::default() }
    }

    fn gather_further(&mut self, agent: AgentId, first: TaskId, tasks: &mut Vec<PlannedTask>) {
        let profile = &self.profiles[self.agents[agent].profile];
        let draws = self.agent_stream(Purpose::Mishap, agent);
        let owns = self.team.board.is_owned(first, agent);
        let most = match if owns { &profile.batch } else { &profile.batch_unowned } {
            Batch::One => return,
            Batch::Fixed(tasks) => *tasks,
            Batch::Drawn(sampler) => sampler.at(draws.nth(BATCH_SIZE)).round() as u32,
        };
        let ahead = owns || profile.ahead.happens(draws.nth(AHEAD));
        let mut in_batch = std::mem::take(&mut self.in_batch);
        in_batch.clear();
        in_batch.insert(first);
        let board = &self.team.board;
        for &task in self.team.graph.topological() {
            if tasks.len() as u32 >= most {
                break;
            }
            let is_open = if owns {
                board.is_owned(task, agent)
            } else {
                board.status(task) == Status::Pending && self.team.able.contains(agent, task)
            };
            if task == first || !is_open || !board.is_visible(task) || board.is_barred(task) {
                continue;
            }
            // Its own chain is worked through in one call; of the pool, only what is ready unless the agent looks ahead.
            let depends_on = &self.team.graph[task].depends_on;
            let follows = || depends_on.iter().all(|&on| board.status(on) == Status::Done || in_batch.contains(on));
            if board.is_startable(task) || ahead && follows() {
                in_batch.insert(task);
                tasks.push(self.planned(task));
            }
        }
        self.in_batch = in_batch;
    }
}
