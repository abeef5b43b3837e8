//! Stochastic root finding: the intervals in which a noisily sampled difference changes its sign.
//!
//! **At a point.** The number of values is doubled from look to look. The sign is known as soon as 0 is outside of
//! Student's interval for the mean. With L looks at level 1 - alpha/L each, the sign is wrong with a probability of at
//! most alpha (Bonferroni), for any difference.
//!
//! **Along a range.** A scan of several points finds the intervals in which the sign changes; each is bisected down to
//! the tolerance. Where the sign stays unknown bisection cannot continue: then the interval shrinks from both ends, and
//! the unknown middle is reported. Two changes between neighbouring points of the scan are not detected.

use crate::scaling::Welford;
use crate::scaling::tails::t_quantile;

/// Greatest error probability of a known sign, at one point.
pub const ALPHA: f64 = 0.01;
/// Greatest number of points of an interval with unknown sign, which cost the most replications.
const MOST_UNKNOWN: usize = 6;

/// A sign as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Below 0.
    Negative,
    /// Above 0.
    Positive,
    /// Neither is significant.
    Unknown,
}

impl Sign {
    fn is_known(self) -> bool {
        self != Sign::Unknown
    }
}

/// Schedule of the looks at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looks {
    /// Values at the first look, at least 2.
    pub first: u64,
    /// Values at the last look.
    pub most: u64,
}

impl Looks {
    /// Greatest number of looks.
    pub fn many(&self) -> u32 {
        std::iter::successors(Some(0), |&have| self.next(have)).count().saturating_sub(1).max(1) as u32
    }

    /// Number of values of the next look; none after the last.
    pub fn next(&self, have: u64) -> Option<u64> {
        let most = self.most.max(self.first);
        (have < most).then(|| (2 * have).clamp(self.first, most))
    }

    /// Returns the sign of the mean that these values sample.
    pub fn sign(&self, values: &Welford) -> Sign {
        if values.n() < 2 {
            return Sign::Unknown;
        }
        let t = t_quantile(1.0 - ALPHA / 2.0 / f64::from(self.many()), (values.n() - 1) as f64);
        let half_width = values.half_width(t);
        if values.mean() > half_width {
            Sign::Positive
        } else if values.mean() < -half_width {
            Sign::Negative
        } else {
            Sign::Unknown
        }
    }
}

/// Range of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchRange {
    /// The lower end.
    pub low: f64,
    /// The upper end, above the lower one.
    pub high: f64,
    /// Restriction to whole numbers.
    pub is_whole: bool,
    /// Intervals of this length are not bisected; for whole numbers, neighbours are not in any case.
    pub tolerance: f64,
}

impl SearchRange {
    /// Returns `count` points from end to end, evenly spaced; whole numbers from 1 up over a wide range are spaced by
    /// equal factors.
    ///
    /// ```
    /// use brooks::scaling::stochastic_root::SearchRange;
    /// let agents = SearchRange { low: 1.0, high: 64.0, is_whole: true, tolerance: 1.0 };
    /// assert_eq!(agents.scan(7), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]);
    /// let rate = SearchRange { low: 0.0, high: 0.5, is_whole: false, tolerance: 0.0025 };
    /// assert_eq!(rate.scan(5), [0.0, 0.125, 0.25, 0.375, 0.5]);
    /// ```
    pub fn scan(&self, count: u32) -> Vec<f64> {
        let (low, high) = (self.low, self.high);
        let by_factors = self.is_whole && low >= 1.0 && high / low >= 16.0;
        let point = |step: u32| {
            let fraction = f64::from(step) / f64::from(count.max(2) - 1);
            let at = if by_factors {
                low * crate::engine::math::exp(fraction * crate::engine::math::ln(high / low))
            } else {
                low + fraction * (high - low)
            };
            if step + 1 == count.max(2) { high } else { self.rounded(at) }
        };
        let mut all: Vec<f64> = (0..count.max(2)).map(point).collect();
        all.dedup();
        all
    }

