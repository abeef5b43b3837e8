//! What a recorded run shows of its agents: what each saw on the board when it was called, and what it did then.
//!
//! The board is walked through with the run, call by call in order of arrival. Where a recording does not name the
//! tasks that were claimed, finished or refused, they are told by the files of the call, then by what the agent had
//! written before, then by the order of the list.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::architecture::{self, Choices};
use crate::engine::key_of;
use crate::prediction::calibration::RunMetadata;
use crate::team::{AgentId, Habit, SORTS, Sight, Sort, WorkKey, names_of};
use crate::trace::{TaskNoteKind, Trace, TraceStep, TraceTest};
use crate::workload::{TaskGraph, TaskId, TaskSpec};

/// A reply of so many tokens was cut off; the usual limit of the recorded runs. [paper] replies are capped at 4,096.
const OUTPUT_LIMIT: f64 = 4096.0;
/// From this share of the limit on, as tokens of a call are only known by the share of time.
const NEARLY: f64 = 0.75;

/// An answer that is taken up within so many seconds of the end of a test has waited for it.
const AT_ONCE_S: f64 = 0.05;

/// What one recorded run shows.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Demonstration {
    /// The name of its trace.
    pub trace: String,
    /// The model.
    pub model: Option<String>,
    /// How many agents there were.
    pub agents: u32,
    /// Whether tasks were dealt before the start.
    pub is_dealt: bool,
    /// The work.
    pub work: WorkKey,
    /// The files that its tasks write: see [`names_of`].
    pub names: Vec<u32>,
    /// Whether it came to its end.
    pub completed: bool,
    /// Rounds; 0 without.
    pub rounds: u32,
    /// What each agent did.
    pub scripts: Vec<Vec<Habit>>,
    /// Which files each of these calls wrote: the same number for the same files, 0 for none.
    pub wrote: Vec<Vec<u64>>,
    /// The files of no task that each of these calls wrote, by a number that stands for the name; none if tasks do not say
    /// which files are theirs.
    pub others: Vec<Vec<Vec<u64>>>,
    /// Input tokens of the run, if they are known.
    pub input_tokens: Option<f64>,
    /// Date, number of tasks and context of the run.
    pub metadata: RunMetadata,
}

/// Why nothing can be learned from a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum UnusableRun {
    /// It does not say what was to be done.
    #[error("do not say what tasks there were")]
    NoTasks,
    /// Its tasks are no task graph.
    #[error("have tasks that wait for each other in a circle")]
    NoGraph,
    /// No model was called.
    #[error("have no call of a model")]
    NoCalls,
    /// Nothing says that a task was claimed or finished.
    #[error("do not say what became of the tasks")]
    NoOutcomes,
}

/// The tasks of a recorded run as a graph, with the files that each writes.
///
/// # Errors
///
/// It has none, or they wait for each other in a circle.
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

/// What the walk knows of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Open,
    Claimed(AgentId),
    Done,
}

/// The board as the walk has got to know it.
struct BoardReconstruction<'t> {
    graph: &'t TaskGraph,
    /// All runs of tests, by whom and in which round.
    tests: Vec<(AgentId, u32, TraceTest)>,
    is_dealt: bool,
    /// Whose a task is from the start, where that is known.
    dealt_to: Vec<Option<AgentId>>,
    state: Vec<State>,
    agents: Vec<AgentHistory>,
}

/// What an agent has done so far.
#[derive(Clone)]
struct AgentHistory {
    begun: Vec<bool>,
    asked: Vec<bool>,
    finished: Vec<bool>,
    idle: u16,
    calls: Vec<Habit>,
    wrote: Vec<u64>,
    others: Vec<Vec<u64>>,
}

