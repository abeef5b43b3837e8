//! A validation as one page that needs nothing else: verdict, figures, every cell as a point, speedups as curves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::engine::math;
use crate::prediction::validation::Validation;
use crate::report::curve::PALETTE;
use crate::report::html::{self, escaped};
use crate::report::number;
use crate::report::table::{self, Column, Table};
use crate::report::validate::ValidateReport;

/// Side of a square drawing, and its margin.
const SIDE: f64 = 440.0;
const MARGIN: f64 = 54.0;

/// The page. The same validation gives the same bytes.
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
            "<h2>Makespan of every cell</h2>\n<p>On the line, simulated and recorded means are the same; a bar spans the \
             80 % interval of a single simulated run.</p>\n{picture}"
        );
    }
    let curves = curves(report.validation);
    if !curves.is_empty() {
        let _ = writeln!(
            page,
            "<h2>Speedup over one agent</h2>\n<p>Geometric means over cells: recorded as points, simulated as a line, \
             Amdahl's law dashed.</p>\n{curves}"
        );
    }
    let _ = writeln!(page, "<h2>Cells</h2>\n{}", html::table(&cells(report.validation), "A row a scored cell"));
    let _ = writeln!(page, "<p>{}</p>", escaped(footer.trim_end()));
    html::page("brooks validate", "", &page)
}

/// A row a scored cell.
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
        let number = |value: Option<f64>, show: &dyn Fn(f64) -> String| {
            value.map_or_else(table::Cell::none, |value| table::Cell::number(value, show(value)))
        };
        let ratio = |value: f64| format!("{value:.2}");
        let mut row = vec![table::Cell::text(cell.architecture.clone())];
        row.extend(cell.labels.iter().map(|label| table::Cell::text(label.clone())));
        row.extend([u64::from(cell.agents), cell.runs as u64, cell.completed() as u64].map(table::Cell::count));
        row.extend([recorded.mean(0), simulated.mean(0)].map(|mean| number(mean, &number::seconds)));
        row.extend([recorded.speedup, simulated.speedup].map(|speedup| number(speedup, &ratio)));
        row.extend([recorded.mean(3), simulated.mean(3)].map(|mean| number(mean, &number::tokens)));
        table.push(row);
    }
    table
}

/// The architectures of scored cells, each with its colour.
fn colors(validation: &Validation) -> BTreeMap<&str, &'static str> {
    let scored = validation.cells.iter().filter(|cell| cell.is_scored);
    let mut names: Vec<&str> = scored.map(|cell| cell.architecture.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().zip(PALETTE.iter().copied().cycle()).collect()
}

/// Simulated over recorded makespan, both on one logarithmic scale.
fn scatter(validation: &Validation) -> Option<String> {
    let scored = || validation.cells.iter().enumerate().filter(|(_, cell)| cell.is_scored);
    let pair = |place: usize| {
        let (recorded, simulated) =
            (validation.recorded[place].mean(0)?, validation.simulated[place].prediction.mean(0)?);
        (recorded > 0.0 && simulated > 0.0).then_some((recorded, simulated))
    };
    let values: Vec<f64> = scored().filter_map(|(place, _)| pair(place)).flat_map(|(a, b)| [a, b]).collect();
    let (least, most) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
    let (low, high) = (math::ln(least * 0.8), math::ln(most * 1.25));
    let at = |value: f64| (math::ln(value.max(1e-9)).clamp(low, high) - low) / (high - low) * SIDE;
    let (x, y) = (|value: f64| MARGIN + at(value), |value: f64| SIDE + 20.0 - at(value));
    let mut svg = open(SIDE + MARGIN + 180.0, SIDE + 64.0);
    let _ = write!(
        svg,
        "<rect x=\"{MARGIN}\" y=\"20\" width=\"{SIDE}\" height=\"{SIDE}\" class=\"a\"/>\
         <path d=\"M{MARGIN} {:.1}L{:.1} 20\" class=\"a d\"/>",
        SIDE + 20.0,
        MARGIN + SIDE
    );
    for tick in ticks(low, high) {
        let label = escaped(&number::seconds(tick));
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" class=\"m\">{label}</text>", x(tick), SIDE + 38.0);
        let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" class=\"e\">{label}</text>", MARGIN - 6.0, y(tick) + 4.0);
    }
    let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" class=\"m\">recorded</text>", MARGIN + SIDE / 2.0, SIDE + 58.0);
    let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"12\">simulated</text>");
    let colors = colors(validation);
    for (place, cell) in scored() {
        let Some((recorded, simulated)) = pair(place) else { continue };
        let color = colors.get(cell.architecture.as_str()).copied().unwrap_or(PALETTE[0]);
        if let Some((from, to)) = validation.simulated[place].prediction.interval {
            let _ = write!(
                svg,
                "<path d=\"M{0:.1} {1:.1}V{2:.1}\" stroke=\"{color}\" stroke-opacity=\".25\"/>",
                x(recorded),
                y(from),
                y(to)
            );
        }
        let _ = write!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{color}\" fill-opacity=\".75\"><title>{}: recorded {}, \
             simulated {}</title></circle>",
            x(recorded),
            y(simulated),
            escaped(&cell.name()),
            escaped(&number::seconds(recorded)),
            escaped(&number::seconds(simulated)),
        );
    }
    for (row, (name, color)) in colors.iter().enumerate() {
        let (left, top) = (MARGIN + SIDE + 18.0, 34.0 + 20.0 * row as f64);
        let _ = write!(
            svg,
            "<circle cx=\"{left}\" cy=\"{top}\" r=\"4\" fill=\"{color}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            left + 10.0,
            top + 4.0,
            escaped(name)
        );
    }
    Some(svg + "</svg>")
}

