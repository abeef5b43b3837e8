//! Small worlds under every order of commits.

use brooks::simulation::explorer::{ExplorationBounds, explore};
use brooks::engine::Dist;
use brooks::team::{Consistency, Locking, Profile};
use brooks::workload::TaskSpec;
use brooks::simulation::Scenario;
use crate::worlds::{self, ASYNC, Variant, variants};

fn profile(detection: f64) -> Profile {
    let mut profile = Profile::with_latency("steady", Dist::Constant(1.0));
    profile.fallibility.detection = detection;
    profile
}

fn world(files: &[&[&str]], agents: usize, variant: &str, consistency: Consistency, detection: f64) -> Scenario {
    let specs: Vec<TaskSpec> = files.iter().enumerate().map(|(i, w)| TaskSpec { writes: w.iter().map(|w| w.to_string()).collect(), ..TaskSpec::new(format!("task-{i}"), 1.0) }).collect();
    let scenario = worlds::scenario(&specs, agents, &profile(detection), &Variant::called(variant), ASYNC);
    Scenario { consistency, ..scenario }
}

#[test]
fn probe() {
    let one: &[&[&str]] = &[&["x"], &["x"], &["x"]];
    for variant in variants() {
        if variant.chosen.contains(&"random") { continue; }
        for (name, consistency) in [("lww", Consistency::LastWriterWins), ("lock", Consistency::Lock(Locking::default())), ("opt", Consistency::Optimistic)] {
            for detection in [0.0, 1.0] {
                for wrong in [0, 1] {
                    for agents in [2, 3] {
                    let scenario = world(one, agents, &variant.name(), consistency, detection);
                    let bounds = ExplorationBounds { wrong_replies: wrong, ..ExplorationBounds::of(&scenario) };
                    let start = std::time::Instant::now();
                    let result = explore(&scenario, &bounds);
                    eprintln!("{} {name} d={detection} w={wrong} n={agents} {:?}: {result:?}", variant.name(), start.elapsed());
                    }
                }
            }
        }
    }
}
