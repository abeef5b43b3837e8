//! One test binary: what the library and the binary do as a whole.

mod exhaustive;
mod invariants;
mod swarm;
mod workload;
mod worlds;
