//! Common parts of the importers of coding agents: names, subagents, and test runs in a shell.

use compact_str::CompactString;
use std::collections::BTreeMap;

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::model::{TaskNote, TaskNoteKind, TraceStep};

/// Returns trimmed text that can be the name of a tool, a model, an agent or an error; none for prose.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_name = |c: char| !c.is_whitespace() && !c.is_control();
    (!text.is_empty() && text.len() <= 200 && text.chars().all(is_name)).then_some(text)
}

/// Returns text that can be the path of a file.
pub(super) fn path(text: &str) -> Option<&str> {
    (!text.trim().is_empty() && text.len() <= 4096 && !text.contains(char::is_control)).then_some(text)
}

/// Converts a number of characters to the type of steps.
pub(super) fn length(chars: Option<u64>) -> Option<u32> {
    chars.map(|chars| chars.min(u64::from(u32::MAX)) as u32)
}

/// Counts the characters of a text.
pub(super) fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}

/// Returns the file name without folders, and without `.jsonl` and all that follows.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split(".jsonl").next().unwrap_or(name)
}

/// Returns the folder of a file.
pub(super) fn folder(path: &str) -> &str {
    path.rfind(['/', '\\']).and_then(|end| path.get(..end)).unwrap_or("")
}

/// Allocator of unique step ids.
#[derive(Default)]
pub(super) struct Ids {
    given: BTreeMap<String, usize>,
    numbers: BTreeMap<&'static str, usize>,
}

impl Ids {
    /// Returns the next id for a kind of steps that have none in the log.
    pub(super) fn numbered(&mut self, kind: &'static str) -> CompactString {
        let number = self.numbers.entry(kind).or_insert(0);
        *number += 1;
        let id = format!("{kind}-{number}");
        self.unique(&id)
    }

    /// Returns an id, with a number appended if it is taken.
    pub(super) fn unique(&mut self, wanted: &str) -> CompactString {
        let times = self.given.entry(wanted.to_owned()).or_insert(0);
        *times += 1;
        if *times == 1 {
            return wanted.into();
        }
        let mut number = *times;
        let id = loop {
            let id = format!("{wanted}#{number}");
            if !self.given.contains_key(&id) {
                break id;
            }
            number += 1;
        };
        self.given.insert(id.clone(), 1);
        self.given.insert(wanted.to_owned(), number);
        id.into()
    }
}

/// An agent with its steps.
pub(super) struct Member {
    /// Number of the agent.
    pub(super) number: AgentId,
    /// Name of its only task.
    pub(super) task: String,
    /// Role in the team.
    pub(super) role: String,
    /// Type of agent, as named in the log.
    pub(super) kind: Option<String>,
    /// Step that started it, and true if that is inferred.
    pub(super) spawn: Option<(CompactString, bool)>,
    /// True if the log contains the end of its last turn.
    pub(super) is_done: bool,
    /// Steps, in any order.
    pub(super) steps: Vec<TraceStep>,
}

impl Member {
    fn begin(&self) -> Time {
        self.steps.iter().map(|step| step.start).min().unwrap_or(Time::ZERO)
    }

    fn end(&self) -> Time {
        self.steps.iter().map(|step| step.end).max().unwrap_or(Time::ZERO)
    }

    /// Index of the step that starts first.
    fn first(&self) -> Option<usize> {
        (0..self.steps.len()).min_by_key(|&index| self.steps.get(index).map(|step| (step.start, step.end)))
    }

    /// Index of the step that ends last.
    fn last(&self) -> Option<usize> {
        (0..self.steps.len()).max_by_key(|&index| self.steps.get(index).map(|step| step.end))
    }
}

