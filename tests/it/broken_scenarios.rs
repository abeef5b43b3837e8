//! Scenarios that are wrong, and what is said about each.

use std::path::Path;
use std::sync::Arc;

use brooks::problem::ERRORS;
use brooks::problem::Problems;
use brooks::scenario::ScenarioFile;
use brooks::scenario::library::Files;
use brooks::scenario::library::SCENARIOS;
use brooks::scenario::{MAX_BYTES, MAX_NESTING};
use proptest::prelude::*;

/// The files that the scenarios below name.
fn files() -> Files {
    Arc::new(|path: &str| match path {
        "loop.yaml" => Ok(b"base: loop.yaml".to_vec()),
        "broken.yaml" => Ok(b"name: x\nlatncy: 3s\nerror_rate: 7\n".to_vec()),
        "broken.json" => Ok(b"{\n \"tasks\": [}".to_vec()),
        "cycle.json" => {
            let tasks = r#"{"tasks": [{"id": "a", "dependencies": ["b"]}, {"id": "b", "dependencies": ["a"]}]}"#;
            Ok(tasks.as_bytes().to_vec())
        }
        "values.txt" => Ok(b"1\n2\nthree\n".to_vec()),
        _ => Err("no such file".to_owned()),
    })
}

fn told(bytes: &[u8]) -> String {
    let problems = |problems: Problems| {
        for problem in problems.list() {
            assert!(ERRORS.iter().any(|error| error.code == problem.code), "{} is explained", problem.code);
        }
        problems.to_string()
    };
    ScenarioFile::parse("f.yaml", bytes, &files()).map_or_else(problems, |_| "nothing".to_owned())
}

/// Documents, each followed by `>>>` and what is said about it; `===` between them. `BROOKS_BLESS=1` rewrites the file.
#[test]
fn every_mistake_is_told_with_its_place() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/broken_scenarios.txt");
    let golden = std::fs::read_to_string(&path).expect("it is part of the project");
    let cases: Vec<(&str, &str)> =
        golden.split("===\n").map(|case| case.split_once(">>>\n").expect("a document and its problems")).collect();
    assert!(cases.len() >= 60);
    let now: Vec<String> = cases.iter().map(|(text, _)| format!("{text}>>>\n{}\n", told(text.as_bytes()))).collect();
    if std::env::var_os("BROOKS_BLESS").is_some() {
        std::fs::write(&path, now.join("===\n")).expect("it can be written");
        return;
    }
    for ((text, expected), now) in cases.iter().zip(&now) {
        assert_eq!(now, &format!("{text}>>>\n{expected}"));
        assert_ne!(expected.trim(), "nothing", "{text}");
    }
}

#[test]
fn what_is_no_text_at_all() {
    let mut garbage = vec![0xfe; 50_000_000];
    assert_eq!(told(&garbage), format!("f.yaml: 50000000 bytes; the limit is {MAX_BYTES}"));
    garbage.truncate(1_000);
    assert_eq!(told(&garbage), "f.yaml:1: byte 0 is not UTF-8 text");
    assert_eq!(told(b"name: x\nabout: \xff\n"), "f.yaml:2: byte 15 is not UTF-8 text");
    assert_eq!(told(b""), "f.yaml: the document is empty");
    let deep = |n: usize| format!("workload: {}{}", "[".repeat(n), "]".repeat(n));
    assert_eq!(
        told(deep(100_000).as_bytes()),
        format!("f.yaml:1: lists and maps are nested more than {MAX_NESTING} deep")
    );
}

/// Large, and of shapes that parsers have stumbled over: none takes time by the square of its length.
#[test]
fn large_files_of_any_shape_are_refused() {
    // An unoptimized build is about 20 times slower.
    let most = if cfg!(debug_assertions) { MAX_BYTES / 20 } else { MAX_BYTES - 100 };
    let pieces = [
        "x",
        "[",
        "{",
        "- ",
        "? ",
        "-",
        "\"",
        "'",
        "a: b\n",
        "a:\n",
        "- a\n",
        "#\n",
        "\n",
        " ",
        "\t",
        "&a ",
        "*a ",
        "!a ",
        "|\n",
        "%a\n",
        "---\n",
        "a: {b: c}\n",
        "[1],",
        "{a: 1},",
        "1..",
        "a,",
        ": ",
        "\u{feff}",
        "\0",
        "é",
    ];
    for piece in pieces {
        for before in ["", "a: ", "[", "a: \""] {
            let text = format!("{before}{}", piece.repeat(most / piece.len()));
            assert_ne!(told(text.as_bytes()), "nothing", "{piece:?}");
        }
    }
}

#[test]
fn of_very_many_mistakes_the_first_are_told() {
    let many: Vec<String> = (0..100_000).map(|k| format!("key{k}: 1")).collect();
    let told = told(many.join("\n").as_bytes());
    assert_eq!(told.lines().count(), 101);
    assert!(told.ends_with("\nand 99901 more"), "{}", told.lines().last().unwrap_or_default());
}

proptest! {
    #[test]
    fn any_bytes_are_a_scenario_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        told(&bytes);
    }

    /// Pieces of a valid scenario, taken out, doubled, moved, or changed.
    #[test]
    fn any_mutation_is_a_scenario_or_an_error(
        which in 0..SCENARIOS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..40usize, any::<prop::sample::Index>(), 0..4, any::<u8>()), 1..6),
    ) {
        let mut bytes = SCENARIOS[which].text.as_bytes().to_vec();
        for (from, length, to, change, byte) in changes {
            if bytes.is_empty() {
                break;
            }
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
            match change {
                0 => drop(bytes.drain(from..from + piece.len())),
                1 => drop(bytes.splice(to..to, piece)),
                2 => drop(bytes.splice(from..from + piece.len(), [byte])),
                _ => bytes[to] = byte,
            }
        }
        if let Ok(file) = ScenarioFile::parse("f.yaml", &bytes, &files()) {
            prop_assert!(file.scenario().is_ok());
        }
    }
}
