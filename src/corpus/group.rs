//! Recorded runs in groups, each with its figures and its speedup over a baseline.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::record::METRICS;
use crate::scaling::stats::Summary;

/// Labels that tell one run from the next of its kind.
const ONE_S_OWN: [&str; 4] = ["session", "rep", "replication", "seed"];

/// What a speedup is relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorpusBaseline {
    /// One agent, all other labels the same.
    Own,
    /// The fastest of the groups of one agent that differ in nothing but what agents coordinate by.
    Solo,
    /// The group with these labels, all others the same.
    Labels(Vec<(String, String)>),
}

/// Which runs a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that reached their goal.
    Completed,
    /// All of them, cut off or not.
    All,
}

/// How runs are put into groups.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// The labels, in the order of the columns.
    pub by: Vec<String>,
    /// What speedups are relative to.
    pub baseline: CorpusBaseline,
}

/// Runs with the same labels.
#[derive(Clone, Debug)]
pub struct RunGroup {
    /// The values of the labels, in their order.
    pub labels: Vec<String>,
    /// How many runs.
    pub runs: usize,
    /// How many of them reached their goal.
    pub completed: usize,
    /// The figures over completed runs; none if there are none.
    pub of_completed: Option<GroupFigures>,
    /// The figures over all runs.
    pub of_all: Option<GroupFigures>,
}

/// Figures over some runs.
#[derive(Clone, Debug)]
pub struct GroupFigures {
    /// Recorded length, seconds.
    pub wall_clock_s: Summary,
    /// All tokens, where they are known.
    pub tokens: Option<Summary>,
    /// Every metric of the replays, in the order of [`METRICS`]; none where it is not known.
    pub metrics: Vec<Option<Summary>>,
    /// Mean length of the baseline over mean length here; none without a baseline.
    pub speedup: Option<f64>,
    /// Mean tokens here over mean tokens of the baseline.
    pub token_multiplier: Option<f64>,
}

/// Names under which the team's size may be found among labels.
pub(crate) const SIZES: [&str; 2] = ["n", "agents"];
/// Names under which what agents coordinate by may be found.
pub(crate) const COORDINATION: [&str; 2] = ["mode", "architecture"];

impl Grouping {
    /// By the labels that differ between runs: those of few values, the size of the team last.
    pub fn by_what_differs(runs: &[RecordedRun]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in runs.iter().flat_map(|run| &run.labels) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let values = |name: &str| {
            let mut values: Vec<&str> = runs.iter().map(|run| run.label(name)).collect();
            values.sort_unstable();
            values.dedup();
            values.len()
        };
        let is_name = |name: &String| ONE_S_OWN.contains(&name.as_str());
        // A label of nearly as many values as there are runs is a number or a name, and tells nothing.
        let tells =
            |name: &String| !is_name(name) && (2..=12).contains(&values(name)) && values(name) * 2 <= runs.len().max(4);
        let by = names.into_iter().filter(tells);
        // Two labels that say the same are one.
        let same = |a: &str, b: &str| {
            let pairs: std::collections::BTreeSet<(&str, &str)> =
                runs.iter().map(|run| (run.label(a), run.label(b))).collect();
            pairs.len() == values(a) && pairs.len() == values(b)
        };
        let mut kept: Vec<String> = Vec::new();
        for name in by {
            if !kept.iter().any(|other| same(other, &name)) {
                kept.push(name);
            }
        }
        kept.sort_by_key(|name| SIZES.contains(&name.as_str()));
        kept
    }
}

/// The groups, ordered by their labels: numbers by value, all else as text.
pub fn groups(runs: &[RecordedRun], grouping: &Grouping) -> Vec<RunGroup> {
    let mut members: BTreeMap<Vec<LabelKey>, Vec<&RecordedRun>> = BTreeMap::new();
    for run in runs {
        let key = grouping.by.iter().map(|name| LabelKey::of(run.label(name))).collect();
        members.entry(key).or_default().push(run);
    }
    let all: Vec<(Vec<LabelKey>, Vec<&RecordedRun>)> = members.into_iter().collect();
    let group = |(key, runs): &(Vec<LabelKey>, Vec<&RecordedRun>)| {
        let figures = |scope: Scope| {
            let chosen = chosen(runs, scope);
            let base = baseline(key, &all, grouping, scope);
            figures(&chosen, base.as_deref())
        };
        RunGroup {
            labels: key.iter().map(|key| key.text.clone()).collect(),
            runs: runs.len(),
            completed: runs.iter().filter(|run| run.is_completed()).count(),
            of_completed: figures(Scope::Completed),
            of_all: figures(Scope::All),
        }
    };
    all.iter().map(group).collect()
}

