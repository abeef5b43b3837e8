//! Confidence intervals of the parameters of a fitted law, within their bounds.
//!
//! Far from every bound they are Wald intervals: the estimate plus and minus t(0.975, df) standard errors. Where a Wald
//! interval would leave the bounds, or a parameter is at its bound, the sum of squares is not even approximately a
//! parabola. Then all parameters of the law have profile likelihood intervals: the values to which this parameter can
//! be fixed, with the others free, before the sum of squares grows by more than a critical amount. That amount is t^2
//! variances, and less near a bound (see `near_bounds`). Profile intervals end at a bound if they reach it. D. M. Bates
//! and D. G. Watts, "Nonlinear Regression Analysis", Wiley 1988, chapter 6.

use crate::scaling::least_squares::{Theta, information, minimise_with_fixed, solve};
use crate::scaling::near_bounds::{Neighbourhood, Points};
use crate::scaling::tails::t_quantile;
use crate::scaling::{Fit, Interval, Point};

/// The 95 % quantile of chi-square with one degree of freedom.
const CHI_SQUARE: f64 = 3.841_458_820_694_124;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// Lower end.
    pub low: f64,
    /// Upper end; infinite where the points do not bound it.
    pub high: f64,
    /// Method.
    pub method: IntervalMethod,
}

/// Method of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalMethod {
    /// Estimate plus and minus t standard errors.
    Wald,
    /// Profile likelihood, cut at the bounds.
    Profile,
}

impl IntervalMethod {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            IntervalMethod::Wald => "wald",
            IntervalMethod::Profile => "profile",
        }
    }
}

/// Returns the intervals of a fit's parameters, in the order of [`Fit::estimates`]; none without degrees of freedom.
pub fn confidence(fit: &Fit, points: &[Point]) -> Vec<Option<Confidence>> {
    let Some((variance, df)) = fit.error else { return vec![None; fit.estimates().len()] };
    let bounds: Vec<(f64, f64)> = std::iter::once((0.0, f64::INFINITY))
        .chain(fit.law.curve.shape().iter().map(|parameter| (parameter.low, parameter.high)))
        .collect();
    let wald: Vec<Option<Confidence>> = fit
        .estimates()
        .iter()
        .zip(&bounds)
        .map(|(estimate, bounds)| {
            let interval = estimate.interval()?;
            let (low, high) = (interval.low(), interval.high());
            (low >= bounds.0 && high <= bounds.1 && high.is_finite()).then_some(Confidence {
                low,
                high,
                method: IntervalMethod::Wald,
            })
        })
        .collect();
    if wald.iter().all(Option::is_some) {
        return wald;
    }
    let t = t_quantile(0.975, df as f64);
    let profile =
        ProfileLikelihood { fit, points, variance: variance.max(0.0), t, bounds: &bounds, normal: Points::new() };
    let ends = |index: usize| {
        let (low, high) = (profile.end(index, -1.0), profile.end(index, 1.0));
        Some(Confidence { low, high, method: IntervalMethod::Profile })
    };
    (0..bounds.len()).map(ends).collect()
}

/// Returns the 95 % interval of the fitted throughput at `n`, by the delta method over the parameters that are not at a
/// bound. The interval is that of the curve, not a prediction interval of a single measurement. None without degrees of
/// freedom.
pub fn of_curve(fit: &Fit, points: &[Point], n: f64) -> Option<Interval> {
    let (variance, df) = fit.error?;
    let theta = fit.theta();
    let shape = [theta[1], theta[2]];
    let slope = fit.law.curve.slope(n, shape);
    let along = [fit.law.curve.speedup(n, shape), theta[0] * slope[0], theta[0] * slope[1]];
    let dropped = std::array::from_fn(|index| fit.estimates().get(index).is_none_or(|estimate| estimate.at_bound));
    let solved = solve(&information(fit.law.curve, points, &theta), &along, dropped)?;
    let spread: f64 = (0..3).map(|index| along[index] * solved[index]).sum();
    let half_width = t_quantile(0.975, df as f64) * (variance * spread).sqrt();
    half_width.is_finite().then(|| Interval { estimate: fit.throughput(n), half_width })
}

struct ProfileLikelihood<'a> {
    fit: &'a Fit,
    points: &'a [Point],
    variance: f64,
    t: f64,
    bounds: &'a [(f64, f64)],
    normal: Points,
}

/// Greatest number of doublings of the outward step; a parameter that can grow so far has no upper end.
const MOST_DOUBLINGS: usize = 60;
/// Halvings of the last step: ten digits.
const HALVINGS: usize = 34;
/// Nodes of the critical growth as a piecewise linear function of the value.
const NODES: usize = 6;

