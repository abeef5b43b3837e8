//! `brooks sweep --dry-run`: axes and number of runs.

use serde_json::json;

use crate::cli::args::Format;
use crate::cli::console::{CommandResult, Console};
use crate::experiment::Sweep;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};

pub(super) fn dry_run(console: &Console, sweep: &Sweep<'_>) -> CommandResult {
    let (points, replications, runs) = (sweep.points(), sweep.replications(), sweep.runs()?);
    let mut table = Table::new(vec![Column::text("axis", "axis"), Column::text("values", "values")]);
    for axis in sweep.axes() {
        let values: Vec<String> = axis.values.iter().map(ToString::to_string).collect();
        table.push(vec![Cell::text(axis.label.as_str()), Cell::text(values.join(", "))]);
    }
    if console.format == Format::Table {
        let runs = number::count(runs);
        console.print(&format!("{points} points, {replications} replications each, with baselines {runs} runs\n"));
    }
    console.print_table("axes", &table, json!({ "points": points, "replications": replications, "runs": runs }));
    Ok(())
}
