//! Selection of the model spans that are calls. A framework, a client library and a gateway can each write a span for one
//! call. The innermost is the call; outer ones are left out, with the tokens that they repeat or add up.

use super::kind::SpanKind;
use super::span::Span;
use super::tree::Tree;

/// Keeps the innermost of nested model spans, and the outermost of nested spans of the same tool. Returns the number of
/// spans left out.
pub(super) fn keep_innermost(spans: &mut [Span], tree: &Tree) -> usize {
    let mut left_out = 0;
    // Calls in each span, except those inside a tool or an agent of the span.
    let mut inside: Vec<InnerCalls> = vec![InnerCalls::None; spans.len()];
    for &at in tree.order.iter().rev() {
        let inner = inside[at];
        if spans[at].kind.is_call() && !spans[at].is_own() && inner != InnerCalls::None {
            if let InnerCalls::One(call) = inner {
                let facts = spans[at].facts.clone();
                spans[call].facts.borrow(&facts);
            }
            spans[at].kind = SpanKind::Other;
            left_out += 1;
        }
        let seen = match spans[at].kind {
            SpanKind::Call | SpanKind::Plan => InnerCalls::One(at),
            SpanKind::Tool | SpanKind::Agent | SpanKind::Workflow => InnerCalls::None,
            SpanKind::Wait | SpanKind::Other => inner,
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

/// Calls inside a span.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InnerCalls {
    None,
    One(usize),
    Several,
}

impl InnerCalls {
    fn and(self, other: InnerCalls) -> InnerCalls {
        match (self, other) {
            (InnerCalls::None, one) | (one, InnerCalls::None) => one,
            _ => InnerCalls::Several,
        }
    }
}