impl Demonstration {
    /// What a run shows.
    ///
    /// # Errors
    ///
    /// Why it shows nothing.
    pub fn of(trace: &Trace) -> Result<Demonstration, UnusableRun> {
        let graph = graph_of(trace)?;
        let mut steps: Vec<&TraceStep> = trace.steps.iter().filter(|step| step.is_call()).collect();
        if steps.is_empty() {
            return Err(UnusableRun::NoCalls);
        }
        if steps.iter().all(|step| step.events.is_empty()) {
            return Err(UnusableRun::NoOutcomes);
        }
        let tested = |step: &TraceStep| step.more().tests.last().map_or(step.end, |test| test.end.max(step.end));
        steps.sort_by_key(|step| (step.round, step.end, tested(step)));
        let is_dealt = is_dealt(trace);
        let agents = trace.header.agents.len().max(1);
        let blank = AgentHistory {
            begun: vec![false; graph.len()],
            asked: vec![false; graph.len()],
            finished: vec![false; graph.len()],
            idle: 0,
            calls: Vec::new(),
            wrote: Vec::new(),
            others: Vec::new(),
        };
        let mut walk = BoardReconstruction {
            graph: &graph,
            tests: steps.iter().flat_map(|s| s.more().tests.iter().map(|t| (s.agent, s.round, t.clone()))).collect(),
            is_dealt,
            dealt_to: dealt_to(trace, &steps, &graph, agents, is_dealt),
            state: vec![State::Open; graph.len()],
            agents: vec![blank; agents],
        };
        let files = files_of(&graph, trace, &steps);
        let output = Output::of(trace, &steps);
        let mut place = 0;
        while let Some(first) = steps.get(place) {
            let of_round = steps[place..].iter().take_while(|step| first.round > 0 && step.round == first.round);
            let last = place + of_round.count().max(1);
            // All members of a round decide on one board.
            let seen: Vec<(Sight, Vec<Option<Sort>>)> = steps[place..last].iter().map(|step| walk.look(step)).collect();
            for (step, (sight, sorts)) in steps[place..last].iter().zip(seen) {
                walk.take(trace, step, sight, &sorts, &files, output.of_call(step));
            }
            place = last;
        }
        let is_done = walk.state.iter().all(|state| *state == State::Done);
        walk.agents.retain(|agent| !agent.calls.is_empty());
        let outcome = trace.header.outcome.as_ref().and_then(|outcome| outcome.success);
        let model = trace.label("model").or_else(|| steps.iter().find_map(|s| Some(trace.name(s.model?).to_owned())));
        Ok(Demonstration {
            trace: trace.header.trace.clone(),
            model,
            agents: agents as u32,
            is_dealt,
            work: WorkKey::of(&graph),
            names: names_of(&graph),
            completed: outcome.unwrap_or(is_done),
            rounds: if trace.header.barrier { steps.iter().map(|step| step.round).max().unwrap_or(0) } else { 0 },
            wrote: walk.agents.iter_mut().map(|agent| std::mem::take(&mut agent.wrote)).collect(),
            // Where tasks do not say what they write, a file that belongs to none may be any task's.
            others: if says_files(trace) {
                walk.agents.iter_mut().map(|agent| std::mem::take(&mut agent.others)).collect()
            } else {
                Vec::new()
            },
            scripts: walk.agents.into_iter().map(|agent| agent.calls).collect(),
            input_tokens: Some(crate::trace::TraceSummary::of(trace).input_tokens as f64)
                .filter(|tokens| *tokens > 0.0),
            metadata: RunMetadata::new(trace, &graph),
        })
    }
}

/// Whether the architecture deals tasks, so that agents mind their own.
fn is_dealt(trace: &Trace) -> bool {
    let row = trace.header.architecture.as_deref().and_then(architecture::find);
    row.is_some_and(|row| {
        let defaults: Vec<&str> = row.parameters.iter().filter_map(|p| p.values.first().copied()).collect();
        let terms = Choices::new(row, &defaults).map(|choices| (row.make)(&choices).terms());
        terms.is_some_and(|terms| terms.dealt.is_some() || terms.has_lead)
    })
}

