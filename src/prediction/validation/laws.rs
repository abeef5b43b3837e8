//! Predictions of the laws. They start from the recorded makespan of one agent, which the model has to predict. The laws of
//! speedup predict makespans only; the last two predict every measure.

use crate::prediction::validation::measures::MAKESPAN;
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::scaling::{Point, amdahl, fit, law};

/// The laws, in the order of every table and file.
///
/// - `amdahl`: the parallel fraction of the work.
/// - `amdahl_fitted` and `usl`: least-squares parameters over the recorded speedups of the other curves, with the same
///   architecture and, if known, the same parallel fraction. They have seen teams.
/// - `no_change`: a team equals one agent.
/// - `carry_forward`: last value carried forward; a team equals the next smaller recorded one.
pub const LAW_NAMES: [&str; 5] = ["amdahl", "amdahl_fitted", "usl", "no_change", "carry_forward"];

/// Returns the predictions of each law for each cell.
pub(super) fn predictions(
    cells: &[ValidationCell],
    recorded: &[Prediction],
    plan: &ValidationPlan,
) -> Vec<Vec<Prediction>> {
    let each = |of: &dyn Fn(usize) -> Option<Prediction>| -> Vec<Prediction> {
        (0..cells.len()).map(|index| of(index).unwrap_or_default()).collect()
    };
    // A law does not predict one agent, its own input.
    let base = |index: usize| {
        let base = cells[index].baseline.filter(|base| *base != index)?;
        recorded.get(base)
    };
    let with_speedup = |index: usize, speedup: Option<f64>| {
        let speedup = speedup.filter(|speedup| speedup.is_finite() && *speedup > 0.0)?;
        let makespan = base(index)?.mean(MAKESPAN)? / speedup;
        Some(Prediction { means: vec![Some(makespan)], speedup: Some(speedup), ..Prediction::default() })
    };
    let amdahl_of_work = |index: usize| {
        let cell = &cells[index];
        with_speedup(index, cell.parallel_fraction.map(|p| amdahl::speedup(p, f64::from(cell.agents))))
    };
    let fitted = |name: &str, index: usize| with_speedup(index, from_others(name, cells, recorded, plan, index));
    let no_change = |index: usize| base(index).cloned();
    let carry_forward = |index: usize| {
        let own = &cells[index];
        let of_curve = |other: &ValidationCell| is_one_curve(other, own) && other.agents < own.agents;
        let before = (0..cells.len()).filter(|&other| of_curve(&cells[other]) && cells[other].completed() > 0);
        let before = before.max_by_key(|&other| cells[other].agents)?;
        Some(recorded[before].clone())
    };
    vec![
        each(&amdahl_of_work),
        each(&|index| fitted("amdahl", index)),
        each(&|index| fitted("usl", index)),
        each(&no_change),
        each(&carry_forward),
    ]
}

fn is_one_curve(a: &ValidationCell, b: &ValidationCell) -> bool {
    a.architecture == b.architecture && a.labels == b.labels
}

/// Returns the speedup of a cell by a law that is fitted to the other curves.
fn from_others(
    name: &str,
    cells: &[ValidationCell],
    recorded: &[Prediction],
    plan: &ValidationPlan,
    index: usize,
) -> Option<f64> {
    let own = &cells[index];
    let is_other = |cell: &ValidationCell| {
        cell.architecture == own.architecture
            && cell.parallel_fraction == own.parallel_fraction
            && !is_one_curve(cell, own)
            && cell.is_measured(plan.fewest_runs)
    };
    let points: Vec<Point> = cells
        .iter()
        .zip(recorded)
        .filter(|(cell, _)| is_other(cell))
        .filter_map(|(cell, recorded)| Some(Point::new(f64::from(cell.agents), recorded.speedup?)))
        .collect();
    let fit = fit::fit(law(name)?, &points).ok()?;
    Some(fit.speedup(f64::from(own.agents)))
}
