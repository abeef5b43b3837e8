//! The work of a recorded run as tasks for another team, for `workload: trace` and what-if replay.
//!
//! The tasks are those that the recording names. Without names, its steps are split into segments by the files they write.
//! A segment depends on those whose files it reads or writes. All assumptions are reported.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Name, Operation, Quality, TaskNoteKind, Trace, TraceStep};
use crate::trace::replay::{self_times, spent};
use crate::workload::{RecordedCost, TaskId, TaskSpec};

/// Tasks of a recorded run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordedWork {
    /// Tasks with their recorded cost; `size` is their output tokens.
    pub tasks: Vec<TaskSpec>,
    /// Steps of each task: index in the trace, and seconds spent on the task.
    pub steps: Vec<Vec<(usize, f64)>>,
    /// Assumptions, for messages.
    pub assumptions: Vec<String>,
}

/// Output tokens per second that define sizes if no tokens are recorded.
const TOKENS_PER_SECOND: f64 = 100.0;

/// Extracts the work of a run.
pub fn work_of(trace: &Trace) -> RecordedWork {
    let mut builder = WorkBuilder::new(trace);
    let named: BTreeSet<TaskId> = trace.steps.iter().flat_map(|step| tasks_of(trace, step)).collect();
    if named.len() >= 2 && !is_task_an_agent(trace) {
        builder.by_task();
    } else {
        builder.by_file();
    }
    builder.finish()
}

/// Returns true if tasks only identify agents: every agent has a task of its own, as with subagents.
fn is_task_an_agent(trace: &Trace) -> bool {
    let pairs: BTreeSet<(AgentId, TaskId)> =
        trace.steps.iter().filter_map(|step| step.task.map(|task| (step.agent, task))).collect();
    let agents: BTreeSet<AgentId> = pairs.iter().map(|(agent, _)| *agent).collect();
    let tasks: BTreeSet<TaskId> = pairs.iter().map(|(_, task)| *task).collect();
    let is_graph = trace.header.tasks.iter().any(|task| !task.depends_on.is_empty());
    let is_recorded = trace.header.source.format != "simulation";
    is_recorded && !is_graph && agents.len() == pairs.len() && tasks.len() == pairs.len()
}

/// Recorded cost of a task or segment; times in microseconds.
#[derive(Clone, Debug, Default)]
struct WorkSegment {
    name: String,
    time: f64,
    input: f64,
    output: f64,
    depends_on: BTreeSet<usize>,
    reads: BTreeSet<Name>,
    writes: BTreeSet<Name>,
    steps: Vec<(usize, f64)>,
}

struct WorkBuilder<'t> {
    trace: &'t Trace,
    own: Vec<Time>,
    segments: Vec<WorkSegment>,
    assumptions: Vec<String>,
}

