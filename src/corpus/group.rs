//! Groups of recorded runs with their metrics and their speedup over a baseline.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::record::METRICS;
use crate::scaling::stats::Summary;

/// Labels that identify a single run.
const RUN_IDS: [&str; 4] = ["session", "rep", "replication", "seed"];

/// Reference of a speedup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorpusBaseline {
    /// One agent, with all other labels equal.
    Own,
    /// Fastest group of one agent, with all labels equal except the coordination.
    Solo,
    /// Group with these labels, with all others equal.
    Labels(Vec<(String, String)>),
}

/// Runs that a metric covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Completed runs.
    Completed,
    /// All runs, also censored ones.
    All,
}

/// Definition of groups.
#[derive(Clone, Debug)]
pub struct Grouping {
    /// Labels, in the order of the columns.
    pub by: Vec<String>,
    /// Reference of the speedups.
    pub baseline: CorpusBaseline,
}

/// Group of runs with equal labels.
#[derive(Clone, Debug)]
pub struct RunGroup {
    /// Values of the labels, in their order.
    pub labels: Vec<String>,
    /// Number of runs.
    pub runs: usize,
    /// Number of completed runs.
    pub completed: usize,
    /// Metrics of completed runs; none if there are none.
    pub of_completed: Option<GroupFigures>,
    /// Metrics of all runs.
    pub of_all: Option<GroupFigures>,
}

/// Metrics of a group.
#[derive(Clone, Debug)]
pub struct GroupFigures {
    /// Recorded length, seconds.
    pub wall_clock_s: Summary,
    /// All tokens, if known.
    pub tokens: Option<Summary>,
    /// Metrics of the replays, in the order of [`METRICS`]; none if unknown.
    pub metrics: Vec<Option<Summary>>,
    /// Mean length of the baseline over mean length here; none without a baseline.
    pub speedup: Option<f64>,
    /// Mean tokens here over mean tokens of the baseline.
    pub token_multiplier: Option<f64>,
}

/// Labels that may contain the team size.
pub(crate) const SIZES: [&str; 2] = ["n", "agents"];
/// Labels that may contain the coordination.
pub(crate) const COORDINATION: [&str; 2] = ["mode", "architecture"];

impl Grouping {
    /// Selects the labels that differ between runs and have few values; the team size comes last.
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
        let is_name = |name: &String| RUN_IDS.contains(&name.as_str());
        // A label with nearly as many values as runs is an identifier.
        let separates =
            |name: &String| !is_name(name) && (2..=12).contains(&values(name)) && values(name) * 2 <= runs.len().max(4);
        let by = names.into_iter().filter(separates);
        // Of labels that define the same groups the first is kept.
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

/// Returns the groups, sorted by their labels: numbers by value, others as text.
pub fn groups(runs: &[RecordedRun], grouping: &Grouping) -> Vec<RunGroup> {
    let mut members: BTreeMap<Vec<LabelKey>, Vec<&RecordedRun>> = BTreeMap::new();
    for run in runs {
        let key = grouping.by.iter().map(|name| LabelKey::new(run.label(name))).collect();
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

/// Returns the runs of a group's baseline.
fn baseline<'r>(
    key: &[LabelKey],
    all: &[(Vec<LabelKey>, Vec<&'r RecordedRun>)],
    grouping: &Grouping,
    scope: Scope,
) -> Option<Vec<&'r RecordedRun>> {
    let index = |names: &[&str]| grouping.by.iter().position(|name| names.contains(&name.as_str()));
    let wanted = |key: &[LabelKey], changes: &[(usize, &str)]| {
        let mut wanted = key.to_vec();
        for (index, value) in changes {
            wanted[*index] = LabelKey::new(value);
        }
        wanted
    };
    let find = |wanted: &[LabelKey]| all.iter().find(|(key, _)| key == wanted).map(|(_, runs)| chosen(runs, scope));
    match &grouping.baseline {
        CorpusBaseline::Own => find(&wanted(key, &[(index(&SIZES)?, "1")])),
        CorpusBaseline::Solo => {
            let size = index(&SIZES)?;
            let coordination: Vec<usize> =
                (0..key.len()).filter(|&index| COORDINATION.contains(&grouping.by[index].as_str())).collect();
            let is_candidate = |other: &[LabelKey]| {
                (0..key.len()).all(|index| {
                    coordination.contains(&index)
                        || if index == size { other[index].text == "1" } else { other[index] == key[index] }
                })
            };
            let candidates = all.iter().filter(|(other, _)| is_candidate(other)).map(|(_, runs)| chosen(runs, scope));
            let mean =
                |runs: &Vec<&RecordedRun>| runs.iter().map(|run| run.wall_clock_s).sum::<f64>() / runs.len() as f64;
            candidates.filter(|runs| !runs.is_empty()).min_by(|a, b| mean(a).total_cmp(&mean(b)))
        }
        CorpusBaseline::Labels(labels) => {
            let changes: Option<Vec<(usize, &str)>> =
                labels.iter().map(|(name, value)| Some((index(&[name.as_str()])?, value.as_str()))).collect();
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

/// Value of a label in natural order: numbers by value, before text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LabelKey {
    number: Option<f64>,
    text: String,
}

impl LabelKey {
    pub(crate) fn new(text: &str) -> LabelKey {
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
