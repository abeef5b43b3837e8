//! L5: recorded runs. Every recording and every simulated run becomes a [`Trace`].
//!
//! | to | look in |
//! |---|---|
//! | replay a recorded run through the engine | [`replay`] |
//! | read and write the native format | [`native`] |
//! | read other formats | [`import`]: one importer per file or folder, and the registry [`IMPORTERS`](import::IMPORTERS) |
//! | write other formats | [`export`] |

pub mod builder;
pub mod check;
pub mod export;
mod from_run;
pub mod import;
pub mod model;
mod names;
pub mod native;
pub mod replay;
mod run_times;
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
