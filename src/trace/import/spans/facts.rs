//! Fields of a span, and their keys: one table for the attributes of all dialects, one for the columns of tables of spans.
//! Only keys of these tables are read, so no text of a transcript gets into a trace.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::LazyLock;

use serde_json::Value;

use super::kind::SpanKind;
use crate::table::json;

/// A field of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::trace) enum SpanField {
    Id,
    Trace,
    Parent,
    Name,
    Start,
    End,
    Operation,
    Kind,
    Agent,
    /// Name of the subject of the span, of any kind.
    Entity,
    /// Node of a graph to which the span belongs.
    Node,
    Tool,
    Model,
    Input,
    Output,
    Total,
    CacheRead,
    CacheWrite,
    FirstChunk,
    FirstChunkMillis,
    FirstChunkAt,
    Finish,
    ErrorType,
    ExceptionType,
    Status,
    /// Any value means that the span failed.
    Failed,
    Service,
    BrooksId,
    BrooksTrace,
    BrooksOrigin,
    BrooksMade,
    BrooksRoot,
    Round,
    Task,
    Class,
    Est,
    /// Operation in the vocabulary of brooks.
    OwnOperation,
}

/// Keys with their fields. The first key of a field has priority.
type KeyList = &'static [(&'static str, SpanField)];

