//! Cells: recorded runs under one condition.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::corpus::{COORDINATION, Grouping, LabelKey, RecordedRun, SIZES};
use crate::engine::Dist;
use crate::prediction::validation::measures::{MAKESPAN, MEASURES, mean};
use crate::prediction::validation::{Case, Prediction, ValidationPlan};
use crate::scaling::{Summary, median};
use crate::scenario::learned_profile::Condition;
use crate::workload::{Free, Generator, Measure, TaskGraph};

/// Recorded runs under one condition.
#[derive(Clone, Debug)]
pub struct ValidationCell {
    /// The values of the labels of [`ValidationPlan::by`].
    pub labels: Vec<String>,
    /// The architecture.
    pub architecture: String,
    /// The team's size.
    pub agents: u32,
    /// The model, if the runs say.
    pub model: Option<String>,
    /// The parallel fraction that the runs say their work has, or else that of the tasks by count.
    pub parallel_fraction: Option<f64>,
    /// How many runs.
    pub runs: usize,
    /// By measure: its value in each completed run, not-a-number where it is not known.
    pub values: Vec<Vec<f64>>,
    /// The work.
    pub tasks: Option<Arc<TaskGraph>>,
    /// Whether the work is a guess from the parallel fraction and the number of completions.
    pub tasks_assumed: bool,
    /// After how many rounds a run is given up.
    pub max_rounds: Option<u32>,
    /// The place of the cell of one agent, all else the same.
    pub baseline: Option<usize>,
    /// Whether it is scored, or only the baseline of others.
    pub is_scored: bool,
}

impl ValidationCell {
    /// How many runs completed.
    pub fn completed(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// Its values of a measure.
    pub fn of(&self, measure: usize) -> &[f64] {
        self.values.get(measure).map_or(&[], Vec::as_slice)
    }

    /// A name that no other cell has.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.architecture, self.labels.join(" "), self.agents)
    }

    /// What to simulate; none without tasks.
    pub fn condition(&self) -> Option<Condition> {
        Some(Condition {
            model: self.model.clone(),
            architecture: self.architecture.clone(),
            agents: self.agents,
            tasks: self.tasks.clone()?,
            max_rounds: self.max_rounds,
        })
    }

    /// What was recorded.
    pub(super) fn recorded(&self, cells: &[ValidationCell]) -> Prediction {
        let base = self.baseline.and_then(|place| mean(cells.get(place)?.of(MAKESPAN)));
        let own = mean(self.of(MAKESPAN));
        Prediction {
            means: self.values.iter().map(|values| mean(values)).collect(),
            completion: (self.runs > 0).then(|| self.completed() as f64 / self.runs as f64),
            speedup: base.zip(own).map(|(base, own)| base / own).filter(|speedup| speedup.is_finite()),
            interval: None,
        }
    }

    /// Whether it has runs enough for its means to be held against something, and so has its baseline.
    pub(super) fn is_measured(&self, plan_fewest: usize) -> bool {
        self.completed() >= plan_fewest.max(1)
    }

    /// Standard error of the logarithm of the recorded speedup, by the delta method; none without two runs each.
    pub fn speedup_se(&self, cells: &[ValidationCell]) -> Option<f64> {
        let relative = |cell: &ValidationCell| {
            let mut values = cell.of(MAKESPAN).to_vec();
            let summary = Summary::from_sample(&mut values).filter(|summary| summary.n >= 2)?;
            Some((summary.sd / summary.mean) * (summary.sd / summary.mean) / summary.n as f64)
        };
        Some((relative(cells.get(self.baseline?)?)? + relative(self)?).sqrt())
    }
}

/// The labels that tell conditions apart: those that differ between the runs, and the usual names.
pub fn conditions(cases: &[Case]) -> Vec<String> {
    let runs: Vec<RecordedRun> = cases.iter().map(|case| case.run.clone()).collect();
    let mut by = Grouping::by_what_differs(&runs);
    for usual in ["model", "suite", "p", "scenario"] {
        let first = runs.first().map_or("", |run| run.label(usual));
        let differs = runs.iter().any(|run| run.label(usual) != first);
        if differs && !by.iter().any(|name| name == usual) {
            by.push(usual.to_owned());
        }
    }
    let is_condition = |name: &String| {
        !SIZES.contains(&name.as_str()) && !COORDINATION.contains(&name.as_str()) && name.as_str() != "format"
    };
    by.into_iter().filter(is_condition).collect()
}

