//! A simulated run, written down, read again and replayed, is the same run: every figure of it.

use std::collections::BTreeSet;

use brooks::engine::Dist;
use brooks::prediction::calibration::{Options, calibrate};
use brooks::record::{Entry, Facts, Log, METRICS, Stats, Step, StepKind, TestRun, Write};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library;
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{Blocks, Resource};
use brooks::trace::replay::replay;
use brooks::trace::{RunFacts, Trace, native};
use brooks::workload::{ArtifactId, TaskSpec};

use crate::random_worlds;
use crate::worlds::{self, Variant};

/// Simulates a scenario, writes the run to a file, reads and replays it, and checks that both runs are the same.
/// Returns the text of the file; none for a run that was cut off and ends later than its last step.
fn checked_replay(scenario: &Scenario) -> Option<String> {
    let world = &scenario.name;
    let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
    Simulator::new(scenario).run(&*scenario.architecture, 0, &mut (&mut stats, &mut log));
    let metrics = stats.metrics();
    let trace = Trace::of_run(&RunFacts::of(scenario, 0, &log), &log);
    let text = native::write(&trace);
    let mut traces = native::read("world", text.as_bytes());
    let again = traces.next().expect("a trace").unwrap_or_else(|problems| panic!("{world}: {problems}"));
    assert!(traces.next().is_none());
    let rewritten = native::write(&again);
    let differing = text.lines().zip(rewritten.lines()).find(|(a, b)| a != b);
    assert!(rewritten == text, "{world}: {differing:?}");
    let (mut stats, mut replayed_log) = (Stats::new(scenario.prices), Log::default());
    let replay = replay(&again, &mut (&mut stats, &mut replayed_log));
    let replayed = stats.metrics();
    let tests = |log: &Log| -> Vec<TestRun> {
        log.entries.iter().filter_map(|entry| if let Entry::Test(test) = entry { Some(*test) } else { None }).collect()
    };
    assert_eq!(tests(&log), tests(&replayed_log), "{world}: tests simulated and replayed");
    // A trace does not distinguish monitoring from idling.
    let steps = |log: &Log| log.steps().map(|step| Step { kind: StepKind::Work, ..*step }).collect::<Vec<_>>();
    let (simulated, replayed_steps) = (steps(&log), steps(&replayed_log));
    let differing = simulated.iter().zip(&replayed_steps).find(|(a, b)| a != b);
    assert!(simulated == replayed_steps, "{world}: steps simulated and replayed: {differing:?}");
    let artifacts: Vec<&str> = again.names.iter().collect();
    let names = Facts::new(&scenario.team, &scenario.graph, &scenario.resources);
    let simulated = writes(&log, |artifact| names.artifact(artifact));
    let replayed_writes = writes(&replayed_log, |artifact| artifacts[artifact.index()]);
    let differing = simulated.iter().zip(&replayed_writes).find(|(a, b)| a != b);
    assert!(simulated == replayed_writes, "{world}: writes simulated and replayed: {differing:?}");
    if log.steps().map(|step| step.end).max() != Some(metrics.makespan) {
        return None;
    }
    for metric in METRICS {
        let (simulated, replayed) = ((metric.of)(&metrics), (metric.of)(&replayed));
        let close = (simulated - replayed).abs() <= 1e-9 * simulated.abs().max(1.0);
        assert!(close, "{world}, {}: {simulated} simulated, {replayed} replayed", metric.name);
    }
    assert!(replay.counts_equal(), "{world}: {:?}", replay.counted);
    assert_eq!(metrics.ending, replayed.ending, "{world}");
    Some(text)
}

/// The writes of a run in their order, by the names of their artifacts.
fn writes<'n>(log: &Log, name: impl Fn(ArtifactId) -> &'n str) -> Vec<(String, Write)> {
    let writes =
        log.entries.iter().filter_map(|entry| if let Entry::Write(write) = entry { Some(write) } else { None });
    writes.map(|write| (name(write.artifact).to_owned(), Write { artifact: ArtifactId::new(0), ..*write })).collect()
}

#[test]
fn a_simulated_run_survives_the_way_through_a_file() {
    let worlds = if worlds::is_slow() { 4_000 } else { 400 };
    // A trace has one end for each step. The effects of a reply that is served while its agent goes on come after that end,
    // and no key of the trace has their time.
    let in_review = |world: &Scenario| world.resources.iter().any(|resource| resource.blocks == Blocks::Nobody);
    let kept = (0..worlds).map(random_worlds::random).filter(|world| !in_review(world));
    let completed = kept.filter_map(|world| checked_replay(&world)).count();
    assert!(completed > worlds as usize * 3 / 4, "{completed} of {worlds}");
}

