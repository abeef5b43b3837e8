//! YAML parser: bytes to a [`Node`], with limits on size, nesting and number of values.

use std::collections::BTreeMap;

use serde_yaml::granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Tag, options};

use crate::problem::{Problem, Problems};
use crate::scenario::node::{Node, NodeKey, NodeKind};

/// Largest file, bytes.
pub const MAX_BYTES: usize = 4_000_000;
/// Deepest nesting of lists and maps.
pub const MAX_NESTING: usize = 64;
/// Most values; a value repeated by an alias counts each time.
pub const MAX_NODES: usize = 2_000_000;

/// Parses one YAML document. `file` is its name in messages.
///
/// # Errors
///
/// The first problem: YAML can't be parsed beyond it.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Node, Problems> {
    let fail = |(code, line, message): Refusal| {
        let (file, path, expected) = (file.to_owned(), String::new(), String::new());
        Problems::one(Problem { code, file, line, path, message, expected })
    };
    if bytes.len() > MAX_BYTES {
        let message = format!("{} bytes; the limit is {MAX_BYTES}", bytes.len());
        return Err(fail(("too-large", 0, message)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let line = bytes[..offset].split(|&byte| byte == b'\n').count() as u32;
        fail(("not-utf8", line, format!("byte {offset} is not UTF-8 text")))
    })?;
    build(text).map_err(fail)
}

/// Code, line and message.
type Refusal = (&'static str, u32, String);

fn build(text: &str) -> Result<Node, Refusal> {
    let options = options! {
        emit_comments: false,
        flow_nesting_limit: MAX_NESTING,
        block_nesting_limit: MAX_NESTING,
    };
    let mut builder = Builder::default();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| syntax(&error))?;
        builder.handle(event, span.start)?;
    }
    match builder.root {
        Some(root) if root.kind != NodeKind::Null => Ok(root),
        _ => Err(("empty", 0, "the document is empty".to_owned())),
    }
}

fn syntax(error: &ScanError) -> Refusal {
    let (line, column) = (error.marker().line() as u32, error.marker().col() + 1);
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(line),
        _ => ("syntax", line, format!("column {column}: {}", error.info())),
    }
}

fn too_deep(line: u32) -> Refusal {
    ("too-large", line, format!("lists and maps are nested more than {MAX_NESTING} deep"))
}

/// Builder of a tree from parser events.
#[derive(Default)]
struct Builder {
    /// Open lists and maps.
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    /// Complete values with an anchor, each with the number of values in it.
    anchors: BTreeMap<usize, (Node, usize)>,
}

struct Open {
    node: Node,
    anchor: usize,
    /// Key of the next value.
    key: Option<NodeKey>,
    /// Number of values before this one.
    before: usize,
}

impl Builder {
    fn handle(&mut self, event: Event<'_>, mark: Marker) -> Result<(), Refusal> {
        let (line, column) = (mark.line() as u32, mark.col() as u32 + 1);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(("syntax", line, "a second document starts; only one is allowed".to_owned()))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.as_deref().map_or(Ok(style != ScalarStyle::Plain), |tag| means_text(tag, line))?;
                let kind = if is_text { NodeKind::Text(text.into_owned()) } else { plain(&text) };
                self.count(1, line)?;
                self.close(Node { line, column, kind }, anchor, 1, line)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(Node { line, column, kind: NodeKind::List(Vec::new()) }, anchor, tag.as_deref())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(Node { line, column, kind: NodeKind::Map(Vec::new()) }, anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.close(open.node, open.anchor, self.nodes - open.before, line),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some((node, size)) = self.anchors.get(&anchor) else {
                    return Err(("syntax", line, "an alias refers to a value that contains it".to_owned()));
                };
                let (deep, size) = (depth(node), *size);
                if self.open.len() + deep > MAX_NESTING {
                    return Err(too_deep(line));
                }
                if self.nodes + size > MAX_NODES {
                    return Err(too_many(line));
                }
                let node = node.clone();
                self.count(size, line)?;
                self.close(node, 0, size, line)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, more: usize, line: u32) -> Result<(), Refusal> {
        self.nodes += more;
        if self.nodes > MAX_NODES { Err(too_many(line)) } else { Ok(()) }
    }

    fn start(&mut self, node: Node, anchor: usize, tag: Option<&Tag>) -> Result<(), Refusal> {
        if let Some(tag) = tag {
            return Err(foreign(tag, node.line));
        }
        if self.open.len() >= MAX_NESTING {
            return Err(too_deep(node.line));
        }
        let before = self.nodes;
        self.count(1, node.line)?;
        self.open.push(Open { node, anchor, key: None, before });
        Ok(())
    }

    /// Adds a complete value to its parent: a key, a value, an element, or the document.
    fn close(&mut self, node: Node, anchor: usize, size: usize, line: u32) -> Result<(), Refusal> {
        if anchor > 0 {
            // Copies for aliases count as well, which bounds the memory of nested anchors.
            self.count(size, line)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut parent.node.kind, parent.key.take()) {
            (NodeKind::Map(entries), Some(key)) => entries.push((key, node)),
            (NodeKind::Map(_), None) => {
                if matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_)) {
                    return Err(("syntax", line, "a list or map can't be a key".to_owned()));
                }
                parent.key = Some(NodeKey { name: node.to_string(), line: node.line, column: node.column });
            }
            (NodeKind::List(items), _) => items.push(node),
            _ => {}
        }
        Ok(())
    }
}

