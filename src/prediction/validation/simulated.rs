//! The same work under the same condition, simulated many times.

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::replication::runner;
use crate::prediction::validation::measures::MEASURES;
use crate::prediction::validation::{Prediction, ValidationCell, ValidationPlan};
use crate::problem::Problems;
use crate::record::Ending;
use crate::scaling::stats::quantile;
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

/// What was simulated of a cell.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    /// What it comes to.
    pub guess: Prediction,
    /// How many simulated runs completed.
    pub completed: usize,
    /// Whether the model of agents is unknown, and what all models have in common was simulated.
    pub is_pooled: bool,
    /// Why nothing was simulated.
    pub why_not: Option<String>,
    /// A fingerprint of all simulated runs.
    pub digest: Digest,
}

/// Simulates every scored cell and the baselines of scored cells.
pub(super) fn simulate(
    cells: &[ValidationCell],
    plan: &ValidationPlan,
    model: &Model<'_>,
    done: &(dyn Fn(u64) + Sync),
) -> Vec<Simulated> {
    let is_baseline = |place: usize| cells.iter().any(|cell| cell.is_scored && cell.baseline == Some(place));
    let mut simulated: Vec<Simulated> = cells.iter().map(|_| Simulated::default()).collect();
    let (mut scenarios, mut places) = (Vec::new(), Vec::new());
    for (place, cell) in cells.iter().enumerate() {
        if !cell.is_scored && !is_baseline(place) {
            continue;
        }
        let scenario = cell.condition().ok_or_else(|| "the recordings name no tasks".to_owned());
        match scenario.and_then(|condition| model(cell, &condition).map_err(|wrong| wrong.to_string())) {
            Ok(made) => {
                scenarios.push(made.scenario);
                places.push((place, made.is_pooled));
            }
            Err(why) => simulated[place].why_not = Some(why),
        }
    }
    let samples = runner::run(&scenarios.iter().collect::<Vec<_>>(), plan.replications, done);
    for (&(place, is_pooled), sample) in places.iter().zip(&samples) {
        simulated[place] = Simulated { is_pooled, ..summed(sample) };
    }
    for (place, cell) in cells.iter().enumerate() {
        let base = cell.baseline.and_then(|base| simulated.get(base)?.guess.mean(0));
        let own = simulated[place].guess.mean(0);
        simulated[place].guess.speedup = base.zip(own).map(|(base, own)| base / own).filter(|s| s.is_finite());
    }
    simulated
}

fn summed(sample: &Replications) -> Simulated {
    let mut times = sample.completed("makespan_s");
    times.sort_by(f64::total_cmp);
    let completed = sample.count(Ending::Completed);
    let runs = sample.endings.len();
    Simulated {
        guess: Prediction {
            means: MEASURES.iter().map(|measure| measure.simulated(sample)).collect(),
            completion: (runs > 0).then(|| completed as f64 / runs as f64),
            speedup: None,
            interval: (!times.is_empty()).then(|| (quantile(&times, 0.1), quantile(&times, 0.9))),
        },
        completed,
        is_pooled: false,
        why_not: None,
        digest: sample.digest,
    }
}
