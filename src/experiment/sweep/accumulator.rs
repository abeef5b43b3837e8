//! Accumulator of a point's replications, in order: sums, values for quantiles, and the values of each replication that
//! comparisons need.
//!
//! Results depend on the replications alone, not on their division into pieces.

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::replication::runner::{self, PIECE};
use crate::experiment::work_bounds::WorkBounds;
use crate::record::{Ending, METRICS, TimeBudget};
use crate::scaling::log_histogram::LogHistogram;
use crate::scaling::stats::{Summary, Welford, t95};

/// Greatest number of values of a metric that are kept for exact quantiles. Above it a histogram counts them.
pub const EXACT: usize = 1 << 17;

/// Accumulated replications of a point.
#[derive(Clone, Debug, Default)]
pub struct PointAccumulator {
    /// Numbers of completed, stalled and timed-out runs.
    pub endings: [usize; 3],
    /// Time budget summed over the completed replications.
    pub budget: TimeBudget,
    /// Names of the resources whose queues the budget has apart.
    pub queues: Vec<String>,
    /// Values of each replication for comparisons.
    pub reference: Reference,
    /// Values by metric, in the order of [`METRICS`]; empty if only the reference is wanted.
    columns: Vec<MetricColumn>,
    /// Digests of the full pieces and of the open one.
    digest: (Option<Digest>, Option<Digest>),
}

/// Values of every replication of a point that comparisons need.
#[derive(Clone, Debug, Default)]
pub struct Reference {
    /// Team size.
    pub agents: u32,
    /// Makespan in seconds, by replication.
    pub makespans: Vec<f64>,
    /// Tokens, input and output, by replication.
    pub tokens: Vec<f64>,
    /// Completion, by replication.
    pub completed: Vec<bool>,
    /// Work, by replication; empty if all have the same.
    pub works: Vec<WorkBounds>,
}

impl Reference {
    /// Number of replications.
    pub fn len(&self) -> u64 {
        self.completed.len() as u64
    }

    /// Returns true without replications.
    pub fn is_empty(&self) -> bool {
        self.completed.is_empty()
    }

    /// Pairs of makespans in `base` and here, over the common replications that completed in both.
    pub fn paired<'a>(&'a self, base: &'a Reference) -> impl Iterator<Item = (f64, f64)> + Clone + 'a {
        let here = self.makespans.iter().zip(&self.completed);
        let there = base.makespans.iter().zip(&base.completed);
        let both = there.zip(here).filter(|((_, a), (_, b))| **a && **b);
        both.map(|((there, _), (here, _))| (*there, *here))
    }

    /// Mean tokens over the completed ones of the first replications; 0 without any.
    pub fn mean_tokens(&self, first: usize) -> f64 {
        let known = self.tokens.iter().zip(&self.completed).take(first).filter(|(_, completed)| **completed);
        let (sum, n) = known.fold((0.0, 0_usize), |(sum, n), (tokens, _)| (sum + tokens, n + 1));
        sum / n.max(1) as f64
    }

    /// Mean work of the first replications; none if all have the same.
    pub fn work_of_first(&self, replications: usize) -> Option<WorkBounds> {
        WorkBounds::mean(&self.works[..self.works.len().min(replications)])
    }

    /// Moments of the completed makespans.
    pub fn makespan(&self) -> Welford {
        self.makespans.iter().zip(&self.completed).filter(|(_, completed)| **completed).map(|(m, _)| *m).collect()
    }

    fn add(&mut self, sample: &Replications) {
        self.agents = sample.agents;
        self.makespans.extend_from_slice(sample.all("makespan_s"));
        let (input, output) = (sample.all("input_tokens"), sample.all("output_tokens"));
        self.tokens.extend(input.iter().zip(output).map(|(input, output)| input + output));
        self.completed.extend(sample.endings.iter().map(|ending| *ending == Ending::Completed));
        self.works.extend_from_slice(&sample.works);
    }
}

impl PointAccumulator {
    /// Creates the accumulator of a point, with every figure.
    pub fn for_point() -> PointAccumulator {
        PointAccumulator {
            columns: METRICS.iter().map(|_| MetricColumn::default()).collect(),
            ..PointAccumulator::default()
        }
    }

