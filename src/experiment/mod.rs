//! L6: many runs: scenarios as files, the library of those built in, sweeps and their results.

pub mod baseline;
pub mod calibration;
pub mod compare;
pub mod corpus;
pub mod crossover;
pub mod library;
pub mod measurements;
pub mod optimal;
pub mod precise;
pub mod reach;
pub mod result;
pub mod runner;
pub mod sample;
pub mod scenario_file;
pub mod sweep;
pub mod validation;
pub mod what_if;

pub use library::{BuiltIn, Files, PROFILES, SCENARIOS};
pub use result::{Curve, Laws, Row, SweepResult, Work};
pub use sample::Sample;
pub use scenario_file::{Axis, Baseline, ERRORS, Kind, Node, Problem, Problems, ScenarioFile};
pub use sweep::Sweep;
