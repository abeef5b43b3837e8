//! Keys of `behaviour`, which `brooks calibrate` writes into a learned profile.

use crate::scenario::keys::key::{Expects, Section, key, needed, section};
use crate::team::ContextWindow;

pub(super) static BEHAVIOUR: Section = section(
    "Learned policy: actions by observation. Written by brooks calibrate, not by hand.",
    &[
        needed("version", Expects::Count(1, 3), "Version of this format."),
        needed(
            "way",
            Expects::OneOf(&[("parametric", "from fitted parameters"), ("resampled", "from recorded calls")]),
            "Sampling method of calls.",
        ),
        key("sizes", Expects::ListOf(&COUNT), "[1, 1]", "Least and greatest team size of the recorded runs."),
        key(
            "seen",
            Expects::ListOf(&Expects::Text),
            "[]",
            "Digests of the calibration runs; brooks validate excludes these runs.",
        ),
        key("corpus", Expects::Text, "(unknown)", "Digest of the calibration data."),
        key("date", Expects::Text, "(unknown)", "Date of the latest recording."),
        key("accuracy", Expects::ListOf(&Expects::Section(&ACCURACY)), "[]", "Prediction errors on recordings."),
        key(
            "shared",
            Expects::Probability,
            "0",
            "Probability that an agent follows the trajectory of its team instead of one of its own in the same style.",
        ),
        key(
            "common",
            Expects::Probability,
            "(that of each manner)",
            "Residual correlation of agents at one step (intraclass), for all manners.",
        ),
        key(
            "unused",
            Expects::MapOf("the reason for the exclusion", &Expects::Count(0, u32::MAX as u64)),
            "{}",
            "Number of excluded runs by reason.",
        ),
        needed("models", Expects::ListOf(&Expects::Section(&LEARNED)), "Learned part of each model."),
    ],
);

const COUNT: Expects = Expects::Count(0, u32::MAX as u64);
const ANY: Expects = Expects::Number(-1e12, 1e12);
const AMOUNT: Expects = Expects::Number(0.0, 1e9);

static LEARNED: Section = section(
    "Learned part of one model.",
    &[
        key("model", Expects::Text, "(unknown)", "Name of the model in the recordings."),
        key("runs", COUNT, "0", "Number of calibration runs."),
        key("completed", COUNT, "0", "Number of completed calibration runs."),
        key("in_rounds", Expects::Bool, "false", "True if the recordings have rounds."),
        key("max_rounds", COUNT, "(none)", "Rounds after which runs were aborted."),
        key(
            "envelope",
            Expects::Section(&ENVELOPE),
            "(unknown)",
            "Range of teams and workloads of the calibration runs.",
        ),
        key("fit", Expects::Section(&FIT), "{}", "Fit of the latency model."),
        needed(
            "manners",
            Expects::ListOf(&Expects::Section(&MANNER)),
            "Call models: latency and tokens of calls on one kind of work.",
        ),
        key("scripts", Expects::ListOf(&Expects::Section(&SCRIPT)), "[]", "Trajectory of each recorded agent."),
        key("styles", Expects::ListOf(&Expects::Section(&STYLE)), "[]", "Work styles of the runs."),
    ],
);

static ENVELOPE: Section = section(
    "Range of teams and workloads: least and greatest values.",
    &[
        needed("agents", Expects::ListOf(&COUNT), "Team size."),
        needed("tasks", Expects::ListOf(&COUNT), "Number of tasks."),
        needed("parallel_fraction", Expects::ListOf(&Expects::Probability), "Parallel fraction by number of tasks."),
        key("context", Expects::ListOf(&AMOUNT), "(unknown)", "Input tokens of a call, means of runs."),
    ],
);

static ACCURACY: Section = section(
    "Prediction errors under one architecture.",
    &[
        needed("against", Expects::Text, "Recordings of the comparison."),
        needed("architecture", Expects::Text, "Architecture."),
        needed("agents", Expects::ListOf(&COUNT), "Least and greatest team size of the comparison."),
        needed("cells", COUNT, "Number of conditions."),
        needed(
            "figures",
            Expects::MapOf("an error measure of brooks validate", &Expects::ListOf(&ANY)),
            "Error, and the error of a perfect model if known.",
        ),
    ],
);

