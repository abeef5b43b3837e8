//! Hypothesis tests on recorded runs: differences of metrics between the values of a label, and trends with team size.

use std::collections::BTreeMap;

use crate::corpus::RecordedRun;
use crate::corpus::group::SIZES;
use crate::scaling::amdahl;
use crate::scaling::{Alternative, benjamini_hochberg, kruskal_wallis, mann_whitney, median, spearman, wilcoxon};

/// Test of one metric over one label.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Metric.
    pub figure: &'static str,
    /// Label.
    pub label: String,
    /// Name of the test.
    pub test: &'static str,
    /// Statistics of the test as text.
    pub statistic: String,
    /// Statistics of the test by name.
    pub values: Vec<(String, f64)>,
    /// p-value.
    pub p: f64,
    /// p-value adjusted over all tests of the result (Benjamini and Hochberg 1995).
    pub adjusted_p: f64,
    /// Direction of the difference, by medians.
    pub direction: String,
}

/// Significance level.
pub const SIGNIFICANT: f64 = 0.05;
/// Least number of runs for a rank correlation that can be significant.
const FEWEST_PAIRS: usize = 5;
/// Least number of runs in three or more groups for a rank test that can be significant.
const FEWEST_OF_SEVERAL: usize = 7;

/// Reader of a metric of a run; NaN if the run has none.
type FigureReader = fn(&RecordedRun) -> f64;

/// Tested metrics.
const FIGURES: &[(&str, FigureReader)] = &[
    ("wall_clock_s", |run| run.wall_clock_s),
    ("llm_calls", |run| f64::from(run.metrics.llm_calls)),
    ("tokens", |run| if run.has_tokens { run.tokens() } else { f64::NAN }),
    ("idle_rounds", |run| f64::from(run.metrics.idle_rounds)),
    ("failed_tests", |run| f64::from(run.metrics.failed_tests)),
    ("concurrent_writes", |run| f64::from(run.metrics.concurrent_writes)),
];

/// Tests every metric over every label. There is no adjustment for other labels: effects of correlated labels are
/// confounded.
pub fn findings(runs: &[&RecordedRun], by: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for label in by {
        let is_size = SIZES.contains(&label.as_str());
        for (figure, of) in FIGURES {
            findings.extend(if is_size {
                with_size(runs, label, figure, *of)
            } else {
                between(runs, label, figure, *of)
            });
        }
    }
    findings.extend(below_amdahl(runs, by));
    let adjusted = benjamini_hochberg(&findings.iter().map(|finding| finding.p).collect::<Vec<_>>());
    for (finding, p) in findings.iter_mut().zip(adjusted) {
        finding.adjusted_p = p;
    }
    findings
}

/// Returns true if the values are not all equal.
fn differs<'f>(figures: impl IntoIterator<Item = &'f f64>) -> bool {
    let mut figures = figures.into_iter();
    let first = figures.next();
    figures.any(|figure| Some(figure) != first)
}

/// Returns true if the sample sizes allow a significant result.
fn can_be_significant(samples: &[&[f64]]) -> bool {
    let runs: usize = samples.iter().map(|sample| sample.len()).sum();
    match samples {
        // Two of the assignments of ranks to the two samples are the most extreme.
        [a, _] => {
            let choose = |ways: f64, chosen: usize| ways * (runs - chosen) as f64 / (chosen + 1) as f64;
            2.0 / (0..a.len()).fold(1.0, choose) < SIGNIFICANT
        }
        _ => runs >= FEWEST_OF_SEVERAL,
    }
}

/// Groups the values of a metric by those of a label.
fn by_value<'r>(runs: &[&'r RecordedRun], label: &str, of: FigureReader) -> BTreeMap<&'r str, Vec<f64>> {
    let mut by_value: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for run in runs.iter().filter(|run| !of(run).is_nan()) {
        by_value.entry(run.label(label)).or_default().push(of(run));
    }
    by_value
}

