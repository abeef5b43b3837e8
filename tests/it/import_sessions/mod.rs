//! Logs of coding agents: Claude Code and Codex, made by hand and, where `BROOKS_DATA` points to them, recorded.

#![expect(clippy::float_cmp, reason = "the times and counts are small whole numbers and halves")]

mod fixtures;

pub(crate) use fixtures::{claude_session, codex_threads};

use std::path::Path;

use brooks::engine::Time;
use brooks::table::{Head, ImportContext, SourceFile};
use brooks::trace::import;
use brooks::trace::{Operation, Quality, TaskNoteKind, Trace, TraceStep, TraceSummary, check, native};
use brooks::workload::TaskId;
use proptest::prelude::*;

use crate::worlds;

fn read(format: &str, files: &[SourceFile]) -> (Vec<Trace>, ImportContext) {
    let importer = import::find(format).expect("the importer is there");
    let mut reading = ImportContext::default();
    let traces = (importer.read)(files, &mut reading);
    (traces, reading)
}

/// What must hold of whatever an importer returns: nothing that `check` finds, and what is written reads back the same.
fn hold(trace: &Trace) {
    check::check(trace, |fault| panic!("{}: {}", trace.header.trace, fault.problem));
    let text = native::write(trace);
    let back: Vec<Trace> = native::read("back", text.as_bytes()).map(|read| read.expect("it reads back")).collect();
    assert!(back.len() == 1 && native::write(&back[0]) == text, "{} reads back as written", trace.header.trace);
}

/// The only trace of files in which nothing is wrong.
fn only(format: &str, files: &[SourceFile]) -> Trace {
    let (mut traces, reading) = read(format, files);
    assert!(reading.problems.is_empty(), "{}", reading.problems);
    assert_eq!(traces.len(), 1);
    let trace = traces.remove(0);
    hold(&trace);
    let again = read(format, files).0;
    assert_eq!(native::write(&trace), native::write(&again[0]), "the same files, the same trace");
    trace
}

fn step<'a>(trace: &'a Trace, id: &str) -> &'a TraceStep {
    trace.steps.iter().find(|step| &*step.id == id).unwrap_or_else(|| panic!("there is a step {id}"))
}

/// Start and end in seconds.
fn span(trace: &Trace, id: &str) -> (f64, f64) {
    let step = step(trace, id);
    (step.start.as_secs(), step.end.as_secs())
}

fn guesses<'a>(trace: &'a Trace, step: &TraceStep) -> Vec<&'a str> {
    step.more().est.iter().map(|&name| trace.name(name)).collect()
}

