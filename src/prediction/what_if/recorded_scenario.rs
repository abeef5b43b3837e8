//! Scenario of a recorded run: its team, architecture and pacing.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::architecture;
use crate::problem::Problems;
use crate::scenario::ScenarioFile;
use crate::trace::{Trace, native};

/// File name of the recording in the scenario.
const FILE: &str = "recorded.steps.jsonl";
/// File name of the learned profile in the scenario.
pub(super) const PROFILE: &str = "session.yaml";

/// Returns the scenario of the recorded tasks with their times, tokens and files. The architecture is the recorded one if
/// brooks has it, else a board that grants claims at once. Pacing is in rounds if the recording has rounds.
///
/// # Errors
///
/// If the recording contains no work.
pub fn scenario(trace: &Trace, seed: Option<u64>) -> Result<ScenarioFile, Problems> {
    of_segments(trace, 0.0, seed)
}

/// Returns the same scenario whose attempts vary by lognormal factors with this log standard deviation.
pub(super) fn of_segments(trace: &Trace, call_sigma: f64, seed: Option<u64>) -> Result<ScenarioFile, Problems> {
    let profile = json!({ "name": "recorded", "latency": "recorded", "variation": { "call": call_sigma } });
    let text = native::write(trace).into_bytes();
    with_file(trace, &json!({ "trace": FILE }), &profile, None, seed, (FILE, text))
}

/// Builds a scenario with the recorded team, architecture and pacing, and a given workload and profile. `named` and `text`
/// are the name and content of the one file that they refer to.
pub(super) fn with_file(
    trace: &Trace,
    workload: &Value,
    profile: &Value,
    limits: Option<&Value>,
    seed: Option<u64>,
    (named, text): (&'static str, Vec<u8>),
) -> Result<ScenarioFile, Problems> {
    let known = trace.header.architecture.as_deref().filter(|name| architecture::find(name).is_some());
    let name = trace.header.trace.rsplit('/').next().unwrap_or("recorded");
    let architecture = match known {
        None => json!({ "self_claim": { "claims": "at_decision" } }),
        // Recorded teams claim as in the harness of the paper.
        Some("self_claim") => json!({ "self_claim": { "claims": "at_commit" } }),
        Some(other) => json!(other),
    };
    let scenario = json!({
        "name": format!("what if {name}"),
        "workload": workload,
        "team": { "agents": trace.header.agents.len().max(1), "profile": profile },
        "architecture": architecture,
        "pacing": if trace.header.barrier { "rounds" } else { "async" },
        "limits": limits.unwrap_or(&json!({})),
        "replications": 1,
        "seed": seed.unwrap_or(1),
    });
    let files = Arc::new(
        move |name: &str| if name == named { Ok(text.clone()) } else { Err("there is no other file".to_owned()) },
    );
    // Every JSON document is a YAML document.
    ScenarioFile::parse(&trace.header.trace, scenario.to_string().as_bytes(), &(files as _))
}
