//! Any table of calls: CSV, JSON or Parquet, a row a call, with a map of which column says what. Known tables bring
//! their map; of others the columns are taken by their usual names, and every guess is told.

mod kv_cache;
mod map;
mod rows;

use map::{FIELDS, Map, MappedColumn, StepField, TablePreset};

use crate::table::{self as columns, TableFormat};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::import::importer::{Importer, each_alone, no_companions};
use crate::trace::model::Trace;

/// The row of the table of importers.
pub(super) static ROW: Importer = Importer {
    name: "table",
    about: "any table of calls in CSV, JSON lines or Parquet; kv-cache-tester, Azure LLM inference, Mooncake and \
            BurstGPT are known by their columns",
    obtain: "Write a row a call with its start, its end or duration, and who made it, from whatever you log; say which \
             column is what with --columns start=ts,end=te,agent=who (units as in start:ms=ts). The public traces are at \
             github.com/callanjfox/kv-cache-tester, Azure/AzurePublicDataset, kvcache-ai/Mooncake and HPMLL/BurstGPT.",
    exact: "what the columns say: times, agents, models, tokens, tools, tasks, rounds, runs and parents; of \
            kv-cache-tester also subagents and the time to the first token",
    guessed: "which column is what, by its name, and the unit of times, by their size, where neither you nor a known \
              format says so (every guess is told); of kv-cache-tester what a call builds on, by the order of time, and \
              the start of subagents, by their duration; without ends a call takes no time, and without a column of \
              agents all calls belong to one",
    sniff,
    companions: no_companions,
    units: each_alone,
    read,
};

/// What a table has to say at least.
const NEEDED: &str = "a start and an end or a duration: --columns start=ts,end=te or start=ts,duration=seconds (or start \
                      alone, for arrivals); unit as in start:ms=ts";

fn sniff(head: &Head<'_>) -> Option<&'static str> {
    if kv_cache::is_session(head.start) {
        return Some("the keys of a session of kv-cache-tester");
    }
    let names = columns::names_of(head);
    if let Some(preset) = TablePreset::of(&names) {
        return Some(preset.because);
    }
    let guess = map::guess(&names);
    let has = |field| guess.contains_key(&field);
    let is_table = has(StepField::Start) && (has(StepField::End) || has(StepField::Duration));
    is_table.then_some("columns of times under their usual names")
}

fn read(files: &[SourceFile], reading: &mut ImportContext) -> Vec<Trace> {
    let mut traces = Vec::new();
    for file in files {
        if kv_cache::is_session(&file.bytes) && reading.columns.is_empty() {
            traces.extend(kv_cache::read(file, reading));
        } else if let Some(names) = columns::names(file, reading) {
            traces.extend(read_table(file, &names, reading));
        }
    }
    traces
}

fn read_table(file: &SourceFile, names: &[String], reading: &mut ImportContext) -> Vec<Trace> {
    let preset = TablePreset::of(names);
    let Some(map) = resolve(file, names, preset, reading) else { return Vec::new() };
    let mut wanted: Vec<String> = map.values().map(|column| column.name.clone()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let table = columns::read(file, &wanted, reading);
    if table.rows() == 0 {
        if reading.problems.is_empty() {
            reading.bad(&file.path, 0, "", "there are no rows", "a row a call");
        }
        return Vec::new();
    }
    let places = map.iter().filter_map(|(&field, column)| Some((field, wanted.binary_search(&column.name).ok()?)));
    rows::read(
        &rows::MappedTable { file: &file.path, table: &table, map: &map, places: places.collect(), preset },
        reading,
    )
}

/// Which column says what. None, and a problem that lists the columns, if that is not enough.
fn resolve(
    file: &SourceFile,
    names: &[String],
    preset: Option<&TablePreset>,
    reading: &mut ImportContext,
) -> Option<Map> {
    let mut map = preset.map_or_else(|| map::guess(names), |preset| preset.map(names));
    let mut is_said = preset.is_some();
    for (field, column) in reading.columns.clone() {
        let Some((field, unit)) = map::field(&field) else {
            let fields: Vec<&str> = FIELDS.iter().map(|(_, name, _)| *name).collect();
            let expected = format!("one of {}; times with a unit as in start:ms", fields.join(", "));
            reading.bad("--columns", 0, &field, "there is no such field", &expected);
            return None;
        };
        is_said = true;
        if column.is_empty() {
            map.remove(&field);
        } else if names.contains(&column) || TableFormat::of(&file.bytes) == TableFormat::Json {
            map.retain(|_, other| other.name != column || other.is_said);
            map.insert(field, MappedColumn { name: column, unit, is_said: true });
        } else {
            let expected = format!("one of {}", list(names));
            reading.bad(&file.path, 0, &column, format!("there is no such column for {}", field.name()), &expected);
            return None;
        }
    }
    let has = |field| map.contains_key(&field);
    let is_enough = match (has(StepField::Start), has(StepField::End), has(StepField::Duration)) {
        (true, true, _) | (true, _, true) | (_, true, true) => true,
        // Arrivals without an end are good for something, but nobody should get them by accident.
        (true, false, false) => is_said,
        _ => false,
    };
    if !is_enough {
        let message = format!("which columns are what? There are {}", list(names));
        reading.bad(&file.path, 0, "", message, NEEDED);
        return None;
    }
    let told = map.iter().filter(|(_, column)| !column.is_said);
    let told: Vec<String> = told.map(|(field, column)| format!("{} from {:?}", field.name(), column.name)).collect();
    if !told.is_empty() {
        reading.note(format!("{}: taken by name: {}; --columns says otherwise", file.path, told.join(", ")));
    }
    Some(map)
}

/// Columns for a message: the first of them.
fn list(names: &[String]) -> String {
    const MOST: usize = 40;
    let short = |name: &String| format!("{:?}", name.chars().take(60).collect::<String>());
    let mut text: Vec<String> = names.iter().take(MOST).map(short).collect();
    if names.len() > MOST {
        text.push(format!("and {} more", names.len() - MOST));
    }
    if text.is_empty() { "no columns".to_owned() } else { text.join(", ") }
}
