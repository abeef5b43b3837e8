//! Pictures of a page: scaling curves, use of time, consumption, and time against cost of every facet. Very many
//! facets are drawn as dots.

use std::fmt::Write as _;

use crate::engine::Digest;
use crate::experiment::{PointResult, SweepResult};
use crate::report::render::chart::axis::{AxisUnit, ChartAxis};
use crate::report::render::chart::shares::{self, Bar};
use crate::report::render::chart::style::{self, Look, STYLES};
use crate::report::render::chart::{Chart, ChartLine, ChartMark, ChartSeries, Frame};
use crate::report::render::number;
use crate::report::render::xml::escaped;
use crate::report::sweep_page::facets::{self, Along, Facet, Layout};
use crate::report::sweep_page::words;
use crate::report::time_uses::{COUNT, all, use_label};

/// Most facets with pictures of their own.
pub(super) const MOST_FACETS: usize = 9;
/// Most dots of a picture.
pub(super) const MOST_DOTS: usize = 1_500;
/// Most marks of a picture with a description.
const MOST_TITLES: usize = 400;

/// A figure of a row, with the half-width of its interval.
type RowFigure = fn(&PointResult) -> Option<(f64, f64)>;

/// The look of a bound, and its value of a row.
type RowLaw = (Look, fn(&PointResult) -> f64);

/// A kind of picture along the horizontal axis.
struct FigureKind {
    title: &'static str,
    y: &'static str,
    shown: fn(f64) -> String,
    unit: AxisUnit,
    of: RowFigure,
}

fn metric(row: &PointResult, name: &str) -> Option<(f64, f64)> {
    row.metric(name).map(|summary| (summary.mean, summary.half_width))
}

fn tokens(row: &PointResult) -> Option<(f64, f64)> {
    let (input, output) = (row.metric("input_tokens")?, row.metric("output_tokens")?);
    Some((input.mean + output.mean, f64::INFINITY))
}

const MAKESPAN: FigureKind = FigureKind {
    title: "Makespan",
    y: "makespan",
    shown: number::seconds,
    unit: AxisUnit::Time,
    of: |row| metric(row, "makespan_s"),
};
const SPEEDUP: FigureKind = FigureKind {
    title: "Speedup",
    y: "speedup, times as fast",
    shown: number::plain,
    unit: AxisUnit::Number,
    of: |row| row.speedup.map(|speedup| (speedup.estimate, speedup.half_width)),
};
/// Consumption: drawn if there is any.
const TAKEN: [FigureKind; 4] = [
    FigureKind { title: "Tokens of a run", y: "tokens", shown: number::tokens, unit: AxisUnit::Number, of: tokens },
    FigureKind {
        title: "Cost of a run",
        y: "cost",
        shown: number::money,
        unit: AxisUnit::Number,
        of: |row| metric(row, "cost"),
    },
    FigureKind {
        title: "LLM calls of a run",
        y: "calls",
        shown: number::plain,
        unit: AxisUnit::Number,
        of: |row| metric(row, "llm_calls"),
    },
    FigureKind {
        title: "Messages of a run",
        y: "messages sent",
        shown: number::plain,
        unit: AxisUnit::Number,
        of: |row| metric(row, "messages_sent"),
    },
];

/// Adds a picture with its heading, if there is one.
fn figure(page: &mut String, title: &str, about: &str, svg: Option<String>) {
    let Some(svg) = svg else { return };
    let (title, about) = (escaped(title), escaped(about));
    let _ = writeln!(page, "<figure><figcaption><b>{title}.</b> {about}</figcaption>{svg}</figure>");
}

