//! The loop: decide, think, commit. A [`Simulator`] is made once for a scenario and runs any number of replications;
//! after the first few it allocates nothing.

#![expect(clippy::inline_always, reason = "the plain loop is fast as one function that keeps values in registers")]

use crate::architecture::assignment::Assigner;
use crate::architecture::{Architecture, ProtocolSpec};
use crate::engine::inline_vec::INLINE_LEN;
use crate::engine::rng::{Bernoulli, KeySource};
use crate::engine::{EventQueue, Id, IdSet, InlineVec, Keys, Purpose, Sampler, Stream, Time};
use crate::record::{Ending, Observer, Round, StepKind, TaskEventKind};
use crate::simulation::compiled_profile::Minds;
use crate::simulation::learned_state::Habits;
use crate::simulation::wait_sets::Wakes;
use crate::simulation::{Pacing, Scenario};
use crate::team::{Action, AgentId, Blocks, SharedState, Station, View, WaitFor, Workspace};
use crate::workload::{ArtifactId, TaskId};

pub(super) const ROUND_ENTITY: u64 = 2 << 40;
/// Runs replications of one scenario.
pub struct Simulator<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) terms: ProtocolSpec,
    pub(super) minds: Minds,
    pub(super) stations: Vec<Shared>,
    pub(super) nodes: InlineVec<TaskId, TaskState>,
    pub(super) uses: Uses,
    /// Release times of the tasks that are not available from the start.
    pub(super) releases: Vec<(TaskId, Time)>,
    pub(super) keys: Keys,
    pub(super) key_source: KeySource,
    // What a run changes.
    pub(super) team: SharedState,
    pub(super) round: u32,
    pub(super) queue: EventQueue,
    /// Timed events: releases, expiring leases, recoveries.
    pub(super) timers: EventQueue,
    pub(super) workspace: Workspace,
    pub(super) agents: InlineVec<AgentId, Member>,
    /// Tasks in the order in which attempts on them landed; kept only if they can clash in meaning.
    pub(super) landed: Vec<TaskId>,
    /// Tasks said to be done that are not.
    pub(super) hollow: u32,
    pub(super) dealer: Assigner,
    pub(super) in_batch: IdSet<TaskId>,
    pub(super) wakes: Wakes,
    pub(super) calls: u64,
    pub(super) tokens: u64,
    pub(super) round_effects: Vec<f64>,
    pub(super) recorded_calls: Habits,
}

/// State of a task besides the board, in one place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TaskState {
    /// The identity that keys its draws.
    pub(super) key: u64,
    /// The first artifact that it writes.
    pub(super) first_write: ArtifactId,
    /// True if the task writes this artifact only, without further bookkeeping.
    pub(super) plain_write: bool,
    /// True if it declares its reads and writes.
    pub(super) declares: bool,
    // What a run changes.
    /// The stream of its next start's latency, opened ahead.
    pub(super) latency: Stream,
    /// The stream of the next attempt that lands, opened ahead: what comes of that attempt nobody waits for then.
    pub(super) attempt: Stream,
    /// Time of the attempt that completed it.
    pub(super) spent: Time,
    /// Said to be done and is not.
    pub(super) is_hollow: bool,
}

/// Features that a scenario uses, so that the loop skips the others.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a feature of its own")]
pub(super) struct Uses {
    /// Anything that most scenarios do without: see [`Simulator::run`].
    pub(super) anything_rare: bool,
    pub(super) batches: bool,
    pub(super) locks: bool,
    pub(super) optimistic: bool,
    /// Clashes in meaning, on top of overlapping writes.
    pub(super) clashes: bool,
    /// Latencies that vary between runs, agents, rounds and calls.
    pub(super) effects: bool,
    pub(super) claims_at_once: bool,
    /// Somebody sends messages.
    pub(super) mail: bool,
    /// Somebody hands out tasks, before the start or as they come.
    pub(super) hands_out: bool,
    /// Dependencies are enforced at the claim.
    pub(super) checks_claims: bool,
    pub(super) checks_completions: bool,
    /// Somebody follows habits.
    pub(super) recorded_calls: bool,
}

/// A shared resource at run time.
pub(super) struct Shared {
    pub(super) station: Station,
    /// None: it is held during the call itself.
    pub(super) service: Option<Sampler>,
    pub(super) blocks: Blocks,
    pub(super) share: Bernoulli,
    pub(super) key: u64,
}

