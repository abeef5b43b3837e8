//! The importers of tracing data, otlp and observations: on recorded samples where `BROOKS_DATA` points to, on documents
//! made by hand, and on broken ones.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use brooks::table::{Head, ImportContext, SourceFile};
use brooks::trace::check::{check, overlapping_calls};
use brooks::trace::import::{self};
use brooks::trace::{Quality, Trace, TraceStep, TraceSummary, export, native};
use proptest::prelude::*;
use serde_json::Value;

/// Where the samples are; none if this machine has none.
fn samples() -> Option<PathBuf> {
    let data = std::env::var_os("BROOKS_DATA");
    if data.is_none() {
        eprintln!("skipped: BROOKS_DATA is not set");
    }
    Some(PathBuf::from(data?).join("samples"))
}

/// What an importer makes of a file.
fn import(importer: &str, path: &str, bytes: &[u8]) -> (Vec<Trace>, ImportContext) {
    let mut reading = ImportContext::default();
    let traces = read(importer, path, bytes, &mut reading);
    (traces, reading)
}

fn read(importer: &str, path: &str, bytes: &[u8], reading: &mut ImportContext) -> Vec<Trace> {
    let file = SourceFile { path: path.to_owned(), bytes: bytes.to_vec() };
    let importer = import::find(importer).expect("an importer");
    (importer.read)(&[file], reading)
}

/// What every trace that an importer gives must keep.
fn assert_sound(trace: &Trace) {
    check(trace, |fault| panic!("{}: {}", trace.header.trace, fault.problem));
}

/// Calls, agents, tools, seconds in tenths, input, output, most at once.
type Row = (usize, usize, usize, u64, u64, u64, usize);

fn row(trace: &Trace) -> Row {
    let summary = TraceSummary::of(trace);
    let tenths = (summary.duration.as_us() + 50_000) / 100_000;
    let (input, output) = (summary.input_tokens, summary.output_tokens);
    let most = summary.max_concurrent_llm_calls;
    (summary.llm_calls, summary.agents, summary.tool_calls, tenths, input, output, most)
}

fn sample(importer: &str, path: &str) -> Option<(Trace, ImportContext)> {
    let bytes = std::fs::read(samples()?.join(path)).expect("the sample");
    let (mut traces, reading) = import(importer, path, &bytes);
    assert!(reading.problems.is_empty(), "{path}: {}", reading.problems);
    assert_eq!(traces.len(), 1, "{path}");
    let trace = traces.remove(0);
    assert_sound(&trace);
    assert_eq!(overlapping_calls(&trace), [], "{path}");
    Some((trace, reading))
}

const DERIVED: &str = "otel-genai/derived-from-kv-cache-tester/trace_0277.otlp.jsonl";
const MLFLOW: &str = "mlflow/derived-from-kv-cache-tester/trace_0277.mlflow.json";

