//! Compiled policy: the recorded calls for a workload, the selection of one, and its plan for the tasks at hand.

use crate::engine::{Time, math, rng};
use crate::simulation::state::step::{Effects, PlannedTask};
use crate::team::{
    CallModel, LearnedPolicy, Observation, RecordedCall, TASK_CLASSES, TaskClass, Trajectory, WorkKey, file_keys,
};
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
/// Least number of calls from which the spread of their residuals is known.
const FEWEST: usize = 8;
/// Standard deviation of the style within which runs count as alike.
const STYLE: f64 = 0.25;
/// Number of the first draw of the selection; each recorded call has one draw.
const HABIT: u64 = 16;

/// Learned policy, compiled for one workload.
#[derive(Clone, Debug)]
pub(in crate::simulation) struct CompiledPolicy {
    pub(in crate::simulation) rows: Vec<CallRow>,
    trajectories: Vec<Trajectory>,
    runs: Vec<RunTrajectories>,
    pub(in crate::simulation) call_models: Vec<CallModel>,
    /// Seconds of each recorded test run.
    pub(in crate::simulation) tests: Vec<f64>,
    /// Log residuals of recorded calls: of those on one file or none, and of those on several.
    log_residuals: [Vec<f64>; 2],
    pub(in crate::simulation) shared: f64,
}

/// Trajectories of one recorded run.
#[derive(Clone, Debug)]
struct RunTrajectories {
    first: u32,
    members: u32,
    /// Cumulative weight up to this run, as a proportion of the total.
    up_to: f64,
    /// Logarithm of the number of effective calls for each finished task.
    style: f64,
    left_some: bool,
}

#[derive(Clone, Debug)]
pub(in crate::simulation) struct CallRow {
    pub(in crate::simulation) recorded_call: RecordedCall,
    /// ln(1 + x) of the counts of the observation, and of the tasks that the agent had finished itself.
    logs: [f64; TASK_CLASSES],
    log_finished: f64,
    trajectory: u32,
    pub(in crate::simulation) call_model: u32,
    /// Run effect of its run.
    pub(in crate::simulation) run_effect: f64,
}

/// Plan of the call in flight besides its tasks.
#[derive(Clone, Debug, Default)]
pub(in crate::simulation) struct PlannedCall {
    /// True if the recorded call was truncated and this one is not.
    pub(in crate::simulation) is_completed: bool,
    pub(in crate::simulation) other_files: u16,
    /// Those of the other files that several agents may write, as bits.
    pub(in crate::simulation) common_files: u16,
    pub(in crate::simulation) tests: Time,
    pub(in crate::simulation) has_failed: bool,
    /// Time at which the reply was processed and its tests began.
    pub(in crate::simulation) taken_up: Option<Time>,
}

impl CompiledPolicy {
    /// Compiles a policy; none if it has no call that could be followed.
    pub(in crate::simulation) fn new(
        learned_policy: &LearnedPolicy,
        graph: &TaskGraph,
        is_dealt: bool,
        agents: usize,
    ) -> Option<CompiledPolicy> {
        let mut trajectories = learned_policy.fitting(WorkKey::of(graph), &file_keys(graph), is_dealt);
        if trajectories.iter().any(|trajectory| trajectory.agents as usize <= agents) {
            // Members of a larger team leave work to members that are missing here.
            trajectories.retain(|trajectory| trajectory.agents as usize <= agents);
        }
        for trajectory in &mut trajectories {
            // Teams of a similar size have the largest weight.
            let (here, then) = (agents as f64, f64::from(trajectory.agents));
            trajectory.weight *= here.min(then) / here.max(then);
        }
        let mut rows = Vec::new();
        for (place, trajectory) in trajectories.iter_mut().enumerate() {
            let first = trajectory.first as usize;
            let recorded_calls =
                learned_policy.recorded_calls.get(first..first + trajectory.calls as usize).unwrap_or_default();
            trajectory.first = rows.len() as u32;
            rows.extend(recorded_calls.iter().map(|&recorded_call| CallRow {
                recorded_call,
                logs: recorded_call.observation.tasks.map(|count| math::ln_1p(f64::from(count))),
                log_finished: math::ln_1p(f64::from(recorded_call.observation.finished)),
                trajectory: place as u32,
                call_model: trajectory.call_model,
                run_effect: trajectory.run_effect,
            }));
        }
        let (runs, total) = runs_of(&trajectories, &rows);
        let tests = rows.iter().filter(|row| row.recorded_call.tests > 0);
        let tests = tests.map(|row| row.recorded_call.tests_s / f64::from(row.recorded_call.tests)).collect();
        let shared = learned_policy.shared;
        let of = |is_large: bool| rows.iter().filter(move |row| (row.recorded_call.files > 1) == is_large);
        let log_residuals = [false, true].map(|is_large| log_residuals_of(of(is_large)));
        let call_models = learned_policy.call_models.clone();
        (!rows.is_empty() && total > 0.0).then_some(CompiledPolicy {
            rows,
            trajectories,
            runs,
            call_models,
            tests,
            log_residuals,
            shared,
        })
    }

