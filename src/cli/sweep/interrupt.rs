//! Ctrl-C and SIGTERM: the first stops the sweep at the next block and keeps finished points, the second ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Installs the signal handler. From then on a first request does not end the process.
pub(super) fn listen() {
    let installed = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(crate::cli::exit_code::INTERRUPTED));
        }
    });
    // A second call fails: the first handler stays.
    drop(installed);
}

/// Returns true after a request to stop.
pub(super) fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
