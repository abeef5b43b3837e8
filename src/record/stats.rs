//! Figures of a run, gathered as it goes: nothing is kept but sums, and nothing is allocated after the first run.

#![expect(clippy::inline_always, reason = "told once a step or more, from one place")]
#![expect(clippy::needless_bitwise_bool, reason = "a branch on what cannot be foreseen costs more")]

use crate::engine::{InlineVec, Time};
use crate::record::entry::{
    Ending, Message, Round, Step, StepKind, TaskEvent, TaskEventKind, TestRun, TimeSplit, Write,
};
use crate::record::metrics::{Metrics, TimeBudget};
use crate::record::observer::Observer;
use crate::team::AgentId;
use crate::workload::ArtifactId;

/// Prices per million tokens, in the scenario's currency.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Prices {
    /// Input tokens not read from the cache.
    pub input: f64,
    /// Input tokens written to the prompt cache.
    pub cache_write: f64,
    /// Input tokens read from the cache.
    pub cached_input: f64,
    /// Output tokens.
    pub output: f64,
}

/// An observer that sums up a run; [`Stats::metrics`] gives the result.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    prices: Prices,
    tasks: u32,
    metrics: Metrics,
    spent: TimeSplit,
    /// Part of the work that proved useless. Kept apart, because one reply may complete a task
    /// and find out that it is not, before its time is booked.
    undone: Time,
    waited: Time,
    right: i64,
    round: RoundSums,
    /// Over rounds with two replies or more: how many, sum of gaps (seconds), sum of wastes.
    gaps: (u32, f64, f64),
    artifacts: InlineVec<ArtifactId, Artifact>,
    /// Every write of a run without rounds, for its overlaps.
    landings: Vec<Landing>,
}

/// Sums over the replies of the round under way.
#[derive(Clone, Copy, Debug, Default)]
struct RoundSums {
    replies: u32,
    completed: u32,
    latency: Time,
    slowest: Time,
    /// Sum of landing times.
    landed: u64,
}

/// State of an artifact by which its next write is classified.
#[derive(Clone, Copy, Debug)]
struct Artifact {
    last_at: Time,
    /// [`NOBODY`] before the first write.
    last_writer: AgentId,
    first_round: u32,
    last_round: u32,
    /// The last round that was counted as one of concurrent writes.
    counted_round: u32,
}

const NOBODY: AgentId = AgentId::MAX;
const UNTOUCHED: Artifact =
    Artifact { last_at: Time::ZERO, last_writer: NOBODY, first_round: 0, last_round: 0, counted_round: 0 };

impl Default for Artifact {
    fn default() -> Artifact {
        UNTOUCHED
    }
}

/// A write that has landed.
#[derive(Clone, Copy, Debug)]
struct Landing {
    at: Time,
    artifact: ArtifactId,
    agent: AgentId,
}

impl Stats {
    /// Figures at these prices.
    pub fn new(prices: Prices) -> Stats {
        Stats { prices, ..Stats::default() }
    }

    /// The figures of the run that has ended.
    pub fn metrics(&self) -> Metrics {
        let mut metrics = self.metrics;
        let team_time = Time::from_us(metrics.makespan.as_us().saturating_mul(u64::from(metrics.agents)));
        metrics.budget = TimeBudget {
            work: self.spent.work - self.undone,
            coordination: self.spent.coordination,
            waiting: team_time - self.spent.total(),
            lost: self.spent.lost,
            rework: self.spent.rework + self.undone,
            ..metrics.budget
        };
        metrics.budget.in_queue = self.waited;
        let (rounds, gap, waste) = self.gaps;
        if rounds > 0 {
            metrics.straggler_gap_s = gap / f64::from(rounds);
            metrics.barrier_waste = waste / f64::from(rounds);
        }
        metrics.quality = self.right as f64 / f64::from(self.tasks.max(1));
        let fresh = (metrics.input_tokens - metrics.cached_tokens) as f64 * self.prices.input;
        let cached = metrics.cached_tokens as f64 * self.prices.cached_input;
        metrics.cost = (fresh + cached + metrics.output_tokens as f64 * self.prices.output) * 1e-6;
        metrics
    }
}

impl Observer for Stats {
    fn begin(&mut self, agents: usize, tasks: usize, artifacts: usize) {
        self.tasks = tasks as u32;
        self.metrics = Metrics { agents: agents as u32, ..Metrics::default() };
        self.spent = TimeSplit::default();
        self.undone = Time::ZERO;
        self.waited = Time::ZERO;
        self.right = 0;
        self.round = RoundSums::default();
        self.gaps = (0, 0.0, 0.0);
        self.artifacts.fill(artifacts, UNTOUCHED);
        self.landings.clear();
    }

