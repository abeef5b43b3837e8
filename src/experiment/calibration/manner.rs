//! What calls have in common: how latency grows with the files that a call writes, how much calls alike differ, how
//! many files fit into a reply, and what of a conversation is sent along again.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::experiment::calibration::curve::{Curves, SHORTEST_S, middle};
use crate::experiment::calibration::{Lesson, alike};
use crate::team::{Behaviour, Habit, Manner};

/// The limit on output of the recorded runs.
const OUTPUT_LIMIT: f64 = 4096.0;
/// Messages that the recorder sends along again. [paper] the last 20.
const WINDOW: u16 = 20;
/// Where nothing is known of how many files fit.
pub(super) const FILES_A_REPLY: f64 = 16.0;
/// Spreads where there are too few calls to tell: calls on one file or none, and on several.
const SPREADS: [f64; 2] = [0.5, 0.3];

/// Of this share of calls each took less than the longest that is taken for possible; of fewer calls nothing is said.
const LONGEST: (f64, usize) = (0.995, 200);

/// How well latency is explained.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Fit {
    /// Calls.
    pub calls: u32,
    /// Standard deviation of the logarithm of latency.
    pub sigma: f64,
    /// What is left of it once the files of the call are known.
    pub sigma_left: f64,
    /// What of that is between runs.
    pub sigma_runs: f64,
    /// Correlation of what is left from one call of an agent to the next.
    pub lag1: f64,
}

/// The manners of one model, the place of each lesson's, and how well they fit.
pub(super) fn learn(lessons: &[&Lesson]) -> (Vec<Manner>, Vec<u32>, Fit) {
    let curves = Curves::of(lessons);
    let longest_s = longest_of(lessons);
    let mut keys: BTreeMap<(u64, bool), Vec<&Lesson>> = BTreeMap::new();
    let mut by_files: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for lesson in lessons {
        keys.entry((lesson.work.files, lesson.is_dealt)).or_default().push(lesson);
        let per_file = lesson.scripts.iter().flatten().filter(|habit| habit.files >= 3);
        by_files
            .entry(lesson.work.files)
            .or_default()
            .extend(per_file.map(|habit| habit.output_tokens / f64::from(habit.files)));
    }
    let typical = |lesson: &Lesson, habit: &Habit| {
        math::ln(curves.typical_s(lesson.work.files, lesson.is_dealt, f64::from(habit.files)))
    };
    let (fit, spreads) = goodness(lessons, &typical);
    let common = [false, true].map(|is_dealt| alike::common(lessons, is_dealt, &|l, h| log_latency(h) - typical(l, h)));
    let places: BTreeMap<(u64, bool), u32> = keys.keys().enumerate().map(|(place, key)| (*key, place as u32)).collect();
    let manners = keys.iter().map(|((files, is_dealt), lessons)| {
        let (base_s, per_file_s) = curves.of_work(*files, *is_dealt);
        let per_file = by_files.get_mut(files).and_then(|tokens| middle(tokens)).filter(|tokens| *tokens > 0.0);
        let seconds: f64 = lessons.iter().flat_map(|l| l.scripts.iter().flatten()).map(|habit| habit.latency_s).sum();
        let output: f64 = lessons.iter().flat_map(|l| l.scripts.iter().flatten()).map(|h| h.output_tokens).sum();
        let [prompt, board, test] = input_of(lessons);
        Manner {
            idle_s: curves.idle_s,
            base_s,
            per_file_s,
            longest_s,
            spread_small: spreads[0],
            spread_large: spreads[1],
            files_a_reply: per_file.map_or(FILES_A_REPLY, |tokens| OUTPUT_LIMIT / tokens),
            tokens_per_second: if seconds > 0.0 { output / seconds } else { 0.0 },
            prompt_tokens: prompt,
            board_tokens: board,
            test_tokens: test,
            window: WINDOW,
            common: common[usize::from(*is_dealt)],
            spread_runs: spread_of_runs(lessons),
        }
    });
    let manners = manners.map(rounded).collect();
    let of = |lesson: &&Lesson| places.get(&(lesson.work.files, lesson.is_dealt)).copied().unwrap_or(0);
    (manners, lessons.iter().map(of).collect(), fit)
}

