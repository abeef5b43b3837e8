//! The paper's own task files, read from where `BROOKS_DATA` points to; they are not part of the project.

use std::path::{Path, PathBuf};

use brooks::workload::{Count, Measure, TaskGraph, paper_file};

/// The files of a folder and of the folders in it, sorted.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn the_paper_s_task_files_measure_as_published() {
    let Some(data) = std::env::var_os("BROOKS_DATA") else {
        eprintln!("skipped: BROOKS_DATA is not set");
        return;
    };
    let mut conditions = Vec::new();
    for path in json_files(&Path::new(&data).join("paper/tasks")) {
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let file = paper_file::parse(&text, 110.0).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
        let graph = TaskGraph::new(&file.tasks).expect("parse has checked it");
        let measure = Measure::by_size(&graph);
        assert!(!file.name.is_empty() && !file.about.is_empty(), "{}", path.display());
        let names: Vec<&str> = graph.tasks().iter().map(|task| task.id.as_str()).collect();
        let in_order: Vec<String> = (1..=graph.len()).map(|place| format!("task-{place}")).collect();
        assert_eq!(names, in_order, "{}: the order of the file", path.display());

        let condition = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let (chain, p, edges) = match condition.as_str() {
            "p09" => (2, 0.9, 1..=1),
            "p05" => (10, 0.5, 9..=11),
            "p02" => (16, 0.2, 15..=21),
            // The harness's example: five small tasks, two of which may write one file at the same time.
            _ => {
                assert_eq!((measure.tasks, measure.longest_chain, measure.width), (5, 3, Count::Exact(2)));
                assert!(measure.write_overlaps.value() > 0);
                continue;
            }
        };
        assert_eq!((measure.tasks, measure.longest_chain), (20, chain), "{}", path.display());
        assert!((measure.parallel_fraction_by_count() - p).abs() < 1e-12, "{}", path.display());
        assert!((measure.parallel_fraction_by_size() - p).abs() < 1e-12, "{}", path.display());
        assert!(edges.contains(&measure.edges), "{}: {} edges", path.display(), measure.edges);
        assert_eq!(measure.write_overlaps, Count::Exact(0), "{}: a file for each task", path.display());
        // All but the chain is free, and one task of the chain can go with it.
        assert_eq!(measure.width, Count::Exact(20 - chain as u64 + 1), "{}", path.display());
        conditions.push(condition);
    }
    conditions.sort();
    assert_eq!(conditions, ["p02", "p02", "p02", "p05", "p05", "p05", "p09", "p09", "p09"]);
}
