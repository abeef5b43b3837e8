//! Consistency policies as a scenario describes them: the result when two steps write one artifact.

/// Policy for two steps that want to write one artifact.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum Consistency {
    /// The later write replaces the earlier one.
    #[default]
    LastWriterWins,
    /// A step holds the locks of all that it writes; others wait.
    Lock(Locking),
    /// A step is rejected at commit if anything that it read or writes has changed since it decided.
    Optimistic,
}

/// Rules of the policy `lock`.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Locking {
    /// Part of a call during which the locks are held.
    pub held: LockHeld,
    /// Behaviour of an agent whose next task is locked.
    pub when_locked: WhenLocked,
}

/// Part of a call during which its locks are held.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub enum LockHeld {
    /// From decision to commit.
    #[default]
    Call,
    /// The last part of the call, its write: this proportion of the latency. The locks are taken in order of arrival, and
    /// the write goes on top of what the artifacts contain then.
    Write(f64),
}

/// Behaviour of an agent whose next task is locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WhenLocked {
    /// Takes other ready work, if there is some.
    #[default]
    OtherWork,
    /// Waits for that task.
    Wait,
}
