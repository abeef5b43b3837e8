//! What every row of the table of importers promises, whatever it is given.

use brooks::table::{Head, ImportContext, SourceFile};
use brooks::trace::check::check;
use brooks::trace::import::{self, IMPORTERS, Importer};
use brooks::trace::{Trace, native};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::import_sessions;

/// Names that files of a unit of some importer have.
const PATHS: &[&str] = &[
    "p/a.jsonl",
    "p/a/subagents/agent-b.jsonl",
    "p/agent-c.jsonl",
    "d/rollout-2026-03-01T10-00-00-1.jsonl",
    "d/events.jsonl",
    "d/runs.parquet",
    "d/events.parquet",
    "d/tasks/amdahl_x/p05.json",
    "t.csv",
    "t.eval",
];

/// Reads files as one importer does, and holds what comes out to what every trace promises.
fn read(importer: &Importer, files: &[SourceFile]) -> (Vec<Trace>, ImportContext) {
    for SourceFile { path, bytes } in files {
        let (start, end) = (&bytes[..bytes.len().min(1 << 16)], &bytes[bytes.len().saturating_sub(1 << 16)..]);
        let _ = (importer.sniff)(&Head { path, start, end });
    }
    let mut reading = ImportContext::default();
    let traces = (importer.read)(files, &mut reading);
    for trace in &traces {
        check(trace, |fault| panic!("{}: {}", importer.name, fault.problem));
    }
    (traces, reading)
}

fn file(path: &str, bytes: impl Into<Vec<u8>>) -> SourceFile {
    SourceFile { path: path.to_owned(), bytes: bytes.into() }
}

#[test]
fn rows_say_what_they_are_and_are_found_by_name() {
    for (place, row) in IMPORTERS.iter().enumerate() {
        for (what, text) in
            [("about", row.about), ("obtain", row.obtain), ("exact", row.exact), ("inferred", row.inferred)]
        {
            assert!(!text.trim().is_empty(), "{}: nothing about {what}", row.name);
        }
        let is_word = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(!row.name.is_empty() && row.name.chars().all(is_word), "{:?}", row.name);
        let found = import::find(row.name).expect("it is found");
        assert!(std::ptr::eq(found, *row), "{} finds another", row.name);
        assert!(IMPORTERS.iter().skip(place + 1).all(|other| other.name != row.name), "{} is there twice", row.name);
    }
    assert!(import::find("").is_none() && import::find("Claude-Code").is_none());
}

#[test]
fn units_hold_the_files_that_were_named() {
    let paths: Vec<String> = PATHS.iter().map(|&path| path.to_owned()).collect();
    for row in IMPORTERS {
        assert!((row.units)(&[]).is_empty(), "{}", row.name);
        let units = (row.units)(&paths);
        for path in units.iter().flat_map(|unit| &unit.paths) {
            assert!(paths.contains(path), "{}: nobody named {path}", row.name);
        }
        assert!(units.iter().all(|unit| !unit.paths.is_empty()), "{}: a unit of nothing", row.name);
    }
}

#[test]
fn files_with_nothing_in_them_are_told() {
    for row in IMPORTERS {
        for path in PATHS {
            for nothing in ["", "\n", " \r\n\n", "\u{feff}"] {
                let (traces, reading) = read(row, &[file(path, nothing)]);
                assert!(traces.is_empty(), "{} makes a run of {path} with {nothing:?}", row.name);
                let is_told = !reading.problems.is_empty() || !reading.notes.is_empty();
                assert!(is_told, "{} says nothing of {path} with {nothing:?}", row.name);
            }
        }
        let (traces, _) = read(row, &[]);
        assert!(traces.is_empty(), "{}", row.name);
    }
}

#[test]
fn a_line_of_65_mib_is_told_and_not_kept() {
    let long = |start: &str, end: &str| {
        let mut line = start.as_bytes().to_vec();
        line.resize(65 << 20, b'x');
        line.extend_from_slice(end.as_bytes());
        line
    };
    let spans = include_str!("../fixtures/spans/dialects.otlp.jsonl");
    let cases = [
        ("claude-code", import_sessions::claude_session().swap_remove(0)),
        ("codex", import_sessions::codex_threads().swap_remove(0)),
        ("otlp", file("dialects.otlp.jsonl", spans)),
    ];
    for (name, whole) in cases {
        let row = import::find(name).expect("it is there");
        let text = |traces: &[Trace]| traces.iter().map(native::write).collect::<Vec<_>>();
        let before = text(&read(row, std::slice::from_ref(&whole)).0);
        let mut lines: Vec<&[u8]> = whole.bytes.split(|&byte| byte == b'\n').collect();
        let line = long("{\"sessionId\":\"", "\"}");
        lines.insert(1, &line);
        let (traces, reading) = read(row, &[file(&whole.path, lines.join(&b'\n'))]);
        let told = format!("{}:2: the line exceeds 64 MiB; expected lines of at most 64 MiB", whole.path);
        let said = reading.problems.to_string();
        assert!(said.lines().any(|line| line == told), "{name}: {}", said.chars().take(2000).collect::<String>());
        assert!(!before.is_empty() && text(&traces) == before, "{name}: the other lines give another run");
    }
}

