//! A sweep: every combination of the values on the axes, each with many replications and its baseline.
//!
//! [`Sweep::stream`] runs any of its points and hands over each as it is finished, in order; no more is kept in memory
//! than a block of points in flight. [`Sweep::run`] keeps them all. What a point comes to depends on its identity alone,
//! not on its neighbours, on threads, or on which points are run here and which elsewhere.

pub mod accumulator;
mod definition;
pub mod design;
pub mod fingerprint;
pub mod law_fits;
mod points;
mod stream;
pub mod table_reader;

pub use definition::{ReplicationCount, Sweep};
pub(crate) use points::{baseline_settings, key_of, label, with};
pub use points::{describe, name_of};
pub use stream::{Control, Finished};

#[cfg(test)]
mod tests;
