//! A simulated run, written down, read again and replayed, is the same run: every figure of it.

use std::collections::BTreeSet;

use brooks::prediction::calibration::{Options, calibrate};
use brooks::record::{Log, METRICS, Stats};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library;
use brooks::simulation::Simulator;
use brooks::trace::replay::replay;
use brooks::trace::{RunFacts, Trace, native};

use crate::worlds;

#[test]
fn a_simulated_run_survives_the_way_through_a_file() {
    let mut completed = 0;
    for seed in 0..400 {
        let scenario = worlds::random(seed);
        let (mut stats, mut log) = (Stats::new(scenario.prices), Log::default());
        Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut (&mut stats, &mut log));
        let metrics = stats.metrics();
        let trace = Trace::of_run(&RunFacts::of(&scenario, 0, &log), &log);
        let text = native::write(&trace);
        let mut traces = native::read("world", text.as_bytes());
        let again = traces.next().expect("a trace").unwrap_or_else(|problems| panic!("world {seed}: {problems}"));
        assert!(traces.next().is_none());
        let rewritten = native::write(&again);
        let differing = text.lines().zip(rewritten.lines()).find(|(a, b)| a != b);
        assert!(rewritten == text, "world {seed}: {differing:?}");
        let mut stats = Stats::new(scenario.prices);
        let replay = replay(&again, &mut stats);
        let replayed = stats.metrics();
        // A run that is cut off may end later than its last step.
        let ends_with_a_step = log.steps().map(|step| step.end).max() == Some(metrics.makespan);
        if !ends_with_a_step {
            continue;
        }
        completed += 1;
        for metric in METRICS {
            let (simulated, replayed) = ((metric.of)(&metrics), (metric.of)(&replayed));
            let close = (simulated - replayed).abs() <= 1e-9 * simulated.abs().max(1.0);
            assert!(close, "world {seed}, {}: {simulated} simulated, {replayed} replayed", metric.name);
        }
        assert!(replay.counts_equal(), "world {seed}: {:?}", replay.counted);
        assert_eq!(metrics.ending, replayed.ending, "world {seed}");
    }
    assert!(completed > 300, "{completed} of 400");
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