/// Attributes of spans: OpenTelemetry `GenAI` new and old, `OpenInference`, `OpenLLMetry`, ADK, Vercel AI, `MLflow`,
/// Langfuse, Pydantic AI, and our own.
pub(in crate::trace) const ATTRIBUTES: KeyList = &[
    ("brooks.id", SpanField::BrooksId),
    ("brooks.trace", SpanField::BrooksTrace),
    ("brooks.origin", SpanField::BrooksOrigin),
    ("brooks.made", SpanField::BrooksMade),
    ("brooks.root", SpanField::BrooksRoot),
    ("brooks.round", SpanField::Round),
    ("brooks.task", SpanField::Task),
    ("brooks.class", SpanField::Class),
    ("brooks.est", SpanField::Est),
    ("brooks.operation", SpanField::OwnOperation),
    ("gen_ai.operation.name", SpanField::Operation),
    ("openinference.span.kind", SpanField::Kind),
    ("mlflow.spanType", SpanField::Kind),
    ("langfuse.observation.type", SpanField::Kind),
    ("traceloop.span.kind", SpanField::Kind),
    ("llm.request.type", SpanField::Kind),
    ("ai.operationId", SpanField::Kind),
    ("gen_ai.agent.name", SpanField::Agent),
    ("agent.name", SpanField::Agent),
    ("agent_name", SpanField::Agent),
    ("lc_agent_name", SpanField::Agent),
    ("agent_id", SpanField::Agent),
    ("agent.id", SpanField::Agent),
    ("gen_ai.agent.id", SpanField::Agent),
    ("traceloop.entity.name", SpanField::Entity),
    ("graph.node.id", SpanField::Entity),
    ("langgraph_node", SpanField::Node),
    ("gen_ai.tool.name", SpanField::Tool),
    ("tool.name", SpanField::Tool),
    ("ai.toolCall.name", SpanField::Tool),
    ("mcp.tool.name", SpanField::Tool),
    ("gen_ai.request.model", SpanField::Model),
    ("llm.model_name", SpanField::Model),
    ("ai.model.id", SpanField::Model),
    ("mlflow.llm.model", SpanField::Model),
    ("langfuse.observation.model.name", SpanField::Model),
    ("ls_model_name", SpanField::Model),
    ("gen_ai.response.model", SpanField::Model),
    ("ai.response.model", SpanField::Model),
    ("gen_ai.usage.input_tokens", SpanField::Input),
    ("gen_ai.usage.prompt_tokens", SpanField::Input),
    ("llm.token_count.prompt", SpanField::Input),
    ("llm.usage.prompt_tokens", SpanField::Input),
    ("ai.usage.inputTokens", SpanField::Input),
    ("ai.usage.promptTokens", SpanField::Input),
    ("mlflow.chat.tokenUsage.input_tokens", SpanField::Input),
    ("langfuse.observation.usage_details.input", SpanField::Input),
    ("langfuse.observation.usage_details.input_tokens", SpanField::Input),
    ("gen_ai.usage.output_tokens", SpanField::Output),
    ("gen_ai.usage.completion_tokens", SpanField::Output),
    ("llm.token_count.completion", SpanField::Output),
    ("llm.usage.completion_tokens", SpanField::Output),
    ("ai.usage.outputTokens", SpanField::Output),
    ("ai.usage.completionTokens", SpanField::Output),
    ("mlflow.chat.tokenUsage.output_tokens", SpanField::Output),
    ("langfuse.observation.usage_details.output", SpanField::Output),
    ("langfuse.observation.usage_details.output_tokens", SpanField::Output),
    ("gen_ai.usage.total_tokens", SpanField::Total),
    ("llm.usage.total_tokens", SpanField::Total),
    ("llm.token_count.total", SpanField::Total),
    ("ai.usage.totalTokens", SpanField::Total),
    ("mlflow.chat.tokenUsage.total_tokens", SpanField::Total),
    ("langfuse.observation.usage_details.total", SpanField::Total),
    ("gen_ai.usage.cache_read.input_tokens", SpanField::CacheRead),
    ("gen_ai.usage.cache_read_input_tokens", SpanField::CacheRead),
    ("gen_ai.usage.details.cache_read_tokens", SpanField::CacheRead),
    ("gen_ai.usage.input_tokens.cached", SpanField::CacheRead),
    ("llm.token_count.prompt_details.cache_read", SpanField::CacheRead),
    ("ai.usage.cachedInputTokens", SpanField::CacheRead),
    ("mlflow.chat.tokenUsage.cache_read_input_tokens", SpanField::CacheRead),
    ("langfuse.observation.usage_details.cache_read_input_tokens", SpanField::CacheRead),
    ("langfuse.observation.usage_details.input_cache_read", SpanField::CacheRead),
    ("gen_ai.usage.cache_write.input_tokens", SpanField::CacheWrite),
    ("gen_ai.usage.cache_creation.input_tokens", SpanField::CacheWrite),
    ("gen_ai.usage.cache_creation_input_tokens", SpanField::CacheWrite),
    ("gen_ai.usage.details.cache_write_tokens", SpanField::CacheWrite),
    ("gen_ai.usage.input_tokens.cache_write", SpanField::CacheWrite),
    ("llm.token_count.prompt_details.cache_write", SpanField::CacheWrite),
    ("mlflow.chat.tokenUsage.cache_creation_input_tokens", SpanField::CacheWrite),
    ("langfuse.observation.usage_details.cache_creation_input_tokens", SpanField::CacheWrite),
    ("langfuse.observation.usage_details.input_cache_creation", SpanField::CacheWrite),
    ("gen_ai.response.time_to_first_chunk", SpanField::FirstChunk),
    ("gen_ai.server.time_to_first_token", SpanField::FirstChunk),
    ("ai.response.msToFirstChunk", SpanField::FirstChunkMillis),
    ("ai.stream.msToFirstChunk", SpanField::FirstChunkMillis),
    ("langfuse.observation.completion_start_time", SpanField::FirstChunkAt),
    ("gen_ai.response.finish_reasons", SpanField::Finish),
    ("gen_ai.completion.0.finish_reason", SpanField::Finish),
    ("llm.finish_reason", SpanField::Finish),
    ("llm.response.finish_reason", SpanField::Finish),
    ("ai.response.finishReason", SpanField::Finish),
    ("error.type", SpanField::ErrorType),
    ("exception.type", SpanField::ExceptionType),
    ("otel.status_code", SpanField::Status),
    ("langfuse.observation.level", SpanField::Status),
    ("error", SpanField::Failed),
    ("service.name", SpanField::Service),
];

