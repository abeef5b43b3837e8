//! Tables, sessions of kv-cache-tester, Inspect logs and ATIF trajectories: recorded ones, read from where
//! `BROOKS_DATA` points to, and small ones made by hand.

mod fixtures;

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use brooks::engine::Time;
use brooks::table::{self as columns, CellValue};
use brooks::table::{Head, ImportContext, SourceFile};
use brooks::trace::check::{check, overlapping_calls};
use brooks::trace::import::{Importer, find};
use brooks::trace::{Class, Operation, Quality, Trace, TraceSummary, native};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use fixtures::{files, log_entries, parquet_of, session, table, trajectory, zip_of};

fn samples() -> Option<PathBuf> {
    let data = std::env::var_os("BROOKS_DATA");
    if data.is_none() {
        eprintln!("skipped: BROOKS_DATA is not set");
    }
    Some(Path::new(&data?).join("samples"))
}

fn importer(name: &str) -> &'static Importer {
    find(name).unwrap_or_else(|| panic!("there is no importer {name}"))
}

/// Reads a file by hand, columns mapped, and holds what comes out to what every importer promises.
fn read_mapped(name: &str, path: &str, bytes: &[u8], columns: &[(&str, &str)]) -> (Vec<Trace>, ImportContext) {
    let read = || {
        let columns = columns.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())).collect();
        let mut reading = ImportContext { columns, ..ImportContext::default() };
        let file = SourceFile { path: path.to_owned(), bytes: bytes.to_vec() };
        let traces = (importer(name).read)(&[file], &mut reading);
        (traces, reading)
    };
    let (traces, reading) = read();
    for trace in &traces {
        check(trace, |fault| panic!("{path}: {}", fault.problem));
        assert!(!trace.steps.is_empty(), "{path}: a trace without steps");
    }
    let (again, reading_again) = read();
    let text = |traces: &[Trace]| traces.iter().map(native::write).collect::<Vec<_>>();
    assert_eq!(text(&traces), text(&again), "{path}: not the same twice");
    assert_eq!(reading.notes, reading_again.notes);
    (traces, reading)
}

fn read(name: &str, path: &str, bytes: &[u8]) -> (Vec<Trace>, ImportContext) {
    read_mapped(name, path, bytes, &[])
}

/// The one trace of a file without problems.
fn only(name: &str, path: &str, bytes: &[u8]) -> Trace {
    let (mut traces, reading) = read(name, path, bytes);
    assert!(reading.problems.is_empty(), "{path}: {}", reading.problems);
    assert_eq!(traces.len(), 1, "{path}");
    traces.remove(0)
}

fn sniff(bytes: &[u8]) -> Vec<(&'static str, &'static str)> {
    let head = Head {
        path: "file",
        start: &bytes[..bytes.len().min(64 << 10)],
        end: &bytes[bytes.len().saturating_sub(64 << 10)..],
    };
    let said = brooks::trace::import::IMPORTERS.iter().map(|importer| (importer.name, (importer.sniff)(&head)));
    said.filter_map(|(name, because)| Some((name, because?))).collect()
}

/// The row of a file in the list of what a straightforward reader counted.
fn expected(samples: &Path, file: &str) -> serde_json::Value {
    let list = std::fs::read_to_string(samples.join("expected.json")).expect("the list");
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).expect("JSON");
    list.into_iter().find(|row| row["file"] == file).expect("the file is in the list")
}

/// Holds a trace against the row of its file; what the row leaves open holds.
fn hold_against(trace: &Trace, row: &serde_json::Value) {
    let summary = TraceSummary::of(trace);
    let found = [
        ("llm_calls", summary.llm_calls as f64),
        ("agents", summary.agents as f64),
        ("duration_s", (summary.duration.as_secs() * 10.0).round() / 10.0),
        ("input_tokens", summary.input_tokens as f64),
        ("output_tokens", summary.output_tokens as f64),
        ("max_concurrent_llm", summary.max_concurrent_llm_calls as f64),
    ];
    for (key, found) in found {
        if let Some(expected) = row[key].as_f64() {
            assert!((found - expected).abs() < 1e-9, "{}: {key}: {found}, {expected} expected", row["file"]);
        }
    }
    let busy: f64 =
        trace.steps.iter().filter(|step| step.is_call()).map(|step| (step.end - step.start).as_secs()).sum();
    if let Some(expected) = row["llm_busy_s"].as_f64() {
        assert!((busy - expected).abs() < 0.06, "{}: busy {busy}", row["file"]);
    }
}

