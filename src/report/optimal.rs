//! Report of `brooks optimal`: the best team, the marginal value of the next agent, teams within the limits, and the
//! Pareto front.

use std::fmt::Write as _;

use crate::experiment::optimal::{CandidateTeam, Objective, OptimalResult, Pays, SizeStep, TeamStanding, stops};
use crate::problem::plural;
use crate::report::optimal_table::{cost, measured};
use crate::report::render::number;
use crate::report::{listed, refused};
use crate::scaling::kim_nelson::End;
use crate::scaling::{Interval, Variances};

/// Most teams named one by one.
const NAMED: usize = 6;

/// Returns the lines above the table, the verdict first.
pub fn verdict(answer: &OptimalResult) -> Vec<String> {
    let mut lines = vec![headline(answer)];
    lines.extend(edge(answer));
    lines.extend(thrift(answer));
    lines.extend(paying(answer));
    lines.extend(deadline(answer));
    lines.extend(budget(answer));
    lines
}

/// Returns the lines below the table: the procedure, and the teams left out.
pub fn method(answer: &OptimalResult) -> Vec<String> {
    let mut lines = Vec::new();
    let question = &answer.question;
    let (runs, indifference_zone) =
        (number::count(answer.runs() as u64), number::percent_of(question.indifference_zone));
    match &answer.selection {
        Some(selection) if answer.choice > 1 => {
            let sure = number::percent_of(question.confidence);
            let longest = answer.teams.iter().map(|team| team.runs.len()).max().unwrap_or(0);
            let longest = number::count(longest as u64);
            let promise = if selection.end == End::RanOut {
                "replications ran out before the choice was sure, so nothing is promised of it (--max-reps)".to_owned()
            } else {
                format!("the best or one within {indifference_zone} of it with a probability of {sure}")
            };
            lines.push(format!(
                "chosen among {} teams by Kim and Nelson's procedure: {promise}; {runs} runs, up to {longest} of a team",
                answer.choice
            ));
        }
        _ => lines.push(format!("{runs} runs, {} of every team", number::count(question.pilot))),
    }
    lines.extend(common_noise(&answer.noise));
    let incomplete: Vec<&CandidateTeam> = of(answer, |standing| standing == TeamStanding::Incomplete);
    if !incomplete.is_empty() {
        lines.push(format!("left out, as they complete less than 99 % of their runs: {}", shares(&incomplete)));
    }
    lines.extend(refused::lines(&answer.refused));
    let twins = of(answer, |standing| matches!(standing, TeamStanding::Twin(_))).len();
    if twins > 0 {
        let are = if twins == 1 { "is" } else { "are" };
        lines.push(format!(
            "{} {are} left out, run for run the same as a smaller one or one named before",
            plural(twins, "team")
        ));
    }
    lines
}

/// Returns a line on the variance reduction by common random numbers; none without variance.
pub fn common_noise(noise: &Variances) -> Option<String> {
    let (reduction, worth) = (noise.reduction()?, noise.worth()?);
    let by = number::percent(reduction.abs());
    Some(if reduction < 0.0 {
        format!("common random numbers raise the variance of the differences by {by}: independent runs would do better")
    } else if worth.is_finite() {
        let times = number::significant(worth);
        format!(
            "common random numbers cut the variance of the differences by {by}: worth {times} times the replications"
        )
    } else {
        "common random numbers leave no variance in the differences".to_owned()
    })
}

fn headline(answer: &OptimalResult) -> String {
    let objective = answer.question.objective;
    let Some(best) = answer.best.and_then(|best| answer.team(best)) else { return nothing(answer) };
    let value = measured(best, objective, answer.has_prices);
    let (sure, indifference_zone) =
        (number::percent_of(answer.question.confidence), number::percent_of(answer.question.indifference_zone));
    let alike = of(answer, |standing| standing == TeamStanding::Alike);
    let apart = if answer.selection.as_ref().is_some_and(|selection| selection.end == End::RanOut) {
        "; replications ran out before that was sure".to_owned()
    } else if answer.choice == 1 {
        "; no other team can be chosen, see below".to_owned()
    } else if alike.is_empty() {
        let inside =
            if answer.question.deadline.is_some() || answer.question.budget.is_some() { " inside" } else { "" };
        format!("; every other team{inside} is worse by more than {indifference_zone} ({sure})")
    } else {
        format!("; {} cannot be told apart ({sure}, within {indifference_zone})", grouped(&alike, &best.architecture))
    };
    format!("{}: {value}{apart}", name(best))
}

fn nothing(answer: &OptimalResult) -> String {
    let is_out = |standing| matches!(standing, TeamStanding::Late | TeamStanding::Dear);
    if of(answer, is_out).is_empty() {
        return "no team completes 99 % of its runs".to_owned();
    }
    let limits = match (answer.question.deadline, answer.question.budget) {
        (Some(_), Some(_)) => "the deadline and the budget",
        (Some(_), None) => "the deadline",
        _ => "the budget",
    };
    format!("no team is inside {limits}")
}

