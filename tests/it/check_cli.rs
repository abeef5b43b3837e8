//! `brooks baseline` and `brooks check` as a person and as a CI server meet them: files, exit codes, forms.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Brooks, brooks};

const SCENARIO: &str = "
name: mine
workload: { amdahl: { tasks: 8, parallel_fraction: 1 } }
team: { profile: { latency: \"uniform(8s..12s)\" } }
architecture: preassigned
sweep: { agents: [1, 2, 4] }
replications: 20
";

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(TempDir::new().expect("a folder"));
        place.write("mine.yaml", SCENARIO);
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).expect("it can be written");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("it is there")
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }

    fn command(&self, line: &str) -> Brooks {
        brooks(line).within(&self.0)
    }

    /// What it says, with this exit code.
    #[track_caller]
    fn gives(&self, line: &str, code: i32) -> (String, String) {
        ended(self.command(line), code)
    }
}

#[track_caller]
fn ended(command: Brooks, code: i32) -> (String, String) {
    let ran = command.run().exits(code);
    (ran.stdout, ran.stderr)
}

fn slower(scenario: &str) -> String {
    scenario.replace("uniform(8s..12s)", "uniform(8.4s..12.6s)")
}

#[test]
fn every_exit_code() {
    let place = Place::new();
    // 3: there is nothing to hold it to, and it says how to get it.
    let (_, err) = place.gives("check", 3);
    assert!(err.contains("brooks baseline record SCENARIO"), "{err}");
    let (_, err) = place.gives("check mine.yaml", 3);
    assert!(err.contains("record it: brooks baseline record mine.yaml"), "{err}");
    let (_, err) = place.gives("check baselines/other.json", 3);
    assert!(err.contains("record it: brooks baseline record other"), "{err}");
    // 0: recorded, and identical.
    let (out, _) = place.gives("baseline record mine.yaml", 0);
    assert!(out.starts_with("recorded mine: 3 points, 20 runs each"), "{out}");
    for line in ["check", "check mine.yaml", "check baselines/mine.json", "check --strict"] {
        let (out, _) = place.gives(line, 0);
        assert!(out.starts_with("pass: mine: all 3 points identical\n"), "{line}\n{out}");
    }
    // 4: under another seed twenty runs are too few for half a per cent.
    let (out, err) = place.gives("check --seed 5 --tolerance 0.5% --max-reps 40", 4);
    assert!(out.starts_with("inconclusive: mine: ") && out.contains("too few runs are recorded"), "{out}");
    assert!(err.contains("inconclusive: mine"), "{err}");
    let (out, _) = place.gives("check --seed 5 --tolerance 20%", 0);
    assert!(out.starts_with("pass: mine: all 3 points equivalent"), "{out}");
    place.gives("check --seed 5 --tolerance 20% --strict", 1);
    // 2: another scenario, damage, nonsense.
    place.write("mine.yaml", &slower(SCENARIO));
    let (_, err) = place.gives("check", 2);
    assert!(err.contains("belongs to another scenario: the team of mine.yaml changed"), "{err}");
    assert!(err.contains("--despite-changes") && err.contains("brooks baseline record mine.yaml"), "{err}");
    place.write("mine.yaml", &SCENARIO.replace("[1, 2, 4]", "[1, 2]"));
    let (_, err) = place.gives("check", 2);
    assert!(err.contains("the sweep (3 points then, 2 now) of mine.yaml changed"), "{err}");
    place.gives("check --tolerance banana=1%", 2);
    place.gives("check --tolerance 200%", 2);
    let whole = place.read("baselines/mine.json");
    place.write("baselines/mine.json", &whole[..whole.len() / 2]);
    let (_, err) = place.gives("check", 2);
    assert!(err.contains("is damaged") && err.contains("record it again: brooks baseline record mine"), "{err}");
    place.write("baselines/mine.json", &whole.replace("\"schema_version\": 1", "\"schema_version\": 9"));
    let (_, err) = place.gives("check --format json", 2);
    let errors: Value = serde_json::from_str(&err).expect("JSON");
    assert_eq!(errors["errors"][0]["code"], "baseline-version");
    place.write("baselines/mine.json", &whole);
    std::fs::remove_file(place.0.path().join("mine.yaml")).expect("it was there");
    let (_, err) = place.gives("check", 2);
    assert!(err.contains("unreadable scenario") && err.contains("the folder in which it was recorded"), "{err}");
    // 1: see below. 5: what can't be written.
    place.write("mine.yaml", SCENARIO);
    place.write("file", "");
    place.gives("check --junit file/j.xml", 5);
}

