//! Chart of the scaling curves of a sweep: speedup over team size with 95 % bands, Amdahl's law and linear speedup.

use crate::experiment::{Curve, SweepResult};
use crate::report::render::chart::axis::{AxisUnit, ChartAxis};
use crate::report::render::chart::style::Look;
use crate::report::render::chart::{Chart, ChartLine, ChartMark, ChartSeries, Frame};
use crate::report::render::number;

/// Returns an SVG of all curves; none if nothing was measured.
pub fn to_svg(sweep: &SweepResult) -> Option<String> {
    let curves = sweep.curves();
    let mut lines = bounds(&curves);
    let mut sizes: Vec<f64> =
        curves.iter().flat_map(|curve| curve.rows.iter().map(|row| f64::from(row.agents))).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let linear = sizes.iter().map(|size| (*size, *size)).collect();
    lines.push(ChartLine { name: "linear".to_owned(), look: Look::Dotted, points: linear });
    let chart = Chart {
        title: format!("{}: speedup of a team", sweep.scenario),
        subtitle: format!("over {}; bands: 95 % intervals of the mean", sweep.baseline),
        x: ChartAxis::chosen("agents", AxisUnit::Whole),
        y: ChartAxis::new("speedup (times as fast)", number::plain),
        series: curves.iter().enumerate().map(|(style, curve)| series(style, curve)).collect(),
        lines,
        ..Chart::default()
    };
    chart.to_svg(Frame::FILE)
}

fn series(style: usize, curve: &Curve<'_>) -> ChartSeries {
    let mark = |row: &&crate::experiment::PointResult| {
        let speedup = row.speedup?;
        let ends = (speedup.estimate - speedup.half_width, speedup.estimate + speedup.half_width);
        // A single run has no interval.
        let interval = speedup.half_width.is_finite().then_some(ends);
        let title = format!("{} agents: {}", row.agents, number::interval(speedup.estimate, speedup.half_width));
        Some(ChartMark { x: f64::from(row.agents), y: speedup.estimate, interval, title, ..ChartMark::default() })
    };
    let marks = curve.rows.iter().filter_map(mark).collect();
    ChartSeries { name: curve.name().to_owned(), style, is_joined: true, has_band: true, marks }
}

/// Returns the lines of Amdahl's law, equal ones once; the first has the name.
fn bounds(curves: &[Curve<'_>]) -> Vec<ChartLine> {
    let mut bounds: Vec<ChartLine> = Vec::new();
    for curve in curves {
        let points: Vec<(f64, f64)> = curve.rows.iter().map(|row| (f64::from(row.agents), row.laws.amdahl)).collect();
        if !bounds.iter().any(|bound| bound.points == points) {
            let name = if bounds.is_empty() { "Amdahl's law" } else { "" };
            bounds.push(ChartLine { name: name.to_owned(), look: Look::Dashed, points });
        }
    }
    bounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::chart::tests::assert_in_frame;
    use crate::report::tests::sweep;

    #[test]
    fn the_picture_is_sound_and_the_same_every_time() {
        let svg = to_svg(&sweep()).expect("there are points");
        assert_in_frame(&svg);
        assert_eq!(svg, to_svg(&sweep()).expect("there are points"));
        for text in ["try &lt;it&gt;: speedup of a team", "preassigned, kind a &lt;b&gt; &amp;", ">agents<", "linear"] {
            assert!(svg.contains(text), "{text}");
        }
        let none = SweepResult { rows: Vec::new(), ..sweep() };
        assert_eq!(to_svg(&none), None);
    }
}
