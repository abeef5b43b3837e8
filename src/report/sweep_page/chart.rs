//! A picture of lines and points over one axis: marks told apart by shape, dashes and colour, whiskers for intervals,
//! bounds in grey. Nothing is drawn outside of its frame and no two labels of a scale overlap.

use std::fmt::Write as _;

use crate::engine::math;
use crate::report::html::escaped;

/// The drawing, and its margins.
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 86.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// The width of a character of a label, at most.
const CHARACTER: f64 = 7.2;
/// The characters for which there is room beside a scale.
const LONGEST: usize = 9;
/// The most marks on a line; of more some are left out, evenly.
const MOST_MARKS: usize = 40;
/// Most steps of a scale.
const MOST_STEPS: f64 = 6.0;
/// From this ratio of the greatest to the least value on, a scale is logarithmic.
const WIDE: f64 = 32.0;
/// How many shapes, dashes and colours there are.
const SHAPES: usize = 6;
/// How many kinds of marks can be told apart: filled ones, and as many hollow ones.
pub(super) const STYLES: usize = 2 * SHAPES;

/// What is drawn.
pub(super) struct Chart {
    /// What it is, and what it says: for those who don't see it.
    pub(super) title: String,
    pub(super) about: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    pub(super) bounds: Vec<Bound>,
}

/// A side of the drawing.
pub(super) struct Axis {
    pub(super) title: String,
    /// How a value is shown.
    pub(super) shown: fn(f64) -> String,
    /// Whether values are whole numbers.
    pub(super) is_whole: bool,
    /// Whether values are lengths of time, which have steps of their own.
    pub(super) is_time: bool,
    /// Whether values were chosen, such as team sizes, and not measured: then they are the steps of the scale.
    pub(super) is_chosen: bool,
}

/// Marks of one kind.
pub(super) struct Line {
    /// Its number, by which it is told apart.
    pub(super) style: usize,
    /// Whether its marks are joined.
    pub(super) is_joined: bool,
    pub(super) marks: Vec<Mark>,
}

/// A value that was measured.
pub(super) struct Mark {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The ends of its interval.
    pub(super) interval: Option<(f64, f64)>,
    /// What it is, for those who point at it.
    pub(super) title: String,
}

/// What a value is held against.
pub(super) struct Bound {
    /// `d` for dashes, `p` for dots.
    pub(super) class: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// From values to places.
struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    from: f64,
    to: f64,
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let bend = |value: f64| if self.is_log { math::ln(value.max(1e-300)) } else { value };
        let share = (bend(value) - bend(self.low)) / (bend(self.high) - bend(self.low));
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

/// An SVG; none if nothing was measured.
pub(super) fn to_svg(chart: &Chart) -> Option<String> {
    let marks = || chart.lines.iter().flat_map(|line| &line.marks).filter(|mark| is_sound(mark));
    let (least, most) = (marks().map(|m| m.x).reduce(f64::min)?, marks().map(|m| m.x).reduce(f64::max)?);
    let reach =
        marks().map(|mark| mark.interval.map_or(mark.y, |(_, high)| high.min(2.0 * mark.y))).fold(0.0, f64::max);
    // The bounds may run out of the picture: it is there for what was measured.
    let bound = chart.bounds.iter().flat_map(|bound| &bound.points).map(|point| point.1).filter(|y| y.is_finite());
    let top = bound.fold(reach, f64::max).min(1.6 * reach);
    let top = if top > 0.0 { top * 1.06 } else { 1.0 };
    let x = across(least, most, chart.x.is_chosen);
    let y = Scale { low: 0.0, high: top, is_log: false, from: HEIGHT - BOTTOM, to: TOP };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}: {}\">",
        escaped(&chart.title),
        escaped(&chart.about)
    );
    scales(&mut svg, chart, &x, &y, &values(chart));
    for bound in &chart.bounds {
        let points: Vec<(f64, f64)> = below(&bound.points, top).iter().map(|p| (x.at(p.0), y.at(p.1))).collect();
        let _ = write!(svg, "<path class=\"b {}\" d=\"{}\"/>", bound.class, path(&points));
    }
    for line in &chart.lines {
        draw(&mut svg, line, &x, &y);
    }
    Some(svg + "</svg>\n")
}

fn is_sound(mark: &Mark) -> bool {
    mark.x.is_finite() && mark.y.is_finite() && mark.y >= 0.0
}