#[test]
fn recorded_sessions_of_kv_cache_tester() {
    let Some(samples) = samples() else { return };
    for (file, agents) in [("trace_0277", 5), ("trace_0291", 3), ("trace_0002", 1)] {
        let file = format!("kv-cache-tester/callanjfox/{file}.json");
        let bytes = std::fs::read(samples.join(&file)).expect("the sample");
        assert_eq!(sniff(&bytes), [("table", "the keys of a session of kv-cache-tester")]);
        let trace = only("table", &file, &bytes);
        hold_against(&trace, &expected(&samples, &file));
        assert!(overlapping_calls(&trace).is_empty(), "{:?}", overlapping_calls(&trace));
        assert_eq!(trace.header.agents.len(), agents);
        assert!(trace.header.agents[1..].iter().all(|agent| agent.spawned_by.is_some() && agent.role.is_some()));
    }
}

#[test]
fn the_recorded_arrivals_of_azure() {
    let Some(samples) = samples() else { return };
    let file = "azure-llm/AzureLLMInferenceTrace-2023/AzureLLMInferenceTrace_code.csv";
    let bytes = std::fs::read(samples.join(file)).expect("the sample");
    assert_eq!(sniff(&bytes), [("table", "columns of the Azure LLM inference traces")]);
    let trace = only("table", file, &bytes);
    hold_against(&trace, &expected(&samples, file));
    assert_eq!(trace.quality("end_us"), Some(Quality::Absent));
    assert_eq!(trace.quality("gen_ai.agent.name"), Some(Quality::Absent));
    assert_eq!(trace.header.origin, "2023-11-16T18:17:03.97996Z");
}

#[test]
fn the_recorded_log_of_inspect() {
    let Some(samples) = samples() else { return };
    let file = "inspect-eval/inspect_scout/2025-09-23T08-09-58-04-00_security-guide_LuxZJVwvymC3S3SyoJczxB.eval";
    let bytes = std::fs::read(samples.join(file)).expect("the sample");
    assert_eq!(sniff(&bytes), [("inspect", "a zip file with the entries of an Inspect log")]);
    let (traces, reading) = read("inspect", file, &bytes);
    let trace = &traces[0];
    hold_against(trace, &expected(&samples, file));
    assert!(reading.problems.is_empty() && reading.notes.is_empty(), "{:?}", reading.notes);
    assert_eq!(trace.header.outcome.as_ref().and_then(|outcome| outcome.score), Some(0.6875));
    assert_eq!((trace.header.agents.len(), trace.header.tasks.len()), (16, 16));
    assert!(overlapping_calls(trace).is_empty());
    let verified = trace.steps.iter().filter(|step| step.class == Some(Class::Verify)).count();
    assert_eq!(verified, 16, "half of the calls are the scorer's");
}

/// The crate `parquet` reads whole files well: what it says of one is what we have to say.
#[test]
fn recorded_parquet_reads_as_others_read_it() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    let Some(samples) = samples() else { return };
    let path = samples.parent().expect("a folder").join("paper/runs.parquet");
    let file = SourceFile { path: "runs.parquet".to_owned(), bytes: std::fs::read(&path).expect("the file") };
    let mut reading = ImportContext::default();
    let names = columns::names(&file, &mut reading).expect("it can be read");
    let table = columns::read(&file, &names, &mut reading);
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    let theirs = SerializedFileReader::new(std::fs::File::open(&path).expect("the file")).expect("it can be read");
    let mut compared = 0;
    for (row, values) in theirs.get_row_iter(None).expect("rows").enumerate() {
        let values = values.expect("a row");
        let flat =
            values.get_column_iter().filter(|(_, value)| !matches!(value, Field::Group(_) | Field::ListInternal(_)));
        for (name, value) in flat {
            let Some(column) = names.iter().position(|other| other == name) else { continue };
            let expected = match value {
                Field::Int(value) => CellValue::Int(i64::from(*value)),
                Field::Long(value) => CellValue::Int(*value),
                Field::Double(value) => CellValue::from_number(*value),
                Field::Float(value) => CellValue::from_number(f64::from(*value)),
                Field::Bool(value) => CellValue::Int(i64::from(*value)),
                Field::Str(value) => CellValue::from_text(value),
                Field::Null => CellValue::Nothing,
                _ => continue,
            };
            assert_eq!(*table.cell(row, column), expected, "row {row}, {name}");
            compared += 1;
        }
    }
    assert!(compared > 10_000, "{compared} cells of {} rows", table.rows());
}

