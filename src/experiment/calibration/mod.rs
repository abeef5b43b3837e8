//! Calibration: from recordings of few agents, what a team of many would do, before it is paid for.
//!
//! A [`Lesson`] is what one recorded run shows: what each agent saw, call by call, and what it did (`lesson.rs`). From
//! lessons comes a [`Calibration`], which is what a profile file holds; and from that a [`Scenario`] for any
//! [`Condition`], which runs like any other. Nothing here knows the runs that a team would have made.

mod about;
mod alike;
mod common_files;
mod curve;
mod first_token;
mod lesson;
mod manner;
mod pace;
mod parametric;
mod read;
mod write;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

pub use about::About;
pub use lesson::{Lesson, Unfit, graph_of};
pub use manner::Fit;
pub use parametric::Style;
pub(crate) use read::calibration as calibration_of;
pub use read::title;

use crate::architecture::{self, Architecture, Choices};
use crate::engine::Digest;
use crate::experiment::scenario_file::{Problem, Problems};
use crate::record::Prices;
use crate::simulation::{DependencyCheck, Limits, Pacing, Scenario};
use crate::team::{
    Accuracy, Agent, Behaviour, Consistency, Envelope, Habit, Learned, Manner, Profile, Role, Script, Variation,
};
use crate::trace::Trace;
use crate::workload::TaskGraph;

/// The version of the form of a calibration.
pub const VERSION: u32 = 3;
/// Rounds after which a run is given up, where no recording shows it.
pub const ROUNDS: u32 = 60;
/// Chance that an agent follows the script of its team, and not one of its own in the same style. Recordings of one agent
/// cannot show it: members are taken to differ as runs do.
const SHARED: f64 = 0.0;

/// How calls are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Way {
    /// From parameters: styles of work, latency with its variance, tokens.
    Parametric,
    /// Recorded calls, by what the agent saw; they are kept in the profile as an anonymous table.
    #[default]
    Resampled,
}

impl Way {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Way::Parametric => "parametric",
            Way::Resampled => "resampled",
        }
    }
}

/// What is learned from, and how.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Options {
    /// How calls are drawn.
    pub way: Way,
    /// The team sizes whose runs are used; only single agents if none are given.
    pub agents: Option<RangeInclusive<u32>>,
    /// The model whose runs are used; all if none is given.
    pub model: Option<String>,
}

/// What was learned: what a profile file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// How calls are drawn.
    pub way: Way,
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
    pub models: Vec<Part>,
    /// Runs that could not be used, by reason.
    pub unused: Vec<(String, u32)>,
}

/// What was learned of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
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
    pub fit: Fit,
    /// How runs were gone about, if calls are drawn from parameters; else empty.
    pub styles: Vec<Style>,
    /// What its agents do, by what they see.
    pub behaviour: Behaviour,
}

/// A team whose runs are to be predicted.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The model; one that the calibration does not know, or none, means all of them together.
    pub model: Option<String>,
    /// The architecture by its name in the registry.
    pub architecture: String,
    /// How many agents.
    pub agents: u32,
    /// What must be done.
    pub tasks: Arc<TaskGraph>,
    /// Rounds after which a run is given up; as in the recordings if not given.
    pub max_rounds: Option<u32>,
}

/// Learns from recorded runs.
///
/// # Errors
///
/// If there is nothing to learn from.
pub fn calibrate(runs: &[&Trace], options: &Options) -> Result<Calibration, Problems> {
    let lessons: Vec<Result<Lesson, Unfit>> = runs.iter().map(|trace| Lesson::of(trace)).collect();
    calibrate_lessons(lessons.iter().map(|lesson| lesson.as_ref().map_err(|&unfit| unfit)), options)
}

