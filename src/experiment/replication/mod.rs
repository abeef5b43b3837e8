//! Replications of one scenario: their figures ([`Replications`]), in parallel ([`runner`]), up to a precision
//! ([`precise`]).

pub mod precise;
mod replications;
pub mod runner;

pub use replications::Replications;
