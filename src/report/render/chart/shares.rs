//! Shares of a whole as stacked bars: a bar an item, a pattern a part.

use std::fmt::Write as _;

use crate::report::render::chart::svg::{Svg, width};
use crate::report::render::number;
use crate::report::render::xml::escaped;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = WIDTH - 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = HEIGHT - 42.0;
/// Most bars of a picture.
pub(crate) const MOST_BARS: usize = 32;
/// Number of patterns.
pub(crate) const PATTERNS: usize = 15;

/// A bar.
pub(crate) struct Bar {
    /// Its label below.
    pub(crate) label: String,
    /// Its description, for pointers.
    pub(crate) title: String,
    /// Shares from below to above.
    pub(crate) shares: [f64; PATTERNS],
}

/// Returns the patterns to which all pictures of a page refer: lines and dots besides colours.
pub(crate) fn patterns() -> String {
    const RISING: &str = "M0 8L8 0M-2 2L2 -2M6 10L10 6";
    const FALLING: &str = "M0 0L8 8M-2 6L2 10M6 -2L10 2";
    const DRAWN: [&str; PATTERNS] = [
        "",
        "M2 0V8M6 0V8",
        "M0 4H8",
        RISING,
        FALLING,
        "M0 4H8M4 0V8",
        "M0 2H8M0 6H8",
        RISING,
        FALLING,
        "M1 4H3M5 4H7",
        "M0 8L8 0M0 0L8 8",
        "",
        "M4 1V3M4 5V7",
        "M0 8L8 0M0 0L8 8",
        "M4 0V8",
    ];
    let mut svg = "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>".to_owned();
    for (index, drawn) in DRAWN.iter().enumerate() {
        let _ = write!(
            svg,
            "<pattern id=\"part{index}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect class=\"p{index}\" \
             width=\"8\" height=\"8\"/><path class=\"hatch\" d=\"{drawn}\"/></pattern>"
        );
    }
    svg + "</defs></svg>\n"
}

/// Returns the legend of these patterns, each with its name.
pub(crate) fn key(parts: &[(usize, String)]) -> String {
    let entry = |(index, part): &(usize, String)| {
        format!(
            "<li><svg class=\"key\" viewBox=\"0 0 24 12\" width=\"24\" height=\"12\" aria-hidden=\"true\"><rect \
             class=\"outline\" width=\"24\" height=\"12\" fill=\"url(#part{index})\"/></svg> {part}</li>"
        )
    };
    format!("<ul class=\"key\">{}</ul>\n", parts.iter().map(entry).collect::<String>())
}

/// Draws the bars; none without bars. More than [`MOST_BARS`] are thinned out evenly.
pub(crate) fn to_svg(title: &str, bars: &[Bar], x_title: &str) -> Option<String> {
    let stride = bars.len().div_ceil(MOST_BARS).max(1);
    let drawn: Vec<&Bar> = bars.iter().step_by(stride).collect();
    let (first, last) = (drawn.first()?, drawn.last()?);
    let ends = if drawn.len() > 1 { format!("{}; {}", first.title, last.title) } else { first.title.clone() };
    let left_out = if stride > 1 { format!("One bar in {stride} is drawn. ") } else { String::new() };
    let mut svg = Svg::new(WIDTH, HEIGHT, title, &format!("{left_out}{ends}"), None);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = BOTTOM - share * (BOTTOM - TOP);
        svg.path("rule", &format!("M{LEFT} {y:.1}H{RIGHT}"));
        svg.text("end", LEFT - 6.0, y + 4.0, &number::percent(share));
    }
    let pitch = (RIGHT - LEFT) / drawn.len() as f64;
    let wide = (0.78 * pitch).min(46.0);
    let mut free = LEFT - 10.0;
    for (index, bar) in drawn.iter().enumerate() {
        let middle = LEFT + (index as f64 + 0.5) * pitch;
        svg.push(&stack(bar, middle - wide / 2.0, wide));
        let half = width(&bar.label) / 2.0;
        if middle - half >= free && middle + half <= WIDTH {
            free = middle + half + 6.0;
            svg.text("mid", middle, BOTTOM + 16.0, &bar.label);
        }
    }
    svg.text("mid faint", f64::midpoint(LEFT, RIGHT), HEIGHT - 8.0, x_title);
    Some(svg.finish())
}

/// Draws one bar.
fn stack(bar: &Bar, left: f64, width: f64) -> String {
    let mut from = BOTTOM;
    let mut svg = format!("<g><title>{}</title>", escaped(&bar.title));
    for (part, share) in bar.shares.into_iter().enumerate() {
        let height = share.clamp(0.0, 1.0) * (BOTTOM - TOP);
        if height >= 0.3 {
            from = (from - height).max(TOP);
            let _ = write!(
                svg,
                "<rect class=\"outline\" x=\"{left:.1}\" y=\"{from:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
                 fill=\"url(#part{part})\"/>"
            );
        }
    }
    svg + "</g>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::render::chart::tests::assert_in_frame;
    use crate::report::tests::assert_well_formed;

    #[test]
    fn bars_stay_in_their_frame_however_many_there_are() {
        for n in [1, 2, 7, 33, 500] {
            let bar = |n: u32| Bar { label: n.to_string(), title: "<&>".to_owned(), shares: [1.0 / 15.0; PATTERNS] };
            let svg = to_svg("time & \"budget\"", &(1..=n).map(bar).collect::<Vec<_>>(), "agents").expect("bars");
            assert_in_frame(&svg);
            assert!(svg.matches("<g>").count() <= MOST_BARS);
        }
        assert!(to_svg("", &[], "").is_none());
        assert_well_formed(&(patterns() + &key(&[(0, "a".to_owned()), (PATTERNS - 1, "b".to_owned())])));
    }
}
