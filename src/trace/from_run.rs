//! Conversion of a simulated run into a [`Trace`].

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::engine::{Digest, Time};
use crate::record::{
    Ending, Entry, Facts, Log, Message, Step, StepKind, TaskEvent, TaskEventKind, TestRun, TimeSplit, Write,
};
use crate::simulation::{Pacing, Scenario};
use crate::trace::model::{
    self, Class, Extra, FileUse, Header, Operation, Outcome, Quality, TaskNote, TaskNoteKind, Trace, TraceAgent,
    TraceSource, TraceTask, Usage,
};
use crate::trace::native::VERSION;
use crate::trace::run_times::{self, RunTimes};

/// Facts about a simulated run beside its log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFacts {
    /// Name of the trace, different for different runs.
    pub trace: String,
    /// Coordination architecture.
    pub architecture: String,
    /// True with rounds.
    pub barrier: bool,
    /// Labels that distinguish the trace from similar ones, in the order of writing.
    pub labels: Vec<(String, String)>,
    /// Names of agents, tasks and artifacts.
    pub facts: Facts,
}

impl RunFacts {
    /// Collects the facts of a simulated run.
    ///
    /// The name ends with a fingerprint of the content of the run: settings that are not in the name change the run of the
    /// same scenario, team and seed.
    pub fn of(scenario: &Scenario, replication: u64, log: &Log) -> RunFacts {
        let Scenario { name, architecture_name, seed, .. } = scenario;
        let graph = &scenario.of_replication(replication).graph;
        let facts = Facts::new(&scenario.team, graph, &scenario.resources);
        let (agents, digest) = (log.agents(), fingerprint(&facts, log).value() >> 32);
        let labels = [
            ("scenario", scenario.name.clone()),
            ("seed", scenario.seed.to_string()),
            ("replication", replication.to_string()),
        ];
        RunFacts {
            trace: format!("{name}-{architecture_name}-n{agents}-seed{seed}-r{replication}-{digest:08x}"),
            architecture: scenario.architecture_name.clone(),
            barrier: matches!(scenario.pacing, Pacing::Rounds { .. }),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            facts,
        }
    }
}

/// Fingerprint of a run: its tasks, its steps, their writes and task events.
fn fingerprint(facts: &Facts, log: &Log) -> Digest {
    let mut digest = Digest::default();
    for task in &facts.tasks {
        digest.add_text(&task.name);
        digest.add(task.weight.to_bits());
        digest.add(task.depends_on.len() as u64);
        task.depends_on.iter().for_each(|&on| digest.add(on.into()));
    }
    for entry in &log.entries {
        match entry {
            Entry::Step(step) => digest.add_all([
                step.agent.into(),
                step.tasks.into(),
                step.start.as_us(),
                step.end.as_us(),
                step.input_tokens.into(),
                step.cached_tokens.into(),
                step.output_tokens.into(),
            ]),
            Entry::Task(event) => {
                digest.add_all([event.agent.into(), event.task.into(), event.at.as_us()]);
                digest.add_text(kind(event.kind).name());
            }
            Entry::Write(write) => digest.add_text(facts.artifact(write.artifact)),
            _ => {}
        }
    }
    digest
}

impl Trace {
    /// Converts a simulated run.
    pub fn of_run(run: &RunFacts, log: &Log) -> Trace {
        let mut trace = Trace { header: header(run, log), ..Trace::default() };
        let (lines, rest) = gather(run, log);
        trace.header.extra = run_times::header(&run.facts, &rest);
        for line in lines {
            let step = line.to_step(run, &mut trace);
            trace.steps.push(step);
        }
        record_landing_order(&mut trace.steps);
        trace.sort();
        trace.header.totals.extend(trace.counted());
        trace.header.totals.extend(counted(log));
        if let Some((_, at)) = log.entries.iter().find_map(ending) {
            trace.header.totals.insert("duration_us".to_owned(), at.as_us().into());
        }
        trace
    }
}

/// Numbers steps that end at the same time, given in order of commits, if a replay would commit them in another order: by
/// start and id.
fn record_landing_order(steps: &mut [model::TraceStep]) {
    for tied in steps.chunk_by_mut(|a, b| a.end == b.end) {
        if !tied.is_sorted_by(|a, b| (a.round, a.start, &a.id) <= (b.round, b.start, &b.id)) {
            for (order, step) in (1_u32..).zip(tied) {
                step.more_mut().extra.set("x.order", order);
            }
        }
    }
}

