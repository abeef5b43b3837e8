//! A sweep in words: the best team and its limits, missing points, assumptions.

use crate::experiment::result::{is_agents, short};
use crate::experiment::sweep::law_fits::Fits;
use crate::experiment::{PointResult, SweepResult};
use crate::problem::plural;
use crate::report::fits;
use crate::report::render::number;
use crate::report::sweep::{against, agents, is_close, what_limits};
use crate::report::sweep_page::facets::{Along, Facet, Layout, architecture};
use crate::report::sweep_page::provenance::Provenance;
use crate::report::token_parts;

/// Least share of completed runs of the best team.
const RELIABLE: f64 = 0.99;
/// Most teams or points named one by one.
const NAMED: usize = 5;

/// Verdict of a facet: a headline and its reasons.
pub(super) struct FacetVerdict {
    pub(super) headline: String,
    pub(super) reasons: Vec<String>,
}

/// Returns the best team of a facet, by makespan, or by speedup for scaled work.
pub(super) fn verdict(sweep: &SweepResult, layout: &Layout<'_>, facet: &Facet<'_>) -> FacetVerdict {
    let team = |row: &PointResult| team(sweep, layout, row);
    let Some(best) = best(sweep, facet) else {
        let counts = Counts::of(facet.rows());
        return FacetVerdict { headline: format!("no run completed: {}", counts.in_words()), reasons: Vec::new() };
    };
    let makespan = best.metric("makespan_s");
    let time = makespan.map_or_else(|| number::NONE.to_owned(), |m| number::interval_seconds(m.mean, m.half_width));
    let speedup = best.speedup.map(|speedup| {
        if sweep.scaled {
            let bound = best.laws.gustafson;
            format!("{:.2} times the work of one in the same time, of {bound:.2} (Gustafson)", speedup.estimate)
        } else if best.over_one_agent {
            against(speedup.estimate, &best.laws)
        } else {
            format!("speedup {:.2}", speedup.estimate)
        }
    });
    let speedup = speedup.map_or(String::new(), |speedup| format!(", {speedup}"));
    let censored = if best.completed < best.runs { format!("; {}", completed(best)) } else { String::new() };
    let headline = if sweep.scaled {
        format!("most done by {}: {time}{speedup}{censored}", team(best))
    } else {
        format!("fastest with {}: {time}{speedup}{censored}", team(best))
    };
    let mut reasons = Vec::new();
    if !sweep.scaled {
        reasons.extend(lucky(facet, best).map(|row| {
            let mean = row.metric("makespan_s").map_or(f64::NAN, |makespan| makespan.mean);
            format!("{} has {}, but {}", team(row), number::seconds(mean), completed(row))
        }));
        if layout.along == Along::Agents {
            reasons.push(alike(facet, best, &team));
        }
        reasons.extend(cheapest(facet, best, &team));
    }
    reasons.extend(what_limits(best));
    reasons.extend(token_parts::of_point(best));
    reasons.extend(edge(layout, facet, best));
    reasons.retain(|reason| !reason.is_empty());
    reasons.extend(laws(sweep, layout, facet));
    FacetVerdict { headline, reasons }
}

/// Name of a team.
pub(super) fn team(sweep: &SweepResult, layout: &Layout<'_>, row: &PointResult) -> String {
    let team = format!("{}, {}", agents(row.agents), architecture(sweep, row));
    match layout.along {
        Along::Agents => team,
        Along::Axis(index) => {
            let value = row.axes.get(index).map_or("", String::as_str);
            format!("{team}, {} {value}", layout.x_title(sweep))
        }
    }
}

fn completed(row: &PointResult) -> String {
    format!("only {} of its {} runs completed", number::count(row.completed as u64), number::count(row.runs as u64))
}

/// Criterion of the comparison of teams: less is better.
fn burden(sweep: &SweepResult, row: &PointResult) -> Option<f64> {
    if sweep.scaled {
        row.speedup.map(|speedup| -speedup.estimate)
    } else {
        row.metric("makespan_s").map(|makespan| makespan.mean)
    }
}

/// Returns the best of the reliable teams, or of all if none is reliable; of equal ones the smaller.
pub(super) fn best<'a>(sweep: &SweepResult, facet: &Facet<'a>) -> Option<&'a PointResult> {
    let least = |is_reliable: bool| {
        let rows = facet.rows().filter(|row| !is_reliable || self::is_reliable(row));
        let known = rows.filter_map(|row| Some((burden(sweep, row)?, row)));
        known.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.agents.cmp(&b.1.agents))).map(|(_, row)| row)
    };
    least(true).or_else(|| least(false))
}

fn is_reliable(row: &PointResult) -> bool {
    row.completed as f64 >= RELIABLE * row.runs as f64
}

/// Name of a point in a picture.
pub(super) fn point_name(sweep: &SweepResult, row: &PointResult) -> String {
    let axes = sweep.axes.iter().zip(&row.axes);
    let others = axes.filter(|(path, _)| !is_agents(path) && *path != "architecture");
    let others: Vec<String> = others.map(|(path, value)| format!(", {} {value}", short(path))).collect();
    format!("{}, {}{}", agents(row.agents), architecture(sweep, row), others.concat())
}

