//! `brooks report`: one page of any folder that `sweep` and `merge` leave, whole or not, and what it says of others.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::brooks;
use crate::golden;

#[track_caller]
fn done(at: &Path, line: &str) -> String {
    brooks(line).within(at).run().done()
}

#[track_caller]
fn fails(at: &Path, line: &str, code: i32, expected: &str) {
    brooks(line).within(at).run().fails(code, expected);
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const SWEEP: &str = "sweep hello -n 1..4 --reps 6 --no-progress -q";

#[test]
fn the_same_page_whatever_the_threads_and_the_shards() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(at, &format!("{SWEEP} -o one --threads 1"));
    done(at, &format!("{SWEEP} --threads 2 -o two --save-every 1ms --verify"));
    for shard in 1..=3 {
        done(at, &format!("{SWEEP} --output=parts --shard {shard}/3"));
    }
    // All shards, not put together yet: everything is there.
    let apart = brooks("report parts -o apart.html").within(at).run();
    assert_eq!(apart.code, 0);
    assert!(apart.stderr.contains("brooks merge parts -o parts"), "{}", apart.stderr);
    done(at, "merge parts -o parts");
    for folder in ["one", "two", "parts"] {
        done(at, &format!("report {folder}"));
    }
    let page = read(at.join("one/report.html"));
    for (other, what) in [("two/report.html", "threads"), ("parts/report.html", "merged"), ("apart.html", "shards")] {
        assert!(page == read(at.join(other)), "{what}: another page");
    }
    assert_eq!(done(at, "report one -o -"), page);
    // Every point by its digest, and the command by which it is made again.
    let csv = read(at.join("one/sweep.csv"));
    let digests: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.rsplit(',').next()).collect();
    assert_eq!(digests.len(), 12);
    assert!(digests.iter().all(|digest| page.contains(digest)));
    let typed = page.split("<dt>the sweep</dt><dd><code>brooks ").nth(1).and_then(|rest| rest.split('<').next());
    let typed = typed.expect("a command").replace("-o DIR", "-o again");
    assert_eq!(typed, "sweep hello -n 1..4 --reps 6 --seed 42 -o again");
    done(at, &typed);
    done(at, "report again");
    assert!(page == read(at.join("again/report.html")), "made again it is another page");
    // A page is replaced as a whole, and nothing else is left.
    let names = std::fs::read_dir(at.join("one")).expect("a folder").map(|e| e.expect("an entry").file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().contains("report")).count(), 1);
}

#[test]
fn what_it_prints_is_the_verdict_in_every_format() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(at, "sweep paper -n 1,2 --reps 5 --no-progress -q -o out");
    let said = done(at, "report out");
    assert!(said.starts_with("parallel_fraction 0.2: fastest with "), "{said}");
    assert!(said.contains("best architecture") && said.contains("repeat: brooks report out"), "{said}");
    let json: Value = serde_json::from_str(&done(at, "report out --format json")).expect("a document");
    assert_eq!((&json["schema_version"], &json["points"], &json["of_points"]), (&1.into(), &12.into(), &12.into()));
    assert_eq!((json["scenario"].as_str(), json["page"].as_str()), (Some("paper"), Some("out/report.html")));
    assert_eq!(json["best"].as_array().map(Vec::len), Some(3));
    assert_eq!(json["runs"].as_u64(), Some(60));
    assert!(done(at, "report out --format markdown").contains("| best architecture"));
    let csv = done(at, "report out --format csv");
    assert_eq!(csv.lines().count(), 4, "{csv}");
}

#[test]
fn what_is_not_finished_is_shown_and_named() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    for shard in [2, 5] {
        done(at, &format!("{SWEEP} -o out --shard {shard}/6"));
    }
    fails(at, "report out", 3, "points are missing");
    let page = read(at.join("out/report.html"));
    assert!(page.contains("of 12 points are there") && page.contains("Shards 1,3-4,6 of 6 are missing or unfinished."));
    let incomplete = brooks("report out --format json").within(at).run().exits(3);
    let json: Value = serde_json::from_str(&incomplete.stdout).expect("a document");
    assert_eq!(json["missing_shards"].as_str(), Some("1,3-4,6"));
    assert!(json["points"].as_u64() < json["of_points"].as_u64());
    // A shard alone is as much a part as all of those that are there.
    fails(at, "report out/shard-0002-of-0006", 3, "points are missing");
    // The rest, without its last part.
    done(at, &format!("{SWEEP} -o whole"));
    let plan = at.join("whole/plan.json");
    std::fs::write(&plan, read(&plan).replace("\"complete\": true", "\"complete\": false")).expect("written");
    done(at, "report whole -o whole.html");
    let parts: Vec<PathBuf> = std::fs::read_dir(at.join("whole/parts"))
        .expect("parts")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    for part in &parts {
        let mut bytes = std::fs::read(part).expect("a part");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(part, bytes).expect("written");
    }
    fails(at, "report whole", 5, "damaged");
    for part in parts {
        std::fs::remove_file(part).expect("it can go");
    }
    fails(at, "report whole", 3, "none of 12 points is finished");
    // Shards of two sweeps make no page.
    done(at, &format!("{SWEEP} -o other --seed 7 --shard 3/6"));
    std::fs::rename(at.join("other/shard-0003-of-0006"), at.join("out/shard-0003-of-0006")).expect("moved");
    fails(at, "report out", 2, "belong to different sweeps: seed 7 there, 42 here");
}

