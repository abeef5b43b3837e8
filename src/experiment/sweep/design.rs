//! Experimental designs for large sweeps: Latin hypercube and scrambled Sobol sequence over the axes.
//!
//! An axis of numbers has values between its least and its greatest; any other axis has its listed values, each equally
//! often. The type of the key decides on whole numbers, not the notation of the values: a probability from 0 to 1 can
//! be 0.5, a team size cannot. For keys of several types whole ends mean whole numbers; [`widened`] axes have numbers
//! between them, too.

use crate::engine::rng::{self, Keys, Purpose, Stream, unit};
use crate::scenario::keys::{Expects, expected_at};
use crate::scenario::{Axis, Node, NodeKind, ScenarioFile};

/// Greatest number of points of a design.
pub const MOST: usize = 1_000_000;

/// Number of dimensions of the Sobol sequence.
pub const MOST_DIMENSIONS: usize = DIRECTIONS.len() + 1;

/// Design of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// All combinations of the values on the axes.
    Grid,
    /// Latin hypercube of this many points: on every axis one in each of as many equal intervals. M. D. `McKay`, R. J.
    /// Beckman and W. J. Conover, Technometrics 21(2), 1979.
    LatinHypercube(usize),
    /// First points of the Sobol sequence with the direction numbers of S. Joe and F. Y. Kuo (SIAM J. Sci. Comput.
    /// 30(5), 2008), with Owen scrambling by hashing (B. Burley, J. Comput. Graph. Tech. 9(4), 2020). Evenly
    /// distributed for any number of points, most evenly for a power of two.
    Sobol(usize),
}

impl Design {
    /// Reads `grid`, `lhs:100` or `sobol:128`.
    ///
    /// # Errors
    ///
    /// Returns the text and what was expected.
    pub fn parse(text: &str) -> Result<Design, String> {
        let wrong = || format!("{text}: expected grid, lhs:K or sobol:K with K from 1 to {MOST}");
        let (kind, points) = text.split_once(':').map_or((text, None), |(kind, points)| (kind, Some(points)));
        let points = points.map(|points| points.trim().parse::<usize>().ok().filter(|k| (1..=MOST).contains(k)));
        match (kind.trim(), points) {
            ("grid", None) => Ok(Design::Grid),
            ("lhs", Some(Some(points))) => Ok(Design::LatinHypercube(points)),
            ("sobol", Some(Some(points))) => Ok(Design::Sobol(points)),
            _ => Err(wrong()),
        }
    }

    /// Returns the values of its points; none for a grid.
    ///
    /// # Errors
    ///
    /// Fails without an axis, and for more axes than the Sobol sequence supports.
    pub fn points(self, axes: &[Axis], seed: u64) -> Result<Option<Vec<Vec<Node>>>, String> {
        let shares = match self {
            Design::Grid => return Ok(None),
            _ if axes.is_empty() => return Err("the scenario's sweep has no axis to choose points on".to_owned()),
            Design::LatinHypercube(points) => latin_hypercube(axes.len(), points, seed),
            Design::Sobol(_) if axes.len() > MOST_DIMENSIONS => {
                return Err(format!("{} axes; sobol takes up to {MOST_DIMENSIONS}, lhs any number", axes.len()));
            }
            Design::Sobol(points) => sobol(axes.len(), points, seed),
        };
        let axes: Vec<Axis> = axes.iter().map(with_type_of_key).collect();
        let values = |shares: Vec<f64>| axes.iter().zip(shares).map(|(axis, share)| value(axis, share)).collect();
        Ok(Some(shares.into_iter().map(values).collect()))
    }
}

