//! Report of `brooks analyze --as paper`: tables and statistics of arXiv 2603.12229 for the given runs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::corpus::paper::{Contrast, PaperFigures};
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::scaling::Correlation;

/// Reason why the published columns of conflicts differ from the events.
const FAULT: &str = "The published columns concurrent_writes and claims_blocked are 0 for every run recorded from 2026-03-09 on, \
and follow two definitions before: some runs count rounds and files that two agents wrote, others those written twice \
by whomever. The events are whole; figures here are recomputed from them.";

/// Returns text for a terminal.
pub fn to_text(figures: &PaperFigures, color: bool) -> String {
    let count = |count: u64| number::count(count);
    let mut text = format!(
        "{} runs, {} successful, {} rounds, {} model calls\n\n",
        count(figures.runs as u64),
        count(figures.successful_runs as u64),
        count(figures.rounds),
        count(figures.llm_calls),
    );
    text.push_str("preassigned against self_claim, successful runs (Mann-Whitney)\n");
    text.push_str(&contrasts(figures).to_text(color));
    text.push_str("\nmedian straggler gap of preassigned rounds by p:");
    for (p, gap) in &figures.straggler_gap_by_p {
        let _ = write!(text, "  {p} {gap:.3} s");
    }
    text.push_str("\n\n");
    text.push_str(&statistics(figures).to_text(color));
    text.push_str("\nspeedup and tokens over one agent of the same architecture, mean over suites\n");
    text.push_str(&cells(figures).to_text(color));
    text.push_str("\nconflicts, as published and as the events give them\n");
    text.push_str(&conflicts(figures).to_text(color));
    let _ = writeln!(text, "{FAULT}");
    text
}

/// Builds the table of comparisons of the two architectures.
pub fn contrasts(figures: &PaperFigures) -> Table {
    let mut table = Table::new(vec![
        Column::text("figure", "figure"),
        Column::number("median_preassigned", "median preassigned"),
        Column::number("median_self_claim", "median self_claim"),
        Column::number("u_preassigned", "U preassigned"),
        Column::number("u_self_claim", "U self_claim"),
        Column::number("n_preassigned", "n preassigned"),
        Column::number("n_self_claim", "n self_claim"),
        Column::number("p", "p"),
    ]);
    let rows = [
        ("failed tests a run", figures.failed_tests),
        ("model calls a run", figures.calls),
        ("idle rounds a run", figures.idle_rounds),
        ("straggler gap a round, s", figures.straggler_gap),
        ("speedup a run, n >= 2", figures.run_speedup),
    ];
    for (name, contrast) in rows {
        let Some(contrast) = contrast else { continue };
        let real = |value: f64| Cell::number(value, number::significant(value));
        table.push(vec![
            Cell::text(name),
            real(contrast.median_preassigned),
            real(contrast.median_self_claim),
            Cell::number(contrast.test.u_a, format!("{}", contrast.test.u_a)),
            Cell::number(contrast.test.u_b, format!("{}", contrast.test.u_b)),
            Cell::count(contrast.n_preassigned as u64),
            Cell::count(contrast.n_self_claim as u64),
            Cell::number(contrast.test.p, number::p_value(contrast.test.p)),
        ]);
    }
    table
}

fn statistics(figures: &PaperFigures) -> Table {
    let mut table = Table::new(vec![
        Column::text("what", "what"),
        Column::text("test", "test"),
        Column::number("value", "value"),
        Column::number("p", "p"),
    ]);
    let mut push = |what: &str, test: &str, value: Option<f64>, p: Option<f64>| {
        let Some(value) = value else { return };
        let p = Cell::shown(p, number::p_value);
        table.push(vec![Cell::text(what), Cell::text(test), Cell::number(value, format!("{value:.4}")), p]);
    };
    let rho = |c: Option<Correlation>| (c.map(|c| c.rho), c.map(|c| c.p));
    let (value, p) = rho(figures.calls_with_n);
    push("calls with n, self_claim", "Spearman rho", value, p);
    let (value, p) = rho(figures.tokens_with_n);
    push("tokens over those of one agent with n, self_claim, n >= 2", "Spearman rho", value, p);
    let (value, p) = rho(figures.speedup_with_n);
    push("speedup with n, self_claim, n >= 2", "Spearman rho", value, p);
    let over_p = figures.speedup_over_p;
    push("speedup over p, preassigned", "Kruskal-Wallis H", over_p.map(|t| t.h), over_p.map(|t| t.p));
    let below = figures.below_amdahl;
    push(
        "speedup below the bound of Amdahl's law, preassigned",
        "Wilcoxon W, one-sided",
        below.map(|t| t.statistic),
        below.map(|t| t.p),
    );
    push("excess (tokens x less speedup), self_claim, n >= 2", "median", figures.excess_median, None);
    table
}

