//! The scaling curves as a picture: speedup over team size with its 95 % band, Amdahl's law dashed, one agent one
//! unit of speed dotted.

use kuva::backend::svg::SvgBackend;
use kuva::plot::{LegendEntry, LegendPosition, LegendShape, LinePlot, LineStyle, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;
use kuva::render::theme::Theme;

use crate::engine::Digest;
use crate::experiment::{Curve, SweepResult};

/// Okabe and Ito's colours, without yellow, which is too faint for a line: told apart by the colour-blind.
pub(super) const PALETTE: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"];
pub(super) const BOUND: &str = "#6b7280";

/// An SVG of all curves; the same rows give the same bytes. None if nothing was measured.
pub fn to_svg(sweep: &SweepResult) -> Option<String> {
    let curves = sweep.curves();
    let points: Vec<Vec<Point>> = curves.iter().map(points).collect();
    let all = || points.iter().flatten();
    let largest = all().map(|point| point.agents).reduce(f64::max)?;
    let bounds = bounds(&curves);
    let bound = bounds.iter().flatten().map(|(_, bound)| *bound);
    let top = all().map(|point| point.high).chain(bound).fold(1.0, f64::max);
    let mut plots = Vec::new();
    let mut legend = Vec::new();
    plots.push(Plot::Line(
        LinePlot::new()
            .with_data([(1.0, 1.0), (largest.min(top * 1.08), largest.min(top * 1.08))])
            .with_color(BOUND)
            .with_stroke_width(1.2)
            .with_dotted(),
    ));
    for bound in bounds {
        plots.push(Plot::Line(LinePlot::new().with_data(bound).with_color(BOUND).with_stroke_width(1.4).with_dashed()));
    }
    for (place, (curve, points)) in curves.iter().zip(&points).enumerate() {
        let color = PALETTE[place % PALETTE.len()];
        let measured: Vec<(f64, f64)> = points.iter().map(|point| (point.agents, point.speedup)).collect();
        plots.push(Plot::Line(
            LinePlot::new()
                .with_data(measured.clone())
                .with_color(color)
                .with_stroke_width(2.4)
                .with_line_style(if place < PALETTE.len() { LineStyle::Solid } else { LineStyle::DashDot })
                .with_band(points.iter().map(|point| point.low), points.iter().map(|point| point.high)),
        ));
        plots.push(Plot::Scatter(ScatterPlot::new().with_data(measured).with_color(color).with_size(3.6)));
        legend.push(entry(curve.name().to_owned(), color, None));
    }
    legend.push(entry("Amdahl's law".to_owned(), BOUND, Some("8 4")));
    legend.push(entry("linear".to_owned(), BOUND, Some("2 4")));
    let layout = Layout::auto_from_plots(&plots)
        .with_width(860.0)
        .with_height(480.0)
        .with_title(format!("{}: speedup of a team", sweep.scenario))
        .with_subtitle(format!("over {}; bands: 95 % intervals of the mean", sweep.baseline))
        .with_x_label("agents")
        .with_y_label("speedup (times as fast)")
        .with_x_axis_min(0.5)
        .with_x_axis_max(largest + 0.5)
        .with_y_axis_min(0.0)
        .with_y_axis_max(top * 1.08)
        .with_x_tick_step((largest / 16.0).ceil().max(1.0))
        .with_x_tick_format(TickFormat::Integer)
        .with_legend_position(LegendPosition::OutsideRightTop)
        .with_legend_entries(legend)
        .with_legend_box(false)
        .with_theme(theme())
        .with_font_family("Helvetica, Arial, sans-serif");
    Some(with_own_id(&SvgBackend::new().render_scene(&render_multiple(plots, layout))))
}

/// kuva numbers its clip paths through the life of the process. Named after what it shows, a picture has the same
/// bytes every time, and two can stand on one page.
pub(super) fn with_own_id(svg: &str) -> String {
    let Some(id) = svg.split_once("<clipPath id=\"").and_then(|(_, rest)| rest.split('"').next()) else {
        return svg.to_owned();
    };
    let named = |name: &str| {
        let own = svg.replace(&format!("id=\"{id}\""), &format!("id=\"{name}\""));
        own.replace(&format!("url(#{id})"), &format!("url(#{name})"))
    };
    let mut digest = Digest::default();
    digest.add_text(&named(""));
    named(&format!("curves-{digest}"))
}

/// Dark on white, with a grid that stays behind the curves.
pub(super) fn theme() -> Theme {
    let (dark, grid) = ("#1f2937".to_owned(), "#e5e7eb".to_owned());
    Theme { axis_color: dark.clone(), tick_color: dark.clone(), text_color: dark, grid_color: grid, ..Theme::light() }
}

/// A measured team size.
struct Point {
    agents: f64,
    speedup: f64,
    low: f64,
    high: f64,
}

fn points(curve: &Curve<'_>) -> Vec<Point> {
    let point = |row: &&crate::experiment::PointResult| {
        let speedup = row.speedup?;
        // A single run has no interval: its band is a line.
        let half_width = if speedup.half_width.is_finite() { speedup.half_width } else { 0.0 };
        Some(Point {
            agents: f64::from(row.agents),
            speedup: speedup.estimate,
            low: speedup.estimate - half_width,
            high: speedup.estimate + half_width,
        })
    };
    curve.rows.iter().filter_map(point).collect()
}

/// Amdahl's laws of the curves, each once.
fn bounds(curves: &[Curve<'_>]) -> Vec<Vec<(f64, f64)>> {
    let mut bounds: Vec<Vec<(f64, f64)>> = Vec::new();
    for curve in curves {
        let bound: Vec<(f64, f64)> = curve.rows.iter().map(|row| (f64::from(row.agents), row.laws.amdahl)).collect();
        if !bounds.contains(&bound) {
            bounds.push(bound);
        }
    }
    bounds
}

pub(super) fn entry(label: String, color: &str, dashes: Option<&str>) -> LegendEntry {
    LegendEntry { label, color: color.to_owned(), shape: LegendShape::Line, dasharray: dashes.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{assert_well_formed, sweep};

    #[test]
    fn the_picture_is_sound_and_the_same_every_time() {
        let svg = to_svg(&sweep()).expect("there are points");
        assert_well_formed(&svg);
        assert_eq!(svg, to_svg(&sweep()).expect("there are points"));
        for text in ["try &lt;it&gt;: speedup of a team", "preassigned, kind a &lt;b&gt; &amp;", ">agents<", "linear"] {
            assert!(svg.contains(text), "{text}");
        }
        let none = SweepResult { rows: Vec::new(), ..sweep() };
        assert_eq!(to_svg(&none), None);
    }
}
