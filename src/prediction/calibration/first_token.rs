//! Time to the first token, estimated from whole runs.
//!
//! Seconds of a run = calls x time to the first token + output tokens / tokens per second. Least squares over the runs of
//! one model, weighted by the inverse square of their seconds. Tokens are recorded for most runs, but rarely for single
//! calls. Runs of few large calls and of many small ones identify both coefficients.

use crate::prediction::calibration::Demonstration;

/// Fewest runs for an estimate.
const MIN_RUNS: usize = 8;
/// Smallest value of 1 minus the squared correlation of calls and tokens. Below it, the coefficients are not identified.
const MIN_UNCORRELATED: f64 = 0.02;

/// Returns the seconds of a call before its first token; none if the runs do not identify it. Noise can make it negative.
pub(super) fn seconds(demonstrations: &[&Demonstration]) -> Option<f64> {
    let runs: Vec<(f64, f64, f64)> = demonstrations.iter().map(|demonstration| totals(demonstration)).collect();
    let runs = || runs.iter().filter(|(calls, tokens, seconds)| *calls > 0.0 && *tokens > 0.0 && *seconds > 0.0);
    let sum = |of: &dyn Fn(&(f64, f64, f64)) -> f64| runs().map(|run| of(run) / (run.2 * run.2)).sum::<f64>();
    let (calls_squared, tokens_squared) = (sum(&|run| run.0 * run.0), sum(&|run| run.1 * run.1));
    let both = sum(&|run| run.0 * run.1);
    let determinant = calls_squared * tokens_squared - both * both;
    if runs().count() < MIN_RUNS || determinant <= MIN_UNCORRELATED * calls_squared * tokens_squared {
        return None;
    }
    let (of_calls, of_tokens) = (sum(&|run| run.0 * run.2), sum(&|run| run.1 * run.2));
    Some((of_calls * tokens_squared - of_tokens * both) / determinant)
}

/// Calls of a run, their output tokens, and their seconds.
fn totals(demonstration: &Demonstration) -> (f64, f64, f64) {
    let calls = || demonstration.calls();
    (calls().count() as f64, calls().map(|call| call.output_tokens).sum(), calls().map(|call| call.latency_s).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::RecordedCall;

    /// Estimate from runs of calls with so many tokens each, at 2 s before the first token and 100 tokens a second.
    fn estimate(runs: &[(usize, f64)]) -> Option<f64> {
        let demonstration = |&(calls, tokens): &(usize, f64)| {
            let call =
                RecordedCall { latency_s: 2.0 + tokens / 100.0, output_tokens: tokens, ..RecordedCall::default() };
            Demonstration { trajectories: vec![vec![call; calls]], ..Demonstration::default() }
        };
        let demonstrations: Vec<Demonstration> = runs.iter().map(demonstration).collect();
        seconds(&demonstrations.iter().collect::<Vec<_>>())
    }

    #[test]
    fn runs_of_few_large_calls_and_of_many_small_ones_identify_it() {
        let runs: Vec<(usize, f64)> = (1..=10).map(|calls| (calls, 3_000.0 / calls as f64)).collect();
        let seconds = estimate(&runs).expect("ten runs");
        assert!((seconds - 2.0).abs() < 1e-9, "{seconds}");
        assert_eq!(estimate(&runs[..7]), None, "too few");
        assert_eq!(estimate(&[(5, 300.0); 10]), None, "calls and tokens are proportional");
        let silent: Vec<(usize, f64)> = (1..=10).map(|calls| (calls, 0.0)).collect();
        assert_eq!(estimate(&silent), None, "tokens are not recorded");
        assert_eq!(estimate(&[]), None);
    }
}
