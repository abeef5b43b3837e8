//! The figures of one run, and the table of them that help, docs, files and tests iterate over.

use crate::engine::{Digest, Time};
use crate::record::budget::TimeBudget;
use crate::record::entry::Ending;

/// Every figure of one run. Definitions: [`METRICS`] and docs/MODEL.md. Serialises with serde; times are microseconds.
///
/// ```
/// use brooks::scenario::{ScenarioFile, library};
///
/// let hello = ScenarioFile::open("hello", &library::no_files())?.scenario()?;
/// let metrics = brooks::simulation::simulate(&hello, 0);
/// let json = serde_json::to_value(metrics).expect("plain data");
/// assert_eq!(json["ending"], "completed");
/// assert_eq!(json["makespan"], metrics.makespan.as_us());
/// # Ok::<(), brooks::problem::Problems>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[expect(missing_docs, reason = "METRICS says what each is")]
pub struct Metrics {
    pub ending: Ending,
    pub agents: u32,
    pub makespan: Time,
    pub rounds: u32,
    pub idle_rounds: u32,
    pub llm_calls: u32,
    pub attempts: u32,
    pub lost_claims: u32,
    pub temporal_violations: u32,
    pub conflicts: u32,
    pub conflicts_noticed: u32,
    pub messages_sent: u32,
    pub deliveries: u64,
    pub concurrent_writes: u32,
    pub rewrites_any: u32,
    pub rewrites_cross_agent: u32,
    pub failed_tests: u32,
    /// Seconds, mean over the rounds with two replies or more; 0 if there is none.
    pub straggler_gap_s: f64,
    /// Mean over the same rounds.
    pub barrier_waste: f64,
    pub input_tokens: u64,
    pub cached_tokens: u64,
    pub output_tokens: u64,
    pub reading_tokens: u64,
    pub briefing_tokens: u64,
    pub message_tokens: u64,
    pub history_tokens: u64,
    pub cache_write_tokens: u64,
    pub cost: f64,
    pub quality: f64,
    pub budget: TimeBudget,
}

/// One figure of a run: a row of [`METRICS`].
pub struct Metric {
    /// Its name in files and tables.
    pub name: &'static str,
    /// Its unit; empty for counts and ratios.
    pub unit: &'static str,
    /// Definition, for help.
    pub about: &'static str,
    /// Reads it.
    pub of: fn(&Metrics) -> f64,
}

