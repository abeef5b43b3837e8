//! Figures of a run, gathered as it goes: nothing is kept but sums, and nothing is allocated after the first run.

#![expect(clippy::inline_always, reason = "told once a step or more, from one place")]
#![expect(clippy::needless_bitwise_bool, reason = "a branch on what cannot be foreseen costs more")]

use crate::engine::{InlineVec, Time};
use crate::record::budget::{TimeBudget, WaitingByCause};
use crate::record::entry::{
    Ending, InputParts, Message, Round, Step, StepKind, TaskEvent, TaskEventKind, TestRun, TimeSplit, Wait, Write,
};
use crate::record::metrics::Metrics;
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
    service: Time,
    waiting: WaitingByCause,
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
        let busy = self.spent.total() + self.service;
        metrics.budget = TimeBudget {
            work: self.spent.work - self.undone,
            service: self.service,
            coordination: self.spent.coordination,
            waiting: Time::ZERO,
            lost: self.spent.lost,
            rework: self.spent.rework + self.undone,
            waiting_by_cause: self.waiting,
        };
        metrics.budget.set_waiting(team_time - busy);
        let (rounds, gap, waste) = self.gaps;
        if rounds > 0 {
            metrics.straggler_gap_s = gap / f64::from(rounds);
            metrics.barrier_waste = waste / f64::from(rounds);
        }
        metrics.quality = self.right as f64 / f64::from(self.tasks.max(1));
        metrics.cost = self.cost();
        metrics
    }

    /// Cost of all tokens. Input tokens are read from the prompt cache, written to it, or neither.
    fn cost(&self) -> f64 {
        let (metrics, prices) = (&self.metrics, &self.prices);
        let known = metrics.cached_tokens + metrics.cache_write_tokens;
        let missed = metrics.input_tokens.saturating_sub(known) as f64 * prices.input;
        let written = metrics.cache_write_tokens as f64 * prices.cache_write;
        let cached = metrics.cached_tokens as f64 * prices.cached_input;
        (missed + written + cached + metrics.output_tokens as f64 * prices.output) * 1e-6
    }
}

