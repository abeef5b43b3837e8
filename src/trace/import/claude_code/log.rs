//! Lines of a session, sorted by agent, and the trace result from them.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::engine::Time;
use crate::table::json::{at, text};
use crate::table::timestamp;
use crate::table::{ImportContext, SourceFile};
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::import::claude_code::agent::{SessionFacts, StepBuilder};
use crate::trace::import::claude_code::line::{self, Event, EventKind, PromptSource};
use crate::trace::import::session::{self, Ids, Member, identifier};
use crate::trace::model::{Quality, Trace, TraceStep};

/// Name of the agent that the person talks to.
const MAIN: &str = "main";

/// Lines of a session, reduced to events of agents.
#[derive(Default)]
pub(super) struct Session {
    agents: BTreeMap<String, AgentLog>,
    /// Ids of lines read so far: several files can contain the same line.
    uuids: BTreeSet<String>,
    /// Agent of each message. An agent that inherits the context of another repeats its messages.
    messages: BTreeMap<String, String>,
    /// Agent of each line without an agent id.
    chains: BTreeMap<String, String>,
    unnamed: usize,
    versions: BTreeSet<String>,
    has_calls: bool,
    lacks_zone: bool,
}

/// Events of an agent.
#[derive(Default)]
struct AgentLog {
    events: Vec<Event>,
    /// Id of the tool use that started the agent.
    started_by: Option<String>,
    kind: Option<String>,
}

impl Session {
    /// Adds a line of a file. `own` is the agent of a file other than the main one.
    pub(super) fn take(
        &mut self,
        file: &SourceFile,
        own: Option<&str>,
        number: usize,
        line: &Value,
        reading: &mut ImportContext,
    ) {
        let version = text(line, "version").and_then(identifier);
        if let Some(version) = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit())) {
            self.versions.insert(version.to_owned());
        }
        let (inner, agent) = match text(line, "type") {
            Some("progress") if text(line, "data.type") == Some("agent_progress") => {
                let Some(inner) = at(line, "data.message") else { return };
                (inner, self.agent_of_progress(line))
            }
            Some("user" | "assistant" | "system") => (line, self.agent_of(line, own)),
            _ => return,
        };
        let kind = match text(inner, "type") {
            Some("assistant") => line::assistant(inner, number),
            Some("user") => Some(line::user(inner)),
            Some("system") => line::system(inner),
            _ => None,
        };
        let Some(kind) = kind else { return };
        let Some(when) = text(inner, "timestamp").or_else(|| text(line, "timestamp")).and_then(timestamp::parse) else {
            reading.bad(&file.path, number, "timestamp", "the time is missing or unreadable", "an RFC 3339 time");
            return;
        };
        if text(inner, "uuid").is_some_and(|uuid| !self.uuids.insert(uuid.to_owned())) {
            return;
        }
        self.lacks_zone |= !when.has_zone;
        self.add(agent, inner, Event { at: when.at, kind });
    }

    fn add(&mut self, agent: String, line: &Value, event: Event) {
        match &event.kind {
            EventKind::Reply(reply) => {
                let owner = self.messages.entry(reply.message.clone()).or_insert_with(|| agent.clone());
                if *owner != agent {
                    return;
                }
                self.has_calls = true;
            }
            EventKind::Results(results) => {
                for result in results {
                    if let (Some(id), Some(agent)) = (&result.id, &result.agent) {
                        self.agents.entry(agent.clone()).or_default().started_by = Some(id.clone());
                    }
                }
            }
            _ => {}
        }
        let log = self.agents.entry(agent).or_default();
        if log.kind.is_none() {
            log.kind = text(line, "attributionAgent").and_then(identifier).map(str::to_owned);
        }
        log.events.push(event);
    }

    fn agent_of_progress(&mut self, line: &Value) -> String {
        let tool = text(line, "parentToolUseID").and_then(identifier);
        let name = text(line, "data.agentId").and_then(identifier).or(tool).unwrap_or("subagent").to_owned();
        let log = self.agents.entry(name.clone()).or_default();
        log.started_by = log.started_by.take().or_else(|| tool.map(str::to_owned));
        name
    }

    /// Returns the agent of a line: the one it names, else that of the file, else that of its sidechain, which is a chain
    /// of lines beside the main ones.
    fn agent_of(&mut self, line: &Value, own: Option<&str>) -> String {
        if let Some(name) = text(line, "agentId").and_then(identifier).or(own) {
            return name.to_owned();
        }
        if line.get("isSidechain").and_then(Value::as_bool) != Some(true) {
            return MAIN.to_owned();
        }
        let name = text(line, "parentUuid").and_then(|parent| self.chains.get(parent)).cloned();
        let name = name.unwrap_or_else(|| {
            self.unnamed += 1;
            format!("sidechain-{}", self.unnamed)
        });
        if let Some(uuid) = text(line, "uuid") {
            self.chains.insert(uuid.to_owned(), name.clone());
        }
        name
    }

    /// Returns the trace; none without a model call.
    pub(super) fn finish(mut self, id: &str) -> Option<Trace> {
        if !self.has_calls {
            return None;
        }
        let versions = self.versions.iter().map(String::as_str).collect::<Vec<_>>().join("+");
        let mut builder = Builder::new(id, "claude-code", format!("Claude Code {versions}").trim());
        let mut ids = Ids::default();
        let mut team: Vec<(String, AgentLog, AgentResult)> = Vec::new();
        let mut logs: Vec<(String, AgentLog)> = std::mem::take(&mut self.agents).into_iter().collect();
        for (_, log) in &mut logs {
            log.events.sort_by_key(|event| event.at);
        }
        logs.sort_by_key(|(name, log)| (name != MAIN, log.events.first().map(|event| event.at)));
        for (name, mut log) in logs {
            let events = std::mem::take(&mut log.events);
            let start = events.first().map_or(Time::ZERO, |event| event.at);
            let prompt = events.iter().find_map(|event| match event.kind {
                EventKind::Prompt { by: PromptSource::Person | PromptSource::Program, fingerprint } => {
                    Some(fingerprint)
                }
                _ => None,
            });
            if events.iter().any(|event| matches!(event.kind, EventKind::Reply(_) | EventKind::Failure { .. })) {
                let number = builder.agent(&name);
                let mut steps = StepBuilder::new(&mut builder, &mut ids, number, name == MAIN);
                steps.run(events);
                let (steps, is_done, facts) = (steps.steps, steps.is_done, steps.facts);
                team.push((name, log, AgentResult { number, start, prompt, is_done, steps, facts }));
            }
        }
        totals(&mut builder, &team);
        let models: BTreeSet<String> =
            team.iter().flat_map(|(_, _, result)| result.facts.models.iter().cloned()).collect();
        builder.label("model", Vec::from_iter(models).join("+"));
        let starters = Starters::new(&team);
        let members = team.into_iter().map(|(name, log, result)| {
            let is_main = name == MAIN;
            let spawn = if is_main { None } else { starters.find(&log, &result) };
            let role = if is_main { MAIN } else { "subagent" };
            let role = if name.starts_with("acompact") { "compaction" } else { role };
            Member {
                number: result.number,
                task: format!("task-{name}"),
                role: role.to_owned(),
                kind: log.kind,
                spawn,
                is_done: result.is_done,
                steps: result.steps,
            }
        });
        session::close(&mut builder, members.collect());
        self.describe(&mut builder, id, &versions);
        Some(builder.finish(true))
    }

    fn describe(&self, builder: &mut Builder, id: &str, versions: &str) {
        builder.label("version", versions);
        builder.label("session", id);
        let names = if self.unnamed > 0 { Quality::Inferred } else { Quality::Recorded };
        let ends = if self.lacks_zone { Quality::Inferred } else { Quality::Recorded };
        let is_estimate = |step: &TraceStep| step.is_call() && step.more().finish_reasons.is_empty();
        let outputs = if builder.steps().iter().any(is_estimate) { Quality::Estimated } else { Quality::Recorded };
        let lacks_input = builder.steps().iter().any(|step| step.is_call() && step.usage.input.is_none());
        let inputs = if lacks_input { Quality::Absent } else { Quality::Recorded };
        builder.qualities(&[
            ("start_us", Quality::Inferred),
            ("end_us", ends),
            ("gen_ai.agent.name", names),
            ("gen_ai.usage.input_tokens", inputs),
            ("gen_ai.usage.output_tokens", outputs),
            ("files.read", Quality::Recorded),
            ("files.write", Quality::Recorded),
            ("parent", Quality::Recorded),
            ("after", Quality::Inferred),
            ("task.events", Quality::Inferred),
            ("tests", Quality::Inferred),
            ("class", Quality::Absent),
        ]);
    }
}