impl WorkBuilder<'_> {
    fn new(trace: &Trace) -> WorkBuilder<'_> {
        WorkBuilder { trace, own: self_times(trace), segments: Vec::new(), assumptions: Vec::new() }
    }

    /// Makes the tasks that the recording names.
    fn by_task(&mut self) {
        let trace = self.trace;
        let index_of: BTreeMap<&str, usize> =
            trace.header.tasks.iter().enumerate().map(|(index, task)| (task.id.as_str(), index)).collect();
        for task in &trace.header.tasks {
            let depends_on = task.depends_on.iter().filter_map(|on| index_of.get(on.as_str()).copied()).collect();
            self.segments.push(WorkSegment { name: task.id.clone(), depends_on, ..WorkSegment::default() });
        }
        let is_team = trace.header.agents.len() > 1;
        let (mut left_out, mut rework, mut unassigned) = (Time::ZERO, Time::ZERO, Time::ZERO);
        for (index, step) in trace.steps.iter().enumerate() {
            let split = spent(step, self.own[index]);
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
                if let Some(segment) = self.segments.get_mut(task.index()) {
                    segment.take((index, step), own, share);
                    if tasks.len() > 1 {
                        // A step with several tasks does not show which of them a file belongs to.
                        segment.writes.clear();
                    }
                }
            }
        }
        let before = self.segments.len();
        self.drop_empty();
        let empty = before - self.segments.len();
        self.assume(empty > 0, format!("{empty} tasks without recorded time are left out"));
        self.assume(
            left_out > Time::ZERO,
            format!("{left_out} of coordination and of steps without effect are not counted as work"),
        );
        self.assume(
            rework > Time::ZERO,
            format!("{rework} of rework are a result of the team and not counted as work"),
        );
        self.assume(unassigned > Time::ZERO, format!("{unassigned} of steps without a task are left out"));
        if trace.quality("task") == Some(Quality::Inferred) {
            self.assumptions.push(
                "the task of a step is inferred from the files it wrote; several tasks share it equally".to_owned(),
            );
        }
    }

    /// Makes segments of the steps by the files that they write, separated by prompts of a person.
    fn by_file(&mut self) {
        let mut open: Vec<Option<usize>> = vec![None; self.trace.header.agents.len()];
        let mut writer: BTreeMap<Name, usize> = BTreeMap::new();
        let mut turn_start = 0;
        let mut turns = 1;
        // Segments with the results of each step: its own, and those of the agents that worked inside it.
        let mut segments_of: BTreeMap<&str, BTreeSet<(usize, AgentId)>> = BTreeMap::new();
        for (index, step) in self.trace.steps.iter().enumerate() {
            if step.operation == Operation::HumanWait {
                // The next request of a person follows from everything before it.
                open.fill(None);
                if self.segments.len() > turn_start {
                    turn_start = self.segments.len();
                    turns += 1;
                }
                continue;
            }
            if step.operation.is_wait() || step.operation.is_container() {
                continue;
            }
            let agent = step.agent.index();
            let writes = written(step);
            let segment = self.continued(open.get(agent).copied().flatten(), &writes);
            if let Some(open) = open.get_mut(agent) {
                *open = Some(segment);
            }
            for file in step.more().reads.iter().chain(&step.writes) {
                if let Some(&before) = writer.get(&file.path).filter(|&&before| before < segment) {
                    self.segments[segment].depends_on.insert(before);
                }
            }
            writer.extend(writes.into_iter().map(|path| (path, segment)));
            let parent = step.more().parent.as_deref();
            let others = step.after.iter().map(|id| &**id).chain(parent).filter_map(|id| segments_of.get(id)).flatten();
            let others = others.filter(|(other, agent)| *agent != step.agent && *other < segment);
            self.segments[segment].depends_on.extend(others.map(|(other, _)| *other));
            for id in std::iter::once(&*step.id).chain(parent) {
                segments_of.entry(id).or_default().insert((segment, step.agent));
            }
            let own = self.own[index];
            self.segments[segment].take((index, step), own, 1.0);
            if turn_start > 0 && segment >= turn_start {
                self.after_turn(segment, turn_start);
            }
        }
        self.assume_segments(turns);
    }

    /// Returns the current segment of an agent if a step with these writes continues it, else a new one.
    fn continued(&mut self, current: Option<usize>, writes: &BTreeSet<Name>) -> usize {
        let continues = |segment: &usize| {
            let known = &self.segments[*segment].writes;
            writes.is_empty() || known.is_empty() || !known.is_disjoint(writes)
        };
        current.filter(continues).unwrap_or_else(|| {
            self.segments
                .push(WorkSegment { name: format!("piece-{}", self.segments.len() + 1), ..WorkSegment::default() });
            self.segments.len() - 1
        })
    }

    /// Adds the assumptions behind segments.
    fn assume_segments(&mut self, turns: usize) {
        let segments = match self.segments.len() {
            1 => "form one segment of work".to_owned(),
            segments => format!("are split into {segments} segments by the files they write"),
        };
        self.assumptions.push(format!("the recording names no tasks; its steps {segments}"));
        let several = self.segments.len() > 1;
        let order = "a segment follows those whose files it reads or writes, and those of agents whose results it uses; \
                     other dependencies are unknown";
        self.assume(several, order.to_owned());
        let no_reads = self.trace.steps.iter().all(|step| step.more().reads.is_empty());
        let only_writes = "files read are not recorded, so only writes order the segments";
        self.assume(several && no_reads, only_writes.to_owned());
        self.assume(
            turns > 1,
            format!("{turns} prompts of a person follow each other; the time between them is left out"),
        );
    }

    /// Makes a segment of a later turn depend on the last segments of the turn before.
    fn after_turn(&mut self, segment: usize, turn_start: usize) {
        if self.segments[segment].depends_on.is_empty() {
            let needed: BTreeSet<usize> =
                self.segments[..turn_start].iter().flat_map(|p| p.depends_on.iter().copied()).collect();
            self.segments[segment].depends_on.extend((0..turn_start).filter(|index| !needed.contains(index)));
        }
    }

    fn assume(&mut self, holds: bool, text: String) {
        if holds {
            self.assumptions.push(text);
        }
    }

    /// Removes tasks without time; their dependents inherit their dependencies.
    fn drop_empty(&mut self) {
        let is_kept: Vec<bool> = self.segments.iter().map(|segment| segment.time > 0.0).collect();
        let mut index_of = vec![0; self.segments.len()];
        let mut next = 0;
        for (index, kept) in is_kept.iter().enumerate() {
            index_of[index] = next;
            next += usize::from(*kept);
        }
        let all = std::mem::take(&mut self.segments);
        for (index, segment) in all.iter().enumerate().filter(|(index, _)| is_kept[*index]) {
            let mut depends_on = BTreeSet::new();
            let mut seen = BTreeSet::from([index]);
            let mut open: Vec<usize> = segment.depends_on.iter().copied().collect();
            while let Some(on) = open.pop() {
                if !seen.insert(on) {
                    continue;
                }
                if is_kept[on] {
                    depends_on.insert(index_of[on]);
                } else {
                    open.extend(&all[on].depends_on);
                }
            }
            self.segments.push(WorkSegment { depends_on, ..segment.clone() });
        }
    }

    fn finish(mut self) -> RecordedWork {
        self.drop_empty();
        let has_output = self.segments.iter().any(|segment| segment.output > 0.0);
        self.assume(
            !has_output,
            "tokens of single calls are not recorded, so costs and tokens differ from the recording".to_owned(),
        );
        for field in ["start_us", "gen_ai.usage.output_tokens", "gen_ai.agent.name", "files.write"] {
            match self.trace.quality(field) {
                Some(Quality::Inferred) => self.assumptions.push(format!("{field} is inferred by the importer")),
                Some(Quality::Estimated) => self.assumptions.push(format!("{field} is estimated by the importer")),
                _ => {}
            }
        }
        let names: Vec<String> = self.segments.iter().map(|segment| segment.name.clone()).collect();
        let text = |names: &BTreeSet<Name>| names.iter().map(|&name| self.trace.name(name).to_owned()).collect();
        let task = |segment: &WorkSegment| TaskSpec {
            depends_on: segment.depends_on.iter().map(|&on| names[on].clone()).collect(),
            reads: text(&segment.reads),
            writes: text(&segment.writes),
            recorded: Some(RecordedCost {
                time: Time::from_us_f64(segment.time),
                input_tokens: segment.input.round() as u32,
                output_tokens: segment.output.round() as u32,
            }),
            ..TaskSpec::new(
                segment.name.clone(),
                if has_output { segment.output.max(1.0) } else { (segment.time / 1e6 * TOKENS_PER_SECOND).max(1.0) },
            )
        };
        RecordedWork {
            tasks: self.segments.iter().map(task).collect(),
            steps: self.segments.iter().map(|segment| segment.steps.clone()).collect(),
            assumptions: self.assumptions,
        }
    }
}

