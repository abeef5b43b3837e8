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
    started: Instant,
    /// When the last line was written; none if no lines are wanted.
    last_line: Option<Mutex<Instant>>,
}

impl Progress {
    /// Progress towards `runs`.
    pub(super) fn new(console: &Console, runs: u64) -> Progress {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = if console.progress && on_terminal { ProgressBar::new(runs) } else { ProgressBar::hidden() };
        bar.set_length(runs);
        let template = "{bar:30} {human_pos} of {human_len} runs, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress { bar, started: now, last_line: (console.progress && !on_terminal).then(|| Mutex::new(now)) }
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
            let _ = writeln!(std::io::stderr(), "{done} of {all} runs, {rate:.0} a second, {left} left");
        }
    }

    /// Takes the bar away and says how long it took.
    pub(super) fn finish(&self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}
