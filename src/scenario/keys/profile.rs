//! Keys of a profile: latency, tokens, batching and faults of one kind of agent.

use crate::problem::quantity::Unit;
use crate::scenario::keys::key::{Expects, Key, Section, key, section};
use crate::scenario::keys::learned_profile::BEHAVIOUR;

const SECONDS: Expects = Expects::Dist(Unit::Seconds);
/// Token count of a call.
const TOKENS: Expects = Expects::Count(0, u32::MAX as u64);
/// Standard deviation of a logarithm.
const SIGMA: Expects = Expects::Number(0.0, 5.0);

/// Profile, in a file of its own or inside a scenario.
pub static PROFILE: Section = section(
    "Latency, tokens, batching and faults of one kind of agent.",
    &[
        key("name", Expects::Text, "(the name of the file)", "Name in tables."),
        key("about", Expects::Text, "(nothing)", "Description."),
        key("origin", Expects::Text, "(nothing)", "Source of the parameters, and their accuracy."),
        key("base", Expects::ProfileName, "(none)", "Profile that provides all parameters that are not given here."),
        key(
            "latency",
            LATENCY,
            "10s",
            "Latency of a call; a distribution is that of a task of mean size, and times scale with size.",
        ),
        key(
            "variation",
            Expects::Section(&VARIATION),
            "{}",
            "Random effects of runs, agents, rounds and calls on the latency.",
        ),
        key(
            "input_tokens_per_second",
            Expects::Positive,
            "(that of the base; else reading takes no time)",
            "Input tokens a second that a call reads, other than from the prompt cache.",
        ),
        key(
            "cached_tokens_per_second",
            Expects::Positive,
            "(that of the base; else reading them takes no time)",
            "Input tokens a second that a call reads from the prompt cache.",
        ),
        key("tool", SECONDS, "(none)", "Time of the agent's own tool use after each call that works on tasks."),
        key(
            "tokens",
            Expects::Section(&TOKEN_COUNTS),
            "(as below, and a call does not read the outputs that its tasks depend on)",
            "Input and output tokens of a call, which also reads the outputs of the tasks that its tasks depend on.",
        ),
        key("batching", Expects::Section(&BATCHING), "{}", "Number of tasks of a call."),
        key("error_rate", Expects::Probability, "0", "Probability that the output of an attempt is wrong."),
        key(
            "detection",
            Expects::Probability,
            "1",
            "Probability that a wrong output is detected and redone; otherwise it stays wrong.",
        ),
        key(
            "conflict_probability",
            Expects::Probability,
            "0",
            "Probability of a semantic conflict between overlapping steps on related artifacts.",
        ),
        key(
            "premature_completion",
            Expects::Probability,
            "0",
            "Probability that a task is reported as completed although it is not.",
        ),
        key("no_progress", Expects::Probability, "0", "Probability that a call changes nothing."),
        key(
            "orphan_rate",
            Expects::Probability,
            "0",
            "Probability that a granted claim becomes an orphan: its owner never works on it.",
        ),
        key("lease", Expects::Duration, "(never)", "Time after which an orphaned claim is released."),
        key("crash_rate", Expects::Probability, "0", "Probability that a step ends in a crash: its effects are lost."),
        key("recovery", SECONDS, "30s", "Time until a crashed agent is available again."),
        key("stall_rate", Expects::Probability, "0", "Probability that a step stalls."),
        key("stall", SECONDS, "60s", "Duration of a stall."),
        key("model", Expects::Text, "(all together)", "Model of the learned behaviour that the agent follows."),
        key(
            "behaviour",
            Expects::Section(&BEHAVIOUR),
            "(none)",
            "Learned policy, written by brooks calibrate; replaces the parameters above.",
        ),
    ],
);

const LATENCY: Expects = Expects::Either(&[
    Expects::OneOf(&[("recorded", "recorded time and tokens of each task, with workload: trace")]),
    SECONDS,
    Expects::Section(&LATENCY_BY_TOKENS),
    Expects::Section(&LATENCY_BY_TASK),
]);

static LATENCY_BY_TOKENS: Section = section(
    "ttft + output tokens / tokens_per_second.",
    &[
        key("ttft", Expects::Duration, "(that of the base, or 0s)", "Time to the first token."),
        key("tokens_per_second", Expects::Positive, "(that of the base; else required)", "Output tokens a second."),
        PER,
    ],
);

static LATENCY_BY_TASK: Section = section(
    "Sum of the times of the tasks of a call.",
    &[
        key("task", SECONDS, "(that of the base; else required)", "Time of one task of mean size."),
        key("idle", SECONDS, "(that of the base, else as task)", "Time of a call that works on no task."),
        PER,
    ],
);

const PER: Key = key("per", SPREAD_OF, "(that of the base, else task)", "Unit for which the spread of times is drawn.");

const SPREAD_OF: Expects = Expects::OneOf(&[
    ("task", "the task: every attempt on it, by any agent, has the same difficulty"),
    ("attempt", "the attempt: each start on the task draws anew"),
]);

static VARIATION: Section = section(
    "Standard deviations of the logarithm of latency: four additive random effects.",
    &[
        key("run", SIGMA, "0", "Effect shared by all calls of a run."),
        key("agent", SIGMA, "0", "Effect shared by all calls of an agent."),
        key("round", SIGMA, "0", "Effect shared by all calls of a round."),
        key("call", SIGMA, "0", "Effect of each call."),
    ],
);

static TOKEN_COUNTS: Section = section(
    "Output = overhead + verbosity x task sizes + messages; input = system + board + messages + context.",
    &[
        key("system", TOKENS, "0", "Input tokens of the fixed prompt."),
        key("board_per_task", TOKENS, "0", "Input tokens for each task on the board."),
        key("per_message", TOKENS, "0", "Tokens of a message: output of its sender, input of each reader."),
        key("briefing", TOKENS, "0", "Input tokens of the briefing that an agent reads in its first call."),
        key(
            "history_limit",
            TOKENS,
            "0",
            "Most input tokens of the agent's context: its briefing, its own output and what it has read.",
        ),
        key("verbosity", Expects::Number(0.0, 1e6), "1", "Output tokens per token of useful work."),
        key("overhead", TOKENS, "0", "Output tokens of every call besides the tasks."),
        key("cached_share", Expects::Probability, "0", "Proportion of input tokens read from the cache."),
        key(
            "cache_lifetime",
            Expects::Duration,
            "(no prompt cache)",
            "Time for which a prompt cache keeps the input of an agent's last call; not with cached_share above 0.",
        ),
    ],
);

static BATCHING: Section = section(
    "Number of tasks of a call.",
    &[
        key("tasks", BATCH_SIZE, "1", "Most own tasks of a call: a number, all, or a distribution of numbers."),
        key("unowned", BATCH_SIZE, "(that of the base, else as tasks)", "Most tasks without an owner."),
        key(
            "ahead",
            Expects::Probability,
            "0",
            "Probability that a call continues with tasks whose dependencies it has just written.",
        ),
    ],
);

const BATCH_SIZE: Expects = Expects::Either(&[
    Expects::Count(1, u32::MAX as u64),
    Expects::OneOf(&[("all", "all tasks that it owns or sees")]),
    Expects::Dist(Unit::Count),
]);
