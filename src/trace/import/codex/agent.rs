//! Conversion of the records of a thread into steps.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::import::codex::record::{Counted, RecordKind};
use crate::trace::import::codex::tool::{ToolArguments, ToolOutput};
use crate::trace::import::session::{Ids, length};
use crate::trace::model::{Extra, FileUse, Operation, TraceStep, TraceTest, Usage};

/// Builder of the steps of a thread, with its current state.
pub(super) struct StepBuilder<'a> {
    builder: &'a mut Builder,
    ids: &'a mut Ids,
    agent: AgentId,
    /// True if a person types its prompts.
    is_main: bool,
    pub(super) steps: Vec<TraceStep>,
    tools: BTreeMap<String, Tool>,
    /// Steps whose results the next call receives.
    pending: Vec<CompactString>,
    /// Indices of tools that were requested before their call was counted.
    early: Vec<usize>,
    previous: Option<CompactString>,
    model: Option<String>,
    pub(super) models: BTreeSet<String>,
    last: Option<Counted>,
    /// Time of the latest input.
    input: Option<Time>,
    /// True if that input came after the latest call.
    has_input: bool,
    /// Time of the input that the call in progress answers.
    begun: Option<Time>,
    /// Start and end of the latest call.
    called: (Time, Time),
    /// Start of the current idle time.
    idle: Option<Time>,
    /// True while a turn runs; none if the recording has no turns.
    is_running: Option<bool>,
    /// True if the latest record is an answer.
    pub(super) is_done: bool,
    turn: Option<(usize, Time)>,
    seen: Time,
    pub(super) spawns: Vec<(String, CompactString)>,
    pub(super) compactions: u64,
}

struct Tool {
    step: usize,
    is_open: bool,
    /// Start of the call that requested the tool: a lower bound of its start.
    not_before: Time,
    runs_tests: bool,
    exit: Option<i64>,
    took: Option<Time>,
}

