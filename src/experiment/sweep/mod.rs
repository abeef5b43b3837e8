//! A sweep: every combination of the values on the axes, each with many replications and its baseline.
//!
//! [`Sweep::stream`] runs any subset of the points and returns each as it is finished, in order; memory holds one block
//! of points in flight. [`Sweep::run`] keeps all of them. The result of a point depends on its identity alone: not on
//! its neighbours, on threads, or on the set of points that are run together.

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
