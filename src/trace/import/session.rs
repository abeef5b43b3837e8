//! What the logs of coding agents have in common: names in them, agents that start agents, tests run in a shell.

use compact_str::CompactString;
use std::collections::BTreeMap;

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::builder::Builder;
use crate::trace::model::{TaskNote, TaskNoteKind, TraceStep};

/// Text that can be a name of a tool, a model, an agent, an error: without it what was meant as a name might be
/// somebody's text.
pub(super) fn identifier(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_name = |c: char| !c.is_whitespace() && !c.is_control();
    (!text.is_empty() && text.len() <= 200 && text.chars().all(is_name)).then_some(text)
}

/// Text that can be the path of a file.
pub(super) fn path(text: &str) -> Option<&str> {
    (!text.trim().is_empty() && text.len() <= 4096 && !text.contains(char::is_control)).then_some(text)
}

/// A count of characters as steps keep it.
pub(super) fn length(chars: Option<u64>) -> Option<u32> {
    chars.map(|chars| chars.min(u64::from(u32::MAX)) as u32)
}

/// How many characters a text has.
pub(super) fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}

/// The file's name without its folders and without `.jsonl` and whatever follows.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.split(".jsonl").next().unwrap_or(name)
}

/// The folder a file is in.
pub(super) fn folder(path: &str) -> &str {
    path.rfind(['/', '\\']).and_then(|end| path.get(..end)).unwrap_or("")
}

/// Ids that were given to steps, so that none is given twice.
#[derive(Default)]
pub(super) struct Ids {
    given: BTreeMap<String, usize>,
    numbers: BTreeMap<&'static str, usize>,
}

impl Ids {
    /// The next id of a kind of steps that have none in the log.
    pub(super) fn numbered(&mut self, kind: &'static str) -> CompactString {
        let number = self.numbers.entry(kind).or_insert(0);
        *number += 1;
        let id = format!("{kind}-{number}");
        self.unique(&id)
    }

    /// The id that is wanted, with a number if it is taken.
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

/// An agent and what it did.
pub(super) struct Member {
    /// Its number.
    pub(super) number: AgentId,
    /// Its task.
    pub(super) task: String,
    /// What it is in the team.
    pub(super) role: String,
    /// What kind of agent it is, as its makers name it.
    pub(super) kind: Option<String>,
    /// The step that started it, and whether that is a guess.
    pub(super) spawn: Option<(CompactString, bool)>,
    /// Whether the end of its last turn is in the log.
    pub(super) is_done: bool,
    /// Its steps.
    pub(super) steps: Vec<TraceStep>,
}

impl Member {
    fn begin(&self) -> Time {
        self.steps.iter().map(|step| step.start).min().unwrap_or(Time::ZERO)
    }

    fn end(&self) -> Time {
        self.steps.iter().map(|step| step.end).max().unwrap_or(Time::ZERO)
    }

    /// The place of its step that starts first, or ends last.
    fn first(&self) -> Option<usize> {
        (0..self.steps.len()).min_by_key(|&place| self.steps.get(place).map(|step| (step.start, step.end)))
    }

    fn last(&self) -> Option<usize> {
        (0..self.steps.len()).max_by_key(|&place| self.steps.get(place).map(|step| step.end))
    }
}

/// Puts the steps of all agents into the trace: each agent has one task, and a subagent is contained in the tool call
/// that started it.
pub(super) fn close(builder: &mut Builder, mut members: Vec<Member>) {
    members.retain(|member| !member.steps.is_empty());
    // Whoever begins earlier may start whoever begins later, so that nobody is contained in itself.
    members.sort_by_key(|member| (member.begin(), member.number));
    let mut places: BTreeMap<CompactString, (usize, usize)> = BTreeMap::new();
    for (who, member) in members.iter().enumerate() {
        places.extend(member.steps.iter().enumerate().map(|(place, step)| (step.id.clone(), (who, place))));
    }
    let guessed = (builder.name("parent"), builder.name("task.events"));
    for who in 0..members.len() {
        let Some(member) = members.get_mut(who) else { continue };
        let task = builder.task(&member.task);
        let (number, end, is_done, last) = (member.number, member.end(), member.is_done, member.last());
        let spawn = member.spawn.clone().and_then(|(id, guess)| Some((*places.get(&id)?, id, guess)));
        let spawn = spawn.filter(|((by, _), ..)| *by < who);
        let first = member.first();
        for step in &mut member.steps {
            step.task = Some(task);
            if let Some((_, id, guess)) = &spawn {
                let more = step.more_mut();
                more.parent = Some(id.clone());
                if *guess {
                    more.est.push(guessed.0);
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
        let tool = spawn.and_then(|((by, place), ..)| members.get_mut(by)?.steps.get_mut(place));
        if let Some(tool) = tool.filter(|tool| tool.end >= end) {
            let failed = tool.more().error.is_some();
            let event = if failed { TaskNoteKind::Fail } else { TaskNoteKind::Complete };
            tool.events.push(TaskNote { agent: Some(number), ..TaskNote::new(event, Some(task)) });
        } else if is_done && let Some(step) = members.get_mut(who).zip(last).and_then(|(m, last)| m.steps.get_mut(last))
        {
            // That the last turn ended well is all that is known of the work being done.
            step.events.push(TaskNote::new(TaskNoteKind::Complete, Some(task)));
            step.more_mut().est.push(guessed.1);
        }
    }
    for step in members.into_iter().flat_map(|member| member.steps) {
        builder.push(step);
    }
}

/// Whether a shell command plainly runs tests, and nothing after them that hides how they ended.
pub(super) fn runs_tests(command: &str) -> bool {
    let command = command.trim();
    // What changes into a folder first is plain still.
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
    /// Programs that do nothing else.
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
    fn plain_test_commands_are_told_from_others() {
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