    /// Creates the accumulator of a baseline, with the reference only.
    pub fn for_baseline(reference: Reference) -> PointAccumulator {
        PointAccumulator { reference, ..PointAccumulator::default() }
    }

    /// Creates the accumulator of finished replications.
    pub fn from_sample(sample: &Replications) -> PointAccumulator {
        let mut accumulator = PointAccumulator::for_point();
        accumulator.add(sample);
        accumulator.digest = (Some(sample.digest), None);
        accumulator
    }

    /// Number of replications.
    pub fn len(&self) -> u64 {
        self.reference.len()
    }

    /// Returns true without replications.
    pub fn is_empty(&self) -> bool {
        self.reference.is_empty()
    }

    /// Returns the digest that the next replication continues.
    pub fn open_digest(&self) -> Digest {
        self.digest.1.unwrap_or_default()
    }

    /// Returns the fingerprint of all replications in order: that of the fingerprints of every 512 of them.
    pub fn digest(&self) -> Digest {
        let (closed, open) = self.digest;
        joined(closed, open).unwrap_or_default()
    }

    /// Adds the replications that follow. Inside a piece the sample continues [`PointAccumulator::open_digest`], and it
    /// ends at the end of the piece or before.
    pub fn add(&mut self, sample: &Replications) {
        self.reference.add(sample);
        for (count, ending) in self.endings.iter_mut().zip([Ending::Completed, Ending::Stalled, Ending::OutOfTime]) {
            *count += sample.count(ending);
        }
        self.budget += sample.budget;
        if self.queues.is_empty() {
            self.queues.clone_from(&sample.queues);
        }
        self.digest.1 = Some(sample.digest);
        if self.len().is_multiple_of(PIECE) {
            self.digest = (joined(self.digest.0, self.digest.1), None);
        }
        let all_completed = sample.count(Ending::Completed) == sample.endings.len();
        for (column, values) in self.columns.iter_mut().zip(&sample.columns) {
            if all_completed {
                column.extend(values.iter().copied());
            } else {
                let completed = values.iter().zip(&sample.endings).filter(|(_, ending)| **ending == Ending::Completed);
                column.extend(completed.map(|(value, _)| *value));
            }
        }
    }

    /// Returns the summary of every metric over the completed replications; none where none completed.
    pub fn summaries(&mut self) -> Vec<Option<Summary>> {
        let t = t95(self.endings[0]);
        if self.endings[0] < 4096 {
            return self.columns.iter_mut().map(|column| column.summary(t)).collect();
        }
        runner::map_mut(&mut self.columns, |column| column.summary(t))
    }
}

fn joined(closed: Option<Digest>, open: Option<Digest>) -> Option<Digest> {
    match (closed, open) {
        (Some(mut closed), Some(open)) => {
            closed.add(open.value());
            Some(closed)
        }
        (closed, open) => closed.or(open),
    }
}

/// Values of a metric: all of them up to [`EXACT`], then a histogram.
#[derive(Clone, Debug)]
enum MetricColumn {
    Exact(Vec<f64>),
    Counted(LogHistogram),
}

impl Default for MetricColumn {
    fn default() -> MetricColumn {
        MetricColumn::Exact(Vec::new())
    }
}

impl MetricColumn {
    fn extend(&mut self, values: impl Iterator<Item = f64>) {
        match self {
            MetricColumn::Exact(known) => {
                known.extend(values);
                if known.len() > EXACT {
                    let mut counted = LogHistogram::default();
                    for &value in known.iter() {
                        counted.push(value);
                    }
                    *self = MetricColumn::Counted(counted);
                }
            }
            MetricColumn::Counted(counted) => values.for_each(|value| counted.push(value)),
        }
    }

    fn summary(&mut self, t: f64) -> Option<Summary> {
        match self {
            MetricColumn::Exact(values) => Summary::from_sample_with_t(values, t),
            MetricColumn::Counted(counted) => counted.summary(t),
        }
    }
}
