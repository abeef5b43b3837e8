//! brooks

pub mod architecture;
#[cfg(feature = "cli")]
#[expect(missing_docs, reason = "the help texts document the arguments")]
pub mod cli;
pub mod engine;
pub mod experiment;
pub mod record;
pub mod report;
pub mod scaling;
pub mod simulation;
pub mod team;
pub mod trace;
pub mod workload;
