//! Recorded runs from files and folders, one at a time: brooks' own form as a stream, anything else through its
//! importer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cli::args::TraceArgs;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::engine::Time;
use crate::problem::{Problem, Problems};
use crate::table::{Head, ImportContext, SourceFile};
use crate::trace::import::{IMPORTERS, ImportUnit, Importer, decompress};
use crate::trace::{Trace, check, native};

/// How much of a file its format is told by.
const HEAD: usize = 64 << 10;
/// Files of other formats are read whole; larger ones than this are not.
const MAX_BYTES: usize = 1 << 30;
/// A folder with more files than this is not what was meant.
const MAX_FILES: usize = 100_000;

/// More notes than this are only counted.
const MAX_NOTES: usize = 8;

/// What became of the files.
#[derive(Default)]
pub(super) struct Intake {
    /// Runs that were left out, under `--skip-bad`.
    pub(super) skipped: Problems,
    /// How many runs, files or lines that were.
    pub(super) bad: usize,
    /// What each file was taken for, and why.
    pub(super) taken: Vec<String>,
    /// What importers have to say.
    pub(super) notes: Vec<String>,
}

/// Reads all traces in these files and folders and hands them on one by one. What is wrong is told all at once at the
/// end, unless bad runs are to be skipped.
pub(super) fn each(
    console: &Console,
    args: &TraceArgs,
    mut take: impl FnMut(Trace) -> CommandResult,
) -> Result<Intake, Failure> {
    let mut read = Intake::default();
    let columns = args.columns.as_deref().map(columns).transpose()?.unwrap_or_default();
    let mut found = 0;
    let mut seen: BTreeSet<(String, usize, Time)> = BTreeSet::new();
    for source in sources(args, &mut read)? {
        let mut on = |trace: Result<Trace, Problems>, read: &mut Intake| match trace {
            Ok(trace) => {
                found += 1;
                let end = trace.steps.iter().map(|step| step.end).max().unwrap_or_default();
                let name = &trace.header.trace;
                if !seen.insert((name.clone(), trace.steps.len(), end)) {
                    read.notes.push(format!(
                        "{name} is there twice, step for step as long: one run in two files counts twice"
                    ));
                }
                take(trace)
            }
            Err(problem) => {
                read.bad += 1;
                read.skipped.append(problem);
                Ok(())
            }
        };
        match source {
            TraceInputs::Native(path) => {
                for trace in native::read(&path, stream(&path)?) {
                    on(trace, &mut read)?;
                }
            }
            TraceInputs::Foreign(importer, unit) => {
                let mut reading = ImportContext { columns: columns.clone(), ..ImportContext::default() };
                let traces = import(importer, &unit, &mut reading)?;
                let had_problems = !reading.problems.is_empty();
                if had_problems {
                    read.bad += reading.problems.list().len() + reading.problems.more();
                    read.skipped.append(std::mem::take(&mut reading.problems));
                }
                for note in reading.notes {
                    if !read.notes.contains(&note) {
                        read.notes.push(note);
                    }
                }
                if had_problems && !args.skip_bad {
                    continue;
                }
                for trace in traces {
                    on(sound(trace, &unit), &mut read)?;
                }
            }
        }
    }
    if !read.skipped.is_empty() && !args.skip_bad {
        return Err(Failure::Problems(read.skipped));
    }
    if !read.skipped.is_empty() {
        console.say(&format!("skipped, as --skip-bad says:\n{}", read.skipped));
    }
    if found == 0 && read.skipped.is_empty() {
        let paths: Vec<String> = args.traces.iter().map(|path| path.display().to_string()).collect();
        let mut text = format!("{}: there are no recorded runs in it", paths.join(", "));
        text.extend(read.notes.iter().map(|note| format!("\n  {note}")));
        return Err(Failure::Usage(text));
    }
    for note in read.notes.iter().take(MAX_NOTES) {
        console.say(&format!("note: {note}"));
    }
    if read.notes.len() > MAX_NOTES {
        console.say(&format!("note: .. and {} more such notes", read.notes.len() - MAX_NOTES));
    }
    Ok(read)
}

