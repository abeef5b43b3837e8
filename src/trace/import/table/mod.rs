//! Tables of calls in CSV, JSON or Parquet, one row per call, with a map from fields to columns. Known tables have a fixed
//! map. Other columns are matched by common names, and every match is reported.

mod kv_cache;
mod map;
mod rows;

use map::{FIELDS, Map, MappedColumn, StepField, TablePreset};

use crate::table::{self, Head, ImportContext, SourceFile, TableFormat};
use crate::trace::import::importer::{Importer, each_alone, no_companions};
use crate::trace::model::Trace;

/// Registry entry.
pub(super) static ROW: Importer = Importer {
    name: "table",
    about: "any table of calls in CSV, JSON lines or Parquet; kv-cache-tester, Azure LLM inference, Mooncake and \
            BurstGPT are recognized by their columns",
    obtain: "Write one row per call with its start, its end or duration, and its agent. Map columns to fields with \
             --columns start=ts,end=te,agent=who (units as in start:ms=ts). The public traces are at \
             github.com/callanjfox/kv-cache-tester, Azure/AzurePublicDataset, kvcache-ai/Mooncake and HPMLL/BurstGPT.",
    exact: "The values of columns: times, agents, models, tokens, tools, tasks, rounds, runs and parents. In \
            kv-cache-tester also subagents and the time to the first token.",
    inferred: "Columns are matched by name, and units of times by size, unless --columns or a known format defines them; \
              every match is reported. In kv-cache-tester, dependencies follow from the order of time, and the start of \
              a subagent from its duration. Without ends a call takes no time. Without a column of agents all calls \
              belong to one agent.",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

/// Minimum columns of a table, for error messages.
const NEEDED: &str = "a start and an end or a duration: --columns start=ts,end=te or start=ts,duration=seconds (or start \
                      alone, for arrivals); unit as in start:ms=ts";

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    if kv_cache::is_session(head.start) {
        return Some("the keys of a session of kv-cache-tester");
    }
    let names = table::names_of(head);
    if let Some(preset) = TablePreset::find(&names) {
        return Some(preset.evidence);
    }
    let matched = map::match_names(&names);
    let has = |field| matched.contains_key(&field);
    let is_table = has(StepField::Start) && (has(StepField::End) || has(StepField::Duration));
    is_table.then_some("columns of times with common names")
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        if kv_cache::is_session(&file.bytes) && reading.columns.is_empty() {
            traces.extend(kv_cache::read(file, reading));
        } else if let Some(names) = table::names(file, reading) {
            traces.extend(read_table(file, &names, reading));
        }
    }
    traces
}

fn read_table(file: &SourceFile, names: &[String], reading: &mut ImportContext) -> Vec<Trace> {
    let preset = TablePreset::find(names);
    let Some(map) = resolve(file, names, preset, reading) else { return Vec::new() };
    let mut wanted: Vec<String> = map.values().map(|column| column.name.clone()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let table = table::read(file, &wanted, reading);
    if table.rows() == 0 {
        if reading.problems.is_empty() {
            reading.bad(&file.path, 0, "", "the table has no rows", "one row per call");
        }
        return Vec::new();
    }
    let columns = map.iter().filter_map(|(&field, column)| Some((field, wanted.binary_search(&column.name).ok()?)));
    rows::read(
        &rows::MappedTable { file: &file.path, table: &table, map: &map, columns: columns.collect(), preset },
        reading,
    )
}

/// Maps fields to columns. Reports a problem with the list of columns if the map is incomplete.
fn resolve(
    file: &SourceFile,
    names: &[String],
    preset: Option<&TablePreset>,
    reading: &mut ImportContext,
) -> Option<Map> {
    let mut map = preset.map_or_else(|| map::match_names(names), |preset| preset.map(names));
    let mut is_explicit = preset.is_some();
    for (field, column) in reading.columns.clone() {
        let Some((field, unit)) = map::field(&field) else {
            let fields: Vec<&str> = FIELDS.iter().map(|(_, name, _)| *name).collect();
            let expected = format!("one of {}; times with a unit as in start:ms", fields.join(", "));
            reading.bad("--columns", 0, &field, "unknown field", &expected);
            return None;
        };
        is_explicit = true;
        if column.is_empty() {
            map.remove(&field);
        } else if names.contains(&column) || TableFormat::infer(&file.bytes) == TableFormat::Json {
            map.retain(|_, other| other.name != column || other.is_explicit);
            map.insert(field, MappedColumn { name: column, unit, is_explicit: true });
        } else {
            let expected = format!("one of {}", list(names));
            reading.bad(&file.path, 0, &column, format!("unknown column for the field {}", field.name()), &expected);
            return None;
        }
    }
    let has = |field| map.contains_key(&field);
    let is_enough = match (has(StepField::Start), has(StepField::End), has(StepField::Duration)) {
        (true, true, _) | (true, _, true) | (_, true, true) => true,
        // Arrivals without an end are useful, but only on request.
        (true, false, false) => is_explicit,
        _ => false,
    };
    if !is_enough {
        let message = format!("no columns for start and end among {}", list(names));
        reading.bad(&file.path, 0, "", message, NEEDED);
        return None;
    }
    let matched = map.iter().filter(|(_, column)| !column.is_explicit);
    let matched: Vec<String> =
        matched.map(|(field, column)| format!("{} from {:?}", field.name(), column.name)).collect();
    if !matched.is_empty() {
        reading.note(format!(
            "{}: columns matched by name: {}; change them with --columns",
            file.path,
            matched.join(", ")
        ));
    }
    Some(map)
}

/// Lists the first columns for a message.
fn list(names: &[String]) -> String {
    const MAX_LISTED: usize = 40;
    let short = |name: &String| format!("{:?}", name.chars().take(60).collect::<String>());
    let mut text: Vec<String> = names.iter().take(MAX_LISTED).map(short).collect();
    if names.len() > MAX_LISTED {
        text.push(format!("and {} more", names.len() - MAX_LISTED));
    }
    if text.is_empty() { "no columns".to_owned() } else { text.join(", ") }
}
