//! Keys of `assert` (conditions on a curve) and of `check` (tolerances around its baseline).

use crate::scenario::keys::key::{AGENTS, Expects, Key, MAX_REPLICATIONS, Section, key, needed, section};

pub(super) static ASSERT: Section = Section {
    about: "Condition on the curve.",
    keys: &[
        key(
            "peak_agents",
            Expects::Section(&PEAK_AGENTS),
            "",
            "Interval of team sizes that must contain the best one.",
        ),
        key("speedup", Expects::Section(&SPEEDUP), "", "Bounds of the speedup over the baseline."),
        key("makespan", Expects::Section(&MAKESPAN), "", "Bounds of the mean makespan."),
        key("cost", Expects::Section(&COST), "", "Bounds of the mean cost of a run."),
        key(
            "quality",
            Expects::Section(&SHARE),
            "",
            "Bounds of the quality: the proportion of correct tasks at the end.",
        ),
        key("completion", Expects::Section(&SHARE), "", "Bounds of the proportion of completed runs."),
        key(
            "within_amdahl",
            Expects::Bool,
            "",
            "With true, no point may exceed the bound of Amdahl's law; false has no effect.",
        ),
    ],
    exactly_one: &["peak_agents", "speedup", "makespan", "cost", "quality", "completion", "within_amdahl"],
};

static PEAK_AGENTS: Section = section(
    "Interval of team sizes that must contain the best one.",
    &[ARCHITECTURE, needed("between", Expects::ListOf(&AGENTS), "Least and greatest team size, such as [6, 12].")],
);

const ARCHITECTURE: Key = key("architecture", Expects::Architecture, "(every one)", "Architecture.");
const OF_AGENTS: Key = key("agents", AGENTS, "(every one)", "Team size.");

static SPEEDUP: Section = section(
    "Bounds of the speedup over the baseline.",
    &[
        needed("agents", AGENTS, "Team size."),
        ARCHITECTURE,
        key("at_least", Expects::Positive, "(no bound)", "Lower bound."),
        key("at_most", Expects::Positive, "(no bound)", "Upper bound."),
    ],
);

static MAKESPAN: Section = section(
    "Bounds of the mean makespan.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Duration, "(no bound)", "Lower bound."),
        key("at_most", Expects::Duration, "(no bound)", "Upper bound."),
    ],
);

static COST: Section = section(
    "Bounds of the mean cost of a run, at the scenario's prices.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Positive, "(no bound)", "Lower bound."),
        key("at_most", Expects::Positive, "(no bound)", "Upper bound."),
    ],
);

static SHARE: Section = section(
    "Bounds of a proportion.",
    &[
        OF_AGENTS,
        ARCHITECTURE,
        key("at_least", Expects::Probability, "(no bound)", "Lower bound."),
        key("at_most", Expects::Probability, "(no bound)", "Upper bound."),
    ],
);

pub(super) static CHECK: Section = section(
    "Tolerances of the comparison with the baseline.",
    &[
        key(
            "tolerance",
            Expects::Section(&TOLERANCE),
            "(as below)",
            "Largest difference that counts as equal, by metric.",
        ),
        key(
            "max_replications",
            Expects::Count(2, MAX_REPLICATIONS),
            "(ten times those of the baseline)",
            "Most runs of a point before the check is inconclusive.",
        ),
    ],
);

const TOLERANCE_OF: Expects = Expects::Number(0.0, 1.0);

static TOLERANCE: Section = section(
    "Largest relative difference of a mean from that of the baseline that counts as equal: 0.02 is 2 %.",
    &[
        key("makespan_s", TOLERANCE_OF, "0.02", "Tolerance of the makespan."),
        key("cost", TOLERANCE_OF, "0.02", "Tolerance of the cost; without prices, that of the output tokens."),
        key("quality", TOLERANCE_OF, "0.02", "Tolerance of the quality."),
        key(
            "completed",
            TOLERANCE_OF,
            "0.02",
            "Tolerance of the proportion of completed runs; an absolute difference.",
        ),
        key("llm_calls", TOLERANCE_OF, "(not checked)", "Tolerance of the calls."),
        key("input_tokens", TOLERANCE_OF, "(not checked)", "Tolerance of the input tokens."),
        key("output_tokens", TOLERANCE_OF, "(0.02 without prices)", "Tolerance of the output tokens."),
    ],
);
