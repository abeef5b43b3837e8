//! Claims of a scenario about its own curve (`assert:`), tested by simulation.
//!
//! A claim holds if the 95 % interval of its figure lies inside the bound, and is violated if it lies outside.
//! Inconclusive points get more replications up to a limit.

use crate::experiment::Replications;
use crate::experiment::baseline::difference::{Scale, difference};
use crate::experiment::baseline::grid::{self, Grid, GridPoint};
use crate::experiment::baseline::outcome::has_prices;
use crate::experiment::result::{PointResult, curve_of};
use crate::experiment::sweep::label;
use crate::problem::Problem;
use crate::problem::Problems;
use crate::problem::plural;
use crate::problem::quantity::duration;
use crate::record::Ending;
use crate::scaling::proportion::Proportion;
use crate::scaling::{Interval, Summary};
use crate::scenario::{Node, ScenarioFile};

/// Relative difference of makespans up to which teams are equally good.
const AS_GOOD: f64 = 0.02;
/// Relative excess over Amdahl's speedup that counts as rounding.
const ROUNDING: f64 = 1e-9;

/// One claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Index in the scenario's `assert`.
    pub index: usize,
    /// Line in the file; 0 for the command line.
    pub line: u32,
    /// Team size; none for every one.
    pub agents: Option<u32>,
    /// Architecture; none for every one.
    pub architecture: Option<String>,
    /// Kind of the claim.
    pub kind: ClaimKind,
}

/// Kind of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimKind {
    /// Bounds of the best team size.
    PeakBetween(u32, u32),
    /// A figure with its lower and upper bound.
    Within(BoundedFigure, Option<f64>, Option<f64>),
    /// Amdahl's speedup as an upper bound.
    WithinAmdahl,
}

/// A figure that can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundedFigure {
    /// Speedup over the scenario's baseline.
    Speedup,
    /// Mean makespan, seconds.
    Makespan,
    /// Mean cost.
    Cost,
    /// Mean fraction of correct tasks.
    Quality,
    /// Fraction of completed runs.
    Completion,
}

impl BoundedFigure {
    /// Name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            BoundedFigure::Speedup => "speedup",
            BoundedFigure::Makespan => "makespan",
            BoundedFigure::Cost => "cost",
            BoundedFigure::Quality => "quality",
            BoundedFigure::Completion => "completion",
        }
    }
}

/// Status of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimStatus {
    /// The claim holds.
    Satisfied,
    /// The interval includes the bound.
    Inconclusive,
    /// The claim is violated.
    Violated,
}

impl ClaimStatus {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            ClaimStatus::Satisfied => "holds",
            ClaimStatus::Inconclusive => "inconclusive",
            ClaimStatus::Violated => "violated",
        }
    }
}

/// Outcome of a claim.
#[derive(Clone, Debug)]
pub struct AssertOutcome {
    /// The claim.
    pub claim: Claim,
    /// Worst status over its points.
    pub status: ClaimStatus,
    /// Deciding point: its axes by name; the curve for a peak.
    pub witness: String,
    /// Estimate there, with its interval.
    pub found: Option<Interval>,
    /// Replications of each point.
    pub runs: u64,
    /// Explanation.
    pub text: String,
}

/// Returns the claims of a scenario that its sweep can test, and the problems of the others, which apply to no point of
/// the sweep.
pub fn claims(file: &ScenarioFile, name: &str, grid: &Grid) -> (Vec<Claim>, Problems) {
    let (mut claims, mut problems) = (Vec::new(), Problems::default());
    for (index, (kind, node)) in file.asserts().enumerate() {
        let Some(claim) = claim(index, kind, node) else { continue };
        let report = |message: String, expected: String| {
            let (path, code) = (format!("assert[{index}].{kind}"), "assert");
            Problem { code, file: name.to_owned(), line: node.line, path, message, expected }
        };
        let about: Vec<&GridPoint> = grid.points.iter().filter(|point| claim.is_about(point)).collect();
        let sizes = || grid.points.iter().map(|point| point.agents).collect::<std::collections::BTreeSet<_>>();
        let listed = || sizes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match claim.kind {
            _ if about.is_empty() => {
                let expected = format!("a point of the sweep: team sizes {}", listed());
                problems.push(report("applies to no point of the sweep".to_owned(), expected));
            }
            ClaimKind::PeakBetween(low, high) if !about.iter().any(|point| (low..=high).contains(&point.agents)) => {
                let message = format!("no team size of the sweep is from {low} to {high}");
                problems.push(report(message, format!("some of {}", listed())));
            }
            ClaimKind::Within(BoundedFigure::Cost, ..) if !has_prices(file) => {
                problems.push(report("bounds a cost, but the scenario has no prices".to_owned(), "prices".to_owned()));
            }
            _ => claims.push(claim),
        }
    }
    (claims, problems)
}

