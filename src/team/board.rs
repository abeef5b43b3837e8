//! The shared board: each task's state, who owns it, and what can be started. A state machine, told nothing of time.
//!
//! ```text
//!             assign                claim                complete
//!   pending ----------> assigned ----------> claimed ----------------> done
//!      |  ^                 |                 |  |  ^                    |
//!      |  +--- release -----|-----------------+  +--|-- orphan -> orphaned
//!      +------- claim ------+-----------------------+                    |
//!      ^                                                                 |
//!      +------------------------------ reopen ---------------------------+
//! ```
//!
//! The version of a task is the fence: a claim is granted only if the task has the version that was seen. It rises on a
//! completion, a reopening, and a claim taken away from outside. A rejected attempt changes no version.
//!
//! Invariants: a task is in the ready set if and only if it is pending, waits for nothing and is not barred; `done` counts
//! the tasks that are done, `pending` the visible ones that no agent has; a task's version only grows.

#![expect(clippy::inline_always, reason = "once a step, from one place")]

use std::ops::Range;

use crate::engine::idset::Words;
use crate::engine::{BitMatrix, Id, IdSet, InlineVec, Time};
use crate::team::AgentId;
use crate::team::task_entry::{ClaimOutcome, NOBODY, Opened, Status, TaskEntry};
use crate::workload::{TaskGraph, TaskId};

/// All tasks of a run.
#[derive(Clone, Debug)]
pub struct Board {
    tasks: InlineVec<TaskId, TaskEntry>,
    fresh: InlineVec<TaskId, TaskEntry>,
    /// Dependents of every task, concatenated.
    dependents: Vec<TaskId>,
    /// Pending and waiting for nothing.
    ready: IdSet<TaskId>,
    fresh_ready: IdSet<TaskId>,
    fresh_startable: IdSet<TaskId>,
    /// Waiting for nothing, whoever has it, done or not.
    startable: IdSet<TaskId>,
    /// By agent: assigned to it, and not done.
    owned: BitMatrix<AgentId, TaskId>,
    fresh_owned: BitMatrix<AgentId, TaskId>,
    /// Released: it may be seen.
    visible: IdSet<TaskId>,
    fresh_visible: IdSet<TaskId>,
    /// Hidden for now, as its artifacts are locked.
    barred: IdSet<TaskId>,
    done: u32,
    pending: u32,
    fresh_pending: u32,
    /// All tasks fit into one word of a set.
    is_narrow: bool,
}

impl Board {
    /// The board at the start of a run. Without `dependencies` no task waits for another.
    pub fn new(graph: &TaskGraph, agents: usize, dependencies: bool) -> Board {
        let mut dependents: Vec<TaskId> = Vec::new();
        let mut fresh: Vec<TaskEntry> = Vec::with_capacity(graph.len());
        for task in graph.tasks() {
            let first = dependents.len() as u32;
            if dependencies {
                dependents.extend(&task.dependents);
            }
            let open = if dependencies { task.depends_on.len() as u32 } else { 0 };
            let waits_for = open + u32::from(task.release > Time::ZERO);
            fresh.push(TaskEntry {
                status: Status::Pending,
                version: 0,
                starts: 0,
                waits_for,
                owner: NOBODY,
                rejected: NOBODY,
                dependents: (first, dependents.len() as u32),
            });
        }
        let mut fresh_ready = IdSet::empty(graph.len());
        let mut visible = IdSet::full(graph.len());
        for (task, _) in graph.tasks().iter().enumerate().filter(|(_, task)| task.release > Time::ZERO) {
            visible.remove(TaskId::at(task));
        }
        for (task, entry) in fresh.iter().enumerate().filter(|(_, entry)| entry.waits_for == 0) {
            debug_assert!(entry.status == Status::Pending);
            fresh_ready.insert(TaskId::at(task));
        }
        let fresh: InlineVec<TaskId, TaskEntry> = fresh.into_iter().collect();
        Board {
            tasks: fresh.clone(),
            dependents,
            ready: fresh_ready.clone(),
            startable: fresh_ready.clone(),
            fresh_startable: fresh_ready.clone(),
            fresh,
            fresh_pending: visible.len() as u32,
            fresh_ready,
            owned: BitMatrix::empty(agents, graph.len()),
            fresh_owned: BitMatrix::empty(agents, graph.len()),
            fresh_visible: visible.clone(),
            pending: visible.len() as u32,
            visible,
            barred: IdSet::empty(graph.len()),
            done: 0,
            is_narrow: graph.len() <= 64,
        }
    }

    /// Takes back all assignments before the start, and shows all tasks to the next assignment.
    pub fn begin_deal(&mut self) {
        for task in TaskId::all(self.fresh.len()) {
            if let Status::Assigned(agent) = self.fresh[task].status {
                self.fresh[task].status = Status::Pending;
                self.fresh[task].owner = NOBODY;
                self.fresh_owned.remove(agent, task);
                if self.fresh_startable.contains(task) {
                    self.fresh_ready.insert(task);
                }
                self.fresh_pending += u32::from(self.fresh_visible.contains(task));
            }
        }
        self.clear();
        TaskId::all(self.fresh.len()).for_each(|task| self.visible.insert(task));
    }

