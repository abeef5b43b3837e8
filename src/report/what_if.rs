//! Report of `brooks replay` on recorded work under another team: the learned model, the curve with prediction
//! intervals, and all assumptions.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::architecture;
use crate::engine::Time;
use crate::experiment::sweep::law_fits::Fits;
use crate::experiment::{Curve, PointResult};
use crate::prediction::what_if::{
    BETWEEN_RUNS, Basis, PREDICTION_LOG_SD, PredictionInterval, RESAMPLES, WhatIf, WhatIfAnswer,
};
use crate::problem::plural;
use crate::record::METRICS;
use crate::report::fits;
use crate::report::render::number;
use crate::report::render::table::{Cell, Table};
use crate::report::rows::{self, Values};
use crate::report::{footer, sweep};
use crate::scaling::stats::quantile;
use crate::trace::Trace;

/// Assumptions of work segments.
const PIECES: [&str; 2] = [
    "every agent needs the recorded time of a task, with random variation, in one step, counted as a call; assigning \
     and monitoring take no time",
    "agents make no errors of their own; all losses are those of the protocol (a profile with error rates has both)",
];
/// Assumptions of recorded calls.
const HABITS: [&str; 2] = [
    "agents of a team decide as the recorded ones did in similar situations; one session has no information on their \
     correlation, so ranges cover 0 to 1",
    "claims are forgotten no more often than in the recording",
];
/// Assumption of teams that lose claims.
const HERD: &str = "every free agent claims the first ready task, as language models do, so all but one of several lose their \
    claims; a board that grants a task at once is --architecture \"self_claim: { claims: at_decision }\"";

/// A recorded run, and its work under other teams.
pub struct WhatIfReport<'a> {
    /// The recording.
    pub trace: &'a Trace,
    /// Model of the recording.
    pub what_if: &'a WhatIf,
    /// Simulated teams with prediction intervals.
    pub answer: &'a WhatIfAnswer,
}

