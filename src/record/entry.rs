//! The entries of a run, in the order in which they happened. All are small and plain: a run is a list of these.

use crate::engine::Time;
use crate::team::AgentId;
use crate::workload::{ArtifactId, TaskId};

/// Purpose of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// Working on tasks.
    Work,
    /// Handing out tasks.
    Assign,
    /// Looking at the board and the mail.
    Monitor,
    /// A call with nothing to do, as idle members of a round are called all the same.
    Idle,
    /// A tool at work, which is no call of a model. Only in recorded runs: a simulated call includes its tools.
    Tool,
    /// A wait that was recorded as a step: for a person, for another agent, for a lock.
    Wait,
}

impl StepKind {
    /// Returns true if a model was called.
    pub fn is_call(self) -> bool {
        !matches!(self, StepKind::Tool | StepKind::Wait)
    }
}

/// An agent has decided and begins to think.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// The agent.
    pub agent: AgentId,
    /// The purpose.
    pub kind: StepKind,
    /// The first task it works on.
    pub task: Option<TaskId>,
    /// The time.
    pub at: Time,
}

/// A step has ended: decided, thought, landed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The agent.
    pub agent: AgentId,
    /// The purpose.
    pub kind: StepKind,
    /// The first task it worked on.
    pub task: Option<TaskId>,
    /// Number of tasks that it worked on.
    pub tasks: u32,
    /// The round it belongs to, from 1; 0 without rounds.
    pub round: u32,
    /// Time of the decision.
    pub start: Time,
    /// Time of the commit.
    pub end: Time,
    /// The call and the agent's own tools: from decision to arrival, less any wait for a place to call.
    pub latency: Time,
    /// Waiting for resources and locks within the step.
    pub waited: Time,
    /// Service at shared resources within the step.
    pub service: Time,
    /// Division of its busy time (end - start - waited - service).
    pub spent: TimeSplit,
    /// Input tokens, cached ones included.
    pub input_tokens: u32,
    /// Input tokens read from the cache.
    pub cached_tokens: u32,
    /// Output tokens.
    pub output_tokens: u32,
    /// True for a step that the end of the run has cut off: its time counts, and nothing else. Its busy time is lost.
    pub is_cut: bool,
}

/// Busy time by what became of it. With waiting it makes up all of a team's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TimeSplit {
    /// Attempts that got their task done.
    pub work: Time,
    /// Handing out, monitoring, idle calls.
    pub coordination: Time,
    /// Lost and blocked claims, crashes, calls that changed nothing, steps still under way at the end.
    pub lost: Time,
    /// Attempts that had to be made again: wrong, in conflict, or said to be done and not.
    pub rework: Time,
}

impl TimeSplit {
    /// The whole of it.
    pub fn total(&self) -> Time {
        self.work + self.coordination + self.lost + self.rework
    }
}

/// Something happened to a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TaskEvent {
    /// The task.
    pub task: TaskId,
    /// The agent.
    pub agent: AgentId,
    /// The time.
    pub at: Time,
    /// The kind of event.
    pub kind: TaskEventKind,
}

/// Events of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskEventKind {
    /// Handed to the agent.
    Assigned,
    /// Claimed by the agent.
    Claimed,
    /// Wanted by the agent, but somebody else had it.
    LostClaim,
    /// Wanted by the agent, but something it depends on was not done.
    BlockedClaim,
    /// The completed work is lost: a later write has replaced it. If `noticed`, the task reopens at the audit.
    Overwritten {
        /// True if its output had counted as right.
        right: bool,
        /// True if the loss was found.
        noticed: bool,
    },
    /// Overwritten work is back: a later write contains it.
    Restored {
        /// True if its output counts as right again.
        right: bool,
    },
    /// The accepted attempt is in conflict with the work of others, which nobody noticed.
    ConflictMissed,
    /// Done, or said to be; and whether the output is right.
    Completed {
        /// True if the output is right.
        right: bool,
    },
    /// The attempt was wrong, and a test or a reviewer noticed.
    Rejected,
    /// The attempt was rejected, because it is in conflict with what others had changed meanwhile.
    Conflicted,
    /// The claim was forgotten.
    Orphaned,
    /// A forgotten claim ran out.
    Reclaimed,
    /// The task had been completed prematurely. `spent` is the time that had been booked as work.
    Reopened {
        /// Time of the attempt that had completed it.
        spent: Time,
        /// True if its output had counted as right.
        right: bool,
    },
}

