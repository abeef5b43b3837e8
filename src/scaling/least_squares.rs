//! Weighted least squares of X(n) = lambda S(n) within bounds, by the method of Levenberg and Marquardt.
//!
//! In each step the parameters that stand at a bound and want to cross it are left out (the active set), the others
//! move and are clamped. Everything lives in arrays of three: lambda and at most two parameters of shape.

use crate::scaling::{Point, ScalingLaw, Shape};

/// lambda, then the shape parameters.
pub(crate) type Theta = [f64; 3];

/// A symmetric matrix over the parameters.
pub(crate) type Matrix = [[f64; 3]; 3];

/// Where the residuals are large the method takes many small steps; a valley is left after at most so many.
const MAX_STEPS: usize = 1000;

/// Where the sum of squares is least.
pub(crate) struct Minimum {
    /// The parameters there.
    pub(crate) theta: Theta,
    /// Which of them stand at a bound and were dropped; those that the law does not have count as dropped.
    pub(crate) dropped: [bool; 3],
    /// The weighted sum of squared residuals.
    pub(crate) rss: f64,
    /// Diagonal of the inverse of J'WJ over the parameters kept: their variances, but for the residual variance.
    pub(crate) unscaled_variance: Theta,
}

/// The least minimum found from all starts of the law.
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
    let (normal, pull) = problem.normal_equations(&theta);
    let dropped = problem.active(&theta, &pull, true);
    let mut unscaled_variance = [0.0; 3];
    for place in (0..3).filter(|&place| !dropped[place]) {
        let mut unit = [0.0; 3];
        unit[place] = 1.0;
        // A direction that the points say nothing about has no solution: nothing is known of it.
        unscaled_variance[place] = solve(&normal, &unit, dropped).map_or(f64::INFINITY, |column| column[place]);
    }
    Minimum { theta, dropped, rss, unscaled_variance }
}

/// The least sum of squares with one parameter nailed to a value, and where it is, searched for from `start`.
pub(crate) fn minimise_nailed(
    law: &dyn ScalingLaw,
    points: &[Point],
    (place, value): (usize, f64),
    start: Theta,
) -> (Theta, f64) {
    let mut problem = LeastSquares::new(law, points);
    problem.low[place] = value;
    problem.high[place] = value;
    let mut start = start;
    start[place] = value;
    problem.descend(start)
}

/// The minimum near `start`: for points that differ little from those that it was found for.
pub(crate) fn minimise_near(law: &dyn ScalingLaw, points: &[Point], start: Theta) -> Theta {
    let problem = LeastSquares::new(law, points);
    let warm = problem.descend(start);
    // A start inside the bounds, for a parameter that the first points had at one.
    let largest = points.iter().map(|point| point.n).fold(1.0, f64::max);
    let shape = law.starts(largest)[1];
    let cold = problem.descend(problem.with_best_rate(shape));
    if cold.1 < warm.1 { cold.0 } else { warm.0 }
}

/// What the points say of each parameter at `theta`, whatever its bounds: J'WJ, by which their variances are the
/// inverse of it times the residual variance.
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
        // A parameter that the law does not have is one that its bounds nail to 0.
        let (mut low, mut high) = ([0.0; 3], [f64::INFINITY, 0.0, 0.0]);
        for (place, parameter) in law.shape().iter().enumerate() {
            low[place + 1] = parameter.low;
            high[place + 1] = parameter.high;
        }
        LeastSquares { law, points, low, high }
    }

    /// The shape with the rate that suits it best, for which there is a formula.
    fn with_best_rate(&self, shape: Shape) -> Theta {
        let (mut along, mut square) = (0.0, 0.0);
        for point in self.points {
            let speedup = self.law.speedup(point.n, shape);
            along += point.weight * point.x * speedup;
            square += point.weight * speedup * speedup;
        }
        [along / square, shape[0], shape[1]]
    }

    /// Walks downhill until the steps vanish; the parameters and their sum of squares.
    fn descend(&self, start: Theta) -> (Theta, f64) {
        let (mut theta, mut rss) = (start, self.rss(&start));
        let mut damping = 1e-3;
        for _ in 0..MAX_STEPS {
            let (normal, pull) = self.normal_equations(&theta);
            let active = self.active(&theta, &pull, false);
            let accepted = (0..40).find_map(|_| {
                let mut damped = normal;
                for (place, row) in damped.iter_mut().enumerate() {
                    row[place] *= 1.0 + damping;
                }
                damping *= 8.0;
                let trial = self.clamped(&theta, &solve(&damped, &pull, active)?);
                let trial_rss = self.rss(&trial);
                // Near the minimum the sums of squares differ by rounding only, and the step knows better.
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

    /// J'WJ, and J'Wr: where the residuals pull each parameter.
    fn normal_equations(&self, theta: &Theta) -> (Matrix, Theta) {
        let (mut normal, mut pull) = ([[0.0; 3]; 3], [0.0; 3]);
        for point in self.points {
            let shape = [theta[1], theta[2]];
            let speedup = self.law.speedup(point.n, shape);
            let slope = self.law.slope(point.n, shape);
            let row = [speedup, theta[0] * slope[0], theta[0] * slope[1]];
            let residual = point.x - theta[0] * speedup;
            for i in 0..3 {
                pull[i] += point.weight * row[i] * residual;
                for j in 0..3 {
                    normal[i][j] += point.weight * row[i] * row[j];
                }
            }
        }
        (normal, pull)
    }

    /// The parameters that stand at a bound and are pulled across it, or, `if_idle`, are not pulled off it.
    fn active(&self, theta: &Theta, pull: &Theta, if_idle: bool) -> [bool; 3] {
        std::array::from_fn(|place| {
            let (low, high) = (theta[place] <= self.low[place], theta[place] >= self.high[place]);
            (low && (if_idle || pull[place] <= 0.0)) || (high && (if_idle || pull[place] >= 0.0))
        })
    }

    fn clamped(&self, theta: &Theta, step: &Theta) -> Theta {
        std::array::from_fn(|place| (theta[place] + step[place]).clamp(self.low[place], self.high[place]))
    }
}

/// Whether a step is too small to matter. Shapes are pure numbers, so near 0 they have a scale; a rate has none.
fn negligible(from: &Theta, to: &Theta) -> bool {
    let scale = [to[0], to[1].max(1e-6), to[2].max(1e-6)];
    (0..3).all(|place| (to[place] - from[place]).abs() <= 1e-10 * scale[place])
}

/// Solves `matrix` x = `right` over the places that are not dropped, by Cholesky; 0 at those that are. None if the
/// matrix is not positive definite to working precision.
pub(crate) fn solve(matrix: &Matrix, right: &Theta, dropped: [bool; 3]) -> Option<Theta> {
    let (mut lower, mut x) = ([[0.0; 3]; 3], [0.0; 3]);
    let kept = |place: &usize| !dropped[*place];
    for i in (0..3).filter(kept) {
        for j in (0..=i).filter(kept) {
            let done: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - done;
            lower[i][j] = match i == j {
                false => rest / lower[j][j],
                true if rest > 1e-15 * matrix[i][i] => rest.sqrt(),
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
