//! Kinds of spans, and the words that each dialect uses for them.

/// Meaning of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::trace) enum SpanKind {
    /// A model call.
    Call,
    /// A model call that plans.
    Plan,
    /// A tool call.
    Tool,
    /// The lifetime of an agent.
    Agent,
    /// The lifetime of a team.
    Workflow,
    /// A wait, of a kind that only brooks writes.
    Wait,
    /// Anything that is no step: a request, a wrapper, a retrieval.
    #[default]
    Other,
}

impl SpanKind {
    /// Parses the word of any dialect; none if it leaves the kind open.
    pub(in crate::trace) fn from_word(word: &str) -> Option<SpanKind> {
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

    /// Returns true for model calls.
    pub(super) fn is_call(self) -> bool {
        matches!(self, SpanKind::Call | SpanKind::Plan)
    }
}
