//! Parameters of a validation.

/// Selection of cells, and size of the simulation.
#[derive(Clone, Debug)]
pub struct ValidationPlan {
    /// Labels that distinguish conditions, in addition to architecture and team size.
    pub by: Vec<String>,
    /// Team sizes to score; all above one if none.
    pub sizes: Option<Vec<u32>>,
    /// Fewest completed runs of a cell whose means are scored.
    pub fewest_runs: usize,
    /// Simulated runs per cell.
    pub replications: u64,
    /// Number of random splits for the noise floor.
    pub splits: u64,
    /// Seed of the splits; simulated runs have the seed of their scenario.
    pub seed: u64,
}

impl ValidationPlan {
    /// Returns true if teams of this size are scored.
    pub fn scores(&self, agents: u32) -> bool {
        self.sizes.as_ref().map_or(agents > 1, |sizes| sizes.contains(&agents))
    }
}
