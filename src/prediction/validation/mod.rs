//! Simulated teams held against recorded ones, cell by cell: what a model of agents is worth.
//!
//! A cell is all recorded runs under one condition: labels, architecture, team size. For each the same work is simulated
//! under the same condition, and both are summed up alike. Errors stand beside the **noise floor**, which is what a
//! perfect model would still show because a cell has few runs, and beside what the laws say from the recordings
//! themselves. Equations: docs/MODEL.md, section 8.
//!
//! Whoever makes the model is unknown here: a [`Model`] is a function from a cell to a scenario.

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

/// Simulated against recorded.
#[derive(Clone, Debug)]
pub struct Validation {
    /// The plan.
    pub plan: ValidationPlan,
    /// All cells, those of one agent that are only baselines too: by architecture, labels, team size.
    pub cells: Vec<ValidationCell>,
    /// What was recorded of each.
    pub recorded: Vec<Prediction>,
    /// What was simulated of each.
    pub simulated: Vec<Simulated>,
    /// What each law says of each cell, in the order of [`LAW_NAMES`].
    pub laws: Vec<Vec<Prediction>>,
    /// A row a figure and architecture.
    pub rows: Vec<ValidationRow>,
}

/// A figure under an architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationRow {
    /// The figure.
    pub figure: &'static ErrorFigure,
    /// The architecture.
    pub architecture: String,
    /// How far the model is off.
    pub model: Score,
    /// What a perfect model would still show.
    pub noise_floor: Option<f64>,
    /// How far the laws are off, in the order of [`LAW_NAMES`].
    pub laws: Vec<Score>,
}

/// Simulates every scored cell and its baseline, and scores the model, a perfect one and the laws. `done` is told how
/// many simulated runs are finished.
pub fn validate(cases: &[Case], plan: &ValidationPlan, model: &Model<'_>, done: &(dyn Fn(u64) + Sync)) -> Validation {
    let cells = cells(cases, plan);
    let recorded: Vec<Prediction> = cells.iter().map(|cell| cell.recorded(&cells)).collect();
    let simulated = simulated::simulate(&cells, plan, model, done);
    let laws = laws::guesses(&cells, &recorded, plan);
    let mut architectures: Vec<&str> =
        cells.iter().filter(|cell| cell.is_scored).map(|cell| cell.architecture.as_str()).collect();
    architectures.dedup();
    let held = Recordings { cells: &cells, recorded: &recorded, plan };
    let floors = noise_floor::floors(&held, &architectures);
    let guesses: Vec<Prediction> = simulated.iter().map(|simulated| simulated.guess.clone()).collect();
    let mut rows = Vec::new();
    for (figure, floors) in FIGURES.iter().zip(floors) {
        for (architecture, noise_floor) in architectures.iter().zip(floors) {
            rows.push(ValidationRow {
                figure,
                architecture: (*architecture).to_owned(),
                model: figure.score(&held, architecture, &guesses),
                noise_floor,
                laws: laws.iter().map(|law| figure.score(&held, architecture, law)).collect(),
            });
        }
    }
    Validation { plan: plan.clone(), cells, recorded, simulated, laws, rows }
}

impl Validation {
    /// The row of a figure under an architecture.
    pub fn row(&self, figure: &str, architecture: &str) -> Option<&ValidationRow> {
        self.rows.iter().find(|row| row.figure.name == figure && row.architecture == architecture)
    }
}
