//! Recorded calls to choose from, the choice, and its plan for the tasks at hand.

use crate::engine::{Time, math, rng};
use crate::team::{Behaviour, Habit, Manner, SORTS, Script, Sight, Sort, WorkKey, names_of};
use crate::workload::{TaskGraph, TaskId};

/// Cost of a task class that is present in one observation and absent in the other; also of a first call.
const THERE_OR_NOT: f64 = 1.5;
/// Cost of one more call without a change, and the largest number that is distinguished.
const IDLE: (f64, u16) = (0.3, 3);
/// Cost of leaving the trajectory.
const LEAVE: f64 = 5.0;
/// Gain of the next call of the trajectory.
const GO_ON: f64 = 2.0;
/// Range of the random part of the cost.
const CHANCE: f64 = 1.5;
/// Fewer calls than these do not show how such calls differ.
const FEWEST: usize = 8;
/// By which share runs of one style differ in calls a task.
const STYLE: f64 = 0.25;
/// The first of the draws of a call that are the habits', one each.
const HABIT: u64 = 16;

/// A behaviour made ready for one piece of work.
#[derive(Clone, Debug)]
pub(super) struct Repertoire {
    pub(super) rows: Vec<CallRow>,
    scripts: Vec<Script>,
    runs: Vec<RunScripts>,
    pub(super) manners: Vec<Manner>,
    /// Seconds of a run of tests, of all that were recorded.
    pub(super) tests: Vec<f64>,
    /// Log residuals of recorded calls: of those on one file or none, and of those on several.
    surprises: [Vec<f64>; 2],
    pub(super) shared: f64,
}

/// The scripts of one recorded run.
#[derive(Clone, Debug)]
struct RunScripts {
    first: u32,
    members: u32,
    /// The sum of weights up to and with it, over that of all.
    up_to: f64,
    /// The logarithm of how many calls that changed something a finished task took.
    style: f64,
    left_some: bool,
}

#[derive(Clone, Debug)]
pub(super) struct CallRow {
    pub(super) habit: Habit,
    /// Logarithms of one more than the counts of the sight, and than how many tasks the agent had finished itself.
    logs: [f64; SORTS],
    log_finished: f64,
    script: u32,
    pub(super) manner: u32,
    /// The logarithm of the pace of its run.
    pub(super) pace: f64,
}

/// Planned effects of the call under way, for its commit.
#[derive(Clone, Debug, Default)]
pub(super) struct PlannedCall {
    pub(super) writes: Vec<TaskId>,
    pub(super) claims: Vec<TaskId>,
    pub(super) completes: Vec<TaskId>,
    pub(super) other_files: u16,
    /// Those of the other files that several agents may write, as bits.
    pub(super) common_files: u16,
    pub(super) tests: Time,
    pub(super) has_failed: bool,
    /// Time at which it was taken up and its tests began.
    pub(super) taken_up: Option<Time>,
}

impl Repertoire {
    /// None if the behaviour has no habit that could be followed.
    pub(super) fn new(behaviour: &Behaviour, graph: &TaskGraph, is_dealt: bool, agents: usize) -> Option<Repertoire> {
        let mut scripts = behaviour.fitting(WorkKey::of(graph), &names_of(graph), is_dealt);
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
            rows.extend(habits.iter().map(|&habit| CallRow {
                habit,
                logs: habit.sight.tasks.map(|count| math::ln_1p(f64::from(count))),
                log_finished: math::ln_1p(f64::from(habit.sight.finished)),
                script: place as u32,
                manner: script.manner,
                pace: script.pace,
            }));
        }
        let (runs, total) = runs_of(&scripts, &rows);
        let tests = rows.iter().filter(|row| row.habit.tests > 0);
        let tests = tests.map(|row| row.habit.tests_s / f64::from(row.habit.tests)).collect();
        let shared = behaviour.shared;
        let of = |is_large: bool| rows.iter().filter(move |row| (row.habit.files > 1) == is_large);
        let surprises = [false, true].map(|is_large| surprises_of(of(is_large)));
        let manners = behaviour.manners.clone();
        (!rows.is_empty() && total > 0.0).then_some(Repertoire {
            rows,
            scripts,
            runs,
            manners,
            tests,
            surprises,
            shared,
        })
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