fn claim(index: usize, kind: &str, node: &Node) -> Option<Claim> {
    let number = |key: &str| {
        let node = node.key(key)?;
        node.number().or_else(|| duration(node.text()?).ok())
    };
    let figure = |figure| ClaimKind::Within(figure, number("at_least"), number("at_most"));
    let kind = match kind {
        "peak_agents" => {
            let [low, high] = node.key("between")?.items() else { return None };
            let size = |node: &Node| node.whole().and_then(|size| u32::try_from(size).ok());
            ClaimKind::PeakBetween(size(low)?, size(high)?)
        }
        "speedup" => figure(BoundedFigure::Speedup),
        "makespan" => figure(BoundedFigure::Makespan),
        "cost" => figure(BoundedFigure::Cost),
        "quality" => figure(BoundedFigure::Quality),
        "completion" => figure(BoundedFigure::Completion),
        "within_amdahl" if node.to_string() == "true" => ClaimKind::WithinAmdahl,
        _ => return None,
    };
    let agents = node.key("agents").and_then(Node::whole).and_then(|size| u32::try_from(size).ok());
    Some(Claim { index, line: node.line, agents, architecture: node.key("architecture").map(label), kind })
}

impl Claim {
    /// A name without parameters matches any parameters of the architecture.
    fn is_about(&self, point: &GridPoint) -> bool {
        let meant = |named: &String| point.architecture == *named || point.scenario.architecture_name == *named;
        self.agents.is_none_or(|agents| agents == point.agents) && self.architecture.as_ref().is_none_or(meant)
    }
}

/// Tests claims by simulation: first `replications` of each point, at most `most`.
pub fn judge(
    claims: &[Claim],
    grid: &Grid,
    seed: u64,
    replications: u64,
    most: u64,
    done: &(dyn Fn(u64) + Sync),
) -> Vec<AssertOutcome> {
    if claims.is_empty() {
        return Vec::new();
    }
    let mut runs = replications;
    let mut outcomes: Vec<AssertOutcome> = Vec::new();
    loop {
        let open = |claim: &Claim| {
            outcomes
                .iter()
                .all(|outcome| outcome.claim.index != claim.index || outcome.status == ClaimStatus::Inconclusive)
        };
        let open: Vec<&Claim> = claims.iter().filter(|claim| open(claim)).collect();
        let points: Vec<&GridPoint> =
            grid.points.iter().filter(|point| open.iter().any(|claim| claim.is_about(point))).collect();
        let rows = grid::rows(&points, runs, seed, done);
        let measured: Vec<Measured<'_>> =
            points.iter().zip(&rows).map(|(&point, (row, sample))| Measured { point, row, sample }).collect();
        for claim in open {
            let outcome = outcome(claim, grid, &measured, runs);
            match outcomes.iter_mut().find(|known| known.claim.index == claim.index) {
                Some(known) => *known = outcome,
                None => outcomes.push(outcome),
            }
        }
        if runs >= most || outcomes.iter().all(|outcome| outcome.status != ClaimStatus::Inconclusive) {
            return outcomes;
        }
        runs = (2 * runs).min(most);
    }
}

/// A point and its runs.
struct Measured<'a> {
    point: &'a GridPoint,
    row: &'a PointResult,
    sample: &'a Replications,
}

/// Status of a claim at one point or one curve.
struct ClaimFinding {
    status: ClaimStatus,
    witness: String,
    found: Option<Interval>,
    text: String,
}

