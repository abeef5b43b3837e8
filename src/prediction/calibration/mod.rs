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

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

pub use about::About;
pub use lesson::{Lesson, Unfit, graph_of};

use crate::problem::{Problem, Problems};
use crate::scenario::learned_profile::{Calibration, Part, SHARED, Way, fingerprint, parametric as calls, run_effect};
use crate::team::{Behaviour, Habit, Script};
use crate::trace::Trace;

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

impl Options {
    /// What it was learned with: another is learned alike from other runs.
    pub fn of(profile: &Calibration) -> Options {
        Options { way: profile.way, agents: Some(profile.sizes.clone()), model: None }
    }
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
    let models = by_model.into_iter().map(|(model, lessons)| learn(options.way, model, &lessons)).collect();
    let unused = unused.into_iter().collect();
    Ok(Calibration { way: options.way, sizes, seen, corpus, date, accuracy: Vec::new(), models, unused })
}

fn learn(way: Way, model: Option<String>, lessons: &[&Lesson]) -> Part {
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
    run_effect::left_some(&mut behaviour);
    let styles = match way {
        Way::Parametric => parametric::styles(lessons, &behaviour),
        Way::Resampled => Vec::new(),
    };
    if way == Way::Parametric {
        calls::enact(&mut behaviour, &styles);
    }
    run_effect::surprise(&mut behaviour);
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

fn problem(path: String, message: String, expected: String) -> Problems {
    Problems::one(Problem { code: "calibration", file: "calibration".to_owned(), line: 0, path, message, expected })
}