/// The values on the horizontal axis at which something was measured.
fn values(chart: &Chart) -> Vec<f64> {
    let marks = chart.lines.iter().flat_map(|line| &line.marks).filter(|mark| is_sound(mark));
    let mut values: Vec<f64> = marks.map(|mark| mark.x).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

fn across(least: f64, most: f64, is_chosen: bool) -> Scale {
    let is_log = least > 0.0 && most / least >= WIDE;
    let (low, high) = if is_log {
        (least / 1.15, most * 1.15)
    } else if !is_chosen && least >= 0.0 && most > 0.0 {
        (0.0, most * 1.06)
    } else {
        let margin = if most > least { 0.05 * (most - least) } else { 0.5 * most.abs().max(1.0) };
        (least - margin, most + margin)
    };
    Scale { low, high, is_log, from: LEFT, to: WIDTH - RIGHT }
}

fn scales(svg: &mut String, chart: &Chart, x: &Scale, y: &Scale, values: &[f64]) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in steps(y.high, &chart.y) {
        let (at, label) = (y.at(tick), escaped(&short(tick, chart.y.shown)));
        let _ = write!(svg, "<path class=\"g\" d=\"M{LEFT} {at:.1}H{right}\"/>");
        let _ = write!(svg, "<text class=\"e\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>", LEFT - 6.0, at + 4.0);
    }
    let _ = write!(svg, "<path class=\"a\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>");
    let mut free = 0.0;
    for tick in ticks(values, x, &chart.x) {
        let (at, label) = (x.at(tick), short(tick, chart.x.shown));
        let half = label.chars().count() as f64 * CHARACTER / 2.0;
        // A label that would not fit, beside the last one or at the edge, is left out.
        if at - half < free || at + half > WIDTH {
            continue;
        }
        free = at + half + 6.0;
        let _ = write!(svg, "<path class=\"a\" d=\"M{at:.1} {bottom}v4\"/>");
        let label = escaped(&label);
        let _ = write!(svg, "<text class=\"m\" x=\"{at:.1}\" y=\"{:.1}\">{label}</text>", bottom + 18.0);
    }
    let middle = f64::midpoint(LEFT, right);
    let title = escaped(&chart.x.title);
    let _ = write!(svg, "<text class=\"m t\" x=\"{middle:.1}\" y=\"{:.1}\">{title}</text>", HEIGHT - 8.0);
    let (title, middle) = (escaped(&chart.y.title), f64::midpoint(TOP, bottom));
    let _ = write!(
        svg,
        "<text class=\"m t\" transform=\"translate(11 {middle:.1}) rotate(-90)\" x=\"0\" y=\"0\">{title}</text>"
    );
}

/// A label that has room beside a scale.
fn short(value: f64, shown: fn(f64) -> String) -> String {
    let text = shown(value);
    if text.chars().count() <= LONGEST { text } else { format!("{value:.1e}") }
}

/// Round values from 0 to `top`.
fn steps(top: f64, axis: &Axis) -> Vec<f64> {
    const TIMES: [f64; 16] = [
        1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0, 18_000.0,
        36_000.0,
    ];
    let fits = |step: &f64| top / step <= MOST_STEPS;
    let times = TIMES.into_iter().filter(|_| axis.is_time && top >= 1.0).find(fits);
    let step = times.unwrap_or_else(|| round_step(top, axis.is_whole));
    let count = (top / step).floor().min(MOST_STEPS + 1.0) as u32;
    (0..=count).map(|place| f64::from(place) * step).collect()
}

/// The least of 1, 2 and 5 times a power of ten with few enough steps up to `top`.
fn round_step(top: f64, is_whole: bool) -> f64 {
    let least = if is_whole { 1.0 } else { 0.0 };
    round_values().find(|step| *step >= least && top / step <= MOST_STEPS).unwrap_or(top)
}

/// 1, 2 and 5 times the powers of ten, from small to large. As text says them: a product would be off in its last digit.
fn round_values() -> impl Iterator<Item = f64> {
    (-12..=18).flat_map(|power| [1, 2, 5].map(|digit| format!("{digit}e{power}").parse().unwrap_or(1.0)))
}

/// Where the horizontal axis has a label: at what was measured if that is little, else at round values.
fn ticks(values: &[f64], x: &Scale, axis: &Axis) -> Vec<f64> {
    if !axis.is_chosen {
        return if x.is_log {
            round_values().filter(|tick| (x.low..=x.high).contains(tick)).collect()
        } else {
            steps(x.high, axis)
        };
    }
    if values.len() <= 12 {
        return values.to_vec();
    }
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return Vec::new() };
    if x.is_log {
        return std::iter::successors(Some(*least), |tick| Some(2.0 * tick)).take_while(|tick| tick <= most).collect();
    }
    let step = round_step(most - least, axis.is_whole);
    let first = (least / step).ceil();
    let all = (0..=8).map(|place| (first + f64::from(place)) * step).filter(|tick| tick <= most);
    // The smallest team is worth a label of its own.
    std::iter::once(*least).chain(all.filter(|tick| tick > least)).collect()
}

