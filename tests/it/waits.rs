//! Waits of a log: in every simulated run they fill exactly the time of each agent that is neither busy nor service.

use brooks::engine::Time;
use brooks::record::{
    AgentFacts, Ending, Entry, Facts, InputParts, Log, Metrics, Observer, Service, Start, Stats, Step, StepKind,
    TaskEvent, TaskEventKind, TaskFacts, TimeSplit, Wait, WaitCause, WaitingByCause,
};
use brooks::team::AgentId;
use brooks::trace::replay::replay;
use brooks::trace::{RunFacts, Trace, native};
use brooks::workload::TaskId;

/// Checks that the waits of a run fill exactly the time in which their agents do nothing, and that its figures are theirs.
pub(crate) fn check(log: &Log, metrics: &Metrics, world: &str) {
    let mut sums = WaitingByCause::default();
    for agent in AgentId::all(log.agents()) {
        let mut waits: Vec<Wait> = waits(log).filter(|wait| wait.agent == agent).collect();
        waits.sort_by_key(|wait| wait.start);
        for pair in waits.windows(2) {
            assert!(pair[0].end <= pair[1].start, "{world}: {pair:?} overlap");
        }
        let mut steps: Vec<&Step> = log.steps().filter(|step| step.agent == agent).collect();
        steps.sort_by_key(|step| (step.start, step.end));
        // The gaps before, between and after the steps.
        let mut from = Time::ZERO;
        let ends = steps.iter().map(|step| (step.start, step.end)).chain([(metrics.makespan, metrics.makespan)]);
        for (start, end) in ends {
            let gap = inside(&waits, from, start);
            assert_eq!(gap, start - from, "{world}: {agent:?} from {from} to {start}: {waits:?}");
            from = end;
        }
        for step in steps {
            assert_eq!(inside(&waits, step.start, step.end), step.waited, "{world}: {step:?}: {waits:?}");
        }
        for wait in waits {
            assert!(wait.start < wait.end, "{world}: {wait:?}");
            sums.add(wait.cause, wait.end - wait.start);
        }
    }
    assert_eq!(sums, metrics.budget.waiting_by_cause, "{world}");
    assert_eq!(sums.total(), metrics.budget.waiting, "{world}");
    let held: Time = services(log).filter(|service| service.is_held).map(|service| service.end - service.start).sum();
    let is_cut = log.steps().any(|step| step.is_cut);
    assert!(held == metrics.budget.service || is_cut && held > metrics.budget.service, "{world}: service {held}");
}

fn waits(log: &Log) -> impl Iterator<Item = Wait> {
    log.entries.iter().filter_map(|entry| if let Entry::Wait(wait) = entry { Some(*wait) } else { None })
}

fn services(log: &Log) -> impl Iterator<Item = Service> {
    log.entries.iter().filter_map(|entry| if let Entry::Service(service) = entry { Some(*service) } else { None })
}

/// Sum of the waits inside an interval; a wait that crosses its ends is in no interval.
fn inside(waits: &[Wait], from: Time, to: Time) -> Time {
    waits.iter().filter(|wait| wait.start >= from && wait.end <= to).map(|wait| wait.end - wait.start).sum()
}

fn us(us: u64) -> Time {
    Time::from_us(us)
}

fn wait(agent: u32, cause: WaitCause, start: u64, end: u64) -> Wait {
    Wait { agent: AgentId::new(agent), cause, start: us(start), end: us(end) }
}

fn step(agent: u32, start: u64, end: u64, waited: u64, service: u64) -> Step {
    let busy = us(end - start - waited - service);
    Step {
        agent: AgentId::new(agent),
        kind: StepKind::Work,
        task: None,
        tasks: 1,
        round: 0,
        start: us(start),
        end: us(end),
        latency: busy,
        waited: us(waited),
        service: us(service),
        spent: TimeSplit { work: busy, ..TimeSplit::default() },
        input_tokens: 0,
        cached_tokens: 0,
        output_tokens: 0,
        is_cut: false,
    }
}

/// A run of two agents with a queue before a service, a wait for the lead, and nothing left at the end.
fn run(waits: &[Wait]) -> (Log, Metrics) {
    let (mut stats, mut log) = (Stats::default(), Log::default());
    let both = &mut (&mut stats, &mut log);
    both.begin(2, 2, 0);
    for wait in waits {
        both.wait(wait);
    }
    both.service(&Service { agent: AgentId::new(0), resource: 1, start: us(60), end: us(90), is_held: true });
    both.service(&Service { agent: AgentId::new(1), resource: 0, start: us(50), end: us(80), is_held: false });
    both.step(&step(1, 10, 50, 0, 0));
    both.step(&step(0, 0, 100, 20, 30));
    both.end(Ending::Completed, us(100));
    (log, stats.metrics())
}

#[test]
fn waits_fill_the_time_without_work() {
    let waits = [
        wait(1, WaitCause::Lead, 0, 10),
        wait(0, WaitCause::Queue(1), 40, 60),
        wait(1, WaitCause::Dependencies, 50, 70),
        wait(1, WaitCause::Nothing, 70, 100),
    ];
    let (log, metrics) = run(&waits);
    check(&log, &metrics, "by hand");
    let budget = metrics.budget;
    let parts = budget.parts().map(|(_, time)| time.as_us());
    assert_eq!(parts, [90, 30, 0, 80, 0, 0], "the service of the other agent holds nobody up");
    let by_cause = budget.waiting_by_cause;
    assert_eq!((by_cause.lead, by_cause.dependencies, by_cause.none), (us(10), us(20), us(30)));
    assert_eq!((by_cause.queue, by_cause.queues[1], by_cause.queues[0]), (us(20), us(20), Time::ZERO));
    assert_eq!(budget.total(), us(200));
}