    /// Back to the start of a run.
    pub fn clear(&mut self) {
        self.tasks.copy_from(&self.fresh);
        self.ready.copy_from(&self.fresh_ready);
        self.startable.copy_from(&self.fresh_startable);
        self.visible.copy_from(&self.fresh_visible);
        self.owned.copy_from(&self.fresh_owned);
        self.barred.clear();
        self.done = 0;
        self.pending = self.fresh_pending;
    }

    /// Sets the assignments with which every run starts.
    pub fn assign_before_start(&mut self, deals: &[(TaskId, AgentId)]) {
        for &(task, agent) in deals {
            self.fresh[task].status = Status::Assigned(agent);
            self.fresh[task].owner = agent;
            self.fresh_owned.insert(agent, task);
            self.fresh_ready.remove(task);
            self.fresh_pending -= u32::from(self.fresh_visible.contains(task));
        }
        self.clear();
    }

    /// Returns the agent to which a task is assigned before the start.
    pub fn assigned_before_start(&self, task: TaskId) -> Option<AgentId> {
        match self.fresh[task].status {
            Status::Assigned(agent) => Some(agent),
            _ => None,
        }
    }

    /// Number of tasks.
    #[inline]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Returns true if there is no task.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Returns true if every task is said to be done.
    #[inline]
    pub fn all_done(&self) -> bool {
        self.done as usize == self.tasks.len()
    }

    /// Number of visible tasks that no agent has.
    #[inline]
    pub fn pending(&self) -> u32 {
        self.pending
    }

    /// The agent whose attempt on the task was rejected last.
    pub fn rejected(&self, task: TaskId) -> Option<AgentId> {
        Some(self.tasks[task].rejected).filter(|&agent| agent != NOBODY)
    }

    /// Number of tasks that are said to be done.
    pub fn done(&self) -> u32 {
        self.done
    }

    /// Status of a task.
    #[inline]
    pub fn status(&self, task: TaskId) -> Status {
        self.tasks[task].status
    }

    /// Version of a task, which a step remembers.
    #[inline]
    pub fn version(&self, task: TaskId) -> u32 {
        self.tasks[task].version
    }

    /// Returns true if a task waits for nothing.
    #[inline]
    pub fn is_startable(&self, task: TaskId) -> bool {
        self.tasks[task].waits_for == 0
    }

    /// Tasks that nobody has and that wait for nothing.
    #[inline]
    pub fn ready(&self) -> &IdSet<TaskId> {
        &self.ready
    }

    /// Tasks that wait for nothing, whoever has them, done or not.
    #[inline]
    pub fn startable(&self) -> &IdSet<TaskId> {
        &self.startable
    }

