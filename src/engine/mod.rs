//! L0: time, the event queue, keyed random streams and distributions. Independent of agents and tasks.

pub mod digest;
pub mod dist;
pub mod id;
pub mod idset;
pub mod inline_vec;
pub mod math;
pub mod queue;
pub mod rng;
pub mod sampler;
pub mod time;

pub use digest::Digest;
pub use dist::Dist;
pub use id::Id;
pub(crate) use id::id;
pub use idset::{BitMatrix, IdSet};
pub use inline_vec::InlineVec;
pub use queue::EventQueue;
pub use rng::{Keys, Purpose, Stream, key_of};
pub use sampler::{Sampler, Samplers};
pub use time::Time;

/// Version of this crate. The same scenario, seed and version give the same bytes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