/// Whose each task is: who wrote its files first, where nothing else says it. A single agent has all.
fn dealt_to(
    trace: &Trace,
    steps: &[&TraceStep],
    graph: &TaskGraph,
    agents: usize,
    is_dealt: bool,
) -> Vec<Option<AgentId>> {
    let mut owners = vec![(agents == 1).then_some(AgentId::new(0)); graph.len()];
    if !is_dealt || agents == 1 {
        return owners;
    }
    let files = files_of(graph, trace, steps);
    for step in steps {
        let named = step.events.iter().filter(|note| note.event != TaskNoteKind::Lost).filter_map(|note| note.task);
        let written = step.writes.iter().filter_map(|file| files.get(name_of(trace.name(file.path))).copied());
        for task in named.chain(written) {
            if let Some(owner) = owners.get_mut(task.index()) {
                owner.get_or_insert(step.agent);
            }
        }
    }
    owners
}

/// The task that each file belongs to, by the file's name: teams put files into folders of their own liking. Where the
/// tasks do not say what they write, it is told by the calls that are about one task.
fn files_of(graph: &TaskGraph, trace: &Trace, steps: &[&TraceStep]) -> BTreeMap<String, TaskId> {
    let mut files = BTreeMap::new();
    if !says_files(trace) {
        for step in steps {
            let mut about: Vec<TaskId> = step.events.iter().filter_map(|note| note.task).chain(step.task).collect();
            about.dedup();
            if let [task] = about[..]
                && task.index() < graph.len()
            {
                for file in &step.writes {
                    files.entry(name_of(trace.name(file.path)).to_owned()).or_insert(task);
                }
            }
        }
        return files;
    }
    for (task, entry) in graph.tasks().iter().enumerate() {
        for &artifact in &entry.writes {
            files.entry(name_of(&graph.artifacts()[artifact.index()]).to_owned()).or_insert(TaskId::at(task));
        }
    }
    files
}

