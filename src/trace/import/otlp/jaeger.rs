//! Traces exported from the user interface of Jaeger: microseconds, tags, references, and a table of processes.

use serde_json::Value;

use crate::table::json;
use crate::trace::import::spans::facts::{ATTRIBUTE_TABLE, SpanAttributes, SpanField};
use crate::trace::import::spans::moment::{self, Moment, NumberUnit};
use crate::trace::import::spans::position::{DocumentPosition, shown};
use crate::trace::import::spans::{self, Span};

/// Adds the spans of a trace, or a single span of a file with one span on each line.
pub(super) fn trace(trace: &Value, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let nothing = Value::Null;
    let of_trace = json::text(trace, "traceID").unwrap_or_default();
    match trace.get("spans").and_then(Value::as_array) {
        Some(list) => {
            for value in list {
                let process = value.get("processID").and_then(Value::as_str);
                let process = process.and_then(|process| trace.get("processes")?.get(process)).unwrap_or(&nothing);
                spans.extend(span(value, of_trace, process, position));
            }
        }
        None => spans.extend(span(trace, of_trace, trace.get("process").unwrap_or(&nothing), position)),
    }
}

fn span(value: &Value, of_trace: &str, process: &Value, position: &mut DocumentPosition<'_>) -> Option<Span> {
    let id = json::text(value, "spanID").map(spans::id).unwrap_or_default();
    if id.is_empty() {
        position.bad("spanID", "it is missing", "the id of the span");
        return None;
    }
    let mut time = |key: &str| {
        let number = value.get(key).unwrap_or(&Value::Null);
        let read = moment::read(number, NumberUnit::Micros);
        if read.is_none() {
            position.bad(&format!("span {id}.{key}"), shown(number), "microseconds");
        }
        read
    };
    let (start, duration) = (time("startTime")?, time("duration"));
    let end = duration.map(|took| Moment {
        at: start.at + took.at,
        is_inexact: start.is_inexact || took.is_inexact,
        ..start
    });
    let end = end.filter(|end| end.at.as_us() < moment::LATEST);
    let mut facts = SpanAttributes::default();
    tags(value.get("tags"), &mut facts);
    for log in value.get("logs").and_then(Value::as_array).into_iter().flatten() {
        for field in log.get("fields").and_then(Value::as_array).into_iter().flatten() {
            if json::text(field, "key") == Some("exception.type") {
                tag(field, &mut facts);
            }
        }
    }
    if let Some(service) = process.get("serviceName") {
        facts.put(SpanField::Service, 1, service);
    }
    for field in process.get("tags").and_then(Value::as_array).into_iter().flatten() {
        if json::text(field, "key").is_some_and(|key| key.starts_with("brooks.")) {
            tag(field, &mut facts);
        }
    }
    let mut parent = json::text(value, "parentSpanID").map(spans::id).unwrap_or_default();
    let mut links = Vec::new();
    for reference in value.get("references").and_then(Value::as_array).into_iter().flatten() {
        let Some(other) = json::text(reference, "spanID").map(spans::id) else { continue };
        let is_here = json::text(reference, "traceID").is_none_or(|trace| spans::id(trace) == spans::id(of_trace));
        if json::text(reference, "refType") == Some("CHILD_OF") && is_here {
            parent = other;
        } else {
            links.push(other);
        }
    }
    Some(Span {
        trace: spans::id(json::text(value, "traceID").unwrap_or(of_trace)),
        id,
        parent,
        name: json::text(value, "operationName").unwrap_or_default().to_owned(),
        start,
        end,
        facts,
        links,
        line: position.line,
        ..Span::default()
    })
}

fn tags(tags: Option<&Value>, facts: &mut SpanAttributes) {
    tags.and_then(Value::as_array).into_iter().flatten().for_each(|entry| tag(entry, facts));
}

fn tag(entry: &Value, facts: &mut SpanAttributes) {
    if let (Some(key), Some(value)) = (json::text(entry, "key"), entry.get("value")) {
        facts.offer(&ATTRIBUTE_TABLE, key, value);
    }
}
