//! Learned profiles: the file that `brooks calibrate` writes, and scenarios of its agents.

mod condition;
mod model;
pub(crate) mod parametric;
mod read;
pub(crate) mod run_effect;
mod write;

pub use condition::{Condition, ROUNDS};
pub(crate) use model::{COMMON, FILES_A_REPLY, SHARED, fingerprint};
pub use model::{LatencyFit, LearnedProfile, ModelPart, SamplingMethod, VERSION};
pub use parametric::{StyleKind, WorkStyle};
pub(crate) use read::calibration;
pub use read::title;