/// Returns the fastest and the cheapest of all reliable points, with their values on all axes.
pub(super) fn extremes(sweep: &SweepResult) -> Vec<String> {
    let least = |name: &str| {
        let rows = sweep.rows.iter().filter(|row| is_reliable(row));
        let known = rows.filter_map(|row| Some((row.metric(name)?, row)));
        known.min_by(|a, b| a.0.mean.total_cmp(&b.0.mean))
    };
    let fastest = least("makespan_s").map(|(makespan, row)| {
        let time = number::interval_seconds(makespan.mean, makespan.half_width);
        format!("fastest of all points: {}: {time}", point_name(sweep, row))
    });
    let cheapest = least("cost").filter(|(cost, _)| cost.mean > 0.0).map(|(cost, row)| {
        format!("cheapest of all points: {}: {} a run", point_name(sweep, row), number::money(cost.mean))
    });
    fastest.into_iter().chain(cheapest).collect()
}

/// Returns an unreliable team with a shorter mean makespan than the best.
fn lucky<'a>(facet: &Facet<'a>, best: &PointResult) -> Option<&'a PointResult> {
    let mean = |row: &PointResult| row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
    let faster = facet.rows().filter(|row| !is_reliable(row) && mean(row) < mean(best));
    faster.min_by(|a, b| mean(a).total_cmp(&mean(b)))
}

fn alike(facet: &Facet<'_>, best: &PointResult, team: &dyn Fn(&PointResult) -> String) -> String {
    let Some(least) = best.metric("makespan_s") else { return String::new() };
    if !least.half_width.is_finite() && facet.rows().nth(1).is_some() {
        return "it is one run: nothing says how near the others come".to_owned();
    }
    let is_alike = |row: &&PointResult| {
        !std::ptr::eq(*row, best)
            && is_reliable(row)
            && row.metric("makespan_s").is_some_and(|makespan| is_close(makespan, least))
    };
    let mut alike: Vec<&PointResult> = facet.rows().filter(is_alike).collect();
    // The teams that cost least first.
    alike.sort_by_key(|row| row.agents);
    if alike.is_empty() {
        return if facet.rows().nth(1).is_some() {
            "no other team's interval overlaps with it".to_owned()
        } else {
            String::new()
        };
    }
    let named: Vec<String> = alike.iter().take(NAMED).map(|row| team(row)).collect();
    let more = alike.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {} more", number::count(more as u64)) } else { String::new() };
    format!(
        "intervals that overlap with its own: {}{more}; brooks optimal compares by paired runs and tells more of them apart",
        named.join("; ")
    )
}

/// Notes that the best team is the largest that was tried.
fn edge(layout: &Layout<'_>, facet: &Facet<'_>, best: &PointResult) -> Option<String> {
    let largest = facet.rows().map(|row| row.agents).max()?;
    let is_edge = layout.along == Along::Agents && best.agents == largest && best.agents > 1;
    is_edge.then(|| "no larger team was tried, and more agents may do better".to_owned())
}

fn cheapest(facet: &Facet<'_>, best: &PointResult, team: &dyn Fn(&PointResult) -> String) -> Option<String> {
    let mean = |row: &PointResult, name: &str| row.metric(name).map(|summary| summary.mean);
    let rows = facet.rows().filter(|row| is_reliable(row)).filter_map(|row| Some((mean(row, "cost")?, row)));
    let (cost, row) = rows.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(cost, _)| *cost > 0.0)?;
    if std::ptr::eq(row, best) {
        return Some(format!("no team costs less: {} a run", number::money(cost)));
    }
    let (time, own) = (mean(row, "makespan_s")?, mean(best, "cost")?);
    let (cost, time, own) = (number::money(cost), number::seconds(time), number::money(own));
    Some(format!("cheapest: {}, {cost} a run in {time}, where the fastest costs {own}", team(row)))
}

/// The law that every line follows.
fn laws<'a>(sweep: &SweepResult, layout: &Layout<'a>, facet: &Facet<'a>) -> Vec<String> {
    if layout.along != Along::Agents {
        return Vec::new();
    }
    let long = facet.lines.iter().filter(|line| line.rows.len() > 2);
    long.map(|line| {
        let name = layout.architectures.get(line.style).copied().unwrap_or_default();
        let law = fits::to_text(&Fits::new(&line.curve(), sweep.scaled));
        // "follows amdahl", but "no scaling regime".
        if law.starts_with("follows") { format!("{name} {law}") } else { format!("{name}: {law}") }
    })
    .collect()
}

/// Runs by their ending.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) runs: u64,
    pub(super) completed: u64,
    pub(super) stalled: u64,
    pub(super) timed_out: u64,
}

