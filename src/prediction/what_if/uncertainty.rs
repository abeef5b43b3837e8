//! How sure an answer can be that rests on one session: what is simulated, and the range in which it would lie had the
//! session come out otherwise.
//!
//! An outer loop draws the session again ([`RESAMPLES`] times), learns from it and simulates every team a few times; an inner
//! loop is those runs, on common random numbers. What no single session can show is drawn along: how much agents of a
//! team are alike (anything), how far one session's length is from the next's ([`BETWEEN_RUNS`], which moves times and not
//! speedups), and how far off such predictions are themselves ([`PREDICTION_LOG_SD`], which moves teams against one agent, all sizes
//! together). Ranges are quantiles of the relative change.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::{Keys, Purpose, Stream, math};
use crate::experiment::replication::runner;
use crate::experiment::sweep::{Sweep, baseline_settings, key_of, label, with};
use crate::experiment::{PointResult, Replications, SweepResult, WorkBounds};
use crate::prediction::calibration::calibrate_demonstrations;
use crate::prediction::what_if::bootstrap::{self, LogResiduals};
use crate::prediction::what_if::{Basis, WhatIf, learned_policy};
use crate::problem::Problems;
use crate::record::{Ending, METRICS};
use crate::scaling::stats::quantile;
use crate::scenario::{Axis, Node};
use crate::simulation::Scenario;
use crate::team::{Behaviour, Profile};

/// Sessions drawn again.
pub const RESAMPLES: u64 = 200;
/// Runs of each team, of the session as it is and of each drawn again.
const RUNS: u64 = 400;
const RUNS_AGAIN: u64 = 16;
/// The entity of the draws of a session.
const SESSION: u64 = 7 << 40;

/// Standard deviation of the logarithm of length between runs of one agent on the same work, which one run cannot show.
/// Measured over the recorded runs of one agent (arXiv 2603.12229), within a model, a suite, a parallel fraction and an architecture
/// (a test).
pub const BETWEEN_RUNS: f64 = 0.42;

/// How far off speedups of teams of recorded single agents were, where such teams were recorded: standard deviation of the
/// logarithm over cells, less the noise of the recordings; of teams that claim tasks, and of those whose tasks are dealt.
/// Measured by `brooks validate` (docs/MODEL.md, section 8).
pub const PREDICTION_LOG_SD: [f64; 2] = [0.38, 0.50];

/// The place of the makespan among the metrics.
const MAKESPAN: usize = 0;

/// Of 95 %: low and high.
pub type PredictionInterval = (f64, f64);

/// What is simulated, with what one session leaves in doubt.
pub struct WhatIfAnswer {
    /// The teams.
    pub result: SweepResult,
    /// What is known of the work beforehand.
    pub plan: WorkBounds,
    /// By row: the range of each metric's mean, in the order of [`METRICS`].
    pub metrics: Vec<Vec<Option<PredictionInterval>>>,
    /// By row: the range of the speedup.
    pub speedups: Vec<Option<PredictionInterval>>,
    /// By row: in what share of the sessions drawn again it is faster than its baseline.
    pub faster: Vec<Option<f64>>,
    /// By row: mean makespan in each session drawn again, over that of the session as it is; pace left out.
    pub changes: Vec<Vec<Option<f64>>>,
}

/// The teams: each different scenario once, and of every point its values, its scenario and that of its baseline.
struct TeamGrid {
    scenarios: Vec<Scenario>,
    points: Vec<(Vec<String>, usize, Option<usize>)>,
}

/// Of a scenario: the mean of each metric over completed runs.
type Means = Vec<Option<f64>>;