    /// Tasks that were assigned to `agent` and are not done, as words of a bitset.
    #[inline]
    pub fn owned(&self, agent: AgentId) -> Words<'_> {
        self.owned.row(agent)
    }

    /// Returns true if a task is assigned to `agent` or, having been assigned to it, claimed by it.
    #[inline]
    pub fn is_owned(&self, task: TaskId, agent: AgentId) -> bool {
        self.tasks[task].owner == agent
    }

    /// Gives a pending task to an agent; says whether it was pending.
    pub fn assign(&mut self, task: TaskId, agent: AgentId) -> bool {
        let entry = &mut self.tasks[task];
        if entry.status != Status::Pending {
            return false;
        }
        entry.status = Status::Assigned(agent);
        entry.owner = agent;
        self.pending -= 1;
        self.ready.remove(task);
        self.owned.insert(agent, task);
        true
    }

    /// A step begins on a task; returns the task's version, and how many steps have begun on it before.
    #[inline]
    pub fn start(&mut self, task: TaskId) -> (u32, u32) {
        self.tasks[task].start()
    }

    /// A step begins on a task and asks for it at once: [`Board::start`] and [`Board::claim`] in one.
    #[inline]
    pub fn start_claiming(&mut self, task: TaskId, agent: AgentId) -> ((u32, u32), ClaimOutcome) {
        let entry = &mut self.tasks[task];
        let started = entry.start();
        (started, entry.claim((&mut self.ready, &mut self.pending), task, agent, true))
    }

    /// `agent`, which has seen the task at version `seen`, asks for it. A task that it owns is its own even while
    /// dependencies are open; an unowned one is blocked then, if `check` is set.
    #[inline]
    pub fn claim(&mut self, task: TaskId, agent: AgentId, seen: u32, check: bool) -> ClaimOutcome {
        let entry = &mut self.tasks[task];
        // What changed since the decision surfaces here.
        if entry.version == seen {
            entry.claim((&mut self.ready, &mut self.pending), task, agent, check)
        } else {
            ClaimOutcome::Lost
        }
    }

    /// A claimed task is not finished: it stays with the agent it was assigned to, or goes back to the pool.
    #[inline]
    pub fn release(&mut self, task: TaskId, agent: AgentId) {
        let entry = &mut self.tasks[task];
        if entry.owner == agent {
            entry.status = Status::Assigned(agent);
        } else {
            entry.status = Status::Pending;
            self.pending += 1;
            if entry.waits_for == 0 && !self.barred.contains(task) {
                self.ready.insert(task);
            }
        }
    }

    /// Releases a claimed task whose attempt was rejected.
    #[inline]
    pub fn reject(&mut self, task: TaskId, agent: AgentId) {
        self.tasks[task].rejected = agent;
        self.release(task, agent);
    }

    /// Takes a task back from its owner, who does not work on it at the moment.
    pub fn disown(&mut self, task: TaskId, agent: AgentId) {
        if self.status(task) == Status::Assigned(agent) {
            self.owned.remove(agent, task);
            self.tasks[task].owner = NOBODY;
            self.give_back(task, None);
        }
    }

    /// Hides a task from all agents while its artifacts are locked.
    pub fn bar(&mut self, task: TaskId) {
        self.barred.insert(task);
        self.ready.remove(task);
        self.startable.remove(task);
    }

    /// Shows a task again whose artifacts are no longer locked.
    pub fn unbar(&mut self, task: TaskId) {
        self.barred.remove(task);
        let entry = &self.tasks[task];
        if entry.waits_for == 0 {
            self.startable.insert(task);
            if entry.status == Status::Pending {
                self.ready.insert(task);
            }
        }
    }

    /// Returns true if a task is hidden because its artifacts are locked.
    pub fn is_barred(&self, task: TaskId) -> bool {
        self.barred.contains(task)
    }

    /// A claimed task is forgotten.
    pub fn orphan(&mut self, task: TaskId, agent: AgentId) {
        let entry = &mut self.tasks[task];
        entry.status = Status::Orphaned(agent);
        entry.owner = NOBODY;
        self.owned.remove(agent, task);
    }

    /// A forgotten claim runs out: the task goes back to `owner` or to the pool. Says whether it was still forgotten.
    pub fn reclaim(&mut self, task: TaskId, owner: Option<AgentId>) -> bool {
        if !matches!(self.status(task), Status::Orphaned(_)) {
            return false;
        }
        self.tasks[task].version += 1;
        self.give_back(task, owner);
        true
    }

    /// A claimed task is said to be done; says whether that made others startable.
    #[inline(always)]
    pub fn complete(&mut self, task: TaskId, agent: AgentId) -> bool {
        let entry = &mut self.tasks[task];
        entry.status = Status::Done;
        entry.version += 1;
        let (first, last) = entry.dependents;
        if entry.owner == agent {
            entry.owner = NOBODY;
            self.owned.remove(agent, task);
        }
        self.done += 1;
        if !self.is_narrow {
            return self.open_dependents(first..last);
        }
        let mut woke = false;
        let mut opened = Opened::default();
        for &dependent in &self.dependents[first as usize..last as usize] {
            let dependent = TaskId::new(dependent.bit());
            woke |= self.tasks[dependent].waits_for_one_less(&mut opened, dependent.get());
        }
        self.open(0, opened);
        woke
    }

    /// Updates the dependents of a completed task, for [`Board::complete`], wherever in the sets they are.
    #[inline(never)]
    fn open_dependents(&mut self, places: Range<u32>) -> bool {
        let mut woke = false;
        for place in places {
            woke |= self.waits_for_one_less(self.dependents[place as usize]);
        }
        woke
    }

    fn waits_for_one_less(&mut self, task: TaskId) -> bool {
        let mut opened = Opened::default();
        let woke = self.tasks[task].waits_for_one_less(&mut opened, task.bit());
        self.open(task.word(), opened);
        woke
    }

    #[inline]
    fn open(&mut self, word: usize, opened: Opened) {
        let shown = !self.barred.word(word);
        self.startable.insert_all(word, opened.startable & shown);
        self.ready.insert_all(word, opened.ready & shown);
    }

    /// Returns true if a task is visible: it has been released.
    pub fn is_visible(&self, task: TaskId) -> bool {
        self.visible.contains(task)
    }

    /// A task is released: it may be seen from now on. Says whether it can be started.
    pub fn publish(&mut self, task: TaskId) -> bool {
        self.visible.insert(task);
        self.pending += u32::from(self.status(task) == Status::Pending);
        self.waits_for_one_less(task)
    }

    /// A task said to be done turns out not to be; what depends on it waits again, unless it is done.
    pub fn reopen(&mut self, task: TaskId, owner: Option<AgentId>) {
        self.done -= 1;
        self.tasks[task].version += 1;
        let (first, last) = self.tasks[task].dependents;
        for &dependent in &self.dependents[first as usize..last as usize] {
            self.tasks[dependent].waits_for += 1;
            self.ready.remove(dependent);
            self.startable.remove(dependent);
        }
        self.give_back(task, owner);
    }

    fn give_back(&mut self, task: TaskId, owner: Option<AgentId>) {
        let entry = &mut self.tasks[task];
        entry.status = owner.map_or(Status::Pending, Status::Assigned);
        if let Some(agent) = owner {
            entry.owner = agent;
            self.owned.insert(agent, task);
        } else {
            self.pending += 1;
            if entry.waits_for == 0 && !self.barred.contains(task) {
                self.ready.insert(task);
            }
        }
    }
}
