//! A sweep: every combination of the values on the axes, each with many replications and its baseline.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::experiment::result::{Row, SweepResult, Work, is_agents};
use crate::experiment::scenario_file::{Axis, Baseline, Node, Problems, ScenarioFile};
use crate::experiment::{precise, runner};
use crate::scaling::Precision;
use crate::simulation::Scenario;
use crate::workload::TaskGraph;

/// The path of the team size and of the architecture.
const AGENTS: &str = "team.agents";
const ARCHITECTURE: &str = "architecture";

/// What is to be run.
pub struct Sweep<'a> {
    file: &'a ScenarioFile,
    replications: u64,
}

/// Every different point, be it of the grid or a baseline, and which point has which baseline.
struct Plan {
    scenarios: Vec<Scenario>,
    /// By point of the grid: its scenario, and that of its baseline.
    pairs: Vec<(usize, Option<usize>)>,
}

impl<'a> Sweep<'a> {
    /// The sweep of a scenario; without an axis it has one point, the scenario itself.
    pub fn new(file: &'a ScenarioFile, replications: u64) -> Sweep<'a> {
        Sweep { file, replications }
    }

    /// How many points it has.
    pub fn points(&self) -> usize {
        self.axes().iter().map(|axis| axis.values.len()).product()
    }

    /// How many replications each point has.
    pub fn replications(&self) -> u64 {
        self.replications
    }

    /// The axes, the last of them fastest.
    pub fn axes(&self) -> &'a [Axis] {
        self.file.axes()
    }

    /// How many runs it takes, baselines included.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of its points.
    pub fn runs(&self) -> Result<u64, Problems> {
        Ok(self.plan()?.scenarios.len() as u64 * self.replications)
    }

    /// How many replications it takes to know the makespan of every point so precisely.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of its points.
    pub fn precise(&self, precision: &Precision, done: &(dyn Fn(u64) + Sync)) -> Result<u64, Problems> {
        let plan = self.plan()?;
        let points: BTreeSet<usize> = plan.pairs.iter().map(|(here, _)| *here).collect();
        let points: Vec<&Scenario> = points.iter().map(|&place| &plan.scenarios[place]).collect();
        Ok(precise::replications(&points, precision, done))
    }

    /// Runs it on the threads of the current pool. `done` is told of every finished batch of replications.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of its points, before anything is run.
    pub fn run(&self, done: &(dyn Fn(u64) + Sync)) -> Result<SweepResult, Problems> {
        let Plan { scenarios, pairs } = self.plan()?;
        let samples = runner::run(&scenarios.iter().collect::<Vec<_>>(), self.replications, done);
        let mut works = Works::default();
        let rows = pairs.iter().enumerate().map(|(number, &(here, there))| {
            let axes = self.point(number).iter().map(|(_, value)| label(value)).collect();
            let work = works.of(&scenarios[here]);
            let there = there.map(|there| (&samples[there], works.of(&scenarios[there])));
            Row::new(axes, &scenarios[here].architecture_name, &samples[here], there, &work)
        });
        let rows = rows.collect();
        let question = self.file.question();
        Ok(SweepResult {
            scenario: self.file.name().to_owned(),
            question: (!question.is_empty()).then(|| question.to_owned()),
            seed: self.file.seed(),
            axes: self.axes().iter().map(|axis| axis.label.clone()).collect(),
            baseline: describe(&self.file.baseline()),
            scaled: self.file.is_scaled(),
            rows,
        })
    }

    fn plan(&self) -> Result<Plan, Problems> {
        let settings = baseline_settings(&self.file.baseline());
        let mut plan = Plan { scenarios: Vec::new(), pairs: Vec::with_capacity(self.points()) };
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut problems = Problems::default();
        for number in 0..self.points() {
            let point = self.point(number);
            match self.place(&point, &mut known, &mut plan.scenarios) {
                Ok(here) => {
                    // A baseline that can't be made (one agent where two are needed) is none; the point stands.
                    let there = self.place(&with(&point, &settings), &mut known, &mut plan.scenarios).ok();
                    plan.pairs.push((here, there));
                }
                Err(wrong) => problems.append(wrong),
            }
        }
        problems.or(plan)
    }