#[test]
fn a_trajectory_by_hand() {
    let trace = only("atif", "trajectory.json", trajectory().as_bytes());
    let told = [
        "step-1 coder chat 0-2 after  in -",
        "step-2 coder execute_tool 2-2 after step-1 in -",
        "step-3 coder chat 2-5 after step-2 in -",
        "step-4 coder execute_tool 5-5 after step-3 in -",
        "step-6 helper sub chat 6-8 after  in step-4",
        "step-5 coder chat 10-12 after step-4 in -",
    ];
    assert_eq!(story(&trace), told);
    assert_eq!((trace.header.trace.as_str(), trace.header.source.producer.as_str()), ("run-7", "coder 2.1"));
    assert_eq!(trace.header.agents[1].spawned_by.as_deref(), Some("step-4"));
    assert_eq!(trace.total("gen_ai.usage.cache_read.input_tokens"), Some(240.0));
    assert_eq!(trace.quality("start_us"), Some(Quality::Inferred));
    let timeless = trajectory().replace("timestamp", "time");
    let (traces, reading) = read("atif", "trajectory.json", timeless.as_bytes());
    assert!(traces.is_empty() && reading.problems.to_string().contains("a replay needs one"));
    let (traces, reading) = read("atif", "t.json", trajectory().replace("ATIF-v1.7", "ATIF-v2.0").as_bytes());
    assert!(traces.is_empty() && !reading.problems.is_empty());
}

#[test]
fn nothing_that_was_said_is_kept() {
    for (name, bytes) in files() {
        assert!(sniff(&bytes).first().is_some_and(|(sniffed, _)| *sniffed == name), "{name}");
        let (traces, reading) = read(name, "by-hand", &bytes);
        assert!(!traces.is_empty() && reading.problems.is_empty(), "{name}: {}", reading.problems);
        for trace in &traces {
            assert!(!native::write(trace).contains("XYZZY"), "{name}: {}", native::write(trace));
        }
        assert!(!format!("{:?}", reading.notes).contains("XYZZY"), "{name}");
    }
}

/// A step at a line: id, agent, operation, times in seconds, after, parent.
fn story(trace: &Trace) -> Vec<String> {
    let line = |step: &brooks::trace::TraceStep| {
        format!(
            "{} {} {} {}-{} after {} in {}",
            step.id,
            trace.header.agents[step.agent.index()].name,
            step.operation.name(&trace.names),
            step.start.as_secs(),
            step.end.as_secs(),
            step.after.join("+"),
            step.more().parent.as_deref().unwrap_or("-"),
        )
    };
    trace.steps.iter().map(line).collect()
}

#[test]
fn a_session_by_hand() {
    let trace = only("table", "a/session.json", session().as_bytes());
    let told = [
        "main.1 main chat 0-3 after  in -",
        "agent_1.3 agent_1 chat 3-5 after  in main.2",
        "main.2 main execute_tool 3-9 after main.1 in -",
        "agent_2.5 agent_2 chat 5-6.5 after  in agent_1.4",
        "agent_1.4 agent_1 execute_tool 5-7 after agent_1.3 in main.2",
        "main.6 main chat 10-12 after main.2 in -",
        "main.7 main x.human_wait 12-20 after main.6 in -",
        "main.8 main chat 20-20 after main.7 in -",
    ];
    assert_eq!(story(&trace), told);
    assert_eq!(trace.quality("end_us"), Some(Quality::Absent), "one call does not say how long it took");
    assert_eq!(trace.steps[1].more().first_chunk.map(Time::as_us), Some(500_000));
    assert_eq!(trace.header.agents[2].role.as_deref(), Some("Look"));
    let wrong = session().replace("\"input\":500", "\"input\":501").replace("\"type\":\"s\"", "\"type\":\"z\"");
    let (traces, reading) = read("table", "session.json", wrong.as_bytes());
    assert_eq!((traces.len(), reading.problems.list().len()), (1, 3), "{}", reading.problems);
}

