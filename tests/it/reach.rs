//! How far a profile reaches: its header, what it keeps of a validation, and what is said of a scenario beyond it.

use std::path::Path;

use brooks::scenario::MAX_BYTES;
use brooks::scenario::learned_profile::LearnedProfile;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ran, brooks};

fn run(folder: &Path, args: &[&str]) -> Ran {
    brooks(&[args, &["--no-progress"]].concat()[..]).within(folder).run()
}

#[track_caller]
fn done(folder: &Path, args: &[&str]) -> (String, String) {
    let ran = run(folder, args).exits(0);
    (ran.stdout, ran.stderr)
}

/// A folder with runs of one agent (`ones`) and of two (`twos`), six each.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    for (agents, name, seed) in [("1", "ones", "5"), ("2", "twos", "6")] {
        for replication in 0..6 {
            let file = format!("{name}/{replication}.steps.jsonl");
            let run = ["run", "paper", "--agents", agents, "--seed", seed, "--trace-out", &file];
            done(at, &[&run[..], &["--replication", &replication.to_string()]].concat());
        }
    }
    folder
}

fn parse(folder: &Path, file: &str) -> LearnedProfile {
    let bytes = std::fs::read(folder.join(file)).expect("it was written");
    LearnedProfile::parse(file, &bytes).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_profile_says_what_it_was_learned_from_and_how_far_off_it_is() {
    let folder = folder();
    let at = folder.path();
    let (said, _) = done(at, &["calibrate", "ones", "-o", "p.yaml", "--source", "runs of our own"]);
    assert!(
        said.contains("makespans of every other one of its own 6 runs, left out and predicted in turn are off by"),
        "{said}"
    );
    let text = std::fs::read_to_string(at.join("p.yaml")).expect("written");
    assert!(text.contains("runs of our own; by brooks"), "{text}");
    let calibration = parse(at, "p.yaml");
    let envelope = calibration.models[0].envelope.expect("it is known");
    assert_eq!((envelope.agents, envelope.tasks), ((1, 1), (20, 20)));
    assert!(envelope.context.is_some_and(|(least, most)| 0.0 < least && least <= most));
    assert_eq!(calibration.date, None, "simulated runs have no date");
    let own = &calibration.accuracy[0];
    assert_eq!((own.architecture.as_str(), own.agents, own.cells), ("self_claim", (1, 1), 2));
    assert!(own.figure("makespan").is_some_and(|error| (0.0..100.0).contains(&error)), "{own:?}");
    // The same recordings, the same file; other ones, another fingerprint.
    done(at, &["calibrate", "ones", "-o", "p.yaml", "--source", "runs of our own"]);
    assert_eq!(std::fs::read_to_string(at.join("p.yaml")).expect("written"), text);
    std::fs::remove_file(at.join("ones/3.steps.jsonl")).expect("it was there");
    done(at, &["calibrate", "ones", "-o", "less.yaml"]);
    assert_ne!(parse(at, "less.yaml").corpus, calibration.corpus);
}

#[test]
fn the_day_is_that_of_the_recordings_or_of_the_build() {
    let folder = folder();
    let at = folder.path();
    let calibrate = |epoch: Option<&str>| {
        let command = brooks("calibrate ones -o p.yaml --no-progress").within(at);
        epoch.into_iter().fold(command, |command, epoch| command.env("SOURCE_DATE_EPOCH", epoch)).run().done();
        parse(at, "p.yaml").date
    };
    assert_eq!(calibrate(Some("1773014400")).as_deref(), Some("2026-03-09"));
    assert_eq!(calibrate(Some("yesterday")), None);
    let file = at.join("ones/2.steps.jsonl");
    let dated = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(file, dated.replacen(r#""origin":"start""#, r#""origin":"2026-02-27T23:59:50Z""#, 1))
        .expect("written");
    assert_eq!(calibrate(Some("1773014400")).as_deref(), Some("2026-02-28"), "the day on which it ended");
}

#[test]
fn validate_keeps_what_it_found_and_scenarios_beyond_are_told() {
    let folder = folder();
    let at = folder.path();
    done(at, &["calibrate", "ones", "-o", "p.yaml"]);
    let four = ["run", "paper", "--agents", "4", "--set", "team.profile=p.yaml"];
    let (_, talk) = done(at, &four);
    let note = talk.lines().find(|line| line.starts_with("note: ")).expect("four are more than one");
    assert!(note.contains("p was calibrated with 1 agent on 20 tasks with p = "), "{note}");
    assert!(
        note.contains("outside of this range: 4 agents")
            && note.contains("not validated on such teams (see brooks validate)"),
        "{note}"
    );
    let (_, talk) = done(at, &["validate", "p.yaml", "ones", "twos", "-r", "50", "--splits", "20", "--into", "p.yaml"]);
    assert!(talk.contains("wrote p.yaml"), "{talk}");
    let kept = parse(at, "p.yaml");
    let against = |text: &str| kept.accuracy.iter().filter(|entry| entry.against.contains(text)).count();
    assert_eq!((against("of its own"), against("6 runs in ones, twos")), (1, 1), "{:?}", kept.accuracy);
    // Again: what was known of the same recordings is replaced.
    done(at, &["validate", "p.yaml", "ones", "twos", "-r", "60", "--splits", "20", "--update-profile", "p.yaml"]);
    assert_eq!(parse(at, "p.yaml").accuracy.len(), 2);
    let (_, talk) = done(at, &four);
    assert!(talk.contains("makespan errors in validations on teams: "), "{talk}");
    let (_, talk) = done(at, &["sweep", "paper", "--agents", "1..3", "-r", "5", "--set", "team.profile=p.yaml"]);
    assert_eq!(talk.lines().filter(|line| line.starts_with("note: ")).count(), 1, "{talk}");
    assert!(talk.contains("outside of this range: up to 3 agents"), "{talk}");
    let (_, talk) = done(at, &["run", "paper", "--agents", "1", "--set", "team.profile=p.yaml"]);
    assert!(!talk.contains("note: "), "{talk}");
    let refused = run(at, &["validate", "--holdout", "runs", "ones", "--update-profile", "p.yaml"]);
    assert_eq!(refused.code, 2);
}

#[test]
fn a_profile_that_no_scenario_could_read_is_not_written() {
    let folder = TempDir::new().expect("a folder");
    let at = folder.path();
    done(at, &["run", "paper", "--agents", "1", "--trace-out", "one.steps.jsonl"]);
    let text = std::fs::read_to_string(at.join("one.steps.jsonl")).expect("written");
    // About 100 bytes a call: as many copies as it takes.
    let calls = text.lines().count() - 1;
    let copies = MAX_BYTES / (70 * calls) + 1;
    let many: String =
        (0..copies).map(|copy| text.replacen("\"trace\":\"", &format!("\"trace\":\"{copy}-"), 1)).collect();
    std::fs::write(at.join("many.steps.jsonl"), many).expect("written");
    let refused = run(at, &["calibrate", "many.steps.jsonl", "-o", "p.yaml", "--format", "json"]);
    let error: Value = serde_json::from_str(&refused.stderr).expect("JSON");
    assert_eq!(refused.code, 2, "{error}");
    let message = error["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("expected at most 4000000") && message.contains("--method parametric"), "{message}");
    assert!(!at.join("p.yaml").exists());
}
