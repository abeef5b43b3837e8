//! Whose each span is: the agent that it names, or the nearest one around it, or, for want of any, the service or the
//! root. Agents of one name that live at one time are several.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{SpanField, as_name};
use super::kind::SpanKind;
use super::span::Span;
use super::tree::Tree;
use crate::engine::Time;
use crate::trace::model::Quality;

/// The agents of spans.
pub(super) struct Who {
    /// The agent of each span.
    pub(super) agents: Vec<String>,
    /// How far that can be trusted.
    pub(super) quality: Quality,
}

/// How many lives of agents are looked through, from the inside out, for the one that a name means.
const MOST_AROUND: usize = 8;

/// Finds the agent of every span; `ends` are the ends of spans.
pub(super) fn of(spans: &[Span], tree: &Tree, ends: &[Time]) -> Who {
    let mut quality = Quality::Recorded;
    let mut names: Vec<String> = vec![String::new(); spans.len()];
    // The innermost life of an agent that each span is in, the span's own included.
    let mut lives: Vec<Option<usize>> = vec![None; spans.len()];
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
        let around = parent.and_then(|parent| lives[parent]);
        let begins = span.kind == SpanKind::Agent && around.is_none_or(|life| names[life] != names[at]);
        lives[at] = if begins { Some(at) } else { around };
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
    let beside = side_by_side(spans, &names, &lives, ends);
    if !beside.is_empty() {
        quality = Quality::Inferred;
        for at in 0..spans.len() {
            let mut life = lives[at];
            for _ in 0..MOST_AROUND {
                let Some(begun) = life.filter(|&begun| names[begun] != names[at]) else { break };
                life = tree.parent[begun].and_then(|parent| lives[parent]);
            }
            lives[at] = life.filter(|&begun| names[begun] == names[at]);
        }
        for at in 0..spans.len() {
            if let Some(name) = lives[at].and_then(|life| beside.get(&life)) {
                names[at].clone_from(name);
            }
        }
    }
    Who { agents: names, quality }
}

/// Lives of one name that overlap, with names that tell them apart: the first keeps its own.
fn side_by_side(spans: &[Span], names: &[String], lives: &[Option<usize>], ends: &[Time]) -> BTreeMap<usize, String> {
    let mut begun: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in (0..spans.len()).filter(|&at| lives[at] == Some(at) && !spans[at].is_own()) {
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

/// Who a root belongs to that names no agent: its service, or itself.
fn fallback(span: &Span) -> String {
    let service = span.facts.name(SpanField::Service).filter(|name| !name.starts_with("unknown_service"));
    service.or_else(|| as_name(&span.name)).unwrap_or("agent").to_owned()
}
