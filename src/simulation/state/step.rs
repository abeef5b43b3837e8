//! State of agents and tasks between events: the step in flight, and the tasks that it plans to change.

use crate::engine::{Stream, Time};
use crate::record::{InputParts, StepKind, WaitCause};
use crate::team::AgentId;
use crate::workload::{ArtifactId, TaskId};

/// State of an agent.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct AgentState {
    /// Index of its compiled profile.
    pub(in crate::simulation) profile: usize,
    /// Steps started: keys its draws.
    pub(in crate::simulation) steps: u32,
    /// Stream of its next decision, opened ahead, off the critical path.
    pub(in crate::simulation) choice: Stream,
    /// Latency factor that it keeps for the run.
    pub(in crate::simulation) effect: f64,
    pub(in crate::simulation) is_busy: bool,
    pub(in crate::simulation) is_down: bool,
    /// True if its last attempt was rejected: it is asked after the others of its next round.
    pub(in crate::simulation) is_rejected: bool,
    /// Time since which it is not busy.
    pub(in crate::simulation) free_since: Time,
    /// The last round in which it has replied.
    pub(in crate::simulation) replied_in: u32,
    /// The step in flight.
    pub(in crate::simulation) flight: Flight,
}

/// A step in flight, with everything that it carries to its commit.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Flight {
    pub(in crate::simulation) step: InFlightStep,
    /// Planned effects on tasks; on the plain path, `step.first` alone.
    pub(in crate::simulation) tasks: Vec<PlannedTask>,
    /// Contents of the artifacts of these tasks, as read at the decision.
    pub(in crate::simulation) read: Vec<u64>,
    /// Artifacts of which the step holds the locks.
    pub(in crate::simulation) locked: Vec<ArtifactId>,
    /// Planned assignments of an assigning step.
    pub(in crate::simulation) assignments: Vec<(TaskId, AgentId)>,
    /// Waits within the step: in queues and for locks.
    pub(in crate::simulation) waits: Vec<(WaitCause, Time, Time)>,
    /// Services of the step: the resource, from, to; true if the agent was held up.
    pub(in crate::simulation) services: Vec<(u32, Time, Time, bool)>,
    /// Parts of the input of the call.
    pub(in crate::simulation) parts: InputParts,
    /// Time for which a crashing step takes its agent offline.
    pub(in crate::simulation) recovery: Time,
}

/// A reply that is served while its agent goes on.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct Parked {
    pub(in crate::simulation) agent: Option<AgentId>,
    pub(in crate::simulation) flight: Flight,
}

/// A step between decision and commit.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulation) struct InFlightStep {
    pub(in crate::simulation) kind: StepKind,
    pub(in crate::simulation) fault: StepFault,
    /// The first task, and the ordinal of this start on it.
    pub(in crate::simulation) first: PlannedTask,
    pub(in crate::simulation) ordinal: u32,
    /// Number of accepted attempts at the decision.
    pub(in crate::simulation) seen_accepted: u32,
    /// Number of resources passed.
    pub(in crate::simulation) stage: u32,
    pub(in crate::simulation) start: Time,
    /// End of the agent's own part, if the agent went on while its task is served.
    pub(in crate::simulation) left: Option<Time>,
    /// The call and the agent's own tools.
    pub(in crate::simulation) latency: Time,
    /// The call alone.
    pub(in crate::simulation) call: Time,
    /// Part of the call that waits for the locks of what it writes; none once it has them.
    pub(in crate::simulation) write: Option<Time>,
    pub(in crate::simulation) waited: Time,
    pub(in crate::simulation) service: Time,
    pub(in crate::simulation) input_tokens: u32,
    pub(in crate::simulation) cached_tokens: u32,
    pub(in crate::simulation) output_tokens: u32,
    /// True if the end of the run cuts it off.
    pub(in crate::simulation) is_cut: bool,
}

/// Planned effects of a step on a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::simulation) struct PlannedTask {
    pub(in crate::simulation) task: TaskId,
    /// Version of the task at the decision.
    pub(in crate::simulation) seen: u32,
    /// First word of its artifacts in [`Flight::read`].
    pub(in crate::simulation) read: u32,
    pub(in crate::simulation) effects: Effects,
}

