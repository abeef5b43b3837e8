//! Lines of a session, reduced to agent, time and kind of event. Message texts are left out.

use serde_json::Value;

use crate::engine::{Digest, Time};
use crate::table::json::{at, number, text, tokens};
use crate::trace::import::session::{chars, identifier, path, runs_tests};
use crate::trace::model::Usage;

/// An event of an agent.
pub(super) struct Event {
    pub(super) at: Time,
    pub(super) kind: EventKind,
}

/// Kind of an event.
pub(super) enum EventKind {
    /// Input other than results of tools.
    Prompt { by: PromptSource, fingerprint: u64 },
    /// Results of tools.
    Results(Vec<ToolResult>),
    /// Blocks of an answer. All lines with one message id make a model call.
    Reply(Box<Reply>),
    /// A failed call, with the delay before the next attempt; none after the last attempt.
    Failure { kind: String, retry: Option<Time> },
    /// A compaction of the context, with its duration.
    Compacted { took: Time },
}

/// Source of a prompt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PromptSource {
    /// Typed by a person.
    Person,
    /// A person interrupted the agent.
    Interrupt,
    /// Inserted by the program.
    Program,
}

/// Content blocks of an answer; text lengths in characters.
#[derive(Default)]
pub(super) struct Reply {
    pub(super) message: String,
    pub(super) model: Option<String>,
    pub(super) usage: Usage,
    pub(super) stop: Option<String>,
    pub(super) text: u64,
    pub(super) thinking: u64,
    pub(super) arguments: u64,
    /// Number of tools that run at the provider, within the call.
    pub(super) server_tools: u64,
    pub(super) tools: Vec<ToolUse>,
}

/// A tool use that an answer requests.
pub(super) struct ToolUse {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) reads: Vec<(String, Option<u64>)>,
    pub(super) writes: Vec<(String, Option<u64>)>,
    pub(super) runs_tests: bool,
    /// Fingerprint of the prompt, if the tool starts an agent.
    pub(super) starts: Option<u64>,
}

/// Result of a tool use.
pub(super) struct ToolResult {
    pub(super) id: Option<String>,
    pub(super) is_error: Option<bool>,
    pub(super) exit: Option<i64>,
    pub(super) is_rejected: bool,
    /// Agent that the tool started.
    pub(super) agent: Option<String>,
}

/// Parses a line of an assistant: blocks of an answer, or a failed call; none for synthetic messages.
pub(super) fn assistant(line: &Value, number: usize) -> Option<EventKind> {
    let message = at(line, "message")?;
    let model = text(message, "model");
    if line.get("isApiErrorMessage").and_then(Value::as_bool) == Some(true) {
        return Some(EventKind::Failure { kind: error_kind(line), retry: None });
    }
    if model == Some("<synthetic>") {
        return None;
    }
    let uuid = text(line, "uuid").and_then(identifier);
    let id = text(message, "id").and_then(identifier).or(uuid);
    let mut reply = Reply {
        message: id.map_or_else(|| format!("call-{number}"), str::to_owned),
        model: model.and_then(identifier).map(str::to_owned),
        usage: usage(message),
        stop: text(message, "stop_reason").and_then(identifier).map(str::to_owned),
        ..Reply::default()
    };
    let line_id = uuid.map_or_else(|| format!("line-{number}"), str::to_owned);
    match at(message, "content") {
        Some(Value::String(text)) => reply.text = chars(text),
        Some(Value::Array(blocks)) => blocks.iter().for_each(|block| add_block(&mut reply, block, &line_id)),
        _ => {}
    }
    Some(EventKind::Reply(Box::new(reply)))
}

fn add_block(reply: &mut Reply, block: &Value, line_id: &str) {
    match text(block, "type") {
        Some("text") => reply.text += text(block, "text").map_or(0, chars),
        Some("thinking") => reply.thinking += text(block, "thinking").map_or(0, chars),
        Some("server_tool_use") => {
            reply.server_tools += 1;
            reply.arguments += block.get("input").map_or(0, length);
        }
        Some("tool_use") => {
            reply.arguments += block.get("input").map_or(0, length);
            let number = reply.tools.len();
            reply.tools.push(tool_use(block, &format!("{line_id}.{number}")));
        }
        _ => {}
    }
}

fn tool_use(block: &Value, default_id: &str) -> ToolUse {
    let id = text(block, "id").and_then(identifier).unwrap_or(default_id).to_owned();
    let name = text(block, "name").and_then(identifier).unwrap_or("unknown").to_owned();
    let file = |key: &str| text(block, key).and_then(path).map(str::to_owned);
    let length = |key: &str| text(block, key).map(chars);
    let in_edits = || {
        let edits = at(block, "input.edits").and_then(Value::as_array)?;
        Some(edits.iter().filter_map(|edit| text(edit, "new_string")).map(chars).sum())
    };
    let one = |file: Option<String>, chars: Option<u64>| file.map(|file| (file, chars)).into_iter().collect();
    let (reads, writes) = match name.as_str() {
        "Read" | "NotebookRead" => (one(file("input.file_path").or_else(|| file("input.notebook_path")), None), vec![]),
        "Write" => (vec![], one(file("input.file_path"), length("input.content"))),
        "Edit" => (vec![], one(file("input.file_path"), length("input.new_string"))),
        "MultiEdit" => (vec![], one(file("input.file_path"), in_edits())),
        "NotebookEdit" => (vec![], one(file("input.notebook_path"), length("input.new_source"))),
        _ => (vec![], vec![]),
    };
    let in_background = at(block, "input.run_in_background").and_then(Value::as_bool) == Some(true);
    let runs_tests = name == "Bash" && !in_background && text(block, "input.command").is_some_and(runs_tests);
    let starts = matches!(name.as_str(), "Task" | "Agent").then(|| fingerprint(text(block, "input.prompt")));
    ToolUse { id, name, reads, writes, runs_tests, starts }
}

