//! Validation of a document against the table of keys; reports all errors.

use crate::architecture::ARCHITECTURES;
use crate::problem::quantity;
use crate::problem::suggest::{nearest, suggestion};
use crate::problem::{Problem, Problems};
use crate::scenario::axis_values;
use crate::scenario::distribution;
use crate::scenario::keys::{self, Expects, Section};
use crate::scenario::node::{Node, NodeKey, NodeKind, PathStep, quoted, shown};

/// Returns all violations of `section` in `node`.
pub(super) fn check(file: &str, node: &Node, section: &'static Section) -> Problems {
    let mut checker = Checker { file, path: Vec::new(), problems: Problems::default() };
    checker.section(node, section);
    checker.problems.sorted()
}

struct Checker<'a> {
    file: &'a str,
    path: Vec<PathStep<'a>>,
    problems: Problems,
}

/// Error of a single value: code and message. The table contains the expected value.
type ValueError = (&'static str, String);

impl<'a> Checker<'a> {
    fn report(&mut self, line: u32, code: &'static str, message: String, mut expected: String) {
        if message.contains("did you mean") {
            // The suggestion replaces the expected value.
            expected.clear();
        }
        let file = if line == 0 { "--set" } else { self.file }.to_owned();
        self.problems.push(Problem { code, file, line, path: shown(&self.path), message, expected });
    }

    fn value(&mut self, node: &'a Node, expects: &'static Expects) {
        match (expects, &node.kind) {
            (Expects::Section(section), _) => self.section(node, section),
            (Expects::ListOf(item), NodeKind::List(items)) => {
                for (index, node) in items.iter().enumerate() {
                    self.path.push(PathStep::Index(index));
                    self.value(node, item);
                    self.path.pop();
                }
            }
            (Expects::MapOf(_, value), NodeKind::Map(entries)) => {
                self.repeated(entries);
                for (key, node) in entries {
                    self.path.push(PathStep::Key(&key.name));
                    self.value(node, value);
                    self.path.pop();
                }
            }
            (Expects::Architecture, NodeKind::Map(entries)) => self.architecture(node, entries),
            (Expects::Either(options), _) => self.either(node, expects, options),
            _ => {
                if let Err((code, message)) = scalar(node, expects) {
                    self.report(node.line, code, message, expects.describe());
                }
            }
        }
    }

    fn section(&mut self, node: &'a Node, section: &'static Section) {
        let NodeKind::Map(entries) = &node.kind else {
            let (code, message) = wrong_type(node);
            return self.report(node.line, code, message, Expects::Section(section).describe());
        };
        self.repeated(entries);
        let mut unknown = false;
        for (key, node) in entries {
            self.path.push(PathStep::Key(&key.name));
            if let Some(known) = section.find(&key.name) {
                self.value(node, &known.expects);
            } else {
                unknown = true;
                self.unknown(key, section.keys.iter().map(|key| key.name));
            }
            self.path.pop();
        }
        for key in section.keys {
            if key.default.is_none() && node.key(key.name).is_none() {
                self.path.push(PathStep::Key(key.name));
                self.report(node.line, "missing-key", "missing".to_owned(), key.expects.describe());
                self.path.pop();
            }
        }
        // An unknown key is probably a misspelled alternative.
        if !section.exactly_one.is_empty() && !unknown {
            self.exactly_one(node, entries, section);
        }
    }

    fn exactly_one(&mut self, node: &Node, entries: &[(NodeKey, Node)], section: &'static Section) {
        let names = || section.exactly_one.join(", ");
        let mut given = entries.iter().map(|(key, _)| key).filter(|key| section.exactly_one.contains(&&*key.name));
        match (given.next(), given.next()) {
            (None, _) => {
                self.report(node.line, "one-of", "no alternative is given".to_owned(), format!("one of {}", names()));
            }
            (Some(first), Some(second)) if first.name != second.name => {
                let message = format!("both \"{}\" and \"{}\" are given", first.name, second.name);
                self.report(second.line, "one-of", message, format!("exactly one of {}", names()));
            }
            _ => {}
        }
    }

    fn repeated(&mut self, entries: &'a [(NodeKey, Node)]) {
        let mut order: Vec<&NodeKey> = entries.iter().map(|(key, _)| key).collect();
        // The sort is stable: of equal names the first in the file comes first.
        order.sort_by_key(|key| &key.name);
        for pair in order.windows(2).filter(|pair| pair[0].name == pair[1].name) {
            self.path.push(PathStep::Key(&pair[1].name));
            let message = format!("duplicate key; first given in line {}", pair[0].line);
            self.report(pair[1].line, "duplicate-key", message, String::new());
            self.path.pop();
        }
    }

    fn unknown(&mut self, key: &NodeKey, names: impl Iterator<Item = &'static str> + Clone) {
        if self.problems.is_full() {
            return self.report(key.line, "unknown-key", String::new(), String::new());
        }
        let mut near = suggestion(&key.name, names.clone());
        if near.is_empty() && self.path.len() == 1 {
            near = elsewhere(&key.name);
        }
        let expected = format!("one of {}", names.collect::<Vec<_>>().join(", "));
        self.report(key.line, "unknown-key", format!("no such key{near}"), expected);
    }

    /// `{name: {parameter: value}}`.
    fn architecture(&mut self, node: &'a Node, entries: &'a [(NodeKey, Node)]) {
        let [(key, parameters)] = entries else {
            let message = format!("{} architectures are given", entries.len());
            let expected = "a map from one architecture to its parameters".to_owned();
            return self.report(node.line, "one-of", message, expected);
        };
        self.path.push(PathStep::Key(&key.name));
        match (ARCHITECTURES.iter().find(|row| row.name == key.name), &parameters.kind) {
            (None, _) => self.unknown(key, ARCHITECTURES.iter().map(|row| row.name)),
            (Some(row), NodeKind::Map(given)) => {
                self.repeated(given);
                for (key, node) in given {
                    self.path.push(PathStep::Key(&key.name));
                    match row.parameters.iter().find(|parameter| parameter.name == key.name) {
                        None => self.unknown(key, row.parameters.iter().map(|parameter| parameter.name)),
                        Some(parameter) => {
                            if let Err((code, message)) = choice(node, parameter.values) {
                                self.report(node.line, code, message, parameter.values.join(" or "));
                            }
                        }
                    }
                    self.path.pop();
                }
            }
            (Some(row), _) => {
                let (code, message) = wrong_type(parameters);
                let names: Vec<_> = row.parameters.iter().map(|parameter| parameter.name).collect();
                let expected =
                    if names.is_empty() { "{}".to_owned() } else { format!("a map with {}", names.join(", ")) };
                self.report(parameters.line, code, message, expected);
            }
        }
        self.path.pop();
    }

    fn either(&mut self, node: &'a Node, expects: &'static Expects, options: &'static [Expects]) {
        // Of several sections, the first one with the fewest unknown keys applies.
        let unknown = |section: &&'static Section| {
            node.entries().iter().filter(|(key, _)| section.find(&key.name).is_none()).count()
        };
        let section_of = |option: &'static Expects| if let Expects::Section(of) = option { Some(*of) } else { None };
        if let NodeKind::Map(_) = node.kind
            && let Some(section) = options.iter().filter_map(section_of).min_by_key(unknown)
        {
            return self.section(node, section);
        }
        let tried: Vec<_> =
            options.iter().filter(|option| section_of(option).is_none()).map(|option| scalar(node, option)).collect();
        if tried.iter().any(Result::is_ok) {
            return;
        }
        // Report the most specific error: an invalid quantity is more specific than a wrong type.
        let specificity = |(code, _): &ValueError| {
            ["wrong-type", "not-a-choice", "quantity", "out-of-range"].iter().position(|known| known == code)
        };
        let wrong = tried.into_iter().filter_map(Result::err).max_by_key(specificity);
        let (code, message) = wrong.unwrap_or_else(|| wrong_type(node));
        self.report(node.line, code, message, expects.describe());
    }
}

