//! Report of `brooks import`: the imported runs and the quality of each field.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::problem::plural;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::{footer_without_seed, json_seconds};
use crate::trace::{Quality, Trace, TraceSummary};

/// Most runs with a row in the printed table.
const MAX_ROWS: usize = 24;

/// Imported traces.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    rows: Vec<ImportRow>,
    /// Numbers of traces by field and quality: recorded, inferred, estimated, absent.
    quality: BTreeMap<String, [usize; 4]>,
    /// Notes on agents whose calls overlap.
    overlaps: Vec<String>,
    /// Numbers of steps by estimated key.
    estimated: BTreeMap<String, usize>,
    /// Number of records left out.
    pub skipped: usize,
}

#[derive(Clone, Debug)]
struct ImportRow {
    trace: String,
    format: String,
    summary: TraceSummary,
    quality: Vec<(String, Quality)>,
}

impl ImportReport {
    /// Adds a trace.
    pub fn add(&mut self, trace: &Trace) {
        for (field, quality) in &trace.header.quality {
            self.quality.entry(field.clone()).or_default()[*quality as usize] += 1;
        }
        for step in &trace.steps {
            for key in &step.more().est {
                *self.estimated.entry(trace.name(*key).to_owned()).or_insert(0) += 1;
            }
        }
        self.rows.push(ImportRow {
            trace: trace.header.trace.clone(),
            format: trace.header.source.format.clone(),
            summary: TraceSummary::of(trace),
            quality: trace.header.quality.clone(),
        });
    }

    /// Adds a note on overlapping model calls of an agent.
    pub fn overlap(&mut self, trace: &Trace, agent: &str, calls: usize) {
        let begin = if calls == 1 { "begins" } else { "begin" };
        let calls = plural(calls, "call");
        self.overlaps.push(format!("{}: {calls} {begin} while another of {agent:?} is under way", trace.header.trace));
    }

    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool, command: &str) -> String {
        let total = |of: fn(&TraceSummary) -> u64| self.rows.iter().map(|row| of(&row.summary)).sum::<u64>();
        let runs = plural(number::count(self.rows.len() as u64), "run");
        let mut text = format!(
            "{runs}: {} model calls, {} tool calls, {} tokens in, {} out",
            number::count(total(|s| s.llm_calls as u64)),
            number::count(total(|s| s.tool_calls as u64)),
            number::tokens(total(|s| s.input_tokens) as f64),
            number::tokens(total(|s| s.output_tokens) as f64),
        );
        if self.skipped > 0 {
            let _ = write!(text, "; {} left out as broken", self.skipped);
        }
        text.push_str("\n\n");
        if self.rows.len() <= MAX_ROWS {
            text.push_str(&self.table().to_text(color));
            text.push('\n');
        }
        text.push_str(&self.quality_table().to_text(color));
        if !self.estimated.is_empty() {
            let step = |steps: usize| plural(number::count(steps as u64), "step");
            let keys = self.estimated.iter().map(|(key, steps)| format!("{key} of {}", step(*steps)));
            let _ = write!(text, "\nestimated, and marked as such: {}\n", keys.collect::<Vec<_>>().join(", "));
        }
        for overlap in self.overlaps.iter().take(5) {
            let _ = write!(text, "\nnote: {overlap}: several agents share the name, or one makes concurrent calls");
        }
        if !self.overlaps.is_empty() {
            text.push('\n');
        }
        let _ = write!(text, "\n{}", footer_without_seed(command));
        text
    }

    /// Builds a table with a row a run.
    pub fn table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::text("trace", "run"),
            Column::text("format", "format"),
            Column::number("llm_calls", "calls"),
            Column::number("agents", "agents"),
            Column::number("tool_calls", "tools"),
            Column::number("duration_s", "duration"),
            Column::number("input_tokens", "tokens in"),
            Column::number("output_tokens", "tokens out"),
            Column::number("max_concurrent_llm_calls", "calls at once"),
            Column::number("files_written", "files written"),
        ]);
        for row in &self.rows {
            let s = &row.summary;
            table.push(vec![
                Cell::text(row.trace.clone()),
                Cell::text(row.format.clone()),
                Cell::count(s.llm_calls as u64),
                Cell::count(s.agents as u64),
                Cell::count(s.tool_calls as u64),
                Cell::number(s.duration.as_secs(), s.duration.to_string()),
                Cell::number(s.input_tokens as f64, number::tokens(s.input_tokens as f64)),
                Cell::number(s.output_tokens as f64, number::tokens(s.output_tokens as f64)),
                Cell::count(s.max_concurrent_llm_calls as u64),
                Cell::count(s.files_written as u64),
            ]);
        }
        table
    }

    /// Builds the table of the quality of each field; for several runs, with numbers of runs.
    fn quality_table(&self) -> Table {
        let mut columns = vec![Column::text("field", "field")];
        columns.extend(Quality::NAMES.iter().map(|name| Column::number(name, name)));
        let mut table = Table::new(columns);
        for (field, counts) in &self.quality {
            let mut row = vec![Cell::text(field.clone())];
            row.extend(counts.iter().map(|&count| match count {
                0 => Cell::none(),
                _ if self.rows.len() == 1 => Cell::number(1.0, "yes".to_owned()),
                count => Cell::count(count as u64),
            }));
            table.push(row);
        }
        table
    }

    /// Returns JSON for programs.
    pub fn to_json(&self) -> Value {
        let row = |row: &ImportRow| {
            let s = &row.summary;
            let quality: Map<String, Value> =
                row.quality.iter().map(|(field, quality)| (field.clone(), quality.name().into())).collect();
            json!({
                "trace": row.trace, "format": row.format, "llm_calls": s.llm_calls, "agents": s.agents,
                "tool_calls": s.tool_calls, "duration_s": json_seconds(s.duration), "input_tokens": s.input_tokens,
                "output_tokens": s.output_tokens, "max_concurrent_llm_calls": s.max_concurrent_llm_calls,
                "files_written": s.files_written, "quality": quality,
            })
        };
        self.rows.iter().map(row).collect()
    }
}