/// An agent and its step under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Member {
    pub(super) mind: usize,
    /// Steps started: keys its draws.
    pub(super) steps: u32,
    /// The stream of its next decision, opened ahead: while it thinks nobody waits for that.
    pub(super) choice: Stream,
    /// The latency factor that it keeps for the run.
    pub(super) effect: f64,
    /// Output tokens that it sends along again.
    pub(super) history: u32,
    pub(super) is_busy: bool,
    pub(super) is_down: bool,
    pub(super) step: Underway,
    /// All tasks of the step and their versions as seen, if there is more than one; else empty.
    pub(super) batch: Vec<(TaskId, u32)>,
    /// Assignments of an assigning step.
    pub(super) deals: Vec<(TaskId, AgentId)>,
    /// Time for which a crashing step will take it offline.
    pub(super) away: Time,
}

/// A step between decision and commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Underway {
    pub(super) kind: StepKind,
    pub(super) fate: Fate,
    /// The first task, its version as seen, and the ordinal of this start.
    pub(super) task: TaskId,
    pub(super) seen: u32,
    pub(super) ordinal: u32,
    /// The version of the workspace, and the attempts landed, as seen.
    pub(super) seen_workspace: u32,
    pub(super) seen_landed: u32,
    /// Resources passed.
    pub(super) stage: u32,
    pub(super) start: Time,
    pub(super) latency: Time,
    pub(super) waited: Time,
    pub(super) input_tokens: u32,
    pub(super) cached_tokens: u32,
    pub(super) output_tokens: u32,
}

/// Fate of a step, settled at its start and known at its commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Normal,
    /// No effect.
    Nothing,
    /// Its effects are lost, and the agent is away for a while.
    Crash,
}

impl Default for Underway {
    fn default() -> Underway {
        Underway {
            kind: StepKind::Idle,
            fate: Fate::Normal,
            task: TaskId::new(0),
            seen: 0,
            ordinal: 0,
            seen_workspace: 0,
            seen_landed: 0,
            stage: 0,
            start: Time::ZERO,
            latency: Time::ZERO,
            waited: Time::ZERO,
            input_tokens: 0,
            cached_tokens: 0,
            output_tokens: 0,
        }
    }
}

/// Classes of timers, in the order in which they go off at one time.
pub(super) const RELEASE: u8 = 0;
pub(super) const LEASE: u8 = 1;
pub(super) const RECOVERY: u8 = 2;
/// All that is in the event queue: a step has got to its next stage.
pub(super) const STEP: u8 = 0;

