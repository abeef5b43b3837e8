//! What-if replay: what is learned from one session, what it falls back to, and whether the ranges hold the truth.
//!
//! `BROOKS_COVERAGE=200` measures the figures of docs/MODEL.md, section 9 (minutes; the number is that of sessions a world);
//! without it a few sessions stand for them. `BROOKS_SHOW=1` prints them.

use std::collections::BTreeMap;

use brooks::engine::Samplers;
use brooks::experiment::Replications;
use brooks::prediction::what_if::{BETWEEN_RUNS, Basis, PREDICTION_LOG_SD, WhatIf, WhatIfAnswer};
use brooks::record::{Log, METRICS};
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::no_files;
use brooks::simulation::{Scenario, Simulator};
use brooks::trace::{RunFacts, Trace};

fn is_thorough() -> bool {
    std::env::var_os("BROOKS_COVERAGE").is_some()
}

fn parsed(text: &str) -> ScenarioFile {
    ScenarioFile::parse("world", text.as_bytes(), &no_files()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A recorded session: one simulated run.
fn session(scenario: &Scenario, replication: u64) -> Trace {
    let mut log = Log::default();
    Simulator::new(scenario).run(&*scenario.architecture, replication, &mut log);
    Trace::of_run(&RunFacts::of(scenario, replication, &log), &log)
}

fn answer(trace: &Trace, agents: &str) -> (WhatIf, WhatIfAnswer) {
    let mut what_if = WhatIf::from_trace(trace, Some(1)).unwrap_or_else(|problems| panic!("{problems}"));
    what_if.file = what_if.file.with_axis("agents", agents).unwrap_or_else(|problems| panic!("{problems}"));
    let answer = what_if.run(&|_| ()).unwrap_or_else(|problems| panic!("{problems}"));
    (what_if, answer)
}

fn paper(profile: &str, architecture: &str, agents: u32) -> String {
    let architecture = crate::as_in_the_paper(architecture);
    format!(
        "workload: {{ amdahl: {{ tasks: 20, parallel_fraction: 0.5, size: 110 tokens }} }}\n\
         team: {{ agents: {agents}, profile: {profile} }}\narchitecture: {architecture}\npacing: rounds\nseed: 11"
    )
}

#[test]
fn a_session_that_says_what_became_of_its_tasks_lends_its_habits() {
    let alone = parsed(&paper("sonnet-like", "self_claim", 1)).scenario().expect("a scenario");
    let trace = session(&alone, 0);
    let (what_if, answer) = answer(&trace, "1..4");
    assert!(matches!(what_if.basis, Basis::LearnedPolicy(_)));
    assert_eq!((what_if.data.agents, what_if.data.tasks), (1, 20));
    assert_eq!(what_if.data.calls, trace.steps.iter().filter(|step| step.is_call()).count());
    // The session itself is met, but for calls that could as well be others of it.
    let recorded = trace.steps.iter().map(|step| step.end.as_secs()).fold(0.0, f64::max);
    let one = answer.result.rows[0].metric("makespan_s").expect("it completes");
    assert!((one.mean / recorded - 1.0).abs() < 0.15, "{} of {recorded}", one.mean);
    for (row, (metrics, speedup)) in answer.result.rows.iter().zip(answer.metrics.iter().zip(&answer.speedups)) {
        let (low, high) = metrics[0].expect("a range");
        let mean = row.metric("makespan_s").expect("it completes").mean;
        // One session does not tell its length from another's to better than that.
        assert!(
            low < mean * (-1.5 * BETWEEN_RUNS).exp() && mean * (1.5 * BETWEEN_RUNS).exp() < high,
            "{low} {mean} {high}"
        );
        let (low, high) = speedup.expect("a range");
        let speedup = row.speedup.expect("a speedup").estimate;
        assert!(low <= speedup + 1e-9 && speedup <= high + 1e-9, "{low} {speedup} {high}");
        assert!(row.agents == 1 || high > low * (2.0 * PREDICTION_LOG_SD[0]).exp(), "{low} {high}");
    }
}

#[test]
fn what_one_cannot_learn_habits_from_is_taken_for_pieces_of_work() {
    let alone = parsed(&paper("sonnet-like", "self_claim", 1)).scenario().expect("a scenario");
    let mut silent = session(&alone, 0);
    silent.steps.iter_mut().for_each(|step| step.events.clear());
    let what_if = WhatIf::from_trace(&silent, None).expect("there is work");
    let Basis::WorkSegments(_, why) = &what_if.basis else { panic!("nothing says what became of tasks") };
    assert!(why.contains("do not record the outcome of their tasks"), "{why}");
    let mut unfinished = session(&alone, 0);
    unfinished.header.outcome = None;
    unfinished.steps.truncate(unfinished.steps.len() / 2);
    unfinished.header.totals.clear();
    let what_if = WhatIf::from_trace(&unfinished, None).expect("there is work");
    let Basis::WorkSegments(_, why) = &what_if.basis else { panic!("half a session has no end to go for") };
    assert!(why.contains("does not report that all of its tasks were finished"), "{why}");
}

#[test]
fn the_same_session_gives_the_same_answer() {
    let scenario = parsed(&paper("gemini-like", "preassigned", 1)).scenario().expect("a scenario");
    let trace = session(&scenario, 1);
    let ((_, first), (_, second)) = (answer(&trace, "1,2"), answer(&trace, "1,2"));
    assert_eq!((first.metrics, first.speedups, first.changes), (second.metrics, second.speedups, second.changes));
}

/// The scenario of a world with so many agents.
type World = Box<dyn Fn(u32) -> String>;

/// Shares of sessions whose range holds the truth.
#[derive(Default)]
struct Held {
    makespans: u32,
    speedups: u32,
    /// With the pace of the session known: what would be left without differences between sessions.
    ranges: u32,
}

/// Sessions of one agent in that world, and how often their ranges hold what teams there really come to.
fn held(world: &dyn Fn(u32) -> String, change: &dyn Fn(&mut Trace), sessions: u64) -> Held {
    let scenario = |agents| parsed(&world(agents)).scenario().expect("a scenario");
    let alone = scenario(1);
    let truth = |agents| {
        let times =
            Replications::run(&scenario(agents), 1_000_000..1_002_000, &Samplers::default()).completed("makespan_s");
        times.iter().sum::<f64>() / times.len() as f64
    };
    let one = truth(1);
    let teams: Vec<(u32, f64)> = [2, 4].into_iter().map(|agents| (agents, truth(agents))).collect();
    let mut held = Held::default();
    for replication in 0..sessions {
        let mut trace = session(&alone, replication);
        change(&mut trace);
        let (_, answer) = answer(&trace, "1,2,4");
        for (agents, time) in &teams {
            let row = answer.result.rows.iter().position(|row| row.agents == *agents).expect("a row");
            let is_in =
                |range: Option<(f64, f64)>, value: f64| u32::from(range.is_some_and(|r| r.0 <= value && value <= r.1));
            held.makespans += is_in(answer.metrics[row][0], *time);
            held.speedups += is_in(answer.speedups[row], one / time);
            held.ranges += 1;
        }
    }
    held
}

#[test]
fn ranges_hold_the_truth_as_often_as_they_say() {
    let sessions =
        std::env::var("BROOKS_COVERAGE").map_or(2, |sessions| sessions.parse().ok().filter(|n| *n > 1).unwrap_or(200));
    let mut worlds: Vec<(String, World, bool)> = Vec::new();
    for architecture in ["self_claim", "preassigned"] {
        for profile in ["gpt-like", "gemini-like", "sonnet-like"].into_iter().take(if is_thorough() { 3 } else { 1 }) {
            let world = move |agents| paper(profile, architecture, agents);
            worlds.push((format!("{profile}, {architecture}"), Box::new(world), false));
        }
    }
    let pieces = |agents| {
        format!(
            "workload: {{ amdahl: {{ tasks: 12, parallel_fraction: 0.75, size: 110 tokens }} }}\nseed: 5\n\
             team: {{ agents: {agents}, profile: {{ latency: \"lognormal(mean=20s, cv=0.5)\" }} }}\n\
             architecture: preassigned"
        )
    };
    worlds.push(("pieces of work".to_owned(), Box::new(pieces), true));
    let (mut all, mut makespans, mut speedups) = (0, 0, 0);
    for (name, world, is_silent) in &worlds {
        let change = |trace: &mut Trace| {
            if *is_silent {
                trace.steps.iter_mut().for_each(|step| step.events.clear());
            }
        };
        let held = held(world, &change, sessions);
        let percent = |part: u32| f64::from(part) * 100.0 / f64::from(held.ranges);
        if std::env::var_os("BROOKS_SHOW").is_some() {
            println!(
                "{name}: makespan {:.0} %, speedup {:.0} % of {} ranges",
                percent(held.makespans),
                percent(held.speedups),
                held.ranges
            );
        }
        all += held.ranges;
        makespans += held.makespans;
        speedups += held.speedups;
    }
    let (makespans, speedups) = (f64::from(makespans) / f64::from(all), f64::from(speedups) / f64::from(all));
    assert!(makespans >= 0.85, "{makespans} of makespans");
    assert!(speedups >= 0.75, "{speedups} of speedups");
}

/// How far apart runs of one agent on the same work are in the recorded runs: what one session cannot show.
#[test]
fn runs_differ_as_it_is_assumed_of_sessions() {
    let Some(traces) = crate::paper_runs::traces() else { return };
    let mut cells: BTreeMap<Vec<String>, Vec<f64>> = BTreeMap::new();
    for trace in traces.iter().filter(|trace| trace.header.agents.len() == 1) {
        let is_success = trace.header.outcome.as_ref().and_then(|outcome| outcome.success) == Some(true);
        let Some(us) = trace.total("duration_us").filter(|_| is_success) else { continue };
        let mut key: Vec<String> = ["model", "suite", "p"].map(|name| trace.label(name).unwrap_or_default()).to_vec();
        key.push(trace.header.architecture.clone().unwrap_or_default());
        cells.entry(key).or_default().push((us * 1e-6).ln());
    }
    let (mut squares, mut freedom) = (0.0, 0.0);
    for times in cells.values() {
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        squares += times.iter().map(|time| (time - mean) * (time - mean)).sum::<f64>();
        freedom += times.len() as f64 - 1.0;
    }
    let sigma = (squares / freedom).sqrt();
    println!("sigma of the logarithm of makespan within {} cells of one agent: {sigma:.3}", cells.len());
    assert!((sigma - BETWEEN_RUNS).abs() < 0.01, "{sigma}");
    assert_eq!(METRICS[0].name, "makespan_s");
}
