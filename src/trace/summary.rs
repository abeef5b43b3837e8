//! Summary of a trace, as printed by `brooks import`.

use crate::engine::Time;
use crate::trace::model::{Operation, Trace};

/// Counts of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceSummary {
    /// Number of model calls.
    pub llm_calls: usize,
    /// Number of agents with steps.
    pub agents: usize,
    /// Number of tool calls.
    pub tool_calls: usize,
    /// Time from the first start to the last end.
    pub duration: Time,
    /// Input tokens including cached ones; the total of the header if calls have none.
    pub input_tokens: u64,
    /// Output tokens; the total of the header if calls have none.
    pub output_tokens: u64,
    /// Maximum number of concurrent model calls. A call that ends when another one starts does not overlap it.
    pub max_concurrent_llm_calls: usize,
    /// Number of distinct files written.
    pub files_written: usize,
    /// Number of rounds; 0 without rounds.
    pub rounds: u32,
}

impl TraceSummary {
    /// Computes the summary of a trace.
    pub fn of(trace: &Trace) -> TraceSummary {
        let calls = || trace.steps.iter().filter(|step| step.is_call());
        let mut active = vec![false; trace.header.agents.len()];
        let mut written = vec![false; trace.names.len()];
        for step in &trace.steps {
            if let Some(active) = active.get_mut(step.agent.index()) {
                *active = true;
            }
            for file in &step.writes {
                if let Some(written) = written.get_mut(file.path.index()) {
                    *written = true;
                }
            }
        }
        let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
        let first = trace.steps.iter().map(|step| step.start).min().unwrap_or(Time::ZERO);
        let last = trace.steps.iter().map(|step| step.end).max().unwrap_or(Time::ZERO);
        let tokens = |key: &str, of: fn(&crate::trace::model::TraceStep) -> Option<u32>| {
            let known: u64 = calls().filter_map(of).map(u64::from).sum();
            if known > 0 { known } else { trace.total(key).unwrap_or(0.0) as u64 }
        };
        TraceSummary {
            llm_calls: calls().count(),
            agents: count(&active),
            tool_calls: trace.steps.iter().filter(|step| step.operation == Operation::ExecuteTool).count(),
            duration: last - first,
            input_tokens: tokens("gen_ai.usage.input_tokens", |step| step.usage.input),
            output_tokens: tokens("gen_ai.usage.output_tokens", |step| step.usage.output),
            max_concurrent_llm_calls: max_concurrent(calls().map(|step| (step.start, step.end))),
            files_written: count(&written),
            rounds: trace.steps.iter().map(|step| step.round).max().unwrap_or(0),
        }
    }
}

/// Returns the maximum number of intervals that contain one instant; empty intervals contain none.
fn max_concurrent(intervals: impl Iterator<Item = (Time, Time)>) -> usize {
    // At equal times ends precede starts.
    let mut edges: Vec<(Time, bool)> =
        intervals.filter(|(start, end)| start < end).flat_map(|(start, end)| [(start, true), (end, false)]).collect();
    edges.sort_unstable();
    let (mut open, mut most) = (0_usize, 0);
    for (_, is_start) in edges {
        if is_start {
            open += 1;
            most = most.max(open);
        } else {
            open -= 1;
        }
    }
    most
}
