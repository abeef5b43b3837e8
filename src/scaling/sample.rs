//! Measurements as people make them: times, rates or speedups at some team sizes, some of them repeated.

use crate::scaling::variance_function::{Spread, VarianceFunction};
use crate::scaling::{Point, PureError, Welford};

/// What a number in a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasurementKind {
    /// The time that the same work takes: throughput is its inverse.
    Time,
    /// Work a unit of time.
    Throughput,
    /// A throughput relative to that of one.
    Speedup,
    /// How long each of n concurrent requests takes: throughput is n over it (Little's law).
    Response,
}

impl MeasurementKind {
    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            MeasurementKind::Time => "time",
            MeasurementKind::Throughput => "throughput",
            MeasurementKind::Speedup => "speedup",
            MeasurementKind::Response => "response",
        }
    }

    /// The throughput of `n` that a value stands for; and, as each is its own inverse, the value of a throughput.
    pub fn convert(self, n: f64, value: f64) -> f64 {
        match self {
            MeasurementKind::Time => 1.0 / value,
            MeasurementKind::Throughput | MeasurementKind::Speedup => value,
            MeasurementKind::Response => n / value,
        }
    }
}

/// What was measured at one team size.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeGroup {
    /// Team size.
    pub n: f64,
    /// Mean of what was measured.
    pub mean: f64,
    /// Standard deviation of single measurements; 0 for one.
    pub sd: f64,
    /// How many measurements.
    pub runs: usize,
    /// The measurements, if they are known and not only their mean.
    pub values: Vec<f64>,
}

impl SizeGroup {
    /// Of the measurements at a team size; none if there are none.
    pub fn of(n: f64, values: Vec<f64>) -> Option<SizeGroup> {
        let moments: Welford = values.iter().copied().collect();
        (!values.is_empty()).then(|| SizeGroup {
            n,
            mean: moments.mean(),
            sd: moments.sd(),
            runs: values.len(),
            values,
        })
    }

    /// A function that is a power of the mean keeps this spread, to first order.
    fn relative(&self) -> f64 {
        self.sd / self.mean
    }

    /// How far its throughputs spread; none of a single measurement.
    fn spread(&self, kind: MeasurementKind) -> Option<Spread> {
        let x = kind.convert(self.n, self.mean);
        let deviation = self.relative() * x;
        // What differs by less than rounding does not differ.
        let deviation = if deviation > 1e-9 * x { deviation } else { 0.0 };
        let df = self.runs.checked_sub(1).filter(|&df| df > 0)? as f64;
        (x > 0.0 && x.is_finite()).then_some(Spread { x, variance: deviation * deviation, df })
    }
}

/// Excess kurtosis of the measurements within their team sizes; 0, as normal values have, if they are not known.
fn excess_kurtosis(groups: &[SizeGroup]) -> f64 {
    let standard = |group: &SizeGroup| -> Vec<f64> {
        let (mean, sd) = (group.mean, group.sd);
        group.values.iter().filter(|_| sd > 0.0).map(|value| (value - mean) / sd).collect()
    };
    let standard: Vec<f64> = groups.iter().flat_map(standard).collect();
    let (squares, fourths) = standard.iter().fold((0.0, 0.0), |(two, four), z| (two + z * z, four + z * z * z * z));
    if squares > 0.0 { standard.len() as f64 * fourths / (squares * squares) - 3.0 } else { 0.0 }
}

/// How much points count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// Every measurement alike.
    Alike,
    /// Every measurement by the inverse square of its throughput: errors are a share of it.
    Share,
    /// By the spread at their team size: n/s^2.
    Own,
    /// By the spread over all team sizes, as one that goes with a power of the throughput.
    Pooled {
        /// The power: 0 for a spread that is alike everywhere, 1 for a share.
        power: f64,
    },
    /// As whoever measured says.
    Given,
}

/// Measurements at some team sizes, ascending.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What was measured.
    pub kind: MeasurementKind,
    /// A team size each.
    pub groups: Vec<SizeGroup>,
    /// Their mean throughputs with weights.
    pub points: Vec<Point>,
    /// What repetitions differ by.
    pub pure: PureError,
    /// How the weights were made.
    pub weighting: Weighting,
}

/// So many repetitions say how far they spread to within a quarter or so.
const ENOUGH_RUNS: usize = 10;
/// A variance function is given up where chance would miss it by so much in fewer cases than this.
const REFUTED: f64 = 0.001;

impl Sample {
    /// Of single measurements (team size, value); rows of one team size are repetitions.
    pub fn of(kind: MeasurementKind, rows: &[(f64, f64)]) -> Sample {
        Sample::of_power(kind, rows, None)
    }

