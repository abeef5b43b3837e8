//! Baselines and checks in the library: what counts as the same scenario, what a file survives, what a check decides.

use brooks::experiment::baseline::contract::{self, ClaimStatus};
use brooks::experiment::baseline::{
    self, CheckVerdict, Checked, Grid, RecordedBaseline, ScenarioSource, Settings, check, file,
};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::SCENARIOS;
use brooks::scenario::library::no_files;
use proptest::prelude::*;

fn open(text: &str) -> ScenarioFile {
    ScenarioFile::parse("f.yaml", text.as_bytes(), &no_files()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn grid(file: &ScenarioFile) -> Grid {
    Grid::new(file).unwrap_or_else(|problems| panic!("{problems}"))
}

fn record(file: &ScenarioFile, replications: u64) -> RecordedBaseline {
    baseline::record(file, &grid(file), ScenarioSource::default(), replications, "0.0.0", &|_| {})
}

fn checked(file: &ScenarioFile, recorded: &RecordedBaseline, settings: &Settings) -> Checked {
    check(file, recorded, &grid(file), settings, &|_| {})
}

const ONE: &str = "
workload: { amdahl: { tasks: 12, parallel_fraction: 0.75, free: after, size: 400 tokens } }
team: { agents: 3, profile: { base: plain, error_rate: 0.1, latency: { task: \"lognormal(mean=30s, cv=0.5)\", idle: 6s } } }
architecture: { self_claim: { claims: at_decision } }
prices: { input: 3, output: 15 }
sweep: { agents: [1, 2, 4], architecture: [preassigned, { self_claim: { claims: at_decision } }] }
seed: 42
";
/// The same in other words: other order, units, defaults said, another seed, another number of runs.
const SAME: &str = "
seed: 7
replications: 9
name: another
about: the same
sweep: { architecture: [{ self_claim: { pick: first, claims: at_decision } }, { preassigned: { deal: chain_affine } }], team.agents: [4, 1, 2] }
prices: { output: 15.0, input: 3.00, cached_input: 3 }
architecture: { self_claim: { claims: at_decision } } # the same
team:
  profile: { error_rate: 0.10, latency: { idle: 6000ms, task: \"lognormal(cv=0.5, mean=0.5m)\" }, base: plain }
  agents: 3
pacing: async
workload: { amdahl: { size: 0.4k tokens, free: after, parallel_fraction: 0.75, tasks: 12 } }
check: { tolerance: { makespan_s: 0.5 } }
assert: [{ within_amdahl: true }]
";

#[test]
fn a_scenario_is_what_it_says_and_not_how() {
    let (one, same) = (grid(&open(ONE)), grid(&open(SAME)));
    assert_eq!(one.identity(), same.identity());
    let ids = |grid: &Grid| {
        let mut ids: Vec<u64> = grid.points.iter().map(|point| point.identity.whole().value()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&one), ids(&same));
    // Every change of what a run can see is another scenario.
    for (from, to) in [
        ("tasks: 12", "tasks: 13"),
        ("400 tokens", "401 tokens"),
        ("error_rate: 0.1,", "error_rate: 0.11,"),
        ("mean=30s", "mean=31s"),
        ("idle: 6s", "idle: 7s"),
        ("claims: at_decision } }\nprices", "claims: at_commit } }\npacing: rounds\nprices"),
        ("agents: [1, 2, 4]", "agents: [1, 2, 5]"),
        ("agents: [1, 2, 4]", "agents: [1, 2]"),
        ("claims: at_decision } }] }", "claims: at_commit } }] }"),
        ("output: 15", "output: 16"),
        ("seed: 42", "limits: { rounds: 9 }"),
        ("seed: 42", "consistency: lock"),
        ("seed: 42", "resources: { tests: { capacity: 1, service: 1s } }"),
    ] {
        let changed = ONE.replace(from, to);
        assert_ne!(changed, ONE, "{from}");
        assert_ne!(grid(&open(&changed)).identity(), one.identity(), "{to}");
    }
    // Which part it was.
    let team = grid(&open(&ONE.replace("mean=30s", "mean=31s"))).identity();
    let before = one.identity();
    assert!(team.work == before.work && team.rules == before.rules && team.team != before.team);
}

#[test]
fn what_did_not_change_is_identical() {
    for built_in in SCENARIOS {
        let scenario = ScenarioFile::open(built_in.name, &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
        let recorded = record(&scenario, 10);
        let found = checked(&scenario, &recorded, &Settings::default());
        assert!(found.points.iter().all(|point| point.verdict == CheckVerdict::Identical), "{}", built_in.name);
        assert!(found.rules.iter().all(|rule| rule.verdict == CheckVerdict::Identical), "{}", built_in.name);
        assert_eq!(found.points.len(), scenario.axes().iter().map(|axis| axis.values.len()).product::<usize>());
        let text = file::write(&recorded);
        assert_eq!(file::read("f.json", text.as_bytes(), "again").expect("whole"), recorded, "{}", built_in.name);
        assert!(text.lines().all(|line| line.len() < 2_000), "one line a point, and short");
    }
    // However the file is written: here in another order, with another seed of its own.
    let recorded = record(&open(ONE), 20);
    let same = open(&SAME.replace("seed: 7", "seed: 42"));
    let found = checked(&same, &recorded, &Settings::default());
    assert!(found.points.iter().all(|point| point.verdict == CheckVerdict::Identical));
    assert_eq!(found.points.len(), 6);
}

#[test]
fn a_slower_step_is_worse_and_a_faster_one_better() {
    let recorded = record(&open(ONE), 30);
    for (mean, verdict) in
        [("30.9s", CheckVerdict::Worse), ("29s", CheckVerdict::Better), ("30.3s", CheckVerdict::Equivalent)]
    {
        let changed = open(&ONE.replace("mean=30s", &format!("mean={mean}")));
        let found = checked(&changed, &recorded, &Settings::default());
        assert!(found.points.iter().all(|point| point.verdict == verdict), "{mean}: {:#?}", found.points);
        let strict = Settings { tolerances: vec![("makespan_s".to_owned(), 0.5)], ..Settings::default() };
        let found = checked(&changed, &recorded, &strict);
        assert!(found.points.iter().all(|point| point.verdict == CheckVerdict::Equivalent), "{mean} with 50 % allowed");
    }
    // Dearer, and as fast.
    let dearer = open(&ONE.replace("output: 15", "output: 30"));
    let found = checked(&dearer, &recorded, &Settings::default());
    let point = &found.points[0];
    assert_eq!((point.verdict, point.worst().map(|metric| metric.held.metric)), (CheckVerdict::Worse, Some("cost")));
}

#[test]
fn runs_that_no_longer_complete_are_a_failure() {
    let recorded = record(&open(ONE), 20);
    let never = open(&ONE.replace("seed: 42", "seed: 42\nlimits: { calls: 5 }"));
    let found = checked(&never, &recorded, &Settings::default());
    for point in &found.points {
        assert_eq!(point.verdict, CheckVerdict::Worse);
        assert_eq!(point.worst().map(|metric| metric.held.metric), Some("completed"));
    }
    // And the other way round.
    let recorded = record(&never, 20);
    let found = checked(&open(ONE), &recorded, &Settings::default());
    assert!(found.points.iter().all(|point| point.verdict == CheckVerdict::Better));
}

#[test]
fn other_seeds_are_not_paired() {
    let scenario = open(ONE);
    let recorded = record(&scenario, 50);
    let wide = vec![("makespan_s".to_owned(), 0.3), ("cost".to_owned(), 0.3)];
    let settings = Settings { seed: Some(1), tolerances: wide, ..Settings::default() };
    let found = checked(&scenario, &recorded, &settings);
    assert!(!found.shared && found.seed == 1);
    for point in &found.points {
        assert_eq!(point.verdict, CheckVerdict::Equivalent);
        assert!(point.metrics[0].difference.is_some_and(|found| found.method.name() == "unpaired"));
    }
    // Two per cent can't be told from fifty runs: more are bought up to the cap, and then it says so.
    let settings = Settings { seed: Some(1), max_replications: Some(100), ..Settings::default() };
    let found = checked(&scenario, &recorded, &settings);
    let open: Vec<_> = found.points.iter().filter(|point| point.verdict == CheckVerdict::Inconclusive).collect();
    assert!(!open.is_empty() && open.iter().all(|point| point.runs == 100));
    assert!(found.enough.is_some_and(|enough| enough > 50));
    assert!(found.points.iter().all(|point| !point.verdict.is_change()));
}

#[test]
fn work_that_was_drawn_stays_under_another_seed() {
    let random = "workload: { random: { tasks: 12, edge_probability: 0.3 }, size: exponential(mean=100), draw: once }
team: { profile: { latency: 3s } }
seed: 3";
    let scenario = open(random);
    let found = checked(&scenario, &record(&scenario, 10), &Settings { seed: Some(4), ..Settings::default() });
    assert!(found.points.iter().all(|point| point.verdict == CheckVerdict::Equivalent), "latencies are constant");
}

fn claims(text: &str, replications: u64, most: u64) -> Vec<ClaimStatus> {
    let scenario = open(text);
    let grid = grid(&scenario);
    let (claims, problems) = contract::claims(&scenario, "f.yaml", &grid);
    assert!(problems.is_empty(), "{problems}");
    contract::judge(&claims, &grid, 42, replications, most, &|_| {}).iter().map(|outcome| outcome.status).collect()
}

#[test]
fn claims_hold_or_do_not() {
    let with = |asserts: &str| format!("{ONE}assert: [{asserts}]");
    for (claim, holds) in [
        ("{ peak_agents: { between: [4, 4] } }", ClaimStatus::Satisfied),
        ("{ peak_agents: { between: [1, 2], architecture: self_claim } }", ClaimStatus::Violated),
        ("{ speedup: { agents: 4, architecture: self_claim, at_least: 1.2 } }", ClaimStatus::Satisfied),
        ("{ speedup: { agents: 4, at_least: 3.9 } }", ClaimStatus::Violated),
        ("{ speedup: { agents: 1, at_least: 0.99, at_most: 1.01 } }", ClaimStatus::Satisfied),
        ("{ makespan: { at_most: 1h } }", ClaimStatus::Satisfied),
        ("{ makespan: { agents: 4, at_most: 10s } }", ClaimStatus::Violated),
        ("{ cost: { at_most: 100 } }", ClaimStatus::Satisfied),
        ("{ quality: { at_least: 0.999 } }", ClaimStatus::Satisfied),
        ("{ completion: { at_least: 1 } }", ClaimStatus::Satisfied),
        ("{ completion: { at_most: 0.5 } }", ClaimStatus::Violated),
        ("{ within_amdahl: true }", ClaimStatus::Satisfied),
    ] {
        assert_eq!(claims(&with(claim), 100, 200), [holds], "{claim}");
    }
    // A bound at the mean of these runs can't be told.
    let mean = record(&open(ONE), 100).points[0].columns[0].mean;
    let claim = with(&format!("{{ makespan: {{ agents: 1, architecture: preassigned, at_most: {mean:.3}s }} }}"));
    assert_eq!(claims(&claim, 50, 100), [ClaimStatus::Inconclusive]);
    let free = ONE.replace("prices: { input: 3, output: 15 }\n", "") + "assert: [{ cost: { at_most: 1 } }]";
    let told = contract::claims(&open(&free), "f.yaml", &grid(&open(&free))).1.to_string();
    assert_eq!(told, "f.yaml:7: assert[0].cost: bounds a cost, but the scenario has no prices; expected prices");
    let wrong = open(&with("{ speedup: { agents: 3, at_least: 1 } }, { peak_agents: { between: [5, 9] } }"));
    let told = contract::claims(&wrong, "f.yaml", &grid(&wrong)).1.to_string();
    assert_eq!(
        told,
        "f.yaml:8: assert[0].speedup: applies to no point of the sweep; expected a point of the sweep: team sizes 1, 2, 4\n\
         f.yaml:8: assert[1].peak_agents: no team size of the sweep is from 5 to 9; expected some of 1, 2, 4"
    );
}

#[test]
fn other_forms_and_other_meanings_are_told_apart_from_damage() {
    let text = file::write(&record(&open(ONE), 10));
    let told = |text: &str| {
        file::read("b.json", text.as_bytes(), "brooks baseline record f").expect_err("refused").to_string()
    };
    let other = |from: &str, to: &str| {
        let body = text.replace(from, to);
        assert_ne!(body, text);
        told(&body)
    };
    assert!(
        other("\"schema_version\": 1", "\"schema_version\": 2")
            .contains("has format version 2; this brooks reads version 1")
    );
    assert!(other("\"seed\": 42", "\"seed\": 43").contains("its checksum does not match"));
    assert!(told("{}").contains("is not a baseline of brooks") && told("").contains("it is empty"));
    assert!(told(&format!("<<<<<<< HEAD\n{text}")).contains("merge conflict markers"));
    assert!(told("[1, 2").contains("is damaged"));
    // Checked out with other line ends it is the same.
    let recorded = file::read("b.json", text.replace('\n', "\r\n").as_bytes(), "").expect("whole");
    assert_eq!(file::write(&recorded), text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("BROOKS_SLOW").is_some() { 20_000 } else { 2_000 }))]

    /// Any byte changed, put in or taken out, and any end cut off, is told; nothing panics.
    #[test]
    fn damage_is_told(place in any::<prop::sample::Index>(), byte in any::<u8>(), how in 0..4) {
        static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let text = TEXT.get_or_init(|| file::write(&record(&open(ONE), 5)));
        let mut bytes = text.as_bytes().to_vec();
        let place = place.index(bytes.len());
        match how {
            0 => bytes[place] = byte,
            1 => bytes.insert(place, byte),
            2 => drop(bytes.remove(place)),
            _ => bytes.truncate(place),
        }
        // A line end of another kind is none.
        let same = String::from_utf8_lossy(&bytes).replace("\r\n", "\n") == *text;
        prop_assert_eq!(file::read("b.json", &bytes, "again").is_ok(), same);
    }

    #[test]
    fn any_bytes_are_a_baseline_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(file::read("b.json", &bytes, "again").is_err());
    }
}
