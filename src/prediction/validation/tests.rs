//! Figures of constructed cells, the noise floor against its expectation, laws on data that follow them.

use super::figures::Recordings;
use super::measures::{MAKESPAN, MEASURES, WRITES};
use super::*;
use crate::engine::{Keys, Purpose};
use crate::problem::Problems;
use crate::scaling::amdahl;
use crate::scenario::learned_profile::Condition;

fn plan() -> ValidationPlan {
    ValidationPlan {
        by: ["model", "p"].map(str::to_owned).to_vec(),
        sizes: None,
        fewest_runs: 2,
        replications: 10,
        splits: 100,
        seed: 7,
    }
}

/// A cell with these makespans and concurrent writes. `runs` includes runs that did not complete.
fn cell(model: &str, agents: u32, runs: usize, makespans: &[f64], writes: &[f64]) -> ValidationCell {
    let values = MEASURES.iter().enumerate().map(|(measure, _)| match measure {
        MAKESPAN => makespans.to_vec(),
        WRITES => writes.to_vec(),
        _ => vec![f64::NAN; makespans.len()],
    });
    ValidationCell {
        labels: vec![model.to_owned(), "0.5".to_owned()],
        architecture: "self_claim".to_owned(),
        agents,
        model: Some(model.to_owned()),
        parallel_fraction: Some(0.5),
        runs,
        values: values.collect(),
        tasks: None,
        tasks_assumed: false,
        max_rounds: None,
        baseline: None,
        is_scored: agents > 1,
    }
}

/// Sets the baselines.
fn linked(mut cells: Vec<ValidationCell>) -> Vec<ValidationCell> {
    for index in 0..cells.len() {
        cells[index].baseline =
            (0..cells.len()).find(|&other| cells[other].agents == 1 && cells[other].labels == cells[index].labels);
    }
    cells
}

fn recorded(cells: &[ValidationCell]) -> Vec<Prediction> {
    cells.iter().map(|cell| cell.recorded(cells)).collect()
}

fn prediction(makespan: f64, writes: f64, completion: f64, speedup: f64) -> Prediction {
    let mut means = vec![None; MEASURES.len()];
    means[MAKESPAN] = Some(makespan);
    means[WRITES] = Some(writes);
    Prediction { means, completion: Some(completion), speedup: Some(speedup), interval: Some((90.0, 110.0)) }
}

fn score(figure: &str, cells: &[ValidationCell], predictions: &[Prediction]) -> Score {
    let (plan, recorded) = (plan(), recorded(cells));
    let figure = FIGURES.iter().find(|row| row.name == figure).expect("it is in the table");
    figure.score(&Recordings { cells, recorded: &recorded, plan: &plan }, "self_claim", predictions)
}

#[track_caller]
fn close(actual: Option<f64>, expected: f64) {
    let actual = actual.expect("a value");
    assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
}

