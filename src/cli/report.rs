//! `brooks report`: the folder of a sweep as one page, whole or as far as it is there.

use std::path::Path;

use serde_json::Value;

use crate::cli::answer::CommandOutput;
use crate::cli::args::ReportArgs as Args;
use crate::cli::atomic_file;
use crate::cli::console::{CommandResult, Console, Failure, command};
use crate::cli::sweep;
use crate::report::sweep_page::{Provenance, SweepReport};

pub(super) fn report(console: &Console, args: &Args) -> CommandResult {
    let is_stdout = args.output.as_deref() == Some(Path::new("-"));
    let output = args.output.clone().unwrap_or_else(|| args.folder.join("report.html"));
    if !is_stdout {
        check_name(&output)?;
    }
    let found = sweep::gather(&args.folder)?;
    let missing_shards =
        (!found.missing_shards.is_empty()).then(|| (sweep::ranges(&found.missing_shards), found.plan.shard.of));
    let plan = found.plan;
    let origin =
        Provenance { plan: plan.plan, brooks: plan.brooks, points: plan.points, command: plan.command, missing_shards };
    let told = SweepReport { sweep: &found.result, origin };
    let page = told.to_html();
    if is_stdout {
        console.print(&page);
    } else {
        atomic_file::write(output.clone(), page.as_bytes())?;
        console.say(&format!("wrote {}", output.display()));
        print(console, &told, &output);
    }
    if found.missing > 0 {
        let (missing, all) = (found.missing, plan.points);
        return Err(Failure::Incomplete(format!(
            "{missing} of {all} points are missing, as the page says; the command of the sweep with --resume goes on"
        )));
    }
    if found.is_in_parts {
        let place = args.folder.display();
        console.say(&format!("all points are there, but not put together yet: brooks merge {place} -o {place}"));
    }
    Ok(())
}

/// A table of results is easily typed in place of a page, and would be gone.
fn check_name(output: &Path) -> CommandResult {
    let is_page = output.extension().is_some_and(|e| e.eq_ignore_ascii_case("html") || e.eq_ignore_ascii_case("htm"));
    if is_page {
        return Ok(());
    }
    let name = output.display();
    Err(Failure::Usage(format!("-o {name}: expected a name that ends in .html, or - for stdout")))
}

/// The page in few lines.
fn print(console: &Console, told: &SweepReport<'_>, output: &Path) {
    let mut json = told.to_json();
    if let Value::Object(json) = &mut json {
        json.insert("page".to_owned(), output.display().to_string().into());
    }
    let answer = CommandOutput {
        verdict: told.verdict(),
        method: vec![format!("pictures, all points and what was assumed: {}", output.display())],
        table: told.short_table(),
        full: told.table(),
        json,
    };
    answer.print_as(console, &told.sweep.scenario, told.sweep.seed, &command());
}
