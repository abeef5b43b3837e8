//! Selection of the best team: size and architecture for time, cost or quality, with its uncertainty.
//!
//! All teams first run the same pilot replications. The pilot determines which teams complete, which meet the deadline
//! and the budget, the indifference zone in the unit of the objective, the Pareto front, and the last agent that pays.
//! Then [Kim and Nelson's procedure](crate::scaling::kim_nelson) selects among the remaining teams on replications of
//! its own, so that decisions of the pilot do not weaken its guarantee. All teams share their random numbers.

mod front;
mod runs;
mod steps;

use std::ops::Range;

use crate::experiment::refused::{self, AdmittedTeam, RefusedTeam, SearchedTeams};
use crate::experiment::replication::runner;
use crate::experiment::sweep::label;
use crate::problem::Problems;
use crate::record::Prices;
use crate::scaling::kim_nelson::{Selection, SelectionConfig, select};
use crate::scaling::{Interval, Proportion, Variances};
use crate::scenario::{Node, ScenarioFile};
use crate::simulation::Scenario;

pub use runs::{OBJECTIVES, Objective, Runs};
pub use steps::{Pays, SizeStep, stops};

/// Least fraction of completed runs of a candidate: the mean of a team that completes fewer lacks the others.
pub const COMPLETING: f64 = 0.99;

/// n0: replications of Kim and Nelson's first stage, which estimate variances.
pub const FIRST: u64 = 50;

/// Least number of pilot replications.
pub const LEAST_PILOT: u64 = 100;

/// Greatest number of teams.
pub const MOST_TEAMS: usize = 500;

/// Question of a selection.
#[derive(Clone, Debug)]
pub struct OptimalQuestion {
    /// Objective.
    pub objective: Objective,
    /// The architectures.
    pub architectures: Vec<Node>,
    /// The team sizes.
    pub sizes: Vec<u32>,
    /// Indifference zone, as a fraction of the best team's mean.
    pub indifference_zone: f64,
    /// Probability of correct selection.
    pub confidence: f64,
    /// Deadline of a run, seconds.
    pub deadline: Option<f64>,
    /// Required fraction of runs inside the deadline.
    pub on_time: f64,
    /// Budget of the mean cost of a run, dollars, or tokens without prices.
    pub budget: Option<f64>,
    /// Rule by which the next agent pays.
    pub pays: Pays,
    /// Pilot replications of every team.
    pub pilot: u64,
    /// Greatest number of replications of a team, pilot included.
    pub most: u64,
}

/// Standing of a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamStanding {
    /// Selected.
    Best,
    /// Not shown to be worse than the best by more than the indifference zone.
    Alike,
    /// Shown to be worse.
    Worse,
    /// Completes too rarely.
    Incomplete,
    /// Not shown to meet the deadline often enough.
    Late,
    /// Not shown to meet the budget on average.
    Dear,
    /// Equal, run for run, to the team of this index, which is smaller or named first.
    Twin(usize),
}

/// A candidate team.
#[derive(Clone, Debug)]
pub struct CandidateTeam {
    /// Team size.
    pub agents: u32,
    /// Architecture.
    pub architecture: String,
    /// Runs.
    pub runs: Runs,
    /// Standing.
    pub standing: TeamStanding,
    /// Paired difference from the best, positive where worse; none for the best and without pairs.
    pub worse_by: Option<Interval>,
    /// True if the team is on the front of time, cost and quality.
    pub on_front: bool,
    /// Proportion of its runs inside the deadline, if there is one.
    pub on_time: Option<Proportion>,
    /// True if the team is inside the budget, if there is one.
    pub in_budget: Option<bool>,
}

/// Result of a selection.
#[derive(Clone, Debug)]
pub struct OptimalResult {
    /// The question.
    pub question: OptimalQuestion,
    /// True if costs are dollars, not tokens.
    pub has_prices: bool,
    /// All teams, smallest first, then in the order of the architectures.
    pub teams: Vec<CandidateTeam>,
    /// Index of the selected team; none if no team completes and meets the limits.
    pub best: Option<usize>,
    /// The indifference zone in the objective's unit.
    pub indifference_zone: f64,
    /// Selection; systems are indices into the eligible teams.
    pub selection: Option<Selection>,
    /// Number of eligible teams.
    pub choice: usize,
    /// Variance reduction by common random numbers, over all comparisons with the best.
    pub noise: Variances,
    /// Steps between team sizes under the best team's architecture.
    pub steps: Vec<SizeStep>,
    /// A larger team that pays where the next agent does not, if there is one.
    pub later: Option<SizeStep>,
    /// Teams that the scenario refuses.
    pub refused: Vec<RefusedTeam>,
}