#[test]
fn steps_that_land_at_the_same_time_keep_their_order() {
    // The first agent thinks for 2 seconds and may have its work reviewed for 1; the second thinks for 3. Of two that
    // land after 3 seconds the second comes first: its landing was scheduled before the review of the first.
    let file = |size: f64| TaskSpec { writes: vec!["file".to_owned()], ..TaskSpec::new(format!("of {size}"), size) };
    let review = Resource {
        name: "review".to_owned(),
        capacity: 2,
        service: Some(Dist::Constant(1.0)),
        blocks: Blocks::User,
        share: 0.5,
    };
    let mut reordered = 0;
    for seed in 0..32 {
        let specs: Vec<TaskSpec> = [2.0, 3.0, 2.1, 3.1, 2.2, 3.2].map(file).to_vec();
        let variant = Variant::called("self_claim");
        let mut scenario = worlds::scenario(&specs, 2, &worlds::a_token_a_second(), &variant, worlds::ASYNC);
        (scenario.seed, scenario.resources) = (seed, vec![review.clone()]);
        reordered += u32::from(checked_replay(&scenario).is_some_and(|text| text.contains("x.order")));
    }
    assert!(reordered > 0, "no two steps landed in another order than they began");
    // By name agent-10 comes before agent-2, by number after it.
    for (pace, pacing) in worlds::PACINGS {
        let specs: Vec<TaskSpec> = (0..12).map(|task| TaskSpec::new(format!("task-{task}"), 2.0)).collect();
        let mut scenario =
            worlds::scenario(&specs, 12, &worlds::a_token_a_second(), &Variant::called("preassigned"), pacing);
        scenario.name = format!("twelve agents, {pace}");
        assert!(checked_replay(&scenario).is_some_and(|text| text.contains("x.order")), "{}", scenario.name);
    }
}

/// The run that `brooks run paper --trace-out` writes down with these settings.
fn paper(settings: &[(&str, &str)], replication: u64) -> Trace {
    let file = ScenarioFile::open("paper", &library::no_files()).expect("it is built in");
    let settings: Vec<(String, String)> =
        settings.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    let scenario = file.with(&settings).and_then(|file| file.scenario());
    let scenario = scenario.unwrap_or_else(|problems| panic!("{problems}"));
    let mut log = Log::default();
    Simulator::new(&scenario).run(&*scenario.architecture, replication, &mut log);
    Trace::of_run(&RunFacts::of(&scenario, replication, &log), &log)
}

#[test]
fn runs_that_differ_have_names_that_differ() {
    let name = |settings: &[(&str, &str)], replication| paper(settings, replication).header.trace;
    let readable = name(&[], 0);
    assert!(readable.starts_with("paper-self_claim-n4-seed42-r0-"), "{readable}");
    assert_eq!(readable, name(&[], 0), "the same run has the same name");
    // A price is no part of what happened.
    assert_eq!(readable, name(&[("prices.input", "99")], 0));
    let others: [&[(&str, &str)]; 8] = [
        &[("team.agents", "1")],
        &[("team.agents", "2")],
        &[("architecture", "preassigned")],
        &[("seed", "43")],
        // What the readable part does not say.
        &[("workload.amdahl.parallel_fraction", "0.5")],
        &[("team.profile", "gpt-like")],
        &[("architecture", "{ self_claim: { pick: random } }")],
        &[("workload.amdahl.size", "111 tokens")],
    ];
    let mut names: BTreeSet<String> = others.iter().map(|settings| name(settings, 0)).collect();
    names.insert(name(&[], 1));
    names.insert(readable);
    assert_eq!(names.len(), others.len() + 2, "{names:?}");
}

#[test]
fn a_calibration_knows_the_runs_that_it_has_seen_from_other_teams_of_the_same_scenario_and_seed() {
    let mine = paper(&[("team.agents", "1")], 0);
    let calibration = calibrate(&[&mine], &Options::default()).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(calibration.has_seen(&mine.header.trace));
    for settings in [
        &[("team.agents", "2")][..],
        &[("team.agents", "1"), ("architecture", "preassigned")],
        &[("team.agents", "1"), ("workload.amdahl.parallel_fraction", "0.5")],
    ] {
        let other = paper(settings, 0).header.trace;
        assert!(!calibration.has_seen(&other), "{other}");
    }
}
