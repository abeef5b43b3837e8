//! L1: what must be done: tasks, their graph, its measures, and where graphs come from.

pub mod generate;
pub mod graph;
pub mod limits;
pub mod measure;
pub mod paper_file;
mod shapes;
pub mod task;

pub use generate::Generator;
pub use graph::{GraphError, TaskGraph};
pub use limits::{GeneratorError, MAX_EDGES, MAX_TASKS};
pub use measure::{Count, Measure, Overlap};
pub use paper_file::{PaperFile, PaperFileError};
pub use shapes::{Direction, Free};
pub use task::{ArtifactId, RecordedCost, Task, TaskId, TaskSpec};
