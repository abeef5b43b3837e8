//! Learned policies for random worlds: some learned from simulated runs, some drawn at random.
//!
//! An agent with a learned policy is an agent like others: consistency, resources, faults and sizes apply to it, and it
//! completes no task without a claim. Only the dependencies of tasks that it owns are not enforced at its claim.

use std::sync::{Arc, OnceLock};

use brooks::engine::Dist;
use brooks::prediction::calibration::{Options, calibrate};
use brooks::record::Log;
use brooks::simulation::Simulator;
use brooks::team::{
    Agent, BatchSize, Batching, CallModel, ContextWindow, LearnedPolicy, Observation, Profile, RecordedCall,
    TASK_CLASSES, TaskClass, Trajectory, WorkKey, file_keys,
};
use brooks::trace::{RunFacts, Trace};
use brooks::workload::{Generator, TaskGraph, TaskSpec};

use crate::random_worlds::Draws;
use crate::worlds::{PACINGS, Variant, scenario};

/// Gives a learned policy to a team: to all of it, to its last member, or to every other one.
pub(crate) fn teach(draws: &Draws, members: &mut [Agent], specs: &[TaskSpec]) {
    let policy = match draws.kind("policy", &["learned from single agents", "learned from teams", "drawn"]) {
        "learned from single agents" => learned().0.clone(),
        "learned from teams" => learned().1.clone(),
        _ => Arc::new(drawn(&draws.part("drawn"), &TaskGraph::new(specs).expect("a task graph"))),
    };
    let last = members.len() - 1;
    let follows = |position: usize| match draws.kind("followers", &["all", "last", "every other"]) {
        "all" => true,
        "last" => position == last,
        _ => position % 2 == last % 2,
    };
    for (position, member) in members.iter_mut().enumerate() {
        if follows(position) {
            let profile = Profile::clone(&member.profile);
            member.profile = Arc::new(Profile { learned_policy: Some(policy.clone()), ..profile });
        }
    }
}

/// The policies learned from simulated runs of single agents and of teams, in rounds and without.
fn learned() -> &'static (Arc<LearnedPolicy>, Arc<LearnedPolicy>) {
    static LEARNED: OnceLock<(Arc<LearnedPolicy>, Arc<LearnedPolicy>)> = OnceLock::new();
    LEARNED.get_or_init(|| (Arc::new(learned_from(1)), Arc::new(learned_from(3))))
}

/// The policy learned from simulated runs of single agents.
pub(crate) fn of_single_agents() -> Arc<LearnedPolicy> {
    learned().0.clone()
}

fn learned_from(agents: usize) -> LearnedPolicy {
    let specs = Generator::bench(Dist::Exponential { mean: 100.0 }).generate(1);
    let mut runs = Vec::new();
    for (architecture, tasks) in [("self_claim at_commit", BatchSize::Fixed(2)), ("preassigned", BatchSize::All)] {
        for (_, pacing) in PACINGS {
            let batching = Batching { unowned: tasks.clone(), tasks: tasks.clone(), ahead: 0.5 };
            let profile = Profile { batching, ..Profile::with_latency("any", Dist::Exponential { mean: 10.0 }) };
            let scenario = scenario(&specs, agents, &profile, &Variant::called(architecture), pacing);
            let mut log = Log::default();
            Simulator::new(&scenario).run(&*scenario.architecture, 0, &mut log);
            runs.push(Trace::of_run(&RunFacts::of(&scenario, 0, &log), &log));
        }
    }
    let options = Options { agents: Some(1..=agents as u32), ..Options::default() };
    let calibration = calibrate(&runs.iter().collect::<Vec<_>>(), &options);
    calibration.unwrap_or_else(|problems| panic!("{problems}")).learned_policy(None)
}

