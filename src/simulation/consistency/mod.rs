//! Consistency policies: one file each, behind three questions.
//!
//! | question | `last_writer_wins` | `lock` | `optimistic` |
//! |---|---|---|---|
//! | may the step start? (`take_locks`) | yes | if all its artifacts are free | yes |
//! | is the attempt stale? (`conflict_of`) | no | no | if an artifact differs from what was read |
//! | which contents result? (`update_artifacts`) | read + own update | the same; nothing is lost | the same; nothing is lost |
//!
//! Further policies (advisory, lease, worktree, crdt, eventual) get a file and answers of their own.
//!
//! An artifact is the set of the updates that it contains, one for each task that writes it. A step keeps the sets that it
//! read ([`reads`]).

mod last_writer_wins;
mod lock;
mod optimistic;
mod reads;