impl WhatIfReport<'_> {
    /// Returns text for a terminal.
    pub fn to_text(&self, command: &str, color: bool) -> String {
        self.document(command, |table| table.to_text(color), str::to_owned)
    }

    /// Returns Markdown for a page of documentation or a comment.
    pub fn to_markdown(&self, command: &str) -> String {
        self.document(command, Table::to_markdown, |verdict| {
            format!("**{}**", crate::report::render::table::markdown(verdict))
        })
    }

    fn document(&self, command: &str, table: impl Fn(&Table) -> String, verdict: impl Fn(&str) -> String) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.recorded(), self.learned(), self.teams());
        for curve in self.answer.result.curves() {
            let _ = writeln!(text, "{}", verdict(&self.verdict(&curve)));
            let _ = writeln!(text, "{}", self.growth(&curve));
            if curve.rows.len() > 2 {
                let _ = writeln!(text, "{}", fits::to_text(&Fits::of(&curve, false)));
            }
            let _ = writeln!(text, "\n{}", table(&self.table(&curve)));
        }
        let result = &self.answer.result;
        let runs: usize = result.rows.iter().map(|row| row.runs).sum();
        let completed: usize = result.rows.iter().map(|row| row.completed).sum();
        let (of, runs) = (number::count(completed as u64), number::count(runs as u64));
        let counted = if of == runs { format!("{runs} runs") } else { format!("{of} of {runs} runs completed") };
        let _ = writeln!(
            text,
            "{counted}; speedup over {}; ranges are 95 %: {RESAMPLES} resampled sessions, each learned and simulated, \
             with the error of such predictions",
            result.baseline
        );
        let lines = self.assumptions().into_iter().map(|assumption| format!("  - {assumption}\n"));
        let _ = write!(text, "assumed:\n{}\n{}", lines.collect::<String>(), footer(result.seed, command));
        text
    }

    /// Describes the recording and its work.
    fn recorded(&self) -> String {
        let agents = self.trace.header.agents.len();
        let team = plural(agents, "agent");
        let took =
            self.trace.total("duration_us").map_or_else(String::new, |us| format!(" in {}", Time::from_us_f64(us)));
        let tasks = plural(self.what_if.work.tasks.len(), "task");
        let times = || self.what_if.work.tasks.iter().filter_map(|task| task.recorded).map(|recorded| recorded.time);
        let under = self.trace.header.architecture.as_deref().map_or_else(String::new, |name| format!(" under {name}"));
        format!(
            "recorded: {team}{under}{took}; its work is {} in {tasks}, the longest {}; {} of it is off the critical path",
            times().sum::<Time>(),
            times().max().unwrap_or(Time::ZERO),
            number::percent(self.answer.plan.parallel_fraction),
        )
    }

    /// Describes the learned model and its data.
    fn learned(&self) -> String {
        let data = self.what_if.data;
        let count = |count: usize, noun: &str| plural(number::count(count as u64), noun);
        let (agents, calls) = (count(data.agents, "agent"), count(data.calls, "call"));
        let (steps, tasks) = (count(data.steps, "step"), count(data.tasks, "task"));
        let from = format!("learned from this session alone (1 run, {agents}, {calls}, {steps}, {tasks})");
        let varied = if data.portions == 0 {
            "; too little of it is alike to say how that varies, so half of the logarithm is assumed".to_owned()
        } else {
            let (what, of) =
                if matches!(self.what_if.basis, Basis::Habits(_)) { ("portion", " of work") } else { ("step", "") };
            format!("; how that varies, from {}{of}", count(data.portions, what))
        };
        match &self.what_if.basis {
            Basis::Habits(_) => format!("{from}: what its agents did by what they saw{varied}"),
            Basis::WorkSegments(_, why) => {
                format!("{from}: what its pieces of work took{varied}\nnot its agents' habits: {why}")
            }
        }
    }

    /// Describes the coordination of the simulated teams.
    fn teams(&self) -> String {
        let mut names: Vec<&str> = self.answer.result.rows.iter().map(|row| row.architecture.as_str()).collect();
        names.dedup();
        let pace = if self.trace.header.barrier { "in rounds" } else { "without rounds" };
        let recorded = self.trace.header.architecture.as_deref();
        let known = recorded.is_some_and(|name| architecture::find(name).is_some());
        let why = match names.as_slice() {
            [name] if recorded == Some(*name) => ", as recorded",
            ["self_claim"] if !known => " from a board that grants each task once",
            _ => "",
        };
        format!("simulated: {} {pace}{why}", names.join(", "))
    }

    /// Returns the index of a row.
    fn index_of(&self, row: &PointResult) -> usize {
        self.answer.result.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default()
    }

    fn makespan(&self, row: &PointResult) -> Option<(f64, PredictionInterval)> {
        let range = self.answer.metrics.get(self.index_of(row))?.first().copied().flatten()?;
        Some((row.metric("makespan_s")?.mean, range))
    }

    fn fastest<'r>(&self, curve: &Curve<'r>) -> Option<&'r PointResult> {
        let rows = curve.rows.iter().filter_map(|row| Some((*row, self.makespan(row)?.0)));
        rows.reduce(|best, other| if other.1 < best.1 { other } else { best }).map(|(row, _)| row)
    }

    /// Returns one line: the fastest team, and the share of resampled sessions in which it beats one agent.
    fn verdict(&self, curve: &Curve<'_>) -> String {
        let label = if curve.label.is_empty() { String::new() } else { format!("{}: ", curve.label) };
        let Some((row, (mean, range))) = self.fastest(curve).and_then(|row| Some((row, self.makespan(row)?))) else {
            return format!("{label}no run completed");
        };
        let mut text = format!("{label}fastest with {}: {}", plural(row.agents, "agent"), seconds(mean, range));
        let index = self.index_of(row);
        if row.agents > 1
            && let (Some(speedup), Some(range)) = (row.speedup, self.answer.speedups[index])
        {
            let bound = row.laws.work_span;
            let _ = write!(text, ", speedup {} of at most {bound:.2} (work and span)", real(speedup.estimate, range));
            if let Some(share) = self.answer.faster[index] {
                let _ = write!(text, "; faster than alone in {} of the resampled sessions", number::percent(share));
            }
        }
        text
    }

    /// Reports the smallest team that is statistically equal to the fastest, or the limit of growth.
    fn growth(&self, curve: &Curve<'_>) -> String {
        let Some(fastest) = self.fastest(curve) else { return String::new() };
        let enough = curve.rows.iter().find(|row| row.agents > 1 && self.is_close(row, fastest));
        let enough = enough.map_or(fastest.agents, |row| row.agents);
        // A smaller team that may be as fast; if one agent is fastest, the smallest team that may be.
        let alone = curve.rows.iter().find(|row| row.agents == 1 && fastest.agents > 1);
        let alone = match alone.map(|row| self.is_close(row, fastest)) {
            Some(true) => "; that one agent alone is no slower cannot be ruled out to 95 %".to_owned(),
            None if fastest.agents == 1 && enough > 1 => {
                format!("; that {enough} are no slower cannot be ruled out to 95 %")
            }
            _ => String::new(),
        };
        sweep::saturation(curve, fastest, enough) + &alone
    }

    /// True if a team is as fast as the fastest in at least 2.5 % of the resampled sessions.
    fn is_close(&self, row: &PointResult, fastest: &PointResult) -> bool {
        if row.agents == fastest.agents {
            return true;
        }
        let (Some((own, _)), Some((best, _))) = (self.makespan(row), self.makespan(fastest)) else { return false };
        let changes = |row: &PointResult| self.answer.changes[self.index_of(row)].clone();
        let ratios = changes(row).into_iter().zip(changes(fastest));
        let mut ratios: Vec<f64> =
            ratios.filter_map(|(own_change, best_change)| Some(own * own_change? / (best * best_change?))).collect();
        ratios.sort_by(f64::total_cmp);
        !ratios.is_empty() && quantile(&ratios, 0.025) <= 1.0
    }

    /// Builds the table of the curve with prediction intervals.
    fn table(&self, curve: &Curve<'_>) -> Table {
        let plain = sweep::table(curve, false);
        let mut table = Table::new(plain.columns().to_vec());
        for (row, cells) in curve.rows.iter().zip(plain.rows()) {
            let mut cells = cells.clone();
            for (column, cell) in plain.columns().iter().zip(&mut cells) {
                match column.key.as_str() {
                    "makespan_s" => {
                        if let Some((mean, range)) = self.makespan(row) {
                            *cell = Cell::number(mean, seconds(mean, range)).tinted(cell.tint);
                        }
                    }
                    "speedup" => {
                        if let (Some(speedup), Some(range)) = (row.speedup, self.answer.speedups[self.index_of(row)]) {
                            *cell = Cell::number(speedup.estimate, real(speedup.estimate, range));
                        }
                    }
                    _ => {}
                }
            }
            table.push(cells);
        }
        table
    }

    /// Returns all assumptions: fields missing in the recording, and effects left out.
    fn assumptions(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Basis::WorkSegments(..) = self.what_if.basis {
            all.extend(self.what_if.work.assumptions.clone());
            all.extend(PIECES.map(str::to_owned));
        } else {
            all.extend(HABITS.map(str::to_owned));
        }
        all.push(format!(
            "the spread between sessions is unknown from one session: a log standard deviation of {BETWEEN_RUNS} is assumed, as \
             of single agents in the recorded runs of arXiv 2603.12229; it widens times, not speedups"
        ));
        all.push(format!(
            "the error of such predictions has a log standard deviation of {} for teams that claim tasks and {} for teams with \
             assigned tasks, as on the recorded teams there; it is common to all team sizes, so sizes compare better",
            PREDICTION_LOG_SD[0], PREDICTION_LOG_SD[1]
        ));
        let lost = METRICS.iter().position(|metric| metric.name == "lost_claims");
        let loses =
            |row: &PointResult| lost.and_then(|index| row.metrics.get(index)?.as_ref()).is_some_and(|s| s.mean > 0.0);
        if self.answer.result.rows.iter().any(loses) {
            all.push(HERD.to_owned());
        }
        all
    }

    /// Returns the columns of the sweep as CSV, with prediction intervals.
    pub fn to_csv(&self) -> String {
        let mut series = rows::series(&self.answer.result);
        for column in &mut series {
            let name = column.name.clone();
            let Values::Real(values) = &mut column.values else { continue };
            for (row, value) in values.iter_mut().enumerate() {
                if let Some(end) = self.end(row, &name) {
                    *value = Some(end).filter(|end| end.is_finite());
                }
            }
        }
        rows::csv_head(&series) + &rows::csv_rows(&series)
    }

    /// Returns the value of a column of interval ends, NaN if unknown; none for any other column.
    fn end(&self, row: usize, column: &str) -> Option<f64> {
        let (name, part) = column.rsplit_once('.')?;
        let range = if name == "speedup" {
            self.answer.speedups.get(row).copied().flatten()
        } else {
            let index = METRICS.iter().position(|metric| metric.name == name)?;
            self.answer.metrics.get(row)?.get(index).copied().flatten()
        };
        match part {
            "ci95_low" => Some(range.map_or(f64::NAN, |(low, _)| low)),
            "ci95_high" => Some(range.map_or(f64::NAN, |(_, high)| high)),
            _ => None,
        }
    }

    /// Returns JSON for programs.
    pub fn to_json(&self, command: &str) -> Value {
        let mut document = rows::to_json(&self.answer.result, command);
        for (row, values) in document["rows"].as_array_mut().into_iter().flatten().enumerate() {
            for (name, value) in values.as_object_mut().into_iter().flatten() {
                if let Some(end) = self.end(row, name) {
                    *value = crate::report::json_number(end);
                }
            }
            values["faster_than_baseline"] = self.answer.faster.get(row).copied().flatten().into();
        }
        let (work, data) = (&self.what_if.work, self.what_if.data);
        document["recorded"] = json!({
            "trace": self.trace.header.trace,
            "agents": data.agents,
            "duration_s": self.trace.total("duration_us").map(|us| us / 1e6),
            "work_s": work.tasks.iter().filter_map(|task| task.recorded).map(|r| r.time).sum::<Time>().as_secs(),
            "tasks": work.tasks.len(),
            "parallel_fraction": self.answer.plan.parallel_fraction,
        });
        let (basis, why) = match &self.what_if.basis {
            Basis::Habits(_) => ("habits", None),
            Basis::WorkSegments(_, why) => ("pieces", Some(why.as_str())),
        };
        document["learned"] = json!({
            "from": basis, "why_not_habits": why, "runs": 1, "agents": data.agents, "calls": data.calls,
            "steps": data.steps, "tasks": data.tasks, "portions": data.portions, "sessions_drawn_again": RESAMPLES,
            "sigma_between_runs": BETWEEN_RUNS, "sigma_off": PREDICTION_LOG_SD,
        });
        document["assumptions"] = self.assumptions().into();
        document
    }
}

/// Formats a time with its interval.
fn seconds(mean: f64, (low, high): PredictionInterval) -> String {
    format!("{} [{}, {}]", number::seconds(mean), number::seconds(low), number::seconds(high))
}

/// Formats a ratio with its interval, if it has one.
fn real(mean: f64, (low, high): PredictionInterval) -> String {
    let (mean, low, high) = (format!("{mean:.2}"), format!("{low:.2}"), format!("{high:.2}"));
    if low == high && low == mean { mean } else { format!("{mean} [{low}, {high}]") }
}
