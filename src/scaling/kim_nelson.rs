//! Selection of the system with the least mean, with a guaranteed probability of correct selection.
//!
//! Fully sequential procedure of S.-H. Kim and B. L. Nelson, "A fully sequential procedure for indifference-zone
//! selection in simulation", ACM TOMACS 11(3), 251-273 (2001), section 3, with c = 1:
//!
//! 1. n0 replications of each of k systems, and the variance of every difference
//!    `S2(i,l) = sum_j (X(i,j) - X(l,j) - (mean(i) - mean(l)))^2 / (n0 - 1)`.
//! 2. A system i stays while mean(i) <= mean(l) + W(i,l,r) for every other l that is left, after r replications,
//!    W(i,l,r) = max(0, d/(2r) (h2 S2(i,l)/d^2 - r)), h2 = 2 eta (n0 - 1), eta = ((2 alpha/(k - 1))^(-2/(n0 - 1)) - 1)/2.
//! 3. One system left: it is chosen. Else another replication of those that are left, and again step 2; once r is
//!    beyond h2 S2/d^2 of all pairs, W is 0 and the least mean is chosen.
//!
//! If the best system is better than every other by the indifference zone d or more, the probability of its selection
//! is at least 1 - alpha (theorem 1 there), for normal values of any variances. alpha/(k - 1) is the Bonferroni
//! correction, which holds when systems share their random numbers. The more they share, the smaller S2 and the sooner
//! the procedure ends. If others are within d, a system within d of the best is selected with that probability. The
//! theorem does not cover this case; users of the procedure report it, and the tests measure it.

use crate::engine::math;
use crate::scaling::Welford;

/// Configuration of a selection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelectionConfig {
    /// 1 - alpha, the probability of correct selection; above 1/k and below 1.
    pub confidence: f64,
    /// The indifference zone d, above 0: the smallest difference worth detecting.
    pub indifference_zone: f64,
    /// n0, the replications of the first stage, which estimate variances; at least 2.
    pub first: u64,
}

/// Reason for the end of a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All others were eliminated.
    Alone,
    /// The remaining differences are within the indifference zone: the least mean was selected.
    WithinZone,
    /// Replications ran out; the selection has no guarantee.
    RanOut,
}

/// Result of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The selected system.
    pub best: usize,
    /// Systems that remained at the end, including the selected one.
    pub standing: Vec<usize>,
    /// Replications of the remaining systems.
    pub replications: u64,
    /// Reason for the end.
    pub end: End,
}

impl SelectionConfig {
    /// The constant eta of k systems: the solution of (1 + 2 eta)^(-(n0 - 1)/2) / 2 = alpha / (k - 1).
    pub fn eta(&self, systems: usize) -> f64 {
        let error = (1.0 - self.confidence) / systems.saturating_sub(1).max(1) as f64;
        // An error probability of a half or more asks for no more than a random choice.
        let twice = (2.0 * error).min(1.0);
        0.5 * (math::pow(twice, -2.0 / self.freedom()) - 1.0)
    }

    /// The constant h^2 of k systems, 2 eta (n0 - 1).
    ///
    /// ```
    /// use brooks::scaling::kim_nelson::SelectionConfig;
    /// let config = SelectionConfig { confidence: 0.95, indifference_zone: 1.0, first: 10 };
    /// // k = 2, n0 = 10: eta = (0.1^(-2/9) - 1)/2 = 0.334.
    /// assert!((config.h_squared(2) - 6.013).abs() < 1e-3);
    /// ```
    pub fn h_squared(&self, systems: usize) -> f64 {
        2.0 * self.eta(systems) * self.freedom()
    }

    fn freedom(&self) -> f64 {
        self.first.max(2) as f64 - 1.0
    }
}

/// Selects the system with the least mean. `draw` takes the remaining systems and the number of further replications,
/// and returns one row per replication with a value per system in that order. It may return fewer or more rows; none
/// means that there are no more. Returns none without systems, or if there are fewer than n0 replications.
///
/// The selection depends on the values only, not on the number per call: the procedure takes them one by one.
///
/// ```
/// use brooks::scaling::kim_nelson::{End, SelectionConfig, select};
/// // Three systems that share all their noise: their differences have no variance, and n0 replications are enough.
/// let mut noise = 0.0;
/// let draw = |left: &[usize], rows: u64| -> Vec<Vec<f64>> {
///     let row = |_| { noise = (noise + 0.37) % 1.0; left.iter().map(|&i| [2.0, 1.5, 3.0][i] + noise).collect() };
///     (0..rows).map(row).collect()
/// };
/// let selection = select(3, &SelectionConfig { confidence: 0.95, indifference_zone: 0.1, first: 10 }, draw).expect("enough");
/// assert_eq!((selection.best, selection.replications), (1, 10));
/// ```
pub fn select(
    systems: usize,
    config: &SelectionConfig,
    mut draw: impl FnMut(&[usize], u64) -> Vec<Vec<f64>>,
) -> Option<Selection> {
    let mut left: Vec<usize> = (0..systems).collect();
    if systems < 2 {
        let best = left.first().copied()?;
        return Some(Selection { best, standing: left, replications: 0, end: End::Alone });
    }
    let mut rows = Vec::new();
    while (rows.len() as u64) < config.first.max(2) {
        let more = draw(&left, config.first.max(2) - rows.len() as u64);
        if more.is_empty() {
            return None;
        }
        rows.extend(more);
    }
    let later = rows.split_off(config.first.max(2) as usize);
    let mut states = SystemStates::new(systems, config, &rows);
    let mut waiting = later.into_iter();
    loop {
        if let Some(end) = states.screen(&mut left) {
            return Some(states.selection(left, end));
        }
        let mut next = waiting.next();
        if next.is_none() {
            waiting = draw(&left, states.wanted()).into_iter();
            states.drawn.clone_from(&left);
            next = waiting.next();
        }
        let Some(row) = next else { return Some(states.selection(left, End::RanOut)) };
        states.take(&row);
    }
}

