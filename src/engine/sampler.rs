//! Samplers of distributions: interpolated quantile tables, exact in the far tails.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::rng::{open_unit, unit};
use crate::engine::{Dist, Stream};

/// Cells of the quantile table; a power of two.
const CELLS: usize = 1024;
const CELL_BITS: u32 = CELLS.trailing_zeros();
/// Cells at either end that a finer table replaces, as the quantile function is too curved there.
const TAIL: usize = 16;
/// Cells of each of the two finer tables; a power of two.
const TAIL_CELLS: usize = 256;
/// Bits of the index of a cell of a finer table.
const TAIL_CELL_BITS: u32 = CELL_BITS - TAIL.trailing_zeros() + TAIL_CELLS.trailing_zeros();
/// Cells at the outer ends of the finer tables, where the quantile is computed exactly: one draw in 683.
const EXACT: usize = 12;

/// Sampler of a [`Dist`] by inverse transform, one uniform draw a variate.
///
/// The relative error of a quantile is below 4e-4 for usual latency distributions (bounded by a test) and 0 in the far
/// tails. The table is monotone in the draw.
#[derive(Clone, Debug)]
pub struct Sampler(SamplerForm);

#[derive(Clone, Debug)]
enum SamplerForm {
    Constant(f64),
    Uniform { low: f64, width: f64 },
    Table(Arc<QuantileTable>),
}

#[derive(Debug)]
struct QuantileTable {
    /// Quantiles at i / CELLS; the outermost are not read.
    body: [f64; CELLS + 1],
    /// Quantiles at and near the lower end, in steps of 2^-TAIL_CELL_BITS from 0.
    low: [f64; TAIL_CELLS + 1],
    /// The same near the upper end, up to 1.
    high: [f64; TAIL_CELLS + 1],
    dist: Dist,
}

impl Sampler {
    /// Returns the sampler of `dist`; computes about 1,500 quantiles.
    pub fn new(dist: &Dist) -> Sampler {
        Sampler(match dist {
            Dist::Constant(value) => SamplerForm::Constant(*value),
            Dist::Uniform { low, high } => SamplerForm::Uniform { low: *low, width: high - low },
            _ => SamplerForm::Table(Arc::new(QuantileTable::new(dist))),
        })
    }

    /// Returns one variate; takes exactly one draw from the stream.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> f64 {
        self.at(stream.bits())
    }

    /// Returns the variate of these random bits.
    #[inline]
    pub fn at(&self, bits: u64) -> f64 {
        match &self.0 {
            SamplerForm::Constant(value) => *value,
            SamplerForm::Uniform { low, width } => low + width * unit(bits),
            SamplerForm::Table(table) => table.at(bits),
        }
    }
}

/// Cache of samplers. Most points of a sweep share a few distributions, and a table takes longer than a hundred runs.
#[derive(Debug, Default)]
pub struct Samplers {
    known: Mutex<Vec<(Dist, Sampler)>>,
}

impl Samplers {
    /// Most samplers in the cache; a sweep over a parameter of a distribution may need any number.
    const KEPT: usize = 64;

    /// Returns the sampler of `dist`.
    pub fn get(&self, dist: &Dist) -> Sampler {
        let known =
            |list: &[(Dist, Sampler)]| list.iter().find(|(other, _)| other == dist).map(|(_, sampler)| sampler.clone());
        // The list is append-only, so it is valid even after a panic in another thread.
        let list = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sampler) = known(&list) {
            return sampler;
        }
        drop(list);
        let sampler = Sampler::new(dist);
        let mut list = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() < Samplers::KEPT && known(&list).is_none() {
            list.push((dist.clone(), sampler.clone()));
        }
        sampler
    }
}

impl QuantileTable {
    fn new(dist: &Dist) -> QuantileTable {
        // At 0 and 1 a quantile may be infinite; those entries are not read.
        let at = |u: f64| if u > 0.0 && u < 1.0 { dist.quantile(u) } else { 0.0 };
        let step = 1.0 / f64::from(1 << TAIL_CELL_BITS);
        QuantileTable {
            body: std::array::from_fn(|i| at(i as f64 / CELLS as f64)),
            low: std::array::from_fn(|i| at(i as f64 * step)),
            high: std::array::from_fn(|i| at(1.0 - (TAIL_CELLS - i) as f64 * step)),
            dist: dist.clone(),
        }
    }

    #[inline]
    fn at(&self, bits: u64) -> f64 {
        let cell = (bits >> (64 - CELL_BITS)) as usize;
        if cell.wrapping_sub(TAIL) >= CELLS - 2 * TAIL {
            return self.tail(bits);
        }
        between(self.body[cell], self.body[cell + 1], bits << CELL_BITS)
    }

    #[cold]
    #[inline(never)]
    fn tail(&self, bits: u64) -> f64 {
        let cell = (bits >> (64 - TAIL_CELL_BITS)) as usize;
        let from_top = (1 << TAIL_CELL_BITS) - 1 - cell;
        if cell.min(from_top) < EXACT {
            return self.dist.quantile(open_unit(bits));
        }
        let (table, cell) = if cell < from_top { (&self.low, cell) } else { (&self.high, TAIL_CELLS - 1 - from_top) };
        between(table[cell], table[cell + 1], bits << TAIL_CELL_BITS)
    }
}

/// Interpolates linearly from `low` to `high` by these bits.
#[inline]
fn between(low: f64, high: f64, bits: u64) -> f64 {
    low + unit(bits) * (high - low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Keys, Purpose};

    fn shapes() -> Vec<(Dist, f64)> {
        // Distributions and the allowed relative error of a quantile.
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
            let sd = (draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / n).sqrt();
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
