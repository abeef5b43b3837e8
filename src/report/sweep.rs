//! Report of `brooks sweep`: verdict and table of each curve.

use std::fmt::Write as _;

use crate::experiment::sweep::law_fits::Fits;
use crate::experiment::{Curve, Laws, PointResult, SweepResult};
use crate::problem::plural;
use crate::report::fits;
use crate::report::footer;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, Tint, markdown};
use crate::report::run::WORTH_NAMING;
use crate::report::time_uses::{Limit, limits};
use crate::report::token_parts;
use crate::scaling::Summary;

/// Returns text for a terminal: verdict and table of every curve, and the command. Colours are optional.
pub fn to_text(sweep: &SweepResult, command: &str, color: bool) -> String {
    document(sweep, command, |curve| {
        let scaled = sweep.scaled;
        let (verdict, advice, table) = (verdict(curve, scaled), advice(curve, scaled), table(curve, scaled));
        format!("{verdict}\n{advice}\n{}\n", table.to_text(color))
    })
}

/// Returns Markdown.
pub fn to_markdown(sweep: &SweepResult, command: &str) -> String {
    document(sweep, command, |curve| {
        let scaled = sweep.scaled;
        let (verdict, advice, table) = (verdict(curve, scaled), advice(curve, scaled), table(curve, scaled));
        format!("**{}**\n\n{advice}\n{}\n", markdown(&verdict), table.to_markdown())
    })
}

