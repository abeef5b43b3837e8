//! Conversion of the events of one agent into steps.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::import::claude_code::line::{Event, EventKind, PromptSource, Reply, ToolResult, ToolUse};
use crate::trace::import::session::{Ids, length};
use crate::trace::model::{Extra, FileUse, Operation, TraceStep, TraceTest, Usage};

/// Builder of the steps of an agent, with its current state.
pub(super) struct StepBuilder<'a> {
    builder: &'a mut Builder,
    ids: &'a mut Ids,
    agent: AgentId,
    /// True if a person types its prompts.
    is_main: bool,
    pub(super) steps: Vec<TraceStep>,
    /// Calls by message id.
    calls: BTreeMap<String, Call>,
    /// Tools by the id of their use, and those without a result so far.
    tools: BTreeMap<String, Tool>,
    open: BTreeSet<String>,
    /// Steps whose results the next call receives.
    pending: Vec<CompactString>,
    /// Latest step, which the next one follows if it receives no results.
    previous: Option<CompactString>,
    /// Time of the latest input.
    input: Option<Time>,
    /// End of the latest call.
    called_until: Option<Time>,
    /// Start of the current idle time.
    idle: Option<Time>,
    /// True if the latest event is an answer without a tool request.
    pub(super) is_done: bool,
    seen: Time,
    pub(super) facts: SessionFacts,
}

/// Facts of a session beside its steps.
#[derive(Default)]
pub(super) struct SessionFacts {
    /// Tool calls that start agents, in order: time, id of the use, fingerprint of the prompt.
    pub(super) starters: Vec<(Time, String, u64)>,
    /// Step and end of each tool use.
    pub(super) tools: BTreeMap<String, (CompactString, Time)>,
    /// Models that were called.
    pub(super) models: BTreeSet<String>,
    pub(super) recorded_output: u64,
    pub(super) compactions: u64,
    pub(super) api_errors: u64,
}

struct Call {
    step: usize,
    reply: Reply,
    tools: u64,
}

struct Tool {
    step: usize,
    is_open: bool,
    runs_tests: bool,
}

