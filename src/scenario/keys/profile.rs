//! The keys of a profile: what one kind of agent is like.

use crate::problem::quantity::Unit;
use crate::scenario::keys::key::{Expects, Section, key, section};
use crate::scenario::keys::learned_profile::BEHAVIOUR;

const SECONDS: Expects = Expects::Dist(Unit::Seconds);
/// Token counts of a call.
const TOKENS: Expects = Expects::Count(0, u32::MAX as u64);
/// Standard deviations of logarithms.
const SIGMA: Expects = Expects::Number(0.0, 5.0);

/// A profile, in a file of its own or inside a scenario.
pub static PROFILE: Section = section(
    "What one kind of agent is like.",
    &[
        key("name", Expects::Text, "(the name of the file)", "What tables call it."),
        key("about", Expects::Text, "(nothing)", "What it is."),
        key("origin", Expects::Text, "(nothing)", "Where its figures come from, and how accurate they are."),
        key("base", Expects::ProfileName, "(none)", "The profile that holds for all that is not said here."),
        key("latency", LATENCY, "10s", "How long a call takes."),
        key(
            "variation",
            Expects::Section(&VARIATION),
            "{}",
            "How that differs between runs, agents, rounds and calls.",
        ),
        key("tool", SECONDS, "(none)", "The agent's own tool use after each call that works on tasks."),
        key("tokens", Expects::Section(&TOKEN_COUNTS), "{}", "How many tokens a call reads and writes."),
        key("batching", Expects::Section(&BATCHING), "{}", "How many tasks a call takes on."),
        key("error_rate", Expects::Probability, "0", "An attempt's output is wrong."),
        key("detection", Expects::Probability, "1", "A wrong output is noticed and done again; else it stays wrong."),
        key(
            "conflict_probability",
            Expects::Probability,
            "0",
            "Overlapping steps on related artifacts clash in meaning.",
        ),
        key("premature_completion", Expects::Probability, "0", "A task is said to be done and is not."),
        key("no_progress", Expects::Probability, "0", "A call changes nothing."),
        key("orphan_rate", Expects::Probability, "0", "A granted claim is forgotten."),
        key("lease", Expects::Duration, "(never)", "A forgotten claim is given back after this."),
        key("crash_rate", Expects::Probability, "0", "A step ends in a crash: its effects are lost."),
        key("recovery", SECONDS, "30s", "Time until a crashed agent is back."),
        key("stall_rate", Expects::Probability, "0", "A step hangs before it goes on."),
        key("stall", SECONDS, "60s", "How long it hangs."),
        key("model", Expects::Text, "(all together)", "Of the models that its behaviour was learned from, this one."),
        key(
            "behaviour",
            Expects::Section(&BEHAVIOUR),
            "(none)",
            "What it does by what it sees, as brooks calibrate has learned it; in place of the figures above.",
        ),
    ],
);

const LATENCY: Expects = Expects::Either(&[
    Expects::OneOf(&[("recorded", "the recorded time and tokens of each task, with workload: trace")]),
    SECONDS,
    Expects::Section(&LATENCY_BY_TOKENS),
    Expects::Section(&LATENCY_BY_TASK),
]);

static LATENCY_BY_TOKENS: Section = section(
    "ttft + output tokens / tokens_per_second.",
    &[
        key("ttft", Expects::Duration, "(the base's, or 0s)", "Time to the first token."),
        key("tokens_per_second", Expects::Positive, "(the base's; else it must be given)", "Output tokens a second."),
    ],
);

static LATENCY_BY_TASK: Section = section(
    "Times of tasks, added up over those of the call.",
    &[
        key("task", SECONDS, "(the base's; else it must be given)", "Time for one task."),
        key("idle", SECONDS, "(the base's own, else as task)", "Time of a call that works on no task."),
    ],
);

static VARIATION: Section = section(
    "Standard deviations of the logarithm of latency: four effects, added.",
    &[
        key("run", SIGMA, "0", "Shared by all calls of a run."),
        key("agent", SIGMA, "0", "Shared by all calls of an agent."),
        key("round", SIGMA, "0", "Shared by all calls of a round."),
        key("call", SIGMA, "0", "Each call's own."),
    ],
);

static TOKEN_COUNTS: Section = section(
    "Output = overhead + verbosity x task sizes; input = system + board + inbox + history.",
    &[
        key("system", TOKENS, "0", "Input tokens of the fixed prompt."),
        key("board_per_task", TOKENS, "0", "Input tokens for each task on the board."),
        key("per_message", TOKENS, "0", "Input tokens for each message read."),
        key("history_limit", TOKENS, "0", "Most input tokens of the agent's own earlier output."),
        key("verbosity", Expects::Number(0.0, 1e6), "1", "Output tokens per token of useful work."),
        key("overhead", TOKENS, "0", "Output tokens of every call besides the tasks."),
        key("cached_share", Expects::Probability, "0", "Share of input read from the cache."),
    ],
);

static BATCHING: Section = section(
    "How many tasks a call takes on.",
    &[
        key("tasks", BATCH_SIZE, "1", "How many of its own at most: a number, all, or a distribution of numbers."),
        key("unowned", BATCH_SIZE, "(the base's own, else as tasks)", "How many of those that nobody owns."),
        key("ahead", Expects::Probability, "0", "A call goes on to tasks whose dependencies it has only just written."),
    ],
);

const BATCH_SIZE: Expects = Expects::Either(&[
    Expects::Count(1, u32::MAX as u64),
    Expects::OneOf(&[("all", "all it holds or sees")]),
    Expects::Dist(Unit::Count),
]);
