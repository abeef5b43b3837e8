//! Replay and what-if over random recordings: with rounds and without, steps that overlap or contain others, what comes
//! after what, tests that block everybody, waits for people.

use brooks::engine::{Keys, Purpose, Stream, Time, key_of};
use brooks::experiment::Sweep;
use brooks::prediction::what_if;
use brooks::record::{Log, METRICS, Message, Observer, Round, Start, Step, TaskEvent, TestRun, Write};
use brooks::team::AgentId;
use brooks::trace::replay::{Replay, replay};
use brooks::trace::{Trace, native, work_of};
use serde_json::{Value, json};

/// How many random recordings of a kind.
const TRACES: u64 = 300;

/// The draws of a recording.
fn dice(seed: u64) -> Stream {
    Keys::new(seed, 0).stream(Purpose::Workload, key_of("recording"))
}

fn below(dice: &mut Stream, n: u64) -> u64 {
    dice.below(n as u32).into()
}

fn one_in(dice: &mut Stream, n: u64) -> bool {
    below(dice, n) == 0
}

/// A recording as its lines: the header, then steps.
fn lines(agents: u64, has_rounds: bool, end: u64, steps: &[Value]) -> String {
    let names: Vec<Value> = (0..agents).map(|agent| json!({"gen_ai.agent.name": format!("a{agent}")})).collect();
    let mut header = json!({
        "record": "header", "schema": "brooks.trace", "version": "1.0", "trace": "random",
        "source": {"format": "test", "producer": ""}, "clock": {"origin": "start", "unit": "us"}, "agents": names,
        "tasks": [{"id": "t0"}, {"id": "t1", "depends_on": ["t0"]}, {"id": "t2"}, {"id": "t3", "depends_on": ["t1"]}],
        "totals": {"duration_us": end},
    });
    if has_rounds {
        header["barrier"] = "round".into();
    }
    std::iter::once(&header).chain(steps).map(Value::to_string).collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Trace {
    let mut traces = native::read("random", text.as_bytes());
    let trace = traces.next().expect("a trace").unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    assert!(traces.next().is_none());
    trace
}

const CLASSES: [&str; 5] = ["work", "coordinate", "verify", "rework", "wait"];

/// What a step may have besides its times.
fn adorn(dice: &mut Stream, step: &mut Value) {
    if one_in(dice, 2) {
        step["class"] = CLASSES[below(dice, 5) as usize].into();
    }
    if one_in(dice, 2) {
        step["task"] = format!("t{}", below(dice, 4)).into();
    }
    if one_in(dice, 3) {
        step["files.write"] = json!([{"path": format!("f{}", below(dice, 4))}]);
    }
    if one_in(dice, 4) {
        step["files.read"] = json!([{"path": format!("f{}", below(dice, 4))}]);
    }
    if one_in(dice, 3) {
        step["gen_ai.usage.output_tokens"] = below(dice, 500).into();
    }
}

/// Steps at any times, in any order: they overlap, contain each other and come after each other.
fn without_rounds(seed: u64, k: u64) -> Trace {
    let mut dice = dice(seed);
    let agents = 1 + below(&mut dice, 5);
    let mut steps: Vec<(u64, u64, Value)> = Vec::new();
    for number in 0..=below(&mut dice, 40) {
        let start = below(&mut dice, 1000);
        let end = start + if one_in(&mut dice, 6) { 0 } else { below(&mut dice, 200) };
        let operation = ["chat", "execute_tool", "invoke_agent", "x.human_wait", "plan"][below(&mut dice, 5) as usize];
        let mut step = json!({
            "record": "step", "id": format!("s{number}"), "gen_ai.operation.name": operation,
            "gen_ai.agent.name": format!("a{}", below(&mut dice, agents)), "start_us": start * k, "end_us": end * k,
        });
        let before: Vec<&Value> =
            steps.iter().filter(|other| other.1 <= start).map(|(_, _, other)| &other["id"]).collect();
        if !before.is_empty() && one_in(&mut dice, 2) {
            step["after"] = json!([before[below(&mut dice, before.len() as u64) as usize]]);
        }
        let around = steps.iter().filter(|other| other.0 <= start && end <= other.1);
        let around: Vec<&Value> = around.map(|(_, _, other)| &other["id"]).collect();
        if !around.is_empty() && one_in(&mut dice, 2) {
            step["parent"] = around[below(&mut dice, around.len() as u64) as usize].clone();
        }
        adorn(&mut dice, &mut step);
        steps.push((start, end, step));
    }
    let end = steps.iter().map(|(_, end, _)| *end).max().unwrap_or(0);
    let steps: Vec<Value> = steps.into_iter().map(|(_, _, step)| step).collect();
    read(&lines(agents, false, end * k, &steps))
}

/// A recorder as it is: replies are taken up one at a time, tests block it, and the next round begins after a gap. An
/// agent may use a tool while its answer is on the way.
fn in_rounds(seed: u64, k: u64) -> Trace {
    let mut dice = dice(seed);
    let agents = 1 + below(&mut dice, 5);
    let mut steps = Vec::new();
    let mut now = below(&mut dice, 3);
    for round in 1..=1 + below(&mut dice, 6) {
        let mut arrivals: Vec<(u64, u64, u64, u64)> = Vec::new();
        for agent in 0..agents {
            let start = now + if one_in(&mut dice, 4) { below(&mut dice, 60) } else { 0 };
            let end = start + below(&mut dice, 200);
            arrivals.push((end, agent, start, 1));
            if one_in(&mut dice, 4) {
                let (from, to) = (below(&mut dice, end - start + 1), below(&mut dice, end - start + 1));
                arrivals.push((start + from.max(to), agent, start + from.min(to), 0));
            }
        }
        arrivals.sort_unstable();
        let mut free = now;
        for (arrived, agent, start, part) in arrivals {
            let end = arrived.max(free);
            let mut step = json!({
                "record": "step", "id": format!("r{round}.{agent}.{part}"), "round": round,
                "gen_ai.operation.name": if part == 1 { "chat" } else { "execute_tool" },
                "gen_ai.agent.name": format!("a{agent}"), "start_us": start * k, "end_us": end * k,
            });
            free = end;
            let mut tests = Vec::new();
            while part == 1 && one_in(&mut dice, 4) {
                let begin = free + below(&mut dice, 3);
                free = begin + below(&mut dice, 80);
                tests.push(json!({"returncode": below(&mut dice, 3), "start_us": begin * k, "end_us": free * k}));
            }
            if !tests.is_empty() {
                step["tests"] = tests.into();
            }
            adorn(&mut dice, &mut step);
            steps.push(step);
        }
        now = free + below(&mut dice, 3);
    }
    let ends = steps.iter().map(|step| {
        let tests = step["tests"].as_array().and_then(|tests| tests.last()?["end_us"].as_u64());
        tests.unwrap_or(0).max(step["end_us"].as_u64().unwrap_or(0))
    });
    let end = ends.max().unwrap_or(0);
    read(&lines(agents, true, end, &steps))
}

fn each(check: impl Fn(&str, &Trace)) {
    for seed in 0..TRACES {
        check(&format!("seed {seed} without rounds"), &without_rounds(seed, 1000));
        check(&format!("seed {seed} in rounds"), &in_rounds(seed, 1000));
    }
}

/// When the recorder was through with each step: agent, start, end.
fn recorded(trace: &Trace) -> Vec<(AgentId, Time, Time)> {
    let through = |step: &brooks::trace::TraceStep| {
        let tests = step.more().tests.last().filter(|_| trace.header.barrier);
        tests.map_or(step.end, |test| test.end.max(step.end))
    };
    let mut times: Vec<_> = trace.steps.iter().map(|step| (step.agent, step.start, through(step))).collect();
    times.sort_unstable();
    times
}

fn replayed(trace: &Trace) -> (Replay, Vec<(AgentId, Time, Time)>) {
    let mut log = Log::default();
    let replay = replay(trace, &mut log);
    let mut times: Vec<_> = log.steps().map(|step| (step.agent, step.start, step.end)).collect();
    times.sort_unstable();
    (replay, times)
}

#[test]
fn every_step_is_replayed_when_it_was_recorded() {
    each(|name, trace| {
        let (replay, times) = replayed(trace);
        assert_eq!(times, recorded(trace), "{name}");
        assert_eq!(replay.recorded, Some(replay.replayed), "{name}");
        assert_eq!(replay.contradictions, 0, "{name}");
    });
}

#[test]
fn the_time_of_agents_adds_up() {
    each(|name, trace| {
        let (replay, _) = replayed(trace);
        let mut whole = Time::ZERO;
        for (place, agent) in replay.agents.iter().enumerate() {
            let parts = agent.busy + agent.blocked_on_tests + agent.for_person + agent.waiting;
            assert_eq!(parts, agent.to - agent.from, "{name}: agent {place}: {agent:?}");
            whole += agent.to - agent.from;
        }
        assert_eq!(replay.metrics.budget.total(), whole, "{name}: {:?}", replay.metrics.budget);
    });
}

#[test]
fn a_recording_in_slow_motion_is_replayed_in_slow_motion() {
    let stretched = |times: &[(AgentId, Time, Time)], k: u64| -> Vec<(AgentId, Time, Time)> {
        let by = |time: Time| Time::from_us(time.as_us() * k);
        times.iter().map(|&(agent, start, end)| (agent, by(start), by(end))).collect()
    };
    for seed in 0..TRACES {
        for of in [without_rounds, in_rounds] {
            let ((one, times), (seven, slow)) = (replayed(&of(seed, 1)), replayed(&of(seed, 7)));
            assert_eq!(slow, stretched(&times, 7), "seed {seed}");
            assert_eq!(seven.replayed.as_us(), one.replayed.as_us() * 7, "seed {seed}");
        }
    }
}

#[test]
fn rounds_follow_each_other_and_agents_keep_their_order() {
    for seed in 0..TRACES {
        let trace = in_rounds(seed, 1000);
        let mut log = Log::default();
        let replay = replay(&trace, &mut log);
        let in_order = replay.rounds.windows(2).all(|pair| pair[0].end <= pair[1].start);
        assert!(in_order && replay.rounds.iter().all(|round| round.start <= round.end), "seed {seed}");
        for step in log.steps() {
            let round = replay.rounds.iter().find(|round| round.number == step.round).expect("its round");
            assert!(round.start <= step.start && step.end <= round.end, "seed {seed}");
        }
        for agent in AgentId::all(trace.header.agents.len()) {
            let ends: Vec<Time> = log.steps().filter(|step| step.agent == agent).map(|step| step.end).collect();
            assert!(ends.is_sorted(), "seed {seed}");
        }
    }
}

/// The clock as an observer sees it.
#[derive(Default)]
struct Clock {
    now: Time,
    is_wrong: bool,
}

impl Clock {
    fn at(&mut self, at: Time) {
        self.is_wrong |= at < self.now;
        self.now = at;
    }
}

impl Observer for Clock {
    fn start(&mut self, start: &Start) {
        self.at(start.at);
    }
    fn task(&mut self, event: &TaskEvent) {
        self.at(event.at);
    }
    fn write(&mut self, write: &Write) {
        self.at(write.at);
    }
    fn test(&mut self, test: &TestRun) {
        self.at(test.end);
    }
    fn message(&mut self, message: &Message) {
        self.at(message.at);
    }
    fn step(&mut self, step: &Step) {
        self.at(step.end);
    }
    fn round(&mut self, round: &Round) {
        self.at(round.end);
    }
}

#[test]
fn observers_are_told_in_the_order_of_time() {
    for seed in 0..TRACES {
        // Of tests that a step runs, one after the other, the landing is told of as a whole.
        for (name, mut trace) in [("without", without_rounds(seed, 1000)), ("in", in_rounds(seed, 1000))] {
            for step in &mut trace.steps {
                step.more_mut().tests.clear();
            }
            let mut clock = Clock::default();
            replay(&trace, &mut clock);
            assert!(!clock.is_wrong, "seed {seed} {name} rounds");
        }
    }
}

#[test]
fn what_if_takes_the_recorded_work_and_is_bound_by_it() {
    let makespan = METRICS.iter().position(|metric| metric.name == "makespan_s").expect("it is there");
    let mut checked = 0;
    for seed in 0..40 {
        for trace in [without_rounds(seed, 1_000_000), in_rounds(seed, 1_000_000)] {
            let work = work_of(&trace).tasks;
            if work.is_empty() {
                continue;
            }
            let took = |place: usize| work[place].recorded.map_or(0.0, |recorded| recorded.time.as_secs());
            let whole: f64 = (0..work.len()).map(took).sum();
            // Tasks depend on any others: the longest way is found by settling.
            let mut ends = vec![0.0_f64; work.len()];
            for _ in 0..work.len() {
                for place in 0..work.len() {
                    let on = work[place].depends_on.iter();
                    let on = on.filter_map(|id| work.iter().position(|task| task.id == *id)).map(|on| ends[on]);
                    ends[place] = on.fold(0.0, f64::max) + took(place);
                }
            }
            let span = ends.iter().copied().fold(0.0, f64::max);
            let file = what_if::scenario(&trace, None).expect("a scenario");
            let file = file.with_axis("architecture", "self_claim,preassigned").expect("architectures");
            let file = file.with_axis("agents", "1,2,3").expect("sizes");
            for row in Sweep::new(&file, 1).run(&|_| ()).expect("it runs").rows {
                let Some(took) = row.metrics[makespan].as_ref().map(|figure| figure.mean) else { continue };
                let who = format!("seed {seed}, {} with {} agents", row.architecture, row.agents);
                let bound = span.max(whole / f64::from(row.agents));
                assert!(took >= bound - 1e-5 * work.len() as f64, "{who}: {took} s beats {bound} s");
                if row.agents == 1 {
                    assert!((took - whole).abs() <= 1e-5 * work.len() as f64, "{who}: {took} s of {whole} s");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 300, "{checked}");
}
