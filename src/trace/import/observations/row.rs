//! Conversion of rows into spans, for any column names.

use serde_json::{Map, Value, json};

use crate::table::{ImportContext, SourceFile, json};
use crate::trace::import::spans::facts::{ATTRIBUTE_TABLE, COLUMN_TABLE, SpanAttributes, SpanField, inside};
use crate::trace::import::spans::moment::{self, NumberUnit};
use crate::trace::import::spans::position::{DocumentPosition, shown};
use crate::trace::import::spans::{self, Span};

/// Fields to which columns can be mapped.
const MAPPED: &[(&str, SpanField)] = &[
    ("id", SpanField::Id),
    ("trace", SpanField::Trace),
    ("parent", SpanField::Parent),
    ("name", SpanField::Name),
    ("start", SpanField::Start),
    ("start_us", SpanField::Start),
    ("end", SpanField::End),
    ("end_us", SpanField::End),
    ("operation", SpanField::Operation),
    ("gen_ai.operation.name", SpanField::Operation),
    ("agent", SpanField::Agent),
    ("gen_ai.agent.name", SpanField::Agent),
    ("tool", SpanField::Tool),
    ("gen_ai.tool.name", SpanField::Tool),
    ("model", SpanField::Model),
    ("gen_ai.request.model", SpanField::Model),
    ("input_tokens", SpanField::Input),
    ("gen_ai.usage.input_tokens", SpanField::Input),
    ("output_tokens", SpanField::Output),
    ("gen_ai.usage.output_tokens", SpanField::Output),
    ("cache_read", SpanField::CacheRead),
    ("gen_ai.usage.cache_read.input_tokens", SpanField::CacheRead),
    ("cache_write", SpanField::CacheWrite),
    ("gen_ai.usage.cache_write.input_tokens", SpanField::CacheWrite),
    ("first_chunk", SpanField::FirstChunk),
    ("gen_ai.response.time_to_first_chunk", SpanField::FirstChunk),
    ("error", SpanField::Failed),
    ("error.type", SpanField::ErrorType),
];

/// Reader of the rows of a file.
pub(super) struct ObservationRows<'a> {
    file: &'a SourceFile,
    /// Columns that the user mapped; true if any row has them.
    mapped: Vec<(SpanField, String, bool)>,
    spans: Vec<Span>,
}

impl<'a> ObservationRows<'a> {
    pub(super) fn new(file: &'a SourceFile, reading: &mut ImportContext) -> ObservationRows<'a> {
        let mut mapped = Vec::new();
        for (name, column) in reading.columns.clone() {
            if let Some((_, field)) = MAPPED.iter().find(|(known, _)| *known == name) {
                mapped.push((*field, column, false));
            } else {
                let known: Vec<&str> = MAPPED.iter().map(|(known, _)| *known).collect();
                reading.bad(&file.path, 0, &name, "unknown field", &format!("one of {}", known.join(", ")));
            }
        }
        ObservationRows { file, mapped, spans: Vec::new() }
    }

    /// Adds the spans of a document: a list, a response of a server, a trace with its spans, or a row.
    pub(super) fn document(&mut self, value: &Value, position: &mut DocumentPosition<'_>) {
        self.nested(value, &RowContext::default(), position);
    }

    fn nested(&mut self, value: &Value, context: &RowContext<'_>, position: &mut DocumentPosition<'_>) {
        if let Value::Array(list) = value {
            for value in list {
                self.nested(value, context, position);
            }
            return;
        }
        let Value::Object(row) = value else {
            return position.bad("", shown(value), "an object for each span");
        };
        let list = |key: &str| row.get(key).and_then(Value::as_array);
        let spans = ["observations", "data", "runs", "calls"].iter().find_map(|key| list(key));
        if let Some(list) = spans {
            let name = json::text(value, "trace.name").or_else(|| json::text(value, "name"));
            let context = RowContext { name, ..*context };
            for value in list {
                self.nested(value, &context, position);
            }
        } else if let Some(trace) = row.get("trace").filter(|trace| trace.get("observations").is_some()) {
            self.nested(trace, context, position);
        } else if json::at(value, "data.spans").is_some() {
            mlflow(value, position, &mut self.spans);
        } else if let Some(spans) = row.get("spans") {
            table_of_mlflow(row, spans, position, &mut self.spans);
        } else {
            let mut facts = SpanAttributes::default();
            for (field, column, is_present) in &mut self.mapped {
                if let Some(value) = row.get(column.as_str()).or_else(|| json::at(value, column)) {
                    facts.put(*field, 0, value);
                    *is_present = true;
                }
            }
            self.spans.extend(span(row, facts, context, position));
        }
    }

    /// Returns the spans of all documents.
    pub(super) fn finish(mut self, reading: &mut ImportContext) -> Vec<Span> {
        for (_, column, _) in self.mapped.iter().filter(|(_, _, is_present)| !is_present) {
            reading.bad(&self.file.path, 0, column, "no row has this column", "a column of the file");
        }
        let stem = self.file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let stem = stem.split('.').next().unwrap_or_default();
        for span in self.spans.iter_mut().filter(|span| span.trace.is_empty()) {
            stem.clone_into(&mut span.trace);
        }
        self.spans
    }
}

/// Facts about a row from the object around it.
#[derive(Clone, Copy, Default)]
struct RowContext<'a> {
    /// Id of its trace, which has priority over a column.
    trace: Option<&'a str>,
    /// Name of its trace.
    name: Option<&'a str>,
}

