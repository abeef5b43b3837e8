//! Report of `brooks compare`: the fastest architecture at each team size, with paired differences.

use serde_json::{Value, json};

use crate::experiment::compare::{ArchitectureResult, Comparison};
use crate::problem::plural;
use crate::report::optimal::common_noise;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::{json_interval, json_noise, listed, refused, sweep, token_parts};
use crate::scaling::Variances;
use crate::scaling::stats::{Interval, Summary};

/// Returns one line a team size, and one with the tokens of the fastest architecture beside one agent.
pub fn verdict(comparison: &Comparison) -> String {
    let mut completing = comparison.entries.iter().filter(|entry| entry.row.completed > 0);
    let tokens = completing.next().and_then(|first| token_parts::of_point(&first.row));
    let tokens = tokens.map_or(String::new(), |tokens| format!("\n  {tokens}"));
    fastest(comparison) + &tokens
}

fn fastest(comparison: &Comparison) -> String {
    let team = plural(comparison.agents, "agent");
    let mut completing = comparison.entries.iter().filter(|entry| entry.row.completed > 0);
    let Some(first) = completing.next() else {
        let is_refused = comparison.entries.is_empty();
        return format!(
            "{team}: {}",
            if is_refused { "every architecture is refused" } else { "no architecture completes a run" }
        );
    };
    let alike: Vec<&str> =
        completing.clone().filter(|entry| entry.is_as_fast()).map(|entry| entry.row.architecture.as_str()).collect();
    let makespan = first
        .row
        .metric("makespan_s")
        .map_or(String::new(), |makespan| number::interval_seconds(makespan.mean, makespan.half_width));
    let fastest = format!("{team}: {} is fastest, {makespan}", first.row.architecture);
    if !alike.is_empty() {
        return format!("{fastest}; {} can't be told apart from it", listed(&alike));
    }
    match completing.next() {
        Some(next) => format!("{fastest}; next is {}, slower by {}", next.row.architecture, slower(next)),
        None => fastest,
    }
}

fn slower(entry: &ArchitectureResult) -> String {
    entry.slower_by.map_or("?".to_owned(), |by| number::difference_seconds(by.estimate, by.half_width))
}

/// Returns a line on the variance reduction over all comparisons; none without variance.
pub fn noise(comparisons: &[Comparison]) -> Option<String> {
    let noise: Variances = comparisons.iter().map(|comparison| comparison.noise).sum();
    common_noise(&noise)
}

/// Builds a table with a row an architecture and team size.
pub fn table(comparisons: &[Comparison], has_prices: bool) -> Table {
    let mut table = Table::new(vec![
        Column::number("agents", "agents"),
        Column::text("architecture", "architecture"),
        Column::number("makespan_s.mean", "makespan [95 %]"),
        Column::number("slower_by_s", "slower by [95 %]"),
        Column::number("speedup.mean", "speedup"),
        Column::number("llm_calls.mean", "calls"),
        Column::number("tokens.mean", "tokens"),
        Column::number("token_multiplier", "x one agent"),
        Column::number("cost.mean", "cost"),
        Column::number("quality.mean", "quality"),
        Column::number("lost", "lost"),
        Column::number("waiting", "waiting"),
        Column::number("completed", "completed"),
    ]);
    for comparison in comparisons {
        for entry in &comparison.entries {
            let row = &entry.row;
            let mean = |name: &str, show: fn(f64) -> String| sweep::mean(row, name, show);
            let share = |part: &str| Cell::number(row.shares.part(part), number::percent(row.shares.part(part)));
            table.push(vec![
                Cell::count(u64::from(row.agents)),
                Cell::text(row.architecture.clone()),
                sweep::makespan(row),
                Cell::interval(entry.slower_by, number::difference_seconds),
                Cell::ratio(row.speedup.map(|speedup| speedup.estimate)),
                mean("llm_calls", number::mean_count),
                sweep::tokens(row),
                Cell::ratio(row.token_multiplier),
                mean("cost", number::money),
                mean("quality", number::percent),
                share("lost"),
                share("waiting"),
                Cell::number(row.completed as f64, format!("{}/{}", row.completed, row.runs)),
            ]);
        }
    }
    table.retain(|column, _| has_prices || column.key != "cost.mean");
    table
}

/// Returns JSON for programs: means with intervals, and paired differences from the fastest.
pub fn to_json(comparisons: &[Comparison]) -> Value {
    let interval = |interval: Option<Interval>| interval.map(json_interval);
    let entry = |entry: &ArchitectureResult| {
        json!({
            "architecture": entry.row.architecture,
            "makespan_s": interval(entry.row.metric("makespan_s").map(Summary::interval)),
            "slower_by_s": interval(entry.slower_by),
            "dearer_by": interval(entry.dearer_by),
            "speedup": interval(entry.row.speedup),
            "token_multiplier": entry.row.token_multiplier,
            "runs": entry.row.runs,
            "completed": entry.row.completed,
            "digest": entry.row.digest.to_string(),
        })
    };
    comparisons
        .iter()
        .map(|c| {
            json!({
                "agents": c.agents,
                "architectures": c.entries.iter().map(entry).collect::<Vec<_>>(),
                "refused": refused::to_json(&c.refused),
                "common_random_numbers": json_noise(&c.noise),
            })
        })
        .collect()
}
