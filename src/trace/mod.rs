//! L5: runs in files. Whatever comes in, from whatever format, becomes a [`Trace`]; a simulated run becomes one too.
//!
//! | to | look in |
//! |---|---|
//! | replay a recorded run through the engine | [`replay`] |
//! | read and write brooks' own form | [`native`] |
//! | read what others wrote | [`import`]: one importer a file, and the table [`IMPORTERS`](import::IMPORTERS) |
//! | write for others | [`export`] |

pub mod builder;
pub mod check;
pub mod export;
mod from_run;
pub mod import;
pub mod model;
mod names;
pub mod native;
pub mod replay;
pub mod summary;
mod vocabulary;
mod work;

pub use builder::Builder;
pub use from_run::RunFacts;
pub use model::{
    Class, Extra, FileUse, Header, Name, Names, Operation, Outcome, Quality, TaskNote, TaskNoteKind, Trace, TraceAgent,
    TraceSource, TraceStep, TraceTask, TraceTest, Usage,
};
pub use summary::TraceSummary;
pub use work::{RecordedWork, work_of};