/// To the digits that a file keeps.
fn digits(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn rounded(manner: Manner) -> Manner {
    Manner {
        idle_s: digits(manner.idle_s),
        base_s: digits(manner.base_s),
        per_file_s: digits(manner.per_file_s),
        longest_s: digits(manner.longest_s),
        spread_small: digits(manner.spread_small),
        spread_large: digits(manner.spread_large),
        files_a_reply: digits(manner.files_a_reply),
        tokens_per_second: digits(manner.tokens_per_second),
        prompt_tokens: digits(manner.prompt_tokens),
        board_tokens: digits(manner.board_tokens),
        test_tokens: digits(manner.test_tokens),
        window: manner.window,
        common: digits(manner.common),
        spread_runs: digits(manner.spread_runs),
    }
}

/// Hardly any call took longer; 0 if there are too few to tell.
fn longest_of(lessons: &[&Lesson]) -> f64 {
    let calls = lessons.iter().flat_map(|lesson| lesson.scripts.iter().flatten());
    let mut latencies: Vec<f64> = calls.map(|habit| habit.latency_s).collect();
    latencies.sort_by(f64::total_cmp);
    let place = (latencies.len() as f64 * LONGEST.0) as usize;
    latencies.get(place).copied().filter(|_| latencies.len() >= LONGEST.1).unwrap_or(0.0)
}

fn log_latency(habit: &Habit) -> f64 {
    math::ln(habit.latency_s.max(SHORTEST_S))
}

/// How well the curve fits, and how much calls of an agent that are alike differ: of one file or none, and of several.
fn goodness(lessons: &[&Lesson], typical: &dyn Fn(&Lesson, &Habit) -> f64) -> (Fit, [f64; 2]) {
    let mut all = Moments::default();
    let mut left = Moments::default();
    let mut runs = Moments::default();
    let mut next = Vec::new();
    let mut within = [(0.0, 0.0); 2];
    for (lesson, script) in lessons.iter().flat_map(|lesson| lesson.scripts.iter().map(move |s| (*lesson, s))) {
        let rest: Vec<f64> = script.iter().map(|habit| log_latency(habit) - typical(lesson, habit)).collect();
        let mean = rest.iter().sum::<f64>() / rest.len().max(1) as f64;
        for (habit, rest) in script.iter().zip(&rest) {
            all.add(log_latency(habit));
            left.add(*rest);
        }
        runs.add(mean);
        next.extend(rest.windows(2).map(|pair| (pair[0] - mean, pair[1] - mean)));
        for (large, within) in within.iter_mut().enumerate() {
            let of: Vec<f64> =
                script.iter().zip(&rest).filter(|(h, _)| (h.files > 1) == (large == 1)).map(|(_, r)| *r).collect();
            let mean = of.iter().sum::<f64>() / of.len().max(1) as f64;
            within.0 += of.iter().map(|rest| (rest - mean) * (rest - mean)).sum::<f64>();
            within.1 += of.len() as f64 - 1.0f64.min(of.len() as f64);
        }
    }
    let spread = |place: usize| {
        let (squares, freedom) = within[place];
        if freedom >= 8.0 { (squares / freedom).sqrt() } else { SPREADS[place] }
    };
    let products: f64 = next.iter().map(|(a, b)| a * b).sum();
    let squares = |of: fn(&(f64, f64)) -> f64| next.iter().map(|pair| of(pair) * of(pair)).sum::<f64>();
    let norm = (squares(|pair| pair.0) * squares(|pair| pair.1)).sqrt();
    let fit = Fit {
        calls: all.count as u32,
        sigma: digits(all.deviation()),
        sigma_left: digits(left.deviation()),
        sigma_runs: digits(runs.deviation()),
        lag1: digits(if norm > 0.0 { products / norm } else { 0.0 }),
    };
    (fit, [spread(0), spread(1)])
}

/// How much further than the recorded ones runs may lie apart in length. A few runs drawn again vary less than runs do, and
/// their mean is off by itself: a new run varies by s^2 (1 + 1/k) around the mean of k, runs drawn again by s^2 (1 - 1/k),
/// so that 2 s^2/k is missing.
fn spread_of_runs(lessons: &[&Lesson]) -> f64 {
    let mut cells: BTreeMap<(u64, u32), Vec<f64>> = BTreeMap::new();
    for lesson in lessons {
        let seconds: f64 = lesson.scripts.iter().flatten().map(|habit| habit.latency_s).sum();
        cells.entry((lesson.work.shape, lesson.agents)).or_default().push(math::ln(seconds.max(SHORTEST_S)));
    }
    let (mut squares, mut freedom, mut runs) = (0.0, 0.0, 0.0);
    for lengths in cells.values() {
        let mean = mean(lengths);
        squares += lengths.iter().map(|length| (length - mean) * (length - mean)).sum::<f64>();
        freedom += lengths.len() as f64 - 1.0;
        runs += lengths.len() as f64;
    }
    if freedom < 2.0 {
        return 0.0;
    }
    let runs_a_cell = runs / cells.len() as f64;
    (2.0 * squares / freedom / runs_a_cell).sqrt()
}

/// Sums for a standard deviation.
#[derive(Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    fn deviation(&self) -> f64 {
        if self.count < 2.0 {
            return 0.0;
        }
        ((self.squares - self.sum * self.sum / self.count) / (self.count - 1.0)).max(0.0).sqrt()
    }
}

