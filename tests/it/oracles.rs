//! Against what mathematics knows: exact where it is exact, else within three standard errors.

use brooks::engine::{Dist, Time};
use brooks::record::{Entry, Log, Metrics};
use brooks::simulation::{Scenario, Simulator};
use brooks::team::{Blocks, Profile, Resource, SpreadOf};
use brooks::workload::{Free, Generator, TaskSpec};

use crate::worlds::{self, ASYNC, ROUNDS, Variant};

/// Mean and its standard error over independent values.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

/// The mean of `values` is `expected`, known to within `slack`.
fn assert_mean(what: &str, values: &[f64], expected: f64, slack: f64) {
    let (mean, error) = mean_and_error(values);
    assert!((mean - expected).abs() <= 3.0 * error + slack, "{what}: {mean} +- {error}, expected {expected}");
}

fn figures(scenario: &Scenario, replications: u64, of: impl Fn(&Metrics) -> f64) -> Vec<f64> {
    worlds::replicate(scenario, replications).map(|metrics| of(&metrics)).collect()
}

/// A chain and its free tasks after it, dealt in turn, n dividing the free ones: T(n) = T1 (s + p / n), to the microsecond.
#[test]
fn amdahl_is_exact() {
    for (tasks, p) in [(20, 0.6), (100, 0.96), (48, 0.5), (40, 0.3), (24, 1.0)] {
        let size = Dist::Constant(100.0);
        let specs = Generator::Amdahl { tasks, parallel_fraction: p, free: Free::After, size }.generate(1);
        let free = specs.iter().filter(|task| task.id.starts_with("free")).count() as u64;
        let profile = Profile::with_latency("steady", Dist::Constant(1.234_567));
        for agents in (1..=free).filter(|agents| free.is_multiple_of(*agents)) {
            let variant = Variant::called("preassigned round_robin");
            let scenario = worlds::scenario(&specs, agents as usize, &profile, &variant, ASYNC);
            let time = worlds::metrics(&scenario, 0).makespan.as_us();
            assert_eq!(time, 1_234_567 * (tasks - free + free / agents), "{tasks} tasks, p = {p}, n = {agents}");
        }
    }
}

/// Probability that a customer waits in M/M/c, by Erlang B's recursion.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let b = (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    b / (1.0 - offered / f64::from(servers) * (1.0 - b))
}

const CUSTOMERS: u64 = 1_500;
const WARM_UP: usize = 300;

/// The arrivals of one replication: one every second on average.
fn arrivals(seed: u64) -> Vec<TaskSpec> {
    let interarrival = Dist::Exponential { mean: 1.0 };
    Generator::Stream { tasks: CUSTOMERS, interarrival, size: Dist::Constant(1.0) }.generate(seed)
}

/// A queue in front of a team that helps itself.
fn queue(seed: u64, agents: usize, profile: &Profile) -> (Scenario, Log) {
    let variant = Variant::called("self_claim at_decision first");
    let scenario = Scenario { seed, ..worlds::scenario(&arrivals(seed), agents, profile, &variant, ASYNC) };
    let mut log = Log::default();
    Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
    (scenario, log)
}

/// The mean wait from release to start, without the first customers, in seconds.
fn mean_wait(scenario: &Scenario, log: &Log) -> f64 {
    let waits = log.entries.iter().filter_map(|entry| match entry {
        Entry::Start(start) => start.task.map(|task| start.at - scenario.graph[task].release),
        _ => None,
    });
    waits.skip(WARM_UP).map(Time::as_secs).sum::<f64>() / (CUSTOMERS as usize - WARM_UP) as f64
}

fn replications() -> u64 {
    if worlds::is_slow() { 400 } else { 40 }
}

/// Wq = C(c, a) / (c mu - lambda).
#[test]
fn a_team_that_helps_itself_is_m_m_c() {
    for (agents, mean) in [(1, 0.6), (3, 2.1), (8, 6.0)] {
        let profile = Profile::with_latency("server", Dist::Exponential { mean });
        let wait = |seed| {
            let (scenario, log) = queue(seed, agents, &profile);
            mean_wait(&scenario, &log)
        };
        let waits: Vec<f64> = (0..replications()).map(wait).collect();
        let expected = erlang_c(agents as u32, mean) / (agents as f64 / mean - 1.0);
        assert_mean(&format!("M/M/{agents}"), &waits, expected, 0.0);
    }
}