impl Simulator<'_> {
    /// One replication under `architecture`, told to `observer` as it happens. The same replication gives the same
    /// entries, whatever ran before. The architecture is the scenario's own, whose terms were read when the simulator
    /// was made; it is given again so that a caller who knows its type gets a loop compiled for it.
    ///
    /// The loop is compiled twice, with `RARE` features (batches, locks, resources, crashes, several profiles, more
    /// than 64 agents or tasks and the like) and without: what is not there is not asked for at every step, and nothing
    /// that it could have changed is looked up again. It changes no result.
    pub fn run<A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        replication: u64,
        observer: &mut O,
    ) -> Ending {
        self.begin(replication);
        observer.begin(self.agents.len(), self.team.board.len(), self.workspace.len());
        let ending = match (self.scenario.pacing, self.uses.anything_rare) {
            (Pacing::Async, false) => self.run_async::<false, A, O>(architecture, observer),
            (Pacing::Async, true) => self.run_async::<true, A, O>(architecture, observer),
            (Pacing::Rounds { idle_calls }, false) => {
                self.run_rounds::<false, A, O>(architecture, observer, idle_calls)
            }
            (Pacing::Rounds { idle_calls }, true) => self.run_rounds::<true, A, O>(architecture, observer, idle_calls),
        };
        self.cut_off::<true, O>(observer);
        observer.end(ending, self.team.now);
        ending
    }

    fn run_async<const RARE: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
    ) -> Ending {
        loop {
            self.start_steps::<RARE, A, O>(architecture, observer);
            if RARE && !self.timers.is_empty() && self.timers.next_time() <= self.queue.next_time().or(Some(Time::MAX))
            {
                if self.next_timer_is_too_late() {
                    return Ending::OutOfTime;
                }
                self.fire_timer(observer);
            } else {
                let Some(event) = self.queue.pop() else { return Ending::Stalled };
                if event.time() > self.scenario.limits.time {
                    self.queue.push(event.time(), STEP, event.slot());
                    self.team.now = self.scenario.limits.time;
                    return Ending::OutOfTime;
                }
                self.team.now = event.time();
                self.advance::<RARE, O>(known::<RARE, _>(AgentId::new(event.slot())), observer);
                if self.team.board.all_done() && self.passes_audit(observer) {
                    return Ending::Completed;
                }
            }
            if self.is_over_limit() {
                return Ending::OutOfTime;
            }
        }
    }

    fn run_rounds<const RARE: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
        idle_calls: bool,
    ) -> Ending {
        loop {
            while RARE && self.timers.next_time().is_some_and(|at| at <= self.team.now) {
                self.fire_timer(observer);
            }
            let start = self.team.now;
            self.round += 1;
            if self.uses.effects {
                self.draw_round_effects();
            }
            if !self.start_round::<RARE, A, O>(architecture, observer, idle_calls) {
                self.round -= 1;
                if !RARE || self.timers.is_empty() {
                    return Ending::Stalled;
                }
                if self.next_timer_is_too_late() {
                    return Ending::OutOfTime;
                }
                self.fire_timer(observer);
                continue;
            }
            // Replies land in the order in which they arrive; the last one ends the round.
            while let Some(event) = self.queue.pop() {
                self.team.now = event.time();
                self.advance::<RARE, O>(known::<RARE, _>(AgentId::new(event.slot())), observer);
            }
            observer.round(&Round { number: self.round, start, end: self.team.now });
            if self.team.board.all_done() && self.passes_audit(observer) {
                return Ending::Completed;
            }
            if self.is_over_limit() || self.team.now > self.scenario.limits.time {
                return Ending::OutOfTime;
            }
        }
    }

    /// Asks every free agent that has a reason to act, in id order, and starts what it decides.
    #[inline(always)]
    fn start_steps<const RARE: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
    ) {
        let causes = self.wakes.causes();
        for group in 0..if RARE { self.wakes.groups() } else { 1 } {
            let (mut due, waiting) = self.wakes.due(group, causes);
            while due != 0 {
                let asks_all = self.uses.hands_out || RARE && self.uses.recorded_calls;
                if !asks_all && self.team.board.ready().is_empty() {
                    // Nobody owns anything and nothing is ready: who waits for that need not be asked.
                    self.wakes.wait_on(group, due & waiting);
                    due &= !waiting;
                    if due == 0 {
                        break;
                    }
                }
                let agent = known::<RARE, _>(AgentId::new(group as u32 * 64 + due.trailing_zeros()));
                due &= due - 1;
                if RARE && self.has_learned_policy(agent) {
                    self.start_recorded_call(agent, observer);
                    continue;
                }
                let action = self.ask(architecture, agent);
                // Nearly always one of the first two: with the others apart it takes no jump through a table.
                let started = match action {
                    Action::Work(task) => self.start_work::<RARE, O>(agent, known::<RARE, _>(task), observer),
                    Action::Wait(_) => false,
                    other => self.start_other::<RARE, O>(agent, other, observer),
                };
                if !started {
                    self.wakes.sleep(agent, if let Action::Wait(until) = action { until } else { WaitFor::Change });
                }
            }
        }
    }

    /// Starts a step that works on no task; says no if there is nothing to start.
    #[inline(never)]
    fn start_other<const RARE: bool, O: Observer>(&mut self, agent: AgentId, action: Action, observer: &mut O) -> bool {
        match action {
            Action::Assign(deal) => self.start_assigning::<RARE, O>(agent, deal, observer),
            Action::Monitor => self.start_call::<RARE, O>(agent, StepKind::Monitor, observer),
            Action::Work(_) | Action::Wait(_) => false,
        }
    }

    /// Asks everybody; says whether anybody does anything that could change something.
    #[inline(always)]
    fn start_round<const RARE: bool, A: Architecture + ?Sized, O: Observer>(
        &mut self,
        architecture: &A,
        observer: &mut O,
        idle_calls: bool,
    ) -> bool {
        let (mut anybody, mut everybody) = (false, true);
        for agent in AgentId::all(self.agents.len()) {
            let agent = known::<RARE, _>(agent);
            if RARE && self.agents[agent].is_down {
                continue;
            }
            if RARE && self.has_learned_policy(agent) {
                self.start_recorded_call(agent, observer);
                anybody = true;
                continue;
            }
            let starts = match self.ask(architecture, agent) {
                Action::Work(task) => self.start_work::<RARE, O>(agent, known::<RARE, _>(task), observer),
                Action::Assign(deal) => self.start_assigning::<RARE, O>(agent, deal, observer),
                Action::Monitor | Action::Wait(_) => false,
            };
            anybody |= starts;
            everybody &= starts;
        }
        if anybody && !everybody {
            // Those who only look on are called as well: a lead to monitor, the others idly.
            for agent in AgentId::all(self.agents.len()) {
                let member = &self.agents[agent];
                if !member.is_busy && !member.is_down {
                    if self.team.lead == Some(agent) {
                        self.start_call::<RARE, O>(agent, StepKind::Monitor, observer);
                    } else if idle_calls {
                        self.start_call::<RARE, O>(agent, StepKind::Idle, observer);
                    }
                }
            }
        }
        anybody
    }

    #[inline(always)]
    fn ask<A: Architecture + ?Sized>(&self, architecture: &A, agent: AgentId) -> Action {
        let mut draws = self.agents[agent].choice;
        architecture.decide(&self.view(agent), &mut draws)
    }

    #[inline]
    pub(super) fn view(&self, agent: AgentId) -> View<'_> {
        View { me: agent, team: &self.team }
    }

    /// The stream of an agent's next step.
    #[inline]
    pub(super) fn agent_stream(&self, purpose: Purpose, agent: AgentId) -> Stream {
        self.keys.stream(purpose, step_of(agent, self.agents[agent].steps))
    }

    fn draw_round_effects(&mut self) {
        for (mind, effect) in self.minds.iter().zip(&mut self.round_effects) {
            if let Some(sampler) = &mind.effects.round {
                let entity = ROUND_ENTITY + u64::from(self.round);
                *effect = sampler.at(self.keys.stream(Purpose::RandomEffect, entity).nth(0));
            }
        }
    }

    /// The latency factor of the round, for a mind.
    #[inline]
    pub(super) fn round_effect(&self, mind: usize) -> f64 {
        self.round_effects[mind]
    }

    /// The next thing that happens by itself.
    #[cold]
    fn fire_timer<O: Observer>(&mut self, observer: &mut O) {
        let Some(timer) = self.timers.pop() else { return };
        self.team.now = self.team.now.max(timer.time());
        match timer.class() {
            RELEASE => self.wakes.woke_ready |= self.team.board.publish(TaskId::new(timer.slot())),
            LEASE => {
                let task = TaskId::new(timer.slot());
                let owner = self.owner_after(task);
                if self.team.board.reclaim(task, owner) {
                    self.wakes.woke_ready = true;
                    self.tell(task, owner.unwrap_or_default(), TaskEventKind::Reclaimed, observer);
                }
            }
            _ => {
                let agent = AgentId::new(timer.slot());
                self.agents[agent].is_down = false;
                self.wakes.is_free(agent);
            }
        }
        self.wakes.woke_change = true;
    }

    /// Returns true if nothing more happens before the time limit; then the time is set to it.
    fn next_timer_is_too_late(&mut self) -> bool {
        let limit = self.scenario.limits.time;
        let too_late = self.timers.next_time().is_some_and(|at| at > limit);
        if too_late {
            self.team.now = limit;
        }
        too_late
    }

    fn is_over_limit(&self) -> bool {
        let limits = &self.scenario.limits;
        self.calls >= limits.calls || self.tokens > limits.tokens || self.round >= limits.rounds
    }
}

/// The id of an agent, a task or an artifact. Without anything rare it is below 64; the compiler, told so where one
/// comes from, leaves out at every look-up what there would be to do with others.
#[inline(always)]
pub(super) fn known<const RARE: bool, K: Id>(id: K) -> K {
    debug_assert!(RARE || id.index() < INLINE_LEN);
    if RARE { id } else { K::new(id.get() % INLINE_LEN as u32) }
}

/// The entity that an agent's step is to the streams.
#[inline]
pub(super) fn step_of(agent: AgentId, step: u32) -> u64 {
    u64::from(agent) << 32 | u64::from(step)
}
