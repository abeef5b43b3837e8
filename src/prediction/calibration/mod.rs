//! Calibration: from recordings of small teams to a profile that predicts larger ones.
//!
//! A [`Demonstration`] is the observations and actions of the agents of one recorded run (`demonstration.rs`). A
//! [`LearnedProfile`] is learned from demonstrations; it is the content of a profile file. It yields a scenario for any
//! condition. Recorded runs of the predicted teams are not used.

mod call_model;
mod common_files;
mod demonstration;
mod first_token;
mod harness_limits;
mod input_tokens;
mod latency_curve;
mod provenance;
mod residual_correlation;
mod run_metadata;
mod run_spread;
mod task_files;
mod work_styles;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub use demonstration::{Demonstration, UnusableRun, graph_of};
pub use harness_limits::HarnessLimits;
pub use run_metadata::RunMetadata;

use crate::prediction::calibration::common_files::CommonFiles;
use crate::problem::{Problem, Problems};
use crate::scenario::learned_profile::{
    LearnedProfile, ModelPart, SHARED, SamplingMethod, fingerprint, parametric, run_effect,
};
use crate::team::{LearnedPolicy, RecordedCall, Trajectory};
use crate::trace::Trace;

/// Selection of recordings, and the sampling method of the learned profile.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// Method of sampling calls.
    pub method: SamplingMethod,
    /// Team sizes to learn from; single agents only if none.
    pub agents: Option<RangeInclusive<u32>>,
    /// Model to learn from; all models if none.
    pub model: Option<String>,
}

impl Options {
    /// Options of an existing profile, for learning another one from other runs.
    pub fn from_profile(profile: &LearnedProfile) -> Options {
        Options { method: profile.method, agents: Some(profile.sizes.clone()), model: None }
    }
}

/// Learns a profile from recorded runs.
///
/// # Errors
///
/// If no run can be learned from.
pub fn calibrate(runs: &[&Trace], options: &Options) -> Result<LearnedProfile, Problems> {
    let demonstrations: Vec<Result<Demonstration, UnusableRun>> =
        runs.iter().map(|trace| Demonstration::from_trace(trace)).collect();
    calibrate_demonstrations(
        demonstrations.iter().map(|demonstration| demonstration.as_ref().map_err(|&unusable| unusable)),
        options,
    )
}

/// Learns a profile from demonstrations, which are much smaller than the recorded runs of a corpus.
///
/// # Errors
///
/// If no run can be learned from.
pub fn calibrate_demonstrations<'l>(
    demonstrations: impl Iterator<Item = Result<&'l Demonstration, UnusableRun>>,
    options: &Options,
) -> Result<LearnedProfile, Problems> {
    let sizes = options.agents.clone().unwrap_or(1..=1);
    let mut unused: BTreeMap<String, u32> = BTreeMap::new();
    let mut by_model: BTreeMap<Option<String>, Vec<&Demonstration>> = BTreeMap::new();
    for demonstration in demonstrations {
        match demonstration {
            Ok(demonstration) if options.model.is_some() && demonstration.model != options.model => {
                *unused.entry("of another model".to_owned()).or_default() += 1;
            }
            Ok(demonstration) if sizes.contains(&demonstration.agents) => {
                by_model.entry(demonstration.model.clone()).or_default().push(demonstration);
            }
            Ok(_) => *unused.entry("of another team size".to_owned()).or_default() += 1,
            Err(unusable) => *unused.entry(unusable.to_string()).or_default() += 1,
        }
    }
    if by_model.is_empty() {
        let mut message = "no recorded run can be learned from".to_owned();
        message.extend(unused.iter().map(|(reason, runs)| format!("; {runs} {reason}")));
        let expected = "runs of one agent with their tasks and the outcome of each, or --agents 1..8".to_owned();
        let (code, file) = ("calibration", "calibration".to_owned());
        return Err(Problems::one(Problem { code, file, line: 0, path: String::new(), message, expected }));
    }
    let mut seen: Vec<u64> =
        by_model.values().flatten().map(|demonstration| fingerprint(&demonstration.trace)).collect();
    seen.sort_unstable();
    let used = || by_model.values().flatten().copied();
    let (corpus, date) = (provenance::corpus_digest(used()), provenance::latest_date(used()));
    let models =
        by_model.into_iter().map(|(model, demonstrations)| learn(options.method, model, &demonstrations)).collect();
    let unused = unused.into_iter().collect();
    Ok(LearnedProfile { method: options.method, sizes, seen, corpus, date, accuracy: Vec::new(), models, unused })
}

fn learn(method: SamplingMethod, model: Option<String>, demonstrations: &[&Demonstration]) -> ModelPart {
    let (call_models, indices, fit) = call_model::learn(demonstrations);
    let mut names = vec![Vec::new(); call_models.len()];
    for (demonstration, &index) in demonstrations.iter().zip(&indices) {
        if let Some(names) = names.get_mut(index as usize) {
            names.clone_from(&demonstration.names);
        }
    }
    let models = vec![model.clone().unwrap_or_default(); call_models.len()];
    let mut learned_policy = LearnedPolicy { call_models, models, names, shared: SHARED, ..LearnedPolicy::default() };
    add_calls(&mut learned_policy, demonstrations, &indices);
    run_effect::left_some(&mut learned_policy);
    let styles = match method {
        SamplingMethod::Parametric => work_styles::styles(demonstrations, &learned_policy),
        SamplingMethod::Resampled => Vec::new(),
    };
    if method == SamplingMethod::Parametric {
        parametric::enact(&mut learned_policy, &styles);
    }
    run_effect::log_residual(&mut learned_policy);
    let completed = || demonstrations.iter().filter(|demonstration| demonstration.completed);
    let failed = demonstrations.iter().filter(|demonstration| !demonstration.completed);
    // A failed run that is shorter than a completed one did not reach the limit on rounds.
    let longest = completed().map(|demonstration| demonstration.rounds).max().unwrap_or(0);
    let given_up = failed.map(|demonstration| demonstration.rounds).max();
    ModelPart {
        model,
        runs: demonstrations.len() as u32,
        completed: completed().count() as u32,
        max_rounds: given_up.filter(|&rounds| rounds > 0 && rounds >= longest),
        in_rounds: demonstrations.iter().any(|demonstration| demonstration.rounds > 0),
        envelope: provenance::envelope(demonstrations),
        fit,
        styles,
        learned_policy,
    }
}

/// Adds the recorded calls, with the call model of each demonstration.
fn add_calls(learned_policy: &mut LearnedPolicy, demonstrations: &[&Demonstration], call_models: &[u32]) {
    let files = CommonFiles::new(demonstrations);
    for (demonstration, &call_model) in demonstrations.iter().zip(call_models) {
        let run = learned_policy.trajectories.len() as u32;
        for (agent, calls) in demonstration.trajectories.iter().enumerate() {
            let first = learned_policy.recorded_calls.len() as u32;
            learned_policy.recorded_calls.extend(calls.iter().enumerate().map(|(index, call)| {
                let others = demonstration.others.get(agent).and_then(|others| others.get(index));
                let others = others.map_or(&[][..], Vec::as_slice);
                RecordedCall { common_files: files.bits(demonstration.work.files, others), ..*call }
            }));
            learned_policy.trajectories.push(Trajectory {
                first,
                calls: calls.len() as u32,
                call_model,
                work: demonstration.work,
                is_dealt: demonstration.is_dealt,
                weight: 1.0,
                run,
                agents: demonstration.agents,
                run_effect: 0.0,
                left_some: false,
            });
        }
    }
}
