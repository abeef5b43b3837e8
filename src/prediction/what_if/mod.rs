//! Simulation of what-if questions: the work of a recorded run under another team.
//!
//! The agents are simulated with what the recording shows of them:
//! - If it records the outcome of its tasks, a policy is learned from it: recorded calls, by what the agent observed.
//! - If not, its steps are cut into segments of work that take their recorded time.
//!
//! One run is a small sample. Prediction intervals therefore come from a bootstrap (`uncertainty.rs`): the run is
//! resampled in blocks, learned from and simulated again. Rule and coverage: docs/MODEL.md, section 9.

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
    /// The scenario; axes can be added to it.
    pub file: ScenarioFile,
    /// Basis of the simulated agents.
    pub basis: Basis,
    /// Amount of data in the recording.
    pub data: SampleSizes,
    /// The recorded work.
    pub work: RecordedWork,
}

/// Basis of the simulated agents.
pub enum Basis {
    /// A policy learned from the recorded agents.
    LearnedPolicy(Box<Demonstration>),
    /// Recorded times of segments of work, and the reason why no policy was learned.
    WorkSegments(work_segments::WorkSegments, String),
}

/// Amount of data in one recorded run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleSizes {
    /// Agents in the run.
    pub agents: usize,
    /// Model calls.
    pub calls: usize,
    /// All steps, tools included.
    pub steps: usize,
    /// Tasks, or segments of work.
    pub tasks: usize,
    /// Residuals from which variation is estimated; 0 if it is assumed.
    pub portions: usize,
}

impl WhatIf {
    /// Learns from a recorded run and builds the scenario of its team.
    ///
    /// # Errors
    ///
    /// If the recording contains no work.
    pub fn from_trace(trace: &Trace, seed: Option<u64>) -> Result<WhatIf, Problems> {
        let work = work_of(trace);
        let (basis, file) = match learned_policy::learn(trace, seed) {
            Ok((demonstration, file)) => (Basis::LearnedPolicy(Box::new(demonstration)), file),
            Err(why) => {
                let segments = work_segments::WorkSegments::new(trace, &work);
                let file = recorded_scenario::of_segments(trace, segments.attempt_log_sd(), seed)?;
                (Basis::WorkSegments(segments, why), file)
            }
        };
        let (portions, tasks) = match &basis {
            Basis::LearnedPolicy(demonstration) => {
                (bootstrap::residuals(demonstration).observed(), demonstration.metadata.tasks as usize)
            }
            Basis::WorkSegments(segments, _) => (segments.observed(), work.tasks.len()),
        };
        let calls = TraceSummary::of(trace).llm_calls;
        let data = SampleSizes { agents: trace.header.agents.len(), calls, steps: trace.steps.len(), tasks, portions };
        Ok(WhatIf { file, basis, data, work })
    }
}
