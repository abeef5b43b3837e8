//! L6: many runs: samples of a point, rows of a sweep.

pub mod result;
pub mod sample;

pub use result::{Curve, Laws, Row, SweepResult, Work};
pub use sample::Sample;
