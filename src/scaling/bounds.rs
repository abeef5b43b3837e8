//! Bounds from work and span: lower for every schedule, upper for every greedy one.
//!
//! `work` is T1, the sum of all sizes; `span` is Tinf, the heaviest path; both have the same unit of time. R. P. Brent,
//! "The parallel evaluation of general arithmetic expressions", JACM 21(2), 1974; R. L. Graham, "Bounds on
//! multiprocessing timing anomalies", SIAM J. Appl. Math. 17(2), 1969.

/// Lower bound of the makespan of every schedule for `n` agents: max(T1/n, Tinf).
///
/// ```
/// // Twenty tasks of a minute with a chain of ten: four agents need at least ten minutes.
/// assert_eq!(brooks::scaling::bounds::least_makespan(20.0, 10.0, 4.0), 10.0);
/// ```
pub fn least_makespan(work: f64, span: f64, n: f64) -> f64 {
    (work / n).max(span)
}

/// Upper bound of the makespan of every greedy schedule, if coordination is free: T1/n + (1 - 1/n) Tinf.
///
/// Greedy: no agent idles while a task is ready.
///
/// ```
/// assert_eq!(brooks::scaling::bounds::greedy_makespan(20.0, 10.0, 4.0), 12.5);
/// ```
pub fn greedy_makespan(work: f64, span: f64, n: f64) -> f64 {
    work / n + (1.0 - 1.0 / n) * span
}

/// Upper bound of the speedup over one agent of every schedule: min(n, T1/Tinf).
///
/// ```
/// assert_eq!(brooks::scaling::bounds::greatest_speedup(20.0, 10.0, 4.0), 2.0);
/// ```
pub fn greatest_speedup(work: f64, span: f64, n: f64) -> f64 {
    work / least_makespan(work, span, n)
}

/// Lower bound of the speedup over one agent of every greedy schedule, if coordination is free.
///
/// ```
/// assert_eq!(brooks::scaling::bounds::greedy_speedup(20.0, 10.0, 4.0), 1.6);
/// ```
pub fn greedy_speedup(work: f64, span: f64, n: f64) -> f64 {
    work / greedy_makespan(work, span, n)
}

/// The fewest agents (a real number) with which a makespan is possible: T1/T, the inverse of [`least_makespan`]. None
/// if the span alone is longer.
///
/// ```
/// use brooks::scaling::bounds;
/// assert_eq!(bounds::least_agents_for(20.0, 10.0, 12.5), Some(1.6));
/// assert_eq!(bounds::least_agents_for(20.0, 10.0, 9.0), None);
/// ```
pub fn least_agents_for(work: f64, span: f64, makespan: f64) -> Option<f64> {
    (makespan >= span && makespan > 0.0).then(|| (work / makespan).max(1.0))
}

/// The number of agents (a real number) with which every greedy schedule keeps a makespan: (T1 - Tinf) / (T - Tinf),
/// the inverse of [`greedy_makespan`]. None if no number guarantees it.
///
/// ```
/// assert_eq!(brooks::scaling::bounds::greedy_agents_for(20.0, 10.0, 12.5), Some(4.0));
/// ```
pub fn greedy_agents_for(work: f64, span: f64, makespan: f64) -> Option<f64> {
    if makespan >= work {
        return Some(1.0);
    }
    (makespan > span).then(|| (work - span) / (makespan - span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::amdahl;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn greedy_is_within_twice_the_best(span in 0.1..1.0_f64, n in 1.0..100.0_f64) {
            let (least, greedy) = (least_makespan(1.0, span, n), greedy_makespan(1.0, span, n));
            prop_assert!(least <= greedy * (1.0 + 1e-12) && greedy <= 2.0 * least);
        }

        #[test]
        fn inverses_round_trip(span in 0.01..0.9_f64, n in 1.0..100.0_f64) {
            let agents = greedy_agents_for(1.0, span, greedy_makespan(1.0, span, n)).expect("reached");
            prop_assert!((agents / n - 1.0).abs() < 1e-9);
            let least = least_agents_for(1.0, span, least_makespan(1.0, span, n)).expect("reached");
            prop_assert!((least - n.min(1.0 / span)).abs() < 1e-9 * n);
        }

        #[test]
        fn the_greedy_bound_is_amdahl(span in 0.0..1.0_f64, n in 1.0..100.0_f64) {
            // A chain of length Tinf, and then the rest shared out evenly: both equations are the same.
            let difference = greedy_speedup(1.0, span, n) - amdahl::speedup(1.0 - span, n);
            prop_assert!(difference.abs() < 1e-12 * n);
        }
    }
}
