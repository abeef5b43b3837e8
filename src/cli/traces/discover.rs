//! Trace files in the given paths: their formats, and the files that belong together.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::cli::args::TraceArgs;
use crate::cli::console::{CommandResult, Failure};
use crate::cli::traces::read::{io, stream};
use crate::table::Head;
use crate::trace::import::{self, IMPORTERS, ImportUnit, Importer};

/// Bytes at both ends of a file from which its format is inferred.
const HEAD: usize = 64 << 10;
/// Maximum files of a folder.
const MAX_FILES: usize = 100_000;

/// Trace file of brooks, or files that an importer reads together.
pub(super) enum TraceInput {
    Native(String),
    Foreign(&'static Importer, ImportUnit),
}

/// Trace files in order of their names.
#[derive(Default)]
pub(super) struct TraceInputs {
    pub(super) files: Vec<TraceInput>,
    /// Inferred formats with their evidence.
    pub(super) formats: Vec<String>,
}

/// Finds the trace files of the given paths.
///
/// # Errors
///
/// A given file of unknown format, a folder without recorded runs, an unknown `--from`, or an unreadable path.
pub(super) fn discover(args: &TraceArgs) -> Result<TraceInputs, Failure> {
    let importer = match args.from.as_deref() {
        None | Some("auto") => None,
        Some(name) => Some(import::find(name).ok_or_else(|| {
            let known: Vec<&str> = IMPORTERS.iter().map(|importer| importer.name).collect();
            Failure::Usage(format!("{name}: unknown importer; expected auto or one of {}", known.join(", ")))
        })?),
    };
    let mut search = Search { importer, ..Search::default() };
    for path in &args.traces {
        search.add(path)?;
    }
    Ok(search.finish())
}

/// Search for trace files.
#[derive(Default)]
struct Search {
    /// Importer of `--from`.
    importer: Option<&'static Importer>,
    native: Vec<String>,
    /// Files by the index of their importer.
    foreign: BTreeMap<usize, Vec<String>>,
    /// Files given by themselves, not through a folder.
    explicit: Vec<String>,
    formats: Vec<String>,
}

impl Search {
    fn add(&mut self, path: &Path) -> CommandResult {
        if path.as_os_str() == "-" {
            let message = "-: recorded runs are not read from stdin, because their format is inferred from both ends \
                           of a file; pass a file";
            return Err(Failure::Usage(message.to_owned()));
        }
        let is_folder = std::fs::metadata(path).map_err(|error| io(path, error))?.is_dir();
        let mut files = Vec::new();
        if is_folder {
            walk(path, &mut files)?;
        } else {
            files.push(path.to_owned());
        }
        let mut recognized = 0;
        for file in &files {
            if self.add_file(file, !is_folder)? {
                recognized += 1;
            } else if !is_folder {
                return Err(unknown(&file.to_string_lossy()));
            }
        }
        if recognized == 0 {
            let message = format!("{}: none of its {} files is a recorded run", path.display(), files.len());
            return Err(Failure::Usage(message));
        }
        Ok(())
    }

    /// Adds a file. Returns false if its format is unknown.
    fn add_file(&mut self, file: &Path, is_explicit: bool) -> Result<bool, Failure> {
        let name = file.to_string_lossy().into_owned();
        let ends = FileEnds::read(file)?;
        if name.contains(".steps.jsonl") || ends.is_native() {
            self.native.push(name);
            return Ok(true);
        }
        let index = match self.importer {
            Some(wanted) => IMPORTERS.iter().position(|importer| importer.name == wanted.name),
            None => ends.detect(&name, &mut self.formats),
        };
        let Some(index) = index else { return Ok(false) };
        self.foreign.entry(index).or_default().push(name.clone());
        if is_explicit {
            self.explicit.push(name);
        }
        Ok(true)
    }

    /// Groups the files into units.
    fn finish(mut self) -> TraceInputs {
        self.native.sort();
        self.native.dedup();
        let mut files: Vec<TraceInput> = self.native.into_iter().map(TraceInput::Native).collect();
        for (index, paths) in self.foreign {
            let importer = IMPORTERS[index];
            let mut paths = with_companions(importer, &paths, &self.explicit);
            paths.sort();
            paths.dedup();
            files.extend((importer.units)(&paths).into_iter().map(|unit| TraceInput::Foreign(importer, unit)));
        }
        TraceInputs { files, formats: self.formats }
    }
}

/// Adds the companion files of files that were given by themselves.
fn with_companions(importer: &Importer, paths: &[String], explicit: &[String]) -> Vec<String> {
    let mut all = paths.to_vec();
    for path in paths.iter().filter(|path| explicit.contains(path)) {
        for companion in (importer.companions)(path) {
            let companion = PathBuf::from(companion);
            let mut files = Vec::new();
            match std::fs::metadata(&companion) {
                Ok(about) if about.is_dir() => {
                    let _ = walk(&companion, &mut files);
                }
                Ok(_) => files.push(companion),
                Err(_) => {}
            }
            all.extend(files.into_iter().map(|file| file.to_string_lossy().into_owned()));
        }
    }
    all
}

fn unknown(name: &str) -> Failure {
    let mut text = format!("{name}: unknown format; brooks reads");
    for importer in IMPORTERS {
        let _ = write!(text, "\n  {:14} {}", importer.name, importer.about);
    }
    text.push_str("\n  and its own .steps.jsonl; for any other table: brooks import table FILE --columns ..");
    Failure::Usage(text)
}

/// Collects the files below a folder, except hidden ones.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> CommandResult {
    let entries = std::fs::read_dir(folder).map_err(|error| io(folder, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // Links to folders are not followed: they may form a circle.
        let Ok(about) = std::fs::symlink_metadata(&path) else { continue };
        if is_hidden {
            continue;
        }
        if about.is_dir() {
            walk(&path, files)?;
        } else {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            let message = format!("{}: more than {MAX_FILES} files; pass the folder of the runs", folder.display());
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

/// First and last bytes of a file; the first ones decompressed.
struct FileEnds {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl FileEnds {
    fn read(path: &Path) -> Result<FileEnds, Failure> {
        let fail = |error| io(path, error);
        let mut start = Vec::new();
        // The importer reports a damaged file.
        let _ = stream(path)?.take(HEAD as u64).read_to_end(&mut start);
        let mut file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(HEAD as u64))).map_err(fail)?;
        let mut end = Vec::new();
        file.take(HEAD as u64).read_to_end(&mut end).map_err(fail)?;
        Ok(FileEnds { start, end })
    }

    fn is_native(&self) -> bool {
        let line = self.start.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        line.is_some_and(|line| {
            let text = String::from_utf8_lossy(line);
            // Only as a value: the OpenTelemetry export has a key of that name.
            let value = |rest: &str| rest.trim_start().strip_prefix(':').map(|rest| rest.trim_start().to_owned());
            let is_schema = |rest: &str| value(rest).is_some_and(|value| value.starts_with("\"brooks.trace\""));
            text.split("\"schema\"").skip(1).any(is_schema) || text.trim_start().starts_with("{\"record\":")
        })
    }

    /// Returns the index of the importer that recognizes the file, and adds its evidence to `formats`.
    fn detect(&self, name: &str, formats: &mut Vec<String>) -> Option<usize> {
        let head = Head { path: name, start: &self.start, end: &self.end };
        let detect =
            |(index, importer): (usize, &&'static Importer)| Some((index, *importer, (importer.sniff)(&head)?));
        let (index, importer, why) = IMPORTERS.iter().enumerate().find_map(detect)?;
        formats.push(format!("{name} is read as {}: {why}", importer.name));
        Some(index)
    }
}