/// The same from lessons that were taken before: of the many runs of a corpus, they are what is worth keeping.
///
/// # Errors
///
/// If there is nothing to learn from.
pub fn calibrate_lessons<'l>(
    lessons: impl Iterator<Item = Result<&'l Lesson, Unfit>>,
    options: &Options,
) -> Result<Calibration, Problems> {
    let sizes = options.agents.clone().unwrap_or(1..=1);
    let mut unused: BTreeMap<String, u32> = BTreeMap::new();
    let mut by_model: BTreeMap<Option<String>, Vec<&Lesson>> = BTreeMap::new();
    for lesson in lessons {
        match lesson {
            Ok(lesson) if options.model.is_some() && lesson.model != options.model => {
                *unused.entry("of another model".to_owned()).or_default() += 1;
            }
            Ok(lesson) if sizes.contains(&lesson.agents) => {
                by_model.entry(lesson.model.clone()).or_default().push(lesson);
            }
            Ok(_) => *unused.entry("of another team size".to_owned()).or_default() += 1,
            Err(unfit) => *unused.entry(unfit.to_string()).or_default() += 1,
        }
    }
    if by_model.is_empty() {
        let mut message = "there is no recorded run to learn from".to_owned();
        message.extend(unused.iter().map(|(reason, runs)| format!("; {runs} {reason}")));
        let expected = "runs of one agent with their tasks and what happened to them, or --agents 1..8".to_owned();
        return Err(problem(String::new(), message, expected));
    }
    let mut seen: Vec<u64> = by_model.values().flatten().map(|lesson| fingerprint(&lesson.trace)).collect();
    seen.sort_unstable();
    let used = || by_model.values().flatten().copied();
    let (corpus, date) = (about::corpus(used()), about::latest(used()));
    let models = by_model.into_iter().map(|(model, lessons)| Part::of(options.way, model, &lessons)).collect();
    let unused = unused.into_iter().collect();
    Ok(Calibration { way: options.way, sizes, seen, corpus, date, accuracy: Vec::new(), models, unused })
}

impl Part {
    fn of(way: Way, model: Option<String>, lessons: &[&Lesson]) -> Part {
        let (manners, places, fit) = manner::learn(lessons);
        let models = vec![model.clone().unwrap_or_default(); manners.len()];
        let mut names = vec![Vec::new(); manners.len()];
        for (lesson, &place) in lessons.iter().zip(&places) {
            if let Some(names) = names.get_mut(place as usize) {
                names.clone_from(&lesson.names);
            }
        }
        let mut behaviour = Behaviour { manners, models, names, shared: SHARED, ..Behaviour::default() };
        let files = common_files::Places::of(lessons);
        for (lesson, manner) in lessons.iter().zip(places) {
            let run = behaviour.scripts.len() as u32;
            for (agent, calls) in lesson.scripts.iter().enumerate() {
                let first = behaviour.habits.len() as u32;
                behaviour.habits.extend(calls.iter().enumerate().map(|(call, habit)| {
                    let others = lesson.others.get(agent).and_then(|others| others.get(call));
                    let others = others.map_or(&[][..], Vec::as_slice);
                    Habit { common_files: files.bits(lesson.work.files, others), ..*habit }
                }));
                behaviour.scripts.push(Script {
                    first,
                    calls: calls.len() as u32,
                    manner,
                    work: lesson.work,
                    is_dealt: lesson.is_dealt,
                    weight: 1.0,
                    run,
                    agents: lesson.agents,
                    pace: 0.0,
                    left_some: false,
                });
            }
        }
        pace::left_some(&mut behaviour);
        let styles = match way {
            Way::Parametric => parametric::styles(lessons, &behaviour),
            Way::Resampled => Vec::new(),
        };
        if way == Way::Parametric {
            parametric::enact(&mut behaviour, &styles);
        }
        pace::surprise(&mut behaviour);
        let failed = lessons.iter().filter(|lesson| !lesson.completed);
        // A run that came to nothing before others came to their end was not given up for its length.
        let longest = lessons.iter().filter(|lesson| lesson.completed).map(|lesson| lesson.rounds).max().unwrap_or(0);
        Part {
            model,
            runs: lessons.len() as u32,
            completed: lessons.iter().filter(|lesson| lesson.completed).count() as u32,
            max_rounds: failed.map(|lesson| lesson.rounds).max().filter(|&rounds| rounds > 0 && rounds >= longest),
            in_rounds: lessons.iter().any(|lesson| lesson.rounds > 0),
            envelope: about::envelope(lessons),
            fit,
            styles,
            behaviour,
        }
    }
}

