//! Input tokens of a call: tokens of the prompt, of the board and of a test result, and the earlier messages sent along.

use crate::prediction::calibration::Demonstration;
use crate::team::{ContextWindow, RecordedCall};

/// Sums of weighted least squares: of products of the three columns, and of their products with the response.
#[derive(Default)]
struct NormalEquations {
    squares: [[f64; 3]; 3],
    products: [f64; 3],
}

/// Returns the context window and the input tokens of the prompt, of the board and of a test result. A given number of
/// messages is the window. Without it all earlier messages are sent along, if the recorded input tokens agree with that;
/// else every call has their mean.
pub(super) fn fit(demonstrations: &[&Demonstration], messages: Option<u16>) -> (ContextWindow, [f64; 3]) {
    let window = messages.map_or(ContextWindow::WholeHistory, ContextWindow::Messages);
    let equations = NormalEquations::new(demonstrations, messages);
    match (equations.solve(), mean_input(demonstrations)) {
        (Some(tokens), _) => (window, tokens),
        (None, Some(mean)) if messages.is_none() => (ContextWindow::Mean, [mean, 0.0, 0.0]),
        (None, _) => (window, [0.0; 3]),
    }
}

/// Returns the mean input tokens of a call, over the runs that record them.
fn mean_input(demonstrations: &[&Demonstration]) -> Option<f64> {
    let known = demonstrations.iter().filter_map(|demonstration| {
        demonstration.input_tokens.map(|input| (input, demonstration.calls().count() as f64))
    });
    let (input, calls) = known.fold((0.0, 0.0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    (calls > 0.0).then(|| input / calls)
}

impl NormalEquations {
    /// Weighted least squares over the runs with recorded input tokens: input = calls x (prompt + board) + messages of
    /// the window. The first call does not identify prompt and board separately; boards in the window do.
    fn new(demonstrations: &[&Demonstration], messages: Option<u16>) -> NormalEquations {
        let mut sums = NormalEquations::default();
        for demonstration in demonstrations {
            let Some(input) = demonstration.input_tokens else { continue };
            let mut row = [0.0; 3];
            let mut response = input;
            for calls in &demonstration.trajectories {
                match messages {
                    Some(most) => add_windows(calls, most, &mut row, &mut response),
                    None => add_histories(calls, &mut row, &mut response),
                }
            }
            let weight = 1.0 / (input * input);
            for i in 0..3 {
                for j in 0..3 {
                    sums.squares[i][j] += weight * row[i] * row[j];
                }
                sums.products[i] += weight * row[i] * response;
            }
        }
        sums
    }

    /// Returns the solution; none if one of the values would be negative.
    fn solve(self) -> Option<[f64; 3]> {
        let NormalEquations { mut squares, products } = self;
        // A small ridge splits the tokens where prompt and board are not identified.
        for (index, row) in squares.iter_mut().enumerate() {
            row[index] = row[index] * 1.001 + 1e-12;
        }
        let whole = determinant(&squares);
        let cramer = |index: usize| {
            let mut replaced = squares;
            for (row, product) in replaced.iter_mut().zip(products) {
                row[index] = product;
            }
            if whole.abs() > 0.0 { determinant(&replaced) / whole } else { 0.0 }
        };
        let solution = [cramer(0), cramer(1), cramer(2)];
        if solution.iter().all(|value| value.is_finite() && *value >= 0.0) {
            return Some(solution);
        }
        // Not identified: equal values for prompt and board.
        let both = squares[0][0] + 2.0 * squares[0][1] + squares[1][1];
        let equal = (products[0] + products[1]) / both;
        (equal.is_finite() && equal >= 0.0).then_some([equal, equal, 0.0])
    }
}

/// Adds the calls of an agent, each with the messages before it that fit into the window.
fn add_windows(calls: &[RecordedCall], most: u16, row: &mut [f64; 3], response: &mut f64) {
    for call in 0..calls.len() {
        row[0] += 1.0;
        row[1] += 1.0;
        let mut messages = 0;
        for before in calls[..call].iter().rev() {
            messages += 2 + before.tests;
            if messages > most {
                break;
            }
            row[1] += 1.0;
            row[2] += f64::from(before.tests);
            *response -= before.output_tokens;
        }
    }
}

/// Adds the calls of an agent, each with all messages before it.
fn add_histories(calls: &[RecordedCall], row: &mut [f64; 3], response: &mut f64) {
    let (mut boards, mut tests, mut output) = (0.0, 0.0, 0.0);
    for call in calls {
        row[0] += 1.0;
        row[1] += 1.0 + boards;
        row[2] += tests;
        *response -= output;
        boards += 1.0;
        tests += f64::from(call.tests);
        output += call.output_tokens;
    }
}

fn determinant(m: &[[f64; 3]; 3]) -> f64 {
    m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
}
