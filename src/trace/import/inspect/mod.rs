//! Logs of Inspect AI: an evaluation of many samples, several at a time, each with an agent of its own. A log becomes
//! one trace, and every sample becomes an agent and a task.

mod log;
mod sample;

use log::EvalLog;
use sample::EvalSamples;
use serde_json::Value;

use crate::table::json::{at, number, text};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::import::importer::{Importer, each_alone, no_companions};
use crate::trace::import::{naming, order};
use crate::trace::model::{Outcome, Quality, Trace};

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "inspect",
    about: "logs of Inspect AI, .eval or .json; every sample is an agent",
    obtain: "Inspect writes one file per evaluation to ./logs (INSPECT_LOG_DIR): pass that file. \
             `inspect log convert --to eval` converts older logs.",
    exact: "Samples; model and tool calls with start, end, tokens and working time (x.working_us, without waiting for a \
            connection or a retry); error types; status and score.",
    inferred: "Dependencies between steps, from the order of time. Every sample is an agent, and so is every agent inside \
              a sample. Ends of calls in old logs, from the duration of the answer. Calls of scorers have the class \
              verify.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let contains = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    let is_zip = head.start.starts_with(b"PK\x03\x04");
    let is_log = |mark: &[u8]| contains(head.end, mark) || contains(head.start, mark);
    if is_zip && (is_log(b"_journal/start.json") || is_log(b"samples/") && is_log(b"_epoch_")) {
        return Some("a zip file with the entries of an Inspect log");
    }
    let is_json = head.start.trim_ascii_start().starts_with(b"{");
    let marks: [&[u8]; 3] = [b"\"eval\"", b"\"task_id\"", b"\"inspect_ai\""];
    (is_json && marks.into_iter().all(|mark| contains(head.start, mark))).then_some("the keys of an Inspect log")
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    files.iter().filter_map(|file| read_log(file, reading)).collect()
}

fn read_log(file: &SourceFile, reading: &mut ImportContext) -> Option<Trace> {
    let mut samples = EvalSamples::new(&naming::stem(&file.path), &file.path);
    let EvalLog { header, samples: count } = log::read(file, reading, |entry, sample, reading| {
        samples.add(entry, sample, reading);
    });
    let mut builder = samples.builder;
    if builder.steps().is_empty() {
        if reading.problems.is_empty() {
            reading.bad(&file.path, 0, "samples", "no sample has a model or tool call", "the samples of an evaluation");
        }
        return None;
    }
    if let Some(all) = number(&header, "results.total_samples").filter(|all| (all - count as f64).abs() > 0.5) {
        reading.bad(&file.path, 0, "samples", format!("{count} samples, but {all} in the header"), "all samples");
    }
    order::link(builder.steps());
    builder.qualities(&[
        ("start_us", Quality::Recorded),
        ("end_us", Quality::Recorded),
        ("gen_ai.usage.input_tokens", Quality::Recorded),
        ("gen_ai.usage.output_tokens", Quality::Recorded),
        ("gen_ai.agent.name", Quality::Inferred),
        ("task.events", Quality::Inferred),
        ("after", Quality::Inferred),
        ("class", Quality::Inferred),
        ("files.write", Quality::Absent),
        ("tests", Quality::Absent),
    ]);
    if let Some(version) = text(&header, "eval.packages.inspect_ai") {
        builder.header().source.producer = format!("inspect_ai {}", naming::id(version));
    }
    for (label, path) in [("eval", "eval.task"), ("model", "eval.model")] {
        if let Some(value) = text(&header, path) {
            builder.label(label, naming::name(value));
        }
    }
    builder.header().outcome = outcome(&header);
    let trace = builder.finish(true);
    note_totals(&header, &trace, file, reading);
    Some(trace)
}

/// Returns the outcome of the evaluation: its status, and accuracy or mean of its first score.
fn outcome(header: &Value) -> Option<Outcome> {
    let status = text(header, "status")?;
    let scores = at(header, "results.scores").and_then(|scores| scores.get(0));
    let metric = |name: &str| number(scores?, &format!("metrics.{name}.value"));
    Some(Outcome {
        success: Some(status == "success"),
        score: metric("accuracy").or_else(|| metric("mean")),
        reason: Some(naming::id(status)),
        ..Outcome::default()
    })
}

/// Notes totals of the log that differ from the sum of the calls: only the totals include retried calls.
fn note_totals(header: &Value, trace: &Trace, file: &SourceFile, reading: &mut ImportContext) {
    let Some(models) = at(header, "stats.model_usage").and_then(Value::as_object) else { return };
    let mut totals = [0.0; 2];
    for usage in models.values().filter_map(sample::usage) {
        totals[0] += f64::from(usage.input.unwrap_or(0));
        totals[1] += f64::from(usage.output.unwrap_or(0));
    }
    for (total, key) in totals.into_iter().zip(["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"]) {
        if let Some(sum) = trace.total(key).filter(|sum| (sum - total).abs() > 0.5) {
            reading.note(format!("{}: {key}: the calls sum to {sum}, but the log has a total of {total}", file.path));
        }
    }
}
