//! The keys of `workload`: one generator, a list of tasks, or a file of them.

use crate::problem::quantity::Unit;
use crate::scenario::keys::key::{Expects, Key, Section, key, needed, section};
use crate::workload::MAX_TASKS;

const TASKS: Expects = Expects::Count(1, MAX_TASKS);
const NAMES: Expects = Expects::ListOf(&Expects::Text);

const SIZE: Key = key("size", Expects::Dist(Unit::Tokens), "(the workload's)", "Output tokens of a task.");
const EDGE_PROBABILITY: Key = needed("edge_probability", Expects::Probability, "Chance of each edge.");

pub(super) static WORKLOAD: Section = Section {
    about: "What must be done.",
    keys: &[
        key("amdahl", Expects::Section(&AMDAHL), "", "A chain, and free tasks beside or after it."),
        key("chain", Expects::Section(&CHAIN), "", "Each task needs the one before."),
        key("fork_join", Expects::Section(&FORK_JOIN), "", "Work that forks and joins, again and again."),
        key("layered", Expects::Section(&LAYERED), "", "Layers whose tasks need some of the layer above."),
        key("tree", Expects::Section(&TREE), "", "A complete tree."),
        key("random", Expects::Section(&RANDOM), "", "Each task needs each one before it with a probability."),
        key("lattice", Expects::Section(&LATTICE), "", "Several strands, loosely coupled."),
        key("stream", Expects::Section(&STREAM), "", "Independent tasks that come in one by one."),
        key("tasks", Expects::ListOf(&Expects::Section(&TASK)), "", "A list of tasks."),
        key("file", Expects::File, "", "A task file of arXiv 2603.12229 (JSON)."),
        key("trace", Expects::Recording, "", "The work of a recorded run."),
        key(
            "size",
            Expects::Dist(Unit::Tokens),
            "100 tokens",
            "Output tokens of every task that says nothing else; drawn for each by its name.",
        ),
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

static AMDAHL: Section = section(
    "A chain, and free tasks.",
    &[
        needed("tasks", TASKS, "How many in all."),
        needed("parallel_fraction", Expects::Probability, "The share that is free: p."),
        key("free", FREE, "beside", "Where the free tasks are."),
        SIZE,
    ],
);

const FREE: Expects = Expects::OneOf(&[
    ("beside", "they need nothing"),
    ("after", "each needs the last task of the chain (Amdahl's law is exact)"),
]);

static CHAIN: Section = section("A chain.", &[needed("tasks", TASKS, "How many."), SIZE]);

static FORK_JOIN: Section = section(
    "A start, then stages of tasks side by side, each followed by a join.",
    &[
        needed("stages", TASKS, "How many times it forks and joins."),
        needed("width", TASKS, "Tasks side by side in a stage."),
        SIZE,
        key("join_size", Expects::Dist(Unit::Tokens), "(as size)", "Output tokens of the start and of each join."),
    ],
);

static LAYERED: Section = section(
    "Layers, one after another.",
    &[
        needed("layers", TASKS, "How many."),
        needed("width", TASKS, "Tasks in each."),
        needed("edge_probability", Expects::Probability, "Chance that a task needs one of another column above."),
        SIZE,
    ],
);

static TREE: Section = section(
    "A complete tree.",
    &[
        needed("depth", TASKS, "Levels; 1 is the root alone."),
        needed("branching", TASKS, "Children of each task above the last level."),
        key("direction", DIRECTION, "out", "Which way the work flows."),
        SIZE,
    ],
);

const DIRECTION: Expects = Expects::OneOf(&[
    ("out", "from the root: each task needs its parent"),
    ("in", "to the root, as in a reduction: each task needs its children"),
]);

static RANDOM: Section = section("A random graph.", &[needed("tasks", TASKS, "How many."), EDGE_PROBABILITY, SIZE]);

static LATTICE: Section = section(
    "Strands: counting from 0, task j needs j - width, and j - width + 1 if j is odd.",
    &[needed("tasks", TASKS, "How many."), needed("width", TASKS, "Strands."), SIZE],
);

static STREAM: Section = section(
    "Independent tasks that are released one by one.",
    &[
        needed("tasks", TASKS, "How many."),
        needed("interarrival", Expects::Dist(Unit::Seconds), "Time from one to the next."),
        SIZE,
    ],
);

static TASK: Section = section(
    "A task.",
    &[
        needed("id", Expects::Text, "Its name."),
        key("size", Expects::Dist(Unit::Tokens), "(the workload's)", "Output tokens of useful work."),
        key("depends_on", NAMES, "[]", "The tasks that must be done before."),
        key("reads", NAMES, "[]", "Artifacts that it reads."),
        key("writes", NAMES, "(one of its own)", "Artifacts that it writes."),
        key("skill", Expects::Text, "(none)", "The skill that it needs."),
        key("priority", Expects::Integer, "0", "Lower is more urgent; ties keep the order of the list."),
        key("release", Expects::Duration, "0s", "It can't be started, nor seen, before."),
    ],
);
