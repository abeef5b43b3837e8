//! Results of a replay.

use crate::engine::Time;
use crate::record::Metrics;
use crate::team::AgentId;
use crate::trace::model::Trace;
use crate::trace::replay::counts::Counted;

/// Result of a replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// Recorded duration of the run; none if unknown.
    pub recorded: Option<Time>,
    /// Replayed duration: start to last commit.
    pub replayed: Time,
    /// Metrics of the replayed run.
    pub metrics: Metrics,
    /// Counts that the recording also has.
    pub counted: Vec<Counted>,
    /// Use of the time of each agent, by number.
    pub agents: Vec<AgentTime>,
    /// Rounds; empty without a barrier.
    pub rounds: Vec<RoundTime>,
    /// Number of recorded dependencies that contradict the times and are ignored.
    pub contradictions: usize,
}

/// Use of the time of an agent. The parts sum to the time for which the agent was present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AgentTime {
    /// Start of its presence: the start of the run with rounds and in simulated runs, else its first step.
    pub from: Time,
    /// End of its presence: the end of the run, or of its last step.
    pub to: Time,
    /// Time in its own calls, tools and tests.
    pub busy: Time,
    /// Time blocked by tests of other agents.
    pub blocked_on_tests: Time,
    /// Time waiting for a person.
    pub for_person: Time,
    /// All other waiting time, such as for the straggler of the round or for another agent.
    pub waiting: Time,
}

/// A round of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RoundTime {
    /// Number of the round, from 1.
    pub number: u32,
    /// Start.
    pub start: Time,
    /// End.
    pub end: Time,
    /// Agent that ended last.
    pub straggler: AgentId,
    /// Maximum latency minus mean latency; none with fewer than two replies.
    pub gap: Option<Time>,
}

impl Replay {
    /// Computes waiting times as the rest of the presence of each agent. Subagents are present for their lifetime only.
    pub(super) fn settle(&mut self, trace: &Trace) {
        let end = self.replayed;
        let is_fixed_team = trace.header.barrier || trace.header.source.format == "simulation";
        let mut present = Time::ZERO;
        for agent in &mut self.agents {
            if is_fixed_team {
                agent.from = Time::ZERO;
                agent.to = end;
            }
            agent.from = agent.from.min(agent.to);
            let whole = agent.to - agent.from;
            agent.for_person = agent.for_person.min(whole - agent.busy - agent.blocked_on_tests);
            agent.waiting = whole - agent.busy - agent.blocked_on_tests - agent.for_person;
            present += whole;
        }
        let budget = &mut self.metrics.budget;
        budget.set_waiting(present - (budget.total() - budget.waiting));
    }

    /// Returns the error of the replayed duration, in percent of the recorded one.
    pub fn error_percent(&self) -> Option<f64> {
        let recorded = self.recorded.filter(|recorded| *recorded > Time::ZERO)?.as_secs();
        Some((self.replayed.as_secs() - recorded).abs() / recorded * 100.0)
    }

    /// Returns true if all counts of recording and replay are equal.
    pub fn counts_equal(&self) -> bool {
        self.counted.iter().all(|counted| counted.recorded == counted.replayed)
    }
}