/// Columns of tables of spans: Langfuse, Phoenix, `LangSmith`, Weave, `MLflow`.
pub(in crate::trace) const COLUMNS: KeyList = &[
    ("context.span_id", SpanField::Id),
    ("span_id", SpanField::Id),
    ("spanId", SpanField::Id),
    ("id", SpanField::Id),
    ("run_id", SpanField::Id),
    ("context.trace_id", SpanField::Trace),
    ("trace_id", SpanField::Trace),
    ("traceId", SpanField::Trace),
    ("parent_id", SpanField::Parent),
    ("parent_span_id", SpanField::Parent),
    ("parentSpanId", SpanField::Parent),
    ("parent_run_id", SpanField::Parent),
    ("parentObservationId", SpanField::Parent),
    ("parent_observation_id", SpanField::Parent),
    ("name", SpanField::Name),
    ("display_name", SpanField::Name),
    ("op_name", SpanField::Name),
    ("start_time", SpanField::Start),
    ("startTime", SpanField::Start),
    ("started_at", SpanField::Start),
    ("start_time_unix_nano", SpanField::Start),
    ("startTimeUnixNano", SpanField::Start),
    ("end_time", SpanField::End),
    ("endTime", SpanField::End),
    ("ended_at", SpanField::End),
    ("end_time_unix_nano", SpanField::End),
    ("endTimeUnixNano", SpanField::End),
    ("operation", SpanField::Operation),
    ("span_kind", SpanField::Kind),
    ("run_type", SpanField::Kind),
    ("span_type", SpanField::Kind),
    ("observation_type", SpanField::Kind),
    ("type", SpanField::Kind),
    ("attributes.kind", SpanField::Kind),
    ("agent_name", SpanField::Agent),
    ("agentName", SpanField::Agent),
    ("tool_name", SpanField::Tool),
    ("model", SpanField::Model),
    ("provided_model_name", SpanField::Model),
    ("providedModelName", SpanField::Model),
    ("model_name", SpanField::Model),
    ("extra.invocation_params.model", SpanField::Model),
    ("extra.invocation_params.model_name", SpanField::Model),
    ("usageDetails.input", SpanField::Input),
    ("usageDetails.input_tokens", SpanField::Input),
    ("usage_details.input", SpanField::Input),
    ("usage_details.input_tokens", SpanField::Input),
    ("usage.input", SpanField::Input),
    ("usage.promptTokens", SpanField::Input),
    ("usage.prompt_tokens", SpanField::Input),
    ("usage.input_tokens", SpanField::Input),
    ("prompt_tokens", SpanField::Input),
    ("promptTokens", SpanField::Input),
    ("input_tokens", SpanField::Input),
    ("usageDetails.output", SpanField::Output),
    ("usageDetails.output_tokens", SpanField::Output),
    ("usage_details.output", SpanField::Output),
    ("usage_details.output_tokens", SpanField::Output),
    ("usage.output", SpanField::Output),
    ("usage.completionTokens", SpanField::Output),
    ("usage.completion_tokens", SpanField::Output),
    ("usage.output_tokens", SpanField::Output),
    ("completion_tokens", SpanField::Output),
    ("completionTokens", SpanField::Output),
    ("output_tokens", SpanField::Output),
    ("usageDetails.total", SpanField::Total),
    ("usage_details.total", SpanField::Total),
    ("usage.total", SpanField::Total),
    ("usage.total_tokens", SpanField::Total),
    ("total_tokens", SpanField::Total),
    ("totalTokens", SpanField::Total),
    ("usageDetails.cache_read_input_tokens", SpanField::CacheRead),
    ("usageDetails.input_cache_read", SpanField::CacheRead),
    ("usageDetails.input_cached_tokens", SpanField::CacheRead),
    ("usageDetails.prompt_details.cache_read", SpanField::CacheRead),
    ("usage_details.cache_read_input_tokens", SpanField::CacheRead),
    ("usage_details.input_cache_read", SpanField::CacheRead),
    ("usage_details.input_cached_tokens", SpanField::CacheRead),
    ("usage.cache_read_input_tokens", SpanField::CacheRead),
    ("prompt_token_details.cache_read", SpanField::CacheRead),
    ("cache_read_tokens", SpanField::CacheRead),
    ("usageDetails.cache_creation_input_tokens", SpanField::CacheWrite),
    ("usageDetails.input_cache_creation", SpanField::CacheWrite),
    ("usage_details.cache_creation_input_tokens", SpanField::CacheWrite),
    ("usage_details.input_cache_creation", SpanField::CacheWrite),
    ("usage.cache_creation_input_tokens", SpanField::CacheWrite),
    ("prompt_token_details.cache_creation", SpanField::CacheWrite),
    ("cache_write_tokens", SpanField::CacheWrite),
    ("completionStartTime", SpanField::FirstChunkAt),
    ("completion_start_time", SpanField::FirstChunkAt),
    ("first_token_time", SpanField::FirstChunkAt),
    ("timeToFirstToken", SpanField::FirstChunk),
    ("time_to_first_token", SpanField::FirstChunk),
    ("error_type", SpanField::ErrorType),
    ("status_code", SpanField::Status),
    ("status.code", SpanField::Status),
    ("status.status_code", SpanField::Status),
    ("summary.weave.status", SpanField::Status),
    ("status", SpanField::Status),
    ("level", SpanField::Status),
    ("error", SpanField::Failed),
    ("exception", SpanField::Failed),
    ("trace_name", SpanField::Service),
];

