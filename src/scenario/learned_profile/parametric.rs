//! Calls drawn from parameters: how runs were gone about, in three styles, and what each costs. From them typical
//! scripts are made, which agents follow as they would recorded ones; so there is one way of following, and a profile
//! that can be shown to anybody, as it holds no recorded call.
//!
//! **batch**: everything that can be done, or as much as fits, in one call. **one**: a task a call. **micro**: a task is
//! claimed in one call, written in the next, and said to be done in a third. [paper] styles differ between runs of one
//! condition more than within one.

use crate::engine::math;
use crate::team::{Behaviour, Habit, Manner, Script, Sight, Sort, WorkKey};

/// Quantiles of a run's pace that stand for all runs.
const PACES: [f64; 5] = [-1.282, -0.524, 0.0, 0.524, 1.282];

/// How runs were gone about that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkStyle {
    /// The manner that they have in common.
    pub manner: u32,
    /// Which style.
    pub kind: StyleKind,
    /// How many runs.
    pub runs: u32,
    /// Tasks finished by a call that finished any.
    pub tasks_a_call: f64,
    /// Of the tasks that wait, the share that is written with those that are ready.
    pub looks_ahead: f64,
    /// Share of calls that change nothing.
    pub idle: f64,
    /// Test runs a call that writes.
    pub tested: f64,
    /// Seconds of a test run.
    pub test_s: f64,
    /// Files written again, for each that is written first.
    pub rework: f64,
    /// Standard deviation of the logarithm of pace between runs.
    pub spread: f64,
}

/// A style of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StyleKind {
    /// Much in one call.
    Batch,
    /// One task a call.
    One,
    /// A task in three calls.
    Micro,
}

impl StyleKind {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            StyleKind::Batch => "batch",
            StyleKind::One => "one",
            StyleKind::Micro => "micro",
        }
    }
}

/// A script without calls for each manner: it says of which work the manner is.
pub(crate) fn place(behaviour: &mut Behaviour, work: &[(u64, bool)]) {
    behaviour.scripts = (0..)
        .zip(work)
        .map(|(manner, &(files, is_dealt))| Script {
            run: manner,
            agents: 1,
            pace: 0.0,
            left_some: false,
            first: 0,
            calls: 0,
            manner,
            work: WorkKey { shape: 0, files },
            is_dealt,
            weight: 1.0,
        })
        .collect();
}

/// Puts typical scripts in place of the recorded ones: of every style one for each of five paces.
pub(crate) fn enact(behaviour: &mut Behaviour, styles: &[WorkStyle]) {
    let of = std::mem::take(&mut behaviour.scripts);
    behaviour.habits.clear();
    for style in styles {
        let Some(manner) = behaviour.manners.get(style.manner as usize).copied() else { continue };
        let Some(like) = of.iter().find(|script| script.manner == style.manner) else { continue };
        for pace in PACES {
            let first = behaviour.habits.len() as u32;
            behaviour.habits.extend(typical(style, &manner, math::exp(style.spread * pace)));
            behaviour.scripts.push(Script {
                first,
                calls: behaviour.habits.len() as u32 - first,
                work: WorkKey { shape: 0, ..like.work },
                weight: f64::from(style.runs),
                run: behaviour.scripts.len() as u32,
                agents: 1,
                left_some: false,
                ..*like
            });
        }
    }
    // Scripts without a call still say of which work a manner is.
    for script in of {
        if !behaviour.scripts.iter().any(|other| other.manner == script.manner) {
            let run = behaviour.scripts.len() as u32;
            behaviour.scripts.push(Script { first: 0, calls: 0, run, agents: 1, ..script });
        }
    }
}

/// How many tasks typical calls see: enough to be all of any board, scaled as it is.
const TASKS: u16 = 20;