/// Pollaczek and Khinchine: Wq = rho s / (2 (1 - rho)).
#[test]
fn constant_service_is_m_d_1() {
    let profile = Profile::with_latency("server", Dist::Constant(0.7));
    let wait = |seed| {
        let (scenario, log) = queue(seed, 1, &profile);
        mean_wait(&scenario, &log)
    };
    let waits: Vec<f64> = (0..replications()).map(wait).collect();
    assert_mean("M/D/1", &waits, 0.7 * 0.7 / (2.0 * 0.3), 0.0);
}

/// A shared resource is a queue as well: agents without number bring their work to c servers.
#[test]
fn a_resource_is_m_m_c() {
    for (capacity, mean) in [(1, 0.6), (2, 1.4)] {
        let profile = Profile::with_latency("instant", Dist::Constant(0.0));
        let service = Some(Dist::Exponential { mean });
        let tests = Resource { name: "tests".to_owned(), capacity, service, blocks: Blocks::User, share: 1.0 };
        let wait = |seed| {
            let variant = Variant::called("self_claim at_decision first");
            let scenario = worlds::scenario(&arrivals(seed), 64, &profile, &variant, ASYNC);
            let scenario = Scenario { seed, resources: vec![tests.clone()], ..scenario };
            let mut log = Log::default();
            Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
            assert!(mean_wait(&scenario, &log) < 1e-9, "there is always an agent");
            let mut by_start: Vec<(Time, Time)> = log.steps().map(|step| (step.start, step.waited)).collect();
            by_start.sort_unstable();
            let waits = by_start.iter().skip(WARM_UP).map(|(_, waited)| waited.as_secs());
            waits.sum::<f64>() / (CUSTOMERS as usize - WARM_UP) as f64
        };
        let waits: Vec<f64> = (0..replications()).map(wait).collect();
        let expected = erlang_c(capacity, mean) / (f64::from(capacity) / mean - 1.0);
        assert_mean(&format!("M/M/{capacity} at a resource"), &waits, expected, 0.0);
    }
}

/// L = lambda W on every path: the area under the number of open tasks is the sum of the times that they were open.
#[test]
fn little_s_law_holds_exactly() {
    let (scenario, log) = queue(5, 3, &Profile::with_latency("server", Dist::Exponential { mean: 2.1 }));
    let releases = scenario.graph.tasks().iter().map(|task| (task.release, 1_i64));
    let ends = log.steps().map(|step| (step.end, -1));
    let mut changes: Vec<(Time, i64)> = releases.chain(ends).collect();
    changes.sort_unstable();
    let (mut open, mut area, mut last) = (0_i64, 0_i64, Time::ZERO);
    for (at, change) in changes {
        area += open * (at - last).as_us() as i64;
        (open, last) = (open + change, at);
    }
    let sojourn = |step: &brooks::record::Step| {
        let task = step.task.expect("it worked on one");
        (step.end - scenario.graph[task].release).as_us() as i64
    };
    assert_eq!((open, area), (0, log.steps().map(sojourn).sum()));
    // And what the budget calls work is the servers' busy time.
    let metrics = worlds::metrics(&scenario, 0);
    assert_eq!(metrics.budget.work, log.steps().map(|step| step.latency).sum());
}

fn free_tasks(tasks: usize) -> Vec<TaskSpec> {
    (0..tasks).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect()
}

