//! `brooks calibrate`: from recordings of few agents, a profile for teams of many.

use crate::cli::args::Format;
use crate::cli::args_traces::{Calibrate, CalibrateWay};
use crate::cli::console::{Console, Done, Failure, command};
use crate::cli::traces;
use crate::experiment::calibration::{Lesson, Options, Unfit, Way, calibrate_lessons};
use crate::report;
use crate::report::calibrate::CalibrateReport;

pub(super) fn calibrate(console: &Console, args: &Calibrate) -> Done {
    let options = Options {
        way: match args.way {
            CalibrateWay::Parametric => Way::Parametric,
            CalibrateWay::Resampled => Way::Resampled,
        },
        agents: Some(sizes(&args.agents)?),
        model: args.model.clone(),
    };
    let mut lessons: Vec<Result<Lesson, Unfit>> = Vec::new();
    traces::each(console, &args.traces, |trace| {
        lessons.push(Lesson::of(&trace));
        Ok(())
    })?;
    let calibration =
        calibrate_lessons(lessons.iter().map(|lesson| lesson.as_ref().map_err(|&unfit| unfit)), &options)?;
    let command = command();
    let name = args.output.file_stem().map_or("calibrated".into(), |name| name.to_string_lossy());
    let sources: Vec<String> = args.traces.traces.iter().map(|path| path.display().to_string()).collect();
    let origin = format!("recorded runs in {}; by brooks {}: {command}", sources.join(", "), report::VERSION);
    console.write(&args.output, calibration.to_yaml(&name, &origin).as_bytes())?;
    let file = args.output.display().to_string();
    let report = CalibrateReport { calibration: &calibration, file: &file };
    match console.format {
        Format::Table => {
            console.print(&format!("{}{}", report.to_text(console.color), report::footer_without_seed(&command)));
        }
        Format::Markdown => console.print(&report.table().to_markdown()),
        Format::Csv => console.print(&report.table().to_csv()),
        Format::Json => {
            let mut document = report::document(None, &command);
            if let (Some(document), serde_json::Value::Object(more)) = (document.as_object_mut(), report.to_json()) {
                document.extend(more);
            }
            console.print_json(&document);
        }
    }
    Ok(())
}

/// Team sizes: 1 or 1..4.
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