fn outcome(claim: &Claim, grid: &Grid, measured: &[Measured<'_>], runs: u64) -> AssertOutcome {
    let about = || measured.iter().filter(|measured| claim.is_about(measured.point));
    let mut findings: Vec<ClaimFinding> = match &claim.kind {
        ClaimKind::PeakBetween(low, high) => {
            let mut curves: Vec<(String, Vec<&Measured<'_>>)> = Vec::new();
            for measured in about() {
                let label = curve_of(&grid.axes, &measured.point.axes);
                match curves.iter_mut().find(|(known, _)| *known == label) {
                    Some((_, points)) => points.push(measured),
                    None => curves.push((label, vec![measured])),
                }
            }
            curves.into_iter().map(|(label, points)| peak(&label, &points, *low, *high)).collect()
        }
        ClaimKind::Within(figure, at_least, at_most) => {
            about().map(|measured| within(grid, measured, *figure, *at_least, *at_most)).collect()
        }
        ClaimKind::WithinAmdahl => about().filter_map(|measured| amdahl(grid, measured)).collect(),
    };
    // The worst; of equals the first.
    let worst = (0..findings.len()).rev().max_by_key(|&index| findings[index].status);
    let worst = worst.map(|index| findings.swap_remove(index));
    let nothing = || ClaimFinding {
        status: ClaimStatus::Inconclusive,
        witness: String::new(),
        found: None,
        text: "no point to test".to_owned(),
    };
    let ClaimFinding { status, witness, found, text } = worst.unwrap_or_else(nothing);
    AssertOutcome { claim: claim.clone(), status, witness, found, runs, text }
}

/// `preassigned, 4 agents`.
pub fn point_name(grid_axes: &[String], axes: &[String], agents: u32) -> String {
    let curve = curve_of(grid_axes, axes);
    let team = plural(agents, "agent");
    if curve.is_empty() { team } else { format!("{curve}, {team}") }
}

/// Compares an interval with bounds: inside, outside, or across.
fn side(found: Interval, at_least: Option<f64>, at_most: Option<f64>) -> ClaimStatus {
    let (low, high) = (found.low(), found.high());
    let (at_least, at_most) = (at_least.unwrap_or(f64::NEG_INFINITY), at_most.unwrap_or(f64::INFINITY));
    if low >= at_least && high <= at_most {
        ClaimStatus::Satisfied
    } else if high < at_least || low > at_most {
        ClaimStatus::Violated
    } else {
        ClaimStatus::Inconclusive
    }
}

fn within(
    grid: &Grid,
    measured: &Measured<'_>,
    figure: BoundedFigure,
    at_least: Option<f64>,
    at_most: Option<f64>,
) -> ClaimFinding {
    let Measured { point, row, sample } = measured;
    let witness = point_name(&grid.axes, &point.axes, point.agents);
    let mean = |metric: &str| row.metric(metric).map(Summary::interval);
    let found = match figure {
        BoundedFigure::Speedup => row.speedup,
        BoundedFigure::Makespan => mean("makespan_s"),
        BoundedFigure::Cost => mean("cost"),
        BoundedFigure::Quality => mean("quality"),
        BoundedFigure::Completion => return completion(sample, witness, at_least, at_most),
    };
    let status = found.map_or(ClaimStatus::Violated, |found| side(found, at_least, at_most));
    let text = if found.is_some() { String::new() } else { "no run completed".to_owned() };
    ClaimFinding { status, witness, found, text }
}

/// No sample proves that every run completes; a bound of 1 holds if all runs of the sample do.
fn completion(sample: &Replications, witness: String, at_least: Option<f64>, at_most: Option<f64>) -> ClaimFinding {
    let (hits, of) = (sample.count(Ending::Completed) as u64, sample.endings.len() as u64);
    let proportion = Proportion::new(hits, of);
    let all = at_least.is_some_and(|bound| bound >= 1.0);
    let half_width = (proportion.high - proportion.low) / 2.0;
    let interval = Interval { estimate: proportion.low + half_width, half_width };
    let status = match (all, hits == of) {
        (true, true) => ClaimStatus::Satisfied,
        (true, false) => ClaimStatus::Violated,
        _ => side(interval, at_least, at_most),
    };
    let text = format!("{hits} of {of} runs complete");
    ClaimFinding { status, witness, found: Some(interval), text }
}

fn amdahl(grid: &Grid, measured: &Measured<'_>) -> Option<ClaimFinding> {
    let Measured { point, row, .. } = measured;
    let found = row.speedup.filter(|_| row.over_one_agent)?;
    let witness = point_name(&grid.axes, &point.axes, point.agents);
    let bound = row.laws.amdahl;
    let text = format!("Amdahl's law allows {bound:.3}");
    Some(ClaimFinding { status: side(found, None, Some(bound * (1.0 + ROUNDING))), witness, found: Some(found), text })
}

/// Compares the best team inside the bounds with the best outside: within 2 % counts as equal.
fn peak(curve: &str, points: &[&Measured<'_>], low: u32, high: u32) -> ClaimFinding {
    let finding = |status, text: String| ClaimFinding { status, witness: curve.to_owned(), found: None, text };
    // Time per unit of work, as work may grow with the team.
    let pace = |measured: &Measured<'_>| {
        let amount = measured.sample.work_of(&measured.point.scenario).amount;
        let pace = measured.sample.by_replication("makespan_s").into_iter().map(|time| time.map(|time| time / amount));
        pace.collect::<Vec<_>>()
    };
    let mean = |measured: &Measured<'_>| {
        let makespan = measured.row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
        makespan / measured.sample.work_of(&measured.point.scenario).amount
    };
    let best = |inside: bool| {
        let these = points.iter().filter(|measured| (low..=high).contains(&measured.point.agents) == inside);
        these.min_by(|a, b| mean(a).total_cmp(&mean(b)))
    };
    let (Some(inside), Some(outside)) = (best(true), best(false)) else {
        return finding(ClaimStatus::Satisfied, "the sweep has no other team sizes".to_owned());
    };
    let Some(slower) = difference(&pace(outside), &pace(inside), true, Scale::Relative) else {
        return finding(ClaimStatus::Inconclusive, "too few runs completed".to_owned());
    };
    let status = if slower.high <= AS_GOOD {
        ClaimStatus::Satisfied
    } else if slower.low > AS_GOOD {
        ClaimStatus::Violated
    } else {
        ClaimStatus::Inconclusive
    };
    let [estimate, low, high] = [slower.estimate, slower.low, slower.high].map(|value| 100.0 * value);
    let (here, there) = (inside.point.agents, outside.point.agents);
    let text = format!("{here} agents against {there}: {estimate:+.1} % [{low:+.1}, {high:+.1}]");
    let agents = f64::from(if slower.estimate <= 0.0 { here } else { there });
    ClaimFinding { found: Some(Interval { estimate: agents, half_width: f64::INFINITY }), ..finding(status, text) }
}
