//! Records of a rollout, reduced to what the importer uses.

use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, number, text, tokens};
use crate::trace::import::codex::tool::{self, ToolArguments, ToolOutput};
use crate::trace::import::session::{identifier, path};

/// Kind of a record.
pub(super) enum RecordKind {
    /// Input that the next call answers.
    Input,
    /// A prompt of a user.
    Prompt,
    /// Part of an answer.
    Part,
    Model(String),
    Call(Counted),
    ToolCall {
        id: String,
        name: String,
        arguments: Box<ToolArguments>,
    },
    ToolOutput {
        id: String,
        output: Box<ToolOutput>,
    },
    /// The end of a tool, from an event.
    ToolEnd {
        id: String,
        exit: Option<i64>,
        took: Option<Time>,
        reads: Vec<String>,
        writes: Vec<String>,
    },
    Subagent {
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

/// Tokens of a call and of the thread so far: input, cache reads, cache writes, output, reasoning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted {
    pub(super) last: [u32; 5],
    total: [u32; 5],
}

/// Identity of a record that a continuation of the thread repeats.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    Call(Counted),
    Tool(String),
}

impl RecordKind {
    pub(super) fn mark(&self) -> Option<Mark> {
        match self {
            RecordKind::Call(counted) => Some(Mark::Call(counted.clone())),
            RecordKind::ToolCall { id, .. } => Some(Mark::Tool(id.clone())),
            _ => None,
        }
    }
}

fn call_id(payload: &Value) -> Option<String> {
    text(payload, "call_id").and_then(identifier).map(str::to_owned)
}

/// Parses an item of the conversation.
pub(super) fn item(payload: &Value, number: usize) -> Option<RecordKind> {
    let kind = text(payload, "type")?;
    match kind {
        "message" if text(payload, "role") != Some("assistant") => Some(RecordKind::Input),
        "message" | "reasoning" | "web_search_call" => Some(RecordKind::Part),
        "function_call" | "custom_tool_call" | "local_shell_call" | "tool_search_call" => {
            let name = text(payload, "name").and_then(identifier).unwrap_or(kind.trim_end_matches("_call")).to_owned();
            let id = call_id(payload).unwrap_or_else(|| format!("line-{number}"));
            Some(RecordKind::ToolCall { id, name, arguments: Box::new(tool::arguments(payload)) })
        }
        "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" | "tool_search_output" => {
            Some(RecordKind::ToolOutput { id: call_id(payload)?, output: Box::new(tool::output(payload)) })
        }
        _ => None,
    }
}

/// Parses an event.
pub(super) fn event(payload: &Value) -> Option<RecordKind> {
    let ended = |exit: Option<i64>, writes: Vec<String>| {
        let (took, reads) = (tool::duration(payload), tool::read_by(payload));
        Some(RecordKind::ToolEnd { id: call_id(payload)?, exit, took, reads, writes })
    };
    match text(payload, "type")? {
        "token_count" => counted(payload).map(RecordKind::Call),
        "user_message" => Some(RecordKind::Prompt),
        "agent_reasoning" | "agent_message" => Some(RecordKind::Part),
        "task_started" | "turn_started" => Some(RecordKind::TurnBegins),
        "turn_aborted" => Some(RecordKind::TurnEnds { is_aborted: true, first_token: None }),
        "task_complete" | "turn_complete" => {
            let first = number(payload, "time_to_first_token_ms");
            Some(RecordKind::TurnEnds {
                is_aborted: false,
                first_token: first.map(|millis| Time::from_us_f64(millis * 1000.0)),
            })
        }
        "error" | "stream_error" => {
            let info = at(payload, "codex_error_info");
            let key = || info.and_then(Value::as_object)?.keys().next().map(String::as_str);
            let kind = info.and_then(Value::as_str).or_else(key).and_then(identifier);
            Some(RecordKind::Failed(kind.unwrap_or("api_error").to_owned()))
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
            Some(RecordKind::Subagent { id: call_id(payload)?, thread })
        }
        _ => None,
    }
}

/// Returns the tokens of a call; none for a record of limits or of a compacted context.
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
