//! Demonstrations: observation and action of every agent of a recorded run, call by call.
//!
//! The board is reconstructed along the run, in order of arrival of the calls. If a recording does not name the tasks that
//! were claimed, finished or refused, they are inferred: first from the files of the call, then from what the agent had
//! written before, then from the order of the list.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::architecture::{self, Choices};
use crate::engine::key_of;
use crate::prediction::calibration::RunMetadata;
use crate::prediction::calibration::harness_limits::HarnessLimits;
use crate::prediction::calibration::task_files::{declares_files, files_of, key_of_files, name_of};
use crate::team::{AgentId, Observation, RecordedCall, TASK_CLASSES, TaskClass, WorkKey, file_keys};
use crate::trace::{TaskNoteKind, Trace, TraceStep, TraceSummary, TraceTest};
use crate::workload::{TaskGraph, TaskId, TaskSpec};

/// Proportion of the output limit from which a reply without result counts as truncated. It is below 1, as tokens of single calls
/// are often estimated from their time.
const TRUNCATED_FROM: f64 = 0.75;

/// Longest gap between the end of a test and an answer that was held up by it.
const HELD_UP_WITHIN_S: f64 = 0.05;

/// Demonstration of one recorded run.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Demonstration {
    /// Name of the trace.
    pub trace: String,
    /// The model.
    pub model: Option<String>,
    /// Number of agents.
    pub agents: u32,
    /// True if tasks were assigned before the start.
    pub is_dealt: bool,
    /// The work.
    pub work: WorkKey,
    /// Files that its tasks write: see [`file_keys`].
    pub names: Vec<u32>,
    /// True if the run completed.
    pub completed: bool,
    /// Number of rounds; 0 without rounds.
    pub rounds: u32,
    /// Calls of each agent.
    pub trajectories: Vec<Vec<RecordedCall>>,
    /// Key of the set of files that each of these calls wrote; 0 if none.
    pub wrote: Vec<Vec<u64>>,
    /// Keys of the files of no task that each of these calls wrote. Empty if tasks do not declare their files.
    pub others: Vec<Vec<Vec<u64>>>,
    /// Input tokens of the run, if known.
    pub input_tokens: Option<f64>,
    /// Date, number of tasks and context of the run.
    pub metadata: RunMetadata,
    /// Limits of the harness that recorded the run.
    pub limits: HarnessLimits,
}

/// Reason why a run cannot be learned from. The messages continue "N runs ..".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum UnusableRun {
    /// The recording lists no tasks.
    #[error("do not list their tasks")]
    NoTasks,
    /// The tasks form no task graph.
    #[error("have tasks that depend on each other in a cycle")]
    NoGraph,
    /// The recording has no model call.
    #[error("have no model call")]
    NoCalls,
    /// No claim and no completion is recorded.
    #[error("do not record the outcome of their tasks")]
    NoOutcomes,
}

/// Returns the tasks of a recorded run as a graph, with the files that each writes.
///
/// # Errors
///
/// If there are no tasks, or they depend on each other in a cycle.
pub fn graph_of(trace: &Trace) -> Result<TaskGraph, UnusableRun> {
    if trace.header.tasks.is_empty() {
        return Err(UnusableRun::NoTasks);
    }
    let spec = |task: &crate::trace::TraceTask| {
        let files = task.extra.get("x.writes").and_then(serde_json::Value::as_array);
        let files = files.into_iter().flatten().filter_map(serde_json::Value::as_str).map(ToOwned::to_owned);
        TaskSpec {
            writes: files.collect(),
            ..TaskSpec::new(task.id.clone(), task.weight.filter(|weight| *weight > 0.0).unwrap_or(1.0))
                .after(task.depends_on.iter().cloned())
        }
    };
    let specs: Vec<TaskSpec> = trace.header.tasks.iter().map(spec).collect();
    TaskGraph::new(&specs).map_err(|_| UnusableRun::NoGraph)
}

/// Reconstructed state of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Claimed(AgentId),
    Done,
}

