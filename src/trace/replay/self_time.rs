//! Self time of steps. Steps of an agent can overlap or contain others. An instant belongs to the step that started last,
//! so self times sum to the busy time of the agent.

use std::collections::BTreeSet;

use crate::engine::Time;
use crate::trace::check::StepIndex;
use crate::trace::model::Trace;

/// Returns the self time of every step, by index. Containers and waits have none.
pub(crate) fn self_times(trace: &Trace) -> Vec<Time> {
    let mut own = vec![Time::ZERO; trace.steps.len()];
    let waits = waits_for_others(trace);
    let mut edges: Vec<Vec<(Time, bool, usize)>> = vec![Vec::new(); trace.header.agents.len()];
    for (index, step) in trace.steps.iter().enumerate() {
        let counts = step.end > step.start && !waits[index];
        if let Some(edges) = edges.get_mut(step.agent.index()).filter(|_| counts) {
            edges.push((step.start, true, index));
            edges.push((step.end, false, index));
        }
    }
    for mut edges in edges {
        edges.sort_unstable();
        // Steps in progress. Indices are in order of starts, so the last one started last.
        let mut open: BTreeSet<usize> = BTreeSet::new();
        let mut since = Time::ZERO;
        for (at, is_start, index) in edges {
            if let Some(&top) = open.last() {
                own[top] += at - since;
            }
            since = at;
            if is_start {
                open.insert(index);
            } else {
                open.remove(&index);
            }
        }
    }
    own
}

/// Returns true for steps without work of their agent: containers, waits, and tools in which another agent works.
fn waits_for_others(trace: &Trace) -> Vec<bool> {
    let index = StepIndex::new(trace);
    let mut waits: Vec<bool> =
        trace.steps.iter().map(|step| step.operation.is_container() || step.operation.is_wait()).collect();
    for step in &trace.steps {
        let parent = step.more().parent.as_deref().and_then(|id| index.find(id));
        if let Some(parent) = parent.filter(|&parent| trace.steps[parent].agent != step.agent) {
            waits[parent] = true;
        }
    }
    waits
}
