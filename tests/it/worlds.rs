//! Worlds to test in: every architecture with every choice of its parameters, and random scenarios from a seed.

use std::sync::Arc;

use brooks::architecture::{ARCHITECTURES, Architecture, ArchitectureEntry, Choices};
use brooks::engine::rng::unit;
use brooks::engine::{Dist, Keys, Purpose, Stream, Time, key_of};
use brooks::record::{Metrics, Prices, Stats};
use brooks::simulation::{DependencyCheck, Limits, Pacing, Scenario, Simulator};
use brooks::team::{
    Agent, BatchSize, Batching, Blocks, Consistency, Fallibility, Latency, Profile, Resource, Role, Tokens, Variation,
};
use brooks::workload::{Direction, Free, Generator, TaskGraph, TaskSpec};

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

/// The worlds of one seed.
pub(crate) struct Dice(Stream);

impl Dice {
    pub(crate) fn new(seed: u64, what: &str) -> Dice {
        Dice(Keys::new(seed, 0).stream(Purpose::Workload, key_of(what)))
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn number(&mut self, low: u64, high: u64) -> u64 {
        low + u64::from(self.0.below((high - low + 1) as u32))
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * unit(self.0.bits())
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        unit(self.0.bits()) < probability
    }

    pub(crate) fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.0.below(among.len() as u32) as usize].clone()
    }

    /// A rate that is mostly 0, sometimes something and now and then 1.
    fn rate(&mut self) -> f64 {
        match self.number(0, 19) {
            0..=12 => 0.0,
            19 => 1.0,
            _ => self.between(0.0, 0.6),
        }
    }

    fn dist(&mut self, mean: f64) -> Dist {
        match self.number(0, 6) {
            0 => Dist::Constant(mean),
            1 => Dist::Uniform { low: 0.0, high: 2.0 * mean },
            2 => Dist::Exponential { mean },
            3 => Dist::lognormal_mean_cv(mean, 0.8),
            4 => Dist::gamma_mean_cv(mean, 0.5),
            5 => Dist::weibull_mean_shape(mean, 1.5),
            _ => Dist::Empirical(vec![0.0, mean, mean, 3.0 * mean]),
        }
    }

    fn graph(&mut self) -> Vec<TaskSpec> {
        let size = if self.happens(0.3) { Dist::Constant(100.0) } else { Dist::Exponential { mean: 100.0 } };
        let (a, b, p) = (self.number(1, 6), self.number(1, 4), self.between(0.0, 1.0));
        let generator = match self.number(0, 8) {
            0 => Generator::Chain { tasks: a * b, size },
            1 => Generator::ForkJoin { stages: a, width: b, join_size: size.clone(), size },
            2 => Generator::Layered { layers: a, width: b, edge_probability: p, size },
            3 => Generator::Tree { depth: b, branching: 2, direction: Direction::Out, size },
            4 => Generator::Tree { depth: b, branching: 3, direction: Direction::In, size },
            5 => Generator::Random { tasks: a * b, edge_probability: p, size },
            6 => Generator::Amdahl {
                tasks: a * b,
                parallel_fraction: p,
                free: self.pick(&[Free::Beside, Free::After]),
                size,
            },
            7 => Generator::Lattice { tasks: a * b, width: b, size },
            _ => Generator::Stream { tasks: a * b, interarrival: Dist::Exponential { mean: 20.0 * p }, size },
        };
        let mut specs = generator.generate(self.number(0, 1_000_000));
        let shares = self.happens(0.4);
        for spec in &mut specs {
            if shares {
                spec.writes = (0..self.number(0, 2)).map(|_| format!("file-{}", self.number(0, 3))).collect();
                spec.reads = (0..self.number(0, 2)).map(|_| format!("file-{}", self.number(0, 3))).collect();
            }
            if self.happens(0.1) {
                spec.priority = self.number(0, 4) as i64 - 2;
            }
            if self.happens(0.05) {
                spec.release = Time::from_secs(self.between(0.0, 200.0));
            }
        }
        specs
    }

    fn profile(&mut self) -> Profile {
        let latency = if self.happens(0.3) {
            Latency::Tokens { ttft: self.between(0.0, 3.0), tokens_per_second: self.between(1.0, 100.0) }
        } else {
            Latency::PerTask { task: self.dist(10.0), idle: self.dist(2.0) }
        };
        let mut profile = Profile { latency, ..Profile::with_latency("any", Dist::Constant(1.0)) };
        if self.happens(0.3) {
            let mut sigma = || self.pick(&[0.0, 0.2, 0.7]);
            profile.variation = Variation { run: sigma(), agent: sigma(), round: sigma(), call: sigma() };
        }
        if self.happens(0.2) {
            profile.tool = Some(self.dist(2.0));
        }
        if self.happens(0.5) {
            profile.tokens = Tokens {
                system: self.number(0, 2000) as u32,
                board_per_task: self.number(0, 50) as u32,
                per_message: self.number(0, 200) as u32,
                history_limit: self.number(0, 5000) as u32,
                verbosity: self.between(0.5, 3.0),
                overhead: self.number(0, 300) as u32,
                cached_share: self.between(0.0, 1.0),
            };
        }
        if self.happens(0.4) {
            let tasks = match self.number(0, 2) {
                0 => BatchSize::Fixed(self.number(0, 4) as u32),
                1 => BatchSize::All,
                _ => BatchSize::Drawn(self.dist(2.0)),
            };
            profile.batching = Batching { unowned: tasks.clone(), tasks, ahead: self.rate() };
        }
        if self.happens(0.6) {
            profile.fallibility = Fallibility {
                error_rate: self.rate(),
                detection: self.pick(&[1.0, 1.0, 0.5, 0.0]),
                conflict_probability: self.rate(),
                premature_completion: self.rate(),
                no_progress: self.rate(),
                orphan_rate: self.rate(),
                lease: self.pick(&[None, Some(Time::from_secs(30.0)), Some(Time::ZERO)]),
                crash_rate: self.rate(),
                recovery: self.dist(30.0),
                stall_rate: self.rate(),
                stall: self.dist(60.0),
            };
        }
        profile
    }

    fn members(&mut self, specs: &mut [TaskSpec]) -> Vec<Agent> {
        let agents = self.pick(&[1, 2, 2, 3, 4, 5, 9, 30]);
        let mut members = team(agents, &self.profile());
        if self.happens(0.3) {
            let other = Arc::new(self.profile());
            for member in members.iter_mut().skip(1).step_by(2) {
                member.profile = other.clone();
            }
        }
        if self.happens(0.3) {
            let skills = ["code", "test"];
            for spec in specs {
                spec.skill = self.pick(&[None, Some("code"), Some("test")]).map(str::to_owned);
            }
            for member in &mut members {
                member.skills = skills.iter().filter(|_| self.happens(0.6)).map(|&skill| skill.to_owned()).collect();
            }
        }
        members
    }

    fn resource(&mut self, place: u64) -> Resource {
        Resource {
            name: format!("resource-{place}"),
            capacity: self.number(1, 3) as u32,
            service: if self.happens(0.7) { Some(self.dist(3.0)) } else { None },
            blocks: self.pick(&[Blocks::User, Blocks::User, Blocks::Everyone]),
            share: self.pick(&[1.0, 0.5, 0.0]),
        }
    }
}

