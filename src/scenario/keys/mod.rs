//! The table of keys: what a scenario may say. Checks, messages, docs and the JSON Schema all come from it.

mod check;
mod key;
mod learned_profile;
pub mod profile;
mod workload;

pub use key::{Expects, Key, MAX_AGENTS, MAX_REPLICATIONS, Section};

use crate::problem::quantity::Unit;
use crate::scenario::keys::check::{ASSERT, CHECK};
use crate::scenario::keys::key::{AGENTS, key, needed, section};
use crate::scenario::keys::profile::PROFILE;
use crate::scenario::keys::workload::WORKLOAD;
use crate::scenario::node::{PathStep, steps};

const TEXTS: Expects = Expects::ListOf(&Expects::Text);

/// A whole scenario.
pub static SCENARIO: Section = section(
    "One team on one workload, and what to vary.",
    &[
        key("name", Expects::Text, "(the name of the file)", "What results call it."),
        key("about", Expects::Text, "(nothing)", "What it is, in a sentence or two."),
        key("question", Expects::Text, "(nothing)", "The question that it answers."),
        needed("workload", Expects::Section(&WORKLOAD), "What must be done."),
        key("scaling", SCALING, "fixed", "What a greater team does with the workload."),
        key("team", Expects::Section(&TEAM), "(one agent of the profile plain)", "Who does it."),
        key(
            "architecture",
            Expects::Architecture,
            "self_claim",
            "How they coordinate: a name, or a map from it to its parameters.",
        ),
        key("pacing", PACING, "async", "Whether they wait for each other."),
        key("consistency", CONSISTENCY, "last_writer_wins", "What happens when two write one artifact."),
        key("dependency_check", DEPENDENCY_CHECK, "claim", "Where open dependencies are noticed."),
        key(
            "resources",
            Expects::MapOf("a resource", &Expects::Section(&RESOURCE)),
            "(none)",
            "What they share, such as a test runner, a reviewer or a rate limit; used in this order.",
        ),
        key("limits", Expects::Section(&LIMITS), "(1,000 calls a task, at least 100,000)", "When a run is given up."),
        key("prices", Expects::Section(&PRICES), "(nothing costs anything)", "Prices per million tokens."),
        key("baseline", BASELINE, "self", "What speedup is relative to."),
        key("sweep", Expects::MapOf("the path of an axis", &Expects::Axis), "(one point)", SWEEP_ABOUT),
        key("replications", Expects::Count(1, MAX_REPLICATIONS), "100", "Runs of each point."),
        key("seed", Expects::Count(0, u64::MAX), "1", "The seed of all randomness."),
        key(
            "assert",
            Expects::ListOf(&Expects::Section(&ASSERT)),
            "(none)",
            "What `brooks check` holds the curve to without a baseline.",
        ),
        key("check", Expects::Section(&CHECK), "(as below)", "How `brooks check` holds it to its baseline."),
    ],
);

const SWEEP_ABOUT: &str = "The axes: each path with a range or a list. Ranges are `1..16`, `1..64 by 4` and \
                           `1..64 by x2`, ends included. `agents` is short for `team.agents`.";

const SCALING: Expects = Expects::OneOf(&[
    ("fixed", "the same workload for every team (Amdahl)"),
    ("scaled", "the parallel part grows with the team (Gustafson)"),
]);

const PACING: Expects = Expects::Either(&[
    Expects::OneOf(&[
        ("async", "whoever is free goes on at once"),
        ("rounds", "everybody thinks in parallel, and a round ends with its slowest member"),
    ]),
    Expects::Section(&PACED),
]);

static PACED: Section =
    section("Pacing with its parameters.", &[needed("rounds", Expects::Section(&ROUNDS), "In rounds.")]);

static ROUNDS: Section = section(
    "Rounds.",
    &[key("idle_calls", Expects::Bool, "true", "Whether those who have nothing to do are called all the same.")],
);

const CONSISTENCY: Expects = Expects::OneOf(&[
    ("last_writer_wins", "the later write replaces the earlier one"),
    ("lock", "a step holds all it will write from decision to commit"),
    ("optimistic", "a step is rejected if what it read or writes has changed"),
]);