/// Tells of every script the pace of its run, and of every call how much it took over what such a call takes at that pace.
///
/// A run's pace is told from its calls as far as they can tell it: few calls that vary much say little (best linear
/// unbiased prediction with components of variance by moments, Henderson 1975; Searle et al. 1992).
pub(super) fn surprise(behaviour: &mut Behaviour) {
    let mut runs: BTreeMap<(bool, u32, u64), BTreeMap<u32, Vec<f64>>> = BTreeMap::new();
    for script in &behaviour.scripts {
        let Some(manner) = behaviour.manners.get(script.manner as usize) else { continue };
        let calls = behaviour.habits.get(script.first as usize..(script.first + script.calls) as usize);
        let rests = calls.unwrap_or_default().iter().map(|habit| rest(manner, habit));
        let cell = runs.entry((script.is_dealt, script.manner, script.work.shape)).or_default();
        cell.entry(script.run).or_default().extend(rests);
    }
    let components = [false, true].map(|is_dealt| {
        components(runs.iter().filter(|(key, _)| key.0 == is_dealt).map(|(_, runs)| runs.values().collect()))
    });
    for script in &mut behaviour.scripts {
        let Some(manner) = behaviour.manners.get(script.manner as usize) else { continue };
        let cell = &runs[&(script.is_dealt, script.manner, script.work.shape)];
        let all: Vec<f64> = cell.values().flatten().copied().collect();
        let own = cell.get(&script.run).map_or(&[][..], Vec::as_slice);
        let typical = mean(&all);
        let [between, within] = components[usize::from(script.is_dealt)];
        let told = between / (between + within / own.len().max(1) as f64).max(f64::MIN_POSITIVE);
        script.pace = told * (mean(own) - typical);
        let calls = behaviour.habits.get_mut(script.first as usize..(script.first + script.calls) as usize);
        for habit in calls.unwrap_or_default() {
            habit.surprise = rest(manner, habit) - typical - script.pace;
        }
    }
}

/// Tells of every script of a single agent whether tasks were left undone.
pub(super) fn left_some(behaviour: &mut Behaviour) {
    for script in behaviour.scripts.iter_mut().filter(|script| script.agents == 1) {
        let calls = behaviour.habits.get(script.first as usize..(script.first + script.calls) as usize);
        let calls = calls.unwrap_or_default();
        let finished: u32 = calls.iter().flat_map(|habit| habit.completes).map(u32::from).sum();
        script.left_some = calls.first().is_some_and(|habit| finished < u32::from(habit.sight.total));
    }
}

/// The logarithm of a call's latency over what such a call takes.
fn rest(manner: &Manner, habit: &Habit) -> f64 {
    log_latency(habit) - math::ln(manner.typical_s(f64::from(habit.files)))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Variances between the runs of a cell and within runs, by analysis of variance with unequal numbers.
fn components<'r>(cells: impl Iterator<Item = Vec<&'r Vec<f64>>>) -> [f64; 2] {
    let (mut within, mut within_free) = (0.0, 0.0);
    let (mut between, mut between_free, mut scale) = (0.0, 0.0, 0.0);
    for runs in cells {
        let all: Vec<f64> = runs.iter().flat_map(|run| run.iter().copied()).collect();
        let middle = mean(&all);
        for run in &runs {
            let own = mean(run);
            within += run.iter().map(|rest| (rest - own) * (rest - own)).sum::<f64>();
            within_free += run.len() as f64 - 1.0;
            between += run.len() as f64 * (own - middle) * (own - middle);
        }
        between_free += runs.len() as f64 - 1.0;
        let squares: f64 = runs.iter().map(|run| (run.len() * run.len()) as f64).sum();
        scale += all.len() as f64 - squares / (all.len() as f64).max(1.0);
    }
    let within = if within_free > 0.0 { within / within_free } else { 0.0 };
    let between = if scale > 0.0 { ((between - between_free * within) / scale).max(0.0) } else { 0.0 };
    [between, within]
}

