//! State of a run, by mechanism: plain data, without the events that change it.

pub(super) mod contents;
pub(super) mod faults;
pub(super) mod knowledge;
pub(super) mod locks;
pub(super) mod servers;
pub(super) mod step;
pub(super) mod wait_sets;
pub(super) mod waits;