/// Adds the spans of a trace of `MLflow`: `info` and `data`.
pub(in crate::trace::import) fn mlflow(value: &Value, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let trace = json::text(value, "info.trace_id").or_else(|| json::text(value, "info.request_id"));
    let list = json::at(value, "data.spans").and_then(Value::as_array);
    spans_of(list.map_or(&[], Vec::as_slice), trace, position, spans);
}

/// Adds the spans of a row of the table of traces of `MLflow`: a list, or a list as JSON text.
fn table_of_mlflow(row: &Map<String, Value>, list: &Value, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let trace = ["trace_id", "request_id"].iter().find_map(|key| row.get(*key)?.as_str());
    match list {
        Value::Array(list) => spans_of(list, trace, position, spans),
        Value::String(text) => match serde_json::from_str::<Vec<Value>>(text) {
            Ok(list) => spans_of(&list, trace, position, spans),
            Err(_) => position.bad("spans", "the text is not a JSON list", "a list of spans"),
        },
        Value::Null => {}
        other => position.bad("spans", shown(other), "a list of spans"),
    }
}

fn spans_of(list: &[Value], trace: Option<&str>, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let context = RowContext { trace, name: None };
    for value in list {
        match value {
            Value::Object(row) => spans.extend(span(row, SpanAttributes::default(), &context, position)),
            other => position.bad("spans", shown(other), "an object for each span"),
        }
    }
}

/// Returns the span of a row. `facts` are the attributes of mapped columns.
fn span(
    row: &Map<String, Value>,
    mut facts: SpanAttributes,
    context: &RowContext<'_>,
    position: &mut DocumentPosition<'_>,
) -> Option<Span> {
    columns(row, &mut facts);
    if let Some(name) = context.name {
        facts.put(SpanField::Service, 5000, &json!(name));
    }
    let id = facts.id(SpanField::Id).map(|id| spans::id(&id)).unwrap_or_default();
    if id.is_empty() {
        position.bad(
            "id",
            "it is missing",
            "the id of the span: id, span_id, spanId or context.span_id, or a mapped column",
        );
        return None;
    }
    let missing = Value::Null;
    let value = facts.get(SpanField::Start).unwrap_or(&missing);
    let Some(start) = moment::read(value, NumberUnit::BySize) else {
        position.bad(&format!("span {id}.start"), shown(value), "a time: RFC 3339, or a number since 1970");
        return None;
    };
    let end = facts.get(SpanField::End);
    let end = end.and_then(|value| {
        let read = moment::read(value, NumberUnit::BySize);
        if read.is_none() {
            position.bad(&format!("span {id}.end"), shown(value), "a time: RFC 3339, or a number since 1970");
        }
        read
    });
    let trace = context.trace.map(str::to_owned).or_else(|| facts.id(SpanField::Trace));
    Some(Span {
        trace: trace.map(|trace| spans::id(&trace)).unwrap_or_default(),
        id,
        parent: facts.id(SpanField::Parent).map(|id| spans::id(&id)).unwrap_or_default(),
        name: operation_name(facts.text(SpanField::Name).unwrap_or_default()).to_owned(),
        start,
        end,
        facts,
        line: position.line,
        ..Span::default()
    })
}

/// Reads the columns of a row and the attributes in them.
fn columns(row: &Map<String, Value>, facts: &mut SpanAttributes) {
    for (key, value) in row {
        facts.offer(&COLUMN_TABLE, key, value);
        match key.as_str() {
            "attributes" => inside(value, |key, value| facts.offer(&ATTRIBUTE_TABLE, key, value)),
            "metadata" => metadata(value, facts),
            "extra" => inside(value, |key, value| {
                if key == "metadata" {
                    metadata(value, facts);
                }
            }),
            "summary" => inside(value, |key, value| {
                if key == "usage" {
                    usage_by_model(value, facts);
                }
            }),
            _ => {
                if let Some(key) = key.strip_prefix("attributes.") {
                    facts.offer(&ATTRIBUTE_TABLE, key, value);
                }
            }
        }
    }
}

/// Reads the metadata of frameworks beside the columns, some of it in `attributes`.
fn metadata(value: &Value, facts: &mut SpanAttributes) {
    inside(value, |key, value| {
        if key == "attributes" {
            inside(value, |key, value| facts.offer(&ATTRIBUTE_TABLE, key, value));
        } else {
            facts.offer(&ATTRIBUTE_TABLE, key, value);
        }
    });
}

/// Sums the tokens of a call over models, as Weave counts by model.
fn usage_by_model(value: &Value, facts: &mut SpanAttributes) {
    let mut sums = [(SpanField::Input, None::<u64>), (SpanField::Output, None), (SpanField::CacheRead, None)];
    let keys: [&[&str]; 3] = [
        &["input_tokens", "prompt_tokens", "inputTokens"],
        &["output_tokens", "completion_tokens", "outputTokens"],
        &["cache_read_input_tokens", "cacheReadInputTokens"],
    ];
    inside(value, |model, usage| {
        facts.put(SpanField::Model, 500, &json!(model));
        for ((_, sum), keys) in sums.iter_mut().zip(keys) {
            if let Some(tokens) = keys.iter().find_map(|key| json::tokens(usage, key)) {
                *sum = Some(sum.unwrap_or(0).saturating_add(u64::from(tokens)));
            }
        }
    });
    for (field, sum) in sums {
        if let Some(sum) = sum {
            facts.put(field, 500, &json!(sum));
        }
    }
}

/// Returns the operation in a URI of Weave: `weave:///entity/project/op/Agent.run:1f2e` is `Agent.run`.
fn operation_name(name: &str) -> &str {
    let Some(path) = name.strip_prefix("weave:///") else { return name };
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split(':').next().unwrap_or(last)
}
