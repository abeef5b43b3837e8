//! The best team: how many agents, organised how, for time, cost or quality, and how sure that is.
//!
//! Every team first has the same replications, a pilot. It says which teams complete, which are inside a deadline and a
//! budget, how large the indifference zone is in seconds, dollars or shares, which teams are on the front, and where the
//! next agent stops paying. Then [Kim and Nelson's procedure](crate::scaling::kim_nelson) chooses among the teams that
//! are left, on replications of its own, so that what the pilot settled does not weaken its promise. All teams share
//! their random numbers.

mod front;
mod runs;
mod steps;

use std::ops::Range;

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

/// A team that completes a smaller share of its runs has no honest mean: those it did not complete are missing from it.
pub const COMPLETING: f64 = 0.99;

/// n0: Kim and Nelson's first replications, for the variances.
pub const FIRST: u64 = 50;

/// The least pilot.
pub const LEAST_PILOT: u64 = 100;

/// Most teams to choose among.
pub const MOST_TEAMS: usize = 500;

/// What is asked.
#[derive(Clone, Debug)]
pub struct OptimalQuestion {
    /// What the team should be best at.
    pub objective: Objective,
    /// The architectures.
    pub architectures: Vec<Node>,
    /// The team sizes.
    pub sizes: Vec<u32>,
    /// The indifference zone, as a share of the best team's mean.
    pub indifference_zone: f64,
    /// The probability of a right choice.
    pub confidence: f64,
    /// Seconds that a run may take.
    pub deadline: Option<f64>,
    /// The share of runs that have to be inside the deadline.
    pub on_time: f64,
    /// What a run may cost on average, dollars, or tokens where nothing has a price.
    pub budget: Option<f64>,
    /// When the next agent pays.
    pub pays: Pays,
    /// Replications of every team before the choice.
    pub pilot: u64,
    /// Most replications of a team, pilot included.
    pub most: u64,
}

/// How a team stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamStanding {
    /// It is chosen.
    Best,
    /// It is not shown to be worse than the best by more than the indifference zone.
    Alike,
    /// It is.
    Worse,
    /// It does not complete often enough.
    Incomplete,
    /// It is not shown to be inside the deadline often enough.
    Late,
    /// It is not shown to be inside the budget on average.
    Dear,
    /// Run for run the same as the team at this place, which is smaller or named first.
    Twin(usize),
}

/// A team that was tried.
#[derive(Clone, Debug)]
pub struct CandidateTeam {
    /// Its size.
    pub agents: u32,
    /// Its architecture.
    pub architecture: String,
    /// Its runs.
    pub runs: Runs,
    /// How it stands.
    pub standing: TeamStanding,
    /// By how much it is worse than the best, paired; none for the best and where there are no pairs.
    pub worse_by: Option<Interval>,
    /// Whether it is on the front of time, cost and quality.
    pub on_front: bool,
    /// The share of its runs inside the deadline, if there is one.
    pub on_time: Option<Proportion>,
    /// Whether it is inside the budget, if there is one.
    pub in_budget: Option<bool>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct OptimalResult {
    /// The question.
    pub question: OptimalQuestion,
    /// Whether costs are dollars, not tokens.
    pub has_prices: bool,
    /// All teams, smallest first, each size in the order of the architectures.
    pub teams: Vec<CandidateTeam>,
    /// The chosen one; none if no team completes and is inside the limits.
    pub best: Option<usize>,
    /// The indifference zone in the objective's unit.
    pub indifference_zone: f64,
    /// How it was chosen; systems are places among those that could be.
    pub selection: Option<Selection>,
    /// How many could be chosen.
    pub choice: usize,
    /// What common random numbers were worth, over all comparisons with the best.
    pub noise: Variances,
    /// The best team's architecture at growing sizes.
    pub steps: Vec<SizeStep>,
    /// Where the next agent does not pay: the larger team that does, if there is one.
    pub later: Option<SizeStep>,
}

/// Whom to tell how it goes.
#[derive(Clone, Copy)]
pub struct OptimalProgress<'a> {
    /// So many more runs will be made.
    pub ahead: &'a dyn Fn(u64),
    /// So many more have been made.
    pub done: &'a (dyn Fn(u64) + Sync),
}