/// Warns that the best team is the largest tried.
fn edge(answer: &OptimalResult) -> Option<String> {
    let best = answer.team(answer.best?)?;
    let sizes = || answer.teams.iter().map(|team| team.agents);
    let (largest, smallest) = (sizes().max()?, sizes().min()?);
    let more = u64::from(largest) * 2;
    (best.agents == largest && smallest < largest)
        .then(|| format!("no larger team was tried, and more agents may be better: --max-agents {more}"))
}

/// Returns the cheapest of the teams that are statistically equal to the best.
fn thrift(answer: &OptimalResult) -> Option<String> {
    let alike = of(answer, |standing| matches!(standing, TeamStanding::Best | TeamStanding::Alike));
    if alike.len() < 2 || answer.question.objective == Objective::Cost {
        return None;
    }
    let mean = |team: &&&CandidateTeam| team.runs.summary(Objective::Cost).map_or(f64::INFINITY, |cost| cost.mean);
    let cheapest = alike.iter().min_by(|a, b| mean(a).total_cmp(&mean(b)))?;
    let a_run = cost(mean(&cheapest), answer.has_prices);
    Some(format!("of these {} costs least: {a_run} a run", name(cheapest)))
}

/// Returns the team size after which the next agent is not worth its cost.
fn paying(answer: &OptimalResult) -> Option<String> {
    let best = &answer.team(answer.best?)?.architecture;
    let last = answer.steps.last()?;
    let Some(stop) = stops(&answer.steps) else {
        let bargain = bargain(last, "", true, answer.has_prices);
        return Some(format!(
            "under {best} every further agent pays up to {}, the largest team tried: the last {bargain}",
            last.to
        ));
    };
    let why = match answer.question.pays {
        Pays::Share(_) if stop.buys.high() <= 0.0 => "",
        Pays::Share(_) if stop.buys.low() <= 0.0 => ", which may be nothing,",
        Pays::Share(share) => &format!(", less than {} of the time,", number::percent_of(share)),
        Pays::Worth(_) => ", which is not shown to be worth it,",
    };
    let is_one = stop.to - stop.from == 1;
    let next = if is_one { "it".to_owned() } else { format!("{} agents", stop.to) };
    let bargained = bargain(stop, why, is_one, answer.has_prices);
    let later = answer.later.as_ref().map_or(String::new(), |step| {
        format!("; but {} agents {} over {}", step.to, bargain(step, "", false, answer.has_prices), step.from)
    });
    Some(format!("under {best} the next agent stops paying after {}: {next} {bargained}{later}", stop.from))
}

/// Describes a step in team size: `buys 3 s [1, 5] and costs $0.21 more a run`, with `why` after the time.
fn bargain(step: &SizeStep, why: &str, is_one: bool, has_prices: bool) -> String {
    let verb = |one: &str| if is_one { one.to_owned() } else { one.trim_end_matches('s').to_owned() };
    let Interval { estimate, half_width } = step.buys;
    let time = if step.buys.high() < 0.0 {
        format!("{} {}", verb("loses"), number::difference_seconds(-estimate, half_width))
    } else if estimate.abs() < 1e-9 && half_width < 1e-9 {
        format!("{} no time", verb("buys"))
    } else {
        format!("{} {}{why}", verb("buys"), number::difference_seconds(estimate, half_width))
    };
    let costs = step.costs.estimate;
    let price = cost(costs.abs(), has_prices);
    if costs.abs() < 1e-9 {
        format!("{time} and {} nothing more", verb("costs"))
    } else if costs < 0.0 {
        format!("{time} and {} {price} a run", verb("saves"))
    } else {
        format!("{time} and {} {price} more a run", verb("costs"))
    }
}

fn deadline(answer: &OptimalResult) -> Option<String> {
    let deadline = number::seconds(answer.question.deadline?);
    let share = number::percent_of(answer.question.on_time);
    let described = |team: &CandidateTeam| {
        let on_time = team.on_time.map_or(0.0, |share| share.estimate());
        format!("{} ({} of runs)", name(team), number::percent_of(on_time))
    };
    let inside = |team: &CandidateTeam| team.on_time.is_some_and(|share| share.low >= answer.question.on_time);
    let sentence = within(answer, inside, described).unwrap_or_else(|| {
        let takes = |team: &CandidateTeam| team.runs.quantile(Objective::Time, answer.question.on_time);
        let closest = kept(answer).into_iter().min_by(|a, b| takes(a).total_cmp(&takes(b)));
        let closest = closest.map(|team| {
            format!(
                "; closest is {}, {share} of whose runs take up to {}",
                described(team),
                number::seconds(takes(team))
            )
        });
        format!("no team{}", closest.unwrap_or_default())
    });
    Some(format!("inside {deadline} in {share} of runs or more: {sentence}"))
}