    /// A surprise as normal calls of the kind have.
    pub(super) fn noise(&self, row: &CallRow, bits: u64) -> f64 {
        let manner = &self.manners[row.manner as usize];
        let spread = if row.habit.files <= 1 { manner.spread_small } else { manner.spread_large };
        spread * math::normal_quantile(rng::open_unit(bits))
    }

    /// The surprise of a call that follows another and is not the same: that one's or, as they are not all alike, that of some
    /// other. Any two that follow it have its own with the chance `common`, so that is how far they correlate. Where no
    /// surprises were recorded, it is noise of its own and noise that all have in common.
    pub(super) fn surprise(&self, row: &CallRow, bits: u64, own: f64, of_all: u64) -> f64 {
        let common = self.manners[row.manner as usize].common;
        if common <= 0.0 {
            return own;
        }
        let others = &self.surprises[usize::from(row.habit.files > 1)];
        let (draw, kept) = (rng::unit(bits), common.sqrt());
        let place = (draw - kept) / (1.0 - kept).max(f64::EPSILON) * others.len() as f64;
        match others.get(place.max(0.0) as usize) {
            Some(_) if draw < kept => row.habit.surprise,
            Some(&surprise) => surprise,
            None => kept * self.noise(row, of_all) + (1.0 - common).max(0.0).sqrt() * own,
        }
    }

    /// The logarithm of the pace of a script's run.
    pub(super) fn pace(&self, script: u32) -> f64 {
        self.scripts.get(script as usize).map_or(0.0, |script| script.pace)
    }