impl Counts {
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a PointResult>) -> Counts {
        rows.fold(Counts::default(), |counts, row| Counts {
            runs: counts.runs + row.runs as u64,
            completed: counts.completed + row.completed as u64,
            stalled: counts.stalled + row.stalled as u64,
            timed_out: counts.timed_out + row.timed_out as u64,
        })
    }

    pub(super) fn in_words(self) -> String {
        let [runs, completed, stalled, timed_out] =
            [self.runs, self.completed, self.stalled, self.timed_out].map(number::count);
        if self.completed == self.runs {
            return format!("{runs} runs, all completed");
        }
        format!("{runs} runs: {completed} completed, {stalled} stalled, {timed_out} reached a limit")
    }
}

/// Reports the endings of the runs, and the points with incomplete runs.
pub(super) fn endings(sweep: &SweepResult, layout: &Layout<'_>) -> String {
    let counts = Counts::of(sweep.rows.iter());
    let points = sweep.rows.len();
    let text = format!("{}, {}", plural(number::count(points as u64), "point"), counts.in_words());
    if counts.completed == counts.runs {
        return text;
    }
    let share = |row: &PointResult| row.completed as f64 / row.runs.max(1) as f64;
    let mut short: Vec<&PointResult> = sweep.rows.iter().filter(|row| row.completed < row.runs).collect();
    short.sort_by(|a, b| share(a).total_cmp(&share(b)));
    let named: Vec<String> = short
        .iter()
        .take(NAMED)
        .map(|row| format!("{} ({} of {})", team_in_facet(sweep, layout, row), row.completed, row.runs))
        .collect();
    let more = short.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(", and {} points more", number::count(more as u64)) } else { String::new() };
    format!("{text}. Figures are of completed runs only; fewest completed: {}{more}", named.join(", "))
}

/// Names a team and its facet.
fn team_in_facet(sweep: &SweepResult, layout: &Layout<'_>, row: &PointResult) -> String {
    let values = layout.others.iter().map(|&index| row.axes.get(index).map_or("", String::as_str)).collect();
    let facet = layout.name(sweep, &Facet { values, lines: Vec::new() });
    let team = team(sweep, layout, row);
    if facet.is_empty() { team } else { format!("{facet}: {team}") }
}

/// Notes missing points; empty if there are none.
pub(super) fn missing(sweep: &SweepResult, origin: &Provenance) -> String {
    let Provenance { points, missing_shards, .. } = origin;
    let there = sweep.rows.len();
    if there >= *points {
        return String::new();
    }
    let [there, points] = [there, *points].map(|n| number::count(n as u64));
    let shards = match missing_shards {
        Some((shards, of)) if *of > 1 => format!(" Shards {shards} of {of} are missing or unfinished."),
        _ => String::new(),
    };
    format!(
        "Incomplete: {there} of {points} points are there, and all that is said here is of these only.{shards} The command of \
         the sweep with --resume goes on."
    )
}

/// Assumptions, and definitions of the figures.
pub(super) fn assumed(sweep: &SweepResult, origin: &Provenance) -> Vec<String> {
    let runs = || sweep.rows.iter().map(|row| row.runs as u64);
    let (least, most) = (runs().min().unwrap_or(0), runs().max().unwrap_or(0));
    let [least, most] = [least, most].map(number::count);
    let each = if least == most { format!("{most} runs a point") } else { format!("{least} to {most} runs a point") };
    let noise = match origin.command.as_deref() {
        Some(command) if command.split(' ').any(|word| word == "--independent") => {
            "; every point has random numbers of its own"
        }
        Some(_) => "; all points share their random numbers",
        None => "",
    };
    let mut lines = vec![
        "The teams are simulated: their agents are as the scenario's profiles have them, and the figures are as good as these."
            .to_owned(),
        format!("{each}{noise}. Intervals are 95 % intervals of the mean; a point of one run has none."),
        format!("Speedup is over {}, by the same runs.", sweep.baseline),
    ];
    lines.push(if sweep.scaled {
        "The work grows with the team, so speedups are ratios of rates, and Gustafson's law is theirs.".to_owned()
    } else {
        "Amdahl's law takes tasks to be either serial or free, and nothing to be lost by working together; work and span bound \
         every schedule of the same tasks. Both are over one agent."
            .to_owned()
    });
    lines.push(
        "Laws are fitted to the mean speedups, every team size alike. The best team is among those that complete 99 % of their \
         runs, if any does; on the front of time and cost is who no other beats in both, by means."
            .to_owned(),
    );
    lines.extend(sweep.axes.iter().enumerate().map(|(index, path)| axis(sweep, index, path)));
    lines.push("All else is as the scenario has it.".to_owned());
    lines
}

/// The values on an axis.
fn axis(sweep: &SweepResult, index: usize, path: &str) -> String {
    let mut known = std::collections::BTreeSet::new();
    let mut values: Vec<&str> = Vec::new();
    for value in sweep.rows.iter().filter_map(|row| row.axes.get(index)) {
        if known.insert(value.as_str()) {
            values.push(value);
        }
    }
    let shown = match values.as_slice() {
        [first, .., last] if values.len() > 16 => {
            format!("{} values, the first {first}, the last {last}", number::count(values.len() as u64))
        }
        values => values.join(", "),
    };
    format!("{path}: {shown}.")
}
