//! Scaling curves in characters, for a terminal: a mark a measured team size, dots for Amdahl's law.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::experiment::{Curve, SweepResult};

/// Marks of the curves in turn; distinct without colour.
const MARKS: [char; 6] = ['●', '○', '▲', '△', '■', '□'];
/// ANSI colours of the curves, in turn.
const COLORS: [&str; 6] = ["\x1b[34m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[36m", "\x1b[31m"];
/// Rows of the drawing.
const HEIGHT: usize = 14;
/// Columns of the drawing, at most.
const MAX_WIDTH: usize = 64;

/// Plots speedup over team size; empty with fewer than two sizes. Colours are ANSI codes, if `color`.
pub fn to_text(sweep: &SweepResult, color: bool) -> String {
    let curves = sweep.curves();
    let sizes = curves.iter().flat_map(|curve| curve.rows.iter().map(|row| row.agents));
    let (Some(least), Some(largest)) = (sizes.clone().min(), sizes.max()) else { return String::new() };
    if least == largest {
        return String::new();
    }
    let known = curves.iter().flat_map(|curve| curve.rows.iter().filter_map(|row| row.speedup));
    // Bounds may leave the picture, which is scaled to the measurements.
    let top = known.map(|speedup| speedup.estimate).fold(1.0, f64::max) * 1.25;
    let mut canvas = Canvas::new(least, largest, top);
    for curve in &curves {
        for row in &curve.rows {
            canvas.mark(row.agents, row.laws.amdahl, '·', None);
        }
    }
    for (index, curve) in curves.iter().enumerate() {
        for row in &curve.rows {
            if let Some(speedup) = row.speedup {
                canvas.mark(row.agents, speedup.estimate, MARKS[index % MARKS.len()], Some(index % COLORS.len()));
            }
        }
    }
    let title = format!("speedup over {}", sweep.baseline);
    format!("{}{}", canvas.to_text(&title, "agents", color), legend(&curves, color))
}

/// Plots points and the fitted curve as dots over team sizes; empty with fewer than two sizes.
pub(crate) fn fitted(points: &[(f64, f64)], curve: impl Fn(f64) -> f64, words: [&str; 3], color: bool) -> String {
    let whole = |n: f64| n.round() as u32;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let (least, largest) = (whole(first.0), whole(last.0));
    if least == largest {
        return String::new();
    }
    let top = points.iter().map(|point| point.1).fold(0.0, f64::max) * 1.2;
    let mut canvas = Canvas::new(least, largest, top);
    // A dot a column of the drawing.
    let columns = (canvas.width - canvas.pitch).max(1);
    for column in 0..=columns {
        let n = first.0 + (last.0 - first.0) * column as f64 / columns as f64;
        if let Some(row) = canvas.row(curve(n)) {
            canvas.cells[row][column] = ('·', None);
        }
    }
    for &(n, value) in points {
        if let Some(row) = canvas.row(value) {
            let column = canvas.column(whole(n));
            canvas.cells[row][column] = (MARKS[0], Some(0));
        }
    }
    let [title, unit, law] = words;
    let mark = painted(MARKS[0], Some(0), color);
    format!("{}  {mark} measured  · {law}\n", canvas.to_text(title, unit, color))
}

