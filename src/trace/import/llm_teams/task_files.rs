//! Task files of the harness, which hold the task graphs of its runs.

use std::collections::BTreeMap;

use crate::table::{ImportContext, SourceFile};
use crate::workload::{TaskSpec, paper_file};

/// Task graphs, by the end of the path of their file: `amdahl_svgutils/p05`.
pub(super) type TaskGraphs = BTreeMap<String, Vec<TaskSpec>>;

/// Returns true for a path that ends in `.json`.
pub(super) fn is_json(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "json")
}

/// Reads the task files among the files. Files with errors are reported and left out.
pub(super) fn read(files: &[SourceFile], reading: &mut ImportContext) -> TaskGraphs {
    let mut graphs = TaskGraphs::new();
    for file in files.iter().filter(|file| is_json(&file.path) && !file.path.ends_with("results.json")) {
        let Ok(text) = std::str::from_utf8(&file.bytes) else {
            reading.bad(&file.path, 0, "", "it is not UTF-8", "a task file");
            continue;
        };
        match paper_file::parse(text, 1.0) {
            Ok(parsed) => {
                let parts: Vec<&str> = file.path.trim_end_matches(".json").rsplit('/').take(2).collect();
                let key = parts.into_iter().rev().collect::<Vec<_>>().join("/");
                graphs.insert(key, parsed.tasks);
            }
            Err(errors) => {
                for error in errors {
                    reading.bad(&file.path, 0, "", error.to_string(), "a task file of the harness");
                }
            }
        }
    }
    graphs
}
