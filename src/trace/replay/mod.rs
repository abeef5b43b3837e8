//! A recorded run through the engine again: its steps become events, and what was recorded of their order (barriers,
//! tests that block everybody, gaps, what came after what) decides when they happen. Observers are told the same
//! entries as of a simulated run.

mod counts;
mod effects;
mod free;
mod rounds;
mod self_time;

pub use counts::{Counted, Counts};
pub(crate) use effects::spent;
pub(crate) use self_time::self_times;

use crate::engine::Time;
use crate::record::{AgentFacts, Ending, Facts, Metrics, Observer, Prices, Stats, TaskFacts};
use crate::team::AgentId;
use crate::trace::RunFacts;
use crate::trace::model::Trace;
use crate::workload::TaskId;

/// What a replay gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// How long the run took, as its recorder measured it; none if it did not say.
    pub recorded: Option<Time>,
    /// How long the replay took: start to last commit.
    pub replayed: Time,
    /// The figures of the replayed run.
    pub metrics: Metrics,
    /// Counts of the recording, where it has them, beside those of the replay.
    pub counted: Vec<Counted>,
    /// Where each agent's time went, by its number.
    pub agents: Vec<AgentTime>,
    /// The rounds, if there are any.
    pub rounds: Vec<RoundTime>,
    /// Steps that are said to come after others which ended later: an order that times contradict is not followed.
    pub contradictions: usize,
}

/// Where the time of an agent went. Together it is the time for which the agent was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentTime {
    /// Since when it was there: from the start in rounds and in simulated runs, else from its first step.
    pub from: Time,
    /// Until when: to the end of the run, or to its last step.
    pub to: Time,
    /// In calls and tools of its own, and in tests that it ran.
    pub busy: Time,
    /// Waiting while tests that others ran blocked everybody.
    pub blocked_on_tests: Time,
    /// Waiting for a person.
    pub for_person: Time,
    /// All other waiting: for the slowest of the round, for another agent, for nothing.
    pub waiting: Time,
}

/// A round of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoundTime {
    /// Its number.
    pub number: u32,
    /// From.
    pub start: Time,
    /// To.
    pub end: Time,
    /// Who ended it.
    pub straggler: AgentId,
    /// The slowest latency less the mean one; none with fewer than two replies.
    pub gap: Option<Time>,
}

impl Replay {
    /// Waiting is what is left of the time for which each agent was there. Agents that come and go, as subagents do, do
    /// not wait before and after.
    fn settle(&mut self, trace: &Trace) {
        let end = self.replayed;
        let is_fixed_team = trace.header.barrier || trace.header.source.format == "simulation";
        let mut there = Time::ZERO;
        for agent in &mut self.agents {
            if is_fixed_team {
                agent.from = Time::ZERO;
                agent.to = end;
            }
            agent.from = agent.from.min(agent.to);
            let whole = agent.to - agent.from;
            agent.for_person = agent.for_person.min(whole - agent.busy - agent.blocked_on_tests);
            agent.waiting = whole - agent.busy - agent.blocked_on_tests - agent.for_person;
            there += whole;
        }
        let budget = &mut self.metrics.budget;
        budget.waiting = there - (budget.work + budget.coordination + budget.lost + budget.rework);
    }

    /// The error of the replayed length, in percent of the recorded one.
    pub fn error_percent(&self) -> Option<f64> {
        let recorded = self.recorded.filter(|recorded| *recorded > Time::ZERO)?.as_secs();
        Some((self.replayed.as_secs() - recorded).abs() / recorded * 100.0)
    }

    /// Whether all counts that the recording has are those of the replay.
    pub fn counts_equal(&self) -> bool {
        self.counted.iter().all(|counted| counted.recorded == counted.replayed)
    }
}

/// Replays a trace. The observer is told every entry.
///
/// ```
/// use brooks::record::Log;
/// use brooks::trace::{native, replay};
///
/// let text = include_str!("../../../traces/self-claim.steps.jsonl");
/// let trace = native::read("self-claim", text.as_bytes()).next().unwrap()?;
/// let mut log = Log::default();
/// let replay = replay::replay(&trace, &mut log);
/// assert_eq!(replay.recorded, Some(replay.replayed));
/// assert!(replay.counts_equal());
/// # Ok::<(), brooks::problem::Problems>(())
/// ```
pub fn replay<O: Observer>(trace: &Trace, observer: &mut O) -> Replay {
    let (mut stats, mut counts) = (Stats::new(Prices::default()), Counts::default());
    let mut replay = Replay::default();
    {
        let mut all = (&mut (&mut stats, &mut counts), observer);
        all.begin(trace.header.agents.len(), trace.header.tasks.len(), trace.names.len());
        replay.replayed = if trace.header.barrier {
            rounds::replay(trace, &mut all, &mut replay)
        } else {
            free::replay(trace, &mut all, &mut replay)
        };
        all.end(ending(trace), replay.replayed);
    }
    replay.recorded = trace.total("duration_us").map(Time::from_us_f64);
    replay.metrics = stats.metrics();
    replay.counted = counts.beside(trace, &replay.metrics);
    replay.settle(trace);
    replay
}

/// How the recorded run ended. One that does not say has come to its end.
fn ending(trace: &Trace) -> Ending {
    let Some(outcome) = &trace.header.outcome else { return Ending::Completed };
    match outcome.reason.as_deref() {
        Some("stalled") => Ending::Stalled,
        Some("out_of_time") => Ending::OutOfTime,
        _ if outcome.success == Some(false) => Ending::OutOfTime,
        _ => Ending::Completed,
    }
}

/// What is known of a replayed run beside its log.
pub fn run_facts(trace: &Trace) -> RunFacts {
    let labels = trace.header.labels.keys().filter_map(|name| Some((name.clone(), trace.label(name)?)));
    RunFacts {
        trace: trace.header.trace.clone(),
        architecture: trace.header.architecture.clone().unwrap_or_default(),
        barrier: trace.header.barrier,
        labels: labels.collect(),
        facts: facts(trace),
    }
}

/// The names behind the numbers of a replayed log.
pub fn facts(trace: &Trace) -> Facts {
    let number = |id: &String| trace.header.tasks.iter().position(|task| task.id == *id).map(TaskId::at);
    let agents = trace
        .header
        .agents
        .iter()
        .map(|agent| AgentFacts { name: agent.name.clone(), is_lead: agent.role.as_deref() == Some("lead") });
    let tasks = trace.header.tasks.iter().map(|task| TaskFacts {
        name: task.id.clone(),
        depends_on: task.depends_on.iter().filter_map(number).collect(),
        weight: task.weight.unwrap_or(1.0),
    });
    Facts {
        agents: agents.collect(),
        tasks: tasks.collect(),
        artifacts: trace.names.iter().map(str::to_owned).collect(),
    }
}
