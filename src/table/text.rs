//! Text tables: CSV and JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::cells::{CellValue, DataTable, MAX_COLUMNS};
use crate::table::json::{MAX_LINE, message_of};
use crate::table::source::{ImportContext, SourceFile};

/// Number of objects from which the names of the columns are collected.
const ROWS_FOR_NAMES: usize = 1000;
/// Nesting depth to which fields of inner objects are columns: `usage.input_tokens`.
const MAX_NESTING: usize = 4;
/// Longest name of a column, bytes; longer ones are skipped.
const MAX_NAME: usize = 200;

/// Returns the names in the first line.
pub(super) fn csv_names(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut reader = csv_reader(bytes);
    let names = reader.byte_headers().map_err(|error| format!("not CSV: {error}"))?;
    if names.len() > MAX_COLUMNS {
        return Err("more than 10,000 columns, which is the limit".to_owned());
    }
    if names.iter().all(<[u8]>::is_empty) {
        return Err("the file is empty".to_owned());
    }
    Ok(names.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect())
}

fn csv_reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.split(|&byte| byte == separator).count();
    // `max_by_key` returns the last of equal counts, which is the comma.
    let separator = [b'\t', b';', b','].into_iter().max_by_key(|&separator| count(separator)).unwrap_or(b',');
    csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(bytes)
}

/// Reads columns of a CSV file. Reports rows with a wrong number of values and skips them.
pub(super) fn read_csv(file: &SourceFile, wanted: &[String], reading: &mut ImportContext) -> DataTable {
    let mut table = DataTable::new(wanted.len());
    let Ok(names) = csv_names(&file.bytes) else { return table };
    let columns: Vec<Option<usize>> =
        wanted.iter().map(|wanted| names.iter().position(|name| name == wanted)).collect();
    let mut reader = csv_reader(&file.bytes);
    let mut row = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut row) {
            Ok(true) => {}
            Ok(false) => return table,
            Err(error) => {
                reading.bad(&file.path, 0, "", format!("not CSV: {error}"), "a table in CSV");
                return table;
            }
        }
        let line = row.position().map_or(0, |position| position.line() as usize);
        if row.len() != names.len() {
            let message = format!("{} values for {} columns", row.len(), names.len());
            reading.bad(&file.path, line, "", message, "one value for each name in the first line");
            continue;
        }
        let cells = columns.iter().map(|column| {
            let text = column.and_then(|column| row.get(column)).map(std::str::from_utf8);
            text.and_then(Result::ok).map_or(CellValue::Nothing, CellValue::from_text)
        });
        if let Err(message) = table.push_row(line, cells) {
            reading.bad(&file.path, line, "", message, "a smaller table");
            return table;
        }
    }
}

/// Returns the names of the columns of a JSON file, in the order of the first rows.
pub(super) fn json_names(bytes: &[u8]) -> Vec<String> {
    let (mut names, mut known, mut rows) = (Vec::new(), BTreeSet::new(), 0);
    each_row(bytes, &mut |_, row| {
        flatten(row.as_ref().unwrap_or(&Value::Null), &mut String::new(), 0, &mut |name, _| {
            if names.len() < MAX_COLUMNS && known.insert(name.to_owned()) {
                names.push(name.to_owned());
            }
        });
        rows += 1;
        rows < ROWS_FOR_NAMES
    });
    names
}

/// Returns the names of the columns of the first object, from the start of a file.
pub(super) fn json_names_of_head(start: &[u8]) -> Vec<String> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let inside = start.strip_prefix(b"[").unwrap_or(start);
    let first = serde_json::Deserializer::from_slice(inside).into_iter::<Value>().next();
    let mut names = Vec::new();
    if let Some(Ok(first)) = first {
        flatten(&first, &mut String::new(), 0, &mut |name, _| {
            if names.len() < MAX_COLUMNS {
                names.push(name.to_owned());
            }
        });
    }
    names
}

/// Reads columns of a JSON file: a list of objects, or a sequence of objects. Reports other values and skips them.
pub(super) fn read_json(file: &SourceFile, wanted: &[String], reading: &mut ImportContext) -> DataTable {
    let indices: BTreeMap<&str, usize> =
        wanted.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect();
    let mut table = DataTable::new(wanted.len());
    each_row(&file.bytes, &mut |position, row| {
        let row = match row {
            Ok(row @ Value::Object(_)) => row,
            Ok(_) => {
                reading.bad(&file.path, position, "", "not an object", "an object a row");
                return true;
            }
            Err(message) => {
                reading.bad(&file.path, position, "", message, "an object a row");
                return true;
            }
        };
        let mut cells = vec![CellValue::Nothing; wanted.len()];
        flatten(&row, &mut String::new(), 0, &mut |name, value| {
            if let Some(cell) = indices.get(name).and_then(|&index| cells.get_mut(index)) {
                *cell = cell_of(value);
            }
        });
        if let Err(message) = table.push_row(position, cells) {
            reading.bad(&file.path, position, "", message, "a smaller table");
            return false;
        }
        true
    });
    table
}

fn cell_of(value: &Value) -> CellValue {
    match value {
        Value::Bool(is) => CellValue::Int(i64::from(*is)),
        Value::Number(number) => number
            .as_i64()
            .map_or_else(|| number.as_f64().map_or(CellValue::Nothing, CellValue::from_number), CellValue::Int),
        Value::String(text) => CellValue::from_text(text),
        Value::Null | Value::Array(_) | Value::Object(_) => CellValue::Nothing,
    }
}

/// Calls `each` for the fields of an object and of its inner objects, with their paths.
fn flatten(value: &Value, path: &mut String, depth: usize, each: &mut dyn FnMut(&str, &Value)) {
    let Value::Object(map) = value else { return };
    for (key, value) in map {
        let length = path.len();
        if length + key.len() > MAX_NAME {
            continue;
        }
        path.push_str(key);
        if value.is_object() && depth + 1 < MAX_NESTING {
            path.push('.');
            flatten(value, path, depth + 1, each);
        } else {
            each(path, value);
        }
        path.truncate(length);
    }
}

/// Calls `each` for the rows of a JSON file with their positions, until it returns false. Rows are lines, elements of a
/// list, or objects of several lines.
fn each_row(bytes: &[u8], each: &mut dyn FnMut(usize, Result<Value, String>) -> bool) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return each_element(bytes, each);
    }
    let mut lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next().unwrap_or_default();
    if serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok() || lines.next().is_none() {
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let row = if line.len() > MAX_LINE {
                Err("a line longer than 64 MiB, which is the limit".to_owned())
            } else {
                serde_json::from_slice(line).map_err(|error| message_of(&error))
            };
            if !each(index + 1, row) {
                return;
            }
        }
        return;
    }
    for (index, row) in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().enumerate() {
        if !each(index + 1, row.map_err(|error| format!("{error}"))) {
            return;
        }
    }
}

/// Calls `each` for the elements of a list without the whole list in memory.
fn each_element(bytes: &[u8], each: &mut dyn FnMut(usize, Result<Value, String>) -> bool) {
    let (mut count, mut is_enough) = (0, false);
    let mut count_and_call = |value| {
        count += 1;
        is_enough = !each(count, Ok(value));
        !is_enough
    };
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let read = source.deserialize_seq(Elements(&mut count_and_call)).and_then(|()| source.end());
    if let Err(error) = read
        && !is_enough
    {
        each(count + 1, Err(format!("not JSON: {error}")));
    }
}

struct Elements<'a>(&'a mut dyn FnMut(Value) -> bool);

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            if !(self.0)(element) {
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}
