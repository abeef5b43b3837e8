//! Weighted least squares of X(n) = lambda S(n) within bounds, by the method of Levenberg and Marquardt.
//!
//! In each step the parameters that are at a bound and would cross it are left out (the active set). The others move
//! and are clamped. All arrays have three entries: lambda and at most two shape parameters.

use crate::scaling::{Point, ScalingLaw, Shape};

/// lambda, then the shape parameters.
pub(crate) type Theta = [f64; 3];

/// A symmetric matrix over the parameters.
pub(crate) type Matrix = [[f64; 3]; 3];

/// Greatest number of steps: with large residuals the method takes many small steps along a valley.
const MAX_STEPS: usize = 1000;

/// Minimum of the sum of squares.
pub(crate) struct Minimum {
    /// Parameters at the minimum.
    pub(crate) theta: Theta,
    /// Parameters at a bound, which were dropped; absent parameters count as dropped.
    pub(crate) dropped: [bool; 3],
    /// The weighted sum of squared residuals.
    pub(crate) rss: f64,
    /// Diagonal of the inverse of J'WJ over the kept parameters: their variances divided by the residual variance.
    pub(crate) unscaled_variance: Theta,
}

/// Returns the best minimum over all starting points of the law.
pub(crate) fn minimise(law: &dyn ScalingLaw, points: &[Point]) -> Minimum {
    let problem = LeastSquares::new(law, points);
    let largest = points.iter().map(|point| point.n).fold(1.0, f64::max);
    let mut best = ([0.0; 3], f64::INFINITY);
    for shape in law.starts(largest) {
        let found = problem.descend(problem.with_best_rate(shape));
        if found.1 < best.1 {
            best = found;
        }
    }
    let (theta, rss) = best;
    let (normal, gradient) = problem.normal_equations(&theta);
    let dropped = problem.active(&theta, &gradient, true);
    let mut unscaled_variance = [0.0; 3];
    for index in (0..3).filter(|&index| !dropped[index]) {
        let mut unit = [0.0; 3];
        unit[index] = 1.0;
        // A direction that the points do not determine has no solution: its variance is infinite.
        unscaled_variance[index] = solve(&normal, &unit, dropped).map_or(f64::INFINITY, |column| column[index]);
    }
    Minimum { theta, dropped, rss, unscaled_variance }
}

/// Returns the minimum with one parameter fixed to a value, searched for from `start`, and its sum of squares.
pub(crate) fn minimise_with_fixed(
    law: &dyn ScalingLaw,
    points: &[Point],
    (index, value): (usize, f64),
    start: Theta,
) -> (Theta, f64) {
    let mut problem = LeastSquares::new(law, points);
    problem.low[index] = value;
    problem.high[index] = value;
    let mut start = start;
    start[index] = value;
    problem.descend(start)
}

/// Returns the minimum near `start`, for points that differ little from those of the first fit.
pub(crate) fn minimise_near(law: &dyn ScalingLaw, points: &[Point], start: Theta) -> Theta {
    let problem = LeastSquares::new(law, points);
    let warm = problem.descend(start);
    // A start inside the bounds helps a parameter that was at a bound in the first fit.
    let largest = points.iter().map(|point| point.n).fold(1.0, f64::max);
    let shape = law.starts(largest)[1];
    let cold = problem.descend(problem.with_best_rate(shape));
    if cold.1 < warm.1 { cold.0 } else { warm.0 }
}

/// Returns the information matrix J'WJ at `theta`, regardless of bounds. The covariance is its inverse times the
/// residual variance.
pub(crate) fn information(law: &dyn ScalingLaw, points: &[Point], theta: &Theta) -> Matrix {
    LeastSquares::new(law, points).normal_equations(theta).0
}

struct LeastSquares<'a> {
    law: &'a dyn ScalingLaw,
    points: &'a [Point],
    low: Theta,
    high: Theta,
}

