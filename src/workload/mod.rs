//! L1: workloads: tasks, task graphs, their measures, generators and task files.

pub mod drawn;
pub mod generate;
pub mod graph;
pub mod limits;
pub mod measure;
pub mod paper_file;
mod shapes;
pub mod task;

pub use drawn::DrawnWork;
pub use generate::{CompiledGenerator, Generator};
pub use graph::{GraphError, TaskGraph};
pub use limits::{GeneratorError, MAX_EDGES, MAX_TASKS};
pub use measure::{Count, Measure, Overlap};
pub use paper_file::{PaperFile, PaperFileError};
pub use shapes::{Direction, Free, drawn_size};
pub use task::{ArtifactId, RecordedCost, Task, TaskId, TaskSpec};
