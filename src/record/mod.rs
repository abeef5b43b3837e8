//! L3: what one run leaves behind, simulated or recorded: entries, who listens to them, and the figures they give.

pub mod budget;
pub mod entry;
pub mod facts;
#[cfg(test)]
pub(crate) mod fixture;
pub mod log;
pub mod metrics;
pub mod observer;
pub mod stats;

pub use budget::{NAMED_QUEUES, TimeBudget, WaitingByCause};
pub use entry::{
    Ending, Entry, InputParts, Message, Round, Service, Start, Step, StepKind, TaskEvent, TaskEventKind, TestRun,
    TimeSplit, Wait, WaitCause, Write,
};
pub use facts::{AgentFacts, Facts, TaskFacts};
pub use log::Log;
pub use metrics::{METRICS, Metric, Metrics};
pub use observer::Observer;
pub use stats::{Prices, Stats};
