//! Conversion of the events of a run, in file order, into a trace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::engine::Time;
use crate::table::timestamp::LATEST;
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::model::{
    Class, Extra, FileUse, Header, Name, Quality, TaskNote, TaskNoteKind, Trace, TraceStep, TraceTest,
};
use crate::workload::TaskSpec;

/// Most output tokens of a reply. [paper] the harness caps replies at 4,096.
const OUTPUT_LIMIT_TOKENS: u32 = 4096;
/// Earlier messages in a prompt. [paper] the harness sends the last 20.
const CONTEXT_WINDOW_MESSAGES: u32 = 20;

/// An event, reduced to the fields that the importer uses.
#[derive(Clone, Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) kind: &'a str,
    /// Seconds since 1970, if the event has a time.
    pub(super) at: Option<f64>,
    pub(super) round: u32,
    pub(super) agent: Option<&'a str>,
    pub(super) path: Option<&'a str>,
    pub(super) chars: Option<u32>,
    pub(super) task: Option<&'a str>,
    pub(super) returncode: Option<i64>,
    pub(super) seconds: Option<f64>,
    /// Agent to which a task was assigned.
    pub(super) assignee: Option<&'a str>,
    /// All agents, in the event that lists them.
    pub(super) agents: Vec<&'a str>,
}

/// Returns the file name without folders: teams choose folders freely, and the name identifies the file.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Builder of the trace of a run, fed with one event after the other.
pub(super) struct Assembly<'a> {
    builder: Builder,
    /// Task of each file, by file name.
    tasks_of: BTreeMap<&'a str, &'a str>,
    round: u32,
    round_start: Option<Time>,
    /// Start of the round in seconds as recorded, which is finer than a microsecond.
    round_start_s: f64,
    /// Agents that have replied in this round.
    replied: BTreeSet<AgentId>,
    /// End of the turn of the lead, which goes first in a round.
    lead_until: Option<Time>,
    /// Step of the latest reply, to which the next events belong.
    step: Option<TraceStep>,
    first: Option<Time>,
    last: Time,
    counts: Counts,
}

/// Counts of events, which a replay must reproduce.
#[derive(Default)]
struct Counts {
    events: u64,
    rounds: u64,
    tests: u64,
    failed_tests: u64,
    edits: u64,
    claims: u64,
    blocked: u64,
    completions: u64,
    rewrites: u64,
    rewrites_cross_agent: u64,
    /// True if the latest reply has created a file.
    creates: bool,
    /// Round of the first write and latest writer, by path.
    files: BTreeMap<Name, (u32, AgentId)>,
    /// First writer, true if there are several, and number of edits, by round and path.
    writes: BTreeMap<(u32, Name), (AgentId, bool, u32)>,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(name: &str, graph: Option<&'a [TaskSpec]>) -> Assembly<'a> {
        let mut builder = Builder::new(name, "llm-teams", "distributed-llm-teams");
        builder.header().barrier = true;
        builder.header().extra.set(Header::OUTPUT_LIMIT, OUTPUT_LIMIT_TOKENS);
        builder.header().extra.set(Header::CONTEXT_WINDOW, CONTEXT_WINDOW_MESSAGES);
        let mut tasks_of = BTreeMap::new();
        for task in graph.unwrap_or_default() {
            let number = builder.task(&task.id).index();
            builder.header().tasks[number].depends_on.clone_from(&task.depends_on);
            let files: Vec<serde_json::Value> = task.writes.iter().map(|path| path.as_str().into()).collect();
            builder.header().tasks[number].extra.set("x.writes", files);
            for path in &task.writes {
                tasks_of.insert(file_name(path), task.id.as_str());
            }
        }
        Assembly {
            builder,
            tasks_of,
            round: 0,
            round_start: None,
            round_start_s: f64::NAN,
            replied: BTreeSet::new(),
            lead_until: None,
            step: None,
            first: None,
            last: Time::ZERO,
            counts: Counts::default(),
        }
    }

    pub(super) fn builder(&mut self) -> &mut Builder {
        &mut self.builder
    }

    /// Adds the next event. The error describes an event that cannot follow the earlier ones.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Result<(), String> {
        self.counts.events += 1;
        let at = match event.at {
            Some(at) if !(0.0..=LATEST.as_secs()).contains(&at) => {
                return Err(format!("ts {at} is not a time in seconds since 1970"));
            }
            at => at.map(Time::from_secs),
        };
        if let Some(at) = at {
            self.first.get_or_insert(at);
            // The clock of the recorder can be set back by up to a second; beyond that, times are meaningless.
            if at + Time::from_us(1_000_000) < self.last {
                return Err(format!("ts goes back by {}", self.last - at));
            }
            self.last = self.last.max(at);
        }
        match event.kind {
            "initialize" => event.agents.iter().for_each(|agent| {
                self.builder.agent(agent);
            }),
            "round_start" => {
                self.finish_step();
                if event.round != self.round + 1 {
                    return Err(format!("round {} comes after round {}", event.round, self.round));
                }
                self.round = event.round;
                self.counts.rounds += 1;
                self.round_start = at;
                self.round_start_s = event.at.unwrap_or(f64::NAN);
                self.lead_until = None;
                self.replied.clear();
            }
            "agent_reply" => self.reply(event, at)?,
            "run_start" | "run_end" | "lock_attempt" => {}
            _ => self.act(event, at)?,
        }
        Ok(())
    }

