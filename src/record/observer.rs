//! Observers of a run. They never draw and never change anything: a run is the same under any observer.

use crate::engine::Time;
use crate::record::entry::{Ending, Message, Round, Start, Step, TaskEvent, TestRun, Write};

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
