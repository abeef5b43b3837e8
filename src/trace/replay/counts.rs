//! Counts of a replayed run, for comparison with the recording.

use std::collections::BTreeMap;

use crate::record::{Metrics, Observer, Round, Step, TaskEvent, TaskEventKind, TestRun, Write};
use crate::trace::model::Trace;
use crate::workload::ArtifactId;

/// A count in the recording and in the replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Key in the totals of the header.
    pub what: &'static str,
    /// Count in the recording.
    pub recorded: u64,
    /// Count in the replay.
    pub replayed: u64,
}

/// Observer that counts entries.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    rounds: u64,
    calls: u64,
    tests: u64,
    failed_tests: u64,
    writes: u64,
    claims: u64,
    blocked: u64,
    completions: u64,
    /// Number of writes by round and artifact.
    by_round: BTreeMap<(u32, ArtifactId), u32>,
}

impl Counts {
    /// Returns the counts that the header of the trace also has. Counts of rewrites come from the metrics.
    pub fn beside(&self, trace: &Trace, metrics: &Metrics) -> Vec<Counted> {
        let counts = [
            ("rounds", self.rounds),
            ("llm_calls", self.calls),
            ("tests", self.tests),
            ("failed_tests", self.failed_tests),
            ("writes", self.writes),
            ("claims", self.claims),
            ("blocked_claims", self.blocked),
            ("completions", self.completions),
            ("rewrites_any", u64::from(metrics.rewrites_any)),
            ("rewrites_cross_agent", u64::from(metrics.rewrites_cross_agent)),
            ("concurrent_writes", u64::from(metrics.concurrent_writes)),
            ("repeated_writes", self.by_round.values().filter(|writes| **writes > 1).count() as u64),
        ];
        let recorded = |what: &str| trace.total(what).map(|value| value as u64);
        let beside = |(what, replayed)| Some(Counted { what, recorded: recorded(what)?, replayed });
        counts.into_iter().filter_map(beside).collect()
    }
}

impl Observer for Counts {
    fn task(&mut self, event: &TaskEvent) {
        match event.kind {
            TaskEventKind::Claimed => self.claims += 1,
            TaskEventKind::BlockedClaim => self.blocked += 1,
            TaskEventKind::Completed { .. } => self.completions += 1,
            _ => {}
        }
    }
    fn write(&mut self, write: &Write) {
        self.writes += 1;
        if write.round > 0 {
            *self.by_round.entry((write.round, write.artifact)).or_insert(0) += 1;
        }
    }
    fn test(&mut self, test: &TestRun) {
        self.tests += 1;
        self.failed_tests += u64::from(test.has_failed);
    }
    fn step(&mut self, step: &Step) {
        self.calls += u64::from(step.kind.is_call() && !step.is_cut);
    }
    fn round(&mut self, _round: &Round) {
        self.rounds += 1;
    }
}
