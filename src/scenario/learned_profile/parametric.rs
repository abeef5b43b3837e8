//! Parametric profiles: typical trajectories from the parameters of three work styles.
//!
//! Agents follow typical trajectories like recorded ones. A parametric profile contains no recorded call, so it can be
//! published.
//!
//! **batch**: all available tasks, or as many as fit, in one call. **one**: one task a call. **micro**: a task is claimed in
//! one call, written in the next, and completed in a third. Styles differ between runs of one condition more than within
//! one (arXiv 2603.12229).

use crate::engine::math;
use crate::team::{CallModel, LearnedPolicy, Observation, RecordedCall, TaskClass, Trajectory, WorkKey};

/// Standard normal quantiles (0.1, 0.3, 0.5, 0.7, 0.9) of the run effect that represent all runs.
const PACES: [f64; 5] = [-1.282, -0.524, 0.0, 0.524, 1.282];

/// Work style of a group of similar runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkStyle {
    /// Index of their call model.
    pub call_model: u32,
    /// Kind of style.
    pub kind: StyleKind,
    /// Number of runs.
    pub runs: u32,
    /// Tasks completed by a call that completes any.
    pub tasks_a_call: f64,
    /// Proportion of waiting tasks that are written together with ready ones.
    pub looks_ahead: f64,
    /// Proportion of calls without a change.
    pub idle: f64,
    /// Test runs for each call with writes.
    pub tested: f64,
    /// Seconds of a test run.
    pub test_s: f64,
    /// Rewritten files for each file written first.
    pub rework: f64,
    /// Standard deviation of the log run effect on latency.
    pub spread: f64,
}

/// Kind of work style.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StyleKind {
    /// Many tasks in one call.
    Batch,
    /// One task a call.
    One,
    /// One task in three calls.
    Micro,
}

impl StyleKind {
    /// Returns the name in files.
    pub fn name(self) -> &'static str {
        match self {
            StyleKind::Batch => "batch",
            StyleKind::One => "one",
            StyleKind::Micro => "micro",
        }
    }
}

/// Adds a trajectory without calls for each manner, which assigns the manner to its workload.
pub(crate) fn set_work(learned_policy: &mut LearnedPolicy, work: &[(u64, bool)]) {
    learned_policy.trajectories = (0..)
        .zip(work)
        .map(|(call_model, &(files, is_dealt))| Trajectory {
            run: call_model,
            agents: 1,
            run_effect: 0.0,
            left_some: false,
            first: 0,
            calls: 0,
            call_model,
            work: WorkKey { shape: 0, files },
            is_dealt,
            weight: 1.0,
        })
        .collect();
}

/// Replaces the recorded trajectories by typical ones: one for each style and each of five run effects.
pub(crate) fn enact(learned_policy: &mut LearnedPolicy, styles: &[WorkStyle]) {
    let recorded = std::mem::take(&mut learned_policy.trajectories);
    learned_policy.recorded_calls.clear();
    for style in styles {
        let Some(call_model) = learned_policy.call_models.get(style.call_model as usize).copied() else { continue };
        let Some(like) = recorded.iter().find(|trajectory| trajectory.call_model == style.call_model) else { continue };
        for run_effect in PACES {
            let first = learned_policy.recorded_calls.len() as u32;
            learned_policy.recorded_calls.extend(typical(style, &call_model, math::exp(style.spread * run_effect)));
            learned_policy.trajectories.push(Trajectory {
                first,
                calls: learned_policy.recorded_calls.len() as u32 - first,
                work: WorkKey { shape: 0, ..like.work },
                weight: f64::from(style.runs),
                run: learned_policy.trajectories.len() as u32,
                agents: 1,
                left_some: false,
                ..*like
            });
        }
    }
    // Trajectories without calls keep the assignment of manners to workloads.
    for trajectory in recorded {
        if !learned_policy.trajectories.iter().any(|other| other.call_model == trajectory.call_model) {
            let run = learned_policy.trajectories.len() as u32;
            learned_policy.trajectories.push(Trajectory { first: 0, calls: 0, run, agents: 1, ..trajectory });
        }
    }
}

