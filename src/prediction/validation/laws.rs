//! What the laws say of cells. They know nothing but makespans, so all but the last two are silent on everything else;
//! and they start from the recorded makespan of one agent, which the model has to guess.

use crate::prediction::validation::measures::MAKESPAN;
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::scaling::{Point, amdahl, fit, law};

/// The laws, in the order of every table and file.
///
/// `amdahl`: with the parallel fraction of the work. `amdahl_fitted` and `usl`: with the parameters that fit the recorded
/// speedups of the other curves best (same architecture, and the same parallel fraction where it is known; never the curve
/// itself), so they have seen teams. `no_change`: a team is as one agent. `carry_forward`: a team is as the next smaller
/// one that was recorded.
pub const LAW_NAMES: [&str; 5] = ["amdahl", "amdahl_fitted", "usl", "no_change", "carry_forward"];

/// By law, what it says of each cell.
pub(super) fn guesses(
    cells: &[ValidationCell],
    recorded: &[Prediction],
    plan: &ValidationPlan,
) -> Vec<Vec<Prediction>> {
    let each = |of: &dyn Fn(usize) -> Option<Prediction>| -> Vec<Prediction> {
        (0..cells.len()).map(|place| of(place).unwrap_or_default()).collect()
    };
    // Of one agent a law says what it was told.
    let base = |place: usize| {
        let base = cells[place].baseline.filter(|base| *base != place)?;
        recorded.get(base)
    };
    let faster = |place: usize, speedup: Option<f64>| {
        let speedup = speedup.filter(|speedup| speedup.is_finite() && *speedup > 0.0)?;
        let makespan = base(place)?.mean(MAKESPAN)? / speedup;
        Some(Prediction { means: vec![Some(makespan)], speedup: Some(speedup), ..Prediction::default() })
    };
    let nominal = |place: usize| {
        let cell = &cells[place];
        faster(place, cell.parallel_fraction.map(|p| amdahl::speedup(p, f64::from(cell.agents))))
    };
    let fitted = |name: &str, place: usize| faster(place, from_others(name, cells, recorded, plan, place));
    let no_change = |place: usize| base(place).cloned();
    let carried = |place: usize| {
        let own = &cells[place];
        let of_curve = |other: &ValidationCell| is_one_curve(other, own) && other.agents < own.agents;
        let before = (0..cells.len()).filter(|&other| of_curve(&cells[other]) && cells[other].completed() > 0);
        let before = before.max_by_key(|&other| cells[other].agents)?;
        Some(recorded[before].clone())
    };
    vec![
        each(&nominal),
        each(&|place| fitted("amdahl", place)),
        each(&|place| fitted("usl", place)),
        each(&no_change),
        each(&carried),
    ]
}

fn is_one_curve(a: &ValidationCell, b: &ValidationCell) -> bool {
    a.architecture == b.architecture && a.labels == b.labels
}

/// The speedup that a law gives a cell with the shape that fits the other curves best.
fn from_others(
    name: &str,
    cells: &[ValidationCell],
    recorded: &[Prediction],
    plan: &ValidationPlan,
    place: usize,
) -> Option<f64> {
    let own = &cells[place];
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
