//! Legend at the right of a chart: every entry near the end of its line, without overlaps.

use crate::report::render::chart::style::{self, Look};
use crate::report::render::chart::svg::{self, Svg, cut};

/// Distance of two entries.
pub(super) const PITCH: f64 = 17.0;
/// Columns of the longest name.
const LONGEST: usize = 44;

/// An entry.
pub(super) struct LegendEntry {
    name: String,
    look: Look,
    is_line: bool,
    is_marked: bool,
}

impl LegendEntry {
    pub(super) fn new(name: &str, look: Look, (is_line, is_marked): (bool, bool)) -> LegendEntry {
        LegendEntry { name: cut(name, LONGEST), look, is_line, is_marked }
    }
}

/// Width of the legend; 0 if nothing has a name.
pub(super) fn width(entries: &[LegendEntry]) -> f64 {
    let longest = entries.iter().map(|entry| svg::width(&entry.name)).fold(0.0, f64::max);
    if longest > 0.0 { longest + 60.0 } else { 0.0 }
}

/// Draws the entries that have a name, each at its anchor, without one at the top.
pub(super) fn draw(svg: &mut Svg, entries: Vec<LegendEntry>, anchors: &[Option<f64>], area: (f64, f64, f64)) {
    let (left, top, height) = area;
    let anchors = anchors.iter().map(|anchor| anchor.unwrap_or(top));
    let mut placed: Vec<(f64, LegendEntry)> =
        anchors.zip(entries).filter(|(_, entry)| !entry.name.is_empty()).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = top + 6.0;
    for (y, _) in &mut placed {
        *y = y.max(free);
        free = *y + PITCH;
    }
    let mut free = height - PITCH;
    for (y, entry) in placed.iter_mut().rev() {
        *y = y.min(free);
        free = *y - PITCH;
        svg.push(&style::sample(entry.look, entry.is_line, entry.is_marked, left, *y));
        svg.text("", left + 40.0, *y + 4.0, &entry.name);
    }
}
