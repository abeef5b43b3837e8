//! Replications of one scenario: their figures ([`Sample`]), in parallel ([`runner`]), up to a precision ([`precise`]).

pub mod precise;
pub mod runner;
mod sample;

pub use sample::Sample;
