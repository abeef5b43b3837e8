//! The table of keys: what a scenario may say. Checks, messages, docs and the JSON Schema all come from it.

use crate::architecture::ARCHITECTURES;
use crate::experiment::scenario_file::keys_check::{ASSERT, CHECK};
use crate::experiment::scenario_file::keys_profile::PROFILE;
use crate::experiment::scenario_file::keys_workload::WORKLOAD;
use crate::experiment::scenario_file::node::{Step, steps};
use crate::experiment::scenario_file::quantity::Unit;

/// Most agents of a team.
pub const MAX_AGENTS: u64 = 100_000;
/// Most replications of a point.
pub const MAX_REPLICATIONS: u64 = 100_000_000;

/// A map and its keys.
pub struct Section {
    /// What it describes.
    pub about: &'static str,
    /// Its keys, in the order of the docs.
    pub keys: &'static [Key],
    /// Of these keys exactly one is given; empty where there is no such choice.
    pub exactly_one: &'static [&'static str],
}

/// One key.
pub struct Key {
    /// What it is called.
    pub name: &'static str,
    /// What its value may be.
    pub expects: Expects,
    /// What holds without it, in parentheses if that is no value, and empty for one of the keys of
    /// [`Section::exactly_one`]; `None` if it must be given.
    pub default: Option<&'static str>,
    /// What it settles.
    pub about: &'static str,
}

/// What a value may be.
pub enum Expects {
    /// Any text but the empty one.
    Text,
    /// A path to a file.
    File,
    /// The path of a recorded run in brooks' own form.
    Recording,
    /// `true` or `false`.
    Bool,
    /// A whole number, the ends included.
    Count(u64, u64),
    /// A whole number, also a negative one.
    Integer,
    /// A number, the ends included.
    Number(f64, f64),
    /// A number above 0.
    Positive,
    /// A number from 0 to 1.
    Probability,
    /// A duration with its unit.
    Duration,
    /// A distribution of a quantity, or a single one.
    Dist(Unit),
    /// One of these words; each with its meaning.
    OneOf(&'static [(&'static str, &'static str)]),
    /// A row of the registry of architectures, with or without parameters.
    Architecture,
    /// A profile by its name or the path of its file.
    ProfileName,
    /// The values of an axis of a sweep.
    Axis,
    /// A map with these keys.
    Section(&'static Section),
    /// A list of such values.
    ListOf(&'static Expects),
    /// A map from names of the user's own to such values; the text says what they name.
    MapOf(&'static str, &'static Expects),
    /// Any of these.
    Either(&'static [Expects]),
}

/// A key with a default.
pub(super) const fn key(name: &'static str, expects: Expects, default: &'static str, about: &'static str) -> Key {
    Key { name, expects, default: Some(default), about }
}

/// A key that must be given.
pub(super) const fn needed(name: &'static str, expects: Expects, about: &'static str) -> Key {
    Key { name, expects, default: None, about }
}

/// A map of keys, all independent of each other.
pub(super) const fn section(about: &'static str, keys: &'static [Key]) -> Section {
    Section { about, keys, exactly_one: &[] }
}

impl Section {
    /// The key of that name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

const TEXTS: Expects = Expects::ListOf(&Expects::Text);
/// A team size.
pub(super) const AGENTS: Expects = Expects::Count(1, MAX_AGENTS);

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

impl Expects {
    /// In words, for messages: `a duration such as "4s"`.
    pub fn describe(&self) -> String {
        match self {
            Expects::Text => "a text".to_owned(),
            Expects::File => "the path of a file".to_owned(),
            Expects::Recording => "the path of a .steps.jsonl with one run".to_owned(),
            Expects::Bool => "true or false".to_owned(),
            Expects::Count(low, u64::MAX) => format!("a whole number from {low} on"),
            Expects::Count(low, high) => format!("a whole number from {low} to {high}"),
            Expects::Integer => "a whole number".to_owned(),
            Expects::Number(low, high) => format!("a number from {low} to {high}"),
            Expects::Positive => "a number above 0".to_owned(),
            Expects::Probability => "a number from 0 to 1".to_owned(),
            Expects::Duration => "a duration such as \"4s\"".to_owned(),
            Expects::Dist(unit) => {
                let example = unit.example();
                format!("a value such as \"{example}\" or a distribution such as \"lognormal(mean={example}, cv=0.5)\"")
            }
            Expects::OneOf(words) => any_of(words.iter().map(|(word, _)| (*word).to_owned())),
            Expects::Architecture => {
                let names: Vec<&str> = ARCHITECTURES.iter().map(|row| row.name).collect();
                format!("{}, or a map from one of them to its parameters", names.join(", "))
            }
            Expects::ProfileName => "the name of a profile".to_owned(),
            Expects::Axis => "a range such as 1..16, or a list".to_owned(),
            Expects::Section(section) => {
                let names = if section.exactly_one.is_empty() {
                    section.keys.iter().map(|key| key.name).collect()
                } else {
                    section.exactly_one.to_vec()
                };
                let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                format!("a map with {shown}{}", if names.len() > 4 { ", .." } else { "" })
            }
            Expects::ListOf(_) => "a list".to_owned(),
            Expects::MapOf(what, _) => format!("a map whose keys each name {what}"),
            Expects::Either(options) => any_of(options.iter().map(Expects::describe)),
        }
    }
}

/// `a, b or c`.
fn any_of(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = words.collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

/// What the table expects at a path of a scenario, such as `team.members[0].profile.error_rate`; none if it leads nowhere.
pub fn expected_at(path: &str) -> Option<&'static Expects> {
    static WHOLE: Expects = Expects::Section(&SCENARIO);
    steps(path)?.into_iter().try_fold(&WHOLE, below)
}

fn below(expects: &'static Expects, step: Step<'_>) -> Option<&'static Expects> {
    match (expects, step) {
        (Expects::Section(section), Step::Key(name)) => section.find(name).map(|key| &key.expects),
        (Expects::MapOf(_, value), Step::Key(_)) => Some(value),
        (Expects::ListOf(item), Step::Place(_)) => Some(item),
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
