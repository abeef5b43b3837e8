//! Keys of `workload`: one generator, a list of tasks, a task file, or a recorded run.

use crate::problem::quantity::Unit;
use crate::scenario::keys::key::{Expects, Key, Section, key, needed, section};
use crate::workload::MAX_TASKS;

const TASKS: Expects = Expects::Count(1, MAX_TASKS);
const NAMES: Expects = Expects::ListOf(&Expects::Text);

const SIZE: Key = key("size", Expects::Dist(Unit::Tokens), "(the workload's)", "Output tokens of a task.");
const EDGE_PROBABILITY: Key = needed("edge_probability", Expects::Probability, "Probability of each edge.");

pub(in crate::scenario) static WORKLOAD: Section = Section {
    about: "Tasks and their dependencies.",
    keys: &[
        key("amdahl", Expects::Section(&AMDAHL), "", "A chain, and free tasks parallel to it or after it."),
        key("chain", Expects::Section(&CHAIN), "", "Each task depends on the previous one."),
        key("fork_join", Expects::Section(&FORK_JOIN), "", "Repeated fork and join."),
        key(
            "layered",
            Expects::Section(&LAYERED),
            "",
            "Layers whose tasks depend on some tasks of the previous layer.",
        ),
        key("tree", Expects::Section(&TREE), "", "A complete tree."),
        key("random", Expects::Section(&RANDOM), "", "Each task depends on each earlier one with a probability."),
        key("lattice", Expects::Section(&LATTICE), "", "Several loosely coupled chains."),
        key("stream", Expects::Section(&STREAM), "", "Independent tasks that arrive one by one."),
        key("tasks", Expects::ListOf(&Expects::Section(&TASK)), "", "A list of tasks."),
        key("file", Expects::File, "", "A task file of arXiv 2603.12229 (JSON)."),
        key("trace", Expects::Recording, "", "Tasks of a recorded run."),
        key(
            "size",
            Expects::Dist(Unit::Tokens),
            "100 tokens",
            "Output tokens of every task without a size of its own; sampled for each task by its name.",
        ),
        key("draw", DRAW, "per_replication", "Draws of random sizes, edges and arrivals."),
    ],
    exactly_one: &[
        "amdahl",
        "chain",
        "fork_join",
        "layered",
        "tree",
        "random",
        "lattice",
        "stream",
        "tasks",
        "file",
        "trace",
    ],
};

const DRAW: Expects = Expects::OneOf(&[
    ("per_replication", "every replication draws its own workload, so that intervals contain this randomness"),
    ("once", "all replications have one workload"),
]);

static AMDAHL: Section = section(
    "A chain, and free tasks.",
    &[
        needed("tasks", TASKS, "Number of tasks in total."),
        needed("parallel_fraction", Expects::Probability, "Proportion of free tasks: p."),
        key("free", FREE, "beside", "Position of the free tasks."),
        SIZE,
    ],
);

const FREE: Expects = Expects::OneOf(&[
    ("beside", "they depend on no task"),
    ("after", "each depends on the last task of the chain (Amdahl's law is exact)"),
]);

static CHAIN: Section = section("A chain.", &[needed("tasks", TASKS, "Number of tasks."), SIZE]);

static FORK_JOIN: Section = section(
    "A start task, then stages of parallel tasks, each followed by a join.",
    &[
        needed("stages", TASKS, "Number of stages."),
        needed("width", TASKS, "Parallel tasks of a stage."),
        SIZE,
        key("join_size", Expects::Dist(Unit::Tokens), "(as size)", "Output tokens of the start task and of each join."),
    ],
);

static LAYERED: Section = section(
    "Layers, one after another.",
    &[
        needed("layers", TASKS, "Number of layers."),
        needed("width", TASKS, "Tasks of a layer."),
        needed(
            "edge_probability",
            Expects::Probability,
            "Probability of an edge to a task of the previous layer in another column.",
        ),
        SIZE,
    ],
);

static TREE: Section = section(
    "A complete tree.",
    &[
        needed("depth", TASKS, "Number of levels; 1 is the root alone."),
        needed("branching", TASKS, "Children of each task above the last level."),
        key("direction", DIRECTION, "out", "Direction of the dependencies."),
        SIZE,
    ],
);

const DIRECTION: Expects = Expects::OneOf(&[
    ("out", "from the root: each task depends on its parent"),
    ("in", "to the root, as in a reduction: each task depends on its children"),
]);

static RANDOM: Section =
    section("A random graph.", &[needed("tasks", TASKS, "Number of tasks."), EDGE_PROBABILITY, SIZE]);

static LATTICE: Section = section(
    "Chains: counted from 0, task j depends on j - width, and on j - width + 1 if j is odd.",
    &[needed("tasks", TASKS, "Number of tasks."), needed("width", TASKS, "Number of chains."), SIZE],
);

static STREAM: Section = section(
    "Independent tasks that are released one by one.",
    &[
        needed("tasks", TASKS, "Number of tasks."),
        needed("interarrival", Expects::Dist(Unit::Seconds), "Time between two arrivals."),
        SIZE,
    ],
);

static TASK: Section = section(
    "A task.",
    &[
        needed("id", Expects::Text, "Unique name."),
        key("size", Expects::Dist(Unit::Tokens), "(the workload's)", "Output tokens of useful work."),
        key("depends_on", NAMES, "[]", "Tasks that must be completed before."),
        key("reads", NAMES, "[]", "Artifacts that the task reads."),
        key("writes", NAMES, "(one of its own)", "Artifacts that the task writes."),
        key("skill", Expects::Text, "(none)", "Required skill."),
        key("priority", Expects::Integer, "0", "Priority: lower values come first; ties keep the order of the list."),
        key("release", Expects::Duration, "0s", "Time at which the task becomes visible and can be started."),
    ],
);
