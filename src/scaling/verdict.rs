//! Verdict: the scaling law that a measured curve follows, or the reason why it follows none.

use std::fmt;

use crate::scaling::fit::{FTest, PureError};
use crate::scaling::tails::t_quantile;
use crate::scaling::{Fit, Interval, Point, fit, law};

/// Verdict on a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// A scaling regime, described by this law.
    Regime {
        /// Name of the law.
        law: &'static str,
    },
    /// No law describes the curve.
    NoRegime(NoRegime),
}

/// Reasons for no scaling regime.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoRegime {
    /// Fewer than three team sizes, which every curve fits.
    TooFewSizes {
        /// Number of different team sizes.
        sizes: usize,
    },
    /// No team is more than 5 % faster than the smallest.
    Flat {
        /// Gain of the fastest team over the smallest, as a fraction.
        gain: f64,
    },
    /// No team is more than 5 % faster than the smallest, and the largest is more than 5 % slower.
    Falling {
        /// Gain of the largest team over the smallest, as a fraction; negative.
        gain: f64,
    },
    /// A team is significantly more than 5 % slower than the smallest, where every law that does better than a constant
    /// still rises.
    Dip {
        /// Team size.
        n: f64,
        /// Gain over the smallest team, as a fraction; negative.
        gain: f64,
    },
    /// No law is significantly better than a constant.
    Scatter {
        /// The least p-value of any law against a constant, at least 0.05.
        p_value: f64,
    },
}

/// Least gain, and significance level.
const THRESHOLD: f64 = 0.05;

/// Judges `points` by the laws fitted to them.
///
/// A law is a candidate if the F test prefers it to a constant at the 5 % level. Amdahl's, Gustafson's and Gunther's
/// laws contain the constant: p = 0, s = 1, sigma = 1. Linear scaling is a candidate if a straight line is and it fits
/// better than a constant. The candidate with the least `AICc` wins. But the USL contains Amdahl's law, and all others
/// contain linear scaling, so between these the nested F test decides on the additional parameter. Leave out laws that
/// cannot apply, such as Gustafson's for work of fixed size.
pub fn judge(points: &[Point], fits: &[Fit]) -> Verdict {
    decide(points, PureError::default(), fits, &[])
}

/// Judges points with a known 95 % half-width each. A law that rises where a team is significantly slower than the
/// smallest is no candidate.
pub fn judge_known(points: &[Point], half_widths: &[f64], fits: &[Fit]) -> Verdict {
    decide(points, PureError::default(), fits, &known(points, half_widths.iter().copied()))
}

/// Judges means of repeated measurements, whose scatter `pure` determines their intervals.
pub fn judge_means(points: &[Point], pure: PureError, fits: &[Fit]) -> Verdict {
    if pure.df == 0 {
        return judge(points, fits);
    }
    let (t, variance) = (t_quantile(0.975, pure.df as f64), pure.squares / pure.df as f64);
    let half_widths = points.iter().map(|point| t * (variance / point.weight).sqrt());
    decide(points, pure, fits, &known(points, half_widths))
}

/// Intervals by ascending team size.
fn known(points: &[Point], half_widths: impl Iterator<Item = f64>) -> Vec<(f64, Interval)> {
    let interval = |(point, half_width): (&Point, f64)| (point.n, Interval { estimate: point.x, half_width });
    let mut known: Vec<(f64, Interval)> = points.iter().zip(half_widths).map(interval).collect();
    known.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    known
}

fn decide(points: &[Point], pure: PureError, fits: &[Fit], known: &[(f64, Interval)]) -> Verdict {
    let means = means_by_size(points);
    if means.len() < 3 {
        return Verdict::NoRegime(NoRegime::TooFewSizes { sizes: means.len() });
    }
    let gain = |mean: f64| mean / means[0].1 - 1.0;
    let best = means.iter().map(|&(_, mean)| gain(mean)).fold(f64::NEG_INFINITY, f64::max);
    let last = gain(means[means.len() - 1].1);
    // NaN if every throughput is 0; then there is no gain.
    if best.is_nan() || best <= THRESHOLD {
        return flat_or_falling(best, last);
    }
    let (first, largest) = (means[0].0, means[means.len() - 1].0);
    let mut least_p = 1.0_f64;
    let (mut winner, mut dip): (Option<&Fit>, Option<NoRegime>) = (None, None);
    for fit in fits {
        let p_value = against_constant(points, pure, fit);
        least_p = least_p.min(p_value);
        if p_value >= THRESHOLD {
            continue;
        }
        match contradiction(fit, known, largest) {
            Some(found) => dip = Some(found),
            None if winner.is_none_or(|winner| is_better(fit, winner)) => winner = Some(fit),
            None => {}
        }
    }
    let Some(fit) = winner else {
        return Verdict::NoRegime(dip.unwrap_or(NoRegime::Scatter { p_value: least_p }));
    };
    // Noise alone may raise a point above the first: the fitted curve must rise.
    let gain = |n: f64| fit.speedup(n) / fit.speedup(first) - 1.0;
    let top = top(fit, first, largest);
    if gain(top) <= THRESHOLD {
        return flat_or_falling(gain(top), gain(largest));
    }
    Verdict::Regime { law: fit.law.name }
}