#[test]
fn a_session_with_a_subagent_reads_as_it_went() {
    let trace = only("claude-code", &fixtures::claude_session());
    let summary = TraceSummary::of(&trace);
    // Ten tokens, two hundred from the cache, thirty into it; and nothing twice.
    assert_eq!((summary.llm_calls, summary.input_tokens), (7, 7 * 240));
    assert_eq!((summary.agents, summary.tool_calls, summary.files_written), (2, 4, 1));
    assert!(check::overlapping_calls(&trace).is_empty());
    let agents: Vec<&str> = trace.header.agents.iter().map(|agent| agent.name.as_str()).collect();
    assert_eq!(agents, ["main", "a1b2c3"]);
    assert_eq!(trace.header.agents[1].spawned_by.as_deref(), Some("t_task"));

    // A call goes from what it answers to its last block.
    assert_eq!(span(&trace, "msg_1"), (0.0, 5.0));
    assert_eq!(span(&trace, "msg_s1"), (6.0, 8.0));
    assert_eq!(span(&trace, "msg_2"), (12.0, 14.0));
    assert_eq!(span(&trace, "t_task"), (5.0, 12.0));
    assert_eq!(*step(&trace, "t_task").after, ["msg_1"]);
    assert_eq!(*step(&trace, "msg_2").after, ["t_task"]);
    assert_eq!(*step(&trace, "msg_s2").after, ["t_read"]);
    for id in ["msg_s1", "t_read", "msg_s2"] {
        assert_eq!(step(&trace, id).more().parent.as_deref(), Some("t_task"));
    }

    // 10 + 50 for the tool + 13 / 4 + 280 / 2.8 + 27 / 3.6 where the count is from the middle of the stream.
    let call = step(&trace, "msg_1");
    assert_eq!((call.usage.output, guesses(&trace, call)), (Some(171), vec!["gen_ai.usage.output_tokens"]));
    let call = step(&trace, "msg_2");
    assert_eq!((call.usage.output, guesses(&trace, call).len()), (Some(7), 0));
    assert_eq!(trace.total("x.recorded_output_tokens"), Some(49.0));
    assert_eq!(trace.quality("gen_ai.usage.output_tokens"), Some(Quality::Estimated));

    // What failed, and the tests that were run.
    let tests = step(&trace, "t_test");
    assert_eq!((tests.more().tests[0].returncode, guesses(&trace, tests)), (101, vec!["tests"]));
    let error = step(&trace, "api-error-1");
    assert_eq!((error.operation.name(&trace.names), span(&trace, "api-error-1")), ("x.api_error", (20.0, 22.0)));
    assert_eq!(error.more().error.map(|name| trace.name(name)), Some("overloaded_error"));
    assert_eq!(span(&trace, "msg_4"), (22.5, 25.0), "the pause before the next try is nobody's");

    // The person, asked and waited for.
    assert_eq!(step(&trace, "t_ask").operation, Operation::HumanWait);
    assert_eq!(step(&trace, "wait-1").operation, Operation::HumanWait);
    assert_eq!(span(&trace, "wait-1"), (57.0, 87.0));
    assert_eq!(guesses(&trace, step(&trace, "wait-1")), ["gen_ai.operation.name"]);

    // Files, by name and length.
    let edit = &step(&trace, "t_edit").writes[0];
    assert_eq!((trace.name(edit.path), edit.chars, edit.ok), ("/repo/a.rs", Some(8), Some(true)));
    assert_eq!(step(&trace, "t_read").more().reads.len(), 1);

    // The subagent's task is done when the tool that started it is; that of the main agent ended in an error.
    let done: Vec<_> = trace.steps.iter().flat_map(|step| &step.events).collect();
    let done: Vec<_> = done.iter().filter(|note| note.event == TaskNoteKind::Complete).map(|note| note.task).collect();
    let place = trace.header.tasks.iter().position(|task| task.id == "task-a1b2c3").expect("it");
    assert_eq!(done, [Some(TaskId::at(place))]);
    assert_eq!(trace.label("session").as_deref(), Some("s-1"));
    assert_eq!(trace.label("version").as_deref(), Some("2.1.40"));
    assert_eq!(trace.label("model").as_deref(), Some("claude-opus-4-6"));
}

#[test]
fn a_thread_and_the_one_it_started_read_as_they_went() {
    let trace = only("codex", &fixtures::codex_threads());
    let summary = TraceSummary::of(&trace);
    // Six calls: neither the count that is told twice nor the one that the child takes over.
    assert_eq!((summary.llm_calls, summary.agents, summary.tool_calls), (6, 2, 3));
    assert_eq!(summary.input_tokens, 1000 + 1100 + 1200 + 1300 + 500 + 1150);
    assert_eq!((summary.files_written, summary.max_concurrent_llm_calls), (2, 2));
    assert!(check::overlapping_calls(&trace).is_empty());
    assert_eq!(trace.header.trace, "th-1");
    assert_eq!(trace.header.agents[1].spawned_by.as_deref(), Some("c_spawn"));

    assert_eq!(span(&trace, "call-1"), (0.0, 3.5), "from the prompt to the count");
    assert_eq!(step(&trace, "call-1").more().first_chunk, Some(Time::from_secs(1.5)), "of the turn's first call");
    assert_eq!(span(&trace, "c_patch"), (3.0, 4.0));
    assert_eq!(*step(&trace, "c_patch").after, ["call-1"], "it is asked for before its call is counted");
    assert_eq!(span(&trace, "call-2"), (4.0, 5.5));
    assert_eq!(*step(&trace, "call-2").after, ["c_patch"]);
    let writes: Vec<_> = step(&trace, "c_patch").writes.iter().map(|w| (trace.name(w.path), w.chars, w.ok)).collect();
    assert_eq!(writes, [("src/a.rs", Some(8), Some(true)), ("src/b.rs", Some(7), Some(true))]);
    let tests = step(&trace, "c_test");
    assert_eq!((tests.more().tests[0].returncode, tests.more().reads.len()), (1, 1));
    assert_eq!(span(&trace, "api-error-1"), (13.0, 14.0));
    assert_eq!(span(&trace, "call-4"), (14.0, 16.5));
    assert_eq!(span(&trace, "wait-1"), (17.0, 47.0));
    assert_eq!(*step(&trace, "call-5").after, ["wait-1"]);
    let child = step(&trace, "call-6");
    assert_eq!((span(&trace, "call-6"), child.more().parent.as_deref()), ((7.0, 11.0), Some("c_spawn")));
    assert_eq!(child.usage.input, Some(1150));
}