#[test]
fn other_folders_and_damage_are_told() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(at, &format!("{SWEEP} -o out"));
    fails(at, "report nowhere", 2, "nowhere: no such folder; expected the folder of brooks sweep");
    fails(at, "report out/sweep.csv", 2, "a file, not a folder");
    fails(at, "report out/parts", 2, "no plan.json");
    fails(at, "report out -o out/sweep.csv", 2, "expected a file ending in .html");
    fails(at, "report out -o out/plan.json/report.html", 5, "out/plan.json/report.html: ");
    std::fs::create_dir(at.join("taken.html")).expect("a folder");
    fails(at, "report out -o taken.html", 5, "taken.html: ");
    fails(at, "report", 2, "DIR");
    let (plan, csv) = (read(at.join("out/plan.json")), read(at.join("out/sweep.csv")));
    let with = |plan: &str, csv: &str| {
        std::fs::write(at.join("out/plan.json"), plan).expect("written");
        std::fs::write(at.join("out/sweep.csv"), csv).expect("written");
    };
    for (damaged, expected) in [
        ("{}", "out/plan.json: missing field"),
        ("not json", "out/plan.json: expected ident"),
        (
            &plan.replace("\"schema_version\": 1", "\"schema_version\": 2"),
            "out/plan.json: schema_version 2; expected 1",
        ),
        (&plan.replace("\"of\": 1", "\"of\": 4000000000"), "shard 1 of 4000000000; expected one of 1 to"),
        (
            &plan.replace("\"points\": 12", "\"points\": 13"),
            "out/sweep.csv: 12 rows; expected 13, the number in plan.json",
        ),
        (&plan.replace("\"points\": 12", "\"points\": 300000"), "300,000 points; expected at most 200,000"),
        (&plan.replace("\"architecture\",", "\"profile\","), "out/sweep.csv:1: profile: there is no such column"),
    ] {
        with(damaged, &csv);
        fails(at, "report out", 2, expected);
    }
    let cut = &csv[..csv.len() / 2];
    for (damaged, expected) in [
        ("", "there is no such column"),
        (cut, "cells under 327 columns; expected the rows of a sweep"),
        (&csv.replacen(",6,6,0,0,", ",6,six,0,0,", 1), "out/sweep.csv:2: completed: \"six\"; expected a whole number"),
        (&csv.replacen(",6,6,0,0,", ",6,5,0,0,", 1), "out/sweep.csv:2: runs: 6, of which 5 completed"),
        (&csv.replacen("cost.mean", "price", 1), "out/sweep.csv:1: cost.mean: there is no such column"),
    ] {
        with(&plan, damaged);
        fails(at, "report out", 2, expected);
    }
    with(&plan, cut);
    let errors = brooks("report out --format json").within(at).run();
    let told: Value = serde_json::from_str(&errors.stderr).expect("errors as JSON");
    assert_eq!(told["errors"][0]["code"], "table");
    assert!(told["errors"][0]["line"].as_u64().is_some_and(|line| line > 1));
    // A page that is there stays as it was.
    std::fs::write(at.join("out/report.html"), "before").expect("written");
    fails(at, "report out", 2, "cells under");
    assert_eq!(read(at.join("out/report.html")), "before");
    // Other versions: their tables are read, their parts are not.
    with(&plan.replace(concat!("\"brooks\": \"", env!("CARGO_PKG_VERSION")), "\"brooks\": \"0.0.1"), &csv);
    done(at, "report out");
    assert!(read(at.join("out/report.html")).contains("brooks 0.0.1; this page by brooks"));
    std::fs::remove_file(at.join("out/sweep.csv")).expect("it can go");
    fails(at, "report out", 2, "points of brooks 0.0.1 that are not assembled");
    // A plan of before the command was kept.
    let older: String = plan.lines().filter(|line| !line.contains("\"command\"")).collect::<Vec<_>>().join("\n");
    with(&older.replace("\"complete\": true,", "\"complete\": true"), &csv);
    done(at, "report out");
    assert!(read(at.join("out/report.html")).contains("not kept in this folder"));
}

#[test]
fn one_point_and_runs_that_never_complete() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(
        at,
        "sweep paper -n 3 -a self_claim --set workload.amdahl.parallel_fraction=0.5 --reps 1 --no-progress -q -o one",
    );
    let said = done(at, "report one");
    assert!(said.contains("fastest with 3 agents"), "{said}");
    done(at, "sweep paper -n 1..3 --set limits.rounds=1 --reps 3 --no-progress -q -o never -a self_claim");
    let said = done(at, "report never");
    assert!(said.contains("no run completed") && said.contains("reached a limit"), "{said}");
    assert!(read(at.join("never/report.html")).contains("nothing to draw"));
}

/// The sweep of which the book shows the report, as its command makes it.
#[test]
fn the_sweep_of_the_book_can_be_made_again() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(at, "sweep hello -n 1,2,4,8 --reps 50 --no-progress -q -o swept");
    for name in ["plan.json", "sweep.csv"] {
        golden::check(&format!("../../docs/book/swept/{name}"), &read(at.join("swept").join(name)));
    }
}