/// Team size of the fitted curve's maximum between these team sizes.
fn top(fit: &Fit, first: f64, largest: f64) -> f64 {
    fit.peak().map_or(largest, |peak| peak.n.clamp(first, largest))
}

/// Returns the team that contradicts a fitted curve: the curve rises up to its maximum, where a team is slower than the
/// smallest. Of several the slowest. Smaller deviations do not count: with enough runs no law is exact.
fn contradiction(fit: &Fit, known: &[(f64, Interval)], largest: f64) -> Option<NoRegime> {
    let &(first, smallest) = known.first()?;
    let top = top(fit, first, largest);
    if fit.speedup(top) / fit.speedup(first) - 1.0 <= THRESHOLD {
        return None;
    }
    let is_slower = |team: &Interval| team.high() < (1.0 - THRESHOLD) * smallest.low();
    let dips = known.iter().filter(|(n, team)| *n > first && *n <= top && is_slower(team));
    let (n, team) = dips.min_by(|(_, a), (_, b)| a.estimate.total_cmp(&b.estimate))?;
    Some(NoRegime::Dip { n: *n, gain: team.estimate / smallest.estimate - 1.0 })
}

fn flat_or_falling(best: f64, last: f64) -> Verdict {
    Verdict::NoRegime(if last < -THRESHOLD { NoRegime::Falling { gain: last } } else { NoRegime::Flat { gain: best } })
}

/// Returns true if `fit` describes the same points better than `other`.
fn is_better(fit: &Fit, other: &Fit) -> bool {
    if contains(fit, other) {
        needs(other, fit).is_some_and(|test| test.p < THRESHOLD)
    } else if contains(other, fit) {
        needs(fit, other).is_none_or(|test| test.p >= THRESHOLD)
    } else {
        rank(fit) < rank(other)
    }
}

/// Returns true if the law of `other` is a special case of that of `fit`.
fn contains(fit: &Fit, other: &Fit) -> bool {
    let (law, other) = (fit.law.name, other.law.name);
    (law == "usl" && other == "amdahl") || (law != "linear" && other == "linear")
}

/// Nested F test of a law against one that contains it, as the USL with kappa = 0 is Amdahl's law. None without degrees
/// of freedom.
pub fn needs(simple: &Fit, general: &Fit) -> Option<FTest> {
    let parameters = general.estimates().len();
    let df2 = general.points.checked_sub(parameters).filter(|&df| df > 0)?;
    let df1 = parameters.checked_sub(simple.estimates().len()).filter(|&df| df > 0)?;
    let gained = (simple.rss - general.rss).max(0.0);
    let left = general.rss.max(general.rounding);
    Some(FTest::new(if gained > general.rounding { gained } else { 0.0 }, df1, left, df2))
}

/// Points with more than linear scaling from the smallest team: because of a cache, a handicapped baseline, or noise.
pub fn superlinear(points: &[Point]) -> impl Iterator<Item = &Point> {
    let first = means_by_size(points).first().copied();
    points.iter().filter(move |point| {
        // An excess of less than one part in 10^9 is rounding.
        first.is_some_and(|(n, mean)| point.n > n && point.x * n > mean * point.n * (1.0 + 1e-9))
    })
}

