//! The binary, as a user and as a script meet it: output, exit codes, files, and what comes twice.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, brooks};

const FORMATS: [&str; 4] = ["table", "json", "csv", "markdown"];

/// Stdout of a command line that succeeds.
#[track_caller]
fn said(line: &str) -> String {
    brooks(line).run().done()
}

#[track_caller]
fn json(line: &str) -> Value {
    brooks(line).run().json()
}

#[track_caller]
fn fails(line: &str, code: i32, expected: &str) {
    brooks(line).run().fails(code, expected);
}

/// What a result names as the command that repeats it.
fn repeat(output: &str) -> &str {
    output.split("repeat: brooks ").nth(1).expect("how to repeat it").trim_end()
}

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

#[test]
fn every_command_speaks_every_format() {
    let results = [
        "run hello",
        "sweep hello --reps 2",
        "sweep hello --dry-run",
        "compare hello --reps 2",
        "optimal hello --agents 2,3",
        "plan hello",
        "check hello",
        "list architectures",
        "list scenarios",
        "list profiles",
        "list metrics",
        "list laws",
        "explain",
        "explain agents",
        "explain lost claim",
    ];
    for line in results {
        for format in FORMATS {
            let line = format!("{line} --format {format}");
            let out = said(&line);
            match format {
                "json" => {
                    let document: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("brooks {line}: {e}"));
                    assert_eq!(document["schema_version"], 1, "brooks {line}");
                    assert_eq!(document["brooks"], env!("CARGO_PKG_VERSION"), "brooks {line}");
                    assert!(document["command"].as_str().is_some_and(|command| command.starts_with("brooks ")));
                }
                "csv" => {
                    // The reader refuses rows of another length than the first.
                    let mut reader = csv::Reader::from_reader(out.as_bytes());
                    let rows = reader.records().collect::<Result<Vec<_>, _>>();
                    assert!(!rows.unwrap_or_else(|e| panic!("brooks {line}: {e}")).is_empty(), "brooks {line}");
                }
                "markdown" => assert!(out.contains("| -") || out.contains("|-"), "brooks {line}\n{out}"),
                _ => assert!(!out.trim().is_empty(), "brooks {line}"),
            }
            assert!(out.ends_with('\n') && !out.contains('\x1b'), "brooks {line}");
        }
    }
    assert!(said("").contains("brooks sweep hello"), "the tour");
    let commands = "run,sweep,merge,report,compare,optimal,check,baseline,baseline record,plan,list,explain,schema,new,completions,man";
    for command in std::iter::once("").chain(commands.split(',')) {
        assert!(said(&format!("{command} --help")).contains("Usage:"), "{command}");
    }
    assert_eq!(said("--version").trim(), concat!("brooks ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn old_spellings_still_work_and_are_hidden() {
    let script = said("sweep hello --job-script slurm --shards 3 -o out");
    assert_eq!(said("sweep hello --plan slurm --shards 3 -o out"), script);
    // Parsed, then refused for want of files: an unknown option would be named instead.
    for (line, missing) in [
        ("calibrate nowhere --way resampled -o out.yaml", "nowhere"),
        ("validate nowhere.yaml traces --into out.yaml", "nowhere.yaml"),
    ] {
        fails(line, 5, missing);
    }
    for (command, old) in [("sweep", "--plan"), ("calibrate", "--way"), ("validate", "--into")] {
        assert!(!said(&format!("{command} --help")).contains(old), "{command} {old}");
    }
}

#[test]
fn json_has_the_keys_that_others_rely_on() {
    let run = json("run paper --format json");
    for key in "schema_version brooks seed command scenario agents architecture ending digest".split(' ') {
        assert!(!run[key].is_null(), "{key}");
    }
    let metrics = "makespan_s rounds idle_rounds llm_calls messages_sent deliveries concurrent_writes rewrites_any \
                   rewrites_cross_agent temporal_violations failed_tests straggler_gap_s barrier_waste input_tokens \
                   output_tokens cost quality";
    for key in metrics.split_whitespace() {
        assert!(run["metrics"][key].is_number(), "{key}");
    }
    let budget: f64 = ["work_s", "service_s", "coordination_s", "waiting_s", "lost_s", "rework_s"]
        .iter()
        .map(|part| run["time_budget"][part].as_f64().expect("a part of the budget"))
        .sum();
    let whole = run["agents"].as_f64().zip(run["metrics"]["makespan_s"].as_f64()).map(|(n, time)| n * time);
    assert!((budget - whole.expect("numbers")).abs() < 1e-3, "the time budget balances");

    let sweep = json("sweep paper --reps 3 --format json");
    let rows = sweep["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 3 * 2 * 5);
    for row in rows {
        for key in ["workload.amdahl.parallel_fraction", "architecture", "baseline", "digest"] {
            assert!(row[key].is_string(), "{key}");
        }
        let counts = ["runs", "completed", "stalled", "timed_out"].map(|key| row[key].as_u64().expect(key));
        assert_eq!(counts[0], counts[1] + counts[2] + counts[3]);
        for key in ["agents", "amdahl_bound", "work_span_bound", "speedup.mean"] {
            assert!(row[key].is_number(), "{key}");
        }
        for metric in metrics.split_whitespace() {
            for part in ["mean", "sd", "ci95_low", "ci95_high", "p10", "p50", "p90"] {
                assert!(row[format!("{metric}.{part}")].is_number(), "{metric}.{part}");
            }
        }
    }
}

#[test]
fn stdout_is_data_and_stderr_is_talk() {
    let folder = TempDir::new().expect("a folder");
    let timeline = path(&folder, "run.svg");
    for format in ["json", "csv"] {
        let loud = brooks(&format!("run hello --narrate --timeline {timeline} --format {format}")).run();
        assert!(loud.stderr.contains("starts") && loud.stderr.contains("wrote "), "{format}");
        assert!(!loud.stdout.contains("starts") && !loud.stdout.contains("wrote "), "{format}");
        let quiet = brooks(&format!("run hello --timeline {timeline} --format {format} --quiet")).run();
        assert_eq!(quiet.stderr, "", "{format}");
    }
    for line in ["sweep hello --reps 2 --quiet", "compare hello --reps 2 --no-progress", "list metrics --quiet"] {
        assert_eq!(brooks(line).run().stderr, "", "{line}");
    }
    assert!(brooks("sweep hello --reps 2 --verbose").run().stderr.contains("runs in"));
    // Errors are told to the quiet too.
    assert!(!brooks("run nope --quiet").run().stderr.is_empty());
}

#[test]
fn exit_codes_say_what_happened() {
    let folder = TempDir::new().expect("a folder");
    let forgetful = path(&folder, "forgetful.yaml");
    let scenario = "workload: { chain: { tasks: 3 } }\nteam: { profile: { base: plain, orphan_rate: 1 } }";
    std::fs::write(&forgetful, scenario).expect("written");
    assert!(said(&format!("run {forgetful}")).starts_with("stalled after"));
    fails(&format!("run {forgetful} --require-complete"), 1, "claimed and forgot");
    fails(&format!("sweep {forgetful} --reps 4 --require-complete"), 1, "4 runs did not complete");
    fails("plan conflicts --lint", 1, "112 to mend");
    assert!(said("plan hello --lint").contains("no team is more than"));

    let broken = path(&folder, "broken.yaml");
    std::fs::write(&broken, "workload: { chain: { tasks: 0 } }\nteams: 3\n").expect("written");
    fails(&format!("run {broken}"), 2, "broken.yaml:1: workload.chain.tasks: 0 is below 1");
    fails(&format!("run {broken}"), 2, "broken.yaml:2: teams: no such key; did you mean \"team\"?");
    let latin = path(&folder, "latin.yaml");
    std::fs::write(&latin, b"name: caf\xe9\n").expect("written");
    fails(&format!("plan {latin}"), 2, "latin.yaml");
    let nowhere = folder.path().display();
    for (line, expected) in [
        ("dance", "unrecognized"),
        ("run", "required"),
        ("run helo", "did you mean \"hello\"?"),
        ("run hello --set agents", "expected PATH=VALUE"),
        ("run hello --set agnets=3", "did you mean \"team.agents\"?"),
        ("run hello -n 0", "below 1"),
        ("run hello -n 1..3", "expected a whole number"),
        ("run hello -a chaos", "architecture"),
        ("run hello --trace-out run.txt", "the format is inferred from the file extension"),
        ("sweep hello -n 3..1", "empty"),
        ("sweep hello --reps 0", "at least 1"),
        ("compare hello -a chaos", "unknown architecture"),
        ("explain stragler", "did you mean \"straggler\"?"),
        ("new - --from helo", "unknown scenario"),
        ("list gadgets", "possible values"),
    ] {
        fails(line, 2, expected);
        assert_eq!(brooks(line).run().stdout, "", "brooks {line}: nothing is said before the error");
    }
    fails(&format!("run {nowhere}"), 2, "it is a folder");
    for stdin in [&b"workload: 3"[..], b"", b"\xff\xfe", b"[1, 2"] {
        let output = brooks("run -").stdin(stdin).run();
        assert_eq!(output.code, 2);
        assert!(output.stderr.starts_with("stdin"), "{}", output.stderr);
    }
}

#[test]
fn what_is_wrong_with_an_argument_is_said_of_that_argument() {
    for (line, expected) in [
        ("run hello -n 0", "--agents: team.agents: 0 is below 1"),
        ("run hello -a chaos", "--architecture: architecture: \"chaos\" is not an allowed value"),
        ("run hello -n 0 --set seed=x", "--set: seed: "),
        ("sweep hello -n 3..1", "--agents: agents: \"3..1\" is empty"),
        ("sweep hello -n 0..3", "--agents: team.agents: 0 is below 1"),
        ("sweep hello -n [1", "--agents: agents: "),
        ("sweep hello -a chaos,solo", "--architecture: architecture: \"chaos\" is not an allowed value"),
        ("sweep hello --axis team.profile.error_rate=0,2", "--axis: team.profile.error_rate: 2 is above 1"),
        ("sweep hello --axis profile.error_rate=0,2", "--axis: team.profile.error_rate: 2 is above 1"),
        ("sweep hello --axis agnets=1,2", "--axis: agnets: no such key"),
        ("sweep hello --axis team.profil.error_rate=0,1", "--axis: team.profil: no such key"),
        ("sweep hello --axis seed.x=1", "--axis: seed.x: "),
        (
            "sweep hello --axis team.profile.error_rate=0..2 --design lhs:4",
            "--axis: team.profile.error_rate: 2 is above 1",
        ),
        ("compare hello -n 3..1", "--agents: agents: \"3..1\" is empty"),
        ("plan hello -n 3..1", "--agents: agents: \"3..1\" is empty"),
        ("optimal hello -n 3..1", "--agents: agents: \"3..1\" is empty"),
        ("baseline record hello -a chaos", "--architecture: architecture: "),
        (
            "sweep hello --find crossover --between preassigned,self_claim -n x --along team.profile.error_rate=0..1",
            "--agents: ",
        ),
        (
            "sweep hello --find crossover --between preassigned,self_claim --along team.profile.error_rate=0..3",
            "--along: team.profile.error_rate: 3 is above 1",
        ),
        ("sweep hello --set seed=x -a chaos", "--set: seed: "),
        ("run hello -n 4 --set team.profile.error_rate=2", "--set: team.profile.error_rate: 2 is above 1"),
    ] {
        fails(line, 2, expected);
    }
    // Both at once, each with its place.
    let told = brooks("run hello -n 0 -a chaos --set team.profile.error_rate=2").run();
    let told = told.stderr;
    for place in ["--agents: team.agents", "--architecture: architecture", "--set: team.profile.error_rate"] {
        assert!(told.contains(place), "{place} in {told}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let folder = TempDir::new().expect("a folder");
    let file = path(&folder, "file");
    std::fs::write(&file, "in the way").expect("written");
    for line in [
        format!("sweep hello --reps 2 -o {file}/below"),
        format!("run hello --timeline {file}/run.svg"),
        format!("run hello --trace-out {file}/run.trace.json"),
        format!("new {file}/mine.yaml"),
        format!("man -o {file}/man"),
    ] {
        fails(&line, 5, &file);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "in the way");
}

#[test]
fn errors_are_json_where_results_are() {
    let folder = TempDir::new().expect("a folder");
    let file = path(&folder, "file");
    std::fs::write(&file, "").expect("written");
    for (line, code, kind) in [
        ("run hello --set foo=1 --format json".to_owned(), 2, "unknown-key"),
        ("run hello --set foo --format=json".to_owned(), 2, "usage"),
        ("run nope --format json".to_owned(), 2, "missing-file"),
        ("run --format json".to_owned(), 2, "usage"),
        ("plan conflicts --lint --format json".to_owned(), 1, "finding"),
        (format!("sweep hello --reps 2 -o {file}/x --format json"), 5, "io"),
    ] {
        let output = brooks(&line).run();
        assert_eq!(output.code, code, "brooks {line}");
        let document: Value =
            serde_json::from_str(&output.stderr).unwrap_or_else(|e| panic!("{line}: {e}\n{}", output.stderr));
        let error = &document["errors"][0];
        assert_eq!(error["code"], kind, "brooks {line}");
        for key in ["file", "line", "path", "message", "expected"] {
            assert!(error.get(key).is_some(), "brooks {line}: {key}");
        }
    }
}

#[test]
fn a_seed_is_all_it_takes_to_repeat() {
    for line in ["run hello", "sweep hello --reps 3 -n 1..2", "compare hello --reps 3", "plan hello", "run paper -n 3"]
    {
        let first = said(line);
        let again = said(repeat(&first));
        assert_eq!(first, again, "brooks {line}");
    }
    let digest = |line: &str| json(line)["digest"].as_str().expect("a digest").to_owned();
    assert_eq!(digest("run hello --format json"), digest("run hello --format json --seed 42"));
    assert_ne!(digest("run hello --format json"), digest("run hello --format json --seed 43"));
    assert_ne!(digest("run hello --format json"), digest("run hello --format json --replication 1"));
    assert_eq!(
        digest("run hello --format json --set seed=43"),
        digest("run hello --format json --seed 43"),
        "a seed is a setting like any other"
    );
}

#[test]
fn colour_only_where_it_is_wanted() {
    let green = |line: &str, no_color: Option<&str>| {
        let command = brooks(line);
        let command = no_color.into_iter().fold(command, |command, value| command.env("NO_COLOR", value));
        command.run().stdout.contains('\x1b')
    };
    let line = "sweep hello --reps 2 -n 1..2";
    assert!(!green(line, None), "this is no terminal");
    assert!(green(&format!("{line} --color always"), None));
    assert!(green(&format!("{line} --color always"), Some("1")), "who asks for colour gets it");
    assert!(!green(&format!("{line} --color never"), None));
    assert!(!green(&format!("{line} --color auto"), Some("1")));
    for format in ["json", "csv", "markdown"] {
        assert!(!green(&format!("{line} --color always --format {format}"), None), "{format}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for line in ["run paper --narrate", "explain", "sweep paper --reps 2 --format csv", "completions bash"] {
        let mut child = brooks(line).spawn();
        drop(child.stdout.take());
        let output = Ran::of(line.to_owned(), child);
        assert_eq!(output.code, 0, "brooks {line}");
        assert_eq!(output.stderr, "", "brooks {line}");
    }
}

#[test]
fn a_sweep_gives_the_same_bytes() {
    let folders = [(); 3].map(|()| TempDir::new().expect("a folder"));
    let sweep = |folder: &TempDir, threads: u32| {
        let folder = folder.path().display();
        said(&format!("sweep paper --reps 70 --threads {threads} --format csv -o {folder}"))
    };
    let out = [sweep(&folders[0], 1), sweep(&folders[1], 2), sweep(&folders[2], 2)];
    assert!(out[0] == out[1] && out[1] == out[2], "stdout");
    for name in ["sweep.csv", "sweep.parquet", "curve.svg"] {
        let files = folders.each_ref().map(|folder| std::fs::read(folder.path().join(name)).expect(name));
        assert!(files[0].len() > 1_000, "{name}");
        assert!(files[0] == files[1] && files[1] == files[2], "{name}");
    }
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let left = names(folders[0].path());
    assert_eq!(left, ["curve.svg", "parts", "plan.json", "sweep.csv", "sweep.parquet"], "nothing half-written is left");
    let parts = names(&folders[0].path().join("parts"));
    assert!(parts.iter().all(|name| !name.contains(".tmp-")), "{parts:?}");
    let verified = brooks("sweep hello --reps 5 --verify --quiet --threads 2").run();
    assert_eq!(verified.code, 0);
    assert!(brooks("sweep hello --reps 5 --verify").run().stderr.contains("verified: 24 points"));
}

#[test]
fn axes_of_the_command_line() {
    let sizes = |line: &str| -> Vec<u64> {
        let document = json(&format!("{line} --format json --reps 2"));
        document["rows"].as_array().expect("rows").iter().map(|row| row["agents"].as_u64().expect("a size")).collect()
    };
    assert_eq!(sizes("sweep bench -n 1..3"), [1, 2, 3]);
    assert_eq!(sizes("sweep bench -n 1,2,4"), [1, 2, 4]);
    assert_eq!(sizes("sweep bench -n 5"), [5]);
    assert_eq!(sizes("sweep bench --set sweep.agents=1..16"), (1..=16).collect::<Vec<_>>());
    assert_eq!(sizes("sweep bench --set agents=3"), [3], "a value that is set is no longer an axis");
    assert_eq!(sizes("sweep bench --set team.agents=3 -n 2"), [2]);
    assert_eq!(sizes("sweep paper --set workload.amdahl.parallel_fraction=0.9 -a self_claim"), [1, 2, 3, 4, 5]);
    let document = json("sweep hello -a preassigned,self_claim -n 2 --reps 2 --format json");
    let names: Vec<_> = document["rows"].as_array().expect("rows").iter().map(|row| &row["architecture"]).collect();
    assert_eq!(names, ["preassigned", "self_claim"]);
    let compared = json("compare hello -a preassigned,self_claim -n 1,3 --reps 2 --format json");
    assert_eq!(compared["comparisons"].as_array().map(Vec::len), Some(2));
    let planned = json("plan hello -n 1,2,64 --format json");
    assert_eq!(planned["bounds"].as_array().map(Vec::len), Some(3));
    let plan = json("sweep paper --dry-run --reps 7 --format json");
    assert_eq!((&plan["points"], &plan["replications"], &plan["runs"]), (&30.into(), &7.into(), &(30 * 7).into()));
}

#[test]
fn a_scenario_from_stdin_is_a_scenario() {
    let hello = said("new -");
    let from_stdin = brooks("run - --format csv").stdin(hello.as_bytes()).run();
    assert_eq!(from_stdin.code, 0, "{}", from_stdin.stderr);
    assert_eq!(from_stdin.stdout, said("run hello --format csv"));
}

#[test]
fn new_scenarios_are_one_s_own() {
    let folder = TempDir::new().expect("a folder");
    let mine = path(&folder, "mine.yaml");
    for scenario in brooks::scenario::library::SCENARIOS {
        let file = path(&folder, &format!("{}.yaml", scenario.name));
        said(&format!("new {file} --from {}", scenario.name));
        assert_eq!(std::fs::read_to_string(&file).expect("written"), scenario.text);
        said(&format!("plan {file}"));
    }
    said(&format!("new {mine}"));
    std::fs::write(&mine, "changed").expect("written");
    fails(&format!("new {mine}"), 2, "already exists; nothing was written");
    assert_eq!(std::fs::read_to_string(&mine).expect("still there"), "changed");
}

#[test]
fn runs_are_drawn_and_written() {
    let folder = TempDir::new().expect("a folder");
    let [svg, native, chrome] = ["a.svg", "a.steps.jsonl", "a.trace.json"].map(|name| path(&folder, name));
    said(&format!("run hello --timeline {svg} --trace-out {native}"));
    said(&format!("run hello --trace-out {chrome}"));
    let read = |name: &str| std::fs::read_to_string(Path::new(name)).expect("written");
    assert!(read(&svg).starts_with("<svg") && read(&svg).trim_end().ends_with("</svg>"));
    for line in read(&native).lines() {
        let record: Value = serde_json::from_str(line).expect("a JSON object a line");
        assert!(record["record"] == "header" || record["record"] == "step");
    }
    let chrome: Value = serde_json::from_str(&read(&chrome)).expect("JSON");
    assert!(chrome["traceEvents"].as_array().is_some_and(|events| events.len() > 20));
}

#[test]
fn other_programs_are_told() {
    let folder = TempDir::new().expect("a folder");
    said(&format!("man -o {}", folder.path().display()));
    for name in ["brooks", "brooks-run", "brooks-sweep", "brooks-compare", "brooks-plan", "brooks-explain"] {
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).expect(name);
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&format!("completions {shell}"));
        assert!(script.contains("sweep") && script.contains("narrate"), "{shell}");
    }
    let schema: Value = serde_json::from_str(&said("schema")).expect("JSON");
    for (path, _) in brooks::scenario::keys::all().iter().filter(|(path, _)| !path.contains('.')) {
        assert!(schema["properties"].get(path).is_some(), "{path}");
    }
}
