//! Printed result of a sweep: its curves, or the best points of a large sweep.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::args::Format;
use crate::cli::console::Console;
use crate::cli::sweep::totals::Total;
use crate::experiment::{PointResult, SweepResult};
use crate::report::render::{number, terminal_plot};
use crate::report::{self, rows};

/// Maximum points that are printed.
pub(super) const SHOWN: usize = 10_000;

/// Prints a result in the chosen format. CSV rows were printed while they passed.
pub(in crate::cli) fn show(
    console: &Console,
    result: &SweepResult,
    total: &Total,
    output: Option<&Path>,
    command: &str,
) {
    let is_short = total.points <= SHOWN;
    match console.format {
        Format::Csv => {}
        Format::Table if is_short => {
            let mut text = report::sweep::to_text(result, command, console.color);
            if console.is_terminal && result.curves().iter().any(|curve| curve.rows.len() > 1) {
                text = format!("{}\n{text}", terminal_plot::to_text(result, console.color));
            }
            console.print(&text);
        }
        Format::Json if is_short => console.print_json(&rows::to_json(result, command)),
        Format::Markdown if is_short => console.print(&report::sweep::to_markdown(result, command)),
        Format::Json => console.print_json(&overview(result, total, command)),
        Format::Table | Format::Markdown => {
            let best = |row: &Option<PointResult>, what: &str, metric: &str, shown: fn(f64, f64) -> String| {
                let row = row.as_ref()?;
                let mean = row.metric(metric)?;
                Some(format!("{what}: {} ({})\n", shown(mean.mean, mean.half_width), axis_values(result, row)))
            };
            let fastest = best(&total.fastest, "fastest", "makespan_s", number::interval_seconds).unwrap_or_default();
            let cheapest = best(&total.cheapest, "cheapest", "cost", |mean, _| number::money(mean));
            let cheapest = cheapest.filter(|_| cost(total) > 0.0).unwrap_or_default();
            let rows =
                output.map_or(String::new(), |output| format!("; all rows: {}", output.join("sweep.csv").display()));
            let counts = [total.points as u64, total.runs, total.completed].map(number::count);
            console.print(&format!(
                "{fastest}{cheapest}{} points, {} runs, {} of them completed{rows}\n{}",
                counts[0],
                counts[1],
                counts[2],
                report::footer(result.seed, command)
            ));
        }
    }
}

fn cost(total: &Total) -> f64 {
    total.cheapest.as_ref().and_then(|row| row.metric("cost")).map_or(0.0, |cost| cost.mean)
}

/// Returns the axis values of a row.
fn axis_values(result: &SweepResult, row: &PointResult) -> String {
    let values = result.axes.iter().zip(&row.axes).map(|(axis, value)| format!("{axis} {value}"));
    values.collect::<Vec<_>>().join(", ")
}

fn overview(result: &SweepResult, total: &Total, command: &str) -> Value {
    let mut document = report::document(Some(result.seed), command);
    let best = |row: &Option<PointResult>, metric: &str| -> Value {
        row.as_ref().map_or(Value::Null, |row| {
            let axes: serde_json::Map<String, Value> =
                result.axes.iter().cloned().zip(row.axes.iter().map(|value| value.as_str().into())).collect();
            json!({ "axes": axes, "mean": row.metric(metric).map(|summary| summary.mean) })
        })
    };
    document["scenario"] = result.scenario.as_str().into();
    document["points"] = total.points.into();
    document["runs"] = total.runs.into();
    document["completed"] = total.completed.into();
    document["fastest"] = best(&total.fastest, "makespan_s");
    document["cheapest"] = best(&total.cheapest, "cost");
    document
}