/// The board as reconstructed so far.
struct BoardReconstruction<'t> {
    trace: &'t Trace,
    graph: &'t TaskGraph,
    /// Task of each file name.
    files: BTreeMap<String, TaskId>,
    /// All test runs, with agent and round.
    tests: Vec<(AgentId, u32, TraceTest)>,
    is_dealt: bool,
    /// Initial assignee of each task, if known.
    dealt_to: Vec<Option<AgentId>>,
    state: Vec<State>,
    agents: Vec<AgentHistory>,
}

/// Past actions of an agent, by task and by call.
#[derive(Clone, Default)]
struct AgentHistory {
    begun: Vec<bool>,
    asked: Vec<bool>,
    finished: Vec<bool>,
    idle: u16,
    calls: Vec<RecordedCall>,
    wrote: Vec<u64>,
    others: Vec<Vec<u64>>,
}

impl Demonstration {
    /// Reconstructs the demonstration of a recorded run.
    ///
    /// # Errors
    ///
    /// The reason why the run cannot be learned from.
    pub fn from_trace(trace: &Trace) -> Result<Demonstration, UnusableRun> {
        let graph = graph_of(trace)?;
        let steps = calls_in_order(trace)?;
        let mut board = BoardReconstruction::new(trace, &graph, &steps);
        let output = OutputTokens::new(trace, &steps);
        let mut index = 0;
        while let Some(first) = steps.get(index) {
            let of_round = steps[index..].iter().take_while(|step| first.round > 0 && step.round == first.round);
            let last = index + of_round.count().max(1);
            // All members of a round decide on one board.
            let observed: Vec<_> = steps[index..last].iter().map(|step| board.observe(step)).collect();
            for (step, (observation, classes)) in steps[index..last].iter().zip(observed) {
                board.apply_call(step, observation, &classes, output.of_call(step));
            }
            index = last;
        }
        let is_done = board.state.iter().all(|state| *state == State::Done);
        let outcome = trace.header.outcome.as_ref().and_then(|outcome| outcome.success);
        let model = trace.label("model").or_else(|| steps.iter().find_map(|s| Some(trace.name(s.model?).to_owned())));
        let is_dealt = board.is_dealt;
        let mut agents = board.agents;
        agents.retain(|agent| !agent.calls.is_empty());
        // If tasks do not declare their files, a file of no task may be any task's.
        let others =
            if declares_files(trace) { agents.iter().map(|agent| agent.others.clone()).collect() } else { Vec::new() };
        Ok(Demonstration {
            trace: trace.header.trace.clone(),
            model,
            agents: trace.header.agents.len().max(1) as u32,
            is_dealt,
            work: WorkKey::of(&graph),
            names: file_keys(&graph),
            completed: outcome.unwrap_or(is_done),
            rounds: if trace.header.barrier { steps.iter().map(|step| step.round).max().unwrap_or(0) } else { 0 },
            wrote: agents.iter().map(|agent| agent.wrote.clone()).collect(),
            others,
            trajectories: agents.into_iter().map(|agent| agent.calls).collect(),
            input_tokens: Some(TraceSummary::of(trace).input_tokens as f64).filter(|tokens| *tokens > 0.0),
            metadata: RunMetadata::new(trace, &graph),
            limits: HarnessLimits::of(trace),
        })
    }

    /// All calls, agent by agent.
    pub(super) fn calls(&self) -> impl Iterator<Item = &RecordedCall> + Clone {
        self.trajectories.iter().flatten()
    }
}

/// Returns the model calls in order of arrival.
fn calls_in_order(trace: &Trace) -> Result<Vec<&TraceStep>, UnusableRun> {
    let mut steps: Vec<&TraceStep> = trace.steps.iter().filter(|step| step.is_call()).collect();
    if steps.is_empty() {
        return Err(UnusableRun::NoCalls);
    }
    if steps.iter().all(|step| step.events.is_empty()) {
        return Err(UnusableRun::NoOutcomes);
    }
    let tested = |step: &TraceStep| step.more().tests.last().map_or(step.end, |test| test.end.max(step.end));
    steps.sort_by_key(|step| (step.round, step.end, tested(step)));
    Ok(steps)
}

