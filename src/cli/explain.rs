//! `brooks explain`: terms, metrics, scenario keys, architectures, laws and error codes.

use std::fmt::Write;

use serde_json::json;

use crate::architecture::ARCHITECTURES;
use crate::cli::args::Format;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::problem::ERRORS;
use crate::problem::suggest::suggestion;
use crate::record::METRICS;
use crate::report::glossary::{self, WORDS};
use crate::report::render::table::{Cell, Column, Table};
use crate::scaling::LAWS;
use crate::scenario::keys;

/// Entry of the reference.
struct Meaning {
    /// Kind of the entry, such as `metric`.
    kind: &'static str,
    name: String,
    text: String,
}

pub(super) fn explain(console: &Console, wanted: &str) -> CommandResult {
    if wanted.is_empty() {
        let mut table = Table::new(vec![Column::text("word", "word"), Column::text("means", "meaning")]);
        for word in WORDS {
            table.push(vec![Cell::text(word.word), Cell::text(word.means)]);
        }
        console.print_table("words", &table, json!({}));
        return Ok(());
    }
    let all = meanings();
    let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    let matches: Vec<&Meaning> = all
        .iter()
        .filter(|meaning| {
            let last = meaning.name.rsplit('.').next().unwrap_or_default();
            plain(&meaning.name) == plain(wanted) || meaning.kind == "scenario key" && plain(last) == plain(wanted)
        })
        .collect();
    if matches.is_empty() {
        let near = suggestion(wanted, all.iter().map(|meaning| meaning.name.as_str()));
        let hint = if near.is_empty() { "; brooks explain lists all terms" } else { &near };
        return Err(Failure::Usage(format!("\"{wanted}\" is not a term of brooks{hint}")));
    }
    if console.format != Format::Table {
        let columns = ["kind", "name", "text"].map(|name| Column::text(name, name));
        let mut table = Table::new(columns.to_vec());
        for meaning in matches {
            table.push([meaning.kind, &meaning.name, &meaning.text].map(Cell::text).to_vec());
        }
        console.print_table("meanings", &table, json!({}));
        return Ok(());
    }
    let mut text = String::new();
    for meaning in matches {
        let _ = writeln!(text, "{} ({})\n  {}", meaning.name, meaning.kind, meaning.text.replace('\n', "\n  "));
        if let Some(word) = glossary::find(wanted).filter(|word| meaning.kind == "word" && !word.see.is_empty()) {
            let _ = writeln!(text, "  see also: {}", word.see.join(", "));
        }
    }
    console.print(&text);
    Ok(())
}

fn meanings() -> Vec<Meaning> {
    let words = WORDS.iter().map(|w| Meaning { kind: "word", name: w.word.to_owned(), text: w.means.to_owned() });
    let metrics = METRICS.iter().map(|m| {
        let unit = if m.unit.is_empty() { String::new() } else { format!(" ({})", m.unit) };
        Meaning { kind: "metric", name: m.name.to_owned(), text: format!("{}{unit}", m.about) }
    });
    let architectures = ARCHITECTURES.iter().map(|row| {
        let parameters = row.parameters.iter().map(|p| format!("\n{}: {} ({})", p.name, p.about, p.values.join(" | ")));
        let text = format!("{}{}", row.about, parameters.collect::<String>());
        Meaning { kind: "architecture", name: row.name.to_owned(), text }
    });
    let laws = LAWS.iter().map(|law| {
        let text = format!("{}: {}\n{}", law.equation, law.about, law.source);
        Meaning { kind: "law", name: law.name.to_owned(), text }
    });
    let keys = keys::all().into_iter().map(|(path, key)| {
        let default = key.default.map_or(String::new(), |default| format!("; default: {default}"));
        let text = format!("{}\nexpects {}{default}", key.about, key.expects.describe());
        Meaning { kind: "scenario key", name: path, text }
    });
    let errors = ERRORS.iter().map(|error| Meaning {
        kind: "error code",
        name: error.code.to_owned(),
        text: error.about.to_owned(),
    });
    words.chain(metrics).chain(architectures).chain(laws).chain(keys).chain(errors).collect()
}
