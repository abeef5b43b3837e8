//! Whether a recorded run shows enough for its agents' habits to be learned, and the scenario of a team that has them.

use serde_json::json;

use crate::engine::Samplers;
use crate::experiment::Replications;
use crate::prediction::calibration::{Demonstration, Options, calibrate_demonstrations, graph_of};
use crate::prediction::what_if::recorded_scenario::{PROFILE, with_file};
use crate::record::Ending;
use crate::scenario::ScenarioFile;
use crate::scenario::learned_profile::SamplingMethod;
use crate::trace::Trace;
use crate::trace::replay::replay;
use crate::workload::TaskGraph;

/// Runs of the recorded team by its own habits, before others are tried.
const REHEARSALS: u64 = 20;
/// How many of them have to come to their end.
const COMPLETED: usize = 18;
/// How far their mean length may be from the recorded one.
const OFF_BY: f64 = 0.3;

/// A team that takes so many times the recorded rounds and calls, and these at least, gets nowhere.
const PATIENCE: u32 = 5;
const LEAST: (u32, u32) = (30, 300);

/// The lesson of the run and the scenario of its team; or why there is none, in words.
pub(super) fn of(trace: &Trace, seed: Option<u64>) -> Result<(Demonstration, ScenarioFile), String> {
    let graph = graph_of(trace).map_err(|unusable| format!("recordings like it {unusable}"))?;
    let demonstration = Demonstration::of(trace).map_err(|unusable| format!("recordings like it {unusable}"))?;
    if graph.len() < 2 {
        return Err("it names one task".to_owned());
    }
    if !demonstration.completed {
        return Err("it does not say that all of its tasks were finished".to_owned());
    }
    let file = scenario(trace, &demonstration, &graph, seed).map_err(|problems| problems.to_string())?;
    self_replication_check(trace, &file)?;
    Ok((demonstration, file))
}

/// What a lesson is learned with: resampled, from a team of its size.
pub(super) fn options(demonstration: &Demonstration) -> Options {
    Options {
        method: SamplingMethod::Resampled,
        agents: Some(demonstration.agents..=demonstration.agents),
        model: None,
    }
}

fn scenario(
    trace: &Trace,
    demonstration: &Demonstration,
    graph: &TaskGraph,
    seed: Option<u64>,
) -> Result<ScenarioFile, crate::problem::Problems> {
    let calibration = calibrate_demonstrations(std::iter::once(Ok(demonstration)), &options(demonstration))?;
    let task = |task: &crate::workload::TaskSpec| {
        json!({
            "id": task.id, "size": format!("{} tokens", task.size), "depends_on": task.depends_on, "writes": task.writes,
        })
    };
    let tasks: Vec<serde_json::Value> = graph.to_specs().iter().map(task).collect();
    let profile = json!({ "name": "this session", "base": PROFILE });
    let text = calibration.to_yaml("session", "the session itself").into_bytes();
    let calls: u32 = demonstration.scripts.iter().map(|calls| calls.len() as u32).sum();
    let rounds =
        demonstration.scripts.iter().map(|calls| calls.len() as u32).max().unwrap_or(0).max(demonstration.rounds);
    let limits = json!({ "rounds": (PATIENCE * rounds).max(LEAST.0), "calls": (4 * PATIENCE * calls).max(LEAST.1) });
    with_file(trace, &json!({ "tasks": tasks }), &profile, Some(&limits), seed, (PROFILE, text))
}

/// The recorded team does the recorded work again by its own habits: if that is not much like what was recorded,
/// nothing that they say of other teams is.
fn self_replication_check(trace: &Trace, file: &ScenarioFile) -> Result<(), String> {
    let scenario = file.at(&[]).map_err(|problems| problems.to_string())?;
    let sample = Replications::run(&scenario, 0..REHEARSALS, &Samplers::default());
    let completed = sample.count(Ending::Completed);
    if completed < COMPLETED {
        return Err(format!("by its own habits its own team comes to an end in {completed} of {REHEARSALS} runs"));
    }
    let recorded = replay(trace, &mut ()).replayed.as_secs();
    let times = sample.completed("makespan_s");
    let mean = times.iter().sum::<f64>() / times.len().max(1) as f64;
    if recorded > 0.0 && (mean / recorded - 1.0).abs() > OFF_BY {
        return Err(format!("by its own habits its own team takes {mean:.0} s, and {recorded:.0} s were recorded"));
    }
    Ok(())
}
