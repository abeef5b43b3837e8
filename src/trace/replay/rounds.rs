//! Replay of runs with rounds. All agents start with the round and think for the recorded time. Replies are processed one
//! at a time in order of arrival, and tests of a reply block all agents. The round ends with the last reply or test, and
//! the next one starts after the recorded gap.

use crate::engine::{EventQueue, Time};
use crate::record::{Observer, Round, Wait, WaitCause};
use crate::team::AgentId;
use crate::trace::model::{Operation, Trace, TraceStep};
use crate::trace::replay::effects::{self, Landing};
use crate::trace::replay::result::{AgentTime, Replay, RoundTime};
use crate::trace::replay::self_time::self_times;

/// Event classes: at equal times starts precede arrivals, for steps of zero duration.
const START: u8 = 0;
const ARRIVAL: u8 = 1;

pub(super) fn replay<O: Observer>(trace: &Trace, observer: &mut O, replay: &mut Replay) -> Time {
    replay.agents = vec![AgentTime::default(); trace.header.agents.len()];
    let own = self_times(trace);
    let mut queue = EventQueue::new();
    let (mut now, mut recorded_end) = (Time::ZERO, Time::ZERO);
    for steps in by_round(trace, &own) {
        let recorded_start = steps.iter().map(|(step, _)| step.start).min().unwrap_or(recorded_end);
        let start = now + (recorded_start - recorded_end);
        now = round(trace, &steps, (start, recorded_start), &mut queue, observer, replay);
        recorded_end = steps.iter().map(|(step, _)| processed(step)).max().unwrap_or(recorded_start);
    }
    now
}

/// Returns the steps of each round with their self times.
fn by_round<'t>(trace: &'t Trace, own: &[Time]) -> Vec<Vec<(&'t TraceStep, Time)>> {
    let mut rounds: Vec<Vec<(&TraceStep, Time)>> = Vec::new();
    let mut steps: Vec<(&TraceStep, Time)> = trace.steps.iter().zip(own.iter().copied()).collect();
    // By arrival within a round. Of equal arrivals a reply with tests comes last, because its tests would block the others.
    // The sort is stable, so other ties keep the recorded order.
    steps.sort_by_key(|(step, _)| (step.round, step.end, step.landing_order(), processed(step)));
    for (step, own) in steps {
        match rounds.last_mut() {
            Some(round) if round.first().is_some_and(|(first, _)| first.round == step.round) => round.push((step, own)),
            _ => rounds.push(vec![(step, own)]),
        }
    }
    rounds
}

/// Returns the end of the processing of a reply: the end of its last test.
fn processed(step: &TraceStep) -> Time {
    step.more().tests.last().map_or(step.end, |test| test.end.max(step.end))
}

/// Replays a round from `start` on; returns its end.
fn round<O: Observer>(
    trace: &Trace,
    steps: &[(&TraceStep, Time)],
    (start, recorded_start): (Time, Time),
    queue: &mut EventQueue,
    observer: &mut O,
    replay: &mut Replay,
) -> Time {
    schedule(steps, (start, recorded_start), queue);
    // End of the latest reply and its tests, which block the processing of others.
    let mut free_at = start;
    let mut ends: Vec<(AgentId, Time)> = Vec::with_capacity(steps.len());
    let mut tested: Vec<(Time, Time)> = Vec::new();
    let mut busy: Vec<(AgentId, Time, Time)> = Vec::with_capacity(steps.len());
    while let Some(event) = queue.pop() {
        let Some(&(step, own)) = steps.get(event.slot() as usize) else { continue };
        if event.class() == START {
            effects::start(trace, step, event.time(), observer);
            continue;
        }
        let taken_up = free_at.max(event.time());
        let tests = processed(step) - step.end;
        let end = taken_up + tests;
        let began = start + (step.start - recorded_start);
        if tests > Time::ZERO {
            tested.push((taken_up, end));
            busy.push((step.agent, taken_up, end));
        }
        if own > Time::ZERO {
            busy.push((step.agent, began, event.time()));
        }
        let landing = Landing { start: began, arrived: event.time(), taken_up, end };
        effects::land(trace, step, landing, own + tests, observer);
        if let Some(agent) = replay.agents.get_mut(step.agent.index()) {
            agent.busy += own + tests;
            if step.operation == Operation::HumanWait {
                agent.for_person += step.end - step.start;
            }
        }
        ends.push((step.agent, end));
        free_at = end;
    }
    let end = ends.iter().map(|(_, end)| *end).max().unwrap_or(start);
    add_blocked(&mut replay.agents, &tested, busy);
    if !trace.has_waits() {
        wait_at_barrier(&ends, end, observer);
    }
    // A round that the end of the run has cut off is none.
    if steps.iter().any(|(step, _)| step.is_cut()) {
        return end;
    }
    let number = steps.first().map_or(0, |(step, _)| step.round);
    observer.round(&Round { number, start, end });
    let straggler = ends.iter().max_by_key(|(_, end)| *end).map_or(AgentId::new(0), |(agent, _)| *agent);
    replay.rounds.push(RoundTime { number, start, end, straggler, gap: gap(steps) });
    end
}