fn between(runs: &[&RecordedRun], label: &str, figure: &'static str, of: FigureReader) -> Option<Finding> {
    let groups = by_value(runs, label, of);
    let medians: Vec<(&str, f64)> =
        groups.iter().filter_map(|(value, figures)| Some((*value, median(figures)?))).collect();
    let (most, least) =
        (medians.iter().max_by(|a, b| a.1.total_cmp(&b.1))?, medians.iter().min_by(|a, b| a.1.total_cmp(&b.1))?);
    let direction = format!("{} {:.4} above {} {:.4} (medians)", most.0, most.1, least.0, least.1);
    let finding = |test, statistic, values, p| Finding {
        figure,
        label: label.to_owned(),
        test,
        statistic,
        values,
        p,
        adjusted_p: p,
        direction,
    };
    let samples: Vec<&[f64]> = groups.values().map(Vec::as_slice).collect();
    if !can_be_significant(&samples) || !differs(samples.iter().copied().flatten()) {
        return None;
    }
    if let [a, b] = samples.as_slice() {
        let test = mann_whitney(a, b)?;
        let names: Vec<&&str> = groups.keys().collect();
        let values = vec![(format!("u_{}", names[0]), test.u_a), (format!("u_{}", names[1]), test.u_b)];
        let statistic = format!("U {} = {}, U {} = {}", names[0], test.u_a, names[1], test.u_b);
        return Some(finding("Mann-Whitney", statistic, values, test.p));
    }
    let test = kruskal_wallis(&samples)?;
    let statistic = format!("H = {:.4}, df {}", test.h, test.df);
    let values = vec![("h".to_owned(), test.h), ("df".to_owned(), test.df as f64)];
    Some(finding("Kruskal-Wallis", statistic, values, test.p))
}

fn with_size(runs: &[&RecordedRun], label: &str, figure: &'static str, of: FigureReader) -> Option<Finding> {
    let pairs: Vec<(f64, f64)> = runs
        .iter()
        .filter_map(|run| Some((run.label(label).parse().ok()?, of(run))))
        .filter(|(_, figure): &(f64, f64)| !figure.is_nan())
        .collect();
    let (sizes, figures): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    if sizes.len() < FEWEST_PAIRS || !differs(&figures) {
        return None;
    }
    let test = spearman(&figures, &sizes)?;
    Some(Finding {
        figure,
        label: label.to_owned(),
        test: "Spearman",
        statistic: format!("rho = {:.4}", test.rho),
        values: vec![("rho".to_owned(), test.rho)],
        p: test.p,
        adjusted_p: test.p,
        direction: format!("{} with the size of the team", if test.rho < 0.0 { "falls" } else { "grows" }),
    })
}

/// Tests if teams stay below the bound of Amdahl's law, for runs with a known parallel fraction.
fn below_amdahl(runs: &[&RecordedRun], by: &[String]) -> Option<Finding> {
    let conditions: Vec<&String> = by.iter().filter(|label| !SIZES.contains(&label.as_str())).collect();
    let condition = |run: &RecordedRun| conditions.iter().map(|label| run.label(label).to_owned()).collect::<Vec<_>>();
    let mut alone: BTreeMap<Vec<String>, (f64, f64)> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.agents == 1) {
        let sums = alone.entry(condition(run)).or_default();
        *sums = (sums.0 + 1.0, sums.1 + run.wall_clock_s);
    }
    let difference = |run: &&RecordedRun| {
        let p: f64 = run.label("p_true").parse().ok().filter(|p| (0.0..=1.0).contains(p))?;
        let (count, seconds) = alone.get(&condition(run)).filter(|_| run.agents > 1)?;
        Some(seconds / count / run.wall_clock_s - amdahl::speedup(p, f64::from(run.agents)))
    };
    let differences: Vec<f64> = runs.iter().filter_map(difference).collect();
    let test = wilcoxon(&differences, Alternative::Less)?;
    let median = median(&differences)?;
    Some(Finding {
        figure: "speedup",
        label: "bound of Amdahl's law".to_owned(),
        test: "Wilcoxon, one-sided",
        statistic: format!("W = {}, {} runs", test.statistic, test.used),
        values: vec![("w".to_owned(), test.statistic), ("median".to_owned(), median)],
        p: test.p,
        adjusted_p: test.p,
        direction: format!("{:.4} {} the bound (median)", median.abs(), if median < 0.0 { "below" } else { "above" }),
    })
}
