//! `brooks import`: recorded runs in the trace format of brooks, with the quality of each field.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::args::{Format, ImportArgs};
use crate::cli::atomic_file::{self, AtomicFile};
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::cli::traces;
use crate::problem::plural;
use crate::report;
use crate::trace::{Trace, check, native};

pub(super) fn import(console: &Console, args: &ImportArgs) -> CommandResult {
    let mut out = args.output.as_deref().map(Output::new).transpose()?;
    let mut report = report::import::ImportReport::default();
    let intake = traces::each(console, &args.trace_args(), |trace| {
        for (agent, calls) in check::overlapping_calls(&trace) {
            report.overlap(&trace, agent, calls);
        }
        report.add(&trace);
        match &mut out {
            Some(out) => out.write(&trace),
            None => Ok(()),
        }
    })?;
    report.skipped = intake.bad;
    for line in &intake.formats {
        console.verbose(line);
    }
    if let Some(format) = intake.formats.first().filter(|_| !console.verbose) {
        let more = match intake.formats.len() - 1 {
            0 => String::new(),
            1 => " (and one more file: see -v)".to_owned(),
            more => format!(" (and {more} more files: see -v)"),
        };
        console.status(&format!("{format}{more}"));
    }
    match console.format {
        Format::Table => console.print(&report.to_text(console.color, &command())),
        Format::Markdown => console.print(&report.table().to_markdown()),
        Format::Csv => console.print(&report.table().to_csv()),
        Format::Json => {
            let mut document = report::document(None, &command());
            document["traces"] = report.to_json();
            document["skipped"] = json!(report.skipped);
            document["problems"] = intake.skipped.to_json()["errors"].clone();
            console.print_json(&document);
        }
    }
    match out {
        Some(out) => out.finish(console),
        None => Ok(()),
    }
}

/// Output of traces: one file for all, or a folder with one file per trace.
enum Output {
    File { path: PathBuf, writer: Writer },
    Folder { path: PathBuf, names: Names },
}

/// Lines, compressed or not.
enum Writer {
    Plain(AtomicFile),
    Compressed(zstd::stream::write::Encoder<'static, AtomicFile>),
}

impl Output {
    fn new(path: &Path) -> Result<Output, Failure> {
        let name = path.to_string_lossy();
        let fail = |error| Failure::Io { path: path.to_owned(), error };
        if name.ends_with(".steps.jsonl") || name.ends_with(".steps.jsonl.zst") {
            let file = AtomicFile::create(path.to_owned())?;
            let writer = if name.ends_with(".zst") {
                Writer::Compressed(zstd::stream::write::Encoder::new(file, 0).map_err(fail)?)
            } else {
                Writer::Plain(file)
            };
            return Ok(Output::File { path: path.to_owned(), writer });
        }
        if path.extension().is_some() {
            let expected = "a file ending in .steps.jsonl or .steps.jsonl.zst, or a folder for one file per run";
            return Err(Failure::Usage(format!("-o {name}: expected {expected}")));
        }
        std::fs::create_dir_all(path).map_err(fail)?;
        Ok(Output::Folder { path: path.to_owned(), names: Names::default() })
    }

    fn write(&mut self, trace: &Trace) -> CommandResult {
        match self {
            Output::File { path, writer } => {
                let to: &mut dyn Write = match writer {
                    Writer::Plain(writer) => writer,
                    Writer::Compressed(writer) => writer,
                };
                for line in native::lines(trace) {
                    let fail = |error| Failure::Io { path: path.clone(), error };
                    to.write_all(line.as_bytes()).and_then(|()| to.write_all(b"\n")).map_err(fail)?;
                }
            }
            Output::Folder { path, names } => {
                let file = path.join(format!("{}.steps.jsonl", names.unique(&trace.header.trace)));
                atomic_file::write(file, native::write(trace).as_bytes())?;
            }
        }
        Ok(())
    }

    fn finish(self, console: &Console) -> CommandResult {
        match self {
            Output::File { path, writer } => {
                let fail = |error| Failure::Io { path: path.clone(), error };
                let file = match writer {
                    Writer::Plain(file) => file,
                    Writer::Compressed(encoder) => encoder.finish().map_err(fail)?,
                };
                console.status(&format!("wrote {}", file.keep()?.display()));
            }
            Output::Folder { path, names } => {
                let traces = plural(names.written, "trace");
                console.status(&format!("wrote {traces} to {}", path.display()));
            }
        }
        Ok(())
    }
}

/// File names in use.
#[derive(Default)]
struct Names {
    /// Number of files.
    written: usize,
    /// Names in lower case, for file systems that ignore case, each with the next number.
    taken: BTreeMap<String, usize>,
}

impl Names {
    /// Returns a safe file name for a trace name; numbered if it is in use.
    fn unique(&mut self, trace: &str) -> String {
        let keep = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
        let name: String = trace.chars().rev().take(120).collect::<Vec<_>>().into_iter().rev().map(keep).collect();
        let name = match name.trim_matches(['.', '_']) {
            "" => "trace",
            name => name,
        };
        let mut number = self.taken.get(&name.to_lowercase()).copied().unwrap_or(1);
        let numbered = |number: usize| if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        while self.taken.contains_key(&numbered(number).to_lowercase()) {
            number += 1;
        }
        let unique = numbered(number);
        self.taken.insert(unique.to_lowercase(), 2);
        self.taken.insert(name.to_lowercase(), number + 1);
        self.written += 1;
        unique
    }
}
