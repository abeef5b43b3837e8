//! Table and JSON of `brooks optimal`.

use serde_json::{Value, json};

use crate::experiment::optimal::{
    CandidateTeam, OBJECTIVES, Objective, OptimalResult, Pays, SizeStep, TeamStanding, stops,
};
use crate::report::render::number;
use crate::report::render::table::{Cell, Column, Table, Tint};
use crate::report::{json_interval, json_noise, refused};
use crate::scaling::kim_nelson::End;
use crate::scaling::{Interval, Proportion};

/// Formats a cost in dollars or tokens.
pub(super) fn cost(value: f64, has_prices: bool) -> String {
    if has_prices { number::money(value) } else { format!("{} tokens", number::tokens(value)) }
}

/// Formats a team's mean with its interval in the unit of the objective.
pub(super) fn measured(team: &CandidateTeam, objective: Objective, has_prices: bool) -> String {
    let Some(summary) = team.runs.summary(objective) else { return number::NONE.to_owned() };
    let Interval { estimate, half_width } = summary.interval();
    if objective == Objective::Time {
        return number::interval_seconds(estimate, half_width);
    }
    let (low, high) = ((estimate - half_width).max(0.0), estimate + half_width);
    if objective == Objective::Quality {
        // Quality is at most 1.
        return number::interval_percent(estimate, low, high.min(1.0));
    }
    let show = if has_prices { number::money } else { number::tokens };
    if half_width.is_finite() { format!("{} [{}, {}]", show(estimate), show(low), show(high)) } else { show(estimate) }
}

fn standing(team: &CandidateTeam) -> &'static str {
    match team.standing {
        TeamStanding::Best => "best",
        TeamStanding::Alike => "alike",
        TeamStanding::Worse => "worse",
        TeamStanding::Incomplete => "incomplete",
        TeamStanding::Late => "late",
        TeamStanding::Dear => "dear",
        TeamStanding::Twin(_) => "twin",
    }
}

/// Builds the table of the best team, its equals and the front, the best first; with the number of teams not shown.
pub fn short(answer: &OptimalResult) -> (Table, usize) {
    let is_shown =
        |team: &&CandidateTeam| team.on_front || matches!(team.standing, TeamStanding::Best | TeamStanding::Alike);
    let shown: Vec<&CandidateTeam> = ordered(answer).into_iter().filter(is_shown).collect();
    (table(answer, &shown), answer.teams.len() - shown.len())
}

/// Builds the table of all teams.
pub fn full(answer: &OptimalResult) -> Table {
    table(answer, &ordered(answer))
}

/// Orders teams by standing, then by the objective.
fn ordered(answer: &OptimalResult) -> Vec<&CandidateTeam> {
    let rank = |team: &CandidateTeam| match team.standing {
        TeamStanding::Best => 0,
        TeamStanding::Alike => 1,
        TeamStanding::Worse | TeamStanding::Late | TeamStanding::Dear => 2,
        TeamStanding::Incomplete | TeamStanding::Twin(_) => 3,
    };
    let objective = answer.question.objective;
    let value = |team: &CandidateTeam| {
        let mean = team.runs.summary(objective).map_or(f64::INFINITY, |summary| summary.mean);
        if objective == Objective::Quality { -mean } else { mean }
    };
    let mut teams: Vec<(&CandidateTeam, u32, f64)> =
        answer.teams.iter().map(|team| (team, rank(team), value(team))).collect();
    teams.sort_by(|a, b| a.1.cmp(&b.1).then(a.2.total_cmp(&b.2)));
    teams.into_iter().map(|(team, ..)| team).collect()
}

fn table(answer: &OptimalResult, teams: &[&CandidateTeam]) -> Table {
    let unit = if answer.has_prices { ("cost", "cost [95 %]") } else { ("tokens", "tokens [95 %]") };
    let mut table = Table::new(vec![
        Column::number("agents", "agents"),
        Column::text("architecture", "architecture"),
        Column::number("makespan_s.mean", "makespan [95 %]"),
        Column::number(&format!("{}.mean", unit.0), unit.1),
        Column::number("quality.mean", "quality [95 %]"),
        Column::number("worse_by", "worse by [95 %]"),
        Column::number("on_time", "on time [95 %]"),
        Column::text("standing", "standing"),
        Column::text("front", "front"),
        Column::number("runs", "runs"),
        Column::number("completed", "completed"),
    ]);
    for team in teams {
        let value = |objective| {
            let mean = team.runs.summary(objective).map(|summary| summary.mean);
            Cell::shown(mean, |_| measured(team, objective, answer.has_prices))
        };
        let worse = |by: Interval| Cell::number(by.estimate, difference(by, answer));
        let share = |s: Proportion| Cell::number(s.estimate(), number::interval_percent(s.estimate(), s.low, s.high));
        let tint = match team.standing {
            TeamStanding::Best => Tint::Good,
            TeamStanding::Incomplete | TeamStanding::Late | TeamStanding::Dear => Tint::Bad,
            _ => Tint::Plain,
        };
        table.push(vec![
            Cell::count(u64::from(team.agents)),
            Cell::text(team.architecture.as_str()),
            value(Objective::Time),
            value(Objective::Cost),
            value(Objective::Quality),
            Cell::optional(team.worse_by, worse),
            Cell::optional(team.on_time, share),
            Cell::text(standing(team)).tinted(tint),
            Cell::text(if team.on_front { "yes" } else { "no" }),
            Cell::count(team.runs.len() as u64),
            Cell::count(team.runs.completed() as u64),
        ]);
    }
    let all_complete = teams.iter().all(|team| team.runs.completed() == team.runs.len());
    let has_deadline = answer.question.deadline.is_some();
    table.retain(|column, cells| match column.key.as_str() {
        "on_time" => has_deadline,
        "completed" => !all_complete,
        "quality.mean" => cells.iter().any(|cell| !matches!(cell.raw.as_str(), "1" | "")),
        _ => true,
    });
    table
}