fn chosen<'r>(runs: &[&'r RecordedRun], scope: Scope) -> Vec<&'r RecordedRun> {
    runs.iter().copied().filter(|run| scope == Scope::All || run.is_completed()).collect()
}

/// The runs of a group's baseline.
fn baseline<'r>(
    key: &[LabelKey],
    all: &[(Vec<LabelKey>, Vec<&'r RecordedRun>)],
    grouping: &Grouping,
    scope: Scope,
) -> Option<Vec<&'r RecordedRun>> {
    let place = |names: &[&str]| grouping.by.iter().position(|name| names.contains(&name.as_str()));
    let wanted = |key: &[LabelKey], changes: &[(usize, &str)]| {
        let mut wanted = key.to_vec();
        for (place, value) in changes {
            wanted[*place] = LabelKey::of(value);
        }
        wanted
    };
    let find = |wanted: &[LabelKey]| all.iter().find(|(key, _)| key == wanted).map(|(_, runs)| chosen(runs, scope));
    match &grouping.baseline {
        CorpusBaseline::Own => find(&wanted(key, &[(place(&SIZES)?, "1")])),
        CorpusBaseline::Solo => {
            let size = place(&SIZES)?;
            let coordination: Vec<usize> =
                (0..key.len()).filter(|&place| COORDINATION.contains(&grouping.by[place].as_str())).collect();
            let is_candidate = |other: &[LabelKey]| {
                (0..key.len()).all(|place| {
                    coordination.contains(&place)
                        || if place == size { other[place].text == "1" } else { other[place] == key[place] }
                })
            };
            let candidates = all.iter().filter(|(other, _)| is_candidate(other)).map(|(_, runs)| chosen(runs, scope));
            let mean =
                |runs: &Vec<&RecordedRun>| runs.iter().map(|run| run.wall_clock_s).sum::<f64>() / runs.len() as f64;
            candidates.filter(|runs| !runs.is_empty()).min_by(|a, b| mean(a).total_cmp(&mean(b)))
        }
        CorpusBaseline::Labels(labels) => {
            let changes: Option<Vec<(usize, &str)>> =
                labels.iter().map(|(name, value)| Some((place(&[name.as_str()])?, value.as_str()))).collect();
            find(&wanted(key, &changes?))
        }
    }
}

fn figures(runs: &[&RecordedRun], base: Option<&[&RecordedRun]>) -> Option<GroupFigures> {
    let summary = |of: &dyn Fn(&RecordedRun) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(|run| of(run)).filter(|value| !value.is_nan()).collect();
        Summary::from_sample(&mut values)
    };
    let mean = |runs: &[&RecordedRun], of: fn(&RecordedRun) -> f64| {
        (!runs.is_empty()).then(|| runs.iter().map(|run| of(run)).sum::<f64>() / runs.len() as f64)
    };
    let ratio = |over: Option<f64>, under: Option<f64>| Some(over? / under?).filter(|ratio| ratio.is_finite());
    let wall_clock = |run: &RecordedRun| run.wall_clock_s;
    let has_tokens = runs.iter().any(|run| run.has_tokens);
    Some(GroupFigures {
        wall_clock_s: summary(&wall_clock)?,
        tokens: if has_tokens { summary(&|run| if run.has_tokens { run.tokens() } else { f64::NAN }) } else { None },
        metrics: METRICS.iter().map(|metric| summary(&|run| (metric.of)(&run.metrics))).collect(),
        speedup: ratio(base.and_then(|base| mean(base, |run| run.wall_clock_s)), mean(runs, |run| run.wall_clock_s)),
        token_multiplier: ratio(
            mean(runs, RecordedRun::tokens).filter(|_| has_tokens),
            base.and_then(|base| mean(base, RecordedRun::tokens)),
        ),
    })
}

/// A label's value in the order of people: numbers by value, before text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelKey {
    number: Option<f64>,
    text: String,
}

impl LabelKey {
    pub(crate) fn of(text: &str) -> LabelKey {
        LabelKey { number: text.parse().ok().filter(|number: &f64| number.is_finite()), text: text.to_owned() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl Eq for LabelKey {}

impl Ord for LabelKey {
    fn cmp(&self, other: &LabelKey) -> std::cmp::Ordering {
        let numbers = match (self.number, other.number) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        numbers.then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for LabelKey {
    fn partial_cmp(&self, other: &LabelKey) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
