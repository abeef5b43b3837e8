//! Replay of a recorded run by the engine. Its steps become events; the recorded barriers, blocking tests, gaps and
//! dependencies determine their times. Observers receive the same entries as from a simulated run.

mod counts;
mod effects;
mod free;
mod result;
mod rounds;
mod self_time;

pub use counts::{Counted, Counts};
pub(crate) use effects::spent;
pub use result::{AgentTime, Replay, RoundTime};
pub(crate) use self_time::self_times;

use crate::engine::Time;
use crate::record::{AgentFacts, Ending, Facts, Observer, Prices, Stats, TaskFacts};
use crate::trace::RunFacts;
use crate::trace::model::Trace;
use crate::workload::TaskId;

/// Replays a trace. The observer receives every entry.
///
/// ```
/// use brooks::record::Log;
/// use brooks::trace::{native, replay};
///
/// let text = include_str!("../../../traces/self-claim.steps.jsonl");
/// let trace = native::read("self-claim", text.as_bytes()).next().unwrap()?;
/// let mut log = Log::default();
/// let replay = replay::replay(&trace, &mut log);
/// assert_eq!(replay.recorded, Some(replay.replayed));
/// assert!(replay.counts_equal());
/// # Ok::<(), brooks::problem::Problems>(())
/// ```
pub fn replay<O: Observer>(trace: &Trace, observer: &mut O) -> Replay {
    let (mut stats, mut counts) = (Stats::new(Prices::default()), Counts::default());
    let mut replay = Replay::default();
    {
        let mut all = (&mut (&mut stats, &mut counts), observer);
        all.begin(trace.header.agents.len(), trace.header.tasks.len(), trace.names.len());
        replay.replayed = if trace.header.barrier {
            rounds::replay(trace, &mut all, &mut replay)
        } else {
            free::replay(trace, &mut all, &mut replay)
        };
        effects::last_times(trace, &mut all);
        all.end(ending(trace), replay.replayed);
    }
    replay.recorded = trace.total("duration_us").map(Time::from_us_f64);
    replay.metrics = stats.metrics();
    replay.counted = counts.beside(trace, &replay.metrics);
    replay.settle(trace);
    replay
}

/// Returns the ending of the recorded run: completed, unless it has another outcome.
fn ending(trace: &Trace) -> Ending {
    let Some(outcome) = &trace.header.outcome else { return Ending::Completed };
    match outcome.reason.as_deref() {
        Some("stalled") => Ending::Stalled,
        Some("out_of_time") => Ending::OutOfTime,
        _ if outcome.success == Some(false) => Ending::OutOfTime,
        _ => Ending::Completed,
    }
}

/// Returns the facts of a replayed run beside its log.
pub fn run_facts(trace: &Trace) -> RunFacts {
    let labels = trace.header.labels.keys().filter_map(|name| Some((name.clone(), trace.label(name)?)));
    RunFacts {
        trace: trace.header.trace.clone(),
        architecture: trace.header.architecture.clone().unwrap_or_default(),
        barrier: trace.header.barrier,
        labels: labels.collect(),
        facts: facts(trace),
    }
}

/// Returns the names for the numbers in a replayed log.
pub fn facts(trace: &Trace) -> Facts {
    let number = |id: &String| trace.header.tasks.iter().position(|task| task.id == *id).map(TaskId::at);
    let agents = trace
        .header
        .agents
        .iter()
        .map(|agent| AgentFacts { name: agent.name.clone(), is_lead: agent.role.as_deref() == Some("lead") });
    let tasks = trace.header.tasks.iter().map(|task| TaskFacts {
        name: task.id.clone(),
        depends_on: task.depends_on.iter().filter_map(number).collect(),
        weight: task.weight.unwrap_or(1.0),
    });
    Facts {
        agents: agents.collect(),
        tasks: tasks.collect(),
        artifacts: trace.names.iter().map(str::to_owned).collect(),
        resources: trace.resources(),
    }
}
