//! L5: recorded runs in and out. A [`Log`](crate::record::Log) and the [`Facts`] behind its numbers go in, text comes out.

pub mod chrome;
pub mod native;

use crate::record::Facts;
use crate::simulation::{Pacing, Scenario};

/// What the head of a trace says of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TraceFacts {
    /// The name of the trace.
    pub trace: String,
    /// What the agents coordinated by.
    pub architecture: String,
    /// Whether there were rounds.
    pub barrier: bool,
    /// What the trace can be told apart by from others of its kind, in the order in which it is written.
    pub labels: Vec<(String, String)>,
    /// Who and what.
    pub facts: Facts,
}

impl TraceFacts {
    /// Of a simulated run.
    pub fn of(scenario: &Scenario, replication: u64) -> TraceFacts {
        let labels = [
            ("scenario", scenario.name.clone()),
            ("seed", scenario.seed.to_string()),
            ("replication", replication.to_string()),
        ];
        TraceFacts {
            trace: format!("{}-{}-{replication}", scenario.name, scenario.seed),
            architecture: scenario.architecture_name.clone(),
            barrier: matches!(scenario.pacing, Pacing::Rounds { .. }),
            labels: labels.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            facts: Facts::new(&scenario.team, &scenario.graph),
        }
    }
}