/// Emits the waits of all agents from their last reply to the end of the round. `ends` contains the ends of all replies.
fn wait_at_barrier<O: Observer>(ends: &[(AgentId, Time)], end: Time, observer: &mut O) {
    let mut last = ends.to_vec();
    last.sort_unstable();
    for replies in last.chunk_by(|(a, _), (b, _)| a == b) {
        if let Some(&(agent, start)) = replies.last().filter(|(_, start)| *start < end) {
            observer.wait(&Wait { agent, cause: WaitCause::Barrier, start, end });
        }
    }
}

/// Schedules the starts and arrivals of a round.
fn schedule(steps: &[(&TraceStep, Time)], (start, recorded_start): (Time, Time), queue: &mut EventQueue) {
    queue.clear();
    let mut starts: Vec<usize> = (0..steps.len()).collect();
    starts.sort_by_key(|&index| (steps[index].0.start, steps[index].0.agent));
    for index in starts {
        queue.push(start + (steps[index].0.start - recorded_start), START, index as u32);
    }
    for (index, (step, _)) in steps.iter().enumerate() {
        queue.push(start + (step.end - recorded_start), ARRIVAL, index as u32);
    }
}

/// Adds the time for which tests of others blocked each agent. `busy` contains the busy intervals of all agents.
fn add_blocked(agents: &mut [AgentTime], tested: &[(Time, Time)], mut busy: Vec<(AgentId, Time, Time)>) {
    if tested.is_empty() {
        return;
    }
    busy.sort_unstable();
    for (id, agent) in AgentId::all(agents.len()).zip(agents) {
        let first = busy.partition_point(|(agent, ..)| *agent < id);
        let own = busy[first..].iter().take_while(|(agent, ..)| *agent == id);
        agent.blocked_on_tests += outside(tested, own.map(|&(_, from, to)| (from, to)).collect());
    }
}

/// Returns the time of consecutive tests outside busy intervals: for that long, the tests block an agent.
fn outside(tests: &[(Time, Time)], mut busy: Vec<(Time, Time)>) -> Time {
    busy.sort_unstable();
    let mut blocked = Time::ZERO;
    let mut first = 0;
    for &(from, to) in tests {
        let mut at = from;
        while busy.get(first).is_some_and(|(_, until)| *until <= from) {
            first += 1;
        }
        for &(since, until) in busy[first..].iter().take_while(|(since, _)| *since < to) {
            blocked += since - at;
            at = at.max(until);
        }
        blocked += to - at;
    }
    blocked
}

/// Returns the maximum latency of the round minus the mean one.
fn gap(steps: &[(&TraceStep, Time)]) -> Option<Time> {
    let latencies: Vec<u64> =
        steps.iter().filter(|(step, _)| step.is_call()).map(|(step, _)| (step.end - step.start).as_us()).collect();
    let slowest = *latencies.iter().max()?;
    let mean = latencies.iter().sum::<u64>() as f64 / latencies.len() as f64;
    (latencies.len() >= 2).then(|| Time::from_us_f64(slowest as f64 - mean))
}
