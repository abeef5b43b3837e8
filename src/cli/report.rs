//! `brooks report`: the results of a sweep, finished or not, as one HTML page.

use std::path::Path;

use serde_json::Value;

use crate::cli::args::ReportArgs;
use crate::cli::atomic_file;
use crate::cli::command_output::CommandOutput;
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::cli::sweep;
use crate::report::sweep_page::{Provenance, SweepReport};

pub(super) fn report(console: &Console, args: &ReportArgs) -> CommandResult {
    let is_stdout = args.output.as_deref() == Some(Path::new("-"));
    let output = args.output.clone().unwrap_or_else(|| args.folder.join("report.html"));
    if !is_stdout {
        check_name(&output)?;
    }
    let gathered = sweep::gather(&args.folder)?;
    let missing_shards = (!gathered.missing_shards.is_empty())
        .then(|| (sweep::ranges(&gathered.missing_shards), gathered.plan.shard.of));
    let plan = gathered.plan;
    let origin =
        Provenance { plan: plan.plan, brooks: plan.brooks, points: plan.points, command: plan.command, missing_shards };
    let report = SweepReport { sweep: &gathered.result, origin };
    let page = report.to_html();
    if is_stdout {
        console.print(&page);
    } else {
        atomic_file::write(output.clone(), page.as_bytes())?;
        console.status(&format!("wrote {}", output.display()));
        print(console, &report, &output);
    }
    if gathered.missing > 0 {
        let (missing, all) = (gathered.missing, plan.points);
        return Err(Failure::Incomplete(format!(
            "{missing} of {all} points are missing, and marked on the page; the sweep command with --resume continues"
        )));
    }
    if gathered.is_in_parts {
        let folder = args.folder.display();
        console.status(&format!("all points are finished, but not merged yet: brooks merge {folder} -o {folder}"));
    }
    Ok(())
}

/// Rejects other names: an existing table of results could be overwritten by mistake.
fn check_name(output: &Path) -> CommandResult {
    let is_page = output.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"));
    if is_page {
        return Ok(());
    }
    let name = output.display();
    Err(Failure::Usage(format!("-o {name}: expected a file ending in .html, or - for stdout")))
}

/// Prints a summary of the page.
fn print(console: &Console, report: &SweepReport<'_>, output: &Path) {
    let mut json = report.to_json();
    if let Value::Object(json) = &mut json {
        json.insert("page".to_owned(), output.display().to_string().into());
    }
    let answer = CommandOutput {
        verdict: report.verdict(),
        method: vec![format!("charts, all points and assumptions: {}", output.display())],
        table: report.short_table(),
        full: report.table(),
        json,
    };
    answer.print_as(console, &report.sweep.scenario, report.sweep.seed, &command());
}
