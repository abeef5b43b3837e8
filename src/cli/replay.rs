//! `brooks replay`: a recorded run, exactly or for another team.

use crate::cli::args::Format;
use crate::cli::args::ReplayArgs;
use crate::cli::console::{CommandResult, Console, Failure, command, repeat};
use crate::cli::threads::on_threads;
use crate::cli::trace_format::TraceFormat;
use crate::cli::traces;
use crate::prediction::what_if::WhatIf;
use crate::problem::{Problem, Problems};
use crate::record::Log;
use crate::report;
use crate::report::replay::ReplayReport;
use crate::report::timeline;
use crate::report::what_if::WhatIfReport;
use crate::trace::replay::{self, replay as replay_trace};
use crate::trace::{Trace, work_of};

pub(super) fn replay(console: &Console, args: &ReplayArgs) -> CommandResult {
    if args.agents.is_some() || args.architecture.is_some() {
        return what_if(console, args);
    }
    let format = args.trace_out.as_deref().map(TraceFormat::from_path).transpose()?;
    let wants_log = args.timeline.is_some() || format.is_some();
    let mut report = ReplayReport::default();
    let mut drawn: Option<(Trace, Log)> = None;
    traces::each(console, &args.traces, |trace| {
        if !wants_log {
            report.add(&trace, replay_trace(&trace, &mut ()));
            return Ok(());
        }
        if drawn.is_some() {
            return Err(Failure::Usage(
                "--timeline and --trace-out take one run; the files contain several".to_owned(),
            ));
        }
        let mut log = Log::default();
        report.add(&trace, replay_trace(&trace, &mut log));
        drawn = Some((trace, log));
        Ok(())
    })?;
    if let Some((trace, log)) = drawn {
        if let Some(path) = &args.timeline {
            let title = title(&trace.header.trace, trace.header.architecture.as_deref());
            console.write(path, timeline::to_svg(&title, &replay::facts(&trace), &log).as_bytes())?;
        }
        if let (Some(path), Some(format)) = (&args.trace_out, &format) {
            console.write(path, format.write_recorded(&trace, &log).as_bytes())?;
        }
    }
    match console.format {
        Format::Table => console.print(&report.to_text(console.color, &command())),
        Format::Markdown => console.print(&report.full_table().to_markdown()),
        Format::Csv => console.print(&report.full_table().to_csv()),
        Format::Json => {
            let mut document = report::document(None, &command());
            (document["runs"], document["summary"]) = report.to_json();
            console.print_json(&document);
        }
    }
    Ok(())
}

/// Predicts the recorded work for other teams, with a sweep of the scenario inferred from it.
fn what_if(console: &Console, args: &ReplayArgs) -> CommandResult {
    if args.timeline.is_some() || args.trace_out.is_some() {
        let message = "--timeline and --trace-out show the recorded team; expected neither --agents nor --architecture";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut traces = Vec::new();
    traces::each(console, &args.traces, |trace| {
        traces.push(trace);
        Ok(())
    })?;
    let mut documents = Vec::new();
    for trace in &traces {
        if work_of(trace).tasks.is_empty() {
            let message = format!("{}: no task with recorded work; a what-if needs one", trace.header.trace);
            return Err(Failure::Usage(message));
        }
        let mut what_if = WhatIf::from_trace(trace, console.seed)?;
        let file = &mut what_if.file;
        if let Some(architecture) = &args.architecture {
            *file =
                file.with_axis("architecture", architecture).map_err(|wrong| in_argument("--architecture", &wrong))?;
        }
        if let Some(agents) = &args.agents {
            *file = file.with_axis("agents", agents).map_err(|wrong| in_argument("--agents", &wrong))?;
        }
        let command = repeat(what_if.file.seed());
        let answer = on_threads(None, || what_if.run(&|_| ()))??;
        let report = WhatIfReport { trace, what_if: &what_if, answer: &answer };
        match console.format {
            Format::Table => console.print(&report.to_text(&command, console.color)),
            Format::Markdown => console.print(&report.to_markdown(&command)),
            Format::Csv => console.print(&report.to_csv()),
            Format::Json => documents.push(report.to_json(&command)),
        }
    }
    match documents.len() {
        0 => {}
        1 => console.print_json(&documents[0]),
        _ => console.print_json(&documents.into()),
    }
    Ok(())
}

/// Attributes problems to an argument, because the inferred scenario has no file.
fn in_argument(argument: &str, problems: &Problems) -> Problems {
    let mut renamed = Problems::default();
    for problem in problems.list() {
        renamed.push(Problem { file: argument.to_owned(), line: 0, path: String::new(), ..problem.clone() });
    }
    renamed
}

fn title(trace: &str, architecture: Option<&str>) -> String {
    let name = trace.rsplit('/').next().unwrap_or(trace);
    architecture.map_or_else(|| name.to_owned(), |architecture| format!("{name}: {architecture}"))
}
