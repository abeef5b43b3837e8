//! The outcome of a task in a reply.

/// What became of one task of a reply, and so of the time that went into it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Done,
    Again,
    Lost,
}
