//! Sweeps at scale: the same bytes whatever the threads, the shards and the interruptions, and what is kept of one that
//! was killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;

use crate::binary::{Ran, brooks};

/// A sweep of `hello` with an error rate as a third axis, as a file in this folder.
fn scenario(folder: &TempDir, rates: &str) -> String {
    let path = folder.path().join("scenario.yaml");
    let text = include_str!("../../scenarios/hello.yaml");
    let axis = format!("  agents: 1..8\n  team.profile.error_rate: {rates}\n");
    std::fs::write(&path, text.replace("  agents: 1..8\n", &axis)).expect("a scenario");
    path.display().to_string()
}

/// Small, and still of several parts: 54 points of 40 replications.
fn small(folder: &TempDir) -> String {
    let scenario = scenario(folder, "[0, 0.1, 0.2]");
    format!("sweep {scenario} -n 1..6 --reps 40 --per-run --no-progress")
}

#[track_caller]
fn done(line: &str) -> String {
    brooks(line).run().done()
}

#[track_caller]
fn fails(line: &str, code: i32, expected: &str) {
    brooks(line).run().fails(code, expected);
}

/// A folder for results and its path as text.
fn place(folder: &TempDir, name: &str) -> (PathBuf, String) {
    let path = folder.path().join(name);
    let text = path.display().to_string();
    (path, text)
}

#[track_caller]
fn assert_same(one: &Path, other: &Path, what: &str) {
    for file in ["sweep.csv", "sweep.parquet", "runs.parquet", "curve.svg"] {
        let read =
            |folder: &Path| std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{what}: {file}: {error}"));
        assert!(read(one) == read(other), "{what}: {file} differs");
    }
}

#[test]
fn threads_and_shards_change_no_byte() {
    let folder = TempDir::new().expect("a folder");
    let sweep = small(&folder);
    let (whole, at) = place(&folder, "whole");
    done(&format!("{sweep} -o {at} --threads 1"));
    let (two, at) = place(&folder, "two");
    done(&format!("{sweep} -o {at} --threads 2 --save-every 3ms"));
    assert_same(&whole, &two, "two threads");
    for shards in [1, 3, 7] {
        let (merged, at) = place(&folder, &format!("of-{shards}"));
        for shard in (1..=shards).rev() {
            done(&format!("{sweep} -o {at} --shard {shard}/{shards} --threads {}", 1 + shard % 2));
        }
        done(&format!("merge {at} -o {at}"));
        assert_same(&whole, &merged, &format!("{shards} shards"));
    }
    // The table is the same as well, but for the command that repeats it.
    let (_, first) = place(&folder, "two");
    let tables = [
        done(&format!("{sweep} -o {first} --threads 2")),
        done(&format!("merge {}/of-3 -o {}/x", folder.path().display(), folder.path().display())),
    ];
    let body = |table: &str| table.split("\nseed ").next().map(str::to_owned);
    assert_eq!(body(&tables[0]), body(&tables[1]));
}

#[test]
fn threads_and_shards_change_no_byte_of_work_that_is_drawn_for_each_replication() {
    let folder = TempDir::new().expect("a folder");
    let (file, scenario) = place(&folder, "scenario.yaml");
    let text = include_str!("../../scenarios/hello.yaml").replace("size: 400 tokens", "size: exponential(mean=400)");
    assert!(text.contains("exponential"));
    std::fs::write(file, text).expect("a scenario");
    let sweep = format!("sweep {scenario} -n 1..4 --reps 40 --per-run --no-progress");
    let (whole, at) = place(&folder, "whole");
    done(&format!("{sweep} -o {at} --threads 1"));
    let (two, at) = place(&folder, "two");
    done(&format!("{sweep} -o {at} --threads 2 --save-every 3ms"));
    assert_same(&whole, &two, "two threads");
    let (merged, at) = place(&folder, "of-3");
    for shard in [3, 1, 2] {
        done(&format!("{sweep} -o {at} --shard {shard}/3 --threads {}", 1 + shard % 2));
    }
    done(&format!("merge {at} -o {at}"));
    assert_same(&whole, &merged, "3 shards");
}

