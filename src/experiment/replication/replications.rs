//! Replications of one point: every figure of every run, in columns.

use std::ops::Range;

use crate::engine::{Digest, Samplers};
use crate::experiment::work_bounds::WorkBounds;
use crate::record::{Ending, METRICS, Metrics, NAMED_QUEUES, Stats, TimeBudget};
use crate::simulation::{Scenario, Simulator};

/// Figures of a point's replications.
#[derive(Clone, Debug, Default)]
pub struct Replications {
    /// Number of agents.
    pub agents: u32,
    /// Values by replication, of every metric in the order of [`METRICS`].
    pub columns: Vec<Vec<f64>>,
    /// Ending of each replication.
    pub endings: Vec<Ending>,
    /// Work of each replication; empty if all have the same.
    pub works: Vec<WorkBounds>,
    /// Time budget summed over the completed replications.
    pub budget: TimeBudget,
    /// Names of the resources whose queues the budget has apart.
    pub queues: Vec<String>,
    /// Fingerprint of all figures in order of replication.
    pub digest: Digest,
}

impl Replications {
    /// Runs `replications` of a scenario under its architecture, with shared samplers.
    pub fn run(scenario: &Scenario, replications: Range<u64>, samplers: &Samplers) -> Replications {
        Replications::run_on(scenario, replications, samplers, Digest::default(), |_| ())
    }

    /// Runs replications with a digest that continues another one, and passes every run to `each`.
    pub(crate) fn run_on(
        scenario: &Scenario,
        replications: Range<u64>,
        samplers: &Samplers,
        digest: Digest,
        mut each: impl FnMut(&Metrics),
    ) -> Replications {
        let mut stats = Stats::new(scenario.prices);
        let expected = (replications.end.saturating_sub(replications.start)) as usize;
        let mut sample = Replications {
            columns: METRICS.iter().map(|_| Vec::with_capacity(expected)).collect(),
            endings: Vec::with_capacity(expected),
            queues: scenario.resources.iter().take(NAMED_QUEUES).map(|resource| resource.name.clone()).collect(),
            digest,
            ..Replications::default()
        };
        let mut take = |simulator: &mut Simulator<'_>, sample: &mut Replications, replication| {
            simulator.run(&*scenario.architecture, replication, &mut stats);
            let metrics = stats.metrics();
            each(&metrics);
            sample.add(&metrics);
        };
        if let Some(graphs) = &scenario.graphs {
            let mut simulator = Simulator::with_samplers(scenario, samplers);
            let mut graph = scenario.graph.clone();
            let mut drawn = scenario.clone();
            for replication in replications {
                graphs.redraw(scenario.seed, replication, &mut graph);
                sample.works.push(WorkBounds::of_graph(scenario, &graph));
                if simulator.redraw(&mut graph) {
                    take(&mut simulator, &mut sample, replication);
                } else {
                    drawn.graph = graph.clone();
                    take(&mut Simulator::with_samplers(&drawn, samplers), &mut sample, replication);
                }
            }
        } else {
            let mut simulator = Simulator::with_samplers(scenario, samplers);
            for replication in replications {
                take(&mut simulator, &mut sample, replication);
            }
        }
        sample
    }

    /// Appends the replications that follow.
    pub fn append(&mut self, next: Replications) {
        if self.columns.is_empty() {
            *self = next;
            return;
        }
        for (column, more) in self.columns.iter_mut().zip(next.columns) {
            column.extend(more);
        }
        self.endings.extend(next.endings);
        self.works.extend(next.works);
        self.budget += next.budget;
        self.digest.add(next.digest.value());
    }

    fn add(&mut self, run: &Metrics) {
        self.agents = run.agents;
        for (column, metric) in self.columns.iter_mut().zip(METRICS) {
            column.push((metric.of)(run));
        }
        self.endings.push(run.ending);
        self.digest.add(run.digest().value());
        if run.ending == Ending::Completed {
            self.budget += run.budget;
        }
    }

    /// Work of a scenario in these replications: the mean if it is drawn for each.
    pub fn work_of(&self, scenario: &Scenario) -> WorkBounds {
        WorkBounds::mean(&self.works).unwrap_or_else(|| WorkBounds::new(scenario))
    }

    /// Number of replications with this ending.
    pub fn count(&self, ending: Ending) -> usize {
        self.endings.iter().filter(|&&other| other == ending).count()
    }

    /// Values of a metric by its name, in every replication, completed or not.
    pub fn all(&self, name: &str) -> &[f64] {
        let index = METRICS.iter().position(|metric| metric.name == name);
        index.map_or(&[], |index| &self.columns[index])
    }

    /// Values of a metric by replication; none where the run did not complete.
    pub fn by_replication(&self, name: &str) -> Vec<Option<f64>> {
        let values = self.all(name).iter().zip(&self.endings);
        values.map(|(value, ending)| (*ending == Ending::Completed).then_some(*value)).collect()
    }

    /// Values of a metric in the completed replications only. Figures of censored runs reflect the time limit, not the
    /// length of the work.
    pub fn completed(&self, name: &str) -> Vec<f64> {
        self.by_replication(name).into_iter().flatten().collect()
    }

    /// Pairs of a metric in `other` and here, over the replications that completed in both, under common random
    /// numbers.
    pub fn paired(&self, other: &Replications, name: &str) -> Vec<(f64, f64)> {
        let runs = self.all(name).iter().zip(&self.endings);
        let others = other.all(name).iter().zip(&other.endings);
        let both = others.zip(runs).filter(|((_, a), (_, b))| **a == Ending::Completed && **b == Ending::Completed);
        both.map(|((there, _), (here, _))| (*there, *here)).collect()
    }
}
