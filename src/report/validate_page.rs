//! Validation as a self-contained page: verdict, figures, a point a cell, curves of speedups.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::math;
use crate::prediction::validation::Validation;
use crate::report::render::chart::axis::{AxisRange, AxisUnit, ChartAxis};
use crate::report::render::chart::style::{Look, key};
use crate::report::render::chart::{Chart, ChartLine, ChartMark, ChartSeries, Frame};
use crate::report::render::table::{self, Column, Table};
use crate::report::render::xml::escaped;
use crate::report::render::{html, number};
use crate::report::validate::ValidateReport;

/// Returns the page.
pub fn to_html(report: &ValidateReport<'_>, footer: &str) -> String {
    let mut page = "<h1>Simulated teams against recorded ones</h1>\n".to_owned();
    for line in report.verdict().lines() {
        let _ = writeln!(page, "<p class=\"v\">{}</p>", escaped(line));
    }
    page.push_str(&html::table(&report.shown(), "Figures"));
    page.push_str("<ul>\n");
    for note in report.notes() {
        let _ = writeln!(page, "<li>{}</li>", escaped(&note));
    }
    page.push_str("</ul>\n");
    if let Some(picture) = scatter(report.validation) {
        let _ = writeln!(
            page,
            "<h2>Makespan of every cell</h2>\n<p>On the dashed line, simulated and recorded means are the same; a bar spans \
             the 80 % interval of a single simulated run.</p>\n{picture}"
        );
    }
    let curves = curves(report.validation);
    if !curves.is_empty() {
        let _ = writeln!(
            page,
            "<h2>Speedup over one agent</h2>\n<p>Geometric means over cells.</p>\n<ul class=\"key\"><li>{} recorded</li><li>{} \
             simulated</li><li>{} Amdahl's law</li></ul>\n<div>{curves}</div>",
            key(Look::Style(RECORDED)),
            key(Look::Style(SIMULATED)),
            key(Look::Dashed)
        );
    }
    let _ = writeln!(page, "<h2>Cells</h2>\n{}", html::table(&cells(report.validation), "A row a scored cell"));
    let _ = writeln!(page, "<p>{}</p>", escaped(footer.trim_end()));
    html::page("brooks validate", "", &page)
}

/// Builds a table with a row a scored cell.
pub fn cells(validation: &Validation) -> Table {
    let mut columns = vec![Column::text("architecture", "architecture")];
    columns.extend(validation.plan.by.iter().map(|name| Column::text(name, name)));
    columns.extend(
        [
            ("agents", "agents"),
            ("runs", "runs"),
            ("completed", "completed"),
            ("recorded_mean", "recorded"),
            ("simulated_mean", "simulated"),
            ("speedup.recorded", "speedup"),
            ("speedup.simulated", "simulated"),
            ("tokens.recorded", "tokens"),
            ("tokens.simulated", "simulated"),
        ]
        .map(|(key, title)| Column::number(key, title)),
    );
    let mut table = Table::new(columns);
    for (place, cell) in validation.cells.iter().enumerate().filter(|(_, cell)| cell.is_scored) {
        let (recorded, simulated) = (&validation.recorded[place], &validation.simulated[place].prediction);
        let mut row = vec![table::Cell::text(cell.architecture.clone())];
        row.extend(cell.labels.iter().map(|label| table::Cell::text(label.clone())));
        row.extend([u64::from(cell.agents), cell.runs as u64, cell.completed() as u64].map(table::Cell::count));
        row.extend([recorded.mean(0), simulated.mean(0)].map(|mean| table::Cell::shown(mean, number::seconds)));
        row.extend([recorded.speedup, simulated.speedup].map(table::Cell::ratio));
        row.extend([recorded.mean(3), simulated.mean(3)].map(|mean| table::Cell::shown(mean, number::tokens)));
        table.push(row);
    }
    table
}

/// Styles of the curves of speedups.
const SIMULATED: usize = 0;
const RECORDED: usize = 1;