/// Adds totals that cannot be computed from the steps.
fn totals(builder: &mut Builder, team: &[(String, AgentLog, AgentResult)]) {
    let sum = |of: fn(&SessionFacts) -> u64| team.iter().map(|(_, _, result)| of(&result.facts)).sum::<u64>();
    let totals = &mut builder.header().totals;
    totals.insert("x.recorded_output_tokens".to_owned(), json!(sum(|facts| facts.recorded_output)));
    totals.insert("x.compactions".to_owned(), json!(sum(|facts| facts.compactions)));
    totals.insert("x.api_errors".to_owned(), json!(sum(|facts| facts.api_errors)));
}

/// Steps of an agent.
struct AgentResult {
    number: AgentId,
    start: Time,
    prompt: Option<u64>,
    is_done: bool,
    steps: Vec<TraceStep>,
    facts: SessionFacts,
}

/// Tool calls that start agents.
struct Starters {
    /// Step of each tool use.
    steps: BTreeMap<String, CompactString>,
    /// Steps by the fingerprint of the prompt, and by start, with the end.
    by_prompt: BTreeMap<u64, CompactString>,
    by_time: BTreeMap<(Time, CompactString), Time>,
}

impl Starters {
    fn new(team: &[(String, AgentLog, AgentResult)]) -> Starters {
        let (mut steps, mut by_prompt, mut by_time) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (_, _, result) in team {
            steps.extend(result.facts.tools.iter().map(|(id, (step, _))| (id.clone(), step.clone())));
            for (at, id, fingerprint) in &result.facts.starters {
                if let Some((step, end)) = result.facts.tools.get(id) {
                    by_prompt.insert(*fingerprint, step.clone());
                    by_time.insert((*at, step.clone()), *end);
                }
            }
        }
        Starters { steps, by_prompt, by_time }
    }

    /// Returns the step that started an agent, and true if that is inferred. The log names it, or a call has the prompt
    /// of the agent, or it is the latest call in progress when the agent started.
    fn find(&self, log: &AgentLog, result: &AgentResult) -> Option<(CompactString, bool)> {
        if let Some(step) = log.started_by.as_ref().and_then(|id| self.steps.get(id)) {
            return Some((step.clone(), false));
        }
        if let Some(step) = result.prompt.and_then(|prompt| self.by_prompt.get(&prompt)) {
            return Some((step.clone(), true));
        }
        // No step has an empty id, so this bound follows every call that started by then.
        let after = (result.start + Time::from_us(1), CompactString::const_new(""));
        self.by_time
            .range(..after)
            .next_back()
            .filter(|(_, end)| **end >= result.start)
            .map(|((_, step), _)| (step.clone(), true))
    }
}
