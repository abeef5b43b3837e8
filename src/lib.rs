//! brooks

pub mod architecture;
pub mod engine;
pub mod experiment;
pub mod record;
pub mod report;
pub mod scaling;
pub mod simulation;
pub mod team;
pub mod trace;
pub mod workload;
