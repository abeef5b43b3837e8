//! Gustafson's law: the work grows with the team, so that the time stays fixed.
//!
//! S(n) = n - s(n - 1), where s is the serial fraction of the time as measured *on the team*, not of the work of a
//! single agent. J. L. Gustafson, "Reevaluating Amdahl's law", CACM 31(5), 1988.

use crate::scaling::{Parameter, ScalingLaw, Shape};

/// X(n) = lambda (n - s(n - 1)).
pub struct Gustafson;

/// Scaled speedup of `n` agents whose fraction `s` of time is serial.
///
/// ```
/// assert_eq!(brooks::scaling::gustafson::speedup(0.25, 5.0), 4.0);
/// ```
pub fn speedup(s: f64, n: f64) -> f64 {
    n - s * (n - 1.0)
}

/// The serial fraction that gives `speedup` with `n` agents, `n` above 1: s = (n - S) / (n - 1).
///
/// ```
/// assert_eq!(brooks::scaling::gustafson::serial_fraction(4.0, 5.0), 0.25);
/// ```
pub fn serial_fraction(speedup: f64, n: f64) -> f64 {
    (n - speedup) / (n - 1.0)
}

/// Team size (a real number) that reaches `speedup`: n = (S - s) / (1 - s). None if no team reaches it.
///
/// ```
/// assert_eq!(brooks::scaling::gustafson::agents_for(4.0, 0.25), Some(5.0));
/// ```
pub fn agents_for(speedup: f64, s: f64) -> Option<f64> {
    if speedup <= 1.0 {
        return Some(1.0);
    }
    (s < 1.0).then(|| (speedup - s) / (1.0 - s))
}

impl ScalingLaw for Gustafson {
    fn shape(&self) -> &'static [Parameter] {
        &[Parameter { name: "s", about: "serial fraction of the team's time", low: 0.0, high: 1.0 }]
    }

    fn speedup(&self, n: f64, [s, _]: Shape) -> f64 {
        speedup(s, n)
    }

    fn slope(&self, n: f64, _shape: Shape) -> Shape {
        [1.0 - n, 0.0]
    }

    fn starts(&self, _largest: f64) -> [Shape; 4] {
        [[0.05, 0.0], [0.2, 0.0], [0.5, 0.0], [0.9, 0.0]]
    }

    fn limit(&self, [s, _]: Shape) -> Option<f64> {
        (s >= 1.0).then_some(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inverses_round_trip(s in 0.0..0.99_f64, n in 1.5..200.0_f64) {
            let scaled = speedup(s, n);
            prop_assert!((serial_fraction(scaled, n) - s).abs() < 1e-12);
            prop_assert!((agents_for(scaled, s).expect("reached") / n - 1.0).abs() < 1e-12);
        }
    }
}