/// Lookup table of keys: field and rank.
pub(in crate::trace) struct KeyTable(BTreeMap<&'static str, (SpanField, u32)>);

/// [`ATTRIBUTES`], which rank behind columns.
pub(in crate::trace) static ATTRIBUTE_TABLE: LazyLock<KeyTable> = LazyLock::new(|| KeyTable::new(ATTRIBUTES, 1000));
/// [`COLUMNS`].
pub(in crate::trace) static COLUMN_TABLE: LazyLock<KeyTable> = LazyLock::new(|| KeyTable::new(COLUMNS, 1));

impl KeyTable {
    fn new(keys: KeyList, first: u32) -> KeyTable {
        KeyTable(keys.iter().enumerate().map(|(index, &(key, field))| (key, (field, first + index as u32))).collect())
    }

    /// Returns true if a key of the table begins with this one and a dot.
    fn has_below(&self, key: &str) -> bool {
        let from = format!("{key}.");
        let mut following = self.0.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded));
        following.next().is_some_and(|(known, _)| known.starts_with(&from))
    }

    /// Returns true if the table has this key or keys below it.
    pub(in crate::trace) fn wants(&self, key: &str) -> bool {
        self.0.contains_key(key) || self.has_below(key)
    }
}

/// Attributes of a span: the value of each field, from the key with the best rank.
#[derive(Clone, Debug, Default)]
pub(in crate::trace) struct SpanAttributes(BTreeMap<SpanField, (u32, Value)>);

impl SpanAttributes {
    /// Takes the fields of a key and its value, which can be an object or the JSON text of one.
    pub(in crate::trace) fn offer(&mut self, table: &KeyTable, key: &str, value: &Value) {
        if let Some(&(field, rank)) = table.0.get(key) {
            self.put(field, rank, value);
        }
        // The path of an entered object is a prefix of a known key, which bounds the depth.
        if table.has_below(key) {
            inside(value, |inner, value| self.offer(table, &format!("{key}.{inner}"), value));
        }
    }

    /// Sets the value of a field, unless a key with a better rank has set it.
    pub(in crate::trace) fn put(&mut self, field: SpanField, rank: u32, value: &Value) {
        let known = self.0.get(&field).map_or(u32::MAX, |(rank, _)| *rank);
        if rank >= known {
            return;
        }
        let value = match value {
            Value::String(text) if text.is_empty() => return,
            // MLflow writes every attribute as JSON text.
            Value::String(text) if text.starts_with('"') => match serde_json::from_str::<Value>(text) {
                Ok(Value::String(inner)) if !inner.is_empty() => Value::String(inner),
                _ => return,
            },
            Value::Array(list) => {
                Value::Array(list.iter().filter(|value| value.is_string()).take(16).cloned().collect())
            }
            Value::Object(_) if field == SpanField::Failed => Value::Bool(true),
            // Only the presence of an error is kept, not its text.
            Value::String(text) if field == SpanField::Failed && text != "false" => Value::Bool(true),
            Value::Null | Value::Object(_) => return,
            plain => plain.clone(),
        };
        let is_unknown_word = match field {
            SpanField::Kind | SpanField::Operation => value.as_str().and_then(SpanKind::from_word).is_none(),
            _ => false,
        };
        if !is_unknown_word {
            self.0.insert(field, (rank, value));
        }
    }

