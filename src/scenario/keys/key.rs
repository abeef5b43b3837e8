//! Types of the table of keys: a [`Section`] has [`Key`]s, each with an expected kind of value ([`Expects`]).

use crate::architecture::ARCHITECTURES;
use crate::problem::quantity::Unit;

/// Most agents of a team.
pub const MAX_AGENTS: u64 = 100_000;
/// Most shared resources.
pub const MAX_RESOURCES: usize = 8;
/// Most replications of a point.
pub const MAX_REPLICATIONS: u64 = 100_000_000;

/// Map with fixed keys.
pub struct Section {
    /// Description, for docs and schema.
    pub about: &'static str,
    /// Keys, in the order of the docs.
    pub keys: &'static [Key],
    /// Alternatives: exactly one of these keys is required; empty if there are none.
    pub exactly_one: &'static [&'static str],
}

/// Key of a section.
pub struct Key {
    /// Name.
    pub name: &'static str,
    /// Expected value.
    pub expects: Expects,
    /// Default value; a description in parentheses; empty for a key of [`Section::exactly_one`]. `None` if the key is required.
    pub default: Option<&'static str>,
    /// Meaning, for docs and schema.
    pub about: &'static str,
}

/// Expected kind of a value.
pub enum Expects {
    /// Non-empty text.
    Text,
    /// Path of a file.
    File,
    /// Path of a recorded run in the format of brooks.
    Recording,
    /// `true` or `false`.
    Bool,
    /// Whole number, both ends included.
    Count(u64, u64),
    /// Whole number, also a negative one.
    Integer,
    /// Number, both ends included.
    Number(f64, f64),
    /// Number above 0.
    Positive,
    /// Number from 0 to 1.
    Probability,
    /// Number above 0, up to 1.
    Proportion,
    /// Duration with its unit.
    Duration,
    /// Distribution of a quantity, or a constant.
    Dist(Unit),
    /// One of these words, each with its meaning.
    OneOf(&'static [(&'static str, &'static str)]),
    /// Architecture of the registry, with or without parameters.
    Architecture,
    /// Profile by its name or the path of its file.
    ProfileName,
    /// Values of an axis of a sweep.
    Axis,
    /// Map with these keys.
    Section(&'static Section),
    /// List of such values.
    ListOf(&'static Expects),
    /// Map from names of the user's choice to such values; the text describes a key.
    MapOf(&'static str, &'static Expects),
    /// One of several kinds.
    Either(&'static [Expects]),
}

/// Returns a key with a default.
pub(crate) const fn key(name: &'static str, expects: Expects, default: &'static str, about: &'static str) -> Key {
    Key { name, expects, default: Some(default), about }
}

/// Returns a required key.
pub(crate) const fn needed(name: &'static str, expects: Expects, about: &'static str) -> Key {
    Key { name, expects, default: None, about }
}

/// Returns a section without alternatives.
pub(crate) const fn section(about: &'static str, keys: &'static [Key]) -> Section {
    Section { about, keys, exactly_one: &[] }
}

impl Section {
    /// Returns the key of this name.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Team size.
pub(super) const AGENTS: Expects = Expects::Count(1, MAX_AGENTS);

impl Expects {
    /// Describes the expected value, for messages: `a duration such as "4s"`.
    pub fn describe(&self) -> String {
        match self {
            Expects::Text => "a text".to_owned(),
            Expects::File => "the path of a file".to_owned(),
            Expects::Recording => "the path of a .steps.jsonl with one run".to_owned(),
            Expects::Bool => "true or false".to_owned(),
            Expects::Count(low, u64::MAX) => format!("a whole number of at least {low}"),
            Expects::Count(low, high) => format!("a whole number from {low} to {high}"),
            Expects::Integer => "a whole number".to_owned(),
            Expects::Number(low, high) => format!("a number from {low} to {high}"),
            Expects::Positive => "a number above 0".to_owned(),
            Expects::Probability => "a number from 0 to 1".to_owned(),
            Expects::Proportion => "a number above 0, up to 1".to_owned(),
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
            Expects::MapOf(what, _) => format!("a map; each key is {what}"),
            Expects::Either(options) => any_of(options.iter().map(Expects::describe)),
        }
    }
}

/// Joins alternatives: `a, b or c`.
fn any_of(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = words.collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}