/// Adds the steps of all agents to the trace. Each agent has one task, and the tool call that started a subagent contains
/// its steps.
pub(super) fn close(builder: &mut Builder, mut members: Vec<Member>) {
    members.retain(|member| !member.steps.is_empty());
    // Only an agent that begins earlier can start another one, so that no agent contains itself.
    members.sort_by_key(|member| (member.begin(), member.number));
    let mut positions: BTreeMap<CompactString, (usize, usize)> = BTreeMap::new();
    for (owner, member) in members.iter().enumerate() {
        positions.extend(member.steps.iter().enumerate().map(|(index, step)| (step.id.clone(), (owner, index))));
    }
    let inferred = (builder.name("parent"), builder.name("task.events"));
    for current in 0..members.len() {
        let Some(member) = members.get_mut(current) else { continue };
        let task = builder.task(&member.task);
        let (number, end, is_done, last) = (member.number, member.end(), member.is_done, member.last());
        let spawn = member.spawn.clone().and_then(|(id, is_inferred)| Some((*positions.get(&id)?, id, is_inferred)));
        let spawn = spawn.filter(|((owner, _), ..)| *owner < current);
        let first = member.first();
        for step in &mut member.steps {
            step.task = Some(task);
            if let Some((_, id, is_inferred)) = &spawn {
                let more = step.more_mut();
                more.parent = Some(id.clone());
                if *is_inferred {
                    more.est.push(inferred.0);
                }
            }
        }
        if let Some(step) = first.and_then(|first| member.steps.get_mut(first)) {
            step.events.insert(0, TaskNote::new(TaskNoteKind::Claim, Some(task)));
        }
        if let Some(agent) = builder.header().agents.get_mut(number.index()) {
            agent.role = Some(member.role.clone());
            agent.spawned_by = spawn.as_ref().map(|(_, id, _)| id.to_string());
            if let Some(kind) = &member.kind {
                agent.extra.set("x.kind", kind.as_str());
            }
        }
        let tool = spawn.and_then(|((owner, index), ..)| members.get_mut(owner)?.steps.get_mut(index));
        if let Some(tool) = tool.filter(|tool| tool.end >= end) {
            let failed = tool.more().error.is_some();
            let event = if failed { TaskNoteKind::Fail } else { TaskNoteKind::Complete };
            tool.events.push(TaskNote { agent: Some(number), ..TaskNote::new(event, Some(task)) });
        } else if is_done
            && let Some(step) = members.get_mut(current).zip(last).and_then(|(m, last)| m.steps.get_mut(last))
        {
            // A complete last turn is the only evidence of a completed task.
            step.events.push(TaskNote::new(TaskNoteKind::Complete, Some(task)));
            step.more_mut().est.push(inferred.1);
        }
    }
    for step in members.into_iter().flat_map(|member| member.steps) {
        builder.push(step);
    }
}

/// Returns true for a shell command that runs tests and reports their exit code.
pub(super) fn runs_tests(command: &str) -> bool {
    let command = command.trim();
    // A leading change of folder keeps the exit code.
    let command = match command.split_once("&&") {
        Some((first, rest)) if first.trim().starts_with("cd ") => rest,
        _ => command,
    };
    let command = command.replace("2>&1", "");
    if command.len() > 2000 || command.contains(['|', ';', '&', '\n', '`', '<']) || command.contains("$(") {
        return false;
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    is_test_runner(&words)
}

fn is_test_runner(words: &[&str]) -> bool {
    /// Programs that only run tests.
    const RUNNERS: &[&str] =
        &["pytest", "py.test", "unittest", "tox", "nox", "jest", "vitest", "mocha", "rspec", "phpunit", "ctest"];
    match words {
        [first, rest @ ..] if first.contains('=') && !first.starts_with('-') => is_test_runner(rest),
        ["timeout", _, rest @ ..]
        | ["uv" | "poetry" | "pipenv", "run", rest @ ..]
        | ["env" | "time" | "npx" | "bunx", rest @ ..]
        | ["bundle", "exec", rest @ ..]
        | ["python" | "python3", "-m", rest @ ..] => is_test_runner(rest),
        ["npm" | "pnpm" | "yarn" | "bun", "run", script, ..] => *script == "test" || script.starts_with("test:"),
        [first, ..] if RUNNERS.contains(first) => true,
        ["cargo", "test" | "nextest" | "t", ..]
        | ["npm" | "pnpm" | "yarn" | "bun" | "go" | "dotnet" | "mix" | "swift" | "deno" | "bazel", "test", ..]
        | ["make" | "just" | "rake" | "rails" | "gradle" | "./gradlew", "test" | "check", ..]
        | ["mvn" | "./mvnw", "test" | "verify", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_test_commands_are_recognized() {
        for command in [
            "cargo test --lib",
            "cd /tmp/x && RUST_BACKTRACE=1 cargo nextest run 2>&1",
            "uv run pytest -q",
            "python -m unittest",
            "npm run test:unit",
            "timeout 60 go test ./...",
        ] {
            assert!(runs_tests(command), "{command}");
        }
        for command in [
            "",
            "ls",
            "cargo build",
            "cargo test | tail -3",
            "cargo build && cargo test",
            "echo cargo test",
            "pytest; true",
            "npm run build",
            "cat <<EOF\npytest\nEOF",
        ] {
            assert!(!runs_tests(command), "{command}");
        }
    }

    #[test]
    fn ids_are_given_once() {
        let mut ids = Ids::default();
        let given: Vec<CompactString> = ["a", "a#2", "a", "a", "a#2"].iter().map(|wanted| ids.unique(wanted)).collect();
        let different: std::collections::BTreeSet<&CompactString> = given.iter().collect();
        assert_eq!(different.len(), given.len(), "{given:?}");
    }
}
