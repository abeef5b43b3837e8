//! Spans as tables: a row or an object a span, with its id, parent, kind, times, model and tokens under the names of
//! Langfuse, Phoenix, `LangSmith`, Weave or `MLflow`, or under those that `--map` gives.

mod row;

pub(super) use self::row::mlflow;
use super::importer::{Importer, each_alone, no_companions};
use super::spans::position::{DocumentPosition, values};
use super::spans::{self, KeyShape};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::model::Trace;

/// Its row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "observations",
    about: "tables of spans as JSON or JSON lines: Langfuse, Phoenix, LangSmith, Weave, MLflow search_traces, or any \
            other through a map of its columns",
    obtain: "Langfuse: GET /api/public/traces/ID, or the JSON of a trace, or an export of observations. \
             Phoenix: GET /v1/projects/P/spans, or client.spans.get_spans_dataframe().to_json(orient='records', \
             lines=True). LangSmith: one run a line from client.list_runs(). Weave: one call a line from \
             client.get_calls(), or Export to JSON lines. MLflow: mlflow.search_traces().to_json(orient='records', \
             lines=True).",
    exact: "Times as far as the file has them (Phoenix data frames: milliseconds), which span contains which, model \
            names, token counts of the innermost calls, tools.",
    guessed: "Tokens that wrappers repeat or add up are left out; a span of no kind with a model and tokens is a call. \
              An agent that is named nowhere is the trace or the root span. Times without a zone are UTC. BeeAI's \
              events are merged. A call or a tool without an end lasts until its agent goes on. Without links, a call is taken \
              to come after its agent's tools and call before it.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    product(&KeyShape::of(head.start)).map(|(_, why)| why)
}

/// Which product writes rows of this shape, and how that shows.
fn product(shape: &KeyShape) -> Option<(&'static str, &'static str)> {
    let parent = ["parentObservationId", "parent_observation_id"];
    let holds_parent = parent.iter().any(|key| shape.holds(key));
    let holds_langfuse = ["bookmarked", "observations", "projectId"].iter().any(|key| shape.holds(key));
    let is_langfuse = shape.has_any(&parent)
        || (shape.has_any(&["data", "observations"]) && holds_parent)
        || (shape.has("trace") && (shape.has("observations") || holds_langfuse) && !shape.holds("trace_id"))
        || (shape.has("observations") && shape.has_any(&["projectId", "bookmarked"]));
    let is_phoenix = shape.has_all(&["context.span_id", "start_time"])
        || shape.has_all(&["context", "span_kind"])
        || (shape.has("data") && shape.holds("context") && shape.holds("span_kind"));
    let is_langsmith = shape.has_all(&["run_type", "start_time"]) || (shape.has("runs") && shape.holds("run_type"));
    let is_weave = shape.has_all(&["op_name", "started_at"]);
    let is_mlflow = shape.has("spans") && shape.has_any(&["trace_id", "request_id"]);
    let is_table = shape.has("start_time") && shape.has_any(&["parent_id", "parent_span_id", "context"]);
    if is_langfuse {
        Some(("langfuse", "it has observations, as Langfuse has"))
    } else if is_phoenix {
        Some(("phoenix", "it has spans with a context and a span_kind, as Phoenix has"))
    } else if is_langsmith {
        Some(("langsmith", "it has runs with a run_type, as LangSmith has"))
    } else if is_weave {
        Some(("weave", "it has calls with an op_name, as Weave has"))
    } else if is_mlflow {
        Some(("mlflow", "it has rows with spans, as MLflow's tables have"))
    } else if is_table {
        Some(("spans", "it has spans with start_time and parent"))
    } else {
        None
    }
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        let start = file.bytes.get(..file.bytes.len().min(1 << 16)).unwrap_or_default();
        let producer = product(&KeyShape::of(start)).map_or("spans", |(producer, _)| producer);
        let mut rows = row::ObservationRows::new(file, reading);
        values(file, reading, |line, value, reading| {
            rows.document(&value, &mut DocumentPosition { file: &file.path, line, reading });
        });
        let spans = rows.finish(reading);
        traces.extend(spans::traces(ROW.name, producer, &file.path, spans, reading));
    }
    traces
}
