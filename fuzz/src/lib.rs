//! What every fuzz target does with its bytes: reads them as an importer would, and holds every trace that comes out to
//! what a trace promises.

use brooks::table::{Head, ImportContext, SourceFile};
use brooks::trace::import::{self, Importer};
use brooks::trace::{Trace, check, export, native as own, replay, work_of};
use brooks::workload::TaskGraph;

/// A line of its own between the files of an input of several.
pub const MARK: &str = "\n~~~\n";

/// Reads the input as files of one format: its parts, between marks, have the names that files of a unit have.
pub fn import(name: &str, bytes: &[u8]) {
    let importer = import::find(name).expect("the importer is there");
    let parts: Vec<&[u8]> = match name {
        // These are binary.
        "inspect" => vec![bytes],
        _ => split(bytes),
    };
    match name {
        "claude-code" => {
            read(importer, &["p/s-1.jsonl", "p/s-1/subagents/agent-a.jsonl", "p/agent-b.jsonl"], &parts, "")
        }
        "codex" => {
            let rollout = |id: u32| format!("d/rollout-2026-03-01T10-00-00-{id}.jsonl");
            let paths = [rollout(1), rollout(2), rollout(3)];
            read(importer, &[&paths[0], &paths[1], &paths[2]], &parts, "");
        }
        "llm-teams" => {
            let beside = "e/runs/run-1/final_tasks.json";
            read(importer, &["e/runs/run-1/events.jsonl", beside, "e/results.json"], &parts, "");
            read(importer, &["d/runs.parquet", "d/events.parquet", "d/tasks/amdahl_x/p05.json"], &parts, "");
        }
        // The second part says which column is what.
        "table" | "observations" => {
            let columns = parts.get(1).map(|part| String::from_utf8_lossy(part)).unwrap_or_default();
            read(importer, &["t"], &parts, &columns);
        }
        _ => read(importer, &["t"], &parts, ""),
    }
}

/// Reads the input as brooks' own form.
pub fn native(bytes: &[u8]) {
    for read in own::read("t", bytes) {
        match read {
            Ok(trace) => hold(&trace),
            Err(problems) => assert!(!problems.is_empty() && !problems.to_string().is_empty()),
        }
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) =
        rest.windows(MARK.len()).position(|window| window == MARK.as_bytes()).filter(|_| parts.len() < 2)
    {
        parts.push(&rest[..at]);
        rest = &rest[at + MARK.len()..];
    }
    parts.push(rest);
    parts
}

/// Reads parts under these paths, one unit after the other. `columns` is as on the command line: `start=ts,end=te`.
fn read(importer: &Importer, paths: &[&str], parts: &[&[u8]], columns: &str) {
    let files: Vec<(&str, &[u8])> = paths.iter().copied().zip(parts.iter().copied()).collect();
    for (path, bytes) in &files {
        let (start, end) = (&bytes[..bytes.len().min(1 << 16)], &bytes[bytes.len().saturating_sub(1 << 16)..]);
        let _ = (importer.sniff)(&Head { path, start, end });
        let _ = (importer.companions)(path);
    }
    let columns = columns.split(',').filter_map(|pair| pair.split_once('='));
    let columns: Vec<_> = columns.map(|(field, column)| (field.to_owned(), column.to_owned())).collect();
    let named: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
    for unit in (importer.units)(&named) {
        let source = |path: &String| {
            let bytes = files.iter().find(|(name, _)| name == path).expect("a file of the unit was given").1;
            SourceFile { path: path.clone(), bytes: bytes.to_vec() }
        };
        let sources: Vec<SourceFile> = unit.paths.iter().map(source).collect();
        let mut reading = ImportContext { columns: columns.clone(), ..ImportContext::default() };
        let traces = (importer.read)(&sources, &mut reading);
        let _ = reading.problems.to_string();
        traces.iter().for_each(hold);
    }
}

/// What is promised of every trace, wherever it comes from.
fn hold(trace: &Trace) {
    check::check(trace, |fault| panic!("{}", fault.problem));
    let replayed = replay::replay(trace, &mut ());
    assert_eq!(replayed.agents.len(), trace.header.agents.len(), "a time for every agent");
    let work = work_of(trace);
    if !work.tasks.is_empty()
        && let Err(errors) = TaskGraph::new(&work.tasks)
    {
        panic!("no graph of tasks: {errors:?}");
    }
    let text = own::write(trace);
    let mut back = own::read("back", text.as_bytes());
    match back.next() {
        Some(Ok(back)) => {
            assert!(own::write(&back) == text, "it reads back as another:\n{text}\n{}", own::write(&back))
        }
        Some(Err(problems)) => panic!("it does not read back: {problems}\n{text}"),
        None => panic!("nothing comes back"),
    }
    assert!(back.next().is_none(), "a trace comes back as several");
    let _ = export::otlp::write(trace);
}