#[test]
fn a_failing_check_is_reviewed_and_accepted() {
    let place = Place::new();
    place.gives("baseline record mine.yaml", 0);
    let before = place.read("baselines/mine.json");
    place.write("mine.yaml", &slower(SCENARIO));
    let (out, err) = place.gives("check --despite-changes", 1);
    assert!(out.starts_with("fail: mine: 3 of 3 points worse; most: "), "{out}");
    assert!(
        out.contains("+5.00 % [+5.00, +5.00]") && out.contains("brooks baseline accept baselines/mine.json"),
        "{out}"
    );
    assert!(err.contains("wrote baselines/mine.json.new") && err.contains("check failed: mine"), "{err}");
    assert_eq!(place.read("baselines/mine.json"), before);
    let (out, _) = place.gives("baseline review", 0);
    assert!(out.starts_with("mine: 3 of 3 points worse") && out.contains("the scenario itself changed too"), "{out}");
    let (out, _) = place.gives("baseline review baselines/mine.json --format json", 0);
    let review: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(review["points"][0]["verdict"], "worse");
    let (out, _) = place.gives("baseline accept", 0);
    assert!(out.starts_with("accepted baselines/mine.json: 3 of 3 points worse; most: "), "{out}");
    assert!(!place.has("baselines/mine.json.new"));
    place.gives("check --strict", 0);
    // There is nothing more to accept; named, that is a mistake.
    place.gives("baseline accept", 0);
    place.gives("baseline review baselines/mine.json", 2);
    // What is no longer true goes away.
    place.write("mine.yaml", SCENARIO);
    place.gives("check --despite-changes", 1);
    assert!(place.has("baselines/mine.json.new"));
    place.write("mine.yaml", &slower(SCENARIO));
    place.gives("check", 0);
    assert!(!place.has("baselines/mine.json.new"));
}

#[test]
fn nothing_is_written_in_ci() {
    let place = Place::new();
    place.gives("baseline record mine.yaml", 0);
    place.write("mine.yaml", &slower(SCENARIO));
    let files = || {
        let files = std::fs::read_dir(place.0.path().join("baselines")).expect("a folder");
        files.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>()
    };
    let before = files();
    let line = "check --despite-changes";
    let (out, _) = ended(place.command(line).env("CI", "true"), 1);
    assert!(out.contains("on your machine"), "{out}");
    assert_eq!(files(), before);
    assert_eq!(std::fs::read_dir(place.0.path()).expect("a folder").count(), 2);
}

