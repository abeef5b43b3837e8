//! Events that are written as spans: `BeeAI` writes `tool.search.start-3` and `tool.search.finish-3`, each a span that
//! ends with the run. A start event becomes the span, a finish event gives its end, and other events are no steps.

use std::collections::BTreeMap;

use super::kind::SpanKind;
use super::moment::Moment;
use super::span::Span;
use crate::engine::Time;

/// Merges the start and finish events of a call or tool into one span. Returns the number of other events among them.
pub(super) fn merge(spans: &mut [Span]) -> usize {
    let mut ended: BTreeMap<(String, String), Time> = BTreeMap::new();
    for span in spans.iter() {
        if let Some((subject, "success" | "finish" | "error", number)) = parts(&span.name) {
            let at = ended.entry((subject.to_owned(), number.to_owned())).or_insert(span.start.at);
            *at = span.start.at.min(*at);
        }
    }
    let mut merged = 0;
    for span in spans.iter_mut() {
        let Some((subject, event, number)) = parts(&span.name) else { continue };
        let is_start = event == "start" && matches!(span.kind, SpanKind::Call | SpanKind::Tool);
        if !is_start {
            merged += usize::from(span.kind != SpanKind::Other);
            span.kind = SpanKind::Other;
            continue;
        }
        match ended.get(&(subject.to_owned(), number.to_owned())) {
            Some(&at) => span.end = Some(Moment { at: at.max(span.start.at), ..Moment::default() }),
            None => span.is_open = true,
        }
        let name = subject.split_once('.').map_or(subject, |(_, name)| name).to_owned();
        span.name = name;
    }
    merged
}

/// Splits the name of an event: `tool.search.start-3` is (`tool.search`, `start`, `3`).
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let is_event = ["agent.", "backend.", "tool.", "workflow."].iter().any(|first| name.starts_with(first));
    let (rest, number) = name.rsplit_once('-').filter(|_| is_event)?;
    let (subject, event) = rest.rsplit_once('.')?;
    let is_known = matches!(
        event,
        "start" | "success" | "finish" | "error" | "update" | "partial_update" | "new_token" | "retry" | "stop"
    );
    (is_known && number.bytes().all(|byte| byte.is_ascii_digit())).then_some((subject, event, number))
}
