//! Functions with known indices, through the same points and estimators as scenarios.

use proptest::prelude::*;

use super::*;
use crate::record::METRICS;
use crate::scaling::resample::Ranged;
use crate::scenario::NodeKind;
use crate::scenario::ScenarioFile;
use crate::scenario::library;

fn question(method: SensitivityMethod) -> SensitivityQuestion {
    SensitivityQuestion { method, of: &METRICS[0], with_pairs: false, resamples: 400 }
}

fn axis(label: &str, values: Vec<NodeKind>) -> Axis {
    let values = values.into_iter().map(Node::new).collect();
    Axis { path: label.to_owned(), label: label.to_owned(), values }
}

fn between(inputs: usize, least: f64, greatest: f64) -> Vec<Axis> {
    (0..inputs).map(|n| axis(&format!("x{n}"), vec![NodeKind::Float(least), NodeKind::Float(greatest)])).collect()
}

fn judged(
    question: &SensitivityQuestion,
    axes: &[Axis],
    seed: u64,
    figure: impl Fn(&[Node]) -> f64,
) -> SensitivityResult {
    let evaluations = Evaluations::new(question, axes, seed).expect("axes");
    let figures: Vec<f64> = evaluations.points().iter().map(|point| figure(point)).collect();
    evaluations.estimate(question, &figures, 42).expect("it varies")
}

fn numbers(point: &[Node]) -> Vec<f64> {
    point.iter().map(|value| value.number().expect("a number")).collect()
}

#[expect(clippy::disallowed_methods, reason = "the sine is the function's, and its last digit is nobody's")]
fn ishigami(point: &[Node]) -> f64 {
    let x = numbers(point);
    x[0].sin() * (1.0 + 0.1 * x[2] * x[2] * x[2] * x[2]) + 7.0 * x[1].sin() * x[1].sin()
}

fn shares(found: SensitivityResult) -> Indices {
    match found {
        SensitivityResult::Indices(indices) => indices,
        SensitivityResult::Effects(_) => panic!("shares were asked for"),
    }
}

#[track_caller]
fn close(found: &[Ranged], expected: &[f64], by: f64) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.estimate - expected).abs() < by, "{found:?}, expected {expected}");
        assert!(found.low <= *expected && *expected <= found.high, "{found:?}, expected {expected}");
    }
}

/// T. Ishigami and T. Homma, 1990, with a = 7, b = 0.1: the indices by integration.
#[test]
fn ishigami_s_indices() {
    let pi = std::f64::consts::PI;
    let wanted = SensitivityQuestion { with_pairs: true, ..question(SensitivityMethod::Sobol(4096)) };
    let found = shares(judged(&wanted, &between(3, -pi, pi), 42, ishigami));
    // Over thirty seeds the estimates' standard deviations are at most 0.005, 0.004 and 0.005; those of SALib 1.6.0 with
    // as many rows 0.005, 0.002 and 0.005.
    close(&found.first, &[0.3139, 0.4424, 0.0], 0.015);
    close(&found.total, &[0.5576, 0.4424, 0.2437], 0.012);
    let pairs: Vec<Ranged> = found.pairs.iter().map(|(_, _, range)| *range).collect();
    close(&pairs, &[0.0, 0.2437, 0.0], 0.015);
    // SALib with its seed 1, within the half-widths of its own intervals.
    let salib = [0.314_216, 0.443_440, -0.000_331, 0.557_554, 0.442_219, 0.244_538];
    let error = [0.0298, 0.0277, 0.0264, 0.0462, 0.0190, 0.0146];
    for (found, (salib, error)) in found.first.iter().chain(&found.total).zip(salib.into_iter().zip(error)) {
        assert!((found.estimate - salib).abs() < error, "{found:?}, SALib {salib}");
    }
    assert!((found.variance - 13.8446).abs() < 0.05, "{}", found.variance);
}

/// A. Saltelli and I. M. Sobol, 1995: the product of (|4x - 2| + a)/(1 + a).
#[test]
fn indices_of_the_g_function() {
    let a = [0.0, 1.0, 4.5, 9.0, 99.0];
    let g = |point: &[Node]| {
        numbers(point).iter().zip(a).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product::<f64>()
    };
    let found = shares(judged(&question(SensitivityMethod::Sobol(4096)), &between(5, 0.0, 1.0), 42, g));
    let own = a.map(|a| 1.0 / (3.0 * (1.0 + a) * (1.0 + a)));
    let variance = own.iter().map(|v| 1.0 + v).product::<f64>() - 1.0;
    close(&found.first, &own.map(|v| v / variance), 0.01);
    close(&found.total, &own.map(|v| v * (1.0 + variance) / (1.0 + v) / variance), 0.01);
}

fn effects(found: SensitivityResult) -> Vec<Effect> {
    match found {
        SensitivityResult::Effects(effects) => effects,
        SensitivityResult::Indices(_) => panic!("effects were asked for"),
    }
}

