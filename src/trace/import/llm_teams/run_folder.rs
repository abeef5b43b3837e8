//! Folder of a single run: `events.jsonl` with the final tasks beside it, and `results.json` of the experiment above.

use serde_json::Value;

use super::assemble::{Assembly, Event};
use super::task_files::TaskGraphs;
use crate::table::{ImportContext, SourceFile, json};
use crate::trace::builder::Builder;
use crate::trace::model::{Outcome, Quality, Trace};

pub(super) fn read(
    log: &SourceFile,
    files: &[SourceFile],
    graphs: &TaskGraphs,
    reading: &mut ImportContext,
) -> Option<Trace> {
    let folder = log.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let name = folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("run");
    let graph = ["final_tasks", "tasks"].iter().find_map(|file| graphs.get(&format!("{name}/{file}")));
    let mut assembly = Assembly::new(name, graph.map(Vec::as_slice));
    let mut reason = None;
    json::lines(log, reading, |line, value, reading| {
        let event = event(&value);
        if event.kind == "run_end" {
            reason = value.get("reason").and_then(Value::as_str).map(str::to_owned);
        }
        if let Err(message) = assembly.event(&event) {
            reading.bad(&log.path, line, event.kind, message, "events as the harness writes them");
        }
    });
    let result = result(name, files);
    let builder = assembly.builder();
    let success = reason.as_deref().map(|reason| reason == "all_tasks_done");
    let known = success.map(|success| if success { "completed" } else { "out_of_time" }.to_owned());
    builder.header().outcome = reason.is_some().then(|| Outcome { success, reason: known, ..Outcome::default() });
    if let Some(result) = &result {
        describe(builder, result);
    }
    let wall_clock = result.as_ref().and_then(|result| result.get("wall_clock_seconds")?.as_f64());
    let trace = assembly.finish(wall_clock.filter(|seconds| seconds.is_finite() && *seconds >= 0.0));
    if trace.steps.is_empty() {
        reading.bad(&log.path, 0, "", "there is no agent_reply in it", "the log of a run of the harness");
        return None;
    }
    Some(trace)
}

fn event(value: &Value) -> Event<'_> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let whole = |key: &str| value.get(key).and_then(Value::as_i64);
    let real = |key: &str| value.get(key).and_then(Value::as_f64);
    let agents = value.get("agents").and_then(Value::as_array);
    Event {
        kind: text("type").unwrap_or_default(),
        at: real("ts"),
        round: whole("round").unwrap_or(0) as u32,
        agent: text("agent"),
        path: text("path"),
        chars: value.get("n_chars").and_then(Value::as_u64).map(|chars| chars.min(u64::from(u32::MAX)) as u32),
        task: text("task"),
        returncode: whole("returncode"),
        seconds: real("seconds"),
        assignee: text("assignee"),
        agents: agents.map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default(),
    }
}

/// Adds totals and labels from the result of the run.
fn describe(builder: &mut Builder, result: &Value) {
    for (key, field) in
        [("gen_ai.usage.input_tokens", "total_input_tokens"), ("gen_ai.usage.output_tokens", "total_output_tokens")]
    {
        if let Some(tokens) = result.get(field).and_then(Value::as_u64) {
            builder.header().totals.insert(key.to_owned(), tokens.into());
        }
    }
    for (label, field) in [("p", "p_label"), ("p_true", "p_true"), ("n", "n_teammates"), ("rep", "rep")] {
        if let Some(value) = result.get(field).filter(|value| !value.is_null() && !value.is_object()) {
            builder.label(label, value.clone());
        }
    }
    builder.quality("totals", Quality::Recorded);
}

/// Returns the result of the run with that folder name from `results.json` of the experiment.
fn result(name: &str, files: &[SourceFile]) -> Option<Value> {
    let file = files.iter().find(|file| file.path.ends_with("results.json"))?;
    let rows: Value = serde_json::from_slice(&file.bytes).ok()?;
    let is_ours = |row: &&Value| {
        let folder = row.get("run_dir").and_then(Value::as_str).unwrap_or_default();
        folder.rsplit('/').next() == Some(name)
    };
    rows.as_array()?.iter().find(is_ours).cloned()
}
