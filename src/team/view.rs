//! View of an agent at its decision. The board is shared, so the view is the board itself, at this moment; calls
//! under way do not show, which is the cause of staleness.

use std::sync::Arc;

use crate::engine::idset::{Words, ones, select};
use crate::engine::{BitMatrix, Stream, Time};
use crate::team::{AgentId, Board, Mail, Status};
use crate::workload::{TaskGraph, TaskId};

/// State that the whole team shares and sees.
#[derive(Clone)]
pub(crate) struct SharedState {
    pub(crate) now: Time,
    pub(crate) lead: Option<AgentId>,
    pub(crate) graph: Arc<TaskGraph>,
    pub(crate) board: Board,
    pub(crate) mail: Mail,
    /// By agent: the tasks that it has the skill for.
    pub(crate) able: BitMatrix<AgentId, TaskId>,
    /// Expected seconds of each task.
    pub(crate) expected_seconds: Arc<[f64]>,
}

/// The team as one agent sees it now. Architectures read it and nothing else.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) me: AgentId,
    pub(crate) team: &'a SharedState,
}

impl<'a> View<'a> {
    /// The agent that is asked.
    #[inline]
    pub fn me(&self) -> AgentId {
        self.me
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.team.now
    }

    /// Number of agents of the team.
    #[inline]
    pub fn agents(&self) -> u32 {
        self.team.able.rows() as u32
    }

    /// Returns true if I am the lead of a team of more than one. A lead alone works itself.
    #[inline]
    pub fn am_lead(&self) -> bool {
        self.team.lead == Some(self.me)
    }

    /// Returns true if the team has a lead.
    #[inline]
    pub fn has_lead(&self) -> bool {
        self.team.lead.is_some()
    }

    /// The agents that work on tasks: all but a lead.
    pub fn workers(&self) -> impl Iterator<Item = AgentId> + use<'a> {
        let lead = self.team.lead;
        AgentId::all(self.team.able.rows()).filter(move |&agent| Some(agent) != lead)
    }

    /// The tasks and their dependencies.
    pub fn graph(&self) -> &'a TaskGraph {
        &self.team.graph
    }

    /// Status of a task on the board.
    pub fn status(&self, task: TaskId) -> Status {
        self.team.board.status(task)
    }

    /// The tasks that nobody has, that wait for nothing, and that I have the skill for.
    #[inline]
    pub fn ready(&self) -> TaskList<'a> {
        TaskList { tasks: self.team.board.ready().words(), among: self.team.able.row(self.me) }
    }

    /// The tasks that I own, whether or not they can be started.
    #[inline]
    pub fn mine(&self) -> TaskList<'a> {
        let mine = self.team.board.owned(self.me);
        TaskList { tasks: mine, among: mine }
    }

    /// The tasks that I own and that wait for nothing.
    #[inline]
    pub fn mine_ready(&self) -> TaskList<'a> {
        TaskList { tasks: self.team.board.owned(self.me), among: self.team.board.startable().words() }
    }

    /// Returns true if an agent owns nothing that it could work on. Its tasks may wait for one that was reopened, and
    /// somebody must be free to take that one.
    pub fn is_free(&self, agent: AgentId) -> bool {
        TaskList { tasks: self.team.board.owned(agent), among: self.team.board.startable().words() }.is_empty()
    }

    /// Returns true if an agent has the skill for a task.
    pub fn is_able(&self, agent: AgentId, task: TaskId) -> bool {
        self.team.able.contains(agent, task)
    }

    /// Returns true if there is a ready task that some free worker could take.
    pub fn can_hand_out(&self) -> bool {
        let ready = self.team.board.ready().words();
        self.workers().any(|worker| {
            let able = self.team.able.row(worker);
            self.is_free(worker) && !TaskList { tasks: ready, among: able }.is_empty()
        })
    }

    /// Expected seconds of an attempt on a task.
    pub fn expected_seconds(&self, task: TaskId) -> f64 {
        self.team.expected_seconds[task.index()]
    }

    /// The agent whose attempt on a task was rejected last.
    pub fn rejected(&self, task: TaskId) -> Option<AgentId> {
        self.team.board.rejected(task)
    }

    /// Returns true if a task is on the board and unowned, startable or not.
    pub fn is_unowned(&self, task: TaskId) -> bool {
        self.team.board.is_visible(task) && self.team.board.status(task) == Status::Pending
    }

    /// The tasks that nobody has and that wait for nothing, whatever skill they need.
    pub fn ready_for_anyone(&self) -> TaskList<'a> {
        TaskList { tasks: self.team.board.ready().words(), among: self.team.board.ready().words() }
    }

    /// Returns true if some task is unowned, startable or not, and some worker has the skill for it.
    pub fn can_assign(&self) -> bool {
        let mut unowned = TaskId::all(self.team.board.len()).filter(|&task| self.is_unowned(task));
        unowned.any(|task| self.workers().any(|worker| self.is_able(worker, task)))
    }

    /// Number of messages I have not read.
    pub fn unread(&self) -> u32 {
        self.team.mail.unread(self.me)
    }
}

/// Tasks in list order.
#[derive(Clone, Copy)]
pub struct TaskList<'a> {
    tasks: Words<'a>,
    among: Words<'a>,
}

impl TaskList<'_> {
    /// The list as one word, if there are at most 64 tasks: the common case, and a much shorter way.
    #[inline]
    fn only_word(&self) -> Option<u64> {
        if self.tasks.more.is_empty() { Some(self.tasks.first & self.among.first) } else { None }
    }

    #[inline]
    fn words(&self) -> impl Iterator<Item = u64> {
        self.tasks.iter().zip(self.among.iter()).map(|(tasks, among)| tasks & among)
    }

    /// The first of the list.
    #[inline]
    pub fn first(&self) -> Option<TaskId> {
        match self.only_word() {
            Some(0) => None,
            Some(word) => Some(TaskId::new(word.trailing_zeros())),
            None => self.iter().next(),
        }
    }

    /// Any of the list, each as likely.
    #[inline]
    pub fn random(&self, rng: &mut Stream) -> Option<TaskId> {
        match self.only_word() {
            Some(0) => None,
            Some(word) => Some(TaskId::new(select(word, rng.below(word.count_ones())))),
            None => random_of_many(*self, rng),
        }
    }

    /// Number of there are.
    #[inline]
    pub fn len(&self) -> u32 {
        self.words().map(u64::count_ones).sum()
    }

    /// Returns true if there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.words().all(|word| word == 0)
    }

    /// All of them, in list order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = TaskId> {
        ones(self.words()).map(TaskId::new)
    }
}

#[cold]
#[inline(never)]
fn random_of_many(list: TaskList<'_>, rng: &mut Stream) -> Option<TaskId> {
    let len = list.len();
    if len == 0 {
        return None;
    }
    let mut rank = rng.below(len);
    for (at, word) in list.words().enumerate() {
        let ones = word.count_ones();
        if rank < ones {
            return Some(TaskId::new(at as u32 * 64 + select(word, rank)));
        }
        rank -= ones;
    }
    None
}