/// Suggests the path of a nested key that is given at the top level, such as `agents`.
fn elsewhere(name: &str) -> String {
    let all = keys::all();
    let further_down = || all.iter().filter(|(path, _)| !path.contains(['[', '*']));
    let near = nearest(name, further_down().map(|(_, key)| key.name));
    let path = further_down().find(|(_, key)| Some(key.name) == near).map(|(path, _)| path);
    path.map_or_else(String::new, |path| format!("; did you mean \"{path}\"?"))
}

/// Checks a value against an expected kind other than a map or a list.
fn scalar(node: &Node, expects: &Expects) -> Result<(), ValueError> {
    match expects {
        Expects::Text | Expects::File | Expects::Recording | Expects::ProfileName => match node.text() {
            Some("") => Err(("out-of-range", "is empty".to_owned())),
            Some(_) => Ok(()),
            None => Err(wrong_type(node)),
        },
        Expects::Bool => {
            if matches!(node.kind, NodeKind::Bool(_)) {
                Ok(())
            } else {
                Err(wrong_type(node))
            }
        }
        Expects::Count(low, high) => whole(node, i128::from(*low), i128::from(*high)),
        Expects::Integer => whole(node, i128::from(i64::MIN), i128::from(i64::MAX)),
        Expects::Number(low, high) => number(node, *low, *high),
        Expects::Probability => number(node, 0.0, 1.0),
        Expects::Positive => above_zero(node, f64::MAX),
        Expects::Proportion => above_zero(node, 1.0),
        Expects::Duration => match &node.kind {
            NodeKind::Text(text) => quantity::duration(text).map(|_| ()).map_err(|message| ("quantity", message)),
            NodeKind::Int(_) | NodeKind::Float(_) => {
                Err(("quantity", format!("{node} has no unit; write \"{node}s\"")))
            }
            _ => Err(wrong_type(node)),
        },
        Expects::Dist(unit) => match &node.kind {
            NodeKind::Text(_) | NodeKind::Int(_) | NodeKind::Float(_) => {
                distribution::read(node, *unit).map(|_| ()).map_err(|message| ("quantity", message))
            }
            _ => Err(wrong_type(node)),
        },
        Expects::OneOf(words) => choice(node, &words.iter().map(|(word, _)| *word).collect::<Vec<_>>()),
        Expects::Architecture => choice(node, &ARCHITECTURES.iter().map(|row| row.name).collect::<Vec<_>>()),
        Expects::Axis => axis_values::values(node).map(|_| ()).map_err(|message| ("sweep", message)),
        Expects::Section(_) | Expects::ListOf(_) | Expects::MapOf(..) | Expects::Either(_) => Err(wrong_type(node)),
    }
}