/// The p-value of the F test of a fitted law against a constant; 1 where there is no test.
fn against_constant(points: &[Point], pure: PureError, fit: &Fit) -> f64 {
    let parameters = fit.estimates().len();
    if fit.points <= parameters {
        return 1.0;
    }
    let weight: f64 = points.iter().map(|point| point.weight).sum();
    let mean = points.iter().map(|point| point.weight * point.x).sum::<f64>() / weight;
    let constant: f64 = points.iter().map(|point| point.weight * (point.x - mean) * (point.x - mean)).sum();
    let rss = fit.rss.max(fit.rounding);
    if parameters < 2 {
        // A line through the origin does not contain the constant; Gustafson's law, a general line, contains both.
        let line = law("gustafson").filter(|_| rss < constant + pure.squares);
        let line = line.and_then(|line| fit::fit_means(line, points, pure).ok());
        return line.map_or(1.0, |line| against_constant(points, pure, &line));
    }
    FTest::new(constant + pure.squares - rss, parameters - 1, rss, fit.points - parameters).p
}

/// Criterion for ranking, less is better: `AICc` where defined, then the number of parameters.
fn rank(fit: &Fit) -> (f64, usize) {
    (fit.aicc.unwrap_or(f64::INFINITY), fit.estimates().len())
}

/// Weighted means by ascending team size.
fn means_by_size(points: &[Point]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.n.total_cmp(&b.n));
    let same_size = sorted.chunk_by(|a, b| a.n.total_cmp(&b.n).is_eq());
    let mean = |group: &[Point]| {
        let weight: f64 = group.iter().map(|point| point.weight).sum();
        group.iter().map(|point| point.weight * point.x).sum::<f64>() / weight
    };
    same_size.map(|group| (group[0].n, mean(group))).collect()
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Regime { law } => f.write_str(law),
            // The curve may scale without following a law.
            Verdict::NoRegime(reason @ NoRegime::Dip { .. }) => write!(f, "follows no law: {reason}"),
            Verdict::NoRegime(reason) => write!(f, "no scaling regime: {reason}"),
        }
    }
}

