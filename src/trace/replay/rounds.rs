//! Runs in rounds. Everybody begins at the start of the round and thinks for the recorded time; replies are taken up
//! one at a time, in the order in which they arrive, and tests that a reply runs block everybody meanwhile. The round
//! ends with the last of them, and the next begins after the recorded gap.

use crate::engine::{EventQueue, Time};
use crate::record::{Observer, Round};
use crate::team::AgentId;
use crate::trace::model::{Operation, Trace, TraceStep};
use crate::trace::replay::effects::{self, Landing};
use crate::trace::replay::result::{AgentTime, Replay, RoundTime};
use crate::trace::replay::self_time::self_times;

/// Starts come before arrivals at one time: a step that takes none begins first.
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

/// The steps of each round, as recorded, each with the time that is its own.
fn by_round<'t>(trace: &'t Trace, own: &[Time]) -> Vec<Vec<(&'t TraceStep, Time)>> {
    let mut rounds: Vec<Vec<(&TraceStep, Time)>> = Vec::new();
    let mut steps: Vec<(&TraceStep, Time)> = trace.steps.iter().zip(own.iter().copied()).collect();
    // By arrival within a round. Of what arrives at one time, what ran a test came last: it kept all others from being
    // taken up. For the rest, the sort keeps the order of the recording.
    steps.sort_by_key(|(step, _)| (step.round, step.end, step.landing_order(), processed(step)));
    for (step, own) in steps {
        match rounds.last_mut() {
            Some(round) if round.first().is_some_and(|(first, _)| first.round == step.round) => round.push((step, own)),
            _ => rounds.push(vec![(step, own)]),
        }
    }
    rounds
}

/// When the recorder was through with a reply: after the last test that it ran.
fn processed(step: &TraceStep) -> Time {
    step.more().tests.last().map_or(step.end, |test| test.end.max(step.end))
}

/// Replays one round from `start` on; returns when it ends.
fn round<O: Observer>(
    trace: &Trace,
    steps: &[(&TraceStep, Time)],
    (start, recorded_start): (Time, Time),
    queue: &mut EventQueue,
    observer: &mut O,
    replay: &mut Replay,
) -> Time {
    queue.clear();
    let mut starts: Vec<usize> = (0..steps.len()).collect();
    starts.sort_by_key(|&place| (steps[place].0.start, steps[place].0.agent));
    for place in starts {
        queue.push(start + (steps[place].0.start - recorded_start), START, place as u32);
    }
    for (place, (step, _)) in steps.iter().enumerate() {
        queue.push(start + (step.end - recorded_start), ARRIVAL, place as u32);
    }
    // Until when a test keeps everybody from being taken up.
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
    busy.sort_unstable();
    for (id, agent) in AgentId::all(replay.agents.len()).zip(&mut replay.agents) {
        if tested.is_empty() {
            break;
        }
        let first = busy.partition_point(|(agent, ..)| *agent < id);
        let mine = busy[first..].iter().take_while(|(agent, ..)| *agent == id);
        agent.blocked_on_tests += outside(&tested, mine.map(|&(_, from, to)| (from, to)).collect());
    }
    let number = steps.first().map_or(0, |(step, _)| step.round);
    observer.round(&Round { number, start, end });
    let straggler = ends.iter().max_by_key(|(_, end)| *end).map_or(AgentId::new(0), |(agent, _)| *agent);
    replay.rounds.push(RoundTime { number, start, end, straggler, gap: gap(steps) });
    end
}

/// How much of the tests, which follow each other, is outside of these times: for that long, somebody could do nothing
/// else.
fn outside(tests: &[(Time, Time)], mut busy: Vec<(Time, Time)>) -> Time {
    if tests.is_empty() {
        return Time::ZERO;
    }
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

/// The slowest latency of the round less the mean one.
fn gap(steps: &[(&TraceStep, Time)]) -> Option<Time> {
    let latencies: Vec<u64> =
        steps.iter().filter(|(step, _)| step.is_call()).map(|(step, _)| (step.end - step.start).as_us()).collect();
    let slowest = *latencies.iter().max()?;
    let mean = latencies.iter().sum::<u64>() as f64 / latencies.len() as f64;
    (latencies.len() >= 2).then(|| Time::from_us_f64(slowest as f64 - mean))
}
