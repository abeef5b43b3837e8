//! The work that a recorded run did, as tasks for another team: `workload: trace` and what-if replay.
//!
//! Where the recording names tasks, those are the tasks. Where it does not, its steps are cut into pieces by the files
//! that they write, and a piece comes after those whose files it reads or writes. Whatever had to be assumed is said.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Name, Operation, Quality, TaskNoteKind, Trace, TraceStep};
use crate::trace::replay::{self_times, spent};
use crate::workload::{RecordedCost, TaskId, TaskSpec};

/// Tasks of a recorded run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedWork {
    /// The tasks, each with what it took; `size` is its output tokens.
    pub tasks: Vec<TaskSpec>,
    /// The steps that each took: their places in the trace, and seconds of each that were spent on it.
    pub steps: Vec<Vec<(usize, f64)>>,
    /// What had to be assumed, in words.
    pub assumptions: Vec<String>,
}

/// Where nothing is known of tokens, sizes stand for this many a second.
const TOKENS_PER_SECOND: f64 = 100.0;

/// The work of a run.
pub fn work_of(trace: &Trace) -> RecordedWork {
    let mut draft = Draft::new(trace);
    let named: BTreeSet<TaskId> = trace.steps.iter().flat_map(|step| tasks_of(trace, step)).collect();
    if named.len() >= 2 && !is_task_an_agent(trace) {
        draft.by_task();
    } else {
        draft.by_file();
    }
    draft.finish()
}

/// Whether tasks only say whose the work was: every agent has one task of its own, as with subagents.
fn is_task_an_agent(trace: &Trace) -> bool {
    let pairs: BTreeSet<(AgentId, TaskId)> =
        trace.steps.iter().filter_map(|step| step.task.map(|task| (step.agent, task))).collect();
    let agents: BTreeSet<AgentId> = pairs.iter().map(|(agent, _)| *agent).collect();
    let tasks: BTreeSet<TaskId> = pairs.iter().map(|(_, task)| *task).collect();
    let is_graph = trace.header.tasks.iter().any(|task| !task.depends_on.is_empty());
    let is_recorded = trace.header.source.format != "simulation";
    is_recorded && !is_graph && agents.len() == pairs.len() && tasks.len() == pairs.len()
}

/// What a task has taken so far.
#[derive(Clone, Debug, Default)]
struct Piece {
    name: String,
    time: f64,
    input: f64,
    output: f64,
    depends_on: BTreeSet<usize>,
    reads: BTreeSet<Name>,
    writes: BTreeSet<Name>,
    steps: Vec<(usize, f64)>,
}

struct Draft<'t> {
    trace: &'t Trace,
    own: Vec<Time>,
    pieces: Vec<Piece>,
    assumptions: Vec<String>,
}

