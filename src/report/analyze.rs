//! Report of `brooks analyze`: groups of recorded runs, their speedups, and significant differences.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::corpus::{CorpusBaseline, Finding, GroupFigures, RunGroup, SIGNIFICANT};
use crate::record::METRICS;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, Tint};
use crate::report::rows::SUMMARY;
use crate::scaling::Summary;

/// Groups and findings of a corpus.
#[derive(Clone, Debug)]
pub struct AnalyzeReport {
    /// Number of runs.
    pub runs: usize,
    /// Number of completed runs.
    pub completed: usize,
    /// Labels by which runs are grouped.
    pub by: Vec<String>,
    /// Reference of the speedups.
    pub baseline: CorpusBaseline,
    /// The groups.
    pub groups: Vec<RunGroup>,
    /// Tests of differences over completed runs.
    pub findings: Vec<Finding>,
}

/// Format of a number.
type Show = fn(f64) -> String;

/// Figures with a column in the printed table: key, title, format.
const SHOWN: &[(&str, &str, Show)] = &[
    ("llm_calls", "calls", number::mean_count),
    ("rounds", "rounds", number::mean_count),
    ("failed_tests", "tests failed", number::mean_count),
    ("concurrent_writes", "concurrent writes", number::mean_count),
    ("rewrites_any", "rewrites", number::mean_count),
    ("temporal_violations", "blocked claims", number::mean_count),
    ("straggler_gap_s", "straggler gap", number::seconds),
    ("barrier_waste", "barrier waste", number::percent),
];

impl AnalyzeReport {
    /// Returns text for a terminal.
    pub fn to_text(&self, color: bool) -> String {
        let count = |count: usize| number::count(count as u64);
        let cut_off = self.runs - self.completed;
        let mut text = match (self.runs, self.completed) {
            (1, 1) => "one recorded run, completed".to_owned(),
            (1, _) => "one recorded run, not completed".to_owned(),
            (runs, completed) => format!("{} recorded runs, {} completed", count(runs), count(completed)),
        };
        if cut_off > 0 {
            let _ = write!(
                text,
                ", {} cut off: figures are of completed runs, \"all\" of every run (cut-off runs are too short there)",
                count(cut_off)
            );
        }
        text.push('\n');
        text.push_str(&self.verdict());
        text.push_str("\n\n");
        text.push_str(&self.table().to_text(color));
        if self.groups.iter().any(|group| group.of_all.as_ref().is_some_and(|figures| figures.speedup.is_some())) {
            let _ = write!(text, "\nspeedup: {}\n", baseline(&self.baseline));
        }
        if self.findings.is_empty() {
            if self.groups.len() > 1 {
                text.push_str("\nno tests: these are too few runs to tell any difference from chance\n");
            }
        } else {
            text.push_str("\nwhat differs, over completed runs (p after Benjamini and Hochberg)\n");
            text.push_str(&self.finding_table().to_text(color));
        }
        text
    }

    /// Describes the group with the largest speedup.
    fn verdict(&self) -> String {
        let speedup = |group: &&RunGroup| group.of_completed.as_ref().and_then(|figures| figures.speedup);
        let best = self.groups.iter().filter(|group| speedup(group).is_some());
        let best = best.max_by(|a, b| speedup(a).unwrap_or(0.0).total_cmp(&speedup(b).unwrap_or(0.0)));
        let named = |group: &RunGroup| {
            let pairs = self.by.iter().zip(&group.labels).map(|(name, value)| format!("{name} {value}"));
            pairs.collect::<Vec<_>>().join(", ")
        };
        match best.and_then(|group| Some((group, speedup(&group)?))) {
            Some((group, speedup)) => format!("largest speedup: {speedup:.2} ({})", named(group)),
            None => "no speedups: there is no group of one agent that others can be held against".to_owned(),
        }
    }

