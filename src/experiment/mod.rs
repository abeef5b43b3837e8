//! L6: many runs: scenarios as files, the library of those built in, and the axes of sweeps.

pub mod library;
pub mod scenario_file;

pub use library::{BuiltIn, Files, PROFILES, SCENARIOS};
pub use scenario_file::{Axis, Baseline, ERRORS, Kind, Node, Problem, Problems, ScenarioFile};
