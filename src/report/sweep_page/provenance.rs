//! The origin of a sweep.

/// Origin and extent of a sweep, besides its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// Hash of its plan.
    pub plan: String,
    /// Version that ran it.
    pub brooks: String,
    /// Number of its points, here or elsewhere.
    pub points: usize,
    /// Command that ran it, if known.
    pub command: Option<String>,
    /// Missing shards, such as `3,7-9`, and the number of all.
    pub missing_shards: Option<(String, u32)>,
}
