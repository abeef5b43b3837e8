//! Thread pools, and the number of replications that a precision takes.

use crate::cli::console::{Console, Failure};
use crate::cli::progress::Progress;
use crate::problem::Problems;
use crate::report::render::number;
use crate::scaling::Precision;
use crate::scaling::precision::LEAST;

/// Does `work` on so many threads, or on as many as there are cores.
pub(super) fn on_threads<R: Send>(threads: Option<usize>, work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("--threads: {error}")))?;
    Ok(pool.install(work))
}

/// As many replications as it takes to know every makespan to that share of itself, as `find` finds them.
pub(super) fn precise(
    console: &Console,
    threads: Option<usize>,
    relative: f64,
    most: u64,
    find: impl FnOnce(&Precision, &(dyn Fn(u64) + Sync)) -> Result<u64, Problems> + Send,
) -> Result<u64, Failure> {
    let precision = precision(relative, most)?;
    let progress = Progress::new(console, 0);
    let replications = on_threads(threads, || find(&precision, &|runs| progress.add(runs)))??;
    progress.finish();
    if replications >= most {
        console.say(&format!(
            "{replications} replications, the most there may be (--max-reps): not every makespan need be known to {}",
            number::percent_of(relative)
        ));
    }
    Ok(replications)
}

pub(super) fn precision(relative: f64, most: u64) -> Result<Precision, Failure> {
    if most < LEAST {
        return Err(Failure::Usage(format!("--max-reps {most}: expected at least {LEAST}")));
    }
    Ok(Precision { most, ..Precision::to(relative) })
}
