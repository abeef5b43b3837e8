//! Waits of a log: in every simulated run they fill exactly the time of each agent that is neither busy nor service.

use brooks::engine::Time;
use brooks::record::{Entry, Log, Metrics, Observer, Service, Stats, Step, StepKind, TimeSplit, Wait, WaitCause};
use brooks::team::AgentId;

/// Checks that the waits of a run fill exactly the time in which their agents do nothing, and that its figures are theirs.
pub(crate) fn check(log: &Log, metrics: &Metrics, world: &str) {
    let mut sums = brooks::record::WaitingByCause::default();
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
    waits.iter().for_each(|wait| both.wait(wait));
    both.service(&Service { agent: AgentId::new(0), resource: 1, start: us(60), end: us(90), is_held: true });
    both.service(&Service { agent: AgentId::new(1), resource: 0, start: us(50), end: us(80), is_held: false });
    both.step(&step(1, 10, 50, 0, 0));
    both.step(&step(0, 0, 100, 20, 30));
    both.end(brooks::record::Ending::Completed, us(100));
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
