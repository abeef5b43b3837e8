//! Which pictures a page has: of every facet the scaling curves, where the time goes, what it takes, and time against
//! cost; of very many facets all points as dots.

use std::fmt::Write as _;

use crate::engine::Digest;
use crate::experiment::{PointResult, SweepResult};
use crate::report::html::escaped;
use crate::report::number;
use crate::report::sweep_page::chart::{self, Axis, Bound, Chart, Line, Mark, STYLES};
use crate::report::sweep_page::facets::{self, Along, Facet, Layout};
use crate::report::sweep_page::{bars, points};

/// More facets than this are drawn as one.
pub(super) const MOST_FACETS: usize = 9;
/// The most dots of a picture.
pub(super) const MOST_DOTS: usize = 1_500;
/// The most marks of a picture that have a text of their own.
const MOST_TITLES: usize = 400;

/// A figure of a row, with its interval if it has one.
type Figure = fn(&PointResult) -> Option<(f64, f64)>;

/// How a bound is drawn, and what it is of a row.
type Law = (&'static str, fn(&PointResult) -> f64);

/// A kind of picture along the horizontal axis.
struct Kind {
    title: &'static str,
    y: &'static str,
    shown: fn(f64) -> String,
    is_time: bool,
    of: Figure,
}

fn metric(row: &PointResult, name: &str) -> Option<(f64, f64)> {
    row.metric(name).map(|summary| (summary.mean, summary.half_width))
}

fn tokens(row: &PointResult) -> Option<(f64, f64)> {
    let (input, output) = (row.metric("input_tokens")?, row.metric("output_tokens")?);
    Some((input.mean + output.mean, f64::INFINITY))
}

const MAKESPAN: Kind = Kind {
    title: "Makespan",
    y: "makespan",
    shown: number::seconds,
    is_time: true,
    of: |row| metric(row, "makespan_s"),
};
const SPEEDUP: Kind = Kind {
    title: "Speedup",
    y: "speedup, times as fast",
    shown: plain,
    is_time: false,
    of: |row| row.speedup.map(|speedup| (speedup.estimate, speedup.half_width)),
};
/// What it takes: drawn where there is any of it.
const TAKEN: [Kind; 4] = [
    Kind { title: "Tokens of a run", y: "tokens", shown: number::tokens, is_time: false, of: tokens },
    Kind { title: "Cost of a run", y: "cost", shown: number::money, is_time: false, of: |row| metric(row, "cost") },
    Kind { title: "LLM calls of a run", y: "calls", shown: plain, is_time: false, of: |row| metric(row, "llm_calls") },
    Kind {
        title: "Messages of a run",
        y: "messages sent",
        shown: plain,
        is_time: false,
        of: |row| metric(row, "messages_sent"),
    },
];

/// A number without zeros behind its point.
fn plain(value: f64) -> String {
    let text = number::significant(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A picture with its heading.
fn figure(page: &mut String, title: &str, about: &str, svg: &str) {
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
        lines: drawn.map(|line| facets::Line { style: line.style, rows: line.rows.clone() }).collect(),
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
            if let Some(svg) = chart::to_svg(&chart) {
                figure(&mut page, kind.title, about, &svg);
            }
        }
    }
    page.push_str(&budgets(sweep, layout, facet, is_curve));
    if is_curve {
        let has_any = |kind: &&Kind| facet.rows().filter_map(kind.of).any(|(value, _)| value > 0.0);
        for kind in TAKEN.iter().filter(has_any) {
            let chart = along(sweep, layout, facet, kind, Vec::new());
            if let Some(svg) = chart::to_svg(&chart) {
                figure(&mut page, kind.title, "Means over completed runs", &svg);
            }
        }
    }
    page.push_str(&front(sweep, &lines_of(facet), &facet.rows().collect::<Vec<_>>()));
    page + "</div>\n"
}

/// Says it if there are more architectures than anybody tells apart.
fn left_out(layout: &Layout<'_>) -> String {
    let all = layout.architectures.len();
    let said = format!("<p>The first {STYLES} of {all} architectures are drawn; the table has all.</p>\n");
    if all > STYLES { said } else { String::new() }
}

/// The marks of the architectures, and the bounds.
fn key(layout: &Layout<'_>, facet: &Facet<'_>, has_bounds: bool) -> String {
    let mut text = "<ul class=\"key\">".to_owned();
    for line in &facet.lines {
        let name = escaped(layout.architectures.get(line.style).copied().unwrap_or_default());
        let _ = write!(text, "<li>{} {name}</li>", chart::sample(line.style));
    }
    if has_bounds {
        let _ = write!(text, "<li>{} Amdahl's law</li>", chart::sample_of_bound("d"));
        let _ = write!(text, "<li>{} work and span: no schedule is faster</li>", chart::sample_of_bound("p"));
    }
    text + "</ul>\n"
}

/// A picture along the horizontal axis.
fn along(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>, kind: &Kind, bounds: Vec<Bound>) -> Chart {
    let has_titles = facet.rows().count() <= MOST_TITLES;
    let mark = |x: f64, row: &PointResult| {
        let (value, half_width) = (kind.of)(row)?;
        let interval = half_width.is_finite().then_some((value - half_width, value + half_width));
        let ends = interval
            .map_or(String::new(), |(low, high)| format!(" [{}, {}]", (kind.shown)(low.max(0.0)), (kind.shown)(high)));
        let title = format!("{}: {} {}{ends}", points::name(sweep, row), kind.y, (kind.shown)(value));
        Some(Mark { x, y: value, interval, title: if has_titles { title } else { String::new() } })
    };
    let line = |line: &facets::Line<'_>| Line {
        style: line.style,
        is_joined: true,
        marks: line.rows.iter().filter_map(|(x, row)| mark(*x, row)).collect(),
    };
    Chart {
        title: format!("{} along {}", kind.title, layout.x_title(sweep)),
        about: ends(layout, facet, kind),
        x: Axis {
            title: layout.x_title(sweep).to_owned(),
            shown: plain,
            is_whole: layout.along == Along::Agents,
            is_time: false,
            is_chosen: true,
        },
        y: Axis {
            title: kind.y.to_owned(),
            shown: kind.shown,
            is_whole: false,
            is_time: kind.is_time,
            is_chosen: false,
        },
        lines: facet.lines.iter().map(line).collect(),
        bounds,
    }
}

