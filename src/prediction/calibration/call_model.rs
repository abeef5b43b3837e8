//! Call models of one model: latency by files written, variation between similar calls, files per reply.

use std::collections::BTreeMap;

use crate::engine::math;
use crate::prediction::calibration::latency_curve::{Curves, upper_median};
use crate::prediction::calibration::{Demonstration, HarnessLimits, input_tokens, residual_correlation, run_spread};
use crate::scenario::learned_profile::run_effect::log_latency;
use crate::scenario::learned_profile::{FILES_A_REPLY, LatencyFit};
use crate::team::{CallModel, RecordedCall};

/// Log standard deviations if there are too few calls: of calls on at most one file, and on several.
const DEFAULT_LOG_SD: [f64; 2] = [0.5, 0.3];

/// Quantile of latencies that is taken for the longest possible one.
const LONGEST_QUANTILE: f64 = 0.995;
/// Fewest calls for that quantile.
const MIN_CALLS: usize = 200;

/// Returns the call models of one model, the index of each demonstration's call model, and the goodness of fit.
pub(super) fn learn(demonstrations: &[&Demonstration]) -> (Vec<CallModel>, Vec<u32>, LatencyFit) {
    let curves = Curves::fit(demonstrations);
    let longest_s = longest_of(demonstrations);
    let mut keys: BTreeMap<CallModelKey, Vec<&Demonstration>> = BTreeMap::new();
    let mut by_files: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for demonstration in demonstrations {
        keys.entry(key_of(demonstration)).or_default().push(demonstration);
        let large = demonstration.calls().filter(|call| call.files >= 3);
        let tokens = large.map(|call| call.output_tokens / f64::from(call.files));
        by_files.entry(demonstration.work.files).or_default().extend(tokens);
    }
    let typical = |demonstration: &Demonstration, call: &RecordedCall| {
        math::ln(curves.typical_s(demonstration.work.files, demonstration.is_dealt, f64::from(call.files)))
    };
    let (fit, log_sd) = goodness_of_fit(demonstrations, &typical);
    let residual =
        |demonstration: &Demonstration, call: &RecordedCall| log_latency(call) - typical(demonstration, call);
    let correlation = [false, true].map(|is_dealt| residual_correlation::estimate(demonstrations, is_dealt, &residual));
    let indices: BTreeMap<CallModelKey, u32> = (0..).zip(keys.keys()).map(|(index, key)| (*key, index)).collect();
    let call_model = |((files, is_dealt, limits), alike): (&CallModelKey, &Vec<&Demonstration>)| {
        let (base_s, per_file_s) = curves.of_work(*files, *is_dealt);
        let per_file = by_files.get_mut(files).and_then(|tokens| upper_median(tokens)).filter(|tokens| *tokens > 0.0);
        let calls = || alike.iter().flat_map(|demonstration| demonstration.calls());
        let seconds: f64 = calls().map(|call| call.latency_s).sum();
        let output: f64 = calls().map(|call| call.output_tokens).sum();
        let files_a_reply = limits
            .output_tokens
            .map_or(f64::INFINITY, |limit| digits(per_file.map_or(FILES_A_REPLY, |tokens| f64::from(limit) / tokens)));
        let (window, [prompt, board, test]) = input_tokens::fit(alike, limits.window());
        CallModel {
            idle_s: digits(curves.idle_s),
            base_s: digits(base_s),
            per_file_s: digits(per_file_s),
            longest_s: digits(longest_s),
            spread_small: digits(log_sd[0]),
            spread_large: digits(log_sd[1]),
            files_a_reply,
            tokens_per_second: digits(if seconds > 0.0 { output / seconds } else { 0.0 }),
            prompt_tokens: digits(prompt),
            board_tokens: digits(board),
            test_tokens: digits(test),
            window,
            common: digits(correlation[usize::from(*is_dealt)]),
            run_effect_sd: digits(run_spread::spread_of_runs(alike)),
        }
    };
    let call_models = keys.iter().map(call_model).collect();
    let index = |demonstration: &&Demonstration| indices.get(&key_of(demonstration)).copied().unwrap_or(0);
    (call_models, demonstrations.iter().map(index).collect(), fit)
}

/// Key of a call model: files of the work, true for preassigned tasks, limits of the harness.
type CallModelKey = (u64, bool, HarnessLimits);

fn key_of(demonstration: &Demonstration) -> CallModelKey {
    (demonstration.work.files, demonstration.is_dealt, demonstration.limits)
}

/// Rounds to the digits of a profile file.
fn digits(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Returns the longest plausible latency; 0 if there are too few calls.
fn longest_of(demonstrations: &[&Demonstration]) -> f64 {
    let calls = demonstrations.iter().flat_map(|demonstration| demonstration.calls());
    let mut latencies: Vec<f64> = calls.map(|call| call.latency_s).collect();
    latencies.sort_by(f64::total_cmp);
    let index = (latencies.len() as f64 * LONGEST_QUANTILE) as usize;
    latencies.get(index).copied().filter(|_| latencies.len() >= MIN_CALLS).unwrap_or(0.0)
}

/// Returns the goodness of fit of the curve, and the log standard deviations of an agent's similar calls: of at most one
/// file, and of several.
fn goodness_of_fit(
    demonstrations: &[&Demonstration],
    typical: &dyn Fn(&Demonstration, &RecordedCall) -> f64,
) -> (LatencyFit, [f64; 2]) {
    let mut total = Moments::default();
    let mut residual = Moments::default();
    let mut runs = Moments::default();
    let mut successive = Vec::new();
    let mut within = [(0.0, 0.0); 2];
    for (demonstration, calls) in
        demonstrations.iter().flat_map(|d| d.trajectories.iter().map(move |calls| (*d, calls)))
    {
        let residuals: Vec<f64> = calls.iter().map(|call| log_latency(call) - typical(demonstration, call)).collect();
        let mean = residuals.iter().sum::<f64>() / residuals.len().max(1) as f64;
        for (call, value) in calls.iter().zip(&residuals) {
            total.add(log_latency(call));
            residual.add(*value);
        }
        runs.add(mean);
        successive.extend(residuals.windows(2).map(|pair| (pair[0] - mean, pair[1] - mean)));
        for (large, within) in within.iter_mut().enumerate() {
            let similar = calls.iter().zip(&residuals).filter(|(call, _)| (call.files > 1) == (large == 1));
            let similar: Vec<f64> = similar.map(|(_, value)| *value).collect();
            let mean = similar.iter().sum::<f64>() / similar.len().max(1) as f64;
            within.0 += similar.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
            within.1 += similar.len() as f64 - 1.0f64.min(similar.len() as f64);
        }
    }
    let log_sd = |index: usize| {
        let (squares, freedom) = within[index];
        if freedom >= 8.0 { (squares / freedom).sqrt() } else { DEFAULT_LOG_SD[index] }
    };
    let products: f64 = successive.iter().map(|(a, b)| a * b).sum();
    let squares = |of: fn(&(f64, f64)) -> f64| successive.iter().map(|pair| of(pair) * of(pair)).sum::<f64>();
    let norm = (squares(|pair| pair.0) * squares(|pair| pair.1)).sqrt();
    let fit = LatencyFit {
        calls: total.count as u32,
        sigma: digits(total.deviation()),
        sigma_left: digits(residual.deviation()),
        sigma_runs: digits(runs.deviation()),
        lag1: digits(if norm > 0.0 { products / norm } else { 0.0 }),
    };
    (fit, [log_sd(0), log_sd(1)])
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
