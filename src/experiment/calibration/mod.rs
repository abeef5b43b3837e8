//! A stand-in for the calibration of agent profiles: lengths of recorded runs over their numbers of tasks.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::architecture;
use crate::engine::Dist;
use crate::experiment::corpus::RecordedRun;
use crate::problem::{Problem, Problems};
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{Agent, Consistency, Profile, Role};
use crate::workload::TaskGraph;

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

/// Calibrates on those of the runs that have the wanted team sizes.
///
/// # Errors
///
/// If there are none.
pub fn calibrate(runs: &[&RecordedRun], options: &Options) -> Result<Calibration, Problems> {
    let sizes = options.agents.clone().unwrap_or(1..=1);
    let mut paces: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    let mut seen = Vec::new();
    for run in runs.iter().filter(|run| sizes.contains(&run.agents)) {
        seen.push(run.trace.clone());
        let tasks = run.total("completions").unwrap_or(0.0);
        if run.is_completed() && tasks > 0.0 {
            let pace = run.wall_clock_s * f64::from(run.agents) / tasks;
            for model in [run.label("model"), ""] {
                paces.entry((model.to_owned(), run.label("architecture").to_owned())).or_default().push(pace);
            }
        }
    }
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
    pub fn has_seen(&self, run: &RecordedRun) -> bool {
        self.seen.contains(&run.trace)
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
