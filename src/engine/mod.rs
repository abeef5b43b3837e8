//! L0: time, the event queue, keyed random streams and distributions. Knows nothing about agents.

pub mod digest;
pub mod dist;
pub mod id;
pub mod idset;
pub mod math;
pub mod queue;
pub mod rng;
pub mod rows;
pub mod sampler;
pub mod time;

pub use digest::Digest;
pub use dist::Dist;
pub use id::Id;
pub(crate) use id::id;
pub use idset::{IdSet, IdTable};
pub use queue::EventQueue;
pub use rng::{Keys, Purpose, Stream, key_of};
pub use rows::Rows;
pub use sampler::{Sampler, Samplers};
pub use time::Time;

/// The version of this crate. Results with the same scenario, seed and version are the same bytes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
