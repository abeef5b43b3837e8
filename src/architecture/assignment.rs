//! Assignment of tasks to agents: a deterministic function of the view.

use crate::team::{AgentId, AssignmentRule, Status, View};
use crate::workload::TaskId;

/// Assigner of tasks. Keeps its working memory, so that an assignment during a run allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Assigner {
    assigned: Vec<(TaskId, AgentId)>,
    workers: Vec<AgentId>,
    owner_of: Vec<Option<AgentId>>,
    /// Tasks that a dependent has followed to their owner.
    is_followed: Vec<bool>,
    order: Vec<TaskId>,
    load: Vec<f64>,
}

impl Assigner {
    /// Assigns the tasks that nobody owns. Only workers with the skill for it get a task; a task that no
    /// worker can do stays on the board.
    pub fn assign(&mut self, rule: AssignmentRule, view: &View<'_>) -> &[(TaskId, AgentId)] {
        self.assigned.clear();
        self.workers.clear();
        self.workers.extend(view.workers());
        match rule {
            AssignmentRule::ChainAffine => self.in_turn(view, true),
            AssignmentRule::RoundRobin => self.in_turn(view, false),
            AssignmentRule::Lpt => self.longest_first(view),
            AssignmentRule::ToFree => self.each_free(view, usize::MAX),
            AssignmentRule::OneToFree => self.each_free(view, 1),
        }
        &self.assigned
    }

    /// Topological order, one to each worker in turn. With `affine`, the first dependent of a task goes to the owner of the
    /// task, if the task is its last dependency; further dependents go on in turn.
    fn in_turn(&mut self, view: &View<'_>, affine: bool) {
        self.owner_of.clear();
        self.owner_of.extend(TaskId::all(view.graph().len()).map(|task| owner(view, task)));
        self.is_followed.clear();
        self.is_followed.resize(view.graph().len(), false);
        let workers = &self.workers;
        let mut turn = 0;
        for &task in view.graph().topological() {
            if !view.is_unowned(task) {
                continue;
            }
            let last = view.graph()[task].depends_on.last().filter(|on| affine && !self.is_followed[on.index()]);
            let owner = last.and_then(|&on| Some((on, self.owner_of[on.index()]?)));
            let agent = if let Some((on, agent)) = owner.filter(|&(_, agent)| view.is_able(agent, task)) {
                self.is_followed[on.index()] = true;
                agent
            } else {
                let mut in_turn = (turn..turn + workers.len()).map(|place| (place, workers[place % workers.len()]));
                let Some((place, agent)) = in_turn.find(|&(_, agent)| view.is_able(agent, task)) else { continue };
                turn = place + 1;
                agent
            };
            self.owner_of[task.index()] = Some(agent);
            self.assigned.push((task, agent));
        }
    }

    /// Longest expected time first (ties in list order), each to the able worker that has least so far.
    fn longest_first(&mut self, view: &View<'_>) {
        let graph = view.graph();
        let workers = &self.workers;
        self.load.clear();
        self.load.resize(workers.len(), 0.0);
        self.order.clear();
        self.order.extend(TaskId::all(graph.len()).filter(|&task| view.is_unowned(task)));
        // Unstable sorting needs no memory, and list order as the last key makes it a total order.
        let seconds = |task| view.expected_seconds(task);
        self.order.sort_unstable_by(|&a, &b| seconds(b).total_cmp(&seconds(a)).then(a.cmp(&b)));
        let load = &mut self.load;
        for &task in &self.order {
            let able = (0..workers.len()).filter(|&place| view.is_able(workers[place], task));
            let Some(least) = able.min_by(|&a, &b| load[a].total_cmp(&load[b]).then(a.cmp(&b))) else { continue };
            load[least] += view.expected_seconds(task);
            self.assigned.push((task, workers[least]));
        }
    }

    /// Each ready task in list order to the first free worker that can do it, `most` tasks in all. A worker whose attempt
    /// on the task was rejected last comes after the others.
    fn each_free(&mut self, view: &View<'_>, most: usize) {
        self.workers.retain(|&worker| view.is_free(worker));
        for task in view.ready_for_anyone().iter() {
            if self.assigned.len() == most {
                break;
            }
            let rejected = view.rejected(task);
            let able = |worker: &AgentId| view.is_able(*worker, task);
            let other = self.workers.iter().position(|worker| able(worker) && Some(*worker) != rejected);
            if let Some(index) = other.or_else(|| self.workers.iter().position(able)) {
                self.assigned.push((task, self.workers.remove(index)));
            }
        }
    }
}

fn owner(view: &View<'_>, task: TaskId) -> Option<AgentId> {
    match view.status(task) {
        Status::Assigned(agent) | Status::Claimed(agent) => Some(agent),
        Status::Pending | Status::Orphaned(_) | Status::Done => None,
    }
}
