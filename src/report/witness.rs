//! Cause of an incomplete run: the unfinished tasks that block all others, and their states.

use std::fmt::Write as _;

use crate::record::{Ending, Entry, Facts, Log, TaskEventKind};
use crate::report::render::number;
use crate::team::AgentId;
use crate::workload::TaskId;

/// Most tasks named.
const MAX_NAMED: usize = 3;

/// The blocking tasks at the end of an incomplete run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Number of completed tasks.
    pub done: usize,
    /// Number of all tasks.
    pub tasks: usize,
    /// Unfinished tasks with all dependencies done, each with its state.
    pub culprits: Vec<(TaskId, State)>,
}

/// State of a task after its last event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Never assigned or claimed.
    Untaken,
    /// Assigned, but not started.
    Given(AgentId),
    /// Claimed, but not completed.
    Held(AgentId),
    /// Claimed and orphaned.
    Forgotten(AgentId),
    /// Rejected or conflicted.
    Failed(AgentId),
    /// Completed.
    Done,
}

impl Witness {
    /// Returns the blocking tasks from the log of a run.
    pub fn from_log(facts: &Facts, log: &Log) -> Witness {
        let mut states = vec![State::Untaken; facts.tasks.len()];
        for entry in &log.entries {
            let Entry::Task(event) = entry else { continue };
            let Some(state) = states.get_mut(event.task.index()) else { continue };
            match event.kind {
                TaskEventKind::Assigned => *state = State::Given(event.agent),
                TaskEventKind::Claimed => *state = State::Held(event.agent),
                TaskEventKind::Completed { .. } => *state = State::Done,
                TaskEventKind::Orphaned => *state = State::Forgotten(event.agent),
                TaskEventKind::Rejected | TaskEventKind::Conflicted => *state = State::Failed(event.agent),
                TaskEventKind::Reclaimed | TaskEventKind::Reopened { .. } => *state = State::Untaken,
                TaskEventKind::LostClaim
                | TaskEventKind::BlockedClaim
                | TaskEventKind::Overwritten { .. }
                | TaskEventKind::Restored { .. }
                | TaskEventKind::ConflictMissed => {}
            }
        }
        let is_done = |task: &TaskId| states.get(task.index()).is_none_or(|state| *state == State::Done);
        let startable = |task: &usize| facts.tasks[*task].depends_on.iter().all(is_done);
        let open = (0..states.len()).filter(|&task| states[task] != State::Done).filter(startable);
        Witness {
            done: states.iter().filter(|state| **state == State::Done).count(),
            tasks: states.len(),
            culprits: open.map(|task| (TaskId::at(task), states[task])).collect(),
        }
    }

    /// Describes the cause: `12 of 20 tasks done; everybody waits for "parse", which agent 1 claimed and forgot`.
    pub fn describe(&self, facts: &Facts, ending: Ending) -> String {
        let mut text =
            format!("{} of {} tasks done", number::count(self.done as u64), number::count(self.tasks as u64));
        let named: Vec<String> = self.culprits.iter().take(MAX_NAMED).map(|culprit| name(facts, *culprit)).collect();
        if named.is_empty() {
            return text;
        }
        let (verb, and) = match ending {
            Ending::Stalled => ("everybody waits for ", ", and for "),
            Ending::Completed | Ending::OutOfTime => ("still to do: ", "; "),
        };
        let _ = write!(text, "; {verb}{}", named.join(and));
        if self.culprits.len() > MAX_NAMED {
            let _ = write!(text, "{and}{} more", self.culprits.len() - MAX_NAMED);
        }
        text
    }
}

fn name(facts: &Facts, (task, state): (TaskId, State)) -> String {
    let task = facts.task(task);
    match state {
        State::Untaken | State::Done => format!("\"{task}\", which nobody took"),
        State::Given(agent) => format!("\"{task}\", which {} was given and did not begin", facts.agent(agent)),
        State::Held(agent) => format!("\"{task}\", which {} had claimed", facts.agent(agent)),
        State::Forgotten(agent) => format!("\"{task}\", which {} claimed and forgot", facts.agent(agent)),
        State::Failed(agent) => format!("\"{task}\", which {} got wrong", facts.agent(agent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn a_stall_names_its_cause() {
        let (facts, log) = (fixture::facts(), fixture::log());
        let witness = Witness::from_log(&facts, &log);
        assert_eq!(witness.culprits, [(TaskId::new(2), State::Forgotten(AgentId::new(1)))]);
        let expected = "2 of 3 tasks done; everybody waits for \"読む \"docs\"\", which bo & <co> claimed and forgot";
        assert_eq!(witness.describe(&facts, Ending::Stalled), expected);
    }

    #[test]
    fn only_what_holds_up_the_rest_is_named() {
        let (facts, mut log) = (fixture::facts(), fixture::log());
        log.entries.clear();
        let witness = Witness::from_log(&facts, &log);
        let expected =
            "0 of 3 tasks done; still to do: \"parse\", which nobody took; \"読む \"docs\"\", which nobody took";
        assert_eq!(witness.describe(&facts, Ending::OutOfTime), expected);
    }
}
