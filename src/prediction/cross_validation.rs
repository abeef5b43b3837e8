//! Errors of a learned profile: of a validation, as a profile keeps them, and on its own runs, left out and predicted.

use crate::prediction::calibration::Options;
use crate::prediction::validation::{Case, Holdout, Validation, ValidationPlan, conditions, validate};
use crate::team::Accuracy;

/// The figures that a profile keeps of a validation.
const KEPT: [&str; 7] =
    ["makespan", "speedup", "rounds", "tokens", "straggler_gap", "concurrent_writes", "coverage_80"];
/// Simulated runs a cell, and splits for the noise floor, of a calibration's check on itself.
const REPLICATIONS: u64 = 100;
/// The seed of that check.
const SEED: u64 = 1;
/// How far off a validation was, an entry an architecture. `against` says against which recordings.
pub fn accuracy(validation: &Validation, against: &str) -> Vec<Accuracy> {
    let mut architectures: Vec<&str> = validation.rows.iter().map(|row| row.architecture.as_str()).collect();
    architectures.sort_unstable();
    architectures.dedup();
    let of = |architecture: &str| {
        let figures: Vec<(String, f64, Option<f64>)> = KEPT
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
        let entry = Accuracy {
            against: against.to_owned(),
            architecture: architecture.to_owned(),
            agents,
            cells: scored.count() as u32,
            figures,
        };
        (!entry.figures.is_empty()).then_some(entry)
    };
    architectures.into_iter().filter_map(of).collect()
}

/// A calibration's check on itself: every other run of a cell is left out, learned without, and predicted. Empty where
/// there is no cell with two runs in each half. Nothing of a team is looked at that is not learned from.
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
    let found = validate(&cases, &plan, &|cell, condition| refit.scenario(cell, condition, SEED), &|_| ());
    let runs: usize = found.cells.iter().filter(|cell| cell.is_scored).map(|cell| cell.runs).sum();
    accuracy(&found, &format!("every other one of its own {runs} runs, left out and predicted in turn"))
}
