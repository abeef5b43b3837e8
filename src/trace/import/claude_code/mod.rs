//! Sessions of Claude Code: a JSON Lines file a session, with the files of the agents that it started.
//!
//! A model call is written as one line a block, all with one `message.id`; an agent's lines may be in the main file,
//! inside `progress` records of the main file, in files of its own, or in several of these. Lines carry the time at which
//! a block was complete, so a call is taken to begin with the input that it answers and to end with its last block.

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

/// The row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "claude-code",
    about: "sessions of Claude Code, with their subagents",
    obtain: "Claude Code writes them by itself: ~/.claude/projects/PROJECT/SESSION.jsonl, subagents next to it or in \
             SESSION/subagents/. Give it a file, or a whole project folder.",
    exact: "who called which model and which tool, input tokens with their cached parts, the end of every call and tool, \
            which tool started which subagent, which files were read and written, errors.",
    guessed: "The start of a call is the input it answers. Output tokens are estimated from the length of the answer \
              where only a count from the middle of the stream is recorded. Time from a finished turn to the next typed \
              prompt is taken as waiting for a person; waiting for a permission stays hidden in the time of the tool. \
              Test runs are told from shell commands. A subagent that is known from progress records only may lack its \
              last call.",
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

/// A session's subagents are in a folder of its name; older ones, beside it, are found when their folder is named.
fn companions(path: &str) -> Vec<String> {
    match kind(path) {
        FileKind::Main => vec![format!("{}/subagents", session_of(path))],
        FileKind::Below(_) | FileKind::Beside => Vec::new(),
    }
}

/// What a file is, by its path.
#[derive(PartialEq)]
enum FileKind<'a> {
    /// A session.
    Main,
    /// A subagent of the session whose files are in that folder.
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

/// The path of a session without its ending, which is also the folder of its subagents.
fn session_of(path: &str) -> &str {
    match kind(path) {
        FileKind::Below(session) => session,
        _ => path.split(".jsonl").next().unwrap_or(path),
    }
}

/// A session with its subagents. Which session a file beside it belongs to is only said inside, so where there are
/// such files the whole folder is one unit.
fn units(paths: &[String]) -> Vec<ImportUnit> {
    let beside = paths.iter().filter(|path| kind(path) == FileKind::Beside);
    let together: Vec<&str> = beside.map(|path| folder(path)).collect();
    let together: std::collections::BTreeSet<&str> = together.into_iter().collect();
    let mut units: Vec<ImportUnit> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for path in paths {
        let session = session_of(path);
        let key = if together.contains(folder(session)) { folder(session) } else { session };
        let place = *places.entry(key).or_insert(units.len());
        match units.get_mut(place) {
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
        let place = match kind(&file.path) {
            FileKind::Beside => *by_id.entry(id.clone()).or_insert(next),
            _ => *by_path.entry(session_of(&file.path)).or_insert(next),
        };
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(file);
        } else {
            by_id.entry(id.clone()).or_insert(next);
            groups.push((id, vec![file]));
        }
    }
    groups.into_iter().filter_map(|(id, group)| session(&id, &group, reading)).collect()
}

/// The session that the first line which names one belongs to.
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