    /// Returns the value of a field.
    pub(in crate::trace) fn get(&self, field: SpanField) -> Option<&Value> {
        self.0.get(&field).map(|(_, value)| value)
    }

    /// Returns a field as text.
    pub(in crate::trace) fn text(&self, field: SpanField) -> Option<&str> {
        self.get(field)?.as_str()
    }

    /// Returns a field as an id: text or a number.
    pub(in crate::trace) fn id(&self, field: SpanField) -> Option<String> {
        match self.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns a field as a name: a short line of text; none for prose.
    pub(in crate::trace) fn name(&self, field: SpanField) -> Option<&str> {
        let text = self.text(field)?;
        if self.is_own() { Some(text) } else { as_name(text) }
    }

    /// Returns true for a span that brooks wrote, whose names are those of a trace.
    pub(in crate::trace) fn is_own(&self) -> bool {
        self.0.contains_key(&SpanField::BrooksId)
    }

    /// Returns a field as a word: a name without spaces, such as the type of an error.
    pub(in crate::trace) fn word(&self, field: SpanField) -> Option<&str> {
        self.name(field).filter(|text| self.is_own() || as_word(text).is_some())
    }

    /// Returns a field as a number.
    pub(in crate::trace) fn number(&self, field: SpanField) -> Option<f64> {
        json::as_number(self.get(field)?)
    }

    /// Returns a field as a number of tokens.
    pub(in crate::trace) fn tokens(&self, field: SpanField) -> Option<u32> {
        json::as_tokens(self.number(field)?)
    }

    /// Returns a field as words: a list, a list as JSON text, or a single word.
    pub(in crate::trace) fn words(&self, field: SpanField) -> Vec<String> {
        let parsed;
        let list = match self.get(field) {
            Some(Value::Array(list)) => list.as_slice(),
            Some(Value::String(text)) if text.starts_with('[') => {
                parsed = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
                parsed.as_slice()
            }
            Some(value @ Value::String(_)) => std::slice::from_ref(value),
            _ => &[],
        };
        let words = list.iter().filter_map(Value::as_str);
        words.filter(|word| self.is_own() || as_word(word).is_some()).take(16).map(str::to_owned).collect()
    }

    /// Copies missing fields from another span of the same call.
    pub(in crate::trace) fn borrow(&mut self, other: &SpanAttributes) {
        let usage =
            [SpanField::Input, SpanField::Output, SpanField::Total, SpanField::CacheRead, SpanField::CacheWrite];
        let mut lend = |fields: &[SpanField]| {
            if fields.iter().all(|field| !self.0.contains_key(field)) {
                let lent = fields.iter().filter_map(|field| Some((*field, other.0.get(field)?.clone())));
                self.0.extend(lent);
            }
        };
        lend(&usage);
        lend(&[SpanField::Model]);
        lend(&[SpanField::Finish]);
    }
}

/// Calls `each` with the keys and values of an object, or of the JSON text of one.
pub(in crate::trace) fn inside(value: &Value, mut each: impl FnMut(&str, &Value)) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| each(key, value)),
        Value::String(text) if text.trim_start().starts_with('{') => {
            if let Ok(Value::Object(map)) = serde_json::from_str(text) {
                map.iter().for_each(|(key, value)| each(key, value));
            }
        }
        _ => {}
    }
}

/// Returns trimmed text that can be a name.
pub(in crate::trace) fn as_name(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_name = !text.is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control);
    is_name.then_some(text)
}

fn as_word(text: &str) -> Option<&str> {
    as_name(text).filter(|text| !text.contains(char::is_whitespace))
}
