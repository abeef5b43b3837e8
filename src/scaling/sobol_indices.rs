//! Sobol indices: the variance of a figure attributed to its inputs.
//!
//! Let f be the figure, with all inputs independent. The **first-order index** of an input is the fraction of the
//! variance that vanishes if this input alone is known. The **total index** is the fraction that is left if all others
//! are known:
//!
//! > S_i = Var(E(f | x_i)) / Var(f), ST_i = E(Var(f | all but x_i)) / Var(f).
//!
//! The total index is the first-order index plus the input's interactions with others; without interactions the
//! first-order indices add up to 1. They are estimated from three samples of rows: two independent ones, A and B, and
//! for each input the first with that input's values from the second (`A_B`). A. Saltelli et al., "Variance based
//! sensitivity analysis of model output", Computer Physics Communications 181(2), 2010, table 2: first order (b), total
//! (f), the latter M. J. W. Jansen's (Computer Physics Communications 117, 1999):
//!
//! > S_i = mean(f(B) (f(A_B) - f(A))) / Var(f), ST_i = mean((f(A) - f(A_B))^2) / (2 Var(f)).
//!
//! The index of a pair, beyond those of its inputs (Saltelli, Comput. Phys. Commun. 145(2), 2002, theorem 2), needs the
//! second sample with values from the first too (`B_A`):
//!
//! > S_ij = mean(f(B_A, i) f(A_B, j) - f(A) f(B)) / Var(f) - S_i - S_j.
//!
//! Intervals are percentiles of resampled rows. Rows of a quasi-random sequence are more even than random ones, so the
//! estimates are more precise than these intervals.

use crate::scaling::resample::{Ranged, ranged};

/// The figure in every row of every sample; all of one length.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Sample A.
    pub a: Vec<f64>,
    /// Sample B.
    pub b: Vec<f64>,
    /// A with the values of one input from B, by input.
    pub a_with: Vec<Vec<f64>>,
    /// B with the values of one input from A, by input; empty if pairs are not asked for.
    pub b_with: Vec<Vec<f64>>,
}

/// The indices of all inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Indices {
    /// Var(f) over A and B.
    pub variance: f64,
    /// First-order index by input. Noise may make a small one negative.
    pub first: Vec<Ranged>,
    /// Total index by input.
    pub total: Vec<Ranged>,
    /// Indices of pairs, each once, the earlier input first; empty if not asked for.
    pub pairs: Vec<(usize, usize, Ranged)>,
}

/// Returns the indices with 95 % intervals from `resamples` resamples. None if there are fewer than two rows, lengths
/// differ, or nothing varies.
pub fn indices(outputs: &Outputs, seed: u64, resamples: u32) -> Option<Indices> {
    let rows = outputs.a.len();
    let samples = || [&outputs.a, &outputs.b].into_iter().chain(&outputs.a_with).chain(&outputs.b_with);
    if rows < 2 || samples().any(|sample| sample.len() != rows) {
        return None;
    }
    // A constant only adds to the error of the products.
    let mean = samples().flatten().sum::<f64>() / (samples().count() * rows) as f64;
    let centred = |sample: &Vec<f64>| sample.iter().map(|value| value - mean).collect::<Vec<f64>>();
    let all = |samples: &[Vec<f64>]| samples.iter().map(centred).collect::<Vec<_>>();
    let outputs = Outputs {
        a: centred(&outputs.a),
        b: centred(&outputs.b),
        a_with: all(&outputs.a_with),
        b_with: all(&outputs.b_with),
    };
    let whole: Vec<u32> = (0..rows as u32).collect();
    let variance = variance(&outputs, &whole);
    // A variance within rounding of a constant is none.
    if variance.is_nan() || variance <= 1e-24 * mean * mean {
        return None;
    }
    let inputs = outputs.a_with.len();
    let mut found = ranged(rows as u32, resamples, seed, |rows| estimates(&outputs, rows)).into_iter();
    let first: Vec<Ranged> = found.by_ref().take(inputs).collect();
    let total = found.by_ref().take(inputs).collect();
    let pairs = pairs(outputs.b_with.len()).zip(found).map(|((i, j), range)| (i, j, range)).collect();
    Some(Indices { variance, first, total, pairs })
}

fn pairs(inputs: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..inputs).flat_map(move |i| (i + 1..inputs).map(move |j| (i, j)))
}

/// Variance over the rows of A and B together.
fn variance(outputs: &Outputs, rows: &[u32]) -> f64 {
    let values = || rows.iter().flat_map(|&row| [outputs.a[row as usize], outputs.b[row as usize]]);
    let n = 2.0 * rows.len() as f64;
    let mean = values().sum::<f64>() / n;
    values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n
}

