//! Results of a sweep: one row per point, and the curves over team sizes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::sweep::accumulator::{PointAccumulator, Reference};
use crate::experiment::time_shares::TimeShares;
use crate::experiment::work_bounds::WorkBounds;
use crate::record::METRICS;
use crate::scaling::stats::{Interval, Summary, paired_ratio};
use crate::scaling::{amdahl, bounds, gustafson};

/// Summary of one point of a sweep. Serialises with serde, complete and exact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PointResult {
    /// Values of the axes, as text, in the order of the axes.
    pub axes: Vec<String>,
    /// Team size.
    pub agents: u32,
    /// The architecture.
    pub architecture: String,
    /// Replications.
    pub runs: usize,
    /// Number of completed runs; all figures below are of these.
    pub completed: usize,
    /// Number of stalled runs.
    pub stalled: usize,
    /// Number of runs that reached a limit.
    pub timed_out: usize,
    /// Summary by metric, in the order of [`METRICS`]; none if no run completed.
    pub metrics: Vec<Option<Summary>>,
    /// Mean fractions of the team's time.
    pub shares: TimeShares,
    /// Speedup: makespan of the baseline over makespan of the point, a ratio of means over paired runs.
    pub speedup: Option<Interval>,
    /// Tokens of the point over tokens of the baseline.
    pub token_multiplier: Option<f64>,
    /// True if the baseline is one agent, so that the speedup is comparable with the laws.
    pub over_one_agent: bool,
    /// Theoretical speedups.
    pub laws: Laws,
    /// Fingerprint of all runs of the point.
    pub digest: Digest,
}

/// Theoretical speedups of a team of this size on this work, over one agent of the same profile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Laws {
    /// Amdahl: 1 / ((1 - p) + p/n).
    pub amdahl: f64,
    /// Gustafson: n - s(n - 1), with s = 1 - p.
    pub gustafson: f64,
    /// Upper bound of every schedule: min(n, T1/Tinf).
    pub work_span: f64,
    /// Lower bound of every greedy schedule without overhead.
    pub greedy: f64,
}

impl Laws {
    /// Computes the theoretical speedups of `agents`.
    pub fn new(work: &WorkBounds, agents: u32) -> Laws {
        let n = f64::from(agents);
        Laws {
            amdahl: amdahl::speedup(work.parallel_fraction, n),
            gustafson: gustafson::speedup(1.0 - work.parallel_fraction, n),
            work_span: bounds::greatest_speedup(work.work, work.span, n),
            greedy: bounds::greedy_speedup(work.work, work.span, n),
        }
    }
}

impl PointResult {
    /// Sums up a point and compares it with its baseline. Works that are drawn for each replication are averaged over the
    /// replications; the given ones are used for fixed work only.
    pub fn from_sample(
        axes: Vec<String>,
        architecture: &str,
        sample: &Replications,
        baseline: Option<(&Replications, WorkBounds)>,
        work: &WorkBounds,
    ) -> PointResult {
        let baseline = baseline.map(|(sample, work)| (PointAccumulator::from_sample(sample).reference, work));
        let baseline = baseline.as_ref().map(|(reference, work)| (reference, *work));
        PointResult::from_accumulator(axes, architecture, &mut PointAccumulator::from_sample(sample), baseline, work)
    }

