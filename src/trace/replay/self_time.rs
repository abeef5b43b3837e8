//! How much of an agent's time is each step's own. Tools run side by side, and a step may contain others: then an
//! instant belongs to the step that began last, so that the parts make up the time in which the agent did something.

use std::collections::BTreeSet;

use crate::engine::Time;
use crate::trace::check::Places;
use crate::trace::model::Trace;

/// The own time of every step, by its place. Steps that only contain others, and waits, have none.
pub(crate) fn self_times(trace: &Trace) -> Vec<Time> {
    let mut own = vec![Time::ZERO; trace.steps.len()];
    let waits = waits_for_others(trace);
    let mut edges: Vec<Vec<(Time, bool, usize)>> = vec![Vec::new(); trace.header.agents.len()];
    for (place, step) in trace.steps.iter().enumerate() {
        let counts = step.end > step.start && !waits[place];
        if let Some(edges) = edges.get_mut(step.agent.index()).filter(|_| counts) {
            edges.push((step.start, true, place));
            edges.push((step.end, false, place));
        }
    }
    for mut edges in edges {
        edges.sort_unstable();
        // Steps under way, the one that began last at the end; places are in order of starts.
        let mut open: BTreeSet<usize> = BTreeSet::new();
        let mut since = Time::ZERO;
        for (at, is_start, place) in edges {
            if let Some(&top) = open.last() {
                own[top] += at - since;
            }
            since = at;
            if is_start {
                open.insert(place);
            } else {
                open.remove(&place);
            }
        }
    }
    own
}

/// Which steps are no work of their agent: containers, waits, and tools in which another agent works.
fn waits_for_others(trace: &Trace) -> Vec<bool> {
    let places = Places::of(trace);
    let mut waits: Vec<bool> =
        trace.steps.iter().map(|step| step.operation.is_container() || step.operation.is_wait()).collect();
    for step in &trace.steps {
        let parent = step.more().parent.as_deref().and_then(|id| places.find(id));
        if let Some(parent) = parent.filter(|&parent| trace.steps[parent].agent != step.agent) {
            waits[parent] = true;
        }
    }
    waits
}
