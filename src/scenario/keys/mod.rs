//! Table of the keys of a scenario. Checks, messages, docs and the JSON Schema are generated from it.

mod check;
mod key;
mod learned_profile;
pub mod profile;
mod workload;

pub use key::{Expects, Key, MAX_AGENTS, MAX_REPLICATIONS, MAX_RESOURCES, Section};

use crate::problem::quantity::Unit;
use crate::scenario::keys::check::{ASSERT, CHECK};
use crate::scenario::keys::key::{AGENTS, key, needed, section};
use crate::scenario::keys::profile::PROFILE;
pub(super) use crate::scenario::keys::workload::WORKLOAD;
use crate::scenario::node::{PathStep, steps};

const TEXTS: Expects = Expects::ListOf(&Expects::Text);

/// Root of a scenario.
pub static SCENARIO: Section = section(
    "One team on one workload, and the axes of its sweep.",
    &[
        key("name", Expects::Text, "(the name of the file)", "Name in results."),
        key("about", Expects::Text, "(nothing)", "Description, in one or two sentences."),
        key("question", Expects::Text, "(nothing)", "Question that the scenario answers."),
        needed("workload", Expects::Section(&WORKLOAD), "Tasks and their dependencies."),
        key("scaling", SCALING, "fixed", "Change of the workload with the team size."),
        key("team", Expects::Section(&TEAM), "(one agent of the profile plain)", "Agents of the team."),
        key(
            "architecture",
            Expects::Architecture,
            "self_claim",
            "Coordination protocol: a name, or a map from the name to its parameters.",
        ),
        key("pacing", PACING, "async", "Synchronisation of the agents."),
        key("consistency", CONSISTENCY, "last_writer_wins", "Handling of concurrent writes to one artifact."),
        key("dependency_check", DEPENDENCY_CHECK, "claim", "Point at which open dependencies are detected."),
        key(
            "resources",
            Expects::MapOf("the name of a resource", &Expects::Section(&RESOURCE)),
            "(none)",
            "Shared resources, at most 8, such as a test runner, a reviewer or a rate limit; used in this order.",
        ),
        key(
            "limits",
            Expects::Section(&LIMITS),
            "(1,000 calls a task, at least 100,000)",
            "Limits at which a run is censored.",
        ),
        key("prices", Expects::Section(&PRICES), "(all 0)", "Prices per million tokens."),
        key("baseline", BASELINE, "self", "Reference of the speedup."),
        key("sweep", Expects::MapOf("the path of an axis", &Expects::Axis), "(one point)", SWEEP_ABOUT),
        key("replications", Expects::Count(1, MAX_REPLICATIONS), "100", "Runs of each point."),
        key("seed", Expects::Count(0, u64::MAX), "1", "Seed of all random streams."),
        key(
            "assert",
            Expects::ListOf(&Expects::Section(&ASSERT)),
            "(none)",
            "Conditions on the curve that `brooks check` tests without a baseline.",
        ),
        key(
            "check",
            Expects::Section(&CHECK),
            "(as below)",
            "Parameters of the comparison with a baseline by `brooks check`.",
        ),
    ],
);

const SWEEP_ABOUT: &str = "Axes: each path with a range or a list. Ranges are `1..16`, `1..64 by 4` and \
                           `1..64 by x2`, ends included. `agents` is short for `team.agents`.";

const SCALING: Expects = Expects::OneOf(&[
    ("fixed", "the same workload for every team (Amdahl)"),
    ("scaled", "the parallel part grows in proportion to the team (Gustafson)"),
]);

const PACING: Expects = Expects::Either(&[
    Expects::OneOf(&[
        ("async", "a free agent continues at once"),
        ("rounds", "all agents call in parallel, and a round ends with the slowest one"),
    ]),
    Expects::Section(&PACED),
]);

