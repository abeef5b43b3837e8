//! Progress with rate and remaining time: a bar on a terminal, otherwise a line every ten seconds.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::console::Console;
use crate::engine::Time;

/// Interval between lines without a terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    bar: ProgressBar,
    unit: &'static str,
    /// Suffix of the line.
    suffix: Mutex<String>,
    started: Instant,
    /// Time of the last line; none if lines are off.
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Progress towards `runs`.
    pub(super) fn new(console: &Console, runs: u64) -> Progress {
        Progress::with_unit(console, runs, "runs")
    }

    /// Progress towards `points` with an unknown number of runs.
    pub(super) fn by_points(console: &Console, points: u64) -> Progress {
        Progress::with_unit(console, points, "points")
    }

    fn with_unit(console: &Console, all: u64, unit: &'static str) -> Progress {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if console.progress && on_terminal { ProgressBar::new(all) } else { ProgressBar::hidden() };
        bar.set_length(all);
        let template = format!("{{bar:30}} {{human_pos}} of {{human_len}} {unit}, {{per_sec}}, {{eta}} left{{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress {
            bar,
            unit,
            suffix: Mutex::default(),
            started: now,
            last_line: (console.progress && !on_terminal).then(|| Mutex::new(now)),
        }
    }

    /// Adds runs to the expected total.
    pub(super) fn expect(&self, runs: u64) {
        self.bar.inc_length(runs);
    }

    /// Adds finished runs.
    pub(super) fn add(&self, runs: u64) {
        self.bar.inc(runs);
        let Some(last_line) = &self.last_line else { return };
        // Another thread is writing a line.
        let Ok(mut last_line) = last_line.try_lock() else { return };
        if last_line.elapsed() >= LINE_INTERVAL {
            *last_line = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let rate = done as f64 / self.started.elapsed().as_secs_f64();
            let left = Time::from_secs((all.saturating_sub(done)) as f64 / rate.max(1e-9));
            let unit = self.unit;
            let suffix = self.suffix.lock().map_or(String::new(), |suffix| suffix.clone());
            let _ = writeln!(std::io::stderr(), "{done} of {all} {unit}, {rate:.0} per second, {left} left{suffix}");
        }
    }

    /// Reports `done` of `points` points as finished.
    pub(super) fn points(&self, done: usize, of: usize) {
        if self.unit == "points" {
            self.add((done as u64).saturating_sub(self.bar.position()));
            return;
        }
        let text = format!(", {done} of {of} points done");
        self.bar.set_message(text.clone());
        if let Ok(mut suffix) = self.suffix.lock() {
            *suffix = text;
        }
    }

    /// Returns the time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Removes the bar and returns the time since the start.
    pub(super) fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}