fn budget(answer: &OptimalResult) -> Option<String> {
    let budget = cost(answer.question.budget?, answer.has_prices);
    let mean = |team: &CandidateTeam| team.runs.summary(Objective::Cost).map_or(f64::INFINITY, |cost| cost.mean);
    let described = |team: &CandidateTeam| format!("{} ({} a run)", name(team), cost(mean(team), answer.has_prices));
    let sentence = within(answer, |team| team.in_budget == Some(true), described).unwrap_or_else(|| {
        let closest = kept(answer).into_iter().min_by(|a, b| mean(a).total_cmp(&mean(b)));
        let closest = closest.map(|team| format!("; closest is {}", described(team)));
        format!("no team{}", closest.unwrap_or_default())
    });
    Some(format!("inside {budget} a run on average: {sentence}"))
}

/// Returns the number of teams within a limit, with the smallest and the largest; none without teams.
fn within(
    answer: &OptimalResult,
    inside: impl Fn(&CandidateTeam) -> bool,
    described: impl Fn(&CandidateTeam) -> String,
) -> Option<String> {
    let kept = kept(answer);
    let inside: Vec<&CandidateTeam> = kept.iter().copied().filter(|team| inside(team)).collect();
    // Among teams of one size, the best for the objective.
    let value = |team: &CandidateTeam| {
        let objective = answer.question.objective;
        let mean = team.runs.summary(objective).map_or(f64::INFINITY, |summary| summary.mean);
        if objective == Objective::Quality { -mean } else { mean }
    };
    let better = |a: &&&CandidateTeam, b: &&&CandidateTeam| value(a).total_cmp(&value(b));
    let of_size = |agents: Option<u32>| inside.iter().filter(|team| Some(team.agents) == agents).min_by(better);
    let smallest = of_size(inside.iter().map(|team| team.agents).min())?;
    let largest = of_size(inside.iter().map(|team| team.agents).max())?;
    let many = format!("{} of {} teams", inside.len(), kept.len());
    Some(if smallest.agents == largest.agents {
        format!("{many}, {}", described(largest))
    } else {
        format!("{many}, the largest {}, the smallest {}", described(largest), described(smallest))
    })
}

/// Returns the teams that complete, without twins.
fn kept(answer: &OptimalResult) -> Vec<&CandidateTeam> {
    of(answer, |standing| !matches!(standing, TeamStanding::Twin(_) | TeamStanding::Incomplete))
}

fn of(answer: &OptimalResult, is: impl Fn(TeamStanding) -> bool) -> Vec<&CandidateTeam> {
    answer.teams.iter().filter(|team| is(team.standing)).collect()
}

/// Names a team: `preassigned with 6 agents`.
pub fn name(team: &CandidateTeam) -> String {
    format!("{} with {}", team.architecture, plural(team.agents, "agent"))
}

/// Lists teams by architecture: `5 and 7 agents, self_claim with 4 agents and 3 more teams`. Teams of `own` go first,
/// without its name.
fn grouped(teams: &[&CandidateTeam], own: &str) -> String {
    let mut left = NAMED;
    let mut parts = Vec::new();
    let others = architectures(teams).into_iter().filter(|&architecture| architecture != own);
    for architecture in std::iter::once(own).chain(others) {
        let sizes = teams.iter().filter(|team| team.architecture == architecture).take(left);
        let sizes: Vec<String> = sizes.map(|team| team.agents.to_string()).collect();
        left -= sizes.len();
        let with = if architecture == own { String::new() } else { format!("{architecture} with ") };
        if !sizes.is_empty() {
            parts.push(format!("{with}{}", listed(&sizes)));
        }
    }
    let mut text = parts.join(", ");
    if teams.len() > NAMED {
        let _ = write!(text, " and {} more teams", teams.len() - NAMED);
    } else {
        text.push_str(if text == "1" || text.ends_with("with 1") { " agent" } else { " agents" });
    }
    text
}

/// Lists completion by architecture: `self_claim with 1, 2 and 3 agents (43 % to 90 % of runs)`.
fn shares(teams: &[&CandidateTeam]) -> String {
    let part = |architecture: &&str| {
        let own: Vec<&&CandidateTeam> = teams.iter().filter(|team| team.architecture == *architecture).collect();
        let sizes: Vec<String> = own.iter().map(|team| team.agents.to_string()).collect();
        let completing = || own.iter().map(|team| team.runs.completing());
        let (low, high) = (completing().fold(1.0, f64::min), completing().fold(0.0, f64::max));
        let [low, high] = [low, high].map(number::percent_of);
        let share = if low == high { low } else { format!("{low} to {high}") };
        let agents = if sizes == ["1"] { "agent" } else { "agents" };
        format!("{architecture} with {} {agents} ({share} of runs)", listed(&sizes))
    };
    architectures(teams).iter().map(part).collect::<Vec<_>>().join(", ")
}

/// Returns the architectures of the teams in order of first appearance.
fn architectures<'a>(teams: &[&'a CandidateTeam]) -> Vec<&'a str> {
    let mut architectures: Vec<&str> = Vec::new();
    for team in teams {
        if !architectures.contains(&team.architecture.as_str()) {
            architectures.push(&team.architecture);
        }
    }
    architectures
}
