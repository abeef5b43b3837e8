//! Nothing is allocated in a run: a simulator that has met the greatest demands of a set of replications does all of
//! them again without asking for memory. In a binary of its own, for the
//! counter replaces the allocator of the whole process.

use std::sync::Arc;

use brooks::architecture::ARCHITECTURES;
use brooks::engine::Dist;
use brooks::record::{Ending, Stats};
use brooks::simulation::Simulator;
use brooks::team::{
    CallModel, ContextWindow, Fallibility, LearnedPolicy, Observation, Profile, RecordedCall, Trajectory, WorkKey,
};
use brooks::workload::Generator;

#[path = "it/worlds.rs"]
#[expect(dead_code, reason = "most of it serves the other tests")]
mod worlds;

const REPLICATIONS: u64 = 1_000;

#[test]
fn habits_allocate_nothing() {
    let mut call = RecordedCall {
        latency_s: 2.0,
        files: 1,
        finishes_claims: true,
        output_tokens: 50.0,
        ..RecordedCall::default()
    };
    call.observation = Observation { total: 20, ..Observation::default() };
    (call.observation.tasks[0], call.writes[0], call.claims[0], call.completes[0]) = (9, 1, 1, 1);
    let work = WorkKey::default();
    let trajectory = Trajectory {
        first: 0,
        calls: 1,
        call_model: 0,
        work,
        is_dealt: false,
        weight: 1.0,
        run: 0,
        agents: 1,
        run_effect: 0.0,
        left_some: false,
    };
    let call_model = CallModel {
        idle_s: 1.0,
        base_s: 1.0,
        longest_s: 60.0,
        per_file_s: 1.0,
        spread_small: 0.5,
        spread_large: 0.3,
        run_effect_sd: 0.2,
        common: 0.6,
        files_a_reply: 10.0,
        tokens_per_second: 25.0,
        prompt_tokens: 10.0,
        board_tokens: 10.0,
        test_tokens: 10.0,
        window: ContextWindow::Messages(20),
    };
    let learned_policy = LearnedPolicy {
        recorded_calls: vec![call],
        trajectories: vec![trajectory],
        call_models: vec![call_model],
        models: vec![String::new()],
        names: vec![Vec::new()],
        shared: 0.5,
    };
    let specs = Generator::bench(Dist::Constant(100.0)).generate(1);
    let profile =
        Profile { learned_policy: Some(Arc::new(learned_policy)), ..Profile::with_latency("any", Dist::Constant(1.0)) };
    for architecture in ["self_claim", "preassigned"] {
        for (pace, pacing) in worlds::PACINGS {
            let variant = worlds::Variant::called(architecture);
            let scenario = worlds::scenario(&specs, 4, &profile, &variant, pacing);
            let mut simulator = Simulator::new(&scenario);
            let mut stats = Stats::new(scenario.prices);
            let mut completed = 0;
            let mut run_all = || {
                for replication in 0..100 {
                    let ending = simulator.run(&*scenario.architecture, replication, &mut stats);
                    completed += u32::from(ending == Ending::Completed);
                }
            };
            run_all();
            let info = allocation_counter::measure(run_all);
            assert_eq!(info.count_total, 0, "{architecture}, {pace}: {info:?}");
            assert_eq!(completed, 200, "{architecture}, {pace}");
        }
    }
}

#[test]
fn sizes_of_another_replication_allocate_nothing() {
    let specs = Generator::bench(Dist::Constant(100.0)).generate(1);
    let profile = Profile::with_latency("any", Dist::Lognormal { mu: 2.5, sigma: 0.6 });
    for row in ARCHITECTURES {
        let variant = worlds::Variant::called(row.name);
        let scenario = worlds::scenario(&specs, 4, &profile, &variant, worlds::PACINGS[0].1);
        let mut simulator = Simulator::new(&scenario);
        let sized = |size: f64| Arc::new(scenario.graph.with_sizes(|id, _| size + f64::from(id.get())));
        let mut graphs = [sized(10.0), sized(90.0)];
        let mut stats = Stats::new(scenario.prices);
        let mut run_all = || {
            for replication in 0..REPLICATIONS {
                assert!(simulator.redraw(&mut graphs[replication as usize % 2]));
                simulator.run(&*scenario.architecture, replication, &mut stats);
            }
        };
        run_all();
        let info = allocation_counter::measure(run_all);
        assert_eq!(info.count_total, 0, "{}: {info:?}", row.name);
    }
}

#[test]
fn a_warm_simulator_allocates_nothing() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!(counted.count_total, 1, "the counter counts");
    let specs = Generator::bench(Dist::Constant(100.0)).generate(1);
    let fallibility = Fallibility { error_rate: 0.15, premature_completion: 0.05, ..Fallibility::default() };
    let profile = Profile { fallibility, ..Profile::with_latency("any", Dist::Lognormal { mu: 2.5, sigma: 0.6 }) };
    for row in ARCHITECTURES {
        for (pace, pacing) in worlds::PACINGS {
            let variant = worlds::Variant::called(row.name);
            let scenario = worlds::scenario(&specs, 4, &profile, &variant, pacing);
            let mut simulator = Simulator::new(&scenario);
            let mut stats = Stats::new(scenario.prices);
            let mut run_all = || {
                for replication in 0..REPLICATIONS {
                    simulator.run(&*scenario.architecture, replication, &mut stats);
                    std::hint::black_box(stats.metrics());
                }
            };
            run_all();
            let info = allocation_counter::measure(run_all);
            assert_eq!(info.count_total, 0, "{}, {pace}: {info:?}", row.name);
        }
    }
}
