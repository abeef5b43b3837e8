//! Calibration: from recordings of few agents, what a team of many would do, before it is paid for.
//!
//! A [`Demonstration`] is what one recorded run shows: what each agent saw, call by call, and what it did (`demonstration.rs`). From
//! lessons comes a [`LearnedProfile`], which is what a profile file holds; and from that a [`Scenario`] for any
//! [`Condition`], which runs like any other. Nothing here knows the runs that a team would have made.

mod call_model;
mod common_files;
mod demonstration;
mod first_token;
mod latency_curve;
mod provenance;
mod residual_correlation;
mod run_metadata;
mod run_spread;
mod work_styles;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub use demonstration::{Demonstration, UnusableRun, graph_of};
pub use run_metadata::RunMetadata;

use crate::problem::{Problem, Problems};
use crate::scenario::learned_profile::{
    LearnedProfile, ModelPart, SHARED, SamplingMethod, fingerprint, parametric as calls, run_effect,
};
use crate::team::{Behaviour, Habit, Script};
use crate::trace::Trace;

/// What is learned from, and how.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// How calls are drawn.
    pub method: SamplingMethod,
    /// The team sizes whose runs are used; only single agents if none are given.
    pub agents: Option<RangeInclusive<u32>>,
    /// The model whose runs are used; all if none is given.
    pub model: Option<String>,
}

impl Options {
    /// What it was learned with: another is learned alike from other runs.
    pub fn of(profile: &LearnedProfile) -> Options {
        Options { method: profile.method, agents: Some(profile.sizes.clone()), model: None }
    }
}

/// Learns from recorded runs.
///
/// # Errors
///
/// If there is nothing to learn from.
pub fn calibrate(runs: &[&Trace], options: &Options) -> Result<LearnedProfile, Problems> {
    let demonstrations: Vec<Result<Demonstration, UnusableRun>> =
        runs.iter().map(|trace| Demonstration::of(trace)).collect();
    calibrate_demonstrations(
        demonstrations.iter().map(|demonstration| demonstration.as_ref().map_err(|&unusable| unusable)),
        options,
    )
}

/// The same from lessons that were taken before: of the many runs of a corpus, they are what is worth keeping.
///
/// # Errors
///
/// If there is nothing to learn from.
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
        let mut message = "there is no recorded run to learn from".to_owned();
        message.extend(unused.iter().map(|(reason, runs)| format!("; {runs} {reason}")));
        let expected = "runs of one agent with their tasks and what happened to them, or --agents 1..8".to_owned();
        return Err(problem(String::new(), message, expected));
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
    let (manners, places, fit) = call_model::learn(demonstrations);
    let models = vec![model.clone().unwrap_or_default(); manners.len()];
    let mut names = vec![Vec::new(); manners.len()];
    for (demonstration, &place) in demonstrations.iter().zip(&places) {
        if let Some(names) = names.get_mut(place as usize) {
            names.clone_from(&demonstration.names);
        }
    }
    let mut behaviour = Behaviour { manners, models, names, shared: SHARED, ..Behaviour::default() };
    let files = common_files::Places::of(demonstrations);
    for (demonstration, manner) in demonstrations.iter().zip(places) {
        let run = behaviour.scripts.len() as u32;
        for (agent, calls) in demonstration.scripts.iter().enumerate() {
            let first = behaviour.habits.len() as u32;
            behaviour.habits.extend(calls.iter().enumerate().map(|(call, habit)| {
                let others = demonstration.others.get(agent).and_then(|others| others.get(call));
                let others = others.map_or(&[][..], Vec::as_slice);
                Habit { common_files: files.bits(demonstration.work.files, others), ..*habit }
            }));
            behaviour.scripts.push(Script {
                first,
                calls: calls.len() as u32,
                manner,
                work: demonstration.work,
                is_dealt: demonstration.is_dealt,
                weight: 1.0,
                run,
                agents: demonstration.agents,
                pace: 0.0,
                left_some: false,
            });
        }
    }
    run_effect::left_some(&mut behaviour);
    let styles = match method {
        SamplingMethod::Parametric => work_styles::styles(demonstrations, &behaviour),
        SamplingMethod::Resampled => Vec::new(),
    };
    if method == SamplingMethod::Parametric {
        calls::enact(&mut behaviour, &styles);
    }
    run_effect::surprise(&mut behaviour);
    let failed = demonstrations.iter().filter(|demonstration| !demonstration.completed);
    // A run that came to nothing before others came to their end was not given up for its length.
    let longest = demonstrations
        .iter()
        .filter(|demonstration| demonstration.completed)
        .map(|demonstration| demonstration.rounds)
        .max()
        .unwrap_or(0);
    ModelPart {
        model,
        runs: demonstrations.len() as u32,
        completed: demonstrations.iter().filter(|demonstration| demonstration.completed).count() as u32,
        max_rounds: failed
            .map(|demonstration| demonstration.rounds)
            .max()
            .filter(|&rounds| rounds > 0 && rounds >= longest),
        in_rounds: demonstrations.iter().any(|demonstration| demonstration.rounds > 0),
        envelope: provenance::envelope(demonstrations),
        fit,
        styles,
        behaviour,
    }
}

fn problem(path: String, message: String, expected: String) -> Problems {
    Problems::one(Problem { code: "calibration", file: "calibration".to_owned(), line: 0, path, message, expected })
}
