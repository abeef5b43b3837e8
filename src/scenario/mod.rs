//! L6: scenario files and profiles: from YAML to a [`Scenario`](crate::simulation::Scenario), with all errors at once.
//!
//! A file is parsed into a tree with line numbers ([`Node`]), validated against the table of [`keys`], and resolved into
//! parts that runs share. [`ScenarioFile::at`] assembles the parts of one point.

mod architecture;
mod axes;
mod axis_values;
mod check;
mod distribution;
pub mod extrapolation;
mod file;
pub mod keys;
pub mod learned_profile;
pub mod library;
mod node;
mod path;
mod profile;
mod read;
mod resolve;
mod resolver;
mod schema;
mod team;
mod team_checks;
mod workload;

pub use axes::{Axis, MAX_POINTS};
pub use axis_values::MAX_VALUES;
pub use distribution::{FAMILIES, Family, MAX_OBSERVED};
pub use file::{Baseline, ScenarioFile, about, given_by};
pub use node::{Node, NodeKey, NodeKind};
pub use path::TEAM_SIZE;
pub use read::{MAX_BYTES, MAX_NESTING, MAX_NODES};
pub use schema::schema;