impl WorkSegment {
    fn take(&mut self, (index, step): (usize, &TraceStep), own: Time, share: f64) {
        if own > Time::ZERO {
            self.steps.push((index, own.as_secs() * share));
        }
        self.time += own.as_us() as f64 * share;
        self.input += f64::from(step.usage.input.unwrap_or(0)) * share;
        self.output += f64::from(step.usage.output.unwrap_or(0)) * share;
        self.reads.extend(step.more().reads.iter().map(|file| file.path));
        self.writes.extend(written(step));
    }
}

/// Returns the files that a step wrote successfully.
fn written(step: &TraceStep) -> BTreeSet<Name> {
    step.writes.iter().filter(|file| file.ok != Some(false)).map(|file| file.path).collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the tasks of a step: those it completed, else those whose files it wrote, else the one it names.
fn tasks_of(trace: &Trace, step: &TraceStep) -> Vec<TaskId> {
    let completed = step.events.iter().filter(|note| note.event == TaskNoteKind::Complete).filter_map(|note| note.task);
    let mut tasks: Vec<TaskId> = completed.collect();
    if tasks.is_empty() {
        let of_file = |path: &str| {
            let has = |task: &crate::trace::model::TraceTask| {
                let files = task.extra.get("x.writes").and_then(serde_json::Value::as_array);
                // By file name, because teams choose folders freely.
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
