//! Policy learned from one recorded run, and the scenario of its team; or the reason why it cannot be learned.

use serde_json::json;

use crate::engine::Samplers;
use crate::experiment::Replications;
use crate::prediction::calibration::{Demonstration, Options, calibrate_demonstrations, graph_of};
use crate::prediction::what_if::recorded_scenario::{PROFILE, with_file};
use crate::problem::Problems;
use crate::record::Ending;
use crate::scenario::ScenarioFile;
use crate::scenario::learned_profile::SamplingMethod;
use crate::trace::Trace;
use crate::trace::replay::replay;
use crate::workload::{TaskGraph, TaskSpec};

/// Simulated runs of the self-check.
const SELF_CHECK_RUNS: u64 = 20;
/// Fewest of them that must complete.
const MIN_COMPLETED: usize = 18;
/// Largest relative error of their mean makespan.
const MAX_ERROR: f64 = 0.3;

/// Limit of a simulated run, as a multiple of the recorded rounds and calls.
const LIMIT_FACTOR: u32 = 5;
/// Smallest limits: rounds, calls.
const MIN_LIMITS: (u32, u32) = (30, 300);

/// Returns the demonstration and the scenario of its team, or the reason why there is none.
pub(super) fn learn(trace: &Trace, seed: Option<u64>) -> Result<(Demonstration, ScenarioFile), String> {
    let graph = graph_of(trace).map_err(|unusable| format!("recordings like it {unusable}"))?;
    let demonstration =
        Demonstration::from_trace(trace).map_err(|unusable| format!("recordings like it {unusable}"))?;
    if graph.len() < 2 {
        return Err("it names one task".to_owned());
    }
    if !demonstration.completed {
        return Err("it does not report that all of its tasks were finished".to_owned());
    }
    let file = scenario(trace, &demonstration, &graph, seed).map_err(|problems| problems.to_string())?;
    self_replication_check(trace, &file)?;
    Ok((demonstration, file))
}

/// Options for learning from one demonstration: resampled calls, its team size.
pub(super) fn options(demonstration: &Demonstration) -> Options {
    let agents = demonstration.agents..=demonstration.agents;
    Options { method: SamplingMethod::Resampled, agents: Some(agents), model: None }
}

fn scenario(
    trace: &Trace,
    demonstration: &Demonstration,
    graph: &TaskGraph,
    seed: Option<u64>,
) -> Result<ScenarioFile, Problems> {
    let calibration = calibrate_demonstrations(std::iter::once(Ok(demonstration)), &options(demonstration))?;
    let task = |task: &TaskSpec| {
        json!({
            "id": task.id, "size": format!("{} tokens", task.size), "depends_on": task.depends_on, "writes": task.writes,
        })
    };
    let tasks: Vec<serde_json::Value> = graph.to_specs().iter().map(task).collect();
    let profile = json!({ "name": "this session", "base": PROFILE });
    let text = calibration.to_yaml("session", "the session itself").into_bytes();
    let counts = || demonstration.trajectories.iter().map(|calls| calls.len() as u32);
    let rounds = counts().max().unwrap_or(0).max(demonstration.rounds);
    let limits = json!({
        "rounds": (LIMIT_FACTOR * rounds).max(MIN_LIMITS.0),
        "calls": (4 * LIMIT_FACTOR * counts().sum::<u32>()).max(MIN_LIMITS.1),
    });
    with_file(trace, &json!({ "tasks": tasks }), &profile, Some(&limits), seed, (PROFILE, text))
}

/// Simulates the recorded team on the recorded work. A policy that cannot replicate its own recording predicts no other
/// team.
fn self_replication_check(trace: &Trace, file: &ScenarioFile) -> Result<(), String> {
    let scenario = file.at(&[]).map_err(|problems| problems.to_string())?;
    let runs = Replications::run(&scenario, 0..SELF_CHECK_RUNS, &Samplers::default());
    let completed = runs.count(Ending::Completed);
    if completed < MIN_COMPLETED {
        return Err(format!(
            "self-check failed: only {completed} of {SELF_CHECK_RUNS} simulated runs of the recorded team completed"
        ));
    }
    let recorded = replay(trace, &mut ()).replayed.as_secs();
    let times = runs.completed("makespan_s");
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    if recorded > 0.0 && (mean / recorded - 1.0).abs() > MAX_ERROR {
        return Err(format!(
            "self-check failed: simulated runs of the recorded team take {mean:.0} s on average, the recording {recorded:.0} s"
        ));
    }
    Ok(())
}
