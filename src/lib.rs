//! brooks

pub mod engine;
pub mod scaling;
pub mod workload;