    #[inline(always)]
    fn task(&mut self, event: &TaskEvent) {
        let metrics = &mut self.metrics;
        match event.kind {
            TaskEventKind::Completed { right } => {
                metrics.attempts += 1;
                self.right += i64::from(right);
                self.round.completed += 1;
            }
            TaskEventKind::Conflicted => {
                metrics.attempts += 1;
                metrics.conflicts += 1;
            }
            TaskEventKind::LostClaim => metrics.lost_claims += 1,
            TaskEventKind::BlockedClaim => metrics.temporal_violations += 1,
            TaskEventKind::Rejected | TaskEventKind::Orphaned => metrics.attempts += 1,
            TaskEventKind::Reopened { spent, right } => {
                self.undone += spent;
                self.right -= i64::from(right);
            }
            TaskEventKind::ConflictMissed => metrics.conflicts += 1,
            TaskEventKind::Overwritten { right, noticed: _ } => {
                metrics.conflicts += 1;
                self.right -= i64::from(right);
            }
            TaskEventKind::Restored { right } => self.right += i64::from(right),
            TaskEventKind::Assigned | TaskEventKind::Claimed | TaskEventKind::Reclaimed => {}
        }
    }

    #[inline(always)]
    fn write(&mut self, write: &Write) {
        let artifact = &mut self.artifacts[write.artifact];
        // Whether an artifact was written before is hard to foresee, so nothing branches on it.
        let is_rewrite = artifact.last_writer != NOBODY;
        let is_other = is_rewrite & (artifact.last_writer != write.agent);
        if write.round == 0 {
            self.metrics.rewrites_any += u32::from(is_rewrite);
            self.metrics.rewrites_cross_agent += u32::from(is_other);
            if artifact.last_at > write.start {
                self.metrics.concurrent_writes += overlaps(&self.landings, *write);
            }
            artifact.last_at = write.at;
            self.landings.push(Landing { at: write.at, artifact: write.artifact, agent: write.agent });
        } else {
            artifact.first_round = if is_rewrite { artifact.first_round } else { write.round };
            let is_later = write.round > artifact.first_round;
            self.metrics.rewrites_any += u32::from(is_later);
            self.metrics.rewrites_cross_agent += u32::from(is_later & is_other);
            let is_first_of_round = (artifact.last_round == write.round) & (artifact.counted_round != write.round);
            let is_concurrent = is_other & is_first_of_round;
            artifact.counted_round = if is_concurrent { write.round } else { artifact.counted_round };
            self.metrics.concurrent_writes += u32::from(is_concurrent);
            artifact.last_round = write.round;
        }
        artifact.last_writer = write.agent;
    }

    #[inline]
    fn test(&mut self, test: &TestRun) {
        self.metrics.failed_tests += u32::from(test.has_failed);
    }

    #[inline]
    fn message(&mut self, message: &Message) {
        self.metrics.messages_sent += 1;
        self.metrics.deliveries += u64::from(message.deliveries);
    }

    #[inline(always)]
    fn step(&mut self, step: &Step) {
        self.metrics.llm_calls += u32::from(step.kind.is_call());
        self.metrics.input_tokens += u64::from(step.input_tokens);
        self.metrics.cached_tokens += u64::from(step.cached_tokens);
        self.metrics.output_tokens += u64::from(step.output_tokens);
        match step.kind {
            StepKind::Work => {
                self.spent.work += step.spent.work;
                self.spent.lost += step.spent.lost;
                self.spent.rework += step.spent.rework;
            }
            StepKind::Tool | StepKind::Wait => {
                self.spent.work += step.spent.work;
                self.spent.coordination += step.spent.coordination;
                self.spent.lost += step.spent.lost;
                self.spent.rework += step.spent.rework;
            }
            StepKind::Assign | StepKind::Monitor | StepKind::Idle => {
                self.spent.coordination += step.spent.coordination;
                self.spent.lost += step.spent.lost;
            }
        }
        self.waited += step.waited;
        if step.round > 0 && step.kind.is_call() {
            let round = &mut self.round;
            round.replies += 1;
            round.latency += step.latency;
            round.slowest = round.slowest.max(step.latency);
            round.landed += step.end.as_us();
        }
    }

    #[inline]
    fn round(&mut self, round: &Round) {
        let sums = std::mem::take(&mut self.round);
        self.metrics.rounds += 1;
        self.metrics.idle_rounds += u32::from(sums.replies > 0 && sums.completed == 0);
        let at_barrier = round.end.as_us().saturating_mul(u64::from(sums.replies)).saturating_sub(sums.landed);
        self.metrics.budget.at_barrier += Time::from_us(at_barrier);
        if sums.replies >= 2 {
            let mean = sums.latency.as_secs() / f64::from(sums.replies);
            let slowest = sums.slowest.as_secs();
            self.gaps.0 += 1;
            self.gaps.1 += slowest - mean;
            if slowest > 0.0 {
                self.gaps.2 += 1.0 - mean / slowest;
            }
        }
    }

    fn end(&mut self, ending: Ending, at: Time) {
        self.metrics.ending = ending;
        self.metrics.makespan = at;
    }
}

/// Number of writes of the same artifact by others that were committed while the step of `write` was under way.
#[cold]
#[inline(never)]
fn overlaps(landings: &[Landing], write: Write) -> u32 {
    let meanwhile = landings.iter().rev().take_while(|other| other.at > write.start);
    meanwhile.filter(|other| other.artifact == write.artifact && other.agent != write.agent).count() as u32
}