    /// The place of a point among the scenarios; it is made if it is not there yet.
    fn place(
        &self,
        point: &[(&str, &Node)],
        known: &mut BTreeMap<String, usize>,
        scenarios: &mut Vec<Scenario>,
    ) -> Result<usize, Problems> {
        let key = key_of(point);
        if let Some(&place) = known.get(&key) {
            return Ok(place);
        }
        scenarios.push(self.file.at(point)?);
        known.insert(key, scenarios.len() - 1);
        Ok(scenarios.len() - 1)
    }

    /// The values of a point, an axis each.
    fn point(&self, number: usize) -> Vec<(&'a str, &'a Node)> {
        let mut rest = number;
        let mut values = Vec::with_capacity(self.axes().len());
        for axis in self.axes().iter().rev() {
            values.push((axis.path.as_str(), &axis.values[rest % axis.values.len()]));
            rest /= axis.values.len();
        }
        values.reverse();
        values
    }
}

/// A value as a label: `preassigned`, or `self_claim (claims: at_decision)` for a name with parameters.
pub(crate) fn label(value: &Node) -> String {
    match value.entries() {
        [(name, parameters)] => {
            let parameters = parameters.entries().iter().map(|(key, value)| format!("{}: {value}", key.name));
            format!("{} ({})", name.name, parameters.collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

/// A point with other values in place of some of its own.
pub(crate) fn with<'v>(
    point: &[(&'v str, &'v Node)],
    settings: &'v [(&'static str, Node)],
) -> Vec<(&'v str, &'v Node)> {
    let kept = point.iter().filter(|(path, _)| settings.iter().all(|(other, _)| other != path)).copied();
    kept.chain(settings.iter().map(|(path, value)| (*path, value))).collect()
}

/// Measures of the graphs that points share.
#[derive(Default)]
struct Works {
    last: Option<(Arc<TaskGraph>, Work)>,
}

impl Works {
    fn of(&mut self, scenario: &Scenario) -> Work {
        match &self.last {
            Some((known, work)) if Arc::ptr_eq(known, &scenario.graph) => *work,
            _ => {
                let work = Work::of(scenario);
                self.last = Some((scenario.graph.clone(), work));
                work
            }
        }
    }
}

/// What has to be set at a point to get its baseline.
pub(crate) fn baseline_settings(baseline: &Baseline) -> Vec<(&'static str, Node)> {
    let one = || Node::from(1u32);
    match baseline {
        Baseline::Own => vec![(AGENTS, one())],
        Baseline::Solo => vec![(AGENTS, one()), (ARCHITECTURE, Node::from("solo"))],
        Baseline::Point(settings) => settings.clone(),
    }
}

/// What a baseline is called in files.
pub fn name_of(baseline: &Baseline) -> &'static str {
    match baseline {
        Baseline::Own => "self",
        Baseline::Solo => "solo",
        Baseline::Point(_) => "point",
    }
}

/// What a baseline is, in words.
pub fn describe(baseline: &Baseline) -> String {
    match baseline {
        Baseline::Own => "self: one agent under the same architecture".to_owned(),
        Baseline::Solo => "solo: one agent alone".to_owned(),
        Baseline::Point(settings) => {
            let settings: Vec<String> = settings.iter().map(|(path, value)| format!("{path} = {value}")).collect();
            format!("the point {}", settings.join(", "))
        }
    }
}

/// A key for a point: the same values, the same key.
fn key_of(values: &[(&str, &Node)]) -> String {
    let mut parts: Vec<String> =
        values.iter().map(|(path, value)| format!("{}={value}", if is_agents(path) { AGENTS } else { path })).collect();
    parts.sort();
    parts.join(";")
}