#[test]
fn a_table_by_hand() {
    let (traces, reading) = read("table", "calls.csv", table().as_bytes());
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    let names: Vec<&str> = traces.iter().map(|trace| trace.header.trace.as_str()).collect();
    assert_eq!(names, ["night run", "second"]);
    let steps = &traces[0].steps;
    assert_eq!(traces[0].header.origin, "2026-01-02T03:04:05Z");
    assert_eq!(
        (steps[0].usage.input, steps[0].usage.output, steps[0].usage.cache_read),
        (Some(100), Some(20), Some(50))
    );
    assert_eq!(steps[0].more().first_chunk.map(Time::as_us), Some(500_000));
    assert_eq!((steps[1].operation, steps[1].more().parent.as_deref()), (Operation::ExecuteTool, Some("a1")));
    assert_eq!(traces[0].name(steps[1].more().error.expect("an error")), "error");
    assert_eq!(traces[0].name(steps[2].more().error.expect("an error")), "RateLimit");
    assert_eq!(traces[1].steps[0].end.as_us(), 1_000_000);
    assert!(reading.notes.iter().any(|note| note.contains("start from \"start_time\"")), "{:?}", reading.notes);
    assert!(reading.notes.iter().any(|note| note.contains("UTC")));
}

#[test]
fn columns_as_the_user_maps_them() {
    let text = "who,t0,t1,what\nx,100,350,7\ny,200,300,8\n";
    let (traces, reading) = read("table", "t.csv", text.as_bytes());
    let said = reading.problems.to_string();
    assert!(
        traces.is_empty() && said.contains("\"who\", \"t0\", \"t1\", \"what\"") && said.contains("--columns"),
        "{said}"
    );
    let map = [("start:ms", "t0"), ("end:ms", "t1"), ("agent", "who"), ("output_tokens", "what"), ("run", "who")];
    let (traces, reading) = read_mapped("table", "t.csv", text.as_bytes(), &map);
    assert!(reading.problems.is_empty() && reading.notes.is_empty(), "{} {:?}", reading.problems, reading.notes);
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[0].steps[0].end.as_us(), 250_000);
    assert_eq!((traces[0].header.origin.as_str(), traces[0].steps[0].usage.output), ("start", Some(7)));
    for (map, says) in [
        (vec![("began", "t0")], "unknown field"),
        (vec![("start:h", "t0")], "unknown field"),
        (vec![("agent:ms", "who")], "unknown field"),
        (vec![("start", "when")], "unknown column"),
    ] {
        let (traces, reading) = read_mapped("table", "t.csv", text.as_bytes(), &map);
        assert!(traces.is_empty() && reading.problems.to_string().contains(says), "{}", reading.problems);
    }
    let (traces, _) = read_mapped("table", "t.csv", text.as_bytes(), &[("start", "t0")]);
    assert_eq!((traces[0].steps.len(), traces[0].quality("end_us")), (2, Some(Quality::Absent)), "arrivals");
}

#[test]
fn rows_that_are_wrong_are_told_and_left_out() {
    let text = "id,start,end,agent,parent\na,1,2,x,\na,1,2,x,\nb,3,2,x,\nc,,2,x,\nd,soon,2,x,\ne,1,,x,\nf,-1,2,x,\n\
                g,1,2,x,h\nh,1,2,x,g\ni,1,2,x,nobody\n";
    let (traces, reading) = read("table", "t.csv", text.as_bytes());
    let ids: Vec<&str> = traces[0].steps.iter().map(|step| &*step.id).collect();
    assert_eq!(ids, ["a", "g", "h", "i"]);
    let lines: Vec<u32> = reading.problems.list().iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 0, 0]);
    let parents = traces[0].steps.iter().filter(|step| step.more().parent.is_some()).count();
    assert_eq!(parents, 1, "of two that lead back to each other one stays");
}

#[test]
fn units_by_size() {
    for (start, unit) in [("1700000000", 1), ("1700000000000", 1000), ("1700000000000000", 1_000_000)] {
        let number: u64 = start.parse().expect("a number");
        let text = format!("start,end\n{number},{}\n", number + 2 * unit);
        let trace = only("table", "t.csv", text.as_bytes());
        assert_eq!((trace.header.origin.as_str(), trace.steps[0].end.as_us()), ("2023-11-14T22:13:20Z", 2_000_000));
    }
    let nanos = "start_time_unix_nano,end_time_unix_nano\n1700000000000001000,1700000000000004000\n";
    assert_eq!(only("table", "t.csv", nanos.as_bytes()).steps[0].end.as_us(), 3);
    let trace = only("table", "t.csv", b"ts;latency_ms\n0.5;250\n1;100\n");
    assert_eq!((trace.header.origin.as_str(), trace.steps[1].end.as_us()), ("start", 600_000));
}