/// Converts the values of an axis to the number type of its key: whole for counts, real for measures.
fn with_type_of_key(axis: &Axis) -> Axis {
    let kind: fn(&Node) -> Option<NodeKind> = match expected_at(&axis.path) {
        Some(Expects::Number(..) | Expects::Positive | Expects::Probability | Expects::Proportion) => {
            |node| node.number().map(NodeKind::Float)
        }
        Some(Expects::Count(..) | Expects::Integer) => |node| node.whole().map(NodeKind::Int),
        _ => return axis.clone(),
    };
    let values: Option<Vec<Node>> = axis.values.iter().map(|node| Some(Node { kind: kind(node)?, ..*node })).collect();
    // Other values are reported when the point is made.
    Axis { values: values.unwrap_or_else(|| axis.values.clone()), ..axis.clone() }
}

/// Converts whole ends of an axis to real numbers where its key takes them: a rate from 0 to 1 can be 0.5, a team size
/// from 1 to 8 cannot be 4.5.
pub fn widened(file: &ScenarioFile, axes: &[Axis]) -> Vec<Axis> {
    let widen = |axis: &Axis| {
        let whole: Option<Vec<i128>> = axis.values.iter().map(Node::whole).collect();
        let ends = whole.and_then(|whole| Some((*whole.iter().min()?, *whole.iter().max()?)));
        let between = |(least, greatest): (i128, i128)| {
            let half = Node::new(NodeKind::Float(least as f64 + 0.5));
            least < greatest && file.at(&[(axis.path.as_str(), &half)]).is_ok()
        };
        let Some(ends) = ends.filter(|ends| between(*ends)) else { return axis.clone() };
        let values = [ends.0, ends.1].map(|end| Node::new(NodeKind::Float(end as f64)));
        Axis { values: values.to_vec(), ..axis.clone() }
    };
    axes.iter().map(widen).collect()
}

/// Returns the value of an axis for a fraction of it, from 0 to below 1.
pub(crate) fn value(axis: &Axis, share: f64) -> Node {
    let number = |node: &Node| match node.kind {
        NodeKind::Int(value) => Some(value as f64),
        NodeKind::Float(value) => Some(value),
        _ => None,
    };
    let index = ((share * axis.values.len() as f64) as usize).min(axis.values.len().saturating_sub(1));
    let listed = || axis.values.get(index).cloned().unwrap_or_else(|| Node::new(NodeKind::Null));
    let Some(numbers) = axis.values.iter().map(number).collect::<Option<Vec<f64>>>() else { return listed() };
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if axis.values.iter().all(|node| matches!(node.kind, NodeKind::Int(_))) {
        let whole = (least + share * (greatest - least + 1.0)).floor().min(greatest);
        return Node::new(NodeKind::Int(whole as i128));
    }
    // Nine digits exceed the precision of any figure and stay readable.
    let scale = 1e9 / (greatest - least).max(f64::MIN_POSITIVE);
    let exact = least + share * (greatest - least);
    let rounded = if scale.is_finite() { least + ((exact - least) * scale).round() / scale } else { exact };
    Node::new(NodeKind::Float(rounded.clamp(least, greatest)))
}

pub(super) fn stream(seed: u64, axis: usize) -> Stream {
    Keys::new(seed, 0).stream(Purpose::Workload, rng::key_of(&format!("design, axis {axis}")))
}

/// Coordinates by point, then axis, from 0 to below 1.
fn latin_hypercube(axes: usize, points: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut all = vec![vec![0.0; axes]; points];
    for axis in 0..axes {
        let mut draws = stream(seed, axis);
        let mut order: Vec<usize> = (0..points).collect();
        for last in (1..points).rev() {
            order.swap(last, draws.below(last as u32 + 1) as usize);
        }
        for (point, interval) in all.iter_mut().zip(order) {
            point[axis] = (interval as f64 + draws.uniform()) / points as f64;
        }
    }
    all
}