#[test]
fn recorded_samples_give_the_true_counts() {
    if samples().is_none() {
        return;
    }
    let langfuse = |name: &str| format!("langfuse/framework-traces/{name}.trace.json");
    let phoenix = "openinference-phoenix/phoenix-20.26-export/kagent-adk";
    let rows: [(&str, String, Row); 14] = [
        ("otlp", DERIVED.to_owned(), (53, 5, 4, 8282, 2_576_410, 31_862, 3)),
        ("otlp", MLFLOW.to_owned(), (53, 5, 0, 8282, 2_576_410, 31_862, 3)),
        ("otlp", "otel-genai/agentevals/tempo_export_with_batches.json".to_owned(), (2, 1, 1, 46, 4648, 129, 1)),
        ("observations", format!("{phoenix}.rest-spans.json"), (2, 1, 1, 46, 4648, 129, 1)),
        ("observations", format!("{phoenix}.spans.jsonl"), (2, 1, 1, 46, 4648, 129, 1)),
        ("observations", langfuse("agno-2025-06-11"), (2, 1, 1, 70, 826, 245, 1)),
        // Three calls: BeeAI writes when a call succeeds and finishes as two more spans, and tells no output tokens.
        ("observations", langfuse("beeai-2025-08-01"), (3, 1, 1, 172, 5542, 0, 1)),
        ("observations", langfuse("google-adk-2025-08-28"), (2, 1, 1, 18, 67, 9, 1)),
        ("observations", langfuse("langgraph-python-2025-08-22"), (2, 1, 1, 26, 168, 66, 1)),
        ("observations", langfuse("openai-agents-2025-09-30"), (2, 1, 1, 22, 140, 44, 1)),
        // These four were held back until the importers were done, and read at the first try.
        ("otlp", "otel-genai/agentevals/helm.json".to_owned(), (2, 1, 1, 42, 3776, 130, 1)),
        ("observations", langfuse("crewai-2025-07-11"), (1, 1, 0, 37, 190, 164, 1)),
        ("observations", langfuse("microsoft-agent-2025-12-17"), (2, 1, 1, 44, 293, 106, 1)),
        ("observations", langfuse("pydantic-ai-tools-2025-12-04"), (4, 2, 3, 74, 1315, 209, 1)),
    ];
    for (importer, path, expected) in rows {
        let Some((trace, _)) = sample(importer, &path) else { return };
        assert_eq!(row(&trace), expected, "{path}");
    }
}

#[test]
fn one_run_is_the_same_in_two_formats() {
    let (Some((otlp, _)), Some((mlflow, _))) = (sample("otlp", DERIVED), sample("otlp", MLFLOW)) else { return };
    let calls = |trace: &Trace| {
        let calls = trace.steps.iter().filter(|step| step.is_call());
        let mut calls: Vec<_> = calls
            .map(|step| {
                let model = step.model.map(|model| trace.name(model).to_owned());
                (step.start, step.end, agent(trace, step).to_owned(), model, step.usage.input, step.usage.output)
            })
            .collect();
        calls.sort();
        calls
    };
    assert_eq!(calls(&otlp), calls(&mlflow));
    assert_eq!(otlp.header.origin, mlflow.header.origin);
}

#[test]
fn what_a_sample_does_not_tell_is_said() {
    let Some((beeai, _)) = sample("observations", "langfuse/framework-traces/beeai-2025-08-01.trace.json") else {
        return;
    };
    assert_eq!(beeai.quality("gen_ai.usage.output_tokens"), Some(Quality::Absent));
    assert_eq!(beeai.quality("end_us"), Some(Quality::Estimated));
    assert_eq!(beeai.quality("start_us"), Some(Quality::Recorded));
    // One call ends when the tool starts, one when the next call does; the end of the last is recorded.
    let est: Vec<usize> = beeai.steps.iter().filter(|s| s.is_call()).map(|step| step.more().est.len()).collect();
    assert_eq!(est, [1, 1, 0]);
}

#[test]
fn formats_are_told_apart() {
    let Some(samples) = samples() else { return };
    let mut files = Vec::new();
    let mut folders = vec![samples.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    // Indented documents of a console exporter and bare ResourceSpans: formats that no importer reads yet.
    let is_unread = |path: &std::path::PathBuf| {
        ["agent-framework-console.jsonl", "copilot-resource-spans.jsonl"].iter().any(|name| path.ends_with(name))
    };
    let mut seen = [0, 0];
    for path in files.into_iter().filter(|path| !is_unread(path)) {
        let bytes = std::fs::read(&path).expect("readable");
        let name = path.strip_prefix(&samples).expect("inside").to_string_lossy().into_owned();
        let head = Head {
            path: &name,
            start: &bytes[..bytes.len().min(1 << 16)],
            end: &bytes[bytes.len() - bytes.len().min(1 << 16)..],
        };
        let claims = |importer: &str| import::find(importer).is_some_and(|importer| (importer.sniff)(&head).is_some());
        let is_text = name.ends_with("SOURCE.txt");
        let is_otlp = !is_text && (name.starts_with("otel-genai") || name.starts_with("mlflow"));
        let is_observations = !is_text && (name.starts_with("langfuse") || name.starts_with("openinference"));
        assert_eq!((claims("otlp"), claims("observations")), (is_otlp, is_observations), "{name}");
        seen[0] += usize::from(is_otlp);
        seen[1] += usize::from(is_observations);
    }
    assert!(seen[0] >= 4 && seen[1] >= 10, "{seen:?}");
}

fn agent<'a>(trace: &'a Trace, step: &TraceStep) -> &'a str {
    &trace.header.agents[step.agent.index()].name
}

