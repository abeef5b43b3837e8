//! Files of tasks: the task that each recorded file belongs to.

use std::collections::BTreeMap;

use crate::engine::key_of;
use crate::trace::{Trace, TraceStep};
use crate::workload::{TaskGraph, TaskId};

/// Returns the task that each file name belongs to. Folders are ignored, as teams choose their own. If the tasks do not
/// declare their files, the task is inferred from calls that concern a single task.
pub(super) fn files_of(graph: &TaskGraph, trace: &Trace, steps: &[&TraceStep]) -> BTreeMap<String, TaskId> {
    let mut files = BTreeMap::new();
    if !declares_files(trace) {
        for step in steps {
            let mut about: Vec<TaskId> = step.events.iter().filter_map(|note| note.task).chain(step.task).collect();
            about.dedup();
            if let [task] = about[..]
                && task.index() < graph.len()
            {
                for file in &step.writes {
                    files.entry(name_of(trace.name(file.path)).to_owned()).or_insert(task);
                }
            }
        }
        return files;
    }
    for (task, entry) in graph.tasks().iter().enumerate() {
        for &artifact in &entry.writes {
            files.entry(name_of(&graph.artifacts()[artifact.index()]).to_owned()).or_insert(TaskId::at(task));
        }
    }
    files
}

/// True if the tasks declare which files they write.
pub(super) fn declares_files(trace: &Trace) -> bool {
    trace.header.tasks.iter().any(|task| task.extra.get("x.writes").is_some())
}

/// Returns the name of a file without its folders.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Key of a set of file names, regardless of order and repetition; 0 for the empty set.
pub(super) fn key_of_files(mut names: Vec<&str>) -> u64 {
    names.sort_unstable();
    names.dedup();
    names.iter().fold(0, |sum: u64, name| (sum.rotate_left(5) ^ key_of(name)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
