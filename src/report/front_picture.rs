//! Chart of the Pareto front of time and cost: a mark a team, a style an architecture, a line along the front.

use crate::experiment::optimal::{CandidateTeam, Objective, OptimalResult, TeamStanding};
use crate::report::render::chart::axis::ChartAxis;
use crate::report::render::chart::style::Look;
use crate::report::render::chart::{Chart, ChartLine, ChartMark, ChartSeries, Frame};
use crate::report::render::number;

/// Returns an SVG; none if no team completes.
pub fn to_svg(scenario: &str, answer: &OptimalResult) -> Option<String> {
    let is_sound = |team: &&CandidateTeam| !matches!(team.standing, TeamStanding::Twin(_) | TeamStanding::Incomplete);
    let (title, shown): (_, fn(f64) -> String) =
        if answer.has_prices { ("cost of a run", number::money) } else { ("tokens of a run", number::tokens) };
    let mut series: Vec<ChartSeries> = Vec::new();
    for team in answer.teams.iter().filter(is_sound) {
        let Some(mark) = mark(team, shown) else { continue };
        match series.iter_mut().find(|series| series.name == team.architecture) {
            Some(series) => series.marks.push(mark),
            None => series.push(ChartSeries {
                name: team.architecture.clone(),
                style: series.len(),
                marks: vec![mark],
                ..ChartSeries::default()
            }),
        }
    }
    let front = series.iter().flat_map(|series| &series.marks).filter(|mark| !mark.is_pale);
    let mut front: Vec<(f64, f64)> = front.map(|mark| (mark.x, mark.y)).collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let ends = front.iter().map(|(cost, time)| format!("{} in {}", shown(*cost), number::seconds(*time)));
    let chart = Chart {
        title: format!("{scenario}: time and cost of a team"),
        subtitle: "means; full colour: on the front of time, cost and quality".to_owned(),
        description: format!("The front, from the cheapest: {}", ends.collect::<Vec<_>>().join("; ")),
        x: ChartAxis::new(title, shown),
        y: ChartAxis::time("makespan"),
        series,
        lines: vec![ChartLine { name: "front".to_owned(), look: Look::Dashed, points: front }],
    };
    chart.to_svg(Frame::FILE)
}

fn mark(team: &CandidateTeam, shown: fn(f64) -> String) -> Option<ChartMark> {
    let mean = |objective| team.runs.summary(objective).map(|summary| summary.mean);
    let (time, cost) = (mean(Objective::Time)?, mean(Objective::Cost)?);
    Some(ChartMark {
        x: cost,
        y: time,
        title: format!("{} agents, {}: {} in {}", team.agents, team.architecture, shown(cost), number::seconds(time)),
        label: if team.standing == TeamStanding::Best { "best" } else { "" },
        is_pale: !team.on_front,
        ..ChartMark::default()
    })
}
