//! Inference of dependencies between steps without links, for agents that work sequentially.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Operation, TraceStep};

/// Fills in `after` for the calls and tools of agents whose calls do not overlap. A call follows the tools since the
/// previous call, or that call. A tool follows the latest call. Steps must be sorted. Returns true if any step changed.
pub(super) fn infer(steps: &mut [TraceStep]) -> bool {
    let mut agents: BTreeMap<AgentId, AgentProgress> = BTreeMap::new();
    let mut has_changed = false;
    for at in 0..steps.len() {
        let step = &steps[at];
        if !(step.is_call() || step.operation == Operation::ExecuteTool) {
            continue;
        }
        let agent = agents.entry(step.agent).or_default();
        let last = agent.call.filter(|_| agent.until <= step.start);
        let mut after: Vec<CompactString> = Vec::new();
        if step.is_call() {
            let is_alone = agent.until <= step.start;
            // A call that overlaps an earlier one cannot be attributed to tools that the earlier one could have used.
            let tools = agent.ended_by(step.start);
            let waits_for_last = tools
                .iter()
                .any(|&tool| steps[tool].after.iter().any(|id| last.is_some_and(|last| **id == *steps[last].id)));
            if is_alone {
                after.extend(tools.iter().map(|&tool| steps[tool].id.clone()));
                after.extend(last.filter(|_| !waits_for_last).map(|last| steps[last].id.clone()));
            }
            agent.call = Some(at);
            agent.until = step.end.max(agent.until);
        } else {
            after.extend(last.map(|last| steps[last].id.clone()));
            agent.tools.insert((step.end, at));
        }
        if let Some(step) = steps.get_mut(at).filter(|step| step.after.is_empty()) {
            has_changed |= !after.is_empty();
            step.after = after;
        }
    }
    has_changed
}

/// Progress of an agent.
#[derive(Default)]
struct AgentProgress {
    /// Index of the latest call.
    call: Option<usize>,
    /// Latest end of its calls.
    until: Time,
    /// Tools that no call follows so far, by end and index.
    tools: BTreeSet<(Time, usize)>,
}

impl AgentProgress {
    /// Removes and returns the tools that ended by a time.
    fn ended_by(&mut self, start: Time) -> Vec<usize> {
        let mut ended = Vec::new();
        while let Some(&(end, tool)) = self.tools.first().filter(|(end, _)| *end <= start) {
            self.tools.remove(&(end, tool));
            ended.push(tool);
        }
        ended.sort_unstable();
        ended
    }
}