/// Draws simulated over recorded makespan of every scored cell, both on the same logarithmic scale.
fn scatter(validation: &Validation) -> Option<String> {
    let mut series: BTreeMap<&str, Vec<ChartMark>> = BTreeMap::new();
    for (place, cell) in validation.cells.iter().enumerate().filter(|(_, cell)| cell.is_scored) {
        let simulated = &validation.simulated[place].prediction;
        let known = validation.recorded[place].mean(0).zip(simulated.mean(0));
        let Some((x, y)) = known.filter(|(recorded, simulated)| *recorded > 0.0 && *simulated > 0.0) else { continue };
        let [recorded, other] = [x, y].map(number::seconds);
        let title = format!("{}: recorded {recorded}, simulated {other}", cell.name());
        let mark = ChartMark { x, y, interval: simulated.interval, title, ..ChartMark::default() };
        series.entry(&cell.architecture).or_default().push(mark);
    }
    let values = || series.values().flatten().flat_map(|mark| [mark.x, mark.y]);
    let (least, most) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let range = AxisRange { low: least * 0.8, high: most * 1.25, is_log: true };
    let series = series.into_iter().enumerate();
    let chart = Chart {
        title: "Simulated against recorded makespan".to_owned(),
        description: "A mark a cell. On the dashed line both are the same.".to_owned(),
        x: ChartAxis::time("recorded").within(range),
        y: ChartAxis::time("simulated").within(range),
        series: series
            .map(|(style, (name, marks))| ChartSeries { name: name.to_owned(), style, marks, ..ChartSeries::default() })
            .collect(),
        lines: vec![ChartLine {
            name: "both are the same".to_owned(),
            look: Look::Dashed,
            points: vec![(range.low, range.low), (range.high, range.high)],
        }],
        ..Chart::default()
    };
    chart.to_svg(Frame::SQUARE)
}

/// Sums of logarithms, recorded, simulated and Amdahl's, and their number.
type Sums = ([f64; 3], f64);

/// Draws a small chart an architecture and parallel fraction.
fn curves(validation: &Validation) -> String {
    let mut groups: BTreeMap<(&str, String), BTreeMap<u32, Sums>> = BTreeMap::new();
    for (place, cell) in validation.cells.iter().enumerate() {
        let p = cell.parallel_fraction.map_or_else(String::new, |p| format!(", p = {p:.2}"));
        let known = validation.recorded[place].speedup.zip(validation.simulated[place].prediction.speedup);
        let Some((recorded, simulated)) = known.filter(|(r, s)| *r > 0.0 && *s > 0.0) else { continue };
        let amdahl = validation.laws.first().and_then(|law| law[place].speedup).unwrap_or(f64::NAN);
        let (sums, cells) = groups.entry((&cell.architecture, p)).or_default().entry(cell.agents).or_default();
        for (sum, value) in sums.iter_mut().zip([recorded, simulated, amdahl]) {
            *sum += if value > 0.0 { math::ln(value) } else { f64::NAN };
        }
        *cells += 1.0;
    }
    let of_teams = groups.into_iter().filter(|(_, sizes)| sizes.keys().any(|agents| *agents > 1));
    of_teams.filter_map(|((architecture, p), sizes)| curve(format!("{architecture}{p}"), &sizes)).collect()
}

fn curve(title: String, sizes: &BTreeMap<u32, Sums>) -> Option<String> {
    let means = |which: usize| -> Vec<(f64, f64)> {
        sizes.iter().map(|(agents, (sums, cells))| (f64::from(*agents), math::exp(sums[which] / cells))).collect()
    };
    let (recorded, simulated, amdahl) = (means(0), means(1), means(2));
    let all = recorded.iter().chain(&simulated).chain(&amdahl).map(|point| point.1).filter(|y| y.is_finite());
    let range = AxisRange { low: 0.0, high: 1.06 * all.fold(1.0, f64::max), is_log: false };
    let marks = recorded.iter().zip(&simulated).map(|(&(x, y), (_, other))| ChartMark {
        x,
        y,
        title: format!("{x} agents: recorded {y:.2}, simulated {other:.2}"),
        ..ChartMark::default()
    });
    let series = |name: &str, style, marks| ChartSeries {
        name: name.to_owned(),
        style,
        is_joined: true,
        marks,
        ..ChartSeries::default()
    };
    let of_simulated = simulated.iter().map(|&(x, y)| ChartMark { x, y, ..ChartMark::default() }).collect();
    let chart = Chart {
        title,
        x: ChartAxis::chosen("agents", AxisUnit::Whole),
        y: ChartAxis::new("", number::plain).within(range),
        series: vec![series("simulated", SIMULATED, of_simulated), series("recorded", RECORDED, marks.collect())],
        lines: vec![ChartLine { name: String::new(), look: Look::Dashed, points: amdahl }],
        ..Chart::default()
    };
    chart.to_svg(Frame::SMALL)
}
