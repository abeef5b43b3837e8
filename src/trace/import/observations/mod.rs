//! Tables of spans: a row or an object for each span, with id, parent, kind, times, model and tokens. Column names are
//! those of Langfuse, Phoenix, `LangSmith`, Weave or `MLflow`, or are mapped with `--columns`.

mod row;

pub(super) use self::row::mlflow;
use super::importer::{Importer, each_alone, no_companions};
use super::spans::position::{DocumentPosition, values};
use super::spans::{self, KeyShape};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::model::Trace;

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "observations",
    about: "tables of spans as JSON or JSON lines: Langfuse, Phoenix, LangSmith, Weave, MLflow search_traces, or any \
            other table with --columns",
    obtain: "Langfuse: GET /api/public/traces/ID, or the JSON of a trace, or an export of observations. \
             Phoenix: GET /v1/projects/P/spans, or client.spans.get_spans_dataframe().to_json(orient='records', \
             lines=True). LangSmith: client.list_runs(), one run per line. Weave: client.get_calls(), one call per \
             line, or Export to JSON lines. MLflow: mlflow.search_traces().to_json(orient='records', lines=True).",
    exact: "Times in the resolution of the file (Phoenix data frames: milliseconds), nesting of spans, model names, \
            token counts of the innermost calls, tools.",
    inferred: "Tokens that wrappers repeat or add up are left out. A span without a kind, but with model and tokens, is a \
              call. Without an agent name, the agent is the trace or the root span. Times without a zone are UTC. \
              Events of BeeAI are merged. A call or tool without an end lasts until the next step of its agent. Without \
              links, a call follows the previous tools and call of its agent.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    product(&KeyShape::new(head.start)).map(|(_, why)| why)
}

/// Returns the product that writes rows of this shape, with the evidence.
fn product(shape: &KeyShape) -> Option<(&'static str, &'static str)> {
    let parent = ["parentObservationId", "parent_observation_id"];
    let has_inner_parent = parent.iter().any(|key| shape.has_inner(key));
    let has_inner_langfuse = ["bookmarked", "observations", "projectId"].iter().any(|key| shape.has_inner(key));
    let is_langfuse = shape.has_any(&parent)
        || (shape.has_any(&["data", "observations"]) && has_inner_parent)
        || (shape.has("trace") && (shape.has("observations") || has_inner_langfuse) && !shape.has_inner("trace_id"))
        || (shape.has("observations") && shape.has_any(&["projectId", "bookmarked"]));
    let is_phoenix = shape.has_all(&["context.span_id", "start_time"])
        || shape.has_all(&["context", "span_kind"])
        || (shape.has("data") && shape.has_inner("context") && shape.has_inner("span_kind"));
    let is_langsmith = shape.has_all(&["run_type", "start_time"]) || (shape.has("runs") && shape.has_inner("run_type"));
    let is_weave = shape.has_all(&["op_name", "started_at"]);
    let is_mlflow = shape.has("spans") && shape.has_any(&["trace_id", "request_id"]);
    let is_table = shape.has("start_time") && shape.has_any(&["parent_id", "parent_span_id", "context"]);
    if is_langfuse {
        Some(("langfuse", "observations, as in Langfuse"))
    } else if is_phoenix {
        Some(("phoenix", "spans with context and span_kind, as in Phoenix"))
    } else if is_langsmith {
        Some(("langsmith", "runs with run_type, as in LangSmith"))
    } else if is_weave {
        Some(("weave", "calls with op_name, as in Weave"))
    } else if is_mlflow {
        Some(("mlflow", "rows with spans, as in tables of MLflow"))
    } else if is_table {
        Some(("spans", "spans with start_time and parent"))
    } else {
        None
    }
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        let start = file.bytes.get(..file.bytes.len().min(1 << 16)).unwrap_or_default();
        let producer = product(&KeyShape::new(start)).map_or("spans", |(producer, _)| producer);
        let mut rows = row::ObservationRows::new(file, reading);
        values(file, reading, |line, value, reading| {
            rows.document(&value, &mut DocumentPosition { file: &file.path, line, reading });
        });
        let spans = rows.finish(reading);
        traces.extend(spans::traces(ROW.name, producer, &file.path, spans, reading));
    }
    traces
}
