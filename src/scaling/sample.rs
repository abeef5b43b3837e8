//! Measurements at several team sizes, some of them repeated: times, rates or speedups.

use crate::scaling::variance_function::{Spread, VarianceFunction};
use crate::scaling::{Point, PureError, Welford};

/// Kind of a measured number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasurementKind {
    /// Time for the same work: throughput is its inverse.
    Time,
    /// Work per unit of time.
    Throughput,
    /// Throughput relative to that of one.
    Speedup,
    /// Response time of each of n concurrent requests: throughput is n over it (Little's law).
    Response,
}

impl MeasurementKind {
    /// Name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            MeasurementKind::Time => "time",
            MeasurementKind::Throughput => "throughput",
            MeasurementKind::Speedup => "speedup",
            MeasurementKind::Response => "response",
        }
    }

    /// Converts a value of `n` to a throughput. Each conversion is its own inverse, so it also converts a throughput to
    /// the value.
    pub fn convert(self, n: f64, value: f64) -> f64 {
        match self {
            MeasurementKind::Time => 1.0 / value,
            MeasurementKind::Throughput | MeasurementKind::Speedup => value,
            MeasurementKind::Response => n / value,
        }
    }
}

/// Measurements at one team size.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeGroup {
    /// Team size.
    pub n: f64,
    /// Mean of the measurements.
    pub mean: f64,
    /// Standard deviation of single measurements; 0 for one.
    pub sd: f64,
    /// Number of measurements.
    pub runs: usize,
    /// The single measurements; empty if only their mean is known.
    pub values: Vec<f64>,
}

impl SizeGroup {
    /// Creates the group from its measurements; none without any.
    pub fn new(n: f64, values: Vec<f64>) -> Option<SizeGroup> {
        let moments: Welford = values.iter().copied().collect();
        (!values.is_empty()).then(|| SizeGroup {
            n,
            mean: moments.mean(),
            sd: moments.sd(),
            runs: values.len(),
            values,
        })
    }

    /// Returns the coefficient of variation, which a power transformation multiplies by its exponent, to first order.
    fn relative(&self) -> f64 {
        self.sd / self.mean
    }

    /// Returns the variance of its throughputs; none for a single measurement.
    fn spread(&self, kind: MeasurementKind) -> Option<Spread> {
        let x = kind.convert(self.n, self.mean);
        let deviation = self.relative() * x;
        // Differences below rounding count as none.
        let deviation = if deviation > 1e-9 * x { deviation } else { 0.0 };
        let df = self.runs.checked_sub(1).filter(|&df| df > 0)? as f64;
        (x > 0.0 && x.is_finite()).then_some(Spread { x, variance: deviation * deviation, df })
    }
}

/// Excess kurtosis of the measurements within their team sizes; 0, as for normal values, if single values are unknown.
fn excess_kurtosis(groups: &[SizeGroup]) -> f64 {
    let standard = |group: &SizeGroup| -> Vec<f64> {
        let (mean, sd) = (group.mean, group.sd);
        group.values.iter().filter(|_| sd > 0.0).map(|value| (value - mean) / sd).collect()
    };
    let standard: Vec<f64> = groups.iter().flat_map(standard).collect();
    let (squares, fourths) = standard.iter().fold((0.0, 0.0), |(two, four), z| (two + z * z, four + z * z * z * z));
    if squares > 0.0 { standard.len() as f64 * fourths / (squares * squares) - 3.0 } else { 0.0 }
}

/// Weighting of the points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Weighting {
    /// Equal weights.
    Alike,
    /// Inverse squared throughput: errors are relative.
    Share,
    /// Inverse variance at each team size: n/s^2.
    Own,
    /// Inverse of a variance function pooled over all team sizes, a power of the throughput.
    Pooled {
        /// Power: 0 for absolute errors, 1 for relative ones.
        power: f64,
    },
    /// Weights given with the data.
    Given,
}

/// Measurements at some team sizes, ascending.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Kind of the measurements.
    pub kind: MeasurementKind,
    /// Groups, one per team size.
    pub groups: Vec<SizeGroup>,
    /// Mean throughputs with weights.
    pub points: Vec<Point>,
    /// Scatter of the repetitions.
    pub pure: PureError,
    /// Origin of the weights.
    pub weighting: Weighting,
}

/// Least number of repetitions that estimate a standard deviation to within about a quarter.
const ENOUGH_RUNS: usize = 10;
/// Significance level at which a variance function is rejected.
const REFUTED: f64 = 0.001;

impl Sample {
    /// Creates a sample of single measurements (team size, value); rows of one team size are repetitions.
    pub fn from_rows(kind: MeasurementKind, rows: &[(f64, f64)]) -> Sample {
        Sample::from_rows_with_power(kind, rows, None)
    }

    /// Creates the sample with a known power of the variance function: 0 for absolute errors, 1 for relative ones.
    pub fn from_rows_with_power(kind: MeasurementKind, rows: &[(f64, f64)], power: Option<f64>) -> Sample {
        let mut rows = rows.to_vec();
        // A stable sort: the same table gives the same bits.
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let groups = rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq());
        let group = |rows: &[(f64, f64)]| SizeGroup::new(rows.first()?.0, rows.iter().map(|row| row.1).collect());
        Sample::from_groups_with_power(kind, groups.filter_map(group).collect(), power)
    }

    /// Creates a sample of groups, one per team size.
    pub fn from_groups(kind: MeasurementKind, groups: Vec<SizeGroup>) -> Sample {
        Sample::from_groups_with_power(kind, groups, None)
    }

    /// Creates the sample of groups with a known power of the variance function.
    pub fn from_groups_with_power(kind: MeasurementKind, mut groups: Vec<SizeGroup>, power: Option<f64>) -> Sample {
        groups.sort_by(|a, b| a.n.total_cmp(&b.n));
        let df: usize = groups.iter().map(|group| group.runs.saturating_sub(1)).sum();
        let spreads: Vec<Spread> = groups.iter().filter_map(|group| group.spread(kind)).collect();
        let excess = excess_kurtosis(&groups);
        let function = VarianceFunction::new(&spreads, power, excess);
        let is_refuted = |function: &VarianceFunction| {
            let known = groups.iter().all(|group| group.runs >= ENOUGH_RUNS && group.relative() > 1e-9);
            power.is_none() && known && function.p_value(&spreads, excess) < REFUTED
        };
        let weighting = match function {
            Some(function) if is_refuted(&function) => Weighting::Own,
            Some(VarianceFunction { power, .. }) => Weighting::Pooled { power },
            // Errors of times are relative as a rule; then those of their inverse are, too.
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

    /// Creates a sample of weighted measurements (team size, value, weight). A weight is proportional to the inverse
    /// variance of the throughput.
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

    /// Number of measurements.
    pub fn runs(&self) -> usize {
        self.groups.iter().map(|group| group.runs).sum()
    }

    /// Returns true if a team size was measured more than once.
    pub fn is_repeated(&self) -> bool {
        self.pure.df > 0
    }

    /// Throughput at n = 1; none if not measured.
    pub fn one(&self) -> Option<f64> {
        self.points.first().filter(|point| point.n.total_cmp(&1.0).is_eq() && point.x > 0.0).map(|point| point.x)
    }
}