/// Builds the table of speedups and token multipliers by cell, a column a team size.
pub fn cells(figures: &PaperFigures) -> Table {
    let mut sizes: Vec<u32> = figures.cells.iter().map(|cell| cell.n).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut columns =
        vec![Column::text("architecture", "architecture"), Column::text("model", "model"), Column::text("p", "p")];
    columns.extend(sizes.iter().map(|n| Column::number(&format!("speedup.{n}"), &format!("S({n})"))));
    columns.extend(sizes.iter().map(|n| Column::number(&format!("token_multiplier.{n}"), &format!("tokens x ({n})"))));
    let mut table = Table::new(columns);
    let mut conditions: Vec<(&str, &str, &str)> =
        figures.cells.iter().map(|c| (c.architecture.as_str(), c.model.as_str(), c.p.as_str())).collect();
    conditions.dedup();
    for (architecture, model, p) in conditions {
        let mut row = vec![Cell::text(architecture), Cell::text(model), Cell::text(p)];
        let cell = |n: u32| {
            let is_it = |c: &&crate::corpus::paper::PaperCell| {
                (c.architecture.as_str(), c.model.as_str(), c.p.as_str(), c.n) == (architecture, model, p, n)
            };
            figures.cells.iter().find(is_it)
        };
        row.extend(sizes.iter().map(|&n| Cell::ratio(cell(n).map(|cell| cell.speedup))));
        row.extend(sizes.iter().map(|&n| Cell::ratio(cell(n).map(|cell| cell.token_multiplier))));
        table.push(row);
    }
    table
}

fn conflicts(figures: &PaperFigures) -> Table {
    let mut table = Table::new(vec![
        Column::text("architecture", "architecture"),
        Column::number("runs", "runs"),
        Column::number("recorded_concurrent_writes", "concurrent writes, published"),
        Column::number("concurrent_writes", "by two agents"),
        Column::number("repeated_writes", "twice by whomever"),
        Column::number("recorded_claims_blocked", "blocked claims, published"),
        Column::number("claims_blocked", "in the events"),
        Column::number("equal_runs", "runs that agree"),
        Column::number("zeroed_runs", "runs set to 0"),
    ]);
    for (architecture, sums) in &figures.conflicts {
        let mut row = vec![Cell::text(architecture.clone())];
        row.extend(
            [
                sums.runs as u64,
                sums.recorded_concurrent_writes,
                sums.concurrent_writes,
                sums.repeated_writes,
                sums.recorded_claims_blocked,
                sums.claims_blocked,
                sums.equal_runs as u64,
                sums.zeroed_runs as u64,
            ]
            .map(Cell::count),
        );
        table.push(row);
    }
    table
}

/// Returns JSON for programs with stable keys.
pub fn to_json(figures: &PaperFigures) -> Map<String, Value> {
    let contrast = |contrast: &Option<Contrast>| {
        contrast.map_or(Value::Null, |c| {
            json!({
                "u_preassigned": c.test.u_a, "n_preassigned": c.n_preassigned, "n_self_claim": c.n_self_claim,
                "median_preassigned": c.median_preassigned, "median_self_claim": c.median_self_claim,
                "u_self_claim": c.test.u_b, "p": c.test.p,
            })
        })
    };
    let rho = |c: Option<Correlation>| Value::from(c.map(|c| c.rho));
    let gaps: Map<String, Value> =
        figures.straggler_gap_by_p.iter().map(|(p, gap)| (p.clone(), (*gap).into())).collect();
    let speedup_with_n = figures.speedup_with_n.map_or(Value::Null, |c| json!([c.rho, c.p]));
    let below = figures.below_amdahl.map_or(Value::Null, |t| json!({"w": t.statistic, "n": t.used, "p": t.p}));
    let document = json!({
        "runs": figures.runs,
        "successful_runs": figures.successful_runs,
        "events": figures.events,
        "rounds": figures.rounds,
        "llm_calls": figures.llm_calls,
        "failed_tests_mann_whitney_successful": contrast(&figures.failed_tests),
        "llm_calls_mann_whitney_successful": contrast(&figures.calls),
        "idle_rounds_mann_whitney_successful": contrast(&figures.idle_rounds),
        "llm_calls_spearman_with_n_self_claim_successful": rho(figures.calls_with_n),
        "straggler_gap_s_mann_whitney_successful": contrast(&figures.straggler_gap),
        "straggler_gap_s_median_preassigned_successful": gaps,
        "run_speedup_n2plus": contrast(&figures.run_speedup),
        "run_speedup_preassigned_kruskal_over_p": figures.speedup_over_p.map(|t| t.h),
        "run_speedup_preassigned_below_amdahl_wilcoxon": below,
        "self_claim_excess_median": figures.excess_median,
        "self_claim_spearman_tokens_n": rho(figures.tokens_with_n),
        "self_claim_spearman_speedup_n": speedup_with_n,
        "cells": cells_json(figures),
        "conflicts": conflicts_json(figures),
        "conflicts_fault": FAULT,
    });
    if let Value::Object(document) = document { document } else { Map::new() }
}

fn cells_json(figures: &PaperFigures) -> Value {
    let cells = figures.cells.iter().map(|cell| {
        json!({
            "architecture": cell.architecture, "model": cell.model, "p": cell.p, "n": cell.n,
            "speedup": cell.speedup, "token_multiplier": cell.token_multiplier, "suites": cell.suites,
        })
    });
    cells.collect()
}

fn conflicts_json(figures: &PaperFigures) -> Value {
    let conflicts = figures.conflicts.iter().map(|(architecture, sums)| {
        let sums = json!({
            "runs": sums.runs, "recorded_concurrent_writes": sums.recorded_concurrent_writes,
            "concurrent_writes": sums.concurrent_writes, "repeated_writes": sums.repeated_writes,
            "recorded_claims_blocked": sums.recorded_claims_blocked, "claims_blocked": sums.claims_blocked,
            "equal_runs": sums.equal_runs, "zeroed_runs": sums.zeroed_runs,
        });
        (architecture.clone(), sums)
    });
    conflicts.collect::<Map<_, _>>().into()
}
