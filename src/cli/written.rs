//! The forms in which a run is written, told by the name of the file.

use std::path::Path;

use crate::cli::console::Failure;
use crate::record::Log;
use crate::trace::export::{chrome, otlp};
use crate::trace::{RunFacts, Trace, native, replay};

/// In which form a run is written.
pub(super) enum TraceFormat {
    Native,
    Chrome,
    Otlp,
}

impl TraceFormat {
    /// The form that the name of a file asks for.
    pub(super) fn of(path: &Path) -> Result<TraceFormat, Failure> {
        let name = path.to_string_lossy();
        if name.ends_with(".steps.jsonl") {
            Ok(TraceFormat::Native)
        } else if name.ends_with(".trace.json") {
            Ok(TraceFormat::Chrome)
        } else if name.ends_with(".otlp.jsonl") {
            Ok(TraceFormat::Otlp)
        } else {
            let known =
                "it ends in .steps.jsonl (brooks), .trace.json (Chrome, Perfetto) or .otlp.jsonl (OpenTelemetry)";
            Err(Failure::Usage(format!("--trace-out {name}: the form is told by the name: {known}")))
        }
    }

    /// A simulated run.
    pub(super) fn of_simulated(&self, run: &RunFacts, log: &Log) -> String {
        match self {
            TraceFormat::Native => native::write(&Trace::of_run(run, log)),
            TraceFormat::Chrome => chrome::write(run, log),
            TraceFormat::Otlp => otlp::write(&Trace::of_run(run, log)),
        }
    }

    /// A recorded run and its replay.
    pub(super) fn of_recorded(&self, trace: &Trace, log: &Log) -> String {
        match self {
            TraceFormat::Native => native::write(trace),
            TraceFormat::Chrome => chrome::write(&replay::run_facts(trace), log),
            TraceFormat::Otlp => otlp::write(trace),
        }
    }
}