impl WhatIf {
    /// Simulates every team, by the session as it is and as it might have been. `done` is told of finished runs.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with any of the teams.
    pub fn run(&self, done: &(dyn Fn(u64) + Sync)) -> Result<WhatIfAnswer, Problems> {
        let grid = self.grid()?;
        let as_it_is: Vec<Scenario> = grid.scenarios.iter().map(|scenario| self.as_recorded(scenario)).collect();
        let samples = runner::run(&as_it_is.iter().collect::<Vec<_>>(), RUNS, done);
        let row = |(axes, here, there): &(Vec<String>, usize, Option<usize>)| {
            let there = there.map(|there| (&samples[there], WorkBounds::of(&grid.scenarios[there])));
            let scenario = &grid.scenarios[*here];
            PointResult::new(
                axes.clone(),
                &scenario.architecture_name,
                &samples[*here],
                there,
                &WorkBounds::of(scenario),
            )
        };
        let result = SweepResult { rows: grid.points.iter().map(row).collect(), ..Sweep::new(&self.file, RUNS).head() };
        let before: Vec<Means> = samples.iter().map(|sample| means(sample, RUNS_AGAIN as usize)).collect();
        let again = self.again(&grid.scenarios, done);
        let mut answer = WhatIfAnswer {
            plan: WorkBounds::of(&self.file.at(&[])?),
            metrics: Vec::new(),
            speedups: Vec::new(),
            faster: Vec::new(),
            changes: Vec::new(),
            result,
        };
        for ((_, here, there), row) in grid.points.iter().zip(&answer.result.rows) {
            let here = Doubt::of(&before, &again, *here, &grid.scenarios[*here]);
            answer.metrics.push((0..METRICS.len()).map(|metric| here.range(metric, row)).collect());
            let base = there.map(|there| Doubt::of(&before, &again, there, &grid.scenarios[there]));
            let bound = if matches!(self.basis, Basis::WorkSegments(..)) { row.laws.work_span } else { f64::INFINITY };
            let speedups = base.and_then(|base| Some(here.speedups(&base, row.speedup?.estimate)));
            let speedups: Vec<f64> =
                speedups.unwrap_or_default().into_iter().map(|speedup| speedup.min(bound)).collect();
            let faster = speedups.iter().filter(|speedup| **speedup > 1.0).count() as f64;
            answer.faster.push((!speedups.is_empty()).then(|| faster / speedups.len() as f64));
            answer.speedups.push(range(speedups));
            answer.changes.push(here.changes());
        }
        Ok(answer)
    }

    fn grid(&self) -> Result<TeamGrid, Problems> {
        let settings = baseline_settings(&self.file.baseline());
        let mut grid = TeamGrid { scenarios: Vec::new(), points: Vec::new() };
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let mut problems = Problems::default();
        let mut place = |point: &[(&str, &Node)], scenarios: &mut Vec<Scenario>| {
            let key = key_of(point);
            if let Some(&place) = known.get(&key) {
                return Ok(place);
            }
            scenarios.push(self.file.at(point)?);
            known.insert(key, scenarios.len() - 1);
            Ok(scenarios.len() - 1)
        };
        for point in combinations(self.file.axes()) {
            match place(&point, &mut grid.scenarios) {
                Ok(here) => {
                    // A baseline that can't be made (one agent where two are needed) is none; the point stands.
                    let there = place(&with(&point, &settings), &mut grid.scenarios).ok();
                    grid.points.push((point.iter().map(|(_, value)| label(value)).collect(), here, there));
                }
                Err(wrong) => problems.append(wrong),
            }
        }
        problems.or(grid)
    }

    /// A scenario by the session as it is.
    fn as_recorded(&self, scenario: &Scenario) -> Scenario {
        match &self.basis {
            Basis::Habits(_) => scenario.clone(),
            Basis::WorkSegments(pieces, _) => {
                Scenario { graph: pieces.as_recorded(&scenario.graph), ..scenario.clone() }
            }
        }
    }

    /// Every scenario in each session drawn again.
    fn again(&self, scenarios: &[Scenario], done: &(dyn Fn(u64) + Sync)) -> Vec<Session> {
        let surprises = match &self.basis {
            Basis::Habits(demonstration) => bootstrap::surprises(demonstration),
            Basis::WorkSegments(..) => LogResiduals::default(),
        };
        let (mut drawn, mut sessions) = (Vec::new(), Vec::new());
        for session in 0..RESAMPLES {
            let mut stream = Keys::new(self.file.seed(), session).stream(Purpose::Temperament, SESSION);
            let pace = math::exp(BETWEEN_RUNS * stream.normal());
            sessions.push(Session { means: Vec::new(), pace, off: stream.normal() });
            drawn.extend(self.resample(scenarios, &surprises, stream));
        }
        let samples = runner::run(&drawn.iter().collect::<Vec<_>>(), RUNS_AGAIN, done);
        for (session, samples) in sessions.iter_mut().zip(samples.chunks(scenarios.len().max(1))) {
            session.means = samples.iter().map(|sample| means(sample, RUNS_AGAIN as usize)).collect();
        }
        sessions
    }

