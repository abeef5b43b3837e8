//! Measurements and the laws fitted to them as a picture.

use kuva::backend::svg::SvgBackend;
use kuva::plot::{LegendPosition, LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

use crate::report::curve::{BOUND, PALETTE, entry, theme, with_own_id};
use crate::report::fit::{FitReport, axis};
use crate::scaling::{MeasurementKind, Study};

/// Line segments of a curve.
const SEGMENTS: u32 = 160;

/// An SVG of all curves; the same figures give the same bytes. None if there are none.
pub fn to_svg(report: &FitReport, title: &str) -> Option<String> {
    let sizes = || report.curves.iter().flat_map(|(_, study)| study.sample.points.iter().map(|point| point.n));
    let (least, largest) = (sizes().reduce(f64::min)?, sizes().reduce(f64::max)?);
    let (mut plots, mut legend, mut top) = (Vec::new(), Vec::new(), 0.0_f64);
    for (place, (label, study)) in report.curves.iter().enumerate() {
        let color = PALETTE[place % PALETTE.len()];
        let scale = scale(study);
        let best = study.best().map(|fitted| fitted.fit.law.name);
        let others = study.laws.iter().filter(|fitted| report.curves.len() == 1 && Some(fitted.fit.law.name) != best);
        for (order, fitted) in others.enumerate() {
            let curve = curve(|n| fitted.fit.throughput(n) * scale, least, largest);
            let line = LinePlot::new().with_data(curve).with_color(BOUND).with_stroke_width(1.3);
            let (line, dashes) = if order == 0 { (line.with_dashed(), "8 4") } else { (line.with_dotted(), "2 4") };
            plots.push(Plot::Line(line));
            legend.push(entry(fitted.fit.law.name.to_owned(), BOUND, Some(dashes)));
        }
        if let Some(fitted) = study.best() {
            let curve = curve(|n| fitted.fit.throughput(n) * scale, least, largest);
            top = curve.iter().map(|point| point.1).fold(top, f64::max);
            plots.push(Plot::Line(LinePlot::new().with_data(curve).with_color(color).with_stroke_width(2.2)));
            let name = if label.is_empty() { String::new() } else { format!("{label}: ") };
            legend.insert(place, entry(format!("{name}{}", fitted.fit.law.name), color, None));
        }
        let measured: Vec<(f64, f64)> = study.sample.points.iter().map(|point| (point.n, point.x * scale)).collect();
        top = measured.iter().map(|point| point.1).fold(top, f64::max);
        plots.push(Plot::Scatter(ScatterPlot::new().with_data(measured).with_color(color).with_size(4.0)));
    }
    let kind = report.curves.first().map_or(MeasurementKind::Throughput, |(_, study)| study.sample.kind);
    let margin = (largest - least).max(1.0) * 0.03;
    let layout = Layout::auto_from_plots(&plots)
        .with_width(860.0)
        .with_height(480.0)
        .with_title(title.to_owned())
        .with_x_label(&report.x)
        .with_y_label(axis(kind, &report.y))
        .with_x_axis_min((least - margin).max(0.0))
        .with_x_axis_max(largest + margin)
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

/// Rates are drawn as they are; times as speedups.
fn scale(study: &Study) -> f64 {
    match study.sample.kind {
        MeasurementKind::Throughput => 1.0,
        _ if study.one > 0.0 => 1.0 / study.one,
        _ => 1.0,
    }
}

fn curve(throughput: impl Fn(f64) -> f64, least: f64, largest: f64) -> Vec<(f64, f64)> {
    let at = |step: u32| least + (largest - least) * f64::from(step) / f64::from(SEGMENTS);
    (0..=SEGMENTS).map(|step| (at(step), throughput(at(step)))).collect()
}