/// Counts entries of the log, for comparison with a replay.
fn counted(log: &Log) -> Vec<(String, Value)> {
    let count = |is: &dyn Fn(&Entry) -> bool| log.entries.iter().filter(|entry| is(entry)).count();
    let tasks = |is: fn(TaskEventKind) -> bool| count(&|entry| matches!(entry, Entry::Task(event) if is(event.kind)));
    let counts = [
        ("rounds", count(&|entry| matches!(entry, Entry::Round(_)))),
        ("tests", count(&|entry| matches!(entry, Entry::Test(_)))),
        ("writes", count(&|entry| matches!(entry, Entry::Write(_)))),
        ("claims", tasks(|kind| kind == TaskEventKind::Claimed)),
        ("blocked_claims", tasks(|kind| kind == TaskEventKind::BlockedClaim)),
        ("completions", tasks(|kind| matches!(kind, TaskEventKind::Completed { .. }))),
    ];
    counts.map(|(key, count)| (key.to_owned(), Value::from(count))).to_vec()
}

/// A step with its events.
struct RunStep {
    id: String,
    /// Ids of the steps that completed the dependencies of its tasks.
    after: Vec<String>,
    step: Step,
    events: Vec<TaskEvent>,
    writes: Vec<Write>,
    tests: Vec<TestRun>,
    sent: Vec<Message>,
    /// Times of its agent since its last step.
    times: RunTimes,
}

/// Assigns every event to the step that caused it. Effects precede the end of their step in the log. A claim that the board
/// grants at the decision belongs to the step that starts with it. Events without a step, such as the expiry of a claim,
/// belong to the step that committed last. Waits and services belong to the next step of their agent; those after its last
/// step are returned apart, by agent.
fn gather(run: &RunFacts, log: &Log) -> (Vec<RunStep>, Vec<RunTimes>) {
    let mut lines: Vec<RunStep> = Vec::new();
    let mut landing: Vec<TaskEvent> = Vec::new();
    let mut writes: Vec<Write> = Vec::new();
    let mut tests: Vec<TestRun> = Vec::new();
    let mut sent: Vec<Message> = Vec::new();
    let mut decided: Vec<Vec<TaskEvent>> = vec![Vec::new(); log.agents()];
    let mut ordinals = vec![0_u32; log.agents()];
    let mut done_by: Vec<Option<(String, Time)>> = vec![None; run.facts.tasks.len()];
    let mut times = vec![RunTimes::default(); log.agents()];
    for entry in &log.entries {
        match entry {
            Entry::Task(event) => landing.push(*event),
            Entry::Write(write) => writes.push(*write),
            Entry::Start(start) => {
                let (own, others): (Vec<_>, Vec<_>) = landing
                    .drain(..)
                    .partition(|event| event.agent == start.agent && event.kind == TaskEventKind::Claimed);
                decided[start.agent.index()] = own;
                attach_to_last(&mut lines, others);
            }
            Entry::Step(step) => {
                let agent = step.agent.index();
                ordinals[agent] += 1;
                let name = run.facts.agent(step.agent);
                let id = match step.round {
                    0 => format!("s{}.{name}", ordinals[agent]),
                    round => format!("r{round}.{name}"),
                };
                let mut events = std::mem::take(&mut decided[agent]);
                let (now, before): (Vec<_>, Vec<_>) = landing.drain(..).partition(|event| event.at == step.end);
                attach_to_last(&mut lines, before);
                events.extend(now);
                let after = dependencies(run, step, &events, &done_by);
                add_completions(&mut done_by, &events, (&id, step.end));
                lines.push(RunStep {
                    id,
                    after,
                    step: *step,
                    events,
                    writes: std::mem::take(&mut writes),
                    tests: std::mem::take(&mut tests),
                    sent: std::mem::take(&mut sent),
                    times: std::mem::take(&mut times[agent]),
                });
            }
            Entry::Round(_) | Entry::End(..) => attach_to_last(&mut lines, std::mem::take(&mut landing)),
            Entry::Message(message) => sent.push(*message),
            Entry::Test(test) => tests.push(*test),
            Entry::Wait(wait) => times[wait.agent.index()].waits.push(*wait),
            Entry::Service(service) => times[service.agent.index()].services.push(*service),
            Entry::Input(agent, parts) => times[agent.index()].parts = *parts,
        }
    }
    (lines, times)
}

