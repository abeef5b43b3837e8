//! OpenTelemetry spans, as written by collectors and tracing back ends: OTLP JSON and JSON lines, exports of Grafana
//! Tempo, Jaeger UI JSON, and traces of `MLflow`.

mod jaeger;
mod otel;

use serde_json::Value;

use super::importer::{Importer, each_alone, no_companions};
use super::observations;
use super::spans::position::{DocumentPosition, values};
use super::spans::{self, KeyShape, Span};
use crate::table::{Head, ImportContext, SourceFile, json};
use crate::trace::model::Trace;

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "otlp",
    about: "OpenTelemetry spans: OTLP JSON or JSON lines, Grafana Tempo exports, Jaeger UI JSON, MLflow trace JSON",
    obtain: "OpenTelemetry: the collector's file exporter (format: json), or an OTLP file exporter in the program. \
             Tempo: GET /api/traces/ID, or Export in Grafana's trace view. \
             Jaeger: JSON, at the top right of a trace, or GET /api/traces/ID. \
             MLflow: trace.to_json(), or traces.json among the artifacts of a trace.",
    exact: "Times in microseconds, nesting of spans, model names, token counts, tools, error types, and agents that \
            spans name (gen_ai.agent.name and similar attributes).",
    inferred: "Of nested model spans, only the innermost counts as a call. Without an agent name, the agent is the service \
              or the root span. Concurrent agents with the same name get a number each. Without links, a call follows \
              the previous tools and call of its agent. A call or tool without an end lasts until the next step of its \
              agent.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let shape = KeyShape::new(head.start);
    let spans = ["resourceSpans", "resource_spans"];
    if shape.has_any(&spans) || (shape.has("trace") && spans.iter().any(|key| shape.has_inner(key))) {
        Some("resourceSpans, as in OTLP")
    } else if shape.has("batches") && shape.has_inner("resource") {
        Some("batches of spans with a resource, as in Tempo")
    } else if (shape.has("data") && shape.has_inner("traceID")) || shape.has_all(&["traceID", "spanID"]) {
        Some("a traceID, as in Jaeger")
    } else if shape.has_all(&["traceID", "spans"]) {
        Some("a traceID and spans, as in Jaeger")
    } else if shape.has_all(&["info", "data"]) && (shape.has_inner("trace_id") || shape.has_inner("request_id")) {
        Some("info and data, as in a trace of MLflow")
    } else {
        None
    }
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        let (mut spans, mut product) = (Vec::new(), "opentelemetry");
        values(file, reading, |line, value, reading| {
            let mut position = DocumentPosition { file: &file.path, line, reading };
            product = document(&value, &mut position, &mut spans).unwrap_or(product);
        });
        traces.extend(spans::traces(ROW.name, product, &file.path, spans, reading));
    }
    traces
}

/// Adds the spans of a document in any of these forms; returns the product that writes it, if the form identifies it.
fn document(value: &Value, position: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) -> Option<&'static str> {
    if let Value::Array(list) = value {
        return list.iter().filter_map(|value| document(value, position, spans)).last();
    }
    if let Some(batches) = otel::batches(value).or_else(|| otel::batches(value.get("trace")?)) {
        for batch in batches {
            otel::batch(batch, position, spans);
        }
        return None;
    }
    if json::at(value, "data.spans").is_some() {
        observations::mlflow(value, position, spans);
        return Some("mlflow");
    }
    if let Some(Value::Array(list)) = value.get("data") {
        for trace in list {
            jaeger::trace(trace, position, spans);
        }
    } else if value.get("traceID").is_some() {
        jaeger::trace(value, position, spans);
    } else {
        let expected = "resourceSpans (OTLP), batches (Tempo), data with traces (Jaeger), or info and data (MLflow)";
        position.bad("", "the document has no spans", expected);
        return None;
    }
    Some("jaeger")
}
