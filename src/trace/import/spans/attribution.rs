//! Agent of each span: the one it names, else the nearest one around it, else the service or the root. Concurrent
//! lifetimes with the same name are different agents.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{SpanField, as_name};
use super::kind::SpanKind;
use super::span::Span;
use super::tree::Tree;
use crate::engine::Time;
use crate::trace::model::Quality;

/// Agents of spans.
pub(super) struct Attribution {
    /// Agent of each span.
    pub(super) agents: Vec<String>,
    /// Quality of the names.
    pub(super) quality: Quality,
}

/// Maximum number of enclosing lifetimes to search for the one with a name.
const MAX_ENCLOSING: usize = 8;

/// Finds the agent of every span; `ends` are the ends of spans.
pub(super) fn attribute(spans: &[Span], tree: &Tree, ends: &[Time]) -> Attribution {
    let mut quality = Quality::Recorded;
    let mut names: Vec<String> = vec![String::new(); spans.len()];
    // Innermost agent lifetime around each span, or the span itself.
    let mut lifetimes: Vec<Option<usize>> = vec![None; spans.len()];
    for &at in &tree.order {
        let (span, parent) = (&spans[at], tree.parent[at]);
        let own = span
            .facts
            .name(SpanField::Agent)
            .or_else(|| if span.kind == SpanKind::Agent { span.agent() } else { None });
        let inherited = parent.map(|parent| names[parent].clone()).filter(|name| !name.is_empty());
        if span.kind == SpanKind::Agent && !span.names_agent() {
            quality = Quality::Inferred;
        }
        names[at] = own.map(str::to_owned).or(inherited).unwrap_or_default();
        let around = parent.and_then(|parent| lifetimes[parent]);
        let begins = span.kind == SpanKind::Agent && around.is_none_or(|lifetime| names[lifetime] != names[at]);
        lifetimes[at] = if begins { Some(at) } else { around };
    }
    for &at in &tree.order {
        if names[at].is_empty() {
            let around = tree.parent[at].map(|parent| names[parent].clone());
            names[at] = around.unwrap_or_else(|| fallback(&spans[at]));
            if spans[at].kind != SpanKind::Other {
                quality = Quality::Inferred;
            }
        }
    }
    let renamed = number_concurrent(spans, &names, &lifetimes, ends);
    if !renamed.is_empty() {
        quality = Quality::Inferred;
        for at in 0..spans.len() {
            let mut lifetime = lifetimes[at];
            for _ in 0..MAX_ENCLOSING {
                let Some(begun) = lifetime.filter(|&begun| names[begun] != names[at]) else { break };
                lifetime = tree.parent[begun].and_then(|parent| lifetimes[parent]);
            }
            lifetimes[at] = lifetime.filter(|&begun| names[begun] == names[at]);
        }
        for at in 0..spans.len() {
            if let Some(name) = lifetimes[at].and_then(|lifetime| renamed.get(&lifetime)) {
                names[at].clone_from(name);
            }
        }
    }
    Attribution { agents: names, quality }
}

/// Returns new names for overlapping lifetimes with the same name; the first keeps its own.
fn number_concurrent(
    spans: &[Span],
    names: &[String],
    lifetimes: &[Option<usize>],
    ends: &[Time],
) -> BTreeMap<usize, String> {
    let mut begun: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in (0..spans.len()).filter(|&at| lifetimes[at] == Some(at) && !spans[at].is_own()) {
        begun.entry(&names[at]).or_default().push(at);
    }
    let taken: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mut renamed = BTreeMap::new();
    for (name, mut begun) in begun {
        begun.sort_by_key(|&at| (spans[at].start.at, ends[at], &spans[at].id));
        let mut busy: BTreeSet<(Time, usize)> = BTreeSet::new();
        let mut free: BTreeSet<usize> = BTreeSet::new();
        let mut slots = vec![name.to_owned()];
        let mut number = 1;
        free.insert(0);
        for at in begun {
            while let Some(&(end, slot)) = busy.first().filter(|(end, _)| *end <= spans[at].start.at) {
                busy.remove(&(end, slot));
                free.insert(slot);
            }
            let slot = free.pop_first().unwrap_or_else(|| {
                let mut another = String::new();
                while another.is_empty() || taken.contains(another.as_str()) {
                    number += 1;
                    another = format!("{name} {number}");
                }
                slots.push(another);
                slots.len() - 1
            });
            busy.insert((ends[at], slot));
            if slot > 0 {
                renamed.insert(at, slots[slot].clone());
            }
        }
    }
    renamed
}

/// Returns the agent of a root that names none: its service, or its own name.
fn fallback(span: &Span) -> String {
    let service = span.facts.name(SpanField::Service).filter(|name| !name.starts_with("unknown_service"));
    service.or_else(|| as_name(&span.name)).unwrap_or("agent").to_owned()
}
