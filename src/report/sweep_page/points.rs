//! Tables of a page: a row a facet, and a row a point.

use crate::experiment::result::{is_agents, short};
use crate::experiment::{Curve, PointResult, SweepResult};
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::sweep;
use crate::report::sweep_page::facets::{Along, Facet, Layout, architecture};
use crate::report::sweep_page::words;

/// Most points of a complete table.
pub(super) const MOST_ROWS: usize = 1_000;
/// Rows of the table, the fastest, if there are more points.
pub(super) const FASTEST: usize = 250;
/// Most rows of the table of facets.
pub(super) const MOST_FACETS: usize = 500;

/// Builds the table of the best team of every facet, up to `most` rows.
pub(super) fn facets(sweep: &SweepResult, layout: &Layout<'_>, most: usize) -> Table {
    let others = layout.others.iter().filter_map(|&index| sweep.axes.get(index));
    let mut columns: Vec<Column> = others.map(|path| Column::text(path, short(path))).collect();
    columns.extend([Column::text("architecture", "best architecture"), Column::number("agents", "agents")]);
    if layout.along != Along::Agents {
        columns.push(Column::number("at", layout.x_title(sweep)));
    }
    columns.extend([
        Column::number("makespan_s", "makespan [95 %]"),
        Column::number("speedup", "speedup [95 %]"),
        Column::number("amdahl_bound", "Amdahl"),
        Column::number("cost", "cost"),
        Column::text("limit", "what limits it"),
        Column::number("points", "points"),
        Column::number("runs", "runs"),
        Column::number("completed", "completed"),
        Column::number("stalled", "stalled"),
        Column::number("timed_out", "out of time"),
    ]);
    let mut table = Table::new(columns);
    for facet in layout.facets.iter().take(most) {
        table.push(facet_cells(sweep, layout, facet));
    }
    let scaled = sweep.scaled;
    table.retain(|column, cells| match column.key.as_str() {
        "cost" | "stalled" | "timed_out" => cells.iter().any(|cell| !matches!(cell.raw.as_str(), "0" | "")),
        "amdahl_bound" => !scaled,
        _ => true,
    });
    table
}

fn facet_cells(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>) -> Vec<Cell> {
    let best = words::best(sweep, facet);
    let mut cells: Vec<Cell> = facet.values.iter().map(|value| Cell::text(*value)).collect();
    cells.push(Cell::optional(best, |row| Cell::text(architecture(sweep, row))));
    cells.push(Cell::optional(best, |row| Cell::count(u64::from(row.agents))));
    if let Along::Axis(index) = layout.along {
        cells.push(Cell::optional(best.and_then(|row| row.axes.get(index)), Cell::text));
    }
    cells.extend([
        Cell::optional(best, sweep::makespan),
        Cell::interval(best.and_then(|row| row.speedup), number::interval),
        Cell::ratio(best.map(|row| row.laws.amdahl)),
        Cell::optional(best, |row| sweep::mean(row, "cost", number::money)),
        Cell::optional(best.and_then(sweep::limit_in_short), Cell::text),
    ]);
    let counts = words::Counts::of(facet.rows());
    cells.push(Cell::count(facet.rows().count() as u64));
    cells.extend([counts.runs, counts.completed, counts.stalled, counts.timed_out].map(Cell::count));
    cells
}

/// Builds a table with a row a point: axes, figures, endings, digest; of more than [`MOST_ROWS`] the fastest. The flag
pub(super) fn points(sweep: &SweepResult) -> (Table, bool) {
    let mut rows: Vec<&PointResult> = sweep.rows.iter().collect();
    let is_all = rows.len() <= MOST_ROWS;
    if !is_all {
        let mean = |row: &PointResult| row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
        rows.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
        rows.truncate(FASTEST);
    }
    let figures = sweep::table(&Curve { label: String::new(), rows: rows.clone() }, sweep.scaled);
    let is_axis = |index: &usize| sweep.axes.get(*index).is_some_and(|path| !is_agents(path) && path != "architecture");
    let axes: Vec<usize> = (0..sweep.axes.len()).filter(is_axis).collect();
    let mut columns: Vec<Column> =
        axes.iter().filter_map(|&index| sweep.axes.get(index)).map(|path| Column::text(path, short(path))).collect();
    columns.push(Column::text("architecture", "architecture"));
    let title = |column: &Column| match column.key.as_str() {
        "agents" => "agents".to_owned(),
        "makespan_s" => "makespan [95 %]".to_owned(),
        "speedup" => "speedup [95 %]".to_owned(),
        "amdahl_share" => "share of Amdahl".to_owned(),
        "llm_calls" => "LLM calls".to_owned(),
        _ => column.title.clone(),
    };
    let own = |column: &&Column| column.key != "completed";
    columns.extend(figures.columns().iter().filter(own).map(|c| Column { title: title(c), ..c.clone() }));
    columns.extend([
        Column::number("runs", "runs"),
        Column::number("completed", "completed"),
        Column::number("stalled", "stalled"),
        Column::number("timed_out", "out of time"),
        Column::text("digest", "digest"),
    ]);
    let mut table = Table::new(columns);
    for (row, figured) in rows.iter().zip(figures.rows()) {
        let value = |index: &usize| Cell::text(row.axes.get(*index).map_or("", String::as_str));
        let mut cells: Vec<Cell> = axes.iter().map(value).collect();
        cells.push(Cell::text(architecture(sweep, row)));
        let with_column = figures.columns().iter().zip(figured);
        cells.extend(with_column.filter(|(column, _)| own(column)).map(|(_, cell)| cell.clone()));
        cells.extend([row.runs, row.completed, row.stalled, row.timed_out].map(|count| Cell::count(count as u64)));
        cells.push(Cell::text(row.digest.to_string()));
        table.push(cells);
    }
    (table, is_all)
}

/// Caption of the table of points.
pub(super) fn caption(sweep: &SweepResult, is_all: bool) -> String {
    let all = number::count(sweep.rows.len() as u64);
    if is_all {
        let rows = if sweep.rows.len() == 1 { "One point".to_owned() } else { format!("All {all} points") };
        return format!(
            "{rows}: means over completed runs, times in seconds or as written, with 95 % intervals in brackets"
        );
    }
    let shown = number::count(FASTEST as u64);
    format!(
        "The {shown} fastest of {all} points, means over completed runs; all of them are in sweep.csv, with every figure"
    )
}
