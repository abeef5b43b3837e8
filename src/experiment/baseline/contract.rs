//! What a scenario claims of its own curve (`assert:`), held to simulation: holds, violated, or can't be told.
//!
//! A claim holds if its 95 % interval lies on the right side of the bound, and is violated if it lies on the wrong one.
//! Points that leave it open get more replications up to a cap.

use crate::experiment::Replications;
use crate::experiment::baseline::difference::{Scale, difference};
use crate::experiment::baseline::grid::{self, Grid, GridPoint, curve_of};
use crate::experiment::baseline::has_prices;
use crate::experiment::baseline::values::of_sample;
use crate::experiment::result::{PointResult, WorkBounds};
use crate::experiment::sweep::label;
use crate::problem::Problem;
use crate::problem::Problems;
use crate::problem::plural;
use crate::problem::quantity::duration;
use crate::record::Ending;
use crate::scaling::proportion::Proportion;
use crate::scaling::{Interval, Summary};
use crate::scenario::{Node, ScenarioFile};

/// Teams whose makespans differ by at most this much are as good as each other.
const AS_GOOD: f64 = 0.02;
/// A speedup that outdoes Amdahl's by less than one part in 10^9 is rounding.
const ROUNDING: f64 = 1e-9;

/// One claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Its place in the scenario's `assert`.
    pub place: usize,
    /// Its line in the file; 0 if it comes from the command line.
    pub line: u32,
    /// Of which team size; none: of every one.
    pub agents: Option<u32>,
    /// Under which architecture; none: under every one.
    pub architecture: Option<String>,
    /// What it says.
    pub says: Says,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// The best team size lies between these.
    PeakBetween(u32, u32),
    /// A figure lies within bounds.
    Within(BoundedFigure, Option<f64>, Option<f64>),
    /// The speedup is at most Amdahl's.
    WithinAmdahl,
}

/// A figure that can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundedFigure {
    /// Over the scenario's baseline.
    Speedup,
    /// Mean, seconds.
    Makespan,
    /// Mean.
    Cost,
    /// Mean share of right tasks.
    Quality,
    /// Share of runs that complete.
    Completion,
}

impl BoundedFigure {
    /// Its name in scenarios.
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

/// Whether a claim is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// It is.
    Holds,
    /// It can't be told.
    Inconclusive,
    /// It is not.
    Violated,
}

impl Holds {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Holds::Holds => "holds",
            Holds::Inconclusive => "inconclusive",
            Holds::Violated => "violated",
        }
    }
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub struct AssertOutcome {
    /// The claim.
    pub claim: Claim,
    /// The gravest over its points.
    pub holds: Holds,
    /// The point that decided it: its axes by name; the curve for a peak.
    pub witness: String,
    /// What was found there: an estimate with its interval.
    pub found: Option<Interval>,
    /// Replications of each point.
    pub runs: u64,
    /// In words: what was found.
    pub text: String,
}

/// The claims of a scenario that its sweep can answer; and what is wrong with the others, which are about points that
/// the sweep does not have.
pub fn claims(file: &ScenarioFile, name: &str, grid: &Grid) -> (Vec<Claim>, Problems) {
    let (mut claims, mut problems) = (Vec::new(), Problems::default());
    for (place, (kind, node)) in file.asserts().enumerate() {
        let Some(claim) = claim(place, kind, node) else { continue };
        let report = |message: String, expected: String| {
            let (path, code) = (format!("assert[{place}].{kind}"), "assert");
            Problem { code, file: name.to_owned(), line: node.line, path, message, expected }
        };
        let about: Vec<&GridPoint> = grid.points.iter().filter(|point| claim.is_about(point)).collect();
        let sizes = || grid.points.iter().map(|point| point.agents).collect::<std::collections::BTreeSet<_>>();
        let listed = || sizes().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match claim.says {
            _ if about.is_empty() => {
                let expected = format!("a point of the sweep: team sizes {}", listed());
                problems.push(report("is about no point of the sweep".to_owned(), expected));
            }
            Says::PeakBetween(low, high) if !about.iter().any(|point| (low..=high).contains(&point.agents)) => {
                let message = format!("no team size of the sweep is from {low} to {high}");
                problems.push(report(message, format!("some of {}", listed())));
            }
            Says::Within(BoundedFigure::Cost, ..) if !has_prices(file) => {
                problems.push(report("claims a cost, and nothing has a price".to_owned(), "prices".to_owned()));
            }
            _ => claims.push(claim),
        }
    }
    (claims, problems)
}