/// The calls of a style, one for each thing that may be seen; tests and calls without a change are spread among them.
fn typical(style: &WorkStyle, manner: &Manner, pace: f64) -> Vec<Habit> {
    let mut calls = Vec::new();
    let at_once = (style.tasks_a_call.round() as u16).clamp(1, TASKS);
    for left in [TASKS, 10, 4, 1] {
        for waiting in [0, left.saturating_sub(1).min(10)] {
            let ready = left - waiting;
            let taken = match style.kind {
                StyleKind::Batch if at_once >= TASKS / 2 => ready,
                StyleKind::Batch => at_once.min(ready),
                StyleKind::One | StyleKind::Micro => 1,
            };
            let ahead = (style.looks_ahead * f64::from(waiting)).round() as u16;
            calls.push(open(style, (ready, waiting), taken, ahead));
            if waiting > 0 && ahead > 0 {
                calls.push(begun(waiting));
            }
            if style.kind == StyleKind::Micro {
                calls.push(held(style, (ready, waiting), false));
                calls.push(held(style, (ready, waiting), true));
            }
        }
    }
    let mut waiting = Habit { sight: seen(TASKS / 2), ..Habit::default() };
    waiting.sight.tasks[Sort::Ready as usize] = TASKS / 2;
    calls.push(waiting);
    let mut owed = 0.0;
    for (place, call) in calls.iter_mut().enumerate() {
        call.sight.is_first = false;
        if call.files > 0 {
            owed += style.tested;
            call.files += (style.rework * f64::from(call.files)).round() as u16;
            if owed >= 0.5 {
                owed -= 1.0;
                call.tests = 1;
                call.tests_s = style.test_s;
            }
        }
        call.sight.is_first = place == 0;
        call.latency_s = manner.possible_s(manner.typical_s(f64::from(call.files)) * pace);
        call.output_tokens = call.latency_s * manner.tokens_per_second;
    }
    calls
}

/// What is seen when so many tasks are left: a single agent has finished all others itself.
fn seen(left: u16) -> Sight {
    Sight { total: TASKS, finished: TASKS.saturating_sub(left), ..Sight::default() }
}

/// A call on tasks that nobody has begun.
fn open(style: &WorkStyle, (ready, waiting): (u16, u16), taken: u16, ahead: u16) -> Habit {
    let mut call = Habit { sight: seen(ready + waiting), ..Habit::default() };
    call.sight.tasks[Sort::Ready as usize] = ready;
    call.sight.tasks[Sort::Waiting as usize] = waiting;
    call.claims[Sort::Ready as usize] = taken;
    if style.kind != StyleKind::Micro {
        call.writes[Sort::Ready as usize] = taken;
        call.writes[Sort::Waiting as usize] = ahead;
        call.claims[Sort::Waiting as usize] = ahead;
        call.completes[Sort::Ready as usize] = taken;
        call.finishes_claims = true;
        call.files = taken + ahead;
    }
    call
}

/// What was written ahead can be claimed and finished as its turn comes, one after the other.
fn begun(waiting: u16) -> Habit {
    let mut call = Habit { sight: seen(waiting), ..Habit::default() };
    call.sight.tasks[Sort::ReadyBegun as usize] = 1;
    call.sight.tasks[Sort::WaitingBegun as usize] = waiting - 1;
    call.claims[Sort::ReadyBegun as usize] = 1;
    call.claims[Sort::WaitingBegun as usize] = waiting - 1;
    call.completes[Sort::ReadyBegun as usize] = 1;
    call.finishes_claims = true;
    call
}

/// A call on the one task that the agent has: it is written, or said to be done.
fn held(_style: &WorkStyle, (ready, waiting): (u16, u16), is_begun: bool) -> Habit {
    let mut call = Habit { sight: seen(ready + waiting), ..Habit::default() };
    call.sight.tasks[Sort::Ready as usize] = ready.saturating_sub(1);
    call.sight.tasks[Sort::Waiting as usize] = waiting;
    let sort = if is_begun { Sort::HeldBegun } else { Sort::Held } as usize;
    call.sight.tasks[sort] = 1;
    if is_begun {
        call.completes[sort] = 1;
    } else {
        call.writes[sort] = 1;
        call.files = 1;
    }
    call
}
