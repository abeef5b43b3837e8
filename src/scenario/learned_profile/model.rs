//! The data of a learned profile, and the agents that it describes.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::{Digest, Dist};
use crate::scenario::learned_profile::parametric::WorkStyle;
use crate::team::{Accuracy, Behaviour, Envelope, Learned, Manner, Profile, Script, Variation};

/// The version of the form of a calibration.
pub const VERSION: u32 = 3;
/// Chance that an agent follows the script of its team, and not one of its own in the same style. Recordings of one agent
/// cannot show it: members are taken to differ as runs do.
pub(crate) const SHARED: f64 = 0.0;

/// Correlation of the residuals of agents of one team, where there are too few calls to estimate it.
pub(crate) const COMMON: f64 = 0.35;
/// Files that fit into a reply, where no recording shows it.
pub(crate) const FILES_A_REPLY: f64 = 16.0;

/// How calls are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SamplingMethod {
    /// From parameters: styles of work, latency with its variance, tokens.
    Parametric,
    /// Recorded calls, by what the agent saw; they are kept in the profile as an anonymous table.
    #[default]
    Resampled,
}

impl SamplingMethod {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            SamplingMethod::Parametric => "parametric",
            SamplingMethod::Resampled => "resampled",
        }
    }
}

/// What was learned: what a profile file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnedProfile {
    /// How calls are drawn.
    pub method: SamplingMethod,
    /// The team sizes whose runs it was learned from.
    pub sizes: RangeInclusive<u32>,
    /// Fingerprints of the names of the runs that it was learned from, in order.
    pub seen: Vec<u64>,
    /// A fingerprint of what was learned from: other recordings, another one.
    pub corpus: u64,
    /// The day of the latest recording: 2026-03-09. None if no recording says.
    pub date: Option<String>,
    /// How far off it was, where it was held against recordings.
    pub accuracy: Vec<Accuracy>,
    /// A part a model, by name.
    pub models: Vec<ModelPart>,
    /// Runs that could not be used, by reason.
    pub unused: Vec<(String, u32)>,
}

/// What was learned of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPart {
    /// The model; none if the recordings do not name one.
    pub model: Option<String>,
    /// Runs that it was learned from.
    pub runs: u32,
    /// Of these, how many were completed.
    pub completed: u32,
    /// Most rounds of a run that was not completed: after so many it was given up.
    pub max_rounds: Option<u32>,
    /// Whether the recordings were made in rounds.
    pub in_rounds: bool,
    /// Over which teams and work; none if the file does not say.
    pub envelope: Option<Envelope>,
    /// How well latency is explained.
    pub fit: LatencyFit,
    /// How runs were gone about, if calls are drawn from parameters; else empty.
    pub styles: Vec<WorkStyle>,
    /// What its agents do, by what they see.
    pub behaviour: Behaviour,
}

/// How well latency is explained.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct LatencyFit {
    /// Calls.
    pub calls: u32,
    /// Standard deviation of the logarithm of latency.
    pub sigma: f64,
    /// What is left of it once the files of the call are known.
    pub sigma_left: f64,
    /// What of that is between runs.
    pub sigma_runs: f64,
    /// Correlation of what is left from one call of an agent to the next.
    pub lag1: f64,
}

impl LearnedProfile {
    /// Whether a run of that name was learned from.
    pub fn has_seen(&self, trace: &str) -> bool {
        self.seen.binary_search(&fingerprint(trace)).is_ok()
    }

    /// The part of a model; none if it is not known.
    pub fn part(&self, model: Option<&str>) -> Option<&ModelPart> {
        self.models.iter().find(|part| part.model.as_deref() == model)
    }

    /// What agents of a model do; of a model that is not known, what all do.
    pub fn behaviour(&self, model: Option<&str>) -> Behaviour {
        if let Some(part) = self.part(model) {
            return part.behaviour.clone();
        }
        let mut all = Behaviour { shared: SHARED, ..Behaviour::default() };
        for part in &self.models {
            let (habits, manners, runs) = (all.habits.len() as u32, all.manners.len() as u32, all.scripts.len() as u32);
            all.habits.extend(&part.behaviour.habits);
            all.manners.extend(&part.behaviour.manners);
            all.names.extend(part.behaviour.names.iter().cloned());
            all.models.extend(part.behaviour.models.iter().cloned());
            all.scripts.extend(part.behaviour.scripts.iter().map(|script| Script {
                first: script.first + habits,
                manner: script.manner + manners,
                run: script.run + runs,
                ..*script
            }));
        }
        all
    }

    /// Takes in how far off it was; what was known of the same recordings is replaced.
    pub fn know(&mut self, found: Vec<Accuracy>) {
        self.accuracy.retain(|old| found.iter().all(|new| new.against != old.against));
        self.accuracy.extend(found);
    }

    /// How far it reaches: for a model, or for all that it knows. None if the file does not say.
    pub fn learned(&self, model: Option<&str>) -> Option<Learned> {
        let known = self.part(model).is_some();
        let parts = self.models.iter().filter(|part| !known || part.model.as_deref() == model);
        let envelope = parts.filter_map(|part| part.envelope).reduce(Envelope::with)?;
        Some(Learned { envelope, accuracy: self.accuracy.clone() })
    }

    /// A profile of agents of that model, for any scenario.
    pub fn profile(&self, model: Option<&str>) -> Profile {
        let behaviour = self.behaviour(model);
        // For who leads: calls that write nothing.
        let typical = behaviour.manners.first().map_or(1.0, |manner: &Manner| manner.base_s);
        let name = model.unwrap_or("calibrated").to_owned();
        Profile {
            variation: Variation { call: 0.5, ..Variation::default() },
            behaviour: Some(Arc::new(behaviour)),
            learned: self.learned(model).map(Arc::new),
            ..Profile::with_latency(name, Dist::Constant(typical))
        }
    }
}

/// Of the name of a run: profiles say which runs they know, and name none.
pub(crate) fn fingerprint(trace: &str) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(trace);
    digest.value()
}
