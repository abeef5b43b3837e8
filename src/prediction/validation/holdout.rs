//! Cross-validation: a fold of the recordings is held out, agents are calibrated on the others, and the fold is predicted.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::prediction::calibration::{Options, calibrate_demonstrations};
use crate::prediction::validation::{Case, CellScenario, ValidationCell, ValidationPlan};
use crate::problem::{Problem, Problems};
use crate::scenario::learned_profile::{Condition, LearnedProfile};

/// Folds that are held out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holdout {
    /// All runs with one value of a label, each value in turn.
    Label(String),
    /// The larger half of the team sizes above one.
    Size,
    /// Every other run of a cell, then the remaining ones.
    Runs,
}

/// Label with the half of its cell that a run belongs to.
const FOLD: &str = "fold";

impl Holdout {
    /// Parses `n`, `runs`, or a label such as `model`, `suite` or `p`.
    pub fn parse(word: &str) -> Holdout {
        match word {
            "n" | "agents" => Holdout::Size,
            "runs" => Holdout::Runs,
            label => Holdout::Label(label.to_owned()),
        }
    }

    /// Prepares runs, plan and options: scored team sizes, folds, and team sizes of the calibration.
    pub fn prepare(&self, cases: &mut [Case], plan: &mut ValidationPlan, options: &mut Options) {
        match self {
            Holdout::Label(label) => {
                if label != "architecture" && !plan.by.contains(label) {
                    plan.by.push(label.clone());
                }
            }
            Holdout::Size => {
                let held_out = larger_half(cases);
                let smallest = held_out.first().copied().unwrap_or(2);
                plan.sizes.get_or_insert(held_out);
                options.agents = Some(1..=smallest.saturating_sub(1).max(1));
            }
            Holdout::Runs => {
                let sizes = options.agents.clone().unwrap_or(1..=1);
                plan.sizes.get_or_insert_with(|| sizes.take(1024).collect());
                label_folds(cases, &plan.by);
                plan.by.push(FOLD.to_owned());
            }
        }
    }

    /// Returns the fold of a cell.
    fn fold_of(&self, plan: &ValidationPlan, cell: &ValidationCell) -> String {
        let label = |name: &str| {
            let index = plan.by.iter().position(|label| label == name);
            index.and_then(|index| cell.labels.get(index)).cloned().unwrap_or_default()
        };
        match self {
            Holdout::Label(name) if name == "architecture" => cell.architecture.clone(),
            Holdout::Label(name) => label(name),
            Holdout::Size => String::new(),
            Holdout::Runs => label(FOLD),
        }
    }

    /// Returns true if a run may be used to predict a fold.
    fn is_training(&self, plan: &ValidationPlan, fold: &str, run: &RecordedRun) -> bool {
        match self {
            Holdout::Label(name) => run.label(name) != fold,
            Holdout::Size => !plan.scores(run.agents),
            Holdout::Runs => run.label(FOLD) != fold,
        }
    }

    /// Calibrates once per fold, on the runs outside of it.
    pub fn refit(&self, cases: &[Case], plan: &ValidationPlan, options: &Options) -> Refit {
        let mut folds: BTreeMap<String, Result<LearnedProfile, Problems>> = BTreeMap::new();
        for cell in super::cells(cases, plan).iter().filter(|cell| cell.is_scored) {
            folds.entry(self.fold_of(plan, cell)).or_insert_with_key(|fold| {
                let training = cases.iter().filter(|case| self.is_training(plan, fold, &case.run));
                let demonstrations = training.map(|case| case.demonstration.as_ref().map_err(|&unusable| unusable));
                calibrate_demonstrations(demonstrations, options)
            });
        }
        Refit { holdout: self.clone(), plan: plan.clone(), folds }
    }
}

/// Calibrations, each without the fold that it predicts.
#[derive(Debug)]
pub struct Refit {
    holdout: Holdout,
    plan: ValidationPlan,
    folds: BTreeMap<String, Result<LearnedProfile, Problems>>,
}

impl Refit {
    /// Number of folds.
    pub fn folds(&self) -> usize {
        self.folds.len()
    }

    /// Returns the profile that predicts a cell; none if calibration failed.
    pub fn calibration(&self, cell: &ValidationCell) -> Option<&LearnedProfile> {
        self.folds.get(&self.holdout.fold_of(&self.plan, cell))?.as_ref().ok()
    }

    /// Returns the scenario of a cell, from the calibration without its fold.
    ///
    /// # Errors
    ///
    /// If calibration failed, or the profile does not cover the condition.
    pub fn scenario(&self, cell: &ValidationCell, condition: &Condition, seed: u64) -> Result<CellScenario, Problems> {
        match self.folds.get(&self.holdout.fold_of(&self.plan, cell)) {
            Some(Ok(calibration)) => scenario(calibration, condition, seed),
            Some(Err(problems)) => Err(problems.clone()),
            None => Err(no_training_runs()),
        }
    }
}

/// Returns the scenario of a condition. A model that the profile does not contain is simulated by all its models pooled.
///
/// # Errors
///
/// If the profile does not cover the condition.
pub fn scenario(calibration: &LearnedProfile, condition: &Condition, seed: u64) -> Result<CellScenario, Problems> {
    let is_pooled = condition.model.is_some() && calibration.part(condition.model.as_deref()).is_none();
    calibration.scenario(condition, seed).map(|scenario| CellScenario { scenario, is_pooled })
}

/// Removes the runs of scored team sizes that the profile was calibrated on. Returns the others and the number removed.
pub fn unseen(cases: Vec<Case>, calibration: &LearnedProfile, plan: &ValidationPlan) -> (Vec<Case>, usize) {
    let before = cases.len();
    let is_unseen = |case: &Case| !plan.scores(case.run.agents) || !calibration.has_seen(&case.run.trace);
    let kept: Vec<Case> = cases.into_iter().filter(is_unseen).collect();
    let seen = before - kept.len();
    (kept, seen)
}

/// Returns the larger half of the team sizes above one; at least one if there is any.
fn larger_half(cases: &[Case]) -> Vec<u32> {
    let mut sizes: Vec<u32> = cases.iter().map(|case| case.run.agents).filter(|agents| *agents > 1).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let half = (sizes.len() / 2).max(1).min(sizes.len());
    sizes.split_off(sizes.len() - half)
}

/// Labels the runs of each cell alternately with fold 1 and 2, in the order of the recordings.
fn label_folds(cases: &mut [Case], by: &[String]) {
    let mut counts: BTreeMap<(Vec<String>, u32), usize> = BTreeMap::new();
    for case in cases {
        let mut key: Vec<String> = by.iter().map(|name| case.run.label(name).to_owned()).collect();
        key.push(case.run.label("architecture").to_owned());
        let count = counts.entry((key, case.run.agents)).or_default();
        case.run.labels.push((FOLD.to_owned(), (*count % 2 + 1).to_string()));
        *count += 1;
    }
}

fn no_training_runs() -> Problems {
    let (file, path, message) = ("holdout".to_owned(), String::new(), "no run is left to calibrate on".to_owned());
    let expected = "recorded runs outside of the predicted fold".to_owned();
    Problems::one(Problem { code: "profile", file, line: 0, path, message, expected })
}