    /// A script to go about it in the style of that one, each as often as its run is like that one's. Of runs that came to
    /// nothing only the first of a team follows one: it forgets no more tasks than a single agent.
    pub(super) fn like(&self, script: u32, bits: u64) -> u32 {
        let style = self.runs.iter().rev().find(|run| run.first <= script).map_or(0.0, |run| run.style);
        let weight = |place: usize| {
            let run = &self.runs[place];
            let before = if place == 0 { 0.0 } else { self.runs[place - 1].up_to };
            let off = (run.style - style) / STYLE;
            if run.left_some { 0.0 } else { (run.up_to - before) * math::exp(-0.5 * off * off) }
        };
        let mut left = rng::unit(bits) * (0..self.runs.len()).map(weight).sum::<f64>();
        let found = (0..self.runs.len()).find(|&place| {
            left -= weight(place);
            left < 0.0
        });
        found.map_or(script, |place| self.runs[place].first)
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
        let log_finished = math::ln_1p(f64::from(sight.finished));
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
                let waits = row.habit.is_idle() && !seen.is_first && !row.habit.is_truncated;
                if waits { 0.0 } else { 3.0 + f64::from(row.habit.files) }
            } else {
                if is_dealt && seen.total != scaled_to {
                    // Shares of what is one's own are compared, not numbers.
                    scaled_to = seen.total;
                    let scale = f64::from(seen.total.max(1)) / f64::from(sight.total.max(1));
                    logs = sight.tasks.map(|count| math::ln_1p(f64::from(count) * scale));
                }
                // Tasks that others finished are not what it has got used to; of its own, all are its own.
                let used_to = if is_dealt { 0.0 } else { (log_finished - row.log_finished).abs() };
                distance(sight, &logs, row) + used_to
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
fn runs_of(scripts: &[Script], rows: &[CallRow]) -> (Vec<RunScripts>, f64) {
    let mut runs: Vec<RunScripts> = Vec::new();
    let mut total = 0.0;
    for (place, script) in scripts.iter().enumerate() {
        let is_next = place > 0 && scripts[place - 1].run == script.run;
        match runs.last_mut() {
            Some(run) if is_next => run.members += 1,
            _ => {
                total += script.weight;
                let calls = script.first as usize..(script.first + script.calls) as usize;
                let calls = rows.get(calls).unwrap_or_default();
                let style = style_of(calls);
                runs.push(RunScripts {
                    first: place as u32,
                    members: 1,
                    up_to: total,
                    style,
                    left_some: script.left_some,
                });
            }
        }
    }
    for run in &mut runs {
        run.up_to /= total;
    }
    (runs, total)
}

/// Log residuals of recorded calls; none of few calls, and none of calls made from parameters, which have
/// no residual.
fn surprises_of<'r>(rows: impl Iterator<Item = &'r CallRow>) -> Vec<f64> {
    let surprises: Vec<f64> = rows.map(|row| row.habit.surprise).collect();
    let squares: f64 = surprises.iter().map(|surprise| surprise * surprise).sum();
    if surprises.len() >= FEWEST && squares > 1e-6 * surprises.len() as f64 { surprises } else { Vec::new() }
}

/// Style of work: many tasks a call, one task a call, or several calls a task.
fn style_of(calls: &[CallRow]) -> f64 {
    let acting = calls.iter().filter(|row| !row.habit.is_idle()).count();
    let finished = calls.iter().fold(0, |all: u16, row| all.saturating_add(sum(&row.habit.completes)));
    math::ln(acting.max(1) as f64 / f64::from(finished.max(1)))
}

/// Distance of an observation from a recorded one.
fn distance(sight: &Sight, logs: &[f64; SORTS], row: &CallRow) -> f64 {
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
    plan: &mut PlannedCall,
    habit: &Habit,
    sorted: &[Vec<TaskId>; SORTS],
    done: &[TaskId],
    completes_truncated: bool,
) {
    let PlannedCall { writes, claims, completes, .. } = plan;
    writes.clear();
    claims.clear();
    completes.clear();
    for (sort, tasks) in sorted.iter().enumerate() {
        let seen = habit.sight.tasks[sort];
        let is_open = sort < Sort::Held as usize;
        let count = |taken: u16| if completes_truncated { tasks.len() } else { share(taken, seen, tasks.len()) };
        writes.extend_from_slice(&tasks[..count(habit.writes[sort])]);
        let claimed = if is_open { count(habit.claims[sort]) } else { 0 };
        claims.extend_from_slice(&tasks[..claimed]);
        let completed = count(habit.completes[sort]);
        completes.extend_from_slice(&tasks[..if habit.finishes_claims { completed.max(claimed) } else { completed }]);
    }
    if !completes_truncated {
        writes
            .extend_from_slice(&done[..share(habit.rewrites, habit.sight.done_begun.max(habit.rewrites), done.len())]);
    }
    (plan.other_files, plan.common_files) =
        if completes_truncated { (0, 0) } else { (habit.other_files, habit.common_files) };
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

/// Returns true if a truncated reply is completed here: all of the agent's work fits into a reply, or
/// less is left to do than then, as teammates have done some, and that fits.
pub(super) fn completes_truncated(habit: &Habit, sight: &Sight, files_a_reply: f64) -> bool {
    let fits = |tasks: u16| f64::from(tasks) <= files_a_reply;
    let to_do = sum(&sight.tasks);
    let has_less = to_do < sum(&habit.sight.tasks);
    habit.is_truncated && to_do > 0 && (fits(sight.total) || has_less && fits(to_do))
}

pub(super) fn sum(counts: &[u16; SORTS]) -> u16 {
    counts.iter().fold(0, |sum: u16, &count| sum.saturating_add(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of single agents on twenty tasks, who finish so many in a call; and what each call surprises with.
    fn repertoire(tasks_a_call: &[u16]) -> Repertoire {
        let manner = Manner { spread_small: 0.5, spread_large: 0.5, ..Manner::default() };
        let mut behaviour = Behaviour { manners: vec![manner], ..Behaviour::default() };
        for (run, &tasks) in (0..).zip(tasks_a_call) {
            let first = behaviour.habits.len() as u32;
            for finished in (0..20).step_by(usize::from(tasks)) {
                let mut habit = Habit { files: tasks, latency_s: 1.0, surprise: f64::from(run), ..Habit::default() };
                habit.sight = Sight { total: 20, is_first: finished == 0, finished, ..Sight::default() };
                habit.sight.tasks[Sort::Ready as usize] = 20 - finished;
                habit.completes[Sort::Ready as usize] = tasks;
                behaviour.habits.push(habit);
            }
            let calls = behaviour.habits.len() as u32 - first;
            let left_some = calls == 2;
            let script = Script { first, calls, run, agents: 1, left_some, weight: 1.0, ..Script::default() };
            behaviour.scripts.push(script);
        }
        let graph = TaskGraph::new(&[crate::workload::TaskSpec::new("any", 1.0)]).expect("a task");
        Repertoire::new(&behaviour, &graph, false, 4).expect("there are calls")
    }

    fn bits(place: u64) -> u64 {
        rng::Keys::new(3, 1).stream(rng::Purpose::Choice, place).nth(0)
    }

    #[test]
    fn scripts_are_like_others_of_their_style() {
        let all = repertoire(&[1, 1, 10, 20, 1]);
        let drawn = |script: u32| {
            let mut counts = [0_u32; 5];
            (0..3_000).for_each(|place| counts[all.like(script, bits(place)) as usize] += 1);
            counts
        };
        for script in [0, 1, 4] {
            let counts = drawn(script);
            assert_eq!((counts[2], counts[3]), (0, 0));
            assert!([0, 1, 4].iter().all(|&like| counts[like].abs_diff(1_000) < 120), "{counts:?}");
        }
        assert_eq!(drawn(3)[3], 3_000);
        assert_eq!(drawn(2)[2], 0, "it left tasks undone, so no other follows it");
    }

    /// Where an agent goes on that sees six tasks of twenty, and has finished so many itself.
    fn goes_on(all: &Repertoire, finished: u16, is_dealt: bool) -> usize {
        let mut sight = Sight { total: 20, finished, ..Sight::default() };
        sight.tasks[Sort::Ready as usize] = 6;
        all.choose(&sight, (0, None), is_dealt, rng::Keys::new(3, 1).stream(rng::Purpose::Choice, 7))
    }

    #[test]
    fn what_an_agent_has_finished_itself_tells_how_far_it_is() {
        let all = repertoire(&[1]);
        let places = [2, 8, 14].map(|finished| goes_on(&all, finished, false));
        assert!((13..=15).contains(&places[2]), "all others were its own: {places:?}");
        assert!(places[0] < places[1] && places[1] <= places[2], "{places:?}");
        let of_few = goes_on(&all, 2, true);
        assert_eq!(of_few, goes_on(&all, 14, true), "of what is its own nobody else finishes anything");
    }

    #[test]
    fn a_reply_that_was_cut_off_comes_to_its_end_with_less_to_write() {
        let sees = |total: u16, ready: u16| {
            let mut sight = Sight { total, ..Sight::default() };
            sight.tasks[Sort::Ready as usize] = ready;
            sight
        };
        let cut = Habit { is_truncated: true, sight: sees(20, 12), ..Habit::default() };
        assert!(!completes_truncated(&cut, &sees(20, 12), 15.0), "as it was then");
        assert!(!completes_truncated(&cut, &sees(20, 11), 10.0), "less, and too much still");
        assert!(completes_truncated(&cut, &sees(20, 11), 15.0), "teammates have done one");
        assert!(completes_truncated(&cut, &sees(10, 12), 15.0), "a share of the work that fits");
        assert!(!completes_truncated(&cut, &sees(20, 0), 15.0), "nothing to do");
        assert!(!completes_truncated(&Habit { is_truncated: false, ..cut }, &sees(20, 1), 15.0), "it was not cut off");
    }

    #[test]
    fn two_who_follow_a_call_are_as_alike_as_they_should_be() {
        for common in [0.2, 0.5, 0.9] {
            let mut all = repertoire(&[1, 1, 1]);
            all.manners[0].common = common;
            let own = |place: u64| all.surprise(&all.rows[0], bits(place), 9.0, 0).abs() < 1e-12;
            let both = (0..20_000).filter(|&place| own(2 * place) && own(2 * place + 1)).count() as f64 / 20_000.0;
            // A third of the others surprise alike by chance.
            let kept = f64::sqrt(common);
            let alike = kept + (1.0 - kept) / 3.0;
            let expected = alike * alike;
            assert!((both - expected).abs() < 0.02, "{common}: {both} {expected}");
        }
        let mut few = repertoire(&[20]);
        assert!((few.surprise(&few.rows[0], bits(1), 9.0, 0) - 9.0).abs() < 1e-12, "nothing in common");
        few.manners[0].common = 0.36;
        let of_all = few.noise(&few.rows[0], bits(2));
        let mixed = few.surprise(&few.rows[0], bits(1), 10.0, bits(2));
        assert!((mixed - (0.6 * of_all + 8.0)).abs() < 1e-9, "{mixed}");
    }
}
