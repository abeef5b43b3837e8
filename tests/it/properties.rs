//! Bounds that hold for every graph of tasks, not only on average: exact, in whole microseconds.

use brooks::engine::{Dist, Time};
use brooks::record::{Ending, Log, TaskEventKind};
use brooks::simulation::{DependencyCheck, Scenario, Simulator};
use brooks::team::{BatchSize, Batching, Consistency, Latency, Locking, Profile};
use brooks::workload::{CompiledGenerator, Generator, TaskSpec};
use proptest::prelude::*;

use crate::invariants::{self, count};
use crate::worlds::{self, ASYNC, PACINGS, Variant, a_token_a_second, variants};

fn graph() -> impl Strategy<Value = Vec<TaskSpec>> {
    let generator = (1..25u64, 0.0..=1.0, any::<u64>(), 0..4u64);
    generator.prop_map(|(tasks, edge_probability, seed, kind)| {
        let size = Dist::Exponential { mean: 100.0 };
        let width = 1 + kind;
        match kind {
            0 => Generator::Lattice { tasks, width: 3, size },
            1 => Generator::Layered { layers: tasks.div_ceil(4), width, edge_probability, size },
            _ => Generator::Random { tasks, edge_probability: edge_probability * 0.5, size },
        }
        .generate(seed)
    })
}

/// By task: how long the one attempt on it took.
fn durations(log: &Log, tasks: usize) -> Vec<u64> {
    let mut durations = vec![0; tasks];
    for step in log.steps() {
        if let (Some(task), true) = (step.task, step.spent.work > Time::ZERO) {
            durations[task.index()] = step.latency.as_us();
        }
    }
    durations
}

/// Work and span in microseconds, from what each task took.
fn work_and_span(scenario: &Scenario, durations: &[u64]) -> (u64, u64) {
    let mut ends = vec![0; durations.len()];
    for &task in scenario.graph.topological() {
        let depends_on = &scenario.graph[task].depends_on;
        let start = depends_on.iter().map(|&on| ends[on.index()]).max().unwrap_or(0);
        ends[task.index()] = start + durations[task.index()];
    }
    (durations.iter().sum(), ends.into_iter().max().unwrap_or(0))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if worlds::is_slow() { 3_000 } else { 60 }))]

    /// max(T1/n, Tinf) <= Tn for whoever works how; and Tn <= T1/n + (1 - 1/n) Tinf (Graham, Brent) for a team that
    /// leaves nobody idle while there is something to do.
    #[test]
    fn no_team_beats_work_and_span_and_a_greedy_one_keeps_graham_s_bound(specs in graph(), agents in 1..7usize) {
        let steady = a_token_a_second();
        let varied = Profile::with_latency("varied", Dist::Lognormal { mu: 2.0, sigma: 1.0 });
        for profile in [steady, varied] {
            for variant in variants() {
                for (_, pacing) in PACINGS {
                    let scenario = worlds::scenario(&specs, agents, &profile, &variant, pacing);
                    let (log, metrics) = invariants::check(&scenario, &mut Simulator::new(&scenario), 7);
                    prop_assert_eq!(metrics.ending, Ending::Completed);
                    let (work, span) = work_and_span(&scenario, &durations(&log, specs.len()));
                    let (n, time) = (u64::from(metrics.agents), metrics.makespan.as_us());
                    prop_assert!(n * time >= work && time >= span, "{}: {} < {} or {}", variant.name(), time, work, span);
                    let is_greedy = variant.name().starts_with("self_claim at_decision") || variant.row.name == "solo";
                    if is_greedy && pacing == ASYNC {
                        prop_assert!(n * time <= work + (n - 1) * span, "{}: {} {} {}", variant.name(), time, work, span);
                        prop_assert_eq!(metrics.budget.work.as_us(), work);
                    }
                }
            }
        }
    }

    /// One agent that works alone does all the work and nothing else, whatever the protocol is called.
    #[test]
    fn alone_every_architecture_takes_t1(specs in graph()) {
        let expected: u64 = {
            let scenario = worlds::scenario(&specs, 1, &a_token_a_second(), &Variant::called("solo"), ASYNC);
            worlds::metrics(&scenario, 0).makespan.as_us()
        };
        for variant in variants() {
            for (_, pacing) in PACINGS {
                let scenario = worlds::scenario(&specs, 1, &a_token_a_second(), &variant, pacing);
                let metrics = worlds::metrics(&scenario, 0);
                prop_assert_eq!(metrics.makespan.as_us(), expected, "{}", variant.name());
                prop_assert_eq!(metrics.llm_calls as usize, specs.len(), "{}", variant.name());
            }
        }
    }
}

