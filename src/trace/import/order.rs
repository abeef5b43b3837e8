//! Inference of dependencies from times. An agent works sequentially: it calls a model, runs the tools that the model
//! requested, and calls the model again with their results.

use std::collections::BTreeMap;

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::TraceStep;

/// Steps of an agent in progress, and results not used so far.
#[derive(Default)]
struct AgentProgress {
    /// Steps in progress by end and index; true for model calls.
    running: BTreeMap<(Time, usize), bool>,
    /// Latest call that has ended.
    call: Option<usize>,
    /// Tools and waits that have ended, with results that no call has used so far.
    results: Vec<usize>,
}

/// Fills in `after`. A model call follows the tools of its agent that have ended since the last call, or else that call.
/// All other steps follow the latest call of the agent that has ended. Containers stay unchanged.
pub(crate) fn link(steps: &mut [TraceStep]) {
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|&index| steps.get(index).map(|step| (step.start, step.end, index)));
    let mut agents: BTreeMap<AgentId, AgentProgress> = BTreeMap::new();
    for index in order {
        let Some(step) = steps.get(index).filter(|step| !step.operation.is_container()) else { continue };
        let (start, end, is_call) = (step.start, step.end, step.is_call());
        let agent = agents.entry(step.agent).or_default();
        while let Some(first) = agent.running.first_entry().filter(|first| first.key().0 <= start) {
            let ended = first.key().1;
            if first.remove() {
                agent.call = Some(ended);
            } else {
                agent.results.push(ended);
            }
        }
        let used = if is_call && !agent.results.is_empty() {
            std::mem::take(&mut agent.results)
        } else {
            agent.call.into_iter().collect()
        };
        agent.running.insert((end, index), is_call);
        let ids = used.into_iter().filter_map(|used| steps.get(used)).map(|step| step.id.clone()).collect();
        if let Some(step) = steps.get_mut(index) {
            step.after = ids;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::model::Operation;

    #[test]
    fn a_call_uses_the_results_of_its_tools() {
        let step = |id: &str, agent, start, end, operation| TraceStep {
            id: id.into(),
            operation,
            agent: AgentId::new(agent),
            start: Time::from_us(start),
            end: Time::from_us(end),
            ..TraceStep::default()
        };
        let mut steps = vec![
            step("ask", 0, 0, 10, Operation::Chat),
            step("long", 0, 10, 90, Operation::ExecuteTool),
            step("other", 1, 12, 14, Operation::Chat),
            step("short", 0, 10, 20, Operation::ExecuteTool),
            step("again", 0, 30, 40, Operation::Chat),
            step("more", 0, 40, 50, Operation::Chat),
            step("last", 0, 95, 99, Operation::Chat),
        ];
        link(&mut steps);
        let after: Vec<String> = steps.iter().map(|step| step.after.join("+")).collect();
        assert_eq!(after, ["", "ask", "", "ask", "short", "again", "long"]);
    }
}
