//! Sessions made by hand. Every free text in them holds [`MARKER`], so that it can be looked for where it must not be.

#![expect(clippy::needless_pass_by_value, reason = "lines are made where they are used")]

use brooks::table::SourceFile;
use serde_json::{Value, json};

pub(super) const MARKER: &str = "quagga";

fn file(path: &str, lines: &[Value]) -> SourceFile {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    SourceFile { path: path.to_owned(), bytes: text.join("\n").into_bytes() }
}

/// A time of the hand-made sessions.
fn at(seconds: f64) -> String {
    format!("2026-03-01T10:{:02}:{:06.3}Z", (seconds / 60.0) as u64, seconds % 60.0)
}

fn claude(agent: Option<&str>, kind: &str, uuid: &str, seconds: f64, rest: Value) -> Value {
    let mut line = json!({
        "type": kind, "uuid": uuid, "timestamp": at(seconds), "sessionId": "s-1", "version": "2.1.40",
        "isSidechain": agent.is_some(), "cwd": "/quagga",
    });
    if let Some(agent) = agent {
        line["agentId"] = json!(agent);
    }
    for (key, value) in rest.as_object().expect("an object") {
        line[key] = value.clone();
    }
    line
}

/// A line of an answer, with one block.
fn reply(agent: Option<&str>, uuid: &str, seconds: f64, message: &str, stop: Option<&str>, block: Value) -> Value {
    let usage = json!({
        "input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30, "output_tokens": 7,
    });
    let message = json!({
        "id": message, "role": "assistant", "model": "claude-opus-4-6", "content": [block], "stop_reason": stop,
        "usage": usage,
    });
    claude(agent, "assistant", uuid, seconds, json!({"message": message}))
}

fn prompt(agent: Option<&str>, uuid: &str, seconds: f64) -> Value {
    claude(agent, "user", uuid, seconds, json!({"message": {"role": "user", "content": "quagga, please"}}))
}

fn result(agent: Option<&str>, uuid: &str, seconds: f64, tool: &str, is_error: bool, more: Value) -> Value {
    let content = if is_error { "Exit code 101\nquagga failed" } else { "quagga done" };
    let block = json!({"type": "tool_result", "tool_use_id": tool, "is_error": is_error, "content": content});
    let mut rest = json!({"message": {"role": "user", "content": [block]}, "toolUseResult": {"stdout": "quagga"}});
    for (key, value) in more.as_object().expect("an object") {
        rest["toolUseResult"][key] = value.clone();
    }
    claude(agent, "user", uuid, seconds, rest)
}

fn tool(id: &str, name: &str, input: Value) -> Value {
    json!({"type": "tool_use", "id": id, "name": name, "input": input})
}