/// Words that formats look for, so that random lines get past their doors.
const KEYS: &[&str] = &[
    "type",
    "payload",
    "timestamp",
    "sessionId",
    "isSidechain",
    "message",
    "id",
    "model",
    "usage",
    "content",
    "input_tokens",
    "output_tokens",
    "requests",
    "t",
    "in",
    "out",
    "api_time",
    "resourceSpans",
    "scopeSpans",
    "spans",
    "spanId",
    "traceId",
    "parentSpanId",
    "startTimeUnixNano",
    "endTimeUnixNano",
    "attributes",
    "key",
    "value",
    "start_time",
    "end_time",
    "parent_id",
    "run_type",
    "context",
    "data",
    "ts",
    "round",
    "agent",
    "path",
    "steps",
    "source",
    "schema_version",
    "metrics",
    "info",
    "eval",
    "samples",
    "events",
    "start",
    "duration",
    "run_dir",
];

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_u32..2000).prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop::sample::select(vec![
            "2026-03-01T10:00:00Z",
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "session_meta",
            "event_msg",
            "assistant",
            "agent_reply",
            "round_start",
            "agent",
            "llm",
            "ATIF-v1.7",
            "1",
            "",
        ])
        .prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
    ];
    plain.prop_recursive(5, 60, 6, |inner| {
        let key = prop::sample::select(KEYS.to_vec());
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key, inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Lines of JSON, one in a few of them cut off.
fn json_lines() -> impl Strategy<Value = Vec<u8>> {
    let line = (json(), prop::option::weighted(0.2, 0_usize..200)).prop_map(|(value, cut)| {
        let text = value.to_string();
        text.chars().take(cut.unwrap_or(usize::MAX)).collect::<String>()
    });
    vec(line, 0..6).prop_map(|lines| lines.join("\n").into_bytes())
}

fn csv() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        "[0-9]{0,18}",
        "-?[0-9]{1,4}\\.[0-9]{1,3}",
        Just("2026-03-01T10:00:00Z".to_owned()),
        Just("\"a, b".to_owned()),
        ".{0,4}",
    ];
    let names = vec(prop::sample::select(KEYS.to_vec()), 1..8).prop_map(|names| names.join(","));
    let rows = vec(vec(cell, 0..9).prop_map(|cells| cells.join(",")), 0..8);
    (names, rows).prop_map(|(names, rows)| format!("{names}\n{}", rows.join("\n")).into_bytes())
}

/// The beginning of something packed or binary, and then anything.
fn cut_off() -> impl Strategy<Value = Vec<u8>> {
    const STARTS: &[&[u8]] = &[
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3],
        &[0x28, 0xb5, 0x2f, 0xfd, 0x24],
        &[0x50, 0x2a, 0x4d, 0x18, 9, 0],
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0",
        b"PAR1\x15\0",
    ];
    const ENDS: &[&[u8]] =
        &[b"", b"\x10\0\0\0PAR1", b"\xff\xff\xff\x7fPAR1", b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2e\0\0\0\0\0\0\0\0\0"];
    let start = (prop::sample::select(STARTS), 2_usize..11);
    (start, vec(any::<u8>(), 0..120), prop::sample::select(ENDS))
        .prop_map(|((start, keep), middle, end)| [&start[..keep.min(start.len())], &middle, end].concat())
}

proptest! {
    #[test]
    fn anything_at_all_is_read(
        contents in vec(prop_oneof![vec(any::<u8>(), 0..200), json_lines(), csv(), cut_off()], 1..3),
        names in vec(prop::sample::select(PATHS), 3),
    ) {
        let files: Vec<SourceFile> = contents.into_iter().zip(names).map(|(bytes, path)| file(path, bytes)).collect();
        for row in IMPORTERS {
            read(row, &files);
        }
    }

    #[test]
    fn tables_of_anything_are_read(runs in csv(), events in csv()) {
        let row = import::find("llm-teams").expect("it is there");
        read(row, &[file("d/runs.parquet", runs), file("d/events.parquet", events)]);
    }
}
