//! The native trace format, version 1: JSON Lines with a header line, then one line per step. Times are integer
//! microseconds; names follow the `GenAI` conventions of `OpenTelemetry`. Keys of brooks begin with `x.`, and unknown keys
//! are kept.

mod fields;
mod read;
mod write;

pub use read::{Reader, read};
pub use write::{lines, write};

use crate::trace::model::Class;

/// Version of the format, major and minor. A new major version is incompatible, a new minor version adds keys.
pub const VERSION: (u32, u32) = (1, 0);
/// Value of the key `schema` of the header.
pub const SCHEMA: &str = "brooks.trace";
