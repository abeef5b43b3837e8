//! Runs many scenarios, on several threads if there are any: the one place below the command line that knows threads.
//!
//! The work is cut into pieces of fixed size, whatever the number of threads, and the pieces are put together in
//! order, so that results are the same bytes for one thread and for many.

use std::ops::Range;

use crate::engine::Samplers;
use crate::experiment::Sample;
use crate::simulation::Scenario;

/// Replications in a piece.
const PIECE: u64 = 512;

/// Runs `replications` of every scenario; `done` is told how many runs each finished piece had.
pub fn run(scenarios: &[&Scenario], replications: u64, done: &(dyn Fn(u64) + Sync)) -> Vec<Sample> {
    let pieces: Vec<(usize, Range<u64>)> =
        (0..scenarios.len()).flat_map(|scenario| cut(replications).map(move |piece| (scenario, piece))).collect();
    let samplers = Samplers::default();
    let run = |(scenario, piece): &(usize, Range<u64>)| {
        let sample = Sample::run(scenarios[*scenario], piece.clone(), &samplers);
        done(piece.end - piece.start);
        sample
    };
    #[cfg(feature = "parallel")]
    let samples: Vec<Sample> = {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        pieces.par_iter().map(run).collect()
    };
    #[cfg(not(feature = "parallel"))]
    let samples: Vec<Sample> = pieces.iter().map(run).collect();
    let mut whole: Vec<Sample> = scenarios.iter().map(|_| Sample::default()).collect();
    for ((scenario, _), sample) in pieces.iter().zip(samples) {
        whole[*scenario].append(sample);
    }
    whole
}

/// Replications 0 to `replications`, in pieces.
fn cut(replications: u64) -> impl Iterator<Item = Range<u64>> {
    (0..replications.div_ceil(PIECE)).map(move |piece| piece * PIECE..(piece * PIECE + PIECE).min(replications))
}
