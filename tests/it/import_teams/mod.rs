//! Runs of the harness of the paper made by hand, as folders and as tables; the recorded ones are in `paper_runs`.

mod fixtures;

use brooks::table::{ImportContext, SourceFile};
use brooks::trace::import::{self};
use brooks::trace::{Trace, check, native, replay};

use fixtures::{EVENTS, LOG, RESULTS, RUNS, TASKS};

fn read(files: &[(&str, &str)]) -> (Vec<Trace>, ImportContext) {
    let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() };
    let files: Vec<SourceFile> = files.iter().map(file).collect();
    let mut reading = ImportContext::default();
    let traces = (import::find("llm-teams").expect("it is there").read)(&files, &mut reading);
    for trace in &traces {
        check::check(trace, |fault| panic!("{}", fault.problem));
        assert_eq!(replay::replay(trace, &mut ()).agents.len(), trace.header.agents.len());
        let text = native::write(trace);
        let back: Vec<_> = native::read("back", text.as_bytes()).collect();
        assert!(
            matches!(&back[..], [Ok(back)] if native::write(back) == text),
            "it reads back: {:?}",
            back[0].as_ref().err()
        );
    }
    (traces, reading)
}

fn folder(log: &str) -> (Vec<Trace>, ImportContext) {
    read(&[("x/run-1/events.jsonl", log), ("x/run-1/final_tasks.json", TASKS), ("results.json", RESULTS)])
}

fn tables(events: &str) -> (Vec<Trace>, ImportContext) {
    read(&[("d/runs.parquet", RUNS), ("d/events.parquet", events), ("d/tasks/amdahl_x/p05.json", TASKS)])
}

#[test]
fn a_run_by_hand_is_the_same_from_its_folder_and_from_tables() {
    for (traces, reading) in [folder(LOG), tables(EVENTS)] {
        assert!(reading.problems.is_empty(), "{}", reading.problems);
        assert_eq!(traces.len(), 1);
        let trace = &traces[0];
        assert_eq!((trace.header.trace.as_str(), trace.header.agents.len(), trace.header.tasks.len()), ("run-1", 2, 2));
        assert_eq!(trace.total("duration_us"), Some(9_250_000.0));
        assert_eq!((trace.label("n").as_deref(), trace.label("p").as_deref()), (Some("2"), Some("p05")));
        let limits = (trace.header.output_limit_tokens(), trace.header.context_window_messages());
        assert_eq!(limits, (Some(4096), Some(20)), "limits of that harness");
        let first = &trace.steps[0];
        assert_eq!((&*first.id, first.start.as_us(), first.end.as_us()), ("r1.Dev1", 500_000, 3_000_000));
        assert_eq!((first.events.len(), first.writes.len()), (1, 1));
        let tests: usize = trace.steps.iter().map(|step| step.more().tests.len()).sum();
        assert_eq!(tests, 1);
    }
}

#[test]
fn what_no_harness_writes_is_told() {
    // Found by fuzzing: two steps of one id.
    let twice = r#"{"ts": 1004.1, "type": "agent_reply", "agent": "Dev2"}"#;
    let round = r#"{"ts": 1004.5, "type": "round_start", "round": 2}"#;
    let (traces, reading) = folder(&LOG.replace(round, &format!("{twice}\n{round}")));
    let said = reading.problems.to_string();
    assert!(said.contains("x/run-1/events.jsonl:9: agent_reply: \"Dev2\" replies twice in round 1"), "{said}");
    assert_eq!(traces[0].steps.len(), 4);
    let twice = "agent_reply,1004.1,run-1,,Dev2,,,\nround_start,1004.5";
    let (traces, reading) = tables(&EVENTS.replace("round_start,1004.5", twice));
    assert!(traces.is_empty() && reading.problems.to_string().contains("replies twice"), "{}", reading.problems);
    // Found by fuzzing: totals without steps. Found by reading: a run for every row that names it.
    let nobody = EVENTS.replace("agent_reply", "lock_attempt").replace("claim_task", "run_start");
    let nobody =
        nobody.replace("edit_file", "run_start").replace("complete_task", "run_start").replace("run_tests", "run_end");
    let (traces, reading) = tables(&nobody);
    let said = reading.problems.to_string();
    assert!(traces.is_empty() && said.contains("d/events.parquet:1: type: \"run-1\" has no agent_reply"), "{said}");
    let row = RUNS.lines().last().expect("a row").replace(",0.5,2,", ",0.5,900,");
    let (traces, reading) =
        read(&[("d/runs.parquet", &format!("{RUNS}{}", format!("{row}\n").repeat(50))), ("d/events.parquet", EVENTS)]);
    let said = reading.problems.to_string();
    assert!(traces.len() == 1 && said.contains("d/runs.parquet:51: run_dir: \"run-1\" occurs twice"), "{said}");
    // Found by fuzzing: times that the native form can't hold.
    for (late, is_fine) in
        [("10009.0", true), ("9007199254.0", true), ("9007199255.0", false), ("1e11", false), ("1e300", false)]
    {
        let (traces, reading) = folder(&LOG.replace("1009.0", late));
        assert!(traces.len() == 1 && reading.problems.is_empty() == is_fine, "{late}");
        folder(&LOG.replace("1008.5", late));
        tables(&EVENTS.replace("1006.0", late));
    }
}