fn claim(place: usize, kind: &str, node: &Node) -> Option<Claim> {
    let number = |key: &str| {
        let node = node.key(key)?;
        node.number().or_else(|| duration(node.text()?).ok())
    };
    let figure = |figure| Says::Within(figure, number("at_least"), number("at_most"));
    let says = match kind {
        "peak_agents" => {
            let [low, high] = node.key("between")?.items() else { return None };
            let size = |node: &Node| node.whole().and_then(|size| u32::try_from(size).ok());
            Says::PeakBetween(size(low)?, size(high)?)
        }
        "speedup" => figure(BoundedFigure::Speedup),
        "makespan" => figure(BoundedFigure::Makespan),
        "cost" => figure(BoundedFigure::Cost),
        "quality" => figure(BoundedFigure::Quality),
        "completion" => figure(BoundedFigure::Completion),
        "within_amdahl" if node.to_string() == "true" => Says::WithinAmdahl,
        _ => return None,
    };
    let agents = node.key("agents").and_then(Node::whole).and_then(|size| u32::try_from(size).ok());
    Some(Claim { place, line: node.line, agents, architecture: node.key("architecture").map(label), says })
}

impl Claim {
    /// A name without parameters means the architecture with any.
    fn is_about(&self, point: &GridPoint) -> bool {
        let meant = |named: &String| point.architecture == *named || point.scenario.architecture_name == *named;
        self.agents.is_none_or(|agents| agents == point.agents) && self.architecture.as_ref().is_none_or(meant)
    }
}

