//! Plausibility: what no model of a team may show, over wide ranges of its parameters.

use brooks::engine::Dist;
use brooks::record::{Ending, Metrics};
use brooks::scaling::fit::fit;
use brooks::scaling::{Point, law};
use brooks::simulation::{Pacing, Scenario};
use brooks::team::{Consistency, Profile, ReadingSpeed};
use brooks::workload::{Generator, TaskSpec};

use crate::properties::assert_bounded_by_its_own_durations;
use crate::worlds::{self, ASYNC, Variant, scenario};

const SIZES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

fn bench() -> Vec<TaskSpec> {
    Generator::bench(Dist::Exponential { mean: 100.0 }).generate(3)
}

fn noisy(sigma: f64) -> Profile {
    Profile::with_latency("noisy", Dist::Lognormal { mu: 2.0, sigma })
}

fn replications() -> u64 {
    if worlds::is_slow() { 400 } else { 30 }
}

/// Mean of the differences between paired values, and its standard error.
fn paired(a: &[f64], b: &[f64]) -> (f64, f64) {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let squares: f64 = differences.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

fn of_all(world: &Scenario, of: fn(&Metrics) -> f64) -> Vec<f64> {
    worlds::replicate(world, replications()).map(|metrics| of(&metrics)).collect()
}

/// The spread of tasks grows to a sigma of 3; no replication passes min(n, T1/Tinf) of the durations that it drew.
#[test]
fn no_speedup_is_above_the_bound() {
    for sigma in [0.0, 0.5, 1.0, 2.0, 3.0] {
        for agents in SIZES {
            for replication in 0..if worlds::is_slow() { 20 } else { 2 } {
                assert_bounded_by_its_own_durations(&bench(), agents, &noisy(sigma), replication);
            }
        }
    }
}

/// The same under errors: rejected attempts are made again, which takes longer for a team as for one agent.
#[test]
fn errors_and_conflicts_make_no_team_faster_than_its_bound_without() {
    for variant in ["self_claim at_decision", "self_claim at_commit", "preassigned lpt", "lead_dynamic"] {
        for agents in [2, 8, 64] {
            let perfect = scenario(&bench(), agents, &noisy(1.0), &Variant::called("solo"), ASYNC);
            let work: Vec<f64> = of_all(&perfect, |metrics| metrics.makespan.as_secs());
            for error in [0.0, 0.3, 0.9] {
                for conflict in [0.0, 0.5, 1.0] {
                    let mut profile = noisy(1.0);
                    profile.fallibility.error_rate = error;
                    profile.fallibility.conflict_probability = conflict;
                    let team = scenario(&bench(), agents, &profile, &Variant::called(variant), ASYNC);
                    let runs: Vec<Metrics> = worlds::replicate(&team, replications()).collect();
                    for (metrics, work) in runs.iter().zip(&work) {
                        assert_eq!(metrics.ending, Ending::Completed, "{variant} {agents} {error} {conflict}");
                        let speedup = work / metrics.makespan.as_secs();
                        let n = f64::from(metrics.agents);
                        assert!(speedup <= n * (1.0 + 1e-9), "{variant} {agents} {error} {conflict}: {speedup}");
                        assert!((metrics.quality - 1.0).abs() < 1e-12, "all is noticed");
                    }
                }
            }
        }
    }
}

/// Undetected errors lower the quality, and conflicts do. Common random numbers make the comparison one of pairs: an
/// attempt that is wrong at a low rate is wrong at a higher one.
#[test]
fn quality_never_rises_with_errors() {
    for variant in ["solo", "self_claim at_decision", "self_claim at_commit random", "preassigned", "lead_dynamic"] {
        for agents in [1, 4, 16] {
            for detection in [0.0, 0.5] {
                let qualities = |error: f64, conflict: f64| {
                    let mut profile = noisy(1.0);
                    profile.fallibility.error_rate = error;
                    profile.fallibility.detection = detection;
                    profile.fallibility.conflict_probability = conflict;
                    of_all(&scenario(&bench(), agents, &profile, &Variant::called(variant), ASYNC), |m| m.quality)
                };
                let name = format!("{variant}, n = {agents}, detection {detection}");
                let by_error = [0.0, 0.1, 0.3, 0.6, 0.9].map(|error| qualities(error, 0.0));
                for pair in by_error.windows(2) {
                    let (mean, error) = paired(&pair[0], &pair[1]);
                    assert!(mean <= 3.0 * error, "{name}: quality rises by {mean} +- {error}");
                    if detection == 0.0 {
                        let rises = pair[0].iter().zip(&pair[1]).any(|(low, high)| high > low);
                        assert!(!rises, "{name}: quality rises in a replication");
                    }
                }
                let by_conflict = [0.0, 0.2, 0.5, 1.0].map(|conflict| qualities(0.0, conflict));
                for pair in by_conflict.windows(2) {
                    let (mean, error) = paired(&pair[0], &pair[1]);
                    assert!(mean <= 3.0 * error, "{name}: quality rises with conflicts by {mean} +- {error}");
                }
            }
        }
    }
}

/// Every agent reads a briefing and the outputs of others: tokens never fall with the team's size.
#[test]
fn tokens_never_fall_with_the_team_s_size() {
    for architecture in ["self_claim at_decision", "self_claim at_decision first everybody", "preassigned"] {
        for limit in [0, 2_000, 100_000] {
            for message in [0, 1_000, 100_000] {
                let tokens = |agents: usize| {
                    let mut profile = noisy(1.0);
                    profile.tokens.system = 300;
                    profile.tokens.briefing = limit;
                    profile.tokens.history_limit = limit;
                    profile.tokens.per_message = message;
                    profile.tokens.reads_dependencies = true;
                    let world = scenario(&bench(), agents, &profile, &Variant::called(architecture), ASYNC);
                    of_all(&world, |metrics| (metrics.input_tokens + metrics.output_tokens) as f64)
                };
                let by_size: Vec<Vec<f64>> = SIZES.iter().map(|&agents| tokens(agents)).collect();
                for (pair, n) in by_size.windows(2).zip(SIZES) {
                    let (mean, error) = paired(&pair[0], &pair[1]);
                    let name = format!("{architecture}, limit {limit}, messages of {message}");
                    assert!(mean >= -3.0 * error, "{name}: {mean} +- {error} tokens from {n} to {} agents", 2 * n);
                }
            }
        }
    }
}

fn mean_makespan(world: &Scenario) -> f64 {
    let times = of_all(world, |metrics| metrics.makespan.as_secs());
    times.iter().sum::<f64>() / times.len() as f64
}

/// Reports to everybody, read at an input speed.
fn talking(agents: usize, announce: &str, per_message: u32) -> Scenario {
    let specs: Vec<TaskSpec> = (0..128).map(|task| TaskSpec::new(format!("task-{task}"), 100.0)).collect();
    let mut profile = Profile::with_latency("steady", Dist::Constant(10.0));
    profile.reading = ReadingSpeed { input: 1_000.0, cached: 1_000.0 };
    profile.tokens.per_message = per_message;
    let variant = Variant::called(&format!("self_claim at_decision first {announce}"));
    scenario(&specs, agents, &profile, &variant, Pacing::Async)
}

/// sigma and kappa of the law that is fitted to the throughput at each size, with the makespans.
fn usl(announce: &str, per_message: u32) -> (f64, f64, Vec<f64>) {
    let makespans: Vec<f64> =
        SIZES.iter().map(|&agents| mean_makespan(&talking(agents, announce, per_message))).collect();
    let point = |(&agents, &time): (&usize, &f64)| Point::new(agents as f64, 1.0 / time);
    let points: Vec<Point> = SIZES.iter().zip(&makespans).map(point).collect();
    let fit = fit(law("usl").expect("the law"), &points).expect("a fit");
    let of = |name: &str| fit.estimate(name).expect("a parameter").value;
    (of("sigma"), of("kappa"), makespans)
}

/// Each agent reads a report of every task that others have finished: T(n) = T1 / n + m c (n - 1) / n, less the reports
/// that nobody reads before the end. That is contention: sigma = m c / T1. With sigma above 1 a team is slower than one
/// agent alone, and the fit has a kappa above 0. In silence both are 0.
#[test]
fn communication_to_everybody_slows_a_large_team() {
    let (sigma, kappa, silent) = usl("nobody", 100_000);
    assert!(sigma.abs() < 1e-6 && kappa.abs() < 1e-6, "in silence: sigma {sigma}, kappa {kappa}");
    let mut before = 0.0;
    for message in [100, 1_000, 10_000, 100_000] {
        let (sigma, kappa, talking) = usl("everybody", message);
        assert!(
            talking[1..].iter().zip(&silent[1..]).all(|(talking, silent)| talking > silent),
            "{message}: {talking:?}"
        );
        assert!(sigma > before, "messages of {message}: sigma {sigma} after {before}");
        before = sigma;
        if message == 100_000 {
            assert!(talking[1..].iter().all(|&time| time > 4.0 * talking[0]), "slower than one agent: {talking:?}");
            assert!(kappa > 1.0, "kappa {kappa}");
        } else {
            assert!(kappa.abs() < 1e-6 && talking.is_sorted_by(|a, b| a > b), "kappa {kappa}, {talking:?}");
        }
    }
}

/// Policies differ in conflicts, never in what gets done.
#[test]
fn every_policy_gets_everything_done_at_every_size() {
    let mut specs = bench();
    for (index, spec) in specs.iter_mut().enumerate() {
        spec.writes = vec![format!("file-{}", index % 4)];
    }
    let policies =
        [Consistency::LastWriterWins, Consistency::Lock(brooks::team::Locking::default()), Consistency::Optimistic];
    for agents in SIZES {
        let makespans = policies.map(|consistency| {
            let world = scenario(&specs, agents, &noisy(1.0), &Variant::called("self_claim at_decision"), ASYNC);
            let world = Scenario { consistency, ..world };
            for metrics in worlds::replicate(&world, replications()) {
                assert_eq!(
                    (metrics.ending, metrics.quality),
                    (Ending::Completed, 1.0),
                    "{consistency:?}, n = {agents}"
                );
                assert_eq!(metrics.conflicts == 0, metrics.budget.rework.as_us() == 0, "{consistency:?}");
            }
            mean_makespan(&world)
        });
        let is_same = |time: &f64| (time - makespans[0]).abs() < 1e-9;
        assert!(agents > 1 || makespans.iter().all(is_same), "alone: {makespans:?}");
    }
}
