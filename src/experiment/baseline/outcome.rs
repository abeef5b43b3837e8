//! Outcomes of a check: of a figure, of a point, overall.

use std::collections::BTreeMap;

use crate::experiment::baseline::difference::Difference;
use crate::record::Prices;
use crate::scenario::ScenarioFile;

/// The name under which the share of completed runs is held.
pub const COMPLETED: &str = "completed";

/// A figure that is held, and what difference is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Its name in `record::METRICS`, or [`COMPLETED`].
    pub metric: &'static str,
    /// A fraction of the recorded mean; of [`COMPLETED`] a difference of shares.
    pub tolerance: f64,
}

/// Figures that can be held, with their usual tolerance; those without one are held where somebody gives them one.
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
    /// Names of what can be held.
    pub fn names() -> impl Iterator<Item = &'static str> + Clone {
        CAN_BE_HELD.iter().map(|(name, _)| *name)
    }

    /// What is held of a scenario; `given` wins over what the scenario says.
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

    /// Whether more of it is better.
    pub fn more_is_better(&self) -> bool {
        matches!(self.metric, "quality" | COMPLETED)
    }
}

/// What became of a figure or a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckVerdict {
    /// The same bytes.
    Identical,
    /// A difference that is none.
    Equivalent,
    /// Neither equivalent nor changed, for all runs that were allowed.
    Inconclusive,
    /// Changed for the better.
    Better,
    /// Changed for the worse.
    Worse,
}

impl CheckVerdict {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            CheckVerdict::Identical => "identical",
            CheckVerdict::Equivalent => "equivalent",
            CheckVerdict::Inconclusive => "inconclusive",
            CheckVerdict::Better => "better",
            CheckVerdict::Worse => "worse",
        }
    }

    /// Whether that is a change.
    pub fn is_change(self) -> bool {
        self >= CheckVerdict::Better
    }
}

/// What a check says in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overall {
    /// Nothing changed, and every claim holds.
    Pass,
    /// Something can't be told.
    Inconclusive,
    /// Something changed, or a claim is violated.
    Fail,
}

impl Overall {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Overall::Pass => "pass",
            Overall::Inconclusive => "inconclusive",
            Overall::Fail => "fail",
        }
    }

    /// Of a verdict; `strict` takes what is equivalent for a change.
    pub fn new(verdict: CheckVerdict, strict: bool) -> Overall {
        match verdict {
            CheckVerdict::Equivalent if strict => Overall::Fail,
            CheckVerdict::Identical | CheckVerdict::Equivalent => Overall::Pass,
            CheckVerdict::Inconclusive => Overall::Inconclusive,
            CheckVerdict::Better | CheckVerdict::Worse => Overall::Fail,
        }
    }
}

/// What became of one figure at one point.
#[derive(Clone, Debug)]
pub struct MetricOutcome {
    /// The figure and its tolerance.
    pub held: Held,
    /// Its mean in the baseline; none if no run completed.
    pub recorded: Option<f64>,
    /// Its mean now.
    pub now: Option<f64>,
    /// How far apart they are; none where too few runs completed, and where all is identical.
    pub difference: Option<Difference>,
    /// The verdict.
    pub verdict: CheckVerdict,
}

/// What became of one point.
#[derive(Clone, Debug)]
pub struct PointOutcome {
    /// The values of the axes.
    pub axes: Vec<String>,
    /// The team's size.
    pub agents: u32,
    /// The architecture.
    pub architecture: String,
    /// The gravest of its figures' verdicts.
    pub verdict: CheckVerdict,
    /// Replications now.
    pub runs: usize,
    /// Its figures, the makespan first.
    pub metrics: Vec<MetricOutcome>,
}

impl PointOutcome {
    /// The figure that a reader should see: the gravest, and of equals the first.
    pub fn gravest(&self) -> Option<&MetricOutcome> {
        self.metrics.iter().reduce(|gravest, other| if other.verdict > gravest.verdict { other } else { gravest })
    }
}

/// Whether anything costs anything.
pub(super) fn has_prices(file: &ScenarioFile) -> bool {
    file.scenario().is_ok_and(|scenario| scenario.prices != Prices::default())
}
