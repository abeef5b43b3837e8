//! Sessions of Claude Code: a JSON Lines file for each session, with the files of its subagents.
//!
//! A model call is written as one line for each content block, all with the same `message.id`. Lines of an agent are in
//! the main file, in its `progress` records, in files of their own, or in several of these. A line has the time at which
//! its block was complete. A call therefore starts with the input it answers and ends with its last block.

mod agent;
mod line;
mod log;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::table::json::{MAX_LINE, lines, text};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::import::claude_code::log::Session;
use crate::trace::import::importer::{ImportUnit, Importer};
use crate::trace::import::session::{folder, identifier, stem};
use crate::trace::model::Trace;

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "claude-code",
    about: "sessions of Claude Code, with their subagents",
    obtain: "Claude Code writes ~/.claude/projects/PROJECT/SESSION.jsonl, with subagents in the same folder or in \
             SESSION/subagents/. Pass a file or a whole project folder.",
    exact: "Agent, model and tool of every call; input tokens with their cached parts; the end of every call and tool; \
            the tool that started each subagent; files read and written; errors.",
    inferred: "A call starts with the input it answers. Output tokens are estimated from the length of the answer if only \
              a count from the middle of the stream is recorded. Time from the end of a turn to the next typed prompt \
              counts as waiting for a person. Waiting for a permission is part of the time of the tool. Test runs are \
              recognized by their shell command. The last call of a subagent may be missing if the subagent appears \
              only in progress records.",
    sniff,
    companions,
    units,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let has = |key: &[u8]| head.start.windows(key.len()).any(|window| window == key);
    let is_session = head.start.trim_ascii_start().starts_with(b"{")
        && has(b"\"sessionId\"")
        && (has(b"\"isSidechain\"") || has(b"\"parentUuid\""));
    is_session.then_some("lines with sessionId and isSidechain")
}

/// Returns the folder of the subagents of a session. Older versions write them beside the session: pass their folder.
fn companions(path: &str) -> Vec<String> {
    match kind(path) {
        FileKind::Main => vec![format!("{}/subagents", session_of(path))],
        FileKind::Below(_) | FileKind::Beside => Vec::new(),
    }
}

/// Role of a file, by its path.
#[derive(PartialEq)]
enum FileKind<'a> {
    /// A session.
    Main,
    /// A subagent of the session whose files are in this folder.
    Below(&'a str),
    /// A subagent of a session in the same folder.
    Beside,
}

fn kind(path: &str) -> FileKind<'_> {
    let below = path.split_once("/subagents/").or_else(|| path.split_once("\\subagents\\"));
    match below {
        Some((session, _)) => FileKind::Below(session),
        None if stem(path).starts_with("agent-") => FileKind::Beside,
        None => FileKind::Main,
    }
}

/// Returns the path of a session without its extension, which is also the folder of its subagents.
fn session_of(path: &str) -> &str {
    match kind(path) {
        FileKind::Below(session) => session,
        _ => path.split(".jsonl").next().unwrap_or(path),
    }
}

/// Groups each session with its subagents. A folder with subagents beside sessions is one unit, because only the content
/// of such a file names its session.
fn units(paths: &[String]) -> Vec<ImportUnit> {
    let beside = paths.iter().filter(|path| kind(path) == FileKind::Beside);
    let together: Vec<&str> = beside.map(|path| folder(path)).collect();
    let together: std::collections::BTreeSet<&str> = together.into_iter().collect();
    let mut units: Vec<ImportUnit> = Vec::new();
    let mut index_of: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let session = session_of(path);
        let key = if together.contains(folder(session)) { folder(session) } else { session };
        let index = *index_of.entry(key).or_insert(units.len());
        match units.get_mut(index) {
            Some(unit) => unit.paths.push(path.clone()),
            None => units.push(ImportUnit { paths: vec![path.clone()] }),
        }
    }
    for unit in &mut units {
        unit.paths.sort_by_key(|path| kind(path) != FileKind::Main);
    }
    units
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    // Main files first, so that files beside them find their sessions.
    let mut groups: Vec<(String, Vec<&SourceFile>)> = Vec::new();
    let mut by_path: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
    let mut sorted: Vec<&SourceFile> = files.iter().collect();
    sorted.sort_by_key(|file| kind(&file.path) != FileKind::Main);
    for file in sorted {
        let id = session_id(file).unwrap_or_else(|| stem(session_of(&file.path)).to_owned());
        let next = groups.len();
        let index = match kind(&file.path) {
            FileKind::Beside => *by_id.entry(id.clone()).or_insert(next),
            _ => *by_path.entry(session_of(&file.path)).or_insert(next),
        };
        if let Some((_, group)) = groups.get_mut(index) {
            group.push(file);
        } else {
            by_id.entry(id.clone()).or_insert(next);
            groups.push((id, vec![file]));
        }
    }
    groups.into_iter().filter_map(|(id, group)| session(&id, &group, reading)).collect()
}

/// Returns the session id of the first line that has one.
fn session_id(file: &SourceFile) -> Option<String> {
    let lines =
        file.bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty() && line.len() <= MAX_LINE);
    let mut ids = lines.take(100).filter_map(|line| {
        let value: Value = serde_json::from_slice(line.trim_ascii()).ok()?;
        Some(text(&value, "sessionId").and_then(identifier)?.to_owned())
    });
    ids.next()
}

fn session(id: &str, files: &[&SourceFile], reading: &mut ImportContext) -> Option<Trace> {
    let mut session = Session::default();
    for file in files {
        let own = (kind(&file.path) != FileKind::Main).then(|| stem(&file.path).trim_start_matches("agent-"));
        let own = own.and_then(identifier);
        lines(file, reading, |line, value, reading| session.take(file, own, line, &value, reading));
    }
    let trace = session.finish(id);
    if trace.is_none() {
        let file = files.first().map_or("", |file| &file.path);
        reading.nothing_in(file);
    }
    trace
}
