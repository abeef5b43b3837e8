//! Check of a whole curve beside its points: its law, contention and coherency, and its peak.

use crate::experiment::Replications;
use crate::experiment::baseline::grid::Grid;
use crate::experiment::baseline::outcome::{CheckVerdict, PointOutcome};
use crate::experiment::baseline::recorded::{CurveParameter, RecordedBaseline, RecordedCurve};
use crate::experiment::result::curve_of;
use crate::scaling::sample::SizeGroup;
use crate::scaling::study::StudyOptions;
use crate::scaling::{MeasurementKind, Study, law};
use crate::scenario::ScenarioFile;

/// Resamples for the interval of a peak.
const RESAMPLES: u32 = 400;
/// Least relative change of a parameter that counts.
const RELEVANT_CHANGE: f64 = 0.1;

/// Outcome of one rule.
#[derive(Clone, Debug)]
pub struct RuleOutcome {
    /// Curve.
    pub curve: String,
    /// Compared property: a parameter, or `law`.
    pub rule: String,
    /// Recorded value, in words.
    pub recorded: String,
    /// Value now.
    pub now: String,
    /// Identical, equivalent, or worse: any change of shape counts as worse.
    pub verdict: CheckVerdict,
    /// Reason.
    pub reason: String,
}

/// Fits the curves of a grid to these runs.
pub fn curves(grid: &Grid, samples: &[Replications], scaled: bool, seed: u64) -> Vec<RecordedCurve> {
    let mut labels: Vec<String> = Vec::new();
    for point in &grid.points {
        let label = curve_of(&grid.axes, &point.axes);
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels.into_iter().filter_map(|label| fitted(grid, samples, &label, scaled, seed)).collect()
}

/// Fits a curve; none if it has fewer than three team sizes or a law can't be fitted to it.
fn fitted(grid: &Grid, samples: &[Replications], label: &str, scaled: bool, seed: u64) -> Option<RecordedCurve> {
    let of_curve = grid.points.iter().zip(samples).filter(|(point, _)| curve_of(&grid.axes, &point.axes) == label);
    let mut groups = Vec::new();
    for (point, sample) in of_curve {
        let times = sample.completed("makespan_s").into_iter();
        // Work that grows with the team is compared by rate.
        let values = if scaled {
            let amount = sample.work_of(&point.scenario).amount;
            times.map(|time| amount / time).collect()
        } else {
            times.collect()
        };
        groups.extend(SizeGroup::new(f64::from(point.agents), values));
    }
    if groups.len() < 3 {
        return None;
    }
    let (kind, laws, shown) = if scaled {
        (MeasurementKind::Throughput, &["gustafson"][..], "gustafson")
    } else {
        (MeasurementKind::Time, &["amdahl", "usl"][..], "usl")
    };
    let options = StudyOptions {
        laws: laws.iter().filter_map(|name| law(name)).collect(),
        judge_all: true,
        seed,
        resamples: RESAMPLES,
    };
    let study = Study::new(crate::scaling::Sample::from_groups(kind, groups), &options).ok()?;
    let law = study.law(shown)?;
    let of_law = law.fit.estimates().iter().zip(&law.intervals).filter(|(estimate, _)| estimate.name != "lambda");
    let mut parameters: Vec<CurveParameter> = of_law
        .map(|(estimate, interval)| CurveParameter {
            name: estimate.name.to_owned(),
            estimate: estimate.value,
            low: interval.map_or(f64::NEG_INFINITY, |interval| interval.low),
            high: interval.map_or(f64::INFINITY, |interval| interval.high),
        })
        .collect();
    let peak = study.follows().and_then(|law| law.fit.peak()).zip(study.peak);
    parameters.extend(peak.map(|(peak, interval)| CurveParameter {
        name: "peak_agents".to_owned(),
        estimate: peak.n,
        low: interval.low,
        high: interval.high,
    }));
    let law = study.follows().map(|law| law.fit.law.name.to_owned());
    Some(RecordedCurve { curve: label.to_owned(), law, parameters })
}

/// Compares the curves of a grid with those of the baseline.
pub(super) fn rules(
    file: &ScenarioFile,
    recorded: &RecordedBaseline,
    grid: &Grid,
    samples: &[Replications],
    points: &[PointOutcome],
    seed: u64,
) -> Vec<RuleOutcome> {
    let mut rules = Vec::new();
    for before in &recorded.curves {
        let own = || points.iter().filter(|point| curve_of(&recorded.axes, &point.axes) == before.curve);
        if own().all(|point| point.verdict == CheckVerdict::Identical) {
            rules.extend(identical(before));
        } else if !same_sizes(recorded, grid, &before.curve) {
            // A fit to other team sizes is not comparable.
        } else if let Some(now) = fitted(grid, samples, &before.curve, file.is_scaled(), seed) {
            rules.extend(of_curve(before, &now, own().any(|point| point.verdict.is_change())));
        }
    }
    rules
}

/// Returns true if a curve still has the recorded team sizes.
fn same_sizes(recorded: &RecordedBaseline, grid: &Grid, curve: &str) -> bool {
    let then = recorded.points.iter().filter(|point| curve_of(&recorded.axes, &point.axes) == curve);
    let now = grid.points.iter().filter(|point| curve_of(&grid.axes, &point.axes) == curve);
    then.map(|point| point.agents).eq(now.map(|point| point.agents))
}

/// Compares the curves of two baselines.
pub(super) fn compared(
    older: &RecordedBaseline,
    newer: &RecordedBaseline,
    points: &[PointOutcome],
) -> Vec<RuleOutcome> {
    let mut rules = Vec::new();
    for before in &older.curves {
        let Some(now) = newer.curves.iter().find(|now| now.curve == before.curve) else { continue };
        let mut own = points.iter().filter(|point| curve_of(&older.axes, &point.axes) == before.curve);
        rules.extend(if before == now {
            identical(before).collect()
        } else {
            of_curve(before, now, own.any(|point| point.verdict.is_change()))
        });
    }
    rules
}

fn of_curve(before: &RecordedCurve, now: &RecordedCurve, moved: bool) -> Vec<RuleOutcome> {
    let mut rules = vec![law_rule(before, now, moved)];
    for parameter in &before.parameters {
        if let Some(other) = now.parameters.iter().find(|other| other.name == parameter.name) {
            rules.push(parameter_rule(&before.curve, parameter, other));
        }
    }
    rules
}

fn identical(curve: &RecordedCurve) -> impl Iterator<Item = RuleOutcome> {
    let rule = |rule: &str, value: String| RuleOutcome {
        curve: curve.curve.clone(),
        rule: rule.to_owned(),
        recorded: value.clone(),
        now: value,
        verdict: CheckVerdict::Identical,
        reason: String::new(),
    };
    let parameters = curve.parameters.iter().map(|parameter| rule(&parameter.name, shown(parameter)));
    std::iter::once(rule("law", law_name(curve))).chain(parameters).collect::<Vec<_>>().into_iter()
}

fn law_name(curve: &RecordedCurve) -> String {
    curve.law.clone().unwrap_or_else(|| "no scaling regime".to_owned())
}

/// Two laws may be nearly tied, so that chance decides: a change of law counts only if points changed too.
fn law_rule(before: &RecordedCurve, now: &RecordedCurve, moved: bool) -> RuleOutcome {
    let (verdict, reason) = match (before.law == now.law, moved) {
        (true, _) => (CheckVerdict::Equivalent, String::new()),
        (false, true) => (CheckVerdict::Worse, "the curve follows another law, and points on it changed".to_owned()),
        (false, false) => (
            CheckVerdict::Equivalent,
            "another law fits better, but no point changed: the fits are nearly tied".to_owned(),
        ),
    };
    let (curve, rule) = (before.curve.clone(), "law".to_owned());
    RuleOutcome { curve, rule, recorded: law_name(before), now: law_name(now), verdict, reason }
}

/// A parameter has changed if its intervals do not overlap and it changed by a tenth.
fn parameter_rule(curve: &str, before: &CurveParameter, now: &CurveParameter) -> RuleOutcome {
    let apart = now.low > before.high || now.high < before.low;
    let moved = (now.estimate - before.estimate).abs() > RELEVANT_CHANGE * before.estimate.abs();
    let (verdict, reason) = match (apart, moved) {
        (true, true) => (CheckVerdict::Worse, "the 95 % intervals do not overlap".to_owned()),
        (true, false) => (CheckVerdict::Equivalent, "changed by less than a tenth".to_owned()),
        _ => (CheckVerdict::Equivalent, String::new()),
    };
    let (curve, rule) = (curve.to_owned(), before.name.clone());
    RuleOutcome { curve, rule, recorded: shown(before), now: shown(now), verdict, reason }
}

/// Formats `0.0412 [0.0391, 0.0433]`; an unbounded end is blank.
fn shown(parameter: &CurveParameter) -> String {
    let digits = |value: f64| match value {
        v if !v.is_finite() => String::new(),
        v if v.abs() >= 1.0 => format!("{v:.1}"),
        v if v.abs() >= 0.001 || v == 0.0 => format!("{v:.4}"),
        v => format!("{v:.2e}"),
    };
    format!("{} [{}, {}]", digits(parameter.estimate), digits(parameter.low), digits(parameter.high))
}
