//! Sun and Ni's law of memory-bounded speedup: the shared work grows with the memory of the team.
//!
//! S(n) = (s + (1 - s)G) / (s + (1 - s)G/n), where s is the serial fraction of the single agent's work and G = G(n) is
//! the growth of the shared work. G = 1 is Amdahl's law, G = n is Gustafson's. X.-H. Sun and L. M. Ni, "Scalable
//! problems and memory-bounded speedup", JPDC 19(1), 1993. The law is not fitted to data: any increasing curve fits
//! some G.

/// Speedup of `n` agents with serial fraction `s` when the shared work has grown `growth`-fold.
///
/// ```
/// use brooks::scaling::{amdahl, gustafson, sun_ni};
/// assert_eq!(sun_ni::speedup(0.5, 4.0, 1.0), amdahl::speedup(0.5, 4.0));
/// assert_eq!(sun_ni::speedup(0.5, 4.0, 4.0), gustafson::speedup(0.5, 4.0));
/// ```
pub fn speedup(s: f64, n: f64, growth: f64) -> f64 {
    let shared = (1.0 - s) * growth;
    (s + shared) / (s + shared / n)
}

/// The serial fraction that gives `speedup` with `n` agents, `n` above 1.
///
/// With D = G(1 - S/n): s = D / (S - 1 + D).
///
/// ```
/// assert_eq!(brooks::scaling::sun_ni::serial_fraction(2.5, 4.0, 4.0), 0.5);
/// ```
pub fn serial_fraction(speedup: f64, n: f64, growth: f64) -> f64 {
    let idle = growth * (1.0 - speedup / n);
    idle / (speedup - 1.0 + idle)
}

/// The growth of the shared work that gives `speedup` with `n` agents, `speedup` below `n`: G = s(S - 1) / ((1 - s)(1 - S/n)).
///
/// ```
/// assert_eq!(brooks::scaling::sun_ni::growth(2.5, 0.5, 4.0), 4.0);
/// ```
pub fn growth(speedup: f64, s: f64, n: f64) -> f64 {
    s * (speedup - 1.0) / ((1.0 - s) * (1.0 - speedup / n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_inverse_round_trips(s in 0.01..0.99_f64, n in 1.5..200.0_f64, growth in 0.1..300.0_f64) {
            prop_assert!((serial_fraction(speedup(s, n, growth), n, growth) - s).abs() < 1e-9);
        }
    }
}