#[test]
fn what_is_missing_is_named() {
    let folder = TempDir::new().expect("a folder");
    let (path, at) = place(&folder, "out");
    let small = "sweep hello -n 1..2 --reps 2 --no-progress";
    for shard in [1, 2, 4, 5, 6, 10, 11, 12] {
        done(&format!("{small} -o {at} --shard {shard}/12"));
    }
    fails(&format!("merge {at} -o {at}"), 3, "shards 3,7-9 of 12 are missing");
    assert!(!path.join("sweep.csv").exists());
    for shard in [3, 7, 8, 9] {
        done(&format!("{small} -o {at} --shard {shard}/12 --resume"));
    }
    done(&format!("merge {at} -o {at}"));
    // Another copy of a shard is no harm; a shard of another sweep is.
    let (_, other) = place(&folder, "other");
    done(&format!("{small} -o {other} --shard 3/12"));
    done(&format!("merge {at} {other} -o {other}/all"));
    done(&format!("{small} -o {other} --shard 4/12 --seed 7"));
    fails(&format!("merge {at} {other} -o {other}/all"), 2, "seed 7 there, 42 here");
    fails(&format!("merge {} -o {other}", folder.path().join("none").display()), 2, "no plan.json");
    // Parts that are gone, or damaged.
    let files = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.expect("an entry").path()));
        entries.map_or(Vec::new(), Iterator::collect)
    };
    let part = files(path.clone()).into_iter().flat_map(|shard| files(shard.join("parts"))).min().expect("a part");
    let mut bytes = std::fs::read(&part).expect("a part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).expect("it can be written");
    fails(&format!("merge {at} -o {at}"), 5, "damaged");
    std::fs::remove_file(part).expect("it can go");
    fails(&format!("merge {at} -o {at}"), 3, "points are missing");
}

#[test]
fn a_folder_is_not_written_over_by_accident() {
    let folder = TempDir::new().expect("a folder");
    let sweep = small(&folder);
    let (path, at) = place(&folder, "out");
    done(&format!("{sweep} -o {at}"));
    // What is finished may be run again.
    done(&format!("{sweep} -o {at}"));
    let plan = std::fs::read_to_string(path.join("plan.json")).expect("a plan");
    std::fs::write(path.join("plan.json"), plan.replace("\"complete\": true", "\"complete\": false")).expect("written");
    fails(&format!("{sweep} -o {at}"), 2, "unfinished sweep of hello; expected --resume");
    fails(&format!("{sweep} -o {at} --resume --seed 7"), 2, "seed 42 there, 7 here");
    fails(&format!("{sweep} -o {at} --resume --set team.profile.detection=0.5"), 2, "a setting");
    done(&format!("{sweep} -o {at} --resume"));
}

/// A whole number below `bound` that differs from call to call; tests need no quality.
fn random(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % bound
}

#[test]
#[expect(clippy::disallowed_types, reason = "kills have to come while it runs")]
fn a_killed_sweep_goes_on_and_ends_with_the_same_bytes() {
    let folder = TempDir::new().expect("a folder");
    let sweep = small(&folder);
    let (whole, at) = place(&folder, "whole");
    let started = std::time::Instant::now();
    done(&format!("{sweep} -o {at} --threads 1"));
    let took = started.elapsed().as_millis().max(20) as u64;
    let times = if std::env::var_os("BROOKS_SLOW").is_some() { 20 } else { 4 };
    let mut state = 42;
    let mut kept_something = 0;
    for time in 0..40 {
        // On a loaded machine kills may all come too early or too late: more of them are tried then.
        if time >= times && kept_something > 0 {
            break;
        }
        let (path, at) = place(&folder, &format!("killed-{time}"));
        let line = format!("{sweep} -o {at} --threads 1 --save-every 2ms --resume");
        // Killed twice: what was resumed may be killed as well.
        for _ in 0..2 {
            let mut child: Child = brooks(&line).spawn();
            std::thread::sleep(Duration::from_millis(random(&mut state, took)));
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
        kept_something += usize::from(path.join("parts").exists() && !path.join("sweep.csv").exists());
        done(&line);
        assert_same(&whole, &path, &format!("killed for the {time}th time"));
        let left = std::fs::read_dir(&path).expect("the folder").map(|entry| entry.expect("an entry").file_name());
        assert!(left.into_iter().all(|name| !name.to_string_lossy().contains(".tmp-")), "nothing unfinished is left");
    }
    assert!(kept_something > 0, "some were killed in the middle");
}

/// The rules for points and replications under which a point must still not know who runs it.
const RULES: [&str; 4] = [
    "--precision 8% --max-reps 200",
    "--design lhs:30 --reps 25",
    "--design sobol:32 --precision 10%",
    "--design sobol:24 --reps 20 --independent",
];

#[test]
fn designs_and_precision_know_nothing_of_threads_and_shards() {
    let folder = TempDir::new().expect("a folder");
    let scenario = scenario(&folder, "[0, 0.2]");
    for (number, rule) in RULES.iter().enumerate() {
        let sweep = format!("sweep {scenario} -n 1..5 {rule} --per-run --no-progress");
        let (whole, at) = place(&folder, &format!("whole-{number}"));
        done(&format!("{sweep} -o {at} --threads 1"));
        let (two, at) = place(&folder, &format!("two-{number}"));
        done(&format!("{sweep} -o {at} --threads 2 --save-every 3ms"));
        assert_same(&whole, &two, &format!("{rule}: two threads"));
        for shards in [3, 7] {
            let (merged, at) = place(&folder, &format!("{number}-of-{shards}"));
            for shard in 1..=shards {
                done(&format!("{sweep} -o {at} --shard {shard}/{shards} --threads {}", 1 + shard % 2));
            }
            done(&format!("merge {at} -o {at}"));
            assert_same(&whole, &merged, &format!("{rule}: {shards} shards"));
        }
        // Killed as soon as something is saved.
        let (resumed, at) = place(&folder, &format!("resumed-{number}"));
        let line = format!("{sweep} -o {at} --threads 2 --save-every 1ms --resume");
        let mut child = brooks(&line).spawn();
        until(&mut child, || has(&resumed.join("parts"), ".part"));
        child.kill().and_then(|()| child.wait()).expect("it ends");
        done(&line);
        assert_same(&whole, &resumed, &format!("{rule}: resumed"));
    }
}

/// Whether a file with this in its name is in the folder.
fn has(folder: &Path, part_of_name: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().contains(part_of_name))
}

