//! A sweep: every combination of the values on the axes, each with many replications and its baseline.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::experiment::result::{Row, SweepResult, Work, is_agents};
use crate::experiment::scenario_file::{Axis, Baseline, Node, Problems, ScenarioFile};
use crate::experiment::{Sample, runner};
use crate::simulation::Scenario;
use crate::workload::TaskGraph;

/// The path of the team size and of the architecture.
const AGENTS: &str = "team.agents";
const ARCHITECTURE: &str = "architecture";

/// What is to be run.
pub struct Sweep<'a> {
    file: &'a ScenarioFile,
    axes: Vec<Axis>,
    replications: u64,
}

/// A point of the sweep or the baseline of one, ready to run.
struct Job {
    scenario: Scenario,
    sample: Sample,
}

impl<'a> Sweep<'a> {
    /// The sweep of a scenario over `axes`; without an axis it has one point, the scenario itself.
    pub fn new(file: &'a ScenarioFile, axes: Vec<Axis>, replications: u64) -> Sweep<'a> {
        Sweep { file, axes, replications }
    }

    /// How many points it has.
    pub fn points(&self) -> usize {
        self.axes.iter().map(|axis| axis.values.len()).product()
    }

    /// How many replications each point has.
    pub fn replications(&self) -> u64 {
        self.replications
    }

    /// The axes, the last of them fastest.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The values of a point, an axis each.
    fn point(&self, number: usize) -> Vec<(&str, &Node)> {
        let mut rest = number;
        let mut values = Vec::with_capacity(self.axes.len());
        for axis in self.axes.iter().rev() {
            values.push((axis.path.as_str(), &axis.values[rest % axis.values.len()]));
            rest /= axis.values.len();
        }
        values.reverse();
        values
    }

    /// Runs it on the threads of the current pool. `done` is told of every finished batch of replications.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of its points, before anything is run.
    pub fn run(&self, done: &(dyn Fn(u64) + Sync)) -> Result<SweepResult, Problems> {
        let baseline = self.file.baseline();
        let mut jobs: Vec<Job> = Vec::new();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut problems = Problems::default();
        let mut pairs = Vec::with_capacity(self.points());
        let mut job_of = |values: &[(&str, &Node)], jobs: &mut Vec<Job>, problems: &mut Problems| {
            let name = key_of(values);
            if let Some(&job) = known.get(&name) {
                return Some(job);
            }
            match self.file.at(values) {
                Ok(scenario) => {
                    jobs.push(Job { scenario, sample: Sample::default() });
                    known.insert(name, jobs.len() - 1);
                    Some(jobs.len() - 1)
                }
                Err(wrong) => {
                    problems.append(wrong);
                    None
                }
            }
        };
        for number in 0..self.points() {
            let values = self.point(number);
            let Some(here) = job_of(&values, &mut jobs, &mut problems) else { continue };
            let settings = baseline_settings(&baseline);
            let mut base: Vec<(&str, &Node)> =
                values.iter().filter(|(path, _)| settings.iter().all(|(other, _)| other != path)).copied().collect();
            base.extend(settings.iter().map(|(path, value)| (*path, value)));
            // A baseline that can't be made (one agent where two are needed) is no baseline; the point stands.
            let there = job_of(&base, &mut jobs, &mut Problems::default());
            pairs.push((number, here, there));
        }
        problems.or(())?;
        let scenarios: Vec<&Scenario> = jobs.iter().map(|job| &job.scenario).collect();
        let samples = runner::run(&scenarios, self.replications, done);
        for (job, sample) in jobs.iter_mut().zip(samples) {
            job.sample = sample;
        }
        let mut works = Works::default();
        let rows = pairs.iter().map(|&(number, here, there)| {
            let axes = self.point(number).iter().map(|(_, value)| value.to_string()).collect();
            let here = &jobs[here];
            let work = works.of(&here.scenario);
            // Work that grows with the team is compared by rate: the baseline's time is scaled to this work.
            let there = there.map(|there| (&jobs[there].sample, work.work / works.of(&jobs[there].scenario).work));
            Row::new(axes, &here.scenario.architecture_name, &here.sample, there, &work)
        });
        let rows = rows.collect();
        let question = self.file.question();
        Ok(SweepResult {
            scenario: self.file.name().to_owned(),
            question: (!question.is_empty()).then(|| question.to_owned()),
            seed: self.file.seed(),
            axes: self.axes.iter().map(|axis| axis.label.clone()).collect(),
            baseline: describe(&baseline),
            rows,
        })
    }
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