/// The files of every hand-made session, each with its importer.
fn hand_made() -> [(&'static str, Vec<SourceFile>); 2] {
    [("claude-code", fixtures::claude_session()), ("codex", fixtures::codex_threads())]
}

#[test]
fn no_text_of_a_transcript_is_kept() {
    for (format, mut files) in hand_made() {
        let trace = only(format, &files);
        assert!(String::from_utf8_lossy(&files[0].bytes).matches(fixtures::MARKER).count() > 10);
        assert!(!native::write(&trace).contains(fixtures::MARKER), "{format}");
        // Nor is it in what is told of broken lines.
        for file in &mut files {
            let text = String::from_utf8_lossy(&file.bytes).replace("2026", "quagga").replace("}}", "}");
            file.bytes = text.into_bytes();
        }
        let (traces, reading) = read(format, &files);
        assert!(traces.is_empty() && !reading.problems.is_empty());
        assert!(!reading.problems.to_string().contains(fixtures::MARKER), "{format}: {}", reading.problems);
    }
}

#[test]
fn files_find_their_units_and_their_importers() {
    let units = |format: &str, paths: &[&str]| -> Vec<Vec<String>> {
        let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
        let units = (import::find(format).expect("it is there").units)(&paths);
        units.into_iter().map(|unit| unit.paths).collect()
    };
    let paths = ["p/a/subagents/agent-1.jsonl", "p/a.jsonl", "p/b.jsonl", "p/a/subagents/x/agent-2.jsonl"];
    assert_eq!(units("claude-code", &paths), [vec![paths[1], paths[0], paths[3]], vec![paths[2]]]);
    let paths = ["q/agent-1.jsonl", "q/a.jsonl", "q/b.jsonl", "r/c.jsonl", "r/c/subagents/agent-2.jsonl"];
    assert_eq!(units("claude-code", &paths), [vec![paths[1], paths[2], paths[0]], vec![paths[3], paths[4]]]);
    let paths = ["d/rollout-2026-01-02T1-x.jsonl", "d/rollout-2026-01-03T1-y.jsonl", "d/rollout-2026-01-02T2-z.jsonl"];
    assert_eq!(units("codex", &paths), [vec![paths[0], paths[2]], vec![paths[1]]]);
    for (format, files) in hand_made() {
        for file in &files {
            let head = Head { path: &file.path, start: &file.bytes, end: &[] };
            let found: Vec<&str> =
                import::IMPORTERS.iter().filter(|row| (row.sniff)(&head).is_some()).map(|row| row.name).collect();
            assert_eq!(found, [format], "{}", file.path);
        }
    }
}

#[test]
fn sessions_of_one_folder_come_apart_by_what_they_say() {
    let mut files = fixtures::claude_session();
    files[1].path = "p/agent-a1b2c3.jsonl".to_owned();
    assert_eq!(TraceSummary::of(&only("claude-code", &files)).llm_calls, 7, "beside the session it is the same");
    let other = SourceFile {
        path: "p/s-2.jsonl".to_owned(),
        bytes: String::from_utf8_lossy(&files[0].bytes).replace("s-1", "s-2").into_bytes(),
    };
    files.push(other);
    let (traces, reading) = read("claude-code", &files);
    assert!(reading.problems.is_empty());
    let calls: Vec<(&str, usize)> =
        traces.iter().map(|trace| (trace.header.trace.as_str(), TraceSummary::of(trace).llm_calls)).collect();
    // The second one knows the first call of the subagent from its own lines only.
    assert_eq!(calls, [("s-1", 7), ("s-2", 6)]);
    let alone = only("claude-code", &files[1..2]);
    assert_eq!((TraceSummary::of(&alone).llm_calls, alone.header.agents[0].name.as_str()), (2, "a1b2c3"));
}

/// Something done to the lines of a file.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, usize, u8),
    Cut(usize, usize),
    Drop(usize),
    Double(usize, usize),
    SwapTimes(usize, usize),
    SwapLines(usize, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = || any::<usize>();
    prop_oneof![
        (place(), place(), any::<u8>()).prop_map(|(line, byte, to)| Harm::Flip(line, byte, to)),
        (place(), place()).prop_map(|(line, byte)| Harm::Cut(line, byte)),
        place().prop_map(Harm::Drop),
        (place(), place()).prop_map(|(from, to)| Harm::Double(from, to)),
        (place(), place()).prop_map(|(one, other)| Harm::SwapTimes(one, other)),
        (place(), place()).prop_map(|(one, other)| Harm::SwapLines(one, other)),
    ]
}

/// Where the time of a line is, if it has one.
fn time(line: &[u8]) -> Option<std::ops::Range<usize>> {
    let key = b"\"timestamp\":\"";
    let start = line.windows(key.len()).position(|window| window == key)? + key.len();
    let end = line.get(start..)?.iter().position(|&byte| byte == b'"')? + start;
    Some(start..end)
}

fn do_harm(lines: &mut Vec<Vec<u8>>, harm: &Harm) {
    let count = lines.len();
    if count == 0 {
        return;
    }
    match *harm {
        Harm::Flip(line, byte, to) => {
            let line = &mut lines[line % count];
            let length = line.len().max(1);
            if let Some(byte) = line.get_mut(byte % length) {
                *byte = to;
            }
        }
        Harm::Cut(line, byte) => {
            let line = &mut lines[line % count];
            line.truncate(byte % (line.len() + 1));
        }
        Harm::Drop(line) => drop(lines.remove(line % count)),
        Harm::Double(from, to) => {
            let line = lines[from % count].clone();
            lines.insert(to % (count + 1), line);
        }
        Harm::SwapTimes(one, other) => {
            let (one, other) = (one % count, other % count);
            if let (Some(of_one), Some(of_other)) = (time(&lines[one]), time(&lines[other])) {
                let (text_one, text_other) =
                    (lines[one][of_one.clone()].to_vec(), lines[other][of_other.clone()].to_vec());
                lines[one].splice(of_one, text_other);
                if one != other {
                    lines[other].splice(of_other, text_one);
                }
            }
        }
        Harm::SwapLines(one, other) => lines.swap(one % count, other % count),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if worlds::is_slow() { 4_000 } else { 400 }))]

    /// Whatever befalls the lines, something sound is read, and something else told.
    #[test]
    fn broken_sessions_do_not_break_the_importers(harms in prop::collection::vec((harm(), any::<bool>()), 1..8)) {
        for (format, mut files) in hand_made() {
            for (harm, is_second) in &harms {
                let file = &mut files[usize::from(*is_second)];
                let mut lines: Vec<Vec<u8>> = file.bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
                do_harm(&mut lines, harm);
                file.bytes = lines.join(&b'\n');
            }
            let (traces, _) = read(format, &files);
            for trace in &traces {
                hold(trace);
                let is_sound = trace.steps.iter().all(|step| step.agent.index() < trace.header.agents.len());
                prop_assert!(is_sound && !trace.steps.is_empty());
            }
        }
    }
}

