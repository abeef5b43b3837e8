//! brooks

pub mod engine;
pub mod workload;
