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
    /// Values of the labels of [`ValidationPlan::by`].
    pub labels: Vec<String>,
    /// The architecture.
    pub architecture: String,
    /// Team size.
    pub agents: u32,
    /// The model, if recorded.
    pub model: Option<String>,
    /// Recorded parallel fraction of the work, or else that of the tasks by count.
    pub parallel_fraction: Option<f64>,
    /// Number of runs.
    pub runs: usize,
    /// By measure: its value in each completed run; not-a-number if unknown.
    pub values: Vec<Vec<f64>>,
    /// The work.
    pub tasks: Option<Arc<TaskGraph>>,
    /// True if the work is assumed, from the parallel fraction and the number of completions.
    pub tasks_assumed: bool,
    /// Limit on rounds.
    pub max_rounds: Option<u32>,
    /// Index of the cell of one agent under the same condition.
    pub baseline: Option<usize>,
    /// True if the cell is scored; false if it is only a baseline.
    pub is_scored: bool,
}

impl ValidationCell {
    /// Number of completed runs.
    pub fn completed(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// Values of a measure in the completed runs.
    pub fn values_of(&self, measure: usize) -> &[f64] {
        self.values.get(measure).map_or(&[], Vec::as_slice)
    }

    /// Unique name of the cell.
    pub fn name(&self) -> String {
        format!("{} {} {}", self.architecture, self.labels.join(" "), self.agents)
    }

    /// Condition to simulate; none without tasks.
    pub fn condition(&self) -> Option<Condition> {
        Some(Condition {
            model: self.model.clone(),
            architecture: self.architecture.clone(),
            agents: self.agents,
            tasks: self.tasks.clone()?,
            max_rounds: self.max_rounds,
        })
    }

    /// Summary of the recorded runs.
    pub(super) fn recorded(&self, cells: &[ValidationCell]) -> Prediction {
        let base = self.baseline.and_then(|index| mean(cells.get(index)?.values_of(MAKESPAN)));
        let own = mean(self.values_of(MAKESPAN));
        Prediction {
            means: self.values.iter().map(|values| mean(values)).collect(),
            completion: (self.runs > 0).then(|| self.completed() as f64 / self.runs as f64),
            speedup: base.zip(own).map(|(base, own)| base / own).filter(|speedup| speedup.is_finite()),
            interval: None,
        }
    }

    /// Returns true if the cell has enough completed runs for its means to be scored.
    pub(super) fn is_measured(&self, fewest_runs: usize) -> bool {
        self.completed() >= fewest_runs.max(1)
    }

    /// Standard error of the log recorded speedup, by the delta method; none if the cell or its baseline has fewer than two
    /// runs.
    pub fn speedup_se(&self, cells: &[ValidationCell]) -> Option<f64> {
        let relative = |cell: &ValidationCell| {
            let mut values = cell.values_of(MAKESPAN).to_vec();
            let summary = Summary::from_sample(&mut values).filter(|summary| summary.n >= 2)?;
            Some((summary.sd / summary.mean) * (summary.sd / summary.mean) / summary.n as f64)
        };
        Some((relative(cells.get(self.baseline?)?)? + relative(self)?).sqrt())
    }
}

/// Returns the labels that distinguish conditions: usual names and others, as far as they differ between the runs.
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

/// Returns the cells of these runs, ordered by architecture, labels and team size. Numeric labels are ordered by value,
/// others as text.
pub fn cells(cases: &[Case], plan: &ValidationPlan) -> Vec<ValidationCell> {
    let mut members: BTreeMap<(String, Vec<LabelKey>, u32), Vec<&Case>> = BTreeMap::new();
    for case in cases {
        let labels = plan.by.iter().map(|name| LabelKey::new(case.run.label(name))).collect();
        let architecture = case.run.label("architecture").to_owned();
        members.entry((architecture, labels, case.run.agents)).or_default().push(case);
    }
    let limits = RoundLimits::new(cases);
    let all: Vec<_> = members.into_iter().collect();
    let indices: BTreeMap<_, usize> = all.iter().enumerate().map(|(index, (key, _))| (key.clone(), index)).collect();
    let mut cells: Vec<ValidationCell> = Vec::with_capacity(all.len());
    for ((architecture, labels, agents), members) in &all {
        let baseline = indices.get(&(architecture.clone(), labels.clone(), 1)).copied();
        let mut cell = ValidationCell {
            labels: labels.iter().map(|key| key.text().to_owned()).collect(),
            architecture: architecture.clone(),
            agents: *agents,
            baseline,
            is_scored: plan.scores(*agents),
            ..from_runs(members)
        };
        cell.max_rounds = limits.of_cell(architecture, members);
        cells.push(cell);
    }
    cells
}

/// Returns a cell with what its runs determine.
fn from_runs(members: &[&Case]) -> ValidationCell {
    let completed: Vec<&Case> = members.iter().copied().filter(|case| case.run.is_completed()).collect();
    let first = members.first();
    let recorded = members.iter().find_map(|case| case.tasks.clone());
    let label = |name: &str| first.and_then(|case| case.run.label(name).parse::<f64>().ok());
    let labelled = label("p_true").or_else(|| label("p")).filter(|p| (0.0..=1.0).contains(p));
    let tasks_assumed = recorded.is_none();
    let tasks = recorded.or_else(|| assumed_tasks(&completed, labelled?));
    let counted = tasks.as_ref().map(|tasks| Measure::by_size(tasks).parallel_fraction_by_count());
    ValidationCell {
        labels: Vec::new(),
        architecture: String::new(),
        agents: 0,
        model: first.map(|case| case.run.label("model").to_owned()).filter(|model| !model.is_empty()),
        parallel_fraction: labelled.or(counted),
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

/// Returns assumed tasks for cells without recorded ones. Their number is the median number of completions; a chain and
/// free tasks have the given parallel fraction.
fn assumed_tasks(completed: &[&Case], parallel_fraction: f64) -> Option<Arc<TaskGraph>> {
    let counts: Vec<f64> = completed.iter().filter_map(|case| case.run.total("completions")).collect();
    let tasks = median(&counts).filter(|tasks| (1.0..=10_000.0).contains(tasks))?.round() as u64;
    let generator = Generator::Amdahl { tasks, parallel_fraction, free: Free::Beside, size: Dist::Constant(1.0) };
    TaskGraph::new(&generator.generate(0)).ok().map(Arc::new)
}

/// Limits on rounds: a setting of the harness that recordings rarely contain. It is inferred from runs that were cut off.
struct RoundLimits {
    by_architecture: BTreeMap<String, u32>,
    overall: Option<u32>,
}

impl RoundLimits {
    fn new(cases: &[Case]) -> RoundLimits {
        let mut by_architecture: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let mut all = Vec::new();
        for (case, rounds) in cases.iter().filter_map(|case| Some((case, f64::from(case.round_limit()?)))) {
            by_architecture.entry(case.run.label("architecture").to_owned()).or_default().push(rounds);
            all.push(rounds);
        }
        let rounded_median = |rounds: &[f64]| median(rounds).map(|rounds| rounds.round() as u32);
        let named = by_architecture.iter().filter_map(|(name, r)| Some((name.clone(), rounded_median(r)?)));
        RoundLimits { by_architecture: named.collect(), overall: rounded_median(&all) }
    }

    /// Returns the median limit over the runs of the cell, else of the architecture, else over all runs. It is never below
    /// the rounds of a completed run.
    fn of_cell(&self, architecture: &str, members: &[&Case]) -> Option<u32> {
        let own: Vec<f64> = members.iter().filter_map(|case| case.round_limit().map(f64::from)).collect();
        let own = median(&own).map(|rounds| rounds.round() as u32);
        let limit = own.or_else(|| self.by_architecture.get(architecture).copied()).or(self.overall)?;
        let longest = members.iter().filter(|case| case.run.is_completed()).map(|case| case.run.metrics.rounds).max();
        Some(limit.max(longest.unwrap_or(0)))
    }
}
