//! One test binary: what the library and the binary do as a whole.

mod bare_loop;
mod workload;