static PACED: Section =
    section("Pacing with parameters.", &[needed("rounds", Expects::Section(&ROUNDS), "Rounds with a barrier.")]);

static ROUNDS: Section = section(
    "Rounds with a barrier.",
    &[key("idle_calls", Expects::Bool, "true", "With true, agents without work are called as well.")],
);

/// Policies. Further ones get their rows here: advisory, lease, worktree, crdt and eventual.
const CONSISTENCY: Expects = Expects::Either(&[
    Expects::OneOf(&[
        ("last_writer_wins", "the later write overwrites the earlier one"),
        ("lock", "a step locks all artifacts that it will write, from decision to commit"),
        ("optimistic", "a step is rejected at commit if an artifact that it reads or writes has changed"),
    ]),
    Expects::Section(&CONSISTENT),
]);

/// Policies with parameters.
static CONSISTENT: Section = section(
    "Consistency with parameters.",
    &[needed("lock", Expects::Section(&LOCKING), "Locks on all artifacts that a step will write.")],
);

static LOCKING: Section = section(
    "Locks on all artifacts that a step will write.",
    &[
        key("held", HELD, "call", "Part of a call during which its locks are held."),
        key(
            "part",
            Expects::Proportion,
            "(0.1, with held: write)",
            "Proportion of the latency of a call that is its write.",
        ),
        key(
            "when_locked",
            WHEN_LOCKED,
            "other_work",
            "Behaviour of an agent whose next task is locked, with held: call.",
        ),
    ],
);

const HELD: Expects =
    Expects::OneOf(&[("call", "the whole call, from decision to commit"), ("write", "its last part, the write")]);

const WHEN_LOCKED: Expects = Expects::OneOf(&[
    ("other_work", "it takes other ready work, if there is some"),
    ("wait", "it waits for that task"),
]);

const DEPENDENCY_CHECK: Expects = Expects::OneOf(&[
    ("claim", "at the claim: an agent may complete its own tasks in any order"),
    ("complete", "at completion: no task completes before its dependencies"),
    ("none", "never: a task completed before its dependencies is wrong"),
]);

const BASELINE: Expects = Expects::Either(&[
    Expects::OneOf(&[("self", "one agent under the same architecture"), ("solo", "one agent alone")]),
    Expects::Section(&BASELINE_POINT),
]);

static BASELINE_POINT: Section = section(
    "A point of the same scenario.",
    &[
        needed("agents", AGENTS, "Team size."),
        key("architecture", Expects::Architecture, "(the point's own)", "Architecture."),
    ],
);

static TEAM: Section = section(
    "Team: first the members, with a lead before all others, then agents of the profile up to the size.",
    &[
        key(
            "agents",
            AGENTS,
            "(as many as there are members, or 1)",
            "Team size. A size below the number of members, in a sweep, takes the first members.",
        ),
        key(
            "profile",
            PROFILE_OR_NAME,
            "plain",
            "Profile of the agents: a built-in name, the path of a file, or the parameters.",
        ),
        key("members", Expects::ListOf(&Expects::Section(&MEMBER)), "[]", "Members with properties of their own."),
    ],
);

const PROFILE_OR_NAME: Expects = Expects::Either(&[Expects::ProfileName, Expects::Section(&PROFILE)]);

static MEMBER: Section = section(
    "Group of identical agents.",
    &[
        key("count", AGENTS, "1", "Number of agents."),
        key("name", Expects::Text, "(agent 1, agent 2, ..; lead)", "Name, numbered if the group has several agents."),
        key("role", ROLE, "worker", "Role in the protocol."),
        key("profile", PROFILE_OR_NAME, "(the team's)", "Profile of the group."),
        key("skills", TEXTS, "[]", "Skills; an empty list means all."),
    ],
);

const ROLE: Expects = Expects::OneOf(&[
    ("worker", "works on tasks"),
    ("lead", "assigns and monitors tasks, if the architecture has a lead"),
]);

