//! L1: what must be done: tasks, their graph, its measures, and generators of graphs.

pub mod graph;
pub mod task;

pub use graph::{GraphError, TaskGraph};
pub use task::{ArtifactId, Task, TaskId, TaskSpec};
