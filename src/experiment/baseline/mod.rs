//! Baselines: a recorded scaling curve, kept under version control, and the check against it.
//!
//! A check decides each point in three steps, and the first decisive one counts. Equal digests are *identical*. A 90 %
//! interval of the difference inside the tolerance is *equivalent*. One wholly outside is *better* or *worse*, after
//! Benjamini and Hochberg over all points and figures. The remaining points get more replications up to a limit, and
//! are then *inconclusive*. This module reads and writes no file.

pub mod check;
pub mod contract;
pub mod curve;
pub mod difference;
pub mod file;
pub mod grid;
pub mod identity;
mod outcome;
mod recorded;
mod recording;
pub mod values;

pub use check::{Checked, Settings, check, review};
pub use contract::{AssertOutcome, Claim, ClaimStatus};
pub use curve::RuleOutcome;
pub use difference::{Difference, DifferenceMethod};
pub use grid::Grid;
pub use identity::Identity;
pub use outcome::{COMPLETED, CheckVerdict, Held, MetricOutcome, Overall, PointOutcome};
pub use recorded::{CurveParameter, MODEL, RecordedBaseline, RecordedCurve, RecordedPoint, SCHEMA, ScenarioSource};
pub use recording::{LEAST_REPLICATIONS, MOST_REPLICATIONS, from_samples, record, usual_replications};
