//! Recorded runs from files and folders, of any format.

mod discover;
mod read;

use std::collections::BTreeSet;

use crate::cli::args::TraceArgs;
use crate::cli::console::{CommandResult, Console, Failure};
use crate::engine::Time;
use crate::problem::{Problem, Problems};
use crate::table::ImportContext;
use crate::trace::import::{ImportUnit, Importer};
use crate::trace::{Trace, check, native};

use discover::{TraceInput, discover};

/// Maximum notes that are printed; further ones are counted.
const MAX_NOTES: usize = 8;

/// Report of the files that were read.
#[derive(Default)]
pub(super) struct Intake {
    /// Problems of the runs left out under `--skip-bad`.
    pub(super) skipped: Problems,
    /// Number of runs, files or lines with problems.
    pub(super) bad: usize,
    /// Format of each file, and the evidence for it.
    pub(super) formats: Vec<String>,
    /// Notes of the importers.
    pub(super) notes: Vec<String>,
}

/// Reads all traces of the files and folders and passes them to `take` one by one.
///
/// # Errors
///
/// All problems at once after the last file, unless `--skip-bad` leaves them out; the first error of `take`.
pub(super) fn each(
    console: &Console,
    args: &TraceArgs,
    take: impl FnMut(Trace) -> CommandResult,
) -> Result<Intake, Failure> {
    let columns = args.columns.as_deref().map(columns).transpose()?.unwrap_or_default();
    let inputs = discover(args)?;
    let intake = Intake { formats: inputs.formats, ..Intake::default() };
    let mut reader = Reader { args, columns, intake, seen: BTreeSet::new(), count: 0, take };
    for input in inputs.files {
        match input {
            TraceInput::Native(path) => reader.read_native(&path)?,
            TraceInput::Foreign(importer, unit) => reader.import(importer, &unit)?,
        }
    }
    let (intake, count) = (reader.intake, reader.count);
    if !intake.skipped.is_empty() && !args.skip_bad {
        return Err(Failure::Problems(intake.skipped));
    }
    if !intake.skipped.is_empty() {
        console.status(&format!("skipped under --skip-bad:\n{}", intake.skipped));
    }
    if count == 0 && intake.skipped.is_empty() {
        let paths: Vec<String> = args.traces.iter().map(|path| path.display().to_string()).collect();
        let mut text = format!("{}: no recorded runs found", paths.join(", "));
        text.extend(intake.notes.iter().map(|note| format!("\n  {note}")));
        return Err(Failure::Usage(text));
    }
    for note in intake.notes.iter().take(MAX_NOTES) {
        console.note(note);
    }
    if intake.notes.len() > MAX_NOTES {
        console.note(&format!("and {} more notes", intake.notes.len() - MAX_NOTES));
    }
    Ok(intake)
}

/// Reader of traces: collects problems and notes, and passes valid traces on.
struct Reader<'a, F> {
    args: &'a TraceArgs,
    columns: Vec<(String, String)>,
    intake: Intake,
    /// Name, steps and end of every trace, to find duplicates.
    seen: BTreeSet<(String, usize, Time)>,
    count: usize,
    take: F,
}

impl<F: FnMut(Trace) -> CommandResult> Reader<'_, F> {
    fn read_native(&mut self, path: &str) -> CommandResult {
        for trace in native::read(path, read::stream(path)?) {
            self.add(trace)?;
        }
        Ok(())
    }

    fn import(&mut self, importer: &Importer, unit: &ImportUnit) -> CommandResult {
        let mut context = ImportContext { columns: self.columns.clone(), ..ImportContext::default() };
        let traces = read::import(importer, unit, &mut context)?;
        let has_problems = !context.problems.is_empty();
        if has_problems {
            self.intake.bad += context.problems.list().len() + context.problems.more();
            self.intake.skipped.append(context.problems);
        }
        for note in context.notes {
            if !self.intake.notes.contains(&note) {
                self.intake.notes.push(note);
            }
        }
        if has_problems && !self.args.skip_bad {
            return Ok(());
        }
        for trace in traces {
            self.add(checked(trace, unit))?;
        }
        Ok(())
    }

    fn add(&mut self, trace: Result<Trace, Problems>) -> CommandResult {
        let trace = match trace {
            Ok(trace) => trace,
            Err(problems) => {
                self.intake.bad += 1;
                self.intake.skipped.append(problems);
                return Ok(());
            }
        };
        self.count += 1;
        let end = trace.steps.iter().map(|step| step.end).max().unwrap_or_default();
        let name = &trace.header.trace;
        if !self.seen.insert((name.clone(), trace.steps.len(), end)) {
            self.intake.notes.push(format!(
                "{name} occurs twice with the same steps and end: a run that is in two files counts twice"
            ));
        }
        (self.take)(trace)
    }
}

/// Checks an imported trace.
fn checked(trace: Trace, unit: &ImportUnit) -> Result<Trace, Problems> {
    let file = unit.paths.first().map_or("", String::as_str);
    let mut problems = Problems::default();
    check::check(&trace, |fault| {
        let path = match fault.step.and_then(|index| trace.steps.get(index)) {
            Some(step) => format!("{}: step {:?}: {}", trace.header.trace, step.id, fault.problem.path),
            None => format!("{}: {}", trace.header.trace, fault.problem.path),
        };
        problems.push(Problem { file: file.to_owned(), path, ..fault.problem });
    });
    problems.or(trace)
}

/// Parses `start=ts,end=te`: a field and its column in the table.
fn columns(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let pair = |pair: &str| {
        let (field, column) = pair.split_once('=')?;
        Some((field.trim().to_owned(), column.trim().to_owned()))
    };
    text.split(',').map(pair).collect::<Option<_>>().ok_or_else(|| {
        Failure::Usage(format!("--columns {text}: expected FIELD=COLUMN,.. such as start=begin_ms,end=end_ms"))
    })
}
