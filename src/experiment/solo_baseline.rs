//! One agent alone on the work of a single run, as the run's baseline.

use crate::engine::Time;
use crate::experiment::WorkBounds;
use crate::experiment::sweep::baseline_settings;
use crate::record::Metrics;
use crate::scenario::ScenarioFile;
use crate::simulation::{Scenario, simulate};

/// Runs the baseline of `scenario`, the point that `file` describes, in the same replication.
///
/// The makespan is scaled to the work of the scenario. None if the team cannot be reduced to one agent.
pub fn metrics(file: &ScenarioFile, scenario: &Scenario, replication: u64) -> Option<Metrics> {
    let settings = baseline_settings(&file.baseline());
    let point: Vec<_> = settings.iter().map(|(path, value)| (*path, value)).collect();
    let baseline = file.at(&point).ok()?;
    let mut metrics = simulate(&baseline, replication);
    let amount = |scenario: &Scenario| WorkBounds::new(&scenario.of_replication(replication)).amount;
    let ratio = amount(scenario) / amount(&baseline);
    metrics.makespan = Time::from_us_f64(metrics.makespan.as_us() as f64 * ratio);
    Some(metrics)
}