/// Input tokens of the prompt, of the board and of a test result, by least squares over the runs of which they are
/// known: input = calls x (prompt + board) + what is sent along again. Prompt and board can't be told apart by a first
/// call, but by the boards that are sent along again.
fn input_of(lessons: &[&Lesson]) -> [f64; 3] {
    let mut squares = [[0.0; 3]; 3];
    let mut products = [0.0; 3];
    for lesson in lessons {
        let Some(input) = lesson.input_tokens else { continue };
        let mut row = [0.0; 3];
        let mut rest = input;
        for script in &lesson.scripts {
            for call in 0..script.len() {
                row[0] += 1.0;
                row[1] += 1.0;
                let mut messages = 0;
                for before in script[..call].iter().rev() {
                    messages += 2 + before.tests;
                    if messages > WINDOW {
                        break;
                    }
                    row[1] += 1.0;
                    row[2] += f64::from(before.tests);
                    rest -= before.output_tokens;
                }
            }
        }
        let weight = 1.0 / (input * input);
        for i in 0..3 {
            for j in 0..3 {
                squares[i][j] += weight * row[i] * row[j];
            }
            products[i] += weight * row[i] * rest;
        }
    }
    // A little ridge, so that runs that do not tell them apart share it.
    for (place, row) in squares.iter_mut().enumerate() {
        row[place] = row[place] * 1.001 + 1e-12;
    }
    let whole = determinant(&squares);
    let solved = |place: usize| {
        let mut with = squares;
        for (row, product) in with.iter_mut().zip(products) {
            row[place] = product;
        }
        if whole.abs() > 0.0 { determinant(&with) / whole } else { 0.0 }
    };
    let found = [solved(0), solved(1), solved(2)];
    if found.iter().all(|value| value.is_finite() && *value >= 0.0) {
        return found;
    }
    // Runs that do not tell them apart: as if all of it were shown again.
    let both = squares[0][0] + 2.0 * squares[0][1] + squares[1][1];
    let all = (products[0] + products[1]) / both;
    if all.is_finite() && all >= 0.0 { [all, all, 0.0] } else { [0.0; 3] }
}

fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Purpose, rng::Keys};

    #[test]
    fn variances_between_and_within_runs_are_told_apart() {
        let mut stream = Keys::new(4, 5).stream(Purpose::Temperament, 6);
        for (between, within) in [(0.0, 1.0), (0.5, 0.5), (0.3, 0.0)] {
            // Cells of their own length, runs of 2 to 9 calls.
            let cells: Vec<Vec<Vec<f64>>> = (0..300)
                .map(|cell| {
                    let run = |run: usize| {
                        let pace = stream.normal() * f64::sqrt(between) + f64::from(cell);
                        (0..2 + run).map(|_| pace + stream.normal() * f64::sqrt(within)).collect()
                    };
                    (0..8).map(run).collect()
                })
                .collect();
            let found = components(cells.iter().map(|runs| runs.iter().collect()));
            assert!((found[0] - between).abs() < 0.05 && (found[1] - within).abs() < 0.05, "{found:?}");
        }
        assert!(components(std::iter::empty()).iter().all(|variance| variance.abs() < 1e-12));
    }

    #[test]
    fn few_calls_say_little_of_the_pace_of_a_run() {
        let mut behaviour = Behaviour { manners: vec![BLANK], ..Behaviour::default() };
        // Calls of each run are off by turns, so that their mean is the run's.
        for (run, (calls, pace)) in [(2, 0.5), (2, -0.5), (20, 0.5), (20, -0.5)].into_iter().enumerate() {
            let first = behaviour.habits.len() as u32;
            behaviour.habits.extend((0..calls).map(|call| {
                let noise = if call % 2 == 0 { 0.6 } else { -0.6 };
                Habit { latency_s: math::exp(pace + noise), ..Habit::default() }
            }));
            let work = crate::team::WorkKey::default();
            let run = run as u32;
            behaviour.scripts.push(crate::team::Script {
                first,
                calls,
                manner: 0,
                work,
                is_dealt: false,
                weight: 1.0,
                run,
                agents: 1,
                pace: 0.0,
                left_some: false,
            });
        }
        surprise(&mut behaviour);
        let paces: Vec<f64> = behaviour.scripts.iter().map(|script| script.pace).collect();
        assert!(paces[0] > 0.05 && paces[0] < 0.9 * paces[2] && paces[2] < 0.5, "{paces:?}");
        assert!((paces[0] + paces[1]).abs() < 1e-9 && (paces[2] + paces[3]).abs() < 1e-9);
        // What the pace does not tell, the calls do.
        let first = &behaviour.habits[0];
        assert!((first.surprise + paces[0] - 1.1).abs() < 1e-9, "{}", first.surprise);
    }

    const BLANK: Manner = Manner {
        idle_s: 1.0,
        base_s: 1.0,
        per_file_s: 0.0,
        spread_small: 0.5,
        spread_large: 0.3,
        spread_runs: 0.0,
        common: 0.3,
        longest_s: 0.0,
        files_a_reply: 10.0,
        tokens_per_second: 0.0,
        prompt_tokens: 0.0,
        board_tokens: 0.0,
        test_tokens: 0.0,
        window: 0,
    };
}
