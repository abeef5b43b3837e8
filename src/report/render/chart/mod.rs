//! Chart of all pictures: lines and points over two axes as SVG, in a page or as a file. The same values give the same
//! bytes. Nothing is drawn outside of its frame, and labels of an axis do not overlap.

pub(crate) mod axis;
mod legend;
pub(crate) mod shares;
pub(crate) mod style;
pub(crate) mod svg;

use axis::{AxisScale, ChartAxis};
use style::{Look, STYLE};
use svg::{Svg, cut, width};

use crate::report::render::xml::escaped;

/// Most marks on a line; more are thinned out evenly.
const MOST_MARKS: usize = 40;
/// Largest height of the axis relative to the marks; guides may leave the picture.
const HEADROOM: f64 = 1.6;

/// A chart.
#[derive(Default)]
pub(crate) struct Chart {
    /// Title, shown if the frame has one.
    pub(crate) title: String,
    /// Line below the title.
    pub(crate) subtitle: String,
    /// Description for screen readers; if empty, the ends of all lines.
    pub(crate) description: String,
    /// Horizontal axis.
    pub(crate) x: ChartAxis,
    /// Vertical axis.
    pub(crate) y: ChartAxis,
    /// Measured values.
    pub(crate) series: Vec<ChartSeries>,
    /// Lines without marks, drawn below the series.
    pub(crate) lines: Vec<ChartLine>,
}

/// Marks of one style.
#[derive(Default)]
pub(crate) struct ChartSeries {
    /// Name in the legend and the description.
    pub(crate) name: String,
    /// Number of its style.
    pub(crate) style: usize,
    /// True if its marks are joined.
    pub(crate) is_joined: bool,
    /// True if intervals are a band and not whiskers.
    pub(crate) has_band: bool,
    /// Its marks, ascending if they are joined.
    pub(crate) marks: Vec<ChartMark>,
}

/// A measured value.
#[derive(Clone, Default)]
pub(crate) struct ChartMark {
    /// Horizontal value.
    pub(crate) x: f64,
    /// Vertical value.
    pub(crate) y: f64,
    /// Ends of its interval.
    pub(crate) interval: Option<(f64, f64)>,
    /// Description, for pointers.
    pub(crate) title: String,
    /// Label beside it.
    pub(crate) label: &'static str,
    /// True for a mark of less weight.
    pub(crate) is_pale: bool,
}

/// A line without marks.
pub(crate) struct ChartLine {
    /// Name in the legend; empty for none.
    pub(crate) name: String,
    /// Its look.
    pub(crate) look: Look,
    /// Its points, ascending.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Size and furniture of a chart.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Width without the legend.
    width: f64,
    height: f64,
    has_title: bool,
    has_legend: bool,
    is_file: bool,
}

impl Frame {
    /// A figure of a page, with title and legend beside it.
    pub(crate) const FIGURE: Frame =
        Frame { width: 480.0, height: 300.0, has_title: false, has_legend: false, is_file: false };
    /// A figure of a page with axes of equal length and a legend.
    pub(crate) const SQUARE: Frame = Frame { width: 520.0, height: 480.0, has_legend: true, ..Frame::FIGURE };
    /// One of many figures, with its title.
    pub(crate) const SMALL: Frame = Frame { width: 260.0, height: 210.0, has_title: true, ..Frame::FIGURE };
    /// A file.
    pub(crate) const FILE: Frame =
        Frame { width: 640.0, height: 460.0, has_title: true, has_legend: true, is_file: true };
}