/// Records the step that completed each task, with its end.
fn add_completions(done_by: &mut [Option<(String, Time)>], events: &[TaskEvent], (id, end): (&str, Time)) {
    for event in events.iter().filter(|event| matches!(event.kind, TaskEventKind::Completed { .. })) {
        if let Some(done) = done_by.get_mut(event.task.index()) {
            *done = Some((id.to_owned(), end));
        }
    }
}

/// Assigns events without a step to the step that committed last.
fn attach_to_last(lines: &mut [RunStep], events: Vec<TaskEvent>) {
    if let Some(line) = lines.last_mut() {
        line.events.extend(events);
    }
}

/// Returns the steps that had completed the dependencies of the tasks of a step before its decision.
fn dependencies(run: &RunFacts, step: &Step, events: &[TaskEvent], done_by: &[Option<(String, Time)>]) -> Vec<String> {
    let tasks: BTreeSet<_> = step.task.into_iter().chain(events.iter().map(|event| event.task)).collect();
    let tasks = tasks.iter().filter_map(|&task| run.facts.tasks.get(task.index()));
    let needed = tasks.flat_map(|task| &task.depends_on).filter_map(|&on| done_by.get(on.index())?.as_ref());
    let known: BTreeSet<_> = needed.filter(|(_, at)| *at <= step.start).map(|(id, _)| id.clone()).collect();
    known.into_iter().collect()
}