impl Draft<'_> {
    fn new(trace: &Trace) -> Draft<'_> {
        Draft { trace, own: self_times(trace), pieces: Vec::new(), assumptions: Vec::new() }
    }

    /// Tasks as the recording names them.
    fn by_task(&mut self) {
        let trace = self.trace;
        let places: BTreeMap<&str, usize> =
            trace.header.tasks.iter().enumerate().map(|(place, task)| (task.id.as_str(), place)).collect();
        for task in &trace.header.tasks {
            let depends_on = task.depends_on.iter().filter_map(|on| places.get(on.as_str()).copied()).collect();
            self.pieces.push(Piece { name: task.id.clone(), depends_on, ..Piece::default() });
        }
        let is_team = trace.header.agents.len() > 1;
        let (mut left_out, mut rework, mut unassigned) = (Time::ZERO, Time::ZERO, Time::ZERO);
        for (place, step) in trace.steps.iter().enumerate() {
            let split = spent(step, self.own[place]);
            left_out += split.coordination + split.lost;
            if is_team {
                rework += split.rework;
            }
            let own = if is_team { split.work } else { split.work + split.rework };
            if own == Time::ZERO {
                continue;
            }
            let tasks = tasks_of(trace, step);
            if tasks.is_empty() {
                unassigned += own;
            }
            let share = 1.0 / tasks.len().max(1) as f64;
            for &task in &tasks {
                if let Some(piece) = self.pieces.get_mut(task.index()) {
                    piece.take((place, step), own, share);
                    if tasks.len() > 1 {
                        // Of several tasks in a step, each has its own files, where the header says which.
                        piece.writes.clear();
                    }
                }
            }
        }
        let before = self.pieces.len();
        self.drop_empty();
        let empty = before - self.pieces.len();
        self.assume(empty > 0, format!("{empty} tasks on which no time was recorded are left out"));
        self.assume(
            left_out > Time::ZERO,
            format!("{left_out} of coordination and of steps that came to nothing are no work"),
        );
        self.assume(rework > Time::ZERO, format!("{rework} of rework are the team's doing, not work"));
        self.assume(unassigned > Time::ZERO, format!("{unassigned} of steps about no task are left out"));
        if trace.quality("task") == Some(Quality::Inferred) {
            self.assumptions.push(
                "which task a step is about was told by the files it wrote; of several, each has an equal share"
                    .to_owned(),
            );
        }
    }

    /// Pieces of the steps by what they write, and human prompts between them.
    fn by_file(&mut self) {
        let mut open: Vec<Option<usize>> = vec![None; self.trace.header.agents.len()];
        let mut writer: BTreeMap<Name, usize> = BTreeMap::new();
        let mut turn_start = 0;
        let mut turns = 1;
        // The pieces that each step's results are in: its own, and those of the agents that worked inside it.
        let mut pieces_of: BTreeMap<&str, BTreeSet<(usize, AgentId)>> = BTreeMap::new();
        for (place, step) in self.trace.steps.iter().enumerate() {
            if step.operation == Operation::HumanWait {
                // What a person asks for next follows from all that went before.
                open.fill(None);
                if self.pieces.len() > turn_start {
                    turn_start = self.pieces.len();
                    turns += 1;
                }
                continue;
            }
            if step.operation.is_wait() || step.operation.is_container() {
                continue;
            }
            let agent = step.agent.index();
            let current = open.get(agent).copied().flatten();
            let writes: BTreeSet<Name> =
                step.writes.iter().filter(|file| file.ok != Some(false)).map(|file| file.path).collect();
            let goes_on = current.filter(|&piece| {
                writes.is_empty()
                    || self.pieces[piece].writes.is_empty()
                    || !self.pieces[piece].writes.is_disjoint(&writes)
            });
            let piece = goes_on.unwrap_or_else(|| {
                self.pieces.push(Piece { name: format!("piece-{}", self.pieces.len() + 1), ..Piece::default() });
                self.pieces.len() - 1
            });
            if let Some(open) = open.get_mut(agent) {
                *open = Some(piece);
            }
            for file in step.more().reads.iter().chain(&step.writes) {
                if let Some(&before) = writer.get(&file.path).filter(|&&before| before < piece) {
                    self.pieces[piece].depends_on.insert(before);
                }
            }
            for &path in &writes {
                writer.insert(path, piece);
            }
            let others = step.after.iter().map(|id| &**id).chain(step.more().parent.as_deref());
            let others = others.filter_map(|id| pieces_of.get(id)).flatten();
            let others =
                others.filter(|(other, agent)| *agent != step.agent && *other < piece).map(|(other, _)| *other);
            self.pieces[piece].depends_on.extend(others);
            pieces_of.entry(&step.id).or_default().insert((piece, step.agent));
            if let Some(parent) = step.more().parent.as_deref() {
                pieces_of.entry(parent).or_default().insert((piece, step.agent));
            }
            let own = self.own[place];
            self.pieces[piece].take((place, step), own, 1.0);
            if turn_start > 0 && piece >= turn_start {
                self.after_turn(piece, turn_start);
            }
        }
        let trace = self.trace;
        let pieces = match self.pieces.len() {
            1 => "make one piece of work".to_owned(),
            pieces => format!("are cut into {pieces} pieces by the files they write"),
        };
        self.assumptions.push(format!("the recording names no tasks: its steps {pieces}"));
        let several = self.pieces.len() > 1;
        self.assume(several, "a piece comes after those whose files it reads or writes, or whose agent it heard from: what was learnt on the way without a file is not seen".to_owned());
        let no_reads = trace.steps.iter().all(|step| step.more().reads.is_empty());
        self.assume(
            several && no_reads,
            "which files were read is not recorded: only writes order the pieces".to_owned(),
        );
        self.assume(
            turns > 1,
            format!("{turns} prompts of a person come one after the other; the time between them is left out"),
        );
    }

    /// A piece of a later turn comes after the last pieces of the turn before.
    fn after_turn(&mut self, piece: usize, turn_start: usize) {
        if self.pieces[piece].depends_on.is_empty() {
            let needed: BTreeSet<usize> =
                self.pieces[..turn_start].iter().flat_map(|p| p.depends_on.iter().copied()).collect();
            self.pieces[piece].depends_on.extend((0..turn_start).filter(|place| !needed.contains(place)));
        }
    }

    fn assume(&mut self, holds: bool, text: String) {
        if holds {
            self.assumptions.push(text);
        }
    }

    /// Tasks without any time can't be worked on; those that wait for them wait for what they wait for.
    fn drop_empty(&mut self) {
        let is_kept: Vec<bool> = self.pieces.iter().map(|piece| piece.time > 0.0).collect();
        let mut places = vec![0; self.pieces.len()];
        let mut next = 0;
        for (place, kept) in is_kept.iter().enumerate() {
            places[place] = next;
            next += usize::from(*kept);
        }
        let all = std::mem::take(&mut self.pieces);
        for (place, piece) in all.iter().enumerate().filter(|(place, _)| is_kept[*place]) {
            let mut depends_on = BTreeSet::new();
            let mut seen = BTreeSet::from([place]);
            let mut open: Vec<usize> = piece.depends_on.iter().copied().collect();
            while let Some(on) = open.pop() {
                if !seen.insert(on) {
                    continue;
                }
                if is_kept[on] {
                    depends_on.insert(places[on]);
                } else {
                    open.extend(&all[on].depends_on);
                }
            }
            self.pieces.push(Piece { depends_on, ..piece.clone() });
        }
    }

    fn finish(mut self) -> RecordedWork {
        self.drop_empty();
        let has_output = self.pieces.iter().any(|piece| piece.output > 0.0);
        self.assume(
            !has_output,
            "tokens of single calls are not recorded: costs and tokens of the team are not those of the recording"
                .to_owned(),
        );
        for field in ["start_us", "gen_ai.usage.output_tokens", "gen_ai.agent.name", "files.write"] {
            match self.trace.quality(field) {
                Some(Quality::Inferred) => self.assumptions.push(format!("{field} is inferred by the importer")),
                Some(Quality::Estimated) => self.assumptions.push(format!("{field} is estimated by the importer")),
                _ => {}
            }
        }
        let names: Vec<String> = self.pieces.iter().map(|piece| piece.name.clone()).collect();
        let text = |names: &BTreeSet<Name>| names.iter().map(|&name| self.trace.name(name).to_owned()).collect();
        let task = |piece: &Piece| TaskSpec {
            depends_on: piece.depends_on.iter().map(|&on| names[on].clone()).collect(),
            reads: text(&piece.reads),
            writes: text(&piece.writes),
            recorded: Some(RecordedCost {
                time: Time::from_us_f64(piece.time),
                input_tokens: piece.input.round() as u32,
                output_tokens: piece.output.round() as u32,
            }),
            ..TaskSpec::new(
                piece.name.clone(),
                if has_output { piece.output.max(1.0) } else { (piece.time / 1e6 * TOKENS_PER_SECOND).max(1.0) },
            )
        };
        RecordedWork {
            tasks: self.pieces.iter().map(task).collect(),
            steps: self.pieces.iter().map(|piece| piece.steps.clone()).collect(),
            assumptions: self.assumptions,
        }
    }
}