/// All figures of a run, in the order of every table and file.
pub static METRICS: &[Metric] = &[
    Metric { name: "makespan_s", unit: "s", about: "start to last commit", of: |m| m.makespan.as_secs() },
    Metric { name: "rounds", unit: "", about: "barriers passed", of: |m| f64::from(m.rounds) },
    Metric {
        name: "idle_rounds",
        unit: "",
        about: "rounds with replies but no task completed",
        of: |m| f64::from(m.idle_rounds),
    },
    Metric { name: "llm_calls", unit: "", about: "agent replies, idle ones included", of: |m| f64::from(m.llm_calls) },
    Metric {
        name: "attempts",
        unit: "",
        about: "landed attempts on tasks: claims granted, whatever came of them",
        of: |m| f64::from(m.attempts),
    },
    Metric {
        name: "lost_claims",
        unit: "",
        about: "claims on tasks that another agent owned or had completed",
        of: |m| f64::from(m.lost_claims),
    },
    Metric {
        name: "temporal_violations",
        unit: "",
        about: "blocked claims: the task's dependencies were not done",
        of: |m| f64::from(m.temporal_violations),
    },
    Metric {
        name: "conflicts",
        unit: "",
        about: "attempts in conflict with the work of others: rejected, overwritten, or not noticed",
        of: |m| f64::from(m.conflicts),
    },
    Metric {
        name: "conflicts_noticed",
        unit: "",
        about: "those of them that were rejected, or found to be overwritten",
        of: |m| f64::from(m.conflicts_noticed),
    },
    Metric { name: "messages_sent", unit: "", about: "messages sent", of: |m| f64::from(m.messages_sent) },
    Metric { name: "deliveries", unit: "", about: "messages sent times recipients", of: |m| m.deliveries as f64 },
    Metric {
        name: "concurrent_writes",
        unit: "",
        about: "pairs of a round and an artifact that two or more agents wrote; without rounds: pairs of overlapping steps of two agents that wrote one artifact",
        of: |m| f64::from(m.concurrent_writes),
    },
    Metric {
        name: "rewrites_any",
        unit: "",
        about: "writes of an artifact in a later round (without rounds: a later step) than its first write",
        of: |m| f64::from(m.rewrites_any),
    },
    Metric {
        name: "rewrites_cross_agent",
        unit: "",
        about: "those of them by another agent than the last writer",
        of: |m| f64::from(m.rewrites_cross_agent),
    },
    Metric {
        name: "failed_tests",
        unit: "",
        about: "attempts that a test or a reviewer sent back",
        of: |m| f64::from(m.failed_tests),
    },
    Metric {
        name: "straggler_gap_s",
        unit: "s",
        about: "slowest less mean latency, mean over the rounds with two replies or more",
        of: |m| m.straggler_gap_s,
    },
    Metric {
        name: "barrier_waste",
        unit: "",
        about: "1 - mean/slowest latency, mean over the same rounds",
        of: |m| m.barrier_waste,
    },
    Metric {
        name: "input_tokens",
        unit: "tokens",
        about: "input tokens, cached ones included",
        of: |m| m.input_tokens as f64,
    },
    Metric { name: "output_tokens", unit: "tokens", about: "output tokens", of: |m| m.output_tokens as f64 },
    Metric {
        name: "reading_tokens",
        unit: "tokens",
        about: "input tokens of the outputs of other tasks, at their first reading",
        of: |m| m.reading_tokens as f64,
    },
    Metric {
        name: "briefing_tokens",
        unit: "tokens",
        about: "input tokens of briefings of agents that join",
        of: |m| m.briefing_tokens as f64,
    },
    Metric {
        name: "message_tokens",
        unit: "tokens",
        about: "input tokens of messages",
        of: |m| m.message_tokens as f64,
    },
    Metric {
        name: "history_tokens",
        unit: "tokens",
        about: "input tokens of the agents' own histories, sent again with each call",
        of: |m| m.history_tokens as f64,
    },
    Metric {
        name: "cache_write_tokens",
        unit: "tokens",
        about: "input tokens written to the prompt cache",
        of: |m| m.cache_write_tokens as f64,
    },
    Metric { name: "cost", unit: "$", about: "tokens at the scenario's prices", of: |m| m.cost },
    Metric { name: "quality", unit: "", about: "share of tasks whose final output is right", of: |m| m.quality },
    Metric {
        name: "work_s",
        unit: "s",
        about: "agent time in attempts that got their task done",
        of: |m| m.budget.work.as_secs(),
    },
    Metric {
        name: "service_s",
        unit: "s",
        about: "agent time held up by service at shared resources, the queue before it apart",
        of: |m| m.budget.service.as_secs(),
    },
    Metric {
        name: "coordination_s",
        unit: "s",
        about: "agent time in handing out, monitoring and idle calls",
        of: |m| m.budget.coordination.as_secs(),
    },
    Metric {
        name: "waiting_s",
        unit: "s",
        about: "agent time without work, service or a call; its causes follow",
        of: |m| m.budget.waiting.as_secs(),
    },
    Metric {
        name: "waiting_dependencies_s",
        unit: "s",
        about: "waiting for dependencies of the tasks that are left",
        of: |m| m.budget.waiting_by_cause.dependencies.as_secs(),
    },
    Metric {
        name: "waiting_lead_s",
        unit: "s",
        about: "waiting for the lead to assign a ready task",
        of: |m| m.budget.waiting_by_cause.lead.as_secs(),
    },
    Metric {
        name: "waiting_lock_s",
        unit: "s",
        about: "waiting for locks",
        of: |m| m.budget.waiting_by_cause.lock.as_secs(),
    },
    Metric {
        name: "waiting_queue_s",
        unit: "s",
        about: "waiting in the queues of shared resources",
        of: |m| m.budget.waiting_by_cause.queue.as_secs(),
    },
    Metric {
        name: "waiting_barrier_s",
        unit: "s",
        about: "waiting at the barrier for the slowest member of the round",
        of: |m| m.budget.waiting_by_cause.barrier.as_secs(),
    },
    Metric {
        name: "waiting_messages_s",
        unit: "s",
        about: "waiting for messages",
        of: |m| m.budget.waiting_by_cause.messages.as_secs(),
    },
    Metric {
        name: "waiting_backoff_s",
        unit: "s",
        about: "waiting before retries",
        of: |m| m.budget.waiting_by_cause.backoff.as_secs(),
    },
    Metric {
        name: "waiting_down_s",
        unit: "s",
        about: "offline after a crash",
        of: |m| m.budget.waiting_by_cause.down.as_secs(),
    },
    Metric {
        name: "waiting_none_s",
        unit: "s",
        about: "waiting with nothing left to do",
        of: |m| m.budget.waiting_by_cause.none.as_secs(),
    },
    Metric {
        name: "waiting_unknown_s",
        unit: "s",
        about: "waiting for a cause that a recording does not give; 0 in simulated runs",
        of: |m| m.budget.waiting_by_cause.unknown.as_secs(),
    },
    Metric {
        name: "lost_s",
        unit: "s",
        about: "agent time in lost and blocked claims, crashes, calls that changed nothing, and steps cut off by the end",
        of: |m| m.budget.lost.as_secs(),
    },
    Metric {
        name: "rework_s",
        unit: "s",
        about: "agent time in attempts that had to be made again",
        of: |m| m.budget.rework.as_secs(),
    },
];