/// Estimates: first order of all inputs, total of all, pairs.
fn estimates(outputs: &Outputs, rows: &[u32]) -> Vec<f64> {
    let variance = variance(outputs, rows);
    let index = |of: &dyn Fn(usize) -> f64| {
        rows.iter().map(|&row| of(row as usize)).sum::<f64>() / rows.len() as f64 / variance
    };
    let Outputs { a, b, a_with, b_with } = outputs;
    let first: Vec<f64> = a_with.iter().map(|with| index(&|row| b[row] * (with[row] - a[row]))).collect();
    let total = a_with.iter().map(|with| index(&|row| 0.5 * (a[row] - with[row]) * (a[row] - with[row])));
    let pair =
        |(i, j): (usize, usize)| index(&|row| b_with[i][row] * a_with[j][row] - a[row] * b[row]) - first[i] - first[j];
    let pairs = pairs(b_with.len().min(a_with.len())).map(pair);
    first.iter().copied().chain(total).chain(pairs).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `SALib` 1.6.0 (numpy 2.4.6): `sample.sobol.sample(problem, 8, seed=1)`, `test_functions.Ishigami.evaluate`, rounded to
    /// six places; a line a row: A, A with each of B, B with each of A, B.
    #[rustfmt::skip]
    const ISHIGAMI: [[f64; 8]; 8] = [
        [1.114_117, 0.940_432, 3.914_203, 0.720_863, 3.520_949, 0.466_441, 3.740_518, 3.266_527],
        [5.943_978, 5.730_913, 2.689_81, 10.696_371, 7.442_203, 9.415_057, 2.476_746, 6.160_889],
        [9.450_981, 5.334_17, 5.987_951, 8.169_877, 4.706_847, 6.182_422, 1.871_14, 2.719_392],
        [-1.984_865, 0.251_3, -0.651_325, -3.295_872, -1.962_332, 0.374_303, 1.584_84, 1.707_843],
        [-0.494_398, 1.181_994, 6.075_906, -0.377_471, 6.192_833, 0.917_692, 7.752_298, 7.487_995],
        [7.156_219, 5.656_775, 0.306_596, 7.211_748, 0.362_125, 5.315_532, -1.192_848, -1.534_092],
        [6.014_987, 8.842_162, 7.166_565, 5.108_292, 6.259_871, 5.383_724, 9.993_741, 6.535_303],
        [-2.840_98, -2.117_219, -4.845_771, 0.941_325, -1.063_467, 1.105_663, -4.122_01, -0.899_128],
    ];

    fn ishigami() -> Outputs {
        let column = |index: usize| ISHIGAMI.iter().map(|row| row[index]).collect::<Vec<f64>>();
        Outputs {
            a: column(0),
            b: column(7),
            a_with: (1..4).map(column).collect(),
            b_with: (4..7).map(column).collect(),
        }
    }

    #[test]
    fn the_estimates_are_those_of_others() {
        let found = indices(&ishigami(), 42, 0).expect("it varies");
        // SALib's analyze.sobol on the same figures: S1, ST and S2.
        let first = [0.162_575_546_049_646_75, 0.542_219_707_404_514_4, -0.012_746_500_339_750_51];
        let total = [0.153_851_634_674_899_65, 0.551_594_132_201_068_8, 0.178_247_989_651_283];
        let pairs = [-0.074_213_542_941_365_17, 0.310_910_129_436_661_7, 0.336_135_794_548_547_53];
        for (found, expected) in found.first.iter().zip(first).chain(found.total.iter().zip(total)) {
            assert!((found.estimate - expected).abs() < 1e-12, "{found:?}, expected {expected}");
        }
        for ((i, j, found), (index, expected)) in
            found.pairs.iter().zip([(0, 1), (0, 2), (1, 2)].into_iter().zip(pairs))
        {
            assert!((*i, *j) == index && (found.estimate - expected).abs() < 1e-12, "{found:?}, expected {expected}");
        }
    }

    #[test]
    fn nothing_to_share_out() {
        let same =
            |value| Outputs { a: vec![value; 9], b: vec![value; 9], a_with: vec![vec![value; 9]], b_with: Vec::new() };
        assert_eq!(indices(&same(0.0), 1, 9), None);
        assert_eq!(indices(&same(0.1), 1, 9), None);
        assert_eq!(indices(&Outputs { a: vec![1.0], b: vec![2.0], ..Outputs::default() }, 1, 9), None);
        assert_eq!(indices(&Outputs { b: vec![2.0], ..ishigami() }, 1, 9), None);
    }

    proptest! {
        /// Indices are shares: neither the unit nor the zero of the figure is in them, nor rows' order.
        #[test]
        fn they_are_shares(scale in 0.001..1000.0_f64, shift in -100.0..100.0_f64, by in 0..8_usize) {
            let change = |sample: &[f64]| {
                let mut changed: Vec<f64> = sample.iter().map(|value| shift + scale * value).collect();
                changed.rotate_left(by);
                changed
            };
            let known = ishigami();
            let all = |samples: &[Vec<f64>]| samples.iter().map(|sample| change(sample)).collect::<Vec<_>>();
            let (a_with, b_with) = (all(&known.a_with), all(&known.b_with));
            let changed = Outputs { a: change(&known.a), b: change(&known.b), a_with, b_with };
            let (found, expected) = (indices(&changed, 1, 0).expect("varies"), indices(&known, 1, 0).expect("varies"));
            for (a, b) in found.first.iter().zip(&expected.first).chain(found.total.iter().zip(&expected.total)) {
                prop_assert!((a.estimate - b.estimate).abs() < 1e-8, "{a:?} {b:?}");
            }
            prop_assert!((found.variance / (scale * scale * expected.variance) - 1.0).abs() < 1e-8);
        }
    }
}