fn choice(node: &Node, words: &[&str]) -> Result<(), ValueError> {
    let text = node.text().ok_or_else(|| wrong_type(node))?;
    if words.contains(&text) {
        return Ok(());
    }
    Err((
        "not-a-choice",
        format!("{} is not an allowed value{}", quoted(text), suggestion(text, words.iter().copied())),
    ))
}

fn whole(node: &Node, low: i128, high: i128) -> Result<(), ValueError> {
    finite(node)?;
    let value = node.whole().ok_or_else(|| ("wrong-type", format!("{node} is not a whole number")))?;
    match value {
        _ if value < 0 && low >= 0 => Err(("out-of-range", format!("{value} is negative"))),
        _ if value < low => Err(("out-of-range", format!("{value} is below {low}"))),
        _ if value > high => Err(("out-of-range", format!("{value} is above {high}"))),
        _ => Ok(()),
    }
}

fn number(node: &Node, low: f64, high: f64) -> Result<(), ValueError> {
    let value = finite(node)?;
    match value {
        _ if value < 0.0 && low >= 0.0 => Err(("out-of-range", format!("{node} is negative"))),
        _ if value < low => Err(("out-of-range", format!("{node} is below {low}"))),
        _ if value > high => Err(("out-of-range", format!("{node} is above {high}"))),
        _ => Ok(()),
    }
}

fn above_zero(node: &Node, high: f64) -> Result<(), ValueError> {
    number(node, 0.0, high)?;
    if node.number() == Some(0.0) { Err(("out-of-range", "0 is not above 0".to_owned())) } else { Ok(()) }
}

fn finite(node: &Node) -> Result<f64, ValueError> {
    match node.number() {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(("out-of-range", format!("{node} is not a finite number"))),
        None => Err(wrong_type(node)),
    }
}

fn wrong_type(node: &Node) -> ValueError {
    let message = match &node.kind {
        NodeKind::Null => "the value is missing".to_owned(),
        NodeKind::Bool(value) => format!("{value} is a boolean"),
        NodeKind::Int(_) | NodeKind::Float(_) => format!("{node} is a number"),
        NodeKind::Text(text) => format!("{} is a text", quoted(text)),
        NodeKind::List(_) => "is a list".to_owned(),
        NodeKind::Map(_) => "is a map".to_owned(),
    };
    ("wrong-type", message)
}
