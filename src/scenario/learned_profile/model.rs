//! Data of a learned profile, and the profiles of its agents.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::{Digest, Dist};
use crate::scenario::learned_profile::parametric::WorkStyle;
use crate::team::{
    Accuracy, CallModel, ContextWindow, Envelope, Learned, LearnedPolicy, Profile, Trajectory, Variation,
};

/// Version of the file format of a learned profile.
pub const VERSION: u32 = 3;
/// Default probability that an agent follows the trajectory of its team instead of one of its own in the same style.
/// Recordings of one agent do not identify it; agents are assumed to differ as runs do.
pub(crate) const SHARED: f64 = 0.0;

/// Default correlation of the residuals of agents of one team, if there are too few calls to estimate it.
pub(crate) const COMMON: f64 = 0.35;
/// Default of the most files of a reply, if the recordings do not show it.
pub(crate) const FILES_A_REPLY: f64 = 16.0;

/// Sampling method of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SamplingMethod {
    /// From fitted parameters: work styles, latency with its variance, tokens.
    Parametric,
    /// From recorded calls by observation; the profile contains them as an anonymous table.
    #[default]
    Resampled,
}

impl SamplingMethod {
    /// Returns the name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            SamplingMethod::Parametric => "parametric",
            SamplingMethod::Resampled => "resampled",
        }
    }
}

/// Learned profile: the content of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedProfile {
    /// Sampling method of calls.
    pub method: SamplingMethod,
    /// Range of team sizes of the calibration runs.
    pub sizes: RangeInclusive<u32>,
    /// Digests of the names of the calibration runs, sorted.
    pub seen: Vec<u64>,
    /// Digest of the calibration data.
    pub corpus: u64,
    /// Date of the latest recording, such as 2026-03-09; none if unknown.
    pub date: Option<String>,
    /// Prediction errors on recordings.
    pub accuracy: Vec<Accuracy>,
    /// Parts by model, sorted by name.
    pub models: Vec<ModelPart>,
    /// Number of excluded runs by reason.
    pub unused: Vec<(String, u32)>,
}

/// Learned part of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPart {
    /// Model; none if the recordings do not name one.
    pub model: Option<String>,
    /// Number of calibration runs.
    pub runs: u32,
    /// Number of completed calibration runs.
    pub completed: u32,
    /// Most rounds of a run that was not completed, taken as the limit of rounds.
    pub max_rounds: Option<u32>,
    /// True if the recordings have rounds.
    pub in_rounds: bool,
    /// Range of teams and workloads; none if the file does not contain it.
    pub envelope: Option<Envelope>,
    /// Fit of the latency model.
    pub fit: LatencyFit,
    /// Work styles of the parametric method; else empty.
    pub styles: Vec<WorkStyle>,
    /// Learned policy of the agents.
    pub learned_policy: LearnedPolicy,
}

/// Fit of the latency model.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct LatencyFit {
    /// Number of calls.
    pub calls: u32,
    /// Standard deviation of the logarithm of latency.
    pub sigma: f64,
    /// Residual standard deviation given the number of files.
    pub sigma_left: f64,
    /// Standard deviation of the residuals between runs.
    pub sigma_runs: f64,
    /// Correlation of the residuals of successive calls of an agent.
    pub lag1: f64,
}

impl LearnedProfile {
    /// Returns true if the run of this name was used for calibration.
    pub fn has_seen(&self, trace: &str) -> bool {
        self.seen.binary_search(&fingerprint(trace)).is_ok()
    }

    /// Returns the part of a model, if the profile contains it.
    pub fn part(&self, model: Option<&str>) -> Option<&ModelPart> {
        self.models.iter().find(|part| part.model.as_deref() == model)
    }

    /// Returns the learned policy of a model; of an unknown model that of all together.
    pub fn learned_policy(&self, model: Option<&str>) -> LearnedPolicy {
        if let Some(part) = self.part(model) {
            return part.learned_policy.clone();
        }
        let mut all = LearnedPolicy { shared: SHARED, ..LearnedPolicy::default() };
        for part in &self.models {
            let (recorded_calls, call_models, runs) =
                (all.recorded_calls.len() as u32, all.call_models.len() as u32, all.trajectories.len() as u32);
            all.recorded_calls.extend(&part.learned_policy.recorded_calls);
            all.call_models.extend(&part.learned_policy.call_models);
            all.names.extend(part.learned_policy.names.iter().cloned());
            all.models.extend(part.learned_policy.models.iter().cloned());
            all.trajectories.extend(part.learned_policy.trajectories.iter().map(|trajectory| Trajectory {
                first: trajectory.first + recorded_calls,
                call_model: trajectory.call_model + call_models,
                run: trajectory.run + runs,
                ..*trajectory
            }));
        }
        all
    }

    /// Returns the limits of the recorder's harness that the recordings do not state, each with its consequence.
    pub fn unknown_limits(&self) -> Vec<String> {
        let call_models = || self.models.iter().flat_map(|part| &part.learned_policy.call_models);
        let unknown = |text: &str, is_unknown: &dyn Fn(&CallModel) -> bool| {
            let count = call_models().filter(|call_model| is_unknown(call_model)).count();
            let of = if count < call_models().count() { "in some runs " } else { "" };
            (count > 0).then(|| format!("{of}{text}"))
        };
        let has = |window: ContextWindow| move |call_model: &CallModel| call_model.window == window;
        let limits = [
            unknown("the output limit is not recorded, so no reply counts as truncated", &|call_model| {
                call_model.files_a_reply.is_infinite()
            }),
            unknown(
                "the context window is not recorded, or above 120 messages, so the whole history counts as input",
                &has(ContextWindow::WholeHistory),
            ),
            unknown(
                "the context window is not recorded, so every call has the mean recorded input",
                &has(ContextWindow::Mean),
            ),
        ];
        limits.into_iter().flatten().collect()
    }

    /// Adds prediction errors; earlier errors on the same recordings are replaced.
    pub fn set_accuracy(&mut self, accuracy: Vec<Accuracy>) {
        self.accuracy.retain(|old| accuracy.iter().all(|new| new.against != old.against));
        self.accuracy.extend(accuracy);
    }

    /// Returns range and errors of a model, or of all models together; none if the file has no range.
    pub fn learned(&self, model: Option<&str>) -> Option<Learned> {
        let known = self.part(model).is_some();
        let parts = self.models.iter().filter(|part| !known || part.model.as_deref() == model);
        let envelope = parts.filter_map(|part| part.envelope).reduce(Envelope::with)?;
        Some(Learned { envelope, accuracy: self.accuracy.clone() })
    }

    /// Returns the profile of agents of a model, for any scenario.
    pub fn profile(&self, model: Option<&str>) -> Profile {
        let learned_policy = self.learned_policy(model);
        // Latency of a lead, whose calls write nothing.
        let typical = learned_policy.call_models.first().map_or(1.0, |call_model: &CallModel| call_model.base_s);
        let name = model.unwrap_or("calibrated").to_owned();
        Profile {
            variation: Variation { call: 0.5, ..Variation::default() },
            learned_policy: Some(Arc::new(learned_policy)),
            learned: self.learned(model).map(Arc::new),
            ..Profile::with_latency(name, Dist::Constant(typical))
        }
    }
}

/// Returns the digest of the name of a run, which profiles contain instead of the name.
pub(crate) fn fingerprint(trace: &str) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(trace);
    digest.value()
}
