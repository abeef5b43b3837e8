//! What agents of habits choose from, how they choose, and what a habit comes to with the tasks at hand.

use crate::engine::{Time, math, rng};
use crate::team::{Behaviour, Habit, Manner, SORTS, Script, Sight, Sort, WorkKey};
use crate::workload::{TaskGraph, TaskId};

/// What a sort of task weighs that is there in one sight and not in the other; the same for a first call.
const THERE_OR_NOT: f64 = 1.5;
/// What one more call without a change weighs, and how many are told apart.
const IDLE: (f64, u16) = (0.3, 3);
/// What it weighs to leave the script.
const LEAVE: f64 = 5.0;
/// What it counts for a habit to come next in the script.
const GO_ON: f64 = 2.0;
/// How far chance moves a habit.
const CHANCE: f64 = 1.5;
/// The first of the draws of a call that are the habits', one each.
const HABIT: u64 = 16;

/// A behaviour made ready for one piece of work.
#[derive(Clone, Debug)]
pub(super) struct Repertoire {
    pub(super) rows: Vec<Row>,
    scripts: Vec<Script>,
    /// Up to and with each script, the sum of weights over that of all.
    chances: Vec<f64>,
    pub(super) manners: Vec<Manner>,
    /// Seconds of a run of tests, of all that were recorded.
    pub(super) tests: Vec<f64>,
    pub(super) shared: f64,
    pub(super) common: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) habit: Habit,
    /// Logarithms of one more than the counts of the sight.
    logs: [f64; SORTS],
    script: u32,
    pub(super) manner: u32,
}

/// What the call under way will do when it lands.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) writes: Vec<TaskId>,
    pub(super) claims: Vec<TaskId>,
    pub(super) completes: Vec<TaskId>,
    pub(super) other_files: u16,
    pub(super) tests: Time,
    pub(super) has_failed: bool,
    /// When it was taken up and its tests began.
    pub(super) taken_up: Option<Time>,
}

impl Repertoire {
    /// None if the behaviour has no habit that could be followed.
    pub(super) fn new(behaviour: &Behaviour, graph: &TaskGraph, is_dealt: bool) -> Option<Repertoire> {
        let mut scripts = behaviour.fitting(WorkKey::of(graph), is_dealt);
        let mut rows = Vec::new();
        for (place, script) in scripts.iter_mut().enumerate() {
            let first = script.first as usize;
            let habits = behaviour.habits.get(first..first + script.calls as usize).unwrap_or_default();
            script.first = rows.len() as u32;
            rows.extend(habits.iter().map(|&habit| Row {
                habit,
                logs: habit.sight.tasks.map(|count| math::ln_1p(f64::from(count))),
                script: place as u32,
                manner: script.manner,
            }));
        }
        let total: f64 = scripts.iter().map(|script| script.weight).sum();
        let mut sum = 0.0;
        let chances = scripts.iter().map(|script| {
            sum += script.weight;
            sum / total
        });
        let chances = chances.collect();
        let tests = rows.iter().filter(|row| row.habit.tests > 0);
        let tests = tests.map(|row| row.habit.tests_s / f64::from(row.habit.tests)).collect();
        let (shared, common) = (behaviour.shared, behaviour.common);
        let manners = behaviour.manners.clone();
        (!rows.is_empty() && total > 0.0).then_some(Repertoire {
            rows,
            scripts,
            chances,
            manners,
            tests,
            shared,
            common,
        })
    }

    /// The script of these random bits.
    pub(super) fn script(&self, bits: u64) -> u32 {
        let draw = rng::unit(bits);
        self.chances.iter().position(|&up_to| draw < up_to).unwrap_or(self.scripts.len() - 1) as u32
    }

