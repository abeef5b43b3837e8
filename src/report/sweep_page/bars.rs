//! Where the teams' time goes, as bars of shares: a bar a team, a pattern a part.

use std::fmt::Write as _;

use crate::experiment::PointResult;
use crate::report::html::escaped;
use crate::report::number;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 42.0;
/// The most bars of a picture.
const MOST_BARS: usize = 32;
/// The parts in the order in which they are stacked, from below.
const PARTS: [&str; 7] = ["work", "coordination", "at the barrier", "in a queue", "nothing ready", "lost", "rework"];

/// The patterns that all pictures of a page refer to: lines and dots besides colours.
pub(super) fn patterns() -> String {
    const DRAWN: [&str; 7] = [
        "",
        "M0 4H8",
        "M0 8L8 0M-2 2L2 -2M6 10L10 6",
        "M0 0L8 8M-2 6L2 10M6 -2L10 2",
        "",
        "M0 8L8 0M0 0L8 8",
        "M4 0V8",
    ];
    let mut svg = "<svg class=\"defs\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>".to_owned();
    for (place, drawn) in DRAWN.iter().enumerate() {
        let _ = write!(
            svg,
            "<pattern id=\"part{place}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect class=\"p{place}\" \
             width=\"8\" height=\"8\"/><path class=\"h\" d=\"{drawn}\"/></pattern>"
        );
    }
    svg + "</defs></svg>\n"
}

/// What the patterns mean.
pub(super) fn key() -> String {
    let entries: Vec<String> = PARTS
        .iter()
        .enumerate()
        .map(|(place, part)| {
            format!(
                "<li><svg class=\"key\" viewBox=\"0 0 24 12\" width=\"24\" height=\"12\" aria-hidden=\"true\"><rect class=\"o\" \
                 width=\"24\" height=\"12\" fill=\"url(#part{place})\"/></svg> {part}</li>"
            )
        })
        .collect();
    format!("<ul class=\"key\">{}</ul>\n", entries.concat())
}

/// The shares of a row in the order of [`PARTS`].
fn parts(row: &PointResult) -> [f64; 7] {
    let [work, coordination, waiting, lost, rework, at_barrier, in_queue] = row.shares;
    [work, coordination, at_barrier, in_queue, (waiting - at_barrier - in_queue).max(0.0), lost, rework]
}

/// A bar a row, each with its label; none if no run completed. Of very many rows some are left out, evenly.
pub(super) fn to_svg(title: &str, rows: &[(String, &PointResult)], x_title: &str) -> Option<String> {
    let known: Vec<&(String, &PointResult)> = rows.iter().filter(|(_, row)| row.completed > 0).collect();
    let stride = known.len().div_ceil(MOST_BARS).max(1);
    let bars: Vec<&&(String, &PointResult)> = known.iter().step_by(stride).collect();
    let (first, last) = (bars.first()?, bars.last()?);
    let say = |(label, row): &(String, &PointResult)| format!("{label}: {}", in_words(row));
    let about = if bars.len() > 1 { format!("{}; {}", say(first), say(last)) } else { say(first) };
    let left_out = if stride > 1 { format!("; every {stride}th team is drawn") } else { String::new() };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escaped(&format!("{title}{left_out}. {about}"))
    );
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for percent in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = bottom - percent * (bottom - TOP);
        let _ = write!(svg, "<path class=\"g\" d=\"M{LEFT} {y:.1}H{right}\"/>");
        let (x, label) = (LEFT - 6.0, number::percent(percent));
        let _ = write!(svg, "<text class=\"e\" x=\"{x:.1}\" y=\"{:.1}\">{label}</text>", y + 4.0);
    }
    let pitch = (right - LEFT) / bars.len() as f64;
    let width = (0.78 * pitch).min(46.0);
    let mut free = LEFT - 10.0;
    for (place, (label, row)) in bars.iter().enumerate() {
        let middle = LEFT + (place as f64 + 0.5) * pitch;
        let mut from = bottom;
        let _ = write!(svg, "<g><title>{}</title>", escaped(&format!("{label}: {}", in_words(row))));
        for (part, share) in parts(row).into_iter().enumerate() {
            let height = share.clamp(0.0, 1.0) * (bottom - TOP);
            if height >= 0.3 {
                from = (from - height).max(TOP);
                let _ = write!(
                    svg,
                    "<rect class=\"o\" x=\"{:.1}\" y=\"{from:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
                     fill=\"url(#part{part})\"/>",
                    middle - width / 2.0
                );
            }
        }
        svg.push_str("</g>");
        let half = label.chars().count() as f64 * 3.6;
        if middle - half >= free && middle + half <= WIDTH {
            free = middle + half + 6.0;
            let (y, label) = (bottom + 16.0, escaped(label));
            let _ = write!(svg, "<text class=\"m\" x=\"{middle:.1}\" y=\"{y:.1}\">{label}</text>");
        }
    }
    let (x, y) = (f64::midpoint(LEFT, right), HEIGHT - 8.0);
    let _ = write!(svg, "<text class=\"m t\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text></svg>", escaped(x_title));
    Some(svg + "\n")
}

/// The parts that are there, each with its share.
fn in_words(row: &PointResult) -> String {
    let parts = PARTS.iter().zip(parts(row)).filter(|(_, share)| *share >= 0.005);
    parts.map(|(part, share)| format!("{part} {}", number::percent(share))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep_page::chart::tests::assert_in_frame;
    use crate::report::tests::{assert_well_formed, sweep};

    #[test]
    fn bars_stay_in_their_frame_however_many_there_are() {
        let sweep = sweep();
        for n in [1, 2, 7, 33, 500] {
            let rows: Vec<(String, &PointResult)> = (1..=n).map(|n: u32| (n.to_string(), &sweep.rows[0])).collect();
            let svg = to_svg("time & \"budget\"", &rows, "agents").expect("they completed");
            assert_in_frame(&svg);
            assert!(svg.matches("<g>").count() <= MOST_BARS);
        }
        assert!(to_svg("", &[(String::new(), &sweep.rows[5])], "").is_none());
        assert_well_formed(&(patterns() + &key()));
        // The whole is the whole: the parts of the fixture are 60, 10, 20, 1, 4, 0 and 5 %.
        assert_eq!(
            in_words(&sweep.rows[0]),
            "work 60 %, coordination 10 %, at the barrier 20 %, in a queue 1 %, nothing ready 4 %, rework 5 %"
        );
    }
}
