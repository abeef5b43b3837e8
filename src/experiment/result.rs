//! Results of a sweep: a row a point, and the curve that rows with different team sizes make.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::sweep::accumulator::{PointAccumulator, Reference};
use crate::record::{METRICS, TimeBudget};
use crate::scaling::stats::{Interval, Summary, paired_ratio};
use crate::scaling::{amdahl, bounds, gustafson};
use crate::simulation::Scenario;
use crate::team::Latency;
use crate::workload::Task;
use crate::workload::measure::work_and_span;

/// What is known of the work before anything is run; sizes in tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkBounds {
    /// The sum of all sizes, T1.
    pub work: f64,
    /// The heaviest path, Tinf.
    pub span: f64,
    /// The parallel fraction: the one asked for where the workload was generated from one, else (T1 - Tinf)/T1.
    pub parallel_fraction: f64,
}

/// One point of a sweep, summed up. Serialises with serde, whole and exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// The values of the axes, as text, in the order of the axes.
    pub axes: Vec<String>,
    /// The team's size.
    pub agents: u32,
    /// The architecture.
    pub architecture: String,
    /// Replications.
    pub runs: usize,
    /// How many completed: all figures below are of these.
    pub completed: usize,
    /// How many stalled.
    pub stalled: usize,
    /// How many reached a limit.
    pub timed_out: usize,
    /// By metric, in the order of [`METRICS`]; none if no run completed.
    pub metrics: Vec<Option<Summary>>,
    /// Mean share of the team's time, by part of the time budget, with those of the barrier and the queues last.
    pub shares: [f64; 7],
    /// Makespan of the baseline over makespan here, ratio of means over paired runs.
    pub speedup: Option<Interval>,
    /// Tokens here over tokens of the baseline.
    pub token_multiplier: Option<f64>,
    /// Whether the baseline is one agent, so that the speedup can be held against the laws.
    pub over_one_agent: bool,
    /// What the laws say.
    pub laws: Laws,
    /// A fingerprint of all runs of the point.
    pub digest: Digest,
}

/// What theory says of a team of this size on this work. Speedups, over one agent that works alike.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Laws {
    /// Amdahl: 1 / ((1 - p) + p/n).
    pub amdahl: f64,
    /// Gustafson: n - s(n - 1), with s = 1 - p.
    pub gustafson: f64,
    /// No schedule beats it: min(n, T1/Tinf).
    pub work_span: f64,
    /// Any greedy schedule without overhead reaches it.
    pub greedy: f64,
}

impl Laws {
    /// For a team of `agents`.
    pub fn of(work: &WorkBounds, agents: u32) -> Laws {
        let n = f64::from(agents);
        Laws {
            amdahl: amdahl::speedup(work.parallel_fraction, n),
            gustafson: gustafson::speedup(1.0 - work.parallel_fraction, n),
            work_span: bounds::greatest_speedup(work.work, work.span, n),
            greedy: bounds::greedy_speedup(work.work, work.span, n),
        }
    }
}

impl WorkBounds {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> WorkBounds {
        // Recorded tasks weigh what they took, if they take that again; all others their tokens.
        let is_recorded = scenario.team.iter().all(|agent| agent.profile.latency == Latency::Recorded);
        let seconds = |task: &Task| task.recorded.map_or(0.0, |recorded| recorded.time.as_secs());
        let weight = |task: &Task| if is_recorded { seconds(task) } else { task.size };
        let (work, span) = work_and_span(&scenario.graph, weight);
        let parallel_fraction = scenario.parallel_fraction.unwrap_or((work - span) / work);
        WorkBounds { work, span, parallel_fraction }
    }
}

impl PointResult {
    /// Sums up a point and compares it with its baseline.
    pub fn new(
        axes: Vec<String>,
        architecture: &str,
        sample: &Replications,
        baseline: Option<(&Replications, WorkBounds)>,
        work: &WorkBounds,
    ) -> PointResult {
        let baseline = baseline.map(|(sample, work)| (PointAccumulator::of(sample).reference, work));
        let baseline = baseline.as_ref().map(|(reference, work)| (reference, *work));
        PointResult::of(axes, architecture, &mut PointAccumulator::of(sample), baseline, work)
    }