fn header(run: &RunFacts, log: &Log) -> Header {
    let facts = &run.facts;
    // A solo run uses only the first agent of the team.
    let agents = facts.agents.iter().take(log.agents()).map(|agent| TraceAgent {
        name: agent.name.clone(),
        role: Some(if agent.is_lead { "lead" } else { "worker" }.to_owned()),
        ..TraceAgent::default()
    });
    let tasks = facts.tasks.iter().map(|task| TraceTask {
        id: task.name.clone(),
        depends_on: task.depends_on.iter().map(|&on| facts.task(on).to_owned()).collect(),
        weight: Some(task.weight),
        ..TraceTask::default()
    });
    let outcome = log.entries.iter().find_map(ending).map(|(ending, _)| Outcome {
        success: Some(ending == Ending::Completed),
        reason: Some(ending.name().to_owned()),
        ..Outcome::default()
    });
    let fields = ["start_us", "end_us", "gen_ai.usage", "task.events", "files.write", "tests", "class"];
    Header {
        version: VERSION,
        trace: run.trace.clone(),
        source: TraceSource {
            format: "simulation".to_owned(),
            producer: concat!("brooks ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..TraceSource::default()
        },
        origin: "start".to_owned(),
        agents: agents.collect(),
        tasks: tasks.collect(),
        architecture: Some(run.architecture.clone()),
        barrier: run.barrier,
        outcome,
        labels: run.labels.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect(),
        quality: fields.map(|field| (field.to_owned(), Quality::Recorded)).to_vec(),
        ..Header::default()
    }
}

fn ending(entry: &Entry) -> Option<(Ending, Time)> {
    if let Entry::End(ending, at) = entry { Some((*ending, *at)) } else { None }
}

impl RunStep {
    fn to_step(&self, run: &RunFacts, trace: &mut Trace) -> model::TraceStep {
        let step = &self.step;
        let mut out = model::TraceStep {
            id: self.id.as_str().into(),
            operation: Operation::Chat,
            agent: step.agent,
            start: step.start,
            end: step.end,
            round: step.round,
            after: self.after.iter().map(|id| id.as_str().into()).collect(),
            task: step.task,
            events: self.events.iter().map(|event| self.note(event)).collect(),
            usage: Usage {
                input: Some(step.input_tokens),
                output: Some(step.output_tokens),
                cache_read: (step.cached_tokens > 0).then_some(step.cached_tokens),
                cache_write: Some(self.times.parts.cache_write).filter(|tokens| *tokens > 0),
            },
            class: Some(class(step)),
            ..model::TraceStep::default()
        };
        for write in &self.writes {
            let path = trace.names.add(run.facts.artifact(write.artifact));
            out.writes.push(FileUse { ok: Some(true), ..FileUse::new(path) });
        }
        let more = out.more_mut();
        for test in &self.tests {
            more.tests.push(model::TraceTest {
                returncode: i64::from(test.has_failed),
                start: test.start,
                end: test.end,
                extra: Extra::default(),
            });
        }
        let mut extra = Map::new();
        if step.tasks != u32::from(step.task.is_some()) {
            extra.insert("x.tasks".to_owned(), step.tasks.into());
        }
        if step.waited > Time::ZERO {
            extra.insert("x.wait_us".to_owned(), step.waited.as_us().into());
        }
        if step.service > Time::ZERO {
            extra.insert(run_times::SERVICE_US.to_owned(), step.service.as_us().into());
        }
        if step.is_cut {
            extra.insert("x.cut".to_owned(), true.into());
        }
        self.times.write(&run.facts, &mut extra);
        if step.latency != step.end - step.start - step.waited - step.service {
            extra.insert("x.latency_us".to_owned(), step.latency.as_us().into());
        }
        if !self.sent.is_empty() {
            // Recipients; null is a broadcast.
            let to = self.sent.iter().map(|message| message.to.map_or(Value::Null, |to| run.facts.agent(to).into()));
            extra.insert("x.sent_to".to_owned(), to.collect());
        }
        extra.insert("x.spent_us".to_owned(), spent(&step.spent));
        more.extra = Extra::of(extra);
        out
    }

    fn note(&self, event: &TaskEvent) -> TaskNote {
        let mut note = TaskNote::new(kind(event.kind), Some(event.task));
        note.agent = (event.agent != self.step.agent).then_some(event.agent);
        if event.at != self.step.end {
            note.extra.set("x.at_us", event.at.as_us());
        }
        match event.kind {
            TaskEventKind::Completed { right: false } => note.extra.set("x.right", false),
            TaskEventKind::Conflicted => note.extra.set("x.reason", "conflict"),
            TaskEventKind::Orphaned => note.extra.set("x.reason", "forgotten"),
            TaskEventKind::Reclaimed => note.extra.set("x.reason", "lease ran out"),
            TaskEventKind::ConflictMissed => note.extra.set("x.reason", "conflict missed"),
            TaskEventKind::Overwritten { right, noticed } => {
                note.extra.set("x.reason", "overwritten");
                note.extra.set("x.right", right);
                note.extra.set("x.noticed", noticed);
            }
            TaskEventKind::Restored { right } => {
                note.extra.set("x.reason", "restored");
                note.extra.set("x.right", right);
            }
            TaskEventKind::Reopened { spent, right } => {
                note.extra.set("x.spent_us", spent.as_us());
                note.extra.set("x.right", right);
            }
            _ => {}
        }
        note
    }
}

fn kind(kind: TaskEventKind) -> TaskNoteKind {
    match kind {
        TaskEventKind::Assigned => TaskNoteKind::Assign,
        TaskEventKind::Claimed => TaskNoteKind::Claim,
        TaskEventKind::LostClaim => TaskNoteKind::Lost,
        TaskEventKind::BlockedClaim => TaskNoteKind::Blocked,
        TaskEventKind::Completed { .. } | TaskEventKind::Restored { .. } => TaskNoteKind::Complete,
        TaskEventKind::Rejected
        | TaskEventKind::Conflicted
        | TaskEventKind::Orphaned
        | TaskEventKind::Overwritten { .. }
        | TaskEventKind::ConflictMissed => TaskNoteKind::Fail,
        TaskEventKind::Reclaimed | TaskEventKind::Reopened { .. } => TaskNoteKind::Reopen,
    }
}

fn class(step: &Step) -> Class {
    let spent = &step.spent;
    match step.kind {
        StepKind::Work if spent.rework > spent.work && spent.rework > spent.lost => Class::Rework,
        StepKind::Work => Class::Work,
        _ => Class::Coordinate,
    }
}

/// Returns the non-zero categories of the busy time of a step.
fn spent(split: &TimeSplit) -> Value {
    let parts =
        [("work", split.work), ("coordination", split.coordination), ("lost", split.lost), ("rework", split.rework)];
    let parts = parts.into_iter().filter(|(_, time)| *time > Time::ZERO);
    parts.map(|(name, time)| (name.to_owned(), Value::from(time.as_us()))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;
    use crate::team::AgentId;
    use crate::trace::native;
    use crate::workload::TaskId;

    #[test]
    fn a_run_in_the_native_format() {
        let trace = RunFacts {
            trace: "t".to_owned(),
            architecture: "self_claim".to_owned(),
            barrier: true,
            labels: vec![("seed".to_owned(), "42".to_owned())],
            facts: fixture::facts(),
        };
        let text = native::write(&Trace::of_run(&trace, &fixture::log()));
        let producer = concat!("brooks ", env!("CARGO_PKG_VERSION"));
        let lines: Vec<&str> = text.lines().collect();
        let header = format!(
            "{}{producer}{}",
            r#"{"record":"header","schema":"brooks.trace","version":"1.0","trace":"t","source":{"format":"simulation","producer":""#,
            r#""},"clock":{"origin":"start","unit":"us"},"agents":[{"gen_ai.agent.name":"ann","role":"worker"},{"gen_ai.agent.name":"bo & <co>","role":"worker"}],"tasks":[{"id":"parse","depends_on":[],"weight":100},{"id":"lint","depends_on":["parse"],"weight":100},{"id":"読む \"docs\"","depends_on":[],"weight":100}],"architecture":"self_claim","barrier":"round","outcome":{"success":false,"reason":"stalled"},"totals":{"duration_us":20000000,"llm_calls":6,"gen_ai.usage.input_tokens":12000,"gen_ai.usage.cache_read.input_tokens":3000,"gen_ai.usage.output_tokens":600,"rounds":3,"tests":1,"writes":5,"claims":3,"blocked_claims":0,"completions":2},"labels":{"seed":"42"},"quality":{"start_us":"recorded","end_us":"recorded","gen_ai.usage":"recorded","task.events":"recorded","files.write":"recorded","tests":"recorded","class":"recorded"},"x.waits":[{"cause":"barrier","start_us":17000000,"end_us":20000000,"agent":"bo & <co>"}]}"#
        );
        assert_eq!(lines[0], header);
        assert_eq!(
            lines[4],
            r#"{"record":"step","id":"r2.ann","after":["r1.ann"],"gen_ai.operation.name":"chat","gen_ai.agent.name":"ann","start_us":12400000,"end_us":16000000,"round":2,"task":"lint","task.events":[{"event":"claim","task":"lint"},{"event":"fail","task":"lint"}],"gen_ai.usage.input_tokens":2000,"gen_ai.usage.output_tokens":100,"gen_ai.usage.cache_read.input_tokens":500,"files.write":[{"path":"lint.rs","ok":true}],"tests":[{"returncode":1,"start_us":16000000,"end_us":16000000}],"class":"rework","x.wait_us":600000,"x.waits":[{"cause":"barrier","start_us":9000000,"end_us":12400000},{"cause":"queue","resource":0,"start_us":15400000,"end_us":16000000}],"x.spent_us":{"rework":3000000}}"#
        );
        let ids: Vec<String> = lines[1..].iter().map(|line| id_of(line)).collect();
        assert_eq!(ids, ["r1.ann", "r1.bo & <co>", "r2.bo & <co>", "r2.ann", "r3.bo & <co>", "r3.ann"]);
    }

    fn id_of(line: &str) -> String {
        let step: Value = serde_json::from_str(line).expect("a JSON object");
        step["id"].as_str().expect("every step has an id").to_owned()
    }

    #[test]
    fn every_event_belongs_to_its_step() {
        // A claim granted at the decision belongs to the step it starts; an expired one to the step that committed last.
        let trace = RunFacts { facts: fixture::facts(), ..RunFacts::default() };
        let mut log = fixture::log();
        let steps: Vec<Step> = log.steps().copied().collect();
        let event = |task, agent, at, kind| {
            Entry::Task(TaskEvent { task: TaskId::new(task), agent: AgentId::new(agent), at, kind })
        };
        let start = crate::record::Start {
            agent: steps[1].agent,
            kind: StepKind::Work,
            task: Some(TaskId::new(2)),
            at: steps[0].end,
        };
        let second = Step { start: start.at, ..steps[1] };
        log.entries = vec![
            Entry::Step(steps[0]),
            event(0, 0, start.at, TaskEventKind::Reclaimed),
            event(2, 1, start.at, TaskEventKind::Claimed),
            Entry::Start(start),
            event(1, 1, second.end, TaskEventKind::LostClaim),
            Entry::Step(second),
        ];
        let text = native::write(&Trace::of_run(&trace, &log));
        let events = |line: usize| text.lines().nth(line).map(|line| line.matches("\"event\":").count());
        assert_eq!((events(1), events(2)), (Some(1), Some(2)));
        assert!(text.contains(r#"{"event":"claim","task":"読む \"docs\"","x.at_us":9000000}"#), "{text}");
    }
}
