//! Crossovers that can be derived by hand, and impossible ones.

use super::*;
use crate::record::METRICS;
use crate::scenario::library;

fn question(between: [&str; 2], path: &str, low: f64, high: f64) -> CrossoverQuestion {
    let between = between.map(Node::from);
    CrossoverQuestion { between, path: path.to_owned(), low, high, of: &METRICS[0], scan: 9, most: 2000 }
}

fn found(file: &ScenarioFile, question: CrossoverQuestion) -> Crossovers {
    crossover(file, question, &|_| (), &|| false).expect("valid").expect("not stopped")
}

/// Difference, first less second, from many runs.
fn long_run(file: &ScenarioFile, question: &CrossoverQuestion, at: &Node) -> f64 {
    let scenario = |index: usize| {
        file.at(&[(question.path.as_str(), at), ("architecture", &question.between[index])]).expect("valid")
    };
    let scenarios = [scenario(0), scenario(1)];
    let samples = runner::run(&scenarios.iter().collect::<Vec<_>>(), 1500, &|_| ());
    let mean = |index: usize| samples[index].completed("makespan_s").into_iter().collect::<Welford>().mean();
    mean(0) - mean(1)
}

#[track_caller]
fn assert_as_long_runs_say(file: &ScenarioFile, answer: &Crossovers) {
    for probe in &answer.probes {
        let difference = long_run(file, &answer.question, &number(probe.at, answer.is_whole));
        match probe.standing {
            AxisStanding::Less(0) => assert!(difference < 0.0, "{probe:?} {difference}"),
            AxisStanding::Less(_) => assert!(difference > 0.0, "{probe:?} {difference}"),
            AxisStanding::Same => assert!(difference.abs() < 1e-9, "{probe:?} {difference}"),
            _ => {}
        }
    }
}

/// A lead of two agents has one worker who asks; a lead of three has two.
#[test]
fn a_lead_is_worth_having_from_three_agents_on() {
    let hello = ScenarioFile::open("hello", &library::no_files()).expect("built in");
    let answer = found(&hello, question(["lead_dynamic", "solo"], "team.agents", 1.0, 24.0));
    assert!(answer.is_whole && answer.label == "agents");
    assert_as_long_runs_say(&hello, &answer);
    let change = Change { low: 2.0, high: 3.0, before: Sign::Positive };
    assert_eq!(answer.changes, [change]);
    assert_eq!(answer.probe(1.0).expect("the lower end").standing, AxisStanding::Same);
}

/// Without parallel work a lead only costs; with much of it three agents are faster than one.
#[test]
fn a_crossing_along_numbers() {
    let hello = ScenarioFile::open("hello", &library::no_files()).expect("built in");
    let hello = hello.with(&[("team.agents".to_owned(), "3".to_owned())]).expect("valid");
    let path = "workload.amdahl.parallel_fraction";
    let answer = found(&hello, question(["lead_dynamic", "solo"], path, 0.0, 1.0));
    assert!(!answer.is_whole && answer.changes.len() == 1, "{:?}", answer.changes);
    assert_as_long_runs_say(&hello, &answer);
    let change = answer.changes[0];
    assert!(change.before == Sign::Positive && change.high - change.low < 0.2, "{change:?}");
}

#[test]
fn teams_that_do_not_complete_are_not_compared() {
    let hello = ScenarioFile::open("hello", &library::no_files()).expect("built in");
    let answer = found(&hello, question(["preassigned", "self_claim"], "team.profile.error_rate", 0.0, 1.0));
    assert!(!answer.is_whole, "a rate from 0 to 1 may be a half");
    let last = answer.probes.last().expect("the upper end");
    assert!(last.at > 0.999 && matches!(last.standing, AxisStanding::Incomplete(_)) && last.completed == [0, 0]);
    assert_eq!(last.difference, None);
}

#[test]
fn it_stops_when_asked() {
    let hello = ScenarioFile::open("hello", &library::no_files()).expect("built in");
    let asked = question(["preassigned", "self_claim"], "team.agents", 1.0, 8.0);
    assert!(crossover(&hello, asked, &|_| (), &|| true).expect("valid").is_none());
}
