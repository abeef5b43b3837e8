//! What if: the work of a recorded run under another team, simulated with what that very run shows of its agents.
//!
//! Where it says what became of its tasks, its agents' habits are learned from it (recorded calls, by what the agent
//! saw), and the team follows them. Where it does not, its steps are cut into pieces of work that take what they took.
//! Either way one run is little to go by, so intervals hold what could have come out differently: the run is drawn again
//! many times in blocks, learned from again and simulated again (`doubt.rs`). Rule and coverage: docs/MODEL.md, section 8.

mod bootstrap;
mod learned_policy;
mod recorded_scenario;
mod uncertainty;
mod work_segments;

pub use recorded_scenario::scenario;
pub use uncertainty::{BETWEEN_RUNS, PREDICTION_LOG_SD, PredictionInterval, RESAMPLES, WhatIfAnswer};

use crate::prediction::calibration::Demonstration;
use crate::problem::Problems;
use crate::scenario::ScenarioFile;
use crate::trace::{RecordedWork, Trace, TraceSummary, work_of};

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
                let file = recorded_scenario::of_segments(trace, pieces.call_sigma(), seed)?;
                (Basis::WorkSegments(pieces, why), file)
            }
        };
        let (portions, tasks) = match &basis {
            Basis::Habits(demonstration) => (bootstrap::portions(demonstration), demonstration.metadata.tasks as usize),
            Basis::WorkSegments(pieces, _) => (pieces.seen(), work.tasks.len()),
        };
        let calls = TraceSummary::of(trace).llm_calls;
        let data = Data { agents: trace.header.agents.len(), calls, steps: trace.steps.len(), tasks, portions };
        Ok(WhatIf { file, basis, data, work })
    }
}