#[test]
fn figures_of_cells_made_by_hand() {
    let cells = linked(vec![
        cell("a", 1, 2, &[190.0, 210.0], &[0.0, 0.0]),
        cell("a", 2, 4, &[95.0, 105.0], &[0.0, 0.0]),
        cell("a", 4, 2, &[100.0, 100.0], &[10.0, 30.0]),
        cell("b", 1, 2, &[100.0, 100.0], &[0.0, 0.0]),
        cell("b", 2, 2, &[399.0, 401.0], &[8.0, 12.0]),
        // One completed run is too few for its mean, and counts for the completion rate.
        cell("b", 4, 2, &[50.0], &[1.0]),
    ]);
    let predictions = [
        prediction(200.0, 0.0, 1.0, 1.0),
        prediction(110.0, 5.0, 0.9, 2.2),
        prediction(80.0, 10.0, 1.0, 2.5),
        prediction(100.0, 0.0, 1.0, 1.0),
        prediction(300.0, 9.0, 1.0, 1.1),
        prediction(50.0, 1.0, 0.0, 2.0),
    ];
    // 10, 20 and 25 percent off.
    let makespan = score("makespan", &cells, &predictions);
    close(makespan.value, 20.0);
    close(makespan.log_bias, (1.1_f64.ln() + 0.8_f64.ln() + 0.75_f64.ln()) / 3.0);
    close(makespan.log_error, (1.1_f64.ln() - 0.8_f64.ln() - 0.75_f64.ln()) / 3.0);
    assert_eq!((makespan.units, makespan.left_out), (3, 0));
    // n = 2: sqrt(2 x 1/4) recorded, sqrt(2.2 x 1.1) predicted; n = 4: 2 and 2.5.
    let n2 = (2.2_f64 * 1.1).sqrt() / 0.5_f64.sqrt() - 1.0;
    close(score("speedup", &cells, &predictions).value, f64::midpoint(n2, 0.25) * 100.0);
    // Nothing was written at once in a, 2: that cell has no relative error. 50 and 10 percent are left.
    let writes = score("concurrent_writes", &cells, &predictions);
    close(writes.value, 30.0);
    assert_eq!((writes.units, writes.left_out), (2, 1));
    // Recorded 0, 20, 10; predicted 5, 10, 9.
    close(score("concurrent_writes_rank", &cells, &predictions).value, 1.0);
    // n = 2: 4 of 6 recorded (2 of 4, 2 of 2), predicted 3.6 + 2; n = 4: 3 of 4 recorded, predicted 2.
    close(score("completion", &cells, &predictions).value, f64::midpoint(1.6 / 6.0, 1.0 / 4.0) * 100.0);
    // a: 95, 105, 100, 100 within 90 to 110; b: neither.
    let coverage = score("coverage_80", &cells, &predictions);
    close(coverage.value, 4.0 / 6.0 * 100.0);
    assert_eq!(coverage.units, 6);
    // Faster, faster, slower; the last is predicted to be faster.
    let sign = score("speedup_sign", &cells, &predictions);
    close(sign.value, 2.0 / 3.0 * 100.0);
    assert_eq!((sign.units, sign.left_out), (3, 0));
    // No tokens are recorded.
    let tokens = score("tokens", &cells, &predictions);
    assert_eq!((tokens.value, tokens.units, tokens.left_out), (None, 0, 3));
}

#[test]
fn a_speedup_that_may_be_chance_has_no_sign() {
    let cells =
        linked(vec![cell("a", 1, 2, &[80.0, 120.0], &[0.0, 0.0]), cell("a", 2, 2, &[75.0, 105.0], &[0.0, 0.0])]);
    let predictions = [prediction(100.0, 0.0, 1.0, 1.0), prediction(90.0, 0.0, 1.0, 1.1)];
    assert_eq!(score("speedup_sign", &cells, &predictions).value, None);
}

#[test]
fn teams_that_are_said_never_to_complete_are_as_far_off_as_can_be() {
    let cells = linked(vec![
        cell("a", 1, 2, &[100.0, 100.0], &[0.0, 0.0]),
        cell("a", 2, 2, &[100.0, 100.0], &[0.0, 0.0]),
        cell("a", 3, 2, &[100.0, 100.0], &[0.0, 0.0]),
        cell("a", 4, 2, &[100.0, 100.0], &[0.0, 0.0]),
    ]);
    let never = Prediction { means: vec![None; MEASURES.len()], completion: Some(0.0), ..Prediction::default() };
    let predictions = [
        prediction(100.0, 0.0, 1.0, 1.0),
        prediction(110.0, 0.0, 1.0, 1.0),
        prediction(120.0, 0.0, 1.0, 1.0),
        never.clone(),
    ];
    close(score("makespan", &cells, &predictions).value, 20.0);
    let none = [prediction(100.0, 0.0, 1.0, 1.0), never.clone(), never.clone(), never];
    assert_eq!((score("makespan", &cells, &none).value, score("makespan", &cells, &none).units), (None, 3));
}

/// Cells of `runs` draws from a normal distribution each.
fn normal_cells(count: u64, runs: u64, mean: f64, sd: f64) -> Vec<ValidationCell> {
    let cells = (0..count).map(|index| {
        let mut stream = Keys::new(5, index).stream(Purpose::Latency, runs);
        let values: Vec<f64> = (0..runs).map(|_| mean + sd * stream.normal()).collect();
        let writes = vec![0.0; values.len()];
        cell(&format!("m{index}"), 2, values.len(), &values, &writes)
    });
    linked(cells.collect())
}

