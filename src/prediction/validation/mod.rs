//! Validation: simulated teams compared with recorded ones, cell by cell.
//!
//! A cell is all recorded runs under one condition: labels, architecture, team size. The same work is simulated under the
//! same condition, and both are summarized alike. Errors are reported with two references:
//! - the **noise floor**: the error that a perfect model would still show, because a cell has few runs;
//! - the predictions of the laws, made from the recordings themselves.
//!
//! Equations: docs/MODEL.md, section 9. A [`Model`] is any function from a cell to a scenario.

mod case;
mod cells;
mod figures;
mod holdout;
mod laws;
mod measures;
mod noise_floor;
mod plan;
mod prediction;
mod simulated;

#[cfg(test)]
mod tests;

pub use case::Case;
pub use cells::{ValidationCell, cells, conditions};
pub use figures::{ErrorFigure, FIGURES, FigureUnit, Score};
pub use holdout::{Holdout, Refit, scenario, unseen};
pub use laws::LAW_NAMES;
pub use measures::{MEASURES, RunMeasure};
pub use plan::ValidationPlan;
pub use prediction::Prediction;
pub use simulated::{CellScenario, Model, Simulated};

use crate::prediction::validation::figures::Recordings;

/// Result of a validation.
#[derive(Clone, Debug)]
pub struct Validation {
    /// The plan.
    pub plan: ValidationPlan,
    /// All cells, baselines included, ordered by architecture, labels and team size.
    pub cells: Vec<ValidationCell>,
    /// Recorded summary of each cell.
    pub recorded: Vec<Prediction>,
    /// Simulation of each cell.
    pub simulated: Vec<Simulated>,
    /// Predictions of each law for each cell, in the order of [`LAW_NAMES`].
    pub laws: Vec<Vec<Prediction>>,
    /// One row for each figure and architecture.
    pub rows: Vec<ValidationRow>,
}

/// Scores of a figure under an architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationRow {
    /// The figure.
    pub figure: &'static ErrorFigure,
    /// The architecture.
    pub architecture: String,
    /// Score of the model.
    pub model: Score,
    /// Expected value of a perfect model; none if runs cannot be split.
    pub noise_floor: Option<f64>,
    /// Scores of the laws, in the order of [`LAW_NAMES`].
    pub laws: Vec<Score>,
}

/// Simulates every scored cell and its baseline, and scores the model, a perfect model and the laws. Calls `done` with the
/// number of finished runs.
pub fn validate(cases: &[Case], plan: &ValidationPlan, model: &Model<'_>, done: &(dyn Fn(u64) + Sync)) -> Validation {
    let cells = cells(cases, plan);
    let recorded: Vec<Prediction> = cells.iter().map(|cell| cell.recorded(&cells)).collect();
    let simulated = simulated::simulate(&cells, plan, model, done);
    let laws = laws::predictions(&cells, &recorded, plan);
    let mut architectures: Vec<&str> =
        cells.iter().filter(|cell| cell.is_scored).map(|cell| cell.architecture.as_str()).collect();
    architectures.dedup();
    let recordings = Recordings { cells: &cells, recorded: &recorded, plan };
    let floors = noise_floor::floors(&recordings, &architectures);
    let predictions: Vec<Prediction> = simulated.iter().map(|simulated| simulated.prediction.clone()).collect();
    let mut rows = Vec::new();
    for (figure, floors) in FIGURES.iter().zip(floors) {
        for (architecture, noise_floor) in architectures.iter().zip(floors) {
            rows.push(ValidationRow {
                figure,
                architecture: (*architecture).to_owned(),
                model: figure.score(&recordings, architecture, &predictions),
                noise_floor,
                laws: laws.iter().map(|law| figure.score(&recordings, architecture, law)).collect(),
            });
        }
    }
    Validation { plan: plan.clone(), cells, recorded, simulated, laws, rows }
}

impl Validation {
    /// Returns the row of a figure under an architecture.
    pub fn row(&self, figure: &str, architecture: &str) -> Option<&ValidationRow> {
        self.rows.iter().find(|row| row.figure.name == figure && row.architecture == architecture)
    }
}
