//! Long work: on threads of its own, without the GIL, with progress, and ended by Ctrl-C.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

/// How often signals are looked at and progress is told.
const EVERY: Duration = Duration::from_millis(50);

/// Does `work`, which says after every piece how many runs that was, on so many threads (0: one a core), and tells
/// `progress` how many runs are done.
///
/// A signal handler that raises, or `progress`, ends the work: its next piece unwinds, which rayon hands on.
pub(crate) fn run<R: Send>(
    py: Python<'_>,
    threads: usize,
    progress: Option<&Py<PyAny>>,
    work: impl FnOnce(&(dyn Fn(u64) + Sync)) -> R + Send,
) -> PyResult<R> {
    // A pool of its own: a global one would not live through a fork.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| PyValueError::new_err(format!("threads={threads}: {error}")))?;
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let piece = |runs: u64| {
        done.fetch_add(runs, Ordering::Relaxed);
        if stop.load(Ordering::Relaxed) {
            resume_unwind(Box::new("stopped"));
        }
    };
    let look = || {
        Python::attach(|py| {
            py.check_signals()?;
            progress.map_or(Ok(()), |progress| progress.call1(py, (done.load(Ordering::Relaxed),)).map(drop))
        })
    };
    py.detach(|| {
        thread::scope(|scope| {
            let (tell, told) = channel();
            let (pool, piece) = (&pool, &piece);
            scope.spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(|| pool.install(|| work(piece))));
                // There is always somebody who listens.
                let _ = tell.send(result);
            });
            let mut ended: PyResult<()> = Ok(());
            loop {
                match told.recv_timeout(EVERY) {
                    Ok(Ok(result)) => return ended.and_then(|()| look()).map(|()| result),
                    Ok(Err(panic)) => match ended {
                        Ok(()) => resume_unwind(panic),
                        Err(error) => return Err(error),
                    },
                    Err(RecvTimeoutError::Timeout) if ended.is_ok() => {
                        ended = look();
                        stop.store(ended.is_err(), Ordering::Relaxed);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(PyRuntimeError::new_err("a thread ended without a result"));
                    }
                }
            }
        })
    })
}
