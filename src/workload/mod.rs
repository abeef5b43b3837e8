//! L1: workloads: tasks, task graphs, their measures, generators and task files.

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