/// A run with everything that a trace of a simulated run has under additional keys.
fn eventful() -> (Facts, Log, Metrics) {
    let agent = AgentId::new;
    let (mut stats, mut log) = (Stats::default(), Log::default());
    let both = &mut (&mut stats, &mut log);
    both.begin(2, 2, 0);
    let task = |task, kind, at| TaskEvent { task: TaskId::new(task), agent: AgentId::new(0), at: us(at), kind };
    let start = |agent: u32, at| Start { agent: AgentId::new(agent), kind: StepKind::Work, task: None, at: us(at) };
    both.start(&start(0, 0));
    both.wait(&wait(1, WaitCause::Lead, 0, 10));
    both.start(&start(1, 10));
    both.wait(&wait(0, WaitCause::Queue(1), 40, 60));
    both.service(&Service { agent: agent(1), resource: 0, start: us(50), end: us(80), is_held: false });
    both.step(&step(1, 10, 50, 0, 0));
    both.service(&Service { agent: agent(0), resource: 1, start: us(60), end: us(90), is_held: true });
    both.wait(&wait(1, WaitCause::Lock, 50, 70));
    both.start(&start(1, 70));
    for kind in [
        TaskEventKind::ConflictMissed,
        TaskEventKind::Completed { right: true },
        TaskEventKind::Overwritten { right: true, noticed: true },
        TaskEventKind::Restored { right: true },
        TaskEventKind::Overwritten { right: false, noticed: false },
    ] {
        both.task(&task(0, kind, 100));
    }
    let parts = InputParts { reading: 10, briefing: 20, messages: 30, history: 40, cache_write: 50 };
    both.input(agent(0), &parts);
    both.step(&Step { input_tokens: 500, cached_tokens: 100, output_tokens: 9, ..step(0, 0, 100, 20, 30) });
    both.wait(&wait(0, WaitCause::Dependencies, 100, 110));
    let spent = TimeSplit { lost: us(40), ..TimeSplit::default() };
    both.step(&Step { is_cut: true, spent, ..step(1, 70, 110, 0, 0) });
    both.end(Ending::OutOfTime, us(110));
    let named = |name: &str| AgentFacts { name: name.to_owned(), is_lead: false };
    let task = |name: &str| TaskFacts { name: name.to_owned(), ..TaskFacts::default() };
    let facts = Facts {
        agents: vec![named("ann"), named("bo")],
        tasks: vec![task("a"), task("b")],
        artifacts: Vec::new(),
        resources: ["tests", "review"].map(str::to_owned).to_vec(),
    };
    let metrics = stats.metrics();
    (facts, log, metrics)
}

#[test]
fn causes_and_all_figures_survive_the_way_through_a_file() {
    let (facts, log, metrics) = eventful();
    check(&log, &metrics, "eventful");
    assert_eq!((metrics.llm_calls, metrics.conflicts, metrics.conflicts_noticed), (2, 3, 1));
    let trace = Trace::of_run(&RunFacts { trace: "t".to_owned(), facts, ..RunFacts::default() }, &log);
    let text = native::write(&trace);
    let again = native::read("t", text.as_bytes()).next().expect("a trace");
    let again = again.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(native::write(&again), text);
    let (mut stats, mut replayed) = (Stats::default(), Log::default());
    let replay = replay(&again, &mut (&mut stats, &mut replayed));
    assert_eq!(stats.metrics(), metrics, "{text}");
    assert_eq!(replay.metrics.budget, metrics.budget);
    let sorted = |log: &Log| {
        let mut waits: Vec<Wait> = waits(log).collect();
        waits.sort_by_key(|wait| (wait.agent, wait.start));
        waits
    };
    assert_eq!(sorted(&replayed), sorted(&log));
    assert_eq!(services(&replayed).count(), 2);
    assert_eq!(brooks::trace::replay::facts(&again).resources, ["tests", "review"]);
    assert!(replay.counts_equal(), "{:?}", replay.counted);
    // What brooks reads itself is an error in another form.
    for (right, wrong, expected) in [
        ("\"cause\":\"lead\"", "\"cause\":\"boredom\"", "x.waits"),
        ("\"resource\":\"review\",\"start_us\":60", "\"resource\":\"nobody\",\"start_us\":60", "x.services"),
        ("\"agent\":\"ann\"", "\"agent\":\"cy\"", "x.waits"),
    ] {
        let damaged = text.replace(right, wrong);
        assert_ne!(damaged, text, "{right}");
        let problems = native::read("t", damaged.as_bytes()).next().expect("a trace").expect_err("damaged");
        assert!(problems.to_string().contains(expected), "{problems}");
    }
}

#[test]
#[should_panic(expected = "from 50 µs to 100 µs")]
fn a_gap_without_a_wait_is_found() {
    let (log, metrics) = run(&[wait(1, WaitCause::Lead, 0, 10), wait(0, WaitCause::Queue(1), 40, 60)]);
    assert_eq!(metrics.budget.waiting_by_cause.unknown, us(50), "its cause is unknown");
    check(&log, &metrics, "a gap");
}

#[test]
#[should_panic(expected = "overlap")]
fn waits_that_overlap_are_found() {
    let waits = [wait(1, WaitCause::Lead, 0, 10), wait(1, WaitCause::Lock, 9, 12)];
    let (log, metrics) = run(&waits);
    check(&log, &metrics, "an overlap");
}