/// What must come back of a step.
fn essence(trace: &Trace, step: &TraceStep) -> String {
    let more = step.more();
    let text = |name| trace.name(name);
    let task = step.task.map(|task| trace.header.tasks[task.index()].id.as_str());
    let names = |list: &[brooks::trace::Name]| list.iter().map(|&name| text(name)).collect::<Vec<_>>().join(",");
    format!(
        "{} {:?} {} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {}",
        step.id,
        step.operation.name(&trace.names),
        agent(trace, step),
        step.round,
        step.start,
        step.end,
        more.parent,
        step.after,
        step.usage,
        task,
        step.class,
        step.model.map(text),
        more.tool.map(text),
        more.error.map(text),
        more.first_chunk,
        names(&more.finish_reasons),
        names(&more.est),
    )
}

/// Writes a trace as OTLP, reads it again and compares. Gives what was written.
fn assert_comes_back(trace: &Trace) -> String {
    let written = export::otlp::write(trace);
    assert_eq!(written, export::otlp::write(trace));
    let (traces, reading) = import("otlp", "again.otlp.jsonl", written.as_bytes());
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(traces.len(), 1);
    let again = &traces[0];
    assert_sound(again);
    assert_eq!((&again.header.trace, &again.header.origin), (&trace.header.trace, &trace.header.origin));
    let all = |trace: &Trace| trace.steps.iter().map(|step| essence(trace, step)).collect::<Vec<_>>();
    assert_eq!(all(again), all(trace));
    written
}

#[test]
fn a_trace_comes_back_from_otlp() {
    let hand_made = include_str!("../fixtures/spans/team.steps.jsonl");
    for text in [hand_made, include_str!("../../traces/self-claim.steps.jsonl")] {
        let trace = native::read("fixture", text.as_bytes()).next().expect("a trace").expect("a sound one");
        let written = assert_comes_back(&trace);
        for word in ["invoke_agent ", "\"chat", "gen_ai.usage.input_tokens"] {
            assert!(written.contains(word), "{word}");
        }
    }
    for path in [DERIVED, MLFLOW, "otel-genai/agentevals/tempo_export_with_batches.json"] {
        let Some((trace, _)) = sample("otlp", path) else { return };
        assert_comes_back(&trace);
    }
}

/// Documents made by hand, each with the importer that reads it.
const MADE: [(&str, &str, &str); 8] = [
    ("otlp", "dialects.otlp.jsonl", include_str!("../fixtures/spans/dialects.otlp.jsonl")),
    ("otlp", "jaeger.json", include_str!("../fixtures/spans/jaeger.json")),
    ("otlp", "mlflow.json", include_str!("../fixtures/spans/mlflow.json")),
    ("observations", "langfuse.json", include_str!("../fixtures/spans/langfuse.json")),
    ("observations", "phoenix.jsonl", include_str!("../fixtures/spans/phoenix.jsonl")),
    ("observations", "langsmith.jsonl", include_str!("../fixtures/spans/langsmith.jsonl")),
    ("observations", "weave.jsonl", include_str!("../fixtures/spans/weave.jsonl")),
    ("observations", "search_traces.jsonl", include_str!("../fixtures/spans/search_traces.jsonl")),
];

