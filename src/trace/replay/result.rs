//! Results of a replay.

use crate::engine::Time;
use crate::record::Metrics;
use crate::team::AgentId;
use crate::trace::model::Trace;
use crate::trace::replay::counts::Counted;

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
    pub(super) fn settle(&mut self, trace: &Trace) {
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
