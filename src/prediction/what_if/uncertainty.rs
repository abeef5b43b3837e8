//! Simulation of the teams of a what-if question, with prediction intervals that account for one recorded session.
//!
//! The outer loop resamples the session [`RESAMPLES`] times, learns from each and simulates every team a few times. The
//! inner loop is those runs, on common random numbers. One session cannot show the following, which is therefore drawn:
//! - how similar the agents of a team are: a uniform residual correlation;
//! - the variation between sessions ([`BETWEEN_RUNS`]), which affects times but not speedups;
//! - the error of such predictions ([`PREDICTION_LOG_SD`]), which moves all teams together against one agent.
//!
//! Intervals are quantiles of the relative change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Keys, Purpose, Stream, math};
use crate::experiment::replication::runner;
use crate::experiment::sweep::{self, baseline_settings, key_of, label, with};
use crate::experiment::{PointResult, Replications, SweepResult, WorkBounds};
use crate::prediction::calibration::calibrate_demonstrations;
use crate::prediction::what_if::bootstrap::{self, LogResiduals};
use crate::prediction::what_if::{Basis, WhatIf, learned_policy};
use crate::problem::Problems;
use crate::record::{Ending, METRICS};
use crate::scaling::stats::quantile;
use crate::scenario::{self, Node};
use crate::simulation::Scenario;
use crate::team::{LearnedPolicy, Profile};

/// Number of resampled sessions.
pub const RESAMPLES: u64 = 200;
/// Runs of each team for the recorded session, and for each resampled one.
const RUNS: u64 = 400;
const RUNS_RESAMPLED: u64 = 16;
/// Entity that keys the draws of a session.
const SESSION: u64 = 7 << 40;

/// Log standard deviation of makespan between runs of one agent on the same work, which a single run cannot show.
/// Measured over the recorded runs of one agent (arXiv 2603.12229), within a model, a suite, a parallel fraction and an
/// architecture. A test repeats the measurement.
pub const BETWEEN_RUNS: f64 = 0.42;

/// Prediction error of the speedup: log standard deviation over cells, less the noise of the recordings. The first value
/// is for teams that claim tasks, the second for teams with preassigned tasks. Measured by `brooks validate`
/// (docs/MODEL.md, section 9).
pub const PREDICTION_LOG_SD: [f64; 2] = [0.38, 0.50];

/// Index of the makespan among the metrics.
const MAKESPAN: usize = 0;

/// A 95 % prediction interval: low and high.
pub type PredictionInterval = (f64, f64);

/// Simulated teams with their prediction intervals.
pub struct WhatIfAnswer {
    /// Results of the teams.
    pub result: SweepResult,
    /// Bounds from the recorded work alone.
    pub plan: WorkBounds,
    /// By row: the interval of each metric's mean, in the order of [`METRICS`].
    pub metrics: Vec<Vec<Option<PredictionInterval>>>,
    /// By row: the interval of the speedup.
    pub speedups: Vec<Option<PredictionInterval>>,
    /// By row: proportion of resampled sessions in which the team is faster than its baseline.
    pub faster: Vec<Option<f64>>,
    /// By row: mean makespan in each resampled session over that of the recorded session, without the run effect.
    pub changes: Vec<Vec<Option<f64>>>,
}

/// Teams to simulate: every distinct scenario once, and the points that refer to them.
struct TeamGrid {
    scenarios: Vec<Scenario>,
    points: Vec<TeamPoint>,
}

/// A point of the axes: labels of its values, index of its scenario and of its baseline's.
struct TeamPoint {
    labels: Vec<String>,
    team: usize,
    baseline: Option<usize>,
}

/// Mean of each metric of a scenario over its completed runs.
type Means = Vec<Option<f64>>;

impl WhatIf {
    /// Simulates every team for the recorded and for every resampled session. Calls `done` with the number of finished
    /// runs.
    ///
    /// # Errors
    ///
    /// All problems of all teams.
    pub fn run(&self, done: &(dyn Fn(u64) + Sync)) -> Result<WhatIfAnswer, Problems> {
        let grid = self.grid()?;
        let as_recorded: Vec<Scenario> = grid.scenarios.iter().map(|scenario| self.as_recorded(scenario)).collect();
        let runs = runner::run(&as_recorded.iter().collect::<Vec<_>>(), RUNS, done);
        let row = |point: &TeamPoint| {
            let baseline = point.baseline.map(|index| (&runs[index], WorkBounds::new(&grid.scenarios[index])));
            let (scenario, runs) = (&grid.scenarios[point.team], &runs[point.team]);
            let bounds = WorkBounds::new(scenario);
            PointResult::from_sample(point.labels.clone(), &scenario.architecture_name, runs, baseline, &bounds)
        };
        let result =
            SweepResult { rows: grid.points.iter().map(row).collect(), ..sweep::Sweep::new(&self.file, RUNS).head() };
        let recorded: Vec<Means> = runs.iter().map(|runs| means(runs, RUNS_RESAMPLED as usize)).collect();
        let resampled = self.resampled_sessions(&grid.scenarios, done);
        let plan = WorkBounds::expected(&self.file.at(&[])?);
        Ok(self.answer(&grid, result, plan, &recorded, &resampled))
    }

