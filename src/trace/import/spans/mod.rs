//! Spans become steps: what all importers of tracing data share. A dialect says how a span is written; what it means is
//! the same everywhere, and said here once.
//!
//! | to find | look in |
//! |---|---|
//! | under which keys a span tells what | [`facts`]: the tables of aliases |
//! | how times are written, and how files are taken apart | [`moment`], [`place`] |
//! | which span contains which | `tree` |
//! | which model spans are calls | `calls`, `marks` |
//! | whose they are | `who` |
//! | how tokens are counted | `usage` |
//! | the steps and the header | `steps`, and what came after what `after` |

mod attribution;
mod calls;
mod dependencies;
pub(super) mod facts;
mod marks;
pub(super) mod moment;
pub(super) mod position;
mod sniff;
mod steps;
mod tree;
mod usage;

use std::collections::BTreeMap;

use self::facts::{SpanAttributes, SpanField};
use self::moment::Moment;
pub(super) use self::sniff::KeyShape;
use crate::table::ImportContext;
use crate::trace::model::Trace;

/// A span of any dialect.
#[derive(Clone, Debug, Default)]
pub(super) struct Span {
    /// The trace it belongs to.
    pub(super) trace: String,
    /// Its id.
    pub(super) id: String,
    /// The id of the span that contains it; empty if there is none.
    pub(super) parent: String,
    /// What it is called; kept only where that is the name of an agent or a tool.
    pub(super) name: String,
    /// From.
    pub(super) start: Moment,
    /// To; none if it was not ended.
    pub(super) end: Option<Moment>,
    /// What else it tells.
    pub(super) facts: SpanAttributes,
    /// Spans that it is linked to as something that came before.
    pub(super) links: Vec<String>,
    /// The line it was read from; 0 if the file has no lines to speak of.
    pub(super) line: usize,
    /// What it is: for this module to find out.
    pub(super) kind: SpanKind,
    /// Whether the end that it tells is the end of something else, and only its start is of use.
    pub(super) is_open: bool,
}

/// What a span is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SpanKind {
    /// A call of a model.
    Call,
    /// A call of a model that plans.
    Plan,
    /// A call of a tool.
    Tool,
    /// The life of an agent.
    Agent,
    /// The life of a team.
    Workflow,
    /// A wait of a kind that only brooks writes.
    Wait,
    /// Something that is no step: a request, a wrapper, a look-up.
    #[default]
    Other,
}

impl SpanKind {
    /// What the word of any dialect means; none if it leaves that open.
    pub(super) fn of(word: &str) -> Option<SpanKind> {
        Some(match word.to_ascii_lowercase().as_str() {
            "chat"
            | "text_completion"
            | "generate_content"
            | "llm"
            | "chat_model"
            | "generation"
            | "completion"
            | "ai.generatetext"
            | "ai.streamtext"
            | "ai.generateobject"
            | "ai.streamobject"
            | "ai.generatetext.dogenerate"
            | "ai.streamtext.dostream"
            | "ai.generateobject.dogenerate"
            | "ai.streamobject.dostream" => SpanKind::Call,
            "plan" => SpanKind::Plan,
            "execute_tool" | "tool" | "ai.toolcall" => SpanKind::Tool,
            "invoke_agent" | "agent" => SpanKind::Agent,
            "invoke_workflow" | "workflow" => SpanKind::Workflow,
            "x.human_wait" | "x.lock_wait" | "x.queue_wait" => SpanKind::Wait,
            "chain" | "task" | "embedding" | "embeddings" | "retriever" | "retrieval" | "reranker" | "rerank"
            | "guardrail" | "evaluator" | "prompt" | "parser" | "create_agent" | "ai.embed" | "ai.embedmany" => {
                SpanKind::Other
            }
            _ => return None,
        })
    }

    /// What a span is by what it tells of itself, or, where it leaves that open, by its name or its tokens.
    fn of_span(span: &Span) -> SpanKind {
        let said = |field| span.facts.text(field).and_then(SpanKind::of);
        let named = || {
            let name = span.name.as_str();
            let runs = || name.strip_suffix(" run").is_some_and(|name| span.facts.text(SpanField::Agent) == Some(name));
            let tool = || span.facts.text(SpanField::Node) == Some("tools") && name != "tools";
            if name == "call_llm" {
                Some(SpanKind::Call)
            } else if name.starts_with("execute_tool ") || tool() {
                Some(SpanKind::Tool)
            } else if name.starts_with("invoke_agent ") || name.starts_with("agent_run [") || runs() {
                Some(SpanKind::Agent)
            } else {
                None
            }
        };
        let counted = || {
            let has_tokens = span.facts.tokens(SpanField::Input).is_some_and(|tokens| tokens > 0);
            (has_tokens && span.facts.get(SpanField::Model).is_some()).then_some(SpanKind::Call)
        };
        said(SpanField::Operation)
            .or_else(|| said(SpanField::Kind))
            .or_else(named)
            .or_else(counted)
            .unwrap_or(SpanKind::Other)
    }

    /// Whether a model was called.
    fn is_call(self) -> bool {
        matches!(self, SpanKind::Call | SpanKind::Plan)
    }
}

impl Span {
    /// Whether brooks wrote it: then it is a step, whatever it looks like.
    fn is_own(&self) -> bool {
        self.facts.is_own()
    }
}

/// What came of spans, in numbers.
#[derive(Clone, Copy, Debug, Default)]
struct SpanCounts {
    /// All of them.
    spans: usize,
    /// Those that are steps.
    steps: usize,
    /// Those that were there more than once.
    copies: usize,
    /// Those around a call or a tool that another span tells more closely.
    around: usize,
    /// Events that were written as spans.
    marks: usize,
    /// Agents in whose spans nothing happens.
    empty: usize,
    /// Those without an end.
    unended: usize,
}

impl SpanCounts {
    /// What people should know of it; none if every span is a step as it stands.
    fn note(self, file: &str) -> Option<String> {
        let mut parts = Vec::new();
        let rest = self.spans.saturating_sub(self.steps + self.around + self.empty + self.marks + self.copies);
        for (number, what) in [
            (self.around, "around a call or tool that another tells more closely"),
            (self.empty, "for agents without a call or a tool"),
            (self.marks, "for events"),
            (self.copies, "there more than once"),
            (rest, "for other things, such as requests and wrappers"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        if parts.is_empty() && self.unended == 0 {
            return None;
        }
        let left = if parts.is_empty() { String::new() } else { format!("; left out: {}", parts.join(", ")) };
        let ends = match self.unended {
            0 => String::new(),
            number => format!("; {number} without an end of their own, which is guessed"),
        };
        Some(format!("{file}: {} of {} spans are steps{left}{ends}", self.steps, self.spans))
    }
}

/// The traces that spans make up, in the order in which they are met.
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
    let about = steps::About { format, producer, is_service: format == "otlp", file };
    let mut traces: Vec<Trace> =
        groups.into_iter().filter_map(|group| steps::trace(&about, group, &mut count, reading)).collect();
    tell_apart(&mut traces);
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
        reading.bad(file, 0, "", "there is no call of a model or a tool in it", expected);
    }
    traces
}

/// Gives traces that say they are of one name a number each.
fn tell_apart(traces: &mut [Trace]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for trace in traces {
        let times = seen.entry(trace.header.trace.clone()).or_insert(0);
        *times += 1;
        if *times > 1 {
            trace.header.trace = format!("{} {times}", trace.header.trace);
        }
    }
}

/// An id, however it is written: base64 of eight or sixteen bytes as hex, in small letters; nothing for zeros.
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
    // The last two or four bits of the text are filling.
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