    /// Summarises accumulated replications. Only the baseline's replications that the point has too are used. Works are
    /// treated as by [`PointResult::from_sample`].
    pub fn from_accumulator(
        axes: Vec<String>,
        architecture: &str,
        accumulator: &mut PointAccumulator,
        baseline: Option<(&Reference, WorkBounds)>,
        work: &WorkBounds,
    ) -> PointResult {
        let metrics = accumulator.summaries();
        let own = &accumulator.reference;
        let runs = own.completed.len();
        let work = &own.work_of_first(runs).unwrap_or(*work);
        // Work that grows with the team is compared by rate: the baseline's time and tokens are scaled to the work of
        // the point.
        let baseline = baseline.map(|(reference, base)| {
            let base = reference.work_of_first(runs).unwrap_or(base);
            (reference, base, work.amount / base.amount)
        });
        let speedup = baseline.and_then(|(reference, _, times)| {
            paired_ratio(own.paired(reference).map(|(there, here)| (there * times, here)))
        });
        let token_multiplier = baseline
            .map(|(reference, _, times)| own.mean_tokens(runs) / (reference.mean_tokens(runs) * times))
            .filter(|ratio| ratio.is_finite());
        let [completed, stalled, timed_out] = accumulator.endings;
        PointResult {
            axes,
            agents: own.agents,
            architecture: architecture.to_owned(),
            runs,
            completed,
            stalled,
            timed_out,
            metrics,
            shares: TimeShares::new(&accumulator.budget, &accumulator.queues),
            speedup,
            token_multiplier,
            over_one_agent: baseline.is_none_or(|(reference, ..)| reference.agents == 1),
            laws: Laws {
                // Gustafson's serial fraction is that of the work of one agent in the same time.
                gustafson: Laws::new(baseline.as_ref().map_or(work, |(_, base, _)| base), own.agents).gustafson,
                ..Laws::new(work, own.agents)
            },
            digest: accumulator.digest(),
        }
    }

    /// Returns the summary of a metric by its name.
    pub fn metric(&self, name: &str) -> Option<&Summary> {
        let index = METRICS.iter().position(|metric| metric.name == name)?;
        self.metrics.get(index)?.as_ref()
    }

    /// Fraction of the Amdahl speedup that is reached.
    pub fn amdahl_share(&self) -> Option<f64> {
        self.speedup.filter(|_| self.over_one_agent).map(|speedup| speedup.estimate / self.laws.amdahl)
    }
}

/// All rows of a sweep, with the data needed to interpret them.
#[derive(Clone, Debug)]
pub struct SweepResult {
    /// Name of the scenario.
    pub scenario: String,
    /// Question of the scenario.
    pub question: Option<String>,
    /// Seed.
    pub seed: u64,
    /// Paths of the axes.
    pub axes: Vec<String>,
    /// Reference of the speedups, in words.
    pub baseline: String,
    /// True if the work grows with the team: then a speedup is a ratio of rates, to be compared with Gustafson's law.
    pub scaled: bool,
    /// Points in the order of the grid, the last axis fastest.
    pub rows: Vec<PointResult>,
}

impl SweepResult {
    /// Groups the rows that differ in team size only: one curve per combination of the other values, in order of first
    /// appearance, each in order of team size.
    pub fn curves(&self) -> Vec<Curve<'_>> {
        let mut curves: Vec<Curve<'_>> = Vec::new();
        let mut indices: BTreeMap<String, usize> = BTreeMap::new();
        for row in &self.rows {
            let index = *indices.entry(curve_of(&self.axes, &row.axes)).or_insert_with_key(|label| {
                curves.push(Curve { label: label.clone(), rows: Vec::new() });
                curves.len() - 1
            });
            curves[index].rows.push(row);
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
    /// Common values of the other axes; empty without other axes.
    pub label: String,
    /// Rows, smallest team first.
    pub rows: Vec<&'a PointResult>,
}

impl Curve<'_> {
    /// Name in a picture: the common values, or else the architecture.
    pub fn name(&self) -> &str {
        if self.label.is_empty() { self.rows.first().map_or("", |row| &row.architecture) } else { &self.label }
    }
}

/// Name of a point's curve: its values on all axes but the team size.
pub fn curve_of(axes: &[String], values: &[String]) -> String {
    let others = axes.iter().zip(values).filter(|(path, _)| !is_agents(path));
    let name = |(path, value): (&String, &String)| match path.as_str() {
        "architecture" => value.clone(),
        path => format!("{} {value}", short(path)),
    };
    others.map(name).collect::<Vec<_>>().join(", ")
}

/// Returns true for a path of the team size.
pub fn is_agents(path: &str) -> bool {
    path == "agents" || path == "team.agents"
}

/// Last word of a path: the name of an axis in a picture.
pub fn short(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