    fn answer(
        &self,
        grid: &TeamGrid,
        result: SweepResult,
        plan: WorkBounds,
        recorded: &[Means],
        resampled: &[ResampledSession],
    ) -> WhatIfAnswer {
        let (mut metrics, mut speedups, mut faster, mut changes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let uncertainty = |index: usize| Uncertainty::new(recorded, resampled, index, &grid.scenarios[index]);
        for (point, row) in grid.points.iter().zip(&result.rows) {
            let team = uncertainty(point.team);
            metrics.push((0..METRICS.len()).map(|metric| team.interval(metric, row)).collect());
            let bound = if matches!(self.basis, Basis::WorkSegments(..)) { row.laws.work_span } else { f64::INFINITY };
            let drawn =
                point.baseline.and_then(|index| Some(team.speedups(&uncertainty(index), row.speedup?.estimate)));
            let drawn: Vec<f64> = drawn.unwrap_or_default().into_iter().map(|speedup| speedup.min(bound)).collect();
            let above_one = drawn.iter().filter(|speedup| **speedup > 1.0).count() as f64;
            faster.push((!drawn.is_empty()).then(|| above_one / drawn.len() as f64));
            speedups.push(interval(drawn));
            changes.push(team.changes());
        }
        WhatIfAnswer { result, plan, metrics, speedups, faster, changes }
    }

    fn grid(&self) -> Result<TeamGrid, Problems> {
        let settings = baseline_settings(&self.file.baseline());
        let mut grid = TeamGrid { scenarios: Vec::new(), points: Vec::new() };
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut problems = Problems::default();
        let mut index_of = |point: &[(&str, &Node)], scenarios: &mut Vec<Scenario>| {
            let key = key_of(point);
            if let Some(&index) = known.get(&key) {
                return Ok(index);
            }
            scenarios.push(self.file.at(point)?);
            known.insert(key, scenarios.len() - 1);
            Ok(scenarios.len() - 1)
        };
        for point in combinations(self.file.axes()) {
            match index_of(&point, &mut grid.scenarios) {
                Ok(team) => {
                    // An impossible baseline, such as one agent where two are needed, leaves the point without one.
                    let baseline = index_of(&with(&point, &settings), &mut grid.scenarios).ok();
                    let labels = point.iter().map(|(_, value)| label(value)).collect();
                    grid.points.push(TeamPoint { labels, team, baseline });
                }
                Err(wrong) => problems.append(wrong),
            }
        }
        problems.or(grid)
    }

    /// Returns a scenario for the recorded session.
    fn as_recorded(&self, scenario: &Scenario) -> Scenario {
        match &self.basis {
            Basis::LearnedPolicy(_) => scenario.clone(),
            Basis::WorkSegments(segments, _) => {
                Scenario { graph: segments.as_recorded(&scenario.graph), graphs: None, ..scenario.clone() }
            }
        }
    }

    /// Simulates every scenario for each resampled session.
    fn resampled_sessions(&self, scenarios: &[Scenario], done: &(dyn Fn(u64) + Sync)) -> Vec<ResampledSession> {
        let residuals = match &self.basis {
            Basis::LearnedPolicy(demonstration) => bootstrap::residuals(demonstration),
            Basis::WorkSegments(..) => LogResiduals::default(),
        };
        let (mut resampled, mut sessions) = (Vec::new(), Vec::new());
        for session in 0..RESAMPLES {
            let mut stream = Keys::new(self.file.seed(), session).stream(Purpose::RandomEffect, SESSION);
            let run_effect = math::exp(BETWEEN_RUNS * stream.normal());
            sessions.push(ResampledSession { means: Vec::new(), run_effect, error: stream.normal() });
            resampled.extend(self.resample(scenarios, &residuals, stream));
        }
        let runs = runner::run(&resampled.iter().collect::<Vec<_>>(), RUNS_RESAMPLED, done);
        for (session, runs) in sessions.iter_mut().zip(runs.chunks(scenarios.len().max(1))) {
            session.means = runs.iter().map(|runs| means(runs, RUNS_RESAMPLED as usize)).collect();
        }
        sessions
    }

    /// Returns every scenario for one resampled session.
    fn resample(&self, scenarios: &[Scenario], residuals: &LogResiduals, mut stream: Stream) -> Vec<Scenario> {
        match &self.basis {
            Basis::LearnedPolicy(demonstration) => {
                let correlation = stream.uniform();
                let resampled = bootstrap::resample(demonstration, residuals, &mut stream);
                let options = learned_policy::options(&resampled);
                let learned = calibrate_demonstrations(std::iter::once(Ok(&resampled)), &options).ok();
                let learned_policy = learned
                    .map(|learned| Arc::new(learned.learned_policy(None).with_residual_correlation(correlation)));
                scenarios.iter().map(|scenario| with_behaviour(scenario, learned_policy.as_ref())).collect()
            }
            Basis::WorkSegments(segments, _) => {
                let resampled = |scenario: &Scenario| {
                    // All teams have the same session.
                    let graph = segments.resample(&scenario.graph, &mut stream.clone());
                    Scenario { graph, graphs: None, ..scenario.clone() }
                };
                scenarios.iter().map(resampled).collect()
            }
        }
    }
}

/// Every combination of the values of the axes; the last axis varies fastest.
fn combinations(axes: &[scenario::Axis]) -> Vec<Vec<(&str, &Node)>> {
    let mut points: Vec<Vec<(&str, &Node)>> = vec![Vec::new()];
    for axis in axes {
        let extended = |point: &Vec<_>, value| [point.as_slice(), &[(axis.path.as_str(), value)]].concat();
        points = points.iter().flat_map(|point| axis.values.iter().map(|value| extended(point, value))).collect();
    }
    points
}

fn with_behaviour(scenario: &Scenario, learned_policy: Option<&Arc<LearnedPolicy>>) -> Scenario {
    let mut scenario = scenario.clone();
    let Some(first) = scenario.team.first() else { return scenario };
    let profile = Arc::new(Profile { learned_policy: learned_policy.cloned(), ..(*first.profile).clone() });
    if learned_policy.is_some() {
        scenario.team.iter_mut().for_each(|agent| agent.profile = Arc::clone(&profile));
    }
    scenario
}

/// Mean of each metric over those of the first runs that completed.
fn means(runs: &Replications, first: usize) -> Means {
    let is_completed: Vec<bool> = runs.endings.iter().take(first).map(|end| *end == Ending::Completed).collect();
    let completed = is_completed.iter().filter(|completed| **completed).count();
    let mean = |column: &Vec<f64>| {
        let sum: f64 =
            column.iter().zip(&is_completed).filter(|(_, completed)| **completed).map(|(value, _)| value).sum();
        (completed > 0).then(|| sum / completed as f64)
    };
    runs.columns.iter().map(mean).collect()
}

/// Simulated results of a resampled session.
struct ResampledSession {
    /// By scenario.
    means: Vec<Means>,
    /// Factor on all times of the session.
    run_effect: f64,
    /// Prediction error, in standard deviations.
    error: f64,
}

/// Uncertainty of the results of one scenario.
struct Uncertainty<'a> {
    recorded: &'a Means,
    sessions: &'a [ResampledSession],
    index: usize,
    error_log_sd: f64,
}

