//! Nesting of spans.

use std::collections::BTreeMap;

use super::span::Span;

/// The spans of a trace as a forest.
pub(super) struct Tree {
    /// Index of the parent of each span; none for roots and for spans whose parent is missing.
    pub(super) parent: Vec<Option<usize>>,
    /// Indices of all spans, parents before children.
    pub(super) order: Vec<usize>,
}

impl Tree {
    /// Builds the forest of spans with unique ids. The earliest span of each cycle is reported and becomes a root.
    pub(super) fn new(spans: &[Span], mut report: impl FnMut(&Span)) -> Tree {
        let index_of: BTreeMap<&str, usize> = spans.iter().enumerate().map(|(at, span)| (&*span.id, at)).collect();
        let mut parent: Vec<Option<usize>> =
            spans.iter().map(|span| index_of.get(span.parent.as_str()).copied()).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
        for (at, parent) in parent.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(at);
            }
        }
        let mut order = Vec::with_capacity(spans.len());
        let mut is_placed = vec![false; spans.len()];
        let mut visit = |root: usize, is_placed: &mut Vec<bool>| {
            let mut next = order.len();
            is_placed[root] = true;
            order.push(root);
            while let Some(&at) = order.get(next) {
                next += 1;
                for &child in &children[at] {
                    if !is_placed[child] {
                        is_placed[child] = true;
                        order.push(child);
                    }
                }
            }
        };
        for at in (0..spans.len()).filter(|&at| parent[at].is_none()) {
            visit(at, &mut is_placed);
        }
        // Every span that is left leads up to a cycle. A cut in the cycle places all of them.
        let mut walked = vec![usize::MAX; spans.len()];
        for start in 0..spans.len() {
            if is_placed[start] {
                continue;
            }
            let mut at = start;
            while walked[at] != start {
                walked[at] = start;
                let Some(up) = parent[at] else { break };
                at = up;
            }
            let (mut first, mut around) = (at, parent[at]);
            while let Some(other) = around.filter(|&other| other != at) {
                if (spans[other].start.at, &spans[other].id) < (spans[first].start.at, &spans[first].id) {
                    first = other;
                }
                around = parent[other];
            }
            report(&spans[first]);
            parent[first] = None;
            visit(first, &mut is_placed);
        }
        Tree { parent, order }
    }

    /// Returns the nearest matching ancestor of every span.
    pub(super) fn nearest(&self, matches: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let mut nearest = vec![None; self.parent.len()];
        for &at in &self.order {
            if let Some(parent) = self.parent[at] {
                nearest[at] = if matches(parent) { Some(parent) } else { nearest[parent] };
            }
        }
        nearest
    }
}