static RESOURCE: Section = section(
    "Queue with a capacity, first come, first served.",
    &[
        key("capacity", Expects::Count(1, MAX_AGENTS), "1", "Number of servers."),
        key(
            "service",
            Expects::Dist(Unit::Seconds),
            "(held during the call itself, as a rate limit is)",
            "Service time.",
        ),
        key("blocks", BLOCKS, "user", "Agents that wait during a service."),
        key(
            "share",
            Expects::Probability,
            "1",
            "Probability that a working step uses the resource, also if it is a rate limit.",
        ),
    ],
);

const BLOCKS: Expects = Expects::OneOf(&[
    ("user", "only the user of the resource"),
    ("everyone", "all: no step commits meanwhile"),
    ("nobody", "none: the user does other work while its task is served; needs service"),
]);

static LIMITS: Section = section(
    "Limits of a run; a run that reaches one is censored.",
    &[
        key("rounds", Expects::Count(1, u32::MAX as u64), "(none)", "Most rounds."),
        key("time", Expects::Duration, "(none)", "Longest time."),
        key("tokens", Expects::Count(1, u64::MAX), "(none)", "Most tokens, input and output."),
        key("calls", Expects::Count(1, u64::MAX), "(1,000 a task, at least 100,000)", "Most calls."),
    ],
);

const PRICE: Expects = Expects::Number(0.0, 1e9);

static PRICES: Section = section(
    "Prices per million tokens, in any currency.",
    &[
        key("input", PRICE, "0", "Input tokens."),
        key("cache_write", PRICE, "(as input)", "Input tokens written to the cache."),
        key("cached_input", PRICE, "(as input)", "Input tokens read from the cache."),
        key("output", PRICE, "0", "Output tokens."),
    ],
);

/// Returns the expected value at a path such as `team.members[0].profile.error_rate`; none if there is no such path.
pub fn expected_at(path: &str) -> Option<&'static Expects> {
    static WHOLE: Expects = Expects::Section(&SCENARIO);
    steps(path)?.into_iter().try_fold(&WHOLE, below)
}

fn below(expects: &'static Expects, step: PathStep<'_>) -> Option<&'static Expects> {
    match (expects, step) {
        (Expects::Section(section), PathStep::Key(name)) => section.find(name).map(|key| &key.expects),
        (Expects::MapOf(_, value), PathStep::Key(_)) => Some(value),
        (Expects::ListOf(item), PathStep::Index(_)) => Some(item),
        (Expects::Either(options), _) => options.iter().find_map(|option| below(option, step)),
        _ => None,
    }
}

/// Returns every key with its path in the order of the table, such as `workload.amdahl.tasks`, `team.members[].count` or
/// `resources.*.capacity`. The keys of a profile are listed once, under `team.profile`.
pub fn all() -> Vec<(String, &'static Key)> {
    let mut list = Vec::new();
    gather("", &SCENARIO, &mut list);
    list
}

fn gather(above: &str, section: &'static Section, list: &mut Vec<(String, &'static Key)>) {
    for key in section.keys {
        let path = if above.is_empty() { key.name.to_owned() } else { format!("{above}.{}", key.name) };
        // Alternatives of a value may share a key.
        if list.iter().any(|(listed, _)| *listed == path) {
            continue;
        }
        list.push((path.clone(), key));
        if !path.starts_with("team.members[].profile") {
            gather_below(&path, &key.expects, list);
        }
    }
}

fn gather_below(path: &str, expects: &'static Expects, list: &mut Vec<(String, &'static Key)>) {
    match expects {
        Expects::Section(section) => gather(path, section, list),
        Expects::ListOf(item) => gather_below(&format!("{path}[]"), item, list),
        Expects::MapOf(_, value) => gather_below(&format!("{path}.*"), value, list),
        Expects::Either(options) => options.iter().for_each(|option| gather_below(path, option, list)),
        _ => {}
    }
}
