//! What must hold in a trace as a whole: unique ids, references that lead somewhere, no cycle, sums that agree.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::Time;
use crate::problem::Problem;
use crate::trace::model::{Trace, TraceStep};

/// Something that does not hold, and the step that shows it by its place in the trace; none for the header.
pub struct Fault {
    /// The step.
    pub step: Option<usize>,
    /// What is wrong; file and line are for the reader to fill in.
    pub problem: Problem,
}

/// Tells everything that does not hold.
pub fn check(trace: &Trace, mut tell: impl FnMut(Fault)) {
    let mut fault = |step: Option<usize>, path: &str, message: String, expected: &str| {
        let problem = Problem {
            code: "trace",
            file: String::new(),
            line: 0,
            path: path.to_owned(),
            message,
            expected: expected.to_owned(),
        };
        tell(Fault { step, problem });
    };
    let places = Places::of(trace);
    for place in places.doubles() {
        let id = &trace.steps[place].id;
        fault(Some(place), "id", format!("{id:?} is there twice"), "unique ids");
    }
    for (place, step) in trace.steps.iter().enumerate() {
        if step.end < step.start {
            let message = format!("{} is before start_us, which is {}", step.end.as_us(), step.start.as_us());
            fault(Some(place), "end_us", message, "an end that is not before the start");
        }
    }
    for (place, step) in trace.steps.iter().enumerate() {
        for id in step.after.iter().filter(|id| places.find(id).is_none()) {
            fault(Some(place), "after", format!("there is no step {id:?}"), "ids of steps of this trace");
        }
        if let Some(parent) = step.more().parent.as_deref().filter(|parent| places.find(parent).is_none()) {
            fault(Some(place), "parent", format!("there is no step {parent:?}"), "the id of a step of this trace");
        }
    }
    if let Some(cycle) = cycle(trace, &places) {
        let ids: Vec<&str> = cycle.iter().chain(cycle.first()).map(|&place| &*trace.steps[place].id).collect();
        fault(cycle.first().copied(), "after", format!("a cycle: {}", ids.join(" after ")), "no step after itself");
    }
    if let Err((place, message)) = task_graph(trace) {
        fault(None, &format!("tasks[{place}].depends_on"), message, "tasks of this trace, and no cycle");
    }
    if trace.steps.iter().any(|step| step.agent.index() >= trace.header.agents.len()) {
        fault(None, "agents", "steps name agents that are not listed".to_owned(), "every agent in the header");
    }
    for (key, message) in wrong_totals(trace) {
        fault(None, &format!("totals.{key}"), message, "totals that are the sum of the steps");
    }
}

/// Where steps are, by their ids: four bytes a step, as there may be millions.
pub(crate) struct Places<'t> {
    steps: &'t [TraceStep],
    by_id: Vec<u32>,
}

impl Places<'_> {
    pub(crate) fn of(trace: &Trace) -> Places<'_> {
        let steps = &trace.steps;
        let mut by_id: Vec<u32> = (0..steps.len() as u32).collect();
        // Of equals the first comes first.
        by_id.sort_by(|&a, &b| steps[a as usize].id.cmp(&steps[b as usize].id));
        Places { steps, by_id }
    }

    /// The place of the step of that id; of several the first.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let first = self.by_id.partition_point(|&place| *self.steps[place as usize].id < *id);
        let place = *self.by_id.get(first)? as usize;
        (*self.steps[place].id == *id).then_some(place)
    }

    /// The places of steps whose ids are those of others above them.
    fn doubles(&self) -> Vec<usize> {
        let is_double = |pair: &&[u32]| self.steps[pair[0] as usize].id == self.steps[pair[1] as usize].id;
        let mut doubles: Vec<usize> = self.by_id.windows(2).filter(is_double).map(|pair| pair[1] as usize).collect();
        doubles.sort_unstable();
        doubles
    }
}

