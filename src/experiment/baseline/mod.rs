//! Baselines: what a scaling curve was, kept under version control, and whether it still is.
//!
//! A check decides each point in three steps, the first that answers wins: equal digests are *identical*; a 90 %
//! interval of the difference inside the tolerance is *equivalent*; one wholly outside is *better* or *worse*, after
//! Benjamini and Hochberg over all points and figures. What is left gets more replications up to a cap, and is then
//! *inconclusive*. Nothing here reads or writes a file.

pub mod check;
pub mod contract;
pub mod curve;
pub mod difference;
pub mod file;
pub mod grid;
pub mod identity;
mod outcome;
pub mod values;

pub use check::{Checked, Settings, check, review};
pub use contract::{AssertOutcome, Claim, Holds};
pub use curve::{RecordedCurve, RuleOutcome};
pub use difference::{Difference, DifferenceMethod};
pub use grid::Grid;
pub use identity::Identity;
pub use outcome::{COMPLETED, CheckVerdict, Held, MetricOutcome, Overall, PointOutcome};

use crate::engine::Digest;
use crate::experiment::Replications;
use crate::experiment::baseline::values::MetricValues;
use crate::record::{Ending, Prices};
use crate::scenario::ScenarioFile;

/// The form of the file. A change that an older brooks can't read raises it.
pub const SCHEMA: u32 = 1;
/// What the figures mean. Raised when a figure of the same run would be another number by definition; a change of
/// behaviour is no reason, for that is what a check is for.
pub const MODEL: u32 = 1;
/// Replications that are recorded at least: fewer have no spread.
pub const LEAST_REPLICATIONS: u64 = 10;
/// Replications that are recorded at most unless more are asked for: a file stays small.
pub const MOST_REPLICATIONS: u64 = 200;

/// A baseline: what a scenario's points were.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedBaseline {
    /// The scenario's name.
    pub scenario: String,
    /// How the scenario is reached and what is changed in it.
    pub source: ScenarioSource,
    /// The brooks that recorded it.
    pub brooks: String,
    /// Fingerprints of the resolved scenario, all points together.
    pub identity: Identity,
    /// The seed.
    pub seed: u64,
    /// Replications of each point.
    pub replications: u64,
    /// What the axes are called.
    pub axes: Vec<String>,
    /// The points, by the values of the axes, then by team size.
    pub points: Vec<RecordedPoint>,
    /// What is fitted to the points that differ in team size only.
    pub curves: Vec<RecordedCurve>,
}

/// A scenario as the command line names it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioSource {
    /// The path of the file, or the name of a built-in scenario.
    pub scenario: String,
    /// Team sizes in place of its own.
    pub agents: Option<String>,
    /// Architectures in place of its own.
    pub architecture: Option<String>,
    /// Settings, `PATH=VALUE` each.
    pub set: Vec<String>,
}

/// One point of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedPoint {
    /// The values of the axes.
    pub axes: Vec<String>,
    /// The team's size.
    pub agents: u32,
    /// The architecture.
    pub architecture: String,
    /// A fingerprint of the scenario at this point.
    pub identity: Digest,
    /// A fingerprint of all its runs.
    pub digest: Digest,
    /// Replications that did not complete, ascending.
    pub incomplete: Vec<u64>,
    /// The figures that are held, the makespan first.
    pub columns: Vec<MetricValues>,
}

impl RecordedPoint {
    /// A figure by its name.
    pub fn column(&self, metric: &str) -> Option<&MetricValues> {
        self.columns.iter().find(|column| column.metric == metric)
    }
}

/// How many replications a baseline of this scenario has unless somebody says so.
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
    of_samples(file, grid, source, replications, brooks, &samples)
}

/// The baseline that these runs, the first `replications` of each point under the scenario's seed, make.
pub fn of_samples(
    file: &ScenarioFile,
    grid: &Grid,
    source: ScenarioSource,
    replications: u64,
    brooks: &str,
    samples: &[Replications],
) -> RecordedBaseline {
    let held = Held::of(file, &[]);
    let points = grid.points.iter().zip(samples).map(|(point, sample)| RecordedPoint {
        axes: point.axes.clone(),
        agents: point.agents,
        architecture: point.architecture.clone(),
        identity: point.identity.whole(),
        digest: sample.digest,
        incomplete: incomplete(sample),
        columns: held.iter().filter_map(|held| MetricValues::of(sample, held.metric)).collect(),
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

/// Whether anything costs anything.
pub(super) fn has_prices(file: &ScenarioFile) -> bool {
    file.scenario().is_ok_and(|scenario| scenario.prices != Prices::default())
}
