//! Long work: on threads of its own, without the GIL, with progress, and ended by Ctrl-C.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use brooks::experiment::sweep::Control;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// How often signals are looked at and progress is told.
const EVERY: Duration = Duration::from_millis(50);

/// Does `work` on so many threads (0: one a core), and tells `progress` how many runs are done.
///
/// A signal handler that raises, or `progress`, ends the work: it is told to stop, and what it gives is dropped.
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Control<'_>) -> R + Send,
) -> PyResult<R> {
    // A pool of its own: a global one would not live through a fork.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| PyValueError::new_err(format!("threads={threads}: {error}")))?;
    let (stopped, runs) = (AtomicBool::new(false), AtomicU64::new(0));
    let stop = || stopped.load(Ordering::Relaxed);
    let done = |more: u64| {
        runs.fetch_add(more, Ordering::Relaxed);
    };
    let look = || {
        Python::attach(|py| {
            py.check_signals()?;
            progress.map_or(Ok(()), |progress| progress.call1(py, (runs.load(Ordering::Relaxed),)).map(drop))
        })
    };
    py.detach(|| {
        thread::scope(|scope| {
            // Nothing is ever sent: that its end is dropped says that the thread has ended, however it did.
            let (ended, end) = channel::<()>();
            let (pool, stop, done) = (&pool, &stop, &done);
            let worker = scope.spawn(move || {
                let _ended = ended;
                pool.install(|| work(&Control { done, stop, ..Control::default() }))
            });
            let mut told = Ok(());
            while end.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                if told.is_ok() {
                    told = look();
                    stopped.store(told.is_err(), Ordering::Relaxed);
                }
            }
            let result = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            told.and_then(|()| look()).map(|()| result)
        })
    })
}