/// A session in which the main agent starts another one, a test fails, a call fails, and a person is asked, writes, and
/// is waited for. What the subagent does is in the main file and again in its own.
pub(crate) fn claude_session() -> Vec<SourceFile> {
    let sub = Some("a1b2c3");
    let of_sub = [
        prompt(sub, "s1", 6.0),
        reply(sub, "s2", 8.0, "msg_s1", None, tool("t_read", "Read", json!({"file_path": "/repo/a.rs"}))),
        result(sub, "s3", 8.5, "t_read", false, json!({})),
        reply(sub, "s4", 11.0, "msg_s2", Some("end_turn"), json!({"type": "text", "text": "quagga quagga"})),
    ];
    let progress = |line: &Value, uuid: &str| {
        let data = json!({"type": "agent_progress", "agentId": "a1b2c3", "prompt": "quagga", "message": line});
        let when = line["timestamp"].clone();
        json!({
            "type": "progress", "uuid": uuid, "sessionId": "s-1", "isSidechain": false, "timestamp": when,
            "parentToolUseID": "t_task", "data": data,
        })
    };
    let test = json!({"command": "cargo test quagga", "description": "quagga"});
    let lines = [
        json!({"type": "summary", "summary": "quagga", "leafUuid": "m1"}),
        prompt(None, "m1", 0.0),
        reply(None, "m2", 3.0, "msg_1", None, json!({"type": "thinking", "thinking": "quagga? ".repeat(35)})),
        reply(None, "m3", 4.0, "msg_1", None, json!({"type": "text", "text": "I ask quagga."})),
        reply(None, "m4", 5.0, "msg_1", None, tool("t_task", "Task", json!({"prompt": "quagga, please"}))),
        progress(&of_sub[0], "p1"),
        progress(&of_sub[1], "p2"),
        progress(&of_sub[2], "p3"),
        result(None, "m5", 12.0, "t_task", false, json!({"agentId": "a1b2c3", "content": "quagga"})),
        reply(
            None,
            "m6",
            14.0,
            "msg_2",
            Some("tool_use"),
            tool(
                "t_edit",
                "Edit",
                json!({
            "file_path": "/repo/a.rs", "old_string": "quagga", "new_string": "quagga!!"}),
            ),
        ),
        result(None, "m7", 14.5, "t_edit", false, json!({})),
        reply(None, "m8", 16.0, "msg_3", Some("tool_use"), tool("t_test", "Bash", test)),
        result(None, "m9", 20.0, "t_test", true, json!({})),
        claude(
            None,
            "system",
            "m10",
            22.0,
            json!({
                "subtype": "api_error", "retryInMs": 500, "retryAttempt": 1,
                "error": {"status": 529, "message": "quagga", "error": {"type": "overloaded_error", "message": "quagga"}},
            }),
        ),
        reply(
            None,
            "m11",
            25.0,
            "msg_4",
            Some("tool_use"),
            tool(
                "t_ask",
                "AskUserQuestion",
                json!({
            "questions": [{"question": "quagga?"}]}),
            ),
        ),
        result(None, "m12", 55.0, "t_ask", false, json!({"answers": {"quagga?": "quagga"}})),
        reply(None, "m13", 57.0, "msg_5", Some("end_turn"), json!({"type": "text", "text": "quagga."})),
        claude(
            None,
            "user",
            "m14",
            58.0,
            json!({
            "isMeta": true, "message": {"role": "user", "content": "<local-command-caveat>quagga"}}),
        ),
        prompt(None, "m15", 87.0),
        claude(
            None,
            "assistant",
            "m16",
            88.0,
            json!({"isApiErrorMessage": true, "error": "rate_limit", "message": {
            "id": "x", "model": "<synthetic>", "content": [{"type": "text", "text": "API Error: quagga"}]}}),
        ),
        claude(
            None,
            "assistant",
            "m17",
            88.5,
            json!({"message": {
            "id": "y", "model": "<synthetic>", "content": [{"type": "text", "text": "No quagga requested."}]}}),
        ),
    ];
    vec![file("p/s-1.jsonl", &lines), file("p/s-1/subagents/agent-a1b2c3.jsonl", &of_sub)]
}

fn codex(kind: &str, seconds: f64, payload: Value) -> Value {
    json!({"type": kind, "timestamp": at(seconds), "payload": payload})
}

fn event(seconds: f64, payload: Value) -> Value {
    codex("event_msg", seconds, payload)
}

fn item(seconds: f64, payload: Value) -> Value {
    codex("response_item", seconds, payload)
}

fn counted(seconds: f64, input: u32, output: u32, total: u32) -> Value {
    let usage = |input: u32, output: u32| {
        json!({"input_tokens": input, "cached_input_tokens": input / 2, "output_tokens": output,
            "reasoning_output_tokens": output / 2, "total_tokens": input + output})
    };
    let info = json!({"last_token_usage": usage(input, output), "total_token_usage": usage(total, total)});
    event(seconds, json!({"type": "token_count", "info": info, "rate_limits": {"primary": {"used_percent": seconds}}}))
}

fn meta(id: &str, parent: Option<&str>) -> Value {
    let source = parent.map_or(json!("cli"), |parent| {
        json!({"subagent": {"thread_spawn": {"parent_thread_id": parent, "depth": 1, "agent_role": "explorer"}}})
    });
    codex(
        "session_meta",
        0.0,
        json!({
            "id": id, "cli_version": "0.140.0", "cwd": "/quagga", "base_instructions": {"text": "quagga"}, "source": source,
        }),
    )
}

