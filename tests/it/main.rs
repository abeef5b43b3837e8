//! One test binary: what the library and the binary do as a whole.

mod broken_scenarios;
mod scenario_files;
mod workload;