const DEPENDENCY_CHECK: Expects = Expects::OneOf(&[
    ("claim", "at the claim: what an agent owns it may finish in any order"),
    ("complete", "at completion: no task is done before its dependencies"),
    ("none", "not at all: a task done too early is wrong"),
]);

const BASELINE: Expects = Expects::Either(&[
    Expects::OneOf(&[("self", "one agent under the same architecture"), ("solo", "one agent alone")]),
    Expects::Section(&BASELINE_POINT),
]);

static BASELINE_POINT: Section = section(
    "A point of the same scenario.",
    &[
        needed("agents", AGENTS, "Its team size."),
        key("architecture", Expects::Architecture, "(the point's own)", "Its architecture."),
    ],
);

static TEAM: Section = section(
    "The team: first its members, a lead before all others, then agents of the profile up to the size.",
    &[
        key(
            "agents",
            AGENTS,
            "(as many as there are members, or 1)",
            "How many; in a sweep, a team smaller than its members takes the first of them.",
        ),
        key(
            "profile",
            PROFILE_OR_NAME,
            "plain",
            "What each is like: a built-in name, a path to a file, or the parameters.",
        ),
        key("members", Expects::ListOf(&Expects::Section(&MEMBER)), "[]", "Those who differ."),
    ],
);

const PROFILE_OR_NAME: Expects = Expects::Either(&[Expects::ProfileName, Expects::Section(&PROFILE)]);

static MEMBER: Section = section(
    "Some agents that are alike.",
    &[
        key("count", AGENTS, "1", "How many."),
        key(
            "name",
            Expects::Text,
            "(agent 1, agent 2, ..; lead)",
            "What they are called, numbered if there are several.",
        ),
        key("role", ROLE, "worker", "What they are there for."),
        key("profile", PROFILE_OR_NAME, "(the team's)", "What they are like."),
        key("skills", TEXTS, "[]", "The skills they have; none listed means all."),
    ],
);

const ROLE: Expects = Expects::OneOf(&[
    ("worker", "works on tasks"),
    ("lead", "hands out tasks and watches, where the architecture has a lead"),
]);

static RESOURCE: Section = section(
    "A queue with a capacity, first come, first served.",
    &[
        key("capacity", Expects::Count(1, MAX_AGENTS), "1", "How many it serves at once."),
        key(
            "service",
            Expects::Dist(Unit::Seconds),
            "(held during the call itself, as a rate limit is)",
            "How long a service takes.",
        ),
        key("blocks", BLOCKS, "user", "Who waits while it serves."),
        key("share", Expects::Probability, "1", "Chance that a working step uses it."),
    ],
);

const BLOCKS: Expects = Expects::OneOf(&[("user", "only who uses it"), ("everyone", "all: no reply lands meanwhile")]);

static LIMITS: Section = section(
    "A run that reaches a limit is censored.",
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
        key("cached_input", PRICE, "(as input)", "Input tokens read from the cache."),
        key("output", PRICE, "0", "Output tokens."),
    ],
);

/// What the table expects at a path of a scenario, such as `team.members[0].profile.error_rate`; none if it leads nowhere.
pub fn expected_at(path: &str) -> Option<&'static Expects> {
    static WHOLE: Expects = Expects::Section(&SCENARIO);
    steps(path)?.into_iter().try_fold(&WHOLE, below)
}

fn below(expects: &'static Expects, step: PathStep<'_>) -> Option<&'static Expects> {
    match (expects, step) {
        (Expects::Section(section), PathStep::Key(name)) => section.find(name).map(|key| &key.expects),
        (Expects::MapOf(_, value), PathStep::Key(_)) => Some(value),
        (Expects::ListOf(item), PathStep::Place(_)) => Some(item),
        (Expects::Either(options), _) => options.iter().find_map(|option| below(option, step)),
        _ => None,
    }
}

/// Every key with its path, such as `workload.amdahl.tasks`, `team.members[].count` or `resources.*.capacity`, in the
/// order of the table; what a profile may say is told once, under `team.profile`.
pub fn all() -> Vec<(String, &'static Key)> {
    let mut list = Vec::new();
    gather("", &SCENARIO, &mut list);
    list
}

fn gather(above: &str, section: &'static Section, list: &mut Vec<(String, &'static Key)>) {
    for key in section.keys {
        let path = if above.is_empty() { key.name.to_owned() } else { format!("{above}.{}", key.name) };
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
