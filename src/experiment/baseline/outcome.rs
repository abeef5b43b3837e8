//! Outcomes of a check: of a figure, of a point, overall.

use std::collections::BTreeMap;

use crate::experiment::baseline::difference::Difference;
use crate::record::Prices;
use crate::scenario::ScenarioFile;

/// Name of the fraction of completed runs among the compared figures.
pub const COMPLETED: &str = "completed";

/// A compared figure with its tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Name in `record::METRICS`, or [`COMPLETED`].
    pub metric: &'static str,
    /// Tolerance: a fraction of the recorded mean; for [`COMPLETED`] an absolute difference.
    pub tolerance: f64,
}

/// Figures that can be compared, with their default tolerance; those without one only if a tolerance is given.
pub(super) const CAN_BE_HELD: [(&str, Option<f64>); 7] = [
    ("makespan_s", Some(0.02)),
    ("cost", Some(0.02)),
    ("quality", Some(0.02)),
    (COMPLETED, Some(0.02)),
    ("llm_calls", None),
    ("input_tokens", None),
    ("output_tokens", None),
];

impl Held {
    /// Names of the figures that can be compared.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        CAN_BE_HELD.iter().map(|(name, _)| *name)
    }

    /// Returns the compared figures of a scenario; `given` overrides the scenario's tolerances.
    pub fn for_scenario(file: &ScenarioFile, given: &[(String, f64)]) -> Vec<Held> {
        let mut tolerances: BTreeMap<&str, f64> = file.tolerances().collect();
        tolerances.extend(given.iter().map(|(name, tolerance)| (name.as_str(), *tolerance)));
        let prices = has_prices(file);
        let held = CAN_BE_HELD.iter().filter_map(|&(metric, usual)| {
            let usual = match metric {
                "cost" if !prices => None,
                "output_tokens" if !prices => tolerances.get("cost").copied().or(Some(0.02)),
                _ => usual,
            };
            let given = tolerances.get(metric).copied().filter(|_| metric != "cost" || prices);
            Some(Held { metric, tolerance: given.or(usual)? })
        });
        held.collect()
    }

    /// Returns true if more of the figure is better.
    pub fn more_is_better(&self) -> bool {
        matches!(self.metric, "quality" | COMPLETED)
    }
}

/// Verdict on a figure or a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckVerdict {
    /// Equal digests.
    Identical,
    /// Difference within the tolerance.
    Equivalent,
    /// Undecided within the allowed runs.
    Inconclusive,
    /// Significant improvement.
    Better,
    /// Significant deterioration.
    Worse,
}

impl CheckVerdict {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            CheckVerdict::Identical => "identical",
            CheckVerdict::Equivalent => "equivalent",
            CheckVerdict::Inconclusive => "inconclusive",
            CheckVerdict::Better => "better",
            CheckVerdict::Worse => "worse",
        }
    }

    /// Returns true for better and worse.
    pub fn is_change(self) -> bool {
        self >= CheckVerdict::Better
    }
}

/// Overall result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// No change, and every claim holds.
    Pass,
    /// An undecided point or claim.
    Inconclusive,
    /// A change, or a violated claim.
    Fail,
}

impl Overall {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Overall::Pass => "pass",
            Overall::Inconclusive => "inconclusive",
            Overall::Fail => "fail",
        }
    }

    /// Result of a verdict; with `strict` equivalent counts as a change.
    pub fn new(verdict: CheckVerdict, strict: bool) -> Overall {
        match verdict {
            CheckVerdict::Equivalent if strict => Overall::Fail,
            CheckVerdict::Identical | CheckVerdict::Equivalent => Overall::Pass,
            CheckVerdict::Inconclusive => Overall::Inconclusive,
            CheckVerdict::Better | CheckVerdict::Worse => Overall::Fail,
        }
    }
}

/// Outcome of one figure at one point.
#[derive(Clone, Debug)]
pub struct MetricOutcome {
    /// Figure and tolerance.
    pub held: Held,
    /// Mean in the baseline; none if no run completed.
    pub recorded: Option<f64>,
    /// Mean now.
    pub now: Option<f64>,
    /// Difference of the means; none where too few runs completed, and where all is identical.
    pub difference: Option<Difference>,
    /// Verdict.
    pub verdict: CheckVerdict,
}

/// Outcome of one point.
#[derive(Clone, Debug)]
pub struct PointOutcome {
    /// Values of the axes.
    pub axes: Vec<String>,
    /// Team size.
    pub agents: u32,
    /// Architecture.
    pub architecture: String,
    /// Worst verdict of its figures.
    pub verdict: CheckVerdict,
    /// Replications now.
    pub runs: usize,
    /// Figures, the makespan first.
    pub metrics: Vec<MetricOutcome>,
}

impl PointOutcome {
    /// Returns the figure with the worst verdict, and of equals the first.
    pub fn worst(&self) -> Option<&MetricOutcome> {
        self.metrics.iter().reduce(|worst, other| if other.verdict > worst.verdict { other } else { worst })
    }
}

/// Returns true if the scenario has prices.
pub(super) fn has_prices(file: &ScenarioFile) -> bool {
    file.scenario().is_ok_and(|scenario| scenario.prices != Prices::default())
}
