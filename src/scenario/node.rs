//! YAML document as a tree with line numbers; duplicate keys are kept.

use std::fmt;

/// Value and its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line, from 1; 0 if it comes from the command line.
    pub line: u32,
    /// Column, from 1; 0 if it comes from the command line.
    pub column: u32,
    /// Value.
    pub kind: NodeKind,
}

/// Kind of a value, and the value.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// No value, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Whole number.
    Int(i128),
    /// Other number, including NaN and infinity.
    Float(f64),
    /// Text.
    Text(String),
    /// List.
    List(Vec<Node>),
    /// Keys and values in the order of the file, possibly with duplicate keys.
    Map(Vec<(NodeKey, Node)>),
}

/// Key and its position.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeKey {
    /// Name.
    pub name: String,
    /// Line, from 1; 0 if it comes from the command line.
    pub line: u32,
    /// Column, from 1; 0 if it comes from the command line.
    pub column: u32,
}

/// Step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathStep<'a> {
    /// Value of a key.
    Key(&'a str),
    /// Element of a list, from 0.
    Index(usize),
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
    /// Returns a value without a position.
    pub fn new(kind: NodeKind) -> Node {
        Node { line: 0, column: 0, kind }
    }

    /// Returns the value of a key; of duplicate keys the first.
    pub fn key(&self, name: &str) -> Option<&Node> {
        let entries = self.entries();
        entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// Returns keys and values; empty if the value is not a map.
    pub fn entries(&self) -> &[(NodeKey, Node)] {
        if let NodeKind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// Returns the values of a list; empty if the value is not a list.
    pub fn items(&self) -> &[Node] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    /// Returns the text, if the value is one.
    pub fn text(&self) -> Option<&str> {
        if let NodeKind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Returns the number, if the value is one.
    pub fn number(&self) -> Option<f64> {
        match self.kind {
            NodeKind::Int(value) => Some(value as f64),
            NodeKind::Float(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the number, if it is whole; `1e3` is.
    pub fn whole(&self) -> Option<i128> {
        match self.kind {
            NodeKind::Int(value) => Some(value),
            NodeKind::Float(value) if value.fract() == 0.0 => Some(value as i128),
            _ => None,
        }
    }

    /// Returns the value at a path such as `team.members[0].count`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let mut node = self;
        for step in steps(path)? {
            node = match step {
                PathStep::Key(name) => node.key(name)?,
                PathStep::Index(index) => node.items().get(index)?,
            };
        }
        Some(node)
    }

    /// Removes the positions of a value and of all values in it.
    pub(super) fn clear_position(&mut self) {
        (self.line, self.column) = (0, 0);
        match &mut self.kind {
            NodeKind::List(items) => items.iter_mut().for_each(Node::clear_position),
            NodeKind::Map(entries) => {
                for (key, node) in entries {
                    (key.line, key.column) = (0, 0);
                    node.clear_position();
                }
            }
            _ => {}
        }
    }

    /// Sets `value` at a path and creates missing maps. A name on the path becomes a map of the same meaning: `profile: plain`
    /// becomes `profile: {base: plain, ..}`; `architecture: self_claim` or `pacing: rounds` becomes a map with the word as
    /// its only key.
    ///
    /// # Errors
    ///
    /// The path of the value that can't be entered and the reason, or an invalid path.
    pub(super) fn set(&mut self, path: &str, value: Node) -> Result<(), (String, String)> {
        let steps = steps(path).ok_or_else(|| (path.to_owned(), "is not a path".to_owned()))?;
        let mut node = self;
        for (depth, &step) in steps.iter().enumerate() {
            let here = || shown(&steps[..depth]);
            node = match step {
                PathStep::Key(name) => {
                    node.open_for(name, depth.checked_sub(1).map(|above| steps[above]));
                    let (line, column) = (value.line, value.column);
                    let entries = match &mut node.kind {
                        NodeKind::Map(entries) => entries,
                        other => return Err((here(), format!("is {other}, which has no key \"{name}\""))),
                    };
                    let index = entries.iter().position(|(key, _)| key.name == name).unwrap_or_else(|| {
                        entries.push((NodeKey { name: name.to_owned(), line, column }, Node::new(NodeKind::Null)));
                        entries.len() - 1
                    });
                    &mut entries[index].1
                }
                PathStep::Index(index) => {
                    let len = node.items().len();
                    let items = match &mut node.kind {
                        NodeKind::List(items) => items,
                        other => return Err((here(), format!("is {other}, which is not a list"))),
                    };
                    let missing = || (here(), format!("has {len} entries; index {index} is out of range"));
                    items.get_mut(index).ok_or_else(missing)?
                }
            };
        }
        *node = value;
        Ok(())
    }

    /// Replaces a name or a missing value by a map, so that `name` can be set in it.
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

/// Returns a text in quotes, on one line, truncated after 40 characters.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() { format!("\"{shown}..\"") } else { format!("\"{shown}\"") }
}

/// Parses the steps of a path; `None` if it is invalid.
pub(super) fn steps(path: &str) -> Option<Vec<PathStep<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(PathStep::Key(name));
        for index in indices.split_inclusive(']') {
            steps.push(PathStep::Index(index.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}

/// Formats steps as a path.
pub(super) fn shown(steps: &[PathStep<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            PathStep::Key(name) if path.is_empty() => path.push_str(name),
            PathStep::Key(name) => {
                path.push('.');
                path.push_str(name);
            }
            PathStep::Index(index) => {
                path.push('[');
                path.push_str(&index.to_string());
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

/// Formats on one line: `4`, `self_claim`, `[1, 2]`, `{preassigned: {deal: lpt}}`.
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
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            NodeKind::Map(entries) => {
                f.write_str("{")?;
                for (index, (key, node)) in entries.iter().enumerate() {
                    write!(f, "{}{}: {node}", if index > 0 { ", " } else { "" }, key.name)?;
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
    fn names_become_maps_when_a_key_is_set_in_them() {
        assert_eq!(after("a: 1", "b.c", "2"), "{a: 1, b: {c: 2}}");
        assert_eq!(after("a: [1, 2]", "a[1]", "x"), "{a: [1, x]}");
        assert_eq!(after("profile: plain", "profile.error_rate", "0.1"), "{profile: {base: plain, error_rate: 0.1}}");
        assert_eq!(after("pacing: rounds", "pacing.rounds.idle_calls", "no"), "{pacing: {rounds: {idle_calls: no}}}");
        assert_eq!(after("a: 1", "a.b", "2"), "a is 1, which has no key \"b\"");
        assert_eq!(after("a: [1]", "a[7]", "2"), "a has 1 entries; index 7 is out of range");
        assert_eq!(after("a: 1", "a..b", "2"), "a..b is not a path");
    }
}
