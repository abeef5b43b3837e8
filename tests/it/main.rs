//! One test binary: what the library and the binary do as a whole.

mod broken_scenarios;
mod exhaustive;
mod invariants;
mod swarm;
mod tidy;
mod workload;
mod worlds;
