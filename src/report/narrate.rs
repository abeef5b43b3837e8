//! Narrative of a run: one line an event, under the headings of its rounds.
//!
//! ```text
//!     0 s  agent 1  starts "parse"
//!  12.4 s  agent 1  lands "parse": done
//!  13.0 s  agent 2  loses the claim on "parse": agent 1 has done it
//! ```

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::engine::Time;
use crate::record::{
    Ending, Entry, Facts, Log, Message, Round, Service, Start, Step, StepKind, TaskEvent, TaskEventKind, Wait,
    WaitCause, Write,
};
use crate::report::render::number;
use crate::team::AgentId;
use crate::workload::TaskId;

/// Narrates a run. The same log gives the same text.
pub fn narrate(facts: &Facts, log: &Log) -> String {
    let mut narrator = Narrator {
        facts,
        log,
        text: String::new(),
        names: facts.agents.iter().map(|agent| agent.name.width()).max().unwrap_or(0),
        owner: vec![None; facts.tasks.len()],
        is_done: vec![false; facts.tasks.len()],
        writers: vec![None; facts.artifacts.len()],
        has_line: vec![false; facts.agents.len()],
        last: Time::ZERO,
    };
    narrator.heading(0);
    for (index, entry) in log.entries.iter().enumerate() {
        narrator.narrate(index, entry);
    }
    narrator.text
}

/// State of the narrative.
struct Narrator<'a> {
    facts: &'a Facts,
    log: &'a Log,
    text: String,
    /// Width of the longest name.
    names: usize,
    /// Agent that holds or completed a task.
    owner: Vec<Option<AgentId>>,
    is_done: Vec<bool>,
    /// Last writer of an artifact, and the time.
    writers: Vec<Option<(AgentId, Time)>>,
    /// True if the outcome of an agent's step has a line.
    has_line: Vec<bool>,
    /// Time of the last line.
    last: Time,
}

