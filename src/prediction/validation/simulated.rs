//! Simulation of cells: the same work under the same condition.

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::replication::runner;
use crate::prediction::validation::measures::{MAKESPAN, MEASURES};
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::problem::Problems;
use crate::record::Ending;
use crate::scaling::stats::quantile;
use crate::scenario::learned_profile::Condition;
use crate::simulation::Scenario;

/// Function from a cell and its condition to a scenario.
pub type Model<'m> = dyn Fn(&ValidationCell, &Condition) -> Result<CellScenario, Problems> + 'm;

/// Scenario of a cell.
#[derive(Clone)]
pub struct CellScenario {
    /// The scenario.
    pub scenario: Scenario,
    /// True if all models of the profile are pooled, because it does not contain the model of the cell.
    pub is_pooled: bool,
}

/// Simulation of a cell.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    /// Summary of the simulated runs.
    pub prediction: Prediction,
    /// Number of simulated runs that completed.
    pub completed: usize,
    /// True if all models of the profile are pooled, because it does not contain the model of the cell.
    pub is_pooled: bool,
    /// Reason why nothing was simulated.
    pub why_not: Option<String>,
    /// Digest of all simulated runs.
    pub digest: Digest,
}

/// Simulates every scored cell and the baselines of scored cells.
pub(super) fn simulate(
    cells: &[ValidationCell],
    plan: &ValidationPlan,
    model: &Model<'_>,
    done: &(dyn Fn(u64) + Sync),
) -> Vec<Simulated> {
    let is_baseline = |index: usize| cells.iter().any(|cell| cell.is_scored && cell.baseline == Some(index));
    let mut simulated: Vec<Simulated> = cells.iter().map(|_| Simulated::default()).collect();
    let (mut scenarios, mut indices) = (Vec::new(), Vec::new());
    for (index, cell) in cells.iter().enumerate() {
        if !cell.is_scored && !is_baseline(index) {
            continue;
        }
        let scenario = cell.condition().ok_or_else(|| "the recordings list no tasks".to_owned());
        match scenario.and_then(|condition| model(cell, &condition).map_err(|wrong| wrong.to_string())) {
            Ok(cell_scenario) => {
                scenarios.push(cell_scenario.scenario);
                indices.push((index, cell_scenario.is_pooled));
            }
            Err(why) => simulated[index].why_not = Some(why),
        }
    }
    let results = runner::run(&scenarios.iter().collect::<Vec<_>>(), plan.replications, done);
    for (&(index, is_pooled), runs) in indices.iter().zip(&results) {
        simulated[index] = Simulated { is_pooled, ..summary(runs) };
    }
    for (index, cell) in cells.iter().enumerate() {
        let base = cell.baseline.and_then(|base| simulated.get(base)?.prediction.mean(MAKESPAN));
        let own = simulated[index].prediction.mean(MAKESPAN);
        simulated[index].prediction.speedup = base.zip(own).map(|(base, own)| base / own).filter(|s| s.is_finite());
    }
    simulated
}

fn summary(runs: &Replications) -> Simulated {
    let mut times = runs.completed("makespan_s");
    times.sort_by(f64::total_cmp);
    let completed = runs.count(Ending::Completed);
    let count = runs.endings.len();
    Simulated {
        prediction: Prediction {
            means: MEASURES.iter().map(|measure| measure.simulated(runs)).collect(),
            completion: (count > 0).then(|| completed as f64 / count as f64),
            speedup: None,
            interval: (!times.is_empty()).then(|| (quantile(&times, 0.1), quantile(&times, 0.9))),
        },
        completed,
        is_pooled: false,
        why_not: None,
        digest: runs.digest,
    }
}
