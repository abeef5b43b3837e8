//! What came after what: links where there are any, else what is sure of an agent that does one thing after the other.

use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::{Operation, TraceStep};

/// Says of the calls and tools of each agent which ended last before them, where its calls follow one another: a call
/// came after the tools since the call before it, or after that call; a tool came after the last call. Steps must be
/// in order. Says whether there was anything to say.
pub(super) fn infer(steps: &mut [TraceStep]) -> bool {
    let mut lives: BTreeMap<AgentId, Life> = BTreeMap::new();
    let mut found = false;
    for at in 0..steps.len() {
        let step = &steps[at];
        if !(step.is_call() || step.operation == Operation::ExecuteTool) {
            continue;
        }
        let life = lives.entry(step.agent).or_default();
        let last = life.call.filter(|_| life.until <= step.start);
        let mut after: Vec<CompactString> = Vec::new();
        if step.is_call() {
            let is_alone = life.until <= step.start;
            // Tools that an earlier call could have used are no news to a call that overlaps it.
            let tools = life.ended_by(step.start);
            let waits_for_last = tools
                .iter()
                .any(|&tool| steps[tool].after.iter().any(|id| last.is_some_and(|last| **id == *steps[last].id)));
            if is_alone {
                after.extend(tools.iter().map(|&tool| steps[tool].id.clone()));
                after.extend(last.filter(|_| !waits_for_last).map(|last| steps[last].id.clone()));
            }
            life.call = Some(at);
            life.until = step.end.max(life.until);
        } else {
            after.extend(last.map(|last| steps[last].id.clone()));
            life.tools.insert((step.end, at));
        }
        if let Some(step) = steps.get_mut(at).filter(|step| step.after.is_empty()) {
            found |= !after.is_empty();
            step.after = after;
        }
    }
    found
}

/// What an agent has done so far.
#[derive(Default)]
struct Life {
    /// Its last call.
    call: Option<usize>,
    /// The end of all its calls.
    until: Time,
    /// Its tools that no call came after yet, by their ends.
    tools: BTreeSet<(Time, usize)>,
}

impl Life {
    /// Takes the tools that had ended by then.
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
