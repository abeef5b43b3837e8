//! A small run made by hand, for tests: three rounds of two agents, with something of everything, stalled at the end.

use crate::engine::Time;
use crate::record::{
    AgentFacts, Ending, Facts, Log, Observer, Round, Start, Step, StepKind, TaskEvent, TaskEventKind, TaskFacts,
    TestRun, TimeSplit, Wait, WaitCause, Write,
};
use crate::team::AgentId;
use crate::workload::{ArtifactId, TaskId};

const ANN: AgentId = AgentId::new(0);
const BO: AgentId = AgentId::new(1);
const PARSE: TaskId = TaskId::new(0);
const LINT: TaskId = TaskId::new(1);
const DOCS: TaskId = TaskId::new(2);

/// Who and what.
pub(crate) fn facts() -> Facts {
    let task = |name: &str, depends_on: &[TaskId]| TaskFacts {
        name: name.to_owned(),
        depends_on: depends_on.to_vec(),
        weight: 100.0,
    };
    let agent = |name: &str| AgentFacts { name: name.to_owned(), is_lead: false };
    Facts {
        agents: vec![agent("ann"), agent("bo & <co>")],
        tasks: vec![task("parse", &[]), task("lint", &[PARSE]), task("読む \"docs\"", &[])],
        artifacts: ["parse.rs", "lint.rs", "docs"].map(str::to_owned).to_vec(),
        resources: Vec::new(),
    }
}

/// What happened.
pub(crate) fn log() -> Log {
    let mut log = Log::default();
    log.begin(2, 3, 3);
    let mut run = FixtureRun { log: &mut log, round: 1, start: 0 };
    run.starts(ANN, PARSE);
    run.starts(BO, PARSE);
    run.lands(ANN, PARSE, 9_000, TaskEventKind::Completed { right: true });
    run.lands(BO, PARSE, 12_400, TaskEventKind::LostClaim);
    run.waits(ANN, WaitCause::Barrier, 9_000, 12_400);
    run.ends(12_400);
    run.starts(ANN, LINT);
    run.starts(BO, DOCS);
    run.lands(BO, DOCS, 15_000, TaskEventKind::Orphaned);
    run.waits(ANN, WaitCause::Queue(0), 15_400, 16_000);
    run.lands(ANN, LINT, 16_000, TaskEventKind::Rejected);
    run.waits(BO, WaitCause::Barrier, 15_000, 16_000);
    run.ends(16_000);
    run.starts(ANN, LINT);
    run.log.start(&Start { agent: BO, kind: StepKind::Idle, task: None, at: ms(16_000) });
    run.log.step(&Step {
        kind: StepKind::Idle,
        task: None,
        tasks: 0,
        ..step(BO, 3, 16_000, 17_000, TimeSplit { coordination: ms(1_000), ..TimeSplit::default() })
    });
    run.lands(ANN, LINT, 20_000, TaskEventKind::Completed { right: true });
    run.waits(BO, WaitCause::Barrier, 17_000, 20_000);
    run.ends(20_000);
    log.end(Ending::Stalled, ms(20_000));
    log
}

struct FixtureRun<'a> {
    log: &'a mut Log,
    round: u32,
    start: u64,
}

impl FixtureRun<'_> {
    fn starts(&mut self, agent: AgentId, task: TaskId) {
        self.log.start(&Start { agent, kind: StepKind::Work, task: Some(task), at: ms(self.start) });
    }

    fn lands(&mut self, agent: AgentId, task: TaskId, at: u64, kind: TaskEventKind) {
        let busy = ms(at - self.start);
        let mut split = TimeSplit::default();
        match kind {
            TaskEventKind::Completed { .. } => split.work = busy,
            TaskEventKind::Rejected => split.rework = busy,
            _ => split.lost = busy,
        }
        let mut step = Step { task: Some(task), ..step(agent, self.round, self.start, at, split) };
        if kind == TaskEventKind::Rejected {
            step.waited = ms(600);
            step.spent.rework = busy - ms(600);
            step.latency = busy - ms(600);
        }
        let write = Write {
            artifact: ArtifactId::new(task.get()),
            agent,
            start: ms(self.start),
            at: ms(at),
            round: self.round,
        };
        self.log.write(&write);
        if !matches!(kind, TaskEventKind::LostClaim | TaskEventKind::Orphaned) {
            self.log.task(&TaskEvent { task, agent, at: ms(at), kind: TaskEventKind::Claimed });
        }
        self.log.task(&TaskEvent { task, agent, at: ms(at), kind });
        if kind == TaskEventKind::Rejected {
            self.log.test(&TestRun { agent, start: ms(at), end: ms(at), has_failed: true });
        }
        self.log.step(&step);
    }

    fn waits(&mut self, agent: AgentId, cause: WaitCause, start: u64, end: u64) {
        self.log.wait(&Wait { agent, cause, start: ms(start), end: ms(end) });
    }

    fn ends(&mut self, at: u64) {
        self.log.round(&Round { number: self.round, start: ms(self.start), end: ms(at) });
        self.round += 1;
        self.start = at;
    }
}

fn step(agent: AgentId, round: u32, start: u64, end: u64, spent: TimeSplit) -> Step {
    Step {
        agent,
        kind: StepKind::Work,
        task: None,
        tasks: 1,
        round,
        start: ms(start),
        end: ms(end),
        latency: ms(end - start),
        waited: Time::ZERO,
        service: Time::ZERO,
        spent,
        input_tokens: 2_000,
        cached_tokens: 500,
        output_tokens: 100,
        is_cut: false,
    }
}

fn ms(ms: u64) -> Time {
    Time::from_us(ms * 1_000)
}