/// All pictures of a facet.
pub(super) fn of_facet(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>) -> String {
    let mut page = String::new();
    page.push_str(&left_out(layout));
    let drawn = facet.lines.iter().filter(|line| line.style < STYLES);
    let facet = &Facet {
        values: facet.values.clone(),
        lines: drawn.map(|line| facets::FacetLine { style: line.style, rows: line.rows.clone() }).collect(),
    };
    let is_curve = layout.width() > 1;
    page.push_str(&key(layout, facet, is_curve && !sweep.scaled));
    page.push_str("<div class=\"grid\">\n");
    if is_curve {
        let whiskers = "Whiskers: 95 % interval of the mean";
        let over = format!("Over {}. {whiskers}", sweep.baseline);
        for (kind, about) in [(&MAKESPAN, whiskers), (&SPEEDUP, over.as_str())] {
            let bounds = if kind.title == SPEEDUP.title { bounds(sweep, facet) } else { Vec::new() };
            let chart = along(sweep, layout, facet, kind, bounds);
            figure(&mut page, kind.title, about, chart.to_svg(Frame::FIGURE));
        }
    }
    page.push_str(&budgets(sweep, layout, facet, is_curve));
    if is_curve {
        let has_any = |kind: &&FigureKind| facet.rows().filter_map(kind.of).any(|(value, _)| value > 0.0);
        for kind in TAKEN.iter().filter(has_any) {
            let chart = along(sweep, layout, facet, kind, Vec::new());
            figure(&mut page, kind.title, "Means over completed runs", chart.to_svg(Frame::FIGURE));
        }
    }
    page.push_str(&front(sweep, &lines_of(facet), &facet.rows().collect::<Vec<_>>()));
    page + "</div>\n"
}

/// Notes that architectures are left out, where there are more than styles.
fn left_out(layout: &Layout<'_>) -> String {
    let all = layout.architectures.len();
    let note = format!("<p>The first {STYLES} of {all} architectures are drawn; the table has all.</p>\n");
    if all > STYLES { note } else { String::new() }
}

/// The marks of the architectures, and the bounds.
fn key(layout: &Layout<'_>, facet: &Facet<'_>, has_bounds: bool) -> String {
    let mut text = "<ul class=\"key\">".to_owned();
    for line in &facet.lines {
        let name = escaped(layout.architectures.get(line.style).copied().unwrap_or_default());
        let _ = write!(text, "<li>{} {name}</li>", style::key(Look::Style(line.style)));
    }
    if has_bounds {
        let _ = write!(text, "<li>{} Amdahl's law</li>", style::key(Look::Dashed));
        let _ = write!(text, "<li>{} work and span: no schedule is faster</li>", style::key(Look::Dotted));
    }
    text + "</ul>\n"
}

/// A chart along the horizontal axis.
fn along(
    sweep: &SweepResult,
    layout: &Layout<'_>,
    facet: &Facet<'_>,
    kind: &FigureKind,
    lines: Vec<ChartLine>,
) -> Chart {
    let has_titles = facet.rows().count() <= MOST_TITLES;
    let mark = |x: f64, row: &PointResult| {
        let (value, half_width) = (kind.of)(row)?;
        let interval = half_width.is_finite().then_some((value - half_width, value + half_width));
        let ends = interval
            .map_or(String::new(), |(low, high)| format!(" [{}, {}]", (kind.shown)(low.max(0.0)), (kind.shown)(high)));
        let title = format!("{}: {} {}{ends}", words::point_name(sweep, row), kind.y, (kind.shown)(value));
        let title = if has_titles { title } else { String::new() };
        Some(ChartMark { x, y: value, interval, title, ..ChartMark::default() })
    };
    let series = |line: &facets::FacetLine<'_>| ChartSeries {
        name: layout.architectures.get(line.style).copied().unwrap_or_default().to_owned(),
        style: line.style,
        is_joined: true,
        marks: line.rows.iter().filter_map(|(x, row)| mark(*x, row)).collect(),
        ..ChartSeries::default()
    };
    let unit = if layout.along == Along::Agents { AxisUnit::Whole } else { AxisUnit::Number };
    Chart {
        title: format!("{} along {}", kind.title, layout.x_title(sweep)),
        x: ChartAxis::chosen(layout.x_title(sweep), unit),
        y: ChartAxis { unit: kind.unit, ..ChartAxis::new(kind.y, kind.shown) },
        series: facet.lines.iter().map(series).collect(),
        lines,
        ..Chart::default()
    }
}