static FIT: Section = section(
    "Fit of the latency model: standard deviations of log latency.",
    &[
        key("calls", COUNT, "0", "Number of calls."),
        key("sigma", AMOUNT, "0", "Total standard deviation."),
        key("sigma_left", AMOUNT, "0", "Residual standard deviation given the number of files."),
        key("sigma_runs", AMOUNT, "0", "Standard deviation of the residuals between runs."),
        key("lag1", Expects::Number(-1.0, 1.0), "0", "Correlation of the residuals of successive calls."),
    ],
);

static MANNER: Section = section(
    "Call models: latency and tokens of calls on one kind of work.",
    &[
        key("files", Expects::Text, "(any)", "Digest of the files of the workload."),
        key(
            "names",
            Expects::ListOf(&Expects::Count(0, u32::MAX as u64)),
            "[]",
            "Digests of file names, which identify files that two workloads share.",
        ),
        key("dealt", Expects::Bool, "false", "True if tasks were assigned before the start."),
        key("idle_s", Expects::Number(0.01, 1e6), "(base_s)", "Seconds of a call without writes."),
        needed("base_s", Expects::Number(0.01, 1e6), "Seconds of a call with writes, without its files."),
        key("per_file_s", AMOUNT, "0", "Additional seconds for each file."),
        key("longest_s", AMOUNT, "0", "Upper bound of latency, seconds; 0 if unknown."),
        key(
            "spread",
            Expects::ListOf(&Expects::Number(0.0, 5.0)),
            "[0, 0, 0]",
            "Standard deviations of log latency: calls with at most one file, calls with several, runs around a trajectory.",
        ),
        key("common", Expects::Probability, "0.35", "Residual correlation of agents at one step (intraclass)."),
        key("files_a_reply", Expects::Number(0.01, 1e9), "(unlimited)", "Most files of one reply."),
        key("tokens_per_second", AMOUNT, "0", "Output tokens per second."),
        key("input", Expects::Section(&INPUT), "{}", "Input tokens."),
    ],
);

const WINDOW: Expects = Expects::Either(&[
    Expects::Count(0, ContextWindow::MAX_MESSAGES as u64),
    Expects::OneOf(&[
        ("all", "every earlier message"),
        ("mean", "none: prompt is the mean input of the recorded calls"),
    ]),
]);

static INPUT: Section = section(
    "Input tokens of a call.",
    &[
        key("prompt", ANY, "0", "Tokens of the prompt."),
        key("board", ANY, "0", "Tokens of the board."),
        key("test", ANY, "0", "Tokens of the result of a test run."),
        key("window", WINDOW, "0", "Earlier messages in the context."),
    ],
);

static SCRIPT: Section = section(
    "Trajectory of a recorded agent, call by call.",
    &[
        key("shape", Expects::Text, "(any)", "Digest of the dependency graph."),
        needed("manner", COUNT, "Index of its call model in manners."),
        key("run", COUNT, "(its own)", "Index of the first trajectory of the same run."),
        key("agents", COUNT, "1", "Number of agents of the run."),
        needed(
            "calls",
            Expects::ListOf(&Expects::ListOf(&ANY)),
            "One row of numbers for each call; docs/FORMATS.md defines the columns.",
        ),
    ],
);

static STYLE: Section = section(
    "Work style: a group of similar runs.",
    &[
        needed("manner", COUNT, "Index of the call model in manners."),
        needed(
            "kind",
            Expects::OneOf(&[
                ("batch", "many tasks in one call"),
                ("one", "one task a call"),
                ("micro", "one task in three calls: claim, write, complete"),
            ]),
            "Kind of style.",
        ),
        needed("runs", COUNT, "Number of runs."),
        needed("tasks_a_call", AMOUNT, "Tasks completed by a call that completes any."),
        key(
            "looks_ahead",
            Expects::Probability,
            "0",
            "Proportion of waiting tasks that are written together with ready ones.",
        ),
        key("idle", Expects::Probability, "0", "Proportion of calls without a change."),
        key("tested", Expects::Probability, "0", "Test runs for each call with writes."),
        key("test_s", AMOUNT, "0", "Seconds of a test run."),
        key("rework", AMOUNT, "0", "Rewritten files for each file written first."),
        key("spread", AMOUNT, "0", "Standard deviation of the log run effect on latency."),
    ],
);