impl Narrator<'_> {
    fn narrate(&mut self, index: usize, entry: &Entry) {
        match entry {
            Entry::Start(start) => self.start(index, start),
            Entry::Task(event) => self.event(index, event),
            Entry::Write(write) => self.write(write),
            Entry::Message(message) => self.message(message),
            Entry::Wait(wait) => self.wait(index, wait),
            Entry::Service(service) => self.service(index, service),
            // The outcome of a test is in the line of its task.
            Entry::Test(_) | Entry::Input(..) => {}
            Entry::Step(step) => self.step(index, step),
            Entry::Round(_) => self.heading(index + 1),
            Entry::End(ending, at) => {
                let end = match ending {
                    Ending::Completed => "all tasks are done",
                    Ending::Stalled => "nobody can act any more: stalled",
                    Ending::OutOfTime => "a limit is reached: out of time",
                };
                self.text.push_str(line(*at, end).as_str());
            }
        }
    }

    /// Writes the heading of the round that begins at this index of the log, if one does.
    fn heading(&mut self, index: usize) {
        let following = self.log.entries.get(index..).unwrap_or_default();
        let round =
            following.iter().find_map(|entry| if let Entry::Round(round) = entry { Some(*round) } else { None });
        let Some(Round { number, start, end }) = round else { return };
        let steps = following.iter().filter_map(|entry| if let Entry::Step(step) = entry { Some(step) } else { None });
        let last = steps.take_while(|step| step.round == number).last();
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let _ = write!(self.text, "{gap}round {number}, {start} to {end}");
        if let Some(step) = last.filter(|_| self.facts.agents.len() > 1) {
            let _ = write!(self.text, ": {} ends it", self.facts.agent(step.agent));
        }
        self.text.push('\n');
    }

    /// Adds a line. A wait within a step is told when the step ends: no line has an earlier time than the one before.
    fn add(&mut self, at: Time, agent: AgentId, what: &str) {
        let at = at.max(self.last);
        self.last = at;
        let name = self.facts.agent(agent);
        let blank = " ".repeat(self.names.saturating_sub(name.width()));
        self.text.push_str(&line(at, &format!("{name}{blank}  {what}")));
    }

    fn start(&mut self, index: usize, start: &Start) {
        self.has_line[start.agent.index()] = false;
        let what = match (start.kind, start.task) {
            (StepKind::Assign, _) => "begins to hand out tasks".to_owned(),
            (StepKind::Monitor, _) => "looks at the board".to_owned(),
            (StepKind::Idle, _) => "is called and has nothing to do".to_owned(),
            (StepKind::Tool, _) => "runs a tool".to_owned(),
            (StepKind::Wait, _) => "waits".to_owned(),
            (StepKind::Work, None) => "starts".to_owned(),
            (StepKind::Work, Some(task)) => {
                // A claim granted at once has its line just before.
                let granted = self.log.entries[..index].iter().rev().map_while(|entry| match entry {
                    Entry::Task(event) if event.agent == start.agent && event.at == start.at => Some(event),
                    _ => None,
                });
                let is_granted = granted.into_iter().any(|event| is_claim(event) && event.task == task);
                let verb = if is_granted { "claims and starts" } else { "starts" };
                format!("{verb} {}", self.task(task))
            }
        };
        self.add(start.at, start.agent, &what);
    }

    fn event(&mut self, index: usize, event: &TaskEvent) {
        if let Some(what) = self.conflict(event) {
            self.add(event.at, event.agent, &what);
            return;
        }
        let task = self.task(event.task);
        let id = event.task.index();
        // These events do not depend on the agent's step.
        let befalls =
            matches!(event.kind, TaskEventKind::Assigned | TaskEventKind::Reclaimed | TaskEventKind::Reopened { .. });
        self.has_line[event.agent.index()] |= !befalls;
        let what = match event.kind {
            TaskEventKind::Claimed => {
                self.owner[id] = Some(event.agent);
                if !self.is_claimed_ahead(index, event) {
                    return;
                }
                format!("claims {task}")
            }
            TaskEventKind::Assigned => {
                self.owner[id] = Some(event.agent);
                format!("is given {task}")
            }
            TaskEventKind::LostClaim => self.lost_claim(event),
            TaskEventKind::BlockedClaim => format!("is blocked on {task}{}", self.open_dependencies(event.task)),
            TaskEventKind::Completed { right } => {
                self.owner[id] = Some(event.agent);
                self.is_done[id] = true;
                let what = if right { "done" } else { "reported as done, but wrong" };
                format!("lands {task}: {what}")
            }
            TaskEventKind::Rejected => format!("lands {task}: wrong, and a test finds it"),
            TaskEventKind::Conflicted => format!("lands {task}: it clashes with what others have changed meanwhile"),
            TaskEventKind::Orphaned => {
                self.owner[id] = Some(event.agent);
                format!("forgets its claim on {task}")
            }
            TaskEventKind::Reclaimed => {
                let line = line(event.at, &format!("the forgotten claim on {task} runs out"));
                self.text.push_str(&line);
                return;
            }
            TaskEventKind::Reopened { .. } => {
                self.is_done[id] = false;
                let line = line(event.at, &format!("{task} turns out not to be done after all"));
                self.text.push_str(&line);
                return;
            }
            TaskEventKind::Overwritten { .. } | TaskEventKind::Restored { .. } | TaskEventKind::ConflictMissed => {
                return;
            }
        };
        self.add(event.at, event.agent, &what);
    }

    fn lost_claim(&self, event: &TaskEvent) -> String {
        let (task, id) = (self.task(event.task), event.task.index());
        match self.owner[id] {
            Some(owner) if owner != event.agent && self.is_done[id] => {
                format!("loses the claim on {task}: {} has done it", self.facts.agent(owner))
            }
            Some(owner) if owner != event.agent => format!("loses the claim on {task} to {}", self.facts.agent(owner)),
            _ => format!("loses the claim on {task}: it has changed meanwhile"),
        }
    }

    /// Returns the line of an event between the work of agents; none for other events. The outcome of the step has its own.
    fn conflict(&self, event: &TaskEvent) -> Option<String> {
        let task = self.task(event.task);
        Some(match event.kind {
            TaskEventKind::Overwritten { noticed: true, .. } => {
                format!("overwrites the work on {task}, and a test finds it")
            }
            TaskEventKind::Overwritten { noticed: false, .. } => {
                format!("overwrites the work on {task}, and nobody notices")
            }
            TaskEventKind::Restored { .. } => format!("brings the work on {task} back: its write contains it"),
            TaskEventKind::ConflictMissed => format!("does not notice that {task} clashes with the work of others"),
            _ => return None,
        })
    }

    /// True if a claim has a line of its own: made at the decision, on a task other than the first of the step.
    /// All others are in the line of their outcome.
    fn is_claimed_ahead(&self, index: usize, event: &TaskEvent) -> bool {
        let following = &self.log.entries[index + 1..];
        let next = following.iter().find_map(|entry| match entry {
            Entry::Start(start) if start.agent == event.agent => Some(start.task != Some(event.task)),
            Entry::Step(step) if step.agent == event.agent => Some(false),
            _ => None,
        });
        next.unwrap_or(false)
    }

    /// Records a write; it has a line if it overwrites a change that its writer has not seen.
    fn write(&mut self, write: &Write) {
        let last = self.writers[write.artifact.index()].replace((write.agent, write.at));
        if let Some((other, at)) = last.filter(|&(other, at)| other != write.agent && at > write.start) {
            let (artifact, other) = (self.facts.artifact(write.artifact), self.facts.agent(other));
            let what = format!("also writes {artifact}, which {other} wrote at {at}");
            self.add(write.at, write.agent, &what);
        }
    }

    fn message(&mut self, message: &Message) {
        let what = match message.to {
            Some(to) => format!("tells {}", self.facts.agent(to)),
            None if message.deliveries == 1 => "tells everybody: 1 delivery".to_owned(),
            None => format!("tells everybody: {} deliveries", number::count(u64::from(message.deliveries))),
        };
        self.add(message.at, message.from, &what);
    }

    fn step(&mut self, index: usize, step: &Step) {
        let is_last = self.log.entries[index..].iter().all(|entry| matches!(entry, Entry::Step(_) | Entry::End(..)));
        if step.spent.lost > Time::ZERO && !self.has_line[step.agent.index()] {
            let what = if step.is_cut || is_last { "is cut off" } else { "comes back with nothing" };
            self.add(step.end, step.agent, what);
        }
    }

    /// Writes the line of a wait. The barrier is in the heading of its round, and the queue in the line of its service.
    fn wait(&mut self, index: usize, wait: &Wait) {
        let time = wait.end - wait.start;
        let what = match wait.cause {
            WaitCause::Barrier => return,
            WaitCause::Queue(resource) => {
                if self.served(index, wait, resource) {
                    return;
                }
                let queue =
                    self.facts.resource(resource).map_or("a queue".to_owned(), |name| format!("the queue {name}"));
                format!("has waited {time} in {queue}")
            }
            WaitCause::Dependencies => format!("has waited {time} for dependencies"),
            WaitCause::Lead => format!("has waited {time} for the lead"),
            WaitCause::Lock => format!("has waited {time} for a lock"),
            WaitCause::Messages => format!("has waited {time} for a message"),
            WaitCause::Backoff => format!("has waited {time} before a retry"),
            WaitCause::Down => format!("has been offline for {time} after a crash"),
            WaitCause::Nothing => format!("has had nothing to do for {time}"),
        };
        self.add(wait.end, wait.agent, &what);
    }

    /// True if the wait ends with a service, whose line contains the wait.
    fn served(&self, index: usize, wait: &Wait, resource: u32) -> bool {
        let following = self.log.entries[index + 1..].iter();
        let services = following.filter_map(|entry| match entry {
            Entry::Service(service) if service.agent == wait.agent => Some(service),
            _ => None,
        });
        services.take(1).any(|service| service.resource == resource && service.start == wait.end)
    }

    fn service(&mut self, index: usize, service: &Service) {
        let before = self.log.entries[..index].iter().rev();
        let queued = before
            .filter_map(|entry| match entry {
                Entry::Wait(wait) if wait.agent == service.agent => Some(wait),
                _ => None,
            })
            .find(|wait| wait.cause == WaitCause::Queue(service.resource) && wait.end == service.start);
        let queued = queued.map_or(String::new(), |wait| format!(" after {} in the queue", wait.end - wait.start));
        let name = self.facts.resource(service.resource).unwrap_or("service");
        let beside = if service.is_held { "" } else { ", while the agent goes on" };
        let what = format!("{name}: {}{queued}{beside}", service.end - service.start);
        self.add(service.end, service.agent, &what);
    }

    fn task(&self, task: TaskId) -> String {
        format!("\"{}\"", self.facts.task(task))
    }

    /// Returns the first unfinished dependency of a task.
    fn open_dependencies(&self, task: TaskId) -> String {
        let depends_on = self.facts.tasks.get(task.index()).map_or(&[][..], |task| &task.depends_on);
        let open = depends_on.iter().find(|&&on| self.is_done.get(on.index()) == Some(&false));
        open.map_or(String::new(), |&on| format!(": {} is not done", self.task(on)))
    }
}

