//! Exporters: runs in the formats of other programs.

pub mod chrome;
pub mod otlp;
