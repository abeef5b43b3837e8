//! Tool calls in rollouts: facts from their arguments and results, without the text.

use serde_json::Value;

use crate::engine::Time;
use crate::table::json::{at, number, text};
use crate::trace::import::session::{chars, identifier, path, runs_tests};

/// Facts from the arguments of a tool call.
#[derive(Default)]
pub(super) struct ToolArguments {
    /// Files of a patch, each with the number of characters it adds.
    pub(super) writes: Vec<(String, Option<u64>)>,
    pub(super) reads: Vec<String>,
    pub(super) runs_tests: bool,
}

/// Facts from a result.
#[derive(Default)]
pub(super) struct ToolOutput {
    pub(super) exit: Option<i64>,
    pub(super) took: Option<Time>,
    /// Id of the thread that the call started.
    pub(super) thread: Option<String>,
    pub(super) is_rejected: bool,
}

/// Reads the arguments of a call: an object, an object as text, or the text of a patch.
pub(super) fn arguments(payload: &Value) -> ToolArguments {
    let given = ["arguments", "input", "action"].iter().find_map(|key| at(payload, key));
    let json = given.and_then(Value::as_str).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let mut parsed = ToolArguments::default();
    let Some(arguments) = json.as_ref().or(given) else { return parsed };
    let mut texts: Vec<&str> = Vec::new();
    match arguments {
        Value::String(text) => texts.push(text),
        Value::Object(map) => {
            for value in map.values() {
                match value {
                    Value::String(text) => texts.push(text),
                    Value::Array(parts) => texts.extend(parts.iter().filter_map(Value::as_str)),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    for text in texts {
        if text.contains("*** Begin Patch") {
            patched(text, &mut parsed.writes);
        }
    }
    parsed.runs_tests = command(arguments).is_some_and(|command| runs_tests(&command));
    if text(payload, "name") == Some("view_image") {
        parsed.reads.extend(text(arguments, "path").and_then(path).map(str::to_owned));
    }
    parsed
}

/// Returns the shell command: text, or a list of words, such as `bash -lc TEXT`.
fn command(arguments: &Value) -> Option<String> {
    let command = at(arguments, "command").or_else(|| at(arguments, "cmd"))?;
    if let Some(command) = command.as_str() {
        return Some(command.to_owned());
    }
    let words: Vec<&str> = command.as_array()?.iter().filter_map(Value::as_str).collect();
    match words.as_slice() {
        [_, flag, command] if flag.starts_with('-') && flag.ends_with('c') => Some((*command).to_owned()),
        words => Some(words.join(" ")),
    }
}

/// Adds the files in the headers of a patch.
fn patched(patch: &str, writes: &mut Vec<(String, Option<u64>)>) {
    let mut is_inside = false;
    for line in patch.lines() {
        let header = ["*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "];
        if let Some(file) = header.iter().find_map(|header| line.strip_prefix(header)) {
            is_inside = path(file).is_some();
            writes.extend(path(file).map(|file| (file.trim().to_owned(), Some(0))));
        } else if let Some(added) = line.strip_prefix('+').filter(|_| is_inside) {
            if let Some((_, Some(count))) = writes.last_mut() {
                *count += chars(added) + 1;
            }
        } else if line.starts_with("*** End Patch") {
            is_inside = false;
        }
    }
}

/// Reads the result of a call: an object with metadata as text, or text that begins with lines of metadata.
pub(super) fn output(payload: &Value) -> ToolOutput {
    let output = at(payload, "output");
    let in_parts = || output.and_then(Value::as_array)?.iter().find_map(|part| text(part, "text"));
    let words = output.and_then(Value::as_str).or_else(in_parts);
    let words = words.or_else(|| output.and_then(|output| text(output, "content").or_else(|| text(output, "text"))));
    let Some(words) = words else { return ToolOutput::default() };
    if words.starts_with('{')
        && let Ok(value) = serde_json::from_str::<Value>(words)
    {
        let id = ["agent_id", "thread_id", "new_thread_id"].iter().find_map(|key| text(&value, key));
        return ToolOutput {
            exit: number(&value, "metadata.exit_code").map(|code| code as i64),
            took: number(&value, "metadata.duration_seconds").map(Time::from_secs),
            thread: id.and_then(identifier).map(str::to_owned),
            is_rejected: false,
        };
    }
    let mut parsed =
        ToolOutput { is_rejected: words.starts_with("exec command rejected by user"), ..ToolOutput::default() };
    for line in words.lines().take(8) {
        let exit = ["Exit code: ", "Process exited with code "].iter().find_map(|key| line.strip_prefix(key));
        parsed.exit = parsed.exit.or_else(|| exit?.trim().parse().ok());
        let took = line.strip_prefix("Wall time: ").and_then(|rest| rest.split_whitespace().next());
        parsed.took = parsed.took.or_else(|| Some(Time::from_secs(took?.parse().ok()?)));
    }
    parsed
}

/// Returns the duration of an event.
pub(super) fn duration(payload: &Value) -> Option<Time> {
    if let (Some(secs), nanos) = (number(payload, "duration.secs"), number(payload, "duration.nanos")) {
        return Some(Time::from_us_f64(secs * 1e6 + nanos.unwrap_or(0.0) / 1e3));
    }
    None
}

/// Returns the files that a command read, as parsed by Codex.
pub(super) fn read_by(payload: &Value) -> Vec<String> {
    let commands = at(payload, "parsed_cmd").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let reads = commands.iter().filter(|command| text(command, "type") == Some("read"));
    reads.filter_map(|command| text(command, "path").and_then(path).map(str::to_owned)).collect()
}
