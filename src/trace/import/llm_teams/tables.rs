//! The two Parquet tables: one with a row for each run, one with a row for each event.

use std::collections::{BTreeMap, BTreeSet};

use super::assemble::{Assembly, Event};
use super::task_files::TaskGraphs;
use crate::table::{self as columns, CellValue};
use crate::table::{ImportContext, SourceFile};
use crate::trace::builder::Builder;
use crate::trace::model::{Outcome, Quality, Trace};

/// Required columns of the table of runs.
const RUN_COLUMNS: &[&str] = &[
    "run_dir",
    "model_dir",
    "exp_dir",
    "mode",
    "task_type",
    "p_label",
    "p_true",
    "n_teammates",
    "rep",
    "success",
    "wall_clock_seconds",
    "total_rounds",
    "concurrent_writes",
    "claims_blocked",
    "total_input_tokens",
    "total_output_tokens",
];
/// Largest valid team size.
const MAX_TEAM: f64 = 1000.0;
/// Required columns of the table of events.
const EVENT_COLUMNS: &[&str] = &["type", "ts", "run_dir", "round", "agent", "path", "returncode", "seconds"];

pub(super) fn read(
    runs: &SourceFile,
    events: &SourceFile,
    graphs: &TaskGraphs,
    reading: &mut ImportContext,
) -> Vec<Trace> {
    let (Some(runs_table), Some(events_table)) =
        (table(runs, RUN_COLUMNS, reading), table(events, EVENT_COLUMNS, reading))
    else {
        return Vec::new();
    };
    let mut traces = Vec::new();
    let spans = spans(&events_table, events, reading);
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for row in 0..runs_table.rows {
        let Some(name) = runs_table.text("run_dir", row) else {
            reading.bad(&runs.path, row + 1, "run_dir", "it is missing", "the name of the run");
            continue;
        };
        if !known.insert(name) {
            reading.bad(&runs.path, row + 1, "run_dir", format!("{name:?} occurs twice"), "one row per run");
            continue;
        }
        let Some(span) = spans.get(name) else {
            reading.bad(&runs.path, row + 1, "run_dir", format!("{name:?} has no events"), "a run of events.parquet");
            continue;
        };
        traces.extend(run(&runs_table, row, name, graphs, (&events_table, span.clone(), &events.path), reading));
    }
    for (name, span) in spans.iter().filter(|(name, _)| !known.contains(**name)) {
        reading.bad(
            &events.path,
            span.start + 1,
            "run_dir",
            format!("{name:?} is in no row of runs.parquet"),
            "the name of a run",
        );
    }
    traces
}

/// Returns the contiguous rows of each run.
fn spans<'t>(
    table: &'t WantedColumns,
    file: &SourceFile,
    reading: &mut ImportContext,
) -> BTreeMap<&'t str, std::ops::Range<usize>> {
    let mut spans: BTreeMap<&str, std::ops::Range<usize>> = BTreeMap::new();
    let mut start = 0;
    for row in 1..=table.rows {
        let name = table.text("run_dir", start);
        if row < table.rows && table.text("run_dir", row) == name {
            continue;
        }
        if let Some(name) = name
            && spans.insert(name, start..row).is_some()
        {
            reading.bad(
                &file.path,
                start + 1,
                "run_dir",
                format!("the rows of {name:?} are not contiguous"),
                "contiguous rows for each run",
            );
        }
        start = row;
    }
    spans
}