/// Receivers of progress.
#[derive(Clone, Copy)]
pub struct OptimalProgress<'a> {
    /// Receives the number of further planned runs.
    pub ahead: &'a dyn Fn(u64),
    /// Receives the number of further finished runs.
    pub done: &'a (dyn Fn(u64) + Sync),
}

/// Selects the best team. The result is the same for any number of threads.
///
/// # Errors
///
/// Reports all errors of the scenario before anything is run, or all reasons if every team is refused.
pub fn optimal(
    file: &ScenarioFile,
    question: OptimalQuestion,
    progress: OptimalProgress<'_>,
) -> Result<OptimalResult, Problems> {
    let sizes: Vec<Node> = question.sizes.iter().map(|&agents| Node::from(agents)).collect();
    let SearchedTeams { admitted, refused } = refused::teams(file, &sizes, &question.architectures)?;
    let mut teams: Vec<CandidateTeam> = admitted.iter().map(|team| candidate(team, &question)).collect();
    let scenarios: Vec<Scenario> = admitted.into_iter().map(|team| team.scenario).collect();
    let has_prices = scenarios.iter().any(|scenario| scenario.prices != Prices::default());
    let mut trial = Trial { scenarios: &scenarios, has_prices, progress };
    let all: Vec<usize> = (0..teams.len()).collect();
    trial.run(&all, 0..question.pilot, &mut teams);
    judge(&question, &mut teams);
    let (mut selection, mut eligible, mut indifference_zone);
    loop {
        eligible = indices(&teams, |team| team.standing == TeamStanding::Worse);
        indifference_zone = indifference_zone_of(&question, &teams, &eligible);
        let config = SelectionConfig { confidence: question.confidence, indifference_zone, first: FIRST };
        selection = trial.select(&eligible, &config, &question, &mut teams);
        let best = selection.as_ref().and_then(|selection| eligible.get(selection.best));
        // Rare failures of a team show only with more runs: the selection is repeated without it, on the same
        // replications.
        let Some(&failing) = best.filter(|&&best| teams[best].runs.completing() < COMPLETING) else { break };
        teams[failing].standing = TeamStanding::Incomplete;
        for team in &mut teams {
            team.runs.truncate(question.pilot as usize);
        }
    }
    let best = selection.as_ref().and_then(|selection| eligible.get(selection.best)).copied();
    let mut answer = OptimalResult {
        question,
        has_prices,
        teams,
        best,
        indifference_zone,
        selection,
        choice: eligible.len(),
        noise: Variances::default(),
        steps: Vec::new(),
        later: None,
        refused,
    };
    answer.compare();
    answer.set_front();
    answer.set_steps();
    Ok(answer)
}

/// A candidate before its runs.
fn candidate(team: &AdmittedTeam, question: &OptimalQuestion) -> CandidateTeam {
    CandidateTeam {
        agents: question.sizes[team.size],
        architecture: label(&question.architectures[team.architecture]),
        runs: Runs::default(),
        standing: TeamStanding::Worse,
        worse_by: None,
        on_front: false,
        on_time: None,
        in_budget: None,
    }
}

/// Classifies the teams by the pilot: eligible, or the reason why not.
fn judge(question: &OptimalQuestion, teams: &mut [CandidateTeam]) {
    for index in 0..teams.len() {
        let (before, from_here) = teams.split_at_mut(index);
        let Some(team) = from_here.first_mut() else { continue };
        let runs = &team.runs;
        let share = |deadline| Proportion::new(runs.within(Objective::Time, deadline) as u64, runs.len() as u64);
        team.on_time = question.deadline.map(share);
        let cost = runs.summary(Objective::Cost).map(|cost| cost.interval());
        team.in_budget = question.budget.map(|budget| cost.is_some_and(|cost| cost.high() <= budget));
        let twin = before.iter().position(|other| other.runs.is_twin(runs));
        team.standing = match twin {
            Some(twin) => TeamStanding::Twin(twin),
            None if runs.completing() < COMPLETING => TeamStanding::Incomplete,
            None if team.on_time.is_some_and(|share| share.low < question.on_time) => TeamStanding::Late,
            None if team.in_budget == Some(false) => TeamStanding::Dear,
            None => TeamStanding::Worse,
        };
    }
}

/// Indices of the teams that meet a condition.
fn indices(teams: &[CandidateTeam], is: impl Fn(&CandidateTeam) -> bool) -> Vec<usize> {
    teams.iter().enumerate().filter(|(_, team)| is(team)).map(|(index, _)| index).collect()
}