/// The figures of a recorded sample as a straightforward reader counted them, and ours.
struct Sample {
    trace: Trace,
    expected: serde_json::Value,
}

impl Sample {
    /// The sample at a path with further files, and the lines at which something is wrong. None without the data.
    fn read(path: &str, further: &[&str]) -> Option<(Sample, usize)> {
        let Some(data) = std::env::var_os("BROOKS_DATA") else {
            eprintln!("skipped: BROOKS_DATA is not set");
            return None;
        };
        let samples = Path::new(&data).join("samples");
        let list = std::fs::read_to_string(samples.join("expected.json")).expect("the list can be read");
        let list: Vec<serde_json::Value> = serde_json::from_str(&list).expect("a list");
        let expected = list.into_iter().find(|row| row["file"] == path).expect("a row");
        let format = if expected["format"] == "claude-code" { "claude-code" } else { "codex" };
        let source = |path: &str| SourceFile {
            path: path.to_owned(),
            bytes: std::fs::read(samples.join(path)).expect("the sample can be read"),
        };
        let files: Vec<SourceFile> = std::iter::once(path).chain(further.iter().copied()).map(source).collect();
        let head = Head { path, start: &files[0].bytes[..files[0].bytes.len().min(65536)], end: &[] };
        assert!((import::find(format).expect("it is there").sniff)(&head).is_some(), "{path}");
        let (mut traces, reading) = read(format, &files);
        assert_eq!(traces.len(), 1, "{path}: {}", reading.problems);
        let trace = traces.remove(0);
        hold(&trace);
        assert!(check::overlapping_calls(&trace).is_empty(), "{path}");
        Some((Sample { trace, expected }, reading.problems.list().len() + reading.problems.more()))
    }