/// Finds the best team. The same for any number of threads.
///
/// # Errors
///
/// Everything that is wrong with any of the teams, before anything is run.
pub fn optimal(
    file: &ScenarioFile,
    question: OptimalQuestion,
    told: OptimalProgress<'_>,
) -> Result<OptimalResult, Problems> {
    let (scenarios, mut teams) = candidates(file, &question)?;
    let has_prices = scenarios.iter().any(|scenario| scenario.prices != Prices::default());
    let mut trial = Trial { scenarios: &scenarios, has_prices, told };
    let all: Vec<usize> = (0..teams.len()).collect();
    trial.run(&all, 0..question.pilot, &mut teams);
    judge(&question, &mut teams);
    let (mut selection, mut choice, mut indifference_zone);
    loop {
        choice = places(&teams, |team| team.standing == TeamStanding::Worse);
        indifference_zone = zone_of(&question, &teams, &choice);
        let promise = SelectionConfig { confidence: question.confidence, indifference_zone, first: FIRST };
        selection = trial.choose(&choice, &promise, &question, &mut teams);
        let best = selection.as_ref().and_then(|selection| choice.get(selection.best));
        // Only with more runs does it show that a team fails now and then: another choice, on the same replications.
        let Some(&failing) = best.filter(|&&best| teams[best].runs.completing() < COMPLETING) else { break };
        teams[failing].standing = TeamStanding::Incomplete;
        for team in &mut teams {
            team.runs.truncate(question.pilot as usize);
        }
    }
    let best = selection.as_ref().and_then(|selection| choice.get(selection.best)).copied();
    let mut answer = OptimalResult {
        question,
        has_prices,
        teams,
        best,
        indifference_zone,
        selection,
        choice: choice.len(),
        noise: Variances::default(),
        steps: Vec::new(),
        later: None,
    };
    answer.compare();
    answer.settle_front();
    answer.settle_steps();
    Ok(answer)
}

/// The teams, and the scenarios that they run.
fn candidates(
    file: &ScenarioFile,
    question: &OptimalQuestion,
) -> Result<(Vec<Scenario>, Vec<CandidateTeam>), Problems> {
    let (mut scenarios, mut teams, mut problems) = (Vec::new(), Vec::new(), Problems::default());
    for &agents in &question.sizes {
        let size = Node::from(agents);
        for architecture in &question.architectures {
            match file.at(&[("team.agents", &size), ("architecture", architecture)]) {
                Ok(scenario) => scenarios.push(scenario),
                Err(wrong) => problems.append(wrong),
            }
            teams.push(CandidateTeam {
                agents,
                architecture: label(architecture),
                runs: Runs::default(),
                standing: TeamStanding::Worse,
                worse_by: None,
                on_front: false,
                on_time: None,
                in_budget: None,
            });
        }
    }
    problems.or((scenarios, teams))
}