/// Whether tasks say which files they write.
fn says_files(trace: &Trace) -> bool {
    trace.header.tasks.iter().any(|task| task.extra.get("x.writes").is_some())
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The same number for the same files, in whatever order and however often; 0 for none.
fn key_of_files(mut names: Vec<&str>) -> u64 {
    names.sort_unstable();
    names.dedup();
    names.iter().fold(0, |sum: u64, name| (sum.rotate_left(5) ^ key_of(name)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Output tokens of calls: as recorded, or of the whole run by the share of time.
struct Output {
    per_second: f64,
}

impl Output {
    fn of(trace: &Trace, steps: &[&TraceStep]) -> Output {
        let seconds: f64 = steps.iter().map(|step| latency(step)).sum();
        let total = crate::trace::TraceSummary::of(trace).output_tokens as f64;
        Output { per_second: if seconds > 0.0 { total / seconds } else { 0.0 } }
    }

    fn of_call(&self, step: &TraceStep) -> f64 {
        step.usage.output.map_or(self.per_second * latency(step), f64::from)
    }
}

fn latency(step: &TraceStep) -> f64 {
    let finer = step.more().extra.get("x.latency_s").and_then(serde_json::Value::as_f64);
    finer.filter(|seconds| *seconds >= 0.0).unwrap_or_else(|| (step.end - step.start).as_secs())
}

impl BoardReconstruction<'_> {
    fn is_ready(&self, task: usize) -> bool {
        self.graph.tasks()[task].depends_on.iter().all(|&on| self.state[on.index()] == State::Done)
    }

    /// For how long an answer had been there, most likely, when it was taken up: as others' tests ran, nobody saw it
    /// come. It came at any time while they ran.
    fn held_up_s(&self, step: &TraceStep) -> f64 {
        let ended_with_it = |test: &&TraceTest| test.end <= step.end && (step.end - test.end).as_secs() < AT_ONCE_S;
        let others = self.tests.iter().filter(|(agent, round, _)| *agent != step.agent && *round == step.round);
        let test = others.map(|(_, _, test)| test).find(ended_with_it);
        test.map_or(0.0, |test| 0.5 * (test.end - test.start).as_secs())
    }

    /// What the agent of a step sees, and of which sort each task is to it.
    fn look(&self, step: &TraceStep) -> (Sight, Vec<Option<Sort>>) {
        let Some(knows) = self.agents.get(step.agent.index()) else {
            return (Sight::default(), vec![None; self.graph.len()]);
        };
        let finished = knows.finished.iter().filter(|finished| **finished).count() as u16;
        let mut sight = Sight { is_first: knows.calls.is_empty(), idle: knows.idle, finished, ..Sight::default() };
        let sorts = (0..self.graph.len()).map(|task| {
            if self.is_dealt && self.dealt_to[task].is_some_and(|owner| owner != step.agent) {
                return None;
            }
            sight.total += 1;
            let is_held = match self.state[task] {
                State::Done => {
                    sight.done_begun += u16::from(knows.begun[task]);
                    return None;
                }
                State::Open => false,
                State::Claimed(owner) if owner == step.agent || knows.asked[task] => true,
                State::Claimed(_) => return None,
            };
            let sort = Sort::of(is_held, self.is_ready(task), knows.begun[task]);
            sight.tasks[sort as usize] += 1;
            Some(sort)
        });
        let sorts = sorts.collect();
        (sight, sorts)
    }

    /// Takes a call in: what it did, and what that changed.
    fn take(
        &mut self,
        trace: &Trace,
        step: &TraceStep,
        sight: Sight,
        sorts: &[Option<Sort>],
        files: &BTreeMap<String, TaskId>,
        output_tokens: f64,
    ) {
        let me = step.agent.index();
        if me >= self.agents.len() {
            return;
        }
        let tests = &step.more().tests;
        let latency_s = (latency(step) - self.held_up_s(step)).max(0.0);
        let mut habit = Habit {
            sight,
            files: step.writes.len().min(usize::from(u16::MAX)) as u16,
            // To the digits that a file keeps.
            latency_s: (latency_s * 1e3).round() / 1e3,
            output_tokens: output_tokens.round(),
            tests: tests.len().min(usize::from(u16::MAX)) as u16,
            tests_s: (tests.iter().map(|test| (test.end - test.start).as_secs()).sum::<f64>() * 1e3).round() / 1e3
                + 0.0,
            has_failed: tests.iter().any(|test| (1..=3).contains(&test.returncode)),
            ..Habit::default()
        };
        let mut written: Vec<usize> = Vec::new();
        let mut other: Vec<&str> = Vec::new();
        for file in step.writes.iter().filter(|file| file.ok != Some(false)) {
            let name = name_of(trace.name(file.path));
            match files.get(name) {
                Some(&task) if !written.contains(&task.index()) => written.push(task.index()),
                None if !other.contains(&name) => other.push(name),
                _ => {}
            }
        }
        habit.other_files = other.len() as u16;
        for &task in &written {
            match (sorts[task], self.state[task]) {
                (Some(sort), _) => habit.writes[sort as usize] += 1,
                (None, State::Done) => habit.rewrites += 1,
                (None, _) => habit.other_files += 1,
            }
        }
        let claimed = self.claimed(step, &written);
        for &task in &claimed {
            count(&mut habit.claims, sorts[task]);
        }
        self.refused(step, &written, sorts, &mut habit);
        let knows = &mut self.agents[me];
        for &task in &claimed {
            self.state[task] = State::Claimed(step.agent);
            knows.asked[task] = true;
        }
        for &task in &written {
            knows.begun[task] = true;
        }
        let finished = self.finished(step, &written);
        for &task in &finished {
            count(&mut habit.completes, sorts[task]);
            self.state[task] = State::Done;
            self.agents[me].finished[task] = true;
        }
        habit.finishes_claims = !claimed.is_empty() && claimed.iter().all(|task| finished.contains(task));
        habit.is_truncated = output_tokens >= NEARLY * OUTPUT_LIMIT && claimed.is_empty() && finished.is_empty();
        let knows = &mut self.agents[me];
        knows.idle = if habit.is_idle() && habit.other_files == 0 { knows.idle.saturating_add(1) } else { 0 };
        knows.calls.push(habit);
        knows.others.push(other.iter().map(|name| key_of(name)).collect());
        knows.wrote.push(key_of_files(step.writes.iter().map(|file| name_of(trace.name(file.path))).collect()));
    }

    /// The tasks that a step was granted.
    fn claimed(&self, step: &TraceStep, written: &[usize]) -> Vec<usize> {
        let (named, unnamed) = noted(step, TaskNoteKind::Claim, self.graph.len());
        let begun = &self.agents[step.agent.index()].begun;
        let mut open: Vec<usize> = (0..self.graph.len())
            .filter(|&task| self.state[task] == State::Open && self.is_ready(task) && !named.contains(&task))
            .filter(|&task| !self.is_dealt || self.dealt_to[task].is_none_or(|owner| owner == step.agent))
            .collect();
        open.sort_by_key(|task| (!written.contains(task), !begun[*task], *task));
        named.iter().copied().chain(open.into_iter().take(unnamed)).collect()
    }

    /// Claims that were refused because something the task needs was not done.
    fn refused(&mut self, step: &TraceStep, written: &[usize], sorts: &[Option<Sort>], habit: &mut Habit) {
        let (named, unnamed) = noted(step, TaskNoteKind::Blocked, self.graph.len());
        let waits = |task: &usize| matches!(sorts[*task], Some(Sort::Waiting | Sort::WaitingBegun));
        let mut waiting: Vec<usize> =
            (0..self.graph.len()).filter(|task| waits(task) && !named.contains(task)).collect();
        let begun = |task: usize| sorts[task] == Some(Sort::WaitingBegun);
        waiting.sort_by_key(|&task| (!written.contains(&task), !begun(task), task));
        for task in named.into_iter().filter(waits).chain(waiting.into_iter().take(unnamed)) {
            count(&mut habit.claims, sorts[task]);
            self.agents[step.agent.index()].asked[task] = true;
        }
    }

    /// The tasks that a step finished: of its own.
    fn finished(&self, step: &TraceStep, written: &[usize]) -> Vec<usize> {
        let (named, unnamed) = noted(step, TaskNoteKind::Complete, self.graph.len());
        let begun = &self.agents[step.agent.index()].begun;
        let own = |task: &usize| match self.state[*task] {
            State::Claimed(owner) => owner == step.agent,
            State::Open => self.is_dealt && self.dealt_to[*task].is_none_or(|owner| owner == step.agent),
            State::Done => false,
        };
        let mut open: Vec<usize> = (0..self.graph.len()).filter(|task| own(task) && !named.contains(task)).collect();
        let is_open = |task: usize| self.state[task] == State::Open;
        open.sort_by_key(|&task| (!written.contains(&task), !begun[task], is_open(task), task));
        let named = named.iter().copied().filter(|&task| self.state[task] != State::Done);
        named.chain(open.into_iter().take(unnamed)).collect()
    }
}

/// The tasks that notes of a kind name, each once, and how many notes name none.
fn noted(step: &TraceStep, kind: TaskNoteKind, tasks: usize) -> (Vec<usize>, usize) {
    let mut named: Vec<usize> = Vec::new();
    let mut unnamed = 0;
    for note in step.events.iter().filter(|note| note.event == kind && note.agent.is_none_or(|who| who == step.agent)) {
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

fn count(counts: &mut [u16; SORTS], sort: Option<Sort>) {
    if let Some(sort) = sort {
        counts[sort as usize] = counts[sort as usize].saturating_add(1);
    }
}