    /// Returns the trajectory of an agent in the run of these random bits, and the number of members of that run. An
    /// additional agent follows one of the members, but not the first, because chains are assigned to the first.
    pub(in crate::simulation) fn member(&self, bits: u64, agent: u32) -> (u32, u32) {
        let draw = rng::unit(bits);
        let Some(run) = self.runs.iter().find(|run| draw < run.up_to).or(self.runs.last()) else { return (0, 1) };
        let others = run.members.saturating_sub(1).max(1);
        let member = if agent < run.members { agent } else { 1 + (agent - 1) % others };
        (run.first + member.min(run.members - 1), run.members)
    }

    /// Draws a normal log residual with the standard deviation of such calls.
    pub(in crate::simulation) fn noise(&self, row: &CallRow, bits: u64) -> f64 {
        let call_model = &self.call_models[row.call_model as usize];
        let spread = if row.recorded_call.files <= 1 { call_model.spread_small } else { call_model.spread_large };
        spread * math::normal_quantile(rng::open_unit(bits))
    }

    /// Draws the log residual of a call that follows a recorded one: the recorded residual, or that of another call. Any two
    /// such residuals correlate by `residual_correlation`. If no residuals were recorded, it is the sum of own and common
    /// noise.
    pub(in crate::simulation) fn log_residual(&self, row: &CallRow, bits: u64, own: f64, of_all: u64) -> f64 {
        let common = self.call_models[row.call_model as usize].common;
        if common <= 0.0 {
            return own;
        }
        let others = &self.log_residuals[usize::from(row.recorded_call.files > 1)];
        let (draw, kept) = (rng::unit(bits), common.sqrt());
        let place = (draw - kept) / (1.0 - kept).max(f64::EPSILON) * others.len() as f64;
        match others.get(place.max(0.0) as usize) {
            Some(_) if draw < kept => row.recorded_call.log_residual,
            Some(&log_residual) => log_residual,
            None => kept * self.noise(row, of_all) + (1.0 - common).max(0.0).sqrt() * own,
        }
    }

    /// Returns the run effect of a trajectory's run.
    pub(in crate::simulation) fn run_effect(&self, trajectory: u32) -> f64 {
        self.trajectories.get(trajectory as usize).map_or(0.0, |trajectory| trajectory.run_effect)
    }

    /// Draws a trajectory of a similar style. Runs that left tasks incomplete have weight 0, so a team forgets no more tasks
    /// than a single agent.
    pub(in crate::simulation) fn like(&self, trajectory: u32, bits: u64) -> u32 {
        let style = self.runs.iter().rev().find(|run| run.first <= trajectory).map_or(0.0, |run| run.style);
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
        found.map_or(trajectory, |place| self.runs[place].first)
    }

