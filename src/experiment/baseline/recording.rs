//! Recording of a baseline: runs every point of a scenario and keeps its figures.

use crate::experiment::Replications;
use crate::experiment::baseline::curve;
use crate::experiment::baseline::grid::{self, Grid};
use crate::experiment::baseline::outcome::Held;
use crate::experiment::baseline::recorded::{RecordedBaseline, RecordedPoint, ScenarioSource};
use crate::experiment::baseline::values::MetricValues;
use crate::record::Ending;
use crate::scenario::ScenarioFile;

/// Least number of recorded replications: fewer have no variance.
pub const LEAST_REPLICATIONS: u64 = 10;
/// Greatest number of recorded replications by default, to keep the file small.
pub const MOST_REPLICATIONS: u64 = 200;

/// Default number of replications of a baseline of this scenario.
pub fn usual_replications(file: &ScenarioFile) -> u64 {
    file.replications().clamp(LEAST_REPLICATIONS, MOST_REPLICATIONS)
}

/// Records the points of a scenario.
pub fn record(
    file: &ScenarioFile,
    grid: &Grid,
    source: ScenarioSource,
    replications: u64,
    brooks: &str,
    done: &(dyn Fn(u64) + Sync),
) -> RecordedBaseline {
    let points: Vec<&grid::GridPoint> = grid.points.iter().collect();
    let samples = grid::run(&points, replications, file.seed(), done);
    from_samples(file, grid, source, replications, brooks, &samples)
}

/// Makes a baseline of these runs: the first `replications` of each point under the scenario's seed.
pub fn from_samples(
    file: &ScenarioFile,
    grid: &Grid,
    source: ScenarioSource,
    replications: u64,
    brooks: &str,
    samples: &[Replications],
) -> RecordedBaseline {
    let held = Held::for_scenario(file, &[]);
    let points = grid.points.iter().zip(samples).map(|(point, sample)| RecordedPoint {
        axes: point.axes.clone(),
        agents: point.agents,
        architecture: point.architecture.clone(),
        identity: point.identity.whole(),
        digest: sample.digest,
        incomplete: incomplete(sample),
        columns: held.iter().filter_map(|held| MetricValues::from_sample(sample, held.metric)).collect(),
    });
    RecordedBaseline {
        scenario: file.name().to_owned(),
        source,
        brooks: brooks.to_owned(),
        identity: grid.identity(),
        seed: file.seed(),
        replications,
        axes: grid.axes.clone(),
        points: points.collect(),
        curves: curve::curves(grid, samples, file.is_scaled(), file.seed()),
    }
}

fn incomplete(sample: &Replications) -> Vec<u64> {
    let endings = sample.endings.iter().zip(0..);
    endings.filter(|(ending, _)| **ending != Ending::Completed).map(|(_, replication)| replication).collect()
}