    /// Holds the calls against what was counted: how many, by how many, from when to when, and how many at once.
    fn agrees(&self) {
        let summary = TraceSummary::of(&self.trace);
        let expected = |key: &str| self.expected[key].as_f64().unwrap_or(0.0);
        let calls = || self.trace.steps.iter().filter(|step| step.is_call());
        let first = calls().map(|step| step.start).min().unwrap_or(Time::ZERO);
        let last = calls().map(|step| step.end).max().unwrap_or(Time::ZERO);
        let busy: Time = calls().map(|step| step.end - step.start).sum();
        assert_eq!(summary.llm_calls as f64, expected("llm_calls"));
        assert_eq!(summary.agents as f64, expected("agents"));
        assert_eq!(summary.input_tokens as f64, expected("input_tokens"));
        assert_eq!(summary.max_concurrent_llm_calls as f64, expected("max_concurrent_llm"));
        assert_eq!(summary.files_written as f64, expected("files_written"));
        // It counts from the first call to the last and leaves out the tools that run after that.
        assert!(((last - first).as_secs() - expected("duration_s")).abs() <= 0.051, "{first} to {last}");
        assert!((busy.as_secs() - expected("llm_busy_s")).abs() <= 0.051, "busy {busy}");
    }

    /// Steps in which an agent used a tool, be it a wait for a person or not.
    fn tools(&self) -> usize {
        self.trace.steps.iter().filter(|step| step.more().tool.is_some()).count()
    }

    fn waits(&self) -> (usize, Time) {
        let waits = || self.trace.steps.iter().filter(|step| step.operation == Operation::HumanWait);
        (waits().count(), waits().map(|step| step.end - step.start).sum())
    }
}

#[test]
fn recorded_sessions_of_claude_code_count_as_expected() {
    for (file, waits) in [("short", 0), ("subagent", 3), ("tool_heavy", 2)] {
        let Some((sample, wrong)) = Sample::read(&format!("claude-code/marot-spotter/{file}.jsonl"), &[]) else {
            return;
        };
        sample.agrees();
        let expected = &sample.expected;
        // Tools that ask a person are waits here and tool calls there.
        assert_eq!(sample.tools() as u64, expected["tool_calls"].as_u64().expect("a count"));
        assert_eq!(sample.trace.total("x.recorded_output_tokens"), expected["output_tokens"].as_f64());
        let cached = sample.trace.total("gen_ai.usage.cache_read.input_tokens");
        assert_eq!((wrong, cached), (0, expected["cache_read"].as_f64()));
        assert_eq!(sample.waits().0, waits, "{file}");
        let failed = sample.trace.steps.iter().filter(|step| step.more().error.is_some()).count();
        assert_eq!(failed as u64, expected["tool_errors"].as_u64().expect("a count"));
    }
}