    /// Selects the recorded call of least cost for an observation (docs/MODEL.md, section 2.11).
    pub(in crate::simulation) fn select(
        &self,
        observation: &Observation,
        (trajectory, last): (u32, Option<u32>),
        is_dealt: bool,
        draws: rng::Stream,
    ) -> usize {
        let nothing_to_do = observation.tasks.iter().all(|&count| count == 0);
        let log_finished = math::ln_1p(f64::from(observation.finished));
        let mut logs = observation.tasks.map(|count| math::ln_1p(f64::from(count)));
        let mut scaled_to = observation.total;
        let mut best = (f64::INFINITY, 0);
        // The own trajectory first: if one of its calls fits well enough, leaving it costs more than any other saves.
        let own =
            self.trajectories.get(trajectory as usize).map_or(0..0, |s| s.first as usize..(s.first + s.calls) as usize);
        let others = (0..own.start).chain(own.end..self.rows.len());
        let followed = last.and_then(|last| self.rows.get(last as usize)).map(|row| row.trajectory);
        let next = last.map(|last| last as usize + 1);
        let next = next.filter(|&next| self.rows.get(next).map(|row| row.trajectory) == followed);
        let is_away = followed.is_some_and(|followed| followed != trajectory);
        let least = LEAVE - CHANCE - if is_away { GO_ON } else { 0.0 };
        for place in own.clone().chain(others) {
            if !own.contains(&place) && best.0 < least {
                break;
            }
            let row = &self.rows[place];
            let seen = &row.recorded_call.observation;
            let mut cost = if nothing_to_do {
                let waits = row.recorded_call.is_idle() && !seen.is_first && !row.recorded_call.is_truncated;
                if waits { 0.0 } else { 3.0 + f64::from(row.recorded_call.files) }
            } else {
                if is_dealt && seen.total != scaled_to {
                    // Proportions of the agent's own tasks are compared, not numbers.
                    scaled_to = seen.total;
                    let scale = f64::from(seen.total.max(1)) / f64::from(observation.total.max(1));
                    logs = observation.tasks.map(|count| math::ln_1p(f64::from(count) * scale));
                }
                // An agent does not adapt to tasks that others finished; with assigned tasks all are its own.
                let used_to = if is_dealt { 0.0 } else { (log_finished - row.log_finished).abs() };
                distance(observation, &logs, row) + used_to
            };
            if row.trajectory != trajectory {
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

/// Returns the runs of trajectories, and the sum of their weights.
fn runs_of(trajectories: &[Trajectory], rows: &[CallRow]) -> (Vec<RunTrajectories>, f64) {
    let mut runs: Vec<RunTrajectories> = Vec::new();
    let mut total = 0.0;
    for (place, trajectory) in trajectories.iter().enumerate() {
        let is_next = place > 0 && trajectories[place - 1].run == trajectory.run;
        match runs.last_mut() {
            Some(run) if is_next => run.members += 1,
            _ => {
                total += trajectory.weight;
                let calls = trajectory.first as usize..(trajectory.first + trajectory.calls) as usize;
                let calls = rows.get(calls).unwrap_or_default();
                let style = style_of(calls);
                runs.push(RunTrajectories {
                    first: place as u32,
                    members: 1,
                    up_to: total,
                    style,
                    left_some: trajectory.left_some,
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
fn log_residuals_of<'r>(rows: impl Iterator<Item = &'r CallRow>) -> Vec<f64> {
    let log_residuals: Vec<f64> = rows.map(|row| row.recorded_call.log_residual).collect();
    let squares: f64 = log_residuals.iter().map(|log_residual| log_residual * log_residual).sum();
    if log_residuals.len() >= FEWEST && squares > 1e-6 * log_residuals.len() as f64 {
        log_residuals
    } else {
        Vec::new()
    }
}

/// Style of work: many tasks a call, one task a call, or several calls a task.
fn style_of(calls: &[CallRow]) -> f64 {
    let acting = calls.iter().filter(|row| !row.recorded_call.is_idle()).count();
    let finished = calls.iter().fold(0, |all: u16, row| all.saturating_add(sum(&row.recorded_call.completes)));
    math::ln(acting.max(1) as f64 / f64::from(finished.max(1)))
}

/// Distance of an observation from a recorded one.
fn distance(observation: &Observation, logs: &[f64; TASK_CLASSES], row: &CallRow) -> f64 {
    let seen = &row.recorded_call.observation;
    let mut sum = 0.0;
    for (class, (here, then)) in logs.iter().zip(&row.logs).enumerate() {
        sum += (here - then).abs();
        if (observation.tasks[class] > 0) != (seen.tasks[class] > 0) {
            sum += THERE_OR_NOT;
        }
    }
    if observation.is_first != seen.is_first {
        sum += THERE_OR_NOT;
    }
    sum + IDLE.0 * f64::from(observation.idle.min(IDLE.1).abs_diff(seen.idle.min(IDLE.1)))
}

impl PlannedCall {
    /// Plan of a recorded call; `is_completed` if it was truncated and this one is not.
    pub(in crate::simulation) fn new(recorded: &RecordedCall, is_completed: bool) -> PlannedCall {
        let (other_files, common_files) =
            if is_completed { (0, 0) } else { (recorded.other_files, recorded.common_files) };
        PlannedCall {
            is_completed,
            other_files,
            common_files,
            tests: Time::from_secs(recorded.tests_s),
            has_failed: recorded.has_failed,
            taken_up: None,
        }
    }

    /// Plans effects on the tasks at hand. For each class all tasks are taken if all were, else the recorded number.
    pub(in crate::simulation) fn plan_tasks(
        &self,
        recorded: &RecordedCall,
        by_class: &[Vec<TaskId>; TASK_CLASSES],
        done: &[TaskId],
        planned: &mut Vec<PlannedTask>,
    ) {
        for (class, tasks) in by_class.iter().enumerate() {
            let seen = recorded.observation.tasks[class];
            let is_open = class < TaskClass::Held as usize;
            let count = |taken: u16| if self.is_completed { tasks.len() } else { number(taken, seen, tasks.len()) };
            let written = count(recorded.writes[class]);
            let claimed = if is_open { count(recorded.claims[class]) } else { 0 };
            let finished = count(recorded.completes[class]);
            let finished = if recorded.finishes_claims { finished.max(claimed) } else { finished };
            for (index, &task) in tasks.iter().enumerate().take(written.max(claimed).max(finished)) {
                let effects = Effects {
                    writes: index < written,
                    claims: index < claimed,
                    completes: index < finished,
                    conflict: None,
                };
                planned.push(PlannedTask { task, effects, ..PlannedTask::default() });
            }
        }
        if !self.is_completed {
            let seen = recorded.observation.done_begun.max(recorded.rewrites);
            let effects = Effects { writes: true, claims: false, completes: false, conflict: None };
            let again = &done[..number(recorded.rewrites, seen, done.len())];
            planned.extend(again.iter().map(|&task| PlannedTask { task, effects, ..PlannedTask::default() }));
        }
    }
}

/// Returns all if all were taken, else as many as were taken.
fn number(taken: u16, seen: u16, there: usize) -> usize {
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
pub(in crate::simulation) fn completes_truncated(
    recorded_call: &RecordedCall,
    observation: &Observation,
    files_a_reply: f64,
) -> bool {
    let fits = |tasks: u16| f64::from(tasks) <= files_a_reply;
    let to_do = sum(&observation.tasks);
    let has_less = to_do < sum(&recorded_call.observation.tasks);
    recorded_call.is_truncated && to_do > 0 && (fits(observation.total) || has_less && fits(to_do))
}

pub(in crate::simulation) fn sum(counts: &[u16; TASK_CLASSES]) -> u16 {
    counts.iter().fold(0, |sum: u16, &count| sum.saturating_add(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles runs of single agents on twenty tasks: the number of tasks that each finishes in a call.
    fn repertoire(tasks_a_call: &[u16]) -> CompiledPolicy {
        let call_model = CallModel { spread_small: 0.5, spread_large: 0.5, ..CallModel::default() };
        let mut learned_policy = LearnedPolicy { call_models: vec![call_model], ..LearnedPolicy::default() };
        for (run, &tasks) in (0..).zip(tasks_a_call) {
            let first = learned_policy.recorded_calls.len() as u32;
            for finished in (0..20).step_by(usize::from(tasks)) {
                let mut recorded_call = RecordedCall {
                    files: tasks,
                    latency_s: 1.0,
                    log_residual: f64::from(run),
                    ..RecordedCall::default()
                };
                recorded_call.observation =
                    Observation { total: 20, is_first: finished == 0, finished, ..Observation::default() };
                recorded_call.observation.tasks[TaskClass::Ready as usize] = 20 - finished;
                recorded_call.completes[TaskClass::Ready as usize] = tasks;
                learned_policy.recorded_calls.push(recorded_call);
            }
            let calls = learned_policy.recorded_calls.len() as u32 - first;
            let left_some = calls == 2;
            let trajectory =
                Trajectory { first, calls, run, agents: 1, left_some, weight: 1.0, ..Trajectory::default() };
            learned_policy.trajectories.push(trajectory);
        }
        let graph = TaskGraph::new(&[crate::workload::TaskSpec::new("any", 1.0)]).expect("a task");
        CompiledPolicy::new(&learned_policy, &graph, false, 4).expect("there are calls")
    }

    fn bits(place: u64) -> u64 {
        rng::Keys::new(3, 1).stream(rng::Purpose::Choice, place).nth(0)
    }

    #[test]
    fn scripts_are_like_others_of_their_style() {
        let all = repertoire(&[1, 1, 10, 20, 1]);
        let drawn = |trajectory: u32| {
            let mut counts = [0_u32; 5];
            (0..3_000).for_each(|place| counts[all.like(trajectory, bits(place)) as usize] += 1);
            counts
        };
        for trajectory in [0, 1, 4] {
            let counts = drawn(trajectory);
            assert_eq!((counts[2], counts[3]), (0, 0));
            assert!([0, 1, 4].iter().all(|&like| counts[like].abs_diff(1_000) < 120), "{counts:?}");
        }
        assert_eq!(drawn(3)[3], 3_000);
        assert_eq!(drawn(2)[2], 0, "it left tasks undone, so no other follows it");
    }

    /// Returns the selected call of an agent that observes six tasks of twenty and has finished a number of tasks itself.
    fn goes_on(all: &CompiledPolicy, finished: u16, is_dealt: bool) -> usize {
        let mut observation = Observation { total: 20, finished, ..Observation::default() };
        observation.tasks[TaskClass::Ready as usize] = 6;
        all.select(&observation, (0, None), is_dealt, rng::Keys::new(3, 1).stream(rng::Purpose::Choice, 7))
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
            let mut observation = Observation { total, ..Observation::default() };
            observation.tasks[TaskClass::Ready as usize] = ready;
            observation
        };
        let cut = RecordedCall { is_truncated: true, observation: sees(20, 12), ..RecordedCall::default() };
        assert!(!completes_truncated(&cut, &sees(20, 12), 15.0), "as it was then");
        assert!(!completes_truncated(&cut, &sees(20, 11), 10.0), "less, and too much still");
        assert!(completes_truncated(&cut, &sees(20, 11), 15.0), "teammates have done one");
        assert!(completes_truncated(&cut, &sees(10, 12), 15.0), "a share of the work that fits");
        assert!(!completes_truncated(&cut, &sees(20, 0), 15.0), "nothing to do");
        assert!(
            !completes_truncated(&RecordedCall { is_truncated: false, ..cut }, &sees(20, 1), 15.0),
            "it was not cut off"
        );
    }

    #[test]
    fn two_who_follow_a_call_are_as_alike_as_they_should_be() {
        for common in [0.2, 0.5, 0.9] {
            let mut all = repertoire(&[1, 1, 1]);
            all.call_models[0].common = common;
            let own = |place: u64| all.log_residual(&all.rows[0], bits(place), 9.0, 0).abs() < 1e-12;
            let both = (0..20_000).filter(|&place| own(2 * place) && own(2 * place + 1)).count() as f64 / 20_000.0;
            // A third of the others surprise alike by chance.
            let kept = f64::sqrt(common);
            let with_residual_correlation = kept + (1.0 - kept) / 3.0;
            let expected = with_residual_correlation * with_residual_correlation;
            assert!((both - expected).abs() < 0.02, "{common}: {both} {expected}");
        }
        let mut few = repertoire(&[20]);
        assert!((few.log_residual(&few.rows[0], bits(1), 9.0, 0) - 9.0).abs() < 1e-12, "nothing in common");
        few.call_models[0].common = 0.36;
        let of_all = few.noise(&few.rows[0], bits(2));
        let mixed = few.log_residual(&few.rows[0], bits(1), 10.0, bits(2));
        assert!((mixed - (0.6 * of_all + 8.0)).abs() < 1e-9, "{mixed}");
    }
}