impl<'a> StepBuilder<'a> {
    pub(super) fn new(builder: &'a mut Builder, ids: &'a mut Ids, agent: AgentId, is_main: bool) -> StepBuilder<'a> {
        StepBuilder {
            builder,
            ids,
            agent,
            is_main,
            steps: Vec::new(),
            calls: BTreeMap::new(),
            tools: BTreeMap::new(),
            open: BTreeSet::new(),
            pending: Vec::new(),
            previous: None,
            input: None,
            called_until: None,
            idle: None,
            is_done: false,
            seen: Time::ZERO,
            facts: SessionFacts::default(),
        }
    }

    /// Adds the events of the agent, in order of time.
    pub(super) fn run(&mut self, events: Vec<Event>) {
        for event in events {
            self.seen = event.at;
            let is_answer = matches!(event.kind, EventKind::Reply(_));
            let is_program =
                matches!(event.kind, EventKind::Prompt { by: PromptSource::Program, .. } | EventKind::Compacted { .. });
            match event.kind {
                EventKind::Prompt { by, .. } => self.prompt(event.at, by),
                EventKind::Results(results) => results.into_iter().for_each(|result| self.result(event.at, &result)),
                EventKind::Reply(reply) => self.reply(event.at, *reply),
                EventKind::Failure { kind, retry } => self.failure(event.at, &kind, retry),
                EventKind::Compacted { took } => self.compacted(event.at, took),
            }
            self.is_done = if is_program { self.is_done } else { is_answer && self.open.is_empty() };
        }
        self.finish_calls();
        for tool in self.tools.values().filter(|tool| tool.is_open) {
            // A tool without a result is taken to end with the last event of its agent.
            let name = self.builder.name("end_us");
            if let Some(step) = self.steps.get_mut(tool.step) {
                step.end = self.seen.max(step.start);
                step.more_mut().est.push(name);
            }
        }
        let tools = self.tools.iter().filter_map(|(id, tool)| {
            let step = self.steps.get(tool.step)?;
            // A tool without a result may have been in progress until the end.
            let end = if tool.is_open { Time::MAX } else { step.end };
            Some((id.clone(), (step.id.clone(), end)))
        });
        self.facts.tools = tools.collect();
    }

    fn prompt(&mut self, at: Time, by: PromptSource) {
        self.input = Some(at);
        match by {
            PromptSource::Program => {}
            PromptSource::Interrupt => self.idle = Some(at),
            PromptSource::Person => {
                if let Some(since) = self.idle.filter(|since| *since < at && self.is_main) {
                    let id = self.wait(since, at);
                    self.pending = vec![id];
                }
                // A prompt before the answer means that the agent was stopped in between.
                self.idle = Some(at).filter(|_| self.open.is_empty());
            }
        }
    }

    /// Adds an inferred wait for a person.
    fn wait(&mut self, since: Time, until: Time) -> CompactString {
        let id = self.ids.numbered("wait");
        let mut step = self.step(id.clone(), Operation::HumanWait, since, until);
        step.after = self.follow();
        self.mark_estimated(&mut step, "gen_ai.operation.name");
        self.steps.push(step);
        id
    }

    fn step(&self, id: CompactString, operation: Operation, start: Time, end: Time) -> TraceStep {
        TraceStep { id, operation, agent: self.agent, start, end, ..TraceStep::default() }
    }

    fn mark_estimated(&mut self, step: &mut TraceStep, key: &str) {
        let name = self.builder.name(key);
        step.more_mut().est.push(name);
    }

    /// Returns the predecessors of a step: the results since the last call, else the last step.
    fn follow(&mut self) -> Vec<CompactString> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() { self.previous.clone().into_iter().collect() } else { pending }
    }

    fn reply(&mut self, at: Time, reply: Reply) {
        if !self.calls.contains_key(&reply.message) {
            self.begin_call(at, &reply);
        }
        let Reply { message, model, usage, stop, text, thinking, arguments, server_tools, tools } = reply;
        let Some(call) = self.calls.get_mut(&message) else { return };
        let known = &mut call.reply;
        known.model = model.or(known.model.take());
        known.stop = stop.or(known.stop.take());
        known.usage = merge_usage(known.usage, usage);
        known.text += text;
        known.thinking += thinking;
        known.arguments += arguments;
        call.tools += server_tools + tools.len() as u64;
        let Some(step) = self.steps.get_mut(call.step) else { return };
        step.end = at;
        let id = step.id.clone();
        self.called_until = Some(at.max(self.called_until.unwrap_or(at)));
        self.previous = Some(id.clone());
        for tool in tools {
            self.begin_tool(at, &id, tool);
        }
        self.idle = Some(at).filter(|_| self.open.is_empty());
    }

    fn begin_call(&mut self, at: Time, reply: &Reply) {
        // A call starts after the last one has ended, even if a person types while that runs.
        let start = self.input.max(self.called_until);
        let id = self.ids.unique(&reply.message);
        let mut step = self.step(id, Operation::Chat, start.unwrap_or(at).min(at), at);
        if self.input.is_none_or(|input| Some(input) < self.called_until) {
            self.mark_estimated(&mut step, "start_us");
        }
        step.after = self.follow();
        let begun = Reply { message: reply.message.clone(), ..Reply::default() };
        self.calls.insert(reply.message.clone(), Call { step: self.steps.len(), reply: begun, tools: 0 });
        self.steps.push(step);
    }

    fn begin_tool(&mut self, at: Time, call: &str, tool: ToolUse) {
        if self.tools.contains_key(&tool.id) {
            return;
        }
        let is_wait = matches!(tool.name.as_str(), "AskUserQuestion" | "ExitPlanMode");
        let operation = if is_wait { Operation::HumanWait } else { Operation::ExecuteTool };
        let id = self.ids.unique(&tool.id);
        let mut step = self.step(id, operation, at, at);
        step.after = vec![call.into()];
        step.more_mut().tool = Some(self.builder.name(&tool.name));
        step.more_mut().reads = self.files(tool.reads);
        step.writes = self.files(tool.writes);
        if let Some(fingerprint) = tool.starts {
            self.facts.starters.push((at, tool.id.clone(), fingerprint));
        }
        self.open.insert(tool.id.clone());
        self.tools.insert(tool.id, Tool { step: self.steps.len(), is_open: true, runs_tests: tool.runs_tests });
        self.steps.push(step);
    }

    fn files(&mut self, files: Vec<(String, Option<u64>)>) -> Vec<FileUse> {
        let file =
            |(path, chars): (String, _)| FileUse { chars: length(chars), ..FileUse::new(self.builder.name(&path)) };
        files.into_iter().map(file).collect()
    }

    fn result(&mut self, at: Time, result: &ToolResult) {
        self.input = Some(at);
        self.idle = None;
        let Some(id) = self.answered(result) else { return };
        let Some(tool) = self.tools.get_mut(&id).filter(|tool| tool.is_open) else { return };
        tool.is_open = false;
        self.open.remove(&id);
        let Some(step) = self.steps.get_mut(tool.step) else { return };
        step.end = at;
        self.pending.push(step.id.clone());
        let failed = result.is_error == Some(true);
        for file in step.writes.iter_mut().chain(step.more.iter_mut().flat_map(|more| more.reads.iter_mut())) {
            file.ok = Some(!failed);
        }
        if result.is_rejected {
            // The tool never ran: its time is that of the person who rejected it.
            step.more_mut().error = Some(self.builder.name("user_rejected"));
            if step.operation == Operation::ExecuteTool {
                step.operation = Operation::HumanWait;
                let name = self.builder.name("gen_ai.operation.name");
                step.more_mut().est.push(name);
            }
            return;
        }
        if failed {
            step.more_mut().error = Some(self.builder.name("tool_error"));
        }
        let returned = result.exit.or_else(|| result.is_error.map(i64::from));
        if let Some(returncode) = returned.filter(|_| tool.runs_tests) {
            let (start, end) = (step.start, step.end);
            let name = self.builder.name("tests");
            let more = step.more_mut();
            more.tests.push(TraceTest { returncode, start, end, extra: Extra::default() });
            more.est.push(name);
        }
    }

    /// Returns the tool use of a result: the one it names, or the only one without a result.
    fn answered(&self, result: &ToolResult) -> Option<String> {
        if let Some(id) = &result.id {
            return Some(id.clone());
        }
        self.open.first().filter(|_| self.open.len() == 1).cloned()
    }

    fn failure(&mut self, at: Time, kind: &str, retry: Option<Time>) {
        self.facts.api_errors += 1;
        let start = self.input.max(self.called_until).unwrap_or(at);
        if start < at {
            let id = self.ids.numbered("api-error");
            let operation = Operation::Other(self.builder.name("x.api_error"));
            let mut step = self.step(id.clone(), operation, start, at);
            step.after = self.follow();
            step.more_mut().error = Some(self.builder.name(kind));
            self.steps.push(step);
            self.pending.push(id);
        }
        // The delay before the next attempt belongs to no step.
        self.input = Some(at + retry.unwrap_or(Time::ZERO));
        self.idle = Some(at).filter(|_| retry.is_none() && self.open.is_empty());
    }

    fn compacted(&mut self, at: Time, took: Time) {
        self.facts.compactions += 1;
        let start = self.input.max(self.called_until).unwrap_or(at).max(at - took);
        if start < at {
            let id = self.ids.numbered("compaction");
            let operation = Operation::Other(self.builder.name("x.compaction"));
            let mut step = self.step(id.clone(), operation, start, at);
            step.after = self.follow();
            self.steps.push(step);
            self.pending.push(id);
        }
        self.input = Some(at);
    }

    /// Fills in the values of calls that depend on all their lines.
    fn finish_calls(&mut self) {
        for call in std::mem::take(&mut self.calls).into_values() {
            let Some(step) = self.steps.get_mut(call.step) else { continue };
            let recorded = call.reply.usage.output;
            self.facts.models.extend(call.reply.model.clone());
            self.facts.recorded_output += u64::from(recorded.unwrap_or(0));
            step.usage = call.reply.usage;
            step.model = call.reply.model.as_deref().map(|model| self.builder.name(model));
            if let (Some(stop), Some(_)) = (&call.reply.stop, recorded) {
                step.more_mut().finish_reasons = vec![self.builder.name(stop)];
                continue;
            }
            // A count from the middle of the stream is a lower bound.
            step.usage.output = Some(estimate_output(&call).max(recorded.unwrap_or(0)));
            let name = self.builder.name("gen_ai.usage.output_tokens");
            step.more_mut().est.push(name);
        }
    }
}

/// Merges the token counts of two lines of one message: input and output grow.
fn merge_usage(known: Usage, new: Usage) -> Usage {
    Usage {
        input: new.input.max(known.input),
        output: new.output.max(known.output),
        cache_read: new.cache_read.or(known.cache_read),
        cache_write: new.cache_write.or(known.cache_write),
    }
}

/// Estimates the output tokens of an answer from its length.
fn estimate_output(call: &Call) -> u32 {
    let Reply { text, thinking, arguments, .. } = call.reply;
    let tokens = 10.0 + 50.0 * call.tools as f64 + text as f64 / 4.0 + thinking as f64 / 2.8 + arguments as f64 / 3.6;
    tokens.min(f64::from(u32::MAX)).round() as u32
}
