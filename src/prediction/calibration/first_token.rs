//! How long a call takes before its first token, told by whole runs.
//!
//! seconds of a run = calls x time to the first token + output tokens / tokens a second, by least squares over runs of one
//! model, each weighed by the inverse square of its seconds. Tokens of single calls are hardly ever recorded, those of
//! runs are; and runs of few large calls and of many small ones tell the two apart.

use crate::prediction::calibration::Demonstration;

/// Fewer runs than these tell nothing.
const FEWEST: usize = 8;
/// Runs whose calls all have as many tokens tell nothing: one less the squared correlation of calls and tokens.
const TOLD_APART: f64 = 0.02;

/// Seconds of a call before its first token; none if runs do not say. Noise can make it 0 or less.
pub(super) fn seconds(demonstrations: &[&Demonstration]) -> Option<f64> {
    let runs: Vec<(f64, f64, f64)> = demonstrations.iter().map(|demonstration| of_run(demonstration)).collect();
    let runs = || runs.iter().filter(|(calls, tokens, seconds)| *calls > 0.0 && *tokens > 0.0 && *seconds > 0.0);
    let sum = |of: &dyn Fn(&(f64, f64, f64)) -> f64| runs().map(|run| of(run) / (run.2 * run.2)).sum::<f64>();
    let (calls_squared, tokens_squared) = (sum(&|run| run.0 * run.0), sum(&|run| run.1 * run.1));
    let both = sum(&|run| run.0 * run.1);
    let determinant = calls_squared * tokens_squared - both * both;
    if runs().count() < FEWEST || determinant <= TOLD_APART * calls_squared * tokens_squared {
        return None;
    }
    let (of_calls, of_tokens) = (sum(&|run| run.0 * run.2), sum(&|run| run.1 * run.2));
    Some((of_calls * tokens_squared - of_tokens * both) / determinant)
}

/// Calls of a run, its output tokens, and the seconds of its calls.
fn of_run(demonstration: &Demonstration) -> (f64, f64, f64) {
    let calls = || demonstration.scripts.iter().flatten();
    (calls().count() as f64, calls().map(|call| call.output_tokens).sum(), calls().map(|call| call.latency_s).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::Habit;

    /// Runs of so many calls with so many tokens each, at 2 s before the first token and 100 tokens a second.
    fn found(runs: &[(usize, f64)]) -> Option<f64> {
        let demonstration = |&(calls, tokens): &(usize, f64)| {
            let call = Habit { latency_s: 2.0 + tokens / 100.0, output_tokens: tokens, ..Habit::default() };
            Demonstration { scripts: vec![vec![call; calls]], ..Demonstration::default() }
        };
        let demonstrations: Vec<Demonstration> = runs.iter().map(demonstration).collect();
        seconds(&demonstrations.iter().collect::<Vec<_>>())
    }

    #[test]
    fn runs_of_few_large_calls_and_of_many_small_ones_tell_it() {
        let runs: Vec<(usize, f64)> = (1..=10).map(|calls| (calls, 3_000.0 / calls as f64)).collect();
        let seconds = found(&runs).expect("ten runs");
        assert!((seconds - 2.0).abs() < 1e-9, "{seconds}");
        assert_eq!(found(&runs[..7]), None, "too few");
        assert_eq!(found(&[(5, 300.0); 10]), None, "nothing tells calls from tokens");
        let silent: Vec<(usize, f64)> = (1..=10).map(|calls| (calls, 0.0)).collect();
        assert_eq!(found(&silent), None, "tokens are not recorded");
        assert_eq!(found(&[]), None);
    }
}