impl ProfileLikelihood<'_> {
    /// Returns the end of a parameter's interval in one direction, inside its bounds.
    fn end(&self, index: usize, direction: f64) -> f64 {
        let constant = |_: f64| self.t * self.t;
        let first = self.end_of(index, direction, &constant);
        let estimate = self.fit.theta()[index];
        let (low, high) = self.bounds.get(index).copied().unwrap_or_default();
        // The search goes slightly further: two bounds at once may allow more than t^2.
        let far = (estimate + 1.2 * (first - estimate)).clamp(low, high);
        if !far.is_finite() {
            return first;
        }
        let at = |node: usize| estimate + (far - estimate) * node as f64 / (NODES - 1) as f64;
        let nodes: Vec<f64> = (0..NODES).map(|node| self.allowed(index, at(node))).collect();
        let interpolated = |value: f64| {
            let position = ((value - estimate) / (far - estimate) * (NODES - 1) as f64).clamp(0.0, (NODES - 1) as f64);
            let below = (if position.is_nan() { 0 } else { position as usize }).min(NODES - 2);
            let weight = (position - below as f64).clamp(0.0, 1.0);
            nodes[below] + weight * (nodes[below + 1] - nodes[below])
        };
        self.end_of(index, direction, &interpolated)
    }

    /// Returns the critical growth of the sum of squares at a value, in variances.
    fn allowed(&self, index: usize, value: f64) -> f64 {
        let usual = self.t * self.t;
        let (theta, _) = self.with_fixed(index, value, self.fit.theta());
        let information = information(self.fit.law.curve, self.points, &theta);
        let has: [bool; 3] = std::array::from_fn(|i| i < self.bounds.len());
        let mut covariance = [[0.0; 3]; 3];
        for column in (0..3).filter(|&column| has[column]) {
            let unit: Theta = std::array::from_fn(|i| if i == column { self.variance } else { 0.0 });
            let Some(solved) = solve(&information, &unit, has.map(|has| !has)) else { return usual };
            for (row, value) in covariance.iter_mut().zip(solved) {
                row[column] = value;
            }
        }
        let bound = |i: usize| self.bounds.get(i).copied().unwrap_or_default();
        let (low, high) = (std::array::from_fn(|i| bound(i).0), std::array::from_fn(|i| bound(i).1));
        let near = Neighbourhood { theta, covariance, has, low, high };
        // The normal result is scaled to Student's t.
        near.critical(index, &self.normal).map_or(usual, |critical| usual * critical / CHI_SQUARE)
    }

    fn end_of(&self, index: usize, direction: f64, allowed: &dyn Fn(f64) -> f64) -> f64 {
        let theta = self.fit.theta();
        let (low, high) = self.bounds.get(index).copied().unwrap_or_default();
        let (estimate, bound) = (theta[index], if direction < 0.0 { low } else { high });
        let least = self.squares(&theta);
        let (mut inside, mut at) = (estimate, theta);
        let mut step = self.first_step(index);
        let mut outside = None;
        for _ in 0..MOST_DOUBLINGS {
            if inside.total_cmp(&bound).is_eq() {
                return bound;
            }
            let next = (inside + direction * step).clamp(low, high);
            let (found, squares) = self.with_fixed(index, next, at);
            if squares > least + self.variance * allowed(next) {
                outside = Some(next);
                break;
            }
            (inside, at) = (next, found);
            step *= 2.0;
        }
        let Some(mut outside) = outside else { return bound };
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(inside, outside);
            let (found, squares) = self.with_fixed(index, middle, at);
            if squares > least + self.variance * allowed(middle) {
                outside = middle;
            } else {
                (inside, at) = (middle, found);
            }
        }
        inside
    }

    /// Returns the minimum with a parameter fixed, searched for from the last minimum and from the first.
    fn with_fixed(&self, index: usize, value: f64, at: Theta) -> (Theta, f64) {
        let curve = self.fit.law.curve;
        let near = minimise_with_fixed(curve, self.points, (index, value), at);
        let far = minimise_with_fixed(curve, self.points, (index, value), self.fit.theta());
        if far.1 < near.1 { far } else { near }
    }

    fn squares(&self, theta: &Theta) -> f64 {
        let residual = |point: &Point| point.x - theta[0] * self.fit.law.curve.speedup(point.n, [theta[1], theta[2]]);
        self.points.iter().map(|point| point.weight * residual(point) * residual(point)).sum()
    }

    fn first_step(&self, index: usize) -> f64 {
        let largest = self.points.iter().map(|point| point.n).fold(2.0, f64::max);
        let own = self.fit.estimates().get(index).and_then(|estimate| estimate.se).filter(|se| *se > 0.0);
        own.filter(|se| se.is_finite()).unwrap_or(match index {
            0 => 0.01 * self.fit.lambda(),
            1 => 0.01,
            _ => 0.01 / (largest * largest),
        })
    }
}
