//! Runs without rounds. A step begins when all that it came after has ended, its agent's step before it, and the step
//! that contains it has begun; then after the time that had passed in the recording too.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::Time;
use crate::record::Observer;
use crate::trace::check::Places;
use crate::trace::model::{Operation, Trace};
use crate::trace::replay::effects::{self, Landing};
use crate::trace::replay::result::{AgentTime, Replay};
use crate::trace::replay::self_time::self_times;

/// Ends come before starts at one time: what ends lets others begin.
const END: u8 = 0;
const START: u8 = 1;

/// What a step waits for, and what waits for it.
#[derive(Clone, Default)]
struct StepDependencies {
    /// How many ends and starts it still waits for.
    missing: u32,
    /// The latest of those that have happened.
    ready: Time,
    /// From then to its start, as recorded; from the start of the run if it waits for nothing.
    lag: Time,
    /// Steps that wait for its end.
    after_end: Vec<u32>,
    /// Steps that wait for its start.
    after_start: Vec<u32>,
    start: Time,
}

pub(super) fn replay<O: Observer>(trace: &Trace, observer: &mut O, replay: &mut Replay) -> Time {
    // An agent is there from its first step to its last.
    let nobody = AgentTime { from: Time::MAX, ..AgentTime::default() };
    replay.agents = vec![nobody; trace.header.agents.len()];
    let own = self_times(trace);
    let mut nodes = nodes(trace, &mut replay.contradictions);
    // Events at one time come in the order of landing, else in that of the file, not in that of their scheduling: a
    // simulated step that has passed a shared resource lands after one that was decided later. A step that takes no time
    // begins when its turn to land has come.
    let event = |at: Time, kind: u8, place: u32| {
        let step = &trace.steps[place as usize];
        let order = step.landing_order();
        let class = if order > 0 && step.end == step.start { END } else { kind };
        Reverse((at, class, order, place, kind))
    };
    let mut queue = BinaryHeap::new();
    for (place, node) in nodes.iter().enumerate() {
        if node.missing == 0 {
            queue.push(event(node.lag, START, place as u32));
        }
    }
    let mut last = Time::ZERO;
    while let Some(Reverse((now, _, _, place, kind))) = queue.pop() {
        let (Some(step), Some(node)) = (trace.steps.get(place as usize), nodes.get_mut(place as usize)) else {
            continue;
        };
        let waiting = if kind == START {
            node.start = now;
            effects::start(trace, step, now, observer);
            queue.push(event(now + (step.end - step.start), END, place));
            std::mem::take(&mut node.after_start)
        } else {
            let own = own.get(place as usize).copied().unwrap_or_default();
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

/// What waits for what. Only what lies back in time is waited for, so that nobody waits in a circle; what the recording
/// says otherwise is counted.
fn nodes(trace: &Trace, contradictions: &mut usize) -> Vec<StepDependencies> {
    let steps = &trace.steps;
    let places = Places::of(trace);
    let mut nodes = vec![StepDependencies::default(); steps.len()];
    // Of each agent, its steps by end: the latest that ended before a start is found by halving.
    let mut ended: Vec<Vec<(Time, usize)>> = vec![Vec::new(); trace.header.agents.len()];
    for (place, step) in steps.iter().enumerate() {
        if let Some(list) = ended.get_mut(step.agent.index()).filter(|_| !step.operation.is_container()) {
            list.push((step.end, place));
        }
    }
    for list in &mut ended {
        list.sort_unstable();
    }
    for (place, step) in steps.iter().enumerate() {
        let (mut before, mut during): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for id in &step.after {
            match places.find(id) {
                Some(other) if steps[other].end <= step.start && other < place => before.push(other),
                // Used while it was still under way, such as a tool that was called before the whole answer was there.
                Some(other) if steps[other].start <= step.start && other < place => during.push(other),
                _ => *contradictions += 1,
            }
        }
        if let Some(list) = ended.get(step.agent.index()) {
            let until = list.partition_point(|(end, _)| *end <= step.start);
            before.extend(list[..until].iter().rev().map(|(_, other)| *other).find(|&other| other < place));
        }
        before.sort_unstable();
        before.dedup();
        let container = step.more().parent.as_deref().and_then(|id| places.find(id));
        during.extend(container.filter(|&other| steps[other].start <= step.start && other < place));
        during.sort_unstable();
        during.dedup();
        let ended = before.iter().map(|&other| steps[other].end);
        let ready = ended.chain(during.iter().map(|&other| steps[other].start)).max();
        nodes[place].lag = step.start - ready.unwrap_or(Time::ZERO);
        nodes[place].missing = (before.len() + during.len()) as u32;
        for other in before {
            nodes[other].after_end.push(place as u32);
        }
        for other in during {
            nodes[other].after_start.push(place as u32);
        }
    }
    nodes
}
