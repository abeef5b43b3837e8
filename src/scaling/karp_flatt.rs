//! The Karp-Flatt metric: the serial fraction that follows from a measured speedup.
//!
//! e(n) = (1/S - 1/n) / (1 - 1/n). A constant e(n) means serial work (Amdahl). A rising straight line means overhead
//! that grows with the team: under the Universal Scalability Law e(n) = sigma + kappa n exactly. Its plot is therefore
//! the best single diagnostic of a scaling curve. A. H. Karp and H. P. Flatt, "Measuring parallel processor
//! performance", CACM 33(5), 1990.

/// The experimentally determined serial fraction of a `speedup` with `n` agents, `n` above 1.
///
/// Below 0 for superlinear speedups, above 1 for slowdowns.
///
/// ```
/// use brooks::scaling::karp_flatt;
/// // One agent needs 45 minutes and three need 19.
/// let e = karp_flatt::serial_fraction(45.0 / 19.0, 3.0);
/// assert!((e - 0.1333).abs() < 1e-4);
/// ```
pub fn serial_fraction(speedup: f64, n: f64) -> f64 {
    (1.0 / speedup - 1.0 / n) / (1.0 - 1.0 / n)
}

/// The speedup of `n` agents that has the serial fraction `e`: Amdahl's law with p = 1 - e.
///
/// ```
/// assert_eq!(brooks::scaling::karp_flatt::speedup(0.5, 4.0), 1.6);
/// ```
pub fn speedup(e: f64, n: f64) -> f64 {
    1.0 / (e + (1.0 - e) / n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::usl;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_inverse_round_trips(e in -0.01..2.0_f64, n in 1.5..60.0_f64) {
            prop_assert!((serial_fraction(speedup(e, n), n) - e).abs() < 1e-12);
        }

        #[test]
        fn it_is_a_line_under_the_usl(sigma in 0.0..1.0_f64, kappa in 0.0..0.5_f64, n in 1.5..500.0_f64) {
            let e = serial_fraction(usl::speedup(sigma, kappa, n), n);
            prop_assert!((e - (sigma + kappa * n)).abs() < 1e-11 * (1.0 + e));
        }
    }
}
