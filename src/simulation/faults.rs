//! Faults besides plain errors: steps that hang, crash or change nothing, forgotten claims, premature
//! completions, and semantic conflicts between steps.

use crate::engine::{Stream, Time};
use crate::record::{Observer, StepKind, TaskEventKind, TimeSplit};
use crate::simulation::compiled_profile::Mishaps;
use crate::simulation::outcome::Outcome;
use crate::simulation::simulator::{Fate, LEASE, RECOVERY, Simulator, Underway};
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
const HOLLOW_FOUND: u64 = 4;
const AUDIT: u64 = 5;
const CLASH: u64 = 6;

/// Returns the fault of a step of that latency, its latency then, and the time for which it keeps its agent away.
#[cold]
#[inline(never)]
pub(super) fn mishap(mishaps: &Mishaps, draws: Stream, mut latency: f64, away: &mut Time) -> (Fate, f64) {
    if mishaps.stall.happens(draws.nth(STALL)) {
        latency += mishaps.stall_time.at(draws.nth(STALL_TIME));
    }
    if mishaps.crash.happens(draws.nth(CRASH)) {
        *away = Time::from_us_f64(mishaps.recovery.at(draws.nth(RECOVERY_TIME)));
        return (Fate::Crash, latency);
    }
    let fate = if mishaps.no_progress.happens(draws.nth(NO_PROGRESS)) { Fate::Nothing } else { Fate::Normal };
    (fate, latency)
}

impl Simulator<'_> {
    /// The step's effects are lost and its agent is away for a while.
    pub(super) fn crash(&mut self, agent: AgentId, step: &Underway, busy: Time) -> TimeSplit {
        let member = &mut self.agents[agent];
        member.is_down = true;
        self.timers.push(self.team.now + member.away, RECOVERY, agent.get());
        if step.kind == StepKind::Work {
            return self.give_up(agent, step, busy);
        }
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    /// A working step ends without any effect; what it held is free again.
    pub(super) fn give_up(&mut self, agent: AgentId, step: &Underway, busy: Time) -> TimeSplit {
        if self.uses.claims_at_once {
            let batch = std::mem::take(&mut self.agents[agent].batch);
            let single = [(step.task, 0)];
            for &(task, _) in if batch.is_empty() { &single[..] } else { &batch } {
                if self.team.board.status(task) == Status::Claimed(agent) {
                    self.put_back(task, agent);
                }
            }
            self.agents[agent].batch = batch;
        }
        if self.uses.locks {
            self.unlock_all(agent, step.task);
        }
        TimeSplit { lost: busy, ..TimeSplit::default() }
    }

    #[cold]
    pub(super) fn unlock_all(&mut self, agent: AgentId, first: TaskId) {
        let graph = &self.scenario.graph;
        self.workspace.unlock(&graph[first].writes, agent);
        for &(task, _) in &self.agents[agent].batch {
            self.workspace.unlock(&graph[task].writes, agent);
        }
    }

    /// Returns true if the step clashes in meaning with any attempt on a related task that landed since its decision: with
    /// probability 1 - (1 - q)^m for m of them.
    pub(super) fn clashes_in_meaning(&self, task: TaskId, agent: AgentId, step: &Underway) -> bool {
        let peaceful = self.minds[self.agents[agent].mind].faults.peaceful;
        let graph = &self.scenario.graph;
        let shares = |a: &[ArtifactId], b: &[ArtifactId]| a.iter().any(|artifact| b.binary_search(artifact).is_ok());
        let related = |other: TaskId| {
            let (a, b) = (&graph[task], &graph[other]);
            let declared = self.nodes[task].declares && self.nodes[other].declares;
            !declared || shares(&a.writes, &b.writes) || shares(&a.writes, &b.reads) || shares(&a.reads, &b.writes)
        };
        let others =
            self.landed[step.seen_landed as usize..].iter().filter(|&&other| other != task && related(other)).count();
        let draw = self.attempt_stream(task, self.team.board.version(task) + 1).nth(CLASH);
        let mut all_peaceful = 1.0;
        for _ in 0..others {
            all_peaceful *= peaceful;
        }
        crate::engine::rng::unit(draw) >= all_peaceful
    }

    /// The claim is forgotten: the task looks taken until a lease runs out, if there is one.
    #[cold]
    pub(super) fn forget<O: Observer>(&mut self, task: TaskId, agent: AgentId, observer: &mut O) -> Outcome {
        self.team.board.orphan(task, agent);
        if let Some(lease) = self.minds[self.agents[agent].mind].faults.lease {
            self.timers.push(self.team.now + lease, LEASE, task.get());
        }
        self.tell(task, agent, TaskEventKind::Orphaned, observer);
        Outcome::Lost
    }

    /// Returns true if the attempt meets a prematurely completed dependency and detects it.
    #[cold]
    pub(super) fn trips<O: Observer>(&mut self, task: TaskId, mind: usize, draws: Stream, observer: &mut O) -> bool {
        self.minds[mind].faults.detection.sample_at(draws, HOLLOW_FOUND) && self.reopen_needed(task, observer)
    }

    /// Reopens those dependencies of `task` that were said to be done and are not; says whether there were any.
    fn reopen_needed<O: Observer>(&mut self, task: TaskId, observer: &mut O) -> bool {
        let graph = self.scenario.graph.clone();
        let mut any = false;
        for &on in &graph[task].depends_on {
            if self.nodes[on].is_hollow {
                self.reopen(on, observer);
                any = true;
            }
        }
        any
    }

    fn reopen<O: Observer>(&mut self, task: TaskId, observer: &mut O) {
        let owner = self.owner_after(task);
        let node = &mut self.nodes[task];
        node.is_hollow = false;
        self.hollow -= 1;
        let spent = node.spent;
        self.team.board.reopen(task, owner);
        self.wakes.woke_ready = true;
        self.tell(task, owner.unwrap_or_default(), TaskEventKind::Reopened { spent, right: false }, observer);
    }

    /// Returns the owner of a task that comes back: the agent to whom it was dealt before the start, if any.
    pub(super) fn owner_after(&self, task: TaskId) -> Option<AgentId> {
        self.team.board.dealt_to(task)
    }

    /// All is said to be done: is it? What is not, and is noticed now, has to be done again.
    pub(super) fn passes_audit<O: Observer>(&mut self, observer: &mut O) -> bool {
        if self.hollow == 0 {
            return true;
        }
        // Whoever is best at noticing looks; a team of one kind has one detection rate.
        let detection = self.minds[0].faults.detection;
        for task in TaskId::all(self.nodes.len()) {
            let draws = self.attempt_stream(task, self.team.board.version(task));
            if self.nodes[task].is_hollow && detection.happens(draws.nth(AUDIT)) {
                self.reopen(task, observer);
            }
        }
        self.team.board.all_done()
    }
}
