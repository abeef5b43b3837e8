//! The keys of a learned profile: what `brooks calibrate` writes under `behaviour`.

use crate::scenario::keys::key::{Expects, Section, key, needed, section};

pub(super) static BEHAVIOUR: Section = section(
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
