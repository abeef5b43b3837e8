//! Profile of one kind of agent: speed, tokens, learned policy and faults. Every figure comes from a profile file or a
//! scenario; the code knows no model and no price.

use std::sync::Arc;

use crate::engine::{Dist, Time};
use crate::team::{Behaviour, Learned};

/// A kind of agent. Any value is valid that keeps the ranges stated at the fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, for tables.
    pub name: String,
    /// Latency of a call.
    pub latency: Latency,
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
    pub behaviour: Option<Arc<Behaviour>>,
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
    /// Seconds a task, drawn anew for every task of the call and added up.
    PerTask {
        /// Seconds for one task.
        task: Dist,
        /// Seconds of a call that works on no task: handing out, monitoring, an idle turn.
        idle: Dist,
    },
}

/// Variance components: a call's latency is multiplied by exp of the sum of four independent normal effects, each with
/// its own standard deviation. Zero means no effect.
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

/// Tokens of a call: output = overhead + verbosity x task sizes; input = system + board + inbox + history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Input tokens of the fixed prompt.
    pub system: u32,
    /// Input tokens for each task on the board.
    pub board_per_task: u32,
    /// Input tokens for each message read.
    pub per_message: u32,
    /// Most input tokens of the agent's own earlier output that are sent again; older ones are evicted.
    pub history_limit: u32,
    /// Output tokens written per token of useful work.
    pub verbosity: f64,
    /// Output tokens of every call besides the tasks.
    pub overhead: u32,
    /// Share of input read from the cache, in [0, 1].
    pub cached_share: f64,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens {
            system: 0,
            board_per_task: 0,
            per_message: 0,
            history_limit: 0,
            verbosity: 1.0,
            overhead: 0,
            cached_share: 0.0,
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
    /// A profile that takes `latency` seconds a task and is otherwise perfect.
    pub fn with_latency(name: impl Into<String>, latency: Dist) -> Profile {
        Profile {
            name: name.into(),
            latency: Latency::PerTask { idle: latency.clone(), task: latency },
            variation: Variation::default(),
            tool: None,
            tokens: Tokens::default(),
            batching: Batching::default(),
            fallibility: Fallibility::default(),
            behaviour: None,
            learned: None,
        }
    }
}
