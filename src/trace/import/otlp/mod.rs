//! Spans of OpenTelemetry, as collectors and tracing back ends write them down: OTLP JSON and JSON lines, exports of
//! Grafana Tempo, Jaeger UI JSON, and traces of `MLflow`.

mod jaeger;
mod otel;

use serde_json::Value;

use super::importer::{Importer, each_alone, no_companions};
use super::observations;
use super::spans::position::{DocumentPosition, values};
use super::spans::{self, KeyShape, Span};
use crate::table::{Head, ImportContext, SourceFile, json};
use crate::trace::model::Trace;

/// Its row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "otlp",
    about: "OpenTelemetry spans: OTLP JSON or JSON lines, Grafana Tempo exports, Jaeger UI JSON, MLflow trace JSON",
    obtain: "OpenTelemetry: the collector's file exporter (format: json), or an OTLP file exporter in the program. \
             Tempo: GET /api/traces/ID, or Export in Grafana's trace view. \
             Jaeger: JSON, at the top right of a trace, or GET /api/traces/ID. \
             MLflow: trace.to_json(), or traces.json among a trace's artifacts.",
    exact: "Times to the microsecond, which span contains which, model names, token counts, tools, types of errors, \
            and agents where spans name them (gen_ai.agent.name and its relatives).",
    guessed: "A model span around another is not counted: the innermost is the call. An agent that is named nowhere is \
              the service or the root span. Agents of one name that live at one time are told apart by a number. \
              Without links, a call is taken to come after its agent's tools and call before it. A call or a tool \
              without an end lasts until its agent goes on.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let shape = KeyShape::of(head.start);
    let spans = ["resourceSpans", "resource_spans"];
    if shape.has_any(&spans) || (shape.has("trace") && spans.iter().any(|key| shape.holds(key))) {
        Some("it has resourceSpans, as OTLP has")
    } else if shape.has("batches") && shape.holds("resource") {
        Some("it has batches of spans with a resource, as Tempo has")
    } else if (shape.has("data") && shape.holds("traceID")) || shape.has_all(&["traceID", "spanID"]) {
        Some("it has a traceID, as Jaeger has")
    } else if shape.has_all(&["traceID", "spans"]) {
        Some("it has a traceID and spans, as Jaeger has")
    } else if shape.has_all(&["info", "data"]) && (shape.holds("trace_id") || shape.holds("request_id")) {
        Some("it has info and data, as an MLflow trace has")
    } else {
        None
    }
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        let (mut spans, mut product) = (Vec::new(), "opentelemetry");
        values(file, reading, |line, value, reading| {
            let mut place = DocumentPosition { file: &file.path, line, reading };
            product = document(&value, &mut place, &mut spans).unwrap_or(product);
        });
        traces.extend(spans::traces(ROW.name, product, &file.path, spans, reading));
    }
    traces
}

/// Takes the spans of a document of any of these forms, and says which product writes it.
fn document(value: &Value, place: &mut DocumentPosition<'_>, spans: &mut Vec<Span>) -> Option<&'static str> {
    if let Value::Array(list) = value {
        return list.iter().filter_map(|value| document(value, place, spans)).last();
    }
    if let Some(batches) = otel::batches(value).or_else(|| otel::batches(value.get("trace")?)) {
        for batch in batches {
            otel::batch(batch, place, spans);
        }
        return None;
    }
    if json::at(value, "data.spans").is_some() {
        observations::mlflow(value, place, spans);
        return Some("mlflow");
    }
    if let Some(Value::Array(list)) = value.get("data") {
        for trace in list {
            jaeger::trace(trace, place, spans);
        }
    } else if value.get("traceID").is_some() {
        jaeger::trace(value, place, spans);
    } else {
        let expected = "resourceSpans (OTLP), batches (Tempo), data with traces (Jaeger), or info and data (MLflow)";
        place.bad("", "there are no spans in it", expected);
        return None;
    }
    Some("jaeger")
}
