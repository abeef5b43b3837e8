//! Spans of any dialect, and counts of what becomes of them.

use super::facts::{SpanAttributes, SpanField, as_name};
use super::kind::SpanKind;
use super::moment::Moment;

/// A span of any dialect.
#[derive(Clone, Debug, Default)]
pub(in crate::trace) struct Span {
    /// Id of its trace.
    pub(in crate::trace) trace: String,
    /// Id of the span, unique in its trace.
    pub(in crate::trace) id: String,
    /// Id of the span that contains it; empty for a root.
    pub(in crate::trace) parent: String,
    /// Name; kept only if it names an agent or a tool.
    pub(in crate::trace) name: String,
    /// Start.
    pub(in crate::trace) start: Moment,
    /// End; none if the recording stopped before it.
    pub(in crate::trace) end: Option<Moment>,
    /// Attributes that importers read.
    pub(in crate::trace) facts: SpanAttributes,
    /// Ids of linked spans that came before.
    pub(in crate::trace) links: Vec<String>,
    /// Line of the file; 0 for a file that is one document.
    pub(in crate::trace) line: usize,
    /// Kind, inferred by this module.
    pub(in crate::trace) kind: SpanKind,
    /// True if the recorded end belongs to something else, so that only the start is usable.
    pub(in crate::trace) is_open: bool,
}

impl Span {
    /// Infers the kind from the attributes, else from the name, else from the tokens.
    pub(super) fn infer_kind(&self) -> SpanKind {
        let word = |field| self.facts.text(field).and_then(SpanKind::from_word);
        word(SpanField::Operation)
            .or_else(|| word(SpanField::Kind))
            .or_else(|| self.kind_from_name())
            .or_else(|| self.kind_from_tokens())
            .unwrap_or(SpanKind::Other)
    }

    fn kind_from_name(&self) -> Option<SpanKind> {
        let name = self.name.as_str();
        let is_run = || name.strip_suffix(" run").is_some_and(|name| self.facts.text(SpanField::Agent) == Some(name));
        let is_tool = || self.facts.text(SpanField::Node) == Some("tools") && name != "tools";
        if name == "call_llm" {
            Some(SpanKind::Call)
        } else if name.starts_with("execute_tool ") || is_tool() {
            Some(SpanKind::Tool)
        } else if name.starts_with("invoke_agent ") || name.starts_with("agent_run [") || is_run() {
            Some(SpanKind::Agent)
        } else {
            None
        }
    }

    fn kind_from_tokens(&self) -> Option<SpanKind> {
        let has_tokens = self.facts.tokens(SpanField::Input).is_some_and(|tokens| tokens > 0);
        (has_tokens && self.facts.get(SpanField::Model).is_some()).then_some(SpanKind::Call)
    }

    /// Returns true for a span that brooks wrote, which is always a step.
    pub(super) fn is_own(&self) -> bool {
        self.facts.is_own()
    }

    /// Returns the id of the step that the span becomes.
    pub(super) fn step_id(&self) -> &str {
        self.facts.text(SpanField::BrooksId).unwrap_or(&self.id)
    }

    /// Returns the agent whose lifetime the span is, by its entity or its name.
    pub(super) fn agent(&self) -> Option<&str> {
        let name = self.name.as_str();
        let bracketed = || name.strip_prefix("agent_run [")?.strip_suffix(']');
        let named = name.strip_prefix("invoke_agent ").or_else(bracketed).unwrap_or(name);
        let is_bare = named == "invoke_agent" || named == "agent_run";
        self.facts.name(SpanField::Entity).or_else(|| as_name(named).filter(|_| !is_bare))
    }

    /// Returns true if an attribute names the agent.
    pub(super) fn names_agent(&self) -> bool {
        self.facts.name(SpanField::Agent).is_some() || self.facts.name(SpanField::Entity).is_some()
    }

    /// Returns the tool of a tool call.
    pub(super) fn tool(&self) -> Option<&str> {
        let name = self.name.strip_prefix("execute_tool ").unwrap_or(&self.name);
        let attribute = self.facts.name(SpanField::Tool).or_else(|| self.facts.name(SpanField::Entity));
        attribute.or_else(|| as_name(name)).filter(|_| self.kind == SpanKind::Tool)
    }
}

/// Numbers of spans of a file, by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpanCounts {
    /// All spans.
    pub(super) spans: usize,
    /// Spans that became steps.
    pub(super) steps: usize,
    /// Repeated exports of one span.
    pub(super) copies: usize,
    /// Wrappers of a call or a tool that an inner span describes.
    pub(super) wrappers: usize,
    /// Events that were written as spans.
    pub(super) events: usize,
    /// Agents without a call or a tool.
    pub(super) empty: usize,
    /// Spans without an end.
    pub(super) unended: usize,
}

impl SpanCounts {
    /// Returns a note for the user; none if every span is a step with a recorded end.
    pub(super) fn note(self, file: &str) -> Option<String> {
        let mut parts = Vec::new();
        let rest = self.spans.saturating_sub(self.steps + self.wrappers + self.empty + self.events + self.copies);
        for (number, what) in [
            (self.wrappers, "around a call or tool with a span of its own"),
            (self.empty, "for agents without a call or a tool"),
            (self.events, "for events"),
            (self.copies, "repeated"),
            (rest, "of other kinds, such as requests and wrappers"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        if parts.is_empty() && self.unended == 0 {
            return None;
        }
        let left_out = if parts.is_empty() { String::new() } else { format!("; left out: {}", parts.join(", ")) };
        let ends = match self.unended {
            0 => String::new(),
            number => format!("; {number} without a recorded end, which is estimated"),
        };
        Some(format!("{file}: {} of {} spans are steps{left_out}{ends}", self.steps, self.spans))
    }
}
