//! Keeps every entry of a run.

use crate::engine::Time;
use crate::record::entry::{
    Ending, Entry, InputParts, Message, Round, Service, Start, Step, TaskEvent, TestRun, Wait, Write,
};
use crate::record::observer::Observer;
use crate::team::AgentId;

/// All entries of one run, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// The entries.
    pub entries: Vec<Entry>,
    shape: (usize, usize, usize),
}

impl Log {
    /// Tells everything again to another observer, as if the run were happening now.
    pub fn replay<O: Observer>(&self, observer: &mut O) {
        let (agents, tasks, artifacts) = self.shape;
        observer.begin(agents, tasks, artifacts);
        for entry in &self.entries {
            match entry {
                Entry::Start(start) => observer.start(start),
                Entry::Task(event) => observer.task(event),
                Entry::Write(write) => observer.write(write),
                Entry::Test(test) => observer.test(test),
                Entry::Message(message) => observer.message(message),
                Entry::Wait(wait) => observer.wait(wait),
                Entry::Service(service) => observer.service(service),
                Entry::Input(agent, parts) => observer.input(*agent, parts),
                Entry::Step(step) => observer.step(step),
                Entry::Round(round) => observer.round(round),
                Entry::End(ending, at) => observer.end(*ending, *at),
            }
        }
    }

    /// The steps, in the order in which they ended.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.entries.iter().filter_map(|entry| if let Entry::Step(step) = entry { Some(step) } else { None })
    }

    /// Number of agents the team had.
    pub fn agents(&self) -> usize {
        self.shape.0
    }
}

impl Observer for Log {
    fn begin(&mut self, agents: usize, tasks: usize, artifacts: usize) {
        self.entries.clear();
        self.shape = (agents, tasks, artifacts);
    }
    fn start(&mut self, start: &Start) {
        self.entries.push(Entry::Start(*start));
    }
    fn task(&mut self, event: &TaskEvent) {
        self.entries.push(Entry::Task(*event));
    }
    fn write(&mut self, write: &Write) {
        self.entries.push(Entry::Write(*write));
    }
    fn test(&mut self, test: &TestRun) {
        self.entries.push(Entry::Test(*test));
    }
    fn message(&mut self, message: &Message) {
        self.entries.push(Entry::Message(*message));
    }
    fn wait(&mut self, wait: &Wait) {
        self.entries.push(Entry::Wait(*wait));
    }
    fn service(&mut self, service: &Service) {
        self.entries.push(Entry::Service(*service));
    }
    fn input(&mut self, agent: AgentId, parts: &InputParts) {
        self.entries.push(Entry::Input(agent, *parts));
    }
    fn step(&mut self, step: &Step) {
        self.entries.push(Entry::Step(*step));
    }
    fn round(&mut self, round: &Round) {
        self.entries.push(Entry::Round(*round));
    }
    fn end(&mut self, ending: Ending, at: Time) {
        self.entries.push(Entry::End(ending, at));
    }
}
