//! One rollout: its records, and the steps they make.

use compact_str::CompactString;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, lines, number, text, tokens};
use crate::table::timestamp;
use crate::table::{ImportContext, SourceFile};
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::import::codex::agent::Maker;
use crate::trace::import::codex::tool::{self, Answered, Asked};
use crate::trace::import::session::{Ids, identifier, path, stem};
use crate::trace::model::TraceStep;

/// A thread: an agent's whole life, in one file.
#[derive(Default)]
pub(super) struct Thread {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) forked_from: Option<String>,
    pub(super) role: Option<String>,
    pub(super) version: String,
    pub(super) lacks_zone: bool,
    has_meta: bool,
    records: Vec<ThreadRecord>,
}

struct ThreadRecord {
    at: Time,
    what: What,
}

/// A record, reduced to what counts.
pub(super) enum What {
    /// Something that the next call answers.
    Input,
    /// A prompt.
    Prompt,
    /// A part of an answer.
    Part,
    Model(String),
    Call(Counted),
    Asks {
        id: String,
        name: String,
        asked: Box<Asked>,
    },
    Answers {
        id: String,
        answered: Box<Answered>,
    },
    /// What an event tells of a tool that has ended.
    Ended {
        id: String,
        exit: Option<i64>,
        took: Option<Time>,
        reads: Vec<String>,
        writes: Vec<String>,
    },
    Spawned {
        id: String,
        thread: String,
    },
    TurnBegins,
    TurnEnds {
        is_aborted: bool,
        first_token: Option<Time>,
    },
    Failed(String),
    Compacted,
}

/// The tokens of a call, and those of the thread so far.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    pub(super) last: [u32; 5],
    total: [u32; 5],
}

/// What can be in a thread and again in one that goes on from it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Call(Counted),
    Tool(String),
}

/// What was made of a thread.
pub(super) struct ThreadResult {
    pub(super) number: AgentId,
    pub(super) name: String,
    pub(super) steps: Vec<TraceStep>,
    pub(super) is_done: bool,
    /// Threads, and the steps that started them.
    pub(super) spawns: Vec<(String, CompactString)>,
    pub(super) models: BTreeSet<String>,
    pub(super) compactions: u64,
}

impl Thread {
    pub(super) fn read(file: &SourceFile, reading: &mut ImportContext) -> Thread {
        let id = stem(&file.path).to_owned();
        let mut thread = Thread { path: file.path.clone(), id, ..Thread::default() };
        lines(file, reading, |place, line, reading| thread.take(file, place, &line, reading));
        thread.records.sort_by_key(|record| record.at);
        thread
    }

    fn take(&mut self, file: &SourceFile, place: usize, line: &Value, reading: &mut ImportContext) {
        let Some(payload) = at(line, "payload") else { return };
        let kind = text(line, "type").unwrap_or_default();
        if kind == "session_meta" {
            self.meta(payload);
            return;
        }
        let what = match kind {
            "turn_context" => text(payload, "model").and_then(identifier).map(|model| What::Model(model.to_owned())),
            "response_item" => item(payload, place),
            "event_msg" => event(payload),
            "compacted" => Some(What::Compacted),
            _ => None,
        };
        let Some(what) = what else { return };
        match text(line, "timestamp").and_then(timestamp::parse) {
            Some(when) => {
                self.lacks_zone |= !when.has_zone;
                self.records.push(ThreadRecord { at: when.at, what });
            }
            None => {
                reading.bad(&file.path, place, "timestamp", "there is no time that can be read", "an RFC 3339 time");
            }
        }
    }

    /// The first one is the thread's own; further ones are those of threads that it goes on from.
    fn meta(&mut self, payload: &Value) {
        let name = |path: &str| text(payload, path).and_then(identifier).map(str::to_owned);
        if std::mem::replace(&mut self.has_meta, true) {
            return;
        }
        self.id = name("id").unwrap_or_else(|| std::mem::take(&mut self.id));
        self.version = name("cli_version").unwrap_or_default();
        let spawn = "source.subagent.thread_spawn";
        self.parent = name(&format!("{spawn}.parent_thread_id")).or_else(|| name("parent_thread_id"));
        self.forked_from = name("forked_from_id");
        self.role = name("agent_role").or_else(|| name(&format!("{spawn}.agent_role")));
    }

    /// What a thread that goes on from this one repeats.
    pub(super) fn marks(&self) -> BTreeSet<Mark> {
        self.records.iter().filter_map(|record| record.what.mark()).collect()
    }

    /// Leaves out everything up to the last record that another thread has too.
    pub(super) fn drop_repeated(&mut self, known: &BTreeSet<Mark>) {
        let is_known = |record: &ThreadRecord| record.what.mark().is_some_and(|mark| known.contains(&mark));
        if let Some(last) = self.records.iter().rposition(is_known) {
            self.records.drain(..=last);
        }
    }

