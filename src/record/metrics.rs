//! The figures of one run, and the table of them that help, docs, files and tests iterate over.

use crate::engine::{Digest, Time};
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
    pub cost: f64,
    pub quality: f64,
    pub budget: TimeBudget,
}

/// Time budget of a team: its parts add up to n x makespan, exactly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct TimeBudget {
    /// Attempts that got their task done.
    pub work: Time,
    /// Handing out, monitoring, idle calls.
    pub coordination: Time,
    /// Nothing to do, at the barrier, in a queue. The three parts follow.
    pub waiting: Time,
    /// Lost and blocked claims, crashes, calls that changed nothing, steps still under way at the end.
    pub lost: Time,
    /// Attempts that had to be made again.
    pub rework: Time,
    /// Part of the waiting: at the barrier, for the slowest of the round.
    pub at_barrier: Time,
    /// Part of the waiting: for a shared resource or a lock.
    pub in_queue: Time,
}

impl std::ops::Add for TimeBudget {
    type Output = TimeBudget;
    fn add(self, other: TimeBudget) -> TimeBudget {
        TimeBudget {
            work: self.work + other.work,
            coordination: self.coordination + other.coordination,
            waiting: self.waiting + other.waiting,
            lost: self.lost + other.lost,
            rework: self.rework + other.rework,
            at_barrier: self.at_barrier + other.at_barrier,
            in_queue: self.in_queue + other.in_queue,
        }
    }
}

impl TimeBudget {
    /// The whole: n x makespan.
    pub fn total(&self) -> Time {
        self.work + self.coordination + self.waiting + self.lost + self.rework
    }

    /// The five parts with their names, in the order in which they are always shown.
    pub fn parts(&self) -> [(&'static str, Time); 5] {
        [
            ("work", self.work),
            ("coordination", self.coordination),
            ("waiting", self.waiting),
            ("lost", self.lost),
            ("rework", self.rework),
        ]
    }
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
        about: "attempts that clashed with what others changed meanwhile",
        of: |m| f64::from(m.conflicts),
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
    Metric { name: "cost", unit: "$", about: "tokens at the scenario's prices", of: |m| m.cost },
    Metric { name: "quality", unit: "", about: "share of tasks whose final output is right", of: |m| m.quality },
    Metric {
        name: "work_s",
        unit: "s",
        about: "agent time in attempts that got their task done",
        of: |m| m.budget.work.as_secs(),
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
        about: "agent time with nothing to do, at the barrier, or in a queue",
        of: |m| m.budget.waiting.as_secs(),
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
            self.budget.work.as_us(),
            self.budget.coordination.as_us(),
            self.budget.waiting.as_us(),
            self.budget.lost.as_us(),
            self.budget.rework.as_us(),
            self.budget.at_barrier.as_us(),
            self.budget.in_queue.as_us(),
        ]);
        digest
    }
}
