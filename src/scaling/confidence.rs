//! Intervals of the parameters of a fitted law, bounds and all.
//!
//! Far from every bound they are Wald's: the estimate plus and minus t(0.975, df) standard errors. Where that would
//! reach beyond what a parameter can be, or a parameter is at its bound, the curve of the squares is not even roughly
//! a parabola; then all parameters of the law have profile likelihood intervals: the values that a fit with this
//! parameter nailed to them, and the others free, can have without its squares growing by more than noise makes them grow in 95
//! of 100 cases: t^2 variances, less near a bound (see `near_bounds`). They end at a bound if they reach it. D. M. Bates
//! and D. G. Watts, "Nonlinear Regression Analysis", Wiley 1988, chapter 6.

use crate::scaling::least_squares::{Theta, information, minimise_nailed, solve};
use crate::scaling::near_bounds::{Neighbourhood, Points};
use crate::scaling::tails::t_quantile;
use crate::scaling::{Fit, Interval, Point};

/// What chi-square with one degree of freedom stays below in 95 of 100 cases.
const CHI_SQUARE: f64 = 3.841_458_820_694_124;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confidence {
    /// Its lower end.
    pub low: f64,
    /// Its upper end; infinite where the points set none.
    pub high: f64,
    /// How it was found.
    pub method: IntervalMethod,
}

/// How an interval was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalMethod {
    /// Standard errors to either side.
    Wald,
    /// Profile likelihood, cut at the bounds.
    Profile,
}

impl IntervalMethod {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            IntervalMethod::Wald => "wald",
            IntervalMethod::Profile => "profile",
        }
    }
}

/// The intervals of a fit's parameters, in the order of [`Fit::estimates`]; none without degrees of freedom.
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
    let ends = |place: usize| {
        let (low, high) = (profile.end(place, -1.0), profile.end(place, 1.0));
        Some(Confidence { low, high, method: IntervalMethod::Profile })
    };
    (0..bounds.len()).map(ends).collect()
}

/// The 95 % interval of the fitted throughput of `n`, by the delta method over the parameters that are not at a bound: how
/// well the curve is known there, not how far a single measurement may lie from it. None without degrees of freedom.
pub fn of_curve(fit: &Fit, points: &[Point], n: f64) -> Option<Interval> {
    let (variance, df) = fit.error?;
    let theta = fit.theta();
    let shape = [theta[1], theta[2]];
    let slope = fit.law.curve.slope(n, shape);
    let along = [fit.law.curve.speedup(n, shape), theta[0] * slope[0], theta[0] * slope[1]];
    let dropped = std::array::from_fn(|place| fit.estimates().get(place).is_none_or(|estimate| estimate.at_bound));
    let solved = solve(&information(fit.law.curve, points, &theta), &along, dropped)?;
    let spread: f64 = (0..3).map(|place| along[place] * solved[place]).sum();
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

/// Steps outwards double; a parameter that may grow so often has no upper end.
const MOST_DOUBLINGS: usize = 60;
/// Halvings of the last step: to ten digits.
const HALVINGS: usize = 34;
/// Between so many values of a parameter the growth that it allows is a line.
const NODES: usize = 6;

impl ProfileLikelihood<'_> {
    /// The end of a parameter's interval in one direction, inside its bounds.
    fn end(&self, place: usize, direction: f64) -> f64 {
        let always = |_: f64| self.t * self.t;
        let first = self.end_of(place, direction, &always);
        let estimate = self.fit.theta()[place];
        let (low, high) = self.bounds.get(place).copied().unwrap_or_default();
        // A little further, as two bounds at once may allow more than t^2.
        let far = (estimate + 1.2 * (first - estimate)).clamp(low, high);
        if !far.is_finite() {
            return first;
        }
        let at = |node: usize| estimate + (far - estimate) * node as f64 / (NODES - 1) as f64;
        let nodes: Vec<f64> = (0..NODES).map(|node| self.allowed(place, at(node))).collect();
        let between = |value: f64| {
            let position = ((value - estimate) / (far - estimate) * (NODES - 1) as f64).clamp(0.0, (NODES - 1) as f64);
            let below = (if position.is_nan() { 0 } else { position as usize }).min(NODES - 2);
            let share = (position - below as f64).clamp(0.0, 1.0);
            nodes[below] + share * (nodes[below + 1] - nodes[below])
        };
        self.end_of(place, direction, &between)
    }

    /// By how many variances the squares may grow at a value for it to be inside.
    fn allowed(&self, place: usize, value: f64) -> f64 {
        let usual = self.t * self.t;
        let (theta, _) = self.nailed(place, value, self.fit.theta());
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
        // Student's t is to the normal distribution as this is to what near bounds takes its place.
        near.critical(place, &self.normal).map_or(usual, |critical| usual * critical / CHI_SQUARE)
    }

    fn end_of(&self, place: usize, direction: f64, allowed: &dyn Fn(f64) -> f64) -> f64 {
        let theta = self.fit.theta();
        let (low, high) = self.bounds.get(place).copied().unwrap_or_default();
        let (estimate, bound) = (theta[place], if direction < 0.0 { low } else { high });
        let least = self.squares(&theta);
        let (mut inside, mut at) = (estimate, theta);
        let mut step = self.first_step(place);
        let mut outside = None;
        for _ in 0..MOST_DOUBLINGS {
            if inside.total_cmp(&bound).is_eq() {
                return bound;
            }
            let next = (inside + direction * step).clamp(low, high);
            let (found, squares) = self.nailed(place, next, at);
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
            let (found, squares) = self.nailed(place, middle, at);
            if squares > least + self.variance * allowed(middle) {
                outside = middle;
            } else {
                (inside, at) = (middle, found);
            }
        }
        inside
    }

    /// The least squares with a parameter nailed: from the last minimum, and from the first.
    fn nailed(&self, place: usize, value: f64, at: Theta) -> (Theta, f64) {
        let curve = self.fit.law.curve;
        let near = minimise_nailed(curve, self.points, (place, value), at);
        let far = minimise_nailed(curve, self.points, (place, value), self.fit.theta());
        if far.1 < near.1 { far } else { near }
    }

    fn squares(&self, theta: &Theta) -> f64 {
        let residual = |point: &Point| point.x - theta[0] * self.fit.law.curve.speedup(point.n, [theta[1], theta[2]]);
        self.points.iter().map(|point| point.weight * residual(point) * residual(point)).sum()
    }

    fn first_step(&self, place: usize) -> f64 {
        let largest = self.points.iter().map(|point| point.n).fold(2.0, f64::max);
        let own = self.fit.estimates().get(place).and_then(|estimate| estimate.se).filter(|se| *se > 0.0);
        own.filter(|se| se.is_finite()).unwrap_or(match place {
            0 => 0.01 * self.fit.lambda(),
            1 => 0.01,
            _ => 0.01 / (largest * largest),
        })
    }
}