/// A random world: any of what can be said in a scenario, with limits so small that the worst ends soon.
pub(crate) fn random(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed, "world");
    let mut specs = dice.graph();
    let members = dice.members(&mut specs);
    let variant = dice.pick(&variants());
    let pacing = dice.pick(&[ASYNC, ASYNC, ROUNDS, ROUNDS, Pacing::Rounds { idle_calls: false }]);
    let plain = scenario(&specs, 1, &Profile::with_latency("none", Dist::Constant(1.0)), &variant, pacing);
    Scenario {
        name: format!("random world {seed}: {}", variant.name()),
        team: members,
        consistency: dice.pick(&[Consistency::LastWriterWins, Consistency::Lock, Consistency::Optimistic]),
        dependency_check: dice.pick(&[DependencyCheck::Claim, DependencyCheck::Complete, DependencyCheck::None]),
        resources: (0..dice.pick(&[0, 0, 0, 1, 2])).map(|place| dice.resource(place)).collect(),
        limits: Limits {
            rounds: dice.pick(&[u32::MAX, u32::MAX, 4]),
            time: dice.pick(&[Time::MAX, Time::MAX, Time::from_secs(40.0)]),
            tokens: dice.pick(&[u64::MAX, u64::MAX, 20_000]),
            calls: 400,
        },
        prices: Prices { input: 3.0, cached_input: 0.3, output: 15.0 },
        seed: seed.rotate_left(17),
        ..plain
    }
}