/// An agent's reply wrote an artifact.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Write {
    /// The artifact.
    pub artifact: ArtifactId,
    /// The agent.
    pub agent: AgentId,
    /// Time of the decision of the step that wrote it.
    pub start: Time,
    /// Time of the commit.
    pub at: Time,
    /// The round, from 1; 0 without rounds.
    pub round: u32,
}

/// Tests were run on what an agent's reply had changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TestRun {
    /// The agent whose reply was tested.
    pub agent: AgentId,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// True if something was found wrong.
    pub has_failed: bool,
}

/// Cause for which an agent waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitCause {
    /// Tasks are left, but their dependencies are not done.
    Dependencies,
    /// A ready task waits for the lead to assign it.
    Lead,
    /// The artifacts of every ready task are locked.
    Lock,
    /// A queue at a shared resource, by its index in the scenario.
    Queue(u32),
    /// The slowest member of the round.
    Barrier,
    /// A message.
    Messages,
    /// A pause before a retry.
    Backoff,
    /// The agent itself is offline after a crash.
    Down,
    /// Nothing is left that the agent could do.
    Nothing,
}

/// An agent has waited, for one cause. Intervals of one agent do not overlap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The agent.
    pub agent: AgentId,
    /// The cause.
    pub cause: WaitCause,
    /// From.
    pub start: Time,
    /// To, later than `start`.
    pub end: Time,
}

/// A reply was served by a shared resource.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Service {
    /// The agent whose reply it was.
    pub agent: AgentId,
    /// Index of the resource in the scenario.
    pub resource: u32,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// True if the agent was held up by it; false if it went on with other work.
    pub is_held: bool,
}

/// Parts of the input of a call, besides the prompt and the board. Emitted just before the [`Step`] of a call that has
/// any of these; not for steps that are cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InputParts {
    /// Outputs of dependencies, read for the first time.
    pub reading: u32,
    /// Briefing of an agent that joins.
    pub briefing: u32,
    /// Messages.
    pub messages: u32,
    /// Context of the agent that is sent again.
    pub history: u32,
    /// Input tokens that are written to the prompt cache.
    pub cache_write: u32,
}

/// A message was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// By whom.
    pub from: AgentId,
    /// To whom; none means everybody else.
    pub to: Option<AgentId>,
    /// To how many agents it was delivered.
    pub deliveries: u32,
    /// The time.
    pub at: Time,
}

/// A round has ended: everybody has reached the barrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// Time of its begin.
    pub start: Time,
    /// Time of the last commit.
    pub end: Time,
}

/// End of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All tasks are done.
    #[default]
    Completed,
    /// Nobody can act, and nothing will happen by itself.
    Stalled,
    /// A limit on rounds, time or tokens was reached: the run is censored.
    OutOfTime,
}

impl Ending {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Ending::Completed => "completed",
            Ending::Stalled => "stalled",
            Ending::OutOfTime => "out_of_time",
        }
    }
}

/// Any entry, for those who keep them all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A step began.
    Start(Start),
    /// A task changed.
    Task(TaskEvent),
    /// An artifact was written.
    Write(Write),
    /// Tests were run.
    Test(TestRun),
    /// A message was sent.
    Message(Message),
    /// An agent has waited.
    Wait(Wait),
    /// A reply was served.
    Service(Service),
    /// Parts of the input of an agent's call.
    Input(AgentId, InputParts),
    /// A step ended.
    Step(Step),
    /// A round ended.
    Round(Round),
    /// The run ended, at this time.
    End(Ending, Time),
}
