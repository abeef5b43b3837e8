//! A YAML document as a tree in which every value remembers its line, and repeated keys are kept.

use std::fmt;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line, from 1; 0 if it comes from the command line.
    pub line: u32,
    /// Column, from 1; 0 if it comes from the command line.
    pub column: u32,
    /// What it is.
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number, not-a-number and infinity included.
    Float(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and their values in the order of the file; a key may be there twice.
    Map(Vec<(NodeKey, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeKey {
    /// What it says.
    pub name: String,
    /// Line, from 1; 0 if it comes from the command line.
    pub line: u32,
    /// Column, from 1; 0 if it comes from the command line.
    pub column: u32,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathStep<'a> {
    /// Into the value of a key.
    Key(&'a str),
    /// Into a list, from 0.
    Place(usize),
}

impl From<u32> for Node {
    fn from(number: u32) -> Node {
        Node::new(NodeKind::Int(i128::from(number)))
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Node {
        Node::new(NodeKind::Text(text.to_owned()))
    }
}

impl Node {
    /// A value that stands nowhere.
    pub fn new(kind: NodeKind) -> Node {
        Node { line: 0, column: 0, kind }
    }

    /// The value of a key, of the first one if it is repeated.
    pub fn key(&self, name: &str) -> Option<&Node> {
        let entries = self.entries();
        entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Keys and values; none if it is no map.
    pub fn entries(&self) -> &[(NodeKey, Node)] {
        if let NodeKind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The values of a list; none if it is no list.
    pub fn items(&self) -> &[Node] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            NodeKind::Int(value) => Some(value as f64),
            NodeKind::Float(value) => Some(value),
            _ => None,
        }
    }

    /// The number, if it is a whole one; `1e3` is.
    pub fn whole(&self) -> Option<i128> {
        match self.kind {
            NodeKind::Int(value) => Some(value),
            NodeKind::Float(value) if value.fract() == 0.0 => Some(value as i128),
            _ => None,
        }
    }

    /// The value at a path such as `team.members[0].count`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let mut node = self;
        for step in steps(path)? {
            node = match step {
                PathStep::Key(name) => node.key(name)?,
                PathStep::Place(place) => node.items().get(place)?,
            };
        }
        Some(node)
    }

    /// Makes it stand nowhere, with all that is in it.
    pub(super) fn forget_place(&mut self) {
        (self.line, self.column) = (0, 0);
        match &mut self.kind {
            NodeKind::List(items) => items.iter_mut().for_each(Node::forget_place),
            NodeKind::Map(entries) => {
                for (key, node) in entries {
                    (key.line, key.column) = (0, 0);
                    node.forget_place();
                }
            }
            _ => {}
        }
    }

    /// Puts `value` at a path; maps on the way are made where there is nothing. A name on the way becomes a map that
    /// still means the same: `profile: plain` becomes `profile: {base: plain, ..}`, and `architecture: self_claim` or
    /// `pacing: rounds` becomes a map with the word as its only key.
    ///
    /// # Errors
    ///
    /// The path of the value that can't be gone into and why, or that it is no path.
    pub(super) fn set(&mut self, path: &str, value: Node) -> Result<(), (String, String)> {
        let steps = steps(path).ok_or_else(|| (path.to_owned(), "is no path".to_owned()))?;
        let mut node = self;
        for (depth, &step) in steps.iter().enumerate() {
            let here = || shown(&steps[..depth]);
            node = match step {
                PathStep::Key(name) => {
                    node.open_for(name, depth.checked_sub(1).map(|above| steps[above]));
                    let (line, column) = (value.line, value.column);
                    let entries = match &mut node.kind {
                        NodeKind::Map(entries) => entries,
                        other => return Err((here(), format!("is {other}: there is no \"{name}\" in it"))),
                    };
                    let place = entries.iter().position(|(key, _)| key.name == name).unwrap_or_else(|| {
                        entries.push((NodeKey { name: name.to_owned(), line, column }, Node::new(NodeKind::Null)));
                        entries.len() - 1
                    });
                    &mut entries[place].1
                }
                PathStep::Place(place) => {
                    let many = node.items().len();
                    let items = match &mut node.kind {
                        NodeKind::List(items) => items,
                        other => return Err((here(), format!("is {other}: it is no list"))),
                    };
                    let missing = || (here(), format!("has {many} entries, counted from 0: there is no [{place}]"));
                    items.get_mut(place).ok_or_else(missing)?
                }
            };
        }
        *node = value;
        Ok(())
    }

    /// Makes a map of what is only a name, or nothing, so that `name` can be set in it.
    fn open_for(&mut self, name: &str, step: Option<PathStep<'_>>) {
        let key = |name: &str| NodeKey { name: name.to_owned(), line: self.line, column: self.column };
        let entries = match &self.kind {
            NodeKind::Null => Vec::new(),
            NodeKind::Text(text) if text == name => {
                vec![(key(text), Node { kind: NodeKind::Map(Vec::new()), ..*self })]
            }
            NodeKind::Text(_) if step == Some(PathStep::Key("profile")) => vec![(key("base"), self.clone())],
            _ => return,
        };
        self.kind = NodeKind::Map(entries);
    }
}

/// In quotes, on one line, and not too long.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() { format!("\"{shown}..\"") } else { format!("\"{shown}\"") }
}

/// The steps of a path; `None` if it is none.
pub(super) fn steps(path: &str) -> Option<Vec<PathStep<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, places) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(PathStep::Key(name));
        for place in places.split_inclusive(']') {
            steps.push(PathStep::Place(place.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

/// The path that the steps make.
pub(super) fn shown(steps: &[PathStep<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            PathStep::Key(name) if path.is_empty() => path.push_str(name),
            PathStep::Key(name) => {
                path.push('.');
                path.push_str(name);
            }
            PathStep::Place(place) => {
                path.push('[');
                path.push_str(&place.to_string());
                path.push(']');
            }
        }
    }
    path
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

/// As it would be written on one line: `4`, `self_claim`, `[1, 2]`, `{preassigned: {deal: lpt}}`.
impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeKind::Null => f.write_str("null"),
            NodeKind::Bool(value) => write!(f, "{value}"),
            NodeKind::Int(value) => write!(f, "{value}"),
            NodeKind::Float(value) => write!(f, "{value}"),
            NodeKind::Text(text) => f.write_str(text),
            NodeKind::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            NodeKind::Map(entries) => {
                f.write_str("{")?;
                for (place, (key, node)) in entries.iter().enumerate() {
                    write!(f, "{}{}: {node}", if place > 0 { ", " } else { "" }, key.name)?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::read::read;

    fn tree(text: &str) -> Node {
        read("test", text.as_bytes()).expect("valid YAML")
    }

    fn after(text: &str, path: &str, value: &str) -> String {
        let mut node = tree(text);
        match node.set(path, tree(value)) {
            Ok(()) => node.to_string(),
            Err((path, why)) => format!("{path} {why}"),
        }
    }

    #[test]
    fn paths_lead_to_values() {
        let node = tree("a: {b: [1, {c: x}]}");
        assert_eq!(node.get("a.b[1].c").and_then(Node::text), Some("x"));
        for path in ["", "a.", ".a", "a[", "a[x]", "a]", "a[1", "a.b[2]", "a.c", "a[0]"] {
            assert_eq!(node.get(path), None, "{path}");
        }
    }

    #[test]
    fn names_open_up_when_something_is_set_in_them() {
        assert_eq!(after("a: 1", "b.c", "2"), "{a: 1, b: {c: 2}}");
        assert_eq!(after("a: [1, 2]", "a[1]", "x"), "{a: [1, x]}");
        assert_eq!(after("profile: plain", "profile.error_rate", "0.1"), "{profile: {base: plain, error_rate: 0.1}}");
        assert_eq!(after("pacing: rounds", "pacing.rounds.idle_calls", "no"), "{pacing: {rounds: {idle_calls: no}}}");
        assert_eq!(after("a: 1", "a.b", "2"), "a is 1: there is no \"b\" in it");
        assert_eq!(after("a: [1]", "a[7]", "2"), "a has 1 entries, counted from 0: there is no [7]");
        assert_eq!(after("a: 1", "a..b", "2"), "a..b is no path");
    }
}
