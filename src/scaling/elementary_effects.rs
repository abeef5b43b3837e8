//! Elementary effects after Morris: a screening of inputs in few runs.
//!
//! Starting from random points, one input at a time is changed. The change of the figure divided by the change of the
//! input is an elementary effect, (f(after) - f(before)) / change. The mean over many points is the size and direction
//! of the effect. The mean absolute effect is its size in either direction. The standard deviation shows that the
//! effect depends on the other inputs (interaction) or on the input itself (curvature).
//!
//! M. D. Morris, "Factorial Sampling Plans for Preliminary Computational Experiments", Technometrics 33(2), 1991; the
//! mean size mu*: F. Campolongo, J. Cariboni and A. Saltelli, "An effective screening design for sensitivity analysis of
//! large models", Environmental Modelling & Software 22(10), 2007.

use crate::scaling::Welford;
use crate::scaling::resample::{Ranged, ranged};

/// Change of one input, and the figure before and after.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputChange {
    /// Change of the input in any unit; not 0.
    pub change: f64,
    /// The figure before.
    pub before: f64,
    /// The figure after.
    pub after: f64,
}

/// Effect of an input, in units of the figure per unit of change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// mu: mean of its elementary effects.
    pub mean: Ranged,
    /// mu*: mean of their absolute values.
    pub size: Ranged,
    /// sigma: their standard deviation, with n - 1 in the denominator; 0 for one.
    pub spread: f64,
}

/// Returns the effect of an input from its changes, with 95 % intervals from `resamples` resamples; none without a
/// change.
///
/// ```
/// use brooks::scaling::elementary_effects::{InputChange, effect};
/// // A line of slope three.
/// let steps = [(0.0, 0.5), (0.25, 0.75), (1.0, -0.5)].map(|(at, change)| InputChange {
///     change,
///     before: 7.0 + 3.0 * at,
///     after: 7.0 + 3.0 * (at + change),
/// });
/// let found = effect(&steps, 42, 100).expect("three steps");
/// assert_eq!((found.mean.estimate, found.size.estimate, found.spread), (3.0, 3.0, 0.0));
/// ```
pub fn effect(steps: &[InputChange], seed: u64, resamples: u32) -> Option<Effect> {
    if steps.is_empty() {
        return None;
    }
    let effects: Vec<f64> = steps.iter().map(|step| (step.after - step.before) / step.change).collect();
    let means = |rows: &[u32]| {
        let all = || rows.iter().map(|&row| effects[row as usize]);
        let n = rows.len() as f64;
        vec![all().sum::<f64>() / n, all().map(f64::abs).sum::<f64>() / n]
    };
    let found = ranged(effects.len() as u32, resamples, seed, means);
    let spread = effects.iter().copied().collect::<Welford>().sd();
    Some(Effect { mean: *found.first()?, size: *found.get(1)?, spread })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SALib` 1.6.0: `sample.morris.sample(problem, 5, num_levels=4, seed=3)`, in thirds; four points per trajectory.
    #[rustfmt::skip]
    const WALKS: [[[u8; 3]; 4]; 5] = [
        [[3, 3, 3], [3, 3, 1], [3, 1, 1], [1, 1, 1]],
        [[2, 2, 0], [2, 0, 0], [0, 0, 0], [0, 0, 2]],
        [[2, 3, 3], [0, 3, 3], [0, 1, 3], [0, 1, 1]],
        [[1, 1, 3], [1, 1, 1], [3, 1, 1], [3, 3, 1]],
        [[3, 1, 0], [3, 1, 2], [3, 3, 2], [1, 3, 2]],
    ];

    #[test]
    fn the_estimates_are_those_of_others() {
        let figure = |at: [f64; 3]| at[0] + 4.0 * at[1] * at[1] - 6.0 * at[0] * at[2];
        // SALib's analyze.morris: mu, mu_star, sigma.
        let expected = [
            [-1.8, 2.2, 2.280_350_850_198_276],
            [4.8, 4.8, 1.192_569_587_999_888],
            [-2.8, 2.8, 3.033_150_177_620_620_4],
        ];
        for (input, expected) in expected.into_iter().enumerate() {
            let steps = WALKS.iter().flat_map(|walk| walk.windows(2)).filter_map(|pair| {
                let [from, to] = [pair[0], pair[1]].map(|index| index.map(|thirds| f64::from(thirds) / 3.0));
                let change = to[input] - from[input];
                (change != 0.0).then(|| InputChange { change, before: figure(from), after: figure(to) })
            });
            let found = effect(&steps.collect::<Vec<_>>(), 42, 1000).expect("five steps");
            for (found, expected) in [found.mean.estimate, found.size.estimate, found.spread].into_iter().zip(expected)
            {
                assert!((found - expected).abs() < 1e-12, "input {input}: {found}, expected {expected}");
            }
            assert!(found.size.low <= found.size.estimate && found.size.estimate <= found.size.high);
        }
        assert_eq!(effect(&[], 42, 100), None);
    }
}