fn run(
    runs: &WantedColumns,
    row: usize,
    name: &str,
    graphs: &TaskGraphs,
    (events, span, file): (&WantedColumns, std::ops::Range<usize>, &str),
    reading: &mut ImportContext,
) -> Option<Trace> {
    let text = |column: &str| runs.text(column, row).unwrap_or_default();
    let graph = graphs.get(&format!("amdahl_{}/{}", text("task_type"), text("p_label"))).map(Vec::as_slice);
    let mut assembly = Assembly::new(name, graph);
    // The harness numbers its agents. An agent without a reply occurs in no event.
    let team = runs.real("n_teammates", row).filter(|team| (0.0..=MAX_TEAM).contains(team)).unwrap_or(0.0) as u32;
    for number in 1..=team {
        assembly.builder().agent(&format!("Dev{number}"));
    }
    let first = span.start;
    for row in span {
        let whole = |column: &str| events.real(column, row).map(|value| value as i64);
        let event = Event {
            kind: events.text("type", row).unwrap_or_default(),
            at: events.real("ts", row),
            round: whole("round").unwrap_or(0) as u32,
            agent: events.text("agent", row),
            path: events.text("path", row),
            returncode: whole("returncode"),
            seconds: events.real("seconds", row),
            ..Event::default()
        };
        if let Err(message) = assembly.event(&event) {
            reading.bad(file, row + 1, event.kind, message, "events as the harness writes them");
            return None;
        }
    }
    describe(assembly.builder(), runs, row);
    let trace = assembly.finish(runs.real("wall_clock_seconds", row));
    if trace.steps.is_empty() {
        let message = format!("{name:?} has no agent_reply");
        reading.bad(file, first + 1, "type", message, "the events of a run of the harness");
        return None;
    }
    Some(trace)
}

/// Adds labels, outcome and totals from a row of the table of runs.
fn describe(builder: &mut Builder, runs: &WantedColumns, row: usize) {
    let text = |column: &str| runs.text(column, row).unwrap_or_default();
    let mode = text("mode");
    for (label, value) in
        [("model", text("model_dir")), ("mode", mode), ("suite", text("task_type")), ("p", text("p_label"))]
    {
        builder.label(label, value);
    }
    for (label, column) in [("n", "n_teammates"), ("rep", "rep")] {
        builder.label(label, runs.real(column, row).unwrap_or(f64::NAN) as i64);
    }
    builder.label("p_true", runs.real("p_true", row).unwrap_or(f64::NAN));
    let header = builder.header();
    header.architecture = Some(architecture(mode).to_owned());
    let success = match runs.text("success", row) {
        Some(word) => Some(word.eq_ignore_ascii_case("true")),
        None => runs.real("success", row).map(|value| value != 0.0),
    };
    let reason = success.map(|success| if success { "completed" } else { "out_of_time" }.to_owned());
    header.outcome = Some(Outcome { success, reason, ..Outcome::default() });
    let columns = [
        ("gen_ai.usage.input_tokens", "total_input_tokens"),
        ("gen_ai.usage.output_tokens", "total_output_tokens"),
        ("x.recorded_rounds", "total_rounds"),
        ("x.recorded_concurrent_writes", "concurrent_writes"),
        ("x.recorded_claims_blocked", "claims_blocked"),
    ];
    for (key, column) in columns {
        if let Some(value) = runs.real(column, row) {
            header.totals.insert(key.to_owned(), (value as u64).into());
        }
    }
    builder.quality("totals", Quality::Recorded);
}

/// Returns the architecture of brooks for a mode of the harness.
fn architecture(mode: &str) -> &str {
    match mode {
        "preassign_nolead" => "preassigned",
        "preassign" => "preassigned_lead",
        "lead_assign" => "lead_assigned",
        "decentralized" => "self_claim",
        other => other,
    }
}

/// A table with its required columns.
struct WantedColumns {
    rows: usize,
    names: &'static [&'static str],
    cells: columns::DataTable,
}

impl WantedColumns {
    fn cell(&self, column: &str, row: usize) -> &CellValue {
        static NOTHING: CellValue = CellValue::Nothing;
        let index = self.names.iter().position(|name| *name == column);
        index.map_or(&NOTHING, |index| self.cells.cell(row, index))
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        if let CellValue::Text(text) = self.cell(column, row) { Some(text) } else { None }
    }

    fn real(&self, column: &str, row: usize) -> Option<f64> {
        self.cell(column, row).number()
    }
}

/// Reads a table with these columns; reports missing ones.
fn table(file: &SourceFile, wanted: &'static [&'static str], reading: &mut ImportContext) -> Option<WantedColumns> {
    let present = columns::names(file, reading)?;
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|name| !present.iter().any(|present| present == name)).collect();
    if !missing.is_empty() {
        let message = format!("columns {} are missing; the table has {}", missing.join(", "), present.join(", "));
        reading.bad(&file.path, 0, "", message, "a table of the harness");
        return None;
    }
    let before = reading.problems.list().len();
    let names: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let cells = columns::read(file, &names, reading);
    (reading.problems.list().len() == before).then(|| WantedColumns { rows: cells.rows(), names: wanted, cells })
}