fn document(sweep: &SweepResult, command: &str, section: impl Fn(&Curve<'_>) -> String) -> String {
    let mut text: String = sweep.curves().iter().map(section).collect();
    let runs: usize = sweep.rows.iter().map(|row| row.runs).sum();
    let completed: usize = sweep.rows.iter().map(|row| row.completed).sum();
    let (of, runs) = (number::count(completed as u64), number::count(runs as u64));
    let counted = if of == runs {
        format!("{runs} runs")
    } else {
        format!("{of} of {runs} runs completed, and the figures are of these only")
    };
    let baseline = &sweep.baseline;
    let _ = writeln!(text, "{counted}; speedup over {baseline}; intervals are 95 %");
    text + &footer(sweep.seed, command)
}

/// Returns one line: the fastest team; for scaled work, the team with the largest scaled speedup.
pub fn verdict(curve: &Curve<'_>, scaled: bool) -> String {
    let label = if curve.label.is_empty() { String::new() } else { format!("{}: ", curve.label) };
    if scaled {
        return label + &most(curve);
    }
    let Some((fastest, makespan)) = best(curve, "makespan_s") else {
        return format!("{label}no run completed");
    };
    let time = number::interval_seconds(makespan.mean, makespan.half_width);
    let speedup = fastest.speedup.map(|speedup| {
        if fastest.over_one_agent {
            format!(", {}", against(speedup.estimate, &fastest.laws))
        } else {
            format!(", speedup {:.2}", speedup.estimate)
        }
    });
    let censored = if fastest.completed < fastest.runs {
        format!("; only {} of its {} runs completed", fastest.completed, fastest.runs)
    } else {
        String::new()
    };
    format!("{label}fastest with {}: {time}{}{censored}", agents(fastest.agents), speedup.unwrap_or_default())
}

/// Returns the team with the largest scaled speedup.
fn most(curve: &Curve<'_>) -> String {
    let rows = curve.rows.iter().filter_map(|row| Some((row, row.speedup?.estimate)));
    let Some((row, speedup)) = rows.reduce(|best, other| if other.1 > best.1 { other } else { best }) else {
        return "no run completed".to_owned();
    };
    let team = agents(row.agents);
    format!("{team} do {speedup:.2} times the work of one in the same time, of {:.2} (Gustafson)", row.laws.gustafson)
}

/// Compares a speedup with its bound. Amdahl's law is no bound if free tasks overlap the serial ones; then the bound
/// by work and span is named.
pub(in crate::report) fn against(speedup: f64, laws: &Laws) -> String {
    let (shown, amdahl) = (format!("{speedup:.2}"), format!("{:.2}", laws.amdahl));
    if speedup > laws.amdahl && shown != amdahl {
        format!("speedup {shown}, more than Amdahl's {amdahl}, of at most {:.2} (work and span)", laws.work_span)
    } else {
        format!("speedup {shown} of at most {amdahl} (Amdahl)")
    }
}

/// Returns the team size beyond which agents do not help, the cheapest team, and the fitted law.
fn advice(curve: &Curve<'_>, scaled: bool) -> String {
    let fits = if curve.rows.len() > 2 { fits::to_text(&Fits::new(curve, scaled)) + "\n" } else { String::new() };
    if scaled {
        return fits;
    }
    let Some((fastest, makespan)) = best(curve, "makespan_s").filter(|_| curve.rows.len() > 1) else {
        return String::new();
    };
    let growth = growth(curve, fastest, makespan);
    let cheapest = best(curve, "cost").filter(|(_, cost)| cost.mean > 0.0);
    let cheapest =
        cheapest.map(|(row, cost)| format!("; cheapest with {} ({})", agents(row.agents), number::money(cost.mean)));
    let more: String =
        [what_limits(fastest), token_parts::of_point(fastest)].into_iter().flatten().map(|line| line + "\n").collect();
    format!("{growth}{}\n{more}{fits}", cheapest.unwrap_or_default())
}

/// Reports the smallest team whose makespan is statistically equal to the best, or the limit of growth.
fn growth(curve: &Curve<'_>, fastest: &PointResult, best: &Summary) -> String {
    let close = |row: &&&PointResult| {
        let makespan = row.metric("makespan_s");
        row.agents == fastest.agents || makespan.is_some_and(|own| is_close(own, best))
    };
    let enough = curve.rows.iter().find(close).map_or(fastest.agents, |row| row.agents);
    saturation(curve, fastest, enough)
}

/// Describes larger teams than `enough`, the smallest team that is statistically equal to the fastest.
pub(in crate::report) fn saturation(curve: &Curve<'_>, fastest: &PointResult, enough: u32) -> String {
    let is_largest = curve.rows.last().is_some_and(|row| row.agents == fastest.agents);
    if enough < fastest.agents {
        format!("{} cannot be told apart from it", agents(enough))
    } else if is_largest && fastest.agents > 1 {
        "still growing there, the largest team tried".to_owned()
    } else {
        beyond(curve, fastest).to_owned()
    }
}

/// Reports the value of larger teams than the fastest; unknown if none of them completes.
fn beyond(curve: &Curve<'_>, fastest: &PointResult) -> &'static str {
    let mut larger = curve.rows.iter().filter(|row| row.agents > fastest.agents).peekable();
    if larger.peek().is_some() && larger.all(|row| row.completed == 0) {
        "no run of a larger team completed, so what they buy is not known"
    } else {
        "more agents buy nothing"
    }
}

/// True if the intervals of two means overlap. Single runs have no interval and must be equal.
pub(in crate::report) fn is_close(own: &Summary, best: &Summary) -> bool {
    let reach = own.half_width + best.half_width;
    if reach.is_finite() { own.mean - best.mean <= reach } else { own.mean <= best.mean }
}

pub(in crate::report) fn agents(n: u32) -> String {
    plural(n, "agent")
}

/// Returns the row with the least mean of a metric; of equal ones the smaller team.
fn best<'a>(curve: &Curve<'a>, metric: &str) -> Option<(&'a PointResult, &'a Summary)> {
    let rows = curve.rows.iter().filter_map(|row| Some((*row, row.metric(metric)?)));
    rows.reduce(|best, other| if other.1.mean < best.1.mean { other } else { best })
}

/// Builds a table with a row a team size. Columns without information are left out.
pub fn table(curve: &Curve<'_>, scaled: bool) -> Table {
    let mut table = Table::new(vec![
        Column::number("agents", "n"),
        Column::number("makespan_s", "makespan"),
        Column::number("speedup", "speedup"),
        Column::number("amdahl_bound", "Amdahl"),
        Column::number("amdahl_share", "share"),
        Column::number("gustafson", "Gustafson"),
        Column::number("work_span_bound", "work-span"),
        Column::number("llm_calls", "calls"),
        Column::number("tokens", "tokens"),
        Column::number("cost", "cost"),
        Column::number("quality", "quality"),
        Column::number("lost_claims", "lost claims"),
        Column::number("conflicts", "conflicts"),
        Column::number("conflicts_noticed", "noticed"),
        Column::number("concurrent_writes", "concurrent writes"),
        Column::number("completed", "completed"),
        Column::text("limit", "what limits it"),
    ]);
    let fastest = best(curve, "makespan_s").map(|(row, _)| row.agents);
    let cheapest = best(curve, "cost").map(|(row, _)| row.agents);
    for row in &curve.rows {
        table.push(cells(row, fastest == Some(row.agents), cheapest == Some(row.agents)));
    }
    // Points with a precision target may have different numbers of runs.
    let first = curve.rows.first().map_or(0, |row| row.runs);
    let all_complete = curve.rows.iter().all(|row| row.completed == row.runs && row.runs == first);
    let over_one_agent = curve.rows.iter().all(|row| row.over_one_agent);
    table.retain(|column, cells| match column.key.as_str() {
        "cost" | "lost_claims" | "conflicts" | "concurrent_writes" => {
            cells.iter().any(|cell| !matches!(cell.raw.as_str(), "0" | ""))
        }
        // All conflicts are noticed, unless these are others.
        "conflicts_noticed" => curve.rows.iter().any(|row| differ(row, "conflicts", "conflicts_noticed")),
        "quality" => cells.iter().any(|cell| !matches!(cell.raw.as_str(), "1" | "")),
        "completed" => !all_complete,
        "gustafson" => scaled,
        "amdahl_bound" | "amdahl_share" => !scaled && over_one_agent,
        "work_span_bound" => over_one_agent,
        _ => true,
    });
    table
}

/// True if the means of two metrics differ.
fn differ(row: &PointResult, first: &str, second: &str) -> bool {
    let mean = |name| row.metric(name).map(|summary| summary.mean);
    mean(first) != mean(second)
}

fn cells(row: &PointResult, is_fastest: bool, is_cheapest: bool) -> Vec<Cell> {
    let good = |is: bool| if is { Tint::Good } else { Tint::Plain };
    let mean = |name: &str, show: fn(f64) -> String| mean(row, name, show);
    let completed = Cell::text(format!("{}/{}", row.completed, row.runs));
    vec![
        Cell::count(u64::from(row.agents)),
        makespan(row).tinted(good(is_fastest)),
        Cell::interval(row.speedup, number::interval),
        Cell::ratio(Some(row.laws.amdahl)),
        Cell::shown(row.amdahl_share(), number::percent),
        Cell::ratio(Some(row.laws.gustafson)),
        Cell::ratio(Some(row.laws.work_span)),
        mean("llm_calls", number::mean_count),
        tokens(row),
        mean("cost", number::money).tinted(good(is_cheapest)),
        mean("quality", number::percent),
        mean("lost_claims", number::mean_count),
        mean("conflicts", number::mean_count),
        mean("conflicts_noticed", number::mean_count),
        mean("concurrent_writes", number::mean_count),
        completed.tinted(if row.completed < row.runs { Tint::Bad } else { Tint::Plain }),
        Cell::optional(limit_in_short(row), Cell::text),
    ]
}

/// Returns the cell of a metric's mean.
pub(in crate::report) fn mean(row: &PointResult, metric: &str, show: fn(f64) -> String) -> Cell {
    Cell::shown(row.metric(metric).map(|summary| summary.mean), show)
}

/// Returns the cell of the mean makespan with its interval.
pub(in crate::report) fn makespan(row: &PointResult) -> Cell {
    Cell::interval(row.metric("makespan_s").map(Summary::interval), number::interval_seconds)
}

/// Returns the cell of the mean number of input and output tokens.
pub(in crate::report) fn tokens(row: &PointResult) -> Cell {
    let tokens = row.metric("input_tokens").zip(row.metric("output_tokens"));
    Cell::shown(tokens.map(|(input, output)| input.mean + output.mean), number::tokens)
}

/// Returns the largest cause of time that is not work.
fn limit(row: &PointResult) -> Option<Limit> {
    let limits = if row.completed > 0 { limits(&row.shares) } else { Vec::new() };
    limits.into_iter().next().filter(|limit| limit.share >= WORTH_NAMING)
}

/// Returns the largest cause of time that is not work in a word, with its share.
pub(in crate::report) fn limit_in_short(row: &PointResult) -> Option<String> {
    limit(row).map(|limit| format!("{} {}", limit.short, number::percent(limit.share)))
}

/// Returns one line: the largest cause of time that is not work, and the change that would help.
pub(in crate::report) fn what_limits(row: &PointResult) -> Option<String> {
    let limit = limit(row)?;
    let advice = if limit.advice.is_empty() { String::new() } else { format!("; what would help: {}", limit.advice) };
    Some(format!("what limits it: {} {} of the team's time{advice}", limit.name, number::percent(limit.share)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::sweep;

    #[test]
    fn verdict_tables_and_how_to_repeat() {
        let expected = format!(
            "\
preassigned, kind a <b> & \"c\": fastest with 4 agents: 1m 06s [1m 05s, 1m 08s], speedup 1.81 of at most 3.08 (Amdahl)
2 agents cannot be told apart from it; cheapest with 1 agent ($0.50)
what limits it: waiting at the barrier 20 % of the team's time; what would help: remove the rounds, or balance the tasks
no scaling regime: scatter, no law does better than a constant (p = 0.30)

  n                 makespan            speedup  Amdahl  share  work-span  calls  tokens   cost  what limits it
  1  2m 00s [1m 58s, 2m 02s]  1.00 [0.98, 1.02]    1.00  100 %       1.00  1,000   1.0 k  $0.50  barrier 20 %
  2  1m 07s [1m 05s, 1m 08s]  1.80 [1.76, 1.84]    1.82   99 %       2.00  1,000   1.0 k  $1.00  barrier 20 %
  4  1m 06s [1m 05s, 1m 08s]  1.81 [1.77, 1.85]    3.08   59 %       4.00  1,000   1.0 k  $2.00  barrier 20 %

self_claim, kind a <b> & \"c\": fastest with 2 agents: 1m 20s [1m 18s, 1m 22s], speedup 1.50 of at most 1.82 (Amdahl)
no run of a larger team completed, so what they buy is not known; cheapest with 1 agent ($0.50)
what limits it: waiting at the barrier 20 % of the team's time; what would help: remove the rounds, or balance the tasks
no scaling regime: 2 team sizes; expected at least 3

  n                 makespan            speedup  Amdahl  share  work-span  calls  tokens   cost  lost claims  completed  what limits it
  1  2m 00s [1m 58s, 2m 02s]  1.00 [0.98, 1.02]    1.00  100 %       1.00  1,000   1.0 k  $0.50          1.0      50/50  barrier 20 %
  2  1m 20s [1m 18s, 1m 22s]  1.50 [1.47, 1.53]    1.82   82 %       2.00  1,000   1.0 k  $1.00          2.0      50/50  barrier 20 %
  4                        –                  –    3.08      –       4.00      –       –      –            –       0/50  –

250 of 300 runs completed, and the figures are of these only; speedup over one agent, same architecture; intervals are 95 %
seed 7 · brooks {} · repeat: brooks sweep try
",
            crate::report::VERSION
        );
        assert_eq!(to_text(&sweep(), "brooks sweep try", false), expected);
    }

    #[test]
    fn markdown_has_a_table_a_curve() {
        let markdown = to_markdown(&sweep(), "brooks sweep try");
        assert_eq!(markdown.matches("|   n |").count(), 2);
        assert!(to_text(&sweep(), "", true).contains("\x1b[32m"));
    }
}