/// The slowest of n exponential replies takes 1 + 1/2 + .. + 1/n times the mean.
#[test]
fn an_exponential_round_lasts_h_n() {
    for agents in [2_u32, 5, 10] {
        let profile = Profile::with_latency("any", Dist::Exponential { mean: 10.0 });
        let variant = Variant::called("preassigned round_robin");
        let scenario = worlds::scenario(&free_tasks(agents as usize), agents as usize, &profile, &variant, ROUNDS);
        let times = figures(&scenario, 6_000, |metrics| {
            assert_eq!(metrics.rounds, 1);
            metrics.makespan.as_secs()
        });
        let harmonic: f64 = (1..=agents).map(|k| 1.0 / f64::from(k)).sum();
        assert_mean(&format!("a round of {agents}"), &times, 10.0 * harmonic, 0.0);
    }
}

/// n agents each want one of m tasks: m (1 - (1 - 1/m)^n) are wanted by somebody, and all other claims are lost.
#[test]
fn first_wave_of_lost_claims() {
    for (tasks, agents) in [(5, 3), (5, 8), (20, 16), (1, 4)] {
        let profile = Profile::with_latency("any", Dist::Exponential { mean: 10.0 });
        let variant = Variant::called("self_claim at_commit random");
        let mut scenario = worlds::scenario(&free_tasks(tasks), agents, &profile, &variant, ROUNDS);
        scenario.limits.rounds = 1;
        let lost = figures(&scenario, 6_000, |metrics| f64::from(metrics.lost_claims));
        let m = tasks as f64;
        let wanted = m * (1.0 - (1.0 - 1.0 / m).powi(agents as i32));
        assert_mean(&format!("{agents} agents, {tasks} tasks"), &lost, agents as f64 - wanted, 1e-9);
    }
}

#[test]
fn attempts_a_task_are_geometric() {
    for error_rate in [0.1, 0.5, 0.8] {
        let mut profile = Profile::with_latency("any", Dist::Constant(1.0));
        profile.fallibility.error_rate = error_rate;
        let variant = Variant::called("preassigned");
        let scenario = worlds::scenario(&free_tasks(10), 3, &profile, &variant, ASYNC);
        let attempts = figures(&scenario, 2_000, |metrics| f64::from(metrics.attempts) / 10.0);
        assert_mean(&format!("error rate {error_rate}"), &attempts, 1.0 / (1.0 - error_rate), 0.0);
    }
}

/// The benchmark workload as two independent programs ran it, 0.5 to 1 million times each: docs/DESIGN.md.
#[test]
fn the_benchmark_s_reference_statistics() {
    let specs = Generator::bench(Dist::Constant(100.0)).generate(1);
    let mut profile = Profile::with_latency("bench", Dist::Lognormal { mu: 2.5, sigma: 0.6 });
    profile.tool = Some(Dist::Lognormal { mu: 0.5, sigma: 0.9 });
    profile.spread = SpreadOf::Attempt;
    profile.fallibility.error_rate = 0.15;
    let replications = if worlds::is_slow() { 200_000 } else { 40_000 };
    // Makespan, attempts, lost claims: each with what is known of the reference's own error, rounding included.
    for (agents, pacing, claims, makespan, attempts, lost) in [
        (4, ASYNC, "at_decision", (143.04, 0.03), (23.53, 0.01), (0.0, 0.0)),
        (16, ASYNC, "at_decision", (138.45, 0.03), (23.53, 0.01), (0.0, 0.0)),
        (4, ROUNDS, "at_commit", (257.42, 0.08), (23.53, 0.01), (13.66, 0.02)),
        (16, ROUNDS, "at_commit", (217.11, 0.07), (23.53, 0.01), (62.55, 0.08)),
    ] {
        let variant = Variant::called(&format!("self_claim {claims} random"));
        let scenario = worlds::scenario(&specs, agents, &profile, &variant, pacing);
        let runs: Vec<Metrics> = worlds::replicate(&scenario, replications).collect();
        let values = |of: fn(&Metrics) -> f64| runs.iter().map(of).collect::<Vec<f64>>();
        let what = format!("{pacing:?}, n = {agents}");
        assert_mean(&what, &values(|metrics| metrics.makespan.as_secs()), makespan.0, makespan.1);
        assert_mean(&what, &values(|metrics| f64::from(metrics.attempts)), attempts.0, attempts.1);
        assert_mean(&what, &values(|metrics| f64::from(metrics.lost_claims)), lost.0, lost.1);
    }
}