/// Where every line begins and ends, in words.
fn ends(layout: &Layout<'_>, facet: &Facet<'_>, kind: &Kind) -> String {
    let said = facet.lines.iter().filter_map(|line| {
        let known: Vec<(f64, f64)> =
            line.rows.iter().filter_map(|(x, row)| (kind.of)(row).map(|(value, _)| (*x, value))).collect();
        let (first, last) = (known.first()?, known.last()?);
        let name = layout.architectures.get(line.style).copied().unwrap_or_default();
        let [from, to] = [first, last].map(|(x, value)| format!("{} at {}", (kind.shown)(*value), plain(*x)));
        Some(format!("{name} from {from} to {to}"))
    });
    said.collect::<Vec<_>>().join("; ")
}

/// What the laws say, each line once; where the work grows with the team, Gustafson's law instead.
fn bounds(sweep: &SweepResult, facet: &Facet<'_>) -> Vec<Bound> {
    let laws: [Law; 2] = [("d", |row| row.laws.amdahl), ("p", |row| row.laws.work_span)];
    let mut bounds: Vec<Bound> = Vec::new();
    if sweep.scaled || facet.rows().any(|row| !row.over_one_agent) {
        return bounds;
    }
    for (class, law) in laws {
        for line in &facet.lines {
            let points: Vec<(f64, f64)> = line.rows.iter().map(|(x, row)| (*x, law(row))).collect();
            if points.len() > 1 && !bounds.iter().any(|known| known.class == class && known.points == points) {
                bounds.push(Bound { class, points });
            }
        }
    }
    bounds
}

