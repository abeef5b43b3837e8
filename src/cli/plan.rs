//! `brooks plan`: analysis of the task graph without a run.

use std::fmt::Write;

use serde_json::json;

use crate::cli::args::{Format, PlanArgs};
use crate::cli::console::{CommandResult, Console, Failure, repeat};
use crate::cli::input;
use crate::engine::Time;
use crate::experiment::Laws;
use crate::experiment::work_bounds::{PLANNED, TaskWeight, WorkBounds, planned};
use crate::report::footer;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::simulation::Scenario;
use crate::workload::measure::{Count, work_and_span};
use crate::workload::{Measure, TaskGraph, TaskId};

/// Default team sizes of the table.
const SIZES: [u32; 8] = [1, 2, 3, 4, 5, 8, 16, 32];
/// Maximum named tasks of the critical path.
const MAX_NAMED: usize = 8;

pub(super) fn plan(console: &Console, args: &PlanArgs) -> CommandResult {
    let file = input::scenario(console, &args.scenario, &[])?;
    let sizes: Vec<u32> = match &args.scenario.agents {
        Some(agents) => {
            let file = input::with_axis(&file, "--agents", "agents", agents)?;
            let axis = file.axes().iter().find(|axis| axis.label == "agents");
            let values =
                axis.map(|axis| axis.values.iter().filter_map(|value| u32::try_from(value.whole()?).ok()).collect());
            values.unwrap_or_default()
        }
        None => SIZES.to_vec(),
    };
    let scenario = file.scenario()?;
    let work = WorkAtHand::new(&scenario);
    let (measure, bounds_on_time) = (&work.measure, &work.bounds);
    let lint = lint(&scenario.graph, measure);
    match console.format {
        Format::Table => console.print(&text(&scenario, &work, &sizes, &lint, console.color)),
        Format::Json => {
            let mut document = crate::report::document(Some(scenario.seed), &repeat(scenario.seed));
            document["scenario"] = scenario.name.clone().into();
            document["work"] = json!({
                "tasks": measure.tasks, "dependencies": measure.edges, "work_tokens": work.tokens.0,
                "span_tokens": work.tokens.1, "work_s": work.is_time.then_some(bounds_on_time.work),
                "span_s": work.is_time.then_some(bounds_on_time.span),
                "parallelism": bounds_on_time.work / bounds_on_time.span, "width": measure.width.value(),
                "width_is_exact": matches!(measure.width, Count::Exact(_)), "longest_chain": measure.longest_chain,
                "parallel_fraction_by_count": measure.parallel_fraction_by_count(),
                "parallel_fraction_by_size": (work.tokens.0 - work.tokens.1) / work.tokens.0,
                "parallel_fraction": bounds_on_time.parallel_fraction, "write_overlaps": measure.write_overlaps.value(),
            });
            document["bounds"] = bounds(bounds_on_time, &sizes).to_json();
            document["lint"] = lint.clone().into();
            console.print_json(&document);
        }
        Format::Csv => console.print(&bounds(bounds_on_time, &sizes).to_csv()),
        Format::Markdown => console.print(&bounds(bounds_on_time, &sizes).to_markdown()),
    }
    if args.lint && !lint.is_empty() {
        return Err(Failure::Finding(format!("{} to mend:\n{}", measure.write_overlaps.value(), lint.join("\n"))));
    }
    Ok(())
}

/// Work of a scenario. Random work is averaged over the first [`PLANNED`] replications, and its shape is that of
/// replication 0.
struct WorkAtHand {
    /// Shape and critical path, by expected time.
    measure: Measure,
    /// T1 and Tinf in tokens.
    tokens: (f64, f64),
    bounds: WorkBounds,
    /// True if the bounds are in seconds; else they are in tokens.
    is_time: bool,
}

impl WorkAtHand {
    fn new(scenario: &Scenario) -> WorkAtHand {
        let weight = TaskWeight::new(scenario);
        let (mut tokens, mut count) = ((0.0, 0.0), 0.0);
        for drawn in planned(scenario) {
            let (work, span) = work_and_span(&drawn.graph, |task| task.size);
            tokens = (tokens.0 + work, tokens.1 + span);
            count += 1.0;
        }
        WorkAtHand {
            measure: Measure::new(&scenario.graph, |task| weight.of(task)),
            tokens: (tokens.0 / count, tokens.1 / count),
            bounds: WorkBounds::expected(scenario),
            is_time: weight.is_time(),
        }
    }
}

