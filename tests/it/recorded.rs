//! `brooks import`, `replay` and `analyze` as a user and as a script meet them: output, exit codes, files.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, brooks};

const SELF_CLAIM: &str = "traces/self-claim.steps.jsonl";
const PREASSIGNED: &str = "traces/preassigned.steps.jsonl";

fn run(args: &[&str]) -> Ran {
    brooks(args).within(env!("CARGO_MANIFEST_DIR")).run()
}

/// Stdout of a command line that succeeds.
#[track_caller]
fn said(args: &[&str]) -> String {
    run(args).done()
}

#[track_caller]
fn json(args: &[&str]) -> Value {
    run(&[args, &["--format", "json"]].concat()).json()
}

#[track_caller]
fn fails(args: &[&str], code: i32, expected: &str) {
    let ran = run(args).fails(code, expected);
    assert!(ran.stdout.is_empty(), "{args:?}\n{}", ran.stdout);
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn mistakes_are_told_with_their_exit_codes() {
    let folder = TempDir::new().expect("a folder");
    let out = path(&folder, "x.svg");
    fails(&["import", "auto", "/nonexistent"], 5, "/nonexistent");
    fails(&["import", "nosuch", "traces"], 2, "unknown importer; expected auto or one of claude-code");
    fails(&["import", "auto", "Cargo.toml"], 2, "unknown format");
    fails(&["import", "auto", "src/cli"], 2, "files is a recorded run");
    fails(&["import", "auto", "-"], 2, "not read from stdin");
    fails(&["import", "auto", SELF_CLAIM, "-o", "x.txt"], 2, "ending in .steps.jsonl");
    fails(&["replay", SELF_CLAIM, "--architecture", "nosuch"], 2, "--architecture: \"nosuch\" is not an allowed value");
    fails(&["replay", SELF_CLAIM, "--agents", "0"], 2, "--agents: 0 is below 1");
    fails(&["replay", SELF_CLAIM, "--agents", "2", "--timeline", &out], 2, "show the recorded team");
    fails(&["replay", "traces", "--timeline", &out], 2, "take one run");
    fails(&["replay", SELF_CLAIM, "--trace-out", "x.txt"], 2, "the format is inferred from the file extension");
    fails(&["analyze", "traces", "--by", "nosuch"], 2, "no run has this label; expected one of agents, architecture");
    fails(&["analyze", "traces", "--by", "agents", "--baseline", "foo"], 2, "expected self, solo");
    fails(
        &["analyze", "traces", "--by", "agents", "--baseline", "agents=1"],
        2,
        "no run has this value; expected one of 3",
    );
    fails(&["analyze", "traces", "--as", "paper"], 2, "no run has the label");
    assert!(names(folder.path()).is_empty(), "a command that fails leaves nothing behind");
}

#[test]
fn json_has_the_promised_keys() {
    let import = json(&["import", "auto", "traces"]);
    let keys = [
        "trace",
        "format",
        "llm_calls",
        "agents",
        "tool_calls",
        "duration_s",
        "input_tokens",
        "output_tokens",
        "max_concurrent_llm_calls",
        "files_written",
        "quality",
    ];
    assert_eq!(import["traces"].as_array().map(Vec::len), Some(2));
    for run in import["traces"].as_array().expect("a list") {
        assert!(keys.iter().all(|key| !run[key].is_null()), "{run}");
    }
    assert_eq!(import["skipped"], 0);
    let replay = json(&["replay", SELF_CLAIM]);
    for key in ["trace", "recorded_s", "replayed_s", "ape_percent", "counts_equal"] {
        assert!(!replay["runs"][0][key].is_null(), "{key}");
    }
    for key in ["runs", "median_ape_percent", "p95_ape_percent", "max_ape_percent", "counts_equal"] {
        assert!(!replay["summary"][key].is_null(), "{key}");
    }
    let analyze = json(&["analyze", "traces", "--by", "architecture"]);
    for group in analyze["groups"].as_array().expect("a list") {
        assert!(["architecture", "runs", "completed", "wall_clock_s", "llm_calls"].iter().all(|k| !group[k].is_null()));
    }
    let what_if = json(&["replay", SELF_CLAIM, "--agents", "1,2"]);
    assert_eq!(what_if["rows"].as_array().map(Vec::len), Some(2));
    let assumptions = what_if["assumptions"].as_array().expect("a list");
    let text = said(&["replay", SELF_CLAIM, "--agents", "1,2"]);
    let shown = text.lines().filter(|line| line.starts_with("  - ")).count();
    assert_eq!(assumptions.len(), shown, "people and programs are told the same\n{text}");
    for document in [&import, &replay, &analyze, &what_if] {
        assert!(["schema_version", "brooks", "command"].iter().all(|key| !document[key].is_null()), "{document}");
    }
    let refused = run(&["import", "auto", "/dev/null", "--format", "json"]).exits(2);
    let told: Value = serde_json::from_str(&refused.stderr).expect("JSON");
    assert!(told["errors"].is_array(), "{told}");
}

#[test]
fn commands_agree_on_the_figures() {
    let import = json(&["import", "auto", SELF_CLAIM]);
    let replay = json(&["replay", SELF_CLAIM]);
    let analyze = json(&["analyze", SELF_CLAIM]);
    let (run, group) = (&import["traces"][0], &analyze["groups"][0]);
    assert_eq!(run["duration_s"], replay["runs"][0]["recorded_s"]);
    assert_eq!(run["duration_s"], group["wall_clock_s"]["mean"]);
    assert_eq!(run["llm_calls"].as_f64(), group["llm_calls"]["mean"].as_f64());
    assert_eq!(run["llm_calls"], replay["runs"][0]["counts"]["llm_calls"]["replayed"]);
    let tokens = run["input_tokens"].as_f64().zip(run["output_tokens"].as_f64()).map(|(input, output)| input + output);
    assert_eq!(tokens, group["tokens"]["mean"].as_f64());
}

#[test]
fn csv_has_a_row_a_run() {
    let csv = said(&["import", "auto", "traces", "--format", "csv"]);
    assert!(csv.starts_with("trace,format,llm_calls,agents,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let csv = said(&["replay", "traces", "--format", "csv"]);
    assert_eq!(csv.lines().next(), Some("trace,recorded_s,replayed_s,ape_percent,counts_equal"));
    assert_eq!(csv.lines().count(), 3);
    let csv = said(&["analyze", "traces", "--by", "architecture", "--format", "csv"]);
    assert!(csv.starts_with("architecture,runs,completed,wall_clock_s.mean,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
}

#[test]
fn everything_comes_twice() {
    let folder = TempDir::new().expect("a folder");
    for args in [
        &["import", "auto", "traces"][..],
        &["replay", "traces"],
        &["replay", SELF_CLAIM, "--agents", "1..3", "--architecture", "self_claim,preassigned"],
        &["analyze", "traces"],
    ] {
        for format in ["table", "json", "csv", "markdown"] {
            let args = [args, &["--format", format]].concat();
            assert_eq!(said(&args), said(&args), "{args:?}");
        }
    }
    for name in ["x.steps.jsonl", "x.trace.json", "x.otlp.jsonl"] {
        let out = path(&folder, name);
        let write = || {
            said(&["replay", SELF_CLAIM, "--trace-out", &out]);
            std::fs::read(&out).expect("it was written")
        };
        assert!(write() == write(), "{name}");
    }
}

#[test]
fn runs_go_into_one_file_or_one_each_and_none_is_lost() {
    let folder = TempDir::new().expect("a folder");
    let (packed, plain, each) =
        (path(&folder, "all.steps.jsonl.zst"), path(&folder, "all.steps.jsonl"), path(&folder, "each"));
    // Both runs go by one name.
    let runs = path(&folder, "runs");
    std::fs::create_dir(&runs).expect("a folder");
    let parts = [PREASSIGNED, SELF_CLAIM].map(|source| {
        let mut header: Value = first_line(source);
        header["trace"] = "same".into();
        let text = std::fs::read_to_string(source).expect("it is there");
        let steps = text.split_once('\n').expect("steps").1;
        let name = Path::new(source).file_name().and_then(|name| name.to_str()).expect("a name");
        let text = format!("{header}\n{steps}");
        std::fs::write(Path::new(&runs).join(name), &text).expect("written");
        text
    });
    said(&["import", "auto", &runs, "-o", &packed]);
    said(&["import", "auto", &runs, "-o", &plain]);
    said(&["import", "auto", &runs, "-o", &each]);
    assert_eq!(names(Path::new(&each)), ["same-2.steps.jsonl", "same.steps.jsonl"]);
    let expected = json(&["import", "auto", &runs])["traces"].clone();
    assert_eq!(json(&["import", "auto", &packed])["traces"], expected);
    assert_eq!(json(&["import", "auto", &plain])["traces"], expected);
    let first = path(&folder, "each/same.steps.jsonl");
    assert!(std::fs::read_to_string(first).expect("written") == parts[0]);
    assert!(std::fs::read_to_string(&plain).expect("written") == parts.concat());
}

/// The header of a file of one run.
fn first_line(file: &str) -> Value {
    let text = std::fs::read_to_string(file).expect("it is there");
    serde_json::from_str(text.lines().next().expect("a header")).expect("JSON")
}

#[test]
fn a_run_that_is_there_twice_is_noted() {
    let output = run(&["analyze", SELF_CLAIM, "traces/preassigned.steps.jsonl"]);
    assert!(!output.stderr.contains("twice"));
    let folder = TempDir::new().expect("a folder");
    for name in ["a.steps.jsonl", "b.steps.jsonl"] {
        std::fs::copy(SELF_CLAIM, folder.path().join(name)).expect("copied");
    }
    let output = run(&["analyze", &folder.path().display().to_string()]);
    let twice = format!("note: {} occurs twice", first_line(SELF_CLAIM)["trace"].as_str().expect("a name"));
    assert!(output.stderr.contains(&twice), "{}", output.stderr);
}

#[test]
fn what_is_exported_to_opentelemetry_is_read_again() {
    let folder = TempDir::new().expect("a folder");
    let out = path(&folder, "r.otlp.jsonl");
    said(&["run", "hello", "--agents", "3", "--trace-out", &out]);
    let native = path(&folder, "r.steps.jsonl");
    said(&["run", "hello", "--agents", "3", "--trace-out", &native]);
    let (spans, steps) = (json(&["import", "auto", &out]), json(&["import", "auto", &native]));
    assert_eq!(spans["traces"][0]["format"], "otlp");
    for key in ["llm_calls", "agents", "duration_s", "input_tokens", "output_tokens", "max_concurrent_llm_calls"] {
        assert_eq!(spans["traces"][0][key], steps["traces"][0][key], "{key}");
    }
    let text = std::fs::read_to_string(&out).expect("written");
    for kind in ["LLM", "AGENT", "CHAIN"] {
        let attribute = format!(r#""key":"openinference.span.kind","value":{{"stringValue":"{kind}"}}"#);
        assert!(text.contains(&attribute), "{kind}");
    }
    assert_eq!(json(&["replay", &out])["runs"][0]["ape_percent"], 0.0);
}

#[test]
fn steps_that_were_lost_are_no_work() {
    let budget = json(&["replay", SELF_CLAIM])["runs"][0]["time_budget"]["work_s"].as_f64().expect("a number");
    let what_if = json(&["replay", SELF_CLAIM, "--agents", "1"]);
    let work = what_if["recorded"]["work_s"].as_f64().expect("a number");
    assert!((work - budget).abs() < 1e-3, "{work} s of work, {budget} s in the time budget");
    let text = said(&["replay", SELF_CLAIM, "--agents", "1"]);
    assert!(text.contains("\nsimulated: self_claim in rounds, as recorded\n"), "{text}");
}

#[test]
fn what_is_broken_is_left_out_only_if_asked() {
    let folder = TempDir::new().expect("a folder");
    let bad = path(&folder, "bad.steps.jsonl");
    let good = std::fs::read_to_string(SELF_CLAIM).expect("it is there");
    let broken = good.lines().take(4).chain(["not JSON"]).collect::<Vec<_>>().join("\n");
    std::fs::write(&bad, broken).expect("written");
    fails(&["import", "auto", &bad, SELF_CLAIM], 2, "bad.steps.jsonl:5");
    let told = json(&["import", "auto", &bad, SELF_CLAIM, "--skip-bad"]);
    assert_eq!(told["traces"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["skipped"], 1);
    assert!(told["problems"][0]["line"] == 5, "{}", told["problems"]);
}

#[test]
fn columns_say_what_a_table_means() {
    let folder = TempDir::new().expect("a folder");
    let file = path(&folder, "calls.csv");
    std::fs::write(&file, "who,from_ms,to_ms,prompt\nann,0,1500,10\nbo,500,2500,20\n").expect("written");
    let columns = "agent=who,start:ms=from_ms,end:ms=to_ms,input_tokens=prompt";
    let told = json(&["import", "table", &file, "--columns", columns]);
    let run = &told["traces"][0];
    assert_eq!((&run["agents"], &run["llm_calls"]), (&Value::from(2), &Value::from(2)));
    assert_eq!(run["duration_s"].as_f64(), Some(2.5));
    assert_eq!(run["input_tokens"], 30);
    fails(&["import", "table", &file, "--columns", "agent=nobody"], 2, "nobody");
    fails(&["import", "table", &file, "--columns", "nosuch=who"], 2, "unknown field");
}

#[test]
fn few_runs_are_not_tested() {
    let text = said(&["analyze", "traces"]);
    assert!(text.contains("no tests: these are too few runs") && !text.contains("Mann-Whitney"), "{text}");
    assert!(text.starts_with("2 recorded runs, 2 completed\n"), "{text}");
    assert!(said(&["analyze", SELF_CLAIM]).starts_with("one recorded run, completed\n"));
}

#[test]
fn recorded_runs_of_others_agree_between_commands() {
    let Some(folder) = crate::data("paper") else { return };
    let folder = folder.display().to_string();
    let import = json(&["import", "auto", &folder]);
    let replay = json(&["replay", &folder]);
    assert_eq!(import["traces"].as_array().map(Vec::len), Some(982));
    assert_eq!(replay["summary"]["counts_equal"], 982);
    let groups = json(&["analyze", &folder, "--by", "mode,n"]);
    let tests = groups["tests"].as_array().expect("a list");
    assert!(tests.iter().any(|test| test["over"] == "mode" && test["test"] == "Mann-Whitney"));
    assert_eq!(groups["groups"].as_array().map(Vec::len), Some(10));
}
