//! Replay of runs without rounds. A step starts after its predecessors and the previous step of its agent have ended, and
//! the step that contains it has started. The recorded lag after that is kept.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::Time;
use crate::record::Observer;
use crate::trace::check::StepIndex;
use crate::trace::model::{Operation, Trace};
use crate::trace::replay::effects::{self, Landing};
use crate::trace::replay::result::{AgentTime, Replay};
use crate::trace::replay::self_time::self_times;

/// Event classes: at equal times ends precede starts, because an end can enable a start.
const END: u8 = 0;
const START: u8 = 1;

/// Dependencies and dependents of a step.
#[derive(Clone, Default)]
struct StepDependencies {
    /// Number of pending ends and starts.
    missing: u32,
    /// Latest of those that have occurred.
    ready: Time,
    /// Recorded time from then to the start of the step; from the start of the run without dependencies.
    lag: Time,
    /// Indices of steps that wait for its end.
    after_end: Vec<u32>,
    /// Indices of steps that wait for its start.
    after_start: Vec<u32>,
    start: Time,
}

pub(super) fn replay<O: Observer>(trace: &Trace, observer: &mut O, replay: &mut Replay) -> Time {
    // An agent is present from its first step to its last.
    let absent = AgentTime { from: Time::MAX, ..AgentTime::default() };
    replay.agents = vec![absent; trace.header.agents.len()];
    let own = self_times(trace);
    let mut nodes = nodes(trace, &mut replay.contradictions);
    // Events at equal times are in the recorded order of commits, else in file order, and not in order of scheduling: a
    // simulated step with a shared resource can commit after one that was decided later. A step of zero duration starts
    // at its turn to commit.
    let event = |at: Time, kind: u8, index: u32| {
        let step = &trace.steps[index as usize];
        let order = step.landing_order();
        let class = if order > 0 && step.end == step.start { END } else { kind };
        Reverse((at, class, order, index, kind))
    };
    let mut queue = BinaryHeap::new();
    for (index, node) in nodes.iter().enumerate() {
        if node.missing == 0 {
            queue.push(event(node.lag, START, index as u32));
        }
    }
    let mut last = Time::ZERO;
    while let Some(Reverse((now, _, _, index, kind))) = queue.pop() {
        let (Some(step), Some(node)) = (trace.steps.get(index as usize), nodes.get_mut(index as usize)) else {
            continue;
        };
        let waiting = if kind == START {
            node.start = now;
            effects::start(trace, step, now, observer);
            queue.push(event(now + (step.end - step.start), END, index));
            std::mem::take(&mut node.after_start)
        } else {
            let own = own.get(index as usize).copied().unwrap_or_default();
            let landing = Landing { start: node.start, arrived: now, taken_up: now, end: now };
            effects::land(trace, step, landing, own, observer);
            if let Some(agent) = replay.agents.get_mut(step.agent.index()) {
                agent.busy += own;
                if step.operation == Operation::HumanWait {
                    agent.for_person += step.end - step.start;
                }
                agent.from = agent.from.min(node.start);
                agent.to = agent.to.max(now);
            }
            last = last.max(now);
            std::mem::take(&mut node.after_end)
        };
        for next in waiting {
            let Some(node) = nodes.get_mut(next as usize) else { continue };
            node.missing -= 1;
            node.ready = node.ready.max(now);
            if node.missing == 0 {
                queue.push(event(node.ready + node.lag, START, next));
            }
        }
    }
    last
}

/// Builds the dependency graph. Only steps earlier in time are dependencies, which rules out cycles; recorded dependencies
/// that contradict the times are counted.
fn nodes(trace: &Trace, contradictions: &mut usize) -> Vec<StepDependencies> {
    let steps = &trace.steps;
    let index = StepIndex::new(trace);
    let mut nodes = vec![StepDependencies::default(); steps.len()];
    // Steps of each agent by end, for binary search of the latest end before a start.
    let mut ended: Vec<Vec<(Time, usize)>> = vec![Vec::new(); trace.header.agents.len()];
    for (current, step) in steps.iter().enumerate() {
        if let Some(list) = ended.get_mut(step.agent.index()).filter(|_| !step.operation.is_container()) {
            list.push((step.end, current));
        }
    }
    for list in &mut ended {
        list.sort_unstable();
    }
    for (current, step) in steps.iter().enumerate() {
        let (mut before, mut during): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for id in &step.after {
            match index.find(id) {
                Some(other) if steps[other].end <= step.start && other < current => before.push(other),
                // Used while in progress, such as a tool that was called before the answer was complete.
                Some(other) if steps[other].start <= step.start && other < current => during.push(other),
                _ => *contradictions += 1,
            }
        }
        if let Some(list) = ended.get(step.agent.index()) {
            let until = list.partition_point(|(end, _)| *end <= step.start);
            before.extend(list[..until].iter().rev().map(|(_, other)| *other).find(|&other| other < current));
        }
        before.sort_unstable();
        before.dedup();
        let container = step.more().parent.as_deref().and_then(|id| index.find(id));
        during.extend(container.filter(|&other| steps[other].start <= step.start && other < current));
        during.sort_unstable();
        during.dedup();
        let ended = before.iter().map(|&other| steps[other].end);
        let ready = ended.chain(during.iter().map(|&other| steps[other].start)).max();
        nodes[current].lag = step.start - ready.unwrap_or(Time::ZERO);
        nodes[current].missing = (before.len() + during.len()) as u32;
        for other in before {
            nodes[other].after_end.push(current as u32);
        }
        for other in during {
            nodes[other].after_start.push(current as u32);
        }
    }
    nodes
}
