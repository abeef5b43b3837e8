//! brooks

pub mod architecture;
pub mod engine;
pub mod record;
pub mod scaling;
pub mod simulation;
pub mod team;
pub mod workload;