/// Speedups by the laws, each line once; none where the work grows with the team.
fn bounds(sweep: &SweepResult, facet: &Facet<'_>) -> Vec<ChartLine> {
    let laws: [RowLaw; 2] = [(Look::Dashed, |row| row.laws.amdahl), (Look::Dotted, |row| row.laws.work_span)];
    let mut bounds: Vec<ChartLine> = Vec::new();
    if sweep.scaled || facet.rows().any(|row| !row.over_one_agent) {
        return bounds;
    }
    for (look, law) in laws {
        for line in &facet.lines {
            let points: Vec<(f64, f64)> = line.rows.iter().map(|(x, row)| (*x, law(row))).collect();
            if points.len() > 1 && !bounds.iter().any(|known| known.look == look && known.points == points) {
                bounds.push(ChartLine { name: String::new(), look, points });
            }
        }
    }
    bounds
}

/// Returns the legend of all budgets of time: the uses that occur.
pub(super) fn budget_key(sweep: &SweepResult) -> String {
    let completed = || sweep.rows.iter().filter(|row| row.completed > 0);
    let occurs = |index: &usize| completed().any(|row| all(&row.shares)[*index] > 0.0);
    let parts: Vec<(usize, String)> = (0..COUNT).filter(occurs).map(|index| (index, use_label(index))).collect();
    shares::key(&parts)
}

/// A bar of a row; none if no run completed.
fn bar(label: &str, row: &PointResult) -> Option<Bar> {
    let parts = all(&row.shares);
    let named = parts.iter().enumerate().filter(|(_, share)| **share >= 0.005);
    let named: Vec<String> =
        named.map(|(index, share)| format!("{} {}", use_label(index), number::percent(*share))).collect();
    let title = format!("{label}: {}", named.join(", "));
    (row.completed > 0).then(|| Bar { label: label.to_owned(), title, shares: parts })
}

/// Budgets of time: a picture an architecture, or one of all where there is one team of each.
fn budgets(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>, is_curve: bool) -> String {
    let mut page = String::new();
    let name = |style: usize| layout.architectures.get(style).copied().unwrap_or_default();
    let about = "Shares of agents times makespan";
    if !is_curve {
        let rows = facet.lines.iter().flat_map(|line| line.rows.iter().map(|(_, row)| (name(line.style), *row)));
        let bars: Vec<Bar> = rows.filter_map(|(name, row)| bar(name, row)).collect();
        let title = "Where the team's time goes";
        figure(&mut page, title, about, shares::to_svg(title, &bars, ""));
        return page;
    }
    for line in &facet.lines {
        let bars: Vec<Bar> = line.rows.iter().filter_map(|(x, row)| bar(&number::plain(*x), row)).collect();
        let title = format!("Where the time of {} goes", name(line.style));
        figure(&mut page, &title, about, shares::to_svg(&title, &bars, layout.x_title(sweep)));
    }
    page
}

/// Points by architecture.
type ByStyle<'a> = Vec<(usize, Vec<&'a PointResult>)>;

fn lines_of<'a>(facet: &Facet<'a>) -> ByStyle<'a> {
    facet.lines.iter().map(|line| (line.style, line.rows.iter().map(|(_, row)| *row).collect())).collect()
}

/// Time against cost of `lines`, with the front of `all`: teams that no other beats in both. In tokens where nothing has
/// a price.
fn front(sweep: &SweepResult, lines: &ByStyle<'_>, all: &[&PointResult]) -> String {
    let has_prices = all.iter().filter_map(|row| row.metric("cost")).any(|cost| cost.mean > 0.0);
    let (of, shown, title): (RowFigure, fn(f64) -> String, &str) = if has_prices {
        (|row| metric(row, "cost"), number::money, "cost of a run")
    } else {
        (tokens, number::tokens, "tokens of a run")
    };
    let point = |row: &PointResult| Some((of(row)?.0, metric(row, "makespan_s")?.0));
    let mut known: Vec<((f64, f64), &PointResult)> = all.iter().filter_map(|row| Some((point(row)?, *row))).collect();
    if known.len() < 2 {
        return String::new();
    }
    known.sort_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut front: Vec<((f64, f64), &PointResult)> = Vec::new();
    for (point, row) in known {
        if front.last().is_none_or(|(last, _)| point.1 < last.1) {
            front.push((point, row));
        }
    }
    let has_titles = all.len() <= MOST_TITLES;
    let mark = |row: &&PointResult| {
        let (x, y) = point(row)?;
        let title = format!("{}: {} in {}", words::point_name(sweep, row), shown(x), number::seconds(y));
        Some(ChartMark { x, y, title: if has_titles { title } else { String::new() }, ..ChartMark::default() })
    };
    let series = |(style, rows): &(usize, Vec<&PointResult>)| ChartSeries {
        style: *style,
        marks: rows.iter().filter_map(mark).collect(),
        ..ChartSeries::default()
    };
    let teams: Vec<String> = front
        .iter()
        .take(6)
        .map(|((x, y), row)| format!("{} ({} in {})", words::point_name(sweep, row), shown(*x), number::seconds(*y)))
        .collect();
    let more = front.len().saturating_sub(teams.len());
    let more = if more > 0 { format!("; and {} more", number::count(more as u64)) } else { String::new() };
    let caption = format!("On the front, from the cheapest to the fastest: {}{more}", teams.join("; "));
    let chart = Chart {
        title: format!("Time against {title}"),
        description: caption.clone(),
        x: ChartAxis::new(title, shown),
        y: ChartAxis::time("makespan"),
        series: lines.iter().map(series).collect(),
        lines: vec![ChartLine {
            name: String::new(),
            look: Look::Dashed,
            points: front.iter().map(|(point, _)| *point).collect(),
        }],
        ..Chart::default()
    };
    let mut page = String::new();
    figure(&mut page, "Time against cost", &caption, chart.to_svg(Frame::FIGURE));
    page
}

