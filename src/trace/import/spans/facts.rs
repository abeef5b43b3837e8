//! What is asked of a span, and the keys under which it is told: one table for the attributes of all dialects, one for
//! the columns of tables of spans. Only keys of these tables are ever looked at, so no text of a transcript gets far.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::LazyLock;

use serde_json::Value;

use super::Kind;
use crate::table::json;

/// Something that is asked of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::trace) enum Field {
    Id,
    Trace,
    Parent,
    Name,
    Start,
    End,
    Operation,
    Kind,
    Agent,
    /// The name of what the span is about, whatever that is.
    Entity,
    /// The node of a graph that it belongs to.
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
    /// Anything in it means that the span failed.
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
    /// An operation that only brooks knows.
    OwnOperation,
}

/// Keys and what they tell; of several keys for one field the first wins.
type Keys = &'static [(&'static str, Field)];

/// The attributes of spans: OpenTelemetry `GenAI` new and old, `OpenInference`, `OpenLLMetry`, ADK, Vercel AI, `MLflow`,
/// Langfuse, Pydantic AI, and our own.
pub(in crate::trace) const ATTRIBUTES: Keys = &[
    ("brooks.id", Field::BrooksId),
    ("brooks.trace", Field::BrooksTrace),
    ("brooks.origin", Field::BrooksOrigin),
    ("brooks.made", Field::BrooksMade),
    ("brooks.root", Field::BrooksRoot),
    ("brooks.round", Field::Round),
    ("brooks.task", Field::Task),
    ("brooks.class", Field::Class),
    ("brooks.est", Field::Est),
    ("brooks.operation", Field::OwnOperation),
    ("gen_ai.operation.name", Field::Operation),
    ("openinference.span.kind", Field::Kind),
    ("mlflow.spanType", Field::Kind),
    ("langfuse.observation.type", Field::Kind),
    ("traceloop.span.kind", Field::Kind),
    ("llm.request.type", Field::Kind),
    ("ai.operationId", Field::Kind),
    ("gen_ai.agent.name", Field::Agent),
    ("agent.name", Field::Agent),
    ("agent_name", Field::Agent),
    ("lc_agent_name", Field::Agent),
    ("agent_id", Field::Agent),
    ("agent.id", Field::Agent),
    ("gen_ai.agent.id", Field::Agent),
    ("traceloop.entity.name", Field::Entity),
    ("graph.node.id", Field::Entity),
    ("langgraph_node", Field::Node),
    ("gen_ai.tool.name", Field::Tool),
    ("tool.name", Field::Tool),
    ("ai.toolCall.name", Field::Tool),
    ("mcp.tool.name", Field::Tool),
    ("gen_ai.request.model", Field::Model),
    ("llm.model_name", Field::Model),
    ("ai.model.id", Field::Model),
    ("mlflow.llm.model", Field::Model),
    ("langfuse.observation.model.name", Field::Model),
    ("ls_model_name", Field::Model),
    ("gen_ai.response.model", Field::Model),
    ("ai.response.model", Field::Model),
    ("gen_ai.usage.input_tokens", Field::Input),
    ("gen_ai.usage.prompt_tokens", Field::Input),
    ("llm.token_count.prompt", Field::Input),
    ("llm.usage.prompt_tokens", Field::Input),
    ("ai.usage.inputTokens", Field::Input),
    ("ai.usage.promptTokens", Field::Input),
    ("mlflow.chat.tokenUsage.input_tokens", Field::Input),
    ("langfuse.observation.usage_details.input", Field::Input),
    ("langfuse.observation.usage_details.input_tokens", Field::Input),
    ("gen_ai.usage.output_tokens", Field::Output),
    ("gen_ai.usage.completion_tokens", Field::Output),
    ("llm.token_count.completion", Field::Output),
    ("llm.usage.completion_tokens", Field::Output),
    ("ai.usage.outputTokens", Field::Output),
    ("ai.usage.completionTokens", Field::Output),
    ("mlflow.chat.tokenUsage.output_tokens", Field::Output),
    ("langfuse.observation.usage_details.output", Field::Output),
    ("langfuse.observation.usage_details.output_tokens", Field::Output),
    ("gen_ai.usage.total_tokens", Field::Total),
    ("llm.usage.total_tokens", Field::Total),
    ("llm.token_count.total", Field::Total),
    ("ai.usage.totalTokens", Field::Total),
    ("mlflow.chat.tokenUsage.total_tokens", Field::Total),
    ("langfuse.observation.usage_details.total", Field::Total),
    ("gen_ai.usage.cache_read.input_tokens", Field::CacheRead),
    ("gen_ai.usage.cache_read_input_tokens", Field::CacheRead),
    ("gen_ai.usage.details.cache_read_tokens", Field::CacheRead),
    ("gen_ai.usage.input_tokens.cached", Field::CacheRead),
    ("llm.token_count.prompt_details.cache_read", Field::CacheRead),
    ("ai.usage.cachedInputTokens", Field::CacheRead),
    ("mlflow.chat.tokenUsage.cache_read_input_tokens", Field::CacheRead),
    ("langfuse.observation.usage_details.cache_read_input_tokens", Field::CacheRead),
    ("langfuse.observation.usage_details.input_cache_read", Field::CacheRead),
    ("gen_ai.usage.cache_write.input_tokens", Field::CacheWrite),
    ("gen_ai.usage.cache_creation.input_tokens", Field::CacheWrite),
    ("gen_ai.usage.cache_creation_input_tokens", Field::CacheWrite),
    ("gen_ai.usage.details.cache_write_tokens", Field::CacheWrite),
    ("gen_ai.usage.input_tokens.cache_write", Field::CacheWrite),
    ("llm.token_count.prompt_details.cache_write", Field::CacheWrite),
    ("mlflow.chat.tokenUsage.cache_creation_input_tokens", Field::CacheWrite),
    ("langfuse.observation.usage_details.cache_creation_input_tokens", Field::CacheWrite),
    ("langfuse.observation.usage_details.input_cache_creation", Field::CacheWrite),
    ("gen_ai.response.time_to_first_chunk", Field::FirstChunk),
    ("gen_ai.server.time_to_first_token", Field::FirstChunk),
    ("ai.response.msToFirstChunk", Field::FirstChunkMillis),
    ("ai.stream.msToFirstChunk", Field::FirstChunkMillis),
    ("langfuse.observation.completion_start_time", Field::FirstChunkAt),
    ("gen_ai.response.finish_reasons", Field::Finish),
    ("gen_ai.completion.0.finish_reason", Field::Finish),
    ("llm.finish_reason", Field::Finish),
    ("llm.response.finish_reason", Field::Finish),
    ("ai.response.finishReason", Field::Finish),
    ("error.type", Field::ErrorType),
    ("exception.type", Field::ExceptionType),
    ("otel.status_code", Field::Status),
    ("langfuse.observation.level", Field::Status),
    ("error", Field::Failed),
    ("service.name", Field::Service),
];

