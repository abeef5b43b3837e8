//! Consistency checks of a whole trace: unique ids, valid references, no cycles, correct totals.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::Time;
use crate::problem::Problem;
use crate::trace::model::{Trace, TraceStep};

/// A violation, with the index of the step that shows it; none for the header.
pub struct Fault {
    /// Index of the step.
    pub step: Option<usize>,
    /// The problem. The reader fills in file and line.
    pub problem: Problem,
}

/// Reports all violations.
pub fn check(trace: &Trace, mut report: impl FnMut(Fault)) {
    let mut fault = |step: Option<usize>, path: &str, message: String, expected: &str| {
        let problem = Problem {
            code: "trace",
            file: String::new(),
            line: 0,
            path: path.to_owned(),
            message,
            expected: expected.to_owned(),
        };
        report(Fault { step, problem });
    };
    let index = StepIndex::new(trace);
    for duplicate in index.duplicates() {
        let id = &trace.steps[duplicate].id;
        fault(Some(duplicate), "id", format!("{id:?} occurs twice"), "unique ids");
    }
    for (at, step) in trace.steps.iter().enumerate() {
        if step.end < step.start {
            let message = format!("{} is before start_us, which is {}", step.end.as_us(), step.start.as_us());
            fault(Some(at), "end_us", message, "an end at or after the start");
        }
    }
    for (at, step) in trace.steps.iter().enumerate() {
        for id in step.after.iter().filter(|id| index.find(id).is_none()) {
            fault(Some(at), "after", format!("there is no step {id:?}"), "ids of steps of this trace");
        }
        if let Some(parent) = step.more().parent.as_deref().filter(|parent| index.find(parent).is_none()) {
            fault(Some(at), "parent", format!("there is no step {parent:?}"), "the id of a step of this trace");
        }
    }
    if let Some(cycle) = cycle(trace, &index) {
        let ids: Vec<&str> = cycle.iter().chain(cycle.first()).map(|&step| &*trace.steps[step].id).collect();
        fault(
            cycle.first().copied(),
            "after",
            format!("a cycle: {}", ids.join(" after ")),
            "no step that depends on itself",
        );
    }
    if let Err((task, message)) = task_graph(trace) {
        fault(None, &format!("tasks[{task}].depends_on"), message, "tasks of this trace, and no cycle");
    }
    if trace.steps.iter().any(|step| step.agent.index() >= trace.header.agents.len()) {
        fault(None, "agents", "steps have agents that are not in the list".to_owned(), "every agent in the header");
    }
    for (key, message) in wrong_totals(trace) {
        fault(None, &format!("totals.{key}"), message, "totals equal to the sums of the steps");
    }
}

/// Index of steps by id, in four bytes per step, as there can be millions.
pub(crate) struct StepIndex<'t> {
    steps: &'t [TraceStep],
    by_id: Vec<u32>,
}

impl StepIndex<'_> {
    pub(crate) fn new(trace: &Trace) -> StepIndex<'_> {
        let steps = &trace.steps;
        let mut by_id: Vec<u32> = (0..steps.len() as u32).collect();
        // A stable sort: of equal ids the first step comes first.
        by_id.sort_by(|&a, &b| steps[a as usize].id.cmp(&steps[b as usize].id));
        StepIndex { steps, by_id }
    }

    /// Returns the index of the step with an id; of several the first.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let first = self.by_id.partition_point(|&step| *self.steps[step as usize].id < *id);
        let step = *self.by_id.get(first)? as usize;
        (*self.steps[step].id == *id).then_some(step)
    }

    /// Returns the indices of steps that repeat the id of an earlier one.
    fn duplicates(&self) -> Vec<usize> {
        let is_duplicate = |pair: &&[u32]| self.steps[pair[0] as usize].id == self.steps[pair[1] as usize].id;
        let mut duplicates: Vec<usize> =
            self.by_id.windows(2).filter(is_duplicate).map(|pair| pair[1] as usize).collect();
        duplicates.sort_unstable();
        duplicates
    }
}