/// Pixels of the area of the data.
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Chart {
    /// Draws the chart; none if nothing was measured.
    pub(crate) fn to_svg(&self, frame: Frame) -> Option<String> {
        let marks = || self.marks().filter(|mark| mark.is_sound());
        let (least, most) = (marks().map(|m| m.x).reduce(f64::min)?, marks().map(|m| m.x).reduce(f64::max)?);
        let reach = marks().map(|mark| mark.interval.map_or(mark.y, |(_, high)| high.clamp(mark.y, 2.0 * mark.y)));
        let reach = reach.fold(0.0, f64::max);
        let lines = self.lines.iter().flat_map(|line| &line.points).map(|point| point.1).filter(|y| y.is_finite());
        let top = lines.fold(reach, f64::max).min(HEADROOM * reach);
        let x_range = self.x.range(least, most);
        let y_range = self.y.range(0.0, if top > 0.0 { top } else { 1.0 });
        let y_ticks = self.y.ticks(&[], y_range);
        let entries = if frame.has_legend { self.entries() } else { Vec::new() };
        let height = frame.height.max(120.0 + legend::PITCH * entries.len() as f64);
        let labels = y_ticks.iter().map(|tick| width(&self.y.label(*tick))).fold(0.0, f64::max);
        let area = Area {
            left: 8.0 + labels + if self.y.title.is_empty() { 4.0 } else { 22.0 },
            right: frame.width - 14.0,
            top: match (frame.has_title, self.subtitle.is_empty()) {
                (false, _) => 14.0,
                (true, true) => {
                    if frame.is_file {
                        44.0
                    } else {
                        34.0
                    }
                }
                (true, false) => 62.0,
            },
            bottom: height - if self.x.title.is_empty() { 26.0 } else { 46.0 },
        };
        let x = AxisScale { range: x_range, from: area.left, to: area.right };
        let y = AxisScale { range: y_range, from: area.bottom, to: area.top };
        let legend = legend::width(&entries);
        let description = if self.description.is_empty() { self.ends() } else { self.description.clone() };
        let style = frame.is_file.then_some(STYLE);
        let mut svg = Svg::new(frame.width + legend, height, &self.title, &description, style);
        if frame.has_title {
            let columns = (frame.width + legend - area.left) / if frame.is_file { 8.5 } else { svg::CHARACTER };
            let class = if frame.is_file { "title" } else { "small" };
            svg.text(class, area.left, if frame.is_file { 26.0 } else { 20.0 }, &cut(&self.title, columns as usize));
        }
        if !self.subtitle.is_empty() {
            let columns = (frame.width + legend - area.left) / svg::CHARACTER;
            svg.text("faint", area.left, 46.0, &cut(&self.subtitle, columns as usize));
        }
        self.draw_axes(&mut svg, &area, (&x, &y), &y_ticks);
        let mut anchors = Vec::new();
        for line in &self.lines {
            anchors.push(line.draw(&mut svg, &x, &y));
        }
        for series in &self.series {
            anchors.push(series.draw(&mut svg, &x, &y));
        }
        legend::draw(&mut svg, entries, &anchors, (area.right + 12.0, area.top, height));
        Some(svg.finish())
    }

    fn marks(&self) -> impl Iterator<Item = &ChartMark> {
        self.series.iter().flat_map(|series| &series.marks)
    }

    /// Entries of the legend: of every line, then of every series.
    fn entries(&self) -> Vec<legend::LegendEntry> {
        let lines = self.lines.iter().map(|line| legend::LegendEntry::new(&line.name, line.look, (true, false)));
        let series = self
            .series
            .iter()
            .map(|series| legend::LegendEntry::new(&series.name, Look::Style(series.style), (series.is_joined, true)));
        lines.chain(series).collect()
    }

    /// Describes where every joined series begins and ends.
    fn ends(&self) -> String {
        let described = self.series.iter().filter(|series| series.is_joined).filter_map(|series| {
            let (first, last) = (series.marks.first()?, series.marks.last()?);
            let [from, to] =
                [first, last].map(|mark| format!("{} at {}", (self.y.shown)(mark.y), (self.x.shown)(mark.x)));
            Some(format!("{} from {from} to {to}", series.name))
        });
        described.collect::<Vec<_>>().join("; ")
    }

    fn draw_axes(&self, svg: &mut Svg, area: &Area, (x, y): (&AxisScale, &AxisScale), y_ticks: &[f64]) {
        let Area { left, right, top, bottom } = *area;
        for tick in y_ticks {
            let at = y.at(*tick);
            svg.path("rule", &format!("M{left:.1} {at:.1}H{right:.1}"));
            svg.text("end", left - 6.0, at + 4.0, &self.y.label(*tick));
        }
        svg.path("axis", &format!("M{left:.1} {top:.1}V{bottom:.1}H{right:.1}"));
        let mut values: Vec<f64> = self.marks().filter(|mark| mark.is_sound()).map(|mark| mark.x).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let mut free = 0.0;
        for tick in self.x.ticks(&values, x.range) {
            let (at, label) = (x.at(tick), self.x.label(tick));
            let half = width(&label) / 2.0 + 1.0;
            // A label that would overlap with the last one or the edge is left out.
            if at - half < free || at + half > right + 14.0 {
                continue;
            }
            free = at + half + 6.0;
            svg.path("axis", &format!("M{at:.1} {bottom:.1}v4"));
            svg.text("mid", at, bottom + 18.0, &label);
        }
        if !self.x.title.is_empty() {
            svg.text("mid faint", f64::midpoint(left, right), bottom + 38.0, &self.x.title);
        }
        if !self.y.title.is_empty() {
            svg.upright(14.0, f64::midpoint(top, bottom), &self.y.title);
        }
    }
}

