//! Parameters of a validation.

/// How it is done.
#[derive(Clone, Debug)]
pub struct ValidationPlan {
    /// The labels that tell conditions apart, beside architecture and team size.
    pub by: Vec<String>,
    /// The team sizes that are scored; all above one if not given.
    pub sizes: Option<Vec<u32>>,
    /// Cells with fewer completed runs are not scored on what is measured of completed runs.
    pub fewest_runs: usize,
    /// Simulated runs a cell.
    pub replications: u64,
    /// How often the recordings are split for the noise floor.
    pub splits: u64,
    /// The seed of the splits; simulated runs have that of their scenario.
    pub seed: u64,
}

impl ValidationPlan {
    /// Whether teams of this size are scored.
    pub fn scores(&self, agents: u32) -> bool {
        self.sizes.as_ref().map_or(agents > 1, |sizes| sizes.contains(&agents))
    }
}