impl<'a> LeastSquares<'a> {
    fn new(law: &'a dyn ScalingLaw, points: &'a [Point]) -> LeastSquares<'a> {
        // The bounds of an absent parameter fix it to 0.
        let (mut low, mut high) = ([0.0; 3], [f64::INFINITY, 0.0, 0.0]);
        for (index, parameter) in law.shape().iter().enumerate() {
            low[index + 1] = parameter.low;
            high[index + 1] = parameter.high;
        }
        LeastSquares { law, points, low, high }
    }

    /// Returns the shape with its best rate, which has a closed form.
    fn with_best_rate(&self, shape: Shape) -> Theta {
        let (mut along, mut square) = (0.0, 0.0);
        for point in self.points {
            let speedup = self.law.speedup(point.n, shape);
            along += point.weight * point.x * speedup;
            square += point.weight * speedup * speedup;
        }
        [along / square, shape[0], shape[1]]
    }

    /// Descends until the steps vanish; returns the parameters and their sum of squares.
    fn descend(&self, start: Theta) -> (Theta, f64) {
        let (mut theta, mut rss) = (start, self.rss(&start));
        let mut damping = 1e-3;
        for _ in 0..MAX_STEPS {
            let (normal, gradient) = self.normal_equations(&theta);
            let active = self.active(&theta, &gradient, false);
            let accepted = (0..40).find_map(|_| {
                let mut damped = normal;
                for (index, row) in damped.iter_mut().enumerate() {
                    row[index] *= 1.0 + damping;
                }
                damping *= 8.0;
                let trial = self.clamped(&theta, &solve(&damped, &gradient, active)?);
                let trial_rss = self.rss(&trial);
                // Near the minimum the sums of squares differ by rounding only, so the step is accepted.
                (trial_rss <= rss * (1.0 + 1e-14)).then_some((trial, trial_rss))
            });
            let Some((trial, trial_rss)) = accepted else { break };
            let arrived = negligible(&theta, &trial);
            (theta, rss) = (trial, trial_rss);
            if arrived {
                break;
            }
            damping = (damping / 128.0).max(1e-12);
        }
        (theta, rss)
    }

    fn rss(&self, theta: &Theta) -> f64 {
        let squares = self.points.iter().map(|point| {
            let residual = point.x - theta[0] * self.law.speedup(point.n, [theta[1], theta[2]]);
            point.weight * residual * residual
        });
        squares.sum()
    }

    /// Returns J'WJ and the gradient J'Wr.
    fn normal_equations(&self, theta: &Theta) -> (Matrix, Theta) {
        let (mut normal, mut gradient) = ([[0.0; 3]; 3], [0.0; 3]);
        for point in self.points {
            let shape = [theta[1], theta[2]];
            let speedup = self.law.speedup(point.n, shape);
            let slope = self.law.slope(point.n, shape);
            let row = [speedup, theta[0] * slope[0], theta[0] * slope[1]];
            let residual = point.x - theta[0] * speedup;
            for i in 0..3 {
                gradient[i] += point.weight * row[i] * residual;
                for j in 0..3 {
                    normal[i][j] += point.weight * row[i] * row[j];
                }
            }
        }
        (normal, gradient)
    }

    /// Marks the parameters at a bound whose gradient points across it or, if `if_idle`, does not point off it.
    fn active(&self, theta: &Theta, gradient: &Theta, if_idle: bool) -> [bool; 3] {
        std::array::from_fn(|index| {
            let (low, high) = (theta[index] <= self.low[index], theta[index] >= self.high[index]);
            (low && (if_idle || gradient[index] <= 0.0)) || (high && (if_idle || gradient[index] >= 0.0))
        })
    }

    fn clamped(&self, theta: &Theta, step: &Theta) -> Theta {
        std::array::from_fn(|index| (theta[index] + step[index]).clamp(self.low[index], self.high[index]))
    }
}

/// Returns true if a step is negligible. Shapes are pure numbers with a scale near 0; a rate has none.
fn negligible(from: &Theta, to: &Theta) -> bool {
    let scale = [to[0], to[1].max(1e-6), to[2].max(1e-6)];
    (0..3).all(|index| (to[index] - from[index]).abs() <= 1e-10 * scale[index])
}

/// Solves `matrix` x = `right` over the entries that are not dropped, by Cholesky; dropped entries are 0. None if the
/// matrix is not positive definite to working precision.
pub(crate) fn solve(matrix: &Matrix, right: &Theta, dropped: [bool; 3]) -> Option<Theta> {
    let (mut lower, mut x) = ([[0.0; 3]; 3], [0.0; 3]);
    let kept = |index: &usize| !dropped[*index];
    for i in (0..3).filter(kept) {
        for j in (0..=i).filter(kept) {
            let done: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let residual = matrix[i][j] - done;
            lower[i][j] = match i == j {
                false => residual / lower[j][j],
                true if residual > 1e-15 * matrix[i][i] => residual.sqrt(),
                true => return None,
            };
        }
        let done: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (right[i] - done) / lower[i][i];
    }
    for i in (0..3).rev().filter(kept) {
        let done: f64 = (i + 1..3).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - done) / lower[i][i];
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solve_leaves_out_what_is_dropped() {
        let matrix = [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]];
        let x = solve(&matrix, &[7.0, 10.0, 10.0], [false; 3]).expect("positive definite");
        assert!(x.iter().all(|value| (value - 1.0).abs() < 1e-14), "{x:?}");
        let x = solve(&matrix, &[5.0, 10.0, 7.0], [false, true, false]).expect("positive definite");
        assert!((x[0] - 1.0).abs() < 1e-14 && x[1] == 0.0 && (x[2] - 1.0).abs() < 1e-14, "{x:?}");
        assert_eq!(solve(&[[1.0; 3]; 3], &[1.0; 3], [false; 3]), None);
    }
}