/// Indifference zone: a fraction of the best mean of the pilot, or if that is 0, of the mean over all teams.
fn indifference_zone_of(question: &OptimalQuestion, teams: &[CandidateTeam], eligible: &[usize]) -> f64 {
    let mean = |&index: &usize| teams[index].runs.summary(question.objective).map(|summary| summary.mean);
    let means: Vec<f64> = eligible.iter().filter_map(mean).collect();
    let burden = |value: &&f64| question.objective.burden(**value);
    let best = means.iter().min_by(|a, b| burden(a).total_cmp(&burden(b))).copied().unwrap_or(0.0);
    let all = means.iter().sum::<f64>() / means.len().max(1) as f64;
    let scale = [best.abs(), all.abs()].into_iter().find(|scale| *scale > 0.0);
    question.indifference_zone * scale.unwrap_or(1.0)
}

/// Runner of the teams.
struct Trial<'a> {
    scenarios: &'a [Scenario],
    has_prices: bool,
    progress: OptimalProgress<'a>,
}

impl Trial<'_> {
    /// Runs more replications of some teams and appends them.
    fn run(&self, indices: &[usize], replications: Range<u64>, teams: &mut [CandidateTeam]) {
        (self.progress.ahead)(indices.len() as u64 * (replications.end - replications.start));
        let chosen: Vec<&Scenario> = indices.iter().map(|&index| &self.scenarios[index]).collect();
        let samples = runner::more(&chosen, replications, self.progress.done);
        for (&index, sample) in indices.iter().zip(&samples) {
            teams[index].runs.append(sample, self.has_prices);
        }
    }

    /// Kim and Nelson's selection on the replications after the pilot, without those that a remaining team did not
    /// complete.
    fn select(
        &mut self,
        eligible: &[usize],
        config: &SelectionConfig,
        question: &OptimalQuestion,
        teams: &mut [CandidateTeam],
    ) -> Option<Selection> {
        let objective = question.objective;
        let mut at = question.pilot;
        select(eligible.len(), config, |left, wanted| {
            let indices: Vec<usize> = left.iter().map(|&system| eligible[system]).collect();
            let mut rows = Vec::new();
            while rows.is_empty() && at < question.most {
                let some = at..(at + wanted).min(question.most);
                at = some.end;
                self.run(&indices, some.clone(), teams);
                let value = |index: &usize, replication: u64| {
                    Some(objective.burden(teams[*index].runs.value(objective, replication as usize)?))
                };
                rows = some.filter_map(|run| indices.iter().map(|index| value(index, run)).collect()).collect();
            }
            rows
        })
    }
}

impl OptimalResult {
    /// Compares every eligible team with the best.
    fn compare(&mut self) {
        let Some(best) = self.best else { return };
        let (objective, indifference_zone) = (self.question.objective, self.indifference_zone);
        let chosen = self.teams[best].runs.clone();
        for (index, team) in self.teams.iter_mut().enumerate() {
            if index == best {
                team.standing = TeamStanding::Best;
                continue;
            }
            if matches!(team.standing, TeamStanding::Twin(_) | TeamStanding::Incomplete) {
                continue;
            }
            let beyond = team.runs.beyond(&chosen, objective);
            let worse = beyond.map(|by| Interval { estimate: objective.burden(by.estimate), ..by });
            team.worse_by = worse;
            self.noise = self.noise + team.runs.noise(&chosen, objective);
            if team.standing == TeamStanding::Worse && worse.is_none_or(|by| by.low() <= indifference_zone) {
                team.standing = TeamStanding::Alike;
            }
        }
    }

    fn set_front(&mut self) {
        let is_comparable =
            |team: &CandidateTeam| !matches!(team.standing, TeamStanding::Twin(_) | TeamStanding::Incomplete);
        let comparable = indices(&self.teams, is_comparable);
        // All teams have the pilot, so that none is known better than another.
        let pilot = self.question.pilot as usize;
        let runs: Vec<Runs> = comparable.iter().map(|&index| self.teams[index].runs.first(pilot)).collect();
        for (index, on_front) in comparable.into_iter().zip(front::front(&runs.iter().collect::<Vec<_>>())) {
            self.teams[index].on_front = on_front;
        }
    }

    fn set_steps(&mut self) {
        let Some(best) = self.best.and_then(|best| self.teams.get(best)) else { return };
        let of_best =
            |team: &&CandidateTeam| team.architecture == best.architecture && team.runs.completing() >= COMPLETING;
        let mut line: Vec<(u32, &Runs)> =
            self.teams.iter().filter(of_best).map(|team| (team.agents, &team.runs)).collect();
        line.sort_by_key(|(agents, _)| *agents);
        let found = steps::steps(&line, self.question.pays);
        self.later = stops(&found).and_then(|stop| steps::later(&line, stop, self.question.pays));
        self.steps = found;
    }

    /// Returns the team of an index.
    pub fn team(&self, index: usize) -> Option<&CandidateTeam> {
        self.teams.get(index)
    }

    /// Total number of runs.
    pub fn runs(&self) -> usize {
        self.teams.iter().map(|team| team.runs.len()).sum()
    }
}