    /// The habit that fits best what is seen.
    pub(super) fn choose(
        &self,
        sight: &Sight,
        (script, last): (u32, Option<u32>),
        is_dealt: bool,
        draws: rng::Stream,
    ) -> usize {
        let nothing_to_do = sight.tasks.iter().all(|&count| count == 0);
        let mut logs = sight.tasks.map(|count| math::ln_1p(f64::from(count)));
        let mut scaled_to = sight.total;
        let mut best = (f64::INFINITY, 0);
        for (place, row) in self.rows.iter().enumerate() {
            let seen = &row.habit.sight;
            let mut cost = if nothing_to_do {
                if row.habit.is_idle() && !seen.is_first { 0.0 } else { 3.0 + f64::from(row.habit.files) }
            } else {
                if is_dealt && seen.total != scaled_to {
                    // Shares of what is one's own are compared, not numbers.
                    scaled_to = seen.total;
                    let scale = f64::from(seen.total.max(1)) / f64::from(sight.total.max(1));
                    logs = sight.tasks.map(|count| math::ln_1p(f64::from(count) * scale));
                }
                distance(sight, &logs, row)
            };
            if row.script != script {
                cost += LEAVE;
            }
            if last.is_some_and(|last| {
                place == last as usize + 1 && self.rows.get(last as usize).is_some_and(|last| last.script == row.script)
            }) {
                cost -= GO_ON;
            }
            cost -= CHANCE * rng::unit(draws.nth(HABIT + place as u64));
            if cost < best.0 {
                best = (cost, place);
            }
        }
        best.1
    }
}

/// How far what is seen is from what was seen then.
fn distance(sight: &Sight, logs: &[f64; SORTS], row: &Row) -> f64 {
    let seen = &row.habit.sight;
    let mut sum = 0.0;
    for (sort, (here, then)) in logs.iter().zip(&row.logs).enumerate() {
        sum += (here - then).abs();
        if (sight.tasks[sort] > 0) != (seen.tasks[sort] > 0) {
            sum += THERE_OR_NOT;
        }
    }
    if sight.is_first != seen.is_first {
        sum += THERE_OR_NOT;
    }
    sum + IDLE.0 * f64::from(sight.idle.min(IDLE.1).abs_diff(seen.idle.min(IDLE.1)))
}

/// The habit, scaled to the tasks at hand.
pub(super) fn plan(
    plan: &mut Plan,
    habit: &Habit,
    sorted: &[Vec<TaskId>; SORTS],
    done: &[TaskId],
    comes_to_its_end: bool,
) {
    let Plan { writes, claims, completes, .. } = plan;
    writes.clear();
    claims.clear();
    completes.clear();
    for (sort, tasks) in sorted.iter().enumerate() {
        let seen = habit.sight.tasks[sort];
        let is_open = sort < Sort::Held as usize;
        let count = |taken: u16| if comes_to_its_end { tasks.len() } else { share(taken, seen, tasks.len()) };
        writes.extend_from_slice(&tasks[..count(habit.writes[sort])]);
        let claimed = if is_open { count(habit.claims[sort]) } else { 0 };
        claims.extend_from_slice(&tasks[..claimed]);
        let completed = count(habit.completes[sort]);
        completes.extend_from_slice(&tasks[..if habit.finishes_claims { completed.max(claimed) } else { completed }]);
    }
    if !comes_to_its_end {
        writes
            .extend_from_slice(&done[..share(habit.rewrites, habit.sight.done_begun.max(habit.rewrites), done.len())]);
    }
    plan.other_files = if comes_to_its_end { 0 } else { habit.other_files };
    plan.tests = Time::from_secs(habit.tests_s);
    plan.has_failed = habit.has_failed;
    plan.taken_up = None;
}

/// All if all were taken, else as many as were taken.
fn share(taken: u16, seen: u16, there: usize) -> usize {
    if taken == 0 || seen == 0 {
        0
    } else if taken >= seen {
        there
    } else {
        there.min(usize::from(taken))
    }
}

pub(super) fn sum(counts: &[u16; SORTS]) -> u16 {
    counts.iter().fold(0, |sum: u16, &count| sum.saturating_add(count))
}
