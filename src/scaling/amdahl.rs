//! Amdahl's law: work of fixed size with a serial part.
//!
//! S(n) = 1 / ((1 - p) + p/n), where p is the parallel fraction: the part of the single agent's time that can be
//! divided. G. M. Amdahl, "Validity of the single processor approach to achieving large scale computing capabilities",
//! AFIPS 1967.

use crate::scaling::{Parameter, ScalingLaw, Shape};

/// X(n) = lambda / ((1 - p) + p/n).
pub struct Amdahl;

/// Speedup of `n` agents when the fraction `p` of the work is parallel.
///
/// ```
/// use brooks::scaling::amdahl;
/// // Half of the work is serial: four agents are not even twice as fast.
/// assert_eq!(amdahl::speedup(0.5, 4.0), 1.6);
/// ```
pub fn speedup(p: f64, n: f64) -> f64 {
    1.0 / ((1.0 - p) + p / n)
}

/// Upper limit of the speedup: 1 / (1 - p), infinite for p = 1.
///
/// ```
/// assert_eq!(brooks::scaling::amdahl::limit(0.75), 4.0);
/// ```
pub fn limit(p: f64) -> f64 {
    1.0 / (1.0 - p)
}

/// The parallel fraction that gives `speedup` with `n` agents, `n` above 1: p = (1 - 1/S) / (1 - 1/n).
///
/// Above 1 for superlinear speedups, below 0 for slowdowns.
///
/// ```
/// assert_eq!(brooks::scaling::amdahl::parallel_fraction(1.6, 4.0), 0.5);
/// ```
pub fn parallel_fraction(speedup: f64, n: f64) -> f64 {
    (1.0 - 1.0 / speedup) / (1.0 - 1.0 / n)
}

/// Team size (a real number) that reaches `speedup`: n = p / (1/S - (1 - p)). None if no team reaches it.
///
/// ```
/// use brooks::scaling::amdahl;
/// assert_eq!(amdahl::agents_for(1.6, 0.5), Some(4.0));
/// assert_eq!(amdahl::agents_for(2.0, 0.5), None);
/// ```
pub fn agents_for(speedup: f64, p: f64) -> Option<f64> {
    if speedup <= 1.0 {
        return Some(1.0);
    }
    let per_agent = 1.0 / speedup - (1.0 - p);
    (per_agent > 0.0).then(|| p / per_agent)
}

impl ScalingLaw for Amdahl {
    fn shape(&self) -> &'static [Parameter] {
        &[Parameter { name: "p", about: "parallel fraction", low: 0.0, high: 1.0 }]
    }

    fn speedup(&self, n: f64, [p, _]: Shape) -> f64 {
        speedup(p, n)
    }

    fn slope(&self, n: f64, [p, _]: Shape) -> Shape {
        let s = speedup(p, n);
        [s * s * (1.0 - 1.0 / n), 0.0]
    }

    fn starts(&self, _largest: f64) -> [Shape; 4] {
        [[0.3, 0.0], [0.8, 0.0], [0.95, 0.0], [0.99, 0.0]]
    }

    fn limit(&self, [p, _]: Shape) -> Option<f64> {
        (p < 1.0).then(|| limit(p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inverses_round_trip(p in 0.01..0.999_f64, n in 1.5..200.0_f64) {
            let s = speedup(p, n);
            prop_assert!((parallel_fraction(s, n) - p).abs() < 1e-12);
            prop_assert!((agents_for(s, p).expect("reached") / n - 1.0).abs() < 1e-9);
            prop_assert!(s < limit(p));
        }
    }
}