    fn reply(&mut self, event: &Event<'_>, at: Option<Time>) -> Result<(), String> {
        self.finish_step();
        let start = self.lead_until.or(self.round_start).ok_or("a reply before the first round_start")?;
        let agent = event.agent.ok_or("agent_reply without agent")?;
        let end = at.ok_or("agent_reply without ts")?.max(start);
        let number = self.builder.agent(agent);
        if !self.replied.insert(number) {
            return Err(format!("{agent:?} replies twice in round {}", self.round));
        }
        self.step = Some(TraceStep {
            id: format!("r{}.{agent}", self.round).into(),
            agent: number,
            start,
            end,
            round: self.round,
            ..TraceStep::default()
        });
        let latency = event.at.unwrap_or(f64::NAN) - self.round_start_s;
        if let Some(step) = self.step.as_mut().filter(|_| latency.is_finite() && self.lead_until.is_none()) {
            // Full precision keeps ties of latencies as recorded.
            step.more_mut().extra.set("x.latency_s", latency);
        }
        Ok(())
    }

    /// Adds an action of the agent of the latest reply.
    fn act(&mut self, event: &Event<'_>, at: Option<Time>) -> Result<(), String> {
        let Some(step) = &mut self.step else {
            return Err(format!("{} before the first agent_reply of the round", event.kind));
        };
        let note = |kind, builder: &mut Builder| TaskNote::new(kind, event.task.map(|task| builder.task(task)));
        match event.kind {
            "edit_file" => {
                let path = event.path.ok_or("edit_file without path")?;
                let name = self.builder.name(path);
                step.writes.push(FileUse { chars: event.chars, ok: Some(true), ..FileUse::new(name) });
                if step.task.is_none()
                    && let Some(task) = self.tasks_of.get(file_name(path))
                {
                    step.task = Some(self.builder.task(task));
                }
                self.counts.edit(name, self.round, step.agent);
            }
            "claim_task" => {
                step.events.push(note(TaskNoteKind::Claim, &mut self.builder));
                self.counts.claims += 1;
            }
            "claim_blocked" => {
                step.events.push(note(TaskNoteKind::Blocked, &mut self.builder));
                self.counts.blocked += 1;
            }
            "complete_task" => {
                step.events.push(note(TaskNoteKind::Complete, &mut self.builder));
                self.counts.completions += 1;
            }
            "assign_task" => {
                let mut note = note(TaskNoteKind::Assign, &mut self.builder);
                note.agent = event.assignee.map(|agent| self.builder.agent(agent));
                step.events.push(note);
            }
            "run_tests" => {
                let end = at.ok_or("run_tests without ts")?;
                let seconds = event.seconds.filter(|seconds| *seconds >= 0.0).ok_or("run_tests without seconds")?;
                let returncode = event.returncode.ok_or("run_tests without returncode")?;
                // The clock can be set back slightly between a reply and its tests.
                let start = (end - Time::from_secs(seconds)).max(step.end).min(end);
                step.more_mut().tests.push(TraceTest { returncode, start, end, extra: Extra::default() });
                self.counts.tests += 1;
                self.counts.failed_tests += u64::from((1..=3).contains(&returncode));
            }
            // Other actions have no effect in a replay.
            _ => {}
        }
        Ok(())
    }