#[test]
fn known_tables_by_hand() {
    let mooncake = "{\"timestamp\": 0, \"input_length\": 7, \"output_length\": 5, \"hash_ids\": [1, 2]}\n\
                    {\"timestamp\": 3000, \"input_length\": 8, \"output_length\": 6, \"hash_ids\": [1]}\n";
    assert_eq!(sniff(mooncake.as_bytes()), [("table", "columns of the Mooncake traces")]);
    let trace = only("table", "m.jsonl", mooncake.as_bytes());
    assert_eq!((trace.steps[1].start.as_us(), trace.total("gen_ai.usage.input_tokens")), (3_000_000, Some(15.0)));
    let burst = "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n\
                 5,12,1.5,GPT-4,100,20,120,Conversation log\n6,,0.5,ChatGPT,50,10,60,API log\n";
    let trace = only("table", "b.csv", burst.as_bytes());
    let agents: Vec<&str> = trace.header.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!((agents, trace.steps[0].end.as_us()), (vec!["12", "requests"], 1_500_000));
    let first =
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n";
    assert_eq!(only("table", "b.csv", first.as_bytes()).quality("end_us"), Some(Quality::Absent));
    let trace = only("table", "p.parquet", &parquet_of());
    assert_eq!((trace.header.agents.len(), trace.steps[2].end.as_us()), (4, 2_900_000));
}

#[test]
fn a_log_of_inspect_by_hand() {
    let (traces, reading) = read("inspect", "log.eval", &zip_of(&log_entries(), zip::CompressionMethod::Zstd));
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    let trace = &traces[0];
    let old = trace.header.agents.last().expect("agents").name.clone();
    let told = [
        "m1 sample 1 chat 0-2 after  in -".to_owned(),
        "t1 sample 1 execute_tool 2-8 after m1 in -".to_owned(),
        "m2 sample 1/helper chat 3-7 after  in t1".to_owned(),
        "m3 sample 1 chat 8-9 after t1 in -".to_owned(),
        "step-6 sample 1 chat 9-10 after m3 in -".to_owned(),
        "m6 sample 1 chat 11-12 after step-6 in -".to_owned(),
        format!("step-8 {old} execute_tool 19-23 after  in -"),
        format!("step-9 {old} chat 20-21.5 after  in step-8"),
    ];
    assert_eq!(story(trace), told);
    assert_eq!((trace.steps[0].usage.input, trace.steps[0].usage.cache_read), (Some(110), Some(100)), "counted apart");
    assert_eq!(trace.steps[5].class, Some(Class::Verify));
    assert_eq!(trace.header.agents[1].spawned_by.as_deref(), Some("t1"));
    let error = |place: usize| trace.steps[place].more().error.map(|name| trace.name(name));
    assert_eq!((error(1), error(2)), (Some("timeout"), Some("error")));
    let events: Vec<_> = trace.steps.iter().flat_map(|step| step.events.iter().map(|note| note.event.name())).collect();
    assert_eq!(events, ["claim", "complete", "claim", "fail"]);
    assert_eq!(trace.quality("end_us"), Some(Quality::Estimated));
    let outcome = trace.header.outcome.as_ref().expect("an outcome");
    assert_eq!((outcome.success, outcome.score), (Some(false), Some(0.5)));

    // The same in one document.
    let entries = log_entries();
    let samples: Vec<&str> = entries[1..].iter().map(|(_, text)| text.as_str()).collect();
    let header = entries[0].1.strip_suffix('}').expect("an object");
    let (whole, reading) =
        read("inspect", "log.json", format!("{header},\"samples\":[{}]}}", samples.join(",")).as_bytes());
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(story(&whole[0]), told);
}

