//! Cross-validation: a part of the recordings is left out, agents are calibrated on the rest, and the part is predicted.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::prediction::calibration::{Options, calibrate_demonstrations};
use crate::prediction::validation::{Case, CellScenario, ValidationCell, ValidationPlan};
use crate::problem::{Problem, Problems};
use crate::scenario::learned_profile::{Condition, LearnedProfile};

/// What is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holdout {
    /// All runs with one value of a label, each value in turn.
    Label(String),
    /// The larger half of the team sizes above one.
    Size,
    /// Every other run of a cell, and then the others.
    Runs,
}

/// The label that says in which half of its cell a run is.
const FOLD: &str = "fold";

impl Holdout {
    /// `model`, `suite`, `p` or any other label; `n`; `runs`.
    pub fn of(word: &str) -> Holdout {
        match word {
            "n" | "agents" => Holdout::Size,
            "runs" => Holdout::Runs,
            label => Holdout::Label(label.to_owned()),
        }
    }

    /// Readies runs, plan and options: what is scored, and what a refit may use.
    pub fn prepare(&self, cases: &mut [Case], plan: &mut ValidationPlan, options: &mut Options) {
        match self {
            Holdout::Label(label) => {
                if label != "architecture" && !plan.by.contains(label) {
                    plan.by.push(label.clone());
                }
            }
            Holdout::Size => {
                let held = larger_half(cases);
                let smallest = held.first().copied().unwrap_or(2);
                plan.sizes.get_or_insert(held);
                options.agents = Some(1..=smallest.saturating_sub(1).max(1));
            }
            Holdout::Runs => {
                let sizes = options.agents.clone().unwrap_or(1..=1);
                plan.sizes.get_or_insert_with(|| sizes.take(1024).collect());
                fold(cases, &plan.by);
                plan.by.push(FOLD.to_owned());
            }
        }
    }

    /// The part that a cell is in.
    fn part_of(&self, plan: &ValidationPlan, cell: &ValidationCell) -> String {
        let label = |name: &str| {
            let place = plan.by.iter().position(|label| label == name);
            place.and_then(|place| cell.labels.get(place)).cloned().unwrap_or_default()
        };
        match self {
            Holdout::Label(name) if name == "architecture" => cell.architecture.clone(),
            Holdout::Label(name) => label(name),
            Holdout::Size => String::new(),
            Holdout::Runs => label(FOLD),
        }
    }

    /// Whether a run may be used to predict a part.
    fn is_rest(&self, plan: &ValidationPlan, part: &str, run: &RecordedRun) -> bool {
        match self {
            Holdout::Label(name) => run.label(name) != part,
            Holdout::Size => !plan.scores(run.agents),
            Holdout::Runs => run.label(FOLD) != part,
        }
    }

    /// Calibrates once a part, on all else.
    pub fn refit(&self, cases: &[Case], plan: &ValidationPlan, options: &Options) -> Refit {
        let mut parts: BTreeMap<String, Result<LearnedProfile, Problems>> = BTreeMap::new();
        for cell in super::cells(cases, plan).iter().filter(|cell| cell.is_scored) {
            parts.entry(self.part_of(plan, cell)).or_insert_with_key(|part| {
                let rest = cases.iter().filter(|case| self.is_rest(plan, part, &case.run));
                calibrate_demonstrations(
                    rest.map(|case| case.demonstration.as_ref().map_err(|&unusable| unusable)),
                    options,
                )
            });
        }
        Refit { holdout: self.clone(), plan: plan.clone(), parts }
    }
}

/// Calibrations, each without the part that it predicts.
#[derive(Debug)]
pub struct Refit {
    holdout: Holdout,
    plan: ValidationPlan,
    parts: BTreeMap<String, Result<LearnedProfile, Problems>>,
}

impl Refit {
    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What predicts a cell; none if it could not be calibrated.
    pub fn calibration(&self, cell: &ValidationCell) -> Option<&LearnedProfile> {
        self.parts.get(&self.holdout.part_of(&self.plan, cell))?.as_ref().ok()
    }

    /// The scenario of a cell, by the calibration that has not seen its part.
    ///
    /// # Errors
    ///
    /// If there is none, or it can't say anything of the condition.
    pub fn scenario(&self, cell: &ValidationCell, condition: &Condition, seed: u64) -> Result<CellScenario, Problems> {
        match self.parts.get(&self.holdout.part_of(&self.plan, cell)) {
            Some(Ok(calibration)) => scenario(calibration, condition, seed),
            Some(Err(problems)) => Err(problems.clone()),
            None => Err(nothing_known()),
        }
    }
}

/// The scenario of a condition; of a model that the profile does not know, as of all models in common.
///
/// # Errors
///
/// If the profile says nothing of the condition either way.
pub fn scenario(calibration: &LearnedProfile, condition: &Condition, seed: u64) -> Result<CellScenario, Problems> {
    let is_pooled = condition.model.is_some() && calibration.part(condition.model.as_deref()).is_none();
    calibration.scenario(condition, seed).map(|scenario| CellScenario { scenario, is_pooled })
}

/// The runs without those of scored team sizes that the profile was calibrated on, and how many those were.
pub fn unseen(cases: Vec<Case>, calibration: &LearnedProfile, plan: &ValidationPlan) -> (Vec<Case>, usize) {
    let before = cases.len();
    let is_fair = |case: &Case| !plan.scores(case.run.agents) || !calibration.has_seen(&case.run.trace);
    let kept: Vec<Case> = cases.into_iter().filter(is_fair).collect();
    let seen = before - kept.len();
    (kept, seen)
}

/// The larger half of the team sizes above one, at least one of them if there is any.
fn larger_half(cases: &[Case]) -> Vec<u32> {
    let mut sizes: Vec<u32> = cases.iter().map(|case| case.run.agents).filter(|agents| *agents > 1).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let held = (sizes.len() / 2).max(1).min(sizes.len());
    sizes.split_off(sizes.len() - held)
}

/// Gives every other run of a cell, in the order of the recordings, to the second half.
fn fold(cases: &mut [Case], by: &[String]) {
    let mut counts: BTreeMap<(Vec<String>, u32), usize> = BTreeMap::new();
    for case in cases {
        let mut key: Vec<String> = by.iter().map(|name| case.run.label(name).to_owned()).collect();
        key.push(case.run.label("architecture").to_owned());
        let count = counts.entry((key, case.run.agents)).or_default();
        case.run.labels.push((FOLD.to_owned(), (*count % 2 + 1).to_string()));
        *count += 1;
    }
}

fn nothing_known() -> Problems {
    Problems::one(Problem {
        code: "profile",
        file: "holdout".to_owned(),
        line: 0,
        path: String::new(),
        message: "nothing is left to calibrate on".to_owned(),
        expected: String::new(),
    })
}
