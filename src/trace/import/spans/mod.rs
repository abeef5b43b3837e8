//! Conversion of spans into steps, shared by all importers of tracing data. A dialect defines the syntax of a span; this
//! module defines its meaning.
//!
//! | to find | look in |
//! |---|---|
//! | keys of attributes and columns | [`facts`]: the tables of aliases |
//! | formats of times, positions in files | [`moment`], [`position`] |
//! | a span and its kind | `span`, `kind` |
//! | nesting of spans | `tree` |
//! | model spans that are calls | `calls`, `event_spans` |
//! | agents of spans | `attribution` |
//! | tokens | `usage` |
//! | steps and header, dependencies | `steps`, `dependencies` |

mod attribution;
mod calls;
mod dependencies;
mod event_spans;
pub(super) mod facts;
mod kind;
pub(super) mod moment;
pub(super) mod position;
mod sniff;
mod span;
mod steps;
mod tree;
mod usage;

use std::collections::BTreeMap;

pub(super) use self::sniff::KeyShape;
pub(super) use self::span::Span;
use self::span::SpanCounts;
use crate::table::ImportContext;
use crate::trace::model::Trace;

/// Returns the traces of a list of spans, in order of their first span.
pub(super) fn traces(
    format: &str,
    producer: &str,
    file: &str,
    spans: Vec<Span>,
    reading: &mut ImportContext,
) -> Vec<Trace> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        let number = *numbers.entry(span.trace.clone()).or_insert(groups.len());
        if number == groups.len() {
            groups.push(Vec::new());
        }
        if let Some(group) = groups.get_mut(number) {
            group.push(span);
        }
    }
    let many = groups.len();
    let mut count = SpanCounts::default();
    let source = steps::SpanSource { format, producer, is_service: format == "otlp", file };
    let mut traces: Vec<Trace> =
        groups.into_iter().filter_map(|group| steps::trace(&source, group, &mut count, reading)).collect();
    number_duplicates(&mut traces);
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if let Some(note) = count.note(name).filter(|_| many > 0) {
        reading.note(note);
    }
    if traces.len() < many {
        let without = many - traces.len();
        reading.note(format!("{name}: {without} of {many} traces have no call, tool or agent and are left out"));
    }
    if traces.is_empty() && reading.problems.is_empty() {
        let expected = "spans with gen_ai.*, OpenInference, OpenLLMetry or MLflow attributes";
        reading.bad(file, 0, "", "the file has no model or tool call", expected);
    }
    traces
}

/// Appends a number to repeated names of traces.
fn number_duplicates(traces: &mut [Trace]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for trace in traces {
        let times = seen.entry(trace.header.trace.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            trace.header.trace = format!("{} {times}", trace.header.trace);
        }
    }
}

/// Normalizes an id of 8 or 16 bytes in hex or base64 to lower-case hex; returns empty text for zeros.
pub(super) fn id(text: &str) -> String {
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let is_padded = (text.len() == 12 && text.ends_with('=')) || (text.len() == 24 && text.ends_with("=="));
    if let Some(hex) = is_padded.then(|| base64_to_hex(text)).flatten() {
        return id(&hex);
    }
    let is_hex = matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hex {
        return text.to_owned();
    }
    if text.bytes().all(|byte| byte == b'0') { String::new() } else { text.to_ascii_lowercase() }
}

fn base64_to_hex(text: &str) -> Option<String> {
    let (mut bits, mut held, mut hex) = (0_u32, 0, String::new());
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held += 6;
        while held >= 4 {
            held -= 4;
            hex.push(char::from_digit(bits >> held & 0xf, 16)?);
        }
    }
    // The last two or four bits of the text are padding.
    hex.truncate(hex.len() / 2 * 2);
    Some(hex)
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn ids_are_the_same_in_every_spelling() {
        assert_eq!(id("cqL+9hmOrII="), "72a2fef6198eac82");
        assert_eq!(id("72A2FEF6198EAC82"), "72a2fef6198eac82");
        assert_eq!(id("0x72a2fef6198eac82"), "72a2fef6198eac82");
        assert_eq!(id("YaDoNiV3HZyaMwOstiVaew=="), "61a0e83625771d9c9a3303acb6255a7b");
        assert_eq!((id("0000000000000000"), id(" run-7 ")), (String::new(), "run-7".to_owned()));
    }
}