#[test]
fn logs_of_inspect_that_are_not_whole() {
    let entries = log_entries();
    let deflated = |entries: &[(String, String)]| zip_of(entries, zip::CompressionMethod::Deflated);
    let told = |bytes: &[u8]| {
        let (traces, reading) = read("inspect", "log.eval", bytes);
        (traces.len(), reading.problems.to_string(), reading.notes.join("\n"))
    };
    let (traces, said, _) = told(&deflated(&entries[1..]));
    assert!(traces == 1 && said.contains("header.json: this entry is missing"), "{said}");
    let mut cut_short = entries.clone();
    cut_short[0].0 = "_journal/start.json".to_owned();
    let (_, said, notes) = told(&deflated(&cut_short));
    assert!(said.is_empty() && notes.contains("interrupted"), "{said} {notes}");
    let (traces, said, _) = told(&deflated(&entries[..2]));
    assert!(traces == 1 && said.contains("1 samples, but 2 in the header"), "{said}");
    let (traces, said, _) = told(&deflated(&entries[..1]));
    assert!(traces == 0 && said.contains("has no samples"), "{said}");
    let whole = deflated(&entries);
    let (traces, said, _) = told(&whole[..whole.len() / 2]);
    assert!(traces == 0 && said.contains("damaged zip"), "{said}");
    let mut not_json = entries.clone();
    not_json[2].1 = "{\"id\":".to_owned();
    let (traces, said, _) = told(&deflated(&not_json));
    assert!(traces == 1 && said.contains("samples/2_epoch_2.json: not JSON"), "{said}");
}

#[test]
fn a_bomb_in_a_log_of_inspect_is_told() {
    let zip = {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Zstd);
        zip.start_file("header.json", options).expect("memory");
        zip.write_all(b"{}").expect("memory");
        zip.start_file("samples/1_epoch_1.json", options).expect("memory");
        let million = vec![b' '; 1 << 20];
        for _ in 0..600 {
            zip.write_all(&million).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    };
    assert!(zip.len() < 1 << 20);
    let (traces, reading) = read("inspect", "bomb.eval", &zip);
    let said = reading.problems.to_string();
    assert!(traces.is_empty() && said.contains("limit"), "{said}");
}

/// A document with some bytes changed, taken out, or put in.
fn damage(bytes: &mut Vec<u8>, wounds: &[(usize, u8, u8)]) {
    for &(place, what, byte) in wounds {
        if bytes.is_empty() {
            return;
        }
        let place = place % bytes.len();
        match what % 5 {
            0 => bytes[place] = byte,
            1 => bytes[place] ^= 1 << (byte % 8),
            2 => bytes.truncate(place),
            3 => {
                let end = (place + usize::from(byte)).min(bytes.len());
                bytes.drain(place..end);
            }
            _ => {
                let end = (place + usize::from(byte)).min(bytes.len());
                let part = bytes[place..end].to_vec();
                bytes.splice(place..place, part);
            }
        }
    }
}

fn rounds() -> u32 {
    if std::env::var_os("BROOKS_SLOW").is_some() { 4000 } else { 128 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(), ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_give_whole_traces_or_problems(
        file in any::<Index>(),
        wounds in vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6),
    ) {
        let files = files();
        let (name, mut bytes) = files[file.index(files.len())].clone();
        damage(&mut bytes, &wounds);
        sniff(&bytes);
        read(name, "damaged", &bytes);
    }

    #[test]
    fn numbers_and_words_may_be_anything(
        file in any::<Index>(),
        from in any::<Index>(),
        to in "(-?[0-9]{1,20}(\\.[0-9]{1,5})?|1e400|null|true|\\[\\]|\\{\\}|\"[a-z ]{0,5}\")",
    ) {
        let texts =
            [session(), table(), log_entries()[1].1.clone(), log_entries()[0].1.clone(), trajectory()];
        let place = file.index(texts.len());
        let text = &texts[place];
        // A value is what is between a colon or comma and the next comma or bracket.
        let starts: Vec<usize> = text.match_indices([':', ',']).map(|(at, _)| at + 1).collect();
        let start = starts[from.index(starts.len())];
        let end = start + text[start..].find([',', '}', ']', '\n']).unwrap_or(0);
        let changed = format!("{}{to}{}", &text[..start], &text[end..]);
        if place < 2 {
            read("table", "changed", changed.as_bytes());
        } else if place == 4 {
            read("atif", "changed", changed.as_bytes());
        } else {
            let mut entries = log_entries();
            entries[3 - place].1 = changed;
            read("inspect", "changed", &zip_of(&entries, zip::CompressionMethod::Stored));
        }
    }

    #[test]
    fn any_bytes_are_read(start in 0..6_usize, bytes in vec(any::<u8>(), 0..300)) {
        let start: &[u8] = [&b""[..], b"PAR1", b"PK\x03\x04", b"{\"requests\":", b"a,b\n", b"[{"][start];
        let bytes = [start, &bytes].concat();
        for name in ["table", "inspect", "atif"] {
            read(name, "random", &bytes);
        }
        let map = [("start", "a"), ("end", "b")];
        read_mapped("table", "random", &bytes, &map);
    }
}