/// Samples one point in so many, by its digest; sampling by index would favour some team sizes.
fn is_chosen(row: &PointResult, one_in: u64) -> bool {
    let mut digest = Digest::default();
    digest.add_text(&row.architecture);
    digest.add(u64::from(row.agents));
    row.axes.iter().for_each(|value| digest.add_text(value));
    digest.value().is_multiple_of(one_in)
}

/// Draws all points as dots, where there are too many combinations for a picture each; of very many points a sample.
pub(super) fn cloud(sweep: &SweepResult, layout: &Layout<'_>) -> String {
    let one_in = sweep.rows.len().div_ceil(MOST_DOTS).max(1) as u64;
    let mut facet = Facet { values: Vec::new(), lines: Vec::new() };
    for line in layout.facets.iter().flat_map(|facet| &facet.lines).filter(|line| line.style < STYLES) {
        let rows: Vec<(f64, &PointResult)> =
            line.rows.iter().filter(|(_, row)| is_chosen(row, one_in)).copied().collect();
        match facet.lines.iter_mut().find(|own| own.style == line.style) {
            Some(own) => own.rows.extend(rows),
            None => facet.lines.push(facets::FacetLine { style: line.style, rows }),
        }
    }
    facet.lines.sort_by_key(|line| line.style);
    let drawn = facet.rows().count();
    let mut page = String::new();
    if drawn < sweep.rows.len() {
        let [drawn, all] = [drawn, sweep.rows.len()].map(|n| number::count(n as u64));
        let _ =
            writeln!(page, "<p>Drawn are {drawn} of {all} points, chosen by chance; the fastest are in the table.</p>");
    }
    page.push_str(&left_out(layout));
    page.push_str(&key(layout, &facet, false));
    page.push_str("<div class=\"grid\">\n");
    for kind in [&MAKESPAN, &SPEEDUP].into_iter().filter(|_| layout.width() > 1) {
        let mut chart = along(sweep, layout, &facet, kind, Vec::new());
        chart.description = format!("{} points of all combinations", number::count(drawn as u64));
        for series in &mut chart.series {
            series.is_joined = false;
            series.marks.iter_mut().for_each(|mark| mark.interval = None);
        }
        figure(&mut page, kind.title, "A mark a point: means over completed runs", chart.to_svg(Frame::FIGURE));
    }
    page.push_str(&front(sweep, &lines_of(&facet), &sweep.rows.iter().collect::<Vec<_>>()));
    page + "</div>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn a_bar_is_the_whole() {
        let sweep = sweep();
        assert_eq!(
            bar("2", &sweep.rows[0]).expect("runs completed").title,
            "2: work 60 %, service 2 %, coordination 8 %, waiting: queue 1 %, waiting: barrier 20 %, waiting: nothing left 4 %, rework 5 %"
        );
        assert!(bar("4", &sweep.rows[5]).is_none());
    }
}
