//! Trace formats of `--trace-out`, inferred from the file extension.

use std::path::Path;

use crate::cli::console::Failure;
use crate::record::Log;
use crate::trace::export::{chrome, otlp};
use crate::trace::{RunFacts, Trace, native, replay};

/// Format of a written run.
pub(super) enum TraceFormat {
    Native,
    Chrome,
    Otlp,
}

impl TraceFormat {
    /// Infers the format from the file extension.
    pub(super) fn from_path(path: &Path) -> Result<TraceFormat, Failure> {
        let name = path.to_string_lossy();
        if name.ends_with(".steps.jsonl") {
            Ok(TraceFormat::Native)
        } else if name.ends_with(".trace.json") {
            Ok(TraceFormat::Chrome)
        } else if name.ends_with(".otlp.jsonl") {
            Ok(TraceFormat::Otlp)
        } else {
            let expected =
                "expected .steps.jsonl (brooks), .trace.json (Chrome, Perfetto) or .otlp.jsonl (OpenTelemetry)";
            Err(Failure::Usage(format!(
                "--trace-out {name}: the format is inferred from the file extension: {expected}"
            )))
        }
    }

    /// Formats a simulated run.
    pub(super) fn write_simulated(&self, run: &RunFacts, log: &Log) -> String {
        match self {
            TraceFormat::Native => native::write(&Trace::of_run(run, log)),
            TraceFormat::Chrome => chrome::write(run, log),
            TraceFormat::Otlp => otlp::write(&Trace::of_run(run, log)),
        }
    }

    /// Formats a recorded run and its replay.
    pub(super) fn write_recorded(&self, trace: &Trace, log: &Log) -> String {
        match self {
            TraceFormat::Native => native::write(trace),
            TraceFormat::Chrome => chrome::write(&replay::run_facts(trace), log),
            TraceFormat::Otlp => otlp::write(trace),
        }
    }
}
