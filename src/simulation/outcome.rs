//! The outcome of a task in a reply.

/// Outcome of one task of a reply, by which its time is booked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Done,
    Again,
    Lost,
}