impl Calibration {
    /// Whether a run of that name was learned from.
    pub fn has_seen(&self, trace: &str) -> bool {
        self.seen.binary_search(&fingerprint(trace)).is_ok()
    }

    /// What it was learned with: another is learned alike from other runs.
    pub fn options(&self) -> Options {
        Options { way: self.way, agents: Some(self.sizes.clone()), model: None }
    }

    /// The part of a model; none if it is not known.
    pub fn part(&self, model: Option<&str>) -> Option<&Part> {
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
            ..Profile::with_latency(name, crate::engine::Dist::Constant(typical))
        }
    }

    /// A scenario of that team: run it as often as you like.
    ///
    /// # Errors
    ///
    /// If there is no such architecture, or no agent.
    pub fn scenario(&self, condition: &Condition, seed: u64) -> Result<Scenario, Problems> {
        let profile = Arc::new(self.profile(condition.model.as_deref()));
        self.scenario_of(condition, &profile, seed)
    }

    /// The same with a profile of [`Calibration::profile`], which many conditions may share.
    ///
    /// # Errors
    ///
    /// As for [`Calibration::scenario`].
    pub fn scenario_of(&self, condition: &Condition, profile: &Arc<Profile>, seed: u64) -> Result<Scenario, Problems> {
        let (architecture, name) = architecture_of(&condition.architecture)?;
        if condition.agents == 0 {
            let expected = "one agent or more".to_owned();
            return Err(problem("agents".to_owned(), "there is nobody in the team".to_owned(), expected));
        }
        let part = self.part(condition.model.as_deref());
        let known = part.map_or_else(|| self.models.iter().filter_map(|p| p.max_rounds).max(), |p| p.max_rounds);
        let in_rounds = part.map_or_else(|| self.models.iter().any(|part| part.in_rounds), |part| part.in_rounds);
        let team = (1..=condition.agents).map(|number| Agent {
            name: format!("agent {number}"),
            role: Role::Worker,
            profile: Arc::clone(profile),
            skills: Vec::new(),
        });
        Ok(Scenario {
            name: format!("{} of {}", condition.architecture, condition.agents),
            graph: Arc::clone(&condition.tasks),
            parallel_fraction: None,
            team: team.collect(),
            architecture,
            architecture_name: name.to_owned(),
            pacing: if in_rounds { Pacing::Rounds { idle_calls: true } } else { Pacing::Async },
            consistency: Consistency::LastWriterWins,
            dependency_check: DependencyCheck::Claim,
            resources: Vec::new(),
            limits: Limits {
                rounds: condition.max_rounds.or(known).unwrap_or(ROUNDS),
                ..Limits::generous(condition.tasks.len())
            },
            prices: Prices::default(),
            seed,
        })
    }
}

/// The architecture of that name with its defaults.
fn architecture_of(name: &str) -> Result<(Arc<dyn Architecture>, &'static str), Problems> {
    let row = architecture::find(name).ok_or_else(|| {
        let known: Vec<&str> = architecture::ARCHITECTURES.iter().map(|row| row.name).collect();
        problem("architecture".to_owned(), format!("there is no architecture \"{name}\""), known.join(", "))
    })?;
    let defaults: Vec<&str> = row.parameters.iter().filter_map(|parameter| parameter.values.first().copied()).collect();
    let choices = Choices::new(row, &defaults);
    let made = choices.map(|choices| Arc::from((row.make)(&choices)));
    made.map(|architecture| (architecture, row.name))
        .ok_or_else(|| problem("architecture".to_owned(), format!("{name} has no defaults"), String::new()))
}

/// Of the name of a run: profiles say which runs they know, and name none.
fn fingerprint(trace: &str) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(trace);
    digest.value()
}

fn problem(path: String, message: String, expected: String) -> Problems {
    Problems::one(Problem { code: "calibration", file: "calibration".to_owned(), line: 0, path, message, expected })
}
