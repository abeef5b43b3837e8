//! Transcendental functions with the same result on every platform; no other module below `cli` may use its own.
//!
//! The standard library's `exp` and `ln` differ between platforms, and even between two processors with one C
//! library (with and without fused multiply-add). `pxfm` computes them in portable Rust, and its version is pinned.
//! `sqrt` is exact by IEEE 754.

/// Exponential function of `x`.
#[inline]
pub fn exp(x: f64) -> f64 {
    pxfm::f_exp(x)
}

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    pxfm::f_log(x)
}

/// Natural logarithm of `1 + x`, precise for small `x`.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    pxfm::f_log1p(x)
}

/// Power of `base` to `exponent`.
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    pxfm::f_pow(base, exponent)
}

/// Gamma function of `x` above 0. (`pxfm::f_tgamma` itself depends on fused multiply-add; the logarithm does not.)
pub fn gamma(x: f64) -> f64 {
    exp(pxfm::f_lgamma(x))
}

/// Quantile of the standard normal distribution; `u` in (0, 1).
pub fn normal_quantile(u: f64) -> f64 {
    -std::f64::consts::SQRT_2 * pxfm::f_erfcinv(2.0 * u)
}

/// Quantile of the gamma distribution with the given shape and scale 1; `u` in (0, 1).
///
/// Newton's method on the regularised incomplete gamma function, from the Wilson-Hilferty approximation. A step that
/// would leave the bracket is replaced by a bisection.
pub fn gamma_quantile(shape: f64, u: f64) -> f64 {
    if u <= 0.0 {
        return 0.0;
    }
    let ln_gamma = pxfm::f_lgamma(shape);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut x = {
        let c = 1.0 / (9.0 * shape);
        let cube_root = 1.0 - c + normal_quantile(u) * c.sqrt();
        if cube_root > 0.3 {
            shape * cube_root * cube_root * cube_root
        } else {
            // Left tail: P(a, x) is about x^a / Gamma(a + 1).
            exp((ln(u) + ln_gamma + ln(shape)) / shape)
        }
    };
    if x <= f64::MIN_POSITIVE {
        return x.max(0.0);
    }
    for _ in 0..200 {
        let error = if u < 0.5 { pxfm::f_gamma_p(shape, x) - u } else { (1.0 - u) - pxfm::f_gamma_q(shape, x) };
        if error > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = exp((shape - 1.0) * ln(x) - x - ln_gamma);
        let mut next = x - error / density;
        if !(next > low && next < high) {
            next = if high.is_finite() { low.midpoint(high) } else { 2.0 * x };
        }
        let moved = (next - x).abs();
        x = next;
        if moved <= 1e-14 * x {
            break;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Gamma, Normal};

    #[test]
    fn quantiles_agree_with_statrs() {
        let normal = Normal::standard();
        for i in 1..1000 {
            let u = f64::from(i) / 1000.0;
            assert!((normal_quantile(u) - normal.inverse_cdf(u)).abs() < 1e-9);
        }
        for shape in [0.2, 0.7, 1.0, 2.5, 9.0, 80.0] {
            let gamma = Gamma::new(shape, 1.0).expect("valid");
            for u in [1e-9, 1e-4, 0.01, 0.2, 0.5, 0.9, 0.999, 1.0 - 1e-9] {
                let x = gamma_quantile(shape, u);
                let back = gamma.cdf(x);
                assert!((back - u).abs() < 1e-9, "shape {shape}, u {u}: x {x}, cdf {back}");
            }
        }
    }
}
