//! The keys of a profile: what one kind of agent is like.

use crate::experiment::scenario_file::keys::{Expects, Section, key, needed, section};
use crate::experiment::scenario_file::quantity::Unit;

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

static BEHAVIOUR: Section = section(
    "What agents do by what they see: written by brooks calibrate, not by hand.",
    &[
        needed("version", Expects::Count(1, 3), "The version of this form."),
        needed(
            "way",
            Expects::OneOf(&[("parametric", "calls made from parameters"), ("resampled", "recorded calls")]),
            "How calls are drawn.",
        ),
        key("sizes", Expects::ListOf(&COUNT), "[1, 1]", "The least and the greatest team size of the runs."),
        key(
            "seen",
            Expects::ListOf(&Expects::Text),
            "[]",
            "Fingerprints of the runs: brooks validate does not score on what was learned from.",
        ),
        key("corpus", Expects::Text, "(unknown)", "A fingerprint of what was learned from."),
        key("date", Expects::Text, "(unknown)", "The day of the latest recording."),
        key(
            "accuracy",
            Expects::ListOf(&Expects::Section(&ACCURACY)),
            "[]",
            "How far off it was, where it was held against recordings.",
        ),
        key(
            "shared",
            Expects::Probability,
            "0",
            "Chance that an agent follows the script of its team, and not one of its own in the same style.",
        ),
        key(
            "common",
            Expects::Probability,
            "(of the manner)",
            "How alike the surprises of agents at one step are, for all.",
        ),
        key(
            "unused",
            Expects::MapOf("why runs were not used", &Expects::Count(0, u32::MAX as u64)),
            "{}",
            "Runs that could not be used.",
        ),
        needed("models", Expects::ListOf(&Expects::Section(&LEARNED)), "What was learned of each model."),
    ],
);

const COUNT: Expects = Expects::Count(0, u32::MAX as u64);
const ANY: Expects = Expects::Number(-1e12, 1e12);
const AMOUNT: Expects = Expects::Number(0.0, 1e9);

static LEARNED: Section = section(
    "What was learned of one model.",
    &[
        key("model", Expects::Text, "(unknown)", "Its name in the recordings."),
        key("runs", COUNT, "0", "Runs that it was learned from."),
        key("completed", COUNT, "0", "How many of them were completed."),
        key("in_rounds", Expects::Bool, "false", "Whether they were made in rounds."),
        key("max_rounds", COUNT, "(none was)", "After how many rounds runs were given up."),
        key("envelope", Expects::Section(&ENVELOPE), "(unknown)", "Over which teams and which work."),
        key("fit", Expects::Section(&FIT), "{}", "How well latency is explained."),
        needed(
            "manners",
            Expects::ListOf(&Expects::Section(&MANNER)),
            "What calls on one kind of work have in common.",
        ),
        key("scripts", Expects::ListOf(&Expects::Section(&SCRIPT)), "[]", "What each recorded agent did."),
        key("styles", Expects::ListOf(&Expects::Section(&STYLE)), "[]", "How runs were gone about."),
    ],
);

static ENVELOPE: Section = section(
    "Over which teams and which work: the least and the greatest.",
    &[
        needed("agents", Expects::ListOf(&COUNT), "Agents of a team."),
        needed("tasks", Expects::ListOf(&COUNT), "Tasks."),
        needed("parallel_fraction", Expects::ListOf(&Expects::Probability), "Parallel fraction, by number of tasks."),
        key("context", Expects::ListOf(&AMOUNT), "(unknown)", "Input tokens of a call, means of runs."),
    ],
);

static ACCURACY: Section = section(
    "How far off it was under one architecture.",
    &[
        needed("against", Expects::Text, "Against which recordings."),
        needed("architecture", Expects::Text, "The architecture."),
        needed("agents", Expects::ListOf(&COUNT), "The least and the greatest team that was scored."),
        needed("cells", COUNT, "How many conditions that was."),
        needed(
            "figures",
            Expects::MapOf("a figure of brooks validate", &Expects::ListOf(&ANY)),
            "Its value, and what a perfect model would show if that is known.",
        ),
    ],
);

