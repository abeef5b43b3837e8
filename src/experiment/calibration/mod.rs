//! A stand-in for the calibration of agent profiles: lengths of recorded runs over their numbers of tasks.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::architecture;
use crate::engine::Dist;
use crate::problem::{Problem, Problems};
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{Agent, Consistency, Profile, Role};
use crate::trace::{Summary, Trace};
use crate::workload::{TaskGraph, TaskSpec};

/// What a profile file holds: seconds a task, by model and architecture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// By model and architecture: mean and coefficient of variation.
    pace: BTreeMap<(String, String), (f64, f64)>,
    /// The names of the traces that it was made from.
    seen: Vec<String>,
}

/// How agents are made from recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// By distributions and rates.
    #[default]
    Parametric,
    /// By recorded steps, drawn again.
    Resampled,
}

/// What a calibration is made of.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How.
    pub way: Way,
    /// From runs of these team sizes; of one agent if not given.
    pub agents: Option<RangeInclusive<u32>>,
}

/// A condition under which a team is simulated.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The model; none for what all of them have in common.
    pub model: Option<String>,
    /// The architecture.
    pub architecture: String,
    /// The team's size.
    pub agents: u32,
    /// The work.
    pub tasks: Arc<TaskGraph>,
    /// After how many rounds a run is given up.
    pub max_rounds: Option<u32>,
}

/// What a run shows: how long it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The name of its trace.
    pub trace: String,
    /// The model.
    pub model: Option<String>,
    /// How many agents there were.
    pub agents: u32,
    architecture: String,
    pace: Option<f64>,
}

/// Why nothing can be learned from a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It does not say what was to be done.
    NoTasks,
    /// Its tasks are no task graph.
    NoGraph,
}

impl Lesson {
    /// What a run shows.
    ///
    /// # Errors
    ///
    /// Why it shows nothing.
    pub fn of(trace: &Trace) -> Result<Lesson, Unfit> {
        let tasks = graph_of(trace)?.len() as f64;
        let agents = trace.header.agents.len();
        let completed = trace.header.outcome.as_ref().and_then(|outcome| outcome.success) == Some(true);
        let seconds = Summary::of(trace).duration.as_secs();
        Ok(Lesson {
            trace: trace.header.trace.clone(),
            model: trace.label("model"),
            agents: agents as u32,
            architecture: trace.header.architecture.clone().unwrap_or_default(),
            pace: completed.then_some(seconds * agents as f64 / tasks),
        })
    }
}

/// The tasks of a recorded run as a graph, with the files that each writes.
///
/// # Errors
///
/// It has none, or they wait for each other in a circle.
pub fn graph_of(trace: &Trace) -> Result<TaskGraph, Unfit> {
    if trace.header.tasks.is_empty() {
        return Err(Unfit::NoTasks);
    }
    let spec = |task: &crate::trace::TraceTask| {
        let files = task.extra.get("x.writes").and_then(serde_json::Value::as_array);
        let files = files.into_iter().flatten().filter_map(serde_json::Value::as_str).map(ToOwned::to_owned);
        TaskSpec {
            writes: files.collect(),
            ..TaskSpec::new(task.id.clone(), task.weight.filter(|weight| *weight > 0.0).unwrap_or(1.0))
                .after(task.depends_on.iter().cloned())
        }
    };
    let specs: Vec<TaskSpec> = trace.header.tasks.iter().map(spec).collect();
    TaskGraph::new(&specs).map_err(|_| Unfit::NoGraph)
}

/// Calibrates on those of the runs that have the wanted team sizes.
///
/// # Errors
///
/// If there are none.
pub fn calibrate(runs: &[&Trace], options: &Options) -> Result<Calibration, Problems> {
    let lessons: Vec<Result<Lesson, Unfit>> = runs.iter().map(|trace| Lesson::of(trace)).collect();
    calibrate_lessons(lessons.iter().map(|lesson| lesson.as_ref().map_err(|&unfit| unfit)), options)
}

