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
mod simulated;

#[cfg(test)]
mod tests;

pub use case::Case;
pub use cells::{ValidationCell, cells, conditions};
pub use figures::{ErrorFigure, FIGURES, FigureUnit, Score};
pub use holdout::{Holdout, Refit, scenario, unseen};
pub use laws::LAW_NAMES;
pub use measures::{MEASURES, RunMeasure};
pub use simulated::Simulated;

use crate::prediction::validation::figures::Recordings;
use crate::problem::Problems;
use crate::scenario::learned_profile::Condition;
use crate::simulation::Scenario;

/// Makes the scenario of a cell under its condition.
pub type Model<'m> = dyn Fn(&ValidationCell, &Condition) -> Result<CellScenario, Problems> + 'm;

/// What a model makes of a cell.
#[derive(Clone)]
pub struct CellScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// Whether it is that of all models of agents in common, because the cell's own is not known.
    pub is_pooled: bool,
}

/// How it is done.
#[derive(Clone, Debug)]
pub struct ValidationPlan {
    /// The labels that tell conditions apart, beside architecture and team size.
    pub by: Vec<String>,
    /// The team sizes that are scored; all above one if not given.
    pub sizes: Option<Vec<u32>>,
    /// Cells with fewer completed runs are not scored on what is measured of completed runs.
    pub fewest_runs: usize,
    /// Simulated runs a cell.
    pub replications: u64,
    /// How often the recordings are split for the noise floor.
    pub splits: u64,
    /// The seed of the splits; simulated runs have that of their scenario.
    pub seed: u64,
}

impl ValidationPlan {
    /// Whether teams of this size are scored.
    pub fn scores(&self, agents: u32) -> bool {
        self.sizes.as_ref().map_or(agents > 1, |sizes| sizes.contains(&agents))
    }
}

/// What is known or said of a cell: means over completed runs, and how many complete.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prediction {
    /// By measure, in the order of [`MEASURES`].
    pub means: Vec<Option<f64>>,
    /// The share of runs that complete.
    pub completion: Option<f64>,
    /// Mean makespan of one agent, all else the same, over mean makespan here.
    pub speedup: Option<f64>,
    /// Between these lie four in five makespans of single runs.
    pub interval: Option<(f64, f64)>,
}

impl Prediction {
    /// The mean of a measure; none that is not above or at 0.
    pub fn mean(&self, measure: usize) -> Option<f64> {
        self.means.get(measure).copied().flatten().filter(|mean| mean.is_finite() && *mean >= 0.0)
    }
}

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
