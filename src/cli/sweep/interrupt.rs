//! Ctrl-C, and a polite request to end: the sweep stops at the next piece and keeps what is finished. Asked a second
//! time it ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on a request to end is noted and does not end the program.
pub(super) fn listen() {
    let noted = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(crate::cli::exit_code::INTERRUPTED));
        }
    });
    // Somebody listens already: then that is noted as well.
    drop(noted);
}

/// Whether somebody asked to end.
pub(super) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