    /// Rounds to few decimals, by at most a tenth of the tolerance.
    fn rounded(&self, at: f64) -> f64 {
        let mut unit = 1.0;
        let mut decimals = 0;
        while !self.is_whole && unit > self.tolerance / 10.0 && decimals < 15 {
            (unit, decimals) = (unit / 10.0, decimals + 1);
        }
        let rounded: f64 = format!("{at:.decimals$}").parse().unwrap_or(at);
        rounded.clamp(self.low, self.high)
    }

    /// Returns the middle between two points; none within the tolerance.
    fn middle(&self, low: f64, high: f64) -> Option<f64> {
        let is_close = if self.is_whole { high - low < 1.5 } else { high - low <= self.tolerance };
        let middle = self.rounded(low + (high - low) / 2.0);
        (!is_close && low < middle && middle < high).then_some(middle)
    }
}

/// An interval with known, different signs at its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Sign at the lower end; the opposite one is at the upper end.
    pub before: Sign,
}

/// Returns the sign changes between scanned points, in order, each refined by further probes.
///
/// # Errors
///
/// Passes on the errors of `probe`.
pub fn changes<E>(
    range: &SearchRange,
    scanned: &[(f64, Sign)],
    mut probe: impl FnMut(f64) -> Result<Sign, E>,
) -> Result<Vec<Change>, E> {
    let mut found = Vec::new();
    let mut last: Option<(usize, Sign)> = None;
    for (index, &(at, sign)) in scanned.iter().enumerate().filter(|(_, (_, sign))| sign.is_known()) {
        if let Some((before, known)) = last.filter(|(_, known)| *known != sign) {
            let between: Vec<f64> =
                scanned.get(before + 1..index).unwrap_or_default().iter().map(|(at, _)| *at).collect();
            let low = scanned.get(before).map_or(at, |(at, _)| *at);
            let unknown = between.first().copied().zip(between.last().copied());
            found.push(refined(range, Change { low, high: at, before: known }, unknown, &mut probe)?);
        }
        last = Some((index, sign));
    }
    Ok(found)
}

