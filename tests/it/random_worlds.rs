//! Random scenarios from a seed. Every choice is a draw keyed by its own name, and the largest draw wins where one of
//! several names is chosen: a new choice moves no other, and a new name takes over only the worlds that it wins.

use std::sync::Arc;

use brooks::architecture::{ArchitectureEntry, Solo};
use brooks::engine::rng::unit;
use brooks::engine::{Dist, Keys, Purpose, Stream, Time, key_of};
use brooks::record::Prices;
use brooks::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use brooks::team::{
    Agent, BatchSize, Batching, Blocks, Consistency, Fallibility, Latency, LockHeld, Locking, Profile, ReadingSpeed,
    Resource, SpreadOf, Tokens, Variation, WhenLocked,
};
use brooks::workload::{Direction, Free, Generator, TaskSpec};

use crate::learned_worlds;
use crate::worlds::{ASYNC, ROUNDS, Variant, scenario, team, variants};

/// How many worlds have members with a learned policy.
const LEARNED: f64 = 0.125;

/// The draws of one seed, each keyed by its name within a part of the world.
#[derive(Clone)]
pub(crate) struct Draws {
    keys: Keys,
    part: String,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Draws {
        Draws { keys: Keys::new(seed, 0), part: "world".to_owned() }
    }

    /// The draws of a part of this part.
    pub(crate) fn part(&self, name: &str) -> Draws {
        Draws { keys: self.keys, part: format!("{}.{name}", self.part) }
    }

    fn stream(&self, name: &str) -> Stream {
        self.keys.stream(Purpose::Workload, key_of(&format!("{}.{name}", self.part)))
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn number(&self, name: &str, low: u64, high: u64) -> u64 {
        low + u64::from(self.stream(name).below((high - low + 1) as u32))
    }

    pub(crate) fn between(&self, name: &str, low: f64, high: f64) -> f64 {
        low + (high - low) * unit(self.stream(name).nth(0))
    }

    pub(crate) fn happens(&self, name: &str, probability: f64) -> bool {
        unit(self.stream(name).nth(0)) < probability
    }

    /// One of these values. A further value moves the choice in every world.
    pub(crate) fn pick<T: Clone>(&self, name: &str, among: &[T]) -> T {
        among[self.stream(name).below(among.len() as u32) as usize].clone()
    }

    /// The position of the name with the largest draw (highest random weight hashing). A further name moves the choice
    /// only where it wins.
    pub(crate) fn winner<'n>(&self, name: &str, among: impl IntoIterator<Item = &'n str>) -> usize {
        let draws = self.part(name);
        let weights = among.into_iter().map(|candidate| draws.stream(candidate).nth(0));
        weights.enumerate().max_by_key(|(_, weight)| *weight).map_or(0, |(position, _)| position)
    }

