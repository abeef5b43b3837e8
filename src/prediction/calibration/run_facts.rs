//! What a recorded run is like from outside: when it was made, how much work it had, how much its calls read. From it
//! comes the envelope of a profile; nothing of it is followed by agents.

use crate::engine::Digest;
use crate::prediction::calibration::Demonstration;
use crate::table::timestamp;
use crate::team::{Envelope, Habit};
use crate::trace::{Trace, TraceSummary};
use crate::workload::{Measure, TaskGraph};

/// A recorded run from outside.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct About {
    /// The day on which it ended, in UTC: 2026-03-09. None if its times count from its start.
    pub date: Option<String>,
    /// How many tasks it had.
    pub tasks: u32,
    /// Their parallel fraction by count.
    pub parallel_fraction: f64,
    /// Mean input tokens of its calls, if they are known.
    pub context: Option<f64>,
}

impl About {
    /// Of a run and its work.
    pub(super) fn of(trace: &Trace, graph: &TaskGraph) -> About {
        let summary = TraceSummary::of(trace);
        let date = timestamp::parse(&trace.header.origin).map(|start| {
            let day = timestamp::rfc3339(start.at + summary.duration);
            day.split('T').next().unwrap_or_default().to_owned()
        });
        let context = (summary.input_tokens > 0 && summary.llm_calls > 0)
            .then(|| (summary.input_tokens as f64 / summary.llm_calls as f64).round());
        let parallel_fraction = (Measure::by_size(graph).parallel_fraction_by_count() * 1e4).round() / 1e4;
        About { date, tasks: graph.len() as u32, parallel_fraction, context }
    }
}

/// The least envelope that holds all these runs; none of none.
pub(super) fn envelope(demonstrations: &[&Demonstration]) -> Option<Envelope> {
    let of = |demonstration: &&Demonstration| {
        let About { tasks, parallel_fraction: p, context, .. } = demonstration.about;
        Envelope {
            agents: (demonstration.agents, demonstration.agents),
            tasks: (tasks, tasks),
            parallel_fraction: (p, p),
            context: context.map(|tokens| (tokens, tokens)),
        }
    };
    demonstrations.iter().map(of).reduce(Envelope::with)
}

/// The day on which the last of these runs was made, of those that say.
pub(super) fn latest<'l>(demonstrations: impl Iterator<Item = &'l Demonstration>) -> Option<String> {
    // Days of one form: the order of the text is that of time.
    demonstrations.filter_map(|demonstration| demonstration.about.date.clone()).max()
}

/// A fingerprint of what was learned from: names of runs and every figure of every call, in whatever order they came.
pub(super) fn corpus<'l>(demonstrations: impl Iterator<Item = &'l Demonstration>) -> u64 {
    let mut each: Vec<u64> = demonstrations.map(of_lesson).collect();
    each.sort_unstable();
    let mut digest = Digest::default();
    for run in each {
        digest.add(run);
    }
    digest.value()
}

fn of_lesson(demonstration: &Demonstration) -> u64 {
    let mut digest = Digest::default();
    digest.add_text(&demonstration.trace);
    digest.add_text(demonstration.model.as_deref().unwrap_or_default());
    for calls in &demonstration.scripts {
        digest.add(calls.len() as u64);
        for call in calls {
            of_call(&mut digest, call);
        }
    }
    digest.value()
}

fn of_call(digest: &mut Digest, call: &Habit) {
    let counts = call.sight.tasks.iter().chain(&call.writes).chain(&call.claims).chain(&call.completes);
    counts.for_each(|&count| digest.add(u64::from(count)));
    for figure in [call.latency_s, call.tests_s, call.output_tokens] {
        digest.add(figure.to_bits());
    }
}