impl<'a> Uncertainty<'a> {
    fn new(recorded: &'a [Means], sessions: &'a [ResampledSession], index: usize, of: &Scenario) -> Uncertainty<'a> {
        let terms = of.architecture.spec();
        let log_sd = PREDICTION_LOG_SD[usize::from(terms.assigned.is_some() || terms.has_lead)];
        let error_log_sd = if of.team.len() > 1 { log_sd } else { 0.0 };
        Uncertainty { recorded: &recorded[index], sessions, index, error_log_sd }
    }

    /// Factor of the prediction error in a session.
    fn error(&self, session: &ResampledSession) -> f64 {
        math::exp(self.error_log_sd * session.error)
    }

    /// Mean makespan in each resampled session over that of the recorded session.
    fn changes(&self) -> Vec<Option<f64>> {
        let recorded = self.recorded[MAKESPAN].filter(|recorded| *recorded > 0.0);
        let change =
            |session: &ResampledSession| Some(session.means[self.index][MAKESPAN]? / recorded? * self.error(session));
        self.sessions.iter().map(change).collect()
    }

    /// Prediction interval of a metric's mean.
    fn interval(&self, metric: usize, row: &PointResult) -> Option<PredictionInterval> {
        let estimate = row.metrics.get(metric).copied().flatten()?.mean;
        let recorded = self.recorded[metric]?;
        let values = self.sessions.iter().filter_map(|session| {
            let resampled = session.means[self.index][metric]?;
            let value = if recorded > 0.0 { estimate * resampled / recorded } else { estimate + resampled - recorded };
            Some(if METRICS[metric].unit == "s" { value * session.run_effect * self.error(session) } else { value })
        });
        interval(values.collect())
    }

    /// Speedups over a baseline, by session. The run effect is in both and cancels.
    fn speedups(&self, baseline: &Uncertainty<'_>, estimate: f64) -> Vec<f64> {
        let changes = baseline.changes().into_iter().zip(self.changes());
        changes.filter_map(|(baseline, team)| Some(estimate * baseline? / team?)).collect()
    }
}

/// The central 95 %.
fn interval(mut values: Vec<f64>) -> Option<PredictionInterval> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| (quantile(&values, 0.025), quantile(&values, 0.975)))
}