#[test]
fn recorded_fixtures_of_claude_code_do_not_break_the_importer() {
    let folder = "claude-code/agent-sessions-fixtures";
    let Some((drifted, wrong)) = Sample::read(&format!("{folder}/schema_drift.jsonl"), &[]) else { return };
    drifted.agrees();
    assert_eq!(wrong, 0);

    let id = "subagent/0a1b2c3d-4e5f-4061-8071-2a3b4c5d6e7f";
    let agent = format!("{folder}/{id}/subagents/agent-a0ad4f44468bdf20d.jsonl");
    let Some((team, wrong)) = Sample::read(&format!("{folder}/{id}.jsonl"), &[&agent]) else { return };
    team.agrees();
    // Its two tool calls have no ids, which is why they were not counted.
    assert_eq!((wrong, team.tools()), (0, 2));
    assert_eq!(team.trace.header.agents[1].spawned_by.as_deref(), Some("pa1.0"));

    // All but 15 of the lines that count have times; the expected reader gave up at the first that has none.
    let Some((all, wrong)) = Sample::read(&format!("{folder}/claude-all-event-types.jsonl"), &[]) else { return };
    assert_eq!((wrong, TraceSummary::of(&all.trace).llm_calls, all.tools()), (15, 4, 2));
}

#[test]
fn recorded_rollouts_of_codex_count_as_expected() {
    let folder = "codex-rollout/agentcmd-redacted";
    let name = "rollout-2025-09-25T08-02-05-0199812e-64f0-7f73-91fc-095dda01c36e.jsonl";
    let Some((sample, wrong)) = Sample::read(&format!("{folder}/{name}"), &[]) else { return };
    sample.agrees();
    assert_eq!((wrong, sample.tools()), (0, 57));
    assert_eq!(sample.trace.total("gen_ai.usage.output_tokens"), Some(8672.0));
    // What is neither call nor tool is the five minutes in which nobody asked anything.
    assert_eq!(sample.waits(), (1, Time::from_us(299_861_000)));
}

#[test]
fn recorded_fixtures_of_codex_do_not_break_the_importer() {
    let path = "codex-rollout/agent-sessions-fixtures/codex-0.146-all-event-types.jsonl";
    let Some((all, wrong)) = Sample::read(path, &[]) else { return };
    // The second call of the expected reader has no time and no tokens. Its third tool call is one without a time; ours
    // is the search for tools, which it does not count.
    let summary = TraceSummary::of(&all.trace);
    assert_eq!((summary.llm_calls, summary.input_tokens, summary.output_tokens), (1, 16_341, 81));
    assert_eq!((all.tools(), wrong > 20), (3, true));
}

/// These were not looked at until the importers were done, and read right at once.
#[test]
fn recorded_samples_that_were_set_aside_count_as_expected() {
    let path = "claude-code/entireio-cli/fc-64fce284b3-0/full.jsonl";
    let Some((session, wrong)) = Sample::read(path, &[]) else { return };
    session.agrees();
    assert_eq!((wrong, session.tools()), (0, 111));
    assert_eq!(session.trace.total("x.recorded_output_tokens"), Some(1584.0));
    // Three agents beside the main one, each inside the tool call that started it.
    for agent in &session.trace.header.agents[1..] {
        let tool = step(&session.trace, agent.spawned_by.as_deref().expect("it was started"));
        assert_eq!(tool.more().tool.map(|name| session.trace.name(name)), Some("Task"));
    }
    let done = session.trace.steps.iter().flat_map(|step| &step.events);
    assert_eq!(done.filter(|note| note.event == TaskNoteKind::Complete && note.agent.is_some()).count(), 3);
    let name = "rollout-2025-09-25T15-12-14-019982b8-3422-79e0-8b3b-05abaf4f3c3e.jsonl";
    let Some((rollout, wrong)) = Sample::read(&format!("codex-rollout/agentcmd-redacted/{name}"), &[]) else { return };
    rollout.agrees();
    assert_eq!((wrong, rollout.tools(), rollout.waits().0), (0, 34, 0));
    assert_eq!(rollout.trace.total("gen_ai.usage.output_tokens"), Some(6654.0));
}
