//! The registry of scaling laws.

use crate::scaling::scaling_law::ScalingLaw;
use crate::scaling::{amdahl, gustafson, linear, usl};

/// A row of the registry.
pub struct Law {
    /// The name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// The equation of throughput.
    pub equation: &'static str,
    /// Publication.
    pub source: &'static str,
    /// The curve that [`fit`](crate::scaling::fit::fit) fits.
    pub curve: &'static dyn ScalingLaw,
}

/// Every law that can be fitted, fewest parameters first.
pub static LAWS: &[Law] = &[
    Law {
        name: "linear",
        about: "every agent adds as much as the first",
        equation: "X(n) = lambda n",
        source: "the ideal that the other laws are measured against",
        curve: &linear::Linear,
    },
    Law {
        name: "amdahl",
        about: "a part of the work of fixed size cannot be shared",
        equation: "X(n) = lambda / ((1 - p) + p/n)",
        source: "G. M. Amdahl, Validity of the single processor approach, AFIPS 1967",
        curve: &amdahl::Amdahl,
    },
    Law {
        name: "gustafson",
        about: "the shared part of the work grows with the team",
        equation: "X(n) = lambda (n - s(n - 1))",
        source: "J. L. Gustafson, Reevaluating Amdahl's law, CACM 31(5), 1988",
        curve: &gustafson::Gustafson,
    },
    Law {
        name: "usl",
        about: "agents wait for what they share, and every pair must agree: more can be slower",
        equation: "X(n) = lambda n / (1 + sigma(n - 1) + kappa n(n - 1))",
        source: "N. J. Gunther, Guerrilla Capacity Planning, Springer 2007 (Universal Scalability Law)",
        curve: &usl::Usl,
    },
];

/// The row of that name.
pub fn law(name: &str) -> Option<&'static Law> {
    LAWS.iter().find(|law| law.name == name)
}

impl std::fmt::Debug for Law {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Law({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::Shape;

    /// Shapes inside the bounds of every law.
    const SHAPES: [Shape; 4] = [[0.0, 0.0], [0.1, 0.003], [0.6, 0.02], [1.0, 0.0]];

    #[test]
    fn every_law_starts_at_one_and_inside_its_bounds() {
        for law in LAWS {
            let parameters = law.curve.shape();
            for shape in SHAPES {
                assert!((law.curve.speedup(1.0, shape) - 1.0).abs() < 1e-15, "{law:?} at {shape:?}");
            }
            for start in law.curve.starts(32.0) {
                for (value, parameter) in start.iter().zip(parameters) {
                    assert!((parameter.low..=parameter.high).contains(value), "{law:?}: {parameter:?}");
                }
                assert!(start[parameters.len()..].iter().all(|&unused| unused == 0.0), "{law:?}");
            }
        }
    }

    #[test]
    fn slopes_are_the_derivatives() {
        for law in LAWS {
            for shape in SHAPES {
                for n in [1.0, 2.0, 7.5, 32.0] {
                    for index in 0..law.curve.shape().len() {
                        let step = 1e-6;
                        let (mut below, mut above) = (shape, shape);
                        below[index] -= step;
                        above[index] += step;
                        let secant = (law.curve.speedup(n, above) - law.curve.speedup(n, below)) / (2.0 * step);
                        let slope = law.curve.slope(n, shape)[index];
                        let scale = 1.0 + slope.abs();
                        assert!((secant - slope).abs() < 1e-4 * scale, "{law:?} {shape:?} {n}: {secant} {slope}");
                    }
                }
            }
        }
    }

    #[test]
    fn peaks_and_limits_are_where_the_curve_says() {
        for law in LAWS {
            for shape in SHAPES {
                let speedup = |n| law.curve.speedup(n, shape);
                if let Some(peak) = law.curve.peak(shape).filter(|&peak| peak > 1.0) {
                    assert!(speedup(peak) >= speedup(peak * 1.01), "{law:?} {shape:?}");
                    assert!(speedup(peak) >= speedup(peak * 0.99), "{law:?} {shape:?}");
                }
                if let Some(limit) = law.curve.limit(shape) {
                    assert!((speedup(1e9) - limit).abs() < 1e-6 * limit, "{law:?} {shape:?}");
                }
            }
        }
    }

    #[test]
    fn names_find_their_row() {
        assert!(LAWS.iter().all(|row| law(row.name).is_some_and(|found| std::ptr::eq(found, row))));
        assert!(law("moore").is_none());
    }
}
