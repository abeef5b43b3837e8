//! Runs of the harness of "Language Model Teams as Distributed Systems" (arXiv 2603.12229): its two Parquet tables, or
//! the folders of single runs.

mod assemble;
mod run_folder;
mod tables;
mod task_files;

use std::collections::BTreeMap;

use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::import::importer::{ImportUnit, Importer};
use crate::trace::model::Trace;

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "llm-teams",
    about: "runs of the harness of arXiv 2603.12229: runs.parquet with events.parquet, or run folders with events.jsonl",
    obtain: "The data folder of github.com/emieczkowski/distributed-llm-teams, or the output folder of its \
             scripts/run_amdahl_experiment.py. The folder tasks/ beside it provides the names of tasks.",
    exact: "Times of calls, rounds and tests; edits with their paths; claims, blocked claims and completions; tokens of \
            the whole run.",
    inferred: "The agent of an edit, a completion or a blocked claim is that of the latest reply, since the recorder has \
              one thread. The task of a step is inferred from the files it writes, if tasks/ is present. The latency of \
              a reply that arrives during a test includes the remaining time of that test. The tables have no tokens of \
              single calls.",
    sniff,
    companions,
    units,
    read,
};

const RUNS: &str = "runs.parquet";
const EVENTS: &str = "events.parquet";
const LOG: &str = "events.jsonl";

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    if head.start.starts_with(b"PAR1") && has(head.end, "run_dir") {
        return Some("a Parquet table with a column run_dir");
    }
    let start = head.start;
    if start.trim_ascii_start().starts_with(b"{") && has(start, "\"project\"") && has(start, "\"success_criteria\"") {
        return Some("a task file of the harness");
    }
    if has(start, "\"theoretical_min_rounds\"") {
        return Some("results of an experiment of the harness");
    }
    let first = head.start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    (has(first, "\"type\": \"run_start\"") || has(first, "\"type\":\"run_start\""))
        .then_some("its first event is run_start")
}

fn companions(path: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let beside = [RUNS, EVENTS, LOG, "tasks", "final_tasks.json", "tasks.json", "../../results.json"];
    beside.iter().map(|name| format!("{folder}/{name}")).collect()
}

/// Groups the two tables of a folder, and the files of the folder of a run. Every unit gets the task files.
fn units(paths: &[String]) -> Vec<ImportUnit> {
    let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let mut units: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths.iter().filter(|path| [RUNS, EVENTS, LOG].contains(&name(path).as_str())) {
        units.entry(folder(path)).or_default().push(path.clone());
    }
    let is_task_file = |path: &str| task_files::is_json(path) && path.split('/').any(|part| part == "tasks");
    let beside = |path: &str, unit: &str| {
        folder(path) == unit && ["final_tasks.json", "tasks.json"].contains(&name(path).as_str())
    };
    let results = |path: &str, unit: &str| name(path) == "results.json" && unit.starts_with(&folder(path));
    let more = |unit: &str| {
        let wanted = |path: &&String| is_task_file(path) || beside(path, unit) || results(path, unit);
        paths.iter().filter(wanted).cloned().collect::<Vec<_>>()
    };
    let mut grouped: Vec<ImportUnit> = Vec::new();
    for (unit, mut paths) in units {
        paths.sort();
        paths.reverse(); // runs.parquet before events.parquet
        paths.extend(more(&unit));
        grouped.push(ImportUnit { paths });
    }
    grouped
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let find = |name: &str| files.iter().find(|file| file.path.rsplit('/').next() == Some(name));
    let graphs = task_files::read(files, reading);
    if let Some(log) = find(LOG) {
        return run_folder::read(log, files, &graphs, reading).into_iter().collect();
    }
    let (Some(runs), Some(events)) = (find(RUNS), find(EVENTS)) else {
        let path = files.first().map_or("", |file| &file.path);
        let (has, lacks) = if find(RUNS).is_some() { (RUNS, EVENTS) } else { (EVENTS, RUNS) };
        reading.bad(path, 0, "", format!("{lacks} is missing beside {has}"), "both tables in one folder");
        return Vec::new();
    };
    tables::read(runs, events, &graphs, reading)
}
