//! Scenarios that are right, and what becomes of them.
#![expect(clippy::float_cmp, reason = "the values are those of the file, not computed")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use brooks::engine::Dist;
use brooks::problem::Problems;
use brooks::problem::quantity::Unit;
use brooks::scenario::Baseline;
use brooks::scenario::Node;
use brooks::scenario::NodeKind;
use brooks::scenario::ScenarioFile;
use brooks::scenario::keys::{self, Expects, Key, SCENARIO, Section};
use brooks::scenario::library::Files;
use brooks::scenario::library::PROFILES;
use brooks::scenario::library::SCENARIOS;
use brooks::scenario::schema;
use brooks::simulation::{Pacing, Scenario, simulate};
use brooks::team::{BatchSize, Latency, Role, SpreadOf};
use serde_json::{Map, Value, json};

fn files() -> Files {
    Arc::new(|path: &str| match path {
        "tasks.json" => {
            Ok(br#"{"tasks": [{"id": "a"}, {"id": "b", "dependencies": ["a"], "files": ["b.py"]}]}"#.to_vec())
        }
        "run.steps.jsonl" => Ok(include_bytes!("../../traces/self-claim.steps.jsonl").to_vec()),
        "latencies.txt" => Ok(b"1\n2\n4\n".to_vec()),
        _ => Err("no such file".to_owned()),
    })
}

#[track_caller]
fn parse(text: &str) -> ScenarioFile {
    ScenarioFile::parse("f.yaml", text.as_bytes(), &files()).unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn set(file: &ScenarioFile, settings: &[(&str, &str)]) -> Result<ScenarioFile, Problems> {
    let settings: Vec<_> = settings.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    file.with(&settings)
}

fn int(value: i128) -> Node {
    Node::new(NodeKind::Int(value))
}

fn text(value: &str) -> Node {
    Node::new(NodeKind::Text(value.to_owned()))
}

/// Makes documents from the table of keys.
struct Maker {
    /// Which of several possibilities is taken, wherever there are some.
    variant: usize,
    /// Optional keys are given, with what `value` makes of them.
    optional: fn(&Key, &Maker) -> Option<Value>,
}

impl Maker {
    fn section(&self, section: &'static Section, used: &mut BTreeSet<(&'static str, &'static str)>) -> Value {
        let mut map = Map::new();
        let chosen = section.exactly_one.get(self.variant % section.exactly_one.len().max(1));
        for key in section.keys {
            if section.exactly_one.contains(&key.name) && chosen != Some(&key.name) {
                continue;
            }
            let expects = match &key.expects {
                Expects::Either(options) => &options[choice(self.variant, options.len())],
                other => other,
            };
            let value = match expects {
                // A claim without a bound claims nothing, and says so.
                _ if key.name == "at_least" => Some(example(&key.expects)),
                // Two tasks that need each other would be a circle, and axes are tested elsewhere.
                _ if key.name == "depends_on" || key.name == "sweep" => None,
                // What was learned names its manners by their places; tests/it/calibrate.rs has such files.
                _ if key.name == "scripts" || key.name == "styles" => {
                    let Expects::ListOf(Expects::Section(inner)) = expects else { unreachable!("lists of maps") };
                    self.section(inner, used);
                    None
                }
                Expects::Section(inner) => Some(self.section(inner, used)),
                Expects::ListOf(Expects::Section(inner)) => Some(json!([self.section(inner, used)])),
                Expects::MapOf(_, Expects::Section(inner)) => Some(json!({ "tests": self.section(inner, used) })),
                other if key.default.is_none() || chosen == Some(&key.name) => Some(example(other)),
                _ => (self.optional)(key, self),
            };
            used.insert((section.about, key.name));
            let value = value.filter(|_| !self.leaves_out(key.name));
            map.extend(value.map(|value| (key.name.to_owned(), value)));
        }
        Value::Object(map)
    }

    /// True in variants whose profile has a learned policy: then it has no keys of a lead.
    fn has_policy(&self) -> bool {
        (self.variant / 2).is_multiple_of(2)
    }

    /// True in variants whose locks are held for the write only.
    fn locks_writes(&self) -> bool {
        (self.variant / 4).is_multiple_of(2)
    }

    fn leaves_out(&self, key: &str) -> bool {
        match key {
            "batching"
            | "tool"
            | "input_tokens_per_second"
            | "cached_tokens_per_second"
            | "system"
            | "board_per_task"
            | "per_message"
            | "history_limit"
            | "verbosity"
            | "overhead"
            | "briefing"
            | "cache_lifetime" => self.has_policy(),
            "behaviour" => !self.has_policy(),
            "part" => !self.locks_writes(),
            "when_locked" => self.locks_writes(),
            _ => false,
        }
    }

    fn document(&self, used: &mut BTreeSet<(&'static str, &'static str)>) -> ScenarioFile {
        let mut document = self.section(&SCENARIO, used);
        if document["team"]["profile"]["latency"] == "recorded" {
            // Only work that was recorded has a recorded time.
            document["workload"] = json!({ "trace": "run.steps.jsonl" });
            document["scaling"] = "fixed".into();
        }
        parse(&document.to_string())
    }
}

fn example(expects: &Expects) -> Value {
    match expects {
        Expects::Text => json!("x"),
        Expects::File => json!("tasks.json"),
        Expects::Recording => json!("run.steps.jsonl"),
        Expects::Bool => json!(false),
        Expects::Count(low, high) => json!((low + 1).min(*high)),
        Expects::Integer => json!(-3),
        Expects::Number(low, _) => json!(low),
        Expects::Positive | Expects::Probability | Expects::Proportion => json!(0.5),
        Expects::Duration => json!("1m 30s"),
        Expects::Dist(Unit::Seconds) => json!("empirical(latencies.txt)"),
        Expects::Dist(unit) => json!(format!("lognormal(mean={}, cv=0.5)", unit.example())),
        Expects::OneOf(words) => json!(words[0].0),
        Expects::Architecture => json!({ "self_claim": { "claims": "at_decision" } }),
        Expects::ProfileName => json!("plain"),
        Expects::Axis => json!("1..16"),
        Expects::Section(_) => json!({}),
        Expects::ListOf(item) => json!([example(item), example(item)]),
        Expects::MapOf(_, value) => json!({ "x": example(value) }),
        Expects::Either(options) => example(&options[0]),
    }
}

/// The most possibilities that there are anywhere in the table.
const VARIANTS: usize = 60;

/// A choice among `options`, such that choices inside of choices all meet.
fn choice(variant: usize, options: usize) -> usize {
    if options > 3 { variant / 2 % options } else { variant % options }
}

#[test]
fn every_key_is_accepted() {
    let mut used = BTreeSet::new();
    for variant in 0..VARIANTS {
        let optional = |key: &Key, maker: &Maker| match &key.expects {
            // Only a write has a part, and only a call a rule for agents that find it locked.
            _ if key.name == "held" => Some(json!(if maker.locks_writes() { "write" } else { "call" })),
            // The lifetime of a cache replaces the share.
            _ if key.name == "cached_share" && !maker.has_policy() => Some(json!(0)),
            Expects::Either(options) => Some(example(&options[choice(maker.variant, options.len())])),
            other => Some(example(other)),
        };
        let scenario = Maker { variant, optional }.document(&mut used).scenario();
        scenario.unwrap_or_else(|problems| panic!("{problems}"));
    }
    for (path, key) in keys::all() {
        assert!(used.iter().any(|(_, name)| *name == key.name), "{path}");
        assert!(!key.about.is_empty() && key.about.ends_with('.'), "{path}: {}", key.about);
    }
}

#[test]
fn the_defaults_shown_are_the_defaults() {
    let shown = |scenario: &Scenario| {
        let Scenario { graph, team, pacing, consistency, dependency_check, resources, limits, prices, seed, .. } =
            scenario;
        let name = &scenario.architecture_name;
        format!("{:#?}", (graph, team, name, pacing, consistency, dependency_check, resources, limits, prices, seed))
    };
    for variant in 0..VARIANTS {
        let given = |key: &Key, _: &Maker| {
            let default = key.default.filter(|default| !default.is_empty() && !default.starts_with('('))?;
            Some(serde_yaml::from_str::<Value>(default).expect("a default is a value"))
        };
        let without = Maker { variant, optional: |_, _| None }.document(&mut BTreeSet::new());
        let with = Maker { variant, optional: given }.document(&mut BTreeSet::new());
        let scenario = |file: &ScenarioFile| shown(&file.scenario().expect("it is valid"));
        assert_eq!(scenario(&without), scenario(&with), "variant {variant}");
        assert_eq!(without.replications(), with.replications());
        let baseline = |file: &ScenarioFile| match file.baseline() {
            Baseline::Point(point) => point.iter().map(|(path, value)| (*path, value.to_string())).collect(),
            other => vec![("", format!("{other:?}"))],
        };
        assert_eq!(baseline(&without), baseline(&with));
    }
}

#[test]
fn all_built_in_files_are_valid() {
    for built_in in SCENARIOS {
        let file = ScenarioFile::open(built_in.name, &files()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(file.name(), built_in.name);
        assert!(!file.question().is_empty() && !file.about().is_empty(), "{}", built_in.name);
        simulate(&file.scenario().expect("it is valid"), 0);
        for axis in file.axes() {
            for value in &axis.values {
                file.at(&[(&axis.path, value)]).unwrap_or_else(|problems| panic!("{problems}"));
            }
        }
    }
    for built_in in PROFILES {
        let scenario = parse(&format!("workload: {{ chain: {{ tasks: 2 }} }}\nteam: {{ profile: {} }}", built_in.name));
        assert_eq!(scenario.scenario().expect("it is valid").team[0].profile.name, built_in.name);
        assert!(built_in.text.contains("\norigin: "), "{} says where its figures come from", built_in.name);
    }
    let unknown = ScenarioFile::open("helo", &files()).err().expect("there is none").to_string();
    assert_eq!(unknown, "helo: can't be read: no such file; did you mean \"hello\"?");
}

#[test]
fn the_benchmark_is_the_benchmark() {
    let bench = ScenarioFile::open("bench", &files()).expect("it is built in");
    let scenario = bench.scenario().expect("it is valid");
    assert_eq!((scenario.graph.len(), scenario.team.len(), scenario.pacing), (20, 4, Pacing::Async));
    let profile = &scenario.team[0].profile;
    let task = Dist::Lognormal { mu: 2.5, sigma: 0.6 };
    assert_eq!(profile.latency, Latency::PerTask { task: task.clone(), idle: task });
    assert_eq!(profile.spread, SpreadOf::Attempt);
    assert_eq!(profile.tool, Some(Dist::Lognormal { mu: 0.5, sigma: 0.9 }));
    assert_eq!((profile.fallibility.error_rate, profile.fallibility.detection), (0.15, 1.0));
    assert_eq!(bench.axes()[0].label, "agents");
    let sizes: Vec<_> = bench.axes()[0].values.iter().filter_map(Node::whole).collect();
    assert_eq!(sizes, [1, 2, 4, 8, 16]);
}

#[test]
fn members_come_first_and_a_lead_before_them() {
    let file = parse(
        "workload: { tasks: [{ id: a, skill: sql }] }
team:
  agents: 6
  members:
    - { count: 2, name: dba, skills: [sql] }
    - { role: lead, profile: { base: plain, batching: { tasks: all } } }
    - { skills: [css] }",
    );
    let names = |scenario: &Scenario| scenario.team.iter().map(|agent| agent.name.clone()).collect::<Vec<_>>();
    let scenario = file.scenario().expect("it is valid");
    assert_eq!(names(&scenario), ["lead", "dba 1", "dba 2", "agent 3", "agent 4", "agent 5"]);
    assert_eq!(scenario.team[0].role, Role::Lead);
    assert_eq!(scenario.team[0].profile.batching.tasks, BatchSize::All);
    assert_eq!(names(&file.at(&[("agents", &int(2))]).expect("the first two")), ["lead", "dba 1"]);
    let plain = parse("workload: { chain: { tasks: 2 } }\nteam: { agents: 2 }").scenario().expect("it is valid");
    assert_eq!(names(&plain), ["agent 1", "agent 2"]);
}

#[test]
fn settings_reach_everything() {
    let hello = ScenarioFile::open("hello", &files()).expect("it is built in");
    let settings = [
        ("agents", "7"),
        ("profile.error_rate", "0.25"),
        ("team.profile.latency", "gamma(mean=4s, cv=0.5)"),
        ("architecture.self_claim.pick", "random"),
        ("pacing", "{ rounds: { idle_calls: false } }"),
        ("workload.amdahl.tasks", "30"),
        ("sweep", "{ agents: [3] }"),
    ];
    let file = set(&hello, &settings).unwrap_or_else(|problems| panic!("{problems}"));
    let scenario = file.scenario().expect("it is valid");
    let profile = &scenario.team[6].profile;
    assert_eq!((scenario.graph.len(), scenario.team.len(), profile.name.as_str()), (30, 7, "plain"));
    assert_eq!(profile.fallibility.error_rate, 0.25);
    let task = Dist::Gamma { shape: 4.0, scale: 1.0 };
    assert_eq!(profile.latency, Latency::PerTask { task: task.clone(), idle: task });
    assert_eq!(scenario.pacing, Pacing::Rounds { idle_calls: false });
    assert_eq!(file.axes()[0].values.len(), 1);

    for (path, value, expected) in [
        ("agents", "0", "--set: team.agents: 0 is below 1; expected a whole number from 1 to 100000"),
        ("agnets", "3", "--set: agnets: no such key; did you mean \"team.agents\"?"),
        ("seed", "", "--set: seed: the document is empty"),
        (
            "seed.x",
            "3",
            "--set: seed.x: \"seed\" is 1, which has no key \"x\"; expected the path of a value, such as team.agents",
        ),
        ("seed", "[1", "--set: seed: column 1: unclosed bracket '['"),
        ("team.profile", "plan", "--set: team.profile: there is no profile \"plan\"; did you mean \"plain\"?"),
    ] {
        let with_seed = set(&hello, &[("seed", "1")]).expect("it is valid");
        let problems = set(&with_seed, &[(path, value)]).err().expect(expected);
        assert_eq!(problems.to_string(), expected);
    }
    let bare = parse("workload: { chain: { tasks: 2 } }\nteam: { members: [{ name: x }] }");
    let changed = set(&bare, &[("profile.error_rate", "0.5"), ("team.members[0].profile.detection", "0.25")]);
    let x = &changed.unwrap_or_else(|problems| panic!("{problems}")).scenario().expect("it is valid").team[0];
    assert_eq!((x.profile.fallibility.error_rate, x.profile.fallibility.detection), (0.5, 0.25));
    let mut plain = (*bare.scenario().expect("it is valid").team[0].profile).clone();
    plain.fallibility = x.profile.fallibility.clone();
    assert_eq!(*x.profile, plain, "nothing else has changed");
    let both = set(&hello, &[("agents", "x"), ("seed", "y")]).err().expect("both are wrong");
    assert_eq!(both.list().len(), 2);
}

/// What is set in a profile that is named is what it would be if the profile's own file said so.
#[test]
fn a_setting_in_a_profile_changes_what_it_names_and_nothing_else() {
    let work = "workload: { chain: { tasks: 2 } }\n";
    let profile = |file: &ScenarioFile| {
        let mut profile = (*file.scenario().expect("it is valid").team[0].profile).clone();
        profile.name.clear();
        profile
    };
    let settings = [
        ("latency.task", "constant(7s)"),
        ("latency.idle", "constant(7s)"),
        ("latency.ttft", "7s"),
        ("latency.tokens_per_second", "77"),
        ("latency.per", "attempt"),
        ("input_tokens_per_second", "777"),
        ("cached_tokens_per_second", "7777"),
        ("tokens.briefing", "7"),
        ("tokens.cached_share", "0"),
        ("batching.tasks", "7"),
        ("batching.unowned", "7"),
        ("batching.ahead", "0.7"),
        ("variation.call", "0.7"),
        ("tokens.verbosity", "7"),
        ("detection", "0.7"),
        ("lease", "7s"),
        ("recovery", "7s"),
    ];
    let mut compared = 0;
    for built_in in PROFILES {
        let own = built_in.text.replace('\n', "\n    ");
        let (named, inline) = (
            parse(&format!("{work}team: {{ profile: {} }}", built_in.name)),
            parse(&format!("{work}team:\n  profile:\n    {own}")),
        );
        for (key, value) in settings {
            let setting = [(&*format!("team.profile.{key}"), value)];
            // A profile whose latency is of another kind has no such key.
            let (Ok(named), Ok(inline)) = (set(&named, &setting), set(&inline, &setting)) else { continue };
            assert_eq!(profile(&named), profile(&inline), "{} with {key}", built_in.name);
            compared += 1;
        }
    }
    assert!(compared > 8 * PROFILES.len(), "{compared}");
    let quick = parse(&format!("{work}team: {{ profile: quick }}"));
    let slower = set(&quick, &[("team.profile.latency.task", "constant(60s)")]).expect("it is valid");
    let (Latency::PerTask { idle, .. }, Latency::PerTask { idle: still, .. }) =
        (profile(&quick).latency, profile(&slower).latency)
    else {
        panic!("by task")
    };
    assert_eq!(idle, still);
}

#[test]
fn points_share_what_they_can() {
    let file = parse(
        "workload: { random: { tasks: 30, edge_probability: 0.2 } }
sweep: { agents: 1..64 by x2, architecture: [solo, { preassigned: { deal: lpt } }], team.profile.error_rate: 0..0.3 by 0.1 }",
    );
    let labels: Vec<_> = file.axes().iter().map(|axis| axis.label.as_str()).collect();
    assert_eq!(labels, ["agents", "architecture", "team.profile.error_rate"]);
    assert_eq!(file.axes()[1].values[1].to_string(), "{preassigned: {deal: lpt}}");
    let base = file.scenario().expect("it is valid");
    for architecture in &file.axes()[1].values {
        let point = file.at(&[("team.agents", &int(64)), ("architecture", architecture)]).expect("it is valid");
        assert!(Arc::ptr_eq(&point.graph, &base.graph) && Arc::ptr_eq(&point.team[63].profile, &base.team[0].profile));
    }
    let point = file.at(&[("team.profile.error_rate", &Node::new(NodeKind::Float(0.5)))]).expect("it is valid");
    assert!(Arc::ptr_eq(&point.graph, &base.graph));
    assert_eq!(point.team[0].profile.fallibility.error_rate, 0.5);
    let point = file.at(&[("workload.random.edge_probability", &int(1))]).expect("it is valid");
    assert!(Arc::ptr_eq(&point.team[0].profile, &base.team[0].profile));
    assert_eq!(point.graph.edges(), 435);
    let wrong = file.at(&[("agents", &int(0)), ("architecture", &text("solo"))]).err().expect("nobody is there");
    assert_eq!(wrong.to_string(), "--set: team.agents: 0 is below 1; expected a whole number from 1 to 100000");
}

#[test]
fn a_scaled_workload_grows_with_the_team() {
    let file =
        parse("workload: { amdahl: { tasks: 10, parallel_fraction: 0.8 } }\nscaling: scaled\nteam: { agents: 4 }");
    assert_eq!(file.scenario().expect("it is valid").graph.len(), 2 + 4 * 8);
    assert_eq!(file.at(&[("agents", &int(1))]).expect("it is valid").graph.len(), 10);
    let wrong = file.at(&[("agents", &int(50_000))]).err().expect("that is too large").to_string();
    assert_eq!(wrong, "f.yaml:2: scaling: for 50000 agents the workload has 400002 tasks; expected at most 100000");
    let fixed = file.at(&[("scaling", &text("fixed"))]).expect("it is valid");
    assert_eq!((fixed.graph.len(), fixed.team.len()), (10, 4));
}

#[test]
fn baselines_and_assertions_are_kept() {
    let file = parse(
        "workload: { chain: { tasks: 2 } }
baseline: { agents: 2, architecture: solo }
assert: [{ within_amdahl: true }, { speedup: { agents: 8, at_least: 2.5 } }]",
    );
    let Baseline::Point(point) = file.baseline() else { panic!("it is a point") };
    let point: Vec<_> = point.iter().map(|(path, value)| (*path, value)).collect();
    let scenario = file.at(&point).expect("it is valid");
    assert_eq!((scenario.team.len(), scenario.architecture_name.as_str()), (2, "solo"));
    let kinds: Vec<_> = file.asserts().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["within_amdahl", "speedup"]);
}

#[test]
fn sizes_of_listed_tasks_are_drawn_as_generated_ones_are() {
    let listed = parse("workload: { tasks: [{ id: task-1 }, { id: task-2, size: 7 }], size: exponential(mean=100) }");
    let generated = parse("workload: { random: { tasks: 2, edge_probability: 0 }, size: exponential(mean=100) }");
    let sizes = |file: &ScenarioFile| {
        let scenario = file.scenario().expect("it is valid");
        scenario.graph.tasks().iter().map(|task| task.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&listed)[0], sizes(&generated)[0]);
    assert_eq!(sizes(&listed)[1], 7.0);
}

#[test]
fn the_schema_knows_every_key() {
    let schema = schema().to_string();
    for (path, key) in keys::all() {
        assert!(schema.contains(&format!("\"{}\"", key.name)), "{path}");
    }
}

#[test]
fn the_paper_s_task_files_are_workloads() {
    let Some(data) = std::env::var_os("BROOKS_DATA") else {
        eprintln!("skipped: BROOKS_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("paper/tasks");
    let mut found = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
        let program = entry.expect("the entry can be read").path();
        for condition in ["p09.json", "p05.json", "p02.json"] {
            let path = program.join(condition);
            if !path.exists() {
                continue;
            }
            let reader: Files = Arc::new(|path: &str| std::fs::read(path).map_err(|error| error.to_string()));
            let text = format!("workload: {{ file: {:?}, size: 110 tokens }}", path.display().to_string());
            let file = ScenarioFile::parse("paper.yaml", text.as_bytes(), &reader);
            let scenario = file.and_then(|file| file.scenario()).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(scenario.graph.len(), 20);
            assert_eq!(scenario.graph.tasks()[0].size, 110.0);
            found += 1;
        }
    }
    assert_eq!(found, 9);
}