/// Kinds of planned effects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulation) struct Effects {
    pub(in crate::simulation) writes: bool,
    pub(in crate::simulation) claims: bool,
    pub(in crate::simulation) completes: bool,
    /// Settled at the commit: the writes are based on contents that have changed, or contradict those of others.
    pub(in crate::simulation) conflict: Option<Conflict>,
}

/// Kind of conflict of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulation) enum Conflict {
    /// Something that it read or writes has changed: rejected always, under `optimistic`.
    Stale,
    /// A contradiction to accepted work in meaning: rejected if that is noticed.
    Semantic,
}

impl Effects {
    /// Returns true if the step works on the task, and does not only ask for it.
    pub(in crate::simulation) fn acts(self) -> bool {
        self.writes || self.completes
    }
}

impl Default for Effects {
    /// An attempt: it writes, claims and completes its task.
    fn default() -> Effects {
        Effects { writes: true, claims: true, completes: true, conflict: None }
    }
}

/// Fault of a step, settled at its start and known at its commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulation) enum StepFault {
    None,
    /// No effect.
    NoProgress,
    /// Its effects are lost, and the agent is offline for a while.
    Crash,
}

/// Outcome of one task of a reply, by which its time is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulation) enum AttemptOutcome {
    /// Accepted.
    Done,
    /// Rejected: to be done again.
    Retry,
    /// The claim was lost, blocked or forgotten.
    Lost,
}

/// State of a task besides the board.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(in crate::simulation) struct TaskState {
    /// The identity that keys its draws.
    pub(in crate::simulation) key: u64,
    /// The first artifact that it writes.
    pub(in crate::simulation) first_write: ArtifactId,
    /// Its size over the mean size of the workload.
    pub(in crate::simulation) relative_size: f64,
    /// True if it declares its reads and writes.
    pub(in crate::simulation) declares: bool,
    // What a run changes.
    /// Stream of its difficulty: the draws that all attempts share.
    pub(in crate::simulation) difficulty: Stream,
    /// Stream of its next start, opened ahead.
    pub(in crate::simulation) latency: Stream,
    /// Stream of its next attempt, opened ahead, off the critical path.
    pub(in crate::simulation) attempt: Stream,
    /// Attempts that were committed with a granted claim.
    pub(in crate::simulation) attempts: u32,
    /// Time of the attempt that completed it.
    pub(in crate::simulation) spent: Time,
    /// True if the output of the completion is right.
    pub(in crate::simulation) is_right: bool,
    /// True if it is said to be done and is not.
    pub(in crate::simulation) is_premature: bool,
    /// Artifacts that no longer contain its update.
    pub(in crate::simulation) missing: u32,
    /// Times that its work was lost.
    pub(in crate::simulation) losses: u32,
    /// True if the present loss was noticed.
    pub(in crate::simulation) is_loss_noticed: bool,
}

impl Default for InFlightStep {
    fn default() -> InFlightStep {
        InFlightStep {
            kind: StepKind::Idle,
            fault: StepFault::None,
            first: PlannedTask::default(),
            ordinal: 0,
            seen_accepted: 0,
            stage: 0,
            start: Time::ZERO,
            left: None,
            latency: Time::ZERO,
            call: Time::ZERO,
            write: None,
            waited: Time::ZERO,
            service: Time::ZERO,
            input_tokens: 0,
            cached_tokens: 0,
            output_tokens: 0,
            is_cut: false,
        }
    }
}

impl InFlightStep {
    /// Sets what the plain form of the loop uses of a step that begins; it leaves all else at the default.
    #[inline]
    pub(in crate::simulation) fn begin_plain(&mut self, step: &InFlightStep) {
        self.kind = step.kind;
        self.first.task = step.first.task;
        self.first.seen = step.first.seen;
        self.ordinal = step.ordinal;
        self.start = step.start;
        self.latency = step.latency;
        self.input_tokens = step.input_tokens;
        self.cached_tokens = step.cached_tokens;
        self.output_tokens = step.output_tokens;
    }
}

/// The entity that an agent's step is to the streams.
#[inline]
pub(in crate::simulation) fn step_entity(agent: AgentId, step: u32) -> u64 {
    u64::from(agent) << 32 | u64::from(step)
}