fn text(scenario: &Scenario, work: &WorkAtHand, sizes: &[u32], lint: &[String], color: bool) -> String {
    let (measure, expected) = (&work.measure, &work.bounds);
    let mut text = String::new();
    let width = match measure.width {
        Count::Exact(width) => format!("{width}"),
        Count::AtLeast(width) => format!("at least {width}"),
    };
    let _ = writeln!(
        text,
        "no team is more than {} times as fast as one agent on this work; more than {width} agents can't all be busy",
        number::significant(expected.work / expected.span),
    );
    let names: Vec<&str> = measure.critical_path.iter().map(|&id| scenario.graph[id].id.as_str()).collect();
    let path = if names.len() > MAX_NAMED {
        format!("{} -> .. -> {}", names[..MAX_NAMED - 2].join(" -> "), names[names.len() - 1])
    } else {
        names.join(" -> ")
    };
    let drawn = if scenario.graphs.is_some() { " (in replication 0)" } else { "" };
    let _ = writeln!(text, "what limits it: the heaviest path, {path}{drawn}\n");
    let _ = writeln!(
        text,
        "  tasks {}    dependencies {}    longest chain {}    width {width}",
        measure.tasks, measure.edges, measure.longest_chain
    );
    let _ = writeln!(
        text,
        "  work T1 {} tokens    span Tinf {} tokens    parallelism {}    p {}",
        number::tokens(work.tokens.0),
        number::tokens(work.tokens.1),
        number::significant(expected.work / expected.span),
        number::significant(expected.parallel_fraction)
    );
    if work.is_time {
        let time = |seconds: f64| Time::from_secs(seconds);
        let _ = writeln!(text, "  expected time T1 {}    Tinf {}", time(expected.work), time(expected.span));
    }
    if scenario.graphs.is_some() {
        let _ = writeln!(text, "  random work: T1 and Tinf are means over {PLANNED} replications");
    }
    let _ = writeln!(text, "\n{}", bounds(expected, sizes).to_text(color).trim_end());
    text.push_str("\nspeedups over one agent; greedy: what a team reaches at least if coordination is free\n");
    if !lint.is_empty() {
        let _ = writeln!(text, "\nto mend:\n  {}", lint.join("\n  "));
    }
    let _ = write!(text, "\n{}", footer(scenario.seed, &repeat(scenario.seed)));
    text
}

fn bounds(work: &WorkBounds, sizes: &[u32]) -> Table {
    let mut table = Table::new(vec![
        Column::number("agents", "agents"),
        Column::number("work_span_bound", "no schedule beats"),
        Column::number("greedy", "greedy"),
        Column::number("amdahl", "Amdahl"),
        Column::number("gustafson", "Gustafson"),
    ]);
    for &agents in sizes {
        let laws = Laws::new(work, agents);
        let mut row = vec![Cell::count(u64::from(agents))];
        for value in [laws.work_span, laws.greedy, laws.amdahl, laws.gustafson] {
            row.push(Cell::number(value, format!("{value:.2}")));
        }
        table.push(row);
    }
    table
}

/// Returns warnings about the task graph.
fn lint(graph: &TaskGraph, measure: &Measure) -> Vec<String> {
    let mut lint: Vec<String> = measure
        .witnesses
        .iter()
        .map(|overlap| {
            let task = |id: TaskId| graph[id].id.as_str();
            let artifact = &graph.artifacts()[overlap.artifact.index()];
            let (first, second) = (task(overlap.first), task(overlap.second));
            format!("\"{first}\" and \"{second}\" may run at the same time and both write {artifact}")
        })
        .collect();
    let more = (measure.write_overlaps.value() as usize).saturating_sub(lint.len());
    if more > 0 {
        lint.push(format!("and {more} more such pairs"));
    }
    lint
}