impl ChartMark {
    fn is_sound(&self) -> bool {
        self.x.is_finite() && self.y.is_finite() && self.y >= 0.0
    }

    /// Its interval, if it is known.
    fn ends(&self) -> Option<(f64, f64)> {
        self.interval.filter(|(low, high)| low.is_finite() && high.is_finite())
    }
}

impl ChartLine {
    /// Draws the line; returns the height of its end, if that is at the right.
    fn draw(&self, svg: &mut Svg, x: &AxisScale, y: &AxisScale) -> Option<f64> {
        let points = below(&self.points, y.range.high);
        let points: Vec<(f64, f64)> = points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect();
        svg.push(&format!("<g class=\"{}\">", self.look.group()));
        svg.path(self.look.line(), &path(&points));
        svg.push("</g>");
        end(&points, x)
    }
}

impl ChartSeries {
    /// Draws the series; returns the height of its line's end, if that is at the right.
    fn draw(&self, svg: &mut Svg, x: &AxisScale, y: &AxisScale) -> Option<f64> {
        svg.push(&format!("<g class=\"{}\">", Look::Style(self.style).group()));
        let sound = self.marks.iter().filter(|mark| mark.is_sound());
        let placed: Vec<(f64, f64, &ChartMark)> = sound.map(|mark| (x.at(mark.x), y.at(mark.y), mark)).collect();
        let points: Vec<(f64, f64)> = placed.iter().map(|(x, y, _)| (*x, *y)).collect();
        if self.has_band && points.len() > 1 {
            let ends = || placed.iter().map(|(x, _, mark)| (*x, mark.ends().unwrap_or((mark.y, mark.y))));
            let mut outline: Vec<(f64, f64)> = ends().map(|(x, (_, high))| (x, y.at(high))).collect();
            outline.extend(ends().rev().map(|(x, (low, _))| (x, y.at(low))));
            svg.path("band", &(path(&outline) + "z"));
        }
        if self.is_joined && points.len() > 1 {
            svg.path("line", &path(&points));
        }
        // Marks of a long line would overlap.
        let stride = if self.is_joined { placed.len().div_ceil(MOST_MARKS).max(1) } else { 1 };
        for (at, height, mark) in placed.iter().step_by(stride) {
            if let Some((low, high)) = mark.ends().filter(|_| !self.has_band) {
                let (low, high) = (y.at(low), y.at(high));
                if low - high >= 1.0 {
                    svg.path("whisker", &format!("M{at:.1} {low:.1}V{high:.1}"));
                }
            }
            mark.draw(svg, self.style, *at, *height, x.to);
        }
        svg.push("</g>");
        end(&points, x).filter(|_| self.is_joined)
    }
}

impl ChartMark {
    fn draw(&self, svg: &mut Svg, style: usize, x: f64, y: f64, right: f64) {
        let shape = style::mark(style, x, y);
        let shape = if self.is_pale { shape.replace("\"mark\"", "\"mark pale\"") } else { shape };
        if self.title.is_empty() {
            svg.push(&format!("{shape}/>"));
        } else {
            svg.push(&format!("{shape}><title>{}</title></path>", escaped(&self.title)));
        }
        if !self.label.is_empty() {
            let has_room = x + 9.0 + width(self.label) < right;
            let (class, at) = if has_room { ("small", x + 9.0) } else { ("small end", x - 9.0) };
            svg.text(class, at, y + 4.0, self.label);
        }
    }
}

/// Height of a line's end, if its label at the right would be beside it.
fn end(points: &[(f64, f64)], x: &AxisScale) -> Option<f64> {
    points.last().filter(|point| point.0 > x.to - 0.08 * (x.to - x.from)).map(|point| point.1)
}

/// Cuts a line where it leaves the picture.
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

/// Data of a path through these places.
fn path(points: &[(f64, f64)]) -> String {
    let steps: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    if steps.is_empty() { String::new() } else { format!("M{}", steps.join("L")) }
}

#[cfg(test)]
pub(in crate::report) mod tests;
