//! Range of a learned profile: the teams and the work that it was learned from, and its measured errors. The range
//! qualifies the results of a run and changes none.

/// Conditions that a profile was learned from, as far as a scenario can be inside or outside of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// The least and the greatest team.
    pub agents: (u32, u32),
    /// The least and the greatest number of tasks.
    pub tasks: (u32, u32),
    /// The least and the greatest parallel fraction, by number of tasks.
    pub parallel_fraction: (f64, f64),
    /// Input tokens of a call: the least and the greatest mean of a run. None if tokens are not recorded.
    pub context: Option<(f64, f64)>,
}

impl Envelope {
    /// The least that holds both.
    #[must_use]
    pub fn with(self, other: Envelope) -> Envelope {
        let whole = |a: (u32, u32), b: (u32, u32)| (a.0.min(b.0), a.1.max(b.1));
        let real = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        Envelope {
            agents: whole(self.agents, other.agents),
            tasks: whole(self.tasks, other.tasks),
            parallel_fraction: real(self.parallel_fraction, other.parallel_fraction),
            context: match (self.context, other.context) {
                (Some(a), Some(b)) => Some(real(a, b)),
                (a, b) => a.or(b),
            },
        }
    }
}

/// Errors of a profile under one architecture, measured against recordings: percent.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracy {
    /// Against which recordings.
    pub against: String,
    /// The architecture.
    pub architecture: String,
    /// The least and the greatest team that was scored.
    pub agents: (u32, u32),
    /// Number of cells: recorded conditions.
    pub cells: u32,
    /// By figure, in the order of `brooks validate`: its value, and what a perfect model would show if that is known.
    pub figures: Vec<(String, f64, Option<f64>)>,
}

impl Accuracy {
    /// A figure's value.
    pub fn figure(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|(figure, ..)| figure == name).map(|(_, value, _)| *value)
    }
}

/// Range and errors of a learned profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// Conditions that it was learned from.
    pub envelope: Envelope,
    /// Measured errors.
    pub accuracy: Vec<Accuracy>,
}
