//! Long calls: own thread pool, without the GIL, with progress, ended by Ctrl-C.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use brooks::experiment::sweep::Control;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Interval of signal checks and progress calls.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Runs `work` on `threads` threads (0: one per core), and calls `progress` with the number of finished runs.
///
/// An exception of a signal handler or of `progress` stops the work and discards its result.
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&Control<'_>) -> R + Send,
) -> PyResult<R> {
    // An own pool: a global one would not survive a fork.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| PyValueError::new_err(format!("threads={threads}: {error}")))?;
    let (stopped, runs) = (AtomicBool::new(false), AtomicU64::new(0));
    let stop = || stopped.load(Ordering::Relaxed);
    let done = |more: u64| {
        runs.fetch_add(more, Ordering::Relaxed);
    };
    let poll = || {
        Python::attach(|py| {
            py.check_signals()?;
            progress.map_or(Ok(()), |progress| progress.call1(py, (runs.load(Ordering::Relaxed),)).map(drop))
        })
    };
    py.detach(|| {
        thread::scope(|scope| {
            // No value is sent: the dropped sender signals the end of the thread, also after a panic.
            let (ended, end) = channel::<()>();
            let (pool, stop, done) = (&pool, &stop, &done);
            let worker = scope.spawn(move || {
                let _ended = ended;
                pool.install(|| work(&Control { done, stop, ..Control::default() }))
            });
            let mut polled = Ok(());
            while end.recv_timeout(POLL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if polled.is_ok() {
                    polled = poll();
                    stopped.store(polled.is_err(), Ordering::Relaxed);
                }
            }
            let result = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            polled.and_then(|()| poll()).map(|()| result)
        })
    })
}
