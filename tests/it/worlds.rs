//! Worlds to test in: every architecture with every choice of its parameters, and plain scenarios.

use std::sync::Arc;

use brooks::architecture::{ARCHITECTURES, Architecture, ArchitectureEntry, Choices};
use brooks::engine::Dist;
use brooks::record::{Metrics, Prices, Stats};
use brooks::simulation::{DependencyCheck, Limits, Pacing, Scenario, Simulator};
use brooks::team::{Agent, Consistency, Latency, Profile, Role};
use brooks::workload::{TaskGraph, TaskSpec};

pub(crate) const ASYNC: Pacing = Pacing::Async;
pub(crate) const ROUNDS: Pacing = Pacing::Rounds { idle_calls: true };
pub(crate) const PACINGS: [(&str, Pacing); 2] = [("async", ASYNC), ("rounds", ROUNDS)];

/// A row of the registry with a choice for each of its parameters.
#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) row: &'static ArchitectureEntry,
    pub(crate) chosen: Vec<&'static str>,
}

impl Variant {
    /// The variant of that name: `self_claim at_decision first nobody`; choices left out are the defaults.
    pub(crate) fn called(name: &str) -> Variant {
        let mut words = name.split(' ');
        let row = words.next().and_then(brooks::architecture::find).expect("an architecture");
        let given: Vec<&str> = words.collect();
        let choose = |place: usize| match given.get(place) {
            Some(word) => row.parameters[place].values.iter().find(|value| *value == word).expect("a value"),
            None => &row.parameters[place].values[0],
        };
        Variant { row, chosen: (0..row.parameters.len()).map(choose).copied().collect() }
    }

    pub(crate) fn name(&self) -> String {
        std::iter::once(self.row.name).chain(self.chosen.iter().copied()).collect::<Vec<_>>().join(" ")
    }

    /// The name of the row and the parameters that are not the default: `self_claim pick=random`. A new parameter leaves
    /// it as it is.
    pub(crate) fn settings(&self) -> String {
        let settings = self.row.parameters.iter().zip(&self.chosen);
        let settings = settings.filter(|(parameter, value)| parameter.values[0] != **value);
        let settings = settings.map(|(parameter, value)| format!(" {}={value}", parameter.name));
        std::iter::once(self.row.name.to_owned()).chain(settings).collect()
    }

    pub(crate) fn make(&self) -> Arc<dyn Architecture> {
        (self.row.make)(&Choices::new(self.row, &self.chosen).expect("values of the row")).into()
    }
}

/// Every architecture with every choice of its parameters.
pub(crate) fn variants() -> Vec<Variant> {
    let mut all = Vec::new();
    for row in ARCHITECTURES {
        let mut chosen = vec![Vec::new()];
        for parameter in row.parameters {
            let with =
                |before: &Vec<_>| parameter.values.iter().map(|&value| [&before[..], &[value]].concat()).collect();
            chosen = chosen.iter().flat_map(|before| -> Vec<Vec<_>> { with(before) }).collect();
        }
        all.extend(chosen.into_iter().map(|chosen| Variant { row, chosen }));
    }
    all
}

/// A plain scenario: equal agents, nothing that goes wrong, no limit but the last resort.
pub(crate) fn scenario(
    specs: &[TaskSpec],
    agents: usize,
    profile: &Profile,
    variant: &Variant,
    pacing: Pacing,
) -> Scenario {
    let graph = Arc::new(TaskGraph::new(specs).expect("a task graph"));
    Scenario {
        name: variant.name(),
        limits: Limits::generous(graph.len()),
        graph,
        graphs: None,
        parallel_fraction: None,
        team: team(agents, profile),
        architecture: variant.make(),
        architecture_name: variant.row.name.to_owned(),
        pacing,
        consistency: Consistency::default(),
        dependency_check: DependencyCheck::default(),
        resources: Vec::new(),
        prices: Prices::default(),
        seed: 42,
    }
}

pub(crate) fn team(agents: usize, profile: &Profile) -> Vec<Agent> {
    let profile = Arc::new(profile.clone());
    let member = |place| Agent {
        name: format!("agent-{place}"),
        role: if place == 0 { Role::Lead } else { Role::Worker },
        profile: profile.clone(),
        skills: Vec::new(),
    };
    (0..agents).map(member).collect()
}

/// As long as its size: a call writes a token a second, and one that works on nothing takes no time.
pub(crate) fn a_token_a_second() -> Profile {
    let latency = Latency::Tokens { ttft: 0.0, tokens_per_second: 1.0 };
    Profile { latency, ..Profile::with_latency("steady", Dist::Constant(1.0)) }
}

/// The figures of one replication, by a simulator made for it.
pub(crate) fn metrics(scenario: &Scenario, replication: u64) -> Metrics {
    brooks::simulation::simulate(scenario, replication)
}

/// The figures of many replications, by one simulator.
pub(crate) fn replicate(scenario: &Scenario, replications: u64) -> impl Iterator<Item = Metrics> {
    let mut simulator = Simulator::new(scenario);
    let mut stats = Stats::new(scenario.prices);
    (0..replications).map(move |replication| {
        simulator.run(&*scenario.architecture, replication, &mut stats);
        stats.metrics()
    })
}

/// Whether to take the time for many more cases.
pub(crate) fn is_slow() -> bool {
    std::env::var_os("BROOKS_SLOW").is_some_and(|value| value != "0")
}