/// Formats the difference from the best team in the objective's unit.
fn difference(by: Interval, answer: &OptimalResult) -> String {
    let show = if answer.has_prices { number::money } else { number::tokens };
    let signed = |value: f64| if value < 0.0 { format!("-{}", show(-value)) } else { show(value) };
    match answer.question.objective {
        Objective::Time => number::difference_seconds(by.estimate, by.half_width),
        Objective::Quality => number::interval_percent(by.estimate, by.low(), by.high()),
        Objective::Cost if by.half_width.is_finite() => {
            format!("{} [{}, {}]", signed(by.estimate), signed(by.low()), signed(by.high()))
        }
        Objective::Cost => signed(by.estimate),
    }
}

/// Returns JSON for programs.
pub fn to_json(answer: &OptimalResult) -> Value {
    let question = &answer.question;
    let rate = match question.pays {
        Pays::Worth(second) => Some(second * 3600.0),
        Pays::Share(_) => None,
    };
    let alike: Vec<Value> = answer
        .teams
        .iter()
        .filter(|team| team.standing == TeamStanding::Alike)
        .map(|team| of_team(team, answer))
        .collect();
    let selection = answer.selection.as_ref().map(|selection| {
        json!({
            "procedure": "Kim-Nelson 2001",
            "confidence": question.confidence,
            "indifference": question.indifference_zone,
            "indifference_zone": answer.indifference_zone,
            "teams": answer.choice,
            "replications": selection.replications,
            "pilot": question.pilot,
            "runs": answer.runs(),
            "end": match selection.end {
                End::Alone => "alone",
                End::WithinZone => "within_zone",
                End::RanOut => "ran_out",
            },
        })
    });
    json!({
        "objective": question.objective.name(),
        "cost_unit": if answer.has_prices { "$" } else { "tokens" },
        "best": answer.best.and_then(|best| answer.team(best)).map(|team| of_team(team, answer)),
        "indistinguishable": alike,
        "selection": selection,
        "deadline": question.deadline.map(|seconds| json!({ "seconds": seconds, "on_time": question.on_time })),
        "budget": question.budget,
        "value_of_time_per_hour": rate,
        "stops_paying": stops(&answer.steps).map(of_step),
        "pays_again": answer.later.as_ref().map(of_step),
        "steps": answer.steps.iter().map(of_step).collect::<Vec<_>>(),
        "front": ordered(answer).into_iter().filter(|team| team.on_front).map(|team| of_team(team, answer)).collect::<Vec<_>>(),
        "common_random_numbers": json_noise(&answer.noise),
        "teams": ordered(answer).into_iter().map(|team| of_team(team, answer)).collect::<Vec<_>>(),
        "refused": refused::to_json(&answer.refused),
    })
}

fn of_step(step: &SizeStep) -> Value {
    let (seconds, costs) = (json_interval(step.buys), json_interval(step.costs));
    json!({ "agents": step.from, "next": step.to, "buys_s": seconds, "costs": costs, "pays": step.pays })
}

fn of_team(team: &CandidateTeam, answer: &OptimalResult) -> Value {
    let [makespan, cost, quality] =
        OBJECTIVES.map(|objective| team.runs.summary(objective).map(|summary| json_interval(summary.interval())));
    let twin = match team.standing {
        TeamStanding::Twin(index) => answer.team(index).map(|twin| json!([twin.agents, twin.architecture])),
        _ => None,
    };
    json!({
        "agents": team.agents,
        "architecture": team.architecture,
        "standing": standing(team),
        "same_as": twin,
        "makespan_s": makespan,
        "cost": cost,
        "quality": quality,
        "worse_by": team.worse_by.map(json_interval),
        "on_front": team.on_front,
        "on_time": team.on_time.map(|share| json!({ "share": share.estimate(), "ci95": [share.low, share.high] })),
        "in_budget": team.in_budget,
        "runs": team.runs.len(),
        "completed": team.runs.completed(),
    })
}