/// Holds claims to simulation: first so many replications of each point, at most `most`.
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
            outcomes.iter().all(|outcome| outcome.claim.place != claim.place || outcome.holds == Holds::Inconclusive)
        };
        let open: Vec<&Claim> = claims.iter().filter(|claim| open(claim)).collect();
        let points: Vec<&GridPoint> =
            grid.points.iter().filter(|point| open.iter().any(|claim| claim.is_about(point))).collect();
        let rows = grid::rows(&points, runs, seed, done);
        let measured: Vec<Measured<'_>> =
            points.iter().zip(&rows).map(|(&point, (row, sample))| Measured { point, row, sample }).collect();
        for claim in open {
            let outcome = outcome(claim, grid, &measured, runs);
            match outcomes.iter_mut().find(|known| known.claim.place == claim.place) {
                Some(known) => *known = outcome,
                None => outcomes.push(outcome),
            }
        }
        if runs >= most || outcomes.iter().all(|outcome| outcome.holds != Holds::Inconclusive) {
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

/// What one point, or one curve, says of a claim.
struct ClaimFinding {
    holds: Holds,
    witness: String,
    found: Option<Interval>,
    text: String,
}

fn outcome(claim: &Claim, grid: &Grid, measured: &[Measured<'_>], runs: u64) -> AssertOutcome {
    let about = || measured.iter().filter(|measured| claim.is_about(measured.point));
    let mut findings: Vec<ClaimFinding> = match &claim.says {
        Says::PeakBetween(low, high) => {
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
        Says::Within(figure, at_least, at_most) => {
            about().map(|measured| within(grid, measured, *figure, *at_least, *at_most)).collect()
        }
        Says::WithinAmdahl => about().filter_map(|measured| amdahl(grid, measured)).collect(),
    };
    // The gravest; of equals the first.
    let place = (0..findings.len()).rev().max_by_key(|&place| findings[place].holds);
    let gravest = place.map(|place| findings.swap_remove(place));
    let nothing = || ClaimFinding {
        holds: Holds::Inconclusive,
        witness: String::new(),
        found: None,
        text: "nothing to hold it to".to_owned(),
    };
    let ClaimFinding { holds, witness, found, text } = gravest.unwrap_or_else(nothing);
    AssertOutcome { claim: claim.clone(), holds, witness, found, runs, text }
}

/// `preassigned, 4 agents`.
pub fn place_of(grid_axes: &[String], axes: &[String], agents: u32) -> String {
    let curve = curve_of(grid_axes, axes);
    let team = plural(agents, "agent");
    if curve.is_empty() { team } else { format!("{curve}, {team}") }
}

/// On the right side, on the wrong one, or across.
fn side(found: Interval, at_least: Option<f64>, at_most: Option<f64>) -> Holds {
    let (low, high) = (found.low(), found.high());
    let (at_least, at_most) = (at_least.unwrap_or(f64::NEG_INFINITY), at_most.unwrap_or(f64::INFINITY));
    if low >= at_least && high <= at_most {
        Holds::Holds
    } else if high < at_least || low > at_most {
        Holds::Violated
    } else {
        Holds::Inconclusive
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
    let witness = place_of(&grid.axes, &point.axes, point.agents);
    let mean = |metric: &str| row.metric(metric).map(Summary::interval);
    let found = match figure {
        BoundedFigure::Speedup => row.speedup,
        BoundedFigure::Makespan => mean("makespan_s"),
        BoundedFigure::Cost => mean("cost"),
        BoundedFigure::Quality => mean("quality"),
        BoundedFigure::Completion => return completion(sample, witness, at_least, at_most),
    };
    match found {
        Some(found) => {
            ClaimFinding { holds: side(found, at_least, at_most), witness, found: Some(found), text: String::new() }
        }
        None => ClaimFinding { holds: Holds::Violated, witness, found: None, text: "no run completed".to_owned() },
    }
}

/// No sample shows that every run completes; that all of them did is what can be said for a bound of 1.
fn completion(sample: &Replications, witness: String, at_least: Option<f64>, at_most: Option<f64>) -> ClaimFinding {
    let (hits, of) = (sample.count(Ending::Completed) as u64, sample.endings.len() as u64);
    let share = Proportion::of(hits, of);
    let all = at_least.is_some_and(|bound| bound >= 1.0);
    let holds = match (all, hits == of) {
        (true, true) => Holds::Holds,
        (true, false) => Holds::Violated,
        _ => {
            let half_width = (share.high - share.low) / 2.0;
            side(Interval { estimate: share.low + half_width, half_width }, at_least, at_most)
        }
    };
    let text = format!("{hits} of {of} runs complete");
    let half_width = (share.high - share.low) / 2.0;
    ClaimFinding { holds, witness, found: Some(Interval { estimate: share.low + half_width, half_width }), text }
}

fn amdahl(grid: &Grid, measured: &Measured<'_>) -> Option<ClaimFinding> {
    let Measured { point, row, .. } = measured;
    let found = row.speedup.filter(|_| row.over_one_agent)?;
    let witness = place_of(&grid.axes, &point.axes, point.agents);
    let bound = row.laws.amdahl;
    let text = format!("Amdahl's law allows {bound:.3}");
    Some(ClaimFinding { holds: side(found, None, Some(bound * (1.0 + ROUNDING))), witness, found: Some(found), text })
}

/// The best team inside against the best outside: as good as it, to 2 %, is good enough.
fn peak(curve: &str, points: &[&Measured<'_>], low: u32, high: u32) -> ClaimFinding {
    let finding = |holds, text: String| ClaimFinding { holds, witness: curve.to_owned(), found: None, text };
    // By time a unit of work: where the work grows with the team, that is what a larger team is for.
    let pace = |measured: &Measured<'_>| {
        let work = WorkBounds::of(&measured.point.scenario).work;
        let pace = of_sample(measured.sample, "makespan_s").into_iter().map(|time| time.map(|time| time / work));
        pace.collect::<Vec<_>>()
    };
    let mean = |measured: &Measured<'_>| {
        let makespan = measured.row.metric("makespan_s").map_or(f64::INFINITY, |makespan| makespan.mean);
        makespan / WorkBounds::of(&measured.point.scenario).work
    };
    let best = |inside: bool| {
        let these = points.iter().filter(|measured| (low..=high).contains(&measured.point.agents) == inside);
        these.min_by(|a, b| mean(a).total_cmp(&mean(b)))
    };
    let (Some(inside), Some(outside)) = (best(true), best(false)) else {
        return finding(Holds::Holds, "the sweep has no other team sizes".to_owned());
    };
    let Some(slower) = difference(&pace(outside), &pace(inside), true, Scale::Relative) else {
        return finding(Holds::Inconclusive, "too few runs completed".to_owned());
    };
    let holds = if slower.high <= AS_GOOD {
        Holds::Holds
    } else if slower.low > AS_GOOD {
        Holds::Violated
    } else {
        Holds::Inconclusive
    };
    let [estimate, low, high] = [slower.estimate, slower.low, slower.high].map(|value| 100.0 * value);
    let (here, there) = (inside.point.agents, outside.point.agents);
    let text = format!("{here} agents against {there}: {estimate:+.1} % [{low:+.1}, {high:+.1}]");
    let agents = f64::from(if slower.estimate <= 0.0 { here } else { there });
    ClaimFinding { found: Some(Interval { estimate: agents, half_width: f64::INFINITY }), ..finding(holds, text) }
}