    /// Completes the step of the latest reply.
    fn finish_step(&mut self) {
        let Some(mut step) = self.step.take() else { return };
        let completes = step.events.iter().any(|note| note.event == TaskNoteKind::Complete);
        let claims = step.events.iter().any(|note| matches!(note.event, TaskNoteKind::Claim | TaskNoteKind::Assign));
        let creates = self.counts.creates;
        step.class = Some(match (completes, creates, step.writes.is_empty()) {
            (true, ..) | (_, true, _) => Class::Work,
            (_, _, false) => Class::Rework,
            _ if claims => Class::Coordinate,
            _ => Class::Wait,
        });
        self.counts.creates = false;
        if self.builder.header().agents.get(step.agent.index()).is_some_and(|agent| agent.name == "Lead") {
            let tests = step.more().tests.last().map_or(step.end, |test| test.end);
            self.lead_until = Some(tests.max(step.end));
        }
        self.builder.push(step);
    }

    /// Returns the trace. `wall_clock` is the recorded duration in seconds.
    pub(super) fn finish(mut self, wall_clock: Option<f64>) -> Trace {
        self.finish_step();
        let mut builder = self.builder;
        let first = self.first.unwrap_or(Time::ZERO);
        builder.began(first);
        let counts = &self.counts;
        let concurrent = counts.writes.values().filter(|(_, several, _)| *several).count();
        let repeated = counts.writes.values().filter(|(.., edits)| *edits > 1).count();
        let length = wall_clock.map_or(self.last - first, Time::from_secs);
        let totals = json!({
            "duration_us": length.as_us(),
            "x.recorded_events": counts.events,
            "rounds": counts.rounds,
            "tests": counts.tests,
            "failed_tests": counts.failed_tests,
            "writes": counts.edits,
            "claims": counts.claims,
            "blocked_claims": counts.blocked,
            "completions": counts.completions,
            "rewrites_any": counts.rewrites,
            "rewrites_cross_agent": counts.rewrites_cross_agent,
            "concurrent_writes": concurrent,
            "repeated_writes": repeated,
        });
        if let serde_json::Value::Object(totals) = totals {
            let header = builder.header();
            for (key, value) in totals {
                header.totals.entry(key).or_insert(value);
            }
        }
        builder.qualities(&[
            ("start_us", Quality::Recorded),
            ("end_us", Quality::Recorded),
            ("gen_ai.agent.name", Quality::Recorded),
            ("gen_ai.usage.input_tokens", Quality::Absent),
            ("gen_ai.usage.output_tokens", Quality::Absent),
            ("task.events", Quality::Inferred),
            ("files.write", Quality::Inferred),
            ("tests", Quality::Recorded),
            ("after", Quality::Absent),
            ("class", Quality::Inferred),
        ]);
        let has_tasks = !builder.header().tasks.is_empty();
        builder.quality("task", if has_tasks { Quality::Inferred } else { Quality::Absent });
        builder.finish(true)
    }
}

impl Counts {
    fn edit(&mut self, path: Name, round: u32, agent: AgentId) {
        self.edits += 1;
        match self.files.get_mut(&path) {
            None => {
                self.files.insert(path, (round, agent));
                self.creates = true;
            }
            Some((first, writer)) => {
                if round > *first {
                    self.rewrites += 1;
                    self.rewrites_cross_agent += u64::from(*writer != agent);
                }
                *writer = agent;
            }
        }
        let (writer, several, edits) = self.writes.entry((round, path)).or_insert((agent, false, 0));
        *several |= *writer != agent;
        *edits += 1;
    }
}
