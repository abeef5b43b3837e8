//! Chart of measurements and the laws fitted to them.

use crate::report::fit::{FitReport, axis};
use crate::report::render::chart::axis::{AxisRange, AxisUnit, ChartAxis};
use crate::report::render::chart::style::Look;
use crate::report::render::chart::{Chart, ChartLine, ChartMark, ChartSeries, Frame};
use crate::report::render::number;
use crate::scaling::{MeasurementKind, Study};

/// Line segments of a curve.
const SEGMENTS: u32 = 160;

/// Returns an SVG of all curves; none if there are none.
pub fn to_svg(report: &FitReport, title: &str) -> Option<String> {
    let sizes = || report.curves.iter().flat_map(|(_, study)| study.sample.points.iter().map(|point| point.n));
    let (least, largest) = (sizes().reduce(f64::min)?, sizes().reduce(f64::max)?);
    let (mut lines, mut series) = (Vec::new(), Vec::new());
    let is_single = report.curves.len() == 1;
    for (style, (label, study)) in report.curves.iter().enumerate() {
        let scale = scale(study);
        let best = study.best().map(|fitted| fitted.fit.law.name);
        let mut others = 0;
        for fitted in study.laws.iter().filter(|fitted| is_single || Some(fitted.fit.law.name) == best) {
            let law = fitted.fit.law.name;
            let look = match others {
                _ if Some(law) == best => Look::Style(style),
                0 => Look::Dashed,
                _ => Look::Dotted,
            };
            others += u32::from(Some(law) != best);
            let at = |step: u32| least + (largest - least) * f64::from(step) / f64::from(SEGMENTS);
            let points = (0..=SEGMENTS).map(|step| (at(step), fitted.fit.throughput(at(step)) * scale)).collect();
            let name = if label.is_empty() { law.to_owned() } else { format!("{label}: {law}") };
            lines.push(ChartLine { name, look, points });
        }
        let mark = |point: &crate::scaling::Point| ChartMark { x: point.n, y: point.x * scale, ..ChartMark::default() };
        let name = if is_single { "measured" } else { "" };
        let marks = study.sample.points.iter().map(mark).collect();
        series.push(ChartSeries { name: name.to_owned(), style, marks, ..ChartSeries::default() });
    }
    let kind = report.curves.first().map_or(MeasurementKind::Throughput, |(_, study)| study.sample.kind);
    let margin = (largest - least).max(1.0) * 0.03;
    let range = AxisRange { low: (least - margin).max(0.0), high: largest + margin, is_log: false };
    let described = lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join(", ");
    let chart = Chart {
        title: title.to_owned(),
        description: format!("Measurements and fitted laws: {described}"),
        x: ChartAxis::chosen(&report.x, AxisUnit::Number).within(range),
        y: ChartAxis::new(axis(kind, &report.y), number::plain),
        series,
        lines,
        ..Chart::default()
    };
    chart.to_svg(Frame::FILE)
}

/// Converts measurements to the drawn unit: throughputs stay, times become speedups.
fn scale(study: &Study) -> f64 {
    match study.sample.kind {
        MeasurementKind::Throughput => 1.0,
        _ if study.one > 0.0 => 1.0 / study.one,
        _ => 1.0,
    }
}
