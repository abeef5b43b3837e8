//! The vocabulary of the table of keys: a [`Section`] has [`Key`]s, and each [`Expects`] a kind of value.

use crate::architecture::ARCHITECTURES;
use crate::problem::quantity::Unit;

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
pub(crate) const fn key(name: &'static str, expects: Expects, default: &'static str, about: &'static str) -> Key {
    Key { name, expects, default: Some(default), about }
}

/// A key that must be given.
pub(crate) const fn needed(name: &'static str, expects: Expects, about: &'static str) -> Key {
    Key { name, expects, default: None, about }
}

/// A map of keys, all independent of each other.
pub(crate) const fn section(about: &'static str, keys: &'static [Key]) -> Section {
    Section { about, keys, exactly_one: &[] }
}

impl Section {
    /// The key of that name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A team size.
pub(super) const AGENTS: Expects = Expects::Count(1, MAX_AGENTS);

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
