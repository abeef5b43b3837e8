//! Faults: steps that stall, crash or change nothing; forgotten claims, premature completions, semantic conflicts.

use crate::engine::{Stream, Time};
use crate::record::{Observer, StepKind, TaskEventKind, TimeSplit};
use crate::simulation::compiled_profile::StepFaults;
use crate::simulation::features::Feature;
use crate::simulation::simulator::{LEASE, RECOVERY, Simulator};
use crate::simulation::state::step::{AttemptOutcome, InFlightStep, StepFault};
use crate::team::{AgentId, Status};
use crate::workload::{ArtifactId, TaskId};

/// The draws of an agent's step, by number.
const NO_PROGRESS: u64 = 0;
const CRASH: u64 = 1;
const STALL: u64 = 2;
const STALL_TIME: u64 = 3;
const RECOVERY_TIME: u64 = 4;

/// The draws of an attempt on a task, by number.
pub(super) const ORPHAN: u64 = 0;
pub(super) const ERROR: u64 = 1;
pub(super) const DETECTION: u64 = 2;
pub(super) const PREMATURE: u64 = 3;
const PREMATURE_FOUND: u64 = 4;
pub(super) const AUDIT: u64 = 5;
const SEMANTIC_CONFLICT: u64 = 6;
pub(super) const LOSS: u64 = 7;

/// Returns the fault of a step with a latency, and the latency with a stall; sets the time until its agent is back.
#[cold]
#[inline(never)]
pub(super) fn step_fault(
    faults: &StepFaults,
    draws: Stream,
    mut latency_us: f64,
    recovery: &mut Time,
) -> (StepFault, f64) {
    if faults.stall.happens(draws.nth(STALL)) {
        latency_us += faults.stall_time.at(draws.nth(STALL_TIME));
    }
    if faults.crash.happens(draws.nth(CRASH)) {
        *recovery = Time::from_us_f64(faults.recovery.at(draws.nth(RECOVERY_TIME)));
        return (StepFault::Crash, latency_us);
    }
    let is_idle = faults.no_progress.happens(draws.nth(NO_PROGRESS));
    (if is_idle { StepFault::NoProgress } else { StepFault::None }, latency_us)
}

impl Simulator<'_> {
    /// Discards a step and takes its agent offline.
    pub(super) fn crash(&mut self, agent: AgentId, step: &InFlightStep, busy: Time) -> TimeSplit {
        let state = &mut self.agents[agent];
        state.is_down = true;
        self.timers.push(self.team.now + state.flight.recovery, RECOVERY, agent.get());
        if step.kind == StepKind::Work {
            return self.give_up(agent, busy);
        }
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    /// Ends a working step without any effect; what it held is free again.
    pub(super) fn give_up(&mut self, agent: AgentId, busy: Time) -> TimeSplit {
        // A learned policy keeps the claims of its earlier calls.
        if self.features.uses(Feature::ClaimsAtDecision) && !self.has_learned_policy(agent) {
            for index in 0..self.agents[agent].flight.tasks.len() {
                let task = self.agents[agent].flight.tasks[index].task;
                if self.team.board.status(task) == Status::Claimed(agent) {
                    self.put_back(task, agent);
                }
            }
        }
        self.finish_locks(agent);
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    /// Returns true if an attempt conflicts in meaning with an accepted one on a related task since its decision: with
    /// probability 1 - (1 - q)^m for m of them.
    pub(super) fn conflicts_semantically(&self, task: TaskId, agent: AgentId, step: &InFlightStep) -> bool {
        let no_conflict = self.profiles[self.agents[agent].profile].attempt_faults.no_conflict_probability;
        let graph = &self.team.graph;
        let shares = |a: &[ArtifactId], b: &[ArtifactId]| a.iter().any(|artifact| b.binary_search(artifact).is_ok());
        let related = |other: TaskId| {
            let (a, b) = (&graph[task], &graph[other]);
            let declared = self.tasks[task].declares && self.tasks[other].declares;
            !declared || shares(&a.writes, &b.writes) || shares(&a.writes, &b.reads) || shares(&a.reads, &b.writes)
        };
        let since = &self.faults.accepted[step.seen_accepted as usize..];
        let others = since.iter().filter(|&&other| other != task && related(other)).count();
        let draw = self.attempt_stream(task, self.tasks[task].attempts + 1).nth(SEMANTIC_CONFLICT);
        let mut all_agree = 1.0;
        for _ in 0..others {
            all_agree *= no_conflict;
        }
        crate::engine::rng::unit(draw) >= all_agree
    }

    /// Returns true if a granted claim is forgotten.
    pub(super) fn is_forgotten(&self, task: TaskId, agent: AgentId, profile: usize, draws: Stream) -> bool {
        let orphan = self.profiles[profile].attempt_faults.orphan;
        orphan.sample_at(draws, ORPHAN) && !self.team.board.is_owned(task, agent)
    }

    /// Forgets a claim: the task looks taken until a lease expires, if there is one.
    #[cold]
    pub(super) fn forget<O: Observer>(&mut self, task: TaskId, agent: AgentId, observer: &mut O) -> AttemptOutcome {
        self.open_attempt(task);
        self.team.board.orphan(task, agent);
        if let Some(lease) = self.profiles[self.agents[agent].profile].attempt_faults.lease {
            self.timers.push(self.team.now + lease, LEASE, task.get());
        }
        self.emit(task, agent, TaskEventKind::Orphaned, observer);
        AttemptOutcome::Lost
    }

    /// Returns true if an attempt meets a prematurely completed dependency and detects it; the dependency reopens.
    #[cold]
    pub(super) fn detects_premature_dependency<O: Observer>(
        &mut self,
        task: TaskId,
        profile: usize,
        draws: Stream,
        observer: &mut O,
    ) -> bool {
        self.profiles[profile].attempt_faults.detection.sample_at(draws, PREMATURE_FOUND)
            && self.reopen_dependencies(task, observer)
    }

    /// Reopens the dependencies of a task that are said to be done and are not; returns false if there are none.
    fn reopen_dependencies<O: Observer>(&mut self, task: TaskId, observer: &mut O) -> bool {
        let graph = self.team.graph.clone();
        let mut any = false;
        for &on in &graph[task].depends_on {
            if self.tasks[on].is_premature {
                self.reopen(on, observer);
                any = true;
            }
        }
        any
    }
}