/// The same from lessons that were taken before.
///
/// # Errors
///
/// If there are none.
pub fn calibrate_lessons<'l>(
    lessons: impl Iterator<Item = Result<&'l Lesson, Unfit>>,
    options: &Options,
) -> Result<Calibration, Problems> {
    let sizes = options.agents.clone().unwrap_or(1..=1);
    let mut paces: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    let mut seen = Vec::new();
    for lesson in lessons.filter_map(Result::ok).filter(|lesson| sizes.contains(&lesson.agents)) {
        seen.push(lesson.trace.clone());
        for model in [lesson.model.clone().unwrap_or_default(), String::new()] {
            paces.entry((model, lesson.architecture.clone())).or_default().extend(lesson.pace);
        }
    }
    paces.retain(|_, paces| !paces.is_empty());
    if paces.is_empty() {
        return Err(problem("there is no completed run of the wanted team sizes to calibrate on"));
    }
    let moments = |values: Vec<f64>| {
        let mut values = values;
        let summary = crate::scaling::Summary::of(&mut values);
        summary.map_or((1.0, 0.0), |s| (s.mean, s.sd / s.mean))
    };
    Ok(Calibration { pace: paces.into_iter().map(|(key, values)| (key, moments(values))).collect(), seen })
}

impl Calibration {
    /// As a file.
    pub fn to_yaml(&self) -> String {
        let pace: Vec<Value> = self.pace.iter().map(|((m, a), (mean, cv))| json!([m, a, mean, cv])).collect();
        format!("{:#}\n", json!({ "calibration": { "pace": pace, "seen": self.seen } }))
    }

    /// From a file.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Calibration, Problems> {
        let no = || problem(&format!("{file}: it is no calibrated profile"));
        let value: Value = serde_json::from_slice(bytes).map_err(|_| no())?;
        let list = |key: &str| value["calibration"][key].as_array().cloned().ok_or_else(no);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let pace = |row: &Value| {
            let number = |place: usize| row[place].as_f64().unwrap_or_default();
            ((text(&row[0]), text(&row[1])), (number(2), number(3)))
        };
        Ok(Calibration {
            pace: list("pace")?.iter().map(pace).collect(),
            seen: list("seen")?.iter().map(text).collect(),
        })
    }

    /// Whether it was made from this run.
    pub fn has_seen(&self, trace: &str) -> bool {
        self.seen.iter().any(|seen| seen == trace)
    }

    /// How it was made, to make another one the same way.
    pub fn options(&self) -> Options {
        Options::default()
    }

    /// The team of a condition.
    ///
    /// # Errors
    ///
    /// If the profile says nothing of the model under the architecture.
    pub fn scenario(&self, condition: &Condition, seed: u64) -> Result<Scenario, Problems> {
        let key = (condition.model.clone().unwrap_or_default(), condition.architecture.clone());
        let unknown = || problem(&format!("the profile knows nothing of {:?} under {}", key.0, key.1));
        let (mean, cv) = *self.pace.get(&key).ok_or_else(unknown)?;
        let row = architecture::find(&condition.architecture).ok_or_else(unknown)?;
        let defaults: Vec<&str> = row.parameters.iter().filter_map(|p| p.values.first().copied()).collect();
        let choices = architecture::Choices::new(row, &defaults).ok_or_else(unknown)?;
        let profile = Arc::new(Profile::with_latency("calibrated", Dist::lognormal_mean_cv(mean.max(1e-6), cv)));
        let rounds = condition.max_rounds.unwrap_or(u32::MAX);
        Ok(Scenario {
            name: "calibrated".to_owned(),
            graph: condition.tasks.clone(),
            parallel_fraction: None,
            team: (1..=condition.agents)
                .map(|n| Agent {
                    name: format!("Dev{n}"),
                    role: Role::Worker,
                    profile: profile.clone(),
                    skills: Vec::new(),
                })
                .collect(),
            architecture: (row.make)(&choices).into(),
            architecture_name: condition.architecture.clone(),
            pacing: Pacing::Rounds { idle_calls: true },
            consistency: Consistency::default(),
            dependency_check: DependencyCheck::Claim,
            resources: Vec::new(),
            limits: Limits { rounds, ..Limits::generous(condition.tasks.len()) },
            prices: Prices::default(),
            seed,
        })
    }
}

fn problem(message: &str) -> Problems {
    Problems::one(Problem {
        code: "profile",
        file: "calibration".to_owned(),
        line: 0,
        path: String::new(),
        message: message.to_owned(),
        expected: String::new(),
    })
}