    /// Every scenario by one session drawn again.
    fn resample(&self, scenarios: &[Scenario], surprises: &LogResiduals, mut stream: Stream) -> Vec<Scenario> {
        match &self.basis {
            Basis::Habits(demonstration) => {
                let common = stream.uniform();
                let demonstration = bootstrap::resample(demonstration, surprises, &mut stream);
                let learned = calibrate_demonstrations(
                    std::iter::once(Ok(&demonstration)),
                    &learned_policy::options(&demonstration),
                )
                .ok();
                let behaviour = learned.map(|learned| Arc::new(learned.behaviour(None).alike(common)));
                scenarios.iter().map(|scenario| with_behaviour(scenario, behaviour.as_ref())).collect()
            }
            Basis::WorkSegments(pieces, _) => {
                let again = |scenario: &Scenario| {
                    // All teams have the same session.
                    let graph = pieces.resample(&scenario.graph, &mut stream.clone());
                    Scenario { graph, ..scenario.clone() }
                };
                scenarios.iter().map(again).collect()
            }
        }
    }
}

/// Every combination of the values on the axes, the last of them fastest.
fn combinations(axes: &[Axis]) -> Vec<Vec<(&str, &Node)>> {
    let mut points: Vec<Vec<(&str, &Node)>> = vec![Vec::new()];
    for axis in axes {
        let mut next = Vec::with_capacity(points.len() * axis.values.len());
        for point in &points {
            for value in &axis.values {
                let mut longer = point.clone();
                longer.push((axis.path.as_str(), value));
                next.push(longer);
            }
        }
        points = next;
    }
    points
}

fn with_behaviour(scenario: &Scenario, behaviour: Option<&Arc<Behaviour>>) -> Scenario {
    let mut scenario = scenario.clone();
    let Some(first) = scenario.team.first() else { return scenario };
    // All of a team share one profile.
    let profile = Arc::new(Profile { behaviour: behaviour.cloned(), ..(*first.profile).clone() });
    if behaviour.is_some() {
        scenario.team.iter_mut().for_each(|agent| agent.profile = Arc::clone(&profile));
    }
    scenario
}

/// The mean of each metric over those of the first runs that completed.
fn means(sample: &Replications, first: usize) -> Means {
    let is_completed: Vec<bool> = sample.endings.iter().take(first).map(|end| *end == Ending::Completed).collect();
    let completed = is_completed.iter().filter(|completed| **completed).count();
    let mean = |column: &Vec<f64>| {
        let sum: f64 =
            column.iter().zip(&is_completed).filter(|(_, completed)| **completed).map(|(value, _)| value).sum();
        (completed > 0).then(|| sum / completed as f64)
    };
    sample.columns.iter().map(mean).collect()
}

/// A session drawn again.
struct Session {
    /// By scenario.
    means: Vec<Means>,
    /// Its length over that of another.
    pace: f64,
    /// How far off predictions are, in standard deviations.
    off: f64,
}

/// What is in doubt of one scenario.
struct Doubt<'a> {
    before: &'a Means,
    again: &'a [Session],
    place: usize,
    off: f64,
}

impl<'a> Doubt<'a> {
    fn of(before: &'a [Means], again: &'a [Session], place: usize, scenario: &Scenario) -> Doubt<'a> {
        let terms = scenario.architecture.terms();
        let off = PREDICTION_LOG_SD[usize::from(terms.dealt.is_some() || terms.has_lead)];
        Doubt { before: &before[place], again, place, off: if scenario.team.len() > 1 { off } else { 0.0 } }
    }

    /// How far off a prediction is in that session.
    fn off(&self, session: &Session) -> f64 {
        math::exp(self.off * session.off)
    }

    /// The mean makespan in each session drawn again, over that of the session as it is.
    fn changes(&self) -> Vec<Option<f64>> {
        let before = self.before[MAKESPAN].filter(|before| *before > 0.0);
        let change = |session: &Session| Some(session.means[self.place][MAKESPAN]? / before? * self.off(session));
        self.again.iter().map(change).collect()
    }

    /// The range of a metric's mean.
    fn range(&self, metric: usize, row: &PointResult) -> Option<PredictionInterval> {
        let estimate = row.metrics.get(metric).copied().flatten()?.mean;
        let before = self.before[metric]?;
        let values = self.again.iter().filter_map(|session| {
            let again = session.means[self.place][metric]?;
            let value = if before > 0.0 { estimate * again / before } else { estimate + again - before };
            Some(if METRICS[metric].unit == "s" { value * session.pace * self.off(session) } else { value })
        });
        range(values.collect())
    }

    /// The speedups over a baseline: pace is in both, and goes out.
    fn speedups(&self, base: &Doubt<'_>, estimate: f64) -> Vec<f64> {
        let both = base.changes().into_iter().zip(self.changes());
        both.filter_map(|(there, here)| Some(estimate * there? / here?)).collect()
    }
}

/// The middle 95 %.
fn range(mut values: Vec<f64>) -> Option<PredictionInterval> {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    (!values.is_empty()).then(|| (quantile(&values, 0.025), quantile(&values, 0.975)))
}
