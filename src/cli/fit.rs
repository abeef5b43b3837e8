//! `brooks fit`: scaling laws fitted to a table of measurements.

use std::io::Read;
use std::path::PathBuf;

use crate::cli::args::{FitArgs, FitErrorChoice, FitKind, Format};
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::experiment::measured_curves::{self, MAX_BYTES, MeasuredCurves};
use crate::report::fit::FitReport;
use crate::report::{self, fit_picture};
use crate::scaling::study::StudyOptions;
use crate::scaling::{Law, MeasurementKind};
use crate::table::SourceFile;
use crate::table::measurements::Columns;

/// Default seed of the bootstrap.
const SEED: u64 = 42;

pub(super) fn fit(console: &Console, args: &FitArgs) -> CommandResult {
    let laws = laws(&args.law)?;
    let seed = console.seed.unwrap_or(SEED);
    let file = table(&args.table)?;
    let columns = Columns {
        x: args.x.clone(),
        y: args.y.clone(),
        kind: args.kind.map(|kind| match kind {
            FitKind::Time => MeasurementKind::Time,
            FitKind::Throughput => MeasurementKind::Throughput,
            FitKind::Speedup => MeasurementKind::Speedup,
            FitKind::Response => MeasurementKind::Response,
        }),
        by: args.by.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
        weight: args.weight.clone(),
        power: args.error.map(|error| match error {
            FitErrorChoice::Same => 0.0,
            FitErrorChoice::Share => 1.0,
        }),
    };
    let judge_all = !args.law.iter().any(|name| name.trim() == "all");
    let plan = StudyOptions { laws, judge_all, seed, resamples: args.resamples };
    let MeasuredCurves { x, y, curves, notes } = measured_curves::fit(&file, &columns, &plan)?;
    for note in notes {
        console.note(&note);
    }
    let report = FitReport { x, y, curves, predict: args.predict.clone() };
    let command = repeat(seed);
    match console.format {
        Format::Table => {
            let text = report.to_text(console.is_terminal, console.color);
            console.print(&format!("{text}{}", report::footer(seed, &command)));
        }
        Format::Markdown => console.print(&report.to_markdown()),
        Format::Csv => console.print(&report.to_csv()),
        Format::Json => console.print_document(Some(seed), &command, report.to_json().into()),
    }
    if let Some(path) = &args.svg {
        let name = args.table.file_stem().map_or("stdin".to_owned(), |name| name.to_string_lossy().into_owned());
        let title = format!("{}: {} over {}", if name == "-" { "stdin" } else { &name }, report.y, report.x);
        if let Some(picture) = fit_picture::to_svg(&report, &title) {
            console.write(path, picture.as_bytes())?;
        }
    }
    Ok(())
}

/// Returns the laws of these names.
fn laws(names: &[String]) -> Result<Vec<&'static Law>, Failure> {
    measured_curves::laws(names).map_err(|why| Failure::Usage(format!("--law {why}")))
}

/// Reads the table from a file, compressed or not, or from stdin.
fn table(path: &std::path::Path) -> Result<SourceFile, Failure> {
    let name = if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() };
    let fail = |error| Failure::Io { path: PathBuf::from(&name), error };
    let limit = MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if name == "stdin" {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(fail)?;
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_dir() {
            return Err(Failure::Usage(format!("{name} is a folder; expected a table: CSV, JSON or Parquet")));
        }
        file.take(limit).read_to_end(&mut bytes).map_err(fail)?;
    }
    Ok(measured_curves::unpacked(name, bytes)?)
}
