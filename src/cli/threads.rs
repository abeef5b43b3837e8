//! Thread pools, and the number of replications for a precision.

use crate::cli::console::{Console, Failure};
use crate::cli::progress::Progress;
use crate::problem::Problems;
use crate::report::render::number;
use crate::scaling::Precision;
use crate::scaling::precision::LEAST;

/// Runs `work` on a pool of `threads` threads, by default one per core.
pub(super) fn on_threads<R: Send>(threads: Option<usize>, work: impl FnOnce() -> R + Send) -> Result<R, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Usage(format!("--threads: {error}")))?;
    Ok(pool.install(work))
}

/// Returns the replications with which `find` estimates every mean makespan to the relative precision.
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
        console.status(&format!(
            "{replications} replications, the limit of --max-reps: the precision of {} may not be reached",
            number::percent_of(relative)
        ));
    }
    Ok(replications)
}

/// Returns the precision target with its maximum of replications.
pub(super) fn precision(relative: f64, most: u64) -> Result<Precision, Failure> {
    if most < LEAST {
        return Err(Failure::Usage(format!("--max-reps {most}: expected at least {LEAST}")));
    }
    Ok(Precision { most, ..Precision::to(relative) })
}
