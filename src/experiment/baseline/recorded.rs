//! Data of a baseline: the recorded points, their figures, and the curves fitted to them.

use crate::engine::Digest;
use crate::experiment::baseline::identity::Identity;
use crate::experiment::baseline::values::MetricValues;

/// Version of the file format. A change that an older brooks can't read increases it.
pub const SCHEMA: u32 = 1;
/// Version of the definitions of the figures. A definition that gives another number for the same run increases it. A
/// change of behaviour does not, as checks are made to detect that.
pub const MODEL: u32 = 2;

/// A baseline: the recorded points of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedBaseline {
    /// Name of the scenario.
    pub scenario: String,
    /// Location of the scenario and changes to it.
    pub source: ScenarioSource,
    /// Version of brooks that recorded it.
    pub brooks: String,
    /// Fingerprints of the resolved scenario, all points together.
    pub identity: Identity,
    /// Seed.
    pub seed: u64,
    /// Replications of each point.
    pub replications: u64,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// Points by the values of the axes, then by team size.
    pub points: Vec<RecordedPoint>,
    /// Fits to the points that differ in team size only.
    pub curves: Vec<RecordedCurve>,
}

/// A scenario as named on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioSource {
    /// Path of the file, or name of a built-in scenario.
    pub scenario: String,
    /// Team sizes that replace those of the scenario.
    pub agents: Option<String>,
    /// Architectures that replace those of the scenario.
    pub architecture: Option<String>,
    /// Settings, `PATH=VALUE` each.
    pub set: Vec<String>,
}

/// One point of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedPoint {
    /// Values of the axes.
    pub axes: Vec<String>,
    /// Team size.
    pub agents: u32,
    /// Architecture.
    pub architecture: String,
    /// Fingerprint of the scenario at this point.
    pub identity: Digest,
    /// Fingerprint of all its runs.
    pub digest: Digest,
    /// Replications that did not complete, ascending.
    pub incomplete: Vec<u64>,
    /// Recorded figures, the makespan first.
    pub columns: Vec<MetricValues>,
}

impl RecordedPoint {
    /// Returns a figure by its name.
    pub fn column(&self, metric: &str) -> Option<&MetricValues> {
        self.columns.iter().find(|column| column.metric == metric)
    }
}

/// A parameter of a curve with its 95 % interval; an unbounded end is infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveParameter {
    /// Name: `sigma`, `kappa`, `s`, `peak_agents`.
    pub name: String,
    /// Estimate.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Fit to one curve.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCurve {
    /// Common values of its points.
    pub curve: String,
    /// Law of the curve; none if there is no scaling regime.
    pub law: Option<String>,
    /// Parameters of the USL, or of Gustafson's law where the work grows with the team, and the peak if there is one.
    pub parameters: Vec<CurveParameter>,
}