/// The columns of tables of spans: Langfuse, Phoenix, `LangSmith`, Weave, `MLflow`.
pub(in crate::trace) const COLUMNS: Keys = &[
    ("context.span_id", Field::Id),
    ("span_id", Field::Id),
    ("spanId", Field::Id),
    ("id", Field::Id),
    ("run_id", Field::Id),
    ("context.trace_id", Field::Trace),
    ("trace_id", Field::Trace),
    ("traceId", Field::Trace),
    ("parent_id", Field::Parent),
    ("parent_span_id", Field::Parent),
    ("parentSpanId", Field::Parent),
    ("parent_run_id", Field::Parent),
    ("parentObservationId", Field::Parent),
    ("parent_observation_id", Field::Parent),
    ("name", Field::Name),
    ("display_name", Field::Name),
    ("op_name", Field::Name),
    ("start_time", Field::Start),
    ("startTime", Field::Start),
    ("started_at", Field::Start),
    ("start_time_unix_nano", Field::Start),
    ("startTimeUnixNano", Field::Start),
    ("end_time", Field::End),
    ("endTime", Field::End),
    ("ended_at", Field::End),
    ("end_time_unix_nano", Field::End),
    ("endTimeUnixNano", Field::End),
    ("operation", Field::Operation),
    ("span_kind", Field::Kind),
    ("run_type", Field::Kind),
    ("span_type", Field::Kind),
    ("observation_type", Field::Kind),
    ("type", Field::Kind),
    ("attributes.kind", Field::Kind),
    ("agent_name", Field::Agent),
    ("agentName", Field::Agent),
    ("tool_name", Field::Tool),
    ("model", Field::Model),
    ("provided_model_name", Field::Model),
    ("providedModelName", Field::Model),
    ("model_name", Field::Model),
    ("extra.invocation_params.model", Field::Model),
    ("extra.invocation_params.model_name", Field::Model),
    ("usageDetails.input", Field::Input),
    ("usageDetails.input_tokens", Field::Input),
    ("usage_details.input", Field::Input),
    ("usage_details.input_tokens", Field::Input),
    ("usage.input", Field::Input),
    ("usage.promptTokens", Field::Input),
    ("usage.prompt_tokens", Field::Input),
    ("usage.input_tokens", Field::Input),
    ("prompt_tokens", Field::Input),
    ("promptTokens", Field::Input),
    ("input_tokens", Field::Input),
    ("usageDetails.output", Field::Output),
    ("usageDetails.output_tokens", Field::Output),
    ("usage_details.output", Field::Output),
    ("usage_details.output_tokens", Field::Output),
    ("usage.output", Field::Output),
    ("usage.completionTokens", Field::Output),
    ("usage.completion_tokens", Field::Output),
    ("usage.output_tokens", Field::Output),
    ("completion_tokens", Field::Output),
    ("completionTokens", Field::Output),
    ("output_tokens", Field::Output),
    ("usageDetails.total", Field::Total),
    ("usage_details.total", Field::Total),
    ("usage.total", Field::Total),
    ("usage.total_tokens", Field::Total),
    ("total_tokens", Field::Total),
    ("totalTokens", Field::Total),
    ("usageDetails.cache_read_input_tokens", Field::CacheRead),
    ("usageDetails.input_cache_read", Field::CacheRead),
    ("usageDetails.input_cached_tokens", Field::CacheRead),
    ("usageDetails.prompt_details.cache_read", Field::CacheRead),
    ("usage_details.cache_read_input_tokens", Field::CacheRead),
    ("usage_details.input_cache_read", Field::CacheRead),
    ("usage_details.input_cached_tokens", Field::CacheRead),
    ("usage.cache_read_input_tokens", Field::CacheRead),
    ("prompt_token_details.cache_read", Field::CacheRead),
    ("cache_read_tokens", Field::CacheRead),
    ("usageDetails.cache_creation_input_tokens", Field::CacheWrite),
    ("usageDetails.input_cache_creation", Field::CacheWrite),
    ("usage_details.cache_creation_input_tokens", Field::CacheWrite),
    ("usage_details.input_cache_creation", Field::CacheWrite),
    ("usage.cache_creation_input_tokens", Field::CacheWrite),
    ("prompt_token_details.cache_creation", Field::CacheWrite),
    ("cache_write_tokens", Field::CacheWrite),
    ("completionStartTime", Field::FirstChunkAt),
    ("completion_start_time", Field::FirstChunkAt),
    ("first_token_time", Field::FirstChunkAt),
    ("timeToFirstToken", Field::FirstChunk),
    ("time_to_first_token", Field::FirstChunk),
    ("error_type", Field::ErrorType),
    ("status_code", Field::Status),
    ("status.code", Field::Status),
    ("status.status_code", Field::Status),
    ("summary.weave.status", Field::Status),
    ("status", Field::Status),
    ("level", Field::Status),
    ("error", Field::Failed),
    ("exception", Field::Failed),
    ("trace_name", Field::Service),
];

