use super::*;
use crate::report::render::chart::axis::AxisUnit;
use crate::report::render::number;
use crate::report::tests::assert_well_formed;

/// Asserts that labels and paths are inside of the picture and that no two labels overlap.
pub(in crate::report) fn assert_in_frame(svg: &str) {
    assert_well_formed(svg);
    let attribute = |tag: &str, name: &str| -> Option<f64> {
        tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let (width, height) = (attribute(svg, "width").expect("a width"), attribute(svg, "height").expect("a height"));
    let mut labels: Vec<(f64, f64, f64)> = Vec::new();
    for text in svg.split("<text").skip(1).filter(|text| !text.contains("rotate")) {
        let shown = text.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
        let shown = ["&lt;", "&gt;", "&quot;", "&amp;"]
            .iter()
            .fold(shown.to_owned(), |shown, entity| shown.replace(entity, "&"));
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
        for number in data.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).filter(|n| !n.is_empty()) {
            let number: f64 = number.parse().unwrap_or(0.0);
            assert!((-20.0..=width.max(height)).contains(&number), "{data}");
        }
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
}

fn chart(points: &[(f64, f64)], bounds: &[(f64, f64)], is_chosen: bool) -> Chart {
    let x = if is_chosen {
        ChartAxis::chosen("agents", AxisUnit::Whole)
    } else {
        ChartAxis::new("agents", number::significant)
    };
    let y = ChartAxis { shown: number::significant, ..ChartAxis::time("seconds") };
    let mark = |&(x, y): &(f64, f64)| ChartMark {
        x,
        y,
        interval: Some((y * 0.5, y * 9.0)),
        title: "<&>".to_owned(),
        is_pale: true,
        ..ChartMark::default()
    };
    let series = |style: usize| ChartSeries {
        name: format!("style {style}"),
        style,
        is_joined: true,
        has_band: style == 1,
        marks: points.iter().map(mark).collect(),
    };
    Chart {
        title: "a \"b\" of a team that has a very long name, longer than there is room for in any picture".to_owned(),
        subtitle: "c".to_owned(),
        x,
        y,
        series: (0..30).map(series).collect(),
        lines: vec![ChartLine { name: "law".to_owned(), look: Look::Dashed, points: bounds.to_vec() }],
        ..Chart::default()
    }
}

const FRAMES: [Frame; 4] = [Frame::FIGURE, Frame::SQUARE, Frame::SMALL, Frame::FILE];

#[test]
fn everything_is_inside_of_the_frame_and_apart() {
    let curve =
        |n: u32, scale: f64| -> Vec<(f64, f64)> { (1..=n).map(|n| (f64::from(n), scale / f64::from(n))).collect() };
    for scale in [1e-9, 0.03, 1.0, 59.0, 3_599.0, 1e6, 1e15] {
        for (n, frame) in [1, 2, 12, 13, 31, 64, 1_000].into_iter().zip(FRAMES.into_iter().cycle()) {
            for is_chosen in [true, false] {
                let bound = [(1.0, scale), (f64::from(n), 40.0 * scale)];
                assert_in_frame(&chart(&curve(n, scale), &bound, is_chosen).to_svg(frame).expect("marks"));
            }
        }
    }
    for odd in
        [vec![(-3.0, 0.0), (1e9, 0.0)], vec![(0.0, 1.0), (0.001, f64::NAN)], vec![(5.0, f64::INFINITY), (6.0, 1.0)]]
    {
        let chart = chart(&odd, &[(f64::NAN, 1.0), (0.0, f64::INFINITY)], true);
        for frame in FRAMES {
            assert_in_frame(&chart.to_svg(frame).expect("marks"));
        }
    }
    assert!(chart(&[(1.0, f64::NAN)], &[], true).to_svg(Frame::FILE).is_none());
}

#[test]
fn a_label_stands_where_it_has_room() {
    let at = |x: f64| ChartMark { x, y: 1.0, label: "best", ..ChartMark::default() };
    let series = ChartSeries { marks: vec![at(1.0), at(3.0)], ..ChartSeries::default() };
    let chart = Chart { series: vec![series], ..Chart::default() };
    let svg = chart.to_svg(Frame::FIGURE).expect("marks");
    assert_in_frame(&svg);
    assert!(svg.contains("<text class=\"small\"") && svg.contains("<text class=\"small end\""));
}

#[test]
fn lines_end_where_they_leave() {
    assert_eq!(below(&[(1.0, 1.0), (2.0, 2.0), (4.0, 4.0), (5.0, 1.0)], 3.0), [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]);
    assert!(below(&[(1.0, 9.0)], 3.0).is_empty());
}
