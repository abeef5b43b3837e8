//! Fits of a law to measurements: estimates with intervals, and properties of the fitted curve.

use thiserror::Error;

use crate::engine::math;
use crate::scaling::least_squares::minimise;
use crate::scaling::tails::{f_upper, t_quantile};
use crate::scaling::usl::best_neighbour;
use crate::scaling::{Interval, Law, Point, Shape};

/// Pure error: the scatter of repeated measurements at the same team sizes, which no curve can explain.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PureError {
    /// Weighted sum of the squared distances to the mean at their team size.
    pub squares: f64,
    /// Number of measurements beyond the first of each team size.
    pub df: usize,
}

/// A law fitted to points.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The law.
    pub law: &'static Law,
    /// Number of measurements: points, and their repetitions.
    pub points: usize,
    /// Weighted sum of squared residuals of all measurements.
    pub rss: f64,
    /// Degrees of freedom: measurements less parameters that are not at a bound.
    pub df: usize,
    /// Test of lack of fit: the distance of the curve from the means against their scatter; none without repetitions.
    pub lack_of_fit: Option<FTest>,
    /// The residual variance for standard errors, and its degrees of freedom; none without any.
    pub(crate) error: Option<(f64, usize)>,
    /// Sum of squares below which residuals are rounding.
    pub(crate) rounding: f64,
    /// Akaike's criterion with the correction for small samples; less is better. See [`aicc`].
    pub aicc: Option<f64>,
    /// lambda, then the parameters of the law's shape, including those at a bound.
    estimates: [Estimate; 3],
}

/// An F test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FTest {
    /// The ratio of mean squares.
    pub f: f64,
    /// Degrees of freedom of the numerator.
    pub df1: usize,
    /// Degrees of freedom of the denominator.
    pub df2: usize,
    /// P-value: the probability of such a ratio or a greater one by chance.
    pub p: f64,
}

impl FTest {
    /// Creates the test from two sums of squares with their degrees of freedom, which are above 0.
    pub fn new(above: f64, df1: usize, below: f64, df2: usize) -> FTest {
        let f = (above.max(0.0) / df1 as f64) / (below / df2 as f64);
        FTest { f, df1, df2, p: f_upper(f, df1 as f64, df2 as f64) }
    }
}

/// A fitted parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: f64,
    /// Flag of a parameter whose best value is beyond the bound: it was set to the bound and dropped from the fit.
    pub at_bound: bool,
    /// Standard error. None at a bound, where the estimate is not even approximately normal, and without degrees of
    /// freedom.
    pub se: Option<f64>,
    /// Half-width of the 95 % interval: t(0.975, df) standard errors. None as for `se`.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Returns the 95 % Wald interval, which may reach beyond the bounds of the parameter.
    pub fn interval(&self) -> Option<Interval> {
        self.half_width.map(|half_width| Interval { estimate: self.value, half_width })
    }
}

/// Maximum of a fitted curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Team size (a real number) of the maximum.
    pub n: f64,
    /// The best whole team size: the floor or ceiling of `n`, whichever is faster.
    pub agents: u64,
    /// Throughput there.
    pub throughput: f64,
}

/// Reasons for which a law cannot be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FitError {
    /// More parameters than team sizes: infinitely many curves pass through the points.
    #[error("{law} has {parameters} parameters and needs as many different team sizes; there are {sizes}")]
    TooFewSizes {
        /// Name of the law.
        law: &'static str,
        /// Number of its parameters.
        parameters: usize,
        /// Number of different team sizes.
        sizes: usize,
    },
    /// A point out of range: no measurement, or its square leaves the range of numbers.
    #[error(
        "points[{index}] is n = {}, x = {}, weight = {}; expected n from 1 to 1e9, \
         x from 1e-50 to 1e50 or 0, weight from 1e-50 to 1e50",
        point.n, point.x, point.weight
    )]
    BadPoint {
        /// Index among the points.
        index: usize,
        /// The point.
        point: Point,
    },
    /// All throughputs are zero, so there is no rate.
    #[error("every throughput is 0")]
    AllZero,
}

/// Fits `law` to `points` by weighted least squares within the law's bounds.
///
/// Repeated measurements at one team size may be given one by one or as their mean with a weight.
///
/// # Errors
///
/// Fails for a point out of range (also one with an infinite weight, like that of a mean without scatter), if all
/// throughputs are zero, and for fewer team sizes than parameters.
pub fn fit(law: &'static Law, points: &[Point]) -> Result<Fit, FitError> {
    fit_means(law, points, PureError::default())
}