impl Metrics {
    /// A fingerprint of every figure: equal runs have equal digests on every platform.
    pub fn digest(&self) -> Digest {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let mut digest = Digest::default();
        let budget = &self.budget;
        digest.add_all([
            pair(self.ending as u32, self.agents),
            pair(self.rounds, self.idle_rounds),
            pair(self.llm_calls, self.attempts),
            pair(self.lost_claims, self.temporal_violations),
            pair(self.conflicts, self.messages_sent),
            pair(self.concurrent_writes, self.rewrites_any),
            pair(self.rewrites_cross_agent, self.failed_tests),
            self.deliveries,
            self.input_tokens,
            self.cached_tokens,
            self.output_tokens,
            self.straggler_gap_s.to_bits(),
            self.barrier_waste.to_bits(),
            self.cost.to_bits(),
            self.quality.to_bits(),
            self.makespan.as_us(),
            budget.work.as_us(),
            budget.coordination.as_us(),
            budget.waiting.as_us(),
            budget.lost.as_us(),
            budget.rework.as_us(),
            budget.waiting_by_cause.dependencies.as_us(),
            budget.waiting_by_cause.barrier.as_us(),
        ]);
        self.add_rare(&mut digest);
        digest
    }

    /// Adds the figures that are zero in plain runs, unless all of them are.
    fn add_rare(&self, digest: &mut Digest) {
        let waiting = &self.budget.waiting_by_cause;
        let rare = [
            u64::from(self.conflicts_noticed),
            self.reading_tokens,
            self.briefing_tokens,
            self.message_tokens,
            self.history_tokens,
            self.cache_write_tokens,
            self.budget.service.as_us(),
            waiting.lead.as_us(),
            waiting.lock.as_us(),
            waiting.queue.as_us(),
            waiting.messages.as_us(),
            waiting.backoff.as_us(),
            waiting.down.as_us(),
            waiting.unknown.as_us(),
        ];
        if rare.iter().fold(0, |any, figure| any | figure) == 0 {
            return;
        }
        digest.add_all(rare);
        digest.add_all(waiting.queues.map(Time::as_us));
    }
}