static FIT: Section = section(
    "How well latency is explained; standard deviations of its logarithm.",
    &[
        key("calls", COUNT, "0", "Calls."),
        key("sigma", AMOUNT, "0", "In all."),
        key("sigma_left", AMOUNT, "0", "What is left once the files of the call are known."),
        key("sigma_runs", AMOUNT, "0", "What of that is between runs."),
        key("lag1", Expects::Number(-1.0, 1.0), "0", "Correlation of what is left from call to call."),
    ],
);

static MANNER: Section = section(
    "What calls on one kind of work have in common.",
    &[
        key("files", Expects::Text, "(any)", "Which work: a fingerprint of its files."),
        key(
            "names",
            Expects::ListOf(&Expects::Count(0, u32::MAX as u64)),
            "[]",
            "Fingerprints of the names of its files: what two pieces of work have in common.",
        ),
        key("dealt", Expects::Bool, "false", "Whether tasks had been dealt before the start."),
        key("idle_s", Expects::Number(0.01, 1e6), "(base_s)", "Seconds of a call that writes nothing."),
        needed("base_s", Expects::Number(0.01, 1e6), "Seconds of a call that writes, before the first file."),
        key("per_file_s", AMOUNT, "0", "Seconds more a file."),
        key("longest_s", AMOUNT, "0", "Hardly any call takes longer; 0 if not known."),
        key(
            "spread",
            Expects::ListOf(&Expects::Number(0.0, 5.0)),
            "[0, 0, 0]",
            "Of log-latency: calls on one file or none, on several; runs around a script.",
        ),
        key(
            "common",
            Expects::Probability,
            "0.35",
            "How alike the surprises of agents at one step are: a correlation.",
        ),
        needed("files_a_reply", Expects::Number(0.01, 1e9), "Files that fit into one reply."),
        key("tokens_per_second", AMOUNT, "0", "Output tokens a second."),
        key("input", Expects::Section(&INPUT), "{}", "Input tokens."),
    ],
);

static INPUT: Section = section(
    "Input tokens of a call.",
    &[
        key("prompt", ANY, "0", "Of the prompt."),
        key("board", ANY, "0", "Of the board."),
        key("test", ANY, "0", "Of the result of tests."),
        key("window", Expects::Count(0, 120), "0", "Messages that are sent along again."),
    ],
);

static SCRIPT: Section = section(
    "What a recorded agent did, call by call.",
    &[
        key("shape", Expects::Text, "(any)", "Which tasks: a fingerprint of what depends on what."),
        needed("manner", COUNT, "Which of the manners it has."),
        key("run", COUNT, "(its own)", "Of a team's run: which of these scripts is the first of that run."),
        key("agents", COUNT, "1", "How many agents that run had."),
        needed(
            "calls",
            Expects::ListOf(&Expects::ListOf(&ANY)),
            "A row of numbers a call; docs/FORMATS.md names them.",
        ),
    ],
);

static STYLE: Section = section(
    "How runs were gone about that are alike.",
    &[
        needed("manner", COUNT, "Which of the manners they have."),
        needed(
            "kind",
            Expects::OneOf(&[
                ("batch", "much in one call"),
                ("one", "one task a call"),
                ("micro", "a task in three calls: claimed, written, finished"),
            ]),
            "Which style.",
        ),
        needed("runs", COUNT, "How many runs."),
        needed("tasks_a_call", AMOUNT, "Tasks finished by a call that finishes any."),
        key(
            "looks_ahead",
            Expects::Probability,
            "0",
            "Of tasks that wait, the share written with those that are ready.",
        ),
        key("idle", Expects::Probability, "0", "Share of calls that change nothing."),
        key("tested", Expects::Probability, "0", "Test runs a call that writes."),
        key("test_s", AMOUNT, "0", "Seconds of a test run."),
        key("rework", AMOUNT, "0", "Files written again for each written first."),
        key("spread", AMOUNT, "0", "Of the logarithm of pace between runs."),
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
