//! Rollouts of Codex: a JSON Lines file for each thread. A subagent is a thread of its own.
//!
//! Every `token_count` record is a model call, with its tokens in `last_token_usage`. The totals beside it can restart
//! within a file, so they are never subtracted from each other.

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

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "codex",
    about: "rollouts of the Codex command line, with their subagents",
    obtain: "Codex writes ~/.codex/sessions/YEAR/MONTH/DAY/rollout-TIME-ID.jsonl. Pass a file, or the folder of a day, \
             which connects subagents with the threads that started them.",
    exact: "Tokens of every call with their cached parts, the end of every call, tools with their exit codes, files in \
            patches, the thread that started each thread.",
    inferred: "A call starts with the input it answers. Older versions write a tool call when it has ended: its start is \
              the end minus the recorded duration, within the call that requested it. Time from the end of a turn to the \
              next prompt counts as waiting for a person. Waiting for an approval is part of the time of the tool. Test \
              runs are recognized by their shell command.",
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

/// Groups the rollouts of a folder and day, because only their content links threads to subagents.
fn units(paths: &[String]) -> Vec<ImportUnit> {
    let mut units: Vec<ImportUnit> = Vec::new();
    let mut index_of: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for path in paths {
        let day = stem(path).strip_prefix("rollout-").and_then(|rest| rest.get(..10));
        let key = day.map_or((path.as_str(), ""), |day| (folder(path), day));
        let index = *index_of.entry(key).or_insert(units.len());
        match units.get_mut(index) {
            Some(unit) => unit.paths.push(path.clone()),
            None => units.push(ImportUnit { paths: vec![path.clone()] }),
        }
    }
    units
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut threads: Vec<Thread> = files.iter().map(|file| Thread::read(file, reading)).collect();
    let index_of: BTreeMap<String, usize> =
        threads.iter().enumerate().rev().map(|(index, thread)| (thread.id.clone(), index)).collect();
    let parents: Vec<Option<usize>> =
        threads.iter().map(|thread| index_of.get(thread.parent.as_deref()?).copied()).collect();
    // A thread that continues another one repeats its records first.
    let known: Vec<_> = threads.iter().map(Thread::marks).collect();
    for (index, thread) in threads.iter_mut().enumerate() {
        let fork = thread.forked_from.as_ref().and_then(|id| index_of.get(id).copied());
        let origin = fork.or(parents.get(index).copied().flatten());
        if let Some(known) = origin.filter(|&origin| origin != index).and_then(|origin| known.get(origin)) {
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

/// Returns the root of each thread. In a cycle, which only a broken file contains, every thread is a root.
fn roots(parents: &[Option<usize>]) -> Vec<usize> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); parents.len()];
    for (index, parent) in parents.iter().enumerate() {
        if let Some(children) = parent.and_then(|parent| children.get_mut(parent)) {
            children.push(index);
        }
    }
    let mut roots: Vec<usize> = (0..parents.len()).collect();
    let mut open: Vec<usize> = roots.iter().copied().filter(|&index| parents.get(index) == Some(&None)).collect();
    while let Some(index) = open.pop() {
        let root = roots.get(index).copied().unwrap_or(index);
        for &child in children.get(index).map_or(&[][..], Vec::as_slice) {
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
    for (index, mut thread) in family.into_iter().enumerate() {
        let name = if index == root { "main".to_owned() } else { thread.id.clone() };
        let number = builder.agent(&name);
        let result = thread.make(&mut builder, &mut ids, number, &name);
        team.push((thread, result));
    }
    if !team.iter().any(|(_, result)| result.steps.iter().any(crate::trace::model::TraceStep::is_call)) {
        reading.nothing_in(&file.path);
        return None;
    }
    let spawns: BTreeMap<String, CompactString> = team.iter().flat_map(|(_, result)| result.spawns.clone()).collect();
    let models: BTreeSet<String> = team.iter().flat_map(|(_, result)| result.models.iter().cloned()).collect();
    let compactions: u64 = team.iter().map(|(_, result)| result.compactions).sum();
    let members = team.into_iter().map(|(thread, result)| Member {
        number: result.number,
        task: format!("task-{}", result.name),
        role: if result.name == "main" { "main".to_owned() } else { "subagent".to_owned() },
        kind: thread.role,
        spawn: spawns.get(&thread.id).map(|step| (step.clone(), false)).filter(|_| result.name != "main"),
        is_done: result.is_done,
        steps: result.steps,
    });
    session::close(&mut builder, members.collect());
    builder.label("model", Vec::from_iter(models).join("+"));
    builder.label("version", version);
    builder.label("session", id);
    builder.header().totals.insert("x.compactions".to_owned(), json!(compactions));
    builder.qualities(&[
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
    ]);
    Some(builder.finish(true))
}