/// A line up to where it leaves the picture.
fn below(points: &[(f64, f64)], top: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for &(x, y) in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
        if y <= top {
            kept.push((x, y));
            continue;
        }
        if let Some(&(x0, y0)) = kept.last() {
            kept.push((x0 + (x - x0) * (top - y0) / (y - y0), top));
        }
        break;
    }
    kept
}

fn path(points: &[(f64, f64)]) -> String {
    let steps: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    if steps.is_empty() { String::new() } else { format!("M{}", steps.join("L")) }
}

fn draw(svg: &mut String, line: &Line, x: &Scale, y: &Scale) {
    let _ = write!(svg, "<g class=\"{}\">", classes(line.style));
    let places: Vec<(f64, f64, &Mark)> =
        line.marks.iter().filter(|mark| is_sound(mark)).map(|mark| (x.at(mark.x), y.at(mark.y), mark)).collect();
    if line.is_joined && places.len() > 1 {
        let points: Vec<(f64, f64)> = places.iter().map(|(x, y, _)| (*x, *y)).collect();
        let _ = write!(svg, "<path class=\"j\" d=\"{}\"/>", path(&points));
    }
    // On a long line marks would hide each other.
    let stride = if line.is_joined { places.len().div_ceil(MOST_MARKS).max(1) } else { 1 };
    for (at, height, mark) in places.iter().step_by(stride) {
        if let Some((low, high)) = mark.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            let (low, high) = (y.at(low.max(0.0)), y.at(high));
            if low - high >= 1.0 {
                let _ = write!(svg, "<path class=\"w\" d=\"M{at:.1} {low:.1}V{high:.1}\"/>");
            }
        }
        let shape = shape(line.style);
        if mark.title.is_empty() {
            let _ = write!(svg, "<path class=\"k\" transform=\"translate({at:.1} {height:.1})\" d=\"{shape}\"/>");
        } else {
            let title = escaped(&mark.title);
            let _ = write!(
                svg,
                "<path class=\"k\" transform=\"translate({at:.1} {height:.1})\" d=\"{shape}\"><title>{title}</title></path>"
            );
        }
    }
    svg.push_str("</g>");
}

/// What the style of a page knows the kinds of marks by.
fn classes(style: usize) -> String {
    let hollow = if style / SHAPES % 2 == 1 { " hollow" } else { "" };
    format!("s{0} l{0}{hollow}", style % SHAPES)
}

/// The outline of a mark around its middle.
fn shape(style: usize) -> &'static str {
    match style % SHAPES {
        0 => "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        1 => "M-3.7 -3.7h7.4v7.4h-7.4z",
        2 => "M0 -4.8L4.6 3.6H-4.6z",
        3 => "M0 -5.2L4.6 0L0 5.2L-4.6 0z",
        4 => "M0 4.8L4.6 -3.6H-4.6z",
        _ => "M-1.5 -4.6h3v3.1h3.1v3h-3.1v3.1h-3v-3.1h-3.1v-3h3.1z",
    }
}

/// The mark and the line of a style, for a key beside the pictures.
pub(super) fn sample(style: usize) -> String {
    format!(
        "<svg class=\"key {0}\" viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\"><path class=\"j\" \
         d=\"M0 6H34\"/><path class=\"k\" transform=\"translate(17 6)\" d=\"{1}\"/></svg>",
        classes(style),
        shape(style)
    )
}