/// Steps that come after one another in a circle, if there are any.
fn cycle(trace: &Trace, places: &Places<'_>) -> Option<Vec<usize>> {
    let steps = &trace.steps;
    let goes_back = |(place, step): (usize, &TraceStep)| {
        step.after.iter().filter_map(|id| places.find(id)).all(|earlier| earlier < place)
    };
    if steps.iter().enumerate().all(goes_back) {
        // Everything comes after what stands above it: that needs no search, nor the memory of one.
        return None;
    }
    let mut before = vec![0_usize; steps.len()];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (place, step) in steps.iter().enumerate() {
        for earlier in step.after.iter().filter_map(|id| places.find(id)) {
            after[earlier].push(place);
            before[place] += 1;
        }
    }
    let mut free: VecDeque<usize> = (0..steps.len()).filter(|&place| before[place] == 0).collect();
    let mut settled = 0;
    while let Some(place) = free.pop_front() {
        settled += 1;
        for &next in &after[place] {
            before[next] -= 1;
            if before[next] == 0 {
                free.push_back(next);
            }
        }
    }
    if settled == steps.len() {
        return None;
    }
    // Whoever is left waits for somebody who is left: going back from anyone leads around.
    let mut at = (0..steps.len()).find(|&place| before[place] > 0)?;
    let mut trail: Vec<usize> = Vec::new();
    let mut seen = vec![false; steps.len()];
    while !seen[at] {
        seen[at] = true;
        trail.push(at);
        at = steps[at].after.iter().filter_map(|id| places.find(id)).find(|&place| before[place] > 0)?;
    }
    let start = trail.iter().position(|&place| place == at)?;
    Some(trail.split_off(start))
}

/// Whether the tasks of the header are a graph: if not, which task shows it, and how.
fn task_graph(trace: &Trace) -> Result<(), (usize, String)> {
    let tasks = &trace.header.tasks;
    let places: BTreeMap<&str, usize> =
        tasks.iter().enumerate().map(|(place, task)| (task.id.as_str(), place)).collect();
    let mut waits = vec![0_usize; tasks.len()];
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    for (place, task) in tasks.iter().enumerate() {
        for on in &task.depends_on {
            let on = places.get(on.as_str()).ok_or_else(|| (place, format!("there is no task {on:?}")))?;
            dependents[*on].push(place);
            waits[place] += 1;
        }
    }
    let mut free: Vec<usize> = (0..tasks.len()).filter(|&place| waits[place] == 0).collect();
    let mut settled = 0;
    while let Some(place) = free.pop() {
        settled += 1;
        for &next in &dependents[place] {
            waits[next] -= 1;
            if waits[next] == 0 {
                free.push(next);
            }
        }
    }
    match waits.iter().position(|&waits| waits > 0) {
        Some(place) if settled < tasks.len() => Err((place, format!("{:?} waits for itself", tasks[place].id))),
        _ => Ok(()),
    }
}

/// Totals that the steps do not add up to. Where steps do not say, or guess, there is nothing to hold the total to.
fn wrong_totals(trace: &Trace) -> Vec<(&'static str, String)> {
    let calls: Vec<_> = trace.steps.iter().filter(|step| step.is_call()).collect();
    let sum = |key: &str, of: &dyn Fn(&TraceStep) -> Option<u32>| {
        let is_exact =
            calls.iter().all(|step| of(step).is_some() && !step.more().est.iter().any(|&name| trace.name(name) == key));
        is_exact.then(|| calls.iter().filter_map(|step| of(step)).map(u64::from).sum::<u64>() as f64)
    };
    let input = "gen_ai.usage.input_tokens";
    let output = "gen_ai.usage.output_tokens";
    let found = [
        ("llm_calls", Some(calls.len() as f64)),
        (input, sum(input, &|step| step.usage.input)),
        (output, sum(output, &|step| step.usage.output)),
    ];
    let wrong = found.into_iter().filter_map(|(key, found)| {
        let (found, given) = (found?, trace.total(key)?);
        // Both are whole.
        ((found - given).abs() > 0.5).then(|| (key, format!("{given}, and the steps give {found}")))
    });
    wrong.collect()
}

/// Agents with two model calls at one time: then calls of several agents go by one name, or the agent asks several
/// times at once. Each with the number of calls that begin before an earlier one has ended.
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
