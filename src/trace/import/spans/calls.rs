//! Which model spans are calls. A framework, a client library and a gateway may each write a span of one call: the
//! innermost is the call, and what is around it is left out, with the tokens that it repeats or adds up.

use super::kind::SpanKind;
use super::span::Span;
use super::tree::Tree;

/// Leaves of model spans only the innermost, and of tool spans that one tool wrote twice only the outermost. Says how
/// many were left out.
pub(super) fn keep_innermost(spans: &mut [Span], tree: &Tree) -> usize {
    let mut left_out = 0;
    // Of each span the calls in it that are not behind a tool or an agent: none, one, or several.
    let mut inside: Vec<Inside> = vec![Inside::None; spans.len()];
    for &at in tree.order.iter().rev() {
        let found = inside[at];
        if spans[at].kind.is_call() && !spans[at].is_own() && found != Inside::None {
            if let Inside::One(call) = found {
                let facts = spans[at].facts.clone();
                spans[call].facts.borrow(&facts);
            }
            spans[at].kind = SpanKind::Other;
            left_out += 1;
        }
        let seen = match spans[at].kind {
            SpanKind::Call | SpanKind::Plan => Inside::One(at),
            SpanKind::Tool | SpanKind::Agent | SpanKind::Workflow => Inside::None,
            SpanKind::Wait | SpanKind::Other => found,
        };
        if let Some(parent) = tree.parent[at] {
            inside[parent] = inside[parent].and(seen);
        }
    }
    let above = tree.nearest(|at| spans[at].kind != SpanKind::Other);
    let twice: Vec<usize> = (0..spans.len())
        .filter(|&at| {
            let is_tool = |at: usize| spans[at].kind == SpanKind::Tool && !spans[at].is_own();
            is_tool(at) && above[at].is_some_and(|up| is_tool(up) && spans[up].tool() == spans[at].tool())
        })
        .collect();
    for &at in &twice {
        spans[at].kind = SpanKind::Other;
    }
    left_out + twice.len()
}

/// The calls that are in a span.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    None,
    One(usize),
    Several,
}

impl Inside {
    fn and(self, other: Inside) -> Inside {
        match (self, other) {
            (Inside::None, one) | (one, Inside::None) => one,
            _ => Inside::Several,
        }
    }
}