/// After the pilot: who can't be chosen, and why.
fn judge(question: &OptimalQuestion, teams: &mut [CandidateTeam]) {
    for place in 0..teams.len() {
        let (before, rest) = teams.split_at_mut(place);
        let Some(team) = rest.first_mut() else { continue };
        let runs = &team.runs;
        let share = |deadline| Proportion::of(runs.within(Objective::Time, deadline) as u64, runs.len() as u64);
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

/// The places of teams of a kind.
fn places(teams: &[CandidateTeam], is: impl Fn(&CandidateTeam) -> bool) -> Vec<usize> {
    teams.iter().enumerate().filter(|(_, team)| is(team)).map(|(place, _)| place).collect()
}

/// The indifference zone: a share of the best mean of the pilot, or where that is 0, of all means together.
fn zone_of(question: &OptimalQuestion, teams: &[CandidateTeam], choice: &[usize]) -> f64 {
    let mean = |&place: &usize| teams[place].runs.summary(question.objective).map(|summary| summary.mean);
    let means: Vec<f64> = choice.iter().filter_map(mean).collect();
    let burden = |value: &&f64| question.objective.burden(**value);
    let best = means.iter().min_by(|a, b| burden(a).total_cmp(&burden(b))).copied().unwrap_or(0.0);
    let all = means.iter().sum::<f64>() / means.len().max(1) as f64;
    let scale = [best.abs(), all.abs()].into_iter().find(|scale| *scale > 0.0);
    question.indifference_zone * scale.unwrap_or(1.0)
}

/// What runs the teams.
struct Trial<'a> {
    scenarios: &'a [Scenario],
    has_prices: bool,
    told: OptimalProgress<'a>,
}

impl Trial<'_> {
    /// More replications of some teams, behind those that they have.
    fn run(&self, places: &[usize], replications: Range<u64>, teams: &mut [CandidateTeam]) {
        (self.told.ahead)(places.len() as u64 * (replications.end - replications.start));
        let chosen: Vec<&Scenario> = places.iter().map(|&place| &self.scenarios[place]).collect();
        let samples = runner::more(&chosen, replications, self.told.done);
        for (&place, sample) in places.iter().zip(&samples) {
            teams[place].runs.append(sample, self.has_prices);
        }
    }

    /// Kim and Nelson's choice on the replications after the pilot, those left out in which a team that is still in the
    /// running did not complete.
    fn choose(
        &mut self,
        choice: &[usize],
        promise: &SelectionConfig,
        question: &OptimalQuestion,
        teams: &mut [CandidateTeam],
    ) -> Option<Selection> {
        let objective = question.objective;
        let mut at = question.pilot;
        select(choice.len(), promise, |left, wanted| {
            let places: Vec<usize> = left.iter().map(|&system| choice[system]).collect();
            let mut rows = Vec::new();
            while rows.is_empty() && at < question.most {
                let some = at..(at + wanted).min(question.most);
                at = some.end;
                self.run(&places, some.clone(), teams);
                let value = |place: &usize, replication: u64| {
                    Some(objective.burden(teams[*place].runs.value(objective, replication as usize)?))
                };
                rows = some.filter_map(|run| places.iter().map(|place| value(place, run)).collect()).collect();
            }
            rows
        })
    }
}

impl OptimalResult {
    /// Every team that could be chosen beside the best.
    fn compare(&mut self) {
        let Some(best) = self.best else { return };
        let (objective, indifference_zone) = (self.question.objective, self.indifference_zone);
        let chosen = self.teams[best].runs.clone();
        for (place, team) in self.teams.iter_mut().enumerate() {
            if place == best {
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

    fn settle_front(&mut self) {
        let is_sound =
            |team: &CandidateTeam| !matches!(team.standing, TeamStanding::Twin(_) | TeamStanding::Incomplete);
        let sound = places(&self.teams, is_sound);
        // The pilot is what all teams have: none looks better known than another.
        let pilot = self.question.pilot as usize;
        let runs: Vec<Runs> = sound.iter().map(|&place| self.teams[place].runs.first(pilot)).collect();
        for (place, on_front) in sound.into_iter().zip(front::front(&runs.iter().collect::<Vec<_>>())) {
            self.teams[place].on_front = on_front;
        }
    }

    fn settle_steps(&mut self) {
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

    /// The team at a place.
    pub fn team(&self, place: usize) -> Option<&CandidateTeam> {
        self.teams.get(place)
    }

    /// All runs that were made.
    pub fn runs(&self) -> usize {
        self.teams.iter().map(|team| team.runs.len()).sum()
    }
}
