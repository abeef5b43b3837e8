//! OTLP JSON in its variants: names in camel or snake case, ids in hex or base64, times as text or number, enums as numbers
//! or words. Names of scopes from before 2022 are also read.

use serde_json::Value;

use crate::trace::import::spans::facts::{ATTRIBUTE_TABLE, SpanAttributes, SpanField};
use crate::trace::import::spans::moment::{self, NumberUnit};
use crate::trace::import::spans::position::{DocumentPosition, shown};
use crate::trace::import::spans::{self, Span};

/// Returns the value of the first of these keys that is present.
fn any<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| value.get(key)).filter(|value| !value.is_null())
}

fn list<'a>(value: &'a Value, keys: &[&str]) -> &'a [Value] {
    any(value, keys).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the batches of a document: spans by resource.
pub(super) fn batches(value: &Value) -> Option<&Vec<Value>> {
    any(value, &["resourceSpans", "resource_spans", "batches"])?.as_array()
}

/// Adds the spans of a resource.
pub(super) fn batch(batch: &Value, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let nothing = Value::Null;
    let resource = batch.get("resource").unwrap_or(&nothing);
    for scope in list(batch, &["scopeSpans", "scope_spans", "instrumentationLibrarySpans", "ilSpans"]) {
        for value in list(scope, &["spans"]) {
            spans.extend(span(value, resource, position));
        }
    }
}

fn span(value: &Value, resource: &Value, position: &mut DocumentPosition<'_>) -> Option<Span> {
    let id_at = |keys: &[&str]| any(value, keys).and_then(Value::as_str).map(spans::id).unwrap_or_default();
    let id = id_at(&["spanId", "span_id"]);
    if id.is_empty() {
        position.bad("spanId", "it is missing", "the id of the span");
        return None;
    }
    let path = format!("span {id}");
    let mut facts = SpanAttributes::default();
    attributes(value, &mut facts, |_| true);
    attributes(resource, &mut facts, |key| key == "service.name" || key.starts_with("brooks."));
    let time = |keys: &[&str]| {
        let number = any(value, keys)?;
        Some((number, moment::read(number, NumberUnit::Nanos)))
    };
    let is_own = facts.get(SpanField::BrooksId).is_some() || facts.get(SpanField::BrooksMade).is_some();
    // Zero means unknown, except in spans that brooks wrote, since its clock can begin at zero.
    let is_known = |time: &moment::Moment| is_own || time.at.as_us() > 0;
    let start = time(&["startTimeUnixNano", "start_time_unix_nano"]);
    let Some(start) = start.and_then(|(_, time)| time).filter(is_known) else {
        let message = start.map_or("it is missing".to_owned(), |(number, _)| shown(number));
        position.bad(&format!("{path}.startTimeUnixNano"), message, "nanoseconds since 1970");
        return None;
    };
    let end = time(&["endTimeUnixNano", "end_time_unix_nano"]);
    if let Some((number, None)) = end {
        position.bad(&format!("{path}.endTimeUnixNano"), shown(number), "nanoseconds since 1970");
    }
    if let Some(code) = value.get("status").and_then(|status| status.get("code")) {
        facts.put(SpanField::Status, 1, code);
    }
    for event in list(value, &["events"]) {
        attributes(event, &mut facts, |key| key == "exception.type");
    }
    let linked = list(value, &["links"]).iter().filter_map(|link| any(link, &["spanId", "span_id"])?.as_str());
    Some(Span {
        trace: id_at(&["traceId", "trace_id"]),
        id,
        parent: id_at(&["parentSpanId", "parent_span_id"]),
        name: value.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
        start,
        end: end.and_then(|(_, time)| time).filter(is_known),
        facts,
        links: linked.map(spans::id).collect(),
        line: position.line,
        ..Span::default()
    })
}

/// Reads the attributes of an object: a list of keys and typed values, or a plain object.
fn attributes(of: &Value, facts: &mut SpanAttributes, is_wanted: impl Fn(&str) -> bool) {
    match of.get("attributes") {
        Some(Value::Array(list)) => {
            for entry in list {
                let (Some(key), Some(value)) = (entry.get("key").and_then(Value::as_str), entry.get("value")) else {
                    continue;
                };
                if is_wanted(key) && ATTRIBUTE_TABLE.wants(key) {
                    facts.offer(&ATTRIBUTE_TABLE, key, &plain(value));
                }
            }
        }
        Some(Value::Object(map)) => {
            for (key, value) in map.iter().filter(|(key, _)| is_wanted(key)) {
                facts.offer(&ATTRIBUTE_TABLE, key, value);
            }
        }
        _ => {}
    }
}

/// Returns the value inside a typed one.
fn plain(value: &Value) -> Value {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else { return value.clone() };
    match kind.as_str() {
        "arrayValue" | "array_value" => list(inner, &["values"]).iter().map(plain).collect(),
        "kvlistValue" | "kvlist_value" => {
            let entries = list(inner, &["values"]).iter();
            let pairs =
                entries.filter_map(|entry| Some((entry.get("key")?.as_str()?.to_owned(), plain(entry.get("value")?))));
            Value::Object(pairs.collect())
        }
        _ => inner.clone(),
    }
}