#[test]
fn of_a_line_the_effects_are_its_slopes() {
    let axes = [
        axis("rate", vec![NodeKind::Float(0.5), NodeKind::Float(2.5)]),
        axis("agents", vec![NodeKind::Int(1), NodeKind::Int(3), NodeKind::Int(8)]),
        axis("idle", vec![NodeKind::Int(1), NodeKind::Int(2)]),
        axis("name", ["a", "b", "c"].map(|name| NodeKind::Text(name.to_owned())).to_vec()),
    ];
    let price = |name: &Node| match name.text() {
        Some("a") => 10.0,
        _ => 0.0,
    };
    let line = |point: &[Node]| {
        let [rate, agents] = [0, 1].map(|index: usize| point[index].number().expect("a number"));
        3.0 * rate - 2.0 * agents + price(&point[3])
    };
    let found = effects(judged(&question(SensitivityMethod::Morris(60)), &axes, 42, line));
    // Over the whole range: 3 x 2, and -2 x 7.
    for (effect, expected) in found.iter().zip([6.0, -14.0, 0.0]) {
        assert!((effect.mean.estimate - expected).abs() < 1e-9 && effect.spread < 1e-9, "{effect:?}");
        assert!((effect.size.estimate - expected.abs()).abs() < 1e-9, "{effect:?}");
    }
    // Two of three changes of name are from or to "a".
    let name = found[3];
    assert!((name.size.estimate - 20.0 / 3.0).abs() < 2.0 && name.size.low < 20.0 / 3.0 && 20.0 / 3.0 < name.size.high);
}

#[test]
fn walks_are_as_people_write_them() {
    assert_eq!(SensitivityMethod::parse("morris:20"), Ok(SensitivityMethod::Morris(20)));
    assert_eq!(SensitivityMethod::parse(" sobol : 512"), Ok(SensitivityMethod::Sobol(512)));
    for wrong in ["", "morris", "sobol:1", "sobol:x", "fast:100", "sobol:99999999"] {
        assert!(SensitivityMethod::parse(wrong).is_err_and(|why| why.contains("expected morris:R")), "{wrong}");
    }
    let asked = question(SensitivityMethod::Sobol(4));
    assert!(Evaluations::new(&asked, &[], 1).is_err_and(|why| why.contains("no axis")));
    let single = axis("agents", vec![NodeKind::Int(4)]);
    assert!(Evaluations::new(&asked, &[single], 1).is_err_and(|why| why.contains("agents has one value")));
    assert!(Evaluations::new(&asked, &between(11, 0.0, 1.0), 1).is_err_and(|why| why.contains("up to 10")));
    assert!(Evaluations::new(&question(SensitivityMethod::Morris(4)), &between(11, 0.0, 1.0), 1).is_ok());
}

/// An axis without effect has exactly none, and noise that all points share is none.
#[test]
fn a_scenario_with_an_idle_axis() {
    let text = include_bytes!("../../../scenarios/hello.yaml");
    let file = ScenarioFile::parse("hello", text, &library::no_files()).expect("built in");
    let file = file.with_axis("architecture", "preassigned").and_then(|file| file.with_axis("prices.input", "1,9"));
    let file = file.and_then(|file| file.with_axis("architecture", "preassigned, self_claim")).expect("axes");
    for method in [SensitivityMethod::Sobol(16), SensitivityMethod::Morris(6)] {
        let asked = question(method);
        let axes = design::widened(&file, file.axes());
        let evaluations = Evaluations::new(&asked, &axes, file.seed()).expect("axes");
        let sweep = Sweep::new(&file, 20);
        let result =
            sensitivity(sweep, &evaluations, &asked, &Control::default()).expect("valid").expect("not stopped");
        assert!(result.completed == result.runs && result.runs == 20 * result.points as u64, "{} runs", result.runs);
        assert!(result.noise.is_some_and(|noise| noise > 0.0 && noise < 0.2), "{:?}", result.noise);
        let idle = result.axes.iter().position(|axis| axis.label == "prices.input").expect("an axis");
        let [moves, rests] = match result.found.expect("it varies") {
            SensitivityResult::Indices(found) => [found.total[1].estimate, found.total[idle].estimate],
            SensitivityResult::Effects(found) => [found[1].size.estimate, found[idle].size.estimate],
        };
        assert!(moves > 0.1 && rests.abs() < 1e-12, "{moves} {rests}");
    }
}

proptest! {
    /// Every walk changes every axis once, and numbers by two levels of three.
    #[test]
    fn walks_change_one_axis_at_a_time(walks in 2..20_usize, least in -5..5_i128, more in 1..9_i128, seed: u64) {
        let names = ["p", "q", "r"].map(|name| NodeKind::Text(name.to_owned())).to_vec();
        let axes = [axis("n", vec![NodeKind::Int(least), NodeKind::Int(least + more)]), axis("x", names)];
        let asked = question(SensitivityMethod::Morris(walks));
        let evaluations = Evaluations::new(&asked, &axes, seed).expect("axes");
        prop_assert_eq!(evaluations.evaluations(), 3 * walks);
        for (evaluation, change) in evaluations.changes.iter().enumerate() {
            let here = &evaluations.points[evaluations.point_of[evaluation]];
            let Some((axis, change)) = *change else { continue };
            let there = &evaluations.points[evaluations.point_of[evaluation + 1]];
            prop_assert!(change != 0.0 && here[axis] != there[axis] && here[1 - axis] == there[1 - axis]);
            if let (Some(from), Some(to)) = (here[axis].number(), there[axis].number()) {
                prop_assert!((change - (to - from) / more as f64).abs() < 1e-12);
            }
        }
    }
}