/// Calls that no agent would make, in an order that has no reason.
fn drawn(draws: &Draws, graph: &TaskGraph) -> LearnedPolicy {
    let mut learned_policy =
        LearnedPolicy { shared: draws.pick("shared", &[0.0, 0.5, 1.0]), ..LearnedPolicy::default() };
    for run in 0..draws.number("runs", 1, 3) {
        let draws = draws.part(&format!("run {run}"));
        let (first, agents) = (learned_policy.trajectories.len() as u32, draws.number("agents", 1, 3) as u32);
        let (is_dealt, is_on_this_work) = (draws.happens("is dealt", 0.4), draws.happens("this work", 0.3));
        learned_policy.call_models.push(call_model(&draws.part("manner")));
        learned_policy.models.push(String::new());
        learned_policy.names.push(if draws.happens("these files", 0.5) { file_keys(graph) } else { Vec::new() });
        for agent in 0..agents {
            let draws = draws.part(&format!("agent {agent}"));
            let calls = draws.number("calls", 1, 5);
            learned_policy.trajectories.push(Trajectory {
                first: learned_policy.recorded_calls.len() as u32,
                calls: calls as u32,
                call_model: learned_policy.call_models.len() as u32 - 1,
                work: if is_on_this_work { WorkKey::of(graph) } else { WorkKey::default() },
                is_dealt,
                weight: 1.0,
                run: first,
                agents,
                run_effect: draws.between("pace", -0.5, 0.5),
                left_some: agents == 1 && draws.happens("left some", 0.3),
            });
            learned_policy
                .recorded_calls
                .extend((0..calls).map(|call| recorded_call(&draws.part(&format!("call {call}")), call == 0)));
        }
    }
    learned_policy
}

fn call_model(draws: &Draws) -> CallModel {
    CallModel {
        idle_s: draws.between("idle", 0.1, 3.0),
        base_s: draws.between("base", 0.1, 5.0),
        per_file_s: draws.between("per file", 0.1, 5.0),
        spread_small: draws.pick("spread small", &[0.0, 0.4]),
        spread_large: draws.pick("spread large", &[0.0, 0.4]),
        run_effect_sd: draws.pick("spread runs", &[0.0, 0.2]),
        common: draws.pick("common", &[0.0, 0.5, 1.0]),
        longest_s: draws.pick("longest", &[0.0, 20.0]),
        files_a_reply: draws.between("files a reply", 0.0, 10.0),
        tokens_per_second: draws.between("tokens per second", 1.0, 100.0),
        prompt_tokens: draws.between("prompt", 0.0, 1000.0),
        board_tokens: draws.between("board", 0.0, 500.0),
        test_tokens: draws.between("test", 0.0, 500.0),
        window: match draws.number("window", 0, 22) {
            21 => ContextWindow::WholeHistory,
            22 => ContextWindow::Mean,
            messages => ContextWindow::Messages(messages as u16),
        },
    }
}

fn recorded_call(draws: &Draws, is_first: bool) -> RecordedCall {
    let number = |name: &str, most: u64| draws.number(name, 0, most) as u16;
    let counts = |name: &str, sorts: std::ops::Range<usize>, most: u64| -> [u16; TASK_CLASSES] {
        std::array::from_fn(|class| if sorts.contains(&class) { number(&format!("{name} {class}"), most) } else { 0 })
    };
    let tasks = counts("tasks", 0..TASK_CLASSES, 4);
    let (writes, rewrites, other_files) =
        (counts("writes", 0..TASK_CLASSES, 2), number("rewrites", 1), number("others", 2));
    let tests = if draws.happens("tests", 0.3) { number("tests", 2) } else { 0 };
    RecordedCall {
        observation: Observation {
            tasks,
            total: tasks.iter().sum::<u16>() + number("done", 5),
            done_begun: number("done begun", 3),
            finished: number("finished", 3),
            idle: number("idle", 2),
            is_first,
        },
        writes,
        rewrites,
        other_files,
        common_files: if other_files > 0 { number("common files", 7) } else { 0 },
        files: writes.iter().sum::<u16>() + rewrites + other_files,
        claims: counts("claims", 0..TaskClass::Held as usize, 2),
        completes: counts("completes", 0..TASK_CLASSES, 2),
        finishes_claims: draws.happens("finishes claims", 0.5),
        is_truncated: draws.happens("is cut", 0.1),
        latency_s: draws.pick("takes no time", &[0.0, 1.0, 1.0, 1.0]) * draws.between("latency", 0.0, 20.0),
        log_residual: draws.between("surprise", -0.5, 0.5),
        tests_s: f64::from(tests) * draws.between("test time", 0.0, 5.0),
        tests,
        has_failed: tests > 0 && draws.happens("has failed", 0.5),
        output_tokens: draws.between("output", 0.0, 1000.0),
    }
}