    /// The name with the largest draw.
    pub(crate) fn kind(&self, name: &str, among: &[&'static str]) -> &'static str {
        among[self.winner(name, among.iter().copied())]
    }

    /// A rate that is mostly 0, sometimes something and now and then 1.
    fn rate(&self, name: &str) -> f64 {
        match self.number(name, 0, 19) {
            0..=12 => 0.0,
            19 => 1.0,
            _ => self.part(name).between("rate", 0.0, 0.6),
        }
    }

    fn dist(&self, name: &str, mean: f64) -> Dist {
        let kinds = ["constant", "uniform", "exponential", "lognormal", "gamma", "weibull", "empirical"];
        match self.kind(name, &kinds) {
            "constant" => Dist::Constant(mean),
            "uniform" => Dist::Uniform { low: 0.0, high: 2.0 * mean },
            "exponential" => Dist::Exponential { mean },
            "lognormal" => Dist::lognormal_mean_cv(mean, 0.8),
            "gamma" => Dist::gamma_mean_cv(mean, 0.5),
            "weibull" => Dist::weibull_mean_shape(mean, 1.5),
            _ => Dist::Empirical(vec![0.0, mean, mean, 3.0 * mean]),
        }
    }
}

fn generator(draws: &Draws) -> Generator {
    let size =
        if draws.happens("constant size", 0.3) { Dist::Constant(100.0) } else { Dist::Exponential { mean: 100.0 } };
    let (a, b, p) = (draws.number("a", 1, 6), draws.number("b", 1, 4), draws.between("p", 0.0, 1.0));
    let shapes = ["chain", "fork join", "layered", "out tree", "in tree", "random", "amdahl", "lattice", "stream"];
    match draws.kind("shape", &shapes) {
        "chain" => Generator::Chain { tasks: a * b, size },
        "fork join" => Generator::ForkJoin { stages: a, width: b, join_size: size.clone(), size },
        "layered" => Generator::Layered { layers: a, width: b, edge_probability: p, size },
        "out tree" => Generator::Tree { depth: b, branching: 2, direction: Direction::Out, size },
        "in tree" => Generator::Tree { depth: b, branching: 3, direction: Direction::In, size },
        "random" => Generator::Random { tasks: a * b, edge_probability: p, size },
        "amdahl" => Generator::Amdahl {
            tasks: a * b,
            parallel_fraction: p,
            free: draws.pick("free", &[Free::Beside, Free::After]),
            size,
        },
        "lattice" => Generator::Lattice { tasks: a * b, width: b, size },
        _ => Generator::Stream { tasks: a * b, interarrival: Dist::Exponential { mean: 20.0 * p }, size },
    }
}

fn graph(draws: &Draws) -> Vec<TaskSpec> {
    let mut specs = generator(draws).generate(draws.number("seed", 0, 1_000_000));
    let shares = draws.happens("shares files", 0.4);
    for spec in &mut specs {
        let draws = draws.part(&spec.id);
        if shares {
            let files = |what: &str| -> Vec<String> {
                let count = draws.number(what, 0, 2);
                (0..count).map(|file| format!("file-{}", draws.number(&format!("{what} {file}"), 0, 3))).collect()
            };
            (spec.writes, spec.reads) = (files("writes"), files("reads"));
        }
        if draws.happens("has a priority", 0.1) {
            spec.priority = draws.number("priority", 0, 4) as i64 - 2;
        }
        if draws.happens("has a release", 0.05) {
            spec.release = Time::from_secs(draws.between("release", 0.0, 200.0));
        }
    }
    specs
}

fn latency(draws: &Draws) -> Latency {
    if draws.happens("by tokens", 0.3) {
        let tokens_per_second = draws.between("tokens per second", 1.0, 100.0);
        return Latency::Tokens { ttft: draws.between("ttft", 0.0, 3.0), tokens_per_second };
    }
    Latency::PerTask { task: draws.dist("task", 10.0), idle: draws.dist("idle", 2.0) }
}

fn tokens(draws: &Draws) -> Tokens {
    let number = |name: &str, most: u64| draws.number(name, 0, most) as u32;
    Tokens {
        system: number("system", 2000),
        board_per_task: number("board per task", 50),
        per_message: if draws.happens("long messages", 0.1) {
            number("long message", 100_000)
        } else {
            number("per message", 200)
        },
        briefing: number("briefing", 3000),
        reads_dependencies: draws.happens("reads dependencies", 0.5),
        cache_lifetime: match draws.kind("cache", &["none", "for good", "short", "at once"]) {
            "for good" => Some(Time::MAX),
            "short" => Some(Time::from_secs(15.0)),
            "at once" => Some(Time::ZERO),
            _ => None,
        },
        history_limit: number("history limit", 5000),
        verbosity: draws.between("verbosity", 0.5, 3.0),
        overhead: number("overhead", 300),
        cached_share: draws.between("cached share", 0.0, 1.0),
    }
}

fn batching(draws: &Draws) -> Batching {
    let tasks = match draws.kind("size", &["fixed", "all", "drawn"]) {
        "fixed" => BatchSize::Fixed(draws.number("fixed", 0, 4) as u32),
        "all" => BatchSize::All,
        _ => BatchSize::Drawn(draws.dist("drawn", 2.0)),
    };
    Batching { unowned: tasks.clone(), tasks, ahead: draws.rate("ahead") }
}

fn fallibility(draws: &Draws) -> Fallibility {
    Fallibility {
        error_rate: draws.rate("error"),
        detection: draws.pick("detection", &[1.0, 1.0, 0.5, 0.0]),
        conflict_probability: draws.rate("conflict"),
        premature_completion: draws.rate("premature completion"),
        no_progress: draws.rate("no progress"),
        orphan_rate: draws.rate("orphan"),
        lease: draws.pick("lease", &[None, Some(Time::from_secs(30.0)), Some(Time::ZERO)]),
        crash_rate: draws.rate("crash"),
        recovery: draws.dist("recovery", 30.0),
        stall_rate: draws.rate("stall"),
        stall: draws.dist("stall time", 60.0),
    }
}

fn profile(draws: &Draws) -> Profile {
    let plain = Profile::with_latency("any", Dist::Constant(1.0));
    let mut profile = Profile { latency: latency(&draws.part("latency")), ..plain };
    if draws.happens("varies", 0.3) {
        let sigma = |name: &str| draws.pick(name, &[0.0, 0.2, 0.7]);
        profile.variation =
            Variation { run: sigma("run"), agent: sigma("agent"), round: sigma("round"), call: sigma("call") };
    }
    if draws.happens("spread of the attempt", 0.3) {
        profile.spread = SpreadOf::Attempt;
    }
    if draws.happens("reads at a speed", 0.3) {
        let speed = |name: &str| draws.pick(name, &[f64::INFINITY, 2_000.0, 100.0]);
        profile.reading = ReadingSpeed { input: speed("input speed"), cached: speed("cached speed") };
    }
    profile.tool = draws.happens("has a tool", 0.2).then(|| draws.dist("tool", 2.0));
    if draws.happens("has tokens", 0.5) {
        profile.tokens = tokens(&draws.part("tokens"));
    }
    if draws.happens("batches", 0.4) {
        profile.batching = batching(&draws.part("batching"));
    }
    if draws.happens("fails", 0.6) {
        profile.fallibility = fallibility(&draws.part("fallibility"));
    }
    profile
}

fn members(draws: &Draws, specs: &mut [TaskSpec]) -> Vec<Agent> {
    let mut members = team(draws.pick("agents", &[1, 2, 2, 3, 4, 5, 9, 30]), &profile(&draws.part("profile")));
    if draws.happens("two profiles", 0.3) {
        let other = Arc::new(profile(&draws.part("other profile")));
        members.iter_mut().skip(1).step_by(2).for_each(|member| member.profile = other.clone());
    }
    if draws.happens("learned policy", LEARNED) {
        learned_worlds::teach(&draws.part("learned policy"), &mut members, specs);
    }
    if draws.happens("skills", 0.3) {
        for spec in specs {
            spec.skill = draws.part(&spec.id).pick("skill", &[None, Some("code"), Some("test")]).map(str::to_owned);
        }
        for member in &mut members {
            let has = |skill: &&str| draws.part(&member.name).happens(skill, 0.6);
            member.skills = ["code", "test"].into_iter().filter(has).map(str::to_owned).collect();
        }
    }
    members
}

fn resource(draws: &Draws, number: u64) -> Resource {
    let name = format!("resource-{number}");
    let draws = draws.part(&name);
    Resource {
        capacity: draws.number("capacity", 1, 3) as u32,
        service: draws.happens("has a service", 0.7).then(|| draws.dist("service", 3.0)),
        blocks: if draws.happens("blocks nobody", 0.3) {
            Blocks::Nobody
        } else {
            draws.pick("blocks", &[Blocks::User, Blocks::User, Blocks::Everyone])
        },
        share: draws.pick("share", &[1.0, 0.5, 0.0]),
        name,
    }
}

fn locking(draws: &Draws) -> Locking {
    let held = if draws.happens("held for the write", 0.4) {
        LockHeld::Write(draws.pick("part", &[0.1, 0.5, 1.0, 0.0]))
    } else {
        LockHeld::Call
    };
    Locking { held, when_locked: draws.pick("when locked", &[WhenLocked::OtherWork, WhenLocked::Wait]) }
}

/// A random world: any of what can be said in a scenario, with limits so small that the worst ends soon.
pub(crate) fn random(seed: u64) -> Scenario {
    random_among(seed, &variants())
}

/// A random world under one of these architectures. The name by which one is drawn lists what is not the default: a new
/// parameter leaves the names of those that do not set it.
fn random_among(seed: u64, variants: &[Variant]) -> Scenario {
    let draws = Draws::new(seed);
    let mut specs = graph(&draws.part("graph"));
    let members = members(&draws.part("team"), &mut specs);
    let names: Vec<String> = variants.iter().map(Variant::settings).collect();
    let variant = &variants[draws.winner("architecture", names.iter().map(String::as_str))];
    let pacing = draws.pick("pacing", &[ASYNC, ASYNC, ROUNDS, ROUNDS, Pacing::Rounds { idle_calls: false }]);
    let plain = scenario(&specs, 1, &Profile::with_latency("none", Dist::Constant(1.0)), variant, pacing);
    let consistencies =
        [Consistency::LastWriterWins, Consistency::Lock(locking(&draws.part("lock"))), Consistency::Optimistic];
    let checks = [DependencyCheck::Claim, DependencyCheck::Complete, DependencyCheck::None];
    let resources = draws.pick("resources", &[0, 0, 0, 1, 2]);
    Scenario {
        name: format!("random world {seed}: {}", variant.name()),
        team: members,
        consistency: draws.pick("consistency", &consistencies),
        dependency_check: draws.pick("dependency check", &checks),
        resources: (0..resources).map(|number| resource(&draws, number)).collect(),
        limits: Limits {
            rounds: draws.pick("rounds", &[u32::MAX, u32::MAX, 4]),
            time: draws.pick("time", &[Time::MAX, Time::MAX, Time::from_secs(40.0)]),
            tokens: draws.pick("tokens", &[u64::MAX, u64::MAX, 20_000]),
            calls: 400,
        },
        prices: Prices { input: 3.0, cache_write: 3.75, cached_input: 0.3, output: 15.0 },
        seed: seed.rotate_left(17),
        ..plain
    }
}

/// The parts of a world as text.
fn description(world: &Scenario) -> String {
    let Scenario { name, graph, team, pacing, consistency, dependency_check, resources, limits, .. } = world;
    format!("{name}\n{graph:?}\n{team:?}\n{pacing:?} {consistency:?} {dependency_check:?}\n{resources:?}\n{limits:?}")
}

/// A row that the registry does not have.
static PRETENDED: ArchitectureEntry =
    ArchitectureEntry { name: "pretended", about: "as solo", parameters: &[], make: |_| Box::new(Solo) };

#[test]
fn a_new_architecture_moves_only_the_worlds_that_it_wins() {
    let before = variants();
    let with = [&before[..], &[Variant { row: &PRETENDED, chosen: Vec::new() }]].concat();
    let worlds = 1_000;
    let mut won = 0;
    for seed in 0..worlds {
        let world = random_among(seed, &with);
        if world.architecture_name == PRETENDED.name {
            won += 1;
        } else {
            assert_eq!(description(&world), description(&random_among(seed, &before)));
        }
    }
    let expected = worlds as usize / with.len();
    assert!((expected / 2..=2 * expected).contains(&won), "{won} of {worlds} worlds, {expected} expected");
}

#[test]
fn a_new_parameter_moves_only_the_worlds_that_set_it() {
    let names: Vec<String> = variants().iter().map(Variant::settings).collect();
    assert!(names.iter().any(|name| name == "self_claim"), "defaults are left out: {names:?}");
    assert!(names.iter().any(|name| name == "self_claim claims=at_commit announce=everybody"), "{names:?}");
}
