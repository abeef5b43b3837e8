//! Profile of one kind of agent: speed, tokens, learned policy and faults. Every figure comes from a profile file or a
//! scenario; the code knows no model and no price.

use std::sync::Arc;

use crate::engine::{Dist, Time};
use crate::team::{Learned, LearnedPolicy};
use crate::workload::Task;

/// A kind of agent. Any value is valid that keeps the ranges stated at the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, for tables.
    pub name: String,
    /// Latency of a call.
    pub latency: Latency,
    /// Unit for which the spread of `latency` and `tool` is drawn.
    pub spread: SpreadOf,
    /// Speed at which a call reads its input.
    pub reading: ReadingSpeed,
    /// Variation of latency between runs, agents, rounds and calls.
    pub variation: Variation,
    /// Seconds of the agent's own tool use after each call that works on tasks.
    pub tool: Option<Dist>,
    /// Tokens that a call reads and writes.
    pub tokens: Tokens,
    /// Number of tasks that a call takes on.
    pub batching: Batching,
    /// Faults and their rates.
    pub fallibility: Fallibility,
    /// Learned policy from recorded runs, if any. Then calls, times and tokens are those of
    /// the policy, and the other fields here describe a lead only.
    pub learned_policy: Option<Arc<LearnedPolicy>>,
    /// Range and errors of the learned policy.
    pub learned: Option<Arc<Learned>>,
}

/// Latency of a call, before [`Variation`].
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// `ttft + output_tokens / tokens_per_second`.
    Tokens {
        /// Time to the first token, seconds.
        ttft: f64,
        /// Output tokens a second, above 0.
        tokens_per_second: f64,
    },
    /// Recorded time and tokens of each task (see [`RecordedCost`](crate::workload::RecordedCost)).
    /// Calls that work on no task take no time.
    Recorded,
    /// Seconds a task, times the size of the task over the workload's mean size; the tasks of a call are added up.
    PerTask {
        /// Seconds for one task of mean size.
        task: Dist,
        /// Seconds of a call that works on no task: handing out, monitoring, an idle turn.
        idle: Dist,
    },
}

/// Unit to which the spread of a latency belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SpreadOf {
    /// The task: every attempt on it, by any agent, meets the same difficulty.
    #[default]
    Task,
    /// The attempt: each start on the task draws anew.
    Attempt,
}

/// Tokens a second that a call reads. Infinite by default: reading takes no time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadingSpeed {
    /// Input tokens that are not in the prompt cache, written to it or not.
    pub input: f64,
    /// Input tokens that are read from the prompt cache.
    pub cached: f64,
}

impl Default for ReadingSpeed {
    fn default() -> ReadingSpeed {
        ReadingSpeed { input: f64::INFINITY, cached: f64::INFINITY }
    }
}

/// Variance components: a call's latency is multiplied by exp of the sum of four independent normal effects, each with
/// its own standard deviation and the mean 1. Zero means no effect.
///
/// One independent lognormal a call over-predicts stragglers up to four times, because 16-45 % of the variance of
/// log-latency lies between runs, where a team's members share it (recomputed from the data of arXiv 2603.12229).
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Variation {
    /// Shared by all calls of a run: the day, the provider's load.
    pub run: f64,
    /// Shared by all calls of one agent in a run.
    pub agent: f64,
    /// Shared by all calls of one round.
    pub round: f64,
    /// Each call's own.
    pub call: f64,
}

/// Tokens of a call: output = overhead + verbosity x task sizes + messages; input = system + board + messages + context.
///
/// The context of an agent is its briefing, its own earlier output and all that it has read, at most `history_limit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Input tokens of the fixed prompt.
    pub system: u32,
    /// Input tokens for each task on the board.
    pub board_per_task: u32,
    /// Tokens of a message: output of its sender, input of every reader.
    pub per_message: u32,
    /// Input tokens of the briefing that an agent reads in its first call.
    pub briefing: u32,
    /// True if a call reads the outputs of the tasks that its tasks depend on, unless its agent wrote or read them before.
    pub reads_dependencies: bool,
    /// Most input tokens of the agent's context that are sent again; older ones are evicted.
    pub history_limit: u32,
    /// Output tokens written per token of useful work.
    pub verbosity: f64,
    /// Output tokens of every call besides the tasks.
    pub overhead: u32,
    /// Share of input read from the cache, in [0, 1]; not used with a prompt cache.
    pub cached_share: f64,
    /// Time for which a prompt cache keeps the prefix of an agent's last call. None: no prompt cache.
    pub cache_lifetime: Option<Time>,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            system: 0,
            board_per_task: 0,
            per_message: 0,
            briefing: 0,
            reads_dependencies: false,
            history_limit: 0,
            verbosity: 1.0,
            overhead: 0,
            cached_share: 0.0,
            cache_lifetime: None,
        }
    }
}

