//! Every graph of up to four tasks, every small team, every architecture, both pacings.

use brooks::engine::Dist;
use brooks::record::Ending;
use brooks::simulation::Simulator;
use brooks::team::Profile;
use brooks::workload::TaskSpec;

use crate::invariants::check;
use crate::worlds::{PACINGS, scenario, variants};

/// All graphs of `tasks` tasks whose edges go forward in the list: every acyclic graph, up to the names of its tasks.
fn graphs(tasks: usize) -> impl Iterator<Item = Vec<TaskSpec>> {
    let pairs: Vec<(usize, usize)> = (0..tasks).flat_map(|to| (0..to).map(move |from| (from, to))).collect();
    (0..1usize << pairs.len()).map(move |chosen| {
        let mut specs: Vec<TaskSpec> =
            (0..tasks).map(|task| TaskSpec::new(format!("task-{task}"), 1.0 + task as f64)).collect();
        for (bit, &(from, to)) in pairs.iter().enumerate() {
            if chosen >> bit & 1 == 1 {
                specs[to].depends_on.push(format!("task-{from}"));
            }
        }
        specs
    })
}

#[test]
fn every_small_world_completes() {
    let profile = Profile::with_latency("any", Dist::Exponential { mean: 1.0 });
    for tasks in 1..=4 {
        for specs in graphs(tasks) {
            for agents in 1..=3 {
                for variant in variants() {
                    for (pace, pacing) in PACINGS {
                        let mut scenario = scenario(&specs, agents, &profile, &variant, pacing);
                        let needs: Vec<_> = specs.iter().map(|task| &task.depends_on).collect();
                        scenario.name = format!("{needs:?}, {agents} x {}, {pace}", variant.name());
                        let (_, metrics) = check(&scenario, &mut Simulator::new(&scenario), 0);
                        assert_eq!(metrics.ending, Ending::Completed, "{}", scenario.name);
                        assert_eq!(metrics.attempts as usize, tasks, "{}", scenario.name);
                    }
                }
            }
        }
    }
}

/// One task that needs a skill which nobody has: all else is done, and then the run stalls.
#[test]
fn a_skill_that_nobody_has_stalls_the_run() {
    let profile = Profile::with_latency("any", Dist::Constant(1.0));
    let mut specs: Vec<TaskSpec> = ["plan", "build"].map(|id| TaskSpec::new(id, 1.0)).to_vec();
    specs.push(TaskSpec { skill: Some("poetry".to_owned()), ..TaskSpec::new("rhyme", 1.0) });
    for variant in variants() {
        for agents in 1..=3 {
            for (pace, pacing) in PACINGS {
                let mut scenario = scenario(&specs, agents, &profile, &variant, pacing);
                scenario.name = format!("{agents} x {}, {pace}", variant.name());
                scenario.team.iter_mut().for_each(|agent| agent.skills = vec!["prose".to_owned()]);
                let (_, metrics) = check(&scenario, &mut Simulator::new(&scenario), 0);
                assert_eq!((metrics.ending, metrics.attempts), (Ending::Stalled, 2), "{}", scenario.name);
            }
        }
    }
}
