//! Prediction errors of a learned profile: from a validation, and from cross-validation on its own runs.

use crate::prediction::calibration::Options;
use crate::prediction::validation::{Case, Holdout, Validation, ValidationPlan, conditions, validate};
use crate::team::Accuracy;

/// Figures of a validation that a profile file contains.
const PROFILE_FIGURES: [&str; 7] =
    ["makespan", "speedup", "rounds", "tokens", "straggler_gap", "concurrent_writes", "coverage_80"];
/// Simulated runs per cell, and splits for the noise floor, of the cross-validation.
const REPLICATIONS: u64 = 100;
/// Seed of the cross-validation.
const SEED: u64 = 1;

/// Returns the errors of a validation, one entry per architecture. `against` describes the recordings.
pub fn accuracy(validation: &Validation, against: &str) -> Vec<Accuracy> {
    let mut architectures: Vec<&str> = validation.rows.iter().map(|row| row.architecture.as_str()).collect();
    architectures.sort_unstable();
    architectures.dedup();
    let entry = |architecture: &str| {
        let figures: Vec<(String, f64, Option<f64>)> = PROFILE_FIGURES
            .iter()
            .filter_map(|name| {
                let row = validation.row(name, architecture)?;
                let tenths = |value: f64| (value * 10.0).round() / 10.0;
                Some(((*name).to_owned(), tenths(row.model.value?), row.noise_floor.map(tenths)))
            })
            .collect();
        let scored = validation.cells.iter().filter(|cell| cell.is_scored && cell.architecture == architecture);
        let sizes = scored.clone().map(|cell| cell.agents);
        let agents = (sizes.clone().min()?, sizes.max()?);
        let accuracy = Accuracy {
            against: against.to_owned(),
            architecture: architecture.to_owned(),
            agents,
            cells: scored.count() as u32,
            figures,
        };
        (!accuracy.figures.is_empty()).then_some(accuracy)
    };
    architectures.into_iter().filter_map(entry).collect()
}

/// Cross-validates a calibration with two folds: every other run of a cell is held out and predicted. Empty if no cell has
/// two runs in each fold. Only the runs of the calibration are used.
pub fn held_out(mut cases: Vec<Case>, options: &Options) -> Vec<Accuracy> {
    let mut options = options.clone();
    cases.retain(|case| {
        let model = case.demonstration.as_ref().ok().and_then(|demonstration| demonstration.model.as_deref());
        options.model.is_none() || model == options.model.as_deref()
    });
    let mut plan = ValidationPlan {
        by: conditions(&cases),
        sizes: None,
        fewest_runs: 2,
        replications: REPLICATIONS,
        splits: REPLICATIONS,
        seed: SEED,
    };
    let holdout = Holdout::Runs;
    holdout.prepare(&mut cases, &mut plan, &mut options);
    let refit = holdout.refit(&cases, &plan, &options);
    let validation = validate(&cases, &plan, &|cell, condition| refit.scenario(cell, condition, SEED), &|_| ());
    let runs: usize = validation.cells.iter().filter(|cell| cell.is_scored).map(|cell| cell.runs).sum();
    accuracy(&validation, &format!("every other one of its own {runs} runs, left out and predicted in turn"))
}