    /// The same from what has been summed up as it was run. Of the baseline only the replications that the point has
    /// too are looked at.
    pub fn of(
        axes: Vec<String>,
        architecture: &str,
        tally: &mut PointAccumulator,
        baseline: Option<(&Reference, WorkBounds)>,
        work: &WorkBounds,
    ) -> PointResult {
        // Work that grows with the team is compared by rate: the baseline's time and tokens are scaled to this work.
        let baseline = baseline.map(|(reference, base)| (reference, base, work.work / base.work));
        let metrics = tally.summaries();
        let own = &tally.reference;
        let speedup = baseline.and_then(|(reference, _, times)| {
            paired_ratio(own.paired(reference).map(|(there, here)| (there * times, here)))
        });
        let token_multiplier = baseline
            .map(|(reference, _, times)| {
                let runs = own.completed.len();
                own.mean_tokens(runs) / (reference.mean_tokens(runs) * times)
            })
            .filter(|ratio| ratio.is_finite());
        let [completed, stalled, timed_out] = tally.endings;
        PointResult {
            axes,
            agents: own.agents,
            architecture: architecture.to_owned(),
            runs: own.completed.len(),
            completed,
            stalled,
            timed_out,
            metrics,
            shares: shares(&tally.budget),
            speedup,
            token_multiplier,
            over_one_agent: baseline.is_none_or(|(reference, ..)| reference.agents == 1),
            laws: Laws {
                // Gustafson's serial fraction is that of the work which one agent does in the same time.
                gustafson: Laws::of(baseline.as_ref().map_or(work, |(_, base, _)| base), own.agents).gustafson,
                ..Laws::of(work, own.agents)
            },
            digest: tally.digest(),
        }
    }

    /// A metric by its name.
    pub fn metric(&self, name: &str) -> Option<&Summary> {
        let place = METRICS.iter().position(|metric| metric.name == name)?;
        self.metrics.get(place)?.as_ref()
    }

    /// Share of the Amdahl speedup that is reached.
    pub fn amdahl_share(&self) -> Option<f64> {
        self.speedup.filter(|_| self.over_one_agent).map(|speedup| speedup.estimate / self.laws.amdahl)
    }
}

/// Shares of work, coordination, waiting, lost, rework; and of the waiting at the barrier and in queues.
pub fn shares(budget: &TimeBudget) -> [f64; 7] {
    let whole = budget.total().as_secs();
    let [work, coordination, waiting, lost, rework] = budget.parts().map(|(_, time)| time);
    let parts = [work, coordination, waiting, lost, rework, budget.at_barrier, budget.in_queue];
    parts.map(|part| if whole > 0.0 { part.as_secs() / whole } else { 0.0 })
}

/// All rows of a sweep, with what is needed to read them.
#[derive(Clone, Debug)]
pub struct SweepResult {
    /// The scenario's name.
    pub scenario: String,
    /// The question that it answers.
    pub question: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The paths of the axes.
    pub axes: Vec<String>,
    /// What every speedup is relative to, in words.
    pub baseline: String,
    /// Whether the work grows with the team: then a speedup is a ratio of rates, and Gustafson's law is the one to
    /// hold it against.
    pub scaled: bool,
    /// The points, in the order of the grid, the last axis fastest.
    pub rows: Vec<PointResult>,
}

impl SweepResult {
    /// The rows that differ in team size only, by what the others have in common: one curve each, in order of first
    /// appearance, each in order of team size.
    pub fn curves(&self) -> Vec<Curve<'_>> {
        let mut curves: Vec<Curve<'_>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for row in &self.rows {
            let others = self.axes.iter().zip(&row.axes).filter(|(path, _)| !is_agents(path));
            let name = |(path, value): (&String, &String)| match path.as_str() {
                "architecture" => value.clone(),
                path => format!("{} {value}", short(path)),
            };
            let label: Vec<String> = others.map(name).collect();
            let label = label.join(", ");
            let place = *places.entry(label).or_insert_with_key(|label| {
                curves.push(Curve { label: label.clone(), rows: Vec::new() });
                curves.len() - 1
            });
            curves[place].rows.push(row);
        }
        for curve in &mut curves {
            curve.rows.sort_by_key(|row| row.agents);
        }
        curves
    }
}

/// Rows that differ in team size only.
#[derive(Clone, Debug)]
pub struct Curve<'a> {
    /// What they have in common; empty if there is nothing else.
    pub label: String,
    /// The rows, smallest team first.
    pub rows: Vec<&'a PointResult>,
}

impl Curve<'_> {
    /// What it is called in a picture: what its rows have in common, or else their architecture.
    pub fn name(&self) -> &str {
        if self.label.is_empty() { self.rows.first().map_or("", |row| &row.architecture) } else { &self.label }
    }
}

/// Whether an axis holds a team size.
pub fn is_agents(path: &str) -> bool {
    path == "agents" || path == "team.agents"
}

/// The last word of a path: how an axis is called in a picture.
pub fn short(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
