//! Rollouts of Codex: a JSON Lines file a thread; an agent that another one started is a thread of its own.
//!
//! Every `token_count` record is a model call, with its tokens in `last_token_usage`. The totals beside it start anew
//! within a file, so they are never subtracted from one another.

mod agent;
mod record;
mod thread;
mod tool;

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::builder::Builder;
use crate::trace::import::codex::thread::{Thread, ThreadResult};
use crate::trace::import::importer::{ImportUnit, Importer, no_companions};
use crate::trace::import::session::{self, Ids, Member, folder, stem};
use crate::trace::model::{Quality, Trace};

/// The row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "codex",
    about: "rollouts of the Codex command line, with the agents they started",
    obtain: "Codex writes them by itself: ~/.codex/sessions/YEAR/MONTH/DAY/rollout-TIME-ID.jsonl. Give it a file, or the \
             folder of a day, so that agents find those who started them.",
    exact: "tokens of every call with their cached parts, the end of every call, tools with their exit codes, files that \
            patches name, which thread started which.",
    guessed: "The start of a call is the input it answers. Older versions write a tool call only when it is over: then it \
              is placed before that by its recorded duration, inside the call that asked for it. Time from the end of a \
              turn to the next prompt is taken as waiting for a person; waiting for an approval stays hidden in the time \
              of the tool. Test runs are told from shell commands.",
    sniff,
    companions: no_companions,
    units,
    read,
};

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let line = head.start.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default();
    let has = |key: &[u8]| line.windows(key.len()).any(|window| window == key);
    let is_meta = line.starts_with(b"{") && has(b"\"session_meta\"") && has(b"\"payload\"");
    is_meta.then_some("a first line of type session_meta with a payload")
}

/// The rollouts of one folder and day: which thread started which is only said inside.
fn units(paths: &[String]) -> Vec<ImportUnit> {
    let mut units: Vec<ImportUnit> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for path in paths {
        let day = stem(path).strip_prefix("rollout-").and_then(|rest| rest.get(..10));
        let key = day.map_or((path.as_str(), ""), |day| (folder(path), day));
        let place = *places.entry(key).or_insert(units.len());
        match units.get_mut(place) {
            Some(unit) => unit.paths.push(path.clone()),
            None => units.push(ImportUnit { paths: vec![path.clone()] }),
        }
    }
    units
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut threads: Vec<Thread> = files.iter().map(|file| Thread::read(file, reading)).collect();
    let places: BTreeMap<String, usize> =
        threads.iter().enumerate().rev().map(|(place, thread)| (thread.id.clone(), place)).collect();
    let parents: Vec<Option<usize>> =
        threads.iter().map(|thread| places.get(thread.parent.as_deref()?).copied()).collect();
    // A thread that goes on from another one repeats its records first.
    let known: Vec<_> = threads.iter().map(Thread::marks).collect();
    for (place, thread) in threads.iter_mut().enumerate() {
        let fork = thread.forked_from.as_ref().and_then(|id| places.get(id).copied());
        let origin = fork.or(parents.get(place).copied().flatten());
        if let Some(known) = origin.filter(|&origin| origin != place).and_then(|origin| known.get(origin)) {
            thread.drop_repeated(known);
        }
    }
    let roots = roots(&parents);
    let mut families: BTreeMap<usize, Vec<Thread>> = BTreeMap::new();
    for (thread, root) in threads.into_iter().zip(roots) {
        families.entry(root).or_default().push(thread);
    }
    families.into_iter().filter_map(|(root, family)| trace(files.get(root)?, family, reading)).collect()
}

/// The thread that each goes back to. In a circle, which only a broken file holds, everyone is a root.
fn roots(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (place, parent) in parents.iter().enumerate() {
        if let Some(children) = parent.and_then(|parent| children.get_mut(parent)) {
            children.push(place);
        }
    }
    let mut roots: Vec<usize> = (0..parents.len()).collect();
    let mut open: Vec<usize> = roots.iter().copied().filter(|&place| parents.get(place) == Some(&None)).collect();
    while let Some(place) = open.pop() {
        let root = roots.get(place).copied().unwrap_or(place);
        for &child in children.get(place).map_or(&[][..], Vec::as_slice) {
            if let Some(known) = roots.get_mut(child) {
                *known = root;
            }
            open.push(child);
        }
    }
    roots
}

fn trace(file: &SourceFile, family: Vec<Thread>, reading: &mut ImportContext) -> Option<Trace> {
    let root = family.iter().position(|thread| thread.path == file.path).unwrap_or(0);
    let (id, version) = family.get(root).map(|thread| (thread.id.clone(), thread.version.clone()))?;
    let lacks_zone = family.iter().any(|thread| thread.lacks_zone);
    let mut builder = Builder::new(&id, "codex", format!("Codex {version}").trim());
    let mut ids = Ids::default();
    let mut team: Vec<(Thread, ThreadResult)> = Vec::new();
    for (place, mut thread) in family.into_iter().enumerate() {
        let name = if place == root { "main".to_owned() } else { thread.id.clone() };
        let number = builder.agent(&name);
        let made = thread.make(&mut builder, &mut ids, number, &name);
        team.push((thread, made));
    }
    if !team.iter().any(|(_, made)| made.steps.iter().any(crate::trace::model::TraceStep::is_call)) {
        reading.nothing_in(&file.path);
        return None;
    }
    let spawns: BTreeMap<String, CompactString> = team.iter().flat_map(|(_, made)| made.spawns.clone()).collect();
    let models: BTreeSet<String> = team.iter().flat_map(|(_, made)| made.models.iter().cloned()).collect();
    let compactions: u64 = team.iter().map(|(_, made)| made.compactions).sum();
    let members = team.into_iter().map(|(thread, made)| Member {
        number: made.number,
        task: format!("task-{}", made.name),
        role: if made.name == "main" { "main".to_owned() } else { "subagent".to_owned() },
        kind: thread.role,
        spawn: spawns.get(&thread.id).map(|step| (step.clone(), false)).filter(|_| made.name != "main"),
        is_done: made.is_done,
        steps: made.steps,
    });
    session::close(&mut builder, members.collect());
    builder.label("model", Vec::from_iter(models).join("+"));
    builder.label("version", version);
    builder.label("session", id);
    builder.header().totals.insert("x.compactions".to_owned(), json!(compactions));
    for (field, quality) in [
        ("start_us", Quality::Inferred),
        ("end_us", if lacks_zone { Quality::Inferred } else { Quality::Recorded }),
        ("gen_ai.agent.name", Quality::Recorded),
        ("gen_ai.usage.input_tokens", Quality::Recorded),
        ("gen_ai.usage.output_tokens", Quality::Recorded),
        ("files.read", Quality::Inferred),
        ("files.write", Quality::Recorded),
        ("after", Quality::Inferred),
        ("task.events", Quality::Inferred),
        ("tests", Quality::Inferred),
        ("class", Quality::Absent),
    ] {
        builder.quality(field, quality);
    }
    Some(builder.finish(true))
}
