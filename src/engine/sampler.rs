//! A distribution made ready to draw from: an interpolated quantile table, exact in the tails.

use std::sync::Arc;

use crate::engine::rng::{open_unit, unit};
use crate::engine::{Dist, Stream};

/// Cells of a quantile table; a power of two.
const CELLS: usize = 1024;
const CELL_BITS: u32 = CELLS.trailing_zeros();
/// Cells at either end where the quantile function bends too much for a straight line: there it is computed exactly.
const EXACT: usize = 12;

/// Draws from a [`Dist`] by inverse transform, one uniform draw a variate.
///
/// Inside the table the relative error of a quantile stays below 4e-4 for the distributions that latencies follow (a
/// test bounds it); in the outer 12 + 12 of 1,024 cells there is none. The table is monotone: a greater draw never
/// gives a smaller value.
#[derive(Clone, Debug)]
pub struct Sampler(Form);

#[derive(Clone, Debug)]
enum Form {
    Constant(f64),
    Uniform { low: f64, width: f64 },
    Table(Arc<Table>),
}

#[derive(Debug)]
struct Table {
    /// Quantiles at i / CELLS for i in 0..=CELLS; the two ends are never read.
    quantiles: [f64; CELLS + 1],
    dist: Dist,
}

impl Sampler {
    /// Prepares `dist`: about 1,000 quantiles.
    pub fn new(dist: &Dist) -> Sampler {
        Sampler(match dist {
            Dist::Constant(value) => Form::Constant(*value),
            Dist::Uniform { low, high } => Form::Uniform { low: *low, width: high - low },
            _ => {
                let mut quantiles = [0.0; CELLS + 1];
                for (cell, quantile) in quantiles.iter_mut().enumerate().take(CELLS).skip(1) {
                    *quantile = dist.quantile(cell as f64 / CELLS as f64);
                }
                Form::Table(Arc::new(Table { quantiles, dist: dist.clone() }))
            }
        })
    }

    /// One variate. Always takes exactly one draw from the stream.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        self.at(stream.bits())
    }

    /// The variate that belongs to these random bits.
    #[inline]
    pub fn at(&self, bits: u64) -> f64 {
        match &self.0 {
            Form::Constant(value) => *value,
            Form::Uniform { low, width } => low + width * unit(bits),
            Form::Table(table) => table.at(bits),
        }
    }
}

impl Table {
    #[inline]
    fn at(&self, bits: u64) -> f64 {
        let cell = (bits >> (64 - CELL_BITS)) as usize;
        if cell.wrapping_sub(EXACT) >= CELLS - 2 * EXACT {
            return self.tail(bits);
        }
        let within = unit(bits << CELL_BITS);
        let (low, high) = (self.quantiles[cell], self.quantiles[cell + 1]);
        low + within * (high - low)
    }

    #[cold]
    #[inline(never)]
    fn tail(&self, bits: u64) -> f64 {
        self.dist.quantile(open_unit(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Keys, Purpose};

    fn shapes() -> Vec<(Dist, f64)> {
        // With the largest relative error of a quantile that the table may make.
        vec![
            (Dist::Exponential { mean: 3.0 }, 4e-4),
            (Dist::Lognormal { mu: 2.5, sigma: 0.6 }, 4e-4),
            (Dist::Lognormal { mu: 0.5, sigma: 0.9 }, 4e-4),
            (Dist::Lognormal { mu: 0.0, sigma: 2.0 }, 2e-3),
            (Dist::Gamma { shape: 4.0, scale: 1.5 }, 4e-4),
            (Dist::Gamma { shape: 0.5, scale: 1.0 }, 2e-3),
            (Dist::Weibull { shape: 0.7, scale: 2.0 }, 1e-3),
            (Dist::Weibull { shape: 2.0, scale: 2.0 }, 4e-4),
        ]
    }

    #[test]
    fn table_stays_close_to_the_quantile_function() {
        for (dist, bound) in shapes() {
            let sampler = Sampler::new(&dist);
            let mut previous = 0.0;
            for step in 0..200_000u64 {
                let bits = step * (u64::MAX / 200_000) + (1 << 40);
                let (drawn, exact) = (sampler.at(bits), dist.quantile(open_unit(bits)));
                assert!((drawn / exact - 1.0).abs() < bound, "{dist:?} at {}: {drawn} for {exact}", unit(bits));
                assert!(drawn >= previous, "{dist:?} falls at {}", unit(bits));
                previous = drawn;
            }
        }
    }

    #[test]
    fn means_are_the_distribution_s() {
        let mut all: Vec<Dist> = shapes().into_iter().map(|(dist, _)| dist).collect();
        all.extend([
            Dist::Constant(4.0),
            Dist::Uniform { low: 1.0, high: 5.0 },
            Dist::Empirical(vec![1.0, 2.0, 2.5, 9.0]),
            Dist::lognormal_mean_cv(7.0, 1.2),
            Dist::gamma_mean_cv(7.0, 0.4),
            Dist::weibull_mean_shape(7.0, 1.5),
        ]);
        for dist in all {
            let sampler = Sampler::new(&dist);
            let mut stream = Keys::new(7, 0).stream(Purpose::Service, 1);
            let draws: Vec<f64> = (0..400_000).map(|_| sampler.draw(&mut stream)).collect();
            let n = draws.len() as f64;
            let mean = draws.iter().sum::<f64>() / n;
            let sd = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / n).sqrt();
            let allowed = 4.0 * sd / n.sqrt() + 4e-4 * dist.mean();
            assert!((mean - dist.mean()).abs() <= allowed, "{dist:?}: {mean} for {}", dist.mean());
        }
    }

    #[test]
    fn parameters_by_moments() {
        assert!((Dist::lognormal_mean_cv(7.0, 1.2).mean() - 7.0).abs() < 1e-12);
        assert!((Dist::gamma_mean_cv(7.0, 0.4).mean() - 7.0).abs() < 1e-12);
        assert!((Dist::weibull_mean_shape(7.0, 1.5).mean() - 7.0).abs() < 1e-12);
        assert!((Dist::lognormal_median_sigma(7.0, 0.5).quantile(0.5) - 7.0).abs() < 1e-12);
    }
}