fn is_claim(event: &TaskEvent) -> bool {
    event.kind == TaskEventKind::Claimed
}

fn line(at: Time, what: &str) -> String {
    format!("{:>8}  {what}\n", at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture;

    #[test]
    fn a_run_reads_as_a_story() {
        let expected = "\
round 1, 0 s to 12.4 s: bo & <co> ends it
     0 s  ann        starts \"parse\"
     0 s  bo & <co>  starts \"parse\"
   9.0 s  ann        lands \"parse\": done
  12.4 s  bo & <co>  also writes parse.rs, which ann wrote at 9.0 s
  12.4 s  bo & <co>  loses the claim on \"parse\": ann has done it

round 2, 12.4 s to 16.0 s: ann ends it
  12.4 s  ann        starts \"lint\"
  12.4 s  bo & <co>  starts \"読む \"docs\"\"
  15.0 s  bo & <co>  forgets its claim on \"読む \"docs\"\"
  16.0 s  ann        has waited 600 ms in a queue
  16.0 s  ann        lands \"lint\": wrong, and a test finds it

round 3, 16.0 s to 20.0 s: ann ends it
  16.0 s  ann        starts \"lint\"
  16.0 s  bo & <co>  is called and has nothing to do
  20.0 s  ann        lands \"lint\": done
  20.0 s  nobody can act any more: stalled
";
        assert_eq!(narrate(&fixture::facts(), &fixture::log()), expected);
    }

    #[test]
    fn waits_have_their_causes_and_services_their_queues() {
        const ANN: AgentId = AgentId::new(0);
        let us = Time::from_us;
        let wait = |cause, start, end| Entry::Wait(Wait { agent: ANN, cause, start: us(start), end: us(end) });
        let service = |start, end, is_held| {
            Entry::Service(Service { agent: ANN, resource: 0, start: us(start), end: us(end), is_held })
        };
        let event = |kind| Entry::Task(TaskEvent { task: TaskId::new(0), agent: ANN, at: us(80), kind });
        let mut log = fixture::log();
        log.entries = vec![
            wait(WaitCause::Lead, 0, 4),
            wait(WaitCause::Queue(0), 10, 30),
            service(30, 61, true),
            wait(WaitCause::Queue(0), 61, 63),
            wait(WaitCause::Queue(1), 63, 66),
            wait(WaitCause::Lock, 66, 67),
            wait(WaitCause::Barrier, 67, 68),
            service(70, 75, false),
            event(TaskEventKind::Overwritten { right: true, noticed: true }),
            event(TaskEventKind::Restored { right: true }),
            event(TaskEventKind::ConflictMissed),
            wait(WaitCause::Nothing, 80, 99),
        ];
        let facts = Facts { resources: vec!["tests".to_owned()], ..fixture::facts() };
        let expected = "    4 µs  ann        has waited 4 µs for the lead
   61 µs  ann        tests: 31 µs after 20 µs in the queue
   63 µs  ann        has waited 2 µs in the queue tests
   66 µs  ann        has waited 3 µs in a queue
   67 µs  ann        has waited 1 µs for a lock
   75 µs  ann        tests: 5 µs, while the agent goes on
   80 µs  ann        overwrites the work on \"parse\", and a test finds it
   80 µs  ann        brings the work on \"parse\" back: its write contains it
   80 µs  ann        does not notice that \"parse\" clashes with the work of others
   99 µs  ann        has had nothing to do for 19 µs
";
        assert_eq!(narrate(&facts, &log), expected);
    }

    #[test]
    fn without_rounds_claims_can_be_granted_at_once() {
        const ANN: AgentId = AgentId::new(0);
        let event = |task, kind| Entry::Task(TaskEvent { task: TaskId::new(task), agent: ANN, at: Time::ZERO, kind });
        let mut log = fixture::log();
        log.entries = vec![
            event(0, TaskEventKind::Claimed),
            event(2, TaskEventKind::Claimed),
            Entry::Start(Start { agent: ANN, kind: StepKind::Work, task: Some(TaskId::new(0)), at: Time::ZERO }),
            Entry::Message(Message { from: AgentId::new(1), to: None, deliveries: 1, at: Time::from_us(5) }),
            event(1, TaskEventKind::BlockedClaim),
        ];
        let expected = "     0 s  ann        claims \"読む \"docs\"\"
     0 s  ann        claims and starts \"parse\"
    5 µs  bo & <co>  tells everybody: 1 delivery
    5 µs  ann        is blocked on \"lint\": \"parse\" is not done
";
        assert_eq!(narrate(&fixture::facts(), &log), expected);
    }
}