/// The cells of these runs, by architecture, labels and team size; numbers by value, all else as text.
pub fn cells(cases: &[Case], plan: &ValidationPlan) -> Vec<ValidationCell> {
    let mut members: BTreeMap<(String, Vec<LabelKey>, u32), Vec<&Case>> = BTreeMap::new();
    for case in cases {
        let labels = plan.by.iter().map(|name| LabelKey::new(case.run.label(name))).collect();
        let architecture = case.run.label("architecture").to_owned();
        members.entry((architecture, labels, case.run.agents)).or_default().push(case);
    }
    let caps = Caps::of(cases);
    let all: Vec<_> = members.into_iter().collect();
    let places: BTreeMap<_, usize> = all.iter().enumerate().map(|(place, (key, _))| (key.clone(), place)).collect();
    let mut cells: Vec<ValidationCell> = Vec::with_capacity(all.len());
    for ((architecture, labels, agents), members) in &all {
        let baseline = places.get(&(architecture.clone(), labels.clone(), 1)).copied();
        let mut cell = ValidationCell {
            labels: labels.iter().map(|key| key.text().to_owned()).collect(),
            architecture: architecture.clone(),
            agents: *agents,
            baseline,
            is_scored: plan.scores(*agents),
            ..of_runs(members)
        };
        cell.max_rounds = caps.of_cell(architecture, members);
        cells.push(cell);
    }
    cells
}

/// A cell as far as its runs say.
fn of_runs(members: &[&Case]) -> ValidationCell {
    let completed: Vec<&Case> = members.iter().copied().filter(|case| case.run.is_completed()).collect();
    let first = members.first();
    let known = members.iter().find_map(|case| case.tasks.clone());
    let label = |name: &str| first.and_then(|case| case.run.label(name).parse::<f64>().ok());
    let said = label("p_true").or_else(|| label("p")).filter(|p| (0.0..=1.0).contains(p));
    let tasks_assumed = known.is_none();
    let tasks = known.or_else(|| assumed(&completed, said?));
    let counted = tasks.as_ref().map(|tasks| Measure::by_size(tasks).parallel_fraction_by_count());
    ValidationCell {
        labels: Vec::new(),
        architecture: String::new(),
        agents: 0,
        model: first.map(|case| case.run.label("model").to_owned()).filter(|model| !model.is_empty()),
        parallel_fraction: said.or(counted),
        runs: members.len(),
        values: MEASURES
            .iter()
            .map(|measure| completed.iter().map(|case| (measure.recorded)(&case.run)).collect())
            .collect(),
        tasks,
        tasks_assumed,
        max_rounds: None,
        baseline: None,
        is_scored: false,
    }
}

/// Where no tasks are recorded: as many as runs complete, a chain of them beside free ones, as the parallel fraction
/// says.
fn assumed(completed: &[&Case], parallel_fraction: f64) -> Option<Arc<TaskGraph>> {
    let counts: Vec<f64> = completed.iter().filter_map(|case| case.run.total("completions")).collect();
    let tasks = median(&counts).filter(|tasks| (1.0..=10_000.0).contains(tasks))?.round() as u64;
    let generator = Generator::Amdahl { tasks, parallel_fraction, free: Free::Beside, size: Dist::Constant(1.0) };
    TaskGraph::new(&generator.generate(0)).ok().map(Arc::new)
}

/// After how many rounds runs were given up: a setting of the harness that recordings rarely name. A run that did not
/// complete shows it.
struct Caps {
    by_architecture: BTreeMap<String, u32>,
    of_all: Option<u32>,
}

impl Caps {
    fn of(cases: &[Case]) -> Caps {
        let mut by_architecture: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut all = Vec::new();
        for (case, rounds) in cases.iter().filter_map(|case| Some((case, f64::from(case.given_up_after()?)))) {
            by_architecture.entry(case.run.label("architecture").to_owned()).or_default().push(rounds);
            all.push(rounds);
        }
        let middle = |rounds: &[f64]| median(rounds).map(|rounds| rounds.round() as u32);
        Caps {
            by_architecture: by_architecture.iter().filter_map(|(name, r)| Some((name.clone(), middle(r)?))).collect(),
            of_all: middle(&all),
        }
    }

    /// The median over the cell's own runs that show it, else over those of the architecture, else over all; never
    /// below what a run needed that completed.
    fn of_cell(&self, architecture: &str, members: &[&Case]) -> Option<u32> {
        let own: Vec<f64> = members.iter().filter_map(|case| case.given_up_after().map(f64::from)).collect();
        let own = median(&own).map(|rounds| rounds.round() as u32);
        let cap = own.or_else(|| self.by_architecture.get(architecture).copied()).or(self.of_all)?;
        let longest = members.iter().filter(|case| case.run.is_completed()).map(|case| case.run.metrics.rounds).max();
        Some(cap.max(longest.unwrap_or(0)))
    }
}