/// The steps of a trace, one a line, as short as can be.
fn story(trace: &Trace) -> String {
    let lines = trace.steps.iter().map(|step| {
        let more = step.more();
        let what = more.tool.or(step.model).map_or("", |name| trace.name(name));
        let usage = [step.usage.input, step.usage.output, step.usage.cache_read]
            .map(|tokens| tokens.map_or("-".to_owned(), |tokens| tokens.to_string()));
        let mut line = format!(
            "{} {} {what} by {} {}-{} ms {} in {:?} after {:?}",
            step.id,
            step.operation.name(&trace.names),
            agent(trace, step),
            step.start.as_us() / 1000,
            step.end.as_us() / 1000,
            usage.join("/"),
            more.parent.as_deref().unwrap_or("-"),
            step.after,
        );
        if let Some(error) = more.error {
            let _ = write!(line, " failed {}", trace.name(error));
        }
        if let Some(first) = more.first_chunk {
            let _ = write!(line, " first after {} ms", first.as_us() / 1000);
        }
        if !more.est.is_empty() {
            let _ =
                write!(line, " est {}", more.est.iter().map(|&name| trace.name(name)).collect::<Vec<_>>().join(","));
        }
        line
    });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn documents_made_by_hand_give_these_steps() {
    let mut found = String::new();
    for (importer, path, text) in MADE {
        let head = Head { path, start: text.as_bytes(), end: &[] };
        let claim = import::IMPORTERS.iter().find(|one| (one.sniff)(&head).is_some()).map(|one| one.name);
        assert_eq!(claim, Some(importer), "{path}");
        let (traces, reading) = import(importer, path, text.as_bytes());
        for trace in &traces {
            assert_sound(trace);
            let (name, producer) = (&trace.header.trace, &trace.header.source.producer);
            let _ = write!(found, "== {path}: {name} of {producer}\n{}", story(trace));
        }
        for line in reading.problems.to_string().lines().chain(reading.notes.iter().map(String::as_str)) {
            let _ = writeln!(found, "-- {line}");
        }
        // The same bytes give the same trace.
        let (again, _) = import(importer, path, text.as_bytes());
        let written = |traces: &[Trace]| traces.iter().map(native::write).collect::<String>();
        assert_eq!(written(&traces), written(&again));
    }
    crate::golden::check("import_spans.txt", &found);
}

#[test]
fn no_text_of_a_transcript_is_kept() {
    for (importer, path, text) in MADE {
        assert!(text.contains("SECRET"), "{path} has text to keep out");
        let (traces, reading) = import(importer, path, text.as_bytes());
        for trace in &traces {
            for written in [native::write(trace), export::otlp::write(trace)] {
                assert!(!written.contains("SECRET"), "{path}: {written}");
            }
        }
        let told = format!("{}{:?}", reading.problems, reading.notes);
        assert!(!told.contains("SECRET"), "{path}: {told}");
    }
}

#[test]
fn columns_of_any_name_can_be_mapped() {
    let text = r#"{"key":7,"run":"a","begin":"2026-01-01T00:00:00Z","finish":"2026-01-01T00:00:02Z","what":"llm","who":"Ada","m":"model-1","cost":{"in":100,"out":5}}"#;
    let map = [
        ("id", "key"),
        ("trace", "run"),
        ("start", "begin"),
        ("end", "finish"),
        ("operation", "what"),
        ("agent", "who"),
        ("model", "m"),
        ("input_tokens", "cost.in"),
        ("gen_ai.usage.output_tokens", "cost.out"),
    ];
    let own = |(field, column): (&str, &str)| (field.to_owned(), column.to_owned());
    let mut reading = ImportContext { columns: map.map(own).to_vec(), ..ImportContext::default() };
    let traces = read("observations", "any.jsonl", text.as_bytes(), &mut reading);
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(story(&traces[0]), "7 chat model-1 by Ada 0-2000 ms 100/5/- in \"-\" after []\n");

    let wrong = vec![own(("colour", "x")), own(("model", "nowhere"))];
    let mut reading = ImportContext { columns: wrong, ..ImportContext::default() };
    read("observations", "any.jsonl", text.as_bytes(), &mut reading);
    let told = reading.problems.to_string();
    assert!(told.contains("unknown field") && told.contains("no row has this column"), "{told}");
}

/// Spans in one line, deep and wide: reading them must not take the square of their number.
#[test]
fn many_spans_are_no_trouble() {
    let mut text = String::new();
    for at in 0..20_000 {
        let parent = if at == 0 { String::new() } else { format!("s{}", at - 1) };
        let kind = ["CHAIN", "AGENT", "TOOL", "LLM"][at % 4];
        let _ = writeln!(
            text,
            "{{\"context.span_id\":\"s{at}\",\"context.trace_id\":\"t\",\"parent_id\":\"{parent}\",\"name\":\"n{}\",\
             \"span_kind\":\"{kind}\",\"start_time\":{},\"end_time\":1900000000000000}}",
            at % 7,
            1_800_000_000_000_000_u64 + at as u64
        );
    }
    let (traces, reading) = import("observations", "deep.jsonl", text.as_bytes());
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(TraceSummary::of(&traces[0]).llm_calls, 5000);
    assert_sound(&traces[0]);
}

/// What brooks itself writes.
static WRITTEN: LazyLock<String> = LazyLock::new(|| {
    let text = include_str!("../fixtures/spans/team.steps.jsonl");
    let trace = native::read("fixture", text.as_bytes()).next().expect("a trace").expect("a sound one");
    export::otlp::write(&trace)
});

/// Something else in the place of a value.
fn replacement() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Bool(true)),
        Just(Value::from("")),
        Just(Value::from("LLM")),
        Just(Value::from("run")),
        Just(Value::from("0000000000000001")),
        Just(Value::from("{\"a\":[")),
        Just(Value::Array(Vec::new())),
        Just(Value::Object(serde_json::Map::new())),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(Value::from("2026-01-01T00:00:00")),
    ]
}