    /// Builds a table with a row a group.
    pub fn table(&self) -> Table {
        let mut columns: Vec<Column> = self.by.iter().map(|name| Column::text(name, name)).collect();
        columns.extend([
            Column::number("runs", "runs"),
            Column::number("completed", "completed"),
            Column::number("wall_clock_s.mean", "length [95 %]"),
            Column::number("all.wall_clock_s.mean", "all"),
            Column::number("speedup", "speedup"),
            Column::number("all.speedup", "all"),
            Column::number("tokens.mean", "tokens"),
            Column::number("token_multiplier", "tokens x"),
        ]);
        columns.extend(SHOWN.iter().map(|(key, title, _)| Column::number(&format!("{key}.mean"), title)));
        let mut table = Table::new(columns);
        for group in &self.groups {
            let (done, all) = (group.of_completed.as_ref(), group.of_all.as_ref());
            let length = |figures: Option<&GroupFigures>, with_interval: bool| {
                Cell::optional(figures, |figures| {
                    let s = &figures.wall_clock_s;
                    let shown = if with_interval {
                        number::interval_seconds(s.mean, s.half_width)
                    } else {
                        number::seconds(s.mean)
                    };
                    Cell::number(s.mean, shown)
                })
            };
            let mut row: Vec<Cell> = group.labels.iter().map(|label| Cell::text(label.clone())).collect();
            row.extend([
                Cell::count(group.runs as u64),
                Cell::count(group.completed as u64),
                length(done, true),
                length(all, false),
                Cell::ratio(done.and_then(|figures| figures.speedup)),
                Cell::ratio(all.and_then(|figures| figures.speedup)),
                Cell::shown(done.and_then(|figures| figures.tokens.as_ref()).map(|s| s.mean), number::tokens),
                Cell::ratio(done.and_then(|figures| figures.token_multiplier)),
            ]);
            for (key, _, show) in SHOWN {
                row.push(Cell::shown(done.and_then(|figures| metric(figures, key)), show));
            }
            table.push(row);
        }
        // Columns that are empty or zero in every group are left out.
        let always = ["runs", "completed", "wall_clock_s.mean"];
        table.retain(|column, cells| {
            let is_label = self.by.contains(&column.key) || always.contains(&column.key.as_str());
            is_label || !cells.iter().all(|cell| cell.raw.is_empty() || cell.raw == "0")
        });
        table
    }

    fn finding_table(&self) -> Table {
        let mut table = Table::new(vec![
            Column::text("figure", "figure"),
            Column::text("label", "over"),
            Column::text("test", "test"),
            Column::text("statistic", "statistic"),
            Column::number("p", "p"),
            Column::text("says", "what it says"),
        ]);
        for finding in &self.findings {
            let is_told = finding.adjusted_p < SIGNIFICANT;
            let says =
                if is_told { finding.direction.clone() } else { "no difference that could not be chance".to_owned() };
            table.push(vec![
                Cell::text(finding.figure),
                Cell::text(finding.label.clone()),
                Cell::text(finding.test),
                Cell::text(finding.statistic.clone()),
                Cell::number(finding.adjusted_p, number::p_value(finding.adjusted_p)),
                Cell::text(says).tinted(if is_told { Tint::Plain } else { Tint::Faint }),
            ]);
        }
        table
    }

    /// Returns JSON for programs: groups with all figures, and findings.
    pub fn to_json(&self) -> (Value, Value) {
        let groups = self.groups.iter().map(|group| {
            let mut line: Map<String, Value> =
                self.by.iter().zip(&group.labels).map(|(name, value)| (name.clone(), value.as_str().into())).collect();
            line.insert("runs".to_owned(), group.runs.into());
            line.insert("completed".to_owned(), group.completed.into());
            if let Some(figures) = &group.of_completed {
                line.extend(figures_json(figures));
            }
            let all = group.of_all.as_ref().map(figures_json);
            line.insert("all".to_owned(), all.map_or(Value::Null, Value::from));
            Value::from(line)
        });
        let findings = self.findings.iter().map(|finding| {
            let values: Map<String, Value> =
                finding.values.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
            json!({
                "figure": finding.figure, "over": finding.label, "test": finding.test, "values": values,
                "p": finding.p, "p_adjusted": finding.adjusted_p, "says": finding.direction,
            })
        });
        (groups.collect(), findings.collect())
    }
}

fn metric(figures: &GroupFigures, name: &str) -> Option<f64> {
    let index = METRICS.iter().position(|metric| metric.name == name)?;
    Some(figures.metrics.get(index)?.as_ref()?.mean)
}

fn figures_json(figures: &GroupFigures) -> Map<String, Value> {
    let summary = |summary: &Summary| {
        let parts = SUMMARY.map(|(part, read)| (part.to_owned(), read(summary).into()));
        Value::from(Map::from_iter(parts))
    };
    let mut line = Map::new();
    line.insert("wall_clock_s".to_owned(), summary(&figures.wall_clock_s));
    line.insert("tokens".to_owned(), figures.tokens.as_ref().map_or(Value::Null, summary));
    line.insert("speedup".to_owned(), figures.speedup.into());
    line.insert("token_multiplier".to_owned(), figures.token_multiplier.into());
    for (metric, value) in METRICS.iter().zip(&figures.metrics) {
        line.insert(metric.name.to_owned(), value.as_ref().map_or(Value::Null, summary));
    }
    line
}

/// Describes a baseline.
fn baseline(baseline: &CorpusBaseline) -> String {
    match baseline {
        CorpusBaseline::Own => {
            "mean length of one agent, all else the same, over mean length here (--baseline self)".to_owned()
        }
        CorpusBaseline::Solo => {
            "mean length of the fastest kind of single agent over mean length here (--baseline solo)".to_owned()
        }
        CorpusBaseline::Labels(labels) => {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("mean length with {} over mean length here", labels.join(", "))
        }
    }
}