    /// The same where the spread is known to go with that power of the throughput: 0 if it is alike everywhere, 1 if
    /// it is a share.
    pub fn of_power(kind: MeasurementKind, rows: &[(f64, f64)], power: Option<f64>) -> Sample {
        let mut rows = rows.to_vec();
        // The order of equal team sizes stays, so the same table gives the same bits.
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let groups = rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        let group = |rows: &[(f64, f64)]| SizeGroup::of(rows.first()?.0, rows.iter().map(|row| row.1).collect());
        Sample::of_groups_power(kind, groups.filter_map(group).collect(), power)
    }

    /// Of means, one a team size.
    pub fn of_groups(kind: MeasurementKind, groups: Vec<SizeGroup>) -> Sample {
        Sample::of_groups_power(kind, groups, None)
    }

    /// The same where the power is known with which the spread goes.
    pub fn of_groups_power(kind: MeasurementKind, mut groups: Vec<SizeGroup>, power: Option<f64>) -> Sample {
        groups.sort_by(|a, b| a.n.total_cmp(&b.n));
        let df: usize = groups.iter().map(|group| group.runs.saturating_sub(1)).sum();
        let spreads: Vec<Spread> = groups.iter().filter_map(|group| group.spread(kind)).collect();
        let excess = excess_kurtosis(&groups);
        let function = VarianceFunction::of(&spreads, power, excess);
        let is_refuted = |function: &VarianceFunction| {
            let known = groups.iter().all(|group| group.runs >= ENOUGH_RUNS && group.relative() > 1e-9);
            power.is_none() && known && function.p_value(&spreads, excess) < REFUTED
        };
        let weighting = match function {
            Some(function) if is_refuted(&function) => Weighting::Own,
            Some(VarianceFunction { power, .. }) => Weighting::Pooled { power },
            // What a time is off by is a share of it as a rule; then its inverse is off by the same share.
            None => match power {
                Some(power) if power > 0.5 => Weighting::Share,
                None if matches!(kind, MeasurementKind::Time | MeasurementKind::Response) => Weighting::Share,
                _ => Weighting::Alike,
            },
        };
        let (mut points, mut squares) = (Vec::new(), 0.0);
        for group in &groups {
            let x = kind.convert(group.n, group.mean);
            let deviation = group.relative() * x;
            let weight = match (weighting, function) {
                (Weighting::Own, _) => 1.0 / (deviation * deviation),
                (Weighting::Share, _) => 1.0 / (x * x),
                (_, Some(function)) => 1.0 / function.variance(x),
                _ => 1.0,
            };
            points.push(Point { n: group.n, x, weight: weight * group.runs as f64 });
            if group.runs > 1 {
                squares += (group.runs - 1) as f64 * weight * deviation * deviation;
            }
        }
        Sample { kind, groups, points, pure: PureError { squares, df }, weighting }
    }

    /// Of measurements that do not all count alike: (team size, value, weight), where a weight is what the inverse of
    /// the variance of its throughput is proportional to.
    pub fn weighted(kind: MeasurementKind, rows: &[(f64, f64, f64)]) -> Sample {
        let mut rows = rows.to_vec();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut groups, mut points) = (Vec::new(), Vec::new());
        let mut pure = PureError::default();
        for rows in rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let n = rows.first().map_or(1.0, |row| row.0);
            let weight: f64 = rows.iter().map(|row| row.2).sum();
            let x = rows.iter().map(|row| row.2 * kind.convert(n, row.1)).sum::<f64>() / weight;
            let off = |row: &(f64, f64, f64)| kind.convert(n, row.1) - x;
            let squares: f64 = rows.iter().map(|row| row.2 * off(row) * off(row)).sum();
            let moments: Welford = rows.iter().map(|row| row.1).collect();
            pure.squares += squares;
            pure.df += rows.len() - 1;
            let values = rows.iter().map(|row| row.1).collect();
            groups.push(SizeGroup { n, mean: kind.convert(n, x), sd: moments.sd(), runs: rows.len(), values });
            points.push(Point { n, x, weight });
        }
        Sample { kind, groups, points, pure, weighting: Weighting::Given }
    }

    /// How many measurements there are.
    pub fn runs(&self) -> usize {
        self.groups.iter().map(|group| group.runs).sum()
    }

    /// Whether anything was measured more than once.
    pub fn is_repeated(&self) -> bool {
        self.pure.df > 0
    }

    /// Throughput at n = 1; none if that was not measured.
    pub fn one(&self) -> Option<f64> {
        self.points.first().filter(|point| point.n.total_cmp(&1.0).is_eq() && point.x > 0.0).map(|point| point.x)
    }
}
