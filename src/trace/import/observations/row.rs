//! One span a row, whatever its columns are called.

use serde_json::{Map, Value, json};

use crate::table::{ImportContext, SourceFile, json};
use crate::trace::import::spans::facts::{ATTRIBUTE_TABLE, COLUMN_TABLE, SpanAttributes, SpanField, inside};
use crate::trace::import::spans::moment::{self, NumberUnit};
use crate::trace::import::spans::position::{DocumentPosition, shown};
use crate::trace::import::spans::{self, Span};

/// What columns can be mapped to.
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

/// The rows of a file, read one by one.
pub(super) struct ObservationRows<'a> {
    file: &'a SourceFile,
    /// The columns that the user mapped, and whether any row had them.
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
                reading.bad(&file.path, 0, &name, "no such field to map to", &known.join(", "));
            }
        }
        ObservationRows { file, mapped, spans: Vec::new() }
    }

    /// The spans of a document: a list, an answer of a server, a trace with what is in it, or a row.
    pub(super) fn document(&mut self, value: &Value, place: &mut DocumentPosition<'_>) {
        self.within(value, &Around::default(), place);
    }

    fn within(&mut self, value: &Value, around: &Around<'_>, place: &mut DocumentPosition<'_>) {
        if let Value::Array(list) = value {
            for value in list {
                self.within(value, around, place);
            }
            return;
        }
        let Value::Object(row) = value else {
            return place.bad("", shown(value), "an object a span");
        };
        let list = |key: &str| row.get(key).and_then(Value::as_array);
        let spans = ["observations", "data", "runs", "calls"].iter().find_map(|key| list(key));
        if let Some(list) = spans {
            let name = json::text(value, "trace.name").or_else(|| json::text(value, "name"));
            let around = Around { name, ..*around };
            for value in list {
                self.within(value, &around, place);
            }
        } else if let Some(trace) = row.get("trace").filter(|trace| trace.get("observations").is_some()) {
            self.within(trace, around, place);
        } else if json::at(value, "data.spans").is_some() {
            mlflow(value, place, &mut self.spans);
        } else if let Some(spans) = row.get("spans") {
            table_of_mlflow(row, spans, place, &mut self.spans);
        } else {
            let mut facts = SpanAttributes::default();
            for (field, column, is_found) in &mut self.mapped {
                if let Some(value) = row.get(column.as_str()).or_else(|| json::at(value, column)) {
                    facts.put(*field, 0, value);
                    *is_found = true;
                }
            }
            self.spans.extend(span(row, facts, around, place));
        }
    }

    /// The spans, when all has been read.
    pub(super) fn finish(mut self, reading: &mut ImportContext) -> Vec<Span> {
        for (_, column, _) in self.mapped.iter().filter(|(_, _, is_found)| !is_found) {
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

/// What is known of a row from what is around it.
#[derive(Clone, Copy, Default)]
struct Around<'a> {
    /// The id of its trace, which then counts for more than its own.
    trace: Option<&'a str>,
    /// The name of its trace.
    name: Option<&'a str>,
}

/// The spans of a trace of `MLflow`: `info` and `data`.
pub(in crate::trace::import) fn mlflow(value: &Value, place: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let trace = json::text(value, "info.trace_id").or_else(|| json::text(value, "info.request_id"));
    let list = json::at(value, "data.spans").and_then(Value::as_array);
    spans_of(list.map_or(&[], Vec::as_slice), trace, place, spans);
}

/// The spans of a row of `MLflow`'s table of traces: a list, or the same as JSON text.
fn table_of_mlflow(row: &Map<String, Value>, list: &Value, place: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let trace = ["trace_id", "request_id"].iter().find_map(|key| row.get(*key)?.as_str());
    match list {
        Value::Array(list) => spans_of(list, trace, place, spans),
        Value::String(text) => match serde_json::from_str::<Vec<Value>>(text) {
            Ok(list) => spans_of(&list, trace, place, spans),
            Err(_) => place.bad("spans", "the text is no JSON list", "a list of spans"),
        },
        Value::Null => {}
        other => place.bad("spans", shown(other), "a list of spans"),
    }
}

fn spans_of(list: &[Value], trace: Option<&str>, place: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) {
    let around = Around { trace, name: None };
    for value in list {
        match value {
            Value::Object(row) => spans.extend(span(row, SpanAttributes::default(), &around, place)),
            other => place.bad("spans", shown(other), "an object a span"),
        }
    }
}

/// The span of a row; `facts` are those of mapped columns.
fn span(
    row: &Map<String, Value>,
    mut facts: SpanAttributes,
    around: &Around<'_>,
    place: &mut DocumentPosition<'_>,
) -> Option<Span> {
    for (key, value) in row {
        facts.offer(&COLUMN_TABLE, key, value);
        match key.as_str() {
            "attributes" => inside(value, |key, value| facts.offer(&ATTRIBUTE_TABLE, key, value)),
            "metadata" => metadata(value, &mut facts),
            "extra" => inside(value, |key, value| {
                if key == "metadata" {
                    metadata(value, &mut facts);
                }
            }),
            "summary" => inside(value, |key, value| {
                if key == "usage" {
                    usage_by_model(value, &mut facts);
                }
            }),
            _ => {
                if let Some(key) = key.strip_prefix("attributes.") {
                    facts.offer(&ATTRIBUTE_TABLE, key, value);
                }
            }
        }
    }
    if let Some(name) = around.name {
        facts.put(SpanField::Service, 5000, &json!(name));
    }
    let id = facts.id(SpanField::Id).map(|id| spans::id(&id)).unwrap_or_default();
    if id.is_empty() {
        place.bad(
            "id",
            "it is missing",
            "the id of the span: id, span_id, spanId or context.span_id, or a mapped column",
        );
        return None;
    }
    let missing = Value::Null;
    let told = facts.get(SpanField::Start).unwrap_or(&missing);
    let Some(start) = moment::read(told, NumberUnit::BySize) else {
        place.bad(&format!("span {id}.start"), shown(told), "a time: RFC 3339, or a number since 1970");
        return None;
    };
    let end = facts.get(SpanField::End);
    let end = end.and_then(|told| {
        let read = moment::read(told, NumberUnit::BySize);
        if read.is_none() {
            place.bad(&format!("span {id}.end"), shown(told), "a time: RFC 3339, or a number since 1970");
        }
        read
    });
    let trace = around.trace.map(str::to_owned).or_else(|| facts.id(SpanField::Trace));
    Some(Span {
        trace: trace.map(|trace| spans::id(&trace)).unwrap_or_default(),
        id,
        parent: facts.id(SpanField::Parent).map(|id| spans::id(&id)).unwrap_or_default(),
        name: operation_name(facts.text(SpanField::Name).unwrap_or_default()).to_owned(),
        start,
        end,
        facts,
        line: place.line,
        ..Span::default()
    })
}

/// What frameworks say beside the columns, some of it among `attributes`.
fn metadata(value: &Value, facts: &mut SpanAttributes) {
    inside(value, |key, value| {
        if key == "attributes" {
            inside(value, |key, value| facts.offer(&ATTRIBUTE_TABLE, key, value));
        } else {
            facts.offer(&ATTRIBUTE_TABLE, key, value);
        }
    });
}

/// Weave counts tokens by model.
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

/// `weave:///entity/project/op/Agent.run:1f2e` is `Agent.run`.
fn operation_name(name: &str) -> &str {
    let Some(path) = name.strip_prefix("weave:///") else { return name };
    let last = path.rsplit('/').next().unwrap_or(path);
    last.split(':').next().unwrap_or(last)
}
