//! Container of an Inspect log: a zip file with a JSON entry for each sample, or one JSON document.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::sync::LazyLock;

use serde_json::Value;

use crate::table::json::at;
use crate::table::{ImportContext, SourceFile};
use crate::trace::import::{decompress, prune};

/// Limit of the uncompressed size of all entries that are read, in bytes.
const MAX_UNPACKED: usize = 512 << 20;
/// Entries with the header: the final one, and the initial one, which an interrupted run has instead.
const HEADERS: [&str; 2] = ["header.json", "_journal/start.json"];

/// A log without its samples.
pub(super) struct EvalLog {
    /// Task, model, status and results; null if unreadable.
    pub(super) header: Value,
    /// Number of samples.
    pub(super) samples: usize,
}

/// Keys to read; message texts are left out.
static KEYS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    "agent agent_span_id cache choices completed epoch error eval event events failed function id \
     input_tokens input_tokens_cache_read input_tokens_cache_write inspect_ai metrics model model_usage \
     name output output_tokens packages parent_id pending results retries samples scores span_id stats \
     status stop_reason task time timestamp total_samples total_tokens type usage uuid value working_time"
        .split(' ')
        .collect()
});

fn keep(parent: &str, key: &str) -> bool {
    match parent {
        "model_usage" => true,
        "metrics" => matches!(key, "accuracy" | "mean"),
        _ => KEYS.contains(key),
    }
}

/// Reads a log; calls `each` with the entry name and content of one sample after the other.
pub(super) fn read(
    file: &SourceFile,
    reading: &mut ImportContext,
    each: impl FnMut(&str, &Value, &mut ImportContext),
) -> EvalLog {
    if file.bytes.starts_with(b"PK") { read_zip(file, reading, each) } else { read_json(file, reading, each) }
}

fn read_json(
    file: &SourceFile,
    reading: &mut ImportContext,
    mut each: impl FnMut(&str, &Value, &mut ImportContext),
) -> EvalLog {
    let header = prune::document(&file.bytes, keep).unwrap_or_else(|error| {
        reading.bad(&file.path, error.line(), "", format!("not JSON: {error}"), "an Inspect log");
        Value::Null
    });
    let samples = at(&header, "samples").and_then(Value::as_array).map_or(&[][..], |list| list);
    for (index, sample) in samples.iter().enumerate() {
        each(&format!("samples[{index}]"), sample, reading);
    }
    if !header.is_null() && samples.is_empty() {
        reading.bad(
            &file.path,
            0,
            "samples",
            "the log has no samples",
            "an Inspect log that was written with its samples",
        );
    }
    EvalLog { samples: samples.len(), header }
}

fn read_zip(
    file: &SourceFile,
    reading: &mut ImportContext,
    mut each: impl FnMut(&str, &Value, &mut ImportContext),
) -> EvalLog {
    let mut log = EvalLog { header: Value::Null, samples: 0 };
    let mut zip = match zip::ZipArchive::new(Cursor::new(&file.bytes[..])) {
        Ok(zip) => zip,
        Err(error) => {
            reading.bad(&file.path, 0, "", format!("a damaged zip file: {error}"), "a whole .eval file");
            return log;
        }
    };
    let mut left = MAX_UNPACKED;
    let mut names: Vec<String> = Vec::new();
    for name in zip.file_names() {
        match name {
            Ok(name) => names.push(name.into_owned()),
            Err(error) => reading.bad(&file.path, 0, "", format!("a damaged entry: {error}"), "a whole .eval file"),
        }
    }
    match HEADERS.iter().find(|name| names.iter().any(|there| there == *name)) {
        Some(name) => {
            if *name != HEADERS[0] {
                reading.note(format!("{}: {} is missing, so the evaluation was interrupted", file.path, HEADERS[0]));
            }
            let header = entry(&mut zip, name, &mut left).unwrap_or_else(|message| {
                reading.bad(&file.path, 0, name, message, "a whole .eval file");
                Value::Null
            });
            log.header = header;
        }
        None => reading.bad(&file.path, 0, HEADERS[0], "this entry is missing", "a whole .eval file"),
    }
    for name in names.iter().filter(|name| name.starts_with("samples/") && !name.ends_with('/')) {
        log.samples += 1;
        match entry(&mut zip, name, &mut left) {
            Ok(sample) => each(name, &sample, reading),
            Err(message) => {
                reading.bad(&file.path, 0, name, message, "a whole .eval file");
                if left == 0 {
                    return log;
                }
            }
        }
    }
    if log.samples == 0 {
        reading.bad(
            &file.path,
            0,
            "samples",
            "the log has no samples",
            "an Inspect log that was written with its samples",
        );
    }
    log
}

/// Reads an entry as JSON. Subtracts its size from `left`, which becomes 0 if the entry is larger.
fn entry(zip: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str, left: &mut usize) -> Result<Value, String> {
    let mut source = zip.by_name(name).map_err(|error| format!("a damaged entry: {error}"))?;
    let bytes = decompress::read("zip", &mut source.by_ref().take(*left as u64 + 1), *left).inspect_err(|message| {
        if message.contains("limit") {
            *left = 0;
        }
    })?;
    *left -= bytes.len();
    prune::document(&bytes, keep).map_err(|error| format!("not JSON: {error}"))
}
