//! Logs of Inspect AI: an evaluation of many samples, each worked on by an agent of its own, several at a time. One
//! trace a log; agents are samples, and so are tasks.

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

/// The row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "inspect",
    about: "logs of Inspect AI: .eval, or .json of the same; agents are samples",
    obtain: "Inspect writes one file an evaluation into ./logs (INSPECT_LOG_DIR): give that file. \
             `inspect log convert --to eval` makes .eval of older logs.",
    exact: "samples, calls of models and tools with starts, ends, tokens and working times (x.working_us: without \
            waiting for a connection or a retry), kinds of errors, status and score",
    guessed: "who builds on what, by the order of time; that each sample is an agent of its own, and agents inside of \
              others are too; ends of calls in logs of old versions, by how long the answer took; that calls of scorers \
              verify",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let holds = |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    let is_zip = head.start.starts_with(b"PK\x03\x04");
    let is_log = |mark: &[u8]| holds(head.end, mark) || holds(head.start, mark);
    if is_zip && (is_log(b"_journal/start.json") || is_log(b"samples/") && is_log(b"_epoch_")) {
        return Some("a zip file with the entries of an Inspect log");
    }
    let is_json = head.start.trim_ascii_start().starts_with(b"{");
    let marks: [&[u8]; 3] = [b"\"eval\"", b"\"task_id\"", b"\"inspect_ai\""];
    (is_json && marks.into_iter().all(|mark| holds(head.start, mark))).then_some("the keys of an Inspect log")
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
            reading.bad(&file.path, 0, "samples", "no sample calls a model or a tool", "the samples of an evaluation");
        }
        return None;
    }
    if let Some(all) = number(&header, "results.total_samples").filter(|all| (all - count as f64).abs() > 0.5) {
        reading.bad(&file.path, 0, "samples", format!("{count} samples, and the header says {all}"), "all samples");
    }
    order::link(builder.steps());
    for (field, quality) in [
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
    ] {
        builder.quality(field, quality);
    }
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

/// How the evaluation ended: its status, and accuracy or mean of its first score.
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

/// Says where the sum of the calls is not what the log says in all: calls that were retried are only in the latter.
fn note_totals(header: &Value, trace: &Trace, file: &SourceFile, reading: &mut ImportContext) {
    let Some(models) = at(header, "stats.model_usage").and_then(Value::as_object) else { return };
    let mut said = [0.0; 2];
    for usage in models.values().filter_map(sample::usage) {
        said[0] += f64::from(usage.input.unwrap_or(0));
        said[1] += f64::from(usage.output.unwrap_or(0));
    }
    for (said, key) in said.into_iter().zip(["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"]) {
        if let Some(found) = trace.total(key).filter(|found| (found - said).abs() > 0.5) {
            reading.note(format!("{}: {key}: the calls give {found}, the log says {said} in all", file.path));
        }
    }
}