/// Asserts, for one replication, that a team is at most min(n, T1/Tinf) times as fast as one agent alone. T1 and Tinf are
/// those of the durations that the replication drew. It holds for equal agents without call noise and context effects.
pub(crate) fn assert_bounded_by_its_own_durations(
    specs: &[TaskSpec],
    agents: usize,
    profile: &Profile,
    replication: u64,
) {
    for variant in variants() {
        for (_, pacing) in PACINGS {
            let alone = worlds::scenario(specs, 1, profile, &Variant::called("solo"), ASYNC);
            let (log, one) = invariants::check(&alone, &mut Simulator::new(&alone), replication);
            let (work, span) = work_and_span(&alone, &durations(&log, specs.len()));
            assert_eq!(one.makespan.as_us(), work, "one agent alone takes T1");
            let scenario = worlds::scenario(specs, agents, profile, &variant, pacing);
            let team = worlds::metrics(&scenario, replication);
            assert_eq!(team.ending, Ending::Completed, "{}", scenario.name);
            let (n, time) = (u64::from(team.agents), team.makespan.as_us());
            assert!(n * time >= work, "{} of {n}: more than n times as fast", scenario.name);
            assert!(time >= span, "{} of {n}: more than T1/Tinf times as fast", scenario.name);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if worlds::is_slow() { 1_000 } else { 20 }))]

    /// The work of each replication is drawn anew, and no team passes the bound of its own replication.
    #[test]
    fn no_replication_passes_the_bound_of_its_own_durations(
        seed in any::<u64>(), replication in 0..1_000u64, agents in 1..7usize
    ) {
        let size = Dist::Exponential { mean: 100.0 };
        let generator = Generator::Random { tasks: 14, edge_probability: 0.2, size };
        let specs = CompiledGenerator::new(generator).draw(seed, replication);
        let latency = Latency::Tokens { ttft: 3.0, tokens_per_second: 10.0 };
        let profile = Profile { latency, ..Profile::with_latency("steady", Dist::Constant(1.0)) };
        assert_bounded_by_its_own_durations(&specs, agents, &profile, replication);
        let noisy = Profile::with_latency("noisy", Dist::Lognormal { mu: 2.0, sigma: 1.0 });
        assert_bounded_by_its_own_durations(&specs, agents, &noisy, replication);
    }
}

/// With dependencies checked at completion nothing is done before what it needs, even by agents that take on all they
/// see in one call. (With locks: without, three agents that each write everything overwrite each other for ever.)
#[test]
fn checked_at_completion_order_is_kept() {
    let specs = Generator::bench(Dist::Exponential { mean: 100.0 }).generate(1);
    for variant in variants() {
        for (pace, pacing) in PACINGS {
            let mut profile = a_token_a_second();
            profile.batching = Batching { tasks: BatchSize::All, unowned: BatchSize::All, ahead: 1.0 };
            profile.fallibility.error_rate = 0.3;
            let mut scenario = worlds::scenario(&specs, 3, &profile, &variant, pacing);
            scenario.dependency_check = DependencyCheck::Complete;
            scenario.consistency = Consistency::Lock(Locking::default());
            scenario.name = format!("{}, {pace}", variant.name());
            for replication in 0..5 {
                let (log, metrics) = invariants::check(&scenario, &mut Simulator::new(&scenario), replication);
                assert_eq!(metrics.ending, Ending::Completed, "{}", scenario.name);
                let completed = count(&log, |kind| matches!(kind, TaskEventKind::Completed { .. }));
                assert_eq!(completed, specs.len(), "{}", scenario.name);
            }
        }
    }
}
