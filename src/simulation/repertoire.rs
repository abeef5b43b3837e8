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
    runs: Vec<Run>,
    pub(super) manners: Vec<Manner>,
    /// Seconds of a run of tests, of all that were recorded.
    pub(super) tests: Vec<f64>,
    pub(super) shared: f64,
    pub(super) common: f64,
}

/// The scripts of one recorded run.
#[derive(Clone, Debug)]
struct Run {
    first: u32,
    members: u32,
    /// The sum of weights up to and with it, over that of all.
    up_to: f64,
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
    pub(super) fn new(behaviour: &Behaviour, graph: &TaskGraph, is_dealt: bool, agents: usize) -> Option<Repertoire> {
        let mut scripts = behaviour.fitting(WorkKey::of(graph), is_dealt);
        if scripts.iter().any(|script| script.agents as usize <= agents) {
            // Members of a larger team leave work to others, who are not here.
            scripts.retain(|script| script.agents as usize <= agents);
        }
        for script in &mut scripts {
            // Teams of much the same size tell most.
            let (here, then) = (agents as f64, f64::from(script.agents));
            script.weight *= here.min(then) / here.max(then);
        }
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
        let (runs, total) = runs_of(&scripts);
        let tests = rows.iter().filter(|row| row.habit.tests > 0);
        let tests = tests.map(|row| row.habit.tests_s / f64::from(row.habit.tests)).collect();
        let (shared, common) = (behaviour.shared, behaviour.common);
        let manners = behaviour.manners.clone();
        (!rows.is_empty() && total > 0.0).then_some(Repertoire { rows, scripts, runs, manners, tests, shared, common })
    }

    /// The script that an agent follows of the run of these random bits, and how many that run has. Who is more than
    /// a recorded team had follows one of its members, but not the first, to whom chains are dealt.
    pub(super) fn member(&self, bits: u64, agent: u32) -> (u32, u32) {
        let draw = rng::unit(bits);
        let Some(run) = self.runs.iter().find(|run| draw < run.up_to).or(self.runs.last()) else { return (0, 1) };
        let others = run.members.saturating_sub(1).max(1);
        let member = if agent < run.members { agent } else { 1 + (agent - 1) % others };
        (run.first + member.min(run.members - 1), run.members)
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
        // The own script first: where something of it fits well enough, leaving it costs more than any other saves.
        let own = self.scripts.get(script as usize).map_or(0..0, |s| s.first as usize..(s.first + s.calls) as usize);
        let others = (0..own.start).chain(own.end..self.rows.len());
        let followed = last.and_then(|last| self.rows.get(last as usize)).map(|row| row.script);
        let next = last.map(|last| last as usize + 1);
        let next = next.filter(|&next| self.rows.get(next).map(|row| row.script) == followed);
        let is_away = followed.is_some_and(|followed| followed != script);
        let least = LEAVE - CHANCE - if is_away { GO_ON } else { 0.0 };
        for place in own.clone().chain(others) {
            if !own.contains(&place) && best.0 < least {
                break;
            }
            let row = &self.rows[place];
            let seen = &row.habit.sight;
            let mut cost = if nothing_to_do {
                let waits = row.habit.is_idle() && !seen.is_first && !row.habit.is_cut;
                if waits { 0.0 } else { 3.0 + f64::from(row.habit.files) }
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
            if next == Some(place) {
                cost -= GO_ON;
            }
            cost -= CHANCE * rng::unit(draws.nth(HABIT + place as u64));
            if (cost, place) < best {
                best = (cost, place);
            }
        }
        best.1
    }
}

/// The runs that scripts are of, and the sum of their weights.
fn runs_of(scripts: &[Script]) -> (Vec<Run>, f64) {
    let mut runs: Vec<Run> = Vec::new();
    let mut total = 0.0;
    for (place, script) in scripts.iter().enumerate() {
        let is_next = place > 0 && scripts[place - 1].run == script.run;
        match runs.last_mut() {
            Some(run) if is_next => run.members += 1,
            _ => {
                total += script.weight;
                runs.push(Run { first: place as u32, members: 1, up_to: total });
            }
        }
    }
    for run in &mut runs {
        run.up_to /= total;
    }
    (runs, total)
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
