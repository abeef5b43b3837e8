//! The keys of `assert` and of `check`: what a curve must fulfil, and how close to its baseline it must stay.

use crate::scenario::keys::key::{AGENTS, Expects, Key, MAX_REPLICATIONS, Section, key, needed, section};

pub(super) static ASSERT: Section = Section {
    about: "One claim about the curve.",
    keys: &[
        key("peak_agents", Expects::Section(&PEAK_AGENTS), "", "Which team size is the best."),
        key("speedup", Expects::Section(&SPEEDUP), "", "How much faster a team is than the baseline."),
        key("makespan", Expects::Section(&MAKESPAN), "", "How long a team takes on average."),
        key("cost", Expects::Section(&COST), "", "What a run costs on average."),
        key("quality", Expects::Section(&SHARE), "", "Which share of the tasks is right in the end."),
        key("completion", Expects::Section(&SHARE), "", "Which share of the runs completes."),
        key("within_amdahl", Expects::Bool, "", "Whether every point stays within Amdahl's law; false claims nothing."),
    ],
    exactly_one: &["peak_agents", "speedup", "makespan", "cost", "quality", "completion", "within_amdahl"],
};

static PEAK_AGENTS: Section = section(
    "Which team size is the best.",
    &[
        ARCHITECTURE,
        needed("between", Expects::ListOf(&AGENTS), "The least and the greatest team size, such as [6, 12]."),
    ],
);

const ARCHITECTURE: Key = key("architecture", Expects::Architecture, "(every one)", "Under which architecture.");
const OF_AGENTS: Key = key("agents", AGENTS, "(every one)", "Of which team size.");

static SPEEDUP: Section = section(
    "How much faster a team is than the baseline.",
    &[
        needed("agents", AGENTS, "Of which team size."),
        ARCHITECTURE,
        key("at_least", Expects::Positive, "(no bound)", "Not below."),
        key("at_most", Expects::Positive, "(no bound)", "Not above."),
    ],
);

static MAKESPAN: Section = section(
    "How long a team takes on average.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Duration, "(no bound)", "Not shorter."),
        key("at_most", Expects::Duration, "(no bound)", "Not longer."),
    ],
);

static COST: Section = section(
    "What a run costs on average, at the scenario's prices.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Positive, "(no bound)", "Not below."),
        key("at_most", Expects::Positive, "(no bound)", "Not above."),
    ],
);

static SHARE: Section = section(
    "A share.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Probability, "(no bound)", "Not below."),
        key("at_most", Expects::Probability, "(no bound)", "Not above."),
    ],
);

pub(super) static CHECK: Section = section(
    "How close to its baseline a curve must stay.",
    &[
        key("tolerance", Expects::Section(&TOLERANCE), "(as below)", "By metric, what difference is none."),
        key(
            "max_replications",
            Expects::Count(2, MAX_REPLICATIONS),
            "(ten times those of the baseline)",
            "How many runs a point may have before the check says that it can't tell.",
        ),
    ],
);

const TOLERANCE_OF: Expects = Expects::Number(0.0, 1.0);

static TOLERANCE: Section = section(
    "Which difference of a mean from the baseline's is none: 0.02 is 2 %.",
    &[
        key("makespan_s", TOLERANCE_OF, "0.02", "Of the makespan."),
        key("cost", TOLERANCE_OF, "0.02", "Of the cost; without prices, of the output tokens."),
        key("quality", TOLERANCE_OF, "0.02", "Of the quality."),
        key("completed", TOLERANCE_OF, "0.02", "Of the share of runs that complete; not relative."),
        key("llm_calls", TOLERANCE_OF, "(not held)", "Of the calls."),
        key("input_tokens", TOLERANCE_OF, "(not held)", "Of the input tokens."),
        key("output_tokens", TOLERANCE_OF, "(0.02 without prices)", "Of the output tokens."),
    ],
);