/// Round lengths of time between two logarithms.
fn ticks(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let all = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0, 10_800.0, 36_000.0, 86_400.0];
    all.into_iter().filter(move |tick| (low..=high).contains(&math::ln(*tick)))
}

/// Sums of logarithms: recorded, simulated and Amdahl's, and how many.
type Sums = (f64, f64, f64, f64);

/// A small picture an architecture and parallel fraction.
fn curves(validation: &Validation) -> String {
    let mut groups: BTreeMap<(&str, String), BTreeMap<u32, Sums>> = BTreeMap::new();
    for (place, cell) in validation.cells.iter().enumerate() {
        let p = cell.parallel_fraction.map_or_else(String::new, |p| format!(", p = {p:.2}"));
        let known = validation.recorded[place].speedup.zip(validation.simulated[place].prediction.speedup);
        let Some((recorded, simulated)) = known.filter(|(r, s)| *r > 0.0 && *s > 0.0) else { continue };
        let amdahl = validation.laws.first().and_then(|law| law[place].speedup).unwrap_or(f64::NAN);
        let sums = groups.entry((&cell.architecture, p)).or_default().entry(cell.agents).or_default();
        *sums = (
            sums.0 + math::ln(recorded),
            sums.1 + math::ln(simulated),
            sums.2 + if amdahl > 0.0 { math::ln(amdahl) } else { f64::NAN },
            sums.3 + 1.0,
        );
    }
    let of_teams = groups.into_iter().filter(|(_, sizes)| sizes.keys().any(|agents| *agents > 1));
    of_teams.map(|((architecture, p), sizes)| curve(&format!("{architecture}{p}"), &sizes)).collect()
}

fn curve(title: &str, sizes: &BTreeMap<u32, Sums>) -> String {
    let points: Vec<(f64, [f64; 3])> = sizes
        .iter()
        .map(|(agents, sums)| (f64::from(*agents), [sums.0, sums.1, sums.2].map(|sum| math::exp(sum / sums.3))))
        .collect();
    let most = points.last().map_or(1.0, |(agents, _)| *agents).max(2.0);
    let finite = points.iter().flat_map(|(_, values)| *values).filter(|value| value.is_finite());
    let top = finite.fold(1.0_f64, f64::max) * 1.1;
    let (width, height) = (250.0, 170.0);
    let x = |agents: f64| 34.0 + (agents - 1.0) / (most - 1.0) * (width - 50.0);
    let y = |value: f64| height + 10.0 - value / top * (height - 20.0);
    let mut svg = open(width, height + 34.0);
    let _ = write!(
        svg,
        "<text x=\"34\" y=\"14\">{}</text><path d=\"M34 24V{2:.1}H{1:.1}\" class=\"a\"/><path d=\"M34 {3:.1}H{1:.1}\" \
         class=\"a\" stroke-opacity=\".5\"/><text x=\"28\" y=\"{4:.1}\" class=\"e\">1</text>",
        escaped(title),
        width - 10.0,
        height + 10.0,
        y(1.0),
        y(1.0) + 4.0
    );
    let line = |place: usize| {
        let known = points.iter().filter(|(_, values)| values[place].is_finite());
        let steps: Vec<String> = known.map(|(n, values)| format!("{:.1} {:.1}", x(*n), y(values[place]))).collect();
        if steps.is_empty() { String::new() } else { format!("M{}", steps.join("L")) }
    };
    let _ = write!(svg, "<path d=\"{}\" class=\"a d\"/>", line(2));
    let _ = write!(svg, "<path d=\"{}\" stroke=\"{}\" stroke-width=\"2\" fill=\"none\"/>", line(1), PALETTE[0]);
    for (agents, [recorded, simulated, _]) in &points {
        let _ = write!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{}\"><title>{agents} agents: recorded {recorded:.2}, \
             simulated {simulated:.2}</title></circle><text x=\"{:.1}\" y=\"{:.1}\" class=\"m\">{agents}</text>",
            x(*agents),
            y(*recorded),
            PALETTE[1],
            x(*agents),
            height + 26.0
        );
    }
    svg + "</svg>\n"
}

fn open(width: f64, height: f64) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    )
}