/// A table of keys, made for looking up.
pub(in crate::trace) struct Table(BTreeMap<&'static str, (Field, u32)>);

/// [`ATTRIBUTES`], which rank behind columns.
pub(in crate::trace) static ATTRIBUTE_TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(ATTRIBUTES, 1000));
/// [`COLUMNS`].
pub(in crate::trace) static COLUMN_TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(COLUMNS, 1));

impl Table {
    fn of(keys: Keys, first: u32) -> Table {
        Table(keys.iter().enumerate().map(|(place, &(key, field))| (key, (field, first + place as u32))).collect())
    }

    /// Whether keys of the table begin with this one and a point.
    fn has_below(&self, key: &str) -> bool {
        let from = format!("{key}.");
        let mut following = self.0.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded));
        following.next().is_some_and(|(known, _)| known.starts_with(&from))
    }

    /// Whether anything in the table could be found under this key.
    pub(in crate::trace) fn wants(&self, key: &str) -> bool {
        self.0.contains_key(key) || self.has_below(key)
    }
}

/// What a span tells of itself: of each field the value under its best key.
#[derive(Clone, Debug, Default)]
pub(in crate::trace) struct Facts(BTreeMap<Field, (u32, Value)>);

impl Facts {
    /// Takes what is wanted of a key and its value; a value may be an object, or text that is one in JSON.
    pub(in crate::trace) fn offer(&mut self, table: &Table, key: &str, value: &Value) {
        if let Some(&(field, rank)) = table.0.get(key) {
            self.put(field, rank, value);
        }
        // The path of an object that is entered is the beginning of a known key, which bounds the depth.
        if table.has_below(key) {
            inside(value, |inner, value| self.offer(table, &format!("{key}.{inner}"), value));
        }
    }