/// Waits until something is so, or the child has ended. Says whether it is so.
fn until(child: &mut Child, is: impl Fn() -> bool) -> bool {
    loop {
        if is() {
            return true;
        }
        if child.try_wait().expect("a child").is_some() {
            return is();
        }
    }
}

/// A moment is a file that is there, or not yet.
type Moment = (&'static str, fn(&Path) -> bool);

#[test]
fn it_may_be_killed_in_every_phase() {
    let moments: [Moment; 6] = [
        ("before the first part", |folder| folder.join("plan.json").exists()),
        ("while a part is written", |folder| has(&folder.join("parts"), ".tmp-")),
        ("between two parts", |folder| has(&folder.join("parts"), ".part")),
        ("while rows are put together", |folder| has(folder, "sweep.csv.tmp-")),
        ("while runs are put together", |folder| has(folder, "runs.parquet.tmp-")),
        ("when a part of the results is there", |folder| folder.join("sweep.csv").exists()),
    ];
    let folder = TempDir::new().expect("a folder");
    // Enough points for every phase to take a while: 480 of four runs.
    let scenario = scenario(&folder, "0..0.19 by 0.01");
    let sweep = format!("sweep {scenario} --reps 4 --per-run --no-progress -q --threads 1");
    let (whole, at) = place(&folder, "whole");
    done(&format!("{sweep} -o {at}"));
    for (number, (what, is)) in moments.into_iter().enumerate() {
        let (path, at) = place(&folder, &format!("killed-{number}"));
        let line = format!("{sweep} -o {at} --save-every 20ms --resume");
        let mut child = brooks(&line).spawn();
        assert!(until(&mut child, || is(&path)), "never {what}");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        let plan = std::fs::read_to_string(path.join("plan.json")).unwrap_or_default();
        assert!(!plan.contains("\"complete\": true"), "{what}: it had ended");
        done(&line);
        assert_same(&whole, &path, what);
        assert!(!has(&path, ".tmp-") && !has(&path.join("parts"), ".tmp-"), "{what}: something unfinished is left");
    }
}

#[cfg(unix)]
#[test]
fn asked_to_end_it_keeps_what_is_finished() {
    let folder = TempDir::new().expect("a folder");
    let (path, at) = place(&folder, "out");
    // Long enough that nobody waits for its end.
    let line = format!("sweep hello --reps 1000000 -o {at} --save-every 10ms --no-progress --threads 1");
    let child = brooks(&line).spawn();
    while !path.join("plan.json").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    let asked = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(asked.success());
    let error = Ran::of(line, child).exits(130).stderr;
    assert!(error.contains("of 24 points are kept in") && error.contains("--resume continues"), "{error}");
    assert!(!path.join("sweep.csv").exists());
}

#[test]
fn more_points_than_anybody_reads() {
    // 10,752 points of one run.
    let folder = TempDir::new().expect("a folder");
    let (path, at) = place(&folder, "out");
    let line = format!("sweep {} --reps 1 --no-progress -q", scenario(&folder, "0..0.0447 by 0.0001"));
    let run = |more: &str| {
        let ran = brooks(&[&*line, more].join(" ")).run();
        (ran.code, ran.stdout, ran.stderr)
    };
    let (code, _, error) = run("");
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("points: a table shows up to 10,000; expected -o DIR"), "{error}");
    let (code, text, error) = run(&format!("-o {at}"));
    assert_eq!(code, 0, "{error}");
    assert!(text.starts_with("fastest: ") && text.contains("all rows: "), "{text}");
    let (_, csv, _) = run("--format csv");
    assert_eq!(csv, std::fs::read_to_string(path.join("sweep.csv")).expect("rows"));
    assert!(csv.lines().count() == 1 + 24 * 448);
}