/// Found by fuzzing: steps without a round in a run with rounds, which did not read back.
#[test]
fn rounds_are_whole_or_none() {
    let table = |rounds: [&str; 3]| {
        let rows = rounds.iter().enumerate().map(|(place, round)| format!("{place},{},{round}\n", place + 1));
        format!("start,end,round\n{}", rows.collect::<String>())
    };
    for (rounds, found, notes, problems) in [
        (["1", "1", "2"], Some(vec![1, 1, 2]), "", ""),
        (["0", "0", "1"], Some(vec![1, 1, 2]), "counted from 0", ""),
        (["1", "", "2"], Some(vec![0, 0, 0]), "without rounds", ""),
        (["1", "x", "2"], Some(vec![1, 2]), "", "t.csv:3: round: not a round"),
        (["-1", "-1", "-1"], None, "", "t.csv:2: round: not a round"),
    ] {
        let (traces, reading) = read("table", "t.csv", table(rounds).as_bytes());
        let steps = traces.first().map(|trace| trace.steps.iter().map(|step| step.round).collect::<Vec<_>>());
        assert_eq!(steps, found, "{rounds:?}");
        assert!(traces.iter().all(|trace| trace.header.barrier == (trace.steps[0].round > 0)), "{rounds:?}");
        let (said, noted) = (reading.problems.to_string(), reading.notes.join("; "));
        assert!(said.contains(problems) && said.is_empty() == problems.is_empty(), "{rounds:?}: {said}");
        assert!(noted.contains(notes), "{rounds:?}: {noted}");
        hold_when_written("t.csv", &traces);
    }
}

/// Found by fuzzing: times and lengths that the native form can't hold were taken.
#[test]
fn what_lasts_for_centuries_is_told() {
    let far = "9999-01-01T00:00:00Z";
    let files = [
        ("table", "a.csv", table().replace("2026-01-02T03:04:09Z", far)),
        ("table", "b.csv", "start,end\n0,1e10\n0,9999999999999999\n5,6\n".to_owned()),
        ("table", "c.csv", "start,duration\n9000000000,9000000000\n5,6\n".to_owned()),
        ("table", "d.csv", "start_ns,end_ns\n1700000000000000000,18446744073709551615\n".to_owned()),
        ("table", "e.json", session().replace("\"t\":20", "\"t\":9e9")),
        ("table", "f.json", session().replace("\"t\":9", "\"t\":4e9").replace("\"t\":4,", "\"t\":4e9,")),
        ("atif", "g.json", trajectory().replace("2026-01-01T00:00:12Z", far)),
        ("atif", "h.json", trajectory().replace("2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z")),
    ];
    for (name, path, text) in files {
        let (traces, reading) = read(name, path, text.as_bytes());
        assert!(path.starts_with('h') || !reading.problems.is_empty(), "{path}: nothing is told");
        hold_when_written(path, &traces);
    }
    for (from, to) in [("\"working_time\":4", "\"working_time\":9.9e9"), ("2026-01-01T00:00:21", "9999-01-01T00:00:21")]
    {
        let mut entries = log_entries();
        entries[2].1 = entries[2].1.replace(from, to);
        let (traces, reading) = read("inspect", "i.eval", &zip_of(&entries, zip::CompressionMethod::Stored));
        assert!(!reading.problems.is_empty(), "{to}: nothing is told");
        hold_when_written(to, &traces);
    }
}

/// What is written reads back the same.
fn hold_when_written(path: &str, traces: &[Trace]) {
    for trace in traces {
        let text = native::write(trace);
        let back: Vec<_> =
            native::read("back", text.as_bytes()).map(|back| back.map(|back| native::write(&back))).collect();
        assert!(matches!(&back[..], [Ok(back)] if *back == text), "{path}: {back:?}");
    }
}
