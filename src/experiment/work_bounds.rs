//! Work and span of a scenario in expected time: the figures that bound every team before anything is run.

use crate::simulation::Scenario;
use crate::team::{Latency, Profile, Role};
use crate::workload::measure::work_and_span;
use crate::workload::{Task, TaskGraph};

/// Replications over which random work is averaged before a run.
pub const PLANNED: u64 = 200;

/// Work and span of a scenario before anything is run.
///
/// The time of a task is [`Profile::expected_seconds`] of the team's first worker, or of its first agent if it has no
/// worker. Sizes stand in where a profile has no expected time: see [`TaskWeight`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkBounds {
    /// Sum of the expected times of all tasks, T1.
    pub work: f64,
    /// Expected time of the heaviest path, Tinf.
    pub span: f64,
    /// Parallel fraction: the given one where the workload was generated from one, else (T1 - Tinf)/T1.
    pub parallel_fraction: f64,
    /// Amount of work, for rates: the sum of all sizes in tokens, or of the recorded seconds where these are replayed.
    pub amount: f64,
}

impl WorkBounds {
    /// Measures the graph of a scenario. Work that is drawn for each replication is that of the scenario's own graph.
    pub fn new(scenario: &Scenario) -> WorkBounds {
        WorkBounds::of_graph(scenario, &scenario.graph)
    }

    /// Measures a graph in place of the scenario's own.
    pub fn of_graph(scenario: &Scenario, graph: &TaskGraph) -> WorkBounds {
        let weight = TaskWeight::of_graph(scenario, graph);
        let (work, span) = work_and_span(graph, |task| weight.of(task));
        let parallel_fraction = scenario.parallel_fraction.unwrap_or((work - span) / work);
        WorkBounds { work, span, parallel_fraction, amount: amount(scenario, graph) }
    }

    /// Measures what is known before a run: work that is drawn for each replication is averaged over the first
    /// [`PLANNED`] replications.
    pub fn expected(scenario: &Scenario) -> WorkBounds {
        let works: Vec<WorkBounds> = planned(scenario).map(|scenario| WorkBounds::new(&scenario)).collect();
        WorkBounds::mean(&works).unwrap_or_else(|| WorkBounds::new(scenario))
    }

    /// Averages over replications; none without any.
    ///
    /// In each replication a makespan is at least T1/n and at least Tinf. A ratio of mean makespans is therefore at most
    /// min(n, T1/Tinf) of the means. The parallel fraction is (T1 - Tinf)/T1 of the means.
    pub fn mean(works: &[WorkBounds]) -> Option<WorkBounds> {
        let count = works.len() as f64;
        let mean = |of: fn(&WorkBounds) -> f64| works.iter().map(of).sum::<f64>() / count;
        let work = mean(|work| work.work);
        (!works.is_empty()).then(|| WorkBounds {
            work,
            span: mean(|work| work.span),
            parallel_fraction: mean(|work| work.parallel_fraction * work.work) / work,
            amount: mean(|work| work.amount),
        })
    }
}

/// Returns the scenario in each of the first [`PLANNED`] replications, or once if its work is always the same.
pub fn planned(scenario: &Scenario) -> impl Iterator<Item = std::borrow::Cow<'_, Scenario>> {
    let replications = if scenario.graphs.is_some() { PLANNED } else { 1 };
    (0..replications).map(|replication| scenario.of_replication(replication))
}

/// Weight of a task in bounds on time.
#[derive(Clone, Copy, Debug)]
pub enum TaskWeight<'s> {
    /// Expected seconds of an attempt by this profile, with this reference size.
    Seconds(&'s Profile, f64),
    /// Size in tokens: the profile follows a learned policy, or expects no time at all, or an unbounded one.
    Size,
}

impl TaskWeight<'_> {
    /// Returns the weight for a scenario.
    pub fn new(scenario: &Scenario) -> TaskWeight<'_> {
        TaskWeight::of_graph(scenario, &scenario.graph)
    }

    fn of_graph<'s>(scenario: &'s Scenario, graph: &TaskGraph) -> TaskWeight<'s> {
        let worker = scenario.team.iter().find(|agent| agent.role == Role::Worker).or(scenario.team.first());
        let Some(profile) = worker.map(|agent| &*agent.profile) else { return TaskWeight::Size };
        let seconds = TaskWeight::Seconds(profile, graph.reference_size());
        let whole = sum(graph, |task| seconds.of(task));
        let is_known = profile.learned_policy.is_none() && whole > 0.0 && whole.is_finite();
        if is_known { seconds } else { TaskWeight::Size }
    }

    /// Returns the weight of a task.
    pub fn of(&self, task: &Task) -> f64 {
        match self {
            TaskWeight::Seconds(profile, reference_size) => profile.expected_seconds(task, *reference_size),
            TaskWeight::Size => task.size,
        }
    }

    /// Returns true if weights are seconds.
    pub fn is_time(&self) -> bool {
        matches!(self, TaskWeight::Seconds(..))
    }
}

/// Amount of work, which does not depend on the speed of the team.
fn amount(scenario: &Scenario, graph: &TaskGraph) -> f64 {
    let is_recorded = scenario.team.iter().all(|agent| agent.profile.latency == Latency::Recorded);
    let seconds = |task: &Task| task.recorded.map_or(0.0, |recorded| recorded.time.as_secs());
    sum(graph, |task| if is_recorded { seconds(task) } else { task.size })
}

fn sum(graph: &TaskGraph, weight: impl Fn(&Task) -> f64) -> f64 {
    graph.tasks().iter().map(weight).sum()
}
