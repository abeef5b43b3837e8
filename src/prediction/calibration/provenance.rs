//! Provenance of a profile: envelope, date and digest of the demonstrations that it was learned from.

use crate::engine::Digest;
use crate::prediction::calibration::{Demonstration, RunMetadata};
use crate::team::{Envelope, RecordedCall};

/// Returns the smallest envelope that contains all these runs; none without runs.
pub(super) fn envelope(demonstrations: &[&Demonstration]) -> Option<Envelope> {
    let of_run = |demonstration: &&Demonstration| {
        let RunMetadata { tasks, parallel_fraction: p, context, .. } = demonstration.metadata;
        Envelope {
            agents: (demonstration.agents, demonstration.agents),
            tasks: (tasks, tasks),
            parallel_fraction: (p, p),
            context: context.map(|tokens| (tokens, tokens)),
        }
    };
    demonstrations.iter().map(of_run).reduce(Envelope::with)
}

/// Returns the latest date of these runs, as far as they are dated.
pub(super) fn latest_date<'l>(demonstrations: impl Iterator<Item = &'l Demonstration>) -> Option<String> {
    // ISO dates sort as text.
    demonstrations.filter_map(|demonstration| demonstration.metadata.date.clone()).max()
}

/// Returns a digest of the demonstrations: names of runs and every figure of every call. The order of the runs has no
/// effect.
pub(super) fn corpus_digest<'l>(demonstrations: impl Iterator<Item = &'l Demonstration>) -> u64 {
    let mut runs: Vec<u64> = demonstrations.map(run_digest).collect();
    runs.sort_unstable();
    let mut digest = Digest::default();
    for run in runs {
        digest.add(run);
    }
    digest.value()
}

fn run_digest(demonstration: &Demonstration) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(&demonstration.trace);
    digest.add_text(demonstration.model.as_deref().unwrap_or_default());
    for calls in &demonstration.trajectories {
        digest.add(calls.len() as u64);
        for call in calls {
            add_call(&mut digest, call);
        }
    }
    digest.value()
}

fn add_call(digest: &mut Digest, call: &RecordedCall) {
    let counts = call.observation.tasks.iter().chain(&call.writes).chain(&call.claims).chain(&call.completes);
    counts.for_each(|&count| digest.add(u64::from(count)));
    for figure in [call.latency_s, call.tests_s, call.output_tokens] {
        digest.add(figure.to_bits());
    }
}
