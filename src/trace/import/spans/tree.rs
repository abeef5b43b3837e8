//! Which span contains which.

use std::collections::BTreeMap;

use super::span::Span;

/// The spans of one trace as a forest.
pub(super) struct Tree {
    /// The parent of each; none for roots, and for spans whose parent is not in the file.
    pub(super) parent: Vec<Option<usize>>,
    /// All spans, parents before their children.
    pub(super) order: Vec<usize>,
}

impl Tree {
    /// The tree of spans with unique ids. Spans that contain themselves by way of others are told; the earliest of
    /// them becomes a root.
    pub(super) fn of(spans: &[Span], mut tell: impl FnMut(&Span)) -> Tree {
        let places: BTreeMap<&str, usize> = spans.iter().enumerate().map(|(at, span)| (&*span.id, at)).collect();
        let mut parent: Vec<Option<usize>> =
            spans.iter().map(|span| places.get(span.parent.as_str()).copied()).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); spans.len()];
        for (at, parent) in parent.iter().enumerate() {
            if let Some(parent) = parent {
                children[*parent].push(at);
            }
        }
        let mut order = Vec::with_capacity(spans.len());
        let mut is_placed = vec![false; spans.len()];
        let mut place = |root: usize, is_placed: &mut Vec<bool>| {
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
            place(at, &mut is_placed);
        }
        // Whoever is left hangs on a circle. Going up leads around it, and cutting it there places all that hang on it.
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
            tell(&spans[first]);
            parent[first] = None;
            place(first, &mut is_placed);
        }
        Tree { parent, order }
    }

    /// For every span the nearest one above it of those.
    pub(super) fn nearest(&self, is_one: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
        let mut nearest = vec![None; self.parent.len()];
        for &at in &self.order {
            if let Some(parent) = self.parent[at] {
                nearest[at] = if is_one(parent) { Some(parent) } else { nearest[parent] };
            }
        }
        nearest
    }
}
