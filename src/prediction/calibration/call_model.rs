//! What calls have in common: how latency grows with the files that a call writes, how much calls alike differ, how
//! many files fit into a reply, and what of a conversation is sent along again.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::calibration::latency_curve::{Curves, middle};
use crate::prediction::calibration::{Demonstration, residual_correlation, run_spread};
use crate::scenario::learned_profile::run_effect::log_latency;
use crate::scenario::learned_profile::{FILES_A_REPLY, LatencyFit};
use crate::team::{Habit, Manner};

/// The limit on output of the recorded runs.
const OUTPUT_LIMIT: f64 = 4096.0;
/// Messages that the recorder sends along again. [paper] the last 20.
const WINDOW: u16 = 20;
/// Spreads where there are too few calls to tell: calls on one file or none, and on several.
const SPREADS: [f64; 2] = [0.5, 0.3];

/// Of this share of calls each took less than the longest that is taken for possible; of fewer calls nothing is said.
const LONGEST: (f64, usize) = (0.995, 200);

/// The manners of one model, the place of each lesson's, and how well they fit.
pub(super) fn learn(demonstrations: &[&Demonstration]) -> (Vec<Manner>, Vec<u32>, LatencyFit) {
    let curves = Curves::of(demonstrations);
    let longest_s = longest_of(demonstrations);
    let mut keys: BTreeMap<(u64, bool), Vec<&Demonstration>> = BTreeMap::new();
    let mut by_files: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for demonstration in demonstrations {
        keys.entry((demonstration.work.files, demonstration.is_dealt)).or_default().push(demonstration);
        let per_file = demonstration.scripts.iter().flatten().filter(|habit| habit.files >= 3);
        by_files
            .entry(demonstration.work.files)
            .or_default()
            .extend(per_file.map(|habit| habit.output_tokens / f64::from(habit.files)));
    }
    let typical = |demonstration: &Demonstration, habit: &Habit| {
        math::ln(curves.typical_s(demonstration.work.files, demonstration.is_dealt, f64::from(habit.files)))
    };
    let (fit, spreads) = goodness(demonstrations, &typical);
    let common = [false, true]
        .map(|is_dealt| residual_correlation::common(demonstrations, is_dealt, &|l, h| log_latency(h) - typical(l, h)));
    let places: BTreeMap<(u64, bool), u32> = keys.keys().enumerate().map(|(place, key)| (*key, place as u32)).collect();
    let manners = keys.iter().map(|((files, is_dealt), demonstrations)| {
        let (base_s, per_file_s) = curves.of_work(*files, *is_dealt);
        let per_file = by_files.get_mut(files).and_then(|tokens| middle(tokens)).filter(|tokens| *tokens > 0.0);
        let seconds: f64 =
            demonstrations.iter().flat_map(|l| l.scripts.iter().flatten()).map(|habit| habit.latency_s).sum();
        let output: f64 = demonstrations.iter().flat_map(|l| l.scripts.iter().flatten()).map(|h| h.output_tokens).sum();
        let [prompt, board, test] = input_of(demonstrations);
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
            spread_runs: run_spread::spread_of_runs(demonstrations),
        }
    });
    let manners = manners.map(rounded).collect();
    let of = |demonstration: &&Demonstration| {
        places.get(&(demonstration.work.files, demonstration.is_dealt)).copied().unwrap_or(0)
    };
    (manners, demonstrations.iter().map(of).collect(), fit)
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
fn longest_of(demonstrations: &[&Demonstration]) -> f64 {
    let calls = demonstrations.iter().flat_map(|demonstration| demonstration.scripts.iter().flatten());
    let mut latencies: Vec<f64> = calls.map(|habit| habit.latency_s).collect();
    latencies.sort_by(f64::total_cmp);
    let place = (latencies.len() as f64 * LONGEST.0) as usize;
    latencies.get(place).copied().filter(|_| latencies.len() >= LONGEST.1).unwrap_or(0.0)
}

/// How well the curve fits, and how much calls of an agent that are alike differ: of one file or none, and of several.
fn goodness(
    demonstrations: &[&Demonstration],
    typical: &dyn Fn(&Demonstration, &Habit) -> f64,
) -> (LatencyFit, [f64; 2]) {
    let mut all = Moments::default();
    let mut left = Moments::default();
    let mut runs = Moments::default();
    let mut next = Vec::new();
    let mut within = [(0.0, 0.0); 2];
    for (demonstration, script) in
        demonstrations.iter().flat_map(|demonstration| demonstration.scripts.iter().map(move |s| (*demonstration, s)))
    {
        let rest: Vec<f64> = script.iter().map(|habit| log_latency(habit) - typical(demonstration, habit)).collect();
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
    let fit = LatencyFit {
        calls: all.count as u32,
        sigma: digits(all.deviation()),
        sigma_left: digits(left.deviation()),
        sigma_runs: digits(runs.deviation()),
        lag1: digits(if norm > 0.0 { products / norm } else { 0.0 }),
    };
    (fit, [spread(0), spread(1)])
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

/// Input tokens of the prompt, of the board and of a test result, by least squares over the runs of which they are
/// known: input = calls x (prompt + board) + what is sent along again. Prompt and board can't be told apart by a first
/// call, but by the boards that are sent along again.
fn input_of(demonstrations: &[&Demonstration]) -> [f64; 3] {
    let mut squares = [[0.0; 3]; 3];
    let mut products = [0.0; 3];
    for demonstration in demonstrations {
        let Some(input) = demonstration.input_tokens else { continue };
        let mut row = [0.0; 3];
        let mut rest = input;
        for script in &demonstration.scripts {
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