/// Number of tasks in the observations of typical calls; observations are scaled to the board.
const TASKS: u16 = 20;

/// Returns the calls of a style, one for each kind of observation, with test runs and idle calls distributed among them.
fn typical(style: &WorkStyle, call_model: &CallModel, run_effect: f64) -> Vec<RecordedCall> {
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
    let mut waiting = RecordedCall { observation: seen(TASKS / 2), ..RecordedCall::default() };
    waiting.observation.tasks[TaskClass::Ready as usize] = TASKS / 2;
    calls.push(waiting);
    let mut owed = 0.0;
    for (index, call) in calls.iter_mut().enumerate() {
        call.observation.is_first = false;
        if call.files > 0 {
            owed += style.tested;
            call.files += (style.rework * f64::from(call.files)).round() as u16;
            if owed >= 0.5 {
                owed -= 1.0;
                call.tests = 1;
                call.tests_s = style.test_s;
            }
        }
        call.observation.is_first = index == 0;
        call.latency_s = call_model.possible_s(call_model.typical_s(f64::from(call.files)) * run_effect);
        call.output_tokens = call.latency_s * call_model.tokens_per_second;
    }
    calls
}

/// Returns the observation with this number of open tasks; a single agent has completed all others.
fn seen(left: u16) -> Observation {
    Observation { total: TASKS, finished: TASKS.saturating_sub(left), ..Observation::default() }
}

/// Returns a call on tasks without writes.
fn open(style: &WorkStyle, (ready, waiting): (u16, u16), taken: u16, ahead: u16) -> RecordedCall {
    let mut call = RecordedCall { observation: seen(ready + waiting), ..RecordedCall::default() };
    call.observation.tasks[TaskClass::Ready as usize] = ready;
    call.observation.tasks[TaskClass::Waiting as usize] = waiting;
    call.claims[TaskClass::Ready as usize] = taken;
    if style.kind != StyleKind::Micro {
        call.writes[TaskClass::Ready as usize] = taken;
        call.writes[TaskClass::Waiting as usize] = ahead;
        call.claims[TaskClass::Waiting as usize] = ahead;
        call.completes[TaskClass::Ready as usize] = taken;
        call.finishes_claims = true;
        call.files = taken + ahead;
    }
    call
}

/// Returns a call that claims and completes tasks that were written ahead.
fn begun(waiting: u16) -> RecordedCall {
    let mut call = RecordedCall { observation: seen(waiting), ..RecordedCall::default() };
    call.observation.tasks[TaskClass::ReadyBegun as usize] = 1;
    call.observation.tasks[TaskClass::WaitingBegun as usize] = waiting - 1;
    call.claims[TaskClass::ReadyBegun as usize] = 1;
    call.claims[TaskClass::WaitingBegun as usize] = waiting - 1;
    call.completes[TaskClass::ReadyBegun as usize] = 1;
    call.finishes_claims = true;
    call
}

/// Returns a call that writes or completes the only task that the agent owns.
fn held(_style: &WorkStyle, (ready, waiting): (u16, u16), is_begun: bool) -> RecordedCall {
    let mut call = RecordedCall { observation: seen(ready + waiting), ..RecordedCall::default() };
    call.observation.tasks[TaskClass::Ready as usize] = ready.saturating_sub(1);
    call.observation.tasks[TaskClass::Waiting as usize] = waiting;
    let class = if is_begun { TaskClass::HeldBegun } else { TaskClass::Held } as usize;
    call.observation.tasks[class] = 1;
    if is_begun {
        call.completes[class] = 1;
    } else {
        call.writes[class] = 1;
        call.files = 1;
    }
    call
}