fn legend(curves: &[Curve<'_>], color: bool) -> String {
    let mut text = String::new();
    for (index, curve) in curves.iter().enumerate() {
        let label = curve.name();
        let mark = painted(MARKS[index % MARKS.len()], Some(index % COLORS.len()), color);
        let _ = write!(text, "  {mark} {label}");
        if (index + 1) % 4 == 0 {
            text.push('\n');
        }
    }
    text + "  · Amdahl\n"
}

/// Steps of the scale.
const STEPS: [f64; 12] = [0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
/// Most steps of the scale.
const MAX_TICKS: usize = 7;

/// A grid of characters with a scale on each side.
struct Canvas {
    least: u32,
    largest: u32,
    top: f64,
    width: usize,
    /// Columns between two team sizes.
    pitch: usize,
    /// Character and colour number by row from the top, then column.
    cells: Vec<Vec<(char, Option<usize>)>>,
}

impl Canvas {
    fn new(least: u32, largest: u32, top: f64) -> Canvas {
        let sizes = (largest - least) as usize;
        let pitch = (MAX_WIDTH / sizes.max(1)).clamp(1, 8);
        let width = (sizes * pitch).min(MAX_WIDTH) + pitch;
        Canvas { least, largest, top, width, pitch, cells: vec![vec![(' ', None); width]; HEIGHT] }
    }

    fn column(&self, agents: u32) -> usize {
        let share = f64::from(agents - self.least) / f64::from(self.largest - self.least);
        (share * (self.width - self.pitch) as f64).round() as usize
    }

    /// Returns the row of a speedup, counted from the top; none outside of the picture.
    fn row(&self, speedup: f64) -> Option<usize> {
        let height = (speedup / self.top * HEIGHT as f64).floor();
        (0.0..HEIGHT as f64).contains(&height).then(|| HEIGHT - 1 - height as usize)
    }

    /// Marks a point, beside the mark of another curve if the cell is taken.
    fn mark(&mut self, agents: u32, speedup: f64, mark: char, color: Option<usize>) {
        let Some(row) = self.row(speedup) else { return };
        let column = self.column(agents);
        let is_free = |column: &usize| color.is_none() || self.cells[row][*column].1.is_none();
        let free = (column..(column + self.pitch).min(self.width)).find(is_free);
        self.cells[row][free.unwrap_or(column)] = (mark, color);
    }

    fn to_text(&self, title: &str, unit: &str, color: bool) -> String {
        let mut text = format!("  {title}\n");
        let step = STEPS.into_iter().find(|step| self.top / step <= MAX_TICKS as f64).unwrap_or(self.top);
        for (row, cells) in self.cells.iter().enumerate() {
            let tick = (0..=MAX_TICKS).map(|tick| tick as f64 * step).find(|&tick| self.row(tick) == Some(row));
            let scale = tick.map_or("│".to_owned(), |tick| format!("{tick} ┤"));
            let line: String = cells.iter().map(|&(mark, tint)| painted(mark, tint, color)).collect();
            text.push_str(format!("  {}{scale}{line}", " ".repeat(8_usize.saturating_sub(scale.width()))).trim_end());
            text.push('\n');
        }
        let (rule, margin) = ("─".repeat(self.width), " ".repeat(9));
        let _ = writeln!(text, "{margin}└{rule}\n{margin} {} {unit}", self.sizes());
        text
    }

    /// Draws the scale of team sizes, as many as fit.
    fn sizes(&self) -> String {
        let mut text = String::new();
        // Very many sizes are thinned out before they are placed.
        let step = ((self.largest - self.least) / 4096).max(1);
        for agents in (self.least..=self.largest).step_by(step as usize) {
            let label = agents.to_string();
            let start = self.column(agents);
            if start >= text.len() + usize::from(!text.is_empty()) * 2 {
                text.push_str(&" ".repeat(start - text.len()));
                text.push_str(&label);
            }
        }
        text
    }
}

fn painted(mark: char, tint: Option<usize>, color: bool) -> String {
    match tint.filter(|_| color) {
        Some(tint) => format!("{}{mark}\x1b[0m", COLORS[tint]),
        None => mark.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn curves_in_characters() {
        let expected = "  speedup over one agent, same architecture
         │
       2 ┤
         │        ●               ●
         │
     1.5 ┤        ○
         │
         │
       1 ┤●○
         │
         │
     0.5 ┤
         │
         │
       0 ┤
         └────────────────────────────────
          1       2       3       4 agents
  ● preassigned, kind a <b> & \"c\"  ○ self_claim, kind a <b> & \"c\"  · Amdahl
";
        assert_eq!(to_text(&sweep(), false), expected);
    }

    #[test]
    fn one_size_is_no_curve() {
        let mut sweep = sweep();
        sweep.rows.retain(|row| row.agents == 2);
        assert_eq!(to_text(&sweep, false), "");
        sweep.rows.clear();
        assert_eq!(to_text(&sweep, true), "");
    }
}
