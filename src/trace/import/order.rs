//! Which steps an agent builds on, where a source gives only times: it does one thing after another, asks a model,
//! runs the tools that it asked for, and asks again with what came back.

use std::collections::BTreeMap;

use crate::engine::Time;
use crate::team::AgentId;
use crate::trace::model::TraceStep;

/// What an agent has under way and what it has come back with.
#[derive(Default)]
struct AgentProgress {
    /// By end and place: whether it is a call of a model.
    running: BTreeMap<(Time, usize), bool>,
    /// The last call that has ended.
    call: Option<usize>,
    /// Tools and waits that have ended, and whose results no call has used so far.
    results: Vec<usize>,
}

/// Fills in `after`: a call of a model uses the results of the agent's tools that have come in since its last one, or
/// else that one; everything else follows from the agent's last call that had ended. Containers are left alone.
pub(crate) fn link(steps: &mut [TraceStep]) {
    let mut order: Vec<usize> = (0..steps.len()).collect();
    order.sort_by_key(|&place| steps.get(place).map(|step| (step.start, step.end, place)));
    let mut agents: BTreeMap<AgentId, AgentProgress> = BTreeMap::new();
    for place in order {
        let Some(step) = steps.get(place).filter(|step| !step.operation.is_container()) else { continue };
        let (start, end, is_call) = (step.start, step.end, step.is_call());
        let agent = agents.entry(step.agent).or_default();
        while let Some(first) = agent.running.first_entry().filter(|first| first.key().0 <= start) {
            let place = first.key().1;
            if first.remove() {
                agent.call = Some(place);
            } else {
                agent.results.push(place);
            }
        }
        let used = if is_call && !agent.results.is_empty() {
            std::mem::take(&mut agent.results)
        } else {
            agent.call.into_iter().collect()
        };
        agent.running.insert((end, place), is_call);
        let ids = used.into_iter().filter_map(|used| steps.get(used)).map(|step| step.id.clone()).collect();
        if let Some(step) = steps.get_mut(place) {
            step.after = ids;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::model::Operation;

    #[test]
    fn a_call_uses_what_its_tools_brought() {
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
