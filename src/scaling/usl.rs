//! Gunther's Universal Scalability Law: contention bends the curve, coherency makes it fall.
//!
//! X(n) = lambda n / (1 + sigma(n - 1) + kappa n(n - 1)). lambda is the rate of one agent, sigma the fraction of work
//! that queues for a shared resource, kappa the cost of agreement per pair of agents. With kappa = 0 the law is
//! Amdahl's law with p = 1 - sigma. N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007.

use crate::scaling::{Parameter, ScalingLaw, Shape};

/// X(n) = lambda n / (1 + sigma(n - 1) + kappa n(n - 1)).
pub struct Usl;

/// Speedup of `n` agents under contention `sigma` and coherency `kappa`.
///
/// ```
/// use brooks::scaling::usl;
/// assert_eq!(usl::speedup(0.5, 0.0, 4.0), 1.6);
/// // With this coherency cost four agents are as fast as one.
/// assert_eq!(usl::speedup(0.0, 0.25, 4.0), 1.0);
/// ```
pub fn speedup(sigma: f64, kappa: f64, n: f64) -> f64 {
    n / (1.0 + sigma * (n - 1.0) + kappa * n * (n - 1.0))
}

/// Throughput of `n` agents, in the unit of `lambda`.
///
/// ```
/// assert_eq!(brooks::scaling::usl::throughput(10.0, 0.5, 0.0, 4.0), 16.0);
/// ```
pub fn throughput(lambda: f64, sigma: f64, kappa: f64, n: f64) -> f64 {
    lambda * speedup(sigma, kappa, n)
}

/// Team size n* = sqrt((1 - sigma)/kappa), a real number, of the greatest speedup. None for kappa = 0, where the curve
/// never falls.
///
/// ```
/// use brooks::scaling::usl;
/// assert_eq!(usl::peak(0.36, 0.01), Some(8.0));
/// assert_eq!(usl::peak(0.36, 0.0), None);
/// ```
pub fn peak(sigma: f64, kappa: f64) -> Option<f64> {
    (kappa > 0.0).then(|| ((1.0 - sigma).max(0.0) / kappa).sqrt())
}

/// The best whole team size: the floor or the ceiling of the peak, whichever is faster; the smaller one of equals.
///
/// ```
/// use brooks::scaling::usl;
/// // n* is 1.41: two agents are no better than one.
/// assert_eq!(usl::peak_agents(0.0, 0.5), Some(1));
/// ```
pub fn peak_agents(sigma: f64, kappa: f64) -> Option<u64> {
    peak(sigma, kappa).map(|peak| best_neighbour(peak, |n| speedup(sigma, kappa, n)) as u64)
}

/// Limit of the speedup for kappa = 0: 1/sigma, infinite for sigma = 0. None if there is a peak.
///
/// ```
/// assert_eq!(brooks::scaling::usl::limit(0.05, 0.0), Some(20.0));
/// ```
pub fn limit(sigma: f64, kappa: f64) -> Option<f64> {
    (kappa <= 0.0).then(|| 1.0 / sigma)
}

/// The least team size (a real number) that reaches `speedup`. None if no team reaches it.
///
/// The smaller root of S kappa n^2 - (1 - S(sigma - kappa)) n + S(1 - sigma) = 0.
///
/// ```
/// use brooks::scaling::usl;
/// assert_eq!(usl::agents_for(1.5, 0.5, 0.0), Some(3.0));
/// assert_eq!(usl::agents_for(9.0, 0.05, 0.01), None);
/// ```
pub fn agents_for(speedup: f64, sigma: f64, kappa: f64) -> Option<f64> {
    if speedup <= 1.0 {
        return Some(1.0);
    }
    let linear = 1.0 - speedup * (sigma - kappa);
    let discriminant = linear * linear - 4.0 * speedup * kappa * speedup * (1.0 - sigma);
    // This form of the root has no cancellation and also holds for kappa = 0.
    (linear > 0.0 && discriminant >= 0.0).then(|| 2.0 * speedup * (1.0 - sigma) / (linear + discriminant.sqrt()))
}

/// The neighbouring whole number of `peak`, at least 1, with the greater `value`; the smaller of two equals.
pub(crate) fn best_neighbour(peak: f64, value: impl Fn(f64) -> f64) -> f64 {
    let (below, above) = (peak.floor().max(1.0), peak.ceil().max(1.0));
    if value(above) > value(below) { above } else { below }
}

impl ScalingLaw for Usl {
    fn shape(&self) -> &'static [Parameter] {
        &[
            Parameter { name: "sigma", about: "contention: waiting for what is shared", low: 0.0, high: 1.0 },
            Parameter { name: "kappa", about: "coherency: every pair must agree", low: 0.0, high: f64::INFINITY },
        ]
    }

    fn speedup(&self, n: f64, [sigma, kappa]: Shape) -> f64 {
        speedup(sigma, kappa, n)
    }

    fn slope(&self, n: f64, [sigma, kappa]: Shape) -> Shape {
        let s = speedup(sigma, kappa, n);
        let by_sigma = -s * s * (n - 1.0) / n;
        [by_sigma, by_sigma * n]
    }

    fn starts(&self, largest: f64) -> [Shape; 4] {
        // A peak beyond, at, and far inside the range; and no scaling at all.
        let kappa = 1.0 / (largest * largest);
        [[0.05, 0.0], [0.05, kappa], [0.05, 20.0 * kappa], [0.9, kappa]]
    }

    fn peak(&self, [sigma, kappa]: Shape) -> Option<f64> {
        peak(sigma, kappa)
    }

    fn limit(&self, [sigma, kappa]: Shape) -> Option<f64> {
        limit(sigma, kappa).filter(|limit| limit.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::amdahl;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_coherency_cost_is_amdahl(sigma in 0.0..1.0_f64, n in 1.0..500.0_f64) {
            let difference = speedup(sigma, 0.0, n) - amdahl::speedup(1.0 - sigma, n);
            prop_assert!(difference.abs() < 1e-12 * n);
        }

        #[test]
        fn the_inverse_round_trips(sigma in 0.0..0.99_f64, kappa in 1e-6..0.1_f64, share in 0.01..0.999_f64) {
            let peak = peak(sigma, kappa).expect("kappa is above 0");
            prop_assume!(peak > 1.1);
            let n = 1.0 + share * (peak - 1.0);
            let found = agents_for(speedup(sigma, kappa, n), sigma, kappa).expect("reached");
            // Near the peak the curve is flat and n is only known to the square root of the precision.
            prop_assert!((found / n - 1.0).abs() < 1e-6);
        }

        #[test]
        fn no_team_beats_the_peak(sigma in 0.0..1.0_f64, kappa in 1e-4..1.0_f64) {
            let best = peak_agents(sigma, kappa).expect("kappa is above 0") as f64;
            for n in 1..200 {
                prop_assert!(speedup(sigma, kappa, f64::from(n)) <= speedup(sigma, kappa, best) * (1.0 + 1e-12));
            }
        }
    }
}
