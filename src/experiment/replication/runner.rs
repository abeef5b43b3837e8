//! Runs many scenarios, on several threads if available: the only module below the command line that uses threads.
//!
//! The work is divided into pieces of fixed size, whatever the number of threads, and the pieces are joined in order.
//! Results are therefore the same bytes for any number of threads.

use std::ops::Range;

use crate::engine::Samplers;
use crate::experiment::Replications;
use crate::simulation::Scenario;

/// Replications in a piece.
pub(crate) const PIECE: u64 = 512;
/// Replications in a piece, where a few more replications are run.
const SMALL_PIECE: u64 = 64;

/// Runs `replications` of every scenario; `done` receives the number of runs of each finished piece.
pub fn run(scenarios: &[&Scenario], replications: u64, done: &(dyn Fn(u64) + Sync)) -> Vec<Replications> {
    in_pieces(scenarios, &cut(0..replications, PIECE).collect::<Vec<_>>(), done)
}

/// Runs these further replications of every scenario in small pieces, so that few scenarios and replications keep all
/// threads busy.
pub fn more(scenarios: &[&Scenario], replications: Range<u64>, done: &(dyn Fn(u64) + Sync)) -> Vec<Replications> {
    in_pieces(scenarios, &cut(replications, SMALL_PIECE).collect::<Vec<_>>(), done)
}

fn in_pieces(scenarios: &[&Scenario], cuts: &[Range<u64>], done: &(dyn Fn(u64) + Sync)) -> Vec<Replications> {
    let pieces: Vec<(usize, Range<u64>)> =
        (0..scenarios.len()).flat_map(|scenario| cuts.iter().map(move |piece| (scenario, piece.clone()))).collect();
    let samplers = Samplers::default();
    let samples = map(&pieces, |(scenario, piece)| {
        let sample = Replications::run(scenarios[*scenario], piece.clone(), &samplers);
        done(piece.end - piece.start);
        sample
    });
    let mut whole: Vec<Replications> = scenarios.iter().map(|_| Replications::default()).collect();
    for ((scenario, _), sample) in pieces.iter().zip(samples) {
        whole[*scenario].append(sample);
    }
    whole
}

/// Divides replications into pieces.
fn cut(replications: Range<u64>, piece: u64) -> impl Iterator<Item = Range<u64>> {
    let (start, end) = (replications.start, replications.end);
    (0..end.saturating_sub(start).div_ceil(piece)).map(move |n| start + n * piece..(start + n * piece + piece).min(end))
}

/// Maps items in order, on all threads.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        items.par_iter().map(&make).collect()
    }
    #[cfg(not(feature = "parallel"))]
    items.iter().map(make).collect()
}

/// Maps mutable items in order, on all threads.
pub(crate) fn map_mut<T: Send, R: Send>(items: &mut [T], make: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    #[cfg(feature = "parallel")]
    {
        use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};
        items.par_iter_mut().map(&make).collect()
    }
    #[cfg(not(feature = "parallel"))]
    items.iter_mut().map(make).collect()
}

/// Number of threads.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "parallel")]
    {
        rayon::current_num_threads()
    }
    #[cfg(not(feature = "parallel"))]
    1
}
