//! Report of `brooks infer-p`: the serial fraction inferred from two measured times.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::scaling::{amdahl, karp_flatt};

/// Measured times of one agent and of a team.
#[derive(Clone, Copy, Debug)]
pub struct TwoTimes {
    /// Makespan of one agent in seconds.
    pub one: f64,
    /// Makespan of the team in seconds.
    pub team: f64,
    /// Team size, above 1.
    pub n: f64,
}

/// Assumed relative error of a single time.
const SLACK: f64 = 0.05;

impl TwoTimes {
    /// Returns the speedup of the team.
    pub fn speedup(&self) -> f64 {
        self.one / self.team
    }

    /// Returns the experimentally determined serial fraction (Karp and Flatt, 1990).
    pub fn serial_fraction(&self) -> f64 {
        karp_flatt::serial_fraction(self.speedup(), self.n)
    }

    /// Returns the reason why these times imply no parallel fraction; none if they do.
    pub fn refusal(&self) -> Option<String> {
        let (speedup, n) = (self.speedup(), self.n);
        if speedup < 1.0 {
            let slower = number::significant(1.0 / speedup);
            Some(format!(
                "the team is slower than one agent ({slower} times the time): that has no parallel fraction, since by \
                 Amdahl's law no team is slower than one. Coordination costs more than sharing gains; brooks fit on \
                 several team sizes shows from where on"
            ))
        } else if speedup > n * (1.0 + 1e-9) {
            let speedup = number::significant(speedup);
            Some(format!(
                "superlinear: {} agents are {speedup} times as fast as one, which no parallel fraction explains. Is it the \
                 same work, and was the single agent measured alike? (a warm cache, a truncated context, a retry)",
                number::count(n as u64)
            ))
        } else {
            None
        }
    }

    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool) -> String {
        let (e, speedup) = (self.serial_fraction(), self.speedup());
        let mut text = format!(
            "p = {:.3}: {} of the work is serial (Karp-Flatt e = {e:.4}); {} agents are {speedup:.2} times as fast as one\n{}\n\n",
            1.0 - e,
            number::percent(e),
            number::count(self.n as u64),
            self.limit_in_words(),
        );
        text.push_str(&self.table().to_text(color));
        let (low, high) = self.range();
        let _ = writeln!(
            text,
            "\nif each time may be off by 5 %, p is anything from {low:.3} to {high:.3}\n\
             two numbers cannot separate serial work from overhead that grows with the team (waiting, merging, talking): with\n\
             overhead, more agents buy less than this table says, or nothing. Time a third team size, then: brooks fit"
        );
        text
    }

    fn limit_in_words(&self) -> String {
        let e = self.serial_fraction();
        if e < 1e-9 {
            return "as good as linear: these two times set no limit".to_owned();
        }
        let floor = number::seconds(self.one * e);
        format!("by Amdahl's law no team is faster than {floor}, {} times one", number::significant(1.0 / e))
    }

    /// Returns the range of p for errors of 5 % in both times, clamped to 0 to 1.
    pub fn range(&self) -> (f64, f64) {
        let off = |factor: f64| amdahl::parallel_fraction(self.speedup() * factor, self.n).clamp(0.0, 1.0);
        (off((1.0 - SLACK) / (1.0 + SLACK)), off((1.0 + SLACK) / (1.0 - SLACK)))
    }

    /// Builds a table of predicted times by Amdahl's law, a row a team size.
    pub fn table(&self) -> Table {
        let columns = vec![
            Column::number("agents", "n"),
            Column::number("makespan_s", "time"),
            Column::number("speedup", "speedup"),
            Column::number("efficiency", "efficiency"),
            Column::text("note", ""),
        ];
        let mut table = Table::new(columns);
        let mut sizes = vec![1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0, self.n];
        sizes.retain(|&n| n <= (4.0 * self.n).max(16.0));
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let p = 1.0 - self.serial_fraction();
        for n in sizes {
            let speedup = amdahl::speedup(p, n);
            let time = self.one / speedup;
            let is_own = n.total_cmp(&self.n).is_eq() || n.total_cmp(&1.0).is_eq();
            table.push(vec![
                Cell::count(n as u64),
                Cell::number(time, number::seconds(time)),
                Cell::number(speedup, format!("{speedup:.2}")),
                Cell::number(speedup / n, number::percent(speedup / n)),
                Cell::text(if is_own { "measured" } else { "" }),
            ]);
        }
        table
    }

    /// Returns JSON for programs.
    pub fn to_json(&self) -> Value {
        let (e, (low, high)) = (self.serial_fraction(), self.range());
        let limit = if e < 1e-9 { Value::Null } else { (1.0 / e).into() };
        json!({
            "t1_s": self.one, "tn_s": self.team, "agents": self.n as u64, "speedup": self.speedup(),
            "serial_fraction": e, "parallel_fraction": 1.0 - e, "parallel_fraction_if_5_percent_off": [low, high],
            "limit": limit, "predicted": self.table().to_json(),
        })
    }
}
