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
mod recorded;
mod recording;
pub mod values;

pub use check::{Checked, Settings, check, review};
pub use contract::{AssertOutcome, Claim, Holds};
pub use curve::RuleOutcome;
pub use difference::{Difference, DifferenceMethod};
pub use grid::Grid;
pub use identity::Identity;
pub use outcome::{COMPLETED, CheckVerdict, Held, MetricOutcome, Overall, PointOutcome};
pub use recorded::{CurveParameter, MODEL, RecordedBaseline, RecordedCurve, RecordedPoint, SCHEMA, ScenarioSource};
pub use recording::{LEAST_REPLICATIONS, MOST_REPLICATIONS, from_samples, record, usual_replications};
