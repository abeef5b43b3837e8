//! `brooks fit`: measurements of anybody against the laws of scaling.

use std::io::Read;
use std::path::PathBuf;

use crate::cli::args::{Fit as Args, FitError, FitKind, Format};
use crate::cli::console::{Console, Done, Failure, repeat};
use crate::experiment::measurements::{Columns, Measurements};
use crate::problem::{Problem, Problems};
use crate::report::fit::FitReport;
use crate::report::{self, fit_picture};
use crate::scaling::study::Plan;
use crate::scaling::{Kind, LAWS, Law, Study, law};
use crate::trace::import::{SourceFile, unpack};

/// Tables of measurements are small; a larger file is something else.
const MAX_BYTES: usize = 256 << 20;
/// The seed of the bootstrap, if none is given.
const SEED: u64 = 42;

pub(super) fn fit(console: &Console, args: &Args) -> Done {
    let laws = laws(&args.law)?;
    let seed = console.seed.unwrap_or(SEED);
    let file = table(&args.table)?;
    let columns = Columns {
        x: args.x.clone(),
        y: args.y.clone(),
        kind: args.kind.map(|kind| match kind {
            FitKind::Time => Kind::Time,
            FitKind::Throughput => Kind::Throughput,
            FitKind::Speedup => Kind::Speedup,
            FitKind::Response => Kind::Response,
        }),
        by: args.by.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
        weight: args.weight.clone(),
        power: args.error.map(|error| match error {
            FitError::Same => 0.0,
            FitError::Share => 1.0,
        }),
    };
    let measurements = Measurements::read(&file, &columns)?;
    for note in &measurements.notes {
        console.say(&format!("note: {note}"));
    }
    let judge_all = !args.law.iter().any(|name| name.trim() == "all");
    let plan = Plan { laws, judge_all, seed, resamples: args.resamples };
    let mut problems = Vec::new();
    let mut curves = Vec::new();
    let several = measurements.curves.len() > 1;
    for (label, sample) in measurements.curves {
        match enough(&sample.points.iter().map(|point| point.n).collect::<Vec<f64>>(), &measurements.x) {
            Err((message, expected)) => problems.push((label, message, expected)),
            Ok(()) => match Study::of(sample, &plan) {
                Ok(study) => curves.push((label, study)),
                Err(error) => problems.push((label, error.to_string(), String::new())),
            },
        }
    }
    if curves.is_empty() {
        return Err(Failure::Problems(told(&file.path, problems)));
    }
    for (label, message, _) in problems {
        console.say(&format!("note: {label} is left out: {message}"));
    }
    // A curve that is alone because the others are left out keeps its label.
    let label = |label: String| if several { label } else { String::new() };
    let curves = curves.into_iter().map(|(name, study)| (label(name), study)).collect();
    let report = FitReport { x: measurements.x, y: measurements.y, curves, predict: args.predict.clone() };
    let command = repeat(seed);
    match console.format {
        Format::Table => {
            let text = report.to_text(console.is_terminal, console.color);
            console.print(&format!("{text}{}", report::footer(seed, &command)));
        }
        Format::Markdown => console.print(&report.to_markdown()),
        Format::Csv => console.print(&report.to_csv()),
        Format::Json => {
            let mut document = report::document(Some(seed), &command);
            if let Some(document) = document.as_object_mut() {
                document.extend(report.to_json());
            }
            console.print_json(&document);
        }
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

/// Whether there are team sizes enough to say anything; else what is wrong, and what to do.
fn enough(sizes: &[f64], x: &str) -> Result<(), (String, String)> {
    let mut different = sizes.to_vec();
    different.dedup();
    if different.len() >= 3 {
        return Ok(());
    }
    let shown: Vec<String> = different.iter().map(ToString::to_string).collect();
    let message = match shown.len() {
        1 => format!("every measurement is at {x} = {}", shown.concat()),
        _ => format!("there are only {} different {x}: {}", shown.len(), shown.join(" and ")),
    };
    let expected = "at least 3 team sizes, better 6: such as 1, 2, 4, 8, 16, 32. From two times alone: brooks infer-p";
    Err((message, expected.to_owned()))
}

fn told(file: &str, problems: Vec<(String, String, String)>) -> Problems {
    let mut all = Problems::default();
    for (label, message, expected) in problems {
        let problem = Problem { code: "table", file: file.to_owned(), line: 0, path: label, message, expected };
        all.push(problem);
    }
    all
}

/// The laws of that name.
fn laws(names: &[String]) -> Result<Vec<&'static Law>, Failure> {
    if names.iter().any(|name| name.trim() == "all") {
        return Ok(LAWS.iter().collect());
    }
    let find = |name: &String| {
        law(name.trim()).ok_or_else(|| {
            let known: Vec<&str> = LAWS.iter().map(|law| law.name).collect();
            Failure::Usage(format!("--law {name}: there is no such law; there are all, {}", known.join(", ")))
        })
    };
    let mut found = names.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    // In the order of the registry, each once.
    found = LAWS.iter().filter(|row| found.iter().any(|law| std::ptr::eq(*law, *row))).collect();
    Ok(found)
}

/// The table from a file, packed or not, or from stdin.
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
    let bad = |message: String| {
        let problems = vec![(String::new(), message, "a table of measurements: CSV, JSON or Parquet".to_owned())];
        Failure::Problems(told(&name, problems))
    };
    if bytes.len() > MAX_BYTES {
        return Err(bad("it is larger than 256 MiB".to_owned()));
    }
    let bytes = unpack::unpack(&name, bytes, MAX_BYTES).map_err(bad)?;
    if bytes.trim_ascii().is_empty() {
        return Err(bad("there is nothing in it".to_owned()));
    }
    Ok(SourceFile { path: name, bytes })
}