/// Fits `law` to means of repeated measurements whose scatter is `pure`.
///
/// The scatter around the means adds its degrees of freedom to those of the curve. With significant lack of fit (5 %
/// level) only the residuals of the means determine the error of the curve.
///
/// # Errors
///
/// Fails like [`fit`].
pub fn fit_means(law: &'static Law, points: &[Point], pure: PureError) -> Result<Fit, FitError> {
    let parameters = law.curve.shape();
    check(law.name, points, 1 + parameters.len())?;
    let minimum = minimise(law.curve, points);
    let kept = minimum.dropped.iter().filter(|&&dropped| !dropped).count();
    let measurements = points.len() + pure.df;
    let (free, rss, df) = (points.len() - kept, minimum.rss + pure.squares, measurements - kept);
    let lack_of_fit = (free > 0 && pure.df > 0 && pure.squares > rounding(points))
        .then(|| FTest::new(minimum.rss, free, pure.squares, pure.df));
    let error = match lack_of_fit {
        Some(test) if test.p < 0.05 => Some((minimum.rss / free as f64, free)),
        _ => (df > 0).then(|| (rss / df as f64, df)),
    };
    let known = error.map(|(variance, df)| (t_quantile(0.975, df as f64), variance));
    let names = [Some("lambda"), parameters.first().map(|shape| shape.name), parameters.get(1).map(|shape| shape.name)];
    let estimates = std::array::from_fn(|index| {
        let at_bound = minimum.dropped[index];
        let known = known.filter(|_| !at_bound);
        let se = known.map(|(_, residual_variance)| (residual_variance * minimum.unscaled_variance[index]).sqrt());
        Estimate {
            name: names[index].unwrap_or_default(),
            value: minimum.theta[index],
            at_bound,
            se,
            half_width: se.zip(known).map(|(se, (t, _))| t * se),
        }
    });
    let aicc = criterion(measurements, rss.max(rounding(points)), 1 + parameters.len());
    Ok(Fit { law, points: measurements, rss, df, lack_of_fit, error, rounding: rounding(points), aicc, estimates })
}

impl Fit {
    /// lambda, then the parameters of the law's shape.
    pub fn estimates(&self) -> &[Estimate] {
        &self.estimates[..=self.law.curve.shape().len()]
    }

    /// Returns the parameter of that name.
    pub fn estimate(&self, name: &str) -> Option<&Estimate> {
        self.estimates().iter().find(|estimate| estimate.name == name)
    }

    /// Throughput of one agent on the fitted curve.
    pub fn lambda(&self) -> f64 {
        self.estimates[0].value
    }

    /// The shape of the fitted curve.
    pub fn shape(&self) -> Shape {
        [self.estimates[1].value, self.estimates[2].value]
    }

    /// Throughput of `n` agents on the fitted curve.
    pub fn throughput(&self, n: f64) -> f64 {
        self.lambda() * self.speedup(n)
    }

    /// Speedup of `n` agents on the fitted curve, over one agent on the same curve.
    pub fn speedup(&self, n: f64) -> f64 {
        self.law.curve.speedup(n, self.shape())
    }

    /// lambda and the shape, in the form of the search.
    pub(crate) fn theta(&self) -> [f64; 3] {
        std::array::from_fn(|index| self.estimates[index].value)
    }

    /// Maximum of the curve; none if the curve never falls.
    pub fn peak(&self) -> Option<Peak> {
        let n = self.law.curve.peak(self.shape())?;
        let agents = best_neighbour(n, |n| self.speedup(n));
        Some(Peak { n, agents: agents as u64, throughput: self.throughput(agents) })
    }

    /// Limit of the throughput of growing teams; none if the curve falls again or is unbounded.
    pub fn limit(&self) -> Option<f64> {
        self.law.curve.limit(self.shape()).map(|speedup| self.lambda() * speedup)
    }
}

/// Returns the corrected Akaike information criterion: N ln(RSS/N) + 2K + 2K(K + 1)/(N - K - 1). K is the number of the
/// law's parameters, including those at a bound, plus one for the residual variance. None unless N is above K + 1.
///
/// Constants that depend on the points alone are left out, so only differences over the same points are meaningful.
/// Residuals below one part in 10^9 are taken as rounding, so that of two exact laws the one with fewer parameters
/// wins. N. Sugiura, Communications in Statistics A 7(1), 1978.
pub fn aicc(points: &[Point], rss: f64, parameters: usize) -> Option<f64> {
    criterion(points.len(), rss.max(rounding(points)), parameters)
}

fn criterion(measurements: usize, rss: f64, parameters: usize) -> Option<f64> {
    let (n, k) = (measurements as f64, (parameters + 1) as f64);
    (n > k + 1.0).then(|| n * math::ln(rss / n) + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0))
}

/// Sum of squares of a curve that meets the points to one part in 10^9.
fn rounding(points: &[Point]) -> f64 {
    1e-18 * points.iter().map(|point| point.weight * point.x * point.x).sum::<f64>()
}

/// Magnitudes that can be squared, multiplied and summed without leaving the range of numbers.
const MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-50..=1e50;

fn check(law: &'static str, points: &[Point], parameters: usize) -> Result<(), FitError> {
    for (index, &point) in points.iter().enumerate() {
        let x_counts = point.x == 0.0 || MAGNITUDES.contains(&point.x);
        if !((1.0..=1e9).contains(&point.n) && x_counts && MAGNITUDES.contains(&point.weight)) {
            return Err(FitError::BadPoint { index, point });
        }
    }
    // Three team sizes are enough for every law, so counting stops there.
    let mut seen = [0.0; 3];
    let mut sizes = 0;
    for point in points {
        if sizes < seen.len() && !seen[..sizes].contains(&point.n) {
            seen[sizes] = point.n;
            sizes += 1;
        }
    }
    if sizes < parameters {
        return Err(FitError::TooFewSizes { law, parameters, sizes });
    }
    if points.iter().all(|point| point.x == 0.0) { Err(FitError::AllZero) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