/// The line of a bound, for a key.
pub(super) fn sample_of_bound(class: &str) -> String {
    format!(
        "<svg class=\"key\" viewBox=\"0 0 34 12\" width=\"34\" height=\"12\" aria-hidden=\"true\"><path class=\"b {class}\" \
         d=\"M0 6H34\"/></svg>"
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::number;
    use crate::report::tests::assert_well_formed;

    /// Every pair of numbers `x="" y=""` of labels with its text, and every place of a path.
    pub(in crate::report::sweep_page) fn assert_in_frame(svg: &str) {
        assert_well_formed(svg);
        let attribute = |tag: &str, name: &str| -> Option<f64> {
            tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
        };
        let (width, height) = (attribute(svg, "width").expect("a width"), attribute(svg, "height").expect("a height"));
        let mut labels: Vec<(f64, f64, f64)> = Vec::new();
        for text in svg.split("<text").skip(1).filter(|text| !text.contains("rotate")) {
            let shown = text.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
            let wide = shown.chars().count() as f64 * 6.2;
            let (x, y) = (attribute(text, "x").expect("x"), attribute(text, "y").expect("y"));
            let tag = text.split('>').next().unwrap_or_default();
            let left = if tag.contains("\"e") {
                x - wide
            } else if tag.contains("\"m") {
                x - wide / 2.0
            } else {
                x
            };
            assert!(left >= -1.0 && left + wide <= width + 1.0, "{shown} at {left} of {width}");
            assert!(y >= 8.0 && y <= height, "{shown} at {y} of {height}");
            for (other, end, line) in &labels {
                assert!((line - y).abs() > 9.0 || left >= *end || left + wide <= *other, "{shown} overlaps");
            }
            labels.push((left, left + wide, y));
        }
        for place in svg.split("translate(").skip(1) {
            let (x, y) = place.split(')').next().and_then(|p| p.split_once(' ')).expect("a place");
            let (x, y): (f64, f64) = (x.parse().expect("a number"), y.parse().expect("a number"));
            assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "{x} {y}");
        }
        for data in svg.split(" d=\"M").skip(1).map(|rest| rest.split('"').next().unwrap_or_default()) {
            for number in data.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).filter(|n| !n.is_empty())
            {
                let number: f64 = number.parse().unwrap_or(0.0);
                assert!((-20.0..=width.max(height)).contains(&number), "{data}");
            }
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    fn chart(points: &[(f64, f64)], bounds: &[(f64, f64)], is_chosen: bool) -> Chart {
        let axis = |title: &str, is_time: bool, is_chosen: bool| Axis {
            title: title.to_owned(),
            shown: number::significant,
            is_whole: !is_time,
            is_time,
            is_chosen,
        };
        let mark = |&(x, y): &(f64, f64)| Mark { x, y, interval: Some((y * 0.5, y * 9.0)), title: "<&>".to_owned() };
        Chart {
            title: "a \"b\"".to_owned(),
            about: "c".to_owned(),
            x: axis("agents", false, is_chosen),
            y: axis("seconds", true, false),
            lines: (0..8)
                .map(|style| Line { style, is_joined: true, marks: points.iter().map(mark).collect() })
                .collect(),
            bounds: vec![Bound { class: "d", points: bounds.to_vec() }],
        }
    }

    #[test]
    fn everything_is_inside_of_the_frame_and_apart() {
        let curve =
            |n: u32, scale: f64| -> Vec<(f64, f64)> { (1..=n).map(|n| (f64::from(n), scale / f64::from(n))).collect() };
        for scale in [1e-9, 0.03, 1.0, 59.0, 3_599.0, 1e6, 1e15] {
            for n in [1, 2, 12, 13, 31, 64, 1_000] {
                for is_chosen in [true, false] {
                    let bound = [(1.0, scale), (f64::from(n), 40.0 * scale)];
                    assert_in_frame(&to_svg(&chart(&curve(n, scale), &bound, is_chosen)).expect("marks"));
                }
            }
        }
        for odd in
            [vec![(-3.0, 0.0), (1e9, 0.0)], vec![(0.0, 1.0), (0.001, f64::NAN)], vec![(5.0, f64::INFINITY), (6.0, 1.0)]]
        {
            assert_in_frame(&to_svg(&chart(&odd, &[(f64::NAN, 1.0), (0.0, f64::INFINITY)], true)).expect("marks"));
        }
        assert!(to_svg(&chart(&[(1.0, f64::NAN)], &[], true)).is_none());
    }

    #[test]
    fn every_style_is_its_own() {
        let samples: std::collections::BTreeSet<String> = (0..STYLES).map(sample).collect();
        assert_eq!(samples.len(), STYLES);
    }

    #[test]
    fn bounds_end_where_they_leave() {
        assert_eq!(below(&[(1.0, 1.0), (2.0, 2.0), (4.0, 4.0), (5.0, 1.0)], 3.0), [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
        assert!(below(&[(1.0, 9.0)], 3.0).is_empty());
    }

    #[test]
    fn steps_are_round() {
        let time =
            Axis { title: String::new(), shown: number::seconds, is_whole: false, is_time: true, is_chosen: false };
        assert_eq!(steps(150.0, &time), [0.0, 30.0, 60.0, 90.0, 120.0, 150.0]);
        let plain = Axis { is_time: false, ..time };
        assert_eq!(steps(2.7, &plain), [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]);
    }
}