/// Returns the length of a value as JSON, in characters.
fn length(value: &Value) -> u64 {
    chars(&value.to_string())
}

/// Parses a line of a user: results of tools, or a prompt.
pub(super) fn user(line: &Value) -> EventKind {
    let content = at(line, "message.content");
    let blocks = content.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_result = |block: &&Value| text(block, "type") == Some("tool_result");
    let results: Vec<ToolResult> = blocks.iter().filter(is_result).map(|block| tool_result(line, block)).collect();
    if !results.is_empty() {
        return EventKind::Results(results);
    }
    let in_blocks = || blocks.iter().find_map(|block| text(block, "text"));
    let words = content.and_then(Value::as_str).or_else(in_blocks);
    EventKind::Prompt { by: prompt_source(line, words.unwrap_or_default()), fingerprint: fingerprint(words) }
}

fn prompt_source(line: &Value, words: &str) -> PromptSource {
    /// Prefixes of messages that the program writes in the name of the user.
    const PROGRAM: &[&str] = &[
        "<local-command-",
        "<bash-stdout",
        "<bash-stderr",
        "<task-notification",
        "<system-reminder",
        "<teammate-message",
        "<user-memory-input",
    ];
    let is = |key: &str| line.get(key).and_then(Value::as_bool) == Some(true);
    let is_sdk = text(line, "entrypoint").is_some_and(|entry| entry.starts_with("sdk"));
    let is_foreign = text(line, "origin.kind").is_some_and(|kind| !matches!(kind, "human" | "user" | "cli"));
    if words.starts_with("[Request interrupted by user") {
        PromptSource::Interrupt
    } else if is("isMeta")
        || is("isCompactSummary")
        || is_sdk
        || is_foreign
        || PROGRAM.iter().any(|prefix| words.starts_with(prefix))
    {
        PromptSource::Program
    } else {
        PromptSource::Person
    }
}

fn tool_result(line: &Value, block: &Value) -> ToolResult {
    let content = at(block, "content");
    let in_blocks = || content.and_then(Value::as_array)?.iter().find_map(|part| text(part, "text"));
    let words = content.and_then(Value::as_str).or_else(in_blocks).unwrap_or_default();
    let exit = words.strip_prefix("Exit code ").map(|rest| rest.split_whitespace().next().unwrap_or_default());
    let of_line = |key: &str| text(line, key).and_then(identifier);
    // A line without the id of the tool may name the line that requested it.
    let source = || of_line("sourceToolAssistantUUID").map(|uuid| format!("{uuid}.0"));
    let is_denied = text(line, "toolDenialKind") == Some("user-rejected")
        || text(line, "toolUseResult").is_some_and(|result| result.starts_with("User rejected tool use"))
        || words.starts_with("The user doesn't want to proceed with this tool use");
    ToolResult {
        id: text(block, "tool_use_id").and_then(identifier).map(str::to_owned).or_else(source),
        is_error: at(block, "is_error").and_then(Value::as_bool),
        exit: exit.and_then(|exit| exit.parse().ok()),
        is_rejected: is_denied,
        agent: of_line("toolUseResult.agentId").map(str::to_owned),
    }
}

/// Parses a line of the system: a failed call or a compaction; none for all others.
pub(super) fn system(line: &Value) -> Option<EventKind> {
    let millis = |path: &str| number(line, path).map_or(Time::ZERO, |millis| Time::from_us_f64(millis * 1000.0));
    match text(line, "subtype")? {
        "api_error" => Some(EventKind::Failure { kind: error_kind(line), retry: Some(millis("retryInMs")) }),
        "compact_boundary" => Some(EventKind::Compacted { took: millis("compactMetadata.durationMs") }),
        _ => None,
    }
}

/// Returns the kind of an API error: its type, else its status code.
fn error_kind(line: &Value) -> String {
    let types = ["error.error.error.type", "error.error.type", "error.type", "error", "errorDetails.code"];
    let kind = types.iter().find_map(|path| text(line, path).and_then(identifier));
    let status = || ["error.status", "apiErrorStatus"].iter().find_map(|path| tokens(line, path));
    kind.map(str::to_owned).or_else(|| Some(status()?.to_string())).unwrap_or_else(|| "api_error".to_owned())
}

fn usage(message: &Value) -> Usage {
    let count = |key: &str| tokens(message, &format!("usage.{key}"));
    let (cache_read, cache_write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let parts = [count("input_tokens"), cache_read, cache_write];
    let input = parts.iter().flatten().copied().reduce(u32::saturating_add);
    Usage { input, output: count("output_tokens"), cache_read, cache_write }
}

/// Fingerprint that identifies a prompt without keeping its text.
fn fingerprint(text: Option<&str>) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(text.unwrap_or_default());
    digest.value()
}