/// A trace that holds what a trace must.
fn sound(trace: Trace, unit: &ImportUnit) -> Result<Trace, Problems> {
    let file = unit.paths.first().map_or("", String::as_str);
    let mut problems = Problems::default();
    check::check(&trace, |fault| {
        let path = match fault.step.and_then(|place| trace.steps.get(place)) {
            Some(step) => format!("{}: step {:?}: {}", trace.header.trace, step.id, fault.problem.path),
            None => format!("{}: {}", trace.header.trace, fault.problem.path),
        };
        problems.push(Problem { file: file.to_owned(), path, ..fault.problem });
    });
    problems.or(trace)
}

/// Where traces come from.
enum TraceInputs {
    Native(String),
    Foreign(&'static Importer, ImportUnit),
}

/// What is in the files and folders, in order of their names.
fn sources(args: &TraceArgs, read: &mut Intake) -> Result<Vec<TraceInputs>, Failure> {
    let wanted = match args.from.as_deref() {
        None | Some("auto") => None,
        Some(name) => Some(crate::trace::import::find(name).ok_or_else(|| {
            let known: Vec<&str> = IMPORTERS.iter().map(|importer| importer.name).collect();
            Failure::Usage(format!("{name}: there is no such importer; there are auto, {}", known.join(", ")))
        })?),
    };
    let mut natives: Vec<String> = Vec::new();
    let mut foreign: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut explicit: Vec<String> = Vec::new();
    for path in &args.traces {
        if path.as_os_str() == "-" {
            let message =
                "-: recorded runs are read from files, not from stdin: formats are told by both of their ends";
            return Err(Failure::Usage(message.to_owned()));
        }
        let is_folder = std::fs::metadata(path).map_err(|error| io(path, error))?.is_dir();
        let mut files = Vec::new();
        if is_folder {
            walk(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
        let mut known = 0;
        for file in &files {
            let name = file.to_string_lossy().into_owned();
            let head = Heads::of(file)?;
            if name.contains(".steps.jsonl") || head.is_native() {
                known += 1;
                natives.push(name);
                continue;
            }
            let place = match wanted {
                Some(wanted) => IMPORTERS.iter().position(|importer| importer.name == wanted.name),
                None => head.sniff(&name, read),
            };
            match place {
                Some(place) => {
                    known += 1;
                    foreign.entry(place).or_default().push(name.clone());
                    if !is_folder {
                        explicit.push(name);
                    }
                }
                None if !is_folder => return Err(unknown(&name)),
                None => {}
            }
        }
        if known == 0 {
            let message = format!("{}: none of its {} files is a recorded run", path.display(), files.len());
            return Err(Failure::Usage(message));
        }
    }
    natives.sort();
    natives.dedup();
    let mut sources: Vec<TraceInputs> = natives.into_iter().map(TraceInputs::Native).collect();
    for (place, paths) in foreign {
        let importer = IMPORTERS[place];
        let mut paths = with_companions(importer, &paths, &explicit);
        paths.sort();
        paths.dedup();
        sources.extend((importer.units)(&paths).into_iter().map(|unit| TraceInputs::Foreign(importer, unit)));
    }
    Ok(sources)
}

/// A file that was named by itself may have others beside it that belong to it.
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
    let mut text = format!("{name}: its format is not known; brooks reads");
    for importer in IMPORTERS {
        let _ = write!(text, "\n  {:14} {}", importer.name, importer.about);
    }
    text.push_str("\n  and its own .steps.jsonl; a table of any other kind: brooks import table FILE --columns ..");
    Failure::Usage(text)
}

/// All files below a folder, hidden ones left out.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> CommandResult {
    let entries = std::fs::read_dir(folder).map_err(|error| io(folder, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // Links are not followed into folders: they may lead around in a circle.
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
            let message = format!("{}: more than {MAX_FILES} files; name the folder of the runs", folder.display());
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

/// The beginning and the end of a file, unpacked.
struct Heads {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Heads {
    fn of(path: &Path) -> Result<Heads, Failure> {
        let fail = |error| io(path, error);
        let mut start = Vec::new();
        // A damaged file is for its importer to tell of; here it is only looked at.
        let _ = unpacked(path)?.take(HEAD as u64).read_to_end(&mut start);
        let mut file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(HEAD as u64))).map_err(fail)?;
        let mut end = Vec::new();
        file.take(HEAD as u64).read_to_end(&mut end).map_err(fail)?;
        Ok(Heads { start, end })
    }

    fn is_native(&self) -> bool {
        let line = self.start.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        line.is_some_and(|line| {
            let text = String::from_utf8_lossy(line);
            // As the value of a key: what brooks exports to OpenTelemetry has a key of that name.
            let value = |rest: &str| rest.trim_start().strip_prefix(':').map(|rest| rest.trim_start().to_owned());
            let says_so = |rest: &str| value(rest).is_some_and(|value| value.starts_with("\"brooks.trace\""));
            text.split("\"schema\"").skip(1).any(says_so) || text.trim_start().starts_with("{\"record\":")
        })
    }

    /// The place of the importer that takes it for its own.
    fn sniff(&self, name: &str, read: &mut Intake) -> Option<usize> {
        let head = Head { path: name, start: &self.start, end: &self.end };
        let found = IMPORTERS.iter().enumerate().find_map(|(place, row)| Some((place, row, (row.sniff)(&head)?)));
        let (place, importer, why) = found?;
        read.taken.push(format!("{name} is taken for {}: {why}", importer.name));
        Some(place)
    }
}

/// A file as a stream, unpacked if it is packed.
fn unpacked(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let fail = |error| io(path, error);
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(fail)?);
    let magic = file.fill_buf().map_err(fail)?;
    if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(fail)?;
        return Ok(Box::new(BufReader::with_capacity(1 << 16, decoder)));
    }
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(1 << 16, flate2::bufread::MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

fn stream(path: &str) -> Result<Box<dyn BufRead>, Failure> {
    unpacked(Path::new(path))
}

/// The traces of files that belong together.
fn import(importer: &Importer, unit: &ImportUnit, reading: &mut ImportContext) -> Result<Vec<Trace>, Failure> {
    let mut files = Vec::new();
    let mut sums = Vec::new();
    let mut room = MAX_BYTES;
    for path in &unit.paths {
        let fail = |error| io(Path::new(path), error);
        let mut bytes = Vec::new();
        File::open(path).map_err(fail)?.take(room as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() > room {
            reading.bad(path, 0, "", "it is too large", "at most 1 GiB in all that belongs to a run");
            return Ok(Vec::new());
        }
        sums.push((path.clone(), hex(&Sha256::digest(&bytes))));
        match decompress::decompress(path, bytes, room) {
            Ok(bytes) => {
                room -= bytes.len().min(room);
                files.push(SourceFile { path: path.clone(), bytes });
            }
            Err(message) => reading.bad(path, 0, "", message, "an undamaged file"),
        }
    }
    let mut traces = (importer.read)(&files, reading);
    for trace in &mut traces {
        trace.header.source.files.clone_from(&sums);
    }
    Ok(traces)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `start=ts,end=te`: which column says what.
fn columns(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let pair = |pair: &str| {
        let (field, column) = pair.split_once('=')?;
        Some((field.trim().to_owned(), column.trim().to_owned()))
    };
    text.split(',').map(pair).collect::<Option<_>>().ok_or_else(|| {
        Failure::Usage(format!("--columns {text}: expected FIELD=COLUMN,.. such as start=begin_ms,end=end_ms"))
    })
}

fn io(path: &Path, error: std::io::Error) -> Failure {
    Failure::Io { path: path.to_owned(), error }
}
