//! What if: the work of a recorded run under another team, simulated with what that very run shows of its agents.
//!
//! Where it says what became of its tasks, its agents' habits are learned from it (recorded calls, by what the agent
//! saw), and the team follows them. Where it does not, its steps are cut into pieces of work that take what they took.
//! Either way one run is little to go by, so intervals hold what could have come out differently: the run is drawn again
//! many times in blocks, learned from again and simulated again (`doubt.rs`). Rule and coverage: docs/MODEL.md, section 8.

mod bootstrap;
mod learned_policy;
mod uncertainty;
mod work_segments;

use std::sync::Arc;

use serde_json::{Value, json};

pub use uncertainty::{PREDICTION_LOG_SD, PredictionInterval, RESAMPLES, WhatIfAnswer};

use crate::architecture;
use crate::prediction::calibration::Demonstration;
use crate::problem::Problems;
use crate::scenario::ScenarioFile;
use crate::trace::{RecordedWork, Trace, TraceSummary, native, work_of};

/// What a scenario calls the file of its recording, and that of what was learned from it.
const FILE: &str = "recorded.steps.jsonl";
const PROFILE: &str = "session.yaml";

/// Standard deviation of the logarithm of length between runs of one agent on the same work, which one run cannot show.
/// Measured over the recorded runs of one agent (arXiv 2603.12229), within a model, a suite, a parallel fraction and an architecture
/// (a test).
pub const BETWEEN_RUNS: f64 = 0.42;

/// A recorded run, ready for other teams.
pub struct WhatIf {
    /// The scenario: axes can be put on it.
    pub file: ScenarioFile,
    /// What its agents are simulated by.
    pub basis: Basis,
    /// How much there was to learn from.
    pub data: Data,
    /// The recorded work.
    pub work: RecordedWork,
}

/// What agents are simulated by.
pub enum Basis {
    /// The habits of the recorded agents.
    Habits(Box<Demonstration>),
    /// What the pieces of work took, and why not habits.
    WorkSegments(work_segments::WorkSegments, String),
}

/// How much there was to learn from: one run always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// Agents in the run.
    pub agents: usize,
    /// Model calls.
    pub calls: usize,
    /// All steps, tools included.
    pub steps: usize,
    /// Tasks, or pieces of work.
    pub tasks: usize,
    /// Portions of work that were seen to vary; where they are few their spread is assumed.
    pub portions: usize,
}

impl WhatIf {
    /// Of a recorded run.
    ///
    /// # Errors
    ///
    /// If the recording holds no work.
    pub fn of(trace: &Trace, seed: Option<u64>) -> Result<WhatIf, Problems> {
        let work = work_of(trace);
        let (basis, file) = match learned_policy::of(trace, seed) {
            Ok((demonstration, file)) => (Basis::Habits(Box::new(demonstration)), file),
            Err(why) => {
                let pieces = work_segments::WorkSegments::of(trace, &work);
                let file = pieces_file(trace, pieces.call_sigma(), seed)?;
                (Basis::WorkSegments(pieces, why), file)
            }
        };
        let (portions, tasks) = match &basis {
            Basis::Habits(demonstration) => (bootstrap::portions(demonstration), demonstration.about.tasks as usize),
            Basis::WorkSegments(pieces, _) => (pieces.seen(), work.tasks.len()),
        };
        let calls = TraceSummary::of(trace).llm_calls;
        let data = Data { agents: trace.header.agents.len(), calls, steps: trace.steps.len(), tasks, portions };
        Ok(WhatIf { file, basis, data, work })
    }
}

/// The scenario of a recorded run's pieces of work: its tasks with their recorded times, tokens and files, its
/// architecture if it is one that brooks knows (else a board that grants claims at once), in rounds if it was.
///
/// # Errors
///
/// If the recording holds no work.
pub fn scenario(trace: &Trace, seed: Option<u64>) -> Result<ScenarioFile, Problems> {
    pieces_file(trace, 0.0, seed)
}

fn pieces_file(trace: &Trace, call_sigma: f64, seed: Option<u64>) -> Result<ScenarioFile, Problems> {
    let profile = json!({ "name": "recorded", "latency": "recorded", "variation": { "call": call_sigma } });
    let text = native::write(trace).into_bytes();
    file(trace, &json!({ "trace": FILE }), &profile, None, seed, (FILE, text))
}

/// A scenario with that workload and profile, and the one file that they name.
fn file(
    trace: &Trace,
    workload: &Value,
    profile: &Value,
    limits: Option<&Value>,
    seed: Option<u64>,
    (named, text): (&'static str, Vec<u8>),
) -> Result<ScenarioFile, Problems> {
    let known = trace.header.architecture.as_deref().filter(|name| architecture::find(name).is_some());
    let name = trace.header.trace.rsplit('/').next().unwrap_or("recorded");
    let scenario = json!({
        "name": format!("what if {name}"),
        "workload": workload,
        "team": { "agents": trace.header.agents.len().max(1), "profile": profile },
        "architecture": known.map_or_else(|| json!({ "self_claim": { "claims": "at_decision" } }), |name| json!(name)),
        "pacing": if trace.header.barrier { "rounds" } else { "async" },
        "limits": limits.unwrap_or(&json!({})),
        "replications": 1,
        "seed": seed.unwrap_or(1),
    });
    let files = Arc::new(
        move |name: &str| if name == named { Ok(text.clone()) } else { Err("there is no other file".to_owned()) },
    );
    // JSON is YAML.
    ScenarioFile::parse(&trace.header.trace, scenario.to_string().as_bytes(), &(files as _))
}
