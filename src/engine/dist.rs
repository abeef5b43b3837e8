//! Parametric and empirical distributions of positive quantities.
//!
//! Sampling is by inverse transform with one uniform draw a variate ([`Sampler`](crate::engine::Sampler)). The same
//! draw gives the same quantile for all parameters, so paired runs stay paired.

use crate::engine::math;

/// Distribution on the non-negative numbers. The caller chooses the unit (seconds, tokens).
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Point mass at one value.
    Constant(f64),
    /// Uniform from `low` to `high`.
    Uniform {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Exponential with the given mean.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// exp(mu + sigma Z) for a standard normal Z.
    Lognormal {
        /// Mean of the logarithm; exp(mu) is the median.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma with mean `shape * scale`.
    Gamma {
        /// Shape, above 0; the coefficient of variation is 1 / sqrt(shape).
        shape: f64,
        /// Scale, above 0.
        scale: f64,
    },
    /// Weibull: scale (-ln(1 - U))^(1 / shape).
    Weibull {
        /// Shape, above 0; below 1 the tail is heavier than exponential.
        shape: f64,
        /// Scale, above 0.
        scale: f64,
    },
    /// Observed values, at least one, ascending; quantiles are interpolated linearly between neighbours.
    Empirical(Vec<f64>),
}

impl Dist {
    /// Returns the lognormal with this mean and coefficient of variation (standard deviation / mean).
    ///
    /// mu = ln(mean) - sigma^2 / 2 and sigma^2 = ln(1 + cv^2).
    pub fn lognormal_mean_cv(mean: f64, cv: f64) -> Dist {
        let variance = math::ln_1p(cv * cv);
        Dist::Lognormal { mu: math::ln(mean) - variance / 2.0, sigma: variance.sqrt() }
    }

    /// Returns the lognormal with this median and standard deviation of the logarithm.
    pub fn lognormal_median_sigma(median: f64, sigma: f64) -> Dist {
        Dist::Lognormal { mu: math::ln(median), sigma }
    }

    /// Returns the gamma with this mean and coefficient of variation.
    pub fn gamma_mean_cv(mean: f64, cv: f64) -> Dist {
        Dist::Gamma { shape: 1.0 / (cv * cv), scale: mean * cv * cv }
    }

    /// Returns the Weibull with this mean and shape: scale = mean / Gamma(1 + 1 / shape).
    pub fn weibull_mean_shape(mean: f64, shape: f64) -> Dist {
        Dist::Weibull { shape, scale: mean / math::gamma(1.0 + 1.0 / shape) }
    }

    /// Returns true if every draw has the same value.
    pub fn is_constant(&self) -> bool {
        match self {
            Dist::Constant(_) => true,
            Dist::Uniform { low, high } => low >= high,
            Dist::Lognormal { sigma, .. } => *sigma == 0.0,
            Dist::Empirical(values) => values.first() == values.last(),
            Dist::Exponential { .. } | Dist::Gamma { .. } | Dist::Weibull { .. } => false,
        }
    }

    /// Returns the expected value.
    pub fn mean(&self) -> f64 {
        match self {
            Dist::Constant(value) => *value,
            Dist::Uniform { low, high } => low.midpoint(*high),
            Dist::Exponential { mean } => *mean,
            Dist::Lognormal { mu, sigma } => math::exp(mu + sigma * sigma / 2.0),
            Dist::Gamma { shape, scale } => shape * scale,
            Dist::Weibull { shape, scale } => scale * math::gamma(1.0 + 1.0 / shape),
            // Integral of the interpolated quantile function: trapezoids between neighbours.
            Dist::Empirical(values) if values.len() == 1 => values[0],
            Dist::Empirical(values) => {
                let pairs = values.windows(2).map(|pair| pair[0].midpoint(pair[1]));
                pairs.sum::<f64>() / (values.len() - 1) as f64
            }
        }
    }

    /// Returns the quantile at `u` in (0, 1).
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Dist::Constant(value) => *value,
            Dist::Uniform { low, high } => low + u * (high - low),
            Dist::Exponential { mean } => -mean * math::ln_1p(-u),
            Dist::Lognormal { mu, sigma } => math::exp(mu + sigma * math::normal_quantile(u)),
            Dist::Gamma { shape, scale } => scale * math::gamma_quantile(*shape, u),
            Dist::Weibull { shape, scale } => scale * math::pow(-math::ln_1p(-u), 1.0 / shape),
            Dist::Empirical(values) => {
                let position = u * (values.len() - 1) as f64;
                let below = (position as usize).min(values.len() - 1);
                let above = (below + 1).min(values.len() - 1);
                values[below] + (position - below as f64) * (values[above] - values[below])
            }
        }
    }

    /// Returns the distribution of `factor` times a draw; `factor` above 0.
    pub fn scaled(&self, factor: f64) -> Dist {
        match self {
            Dist::Constant(value) => Dist::Constant(value * factor),
            Dist::Uniform { low, high } => Dist::Uniform { low: low * factor, high: high * factor },
            Dist::Exponential { mean } => Dist::Exponential { mean: mean * factor },
            Dist::Lognormal { mu, sigma } => Dist::Lognormal { mu: mu + math::ln(factor), sigma: *sigma },
            Dist::Gamma { shape, scale } => Dist::Gamma { shape: *shape, scale: scale * factor },
            Dist::Weibull { shape, scale } => Dist::Weibull { shape: *shape, scale: scale * factor },
            Dist::Empirical(values) => Dist::Empirical(values.iter().map(|v| v * factor).collect()),
        }
    }
}