fn too_many(line: u32) -> Refusal {
    ("too-large", line, format!("more than {MAX_NODES} values, including those repeated by aliases"))
}

fn depth(node: &Node) -> usize {
    match &node.kind {
        NodeKind::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        NodeKind::Map(entries) => 1 + entries.iter().map(|(_, node)| depth(node)).max().unwrap_or(0),
        _ => 0,
    }
}

/// Returns true if the tag of a scalar is `!!str`; other tags are errors.
fn means_text(tag: &Tag, line: u32) -> Result<bool, Refusal> {
    if tag.is_yaml_core_schema_tag("str") { Ok(true) } else { Err(foreign(tag, line)) }
}

fn foreign(tag: &Tag, line: u32) -> Refusal {
    ("syntax", line, format!("the tag {} is not supported", tag.original()))
}

/// Resolves an unquoted scalar by the core schema of YAML 1.2.
fn plain(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" => NodeKind::Bool(true),
        "false" | "False" | "FALSE" => NodeKind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => NodeKind::Float(f64::NAN),
        _ => number(text).unwrap_or_else(|| NodeKind::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<NodeKind> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(NodeKind::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    let with_radix =
        |digits: &str, radix| (!digits.starts_with(['+', '-'])).then(|| i128::from_str_radix(digits, radix));
    if let Some(digits) = text.strip_prefix("0x") {
        return with_radix(digits, 16)?.ok().map(NodeKind::Int);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return with_radix(digits, 8)?.ok().map(NodeKind::Int);
    }
    // Rust also parses `inf` and `nan`.
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    if !numeric {
        return None;
    }
    text.parse().map(NodeKind::Int).or_else(|_| text.parse().map(NodeKind::Float)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> String {
        read("f", text.as_bytes()).map_or_else(|problems| problems.to_string(), |node| node.to_string())
    }

    #[test]
    fn scalars_mean_what_yaml_says() {
        let read =
            first("[1, -7, 0x1f, 0o17, 1.5, 1e3, .5, '1', yes, true, ~, .inf, -.inf, inf, 1..16, 1_000, !!str 7]");
        assert_eq!(read, "[1, -7, 31, 15, 1.5, 1000, 0.5, 1, yes, true, null, inf, -inf, inf, 1..16, 1_000, 7]");
    }

    #[test]
    fn aliases_repeat_and_bombs_are_refused() {
        assert_eq!(first("a: &x [1, 2]\nb: *x"), "{a: [1, 2], b: [1, 2]}");
        let mut bomb = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x]".to_owned()];
        for level in 1..30 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.push(format!("a{level}: &a{level} [{below}]"));
        }
        assert_eq!(first(&bomb.join("\n")), "f:7: more than 2000000 values, including those repeated by aliases");
        assert_eq!(first("a: &x [*x]"), "f:1: an alias refers to a value that contains it");
    }

    #[test]
    fn every_limit_is_named() {
        assert_eq!(first(&" ".repeat(5_000_000)), "f: 5000000 bytes; the limit is 4000000");
        for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
            let deep = |n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
            assert_eq!(first(&deep(70)), "f:1: lists and maps are nested more than 64 deep", "{open}");
            if open != "? " {
                assert!(!first(&deep(64)).contains("nested"), "{open}");
            }
        }

        assert_eq!(first(""), "f: the document is empty");
        assert_eq!(first("# only a comment\n"), "f: the document is empty");
        assert_eq!(first("a: 1\n---\nb: 2"), "f:2: a second document starts; only one is allowed");
        assert_eq!(first("a: !secret x"), "f:1: the tag !secret is not supported");
        assert_eq!(first("[a]: 1"), "f:1: a list or map can't be a key");
    }
}