/// State of the systems.
struct SystemStates {
    systems: usize,
    indifference_zone: f64,
    /// h^2 S^2 / d^2 of every pair: the replications after which their means are compared directly.
    enough: Vec<f64>,
    means: Vec<Welford>,
    /// Systems of the current rows, in their order.
    drawn: Vec<usize>,
    replications: u64,
}

impl SystemStates {
    fn new(systems: usize, config: &SelectionConfig, rows: &[Vec<f64>]) -> SystemStates {
        let factor = config.h_squared(systems) / (config.indifference_zone * config.indifference_zone);
        let mut enough = vec![0.0; systems * systems];
        for i in 0..systems {
            for l in 0..i {
                let difference = |row: &Vec<f64>| Some(row.get(i)? - row.get(l)?);
                let moments: Welford = rows.iter().filter_map(difference).collect();
                let pair = factor * moments.variance();
                enough[i * systems + l] = pair;
                enough[l * systems + i] = pair;
            }
        }
        let drawn = (0..systems).collect();
        let mut states = SystemStates {
            systems,
            indifference_zone: config.indifference_zone,
            enough,
            means: vec![Welford::default(); systems],
            drawn,
            replications: 0,
        };
        for row in rows {
            states.take(row);
        }
        states
    }

    fn take(&mut self, row: &[f64]) {
        for (&system, &value) in self.drawn.iter().zip(row) {
            self.means[system].push(value);
        }
        self.replications += 1;
    }

    fn mean(&self, system: usize) -> f64 {
        self.means[system].mean()
    }

    /// Eliminates inferior systems; returns the reason if that ends the procedure.
    fn screen(&self, left: &mut Vec<usize>) -> Option<End> {
        let before = left.clone();
        let r = self.replications as f64;
        let mut longest = 0.0_f64;
        left.retain(|&i| {
            before.iter().all(|&l| {
                let enough = self.enough[i * self.systems + l];
                longest = longest.max(enough);
                let reach = (self.indifference_zone / (2.0 * r) * (enough - r)).max(0.0);
                l == i || self.mean(i) <= self.mean(l) + reach
            })
        });
        match left.len() {
            0 | 1 => Some(End::Alone),
            _ if r > longest => Some(End::WithinZone),
            _ => None,
        }
    }

    /// Number of rows to request: growing with the replications, so that few are wasted and requests stay large.
    fn wanted(&self) -> u64 {
        (self.replications / 4).clamp(16, 4096)
    }