/// The value that comes as the `place`th, in the order of the file.
fn nth<'a>(value: &'a mut Value, place: &mut usize) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, place)),
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, place)),
        _ => None,
    }
}

fn mutated(text: &str, changes: &[(usize, Value, Option<usize>)]) -> String {
    let mut values: Vec<Value> =
        serde_json::Deserializer::from_str(text).into_iter().collect::<Result<_, _>>().unwrap_or_default();
    let is_one = values.len() == 1;
    for (place, other, from) in changes {
        let mut all = Value::Array(std::mem::take(&mut values));
        let other =
            from.and_then(|from| nth(&mut all, &mut (1 + from % 600)).cloned()).unwrap_or_else(|| other.clone());
        if let Some(value) = nth(&mut all, &mut (1 + place % 600)) {
            *value = other;
        }
        values = if let Value::Array(list) = all { list } else { Vec::new() };
    }
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    if is_one { lines.concat() } else { lines.join("\n") }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn broken_documents_give_sound_traces(
        which in 0..=MADE.len(),
        reader in 0..2_usize,
        changes in prop::collection::vec((any::<usize>(), replacement(), prop::option::of(any::<usize>())), 1..6),
        cut in prop::option::of(any::<usize>()),
        flip in prop::option::of((any::<usize>(), any::<u8>())),
    ) {
        let own = ("otlp", "own.otlp.jsonl", WRITTEN.as_str());
        let (_, path, text) = *MADE.get(which).unwrap_or(&own);
        let mut bytes = mutated(text, &changes).into_bytes();
        if let Some((place, byte)) = flip && !bytes.is_empty() {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut % (bytes.len() + 1));
        }
        let importer = ["otlp", "observations"][reader];
        let head = Head { path, start: &bytes, end: &bytes };
        for importer in import::IMPORTERS {
            let _ = (importer.sniff)(&head);
        }
        let (traces, _) = import(importer, path, &bytes);
        for trace in &traces {
            assert_sound(trace);
            let written = native::write(trace);
            let again: Vec<_> = native::read(path, written.as_bytes()).collect();
            prop_assert!(again.len() == 1 && again[0].is_ok(), "{:?}", again.first());
            let written = export::otlp::write(trace);
            prop_assert_eq!(import("otlp", path, written.as_bytes()).0.len(), 1);
        }
    }
}
