//! Exit codes, listed in the README.

use crate::cli::console::Failure;

pub(super) const FINDING: u8 = 1;
pub(super) const USAGE: u8 = 2;
pub(super) const INCOMPLETE: u8 = 3;
pub(super) const INCONCLUSIVE: u8 = 4;
pub(super) const IO: u8 = 5;
pub(super) const INTERRUPTED: u8 = 130;

/// Returns the exit code of a failure.
pub(super) fn from_failure(failure: &Failure) -> u8 {
    match failure {
        Failure::Finding(_) => FINDING,
        Failure::Problems(_) | Failure::Usage(_) => USAGE,
        Failure::Incomplete(_) => INCOMPLETE,
        Failure::Inconclusive(_) => INCONCLUSIVE,
        Failure::Io { .. } => IO,
        Failure::Interrupted(_) => INTERRUPTED,
    }
}