    fn selection(&self, left: Vec<usize>, end: End) -> Selection {
        let least = left.iter().copied().min_by(|&a, &b| self.mean(a).total_cmp(&self.mean(b)));
        Selection { best: least.unwrap_or(0), standing: left, replications: self.replications, end }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::{Keys, Purpose};

    /// The constants solve the equation that the paper defines them by, and grow with what is asked.
    #[test]
    fn constants() {
        for systems in [2, 3, 5, 10, 100, 500] {
            for first in [2, 5, 10, 20, 50] {
                for confidence in [0.9, 0.95, 0.99] {
                    let config = SelectionConfig { confidence, indifference_zone: 1.0, first };
                    let power = -(first as f64 - 1.0) / 2.0;
                    let left = 0.5 * math::pow(1.0 + 2.0 * config.eta(systems), power);
                    let right = (1.0 - confidence) / (systems as f64 - 1.0);
                    assert!((left / right - 1.0).abs() < 1e-9, "{systems} {first} {confidence}: {left} {right}");
                    assert!(config.h_squared(systems + 1) > config.h_squared(systems));
                }
            }
        }
        // ((2*0.05/(k - 1))**(-2/(n0 - 1)) - 1)*(n0 - 1), in Python.
        let golden = [(2, 10, 6.012_904_834_8), (5, 10, 11.429_410_772_8), (10, 10, 15.463_501_738_6)];
        for (systems, first, expected) in
            golden.into_iter().chain([(10, 20, 11.511_484_538_7), (2, 50, 4.828_515_957_4)])
        {
            let found = SelectionConfig { confidence: 0.95, indifference_zone: 1.0, first }.h_squared(systems);
            assert!((found - expected).abs() < 1e-9, "{systems} {first}: {found}");
        }
    }

    /// The procedure as the paper writes it, for the greatest mean, with whole N and no care for speed.
    fn as_written(values: &[Vec<f64>], config: &SelectionConfig) -> Option<(usize, u64)> {
        let k = values.first()?.len();
        let (n0, d) = (config.first as usize, config.indifference_zone);
        let mean = |i: usize, r: usize| values[..r].iter().map(|row| row[i]).sum::<f64>() / r as f64;
        let s2 = |i: usize, l: usize| {
            let apart = mean(i, n0) - mean(l, n0);
            values[..n0].iter().map(|row| (row[i] - row[l] - apart).powi(2)).sum::<f64>() / (n0 as f64 - 1.0)
        };
        let h2 = config.h_squared(k);
        let longest = (0..k).flat_map(|i| (0..k).map(move |l| (i, l))).filter(|(i, l)| i != l);
        let longest = longest.map(|(i, l)| (h2 * s2(i, l) / (d * d)).floor() as usize).max()?;
        let mut left: Vec<usize> = (0..k).collect();
        let greatest =
            |left: &[usize], r: usize| left.iter().copied().max_by(|&a, &b| mean(a, r).total_cmp(&mean(b, r)));
        let mut r = n0;
        if n0 > longest {
            return Some((greatest(&left, r)?, r as u64));
        }
        loop {
            let before = left.clone();
            let w = |i: usize, l: usize| (d / (2.0 * r as f64) * (h2 * s2(i, l) / (d * d) - r as f64)).max(0.0);
            left.retain(|&i| before.iter().all(|&l| l == i || mean(i, r) >= mean(l, r) - w(i, l)));
            if left.len() == 1 {
                return Some((left[0], r as u64));
            }
            r += 1;
            if r > values.len() {
                return None;
            }
            if r == longest + 1 {
                return Some((greatest(&left, r)?, r as u64));
            }
        }
    }

    fn noise(seed: u64, systems: usize, rows: usize, shared: f64) -> Vec<Vec<f64>> {
        let mut stream = Keys::new(5, seed).stream(Purpose::Choice, 1);
        let row = |_| {
            let common = shared * stream.normal();
            (0..systems).map(|i| common + (1.0 + 0.3 * i as f64) * stream.normal() + 0.2 * i as f64).collect()
        };
        (0..rows).map(row).collect()
    }

    /// Gives the rows at hand, some at a time.
    fn from_rows(values: &[Vec<f64>], most: u64) -> impl FnMut(&[usize], u64) -> Vec<Vec<f64>> + '_ {
        let mut rows = values.iter();
        move |left, wanted| {
            let some = rows.by_ref().take(wanted.min(most) as usize);
            some.map(|row| left.iter().map(|&system| row[system]).collect()).collect()
        }
    }

    proptest! {
        #[test]
        fn it_is_the_procedure_of_the_paper(
            seed in 0..500_u64, systems in 2..6_usize, shared in 0.0..5.0_f64, indifference_zone in 0.3..1.0_f64,
        ) {
            let values = noise(seed, systems, 3000, shared);
            let config = SelectionConfig { confidence: 0.95, indifference_zone, first: 10 };
            let selection = select(systems, &config, from_rows(&values, u64::MAX)).expect("enough");
            let negated: Vec<Vec<f64>> = values.iter().map(|row| row.iter().map(|x| -x).collect()).collect();
            let expected = as_written(&negated, &config).expect("it ends");
            prop_assert_eq!((selection.best, selection.replications), expected);
        }

        #[test]
        fn pieces_do_not_matter(seed in 0..500_u64, systems in 2..6_usize, piece in 1..50_u64) {
            let values = noise(seed, systems, 3000, 1.0);
            let config = SelectionConfig { confidence: 0.9, indifference_zone: 0.5, first: 12 };
            let whole = select(systems, &config, from_rows(&values, u64::MAX));
            prop_assert_eq!(select(systems, &config, from_rows(&values, piece)), whole);
        }
    }

    #[test]
    fn where_there_is_little_to_choose() {
        let config = SelectionConfig { confidence: 0.95, indifference_zone: 0.1, first: 10 };
        assert_eq!(select(0, &config, |_, _| Vec::new()), None);
        assert_eq!(select(1, &config, |_, _| Vec::new()).expect("one").best, 0);
        assert_eq!(select(2, &config, |_, _| Vec::new()), None);
        // What is the same in every replication cannot be distinguished; the first is selected.
        let same = select(3, &config, |left, rows| vec![vec![4.0; left.len()]; rows as usize]).expect("rows");
        assert_eq!((same.best, same.standing.len(), same.replications, same.end), (0, 3, 10, End::WithinZone));
        // The replications run out before the end.
        let values = noise(1, 3, 40, 0.0);
        let config = SelectionConfig { indifference_zone: 0.01, ..config };
        let early = select(3, &config, from_rows(&values, 7)).expect("ten are there");
        assert_eq!((early.replications, early.end), (40, End::RanOut));
        let nothing = select(2, &config, |left, rows| vec![vec![f64::NAN; left.len()]; rows as usize]);
        assert!(nothing.is_some());
    }
}