fn call(seconds: f64, id: &str, name: &str, arguments: &Value) -> Value {
    item(seconds, json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments.to_string()}))
}

fn output(seconds: f64, id: &str, output: &Value) -> Value {
    let output = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
    item(seconds, json!({"type": "function_call_output", "call_id": id, "output": output}))
}

/// A thread that patches a file, starts another thread which goes on from it, tests, and is asked again. Its totals
/// begin anew at the second prompt, and one count is told twice.
pub(crate) fn codex_threads() -> Vec<SourceFile> {
    let patch =
        "*** Begin Patch\n*** Update File: src/a.rs\n-quagga\n+quagga!\n*** Add File: src/b.rs\n+quagga\n*** End Patch";
    let first = [
        item(1.0, json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "quagga"}]})),
        event(1.0, json!({"type": "user_message", "message": "quagga"})),
        event(1.0, json!({"type": "task_started", "turn_id": "t"})),
        codex("turn_context", 1.0, json!({"model": "gpt-5.6", "cwd": "/quagga"})),
        item(3.0, json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "quagga"}]})),
        item(4.0, json!({"type": "custom_tool_call", "call_id": "c_patch", "name": "apply_patch", "input": patch})),
        counted(4.5, 1000, 50, 1050),
        item(
            5.0,
            json!({"type": "custom_tool_call_output", "call_id": "c_patch", "output": "{\"output\":\"quagga\",\
            \"metadata\":{\"exit_code\":0,\"duration_seconds\":0.1}}"}),
        ),
    ];
    let test = json!({"command": ["bash", "-lc", "cargo test quagga"], "justification": "quagga"});
    let mut main = vec![meta("th-1", None)];
    main.extend(first.clone());
    main.extend([
        call(6.0, "c_spawn", "spawn_agent", &json!({"message": "quagga"})),
        counted(6.5, 1100, 20, 2170),
        counted(6.6, 1100, 20, 2170),
        output(7.0, "c_spawn", &json!({"agent_id": "th-2", "nickname": "quagga"})),
        call(9.0, "c_test", "shell", &test),
        counted(9.5, 1200, 30, 3400),
        event(14.0, json!({"type": "exec_command_end", "call_id": "c_test", "exit_code": 1, "stdout": "quagga",
            "duration": {"secs": 4, "nanos": 0}, "parsed_cmd": [{"type": "read", "cmd": "quagga", "path": "src/a.rs"}]})),
        output(14.0, "c_test", &json!("Exit code: 1\nWall time: 4.0 seconds\nOutput:\nquagga")),
        event(15.0, json!({"type": "stream_error", "message": "quagga", "codex_error_info": "server_overloaded"})),
        event(17.0, json!({"type": "agent_message", "message": "quagga"})),
        counted(17.5, 1300, 40, 4740),
        event(17.5, json!({"type": "token_count", "info": null, "rate_limits": {}})),
        event(18.0, json!({"type": "task_complete", "time_to_first_token_ms": 1500, "last_agent_message": "quagga"})),
        event(48.0, json!({"type": "user_message", "message": "quagga again"})),
        event(48.0, json!({"type": "task_started", "turn_id": "u"})),
        event(50.0, json!({"type": "agent_message", "message": "quagga"})),
        counted(51.0, 500, 10, 510),
    ]);
    let mut child = vec![meta("th-2", Some("th-1")), meta("th-1", None)];
    // What it takes over is written anew when it begins.
    child.extend(first.into_iter().map(|mut line| {
        line["timestamp"] = json!(at(7.5));
        line
    }));
    child.extend([
        event(8.0, json!({"type": "user_message", "message": "quagga"})),
        event(10.0, json!({"type": "agent_message", "message": "quagga"})),
        counted(12.0, 1150, 60, 1210),
    ]);
    vec![
        file("d/rollout-2026-03-01T10-00-00-th-1.jsonl", &main),
        file("d/rollout-2026-03-01T10-00-07-th-2.jsonl", &child),
    ]
}