impl fmt::Display for NoRegime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoRegime::TooFewSizes { sizes: 1 } => f.write_str("one team size; expected at least 3"),
            NoRegime::TooFewSizes { sizes } => write!(f, "{sizes} team sizes; expected at least 3"),
            NoRegime::Flat { gain } => {
                write!(f, "flat, the fastest team gains {:.1} % on the smallest", 100.0 * gain)
            }
            NoRegime::Falling { gain } => {
                write!(f, "falling, the largest team is {:.1} % slower than the smallest", -100.0 * gain)
            }
            NoRegime::Dip { n, gain } => {
                let slower = -100.0 * gain;
                write!(f, "the team of {n} is {slower:.1} % slower than the smallest, where every law would rise")
            }
            NoRegime::Scatter { p_value } => {
                write!(f, "scatter, no law does better than a constant (p = {p_value:.2})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::{MeasurementKind, Sample};

    fn points(throughputs: &[f64]) -> Vec<Point> {
        throughputs.iter().zip(1_u32..).map(|(&x, n)| Point::new(f64::from(n), x)).collect()
    }

    fn verdict(throughputs: &[f64]) -> Verdict {
        let points = points(throughputs);
        let laws = ["linear", "amdahl", "usl"].map(|name| law(name).expect("registered"));
        let fits: Vec<Fit> = laws.iter().filter_map(|law| fit::fit(law, &points).ok()).collect();
        judge(&points, &fits)
    }

    #[test]
    fn curves_are_told_apart() {
        assert_eq!(verdict(&[10.0, 18.2, 24.9, 30.8, 36.0, 39.9, 43.9]), Verdict::Regime { law: "amdahl" });
        assert_eq!(verdict(&[10.0, 17.0, 20.1, 20.0, 18.6, 17.1, 15.3, 14.1]), Verdict::Regime { law: "usl" });
        // Five points have no AICc for the USL; the test against a constant still decides.
        assert_eq!(verdict(&[10.0, 15.0, 15.0, 12.9, 10.9]), Verdict::Regime { law: "usl" });
        assert_eq!(verdict(&[10.0, 19.7, 30.4, 39.8, 50.3, 59.6, 70.1]), Verdict::Regime { law: "linear" });
        // An exact Amdahl curve is Amdahl's, though the USL fits it as well.
        let exact: Vec<f64> = (1..10).map(|n| crate::scaling::amdahl::speedup(0.9, f64::from(n))).collect();
        assert_eq!(verdict(&exact), Verdict::Regime { law: "amdahl" });
    }

    #[test]
    fn curves_without_a_regime_say_why() {
        let said = |throughputs: &[f64]| verdict(throughputs).to_string();
        assert_eq!(said(&[1.0, 2.0]), "no scaling regime: 2 team sizes; expected at least 3");
        assert_eq!(said(&[]), "no scaling regime: 0 team sizes; expected at least 3");
        assert_eq!(
            said(&[10.0, 10.2, 9.9, 10.1]),
            "no scaling regime: flat, the fastest team gains 2.0 % on the smallest"
        );
        assert_eq!(
            said(&[10.0, 8.8, 8.0, 7.5, 6.9]),
            "no scaling regime: falling, the largest team is 31.0 % slower than the smallest"
        );
        assert!(said(&[10.0, 14.0, 9.0, 15.0, 8.0, 14.0]).starts_with("no scaling regime: scatter"));
        assert!(said(&[0.0, 0.0, 0.0]).starts_with("no scaling regime: flat"));
    }

    /// With every throughput known to so much.
    fn verdict_known(throughputs: &[f64], half_width: f64) -> String {
        let points = points(throughputs);
        let fits: Vec<Fit> = ["amdahl", "usl"]
            .iter()
            .filter_map(|name| fit::fit(law(name).expect("registered"), &points).ok())
            .collect();
        judge_known(&points, &vec![half_width; points.len()], &fits).to_string()
    }

    #[test]
    fn no_law_that_rises_is_read_off_a_curve_that_dips_first() {
        // A lead that only hands out work: two are slower than one, and then it rises as Amdahl's law does.
        let dips = [1.0, 0.85, 1.5, 1.95, 2.25, 2.5, 2.7, 2.85];
        assert_eq!(verdict(&dips), Verdict::Regime { law: "amdahl" }, "without intervals nothing speaks against it");
        let said = "follows no law: the team of 2 is 15.0 % slower than the smallest, where every law would rise";
        assert_eq!(verdict_known(&dips, 0.01), said);
        assert_eq!(verdict_known(&dips, 0.04), said);
        assert_eq!(verdict_known(&dips, 0.06), "amdahl", "the interval of two agents reaches above one's");
        // A miss that leaves the team faster than one, and a loss within 5 %, contradict no law.
        assert_eq!(verdict_known(&[1.0, 1.02, 1.5, 1.95, 2.25, 2.5, 2.7, 2.85], 1e-6), "amdahl");
        assert_eq!(verdict_known(&[1.0, 0.96, 1.5, 1.95, 2.25, 2.5, 2.7, 2.85], 1e-6), "amdahl");
        // Beyond its peak the USL falls below one by itself.
        assert_eq!(verdict_known(&[1.0, 1.5, 1.5, 1.29, 1.09, 0.93, 0.8, 0.7], 1e-6), "usl");
    }

    #[test]
    fn repetitions_say_whether_a_dip_is_one() {
        let law_of = |spread: f64| {
            let means = [1.0, 0.8, 1.5, 1.95, 2.25, 2.5, 2.7, 2.85];
            let rows = means
                .iter()
                .zip(1_u32..)
                .flat_map(|(mean, n)| [-1.0, 0.0, 1.0].map(|off| (f64::from(n), mean * (1.0 + spread * off))));
            let sample = Sample::from_rows(MeasurementKind::Throughput, &rows.collect::<Vec<_>>());
            let fits: Vec<Fit> = ["amdahl", "usl"]
                .iter()
                .filter_map(|name| fit::fit_means(law(name).expect("registered"), &sample.points, sample.pure).ok())
                .collect();
            judge_means(&sample.points, sample.pure, &fits)
        };
        assert!(matches!(law_of(0.02), Verdict::NoRegime(NoRegime::Dip { .. })), "{}", law_of(0.02));
        assert_eq!(law_of(0.3), Verdict::Regime { law: "amdahl" });
    }

    #[test]
    fn superlinear_points_are_flagged() {
        let sizes = |throughputs: &[f64]| superlinear(&points(throughputs)).map(|point| point.n).collect::<Vec<f64>>();
        assert_eq!(sizes(&[10.0, 21.0, 29.0, 41.0]), [2.0, 4.0]);
        assert!(sizes(&[10.0, 20.0, 30.0]).is_empty());
        assert!(sizes(&[]).is_empty());
    }
}