impl Observer for Stats {
    fn begin(&mut self, agents: usize, tasks: usize, artifacts: usize) {
        self.tasks = tasks as u32;
        self.metrics = Metrics { agents: agents as u32, ..Metrics::default() };
        self.spent = TimeSplit::default();
        self.undone = Time::ZERO;
        self.service = Time::ZERO;
        self.waiting = WaitingByCause::default();
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
                metrics.conflicts_noticed += 1;
            }
            TaskEventKind::LostClaim => metrics.lost_claims += 1,
            TaskEventKind::BlockedClaim => metrics.temporal_violations += 1,
            TaskEventKind::Rejected | TaskEventKind::Orphaned => metrics.attempts += 1,
            TaskEventKind::Reopened { spent, right } => {
                self.undone += spent;
                self.right -= i64::from(right);
            }
            TaskEventKind::ConflictMissed => metrics.conflicts += 1,
            TaskEventKind::Overwritten { right, noticed } => {
                metrics.conflicts += 1;
                metrics.conflicts_noticed += u32::from(noticed);
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

    #[inline]
    fn wait(&mut self, wait: &Wait) {
        self.waiting.add(wait.cause, wait.end - wait.start);
    }

    #[inline]
    fn input(&mut self, _agent: AgentId, parts: &InputParts) {
        let metrics = &mut self.metrics;
        metrics.reading_tokens += u64::from(parts.reading);
        metrics.briefing_tokens += u64::from(parts.briefing);
        metrics.message_tokens += u64::from(parts.messages);
        metrics.history_tokens += u64::from(parts.history);
        metrics.cache_write_tokens += u64::from(parts.cache_write);
    }

    #[inline(always)]
    fn step(&mut self, step: &Step) {
        let is_reply = step.kind.is_call() && !step.is_cut;
        self.metrics.llm_calls += u32::from(is_reply);
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
        self.service += step.service;
        if step.round > 0 && is_reply {
            let round = &mut self.round;
            round.replies += 1;
            round.latency += step.latency;
            round.slowest = round.slowest.max(step.latency);
        }
    }

    #[inline]
    fn round(&mut self, _round: &Round) {
        let sums = std::mem::take(&mut self.round);
        self.metrics.rounds += 1;
        self.metrics.idle_rounds += u32::from(sums.replies > 0 && sums.completed == 0);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::entry::{Start, WaitCause};
    use crate::record::fixture;
    use crate::workload::TaskId;

    fn event(stats: &mut Stats, kind: TaskEventKind) {
        stats.task(&TaskEvent { task: TaskId::new(0), agent: AgentId::new(0), at: Time::ZERO, kind });
    }

    fn step() -> Step {
        Step {
            agent: AgentId::new(0),
            kind: StepKind::Work,
            task: None,
            tasks: 1,
            round: 1,
            start: Time::ZERO,
            end: Time::from_us(100),
            latency: Time::from_us(60),
            waited: Time::from_us(10),
            service: Time::from_us(30),
            spent: TimeSplit { work: Time::from_us(60), ..TimeSplit::default() },
            input_tokens: 1_000,
            cached_tokens: 300,
            output_tokens: 50,
            is_cut: false,
        }
    }

    #[test]
    fn conflicts_are_all_of_them_and_the_noticed_ones() {
        let mut stats = Stats::default();
        stats.begin(1, 4, 0);
        for kind in [
            TaskEventKind::Conflicted,
            TaskEventKind::ConflictMissed,
            TaskEventKind::Completed { right: true },
            TaskEventKind::Completed { right: true },
            TaskEventKind::Completed { right: true },
            TaskEventKind::Overwritten { right: true, noticed: true },
            TaskEventKind::Overwritten { right: true, noticed: false },
        ] {
            event(&mut stats, kind);
        }
        let metrics = stats.metrics();
        assert_eq!((metrics.conflicts, metrics.conflicts_noticed, metrics.attempts), (4, 2, 4));
        assert_eq!(metrics.quality.to_bits(), 0.25_f64.to_bits(), "two of three right outputs are overwritten");
        event(&mut stats, TaskEventKind::Restored { right: true });
        event(&mut stats, TaskEventKind::Overwritten { right: false, noticed: false });
        event(&mut stats, TaskEventKind::Restored { right: false });
        assert_eq!(stats.metrics().quality.to_bits(), 0.5_f64.to_bits());
    }

    #[test]
    fn reopened_work_becomes_rework() {
        let mut stats = Stats::default();
        stats.begin(1, 1, 0);
        event(&mut stats, TaskEventKind::Completed { right: true });
        stats.step(&step());
        event(&mut stats, TaskEventKind::Overwritten { right: true, noticed: true });
        event(&mut stats, TaskEventKind::Reopened { spent: Time::from_us(60), right: false });
        stats.end(Ending::Completed, Time::from_us(100));
        let budget = stats.metrics().budget;
        let parts = budget.parts().map(|(_, time)| time.as_us());
        assert_eq!((parts, budget.total().as_us()), ([0, 30, 0, 10, 0, 60], 100));
    }

    #[test]
    fn a_step_that_is_cut_off_counts_in_time_only() {
        let mut stats = Stats::default();
        stats.begin(1, 1, 0);
        let spent = TimeSplit { lost: Time::from_us(60), ..TimeSplit::default() };
        let cut = Step { is_cut: true, spent, input_tokens: 0, cached_tokens: 0, output_tokens: 0, ..step() };
        stats.step(&cut);
        stats.round(&Round { number: 1, start: Time::ZERO, end: Time::from_us(100) });
        stats.end(Ending::OutOfTime, Time::from_us(100));
        let metrics = stats.metrics();
        assert_eq!((metrics.llm_calls, metrics.input_tokens, metrics.idle_rounds), (0, 0, 0));
        assert_eq!(metrics.budget.parts().map(|(_, time)| time.as_us()), [0, 30, 0, 10, 60, 0]);
    }

    #[test]
    fn input_tokens_have_parts_and_prices() {
        let mut stats = Stats::new(Prices { input: 10.0, cache_write: 100.0, cached_input: 1.0, output: 1_000.0 });
        stats.begin(1, 1, 0);
        let parts = InputParts { reading: 1, briefing: 20, messages: 300, history: 4_000, cache_write: 200 };
        for _ in 0..2 {
            stats.input(AgentId::new(0), &parts);
            stats.step(&step());
        }
        let m = stats.metrics();
        let parts = [m.reading_tokens, m.briefing_tokens, m.message_tokens, m.history_tokens, m.cache_write_tokens];
        assert_eq!(parts, [2, 40, 600, 8_000, 400]);
        // Of 2,000 input tokens 600 are read from the cache, 400 are written to it, and 1,000 are neither.
        let expected = (1_000.0 * 10.0 + 400.0 * 100.0 + 600.0 + 100.0 * 1_000.0) * 1e-6;
        assert!((m.cost - expected).abs() < 1e-12, "{} {expected}", m.cost);
    }

    #[test]
    fn waits_have_their_causes_and_the_rest_is_unknown() {
        let mut stats = Stats::default();
        fixture::log().replay(&mut stats);
        let budget = stats.metrics().budget;
        let waiting = budget.waiting_by_cause;
        // The fixture waits for 7.4 s at barriers and for 0.6 s in a queue.
        assert_eq!((waiting.barrier.as_us(), waiting.queue.as_us()), (7_400_000, 600_000));
        assert_eq!((waiting.total(), waiting.unknown), (budget.waiting, Time::ZERO));
        assert_eq!(budget.total().as_us(), 40_000_000);
        let mut log = fixture::log();
        log.entries.retain(|entry| !matches!(entry, crate::record::Entry::Wait(_)));
        log.replay(&mut stats);
        let unknown = stats.metrics().budget.waiting_by_cause.unknown;
        assert_eq!(unknown, budget.waiting, "a second run of the same observer begins anew");
    }

    #[test]
    fn every_figure_is_in_the_digest() {
        let mut seen = std::collections::BTreeSet::new();
        let mut check = |what: &str, stats: &Stats| assert!(seen.insert(stats.metrics().digest().value()), "{what}");
        let run = |tell: &dyn Fn(&mut Stats)| {
            let mut stats = Stats::default();
            stats.begin(2, 1, 0);
            tell(&mut stats);
            stats.end(Ending::Completed, Time::from_us(1_000));
            stats
        };
        check(
            "nothing",
            &run(&|stats| {
                stats.start(&Start { agent: AgentId::new(0), kind: StepKind::Work, task: None, at: Time::ZERO });
            }),
        );
        let causes = [
            WaitCause::Dependencies,
            WaitCause::Lead,
            WaitCause::Lock,
            WaitCause::Queue(0),
            WaitCause::Queue(7),
            WaitCause::Queue(8),
            WaitCause::Barrier,
            WaitCause::Messages,
            WaitCause::Backoff,
            WaitCause::Down,
            WaitCause::Nothing,
        ];
        for cause in causes {
            let wait = Wait { agent: AgentId::new(0), cause, start: Time::ZERO, end: Time::from_us(5) };
            check(&format!("{cause:?}"), &run(&|stats| stats.wait(&wait)));
        }
        let nothing = InputParts::default();
        for parts in [
            InputParts { reading: 5, ..nothing },
            InputParts { briefing: 5, ..nothing },
            InputParts { messages: 5, ..nothing },
            InputParts { history: 5, ..nothing },
            InputParts { cache_write: 5, ..nothing },
        ] {
            check(&format!("{parts:?}"), &run(&|stats| stats.input(AgentId::new(0), &parts)));
        }
        for kind in [TaskEventKind::Conflicted, TaskEventKind::ConflictMissed] {
            check(&format!("{kind:?}"), &run(&|stats| event(stats, kind)));
        }
        check("service", &run(&|stats| stats.step(&Step { spent: TimeSplit::default(), ..step() })));
    }
}