#[test]
fn the_noise_floor_is_the_error_of_a_perfect_model() {
    // A perfect model predicts 100; the mean of n runs is off by a normal error of 20 / sqrt(n), whose absolute value has the
    // median 0.6745 sigma. Equal halves and unequal ones.
    for runs in [2, 3, 5, 8] {
        let cells = normal_cells(6_000, runs, 100.0, 20.0);
        let (plan, recorded) = (ValidationPlan { splits: 5, ..plan() }, recorded(&cells));
        let recordings = Recordings { cells: &cells, recorded: &recorded, plan: &plan };
        let floor = noise_floor::floors(&recordings, &["self_claim"])[0][0].expect("runs to split");
        let expected = 0.6745 * 20.0 / (runs as f64).sqrt();
        assert!((floor / expected - 1.0).abs() < 0.05, "{runs} runs: floor {floor}, expected {expected}");
        let perfect: Vec<Prediction> = cells.iter().map(|_| prediction(100.0, 0.0, 1.0, 1.0)).collect();
        let shown = score("makespan", &cells, &perfect).value.expect("a value");
        assert!((floor / shown - 1.0).abs() < 0.06, "{runs} runs: floor {floor}, a perfect model shows {shown}");
    }
}

#[test]
fn single_runs_have_no_noise_floor() {
    let cells = normal_cells(20, 1, 100.0, 20.0);
    let (plan, recorded) = (ValidationPlan { fewest_runs: 1, ..plan() }, recorded(&cells));
    let recordings = Recordings { cells: &cells, recorded: &recorded, plan: &plan };
    assert_eq!(noise_floor::floors(&recordings, &["self_claim"])[0], [None]);
}

#[test]
fn laws_are_right_about_data_that_follow_them() {
    let mut cells = Vec::new();
    for (model, one) in [("a", 100.0), ("b", 340.0), ("c", 55.0)] {
        for agents in 1..=5 {
            let makespan = one / amdahl::speedup(0.5, f64::from(agents));
            cells.push(cell(model, agents, 2, &[makespan, makespan], &[0.0, 0.0]));
        }
    }
    let cells = linked(cells);
    let predicted = laws::predictions(&cells, &recorded(&cells), &plan());
    for (law, tolerance) in [("amdahl", 1e-9), ("amdahl_fitted", 1e-4), ("usl", 1e-4)] {
        let index = LAW_NAMES.iter().position(|name| *name == law).expect("it is one");
        for figure in ["makespan", "speedup"] {
            let error = score(figure, &cells, &predicted[index]).value.expect("a value");
            assert!(error < tolerance, "{law}: {figure} {error}");
        }
    }
    // S = 1 is off by S - 1, in the median over n = 2 to 5.
    let speedups = [2.0, 3.0, 4.0, 5.0].map(|n| amdahl::speedup(0.5, n) - 1.0);
    close(score("makespan", &cells, &predicted[3]).value, f64::midpoint(speedups[1], speedups[2]) * 100.0);
    // The next smaller team is slower by the ratio of their speedups.
    let steps = [2.0, 3.0, 4.0, 5.0].map(|n: f64| amdahl::speedup(0.5, n) / amdahl::speedup(0.5, n - 1.0) - 1.0);
    close(score("makespan", &cells, &predicted[4]).value, f64::midpoint(steps[1], steps[2]) * 100.0);
    // No law predicts one agent, its own input.
    assert!(predicted.iter().take(4).all(|law| law[0] == Prediction::default()));
}

#[test]
fn without_runs_of_one_agent_laws_are_silent() {
    let cells = linked(vec![cell("a", 2, 2, &[10.0, 12.0], &[0.0, 0.0]), cell("a", 3, 2, &[9.0, 9.0], &[0.0, 0.0])]);
    let predicted = laws::predictions(&cells, &recorded(&cells), &plan());
    let makespans = |law: usize| score("makespan", &cells, &predicted[law]);
    assert!((0..4).all(|law| makespans(law).value.is_none()));
    close(makespans(4).value, 11.0 / 9.0 * 100.0 - 100.0);
}

#[test]
fn no_recordings_at_all_are_no_trouble() {
    let no_model = |_: &ValidationCell, _: &Condition| Err(Problems::default());
    let validation = validate(&[], &plan(), &no_model, &|_| ());
    assert!(validation.rows.is_empty() && validation.cells.is_empty());
}