/// True if the architecture assigns tasks, so that agents work on their own tasks only.
fn is_dealt(trace: &Trace) -> bool {
    let row = trace.header.architecture.as_deref().and_then(architecture::find);
    row.is_some_and(|row| {
        let defaults: Vec<&str> = row.parameters.iter().filter_map(|p| p.values.first().copied()).collect();
        let terms = Choices::new(row, &defaults).map(|choices| (row.make)(&choices).spec());
        terms.is_some_and(|terms| terms.assigned.is_some() || terms.has_lead)
    })
}

/// Output tokens of calls: recorded, or the tokens of the run in proportion to time.
struct OutputTokens {
    per_second: f64,
}

impl OutputTokens {
    fn new(trace: &Trace, steps: &[&TraceStep]) -> OutputTokens {
        let seconds: f64 = steps.iter().map(|step| latency(step)).sum();
        let total = TraceSummary::of(trace).output_tokens as f64;
        OutputTokens { per_second: if seconds > 0.0 { total / seconds } else { 0.0 } }
    }

    fn of_call(&self, step: &TraceStep) -> f64 {
        step.usage.output.map_or(self.per_second * latency(step), f64::from)
    }
}

fn latency(step: &TraceStep) -> f64 {
    let finer = step.more().extra.get("x.latency_s").and_then(serde_json::Value::as_f64);
    finer.filter(|seconds| *seconds >= 0.0).unwrap_or_else(|| (step.end - step.start).as_secs())
}