    /// The steps of the thread.
    pub(super) fn make(&mut self, builder: &mut Builder, ids: &mut Ids, number: AgentId, name: &str) -> ThreadResult {
        let mut maker = Maker::new(builder, ids, number, name == "main");
        for record in std::mem::take(&mut self.records) {
            maker.take(record.at, record.what);
        }
        maker.finish();
        ThreadResult {
            number,
            name: name.to_owned(),
            is_done: maker.is_done,
            steps: maker.steps,
            spawns: maker.spawns,
            models: maker.models,
            compactions: maker.compactions,
        }
    }
}

impl What {
    fn mark(&self) -> Option<Mark> {
        match self {
            What::Call(counted) => Some(Mark::Call(counted.clone())),
            What::Asks { id, .. } => Some(Mark::Tool(id.clone())),
            _ => None,
        }
    }
}

fn call_id(payload: &Value) -> Option<String> {
    text(payload, "call_id").and_then(identifier).map(str::to_owned)
}

/// What an item of the conversation says.
fn item(payload: &Value, place: usize) -> Option<What> {
    let kind = text(payload, "type")?;
    match kind {
        "message" if text(payload, "role") != Some("assistant") => Some(What::Input),
        "message" | "reasoning" | "web_search_call" => Some(What::Part),
        "function_call" | "custom_tool_call" | "local_shell_call" | "tool_search_call" => {
            let name = text(payload, "name").and_then(identifier).unwrap_or(kind.trim_end_matches("_call")).to_owned();
            let id = call_id(payload).unwrap_or_else(|| format!("line-{place}"));
            Some(What::Asks { id, name, asked: Box::new(tool::asked(payload)) })
        }
        "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" | "tool_search_output" => {
            Some(What::Answers { id: call_id(payload)?, answered: Box::new(tool::answered(payload)) })
        }
        _ => None,
    }
}

/// What an event says.
fn event(payload: &Value) -> Option<What> {
    let ended = |exit: Option<i64>, writes: Vec<String>| {
        let (took, reads) = (tool::duration(payload), tool::read_by(payload));
        Some(What::Ended { id: call_id(payload)?, exit, took, reads, writes })
    };
    match text(payload, "type")? {
        "token_count" => counted(payload).map(What::Call),
        "user_message" => Some(What::Prompt),
        "agent_reasoning" | "agent_message" => Some(What::Part),
        "task_started" | "turn_started" => Some(What::TurnBegins),
        "turn_aborted" => Some(What::TurnEnds { is_aborted: true, first_token: None }),
        "task_complete" | "turn_complete" => {
            let first = number(payload, "time_to_first_token_ms");
            Some(What::TurnEnds {
                is_aborted: false,
                first_token: first.map(|millis| Time::from_us_f64(millis * 1000.0)),
            })
        }
        "error" | "stream_error" => {
            let info = at(payload, "codex_error_info");
            let key = || info.and_then(Value::as_object)?.keys().next().map(String::as_str);
            let kind = info.and_then(Value::as_str).or_else(key).and_then(identifier);
            Some(What::Failed(kind.unwrap_or("api_error").to_owned()))
        }
        "exec_command_end" => ended(number(payload, "exit_code").map(|code| code as i64), Vec::new()),
        "mcp_tool_call_end" => ended(None, Vec::new()),
        "patch_apply_end" => {
            let is_fine = at(payload, "success").and_then(Value::as_bool);
            let files = at(payload, "changes").and_then(Value::as_object);
            let files = files.map(|map| map.keys().filter_map(|file| path(file)));
            let files = files.map(|files| files.map(str::to_owned).collect());
            ended(is_fine.map(|is_fine| i64::from(!is_fine)), files.unwrap_or_default())
        }
        "collab_agent_spawn_end" => {
            let thread = text(payload, "new_thread_id").and_then(identifier)?.to_owned();
            Some(What::Spawned { id: call_id(payload)?, thread })
        }
        _ => None,
    }
}

/// The tokens of a call; none if only limits are told, or the size of a compacted context.
fn counted(payload: &Value) -> Option<Counted> {
    let counts = |which: &str| {
        let key = |key: &str| tokens(payload, &format!("info.{which}.{key}")).unwrap_or(0);
        let write = key("cache_write_input_tokens");
        [key("input_tokens"), key("cached_input_tokens"), write, key("output_tokens"), key("reasoning_output_tokens")]
    };
    let counted = Counted { last: counts("last_token_usage"), total: counts("total_token_usage") };
    let [input, _, _, output, _] = counted.last;
    (input > 0 || output > 0).then_some(counted)
}