/// Degree, coefficients and first direction numbers of dimensions 2 to 21 (new-joe-kuo-6.21201).
const DIRECTIONS: &[(u32, u32, &[u32])] = &[
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// The 32 direction numbers of a dimension, from 0.
fn directions(dimension: usize) -> [u32; 32] {
    let mut all = [0_u32; 32];
    let known = dimension.checked_sub(1).and_then(|index| DIRECTIONS.get(index));
    let Some(&(degree, coefficients, first)) = known else {
        return std::array::from_fn(|bit| 1 << (31 - bit));
    };
    let degree = degree as usize;
    for bit in 0..32 {
        all[bit] = if let Some(number) = first.get(bit) {
            number << (31 - bit)
        } else {
            let mut number = all[bit - degree] ^ (all[bit - degree] >> degree);
            for term in 1..degree {
                if coefficients >> (degree - 1 - term) & 1 == 1 {
                    number ^= all[bit - term];
                }
            }
            number
        };
    }
    all
}

/// Point `index` of the sequence in one dimension, before scrambling.
fn sobol_bits(directions: &[u32; 32], index: u32) -> u32 {
    (0..32).filter(|bit| index >> bit & 1 == 1).fold(0, |bits, bit| bits ^ directions[bit])
}

/// Owen scrambling: each digit is flipped depending on a hash of the digits above it (N. Vegdahl, "Building a Better LK
/// Hash", 2021). With the hash of Burley's paper indices of known functions were biased.
fn scrambled(bits: u32, key: u32) -> u32 {
    let mut x = bits.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(key);
    x = x.wrapping_mul((key >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

/// Coordinates by point, then axis, from 0 to below 1.
pub(crate) fn sobol(axes: usize, points: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut all = vec![vec![0.0; axes]; points];
    for axis in 0..axes {
        let (directions, mut draws) = (directions(axis), stream(seed, axis));
        let key = draws.bits() as u32;
        for (index, point) in all.iter_mut().enumerate() {
            // Below the 32 digits of the sequence the coordinate is random.
            let below = unit(draws.bits());
            point[axis] = (f64::from(scrambled(sobol_bits(&directions, index as u32), key)) + below) / 4_294_967_296.0;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn designs_as_people_write_them() {
        assert_eq!(Design::parse("grid"), Ok(Design::Grid));
        assert_eq!(Design::parse("lhs:100"), Ok(Design::LatinHypercube(100)));
        assert_eq!(Design::parse("sobol:64"), Ok(Design::Sobol(64)));
        for wrong in ["", "lhs", "lhs:0", "sobol:x", "grid:4", "sobol:2000000", "halton:3"] {
            assert!(Design::parse(wrong).is_err_and(|why| why.contains("expected grid, lhs:K or sobol:K")), "{wrong}");
        }
    }

    #[test]
    fn the_sequence_is_that_of_others() {
        // scipy 1.17, qmc.Sobol(21, scramble=False): points 1 to 5, 37 and 63, which it numbers by Gray code,
        // in 64ths.
        for (dimension, expected) in [
            (1, [32, 48, 16, 24, 56, 59, 1]),
            (2, [32, 16, 48, 24, 56, 41, 51]),
            (3, [32, 16, 48, 40, 8, 37, 23]),
            (8, [32, 48, 16, 56, 24, 51, 9]),
            (21, [32, 16, 48, 8, 40, 61, 15]),
        ] {
            let directions = directions(dimension - 1);
            let at = |n: u32| sobol_bits(&directions, n ^ (n >> 1)) >> 26;
            assert_eq!([1, 2, 3, 4, 5, 37, 63].map(at), expected, "dimension {dimension}");
        }
    }

    proptest! {
        #[test]
        fn a_latin_hypercube_has_one_point_per_interval(axes in 1..6_usize, points in 1..80_usize, seed: u64) {
            let all = latin_hypercube(axes, points, seed);
            for axis in 0..axes {
                let mut intervals: Vec<usize> = all.iter().map(|point| (point[axis] * points as f64) as usize).collect();
                intervals.sort_unstable();
                prop_assert_eq!(intervals, (0..points).collect::<Vec<_>>());
            }
        }

        /// First property of a (t, m, s)-net, which scrambling keeps: each axis alone has one point in each of 2^m
        /// intervals.
        #[test]
        fn sobol_points_are_even_on_every_axis(m in 0..9_u32, seed: u64) {
            let points = 1_usize << m;
            let all = sobol(MOST_DIMENSIONS, points, seed);
            for axis in 0..MOST_DIMENSIONS {
                let mut intervals: Vec<usize> = all.iter().map(|point| (point[axis] * points as f64) as usize).collect();
                intervals.sort_unstable();
                prop_assert_eq!(intervals, (0..points).collect::<Vec<_>>());
            }
            // The first two dimensions are a (0, m, 2)-net: one point in each box of area 2^-m.
            for rows in 0..=m {
                let (across, down) = (1_usize << (m - rows), 1_usize << rows);
                let mut boxes: Vec<(usize, usize)> =
                    all.iter().map(|p| ((p[0] * across as f64) as usize, (p[1] * down as f64) as usize)).collect();
                boxes.sort_unstable();
                boxes.dedup();
                prop_assert_eq!(boxes.len(), points);
            }
        }

        /// Independence of the notation of the ends.
        #[test]
        fn numbers_are_of_the_kind_that_their_key_takes(seed: u64) {
            let drawn = |path: &str, ends: [NodeKind; 2]| {
                let axis = Axis { path: path.to_owned(), label: path.to_owned(), values: ends.map(Node::new).to_vec() };
                let points = Design::Sobol(16).points(&[axis], seed).expect("an axis").expect("no grid");
                points.into_iter().flatten().map(|node| node.kind).collect::<Vec<_>>()
            };
            for path in ["team.profile.error_rate", "workload.amdahl.parallel_fraction", "prices.input", "resources.x.share"] {
                let whole = drawn(path, [NodeKind::Int(0), NodeKind::Int(1)]);
                prop_assert_eq!(&whole, &drawn(path, [NodeKind::Float(0.0), NodeKind::Float(1.0)]));
                let between = whole.iter().filter(|kind| matches!(kind, NodeKind::Float(x) if *x > 0.05 && *x < 0.95));
                prop_assert!(between.count() >= 12, "{}: {:?}", path, whole);
            }
            for path in ["team.agents", "workload.amdahl.tasks", "team.members[0].count", "team.profile.batching.tasks"] {
                let whole = drawn(path, [NodeKind::Int(1), NodeKind::Int(8)]);
                prop_assert!(whole.iter().all(|kind| matches!(kind, NodeKind::Int(1..=8))), "{}: {:?}", path, whole);
            }
            let written_as_real = drawn("team.agents", [NodeKind::Float(1.0), NodeKind::Float(8.0)]);
            prop_assert_eq!(written_as_real, drawn("team.agents", [NodeKind::Int(1), NodeKind::Int(8)]));
        }

        #[test]
        fn values_are_those_of_the_axis(share in 0.0..1.0_f64) {
            let axis = |values: Vec<NodeKind>| Axis {
                path: "any".to_owned(),
                label: "any".to_owned(),
                values: values.into_iter().map(Node::new).collect(),
            };
            let whole = value(&axis(vec![NodeKind::Int(1), NodeKind::Int(8)]), share);
            prop_assert!(matches!(whole.kind, NodeKind::Int(1..=8)));
            let real = value(&axis(vec![NodeKind::Int(0), NodeKind::Float(0.5)]), share);
            prop_assert!(matches!(real.kind, NodeKind::Float(x) if (0.0..=0.5).contains(&x) && (x - share / 2.0).abs() < 1e-9));
            let text = value(&axis(vec![NodeKind::Text("a".to_owned()), NodeKind::Text("b".to_owned())]), share);
            prop_assert_eq!(text.to_string(), if share < 0.5 { "a" } else { "b" });
        }
    }
}