/// Shrinks the interval of a change; `unknown` is the part in which the sign is unknown, if any.
fn refined<E>(
    range: &SearchRange,
    mut change: Change,
    mut unknown: Option<(f64, f64)>,
    probe: &mut impl FnMut(f64) -> Result<Sign, E>,
) -> Result<Change, E> {
    let mut tries = MOST_UNKNOWN;
    loop {
        // The wider side of the unknown part first.
        let (left, right) = unknown.unwrap_or((change.high, change.low));
        let sides = [(change.low, left), (right, change.high)].map(|(low, high)| (high - low, range.middle(low, high)));
        let wider = sides.into_iter().filter_map(|(width, middle)| Some((width, middle?)));
        let Some((_, at)) = wider.reduce(|a, b| if b.0 > a.0 { b } else { a }) else { return Ok(change) };
        match probe(at)? {
            Sign::Unknown => {
                unknown = Some(unknown.map_or((at, at), |(low, high)| (low.min(at), high.max(at))));
                tries -= 1;
                if tries == 0 {
                    return Ok(change);
                }
            }
            sign if sign == change.before => change.low = at,
            _ => change.high = at,
        }
        unknown = unknown.filter(|(low, high)| change.low < *low && *high < change.high);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sign(value: f64, noise: f64) -> Sign {
        match value {
            value if value > noise => Sign::Positive,
            value if value < -noise => Sign::Negative,
            _ => Sign::Unknown,
        }
    }

    /// The changes of a function that is known to `noise`, and how often it was asked.
    fn found(range: &SearchRange, count: u32, noise: f64, of: impl Fn(f64) -> f64) -> (Vec<Change>, usize) {
        let scanned: Vec<(f64, Sign)> = range.scan(count).into_iter().map(|at| (at, sign(of(at), noise))).collect();
        let mut asked = scanned.len();
        let probe = |at: f64| {
            asked += 1;
            Ok::<Sign, ()>(sign(of(at), noise))
        };
        (changes(range, &scanned, probe).expect("no errors"), asked)
    }

    #[test]
    fn looks_double_up_to_the_last() {
        let looks = Looks { first: 50, most: 1000 };
        let all: Vec<u64> = std::iter::successors(looks.next(0), |&have| looks.next(have)).collect();
        assert_eq!(all, [50, 100, 200, 400, 800, 1000]);
        assert_eq!((looks.many(), Looks { first: 50, most: 10 }.many()), (6, 1));
        let values = |values: &[f64]| values.iter().copied().collect::<Welford>();
        assert_eq!(looks.sign(&values(&[1.0])), Sign::Unknown);
        assert_eq!(looks.sign(&values(&[1.0, 1.0])), Sign::Positive);
        assert_eq!(looks.sign(&values(&[-1.0, -1.1, -0.9, -1.0])), Sign::Negative);
        assert_eq!(looks.sign(&values(&[0.0, 0.0])), Sign::Unknown);
    }

    #[test]
    fn more_than_one_and_none() {
        let range = SearchRange { low: 0.0, high: 10.0, is_whole: false, tolerance: 0.01 };
        let (both, _) = found(&range, 9, 0.0, |x| (x - 2.4) * (x - 7.7));
        assert_eq!(both.len(), 2);
        assert!(both[0].low < 2.4 && 2.4 < both[0].high && both[0].before == Sign::Positive, "{both:?}");
        assert!(both[1].low < 7.7 && 7.7 < both[1].high && both[1].before == Sign::Negative, "{both:?}");
        assert!(found(&range, 9, 0.0, |x| x + 1.0).0.is_empty());
        // Nowhere known.
        assert!(found(&range, 9, 100.0, |x| x - 5.0).0.is_empty());
    }

    proptest! {
        #[test]
        fn the_change_is_inside_and_short(root in 0.02..0.98_f64, noise in 0.0..0.3_f64, count in 2..12_u32) {
            let range = SearchRange { low: 0.0, high: 1.0, is_whole: false, tolerance: 0.005 };
            let (all, asked) = found(&range, count, 0.0, |x| x - root);
            prop_assert!(all.len() == 1 && asked < 25, "{all:?} {asked}");
            prop_assert!(all[0].low <= root && root <= all[0].high && all[0].high - all[0].low <= 0.0051);
            // With noise: still inside, and not much wider than the noise.
            let (all, asked) = found(&range, count, noise, |x| x - root);
            prop_assert!(asked < 40);
            for change in all {
                prop_assert!(change.low <= root && root <= change.high);
                prop_assert!(change.high - change.low <= 2.0 * noise + 0.3, "{change:?} {root} {noise}");
            }
        }

        #[test]
        fn between_whole_numbers(root in 1.1..63.9_f64, high in 64..5000_u32) {
            prop_assume!((root - root.round()).abs() > 1e-6);
            let range = SearchRange { low: 1.0, high: f64::from(high), is_whole: true, tolerance: 1.0 };
            let (all, _) = found(&range, 9, 0.0, |x| root - x);
            let ends = (all[0].low, all[0].high);
            prop_assert!(all.len() == 1 && all[0].before == Sign::Positive);
            prop_assert_eq!(ends, (root.floor(), root.ceil()));
        }

        /// A known sign is rarely wrong in spite of repeated looks.
        #[test]
        fn ties_are_rarely_broken(seed in 0..20_u64) {
            let looks = Looks { first: 20, most: 640 };
            let mut wrong = 0;
            for trial in 0..50 {
                let mut draws = crate::engine::Keys::new(seed, trial).stream(crate::engine::Purpose::Choice, 1);
                let (mut values, mut have) = (Welford::default(), 0);
                while let Some(next) = looks.next(have) {
                    (have..next).for_each(|_| values.push(draws.normal()));
                    have = next;
                    if looks.sign(&values).is_known() {
                        wrong += 1;
                        break;
                    }
                }
            }
            // 0.5 are expected of 50 at the most; more than 5 has a probability below 1e-5.
            prop_assert!(wrong <= 5, "{wrong} of 50");
        }
    }
}
