//! `brooks calibrate`: a profile learned from recordings of small teams, to predict large ones.

use std::path::Path;

use crate::cli::args::{CalibrateArgs, CalibrateMethod, Format};
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::cli::threads::on_threads;
use crate::cli::traces;
use crate::engine::Time;
use crate::prediction::calibration::{Options, calibrate_demonstrations};
use crate::prediction::cross_validation;
use crate::prediction::validation::Case;
use crate::report;
use crate::report::calibrate::CalibrateReport;
use crate::scenario::MAX_BYTES;
use crate::scenario::learned_profile::SamplingMethod;
use crate::table::timestamp;

pub(super) fn calibrate(console: &Console, args: &CalibrateArgs) -> CommandResult {
    let options = Options {
        method: match args.method {
            CalibrateMethod::Parametric => SamplingMethod::Parametric,
            CalibrateMethod::Resampled => SamplingMethod::Resampled,
        },
        agents: Some(sizes(&args.agents)?),
        model: args.model.clone(),
    };
    let mut cases: Vec<Case> = Vec::new();
    traces::each(console, &args.traces, |trace| {
        cases.push(Case::from_trace(&trace));
        Ok(())
    })?;
    let demonstrations = cases.iter().map(|case| case.demonstration.as_ref().map_err(|&unusable| unusable));
    let mut calibration = calibrate_demonstrations(demonstrations, &options)?;
    calibration.date = calibration.date.or_else(date_of_build);
    let command = command();
    let name = args.output.file_stem().map_or("calibrated".into(), |name| name.to_string_lossy());
    let sources: Vec<String> = args.traces.traces.iter().map(|path| path.display().to_string()).collect();
    let source = args.source.clone().unwrap_or_else(|| format!("recorded runs in {}", sources.join(", ")));
    let origin = format!("{source}; by brooks {}: {command}", report::VERSION);
    // A profile that is too large already needs no cross-validation.
    fits(&args.output, &calibration.to_yaml(&name, &origin))?;
    calibration.set_accuracy(on_threads(None, || cross_validation::held_out(cases, &options))?);
    let text = calibration.to_yaml(&name, &origin);
    fits(&args.output, &text)?;
    console.write(&args.output, text.as_bytes())?;
    let file = args.output.display().to_string();
    let report = CalibrateReport { calibration: &calibration, file: &file };
    match console.format {
        Format::Table => {
            console.print(&format!("{}{}", report.to_text(console.color), report::footer_without_seed(&command)));
        }
        Format::Markdown => console.print(&report.table().to_markdown()),
        Format::Csv => console.print(&report.table().to_csv()),
        Format::Json => console.print_document(None, &command, report.to_json()),
    }
    Ok(())
}

/// Returns the day of `SOURCE_DATE_EPOCH` (reproducible builds), none without it. The clock is not read, so the same
/// recordings give the same file.
fn date_of_build() -> Option<String> {
    let seconds: u64 = std::env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()?;
    let at = Time::from_us(seconds.checked_mul(1_000_000)?);
    timestamp::rfc3339(at).split_once('T').map(|(day, _)| day.to_owned())
}

/// Checks that a profile is small enough for scenarios to read.
pub(super) fn fits(path: &Path, text: &str) -> CommandResult {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{}: a profile of {} bytes; expected at most {MAX_BYTES}: use fewer runs (--agents, --model, fewer recordings), \
         or --method parametric, which stores no calls",
        path.display(),
        text.len()
    )))
}

/// Parses team sizes: 1 or 1..4.
fn sizes(text: &str) -> Result<std::ops::RangeInclusive<u32>, Failure> {
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|size| *size > 0);
    let range = match text.split_once("..") {
        Some((first, last)) => number(first).zip(number(last.trim_start_matches('='))),
        None => number(text).map(|size| (size, size)),
    };
    match range {
        Some((first, last)) if first <= last => Ok(first..=last),
        _ => Err(Failure::Usage(format!("--agents {text}: expected a team size such as 1, or a range such as 1..3"))),
    }
}
