//! Progress with rate and time left: a bar on a terminal, a line every ten seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::console::Console;
use crate::engine::Time;

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

pub(super) struct Progress {
    bar: ProgressBar,
    unit: &'static str,
    /// What is also done, in words.
    also: Mutex<String>,
    started: Instant,
    /// When the last line was written; none if no lines are wanted.
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Progress towards `runs`.
    pub(super) fn new(console: &Console, runs: u64) -> Progress {
        Progress::of(console, runs, "runs")
    }

    /// Progress towards `points`, of which nobody knows how many runs they take.
    pub(super) fn of_points(console: &Console, points: u64) -> Progress {
        Progress::of(console, points, "points")
    }

    fn of(console: &Console, all: u64, unit: &'static str) -> Progress {
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
            also: Mutex::default(),
            started: now,
            last_line: (console.progress && !on_terminal).then(|| Mutex::new(now)),
        }
    }

    /// So many more runs lie ahead.
    pub(super) fn expect(&self, runs: u64) {
        self.bar.inc_length(runs);
    }

    /// So many more runs are done.
    pub(super) fn add(&self, runs: u64) {
        self.bar.inc(runs);
        let Some(last_line) = &self.last_line else { return };
        // Another thread is writing a line: then this one need not.
        let Ok(mut last_line) = last_line.try_lock() else { return };
        if last_line.elapsed() >= EVERY {
            *last_line = Instant::now();
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            let rate = done as f64 / self.started.elapsed().as_secs_f64();
            let left = Time::from_secs((all.saturating_sub(done)) as f64 / rate.max(1e-9));
            let unit = self.unit;
            let also = self.also.lock().map_or(String::new(), |also| also.clone());
            let _ = writeln!(std::io::stderr(), "{done} of {all} {unit}, {rate:.0} a second, {left} left{also}");
        }
    }

    /// So many points of these are finished.
    pub(super) fn points(&self, done: usize, of: usize) {
        if self.unit == "points" {
            self.add((done as u64).saturating_sub(self.bar.position()));
            return;
        }
        let text = format!(", {done} of {of} points done");
        self.bar.set_message(text.clone());
        if let Ok(mut also) = self.also.lock() {
            *also = text;
        }
    }

    /// How long it has taken so far.
    pub(super) fn so_far(&self) -> Duration {
        self.started.elapsed()
    }

    /// Takes the bar away and says how long it took.
    pub(super) fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}