/// Returns a cycle of dependencies; none without a cycle.
fn cycle(trace: &Trace, index: &StepIndex<'_>) -> Option<Vec<usize>> {
    let steps = &trace.steps;
    let goes_back =
        |(at, step): (usize, &TraceStep)| step.after.iter().filter_map(|id| index.find(id)).all(|earlier| earlier < at);
    if steps.iter().enumerate().all(goes_back) {
        // All dependencies lead to earlier lines: no cycle, and no search is needed.
        return None;
    }
    let mut before = vec![0_usize; steps.len()];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (at, step) in steps.iter().enumerate() {
        for earlier in step.after.iter().filter_map(|id| index.find(id)) {
            after[earlier].push(at);
            before[at] += 1;
        }
    }
    let mut free: VecDeque<usize> = (0..steps.len()).filter(|&at| before[at] == 0).collect();
    let mut settled = 0;
    while let Some(at) = free.pop_front() {
        settled += 1;
        for &next in &after[at] {
            before[next] -= 1;
            if before[next] == 0 {
                free.push_back(next);
            }
        }
    }
    if settled == steps.len() {
        return None;
    }
    // Every step that is left depends on one that is left: a walk back from any of them leads into a cycle.
    let mut at = (0..steps.len()).find(|&step| before[step] > 0)?;
    let mut trail: Vec<usize> = Vec::new();
    let mut seen = vec![false; steps.len()];
    while !seen[at] {
        seen[at] = true;
        trail.push(at);
        at = steps[at].after.iter().filter_map(|id| index.find(id)).find(|&at| before[at] > 0)?;
    }
    let start = trail.iter().position(|&step| step == at)?;
    Some(trail.split_off(start))
}

/// Checks that the tasks of the header form an acyclic graph. The error has the index of a task and a message.
fn task_graph(trace: &Trace) -> Result<(), (usize, String)> {
    let tasks = &trace.header.tasks;
    let index_of: BTreeMap<&str, usize> = tasks.iter().enumerate().map(|(at, task)| (task.id.as_str(), at)).collect();
    let mut waits = vec![0_usize; tasks.len()];
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        for on in &task.depends_on {
            let on = index_of.get(on.as_str()).ok_or_else(|| (at, format!("there is no task {on:?}")))?;
            dependents[*on].push(at);
            waits[at] += 1;
        }
    }
    let mut free: Vec<usize> = (0..tasks.len()).filter(|&at| waits[at] == 0).collect();
    let mut settled = 0;
    while let Some(at) = free.pop() {
        settled += 1;
        for &next in &dependents[at] {
            waits[next] -= 1;
            if waits[next] == 0 {
                free.push(next);
            }
        }
    }
    match waits.iter().position(|&waits| waits > 0) {
        Some(at) if settled < tasks.len() => Err((at, format!("{:?} depends on itself", tasks[at].id))),
        _ => Ok(()),
    }
}

/// Returns the totals that differ from the sums of the steps. Missing or estimated values of steps exempt a total.
fn wrong_totals(trace: &Trace) -> Vec<(&'static str, String)> {
    let calls: Vec<_> = trace.steps.iter().filter(|step| step.is_call()).collect();
    let sum = |key: &str, of: &dyn Fn(&TraceStep) -> Option<u32>| {
        let is_exact =
            calls.iter().all(|step| of(step).is_some() && !step.more().est.iter().any(|&name| trace.name(name) == key));
        is_exact.then(|| calls.iter().filter_map(|step| of(step)).map(u64::from).sum::<u64>() as f64)
    };
    let input = "gen_ai.usage.input_tokens";
    let output = "gen_ai.usage.output_tokens";
    let sums = [
        ("llm_calls", Some(calls.len() as f64)),
        (input, sum(input, &|step| step.usage.input)),
        (output, sum(output, &|step| step.usage.output)),
    ];
    let wrong = sums.into_iter().filter_map(|(key, sum)| {
        let (sum, total) = (sum?, trace.total(key)?);
        // Both are whole numbers.
        ((sum - total).abs() > 0.5).then(|| (key, format!("it is {total}, but the steps sum to {sum}")))
    });
    wrong.collect()
}

/// Returns the agents with overlapping model calls, each with the number of calls that start before an earlier one ends.
/// Such calls belong to several agents of one name, or to an agent with parallel calls.
pub fn overlapping_calls(trace: &Trace) -> Vec<(&str, usize)> {
    let mut busy_until = vec![Time::ZERO; trace.header.agents.len()];
    let mut overlaps = vec![0_usize; trace.header.agents.len()];
    for step in trace.steps.iter().filter(|step| step.is_call()) {
        let agent = step.agent.index();
        if let (Some(until), Some(count)) = (busy_until.get_mut(agent), overlaps.get_mut(agent)) {
            *count += usize::from(step.start < *until);
            *until = step.end.max(*until);
        }
    }
    let agents = trace.header.agents.iter().zip(overlaps);
    agents.filter(|(_, count)| *count > 0).map(|(agent, count)| (agent.name.as_str(), count)).collect()
}
