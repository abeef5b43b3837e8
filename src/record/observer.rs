//! Observers of a run. They never draw and never change anything: a run is the same under any observer.

use crate::engine::Time;
use crate::record::entry::{Ending, InputParts, Message, Round, Service, Start, Step, TaskEvent, TestRun, Wait, Write};
use crate::team::AgentId;

/// Told of every entry as it happens. The default is not to care, which costs nothing: calls are resolved at compile
/// time.
pub trait Observer {
    /// A run begins.
    fn begin(&mut self, agents: usize, tasks: usize, artifacts: usize) {
        let _ = (agents, tasks, artifacts);
    }
    /// An agent has decided.
    fn start(&mut self, _start: &Start) {}
    /// A task changed.
    fn task(&mut self, _event: &TaskEvent) {}
    /// An artifact was written.
    fn write(&mut self, _write: &Write) {}
    /// Tests were run.
    fn test(&mut self, _test: &TestRun) {}
    /// A message was sent.
    fn message(&mut self, _message: &Message) {}
    /// An agent has waited.
    fn wait(&mut self, _wait: &Wait) {}
    /// A reply was served by a shared resource.
    fn service(&mut self, _service: &Service) {}
    /// Parts of the input of the call whose step ends next.
    fn input(&mut self, _agent: AgentId, _parts: &InputParts) {}
    /// A step ended.
    fn step(&mut self, _step: &Step) {}
    /// A round ended.
    fn round(&mut self, _round: &Round) {}
    /// The run ended.
    fn end(&mut self, _ending: Ending, _at: Time) {}
}

/// Nobody listens.
impl Observer for () {}

/// Two listen.
impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn begin(&mut self, agents: usize, tasks: usize, artifacts: usize) {
        self.0.begin(agents, tasks, artifacts);
        self.1.begin(agents, tasks, artifacts);
    }
    fn start(&mut self, start: &Start) {
        self.0.start(start);
        self.1.start(start);
    }
    fn task(&mut self, event: &TaskEvent) {
        self.0.task(event);
        self.1.task(event);
    }
    fn write(&mut self, write: &Write) {
        self.0.write(write);
        self.1.write(write);
    }
    fn test(&mut self, test: &TestRun) {
        self.0.test(test);
        self.1.test(test);
    }
    fn message(&mut self, message: &Message) {
        self.0.message(message);
        self.1.message(message);
    }
    fn wait(&mut self, wait: &Wait) {
        self.0.wait(wait);
        self.1.wait(wait);
    }
    fn service(&mut self, service: &Service) {
        self.0.service(service);
        self.1.service(service);
    }
    fn input(&mut self, agent: AgentId, parts: &InputParts) {
        self.0.input(agent, parts);
        self.1.input(agent, parts);
    }
    fn step(&mut self, step: &Step) {
        self.0.step(step);
        self.1.step(step);
    }
    fn round(&mut self, round: &Round) {
        self.0.round(round);
        self.1.round(round);
    }
    fn end(&mut self, ending: Ending, at: Time) {
        self.0.end(ending, at);
        self.1.end(ending, at);
    }
}
