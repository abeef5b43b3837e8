//! Work styles of recorded runs: granularity of their calls, and its cost.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::calibration::Demonstration;
use crate::scenario::learned_profile::{StyleKind, WorkStyle};
use crate::team::{CallModel, LearnedPolicy, RecordedCall, TaskClass};

/// Fewest acting calls per task of a run of style micro, and of style one.
const MICRO: f64 = 1.8;
const ONE: f64 = 0.65;

/// Sums over the runs of one style.
#[derive(Default)]
struct Sums {
    runs: f64,
    finishing: f64,
    finished: f64,
    ahead: f64,
    waiting: f64,
    calls: f64,
    idle: f64,
    writing: f64,
    tests: f64,
    test_s: f64,
    first: f64,
    rework: f64,
    run_effect: f64,
    paces_squared: f64,
}

/// Returns the styles of the demonstrations. `learned_policy` contains their calls, in the same order.
pub(super) fn styles(demonstrations: &[&Demonstration], learned_policy: &LearnedPolicy) -> Vec<WorkStyle> {
    let mut sums: BTreeMap<(u32, StyleKind), Sums> = BTreeMap::new();
    let trajectories = demonstrations.iter().flat_map(|demonstration| &demonstration.trajectories);
    for (calls, trajectory) in trajectories.zip(&learned_policy.trajectories) {
        let Some(call_model) = learned_policy.call_models.get(trajectory.call_model as usize) else { continue };
        add(sums.entry((trajectory.call_model, kind_of(calls))).or_default(), calls, call_model);
    }
    let style = |((call_model, kind), s): ((u32, StyleKind), Sums)| {
        let ratio = |part: f64, whole: f64| if whole > 0.0 { rounded(part / whole) } else { 0.0 };
        let mean = ratio(s.run_effect, s.runs);
        let variance = if s.runs > 1.0 { (s.paces_squared - s.runs * mean * mean) / (s.runs - 1.0) } else { 0.0 };
        WorkStyle {
            call_model,
            kind,
            runs: s.runs as u32,
            tasks_a_call: ratio(s.finished, s.finishing).max(1.0),
            looks_ahead: ratio(s.ahead, s.waiting),
            idle: ratio(s.idle, s.calls),
            tested: ratio(s.tests, s.writing).min(1.0),
            test_s: ratio(s.test_s, s.tests),
            rework: ratio(s.rework, s.first),
            spread: rounded(variance.max(0.0).sqrt()),
        }
    };
    sums.into_iter().map(style).collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn kind_of(calls: &[RecordedCall]) -> StyleKind {
    let finished: u32 = calls.iter().map(|call| total(&call.completes)).sum();
    let acting = calls.iter().filter(|call| !call.is_idle()).count();
    match acting as f64 / f64::from(finished.max(1)) {
        calls if calls >= MICRO => StyleKind::Micro,
        calls if calls >= ONE => StyleKind::One,
        _ => StyleKind::Batch,
    }
}

fn add(sums: &mut Sums, calls: &[RecordedCall], call_model: &CallModel) {
    sums.runs += 1.0;
    let mut run_effect = 0.0;
    for call in calls {
        let finished = f64::from(total(&call.completes));
        if finished > 0.0 {
            sums.finishing += 1.0;
            sums.finished += finished;
        }
        let waiting = TaskClass::Waiting as usize;
        if call.writes[TaskClass::Ready as usize] > 0 && call.observation.tasks[waiting] > 0 {
            sums.waiting += f64::from(call.observation.tasks[waiting]);
            sums.ahead += f64::from(call.writes[waiting]);
        }
        sums.calls += 1.0;
        sums.idle += f64::from(u8::from(call.is_idle()));
        if call.files > 0 {
            sums.writing += 1.0;
            sums.tests += f64::from(call.tests.min(1));
            sums.test_s += call.tests_s;
        }
        let new =
            [TaskClass::Ready, TaskClass::Waiting, TaskClass::Held].map(|class| f64::from(call.writes[class as usize]));
        sums.first += new.iter().sum::<f64>();
        sums.rework += (f64::from(call.files) - new.iter().sum::<f64>()).max(0.0);
        let typical = call_model.typical_s(f64::from(call.files));
        run_effect += math::ln(call.latency_s.max(0.05) / typical);
    }
    let run_effect = run_effect / calls.len().max(1) as f64;
    sums.run_effect += run_effect;
    sums.paces_squared += run_effect * run_effect;
}

fn total(counts: &[u16]) -> u32 {
    counts.iter().map(|&count| u32::from(count)).sum()
}