/// Number of tasks that a call takes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Batching {
    /// Number of its own tasks.
    pub tasks: BatchSize,
    /// Number of unowned tasks.
    pub unowned: BatchSize,
    /// Chance that a call on unowned tasks goes on to tasks whose dependencies it has only just written: it has not
    /// seen that a claim needs them done. Such claims are blocked.
    pub ahead: f64,
}

/// Largest number of tasks.
#[derive(Clone, Debug, PartialEq)]
pub enum BatchSize {
    /// This many, at least 1.
    Fixed(u32),
    /// All it holds or sees.
    All,
    /// Drawn for each call and rounded; below 1 becomes 1.
    Drawn(Dist),
}

impl Default for Batching {
    fn default() -> Batching {
        Batching { tasks: BatchSize::Fixed(1), unowned: BatchSize::Fixed(1), ahead: 0.0 }
    }
}

/// Fault rates. Every rate is a probability and 0 by default.
#[derive(Clone, Debug, PartialEq)]
pub struct Fallibility {
    /// An attempt's output is wrong.
    pub error_rate: f64,
    /// A wrong output is noticed (by a test, a reviewer, a dependent task) and done again; else it stays wrong.
    pub detection: f64,
    /// Chance a pair that two overlapping steps on related artifacts clash in meaning, on top of overlapping writes.
    pub conflict_probability: f64,
    /// A task is said to be done and is not; that comes out when a task that needs it is tried, or at the end.
    pub premature_completion: f64,
    /// A call that changes nothing.
    pub no_progress: f64,
    /// A granted claim on a task that nobody owned is forgotten: it looks taken and nobody works on it.
    pub orphan_rate: f64,
    /// A claim forgotten this long is given back. None: never.
    pub lease: Option<Time>,
    /// A step ends in a crash: its effects are lost.
    pub crash_rate: f64,
    /// Seconds until a crashed agent is back.
    pub recovery: Dist,
    /// A step hangs before it goes on.
    pub stall_rate: f64,
    /// Seconds a hanging step hangs.
    pub stall: Dist,
}

impl Default for Fallibility {
    fn default() -> Fallibility {
        Fallibility {
            error_rate: 0.0,
            detection: 1.0,
            conflict_probability: 0.0,
            premature_completion: 0.0,
            no_progress: 0.0,
            orphan_rate: 0.0,
            lease: None,
            crash_rate: 0.0,
            recovery: Dist::Constant(30.0),
            stall_rate: 0.0,
            stall: Dist::Constant(60.0),
        }
    }
}

impl Profile {
    /// Expected seconds of an attempt on a task: the call, without reading, and the tool. All random effects have mean 1.
    pub fn expected_seconds(&self, task: &Task, reference_size: f64) -> f64 {
        let call = match &self.latency {
            Latency::PerTask { task: dist, .. } => dist.mean() * task.size / reference_size,
            Latency::Tokens { ttft, tokens_per_second } => {
                ttft + (f64::from(self.tokens.overhead) + self.tokens.verbosity * task.size) / tokens_per_second
            }
            Latency::Recorded => task.recorded.unwrap_or_default().time.as_secs(),
        };
        call + self.tool.as_ref().map_or(0.0, Dist::mean)
    }

    /// A profile that takes `latency` seconds a task and is otherwise perfect.
    pub fn with_latency(name: impl Into<String>, latency: Dist) -> Profile {
        Profile {
            name: name.into(),
            latency: Latency::PerTask { idle: latency.clone(), task: latency },
            spread: SpreadOf::default(),
            reading: ReadingSpeed::default(),
            variation: Variation::default(),
            tool: None,
            tokens: Tokens::default(),
            batching: Batching::default(),
            fallibility: Fallibility::default(),
            learned_policy: None,
            learned: None,
        }
    }
}