impl Piece {
    fn take(&mut self, (place, step): (usize, &TraceStep), own: Time, share: f64) {
        if own > Time::ZERO {
            self.steps.push((place, own.as_secs() * share));
        }
        self.time += own.as_us() as f64 * share;
        self.input += f64::from(step.usage.input.unwrap_or(0)) * share;
        self.output += f64::from(step.usage.output.unwrap_or(0)) * share;
        self.reads.extend(step.more().reads.iter().map(|file| file.path));
        self.writes.extend(step.writes.iter().filter(|file| file.ok != Some(false)).map(|file| file.path));
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The tasks that a step was about: those it completed, else those whose files it wrote, else the one it names.
fn tasks_of(trace: &Trace, step: &TraceStep) -> Vec<TaskId> {
    let completed = step.events.iter().filter(|note| note.event == TaskNoteKind::Complete).filter_map(|note| note.task);
    let mut tasks: Vec<TaskId> = completed.collect();
    if tasks.is_empty() {
        let of_file = |path: &str| {
            let has = |task: &crate::trace::model::TraceTask| {
                let files = task.extra.get("x.writes").and_then(serde_json::Value::as_array);
                // By name: teams put files into folders of their own liking.
                let is_it = |file: &serde_json::Value| file.as_str().map(file_name) == Some(file_name(path));
                files.is_some_and(|files| files.iter().any(is_it))
            };
            trace.header.tasks.iter().position(has).map(TaskId::at)
        };
        tasks = step.writes.iter().filter_map(|file| of_file(trace.name(file.path))).collect();
    }
    if tasks.is_empty() {
        tasks.extend(step.task);
    }
    tasks.sort_unstable();
    tasks.dedup();
    tasks
}