#[test]
fn every_form_says_the_same() {
    let place = Place::new();
    place.gives("baseline record mine.yaml", 0);
    let asserts = "assert: [{ speedup: { agents: 4, at_least: 3.9 } }, { within_amdahl: true }]";
    place.write("mine.yaml", &format!("{}{asserts}", slower(SCENARIO)));
    let line = "check --despite-changes --junit ci/j.xml --markdown ci/m.md --github --format json";
    let command = place.command(line).env("CI", "true");
    let (out, err) = ended(command.env("GITHUB_STEP_SUMMARY", place.0.path().join("summary.md")), 1);
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&found["verdict"], &found["schema_version"]), (&Value::from("fail"), &Value::from(1)));
    for point in found["points"].as_array().expect("points") {
        assert_eq!((&point["verdict"], &point["architecture"]), (&Value::from("worse"), &Value::from("preassigned")));
        assert!((point["difference_percent"].as_f64().expect("a number") - 5.0).abs() < 0.01);
        assert!(point["ci90"][0].as_f64() <= point["ci90"][1].as_f64());
    }
    assert_eq!(found["points"].as_array().map(Vec::len), Some(3));
    assert_eq!(found["rules"][0]["rule"], "law");
    let verdicts: Vec<&Value> =
        found["asserts"].as_array().expect("asserts").iter().map(|claim| &claim["verdict"]).collect();
    assert_eq!(verdicts, ["violated", "holds"]);
    // JUnit: sound, with as many failures as it says.
    let xml = place.read("ci/j.xml");
    let counted = well_formed(&xml);
    assert_eq!(counted, (found["rules"].as_array().map_or(0, Vec::len) + 5, 4), "{xml}");
    assert!(xml.contains("failures=\"4\"") && xml.contains("type=\"worse\""), "{xml}");
    // Markdown, and the same in the summary.
    let markdown = place.read("ci/m.md");
    assert!(markdown.starts_with("### brooks check: fail\n") && markdown.contains("| 4 agents"), "{markdown}");
    assert_eq!(place.read("summary.md").trim_end(), markdown.trim_end());
    // Annotations: four errors, each on one line, about the scenario.
    let errors: Vec<&str> = err.lines().filter(|line| line.starts_with("::error file=mine.yaml,line=")).collect();
    assert_eq!(errors.len(), 4, "{err}");
    let bare = |line: &&str| line.replace("%25", "").replace("%3A", "").contains('%');
    assert!(errors[0].contains("%25") && !errors.iter().any(bare), "{errors:?}");
    let (csv, _) = place.gives("check --despite-changes --format csv -q", 1);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.records().collect::<Result<Vec<_>, _>>().expect("even rows").len(), 3 * 4);
}

/// Whether tags nest; how many test cases and failures there are.
fn well_formed(xml: &str) -> (usize, usize) {
    let mut open: Vec<&str> = Vec::new();
    for tag in xml.split('<').skip(1).map(|rest| rest.split('>').next().expect("every tag ends")) {
        let name = tag.trim_start_matches('/').split([' ', '/']).next().expect("a name");
        match tag {
            _ if tag.starts_with('?') => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{xml}"),
            _ if tag.ends_with('/') => assert!(tag.matches('"').count().is_multiple_of(2), "{tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
    (xml.matches("<testcase ").count(), xml.matches("<failure ").count())
}

#[test]
fn claims_need_no_baseline() {
    let place = Place::new();
    place.write("mine.yaml", &format!("{SCENARIO}assert: [{{ speedup: {{ agents: 4, at_least: 3 }} }}]"));
    let (out, _) = place.gives("check mine.yaml", 0);
    assert!(
        out.starts_with("pass: mine: its claim holds\n") && out.contains("brooks baseline record mine.yaml"),
        "{out}"
    );
    place.write("mine.yaml", &format!("{SCENARIO}assert: [{{ speedup: {{ agents: 4, at_least: 3.99 }} }}]"));
    let (out, _) = place.gives("check mine.yaml", 1);
    assert!(out.starts_with("fail: mine: 1 claim violated: speedup at least 3.99 with 4 agents\n"), "{out}");
    place.write("mine.yaml", &format!("{SCENARIO}assert: [{{ speedup: {{ agents: 8, at_least: 3 }} }}]"));
    let (_, err) = place.gives("check mine.yaml", 2);
    assert!(err.contains("mine.yaml:8: assert[0].speedup: applies to no point of the sweep"), "{err}");
}

#[test]
fn what_was_changed_on_the_command_line_is_kept() {
    let place = Place::new();
    place.gives(
        "baseline record hello -n 1,3 -a preassigned --set team.profile=quick --reps 12 --seed 9 -o here.json",
        0,
    );
    let (out, _) = place.gives("check here.json --format json", 0);
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((found["points"].as_array().map(Vec::len), &found["seed"]), (Some(2), &Value::from(9)));
    assert_eq!(found["scenarios"][0]["replications"], 12);
    assert_eq!(found["points"][0]["difference_percent"], 0.0);
    // Its claims about other team sizes are left out, and that is said.
    assert!(
        found["scenarios"][0]["notes"][0].as_str().is_some_and(|note| note.contains("claims skipped")),
        "{found:#}"
    );
    assert_eq!(found["asserts"].as_array().map(Vec::len), Some(1));
    assert!(!Path::new("baselines/hello.json.new").exists());
}