/// Where the time goes: a picture an architecture, or one of all where there is one team of each.
fn budgets(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>, is_curve: bool) -> String {
    let mut page = String::new();
    let name = |style: usize| layout.architectures.get(style).copied().unwrap_or_default();
    if !is_curve {
        let rows: Vec<(String, &PointResult)> =
            facet.lines.iter().flat_map(|l| l.rows.iter().map(|(_, row)| (name(l.style).to_owned(), *row))).collect();
        if let Some(svg) = bars::to_svg("Where the team's time goes", &rows, "") {
            figure(&mut page, "Where the team's time goes", "Shares of agents times makespan", &svg);
        }
        return page;
    }
    for line in &facet.lines {
        let rows: Vec<(String, &PointResult)> = line.rows.iter().map(|(x, row)| (plain(*x), *row)).collect();
        let title = format!("Where the time of {} goes", name(line.style));
        if let Some(svg) = bars::to_svg(&title, &rows, layout.x_title(sweep)) {
            figure(&mut page, &title, "Shares of agents times makespan", &svg);
        }
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
    let (of, shown, title): (Figure, fn(f64) -> String, &str) = if has_prices {
        (|row| metric(row, "cost"), number::money, "cost of a run")
    } else {
        (tokens, number::tokens, "tokens of a run")
    };
    let place = |row: &PointResult| Some((of(row)?.0, metric(row, "makespan_s")?.0));
    let mut known: Vec<((f64, f64), &PointResult)> = all.iter().filter_map(|row| Some((place(row)?, *row))).collect();
    if known.len() < 2 {
        return String::new();
    }
    known.sort_by(|(a, _), (b, _)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut front: Vec<((f64, f64), &PointResult)> = Vec::new();
    for (place, row) in known {
        if front.last().is_none_or(|(last, _)| place.1 < last.1) {
            front.push((place, row));
        }
    }
    let has_titles = all.len() <= MOST_TITLES;
    let mark = |row: &&PointResult| {
        let (x, y) = place(row)?;
        let title = format!("{}: {} in {}", points::name(sweep, row), shown(x), number::seconds(y));
        Some(Mark { x, y, interval: None, title: if has_titles { title } else { String::new() } })
    };
    let line = |(style, rows): &(usize, Vec<&PointResult>)| Line {
        style: *style,
        is_joined: false,
        marks: rows.iter().filter_map(mark).collect(),
    };
    let said: Vec<String> = front
        .iter()
        .take(6)
        .map(|((x, y), row)| format!("{} ({} in {})", points::name(sweep, row), shown(*x), number::seconds(*y)))
        .collect();
    let more = front.len().saturating_sub(said.len());
    let more = if more > 0 { format!("; and {} more", number::count(more as u64)) } else { String::new() };
    let said = format!("On the front, from the cheapest to the fastest: {}{more}", said.join("; "));
    let chart = Chart {
        title: format!("Time against {title}"),
        about: said.clone(),
        x: Axis { title: title.to_owned(), shown, is_whole: false, is_time: false, is_chosen: false },
        y: Axis {
            title: "makespan".to_owned(),
            shown: number::seconds,
            is_whole: false,
            is_time: true,
            is_chosen: false,
        },
        lines: lines.iter().map(line).collect(),
        bounds: vec![Bound { class: "d", points: front.iter().map(|(place, _)| *place).collect() }],
    };
    let mut page = String::new();
    if let Some(svg) = chart::to_svg(&chart) {
        figure(&mut page, "Time against cost", &said, &svg);
    }
    page
}

/// Whether a point is among one in so many. Its identity decides, as its place would pick out some team sizes.
fn is_chosen(row: &PointResult, one_in: u64) -> bool {
    let mut digest = Digest::default();
    digest.add_text(&row.architecture);
    digest.add(u64::from(row.agents));
    row.axes.iter().for_each(|value| digest.add_text(value));
    digest.value().is_multiple_of(one_in)
}

/// All points as dots, where there are too many combinations for a picture each. Of very many points some.
pub(super) fn cloud(sweep: &SweepResult, layout: &Layout<'_>) -> String {
    let one_in = sweep.rows.len().div_ceil(MOST_DOTS).max(1) as u64;
    let mut facet = Facet { values: Vec::new(), lines: Vec::new() };
    for line in layout.facets.iter().flat_map(|facet| &facet.lines).filter(|line| line.style < STYLES) {
        let rows: Vec<(f64, &PointResult)> =
            line.rows.iter().filter(|(_, row)| is_chosen(row, one_in)).copied().collect();
        match facet.lines.iter_mut().find(|own| own.style == line.style) {
            Some(own) => own.rows.extend(rows),
            None => facet.lines.push(facets::Line { style: line.style, rows }),
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
        chart.about = format!("{} points of all combinations", number::count(drawn as u64));
        for line in &mut chart.lines {
            line.is_joined = false;
            line.marks.iter_mut().for_each(|mark| mark.interval = None);
        }
        if let Some(svg) = chart::to_svg(&chart) {
            figure(&mut page, kind.title, "A mark a point: means over completed runs", &svg);
        }
    }
    page.push_str(&front(sweep, &lines_of(&facet), &sweep.rows.iter().collect::<Vec<_>>()));
    page + "</div>\n"
}
