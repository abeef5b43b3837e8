//! Critical growth of the sum of squares for 95 % intervals near a bound (Feldman and Cousins).
//!
//! Away from bounds the critical growth is t^2 variances. Near a bound the fit cannot follow the noise across it, so
//! the sum of squares at the truth exceeds the minimum by less. With t^2 such an interval covers the truth in up to
//! 99.7 of 100 cases. The critical growth for 95 % coverage is the 95 % quantile of that excess if a value were the
//! truth; it depends on the value. G. J. Feldman and R. D. Cousins, "Unified approach to the classical statistical
//! analysis of small signals", Physical Review D 57, 1998. Here the method is applied to least squares over up to two
//! bounded parameters. Their estimates are taken as normal around the value, with the other parameters at their best
//! fit for it.

use crate::engine::math::normal_quantile;
use crate::scaling::least_squares::{Matrix, Theta, solve};

/// Points of a low-discrepancy sequence as standard normal values: integrals over them need no random draws.
pub(crate) struct Points(Vec<Theta>);

/// Number of points; it determines a quantile to about a hundredth.
const POINTS: u32 = 600;

impl Points {
    /// Halton's sequence. J. H. Halton, Numerische Mathematik 2, 1960.
    pub(crate) fn new() -> Points {
        let digits = |mut index: u32, base: u32| {
            let (mut value, mut weight) = (0.0, 1.0);
            while index > 0 {
                weight /= f64::from(base);
                value += weight * f64::from(index % base);
                index /= base;
            }
            value
        };
        Points((1..=POINTS).map(|index| [2, 3, 5].map(|base| normal_quantile(digits(index, base)))).collect())
    }
}

/// A hypothetical truth and the distribution of its estimates.
pub(crate) struct Neighbourhood {
    /// The hypothetical truth.
    pub(crate) theta: Theta,
    /// Covariance of its estimates without bounds; rows of parameters that the law does not have are not read.
    pub(crate) covariance: Matrix,
    /// Presence of each parameter in the law.
    pub(crate) has: [bool; 3],
    /// Lower bounds.
    pub(crate) low: Theta,
    /// Upper bounds.
    pub(crate) high: Theta,
}

impl Neighbourhood {
    /// The 95 % quantile of the excess of the sum of squares, in variances, if the parameter at `index` is fixed to the
    /// truth. None if the covariance is singular.
    pub(crate) fn critical(&self, index: usize, points: &Points) -> Option<f64> {
        let factor = self.factor()?;
        let mut excess: Vec<f64> = points.0.iter().map(|normal| self.excess(index, &factor, normal)).collect();
        excess.sort_by(f64::total_cmp);
        let rank = 0.95 * excess.len() as f64 - 0.5;
        let (below, weight) = (rank as usize, rank.fract());
        let (low, high) = (excess.get(below)?, excess.get(below + 1)?);
        Some(low + weight * (high - low))
    }

    fn excess(&self, index: usize, factor: &Matrix, normal: &Theta) -> f64 {
        let drawn: Theta =
            std::array::from_fn(|i| self.theta[i] + (0..=i).map(|j| factor[i][j] * normal[j]).sum::<f64>());
        let constrained = self.least(&drawn, Some(index));
        constrained - if self.is_inside(&drawn) { 0.0 } else { self.least(&drawn, None) }
    }

    /// The least squared distance from `drawn` to the allowed parameters, with the one at `fixed_index` as in the
    /// truth: the minimum over every choice of parameters that are at a bound.
    fn least(&self, drawn: &Theta, fixed_index: Option<usize>) -> f64 {
        let mut least = f64::INFINITY;
        for choice in 0..9 {
            let stands = [None, end(choice % 3, self.low[1], self.high[1]), end(choice / 3, self.low[2], self.high[2])];
            let mut fixed: [Option<f64>; 3] = std::array::from_fn(|i| stands[i].filter(|_| self.has[i]));
            let is_double = (1..3).any(|i| choice_of(choice, i) > 0 && (!self.has[i] || Some(i) == fixed_index))
                || (1..3).any(|i| choice_of(choice, i) == 2 && !self.high[i].is_finite());
            if is_double {
                continue;
            }
            if let Some(index) = fixed_index {
                fixed[index] = Some(self.theta[index]);
            }
            let moved: Theta = std::array::from_fn(|i| fixed[i].map_or(0.0, |value| value - drawn[i]));
            let Some(pull) = solve(&self.covariance, &moved, fixed.map(|value| value.is_none())) else { continue };
            let squares: f64 = (0..3).map(|i| moved[i] * pull[i]).sum();
            let there: Theta = std::array::from_fn(|i| {
                fixed[i].unwrap_or_else(|| drawn[i] + (0..3).map(|j| self.covariance[i][j] * pull[j]).sum::<f64>())
            });
            if squares < least && self.is_inside(&there) {
                least = squares;
                // Bounds can only increase the minimum.
                if choice == 0 {
                    break;
                }
            }
        }
        least
    }

    fn is_inside(&self, theta: &Theta) -> bool {
        (1..3).all(|i| !self.has[i] || (self.low[i]..=self.high[i]).contains(&theta[i]))
    }

    /// Cholesky factor of the covariance.
    fn factor(&self) -> Option<Matrix> {
        let mut lower = [[0.0; 3]; 3];
        for i in (0..3).filter(|&i| self.has[i]) {
            for j in (0..=i).filter(|&j| self.has[j]) {
                let residual = self.covariance[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
                lower[i][j] = if i == j { residual.sqrt() } else { residual / lower[j][j] };
            }
            if !(lower[i][i] > 0.0 && lower[i][i].is_finite()) {
                return None;
            }
        }
        Some(lower)
    }
}

/// A parameter's constraint by its choice: free, at the lower or at the upper end.
fn end(choice: usize, low: f64, high: f64) -> Option<f64> {
    [None, Some(low), Some(high)].get(choice).copied().flatten()
}

fn choice_of(choice: usize, index: usize) -> usize {
    if index == 1 { choice % 3 } else { choice / 3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sigma: f64, kappa: f64, correlation: f64) -> Neighbourhood {
        Neighbourhood {
            theta: [50.0, sigma, kappa],
            covariance: [[1.0, 0.0, 0.0], [0.0, 1.0, correlation], [0.0, correlation, 1.0]],
            has: [true; 3],
            low: [0.0; 3],
            high: [f64::INFINITY; 3],
        }
    }

    #[test]
    fn far_from_bounds_it_is_chi_square() {
        let points = Points::new();
        for index in 0..3 {
            let critical = at(9.0, 9.0, -0.8).critical(index, &points).expect("regular");
            assert!((critical - 3.841).abs() < 0.12, "{index}: {critical}");
        }
    }

    #[test]
    fn near_a_bound_it_is_feldmans_and_cousins() {
        // One parameter at its bound: P(chi-square > c) / 2 = 5 %, so c = 1.645^2.
        let points = Points::new();
        let critical = at(0.0, 9.0, 0.0).critical(1, &points).expect("regular");
        assert!((critical - 2.706).abs() < 0.1, "{critical}");
        // Half a deviation from it, by the same construction in one dimension (four million draws): 2.751.
        let critical = at(0.5, 9.0, 0.0).critical(1, &points).expect("regular");
        assert!((critical - 2.751).abs() < 0.12, "{critical}");
        assert!(at(0.0, 0.0, -0.9).critical(1, &points).expect("regular") < 2.0);
    }
}
