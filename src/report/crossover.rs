//! Report of `brooks sweep --find crossover`: the values at which one architecture overtakes another.

use serde_json::{Value, json};

use crate::experiment::crossover::{AxisStanding, COMPLETING, Crossovers, Probe};
use crate::problem::plural;
use crate::report::optimal::common_noise;
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table};
use crate::report::run::{shown, title};
use crate::report::{json_interval, json_noise, json_number};
use crate::scaling::stochastic_root::{ALPHA, Change, Sign};

/// Returns the lines above the table, the verdict first.
pub fn verdict(answer: &Crossovers) -> Vec<String> {
    let names = answer.question.names();
    let mut lines = match answer.changes.as_slice() {
        [] => vec![none(answer)],
        [change] => vec![overtakes(answer, change)],
        more => {
            let figure = title(answer.question.of.name);
            let mut lines =
                vec![format!("more than one crossing in {figure} of {} and {}: {}", names[0], names[1], more.len())];
            lines.extend(more.iter().map(|change| overtakes(answer, change)));
            lines
        }
    };
    let open = open(answer);
    if !answer.changes.is_empty() && !open.is_empty() {
        lines.push(format!("which has less can't be told at {}", open.join(", ")));
    }
    lines
}

/// True if the question is open: no crossing, but values at which the sign is unknown.
pub fn is_open(answer: &Crossovers) -> bool {
    answer.changes.is_empty() && !open(answer).is_empty()
}

/// Returns the reason why the question is open.
pub fn why_open(answer: &Crossovers) -> String {
    let most = number::count(answer.question.most);
    failing(answer).map_or_else(
        || format!("whether they cross can't be told by {most} runs of each (--max-reps)"),
        |why| format!("whether they cross can't be told: {why}"),
    )
}

/// Reports the architecture with too few completed runs, and the number of values at which this is so.
fn failing(answer: &Crossovers) -> Option<String> {
    let failing = |which: usize| {
        let many = answer.probes.iter().filter(|probe| probe.standing == AxisStanding::Incomplete(which)).count();
        (which, many)
    };
    let (which, many) = [failing(0), failing(1)].into_iter().max_by_key(|(_, many)| *many)?;
    let (names, all) = (answer.question.names(), answer.probes.len());
    let share = number::percent_of(COMPLETING);
    (many > 0).then(|| format!("{} completes less than {share} of its runs at {many} of {all} places", names[which]))
}

/// Returns the values at which the sign is unknown, outside of the ranges in which it changes.
fn open(answer: &Crossovers) -> Vec<String> {
    let is_inside =
        |probe: &&Probe| !answer.changes.iter().any(|change| change.low < probe.at && probe.at < change.high);
    let is_open = |probe: &&Probe| matches!(probe.standing, AxisStanding::Unknown | AxisStanding::Incomplete(_));
    answer.probes.iter().filter(is_open).filter(is_inside).map(|probe| label(answer, probe.at)).collect()
}

fn label(answer: &Crossovers, at: f64) -> String {
    match answer.label.as_str() {
        "agents" => plural(at, "agent"),
        label => format!("{label} {at}"),
    }
}

/// Formats two values: `2 and 3 agents`, `1 to 8 agents`, `workload.p 0.2 and 0.3`.
fn range(answer: &Crossovers, low: f64, high: f64, word: &str) -> String {
    match answer.label.as_str() {
        "agents" => format!("{low} {word} {high} agents"),
        label => format!("{label} {low} {word} {high}"),
    }
}

fn better(answer: &Crossovers) -> &'static str {
    match answer.question.of.name {
        "makespan_s" => "faster",
        "cost" => "cheaper",
        _ => "lower",
    }
}

fn none(answer: &Crossovers) -> String {
    let names = answer.question.names();
    let ends = format!("from {}", range(answer, answer.question.low, answer.question.high, "to"));
    let count = |which: AxisStanding| answer.probes.iter().filter(|probe| probe.standing == which).count();
    let wins = [0, 1].map(|which| count(AxisStanding::Less(which)));
    let (same, all) = (count(AxisStanding::Same), answer.probes.len());
    let open = open(answer);
    let unknown = if open.is_empty() { String::new() } else { format!("; it can't be told at {}", open.join(", ")) };
    let first = usize::from(wins[1] > 0);
    match wins[first] {
        0 if same == all => format!("no crossover: {} and {} are the same, run for run, {ends}", names[0], names[1]),
        0 => {
            let why = failing(answer).unwrap_or_else(|| format!("{} can't be told apart {ends}", names.join(" and ")));
            format!("whether there is a crossover can't be told: {why}")
        }
        _ if open.is_empty() => {
            let same = if same > 0 { ", or the same run for run" } else { "" };
            format!("no crossover: {} is {}{same} at all {all} places {ends}", names[first], better(answer))
        }
        many => {
            format!(
                "no crossover found: {} is {} at {many} of {all} places {ends}{unknown}",
                names[first],
                better(answer)
            )
        }
    }
}