    /// Takes a value for a field unless one under a better key is there.
    pub(in crate::trace) fn put(&mut self, field: Field, rank: u32, value: &Value) {
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
            Value::Object(_) if field == Field::Failed => Value::Bool(true),
            // Of what is only asked whether it is there, the text is nobody's business.
            Value::String(text) if field == Field::Failed && text != "false" => Value::Bool(true),
            Value::Null | Value::Object(_) => return,
            plain => plain.clone(),
        };
        let says_nothing = match field {
            Field::Kind | Field::Operation => value.as_str().and_then(Kind::of).is_none(),
            _ => false,
        };
        if !says_nothing {
            self.0.insert(field, (rank, value));
        }
    }

    /// The value of a field.
    pub(in crate::trace) fn get(&self, field: Field) -> Option<&Value> {
        self.0.get(&field).map(|(_, value)| value)
    }

    /// A field as text.
    pub(in crate::trace) fn text(&self, field: Field) -> Option<&str> {
        self.get(field)?.as_str()
    }

    /// A field as an id: text or a number.
    pub(in crate::trace) fn id(&self, field: Field) -> Option<String> {
        match self.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A field as a name: a short line of text. Anything longer is somebody's prose.
    pub(in crate::trace) fn name(&self, field: Field) -> Option<&str> {
        let text = self.text(field)?;
        if self.is_own() { Some(text) } else { as_name(text) }
    }

    /// Whether brooks wrote the span: then every name in it came from a trace, and goes back as it is.
    pub(in crate::trace) fn is_own(&self) -> bool {
        self.0.contains_key(&Field::BrooksId)
    }

    /// A field as a word: a name without blanks, such as the type of an error.
    pub(in crate::trace) fn word(&self, field: Field) -> Option<&str> {
        self.name(field).filter(|text| self.is_own() || as_word(text).is_some())
    }

    /// A field as a number.
    pub(in crate::trace) fn number(&self, field: Field) -> Option<f64> {
        json::as_number(self.get(field)?)
    }

    /// A field as a count of tokens.
    pub(in crate::trace) fn tokens(&self, field: Field) -> Option<u32> {
        json::as_tokens(self.number(field)?)
    }

    /// A field as words: a list, the same as JSON text, or a single one.
    pub(in crate::trace) fn words(&self, field: Field) -> Vec<String> {
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

    /// Takes from another span what this one does not say of the call that both are about.
    pub(in crate::trace) fn borrow(&mut self, other: &Facts) {
        let usage = [Field::Input, Field::Output, Field::Total, Field::CacheRead, Field::CacheWrite];
        let mut lend = |fields: &[Field]| {
            if fields.iter().all(|field| !self.0.contains_key(field)) {
                let lent = fields.iter().filter_map(|field| Some((*field, other.0.get(field)?.clone())));
                self.0.extend(lent);
            }
        };
        lend(&usage);
        lend(&[Field::Model]);
        lend(&[Field::Finish]);
    }
}

/// The keys and values of an object, be it one or text that is one in JSON.
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

/// Text that can be a name.
pub(in crate::trace) fn as_name(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_name = !text.is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control);
    is_name.then_some(text)
}

fn as_word(text: &str) -> Option<&str> {
    as_name(text).filter(|text| !text.contains(char::is_whitespace))
}
