//! Data of a baseline: the recorded points, their figures, and the curves fitted to them.

use crate::engine::Digest;
use crate::experiment::baseline::identity::Identity;
use crate::experiment::baseline::values::MetricValues;

/// The form of the file. A change that an older brooks can't read raises it.
pub const SCHEMA: u32 = 1;
/// What the figures mean. Raised when a figure of the same run would be another number by definition; a change of
/// behaviour is no reason, for that is what a check is for.
pub const MODEL: u32 = 1;

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

/// A parameter of a curve with its 95 % interval; an end that the points do not set is infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveParameter {
    /// Its name: `sigma`, `kappa`, `s`, `peak_agents`.
    pub name: String,
    /// The best guess.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What was fitted to one curve.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCurve {
    /// What its points have in common.
    pub curve: String,
    /// The law that it follows; none if there is no scaling regime.
    pub law: Option<String>,
    /// Parameters of the USL, or of Gustafson's law where the work grows with the team, and the peak if there is one.
    pub parameters: Vec<CurveParameter>,
}