fn overtakes(answer: &Crossovers, change: &Change) -> String {
    let names = answer.question.names();
    let after = usize::from(change.before == Sign::Negative);
    let figure = title(answer.question.of.name);
    let between = range(answer, change.low, change.high, "and");
    let difference = |at: f64| {
        let difference = answer.probe(at).and_then(|probe| probe.difference)?;
        let unit = answer.question.of.unit;
        let size = difference.estimate.abs();
        let ends = [size - difference.half_width, size + difference.half_width].map(|end| shown(unit, end.max(0.0)));
        Some(format!("{} [{}, {}]", shown(unit, size), ends[0], ends[1]))
    };
    let (before, behind) = (difference(change.low).unwrap_or_default(), difference(change.high).unwrap_or_default());
    let (overtaking, overtaken) = (&names[after], &names[1 - after]);
    format!(
        "{overtaking} overtakes {overtaken} between {between}: its {figure} is {before} more at the one and {behind} less at the other"
    )
}

/// Returns the lines below the table.
pub fn method(answer: &Crossovers) -> Vec<String> {
    let question = &answer.question;
    let [runs, most] = [answer.runs(), question.most].map(number::count);
    let sure = number::percent_of(1.0 - ALPHA);
    let mut lines = vec![format!(
        "{runs} runs at {} places, up to {most} of each, until the sign is known with {sure}; differences are paired, intervals 95 %",
        answer.probes.len()
    )];
    let scanned = question.scan;
    if !answer.is_whole || answer.probes.len() < (question.high - question.low) as usize {
        lines.push(format!(
            "two crossings between neighbours of the {scanned} places of the scan would not show (--scan)"
        ));
    }
    let inside = |change: &&Change| answer.probes.iter().any(|probe| change.low < probe.at && probe.at < change.high);
    if answer.changes.iter().any(|change| inside(&change)) {
        lines.push(format!("between those places it can't be told, even by {most} runs of each: --max-reps"));
    }
    lines.extend(common_noise(&answer.noise));
    lines
}

/// Builds a table with a row a probed value.
pub fn table(answer: &Crossovers) -> Table {
    let names = answer.question.names();
    let figure = answer.question.of;
    let mut table = Table::new(vec![
        Column::number("at", &answer.label),
        Column::number("first.mean", &names[0]),
        Column::number("second.mean", &names[1]),
        Column::number("difference", "difference [95 %]"),
        Column::number("difference.ci95_low", ""),
        Column::number("difference.ci95_high", ""),
        Column::text("less", better(answer)),
        Column::number("runs", "runs of each"),
        Column::number("first.completed", "completed"),
        Column::number("second.completed", "completed"),
    ]);
    for probe in &answer.probes {
        let signed = |value: f64| {
            let text = shown(figure.unit, value.abs());
            if value < 0.0 { format!("-{text}") } else { text }
        };
        let mean = |mean: f64| Cell::optional(probe.difference, |_| Cell::number(mean, shown(figure.unit, mean)));
        let difference = probe.difference.map_or_else(
            || [const { None }; 3].map(|_: Option<f64>| Cell::none()),
            |d| {
                let shown = format!("{} [{}, {}]", signed(d.estimate), signed(d.low()), signed(d.high()));
                [
                    Cell::number(d.estimate, shown),
                    Cell::number(d.low(), String::new()),
                    Cell::number(d.high(), String::new()),
                ]
            },
        );
        let less = match probe.standing {
            AxisStanding::Less(which) => names[which].clone(),
            AxisStanding::Same => "the same".to_owned(),
            AxisStanding::Unknown => "can't be told".to_owned(),
            AxisStanding::Incomplete(which) => format!("{} does not complete", names[which]),
        };
        let mut row = vec![Cell::number(probe.at, probe.at.to_string()), mean(probe.means[0]), mean(probe.means[1])];
        row.extend(difference);
        row.extend([Cell::text(less), Cell::count(probe.runs)]);
        row.extend(probe.completed.map(Cell::count));
        table.push(row);
    }
    table
}

/// Builds the printed table: without ends of intervals, and without counts if all runs completed.
pub fn short(answer: &Crossovers) -> Table {
    let mut table = table(answer);
    let is_complete = answer.probes.iter().all(|probe| probe.completed == [probe.runs; 2]);
    table.retain(|column, _| {
        !column.key.starts_with("difference.") && (!is_complete || !column.key.ends_with("completed"))
    });
    table
}

/// Returns JSON for programs.
pub fn to_json(answer: &Crossovers) -> Value {
    let names = answer.question.names();
    let standing = |standing: AxisStanding| match standing {
        AxisStanding::Less(which) => json!({ "less": names[which] }),
        AxisStanding::Same => json!({ "same": true }),
        AxisStanding::Unknown => json!({ "unknown": true }),
        AxisStanding::Incomplete(which) => json!({ "incomplete": names[which] }),
    };
    let probe = |probe: &Probe| {
        json!({
            "at": json_number(probe.at),
            "means": probe.difference.map(|_| probe.means),
            "difference": probe.difference.map(json_interval),
            "standing": standing(probe.standing),
            "runs": probe.runs,
            "completed": probe.completed,
        })
    };
    let change = |change: &Change| {
        let after = usize::from(change.before == Sign::Negative);
        json!({
            "low": json_number(change.low),
            "high": json_number(change.high),
            "overtakes": names[after],
            "overtaken": names[1 - after],
        })
    };
    json!({
        "between": names,
        "along": answer.label,
        "of": answer.question.of.name,
        "unit": answer.question.of.unit,
        "crossings": answer.changes.iter().map(change).collect::<Vec<_>>(),
        "places": answer.probes.iter().map(probe).collect::<Vec<_>>(),
        "runs": answer.runs(),
        "common_random_numbers": json_noise(&answer.noise),
    })
}
