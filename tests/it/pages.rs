//! Pages of docs/ whose tables come from the program: between two marks stands what it says today.
//! `BROOKS_BLESS=1` rewrites it.

use std::fmt::Write;
use std::path::Path;

use brooks::experiment::Sweep;
use brooks::problem::ERRORS;
use brooks::record::METRICS;
use brooks::report::glossary::{self, WORDS};
use brooks::report::rows;
use brooks::scenario::FAMILIES;
use brooks::scenario::ScenarioFile;
use brooks::scenario::keys::{self, Key};
use brooks::scenario::library::no_files;
use brooks::trace::import::IMPORTERS;

use crate::golden;

/// The page with `text` between the marks of that name in place of what is there.
fn with_part(page: &str, name: &str, text: &str) -> String {
    let (start, end) =
        (format!("<!-- {name}: from the program, see tests/it/pages.rs -->"), format!("<!-- /{name} -->"));
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("{start} is missing"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{end} is missing"));
    format!("{before}{start}\n\n{}\n\n{end}{after}", text.trim())
}

#[track_caller]
fn check(file: &str, parts: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
    let page = std::fs::read_to_string(path).expect("the page").replace("\r\n", "\n");
    let expected = parts.iter().fold(page, |page, (name, text)| with_part(&page, name, text));
    golden::check(&format!("../../docs/{file}"), &expected);
}

/// Where a heading is reached on a page, as code forges make it.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn glossary() -> String {
    let mut text = String::new();
    for word in WORDS {
        let _ = writeln!(text, "### {}\n\n{}", word.word, word.means);
        let links: Vec<String> = word.see.iter().map(|see| format!("[{see}](#{})", anchor(see))).collect();
        if !links.is_empty() {
            let _ = writeln!(text, "\nSee also: {}.", links.join(", "));
        }
        text.push('\n');
    }
    text
}

/// The keys of a scenario: one table for the top, one for each part below.
fn scenario_keys() -> String {
    let all = keys::all();
    let part = |path: &str| match path {
        _ if path.starts_with("team.profile.") => "team.profile".to_owned(),
        _ => path.split_once('.').map_or("", |(part, _)| part.trim_end_matches("[]")).to_owned(),
    };
    let mut parts: Vec<String> = Vec::new();
    for (path, _) in &all {
        let part = part(path);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let mut text = String::new();
    for here in parts {
        if !here.is_empty() {
            let _ = writeln!(text, "### `{here}`\n");
        }
        text.push_str("| key | expects | default | what it settles |\n|---|---|---|---|\n");
        for (path, key) in all.iter().filter(|(path, _)| part(path) == here) {
            let (expects, about) = (cell(&key.expects.describe()), cell(key.about));
            let _ = writeln!(text, "| `{path}` | {expects} | {} | {about} |", default(key));
        }
        text.push('\n');
    }
    text
}

fn default(key: &Key) -> String {
    match key.default {
        None => "must be given".to_owned(),
        Some("") => "one of these must be given".to_owned(),
        Some(words) if words.starts_with('(') => cell(words.trim_matches(['(', ')'])),
        Some(value) => format!("`{}`", cell(value)),
    }
}

fn distributions() -> String {
    let mut text = "| family | takes | what it is |\n|---|---|---|\n".to_owned();
    for family in FAMILIES {
        let _ = writeln!(text, "| `{}` | {} | {} |", family.name, cell(family.takes), cell(family.about));
    }
    text
}

fn metrics() -> String {
    let mut text = "| metric | unit | definition |\n|---|---|---|\n".to_owned();
    for metric in METRICS {
        let _ = writeln!(text, "| `{}` | {} | {} |", metric.name, metric.unit, cell(metric.about));
    }
    text
}

fn importers() -> String {
    let mut text = String::new();
    for importer in IMPORTERS {
        let _ = writeln!(text, "### `{}`\n\nReads {}.\n", importer.name, importer.about);
        let _ = writeln!(text, "- **Source:** {}", importer.obtain);
        let _ = writeln!(text, "- **Recorded exactly:** {}", importer.exact);
        let _ = writeln!(text, "- **Inferred or estimated:** {}\n", importer.inferred);
    }
    text
}

fn errors() -> String {
    let mut text = "| code | meaning |\n|---|---|\n".to_owned();
    for error in ERRORS {
        let _ = writeln!(text, "| `{}` | {} |", error.code, cell(error.about));
    }
    text
}

#[test]
fn the_glossary_says_what_explain_says() {
    for word in WORDS {
        for see in word.see {
            assert!(glossary::find(see).is_some_and(|found| found.word == *see), "{}: see {see}", word.word);
        }
    }
    check("GLOSSARY.md", &[("words", glossary())]);
}

#[test]
fn the_formats_are_those_of_the_program() {
    let parts = [
        ("scenario keys", scenario_keys()),
        ("distributions", distributions()),
        ("metrics", metrics()),
        ("error codes", errors()),
        ("importers", importers()),
    ];
    check("FORMATS.md", &parts);
}

#[test]
fn every_column_is_described() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FORMATS.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let file = ScenarioFile::open("amdahl", &no_files()).unwrap_or_else(|problems| panic!("{problems}"));
    let result = Sweep::new(&file, 1).run(&|_| {}).unwrap_or_else(|problems| panic!("{problems}"));
    for series in rows::series(&result) {
        let name = series.name.as_str();
        let described = match name.rsplit_once('.') {
            _ if result.axes.iter().any(|axis| axis == name) => "one an axis, by its path".to_owned(),
            Some((metric, part)) if METRICS.iter().any(|row| row.name == metric) => format!("`M.{part}`"),
            _ => format!("`{name}`"),
        };
        assert!(page.contains(&described), "docs/FORMATS.md says nothing of {name}");
    }
}