impl<'t> BoardReconstruction<'t> {
    /// The board before the first call.
    fn new(trace: &'t Trace, graph: &'t TaskGraph, steps: &[&TraceStep]) -> BoardReconstruction<'t> {
        let agents = trace.header.agents.len().max(1);
        let none = || vec![false; graph.len()];
        let blank = AgentHistory { begun: none(), asked: none(), finished: none(), ..AgentHistory::default() };
        let mut board = BoardReconstruction {
            trace,
            graph,
            files: files_of(graph, trace, steps),
            tests: steps.iter().flat_map(|s| s.more().tests.iter().map(|t| (s.agent, s.round, t.clone()))).collect(),
            is_dealt: is_dealt(trace),
            // A single agent has all tasks.
            dealt_to: vec![(agents == 1).then_some(AgentId::new(0)); graph.len()],
            state: vec![State::Open; graph.len()],
            agents: vec![blank; agents],
        };
        if board.is_dealt && agents > 1 {
            board.infer_assignees(steps);
        }
        board
    }

    /// Assigns each task to the agent that names it or writes its files first.
    fn infer_assignees(&mut self, steps: &[&TraceStep]) {
        for step in steps {
            let named = step.events.iter().filter(|note| note.event != TaskNoteKind::Lost).filter_map(|note| note.task);
            let names = step.writes.iter().map(|file| name_of(self.trace.name(file.path)));
            for task in named.chain(names.filter_map(|name| self.files.get(name).copied())) {
                if let Some(assignee) = self.dealt_to.get_mut(task.index()) {
                    assignee.get_or_insert(step.agent);
                }
            }
        }
    }

    fn is_ready(&self, task: usize) -> bool {
        self.graph.tasks()[task].depends_on.iter().all(|&on| self.state[on.index()] == State::Done)
    }

    /// Expected seconds for which an answer had arrived before the recorder took it up. It waited while a test of another
    /// agent ran, and its arrival is uniform over that time.
    fn held_up_s(&self, step: &TraceStep) -> f64 {
        let ended_with_it =
            |test: &&TraceTest| test.end <= step.end && (step.end - test.end).as_secs() < HELD_UP_WITHIN_S;
        let others = self.tests.iter().filter(|(agent, round, _)| *agent != step.agent && *round == step.round);
        let test = others.map(|(_, _, test)| test).find(ended_with_it);
        test.map_or(0.0, |test| 0.5 * (test.end - test.start).as_secs())
    }

    /// Returns the observation of the agent of a step, and the class of each task for that agent.
    fn observe(&self, step: &TraceStep) -> (Observation, Vec<Option<TaskClass>>) {
        let Some(history) = self.agents.get(step.agent.index()) else {
            return (Observation::default(), vec![None; self.graph.len()]);
        };
        let finished = history.finished.iter().filter(|finished| **finished).count() as u16;
        let is_first = history.calls.is_empty();
        let mut observation = Observation { is_first, idle: history.idle, finished, ..Observation::default() };
        let classes = (0..self.graph.len()).map(|task| {
            if self.is_dealt && self.dealt_to[task].is_some_and(|assignee| assignee != step.agent) {
                return None;
            }
            observation.total += 1;
            let is_held = match self.state[task] {
                State::Done => {
                    observation.done_begun += u16::from(history.begun[task]);
                    return None;
                }
                State::Open => false,
                State::Claimed(owner) if owner == step.agent || history.asked[task] => true,
                State::Claimed(_) => return None,
            };
            let class = TaskClass::of(is_held, self.is_ready(task), history.begun[task]);
            observation.tasks[class as usize] += 1;
            Some(class)
        });
        let classes = classes.collect();
        (observation, classes)
    }

    /// Records a call and applies its effects to the board.
    fn apply_call(
        &mut self,
        step: &TraceStep,
        observation: Observation,
        classes: &[Option<TaskClass>],
        output_tokens: f64,
    ) {
        let agent = step.agent.index();
        if agent >= self.agents.len() {
            return;
        }
        let mut call = self.timed_call(step, observation, output_tokens);
        let (written, others) = self.written(step);
        call.other_files = others.len() as u16;
        for &task in &written {
            match (classes[task], self.state[task]) {
                (Some(class), _) => call.writes[class as usize] += 1,
                (None, State::Done) => call.rewrites += 1,
                (None, _) => call.other_files += 1,
            }
        }
        let claimed = self.claimed(step, &written);
        for &task in &claimed {
            count(&mut call.claims, classes[task]);
        }
        self.refused(step, &written, classes, &mut call);
        let history = &mut self.agents[agent];
        for &task in &claimed {
            self.state[task] = State::Claimed(step.agent);
            history.asked[task] = true;
        }
        for &task in &written {
            history.begun[task] = true;
        }
        let finished = self.finished(step, &written);
        for &task in &finished {
            count(&mut call.completes, classes[task]);
            self.state[task] = State::Done;
            self.agents[agent].finished[task] = true;
        }
        call.finishes_claims = !claimed.is_empty() && claimed.iter().all(|task| finished.contains(task));
        let limit = self.trace.header.output_limit_tokens();
        let is_at_limit = limit.is_some_and(|limit| output_tokens >= TRUNCATED_FROM * f64::from(limit));
        call.is_truncated = is_at_limit && claimed.is_empty() && finished.is_empty();
        let names = step.writes.iter().map(|file| name_of(self.trace.name(file.path)));
        let history = &mut self.agents[agent];
        history.idle = if call.is_idle() && call.other_files == 0 { history.idle.saturating_add(1) } else { 0 };
        history.calls.push(call);
        history.others.push(others.iter().map(|name| key_of(name)).collect());
        history.wrote.push(key_of_files(names.collect()));
    }

    /// A call with its duration, tokens and tests, without effects. Seconds are rounded to the digits of a profile file.
    fn timed_call(&self, step: &TraceStep, observation: Observation, output_tokens: f64) -> RecordedCall {
        let tests = &step.more().tests;
        let latency_s = (latency(step) - self.held_up_s(step)).max(0.0);
        let tests_s: f64 = tests.iter().map(|test| (test.end - test.start).as_secs()).sum();
        RecordedCall {
            observation,
            files: step.writes.len().min(usize::from(u16::MAX)) as u16,
            latency_s: (latency_s * 1e3).round() / 1e3,
            output_tokens: output_tokens.round(),
            tests: tests.len().min(usize::from(u16::MAX)) as u16,
            // An empty sum is -0.
            tests_s: (tests_s * 1e3).round() / 1e3 + 0.0,
            has_failed: tests.iter().any(|test| (1..=3).contains(&test.returncode)),
            ..RecordedCall::default()
        }
    }

    /// Returns the tasks whose files a step wrote, and the names of the other files.
    fn written(&self, step: &TraceStep) -> (Vec<usize>, Vec<&'t str>) {
        let (mut written, mut others): (Vec<usize>, Vec<&str>) = (Vec::new(), Vec::new());
        for file in step.writes.iter().filter(|file| file.ok != Some(false)) {
            let name = name_of(self.trace.name(file.path));
            match self.files.get(name) {
                Some(&task) if !written.contains(&task.index()) => written.push(task.index()),
                None if !others.contains(&name) => others.push(name),
                _ => {}
            }
        }
        (written, others)
    }

    /// Returns the tasks that a step was granted.
    fn claimed(&self, step: &TraceStep, written: &[usize]) -> Vec<usize> {
        let (named, unnamed) = noted(step, TaskNoteKind::Claim, self.graph.len());
        let begun = &self.agents[step.agent.index()].begun;
        let mut open: Vec<usize> = (0..self.graph.len())
            .filter(|&task| self.state[task] == State::Open && self.is_ready(task) && !named.contains(&task))
            .filter(|&task| !self.is_dealt || self.dealt_to[task].is_none_or(|assignee| assignee == step.agent))
            .collect();
        open.sort_by_key(|task| (!written.contains(task), !begun[*task], *task));
        named.iter().copied().chain(open.into_iter().take(unnamed)).collect()
    }

    /// Counts the claims that were refused because of an open dependency.
    fn refused(&mut self, step: &TraceStep, written: &[usize], classes: &[Option<TaskClass>], call: &mut RecordedCall) {
        let (named, unnamed) = noted(step, TaskNoteKind::Blocked, self.graph.len());
        let waits = |task: &usize| matches!(classes[*task], Some(TaskClass::Waiting | TaskClass::WaitingBegun));
        let mut waiting: Vec<usize> =
            (0..self.graph.len()).filter(|task| waits(task) && !named.contains(task)).collect();
        let begun = |task: usize| classes[task] == Some(TaskClass::WaitingBegun);
        waiting.sort_by_key(|&task| (!written.contains(&task), !begun(task), task));
        for task in named.into_iter().filter(waits).chain(waiting.into_iter().take(unnamed)) {
            count(&mut call.claims, classes[task]);
            self.agents[step.agent.index()].asked[task] = true;
        }
    }

    /// Returns the tasks of its own that a step finished.
    fn finished(&self, step: &TraceStep, written: &[usize]) -> Vec<usize> {
        let (named, unnamed) = noted(step, TaskNoteKind::Complete, self.graph.len());
        let begun = &self.agents[step.agent.index()].begun;
        let own = |task: &usize| match self.state[*task] {
            State::Claimed(owner) => owner == step.agent,
            State::Open => self.is_dealt && self.dealt_to[*task].is_none_or(|assignee| assignee == step.agent),
            State::Done => false,
        };
        let mut open: Vec<usize> = (0..self.graph.len()).filter(|task| own(task) && !named.contains(task)).collect();
        let is_open = |task: usize| self.state[task] == State::Open;
        open.sort_by_key(|&task| (!written.contains(&task), !begun[task], is_open(task), task));
        let named = named.iter().copied().filter(|&task| self.state[task] != State::Done);
        named.chain(open.into_iter().take(unnamed)).collect()
    }
}

/// Returns the distinct tasks that notes of a kind name, and the number of notes that name none.
fn noted(step: &TraceStep, kind: TaskNoteKind, tasks: usize) -> (Vec<usize>, usize) {
    let mut named: Vec<usize> = Vec::new();
    let mut unnamed = 0;
    let is_own = |agent: Option<AgentId>| agent.is_none_or(|agent| agent == step.agent);
    for note in step.events.iter().filter(|note| note.event == kind && is_own(note.agent)) {
        match note.task {
            Some(task) if task.index() < tasks => {
                if !named.contains(&task.index()) {
                    named.push(task.index());
                }
            }
            _ => unnamed += 1,
        }
    }
    (named, unnamed)
}

fn count(counts: &mut [u16; TASK_CLASSES], class: Option<TaskClass>) {
    if let Some(class) = class {
        counts[class as usize] = counts[class as usize].saturating_add(1);
    }
}