#[test]
fn single_runs_add_up_to_the_rows() {
    let folder = TempDir::new().expect("a folder");
    let (path, at) = place(&folder, "out");
    done(&format!("sweep hello -n 1,2,4 --reps 30 -o {at} --no-progress --per-run jsonl"));
    let mut sums = std::collections::BTreeMap::new();
    for line in std::fs::read_to_string(path.join("runs.jsonl")).expect("runs").lines() {
        let run: serde_json::Value = serde_json::from_str(line).expect("an object");
        assert_eq!(run["ending"], "completed");
        let key = format!("{} {}", run["architecture"].as_str().expect("text"), run["agents"]);
        let sum = sums.entry(key).or_insert((0.0, 0_u64));
        assert_eq!(run["replication"], sum.1);
        *sum = (sum.0 + run["makespan_s"].as_f64().expect("a number"), sum.1 + 1);
    }
    let mut rows = csv::Reader::from_path(path.join("sweep.csv")).expect("rows");
    let head = rows.headers().expect("a head").clone();
    let place = |name: &str| head.iter().position(|other| other == name).expect("a column");
    for row in rows.records().map(|row| row.expect("a row")) {
        let (sum, n) = sums[&format!("{} {}", &row[place("architecture")], &row[place("agents")])];
        let mean: f64 = row[place("makespan_s.mean")].parse().expect("a number");
        assert!(n == 30 && (sum / 30.0 - mean).abs() < 1e-9 * mean);
    }
    // Our own reader of Parquet files, which knows nothing of how this one was written.
    let fit = done(&format!(
        "fit {at}/sweep.parquet --x agents --y makespan_s.mean --by architecture --format json --resamples 0"
    ));
    assert!(fit.contains("preassigned"), "{fit}");
}

#[test]
fn pandas_polars_and_duckdb_open_it() {
    let Some(python) = std::env::var_os("BROOKS_PYTHON") else {
        println!("skipped: BROOKS_PYTHON names no Python with pandas, Polars and DuckDB");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let (_, at) = place(&folder, "out");
    done(&format!("sweep hello --reps 30 -o {at} --no-progress --per-run"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/open_results.py");
    let output = Command::new(python).arg(script).arg(&at).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "24 rows, 720 runs");
}

#[test]
fn designs_choose_points_between_the_ends() {
    let folder = TempDir::new().expect("a folder");
    let line = format!("sweep {} --reps 3 --format csv --no-progress", scenario(&folder, "[0, 0.3]"));
    for design in ["lhs:40", "sobol:64"] {
        let csv = done(&format!("{line} --design {design}"));
        let mut rows = csv::Reader::from_reader(csv.as_bytes());
        let head = rows.headers().expect("a head").clone();
        let place = |name: &str| head.iter().position(|other| other == name).expect("a column");
        let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
        assert_eq!(rows.len().to_string(), design.split(':').nth(1).expect("a number"));
        let rates: Vec<f64> =
            rows.iter().map(|row| row[place("team.profile.error_rate")].parse().expect("a rate")).collect();
        assert!(rates.iter().all(|rate| (0.0..=0.3).contains(rate)));
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!((mean - 0.15).abs() < 0.01, "{design}: {mean}");
        for agents in 1..=8 {
            let with = rows.iter().filter(|row| row[place("agents")] == agents.to_string()).count();
            assert_eq!(with, rows.len() / 8, "{design}: {agents} agents");
        }
    }
    fails("sweep hello --design sobol:0", 2, "expected grid, lhs:K or sobol:K");
}

#[test]
fn scripts_run_the_same_command_in_shards() {
    let words = ["slurm", "k8s", "hq", "parallel", "github-matrix"];
    let expected = ["--array=1-12", "completions: 12", "--array 1-12", "seq 12", "matrix.shard"];
    for (engine, expected) in words.iter().zip(expected) {
        let script = done(&format!("sweep hello --reps 7 --job-script {engine} --shards 12 -o out/here --threads 3"));
        assert!(script.contains(expected), "{engine}\n{script}");
        assert!(script.contains("brooks sweep hello --reps 7 --shard "), "{engine}\n{script}");
        assert!(
            script.contains("--output out/here --resume") && script.contains("brooks merge out/here"),
            "{engine}\n{script}"
        );
        assert!(!script.contains("--job-script") && !script.contains("--threads 3"), "{engine}\n{script}");
    }
}