impl<'a> StepBuilder<'a> {
    pub(super) fn new(builder: &'a mut Builder, ids: &'a mut Ids, agent: AgentId, is_main: bool) -> StepBuilder<'a> {
        StepBuilder {
            builder,
            ids,
            agent,
            is_main,
            steps: Vec::new(),
            tools: BTreeMap::new(),
            pending: Vec::new(),
            early: Vec::new(),
            previous: None,
            model: None,
            models: BTreeSet::new(),
            last: None,
            input: None,
            has_input: false,
            begun: None,
            called: (Time::ZERO, Time::ZERO),
            idle: None,
            is_running: None,
            is_done: false,
            turn: None,
            seen: Time::ZERO,
            spawns: Vec::new(),
            compactions: 0,
        }
    }

    pub(super) fn take(&mut self, at: Time, kind: RecordKind) {
        self.is_done = match kind {
            RecordKind::Part | RecordKind::Call(_) => true,
            RecordKind::TurnEnds { is_aborted, .. } => self.is_done && !is_aborted,
            RecordKind::ToolEnd { .. } | RecordKind::Subagent { .. } => self.is_done,
            _ => false,
        };
        match kind {
            RecordKind::Input => self.input_received(at),
            RecordKind::Prompt => self.prompt(at),
            RecordKind::Part => self.part(at),
            RecordKind::Model(model) => {
                self.model = Some(model);
                self.input_received(at);
            }
            RecordKind::Call(counted) => self.call(at, counted),
            RecordKind::ToolCall { id, name, arguments } => self.tool_call(at, id, &name, *arguments),
            RecordKind::ToolOutput { id, output } => self.tool_output(at, &id, *output),
            RecordKind::ToolEnd { id, exit, took, reads, writes } => self.tool_end(&id, exit, took, &reads, &writes),
            RecordKind::Subagent { id, thread } => self.subagent(&id, thread),
            RecordKind::TurnBegins => {
                self.is_running = Some(true);
                self.turn = Some((self.steps.len(), at));
            }
            RecordKind::TurnEnds { first_token, .. } => self.turn_ends(at, first_token),
            RecordKind::Failed(error) => self.failed(at, &error),
            RecordKind::Compacted => {
                self.compactions += 1;
                self.input_received(at);
            }
        }
        self.seen = at;
    }

    fn input_received(&mut self, at: Time) {
        self.input = Some(at);
        self.has_input = true;
    }

    /// Adds a part of an answer. The call in progress answers the latest input before it. Parts between the count of a
    /// call and the next input belong to that call.
    fn part(&mut self, at: Time) {
        if self.begun.is_none() && self.has_input {
            self.begun = self.input;
        }
        self.idle = Some(at);
    }

    fn prompt(&mut self, at: Time) {
        let since = self.idle.take().filter(|since| *since < at && self.is_main && self.is_running != Some(true));
        if let Some(since) = since {
            let id = self.ids.numbered("wait");
            let mut step = self.step(id.clone(), Operation::HumanWait, since, at);
            step.after = self.follow();
            self.mark_estimated(&mut step, "gen_ai.operation.name");
            self.steps.push(step);
            self.pending.push(id);
        }
        // No work happens between a prompt and another one that follows it.
        self.idle = Some(at).filter(|_| self.is_running != Some(true));
        self.input_received(at);
    }

    fn step(&self, id: CompactString, operation: Operation, start: Time, end: Time) -> TraceStep {
        TraceStep { id, operation, agent: self.agent, start, end, ..TraceStep::default() }
    }

    fn mark_estimated(&mut self, step: &mut TraceStep, key: &str) {
        let name = self.builder.name(key);
        step.more_mut().est.push(name);
    }

    /// Returns the predecessors of a step: the results since the last call, else that call. A later call cannot request
    /// these tools any more.
    fn follow(&mut self) -> Vec<CompactString> {
        self.early.clear();
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() { self.previous.clone().into_iter().collect() } else { pending }
    }

    fn call(&mut self, at: Time, counted: Counted) {
        // Records of limits repeat the tokens of the previous call.
        if self.last.as_ref() == Some(&counted) {
            return;
        }
        let start = self.begun.or(self.input);
        let began = start.unwrap_or(at).max(self.called.1).min(at);
        let id = self.ids.numbered("call");
        let mut step = self.step(id.clone(), Operation::Chat, began, at);
        if start.is_none_or(|start| start < self.called.1) {
            self.mark_estimated(&mut step, "start_us");
        }
        let early = std::mem::take(&mut self.early);
        let own: BTreeSet<&str> =
            early.iter().filter_map(|&index| self.steps.get(index)).map(|tool| &*tool.id).collect();
        // Results of the tools of this call can arrive before the call is counted.
        let (late, pending) = std::mem::take(&mut self.pending).into_iter().partition(|id| own.contains(&**id));
        self.pending = pending;
        step.after = self.follow();
        self.pending = late;
        for index in early {
            if let Some(tool) = self.steps.get_mut(index) {
                tool.after = vec![id.clone()];
            }
        }
        let [input, cache_read, cache_write, output, reasoning] = counted.last;
        let cache_write = Some(cache_write).filter(|tokens| *tokens > 0);
        step.usage = Usage { input: Some(input), output: Some(output), cache_read: Some(cache_read), cache_write };
        if reasoning > 0 {
            step.more_mut().extra.set("x.reasoning_tokens", reasoning);
        }
        step.model = self.model.as_deref().map(|model| self.builder.name(model));
        self.models.extend(self.model.clone());
        self.steps.push(step);
        self.previous = Some(id);
        self.last = Some(counted);
        (self.begun, self.has_input, self.called) = (None, false, (began, at));
        self.idle = Some(at);
    }

    fn tool_call(&mut self, at: Time, id: String, name: &str, arguments: ToolArguments) {
        // Without input since the last call, this belongs to that call; else to the call in progress, which has no id yet.
        let is_early = self.has_input || self.previous.is_none();
        self.part(at);
        if self.tools.contains_key(&id) {
            return;
        }
        let operation = if name == "request_user_input" { Operation::HumanWait } else { Operation::ExecuteTool };
        let step_id = self.ids.unique(&id);
        let mut step = self.step(step_id, operation, at, at);
        step.more_mut().tool = Some(self.builder.name(name));
        let file =
            |(path, chars): (String, _)| FileUse { chars: length(chars), ..FileUse::new(self.builder.name(&path)) };
        step.writes = arguments.writes.into_iter().map(file).collect();
        step.more_mut().reads = arguments.reads.iter().map(|path| FileUse::new(self.builder.name(path))).collect();
        let not_before = if is_early { self.begun.or(self.input).unwrap_or(at) } else { self.called.0 };
        if is_early {
            self.early.push(self.steps.len());
        } else {
            step.after = self.previous.clone().into_iter().collect();
        }
        let (index, runs_tests) = (self.steps.len(), arguments.runs_tests);
        self.tools.insert(id, Tool { step: index, is_open: true, not_before, runs_tests, exit: None, took: None });
        self.steps.push(step);
    }

    fn tool_output(&mut self, at: Time, id: &str, output: ToolOutput) {
        self.input_received(at);
        self.idle = Some(at).filter(|_| self.is_running.is_none());
        let Some(tool) = self.tools.get_mut(id).filter(|tool| tool.is_open) else { return };
        tool.is_open = false;
        tool.exit = tool.exit.or(output.exit);
        tool.took = tool.took.or(output.took);
        let Some(step) = self.steps.get_mut(tool.step) else { return };
        step.end = at;
        self.pending.push(step.id.clone());
        if output.is_rejected {
            step.more_mut().error = Some(self.builder.name("user_rejected"));
        }
        let step_id = step.id.clone();
        self.spawns.extend(output.thread.map(|thread| (thread, step_id)));
    }

    fn tool_end(&mut self, id: &str, exit: Option<i64>, took: Option<Time>, reads: &[String], writes: &[String]) {
        let Some(tool) = self.tools.get_mut(id) else { return };
        tool.exit = exit.or(tool.exit);
        tool.took = took.or(tool.took);
        let Some(step) = self.steps.get_mut(tool.step) else { return };
        for path in reads {
            step.more_mut().reads.push(FileUse::new(self.builder.name(path)));
        }
        // Known headers of the patch contain the same files.
        if step.writes.is_empty() {
            step.writes = writes.iter().map(|path| FileUse::new(self.builder.name(path))).collect();
        }
    }

    fn subagent(&mut self, id: &str, thread: String) {
        let step = self.tools.get(id).and_then(|tool| self.steps.get(tool.step));
        self.spawns.extend(step.map(|step| (thread, step.id.clone())));
    }

    fn turn_ends(&mut self, at: Time, first_token: Option<Time>) {
        self.is_running = Some(false);
        self.idle = Some(at);
        let Some((index, began)) = self.turn.take() else { return };
        let call = self.steps.iter_mut().skip(index).find(|step| step.is_call());
        if let Some((call, first)) = call.zip(first_token) {
            // The value counts from the start of the turn, which can be before that of the call.
            let first = (began + first).since(call.start);
            call.more_mut().first_chunk = Some(first).filter(|first| call.start + *first <= call.end);
        }
    }

    fn failed(&mut self, at: Time, kind: &str) {
        let start = self.begun.or(self.input).unwrap_or(at).max(self.called.1);
        if start < at {
            let id = self.ids.numbered("api-error");
            let operation = Operation::Other(self.builder.name("x.api_error"));
            let mut step = self.step(id.clone(), operation, start, at);
            step.after = self.follow();
            step.more_mut().error = Some(self.builder.name(kind));
            self.steps.push(step);
            self.pending.push(id);
        }
        self.begun = None;
        self.idle = Some(at).filter(|_| self.is_running.is_none());
        self.input_received(at);
    }

    /// Fills in the values of tools that depend on all records.
    pub(super) fn finish(&mut self) {
        let names = ["end_us", "start_us", "tests"].map(|key| self.builder.name(key));
        let error = self.builder.name("tool_error");
        let [end_us, start_us, tests] = names;
        for tool in self.tools.values() {
            let Some(step) = self.steps.get_mut(tool.step) else { continue };
            if tool.is_open {
                // A tool without a result is taken to end with the last record of its agent.
                step.end = self.seen.max(step.start);
                step.more_mut().est.push(end_us);
            } else if let Some(took) = tool.took.filter(|took| *took > step.end - step.start) {
                step.start = (step.end - took).max(tool.not_before).min(step.start);
                step.more_mut().est.push(start_us);
            }
            let Some(exit) = tool.exit else { continue };
            for file in step.writes.iter_mut().chain(step.more.iter_mut().flat_map(|more| more.reads.iter_mut())) {
                file.ok = Some(exit == 0);
            }
            let (start, end) = (step.start, step.end);
            let more = step.more_mut();
            if exit != 0 && more.error.is_none() {
                more.error = Some(error);
            }
            more.extra.set("x.exit_code", exit);
            if tool.runs_tests {
                more.tests.push(TraceTest { returncode: exit, start, end, extra: Extra::default() });
                more.est.push(tests);
            }
        }
    }
}
